package mailstead

import (
	"slices"
	"strings"
	"time"
)

// Policies are the rules that administrators set for everybody. They do not limit
// administrators but for AccountsPerUser and Plain, which hold for whoever saves.
type Policies struct {
	// Copies says who may edit CC and BCC; CopyProfiles are the profiles that
	// CopyProfiles names.
	Copies       CopyRule    `json:"copies"`
	CopyProfiles []ProfileID `json:"copy_profiles"`
	// AccountsPerUser is how many accounts a user may own, 0 for any number.
	AccountsPerUser int `json:"accounts_per_user"`
	// LimitProviders offers only the providers of ProviderIDs; else all are offered.
	LimitProviders bool         `json:"limit_providers"`
	ProviderIDs    []ProviderID `json:"provider_ids"`
	// TypedServers allows users to type the names of servers by hand.
	TypedServers bool `json:"typed_servers"`
	// Plain allows to save servers without encryption, with a written reason.
	Plain bool `json:"plain"`
	// OwnAccounts is what users may change of their accounts, unless the user has
	// a rule of its own.
	OwnAccounts AccountFreedom `json:"own_accounts"`
	// ConfirmDomains keeps a domain that a sign-in taught from colleagues until an
	// administrator has confirmed it.
	ConfirmDomains bool `json:"confirm_domains"`
	// ReportTo is the address that reports of problems go to; "" stands for the
	// administrators' own.
	ReportTo string `json:"report_to"`
	// AlertsByMail tells those concerned also by mail that the processing of an
	// account has stopped.
	AlertsByMail bool `json:"alerts_by_mail"`
	// UpdatedAt is the version: zero while nobody changed anything.
	UpdatedAt time.Time `json:"updated_at,omitzero" audit:"-"`
}

// CopyRule says who may edit CC and BCC of a mail.
type CopyRule string

// The rules of copies. Administrators always may.
const (
	CopiesEverybody      CopyRule = "everybody"
	CopiesAdministrators CopyRule = "administrators"
	CopiesProfiles       CopyRule = "profiles"
)

// AccountFreedom is what a user may change of the accounts that he manages.
type AccountFreedom string

// The freedoms, each including the next. FreedomDefault, of a user, is what the
// policies say.
const (
	FreedomDefault    AccountFreedom = ""
	FreedomEverything AccountFreedom = "everything"
	FreedomProvider   AccountFreedom = "provider"
	FreedomPassword   AccountFreedom = "password"
	FreedomNothing    AccountFreedom = "nothing"
)

// DefaultPolicies returns the rules of an installation where nobody set any.
func DefaultPolicies() Policies {
	return Policies{Copies: CopiesEverybody, TypedServers: true, OwnAccounts: FreedomEverything, AlertsByMail: true}
}

// mostAccounts bounds AccountsPerUser, mostPolicyItems its lists.
const (
	mostAccounts    = 1000
	mostPolicyItems = 1000
)

// Validate checks the rules, and sorts their lists.
func (p *Policies) Validate() error {
	if !slices.Contains([]CopyRule{CopiesEverybody, CopiesAdministrators, CopiesProfiles}, p.Copies) {
		return Invalid("copies", "input.policy", "CC and BCC are for everybody, administrators or profiles.")
	}
	if p.AccountsPerUser < 0 || p.AccountsPerUser > mostAccounts {
		return Invalid("accounts_per_user", "input.policy", "The number of accounts is 0 for any, or up to 1000.")
	}
	if p.OwnAccounts == FreedomDefault {
		return Invalid("own_accounts", "input.policy", "Users may change everything, provider, password or nothing of their accounts.")
	}
	if err := p.OwnAccounts.Validate("own_accounts"); err != nil {
		return err
	}
	if len(p.CopyProfiles) > mostPolicyItems || len(p.ProviderIDs) > mostPolicyItems {
		return Invalid("provider_ids", "input.too_many", "These are too many items for one list.")
	}
	if p.ReportTo != "" {
		address, err := CleanAddress("report_to", p.ReportTo)
		if err != nil {
			return err
		}
		p.ReportTo = address
	}
	p.CopyProfiles = sortedSet(p.CopyProfiles)
	p.ProviderIDs = sortedSet(p.ProviderIDs)
	if p.Copies == CopiesProfiles && len(p.CopyProfiles) == 0 {
		return Invalid("copy_profiles", "input.policy", "Choose the profiles that may edit CC and BCC.")
	}
	if p.LimitProviders && len(p.ProviderIDs) == 0 && !p.TypedServers {
		return Invalid("provider_ids", "input.policy", "Choose at least one provider, or allow servers typed by hand.")
	}
	return nil
}

func sortedSet[T ~int64 | ~string](all []T) []T {
	out := slices.Clone(all)
	slices.Sort(out)
	return slices.Compact(out)
}

// Validate checks the freedom of a user. The error names field.
func (f AccountFreedom) Validate(field string) error {
	if _, ok := freedoms[f]; !ok && f != FreedomDefault {
		return Invalid(field, "input.policy", "Users may change everything, provider, password or nothing of their accounts.")
	}
	return nil
}

// freedoms orders the freedoms from small to large.
var freedoms = map[AccountFreedom]int{FreedomNothing: 1, FreedomPassword: 2, FreedomProvider: 3, FreedomEverything: 4}

