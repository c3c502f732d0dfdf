package fakemail_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/fakemail"
)

// wire speaks IMAP by hand.
type wire struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
	n    int
}

func dialWire(t *testing.T, s *fakemail.IMAPServer) *wire {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	w := &wire{t: t, conn: conn, in: bufio.NewReader(conn)}
	w.line()
	w.run("LOGIN ann@example.com sesame")
	return w
}

func (w *wire) line() string {
	w.t.Helper()
	_ = w.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	text, err := w.in.ReadString('\n')
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.TrimRight(text, "\r\n")
}

// run runs a command and returns its answers, the tagged one without its tag.
func (w *wire) run(format string, args ...any) string {
	w.t.Helper()
	w.n++
	tag := fmt.Sprintf("a%d", w.n)
	if _, err := fmt.Fprintf(w.conn, tag+" "+format+"\r\n", args...); err != nil {
		w.t.Fatal(err)
	}
	var answers []string
	for {
		text := w.line()
		if rest, ok := strings.CutPrefix(text, tag+" "); ok {
			return strings.Join(append(answers, rest), "\n")
		}
		answers = append(answers, text)
	}
}

// has demands that an answer holds each of the words.
func (w *wire) has(answer string, words ...string) {
	w.t.Helper()
	for _, word := range words {
		if !strings.Contains(answer, word) {
			w.t.Errorf("no %q in\n%s", word, answer)
		}
	}
}

