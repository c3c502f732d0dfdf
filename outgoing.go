package mailstead

import "time"

// OutgoingState is where a mail in the outbox stands.
type OutgoingState string

// The states. Accepted, Rejected and Cancelled are ends; Unknown waits for the
// Sent folder to tell, or for a person.
const (
	OutgoingQueued    OutgoingState = "queued"
	OutgoingHeld      OutgoingState = "held"
	OutgoingSending   OutgoingState = "sending"
	OutgoingAccepted  OutgoingState = "accepted"
	OutgoingUnknown   OutgoingState = "unknown"
	OutgoingRejected  OutgoingState = "rejected"
	OutgoingCancelled OutgoingState = "cancelled"
)

// OutgoingMessage is one mail in the outbox. Its bytes are fixed once, at
// submission: the same bytes are sent and put into the Sent folder.
type OutgoingMessage struct {
	ID OutgoingID `json:"id"`
	// UserID is for whom it is sent, or 0 for the system.
	UserID    UserID        `json:"user_id,omitempty"`
	AccountID AccountID     `json:"account_id"`
	State     OutgoingState `json:"state"`
	// Reason is why this account sends, as the resolver decided.
	Reason Resolution `json:"reason"`
	// IdempotencyKey makes a repeated submission by the same user one mail.
	IdempotencyKey string `json:"idempotency_key,omitempty"`
	// Envelope is what SMTP is told.
	From       string      `json:"from"`
	Recipients []Recipient `json:"recipients"`
	// InternetMessageID is the Message-ID without angle brackets.
	InternetMessageID string    `json:"internet_message_id"`
	Subject           string    `json:"subject"`
	ParentID          MessageID `json:"parent_id,omitempty"`
	Blob              BlobRef   `json:"-"`
	Size              int64     `json:"size"`
	Attempts          int       `json:"attempts"`
	// DueAt is when the next step is to be taken; zero when there is none.
	DueAt time.Time `json:"due_at,omitzero"`
	// BodyComplete is recorded before the final dot of an attempt: from then on
	// a lost connection means Unknown.
	BodyComplete bool `json:"-"`
	// Code, Text, Action explain the last failure; Reply is the server's words.
	Code   string `json:"code,omitempty"`
	Text   string `json:"text,omitempty"`
	Action string `json:"action,omitempty"`
	Reply  string `json:"reply,omitempty"`
	// SentCopy tells how the copy in the Sent folder fares.
	SentCopy SentCopyState `json:"sent_copy,omitempty"`
	// SentCopyAttempts counts tries at the copy; SentCopyDueAt is the next.
	SentCopyAttempts int       `json:"-"`
	SentCopyDueAt    time.Time `json:"-"`
	CreatedAt        time.Time `json:"created_at"`
	AcceptedAt       time.Time `json:"accepted_at,omitzero"`
	// Arrival is the second half of a round trip, nil for mails that are none. Lists
	// leave it out.
	Arrival *Arrival `json:"arrival,omitempty"`
}

// SentCopyState says whether the mail stands in the account's Sent folder.
type SentCopyState string

// The states of a sent copy.
const (
	// SentCopyNone is an account without an incoming side, or a mail not sent.
	SentCopyNone    SentCopyState = ""
	SentCopyPending SentCopyState = "pending"
	// SentCopyFound was put there by the provider itself.
	SentCopyFound SentCopyState = "found"
	// SentCopyAppended was put there by us.
	SentCopyAppended SentCopyState = "appended"
	SentCopyFailed   SentCopyState = "failed"
)

// Recipient is one address of the envelope with its own fate.
type Recipient struct {
	Address string        `json:"address"`
	State   OutgoingState `json:"state"`
	// Code and Reply explain a rejection.
	Code  string `json:"code,omitempty"`
	Reply string `json:"reply,omitempty"`
}

// Attempt is the end of one attempt to send, stored in one step with the new
// state of the mail.
type Attempt struct {
	OutgoingID OutgoingID    `json:"outgoing_id"`
	Number     int           `json:"number"`
	StartedAt  time.Time     `json:"started_at"`
	EndedAt    time.Time     `json:"ended_at"`
	State      OutgoingState `json:"state"`
	Code       string        `json:"code,omitempty"`
	// Reply is the server's own words, one line, secrets masked.
	Reply string `json:"reply,omitempty"`
}

// Envelope is what SMTP is told beside the mail itself.
type Envelope struct {
	From string
	To   []string
	// SMTPUTF8 is asked for when an address or header is not ASCII (RFC 6531).
	SMTPUTF8 bool
}

// Receipt is a server's answer to a mail that it took.
type Receipt struct {
	// Reply is the answer to the final dot, one line.
	Reply string
	// Rejected are the recipients that were refused while others were taken.
	Rejected []RejectedRecipient
}

// RejectedRecipient is one refused address of an accepted mail.
type RejectedRecipient struct {
	Address string
	// Temporary tells a 4xx from a 5xx reply.
	Temporary bool
	Reply     ServerReply
}
