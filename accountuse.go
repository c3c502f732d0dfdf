package mailstead

import (
	"errors"
	"time"
)

// AccountUseKind is what kind of thing uses an account.
type AccountUseKind string

// What may use an account. Other kinds may come: whoever reads them treats an
// unknown one by its name.
const (
	UseUser    AccountUseKind = "user"
	UseProfile AccountUseKind = "profile"
	// UseSystem is the system, which sends from the account.
	UseSystem AccountUseKind = "system"
	// UseOutgoing is a mail of the outbox that waits for something.
	UseOutgoing AccountUseKind = "outgoing"
)

// AccountUse is a thing that uses an account.
type AccountUse struct {
	Kind AccountUseKind `json:"kind"`
	// ID is its identifier, 0 for the system.
	ID int64 `json:"id,omitempty"`
	// Name is what it is called: of a mail its subject.
	Name string `json:"name,omitempty"`
}

// MaxUses is the most uses of a kind that are listed.
const MaxUses = 50

// CodeAccountInUse is the code of AccountInUse.
const CodeAccountInUse = "account.in_use"

// AccountInUse refuses to remove an account that something uses.
type AccountInUse struct { //nolint:errname // it says what holds the account
	Uses []AccountUse
	err  *Error
}

func (e *AccountInUse) Error() string { return e.err.Error() }

// Unwrap returns the *Error that it is, of KindConflict.
func (e *AccountInUse) Unwrap() error { return e.err }

// UsesOf returns the uses that an error of AccountInUse lists, else nil.
func UsesOf(err error) []AccountUse {
	var e *AccountInUse
	if errors.As(err, &e) {
		return e.Uses
	}
	return nil
}

// CheckUnused returns *AccountInUse when somebody beside the account's owner uses it.
// What the owner was given of the own account does not count.
func (a *Account) CheckUnused(uses []AccountUse) error {
	var others []AccountUse
	only := AccountUseKind("")
	for _, u := range uses {
		if u.Kind == UseUser && u.ID == int64(a.OwnerID) {
			continue
		}
		if others = append(others, u); len(others) == 1 {
			only = u.Kind
		} else if u.Kind != only {
			only = ""
		}
	}
	if len(others) == 0 {
		return nil
	}
	text := "This account is in use: take it from those who use it first."
	switch only {
	case UseSystem:
		text = "This is the system's account: an administrator must choose another one first."
	case UseOutgoing:
		text = "Mails of this account are still in the outbox. Wait until they are sent, or cancel them."
	case UseUser, UseProfile:
		text = "This account is assigned to users or profiles: an administrator must take these assignments away first."
	}
	return &AccountInUse{Uses: others, err: &Error{Kind: KindConflict, Code: CodeAccountInUse, Text: text}}
}

// UndoPeriod is how long an account that was deleted can be brought back.
const UndoPeriod = 30 * 24 * time.Hour

// AccountRemoval is the step that deletes or disconnects an account.
type AccountRemoval struct {
	ID AccountID
	At time.Time
	// Seen is Account.UpdatedAt of what the person looked at; the zero time stands
	// for any.
	Seen  time.Time
	Audit AuditEntry
}

// AccountRestoring is the step that brings a deleted account back.
type AccountRestoring struct {
	ID AccountID
	At time.Time
	// Since is the earliest time of a deletion that can be undone.
	Since time.Time
	// Health is that of every side whose password was erased.
	Health Health
	Audit  AuditEntry
	// Events get the account's id.
	Events []Event
}

// AccountHoldings is what goes with an account that is disconnected.
type AccountHoldings struct {
	// Messages are the mails that are here.
	Messages int `json:"messages"`
	// Linked of them stay visible on records.
	Linked int `json:"linked"`
	// Elsewhere of them are known, but their bytes lie on the mail server only: no
	// export has them.
	Elsewhere int `json:"elsewhere"`
	// Waiting are the mails of the outbox that are not done with.
	Waiting int `json:"waiting"`
}
