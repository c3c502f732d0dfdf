package discover

import (
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/mailstead/mailstead"
)

// exchangers are the names of the hosts that take a domain's mail, best first.
func (n *Network) exchangers(ctx context.Context, domain string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, dnsTime)
	defer cancel()
	records, err := n.resolver.LookupMX(ctx, domain)
	var names []string
	for _, mx := range records {
		// "." takes no mail (RFC 7505).
		if name := strings.ToLower(strings.TrimSuffix(mx.Host, ".")); name != "" {
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		return names, nil
	}
	return nil, err
}

// byMX recognises a service of the directory by the hosts that take the mail.
func (n *Network) byMX(address string, exchangers func() ([]string, error)) step {
	domain := mailstead.DomainOf(address)
	names, err := exchangers()
	if len(names) == 0 {
		return step{evidence: []string{"The mail exchanger of " + domain + " is not known: " + lookupFailure(err) + "."}}
	}
	p, ok := n.directory.byExchanger(names[0])
	if !ok {
		return step{evidence: []string{"The mail exchanger of " + domain + " is " + names[0] + ", which is not in the built-in directory."}}
	}
	told := step{answer: newAnswer(address, SourceMX, TrustMedium)}
	if p.Hidden {
		told.answer.hide(p)
		told.evidence = []string{"The mail exchanger of " + domain + ", " + names[0] + ", belongs to " + p.Name + ", which administrators do not offer here."}
		return told
	}
	told.answer.fill(p)
	told.evidence = []string{"The mail exchanger of " + domain + ", " + names[0] + ", belongs to " + p.Name + "."}
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
func (n *Network) bySRV(ctx context.Context, address string) step {
	ctx, cancel := context.WithTimeout(ctx, dnsTime)
	defer cancel()
	domain := mailstead.DomainOf(address)
	type outcome struct {
		servers []mailstead.Server
		err     error
	}
	outcomes := make([]chan outcome, len(services))
	for i := range services {
		outcomes[i] = make(chan outcome, 1)
		go func() {
			servers, err := n.srv(ctx, i, domain)
			outcomes[i] <- outcome{servers, err}
		}()
	}
	a := newAnswer(address, SourceSRV, TrustMedium)
	var told step
	var failure error
	for i, s := range services {
		o := <-outcomes[i]
		failure = errors.Join(failure, o.err)
		for _, server := range o.servers {
			told.evidence = append(told.evidence, "_"+s.name+"._tcp."+domain+" names "+net.JoinHostPort(server.Host, strconv.Itoa(server.Port))+".")
			c := Candidate{Server: server, Username: address, Auth: []string{mailstead.AuthPassword}}
			if s.protocol == mailstead.SMTP {
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
		told.evidence = []string{"The domain " + domain + " names no mail servers in DNS (SRV): " + lookupFailure(failure) + "."}
	}
	return told
}

// maxServers is how many servers of one kind are taken from an answer.
const maxServers = 4

// srv asks for one of the services. Records come ordered by priority, and by weight
// at random (RFC 2782).
func (n *Network) srv(ctx context.Context, service int, domain string) ([]mailstead.Server, error) {
	s := services[service]
	_, records, err := n.resolver.LookupSRV(ctx, s.name, "tcp", domain)
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
	if len(out) > 0 {
		err = nil // Some records could be read.
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