func TestIMAPStore(t *testing.T) {
	s, _, _ := startIMAP(t, fakemail.IMAPConfig{})
	day := func(n int) time.Time { return time.Date(2026, 3, n, 12, 0, 0, 0, time.UTC) }
	for n, m := range []fakemail.IMAPMail{
		{Data: []byte("Subject: one\r\nMessage-ID: <1@example.com>\r\nDate: Sun, 1 Mar 2026 12:00:00 +0000\r\n\r\nAlpha\r\n"), Flags: mailstead.Flags{Seen: true}},
		{Data: []byte("Subject: two\r\nMessage-ID:\r\n <2@example.com>\r\n\r\nBeta beta\r\n"), Flags: mailstead.Flags{Seen: true, Flagged: true, Answered: true}},
		{Data: []byte("\r\nno header \x00 here\r\n")},
		{Data: []byte("Subject: four\r\n\r\n" + strings.Repeat("long ", 100) + "\r\n"), Flags: mailstead.Flags{Draft: true, Deleted: true}},
	} {
		m.At = day(n + 1)
		if err := s.Put("ann@example.com", "INBOX", m); err != nil {
			t.Fatal(err)
		}
	}
	w, other := dialWire(t, s), dialWire(t, s)
	w.has(w.run("STATUS inbox (MESSAGES UIDNEXT UNSEEN RECENT)"), "MESSAGES 4", "UIDNEXT 5", "UNSEEN 2", "RECENT 0")
	w.has(w.run("SELECT INBOX"), "* 4 EXISTS", "UNSEEN 3", "UIDNEXT 5")
	other.run("SELECT INBOX")
	for criteria, want := range map[string]string{
		"ALL":                                   " 1 2 3 4",
		"3:*":                                   " 3 4",
		"UID *:2":                               " 2 3 4",
		"UID 9:*":                               " 4",
		"HEADER MESSAGE-ID 2@example.com":       " 2",
		"HEADER SUBJECT \"\"":                   " 1 2 4",
		"UNSEEN":                                " 3 4",
		"FLAGGED ANSWERED":                      " 2",
		"NOT SEEN NOT DELETED":                  " 3",
		"OR SUBJECT one SUBJECT FOUR":           " 1 4",
		"SINCE 2-Mar-2026 BEFORE 4-Mar-2026":    " 2 3",
		"ON 1-Mar-2026":                         " 1",
		"SENTSINCE 1-Mar-2026":                  " 1",
		"LARGER 200":                            " 4",
		"SMALLER 30":                            " 3",
		"BODY BETA":                             " 2",
		"TEXT four":                             " 4",
		"BODY four":                             "",
		"OR (SEEN UID 1) (NOT (OR SEEN DRAFT))": " 1 3",
	} {
		if got := w.run("SEARCH %s", criteria); !strings.HasPrefix(got, "* SEARCH"+want+"\n") {
			t.Errorf("SEARCH %s: got %q, want %q", criteria, got, want)
		}
	}
	w.has(w.run("UID FETCH 3 (BODY.PEEK[] RFC822.SIZE)"), "{20}", "no header \x00 here", "RFC822.SIZE 20")
	w.has(w.run("FETCH 1 (ENVELOPE BODYSTRUCTURE BODY.PEEK[HEADER.FIELDS (SUBJECT)])"), `"one"`, `"text" "plain"`, "Subject: one")
	w.has(w.run("FETCH 3 (BODY[TEXT])"), "OK")
	other.has(other.run("NOOP"), `* 3 FETCH (UID 3 FLAGS (\Seen))`)
	w.has(w.run(`STORE 1 +FLAGS (\Flagged)`), `FLAGS (\Seen \Flagged)`)
	w.has(w.run(`STORE 1 -FLAGS (\seen)`), `FLAGS (\Flagged)`)
	w.has(w.run(`STORE 1 FLAGS (\Answered)`), `FLAGS (\Answered)`)

	w.has(w.run("COPY 1:2 Sent"), "COPYUID", " 1:2 1:2]")
	w.has(w.run("COPY 1 Nowhere"), "TRYCREATE")
	w.has(w.run("COPY 1 INBOX"), "NO ")
	w.has(w.run("MOVE 1 Sent"), "COPYUID", " 1 3]", "* 1 EXPUNGE")
	w.has(w.run("EXPUNGE"), "* 3 EXPUNGE")
	other.has(other.run("NOOP"), "* 1 EXPUNGE", "* 3 EXPUNGE")
	other.has(other.run("FETCH 1:* (UID)"), "* 1 FETCH (UID 2)", "* 2 FETCH (UID 3)")

	w.has(w.run("CREATE Plans"), "OK")
	w.has(w.run("CREATE Plans"), "ALREADYEXISTS")
	w.has(w.run("RENAME Plans Sent"), "ALREADYEXISTS")
	w.has(w.run("RENAME Plans Ideas"), "OK")
	w.has(w.run("SUBSCRIBE Ideas"), "OK")
	w.has(w.run(`LIST "" *`), "Ideas", "INBOX", "Sent")
	w.has(w.run("DELETE Ideas"), "OK")
	w.has(w.run("DELETE Ideas"), "NONEXISTENT")
	w.has(w.run("SELECT Ideas"), "NONEXISTENT")
	w.has(w.run("NAMESPACE"), `(("" "/"))`)
}

func TestIMAPUIDsAreRaisedNeverLowered(t *testing.T) {
	s, d, a := startIMAP(t, fakemail.IMAPConfig{})
	put := func() {
		t.Helper()
		if err := s.Deliver("ann@example.com", "INBOX", []byte("Subject: x\r\n\r\nx\r\n")); err != nil {
			t.Fatal(err)
		}
	}
	put()
	s.RaiseUIDs("ann@example.com", 1000)
	put()
	s.RaiseUIDs("ann@example.com", 10)
	s.RaiseUIDs("nobody@example.com", 10)
	put()
	src := openIMAP(t, d, a)
	st, err := src.Select(t.Context(), "INBOX")
	if err != nil || st.UIDNext != 1002 || st.UIDValidity != 1 {
		t.Errorf("got %+v, %v", st, err)
	}
	uids, err := src.UIDs(t.Context(), mailstead.UIDWindow{})
	if want := []mailstead.UID{1, 1000, 1001}; err != nil || fmt.Sprint(uids) != fmt.Sprint(want) {
		t.Errorf("got %v, %v, want %v", uids, err, want)
	}
}
