// Package sender looks at how a domain stands as a sender: at what its name servers
// tell those who receive its mail.
//
//  1. MX: where answers go.
//  2. SPF (RFC 7208): whether the servers by which the account sends are allowed to.
//  3. DKIM (RFC 6376): whether a mail that came back was signed, and for whom.
//  4. DMARC (RFC 7489): what the domain asks receivers to do with mail that neither of
//     the two vouches for, and whether they would vouch for the account's.
//
// All of it is advice, with the record to add where it is known. No mail server is
// connected to, and nobody is asked but name servers.
package sender

import (
	"context"
	"net"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"

	"github.com/mailstead/mailstead"
)

// Part is what was looked at.
type Part string

// The parts, in the order of Result.Findings.
const (
	PartMX    Part = "mx"
	PartSPF   Part = "spf"
	PartDKIM  Part = "dkim"
	PartDMARC Part = "dmarc"
)

// State is how a part stands. StateUnknown is one that could not be found out.
type State string

// The states.
const (
	StateOK      State = "ok"
	StateAdvice  State = "advice"
	StateUnknown State = "unknown"
)

// Record is a DNS record to add.
type Record struct {
	Name  string
	Type  string
	Value string
	// Replaces are the values of the same name and type that make room for it.
	Replaces []string
}

// Finding is what there is to say of one part.
type Finding struct {
	Part  Part
	State State
	// Code is stable, Text says the same in a sentence.
	Code string
	Text string
	// Action is what to do, "" for nothing; Records are to be added for it.
	Action  string
	Records []Record
}

// Result is how a domain stands.
type Result struct {
	Domain string
	// Findings has one for each part.
	Findings []Finding
}

// Question is whom to look at.
type Question struct {
	// Address is the account's; it stands in From and as the return path of its mail.
	Address string
	// OutgoingHost is the server that takes the account's mail, "" for none.
	OutgoingHost string
	// Provider is the name of the service that has the mailbox, MXSuffixes are the names
	// under which it takes mail; both are empty where they are not known.
	Provider   string
	MXSuffixes []string
	// Owned tells that the domain itself is the provider's, so that nobody else can
	// change its records.
	Owned bool
	// Mail is a mail of the account as it came into a mailbox, nil for none. Near tells
	// that the mailbox is of the same domain: such mail is often left unsigned.
	Mail []byte
	Near bool
}

// Resolver asks the name servers; *net.Resolver is one.
type Resolver interface {
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
	LookupTXT(ctx context.Context, name string) ([]string, error)
	LookupIPAddr(ctx context.Context, host string) ([]net.IPAddr, error)
	LookupAddr(ctx context.Context, addr string) ([]string, error)
}

// wholeTime is the longest that all questions together take.
const wholeTime = 5 * time.Second

// Checker looks at domains. It may be used from many goroutines.
type Checker struct {
	resolver Resolver
	services []service
}

// New returns a Checker.
func New(r Resolver) (*Checker, error) {
	all, err := readServices()
	return &Checker{resolver: r, services: all}, err
}

// Check looks at the domain of an address. What the name servers do not answer within
// five seconds is unknown.
func (c *Checker) Check(ctx context.Context, q Question) Result {
	ctx, cancel := context.WithTimeout(ctx, wholeTime)
	defer cancel()
	k := &check{Question: q, domain: ascii(mailstead.DomainOf(q.Address)), ask: &asker{resolver: c.resolver}}
	k.service, k.known = byHost(c.services, q.OutgoingHost)
	var (
		wait     sync.WaitGroup
		mx, spf  Finding
		dkim     signed
		policies policy
	)
	wait.Go(func() { mx = k.mx(ctx) })
	wait.Go(func() { spf = k.spf(ctx) })
	wait.Go(func() { dkim = k.dkim(ctx) })
	wait.Go(func() { policies = k.policy(ctx) })
	wait.Wait()
	r := Result{Domain: k.domain, Findings: []Finding{mx, spf, dkim.Finding, k.dmarc(policies, spf, dkim)}}
	if q.Owned {
		for i := range r.Findings {
			r.Findings[i].leave(q.Provider)
		}
	}
	return r
}

// leave takes out of an advice what the reader cannot do.
func (f *Finding) leave(owner string) {
	f.Records = nil
	if f.State == StateAdvice {
		f.Action = "The domain belongs to " + owner + ", and nobody else can change its records."
	}
}

// check is one Check.
type check struct {
	Question
	domain string
	ask    *asker
	// service is the one by which the account sends, if known tells so.
	service service
	known   bool
}

func found(p Part, s State, word, text, action string, records ...Record) Finding {
	return Finding{Part: p, State: s, Code: string(p) + "." + word, Text: text, Action: action, Records: records}
}

// unanswered is a part for which no name server gave an answer.
func unanswered(p Part, name string) Finding {
	return found(p, StateUnknown, "unanswered", "The name servers gave no answer for "+name+".", "Try again later; if it stays so, ask who runs the domain’s name servers.")
}

// ascii returns a domain as name servers know it.
func ascii(domain string) string {
	domain = strings.ToLower(strings.TrimSuffix(domain, "."))
	if name, err := idna.Lookup.ToASCII(domain); err == nil {
		return name
	}
	return domain
}

// organisation is the domain that was registered, of which domain is a part
// (RFC 7489 section 3.2).
func organisation(domain string) string {
	if org, err := publicsuffix.EffectiveTLDPlusOne(domain); err == nil {
		return org
	}
	return domain
}

// under reports whether a name is suffix or lies below it.
func under(name, suffix string) bool {
	return name == suffix || strings.HasSuffix(name, "."+suffix)
}
