package mailstead

import (
	"context"
	"time"
)

// Access is all that a driver needs to sign in to one server.
type Access struct {
	Server Server
	Login  string
	Secret Secret
	// OAuth tells that Secret is an access token, which is sent by XOAUTH2 or
	// OAUTHBEARER (RFC 7628) alone.
	OAuth bool
	// Renew gets another access token after the server refused the one in Secret;
	// nil where there is none to get.
	Renew func(ctx context.Context, refused Secret) (Secret, error) `json:"-"`
	// Told hears of every stage of a Check as it ends; nil where nobody listens.
	Told func(Stage) `json:"-"`
	// AllowPlain permits SecurityNone for this server; without it a driver
	// refuses to send a secret over an unprotected connection.
	AllowPlain bool
	// Admin lifts the network guard's limit to mail ports, for administrators.
	Admin bool
}

// SourceDriver reads mailboxes by one protocol. Its methods may be called from
// many goroutines.
type SourceDriver interface {
	// Check signs in and looks at the folders, step by step, and changes
	// nothing. It always returns a report; a failed stage is the last one and
	// carries a typed error.
	Check(ctx context.Context, a Access) Report
	// Open signs in. Errors are *Error with Kind Temporary (network, busy),
	// Credentials (sign-in refused), Permanent (the server can't do what is
	// needed, TLS not as demanded) or Forbidden (network guard).
	Open(ctx context.Context, a Access) (Source, error)
}

// Source is a signed-in connection to one mailbox. One goroutine uses it at a
// time. After an error of Kind Temporary the connection is unusable: Close it.
type Source interface {
	// Folders lists all folders with their roles.
	Folders(ctx context.Context) ([]RemoteFolder, error)
	// Select opens a folder read-only for Search, Fetch and Wait and says how
	// it stands. A folder that is gone is KindNotFound.
	Select(ctx context.Context, path string) (FolderStatus, error)
	// UIDs lists the UIDs of the selected folder within the window,
	// ascending.
	UIDs(ctx context.Context, w UIDWindow) ([]UID, error)
	// Fetch delivers messages of the selected folder in the server's order,
	// never setting \Seen. fn gets each message as it arrives; an error of fn
	// ends the fetch and is returned. UIDs that are gone are passed over. One
	// message that cannot be read as a response costs one message, never the
	// rest. A mail over maxSize bytes comes without Data.
	Fetch(ctx context.Context, uids []UID, maxSize int64, fn func(RawMessage) error) error
	// Changes lists flags of messages up to Next-1 that changed after
	// c.ModSeq; without CONDSTORE all flags from c.Low on. The selected
	// folder's UIDVALIDITY must be c's.
	Changes(ctx context.Context, c Cursor) ([]FlagChange, error)
	Close() error
}

// FolderStatus is how a selected folder stands.
type FolderStatus struct {
	UIDValidity uint32
	UIDNext     UID
	// ModSeq is HIGHESTMODSEQ, 0 where the server has none.
	ModSeq uint64
	Total  int
}

// UIDWindow selects UIDs of a folder. The zero window is all of them.
type UIDWindow struct {
	// From and To bound the UIDs, both included; To 0 means no bound.
	From, To UID
	// SinceUnix keeps only messages that arrived on or after that day, in Unix
	// seconds; 0 means all.
	SinceUnix int64
	// MessageID keeps only messages with that Message-ID field.
	MessageID string
}

// FlagChange is the present flags of one message.
type FlagChange struct {
	UID    UID
	Flags  Flags
	ModSeq uint64
}

// Watcher is a Source that tells of changes as they happen (IDLE, RFC 2177).
type Watcher interface {
	// Wait blocks until something may have changed in the selected folder
	// (true), until ctx ends (false, nil) or the connection fails.
	Wait(ctx context.Context) (changed bool, err error)
}

// Appender is a Source that can store a mail.
type Appender interface {
	// Append puts data into the folder and returns its UID, 0 where the server
	// does not tell (RFC 4315).
	Append(ctx context.Context, path string, flags Flags, data []byte) (UID, error)
}

// Flagger is a Source that can change flags.
type Flagger interface {
	// SetFlags sets exactly the given flags on messages of folder path.
	SetFlags(ctx context.Context, path string, uids []UID, set Flags, mask Flags) error
}

// Maildrop is a Source with one mailbox, shown as it was at the sign-in and locked
// for others until Close, that keeps no flags and names its mails by texts where
// IMAP has UIDs (POP3, RFC 1939 section 7). Its reader gives them UIDs, once after
// the first Select, and comes back by a new sign-in to see what is new. What is
// removed there stays here.
type Maildrop interface {
	// Names lists the names of the mails of the selected folder in the order of
	// their arrival. No two are equal, and a mail keeps its name.
	Names(ctx context.Context) ([]string, error)
	// Number gives the mails of Names their UIDs, in the same order. Until then
	// UIDs lists none and Fetch knows none.
	Number(uids []UID)
	// LoginDelay is the least time that the server wants between two sign-ins, 0
	// where it does not say.
	LoginDelay() time.Duration
}

// SenderDriver sends mail by one protocol. Its methods may be called from many
// goroutines.
type SenderDriver interface {
	// Check signs in and offers from as sender, without sending anything. Like
	// SourceDriver.Check it always returns a report.
	Check(ctx context.Context, a Access, from string) Report
	// Open signs in; errors as of SourceDriver.Open.
	Open(ctx context.Context, a Access) (Sender, error)
}

// Sender is a signed-in connection that mails go out by. One goroutine uses it
// at a time.
type Sender interface {
	// Send hands one mail over. bodyComplete is called once, after all of data
	// was written and before the final dot; its error stops the attempt before
	// the dot. Errors are *Error with Kind Temporary (not sent, try later),
	// Permanent (refused), Unknown (the connection was lost between the final
	// dot and its reply) or whatever bodyComplete returned. When at least one
	// recipient was taken and the mail accepted, the error is nil.
	Send(ctx context.Context, e Envelope, data []byte, bodyComplete func() error) (Receipt, error)
	// Alive reports whether the connection can take another mail.
	Alive() bool
	Close() error
}
