package imap_test

import (
	"bytes"
	"errors"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/provider/imap"
)

// sizes answers the first look at three mails.
const sizes = "* 1 FETCH (UID 101 RFC822.SIZE 5 FLAGS (\\Seen) INTERNALDATE \"17-Jul-2024 02:44:25 -0700\")\n" +
	"* 2 FETCH (UID 102 RFC822.SIZE 5 FLAGS () INTERNALDATE \" 1-Feb-2024 02:44:25 +0000\")\n" +
	"* 3 FETCH (UID 103 RFC822.SIZE 5 FLAGS () INTERNALDATE \"17-Jul-2024 02:44:25 +0000\")\nTAG OK done\n"

// bodies answers with three mails.
const bodies = "* 1 FETCH (UID 101 BODY[] {5}\none\r\n)\n* 2 FETCH (UID 102 BODY[] {5}\ntwo\r\n)\n" +
	"* 3 FETCH (UID 103 BODY[] {5}\nthr\r\n)\nTAG OK done\n"

var allThree = map[mailstead.UID]string{101: "one\r\n", 102: "two\r\n", 103: "thr\r\n"}

func TestFetchFromOddServers(t *testing.T) {
	const none = "(none)" // a mail without Data
	first := func(body string) string {
		return strings.Replace(bodies, "* 1 FETCH (UID 101 BODY[] {5}\none\r\n)", body, 1)
	}
	without := func(uid mailstead.UID) map[mailstead.UID]string {
		m := map[mailstead.UID]string{101: "one\r\n", 102: "two\r\n", 103: "thr\r\n"}
		m[uid] = none
		return m
	}
	for name, c := range map[string]struct {
		sizes  string // sizes if empty
		bodies string
		single string // what asking for one mail by itself gets
		want   map[mailstead.UID]string
		kind   mailstead.Kind
		fails  bool
	}{
		"as it should be":    {bodies: bodies, want: allThree},
		"lower case":         {bodies: first("* 1 fetch (uid 101 body[] {5}\none\r\n)"), want: allThree},
		"spaces everywhere":  {bodies: first("*  1   FETCH  (  UID   101   BODY[]   {5}\none\r\n  )  "), want: allThree},
		"no spaces":          {bodies: first("* 1 FETCH (UID 101 BODY[]{5}\none\r\n)"), want: allThree},
		"literal8":           {bodies: first("* 1 FETCH (UID 101 BODY[] ~{5}\none\r\n)"), want: allThree},
		"literal with plus":  {bodies: first("* 1 FETCH (UID 101 BODY[] {5+}\none\r\n)"), want: allThree},
		"body before UID":    {bodies: first("* 1 FETCH (BODY[] {5}\none\r\n UID 101)"), want: allThree},
		"quoted body":        {bodies: first(`* 1 FETCH (UID 101 BODY[] "o\\n\"e")`), want: map[mailstead.UID]string{101: `o\n"e`, 102: "two\r\n", 103: "thr\r\n"}},
		"other item names":   {bodies: first("* 1 FETCH (UID 101 RFC822 {5}\none\r\n)"), want: allThree},
		"partial":            {bodies: first("* 1 FETCH (UID 101 BODY[]<0> {5}\none\r\n)"), want: allThree},
		"unknown items":      {bodies: first("* 1 FETCH (X-GM-LABELS (\"\\\\Inbox\" (a (b)) {3}\na)b) ENVELOPE (NIL (())) UID 101 BODY[] {5}\none\r\n)"), want: allThree},
		"no last paren":      {bodies: first("* 1 FETCH (UID 101 BODY[] {5}\none\r\n"), want: allThree},
		"shorter than said":  {bodies: first("* 1 FETCH (UID 101 BODY[] {3}\none)"), want: map[mailstead.UID]string{101: "one", 102: "two\r\n", 103: "thr\r\n"}},
		"longer than said":   {bodies: first("* 1 FETCH (UID 101 BODY[] {7}\none\r\n\r\n)"), want: map[mailstead.UID]string{101: "one\r\n\r\n", 102: "two\r\n", 103: "thr\r\n"}},
		"empty":              {bodies: first("* 1 FETCH (UID 101 BODY[] {0}\n)"), want: map[mailstead.UID]string{101: "", 102: "two\r\n", 103: "thr\r\n"}},
		"garbage in between": {bodies: first("garbage\n\n* \n*\n* 99999999999999999999 EXISTS\n* OK [UNKNOWN {5}\n* 1 FETCH\n* 1 FETCH UID\n* 1 FETCH (UID 101 BODY[] {5}\none\r\n)"), want: allThree},
		"news in between":    {bodies: first("* 4 EXISTS\n* 1 FETCH (FLAGS (\\Seen))\n* 1 FETCH (UID 101 FLAGS (\\Seen))\n* 1 FETCH (UID 101 BODY[] {5}\none\r\n)"), want: allThree},
		"twice":              {bodies: first("* 1 FETCH (UID 101 BODY[] {5}\none\r\n)\n* 1 FETCH (UID 101 BODY[] {5}\nONE\r\n)"), want: allThree},
		"not asked for":      {bodies: first("* 9 FETCH (UID 999 BODY[] {5}\nxxx\r\n)\n* 1 FETCH (UID 101 BODY[] {5}\none\r\n)"), want: allThree},
		"another's tag":      {bodies: first("zz9 OK done\n* 1 FETCH (UID 101 BODY[] {5}\none\r\n)"), want: allThree},
		"NIL, then there": {
			bodies: first("* 1 FETCH (UID 101 BODY[] NIL)"), single: "* 1 FETCH (UID 101 RFC822.SIZE 5 BODY[] {5}\none\r\n)\nTAG OK done\n", want: allThree,
		},
		"NIL always":        {bodies: first("* 1 FETCH (UID 101 BODY[] NIL)"), single: "* 1 FETCH (UID 101 BODY[] NIL)\nTAG OK done\n", want: without(101)},
		"a list as body":    {bodies: first("* 1 FETCH (UID 101 BODY[] (\"TEXT\" NIL))"), single: "* 1 FETCH (UID 101 BODY[] ())\nTAG OK done\n", want: without(101)},
		"no UID, then one":  {bodies: first("* 1 FETCH (BODY[] {5}\none\r\n)"), single: "* 1 FETCH (UID 101 BODY[] {5}\none\r\n)\nTAG OK done\n", want: allThree},
		"no UID ever":       {bodies: first("* 1 FETCH (BODY[] {5}\none\r\n)"), single: "* 1 FETCH (BODY[] {5}\none\r\n)\nTAG OK done\n", want: without(101)},
		"negative UID":      {bodies: first("* 1 FETCH (UID -101 BODY[] {5}\none\r\n)"), single: "* 1 FETCH (UID -101 BODY[] {5}\none\r\n)\nTAG OK done\n", want: without(101)},
		"gone in between":   {bodies: first("* 1 EXPUNGE"), single: "TAG OK done\n", want: map[mailstead.UID]string{102: "two\r\n", 103: "thr\r\n"}},
		"gone, and told so": {bodies: first("* 1 EXPUNGE"), single: "TAG NO [EXPUNGEISSUED] gone\n", want: map[mailstead.UID]string{102: "two\r\n", 103: "thr\r\n"}},
		"one refused": {
			bodies: strings.Replace(first("* 5 EXISTS"), "TAG OK", "TAG NO", 1), single: "TAG NO item is corrupt\n", want: without(101),
		},
		"all refused": {bodies: "TAG NO Server Unavailable. 15\n", single: "TAG NO Server Unavailable. 15\n", kind: mailstead.KindTemporary, fails: true},
		"refused for now": {
			bodies: "TAG NO [UNAVAILABLE] later\n", kind: mailstead.KindTemporary, fails: true,
		},
		"negative size": {
			sizes: strings.Replace(sizes, "SIZE 5", "SIZE -5", 1), bodies: first(""),
			single: "* 1 FETCH (UID 101 RFC822.SIZE -5 BODY[] {5}\none\r\n)\nTAG OK done\n", want: allThree,
		},
		"garbled size": {
			sizes: strings.Replace(sizes, "(UID 101", "(UID x", 1), bodies: first(""),
			single: "* 1 FETCH (UID 101 RFC822.SIZE 5 BODY[] {5}\none\r\n)\nTAG OK done\n", want: allThree,
		},
		"sizes refused": {
			sizes: "TAG BAD Command Argument Error. 11\n", single: "* 2 FETCH (UID 102 RFC822.SIZE 5 BODY[] {5}\ntwo\r\n)\nTAG OK done\n",
			want: map[mailstead.UID]string{102: "two\r\n"},
		},
		"too large and not said so": {
			bodies: first("* 1 FETCH (UID 101 BODY[] {100000}\n" + strings.Repeat("x", 100_000) + ")"), want: without(101),
		},
		"goodbye in between":        {bodies: "* 1 FETCH (UID 101 BODY[] {5}\none\r\n)\n* BYE [UNAVAILABLE] maintenance\nCLOSE\n", want: map[mailstead.UID]string{101: "one\r\n"}, kind: mailstead.KindTemporary, fails: true},
		"cut in a literal":          {bodies: "* 1 FETCH (UID 101 BODY[] {5}\non" + "CLOSE\n", kind: mailstead.KindTemporary, fails: true},
		"cut in a line":             {bodies: "* 1 FETCH (UID 101 BOD" + "CLOSE\n", kind: mailstead.KindTemporary, fails: true},
		"literal eats what follows": {bodies: "* 3 FETCH (UID 103 BODY[] {500}\nthr\r\n)\nTAG OK done\n", kind: mailstead.KindTemporary, fails: true},
		"no tag":                    {bodies: strings.Replace(bodies, "TAG OK done\n", "", 1), want: allThree, kind: mailstead.KindTemporary, fails: true},
		"huge literal":              {bodies: "* 1 FETCH (UID 101 BODY[] {99999999999999999999}\n", kind: mailstead.KindTemporary, fails: true},
		"large literal":             {bodies: "* 1 FETCH (UID 101 BODY[] {1000000000}\n", kind: mailstead.KindTemporary, fails: true},
		"many literals":             {bodies: "* 1 FETCH (UID 101" + strings.Repeat(" X {1}\nx", 1000) + ")\n", kind: mailstead.KindTemporary, fails: true},
		"deep lists":                {bodies: first("* 1 FETCH (X " + strings.Repeat("(", 100_000) + strings.Repeat(")", 100_000) + " UID 101 BODY[] {5}\none\r\n)"), want: allThree},
	} {
		t.Run(name, func(t *testing.T) {
			if c.sizes == "" {
				c.sizes = sizes
			}
			s := &script{answers: signedIn(
				answer{command: "UID FETCH 101:103 (UID RFC822.SIZE INTERNALDATE FLAGS)", text: c.sizes, once: true},
				answer{command: "UID FETCH 101 (UID RFC822.SIZE INTERNALDATE FLAGS BODY.PEEK[])", text: c.single},
				answer{command: "UID FETCH 102 (UID RFC822.SIZE INTERNALDATE FLAGS BODY.PEEK[])", text: c.single},
				answer{command: "UID FETCH 103 (UID RFC822.SIZE INTERNALDATE FLAGS BODY.PEEK[])", text: c.single},
				answer{command: "UID FETCH ", text: c.bodies},
			)}
			src := openScript(t, s)
			got := make(map[mailstead.UID]string)
			err := src.Fetch(t.Context(), []mailstead.UID{101, 102, 103}, 1000, func(m mailstead.RawMessage) error {
				if _, twice := got[m.UID]; twice {
					t.Errorf("mail %d came twice", m.UID)
				}
				got[m.UID] = string(m.Data)
				if m.Data == nil {
					got[m.UID] = none
				}
				return nil
			})
			if (err != nil) != c.fails || (c.fails && mailstead.KindOf(err) != c.kind) {
				t.Errorf("got error %v", err)
			}
			if c.want == nil {
				c.want = map[mailstead.UID]string{}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("mails (-want +got):\n%s\nthe client said %q", diff, s.said())
			}
			if !c.fails {
				if _, err := src.Select(t.Context(), "INBOX"); err != nil {
					t.Errorf("the connection is of no use after it: %v", err)
				}
			}
		})
	}
}

