package discover

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/mailstead/mailstead"
)

// clientConfig is the configuration file for mail programs, version 1.1
// (draft-ietf-mailmaint-autoconfig), as far as it is understood here; other
// elements are passed over.
type clientConfig struct {
	XMLName   xml.Name `xml:"clientConfig"`
	Providers []struct {
		Name     string         `xml:"displayName"`
		Incoming []configServer `xml:"incomingServer"`
		Outgoing []configServer `xml:"outgoingServer"`
	} `xml:"emailProvider"`
}

type configServer struct {
	Type           string   `xml:"type,attr"`
	Hostname       string   `xml:"hostname"`
	Port           string   `xml:"port"`
	SocketType     string   `xml:"socketType"`
	Username       string   `xml:"username"`
	Authentication []string `xml:"authentication"`
}

// errNoServers is a file in which no server of the one side or of the other can be
// used.
var errNoServers = errors.New("the file does not name servers for both directions that can be used")

// parseAutoconfig reads a configuration file for an address. A server that makes
// no sense is left out alone. Entities of the file's own are an error, so nothing
// in it can grow.
func parseAutoconfig(file []byte, address string) (name string, incoming, outgoing []Candidate, err error) {
	var c clientConfig
	dec := xml.NewDecoder(bytes.NewReader(file))
	if err := dec.Decode(&c); err != nil {
		return "", nil, nil, err
	}
	for _, p := range c.Providers {
		in := usable(p.Incoming, address, mailstead.IMAP, mailstead.POP3)
		out := usable(p.Outgoing, address, mailstead.SMTP)
		if len(in) > 0 && len(out) > 0 {
			return strings.TrimSpace(p.Name), in, out, nil
		}
	}
	return "", nil, nil, errNoServers
}

func usable(servers []configServer, address string, protocols ...mailstead.Protocol) []Candidate {
	out := []Candidate{}
	for i := range servers {
		c, ok := servers[i].candidate(address)
		if ok && slices.Contains(protocols, c.Protocol) && len(out) < maxServers {
			out = append(out, c)
		}
	}
	return out
}

// candidate reads one server. Those without encryption are not offered, nor those
// that take no password.
func (s *configServer) candidate(address string) (Candidate, bool) {
	local, domain, _ := strings.Cut(address, "@")
	fill := strings.NewReplacer("%EMAILADDRESS%", address, "%EMAILLOCALPART%", local, "%EMAILDOMAIN%", domain).Replace
	port, err := strconv.Atoi(strings.TrimSpace(s.Port))
	server := mailstead.Server{
		Protocol: mailstead.Protocol(strings.ToLower(strings.TrimSpace(s.Type))),
		Host:     strings.ToLower(fill(strings.TrimSpace(s.Hostname))),
		Port:     port,
	}
	switch strings.ToUpper(strings.TrimSpace(s.SocketType)) {
	case "SSL":
		server.Security = mailstead.SecurityTLS
	case "STARTTLS":
		server.Security = mailstead.SecurityStartTLS
	}
	takesPassword := len(s.Authentication) == 0 || slices.ContainsFunc(s.Authentication, func(a string) bool {
		return strings.HasPrefix(strings.TrimSpace(a), "password-") || strings.TrimSpace(a) == "plain" || strings.TrimSpace(a) == "secure"
	})
	if err != nil || server.Security == "" || !takesPassword || server.Validate("server") != nil {
		return Candidate{}, false
	}
	login := fill(strings.TrimSpace(s.Username))
	if login == "" || strings.Contains(login, "%") {
		login = "" // A placeholder that nobody knows: the person types it.
	}
	return Candidate{Server: server, Username: login, Auth: []string{mailstead.AuthPassword}}, true
}

// byAutoconfig asks the domain's own web servers.
func (n *Network) byAutoconfig(ctx context.Context, address, domain string) step {
	query := "?emailaddress=" + url.QueryEscape(address)
	return n.config(ctx, address, newAnswer(address, SourceAutoconfig, TrustHigh),
		"https://autoconfig."+domain+"/mail/config-v1.1.xml"+query,
		"https://"+domain+"/.well-known/autoconfig/mail/config-v1.1.xml"+query)
}

// byExchanger asks the web servers of the domain that takes the mail. It is somebody
// else's: it learns the domain of the address, not whose it is.
func (n *Network) byExchanger(ctx context.Context, address string, exchangers func() ([]string, error)) step {
	names, _ := exchangers()
	domain := mailstead.DomainOf(address)
	if len(names) == 0 || registrable(names[0]) == registrable(domain) {
		return step{}
	}
	host := registrable(names[0])
	query := "?emailaddress=" + url.QueryEscape("user@"+domain)
	return n.config(ctx, address, newAnswer(address, SourceMXAutoconfig, TrustMedium),
		"https://autoconfig."+host+"/mail/config-v1.1.xml"+query,
		"https://"+host+"/.well-known/autoconfig/mail/config-v1.1.xml"+query)
}

// config asks for a configuration file at several addresses at once; the first one
// in their order that has it counts.
func (n *Network) config(ctx context.Context, address string, a *Result, urls ...string) (told step) {
	type outcome struct {
		file []byte
		err  error
	}
	outcomes := make([]chan outcome, len(urls))
	for i, u := range urls {
		outcomes[i] = make(chan outcome, 1)
		go func() {
			file, err := n.fetcher.Fetch(ctx, u)
			outcomes[i] <- outcome{file, err}
		}()
	}
	for i, u := range urls {
		o := <-outcomes[i]
		place, _, _ := strings.Cut(u, "?")
		if o.err == nil {
			a.Provider.Name, a.Incoming, a.Outgoing, o.err = parseAutoconfig(o.file, address)
		}
		if o.err == nil {
			told.answer = a
			told.evidence = append(told.evidence, place+" names the servers.")
			return told
		}
		told.evidence = append(told.evidence, place+": "+fileFailure(o.err))
	}
	return told
}

// fileFailure says in plain words why there is no file.
func fileFailure(err error) string {
	var known *mailstead.Error
	switch {
	case mailstead.KindOf(err) == mailstead.KindNotFound:
		return "there is no such file."
	case errors.As(err, &known):
		return known.Text
	case errors.Is(err, errNoServers):
		return "the file does not name servers for both directions that can be used."
	default:
		return "the file cannot be read."
	}
}
