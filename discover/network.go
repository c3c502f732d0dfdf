package discover

import (
	"context"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/publicsuffix"

	"github.com/mailstead/mailstead"
)

// Resolver asks the name servers; *net.Resolver is one. Names end in a dot, so that no
// search list of the machine leads to others.
type Resolver interface {
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
	LookupSRV(ctx context.Context, service, proto, name string) (string, []*net.SRV, error)
	LookupTXT(ctx context.Context, name string) ([]string, error)
}

// Fetcher gets a document by HTTPS: *dial.Dialer is one. It bounds redirects and
// sizes, and keeps away from private networks.
type Fetcher interface {
	Fetch(ctx context.Context, address string) ([]byte, error)
}

// The longest that questions to name servers, to web servers, and everything together
// may take. What is left to ten seconds is for those who gave up to come home.
const (
	dnsTime   = 2 * time.Second
	webTime   = 8 * time.Second
	wholeTime = 9 * time.Second
)

// DomainPlaceholder stands for the domain in Asked.PublicDirectory.
const DomainPlaceholder = "{domain}"

// Asked are those whom a Network asks.
type Asked struct {
	Resolver Resolver
	Fetcher  Fetcher
	Prober   Prober
	// PublicDirectory is the https address of a directory of mail services that has
	// configuration files (draft-ietf-mailmaint-autoconfig), with DomainPlaceholder for
	// the domain; "" asks none.
	PublicDirectory string
	// Now is the clock that durations are measured with.
	Now func() time.Time
}

// Network finds the servers of domains that nobody here knows, by what the domain
// itself publishes. All sources are asked at once. Which of their answers counts is
// decided by their order below, never by their speed:
//
//  1. SourceMX: the domain's mail goes to a service of the directory (RFC 5321
//     section 5.1).
//  2. SourcePACC: the domain's web server has a configuration file that its name
//     server vouches for (draft-ietf-mailmaint-pacc).
//  3. SourceSRV: the domain names its servers in DNS (RFC 6186, RFC 8314 section 5.1).
//  4. SourceAutoconfig: the domain's web server has a configuration file for mail
//     programs (draft-ietf-mailmaint-autoconfig).
//  5. SourceMXAutoconfig: the domain of its mail exchanger has one.
//  6. SourcePublicDirectory: the public directory has one, if the operator chose one.
//  7. SourceAutodiscover: the domain's web server names its Exchange server
//     (Autodiscover v2), which a service of the directory has, or which speaks the
//     protocols of mail.
//  8. SourceGuess: the names that mail servers usually have lead to some, with
//     certificates that verify. They are tried when neither 1 nor 3 has an answer.
//
// No password is involved. The full address goes to no one but the web server of its
// own domain, and where that one leads.
type Network struct {
	directory *Directory
	asked     Asked
	// tell hears of questions that have ended, during Find.
	tell func(Question)
}

// NewNetwork returns a Network that recognises the services of a directory.
func NewNetwork(d *Directory, a Asked) *Network {
	return &Network{directory: d, asked: a, tell: func(Question) {}}
}

// step is what one source has to say. answer is nil when it knows nothing.
type step struct {
	answer    *Result
	evidence  []string
	questions []Question
}

