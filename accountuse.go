package mailstead

import "time"

// CodeAccountInUse is the code of what CheckUnused refuses.
const CodeAccountInUse = "account.in_use"

// CheckUnused refuses, with KindConflict and CodeAccountInUse, to remove an account
// that somebody beside its owner uses. What the owner was given of the own account
// does not count.
func (a *Account) CheckUnused(uses []Use) error {
	var others []Use
	only := UseKind("")
	for _, u := range uses {
		if u.isUser(a.OwnerID) {
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
	case UseTemplate:
		text = "Templates send from this account: an administrator must choose another account for them first."
	case UseUser, UseProfile:
		text = "This account is assigned to users or profiles: an administrator must take these assignments away first."
	case UseAccount, UseDomain:
	}
	return &Error{Kind: KindConflict, Code: CodeAccountInUse, Text: text, UsedBy: others}
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
	// Linked are the mails of its address that stay visible on records, also those
	// that its server no longer has.
	Linked int `json:"linked"`
	// Elsewhere of them are known, but their bytes lie on the mail server only: no
	// export has them.
	Elsewhere int `json:"elsewhere"`
	// Waiting are the mails of the outbox that are not done with.
	Waiting int `json:"waiting"`
}
