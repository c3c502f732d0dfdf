package discover

import (
	"context"
	"crypto/x509"
	"slices"
	"sync"
	"time"

	"github.com/mailstead/mailstead"
)

// Prober looks whether something is a mail server that can be used: *Greeter is one.
type Prober interface {
	// Probe connects, encrypts with a certificate that verifies for the name, and reads
	// what the server says of itself. It returns the certificate and knows no
	// credential. It is called from many goroutines; ctx bounds it. The error is a
	// *mailstead.Error.
	Probe(ctx context.Context, s mailstead.Server) (*x509.Certificate, error)
}

// probeTime is the longest that one server is waited for.
const probeTime = 4 * time.Second

// standard are the servers that hosts have when they keep to the standard, best first.
func standard(p mailstead.Protocol, hosts ...string) (out []mailstead.Server) {
	for _, security := range []mailstead.Security{mailstead.SecurityTLS, mailstead.SecurityStartTLS} {
		for _, host := range hosts {
			out = append(out, mailstead.Server{Protocol: p, Host: host, Port: mailstead.DefaultPort(p, security), Security: security})
		}
	}
	return out
}

// byGuess tries the names that mail servers usually have. What is there counts only
// with a certificate that verifies for the name.
func (n *Network) byGuess(ctx context.Context, address string) step {
	domain := mailstead.DomainOf(address)
	mail := "mail." + domain
	told := n.probe(ctx, newAnswer(address, SourceGuess),
		standard(mailstead.IMAP, "imap."+domain, mail),
		standard(mailstead.POP3, "pop."+domain, mail),
		standard(mailstead.SMTP, "smtp."+domain, mail))
	if told.answer == nil {
		told.evidence = append(told.evidence, "The usual names imap., pop., smtp. and "+mail+" lead to no servers for both directions with valid certificates.")
	}
	return told
}

// probe asks all of the servers at once whether they can be used. Those that can are
// the answer, when there are some for both directions.
func (n *Network) probe(ctx context.Context, a *Result, lists ...[]mailstead.Server) (told step) {
	servers := slices.Concat(lists...)
	told.questions = make([]Question, len(servers))
	var wait sync.WaitGroup
	for i, s := range servers {
		wait.Go(func() {
			told.questions[i] = n.ask(a.Source, string(s.Protocol)+" "+s.String(), func(q *Question) error {
				ctx, cancel := context.WithTimeout(ctx, probeTime)
				defer cancel()
				certificate, err := n.asked.Prober.Probe(ctx, s)
				q.Certificate = certificateOf(certificate)
				q.names("The server is there with "+describe(q.Certificate)+".", s.Addr())
				return err
			})
		})
	}
	wait.Wait()
	for i, s := range servers {
		if told.questions[i].Outcome != OutcomeOK {
			continue
		}
		told.evidence = append(told.evidence, told.questions[i].Asked+": "+told.questions[i].Said)
		if c := passwordCandidate(s, a.Address); s.Protocol == mailstead.SMTP {
			a.Outgoing = append(a.Outgoing, c)
		} else {
			a.Incoming = append(a.Incoming, c)
		}
	}
	if len(a.Incoming) > 0 && len(a.Outgoing) > 0 {
		told.answer = a
	}
	return told
}

// certificateOf says whose a certificate is and how long it is good, nil for one that a
// Prober does not tell of.
func certificateOf(c *x509.Certificate) *Certificate {
	if c == nil {
		return nil
	}
	issuer := c.Issuer.CommonName
	if len(c.Issuer.Organization) > 0 {
		issuer = c.Issuer.Organization[0]
	}
	return &Certificate{Issuer: providerName(issuer), ValidUntil: c.NotAfter}
}

func describe(c *Certificate) string {
	if c == nil {
		return "a certificate that verifies"
	}
	return "a certificate of " + c.Issuer + " that is valid until " + c.ValidUntil.UTC().Format(time.DateOnly)
}

// passwordCandidate is a server that takes the address and a password.
func passwordCandidate(s mailstead.Server, address string) Candidate {
	return Candidate{Server: s, Username: address, Auth: []string{mailstead.AuthPassword}}
}