// Find completes the answer to an address that the directory does not know. An
// answer that found nothing still has the evidence of what was asked. Nobody is waited
// for who could not decide any more. Its time is bounded by ten seconds, and by ctx.
// told, if set, hears of every question as soon as it has ended, of one at a time.
func (n *Network) Find(ctx context.Context, r Result, told func(Question)) Result {
	if r.Source != SourceNone || r.ProblemCode != "" {
		return r
	}
	n = n.telling(told)
	ctx, cancel := context.WithTimeout(ctx, wholeTime)
	defer cancel()
	web, stop := context.WithTimeout(ctx, webTime)
	defer stop()
	sources := n.sources(ctx, web, r.Address)
	steps := make([]chan step, len(sources))
	for i, ask := range sources {
		steps[i] = make(chan step, 1)
		go func() { steps[i] <- ask() }()
	}
	var answer *Result
	for _, next := range steps {
		s := <-next
		r.Questions = append(r.Questions, s.questions...)
		if answer != nil {
			continue
		}
		r.Evidence = append(r.Evidence, s.evidence...)
		if answer = s.answer; answer != nil {
			cancel()
		}
	}
	if answer == nil {
		return r
	}
	answer.Address, answer.Evidence, answer.Questions = r.Address, r.Evidence, r.Questions
	if answer.Provider.ID == "" {
		answer.Foreign = foreign(mailstead.DomainOf(r.Address), answer.Incoming, answer.Outgoing)
	}
	return *answer
}

// telling is n for one Find.
func (n *Network) telling(told func(Question)) *Network {
	if told == nil {
		return n
	}
	var one sync.Mutex
	return &Network{directory: n.directory, asked: n.asked, tell: func(q Question) {
		one.Lock()
		defer one.Unlock()
		told(q)
	}}
}

// sources are whom an address is asked for, in the order in which answers count. web
// bounds web servers, ctx all.
func (n *Network) sources(ctx, web context.Context, address string) []func() step {
	exchangers := later(func() exchange { return n.exchangers(ctx, mailstead.DomainOf(address)) })
	byMX := later(func() step { return n.byMX(address, exchangers()) })
	bySRV := later(func() step { return n.bySRV(ctx, address) })
	return []func() step{
		byMX,
		func() step { return n.byPACC(web, address) },
		bySRV,
		func() step { return n.byAutoconfig(web, address) },
		func() step { return n.byExchanger(web, address, exchangers) },
		func() step { return n.byPublicDirectory(web, address) },
		func() step { return n.byAutodiscover(ctx, web, address) },
		func() step {
			if byMX().answer != nil || bySRV().answer != nil {
				return step{}
			}
			return n.byGuess(ctx, address)
		},
	}
}

// later begins f at once; who calls what it returns waits for it.
func later[T any](f func() T) func() T {
	var v T
	done := make(chan struct{})
	go func() {
		defer close(done)
		v = f()
	}()
	return func() T {
		<-done
		return v
	}
}

// trusts says how sure the answers of a source are: the domain's own word over HTTPS is
// worth more than what DNS says without a signature, or what somebody else says.
var trusts = map[mailstead.DomainSource]Trust{
	SourceMX: TrustMedium, SourcePACC: TrustHigh, SourceSRV: TrustMedium, SourceAutoconfig: TrustHigh, SourceMXAutoconfig: TrustMedium,
	SourcePublicDirectory: TrustMedium, SourceAutodiscover: TrustMedium, SourceGuess: TrustLow,
}

// newAnswer is an answer without servers.
func newAnswer(address string, source mailstead.DomainSource) *Result {
	return &Result{Address: address, Source: source, Trust: trusts[source], Incoming: []Candidate{}, Outgoing: []Candidate{}}
}

// hosts are the names of the servers, each once.
func (r *Result) hosts() []string {
	var out []string
	for _, c := range slices.Concat(r.Incoming, r.Outgoing) {
		if !slices.Contains(out, c.Host) {
			out = append(out, c.Host)
		}
	}
	return out
}

// foreign lists the registrable domains of servers that are not the address's own.
func foreign(domain string, sides ...[]Candidate) []string {
	own := registrable(domain)
	var out []string
	for _, c := range slices.Concat(sides...) {
		if other := registrable(c.Host); other != own && !slices.Contains(out, other) {
			out = append(out, other)
		}
	}
	return out
}

// registrable is the part of a name that somebody registered, such as
// "example.co.uk" of "mail.example.co.uk"; the name itself where it has none.
func registrable(name string) string {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if r, err := publicsuffix.EffectiveTLDPlusOne(name); err == nil {
		return r
	}
	return name
}
