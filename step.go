package mailstead

import "time"

// The types in this file are the arguments and answers of business steps: one
// step is one store method and one transaction. Journeys build them, stores
// keep them.

// Connected is all that is stored when an account is connected.
type Connected struct {
	// Account gets its ID when it is stored.
	Account *Account
	Secrets map[SecretField]Sealed
	// Grant is what sides with SecretOAuth sign in with, or nil. It gets the
	// account's id.
	Grant *OAuthGrant
	// Assignments get the account's id.
	Assignments []Assignment
	// Learned is the domain that this sign-in made known, or nil. It never
	// replaces what an administrator said.
	Learned *Domain
	// Audit gets the account's id. LearnedAudit is stored when Learned is.
	Audit        AuditEntry
	LearnedAudit AuditEntry
	// Link asks the user for the password that is not there yet, or is nil. It gets
	// the account's id, as does LinkAudit.
	Link      *PasswordLink
	LinkAudit AuditEntry
	// Events get the account's id.
	Events []Event
}

// AccountChange is all that is stored when an account is changed.
type AccountChange struct {
	// Account is as it shall be; its UpdatedAt is that of the account as it was read.
	Account *Account
	// Secrets replace all that are stored, nil leaves them.
	Secrets map[SecretField]Sealed
	Audit   AuditEntry
	Events  []Event
}

// MaxPage is the most items of a page. Journeys and stores give one more when
// asked, by which a door sees whether another page follows.
const MaxPage = 200

// NewMessage is a message to be stored with the words it is found by.
type NewMessage struct {
	Message
	// SearchText is folded with FoldText; it is indexed and not kept.
	SearchText string
}

// SyncBatch is one step of reading a folder: rows, cursor and events together.
type SyncBatch struct {
	AccountID AccountID
	FolderID  FolderID
	// Cursor replaces the folder's cursor.
	Cursor Cursor
	// Period is the load period that Cursor.Done is told for: when the account has
	// another one by now, older mail is still wanted. "" stands for any.
	Period LoadPeriod
	// Reset drops all rows of the folder first: its UIDVALIDITY changed.
	Reset bool
	// Messages are inserted; one that is there already (same folder and UID) is
	// left as it is.
	Messages []NewMessage
	Changed  []FlagChange
	Removed  []UID
	// RemoteTotal is what the server holds, or -1 to leave the stored figure.
	RemoteTotal int
	At          time.Time
	// Announce stores an EventMessagesNew with the ids that the messages got.
	Announce bool
	// Progress is stored as an EventLoadProgress, or as an EventLoadDone when
	// Done is set.
	Progress *LoadData
	Done     bool
}

// MessageQuery asks for a page of messages, newest first.
type MessageQuery struct {
	AccountID AccountID
	// FolderID limits the page to one folder, 0 means all of the account.
	FolderID FolderID
	// Search keeps messages that hold all its words; a word matches a beginning.
	Search string
	// UnreadOnly keeps messages that were not seen.
	UnreadOnly bool
	// Before is the position behind which the page starts: the Next of the page
	// before it, zero for the first.
	Before MessagePosition
	// Limit is the most messages of the page, 1 to MaxPage+1.
	Limit int
}

// MessagePosition is a place in a list of messages: they are ordered by arrival,
// then by id, both descending.
type MessagePosition struct {
	ReceivedAt time.Time
	ID         MessageID
}

// IsZero reports whether the position is the beginning of the list.
func (p MessagePosition) IsZero() bool { return p.ID == 0 }

// SenderFacts is what is known about who may send for a user: the user with its
// profiles, every assignment that reaches it (its own, its profiles', the
// system's), and the accounts that these name, that it owns, or that were asked
// for.
type SenderFacts struct {
	User        User
	Profiles    []Profile
	Assignments []Assignment
	Accounts    []Account
}

// OutgoingQuery asks for a page of the outbox, newest first.
type OutgoingQuery struct {
	// UserID limits the page to mails sent for that user, 0 means all.
	UserID    UserID
	AccountID AccountID
	States    []OutgoingState
	// Before is the id behind which the page starts, 0 for the first.
	Before OutgoingID
	Limit  int
}
