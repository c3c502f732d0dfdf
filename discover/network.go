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

// Resolver asks the name servers; *net.Resolver is one.
type Resolver interface {
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
	LookupSRV(ctx context.Context, service, proto, name string) (string, []*net.SRV, error)
}

// Fetcher gets a document by HTTPS: *dial.Dialer is one. It bounds redirects and
// sizes, and keeps away from private networks.
type Fetcher interface {
	Fetch(ctx context.Context, address string) ([]byte, error)
}

// The longest that all questions to name servers, and everything together, may take.
const (
	dnsTime   = 2 * time.Second
	wholeTime = 8 * time.Second
)

// Network finds the servers of domains that nobody here knows, by what the domain
// itself publishes. All sources are asked at once. Which of their answers counts is
// decided by their order below, never by their speed:
//
//  1. SourceMX: the domain's mail goes to a service of the directory (RFC 5321
//     section 5.1).
//  2. SourceSRV: the domain names its servers in DNS (RFC 6186, RFC 8314 section 5.1).
//  3. SourceAutoconfig: the domain's web server has a configuration file for mail
//     programs (draft-ietf-mailmaint-autoconfig).
//  4. SourceMXAutoconfig: the domain of its mail exchanger has one.
//
// No mail server is asked, and no password is involved. The full address goes to
// no one but the web server of its own domain.
type Network struct {
	directory *Directory
	resolver  Resolver
	fetcher   Fetcher
}

// NewNetwork returns a Network that recognises the services of a directory.
func NewNetwork(d *Directory, r Resolver, f Fetcher) *Network {
	return &Network{directory: d, resolver: r, fetcher: f}
}

// step is what one source has to say. answer is nil when it knows nothing.
type step struct {
	answer   *Result
	evidence []string
}

// Find completes the answer to an address that the directory does not know. An
// answer that found nothing still has the evidence of what was asked. Its time is
// bounded by ten seconds, and by ctx.
func (n *Network) Find(ctx context.Context, r Result) Result {
	if r.Source != SourceNone || r.ProblemCode != "" {
		return r
	}
	ctx, cancel := context.WithTimeout(ctx, wholeTime)
	defer cancel()
	domain := mailstead.DomainOf(r.Address)
	exchangers := later(func() ([]string, error) { return n.exchangers(ctx, domain) })
	sources := []func() step{
		func() step { return n.byMX(r.Address, exchangers) },
		func() step { return n.bySRV(ctx, r.Address) },
		func() step { return n.byAutoconfig(ctx, r.Address, domain) },
		func() step { return n.byExchanger(ctx, r.Address, exchangers) },
	}
	steps := make([]step, len(sources))
	var wait sync.WaitGroup
	for i, ask := range sources {
		wait.Go(func() { steps[i] = ask() })
	}
	wait.Wait()
	for _, s := range steps {
		r.Evidence = append(r.Evidence, s.evidence...)
	}
	for _, s := range steps {
		if s.answer == nil {
			continue
		}
		found := *s.answer
		found.Address, found.Evidence = r.Address, r.Evidence
		if found.Provider.ID == "" {
			found.Foreign = foreign(domain, found.Incoming, found.Outgoing)
		}
		return found
	}
	return r
}

// later begins f at once; who calls what it returns waits for it.
func later[T any](f func() (T, error)) func() (T, error) {
	var v T
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		v, err = f()
	}()
	return func() (T, error) {
		<-done
		return v, err
	}
}

// newAnswer is an answer without servers.
func newAnswer(address string, source mailstead.DomainSource, trust Trust) *Result {
	return &Result{Address: address, Source: source, Trust: trust, Incoming: []Candidate{}, Outgoing: []Candidate{}}
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