// TestEndlessServersCostNoMemory lets a server send without end.
func TestEndlessServersCostNoMemory(t *testing.T) {
	for name, c := range map[string]struct{ command, start, more string }{
		"a line without end":     {"UID FETCH ", "* 1 FETCH (UID 101 BODY[] ", "xxxxxxxxxxxxxxxx"},
		"responses without end":  {"UID FETCH ", "", "* 1 FETCH (FLAGS (\\Seen))\r\n"},
		"empty lines":            {"UID FETCH ", "", "\r\n"},
		"folders without end":    {"LIST ", "", "* LIST () \"/\" x\r\n"},
		"UIDs without end":       {"UID SEARCH ", "* SEARCH", " 1"},
		"large UID range":        {"UID SEARCH ", "* ESEARCH UID ALL 1:4294967295\r\nTAG OK done\r\n", ""},
		"long line of a refusal": {"UID SEARCH ", "TAG NO ", "x"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &script{answers: signedIn(answer{command: c.command, do: func(conn net.Conn, tag string) {
				_, err := conn.Write([]byte(strings.ReplaceAll(c.start, "TAG", tag)))
				more := bytes.Repeat([]byte(c.more), 4096)
				for err == nil && len(more) > 0 {
					_, err = conn.Write(more)
				}
			}})}
			src := openScript(t, s)
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			var err error
			switch c.command {
			case "LIST ":
				_, err = src.Folders(t.Context())
			case "UID SEARCH ":
				_, err = src.UIDs(t.Context(), mailstead.UIDWindow{})
			default:
				err = src.Fetch(t.Context(), []mailstead.UID{101}, 1000, func(mailstead.RawMessage) error { return nil })
			}
			runtime.ReadMemStats(&after)
			if mailstead.KindOf(err) != mailstead.KindTemporary || mailstead.CodeOf(err) != "proto.invalid_reply" {
				t.Errorf("got %v", err)
			}
			if used := after.HeapInuse - min(before.HeapInuse, after.HeapInuse); used > 32<<20 {
				t.Errorf("%d MB are in use", used>>20)
			}
			// Nothing is asked of that server any more.
			if _, again := src.Folders(t.Context()); mailstead.KindOf(again) != mailstead.KindTemporary {
				t.Errorf("afterwards: got %v", again)
			}
		})
	}
}

