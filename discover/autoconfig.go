package discover

import (
	"bytes"
	"context"
	"encoding/xml"
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

// What is said of documents.
const (
	textServers   = "The document names the servers."
	textNoServers = "The document does not name servers for both directions that can be used."
)

// parseAutoconfig reads a configuration file for an address. A server that makes
// no sense is left out alone. Entities of the file's own are an error, so nothing
// in it can grow.
func parseAutoconfig(file []byte, address string) (name string, incoming, outgoing []Candidate, err error) {
	var c clientConfig
	dec := xml.NewDecoder(bytes.NewReader(file))
	if err := dec.Decode(&c); err != nil {
		return "", nil, nil, errDocument("The document cannot be read.", err)
	}
	for _, p := range c.Providers {
		in := usable(p.Incoming, address, mailstead.IMAP, mailstead.POP3)
		out := usable(p.Outgoing, address, mailstead.SMTP)
		if len(in) > 0 && len(out) > 0 {
			return providerName(p.Name), in, out, nil
		}
	}
	return "", nil, nil, errDocument(textNoServers, nil)
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
func (n *Network) byAutoconfig(ctx context.Context, address string) step {
	return n.config(ctx, address, SourceAutoconfig, mailstead.DomainOf(address), "?emailaddress="+url.QueryEscape(address))
}

// byExchanger asks the web servers of the domain that takes the mail. It is somebody
// else's: it learns the domain of the address, not whose it is.
func (n *Network) byExchanger(ctx context.Context, address string, exchangers func() exchange) step {
	names := exchangers().names
	domain := mailstead.DomainOf(address)
	if len(names) == 0 || registrable(names[0]) == registrable(domain) {
		return step{}
	}
	return n.config(ctx, address, SourceMXAutoconfig, registrable(names[0]), "?emailaddress="+url.QueryEscape("user@"+domain))
}

// byPublicDirectory asks the directory that the operator has chosen. It learns the
// domain alone.
func (n *Network) byPublicDirectory(ctx context.Context, address string) step {
	if n.asked.PublicDirectory == "" {
		return step{}
	}
	place := strings.ReplaceAll(n.asked.PublicDirectory, DomainPlaceholder, mailstead.DomainOf(address))
	return n.configAt(ctx, address, SourcePublicDirectory, place)
}

// config asks for a configuration file at the two places that a host has for it.
func (n *Network) config(ctx context.Context, address string, source mailstead.DomainSource, host, query string) step {
	return n.configAt(ctx, address, source,
		"https://autoconfig."+host+"/mail/config-v1.1.xml"+query,
		"https://"+host+"/.well-known/autoconfig/mail/config-v1.1.xml"+query)
}

func (n *Network) configAt(ctx context.Context, address string, source mailstead.DomainSource, urls ...string) step {
	a := newAnswer(address, source)
	told, ok := n.documents(ctx, source, func(q *Question, file []byte) (err error) {
		a.Provider.Name, a.Incoming, a.Outgoing, err = parseAutoconfig(file, address)
		q.names(textServers, a.hosts()...)
		return err
	}, urls...)
	if ok {
		told.answer = a
	}
	return told
}

// documents asks for documents at several addresses at once; the first one in their
// order that read takes counts. ok tells whether there is one.
func (n *Network) documents(ctx context.Context, source mailstead.DomainSource, read func(q *Question, file []byte) error, urls ...string) (told step, ok bool) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	files := make([][]byte, len(urls))
	asked := make([]chan Question, len(urls))
	for i, u := range urls {
		asked[i] = make(chan Question, 1)
		place, _, _ := strings.Cut(u, "?")
		go func() {
			asked[i] <- n.timed(source, place, func(*Question) (err error) {
				files[i], err = n.asked.Fetcher.Fetch(ctx, u)
				return err
			})
		}()
	}
	for i := range urls {
		q := <-asked[i]
		switch {
		case ok:
			q.fail(context.Canceled)
		case q.Outcome == OutcomeOK:
			if err := read(&q, files[i]); err != nil {
				q.fail(err)
			}
		}
		n.tell(q)
		told.questions = append(told.questions, q)
		if !ok {
			told.evidence = append(told.evidence, q.Asked+": "+q.Said)
		}
		if q.Outcome == OutcomeOK {
			ok = true
			cancel()
		}
	}
	return told, ok
}

// providerName is a name that somebody outside wrote, as long as names are.
func providerName(name string) string {
	const most = 100
	name = strings.Join(strings.Fields(name), " ")
	if runes := []rune(name); len(runes) > most {
		return string(runes[:most])
	}
	return name
}
