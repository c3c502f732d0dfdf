// Package diagnose says in plain words what went wrong with a mail server, what
// to do about it and who must do it.
//
// Explain goes from what is certain to what is likely:
//
//  1. A code that one of our own packages has set for a reason of its own, such
//     as net.guarded, or that follows from a typed error of the network.
//  2. The server's words, by the rules of rules.tsv: first those of the account's
//     provider, then those whose words give their provider away, then those for
//     any server, then those that know no more than the class of a code.
//  3. Where the conversation stood, and the Kind of the error.
//
// The two tables are facts: rules.tsv maps words to codes, codes.tsv explains the
// codes that no words stand behind. Their codes are stable.
package diagnose

import (
	"crypto/x509"
	"errors"
	"strconv"
	"strings"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/dial"
)

// Catalogue holds the facts. It is safe for use by many goroutines.
type Catalogue struct {
	rules []*rule
	codes map[string]mailstead.Explanation
}

// New reads the embedded tables.
func New() (*Catalogue, error) {
	rules, err := readRules(rulesTable)
	if err != nil {
		return nil, err
	}
	codes, err := readCodes(codesTable)
	if err != nil {
		return nil, err
	}
	return &Catalogue{rules: rules, codes: codes}, nil
}

// ExplainText explains a server's words. protocol is a word of the table (imap,
// smtp, smtp-deliver, pop3, oauth, http …), empty for any; provider is an id, a
// name or a comma list of them, empty when unknown. What no rule knows has the
// code "unknown".
func (c *Catalogue) ExplainText(protocol, provider, text string) mailstead.Explanation {
	q := query{protocols: protocolWords(protocol), providers: providerWords(provider), lines: []string{normalise(text)}}
	if r := c.match(q); r != nil {
		return r.explanation
	}
	return unknown
}

// Explain explains an error of a connection to a server of provider, which may
// be empty. It returns the zero Explanation for nil and always something useful
// for anything else.
func (c *Catalogue) Explain(p mailstead.Protocol, provider string, err error) mailstead.Explanation {
	if err == nil {
		return mailstead.Explanation{}
	}
	var known *mailstead.Error
	var reply *mailstead.ServerReply
	hasReply := errors.As(err, &reply)
	if !errors.As(err, &known) && !hasReply {
		err = dial.Classify("", err)
		errors.As(err, &known)
	}
	code, text := codeAndText(err)
	q := query{protocols: protocolWords(string(speaker(p, reply))), providers: providerWords(provider)}
	if code != "" && !vague(code) {
		return c.byCode(code, text, known.Kind, q)
	}
	if hasReply {
		q.stage = reply.Stage
		q.lines = replyLines(reply)
		if r := c.match(q); r != nil && (!r.generic || code == "") {
			return r.explanation
		}
	} else if known != nil && known.Err != nil && (code == "" || code == "net.failed" || code == "tls.failed") {
		// An alert of TLS, for example, has no type that could be asked.
		q.lines = []string{normalise(rootText(known))}
		q.network = true
		if r := c.match(q); r != nil {
			return r.explanation
		}
	}
	kind := mailstead.KindOf(err)
	if code == "" && hasReply {
		code = stageCode(reply, kind)
	}
	if code == "" {
		return byKind(kind, text)
	}
	return c.byCode(code, text, kind, q)
}

// Report fills Kind, Code, Cause, Action and Who of the failed stages of r, and
// makes the server's own words fit to be shown and passed on: without what looks
// like a secret, and without whole addresses.
func (c *Catalogue) Report(r *mailstead.Report, provider string) {
	for i := range r.Stages {
		s := &r.Stages[i]
		if s.Err != nil && !s.OK {
			c.fail(s, r.Protocol, provider)
		}
		s.Server = maskAddresses(Mask(s.Server))
	}
}

// fail explains a failed stage.
func (c *Catalogue) fail(s *mailstead.Stage, p mailstead.Protocol, provider string) {
	x := c.atStage(c.Explain(p, provider, s.Err), s.Stage)
	s.Kind = mailstead.KindOf(s.Err).String()
	s.Code, s.Cause, s.Action, s.Who = x.Code, x.Cause, x.Action, x.Who
	s.Chain = dial.Chain(s.Err)
	var reply *mailstead.ServerReply
	var name x509.HostnameError
	switch {
	case errors.As(s.Err, &reply):
		s.Server = reply.Text
	case errors.As(s.Err, &name) && name.Certificate != nil:
		s.Server = "certificate for " + strings.Join(name.Certificate.DNSNames, ", ")
	}
}

