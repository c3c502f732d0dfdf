package imap_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
)

func TestUIDsFromOddServers(t *testing.T) {
	for name, c := range map[string]struct {
		window  mailstead.UIDWindow
		command string
		text    string
		want    []mailstead.UID
		kind    mailstead.Kind
		fails   bool
	}{
		"ranges":                {text: "* ESEARCH (TAG \"TAG\") UID ALL 3:5,9,1\nTAG OK done\n", want: []mailstead.UID{1, 3, 4, 5, 9}},
		"upside down and twice": {text: "* ESEARCH (TAG \"TAG\") UID ALL 5:3,4\nTAG OK done\n", want: []mailstead.UID{3, 4, 5}},
		"lower case":            {text: "* esearch (tag \"TAG\") uid all 3\nTAG OK done\n", want: []mailstead.UID{3}},
		"more than asked for":   {text: "* ESEARCH (TAG \"TAG\") UID COUNT 1 MODSEQ (5) ALL 3 MIN 3\nTAG OK done\n", want: []mailstead.UID{3}},
		"no correlator":         {text: "* ESEARCH UID ALL 3\nTAG OK done\n", want: []mailstead.UID{3}},
		"nothing found":         {text: "* ESEARCH (TAG \"TAG\") UID\nTAG OK done\n"},
		"no answer":             {text: "TAG OK done\n"},
		"the old form":          {text: "* SEARCH 9 3 4\nTAG OK done\n", want: []mailstead.UID{3, 4, 9}},
		"the old form in parts": {text: "* SEARCH 9\n* SEARCH 3 (MODSEQ 12)\nTAG OK done\n", want: []mailstead.UID{3, 9}},
		"garbage":               {text: "* ESEARCH (TAG \"TAG\") UID ALL 0,x,-4,3:,:4,1:2:3,,7,99999999999999\nTAG OK done\n", want: []mailstead.UID{7}},
		"outside the window":    {window: mailstead.UIDWindow{From: 5, To: 6}, command: "UID SEARCH RETURN (ALL) UID 5:6", text: "* SEARCH 4 5 6 7\nTAG OK done\n", want: []mailstead.UID{5, 6}},
		"the last one instead":  {window: mailstead.UIDWindow{From: 5}, command: "UID SEARCH RETURN (ALL) UID 5:*", text: "* SEARCH 4\nTAG OK done\n"},
		"all keys": {
			window:  mailstead.UIDWindow{From: 5, To: 9, SinceUnix: 1706745600, MessageID: `a"b`},
			command: `UID SEARCH RETURN (ALL) UID 5:9 SINCE 1-Feb-2024 HEADER Message-ID "<a\"b>"`, text: "* SEARCH 5\nTAG OK done\n", want: []mailstead.UID{5},
		},
		"refused": {text: "TAG NO [SERVERBUG] no\n", kind: mailstead.KindTemporary, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			if c.command == "" {
				c.command = "UID SEARCH RETURN (ALL) ALL"
			}
			s := &script{answers: signedIn(answer{command: c.command, text: c.text})}
			got, err := openScript(t, s).UIDs(t.Context(), c.window)
			if (err != nil) != c.fails || (c.fails && mailstead.KindOf(err) != c.kind) {
				t.Errorf("got error %v; the client said %q", err, s.said())
			}
			if len(got) == 0 {
				got = nil
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("UIDs (-want +got):\n%s", diff)
			}
		})
	}
}

// TestUIDsOfLargeFolder searches slice by slice, from the end.
func TestUIDsOfLargeFolder(t *testing.T) {
	slice := func(from, n int) string {
		var b strings.Builder
		b.WriteString("* SEARCH")
		for i := range n {
			fmt.Fprintf(&b, " %d", 1_000_000_000+2*(from+i))
		}
		return b.String() + "\nTAG OK done\n"
	}
	s := &script{
		greeting: "* PREAUTH [CAPABILITY IMAP4rev1] hi\n",
		answers: signedIn(
			answer{command: "EXAMINE", text: "* 200000 EXISTS\n* OK [UIDVALIDITY 7] a\n* OK [UIDNEXT 4000000000] b\nTAG OK done\n"},
			answer{command: "UID SEARCH 120001:* UID 1:4294967295", text: slice(120_000, 80_000)},
			// A mail vanished: the others moved down by one.
			answer{command: "UID SEARCH 40001:120000 UID 1:4294967295", text: "* 7 EXPUNGE\n" + slice(40_001, 80_000)},
			answer{command: "UID SEARCH 1:40000 UID 1:4294967295", text: slice(0, 40_001)},
		),
	}
	got, err := openScript(t, s).UIDs(t.Context(), mailstead.UIDWindow{From: 1, To: 4294967295})
	if err != nil {
		t.Fatalf("%v; the client said %q", err, s.said())
	}
	if len(got) != 200_000 || !slices.IsSorted(got) || got[0] != 1_000_000_000 || got[199_999] != 1_000_399_998 {
		t.Errorf("got %d UIDs", len(got))
	}
}

