package mailstead

import "strconv"

// The identifiers of stored things. Each is positive once the thing is stored;
// zero means "none". They are types so that an account cannot be passed where a
// message is meant.
type (
	// UserID names a User.
	UserID int64
	// ProfileID names a Profile.
	ProfileID int64
	// AccountID names an Account.
	AccountID int64
	// AssignmentID names an Assignment.
	AssignmentID int64
	// FolderID names a Folder.
	FolderID int64
	// MessageID names a stored Message. It is not the Message-ID header field,
	// which is called InternetMessageID everywhere in this module.
	MessageID int64
	// OutgoingID names an OutgoingMessage.
	OutgoingID int64
	// TokenID names an API Token.
	TokenID int64
	// EventID is the position of an Event in the event stream; it only grows.
	EventID int64
	// AuditID names an AuditEntry; it only grows.
	AuditID int64
	// ProviderID names a Provider: a short lower-case word such as "gmail".
	ProviderID string
	// UID is a message's unique identifier inside one folder and one
	// UIDVALIDITY (RFC 9051 section 2.3.1.1).
	UID uint32
)

func (id UserID) String() string     { return strconv.FormatInt(int64(id), 10) }
func (id ProfileID) String() string  { return strconv.FormatInt(int64(id), 10) }
func (id AccountID) String() string  { return strconv.FormatInt(int64(id), 10) }
func (id FolderID) String() string   { return strconv.FormatInt(int64(id), 10) }
func (id MessageID) String() string  { return strconv.FormatInt(int64(id), 10) }
func (id OutgoingID) String() string { return strconv.FormatInt(int64(id), 10) }
