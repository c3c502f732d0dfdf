// Package discover finds the mail service behind an address.
//
//  1. The address is cleaned; what is no address ends here.
//  2. Its domain is looked up in the table of domains, which holds what
//     administrators set and what colleagues' sign-ins taught. What waits for an
//     administrator's confirmation, or was rejected, does not count.
//  3. Else it is looked up in the built-in directory, providers.json.
//  4. The answer names the provider, the servers to try in order with the login
//     that each takes, where the knowledge comes from, and the evidence in plain
//     words.
//
// Of a provider that administrators hide, the answer is its name and that it is not
// offered, for anybody, and SourceNone.
//
// No secret is involved, and no network: what the domain itself publishes is looked up
// by Network, and Greeter tries mail servers without a credential. A provider that cannot be connected is answered with the reason.
package discover

import (
	"context"
	"strings"

	"github.com/mailstead/mailstead"
)

// Where answers come from beside the table of domains and the built-in directory: what
// Network found, and SourceNone for an answer that found nothing.
const (
	SourceMX              mailstead.DomainSource = "mx"
	SourcePACC            mailstead.DomainSource = "pacc"
	SourceSRV             mailstead.DomainSource = "srv"
	SourceAutoconfig      mailstead.DomainSource = "autoconfig"
	SourceMXAutoconfig    mailstead.DomainSource = "mx_autoconfig"
	SourcePublicDirectory mailstead.DomainSource = "public_directory"
	SourceAutodiscover    mailstead.DomainSource = "autodiscover"
	SourceGuess           mailstead.DomainSource = "guess"
	SourceNone            mailstead.DomainSource = "none"
)

// Trust says how sure an answer is.
type Trust string

// The degrees of trust.
const (
	// TrustHigh is what an administrator set, or a fact that several sources
	// confirm.
	TrustHigh Trust = "high"
	// TrustMedium is a colleague's choice, or a fact that nobody verified.
	TrustMedium Trust = "medium"
	// TrustLow is a guess: nobody named the servers, yet they are there with
	// certificates that verify for names of the domain.
	TrustLow Trust = "low"
	// TrustNone goes with SourceNone.
	TrustNone Trust = "none"
)

// Domains is the table of domains.
type Domains interface {
	// Domain returns the row of a domain in lower case, an error of
	// mailstead.KindNotFound when there is none.
	Domain(ctx context.Context, name string) (mailstead.Domain, error)
}

// Named is a provider by id and name.
type Named struct {
	ID   mailstead.ProviderID `json:"id"`
	Name string               `json:"name"`
}

// Candidate is a server that may serve the address.
type Candidate struct {
	mailstead.Server
	// Username is the login that the server takes for the address, or "" when
	// the person must type it.
	Username string `json:"username"`
	// Auth lists the sign-in methods, best first.
	Auth []string `json:"auth"`
}

// Result is what is known about an address.
type Result struct {
	Address  string                 `json:"address"`
	Provider Named                  `json:"provider"`
	Source   mailstead.DomainSource `json:"source"`
	Trust    Trust                  `json:"trust"`
	// Incoming and Outgoing are the servers to try, best first.
	Incoming []Candidate `json:"incoming"`
	Outgoing []Candidate `json:"outgoing"`
	// Foreign lists the registered domains of servers that neither an administrator nor
	// the directory vouches for, and that are not the address's own: a person has to
	// agree before a password goes there (RFC 6186 section 6).
	Foreign []string `json:"foreign,omitempty"`
	// OAuth are the apps by which people sign in at the provider's own page, see Offer.
	OAuth []mailstead.OAuthOffer `json:"oauth,omitempty"`
	// ProblemCode and Problem say why the provider cannot be connected: see
	// Problem, and ProblemHidden.
	ProblemCode    string `json:"problem_code,omitempty"`
	Problem        string `json:"problem,omitempty"`
	Status         string `json:"status,omitempty"`
	AppPasswordURL string `json:"app_password_url,omitempty"`
	EnableURL      string `json:"enable_url,omitempty"`
	// Instructions are what the provider's users have to do and to know, CheckedIn the
	// month of these facts.
	Instructions []mailstead.Instruction `json:"instructions,omitempty"`
	CheckedIn    string                  `json:"checked_in,omitempty"`
	Notes        string                  `json:"notes,omitempty"`
	Evidence     []string                `json:"evidence"`
	// Questions are what Network asked, in the order in which answers count.
	Questions []Question `json:"questions"`
}

// Discover answers which servers serve the address. An unknown domain is no
// error: its answer has SourceNone.
func (d *Directory) Discover(ctx context.Context, domains Domains, address string) (Result, error) {
	clean, err := mailstead.CleanAddress("address", address)
	if err != nil {
		return Result{}, err
	}
	r := Result{
		Address: clean, Source: SourceNone, Trust: TrustNone,
		Incoming: []Candidate{}, Outgoing: []Candidate{}, Evidence: []string{}, Questions: []Question{},
	}
	name := mailstead.DomainOf(clean)
	done, err := d.fromTable(ctx, domains, name, &r)
	if err != nil || done {
		return r, err
	}
	if e := d.current.Load().byDomain[name]; e != nil {
		if e.Hidden {
			r.tell(name + " belongs to " + e.Name + ", which administrators do not offer here.")
			r.hide(e.Provider)
			return r, nil
		}
		r.Source, r.Trust = mailstead.DomainBuiltIn, e.trust()
		r.tell(name + " belongs to " + e.Name + " in the built-in directory.")
		r.fill(e.Provider)
		return r, nil
	}
	r.tell(name + " is not in the built-in directory.")
	return r, nil
}