// oauthWords is the word of the table for services where people sign in.
const oauthWords mailstead.Protocol = "oauth"

// speaker is whose words a reply is in: the mail server's, or those of the service where
// people sign in for it.
func speaker(p mailstead.Protocol, reply *mailstead.ServerReply) mailstead.Protocol {
	if reply != nil && reply.Protocol == oauthWords {
		return oauthWords
	}
	return p
}

// vague tells codes that say no more than a Kind does: a server's words, or the
// text of the network's error, may say more.
func vague(code string) bool {
	switch code {
	case "auth.bad_credentials", "auth.rejected", "auth.temporary", "send.rejected", "send.temporary",
		"net.failed", "tls.failed", "oauth.token_refused", "oauth.unavailable", "oauth.refused", "oauth.revoked":
		return true
	}
	return false
}

// codeAndText returns the first code in err's chain, and the first text.
func codeAndText(err error) (code, text string) {
	var e *mailstead.Error
	for errors.As(err, &e) {
		if code == "" {
			code = e.Code
		}
		if text == "" {
			text = e.Text
		}
		if err = e.Err; err == nil {
			break
		}
	}
	return code, text
}

// rootText returns the text of the last of the errors behind e.
func rootText(e *mailstead.Error) string {
	err := e.Err
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err.Error()
		}
		err = next
	}
}

// replyLines are the forms that a reply is looked up in, the fullest first: the
// tables hold whole lines, and not every driver keeps status and code in Text.
func replyLines(r *mailstead.ServerReply) []string {
	text := normalise(r.Text)
	prefix := ""
	switch {
	case r.Protocol == mailstead.SMTP && r.Code > 0 && !strings.HasPrefix(text, strconv.Itoa(r.Code)):
		prefix = strconv.Itoa(r.Code) + " "
		if r.Enhanced != "" && !strings.HasPrefix(text, r.Enhanced) {
			prefix += r.Enhanced + " "
		}
	case r.Protocol == mailstead.IMAP && !hasWord(text, "NO", "BAD", "BYE", "OK", "PREAUTH", "*"):
		prefix = "NO "
		if r.Enhanced != "" && !strings.HasPrefix(text, "[") {
			prefix += "[" + r.Enhanced + "] "
		}
	case r.Protocol == mailstead.POP3 && !hasWord(text, "-ERR", "+OK"):
		prefix = "-ERR "
	}
	if prefix == "" {
		return []string{text}
	}
	return []string{prefix + text, text}
}

func hasWord(text string, words ...string) bool {
	first, _, _ := strings.Cut(text, " ")
	for _, w := range words {
		if strings.EqualFold(first, w) {
			return true
		}
	}
	return false
}

// stageCode is the code of a refusal whose words nobody knows, by where the
// conversation stood; "" where the Kind says as much.
func stageCode(r *mailstead.ServerReply, kind mailstead.Kind) string {
	temporary := kind == mailstead.KindTemporary
	switch r.Stage {
	case mailstead.StageGreeting, mailstead.StageCapabilities:
		if kind == mailstead.KindPermanent {
			return "net.rejected"
		}
		return "net.unavailable"
	case mailstead.StageLogin:
		if temporary {
			return "auth.temporary"
		}
		return "auth.rejected"
	case mailstead.StageTLS:
		return "tls.failed"
	case mailstead.StageDNS, mailstead.StageTCP, mailstead.StageFolders, mailstead.StageSender:
	}
	return ""
}

// byCode explains a code: in the words for the account's provider, else in those
// of codes.tsv, else in those for any server. A code that no table knows keeps
// its own text.
func (c *Catalogue) byCode(code, text string, kind mailstead.Kind, q query) mailstead.Explanation {
	var general *rule
	for _, r := range c.rules {
		if r.explanation.Code != code || !r.speaks(q.protocols) {
			continue
		}
		if r.knows(q.providers) {
			return coded(r.explanation)
		}
		if general == nil && r.any {
			general = r
		}
	}
	class, _, _ := strings.Cut(code, ".")
	x, found := c.codes[code]
	if !found && general != nil {
		return coded(general.explanation)
	}
	if !found {
		x, found = c.codes[class+".*"]
	}
	if !found {
		x = byKind(kind, text)
	}
	x.Code, x.Class = code, class
	if x.Cause == "" {
		x.Cause = byKind(kind, text).Cause
	}
	return x
}

// coded is an explanation that was found by its code, not by a rule.
func coded(x mailstead.Explanation) mailstead.Explanation {
	x.Rule = ""
	return x
}
