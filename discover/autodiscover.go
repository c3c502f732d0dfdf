package discover

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/mailstead/mailstead"
)

// parseAutodiscover reads the answer of Autodiscover v2, which names the server of
// one protocol of Exchange: {"Protocol": "ActiveSync", "Url": "https://…"}. It returns
// the server's name.
func parseAutodiscover(file []byte) (string, error) {
	var answer struct {
		URL string `json:"Url"`
	}
	if err := json.Unmarshal(file, &answer); err != nil {
		return "", errDocument("The document cannot be read.", err)
	}
	u, err := url.Parse(answer.URL)
	if err != nil || u.Scheme != "https" {
		return "", errDocument("The document names no server.", err)
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	server := mailstead.Server{Protocol: mailstead.IMAP, Host: host, Port: 993, Security: mailstead.SecurityTLS}
	if err := server.Validate("server"); err != nil {
		return "", errDocument("The document names no server.", err)
	}
	return host, nil
}

// byAutodiscover asks the domain's web servers for its Exchange server. That is one
// of a service of the directory, or it may speak the protocols of mail itself, which
// is tried without any credential. The documents are bounded by web, all by ctx.
func (n *Network) byAutodiscover(ctx, web context.Context, address string) step {
	domain := mailstead.DomainOf(address)
	query := "?" + url.Values{"Email": {address}, "Protocol": {"ActiveSync"}, "RedirectCount": {"1"}}.Encode()
	var host string
	told, ok := n.documents(web, SourceAutodiscover, func(q *Question, file []byte) (err error) {
		host, err = parseAutodiscover(file)
		q.names("The document names "+host+".", host)
		return err
	},
		"https://"+domain+"/autodiscover/autodiscover.json"+query,
		"https://autodiscover."+domain+"/autodiscover/autodiscover.json"+query)
	if !ok {
		return told
	}
	a := newAnswer(address, SourceAutodiscover)
	if p, ok := n.directory.byServer(host); ok {
		told.evidence = append(told.evidence, host+" belongs to "+p.Name+".")
		a.offer(p)
		told.answer = a
		return told
	}
	tried := n.probe(ctx, a, standard(mailstead.IMAP, host), standard(mailstead.POP3, host), standard(mailstead.SMTP, host))
	told.questions = append(told.questions, tried.questions...)
	told.evidence = append(told.evidence, tried.evidence...)
	told.answer = tried.answer
	if tried.answer == nil {
		told.evidence = append(told.evidence, host+" does not speak the protocols of mail with a valid certificate.")
	}
	return told
}

// byServer finds the provider that has a mail server: of several one that hosts the
// domains of others.
func (d *Directory) byServer(host string) (mailstead.Provider, bool) {
	var best *entry
	for _, e := range d.current.Load().byHost[host] {
		if best == nil || e.HostsDomains && !best.HostsDomains {
			best = e
		}
	}
	return found(best)
}
