package mailstead

import (
	"slices"
	"time"
)

// DomainSource says who knows that a domain belongs to a provider.
type DomainSource string

// Where the knowledge of a domain comes from.
const (
	DomainBuiltIn       DomainSource = "built_in"
	DomainAdministrator DomainSource = "administrator"
	DomainLearned       DomainSource = "learned"
)

// DomainState says whether colleagues are led by what is known of a domain.
type DomainState string

// The states of a domain. The empty one is a domain in use. What an administrator
// rejected is not learned again until it is removed.
const (
	DomainInUse    DomainState = ""
	DomainPending  DomainState = "pending"
	DomainRejected DomainState = "rejected"
)

// Domain maps a mail domain to a provider, or to servers of its own.
type Domain struct {
	Name       string       `json:"name" audit:"-"`
	ProviderID ProviderID   `json:"provider_id,omitempty"`
	Source     DomainSource `json:"source"`
	State      DomainState  `json:"state,omitempty"`
	// Incoming and Outgoing are set when no provider is named.
	Incoming []Server     `json:"incoming,omitempty"`
	Outgoing []Server     `json:"outgoing,omitempty"`
	Username UsernameForm `json:"username,omitempty"`
	// LearnedBy is the user whose sign-in made it known, LearnedName the user's name
	// now. Both are empty where nobody's did.
	LearnedBy   UserID    `json:"learned_by,omitempty" audit:"-"`
	LearnedName string    `json:"learned_name,omitempty" audit:"-"`
	LearnedAt   time.Time `json:"learned_at,omitzero" audit:"-"`
	// Accounts is how many accounts of the domain confirm it: they work with the
	// provider, or the servers, that it names.
	Accounts int `json:"accounts,omitempty" audit:"-"`
	// UpdatedAt is the version.
	UpdatedAt time.Time `json:"-"`
}

// Leads reports whether addresses of the domain are led where it says.
func (d *Domain) Leads() bool { return d.State == DomainInUse }

// SameAs reports whether d leads where other does.
func (d *Domain) SameAs(other *Domain) bool {
	return d.ProviderID == other.ProviderID && d.Username == other.Username &&
		slices.Equal(d.Incoming, other.Incoming) && slices.Equal(d.Outgoing, other.Outgoing)
}

// Approve makes what was learned, or rejected, the administrator's word.
func (d *Domain) Approve() { d.Source, d.State = DomainAdministrator, DomainInUse }

// Reject keeps what was learned from being used and from being learned again. What
// an administrator said is not learned: it is removed.
func (d *Domain) Reject() error {
	if d.Source != DomainLearned {
		return &Error{
			Kind: KindConflict, Code: "domain.not_learned",
			Text: "An administrator set this domain: only what a colleague's sign-in taught can be rejected. Delete it instead.",
		}
	}
	d.State = DomainRejected
	return nil
}

// DomainUse is how many accounts of a domain work with a provider and servers.
type DomainUse struct {
	Name       string
	ProviderID ProviderID
	// Incoming and Outgoing are the names of the servers, or "".
	Incoming, Outgoing string
	Accounts           int
}

// ConfirmedBy counts the accounts that work with what the domain names.
func (d *Domain) ConfirmedBy(uses []DomainUse) int {
	n := 0
	for i := range uses {
		u := &uses[i]
		if u.Name == d.Name && (d.ProviderID != "" && u.ProviderID == d.ProviderID ||
			d.ProviderID == "" && servedBy(d.Incoming, u.Incoming) && servedBy(d.Outgoing, u.Outgoing)) {
			n += u.Accounts
		}
	}
	return n
}

// servedBy reports whether host is one of the servers; an account without the side
// contradicts nothing.
func servedBy(servers []Server, host string) bool {
	return host == "" || slices.ContainsFunc(servers, func(s Server) bool { return s.Host == host })
}

// DomainQuery asks for a page of the table of domains by name. What is zero does
// not limit it.
type DomainQuery struct {
	Source DomainSource
	// Waiting keeps domains that wait for an administrator's confirmation.
	Waiting  bool
	Provider ProviderID
	// Search keeps domains whose name holds it.
	Search string
	// After is the name behind which the page starts.
	After string
	Limit int
}

// CleanDomain returns a mail domain in lower-case ASCII. The error names field.
func CleanDomain(field, name string) (string, error) {
	address, err := CleanAddress(field, "postmaster@"+name)
	if err != nil || LocalPartOf(address) != "postmaster" {
		return "", Invalid(field, "input.domain", "This is not a mail domain: write it like example.com.")
	}
	return DomainOf(address), nil
}

// CodeDomainChanged is the code of DomainChanged.
const CodeDomainChanged = "domain.changed"

// DomainChanged refuses a change to a domain that somebody else changed after it
// was read.
func DomainChanged() error {
	return &Error{
		Kind: KindConflict, Code: CodeDomainChanged,
		Text: "Somebody else changed this domain at the same time: look at it, then try again.",
	}
}
