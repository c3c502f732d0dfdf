package mailstead

import (
	"strconv"
	"time"
)

// PasswordLink lets whoever has it enter the password of one account, once. Only a
// hash of its secret is stored.
type PasswordLink struct {
	ID        PasswordLinkID `json:"id" audit:"-"`
	AccountID AccountID      `json:"account_id" audit:"-"`
	Hash      []byte         `json:"-"`
	// CreatedBy is the administrator who made it, 0 for the operator.
	CreatedBy UserID    `json:"created_by,omitempty" audit:"-"`
	CreatedAt time.Time `json:"created_at" audit:"-"`
	ExpiresAt time.Time `json:"expires_at"`
	// UsedAt is when it brought the password, ClosedAt when it stopped to be of use:
	// it was used, revoked, or another one was made.
	UsedAt   time.Time `json:"used_at,omitzero" audit:"-"`
	ClosedAt time.Time `json:"closed_at,omitzero" audit:"-"`
}

// PasswordLinkID names a PasswordLink.
type PasswordLinkID int64

func (id PasswordLinkID) String() string { return strconv.FormatInt(int64(id), 10) }

// How long a link may be used.
const (
	DefaultPasswordLinkLife = 7 * 24 * time.Hour
	MaxPasswordLinkLife     = 30 * 24 * time.Hour
)

// Open reports whether the link may still be used.
func (l *PasswordLink) Open(now time.Time) bool {
	return l.ClosedAt.IsZero() && now.Before(l.ExpiresAt)
}

// CodePasswordLink is the code of ErrPasswordLink.
const CodePasswordLink = "password_link.invalid"

// ErrPasswordLink refuses a link that is unknown, used, revoked or expired: which
// of these is nobody's business who does not have a good one.
func ErrPasswordLink() error {
	return &Error{
		Kind: KindNotFound, Code: CodePasswordLink,
		Text: "This link is not valid any more: it was used, replaced, taken back, or its time is over. Ask for a new one.",
	}
}