func TestChangesFromOddServers(t *testing.T) {
	const examine = "* 3 EXISTS\n* OK [UIDVALIDITY 7] a\n* OK [UIDNEXT 104] b\n* OK [HIGHESTMODSEQ 50] c\nTAG OK done\n"
	s := &script{answers: signedIn(
		answer{command: "EXAMINE", text: examine},
		answer{command: "UID FETCH 101:103 (UID FLAGS MODSEQ) (CHANGEDSINCE 40)", text: "* 1 FETCH (UID 101 FLAGS (\\Seen $Junk \\*) MODSEQ (45))\n" +
			"* 2 fetch (modseq (46) flags NIL uid 102)\n" +
			"* 3 FETCH (FLAGS (\\Seen))\n" + // no UID: whose?
			"* 3 FETCH (UID 103)\n" + // no flags
			"* 4 FETCH (UID 104 FLAGS (\\Seen) MODSEQ (47))\n" + // new, not a change
			"* 4 EXISTS\nTAG OK done\n"},
	)}
	src := openScript(t, s)
	got, err := src.Changes(t.Context(), mailstead.Cursor{UIDValidity: 7, Low: 101, Next: 104, ModSeq: 40})
	want := []mailstead.FlagChange{{UID: 101, Flags: mailstead.Flags{Seen: true}, ModSeq: 45}, {UID: 102, ModSeq: 46}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("changes (-want +got):\n%s%v", diff, err)
	}
}

func TestAppendToOddServers(t *testing.T) {
	data := []byte("Subject: x\r\n\r\nhello\r\n")
	for name, c := range map[string]struct {
		caps    string
		answers []answer
		uid     mailstead.UID
		kind    mailstead.Kind
		fails   bool
		says    string
	}{
		"asked for": {
			caps:    "IMAP4rev1",
			answers: []answer{{command: `APPEND "Sent" (\Seen) {21}`, text: "+ go\n"}, {command: "x", text: ""}, {command: "", text: "a2 OK [APPENDUID 7 42] done\n"}},
			uid:     42,
		},
		"at once": {
			caps:    "IMAP4rev1 LITERAL+",
			answers: []answer{{command: `APPEND "Sent" (\Seen) {21+}`, text: "a2 OK [appenduid 7 42] done\n"}},
			uid:     42,
		},
		"small ones at once": {
			caps:    "IMAP4rev1 LITERAL-",
			answers: []answer{{command: `APPEND "Sent" (\Seen) {21+}`, text: "a2 OK done\n"}},
		},
		"odd number":    {caps: "IMAP4rev1 LITERAL+", answers: []answer{{command: "APPEND", text: "TAG OK [APPENDUID 7 1:2] done\n"}}},
		"full":          {caps: "IMAP4rev1", answers: []answer{{command: "APPEND", text: "TAG NO [OVERQUOTA] full\n"}}, fails: true, kind: mailstead.KindPermanent},
		"too large":     {caps: "IMAP4rev1", answers: []answer{{command: "APPEND", text: "TAG NO [TOOBIG] no\n"}}, fails: true, kind: mailstead.KindTooLarge},
		"no such place": {caps: "IMAP4rev1", answers: []answer{{command: "APPEND", text: "TAG NO [TRYCREATE] no\n"}}, fails: true, kind: mailstead.KindNotFound},
		"not now":       {caps: "IMAP4rev1", answers: []answer{{command: "APPEND", text: "TAG NO [UNAVAILABLE] no\n"}}, fails: true, kind: mailstead.KindTemporary},
		"silence":       {caps: "IMAP4rev1", answers: []answer{{command: "APPEND", text: ""}}, fails: true, kind: mailstead.KindTemporary},
	} {
		t.Run(name, func(t *testing.T) {
			s := &script{greeting: "* PREAUTH [CAPABILITY " + c.caps + "] hi\n", answers: signedIn(
				answer{command: "EXAMINE", text: "* OK [UIDVALIDITY 7] a\nTAG OK done\n"},
			)}
			s.answers = append(c.answers[:1:1], append(s.answers, c.answers[1:]...)...)
			src := openScript(t, s)
			uid, err := src.(mailstead.Appender).Append(t.Context(), "Sent", mailstead.Flags{Seen: true}, data)
			if (err != nil) != c.fails || (c.fails && mailstead.KindOf(err) != c.kind) || uid != c.uid {
				t.Errorf("got %d, %v; the client said %q", uid, err, s.said())
			}
		})
	}
}