func TestFetchStopsReadingWhatWasNotWanted(t *testing.T) {
	s := &script{answers: signedIn(
		answer{command: "UID FETCH 101:103 (UID RFC822", text: sizes},
		answer{command: "UID FETCH ", text: bodies},
	)}
	src := openScript(t, s)
	enough := errors.New("enough")
	err := src.Fetch(t.Context(), []mailstead.UID{103, 101, 102, 101}, 1000, func(m mailstead.RawMessage) error {
		if m.UID != 101 {
			t.Errorf("got mail %d after the end", m.UID)
		}
		return enough
	})
	if !errors.Is(err, enough) {
		t.Errorf("got %v", err)
	}
	if _, err := src.Select(t.Context(), "INBOX"); err != nil {
		t.Errorf("the connection is of no use after it: %v", err)
	}
}

// TestDrippingServerIsGivenUp has a server send a body byte by byte, on a clock
// on which every look takes a minute.
func TestDrippingServerIsGivenUp(t *testing.T) {
	s := &script{answers: signedIn(
		answer{command: "UID FETCH 101 (UID RFC822", text: "* 1 FETCH (UID 101 RFC822.SIZE 900)\nTAG OK done\n"},
		answer{command: "UID FETCH ", do: func(c net.Conn, _ string) {
			pace := time.NewTicker(time.Millisecond)
			defer pace.Stop()
			_, err := c.Write([]byte("* 1 FETCH (UID 101 BODY[] {900}\r\n"))
			for n := 0; n < 900 && err == nil; n++ {
				<-pace.C
				_, err = c.Write([]byte("x"))
			}
		}},
	)}
	now := time.Now()
	clock := func() time.Time {
		now = now.Add(time.Minute)
		return now
	}
	src, err := quickDriver(t, imap.Config{Now: clock}, nil).Open(t.Context(), scriptAccess(serve(t, s)))
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if _, err := src.Select(t.Context(), "INBOX"); err != nil {
		t.Fatal(err)
	}
	err = src.Fetch(t.Context(), []mailstead.UID{101}, 1000, func(mailstead.RawMessage) error { return nil })
	if mailstead.KindOf(err) != mailstead.KindTemporary || mailstead.CodeOf(err) != "net.timeout" {
		t.Errorf("got %v", err)
	}
}

func TestSignInHasALimit(t *testing.T) {
	s := &script{greeting: "* OK [CAPABILITY IMAP4rev1] hi\n", answers: []answer{{command: "LOGIN", do: func(c net.Conn, _ string) {
		pace := time.NewTicker(10 * time.Millisecond)
		defer pace.Stop()
		for err := error(nil); err == nil; <-pace.C {
			_, err = c.Write([]byte("* OK still here\r\n"))
		}
	}}}}
	d := quickDriver(t, imap.Config{SignInTimeout: 100 * time.Millisecond}, nil)
	_, err := d.Open(t.Context(), scriptAccess(serve(t, s)))
	if mailstead.KindOf(err) != mailstead.KindTemporary || mailstead.CodeOf(err) != "net.timeout" {
		t.Errorf("got %v", err)
	}
}