// includes reports whether f allows what g does.
func (f AccountFreedom) includes(g AccountFreedom) bool { return freedoms[f] >= freedoms[g] }

// FreedomOf returns what the actor may change of the accounts that he manages: all
// for an administrator, else what the user's own rule says, else the policies'.
func (p *Policies) FreedomOf(actor Actor) AccountFreedom {
	switch {
	case actor.IsAdmin():
		return FreedomEverything
	case actor.User.OwnAccounts != FreedomDefault:
		return actor.User.OwnAccounts
	default:
		return p.OwnAccounts
	}
}

// MayCopy reports whether the actor may edit CC and BCC.
func (p *Policies) MayCopy(actor Actor) bool {
	switch {
	case actor.IsAdmin() || p.Copies == CopiesEverybody:
		return true
	case p.Copies != CopiesProfiles:
		return false
	}
	return slices.ContainsFunc(actor.User.ProfileIDs, func(id ProfileID) bool { return slices.Contains(p.CopyProfiles, id) })
}

// MayType reports whether the actor may type the names of servers.
func (p *Policies) MayType(actor Actor) bool {
	return actor.IsAdmin() || (p.TypedServers && p.FreedomOf(actor) == FreedomEverything)
}

// Offers reports whether the actor may choose a provider. Servers that belong to
// none have the id "".
func (p *Policies) Offers(actor Actor, id ProviderID) bool {
	return actor.IsAdmin() || !p.LimitProviders || id == "" || slices.Contains(p.ProviderIDs, id)
}

// The codes of what policies refuse.
const (
	CodePolicyAccounts    = "policy.accounts_per_user"
	CodePolicyOwnAccounts = "policy.own_accounts"
	CodePolicyProvider    = "policy.provider"
	CodePolicyServers     = "policy.typed_servers"
	CodePolicyCopies      = "policy.copies"
)

// CheckRoom refuses one more account of a user who owns that many.
func (p *Policies) CheckRoom(owned int) error {
	if p.AccountsPerUser == 0 || owned < p.AccountsPerUser {
		return nil
	}
	text := "Each user may have one account here: disconnect the other one first, or ask an administrator."
	if p.AccountsPerUser > 1 {
		text = "This user has as many accounts as are allowed here: disconnect one first, or ask an administrator."
	}
	return &Error{Kind: KindConflict, Code: CodePolicyAccounts, Text: text}
}

// CheckConnect refuses an actor who may not connect and disconnect accounts.
func (p *Policies) CheckConnect(actor Actor) error {
	return p.require(actor, FreedomProvider, "Accounts are connected and changed by the administrators here.")
}

// CheckChange refuses an actor who may not change an account. servers tells that
// names of servers are among the changes.
func (p *Policies) CheckChange(actor Actor, servers bool) error {
	if err := p.require(actor, FreedomProvider, "Accounts are connected and changed by the administrators here."); err != nil || !servers {
		return err
	}
	return p.CheckTyped(actor, "")
}

// CheckPassword refuses an actor who may not change the password of his accounts.
func (p *Policies) CheckPassword(actor Actor) error {
	return p.require(actor, FreedomPassword, "The passwords of accounts are set by the administrators here.")
}

func (p *Policies) require(actor Actor, f AccountFreedom, text string) error {
	if p.FreedomOf(actor).includes(f) {
		return nil
	}
	return &Error{Kind: KindForbidden, Code: CodePolicyOwnAccounts, Text: text}
}

// CheckTyped refuses an actor who may not type the names of servers. The error
// names field.
func (p *Policies) CheckTyped(actor Actor, field string) error {
	if p.MayType(actor) {
		return nil
	}
	return &Error{
		Kind: KindForbidden, Code: CodePolicyServers, Field: field,
		Text: "Servers are not typed by hand here: choose a provider, or ask an administrator.",
	}
}

// CheckProvider refuses a provider that is not offered to the actor.
func (p *Policies) CheckProvider(actor Actor, id ProviderID) error {
	if p.Offers(actor, id) {
		return nil
	}
	return &Error{
		Kind: KindForbidden, Code: CodePolicyProvider, Field: "provider_id",
		Text: "This provider is not offered here: choose another one, or ask an administrator.",
	}
}

// CheckCopies refuses copies that the actor may not add: all but those of given,
// which an answer to all has by itself.
func (p *Policies) CheckCopies(actor Actor, cc, bcc, given []Address) error {
	if p.MayCopy(actor) {
		return nil
	}
	field := ""
	switch {
	case len(bcc) > 0:
		field = "bcc"
	case slices.ContainsFunc(cc, func(a Address) bool { return !hasAddress(given, a) }):
		field = "cc"
	default:
		return nil
	}
	return &Error{
		Kind: KindForbidden, Code: CodePolicyCopies, Field: field,
		Text: "You may not add receivers in CC or BCC here: leave them out, or ask an administrator.",
	}
}

func hasAddress(all []Address, a Address) bool {
	return slices.ContainsFunc(all, func(b Address) bool { return strings.EqualFold(a.Address, b.Address) })
}

// CodePoliciesChanged is the code of PoliciesChanged.
const CodePoliciesChanged = "policies.changed"

// PoliciesChanged refuses a change to policies that somebody else changed after
// they were read.
func PoliciesChanged() error {
	return &Error{
		Kind: KindConflict, Code: CodePoliciesChanged,
		Text: "Somebody else changed the policies at the same time: look at them, then try again.",
	}
}
