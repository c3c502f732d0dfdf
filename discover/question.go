package discover

import (
	"context"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/mailstead/mailstead"
)

// Outcome is what became of a question.
type Outcome string

// The outcomes of questions.
const (
	// OutcomeOK is an answer that names servers, or what leads to them.
	OutcomeOK Outcome = "ok"
	// OutcomeNothing is the answer that there is no such thing.
	OutcomeNothing Outcome = "nothing"
	// OutcomeBroken is no answer, or one that cannot be used; Question.Code says why.
	OutcomeBroken Outcome = "broken"
	// OutcomeSkipped is a question that was given up because a better source had
	// answered.
	OutcomeSkipped Outcome = "skipped"
)

// Question is what was asked of the network, and what came of it.
type Question struct {
	Source mailstead.DomainSource `json:"source"`
	// Asked is the record, the document without its query, or the server.
	Asked   string  `json:"asked"`
	Outcome Outcome `json:"outcome"`
	// Code is that of the failure, for OutcomeBroken alone.
	Code string `json:"code,omitempty"`
	// Said is the answer in English, or why there is none.
	Said string `json:"said"`
	// Trust is how sure an answer of this source is, Names are the servers that it names,
	// and Certificate is what the server showed that was asked. Of OutcomeOK alone.
	Trust       Trust        `json:"trust,omitempty"`
	Names       []string     `json:"names,omitempty"`
	Certificate *Certificate `json:"certificate,omitempty"`
	TookMS      int64        `json:"took_ms"`
}

// Certificate is a certificate that verifies.
type Certificate struct {
	Issuer     string    `json:"issuer"`
	ValidUntil time.Time `json:"valid_until"`
}

// names says what an answer names.
func (q *Question) names(said string, names ...string) { q.Said, q.Names = said, names }

// ask asks one question and tells of it. f puts the answer into the question.
func (n *Network) ask(source mailstead.DomainSource, asked string, f func(*Question) error) Question {
	q := n.timed(source, asked, f)
	n.tell(q)
	return q
}

// timed asks one question and takes the time.
func (n *Network) timed(source mailstead.DomainSource, asked string, f func(*Question) error) Question {
	q := Question{Source: source, Asked: asked, Outcome: OutcomeOK, Trust: trusts[source]}
	begin := n.asked.Now()
	err := f(&q)
	q.TookMS = n.asked.Now().Sub(begin).Milliseconds()
	if err != nil {
		q.fail(err)
	}
	return q
}

// fail says in plain words why there is no answer.
func (q *Question) fail(err error) {
	q.Trust, q.Names, q.Certificate = "", nil, nil
	var dns *net.DNSError
	var known *mailstead.Error
	isKnown := errors.As(err, &known)
	switch {
	case errors.Is(err, context.Canceled):
		q.Outcome, q.Said = OutcomeSkipped, "The question was given up: a better source had answered."
	case isKnown && (known.Kind == mailstead.KindNotFound || known.Code == "dns.not_found"):
		q.Outcome, q.Said = OutcomeNothing, known.Text
	case isKnown:
		q.Outcome, q.Code, q.Said = OutcomeBroken, known.Code, known.Text
	case errors.As(err, &dns) && dns.IsNotFound:
		q.Outcome, q.Said = OutcomeNothing, sentence(lookupFailure(err))
	default:
		q.Outcome, q.Code, q.Said = OutcomeBroken, "dns.temporary", sentence(lookupFailure(err))
	}
}

// sentence makes a sentence of a clause, clause the end of one of a sentence.
func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] + "." }
func clause(s string) string   { return strings.ToLower(s[:1]) + s[1:] }

// errNoRecord is a name server's answer that holds nothing.
func errNoRecord(name string) error {
	return &net.DNSError{Err: "no such record", Name: name, IsNotFound: true}
}

// errDocument is a document that was found and cannot be used.
func errDocument(text string, cause error) error {
	return &mailstead.Error{Kind: mailstead.KindPermanent, Code: "discover.document", Op: "discover.Find", Text: text, Err: cause}
}
