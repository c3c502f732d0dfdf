package discover

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/mailstead/mailstead"
)

// paccDocument is the configuration that a domain publishes by PACC
// (draft-ietf-mailmaint-pacc), as far as it is understood here.
type paccDocument struct {
	Protocols struct {
		IMAP   paccServer `json:"imap"`
		POP3   paccServer `json:"pop3"`
		Submit paccServer `json:"submit"`
		// SMTP is what drafts before 03 call submit.
		SMTP paccServer `json:"smtp"`
	} `json:"protocols"`
	Authentication struct {
		Password *bool           `json:"password"`
		OAuth    json.RawMessage `json:"oauth-public"`
	} `json:"authentication"`
	Info struct {
		Provider struct {
			Name string `json:"name"`
		} `json:"provider"`
	} `json:"info"`
}

type paccServer struct {
	Host string `json:"host"`
}

// digest is a SHA-256 that a name server vouches for.
type digest [sha256.Size]byte

// maxDigests is how many records of a domain are looked at; two are there while one
// document takes the place of another.
const maxDigests = 8

// paccDigests reads the TXT records of _ua-auto-config: "v=UAAC1; a=sha256; d=BASE64".
func paccDigests(records []string) (out []digest) {
	for _, record := range records {
		tags := make(map[string]string)
		for tag := range strings.SplitSeq(record, ";") {
			name, value, _ := strings.Cut(tag, "=")
			tags[strings.ToLower(strings.TrimSpace(name))] = strings.TrimSpace(value)
		}
		sum, err := base64.StdEncoding.DecodeString(tags["d"])
		if err != nil || len(sum) != sha256.Size || !strings.EqualFold(tags["v"], "UAAC1") || !strings.EqualFold(tags["a"], "sha256") {
			continue
		}
		if out = append(out, digest(sum)); len(out) == maxDigests {
			break
		}
	}
	return out
}

// parsePACC reads a document that one of the digests vouches for. Servers have the
// ports of implicit TLS, and take the address as login.
func parsePACC(file []byte, digests []digest, a *Result) error {
	sum, vouched := sha256.Sum256(file), 0
	for _, d := range digests {
		vouched |= subtle.ConstantTimeCompare(d[:], sum[:])
	}
	if vouched == 0 {
		return &mailstead.Error{
			Kind: mailstead.KindPermanent, Code: "discover.digest", Op: "discover.Find",
			Text: "The document is not the one that the name server vouches for.",
		}
	}
	var d paccDocument
	if err := json.Unmarshal(file, &d); err != nil {
		return errDocument("The document cannot be read.", err)
	}
	if p := d.Authentication.Password; p != nil && !*p || p == nil && len(d.Authentication.OAuth) > 0 {
		return errDocument("The document says that the service takes no passwords.", nil)
	}
	if d.Protocols.Submit.Host == "" {
		d.Protocols.Submit = d.Protocols.SMTP
	}
	add := func(side []Candidate, s paccServer, p mailstead.Protocol, port int) []Candidate {
		host := strings.ToLower(strings.TrimSuffix(strings.TrimSpace(s.Host), "."))
		server := mailstead.Server{Protocol: p, Host: host, Port: port, Security: mailstead.SecurityTLS}
		if host == "" || server.Validate("server") != nil {
			return side
		}
		return append(side, passwordCandidate(server, a.Address))
	}
	a.Incoming = add(a.Incoming, d.Protocols.IMAP, mailstead.IMAP, 993)
	a.Incoming = add(a.Incoming, d.Protocols.POP3, mailstead.POP3, 995)
	a.Outgoing = add(a.Outgoing, d.Protocols.Submit, mailstead.SMTP, 465)
	if len(a.Incoming) == 0 || len(a.Outgoing) == 0 {
		return errDocument(textNoServers, nil)
	}
	a.Provider.Name = providerName(d.Info.Provider.Name)
	return nil
}

// byPACC reads the document for which the domain's name server vouches by a digest.
// Without one nobody is asked for the document.
func (n *Network) byPACC(ctx context.Context, address string) (told step) {
	domain := mailstead.DomainOf(address)
	record := "_ua-auto-config." + domain
	var digests []digest
	q := n.ask(SourcePACC, "TXT "+record, func(q *Question) error {
		ctx, cancel := context.WithTimeout(ctx, dnsTime)
		defer cancel()
		records, err := n.asked.Resolver.LookupTXT(ctx, record+".")
		if digests = paccDigests(records); len(digests) > 0 {
			q.Said = "The record vouches for a configuration file."
			return nil
		}
		if err == nil {
			err = errNoRecord(record)
		}
		return err
	})
	told.questions = append(told.questions, q)
	if len(digests) == 0 {
		if q.Outcome == OutcomeBroken {
			told.evidence = append(told.evidence, q.Asked+": "+q.Said)
		}
		return told
	}
	place := "https://ua-auto-config." + domain + "/.well-known/user-agent-configuration.json"
	a := newAnswer(address, SourcePACC)
	q = n.ask(SourcePACC, place, func(q *Question) error {
		file, err := n.asked.Fetcher.Fetch(ctx, place)
		if err == nil {
			err = parsePACC(file, digests, a)
		}
		q.names(textServers, a.hosts()...)
		return err
	})
	told.questions = append(told.questions, q)
	told.evidence = append(told.evidence, place+": "+q.Said)
	if q.Outcome == OutcomeOK {
		told.answer = a
	}
	return told
}