// fromTable answers from the table of domains and reports whether it could.
func (d *Directory) fromTable(ctx context.Context, domains Domains, name string, r *Result) (bool, error) {
	row, err := domains.Domain(ctx, name)
	if mailstead.KindOf(err) == mailstead.KindNotFound {
		r.tell(name + " is not in the table of domains.")
		return false, nil
	}
	if err != nil {
		return false, err
	}
	switch row.State {
	case mailstead.DomainPending:
		r.tell(name + " was chosen by a colleague and waits for an administrator's confirmation.")
		return false, nil
	case mailstead.DomainRejected:
		r.tell("What a colleague chose for " + name + " was rejected by an administrator.")
		return false, nil
	case mailstead.DomainInUse:
	}
	said, trust := "set by an administrator", TrustHigh
	if row.Source == mailstead.DomainLearned {
		said, trust = "chosen by a colleague", TrustMedium
	}
	if row.ProviderID == "" {
		r.Source, r.Trust = row.Source, trust
		r.tell(name + " is in the table of domains with servers of its own, " + said + ".")
		r.Incoming = candidates(row.Incoming, r.Address, row.Username, []string{"pw"})
		r.Outgoing = candidates(row.Outgoing, r.Address, row.Username, []string{"pw"})
		return true, nil
	}
	p, ok := d.Provider(row.ProviderID)
	if !ok {
		r.tell(name + " is in the table of domains, but its provider " + string(row.ProviderID) + " does not exist any more.")
		return false, nil
	}
	if p.Hidden {
		r.tell(name + " is in the table of domains as " + p.Name + ", which administrators do not offer here.")
		r.hide(p)
		return true, nil
	}
	r.Source, r.Trust = row.Source, trust
	r.tell(name + " is in the table of domains as " + p.Name + ", " + said + ".")
	r.fill(p)
	return true, nil
}

func (r *Result) tell(line string) { r.Evidence = append(r.Evidence, line) }

// hide names the provider and says that it is not offered, without its servers.
func (r *Result) hide(p mailstead.Provider) {
	r.Provider = Named{ID: p.ID, Name: p.Name}
	r.ProblemCode, r.Problem = ProblemHidden, p.Name+" is not offered here: choose another provider, or ask an administrator."
}

// offer copies what is known about a provider, or that it is not offered.
func (r *Result) offer(p mailstead.Provider) {
	if p.Hidden {
		r.hide(p)
		return
	}
	r.fill(p)
}

// fill copies what is known about a provider.
func (r *Result) fill(p mailstead.Provider) {
	r.Provider = Named{ID: p.ID, Name: p.Name}
	r.Status, r.Notes = p.Status, p.Notes
	r.AppPasswordURL, r.EnableURL = p.AppPasswordURL, p.EnableURL
	r.Instructions, r.CheckedIn = p.Instructions, p.CheckedIn
	r.ProblemCode, r.Problem = Problem(p)
	r.Incoming = Candidates(p, mailstead.SideIncoming, r.Address)
	r.Outgoing = Candidates(p, mailstead.SideOutgoing, r.Address)
}

func (e *entry) trust() Trust {
	if e.Confidence == "C" {
		return TrustMedium
	}
	return TrustHigh
}

// Candidates returns the servers of one side of a provider for an address, best
// first.
func Candidates(p mailstead.Provider, side mailstead.SideName, address string) []Candidate {
	servers := p.Incoming
	if side == mailstead.SideOutgoing {
		servers = p.Outgoing
	}
	out := make([]Candidate, 0, len(servers))
	for _, s := range servers {
		c := Candidate{Server: s, Auth: p.Auth}
		if p.SignsIn() {
			c.Username = p.Username[s.Protocol].Login(address)
		}
		out = append(out, c)
	}
	return out
}

func candidates(servers []mailstead.Server, address string, form mailstead.UsernameForm, auth []string) []Candidate {
	out := make([]Candidate, 0, len(servers))
	for _, s := range servers {
		if !hasDriver(s.Protocol) {
			continue
		}
		out = append(out, Candidate{Server: s, Username: form.Login(address), Auth: auth})
	}
	return out
}

// Codes of what stands in the way of a provider.
const (
	// ProblemUnsupported is a service that no mail program can connect to.
	ProblemUnsupported = "provider.unsupported"
	// ProblemOAuthOnly is a service that takes no password.
	ProblemOAuthOnly = "provider.oauth_only"
	// ProblemHidden is a service that administrators do not offer.
	ProblemHidden = "provider.hidden"
)

// Problem returns why accounts of the provider cannot be connected, as a stable
// code and a sentence for people, or two empty strings.
func Problem(p mailstead.Provider) (code, text string) {
	if p.Status == "broken" {
		return ProblemUnsupported, p.Name + " cannot be connected: " + strings.TrimSuffix(p.Notes, ".") + "."
	}
	for _, a := range p.Auth {
		switch a {
		case mailstead.AuthPassword, mailstead.AuthAppPassword, mailstead.AuthNone, "api-key", "smtp-credentials", "bridge-pw":
			return "", ""
		}
	}
	return ProblemOAuthOnly, p.Name + " accepts no passwords from other programs, only its own sign-in page (OAuth), " +
		"and no app is registered for it here: an administrator does that."
}
