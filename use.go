package mailstead

import (
	"errors"
	"strconv"
)

// UseKind is what kind of thing uses another one.
type UseKind string

// What may use an account or a provider. Other kinds may come: whoever reads them
// treats an unknown one by its name.
const (
	UseUser    UseKind = "user"
	UseProfile UseKind = "profile"
	// UseSystem is the system, which sends from the account.
	UseSystem   UseKind = "system"
	UseTemplate UseKind = "template"
	// UseOutgoing is a mail of the outbox that waits for something.
	UseOutgoing UseKind = "outgoing"
	UseAccount  UseKind = "account"
	UseDomain   UseKind = "domain"
)

// Use is a thing that uses another one, for whose sake that one stays.
type Use struct {
	Kind UseKind `json:"kind"`
	// ID is its identifier as text, of a domain its name, "" for the system.
	ID string `json:"id,omitempty"`
	// Name is what it is called: of a mail its subject.
	Name string `json:"name,omitempty"`
}

// MaxUses is the most uses of a kind that are listed.
const MaxUses = 50

// UsesOf returns the uses that an error lists, else nil.
func UsesOf(err error) []Use {
	for e := err; e != nil; {
		var me *Error
		if !errors.As(e, &me) {
			return nil
		}
		if len(me.UsedBy) > 0 {
			return me.UsedBy
		}
		e = me.Err
	}
	return nil
}

// Use returns the account as what uses another thing.
func (a *Account) Use() Use { return Use{Kind: UseAccount, ID: a.ID.String(), Name: a.Name} }

// Use returns the domain as what uses another thing.
func (d *Domain) Use() Use { return Use{Kind: UseDomain, ID: d.Name, Name: d.Name} }

// isUser reports whether the use is by the user, which 0 is not.
func (u *Use) isUser(id UserID) bool {
	return u.Kind == UseUser && id != 0 && u.ID == strconv.FormatInt(int64(id), 10)
}
