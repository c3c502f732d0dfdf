package discover

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"

	"github.com/mailstead/mailstead"
)

// exchange is who takes a domain's mail.
type exchange struct {
	// names are those of the hosts, best first.
	names    []string
	question Question
}

// exchangers asks who takes a domain's mail.
func (n *Network) exchangers(ctx context.Context, domain string) (e exchange) {
	ctx, cancel := context.WithTimeout(ctx, dnsTime)
	defer cancel()
	e.question = n.ask(SourceMX, "MX "+domain, func(q *Question) error {
		records, err := n.asked.Resolver.LookupMX(ctx, domain+".")
		for _, mx := range records {
			// "." takes no mail (RFC 7505).
			if name := strings.ToLower(strings.TrimSuffix(mx.Host, ".")); name != "" {
				e.names = append(e.names, name)
			}
		}
		if len(e.names) > 0 {
			q.names("The mail exchanger is "+e.names[0]+".", e.names[0])
			return nil
		}
		if err == nil {
			err = errNoRecord(domain)
		}
		return err
	})
	return e
}

// byMX recognises a service of the directory by the hosts that take the mail.
func (n *Network) byMX(address string, e exchange) step {
	domain, names := mailstead.DomainOf(address), e.names
	told := step{questions: []Question{e.question}}
	if len(names) == 0 {
		told.evidence = []string{"The mail exchanger of " + domain + " is not known: " + clause(e.question.Said)}
		return told
	}
	p, ok := n.directory.byExchanger(names[0])
	if !ok {
		told.evidence = []string{"The mail exchanger of " + domain + " is " + names[0] + ", which is not in the built-in directory."}
		return told
	}
	told.answer = newAnswer(address, SourceMX)
	told.answer.offer(p)
	told.evidence = []string{"The mail exchanger of " + domain + ", " + names[0] + ", belongs to " + p.Name + "."}
	if p.Hidden {
		told.evidence = []string{"The mail exchanger of " + domain + ", " + names[0] + ", belongs to " + p.Name + ", which administrators do not offer here."}
	}
	return told
}

// byExchanger finds the provider whose mail exchanger a host is: the one with the
// longest suffix, and of those that share it one that hosts the domains of others.
func (d *Directory) byExchanger(host string) (mailstead.Provider, bool) {
	var best *entry
	longest := 0
	for _, e := range d.current.Load().entries {
		for _, suffix := range e.MXSuffixes {
			if host != suffix && !strings.HasSuffix(host, "."+suffix) {
				continue
			}
			if len(suffix) > longest || len(suffix) == longest && e.HostsDomains && !best.HostsDomains {
				best, longest = e, len(suffix)
			}
		}
	}
	return found(best)
}

// services are what RFC 6186 section 3 and RFC 8314 section 5.1 name, best first.
var services = []struct {
	name     string
	protocol mailstead.Protocol
	security mailstead.Security
}{
	{"imaps", mailstead.IMAP, mailstead.SecurityTLS},
	{"imap", mailstead.IMAP, mailstead.SecurityStartTLS},
	{"pop3s", mailstead.POP3, mailstead.SecurityTLS},
	{"pop3", mailstead.POP3, mailstead.SecurityStartTLS},
	{"submissions", mailstead.SMTP, mailstead.SecurityTLS},
	{"submission", mailstead.SMTP, mailstead.SecurityStartTLS},
}

// bySRV reads the servers that the domain names in DNS.
func (n *Network) bySRV(ctx context.Context, address string) (told step) {
	ctx, cancel := context.WithTimeout(ctx, dnsTime)
	defer cancel()
	domain := mailstead.DomainOf(address)
	named := make([][]mailstead.Server, len(services))
	told.questions = make([]Question, len(services))
	var wait sync.WaitGroup
	for i, s := range services {
		wait.Go(func() {
			told.questions[i] = n.ask(SourceSRV, "SRV _"+s.name+"._tcp."+domain, func(q *Question) (err error) {
				named[i], err = n.srv(ctx, i, domain)
				list := addresses(named[i])
				q.names("The record names "+strings.Join(list, " and ")+".", list...)
				return err
			})
		})
	}
	wait.Wait()
	a := newAnswer(address, SourceSRV)
	failure := told.questions[0]
	for i, s := range services {
		if failure.Outcome == OutcomeNothing {
			failure = told.questions[i]
		}
		for _, server := range named[i] {
			told.evidence = append(told.evidence, "_"+s.name+"._tcp."+domain+" names "+server.Addr()+".")
			if c := passwordCandidate(server, address); s.protocol == mailstead.SMTP {
				a.Outgoing = append(a.Outgoing, c)
			} else {
				a.Incoming = append(a.Incoming, c)
			}
		}
	}
	switch {
	case len(a.Incoming) > 0 && len(a.Outgoing) > 0:
		told.answer = a
	case len(told.evidence) == 0:
		told.evidence = []string{"The domain " + domain + " names no mail servers in DNS (SRV): " + clause(failure.Said)}
	}
	return told
}

// addresses lists servers as host:port.
func addresses(servers []mailstead.Server) []string {
	var list []string
	for _, s := range servers {
		list = append(list, s.Addr())
	}
	return list
}

// maxServers is how many servers of one kind are taken from an answer.
const maxServers = 4

// srv asks for one of the services. Records come ordered by priority, and by weight
// at random (RFC 2782).
func (n *Network) srv(ctx context.Context, service int, domain string) ([]mailstead.Server, error) {
	s := services[service]
	_, records, err := n.asked.Resolver.LookupSRV(ctx, s.name, "tcp", domain+".")
	var out []mailstead.Server
	for _, r := range records {
		// "." tells that the service is not offered (RFC 2782).
		host := strings.ToLower(strings.TrimSuffix(r.Target, "."))
		server := mailstead.Server{Protocol: s.protocol, Host: host, Port: int(r.Port), Security: s.security}
		if host == "" || server.Validate("server") != nil || slices.Contains(out, server) {
			continue
		}
		if out = append(out, server); len(out) == maxServers {
			break
		}
	}
	switch {
	case len(out) > 0:
		err = nil // Some records could be read.
	case err == nil:
		err = errNoRecord(domain)
	}
	return out, err
}

// lookupFailure says in plain words why names were not found.
func lookupFailure(err error) string {
	var dns *net.DNSError
	switch {
	case err == nil, errors.As(err, &dns) && dns.IsNotFound:
		return "there is no such record"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &dns) && dns.IsTimeout:
		return "the name server did not answer in time"
	default:
		return "the name server could not answer"
	}
}
