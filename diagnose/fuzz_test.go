package diagnose_test

import (
	"regexp"
	"testing"
	"unicode/utf8"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/diagnose"
)

// longest is how many bytes of a text are looked at.
const longest = 2 << 10

// FuzzMatch gives a server's words to the doctor: each has a complete explanation,
// what is shown holds no whole address, and what lies beyond the limit is not read.
func FuzzMatch(f *testing.F) {
	for _, row := range table(f, "testdata/judged.tsv") {
		f.Add(row["protocol"], string(mailstead.StageLogin), 0, "", row["text"])
	}
	f.Add("smtp", "sender", 550, "5.1.1", "<anna@example.com>: no")
	f.Add("imap", "folders", 0, "NONEXISTENT", "INBOX")
	c := catalogue(f)
	address := regexp.MustCompile(`\w{2,}@\w`)
	f.Fuzz(func(t *testing.T, protocol, stage string, code int, enhanced, text string) {
		p := mailstead.Protocol(protocol)
		r := mailstead.Report{Protocol: p, Stages: []mailstead.Stage{{
			Stage: mailstead.StageName(stage),
			Err: &mailstead.Error{Kind: mailstead.KindPermanent, Err: &mailstead.ServerReply{
				Protocol: p, Stage: mailstead.StageName(stage), Code: code, Enhanced: enhanced, Text: text,
			}},
		}}}
		c.Report(&r, "")
		s := r.Stages[0]
		if s.Code == "" || s.Cause == "" || s.Action == "" || s.Who == "" || s.Kind == "" {
			t.Errorf("incomplete: %+v", s)
		}
		if address.MatchString(s.Server) || utf8.RuneCountInString(s.Server) > 300 || !utf8.ValidString(s.Server) {
			t.Errorf("shown: %q", s.Server)
		}
		if len(text) > longest {
			if got, want := c.ExplainText(protocol, "", text), c.ExplainText(protocol, "", text[:longest]); got != want {
				t.Errorf("what is beyond the limit changes %+v to %+v", want, got)
			}
			if diagnose.Mask(text) != diagnose.Mask(text[:longest]) {
				t.Error("what is beyond the limit is shown")
			}
		}
	})
}

// FuzzNeededTexts: the look for a text that a match needs never loses a match.
func FuzzNeededTexts(f *testing.F) {
	for _, row := range table(f, "testdata/judged.tsv") {
		f.Add(row["text"])
	}
	for _, row := range table(f, "rules.tsv") {
		f.Add(row["sample"])
	}
	f.Add("MAILBOX IS LOC\u212aED, PA\u017f\u017fWORD INCORRECT")
	rules := table(f, "rules.tsv")
	matchers := make([]func(string) bool, len(rules))
	compiled := make([]*regexp.Regexp, len(rules))
	for i, row := range rules {
		matchers[i], compiled[i] = diagnose.Matcher(row["pattern"]), regexp.MustCompile(row["pattern"])
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = diagnose.Normalise(text)
		for i, row := range rules {
			if got, want := matchers[i](text), compiled[i].MatchString(text); got != want {
				t.Errorf("%s: match = %t, want %t for %q", row["id"], got, want, text)
			}
		}
	})
}
