package mailstead

import (
	"strings"
	"time"
)

// AccountSort is the order of a list of accounts.
type AccountSort string

// The orders. Where two accounts are alike, the one that was made first comes
// first.
const (
	// SortCreated is the order in which accounts were made; it is the order of "".
	SortCreated AccountSort = "created"
	SortName    AccountSort = "name"
	SortAddress AccountSort = "address"
	// SortState puts first what a person must look at, see AccountStates.
	SortState AccountSort = "state"
	// SortSuccess puts first what did not work for the longest time.
	SortSuccess AccountSort = "success"
)

// AccountSorts lists all orders.
func AccountSorts() []AccountSort {
	return []AccountSort{SortCreated, SortName, SortAddress, SortState, SortSuccess}
}

// AccountQuery asks for a page of accounts. What is zero does not limit it.
type AccountQuery struct {
	// VisibleTo keeps accounts that the user owns or was assigned, directly or by
	// a profile. Of deleted accounts it keeps those that the user owned.
	VisibleTo UserID
	// IDs keeps these accounts; at most 1,000.
	IDs []AccountID
	// Hosts keeps accounts with a server by one of these names.
	Hosts []string
	// Address keeps accounts with this address, whatever its case.
	Address string
	// Text keeps accounts whose name, display name and address hold all its words;
	// a word matches a beginning.
	Text  string
	State AccountState
	// ProviderID and Domain are the account's provider and the domain of its address.
	ProviderID ProviderID
	Domain     string
	// OwnerID keeps accounts of this user, ProfileID those assigned to this profile.
	OwnerID   UserID
	ProfileID ProfileID
	// Unassigned keeps accounts that belong to the organisation and that nobody was
	// given.
	Unassigned bool
	// Deleted asks for accounts that were deleted and can be brought back, instead
	// of those that there are.
	Deleted bool
	Sort    AccountSort
	// Descending turns the order round.
	Descending bool
	// After is the position behind which the page starts, zero for the first. In the
	// order SortCreated the id alone is the position.
	After AccountPosition
	Limit int
}

// Filtered reports whether anything that people choose limits the query.
func (q *AccountQuery) Filtered() bool {
	return len(q.IDs) > 0 || q.Text != "" || q.State != "" || q.ProviderID != "" || q.Domain != "" || q.OwnerID != 0 || q.ProfileID != 0 || q.Unassigned
}

// AccountPosition is a place in a list of accounts, in words of its order.
type AccountPosition struct {
	// Text and Number are what the account is sorted by: the folded name or the
	// address; the rank of the state, or a time in milliseconds.
	Text   string    `json:"t,omitempty"`
	Number int64     `json:"n,omitempty"`
	ID     AccountID `json:"id"`
}

// IsZero reports whether the position is the beginning of the list.
func (p AccountPosition) IsZero() bool { return p.ID == 0 }

// Position is where the account stands in a list of this order.
func (a *Account) Position(sort AccountSort) AccountPosition {
	p := AccountPosition{ID: a.ID}
	switch sort {
	case SortName:
		p.Text = a.NameKey()
	case SortAddress:
		p.Text = a.AddressKey()
	case SortState:
		p.Text, p.Number = a.NameKey(), int64(a.State().Rank())
	case SortSuccess:
		if at := a.SuccessAt(); !at.IsZero() {
			p.Number = at.UnixMilli()
		}
	case SortCreated:
	}
	return p
}

// maxKeyLen is how many bytes of a name order a list.
const maxKeyLen = 200

// NameKey is the name as lists are ordered by it.
func (a *Account) NameKey() string {
	key := FoldText(a.Name)
	if key == "" {
		key = strings.ToLower(a.Name)
	}
	return strings.ToValidUTF8(key[:min(len(key), maxKeyLen)], "")
}

// AddressKey makes addresses that differ only in case the same.
func (a *Account) AddressKey() string { return strings.ToLower(a.Address) }

// SearchWords are the words that the account is found by.
func (a *Account) SearchWords() []string {
	return strings.Fields(FoldText(a.Name + " " + a.DisplayName + " " + a.Address))
}

// SuccessAt is when a side of the account last worked, the zero time for never.
func (a *Account) SuccessAt() time.Time {
	var last time.Time
	for _, s := range []*Side{a.Incoming, a.Outgoing} {
		if s != nil && s.Health.SuccessAt.After(last) {
			last = s.Health.SuccessAt
		}
	}
	return last
}
