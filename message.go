package mailstead

import (
	"crypto/sha256"
	"time"
)

// Message is one mail in one folder of one account, as stored. Its bytes are in
// the blob store under Blob.
type Message struct {
	ID        MessageID `json:"id"`
	AccountID AccountID `json:"account_id"`
	FolderID  FolderID  `json:"folder_id"`
	UID       UID       `json:"uid"`
	Flags     Flags     `json:"flags"`
	// ReceivedAt is when the server took the mail in (INTERNALDATE).
	ReceivedAt time.Time `json:"received_at"`
	// Size is RFC822.SIZE in bytes.
	Size int64   `json:"size"`
	Blob BlobRef `json:"-"`
	// Headers is what was read of the mail; zero when State is quarantined.
	Headers
	// Snippet is the beginning of the visible text, at most 200 characters.
	Snippet        string `json:"snippet,omitempty"`
	HasAttachments bool   `json:"has_attachments,omitempty"`
	// State is empty for a mail that was read.
	State MessageState `json:"state,omitempty"`
	// Defect says why a mail is quarantined or left out.
	Defect string `json:"defect,omitempty"`
}

// MessageState says what is special about a stored mail.
type MessageState string

// The states of stored messages.
const (
	// MessageOK is a mail that was fetched and read.
	MessageOK MessageState = ""
	// MessageQuarantined could not be read; its bytes are kept.
	MessageQuarantined MessageState = "quarantined"
	// MessageTooLarge was left on the server; it can be fetched by hand.
	MessageTooLarge MessageState = "too_large"
)

// Headers are the fields of a mail that lists and threads need.
type Headers struct {
	Subject string    `json:"subject"`
	From    []Address `json:"from,omitempty"`
	To      []Address `json:"to,omitempty"`
	Cc      []Address `json:"cc,omitempty"`
	ReplyTo []Address `json:"reply_to,omitempty"`
	Date    time.Time `json:"date,omitzero"`
	// InternetMessageID, InReplyTo and References hold identifiers without
	// angle brackets (RFC 5322 section 3.6.4).
	InternetMessageID string   `json:"internet_message_id,omitempty"`
	InReplyTo         []string `json:"in_reply_to,omitempty"`
	References        []string `json:"references,omitempty"`
}

// ThreadKey names the conversation: the oldest identifier that the mail cites,
// else its own. Empty for a mail without any.
func (h *Headers) ThreadKey() string {
	switch {
	case len(h.References) > 0:
		return h.References[0]
	case len(h.InReplyTo) > 0:
		return h.InReplyTo[0]
	default:
		return h.InternetMessageID
	}
}

// Flags are the system flags of a mail (RFC 9051 section 2.3.2).
type Flags struct {
	Seen     bool `json:"seen"`
	Answered bool `json:"answered,omitempty"`
	Flagged  bool `json:"flagged,omitempty"`
	Draft    bool `json:"draft,omitempty"`
	Deleted  bool `json:"deleted,omitempty"`
}

// RawMessage is a mail as a Source delivers it.
type RawMessage struct {
	UID        UID
	Flags      Flags
	ModSeq     uint64
	ReceivedAt time.Time
	Size       int64
	// Data is the mail in RFC 5322 form. It is nil when Size was over the limit
	// asked for, and when the server lists the mail but does not hand it out. It
	// belongs to the receiver.
	Data []byte
}

// BlobHash is the SHA-256 of a mail's bytes.
type BlobHash [32]byte

// HashBlob returns the name of body in the blob store.
func HashBlob(body []byte) BlobHash { return sha256.Sum256(body) }

// BlobRef names bytes in the blob store. The zero BlobRef names nothing.
type BlobRef struct {
	Hash BlobHash
	// Pack, Offset and Stored say where the bytes lie: Stored bytes, packed, at
	// Offset of pack file Pack.
	Pack   int64
	Offset int64
	Stored int64
	// Size is the length of the bytes themselves.
	Size int64
}

// IsZero reports whether the reference names nothing.
func (r BlobRef) IsZero() bool { return r.Stored == 0 }

// Likeness is what tells whether a stored mail is the same as another: its bytes,
// or the size where it was left on the server.
type Likeness struct {
	UID UID
	// Blob is zero where no bytes are kept.
	Blob BlobHash
	Size int64
}

// Attachment describes one part of a mail that is not its text.
type Attachment struct {
	// Part is its position among the attachments, from 0.
	Part      int    `json:"part"`
	Name      string `json:"name"`
	MediaType string `json:"media_type"`
	Size      int64  `json:"size"`
	ContentID string `json:"content_id,omitempty"`
	Inline    bool   `json:"inline,omitempty"`
	SHA256    string `json:"sha256,omitempty"`
}
