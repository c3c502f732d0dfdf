package smtp_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/mailtest"
	"github.com/mailstead/mailstead/provider/smtp"
)

// script is a server that answers by rote: for each line that a client sends it
// looks for the first rule whose beginning fits. The final dot must fit whole:
// a line of the mail that begins with a dot is no end.
type script struct {
	greeting string
	rules    [][2]string
	// ever is written again and again once the rules are over.
	ever string

	mu    sync.Mutex
	lines []string
}

// said returns the lines of all clients.
func (s *script) said() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.lines...)
}

// start listens until the test ends.
func (s *script) start(t *testing.T) mailstead.Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var conns sync.Map
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns.Store(c, true)
			wg.Go(func() { defer c.Close(); s.serve(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		conns.Range(func(c, _ any) bool { _ = c.(net.Conn).Close(); return true })
		wg.Wait()
	})
	return mailstead.Server{Protocol: mailstead.SMTP, Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, Security: mailstead.SecurityNone}
}

func (s *script) serve(c net.Conn) {
	if _, err := io.WriteString(c, s.greeting); err != nil {
		return
	}
	for s.ever != "" {
		if _, err := io.WriteString(c, s.ever); err != nil {
			return
		}
	}
	r := bufio.NewReader(c)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		s.mu.Lock()
		s.lines = append(s.lines, line)
		s.mu.Unlock()
		for _, rule := range s.rules {
			if !strings.HasPrefix(line, rule[0]) || rule[0] == "." && line != "." {
				continue
			}
			answer, hangup := strings.CutSuffix(rule[1], "HANGUP")
			if _, err := io.WriteString(c, answer); err != nil || hangup {
				return
			}
			break
		}
	}
}

// with returns a server that does everything right but for the given rules.
func with(rules ...[2]string) *script {
	return &script{greeting: "220 mail.example.com ESMTP\r\n", rules: append(rules,
		[2]string{"EHLO ", "250-mail.example.com\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SIZE 1000000\r\n250 AUTH PLAIN\r\n"},
		[2]string{"AUTH ", "235 2.7.0 ok\r\n"},
		[2]string{"MAIL ", "250 2.1.0 ok\r\n"},
		[2]string{"RCPT ", "250 2.1.5 ok\r\n"},
		[2]string{"DATA", "354 go on\r\n"},
		[2]string{".", "250 2.0.0 queued as 42\r\n"},
		[2]string{"RSET", "250 2.0.0 ok\r\n"},
		[2]string{"QUIT", "221 2.0.0 bye\r\nHANGUP"},
	)}
}

func TestStrangeServersAtSignIn(t *testing.T) {
	endless := with()
	endless.greeting, endless.ever = "220-hello\r\n", "220-hello\r\n"
	longLine := with()
	longLine.greeting, longLine.ever = "220 ", strings.Repeat("x", 4096)
	for _, c := range []struct {
		name   string
		script *script
		change func(*mailstead.Access)
		kind   mailstead.Kind
		code   string
	}{
		{"an IMAP server", &script{greeting: "* OK IMAP4rev1 ready\r\n"}, nil, mailstead.KindPermanent, "proto.wrong_service"},
		{"a POP3 server", &script{greeting: "+OK POP3 ready\r\n"}, nil, mailstead.KindPermanent, "proto.wrong_service"},
		{"refused by the greeting", &script{greeting: "554 5.7.1 your address is on a list\r\n"}, nil, mailstead.KindPermanent, "permanent"},
		{"no greeting, hung up", &script{greeting: ""}, nil, mailstead.KindTemporary, "net.timeout"},
		{"an endless reply", endless, nil, mailstead.KindPermanent, "proto.wrong_service"},
		{"an endless line", longLine, nil, mailstead.KindPermanent, "proto.wrong_service"},
		{"EHLO refused", with([2]string{"EHLO ", "550 5.7.1 go away\r\n"}), nil, mailstead.KindPermanent, "permanent"},
		{"EHLO answered with rubbish", with([2]string{"EHLO ", "hello yourself\r\n"}), nil, mailstead.KindTemporary, "send.server_fault"},
		{"codes that change within a reply", with([2]string{"EHLO ", "250-a\r\n550 b\r\n"}), nil, mailstead.KindTemporary, "send.server_fault"},
		{"no sign-in offered", with([2]string{"EHLO ", "250 mail.example.com\r\n"}), nil, mailstead.KindPermanent, "auth.not_offered"},
		{"no sign-in offered before TLS", with([2]string{"EHLO ", "250-mail.example.com\r\n250 STARTTLS\r\n"}), nil, mailstead.KindPermanent, "tls.required"},
		{"only unknown mechanisms", with([2]string{"EHLO ", "250-mail.example.com\r\n250 AUTH GSSAPI NTLM\r\n"}), nil, mailstead.KindPermanent, "auth.mechanism"},
		{"password in the clear without leave", with(), func(a *mailstead.Access) { a.AllowPlain = false }, mailstead.KindPermanent, "tls.required"},
		{"wrong password", with([2]string{"AUTH ", "535 5.7.8 no\r\n"}), nil, mailstead.KindCredentials, "credentials"},
		{"app password wanted", with([2]string{"AUTH ", "534-5.7.9 Application-specific password\r\n534 5.7.9 required\r\n"}), nil, mailstead.KindCredentials, "credentials"},
		{"sign-in busy", with([2]string{"AUTH ", "454 4.7.0 later\r\n"}), nil, mailstead.KindTemporary, "temporary"},
		{"mechanism refused", with([2]string{"AUTH ", "504 5.7.4 what?\r\n"}), nil, mailstead.KindPermanent, "permanent"},
		{"421 at the sign-in", with([2]string{"AUTH ", "421 4.7.0 too many\r\nHANGUP"}), nil, mailstead.KindTemporary, "temporary"},
		{"hung up at the sign-in", with([2]string{"AUTH ", "HANGUP"}), nil, mailstead.KindTemporary, "net.closed"},
		{"a challenge that is not base64", with([2]string{"AUTH ", "334 ???\r\n"}), nil, mailstead.KindTemporary, "send.server_fault"},
		{"endless challenges", with([2]string{"EHLO ", "250-mail.example.com\r\n250 AUTH LOGIN\r\n"}, [2]string{"", "334 YQ==\r\n"}), nil, mailstead.KindTemporary, "send.server_fault"},
		{"STARTTLS missing", with(), func(a *mailstead.Access) { a.Server.Security = mailstead.SecurityStartTLS }, mailstead.KindPermanent, "tls.starttls_missing"},
		{
			"STARTTLS refused",
			with([2]string{"EHLO ", "250-mail.example.com\r\n250 STARTTLS\r\n"}, [2]string{"STARTTLS", "502 5.5.1 not now\r\n"}),
			func(a *mailstead.Access) { a.Server.Security = mailstead.SecurityStartTLS },
			mailstead.KindPermanent, "tls.starttls_missing",
		},
		{
			"STARTTLS busy",
			with([2]string{"EHLO ", "250-mail.example.com\r\n250 STARTTLS\r\n"}, [2]string{"STARTTLS", "454 4.7.0 TLS not available\r\n"}),
			func(a *mailstead.Access) { a.Server.Security = mailstead.SecurityStartTLS },
			mailstead.KindTemporary, "temporary",
		},
		{
			"plain text injected behind STARTTLS",
			with([2]string{"EHLO ", "250-mail.example.com\r\n250 STARTTLS\r\n"}, [2]string{"STARTTLS", "220 go\r\n250-mail.example.com\r\n250 AUTH PLAIN\r\n"}),
			func(a *mailstead.Access) { a.Server.Security = mailstead.SecurityStartTLS },
			mailstead.KindPermanent, "tls.injected",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := access(c.script.start(t))
			if c.change != nil {
				c.change(&a)
			}
			d := newDriver(mailtest.NewCA(t), smtp.Options{ReplyTimeout: 300 * time.Millisecond})
			s, err := d.Open(t.Context(), a)
			if err == nil {
				_ = s.Close()
			}
			if mailstead.KindOf(err) != c.kind || mailstead.CodeOf(err) != c.code {
				t.Errorf("got %v: %s, %s; want %s, %s", err, mailstead.KindOf(err), mailstead.CodeOf(err), c.kind, c.code)
			}
			if r := d.Check(t.Context(), a, "anna@example.com"); r.OK || mailstead.CodeOf(r.Failure().Err) != c.code {
				t.Errorf("Check: got failure %+v, want %s", r.Failure(), c.code)
			}
			for _, line := range c.script.said() {
				if a.Server.Security == mailstead.SecurityStartTLS && strings.HasPrefix(line, "AUTH") {
					t.Errorf("signed in without TLS: %q", line)
				}
			}
		})
	}
}

func TestSecretsAreMasked(t *testing.T) {
	// PLAIN's message for access(): NUL login NUL secret, in base64.
	parrot := with([2]string{"AUTH ", "535 5.7.8 " + secret + " AGFubmFAZXhhbXBsZS5jb20AY29ycmVjdCBob3JzZTogw7xuw69jb2Rl is wrong\r\n"})
	r := newDriver(nil, smtp.Options{}).Check(t.Context(), access(parrot.start(t)), "anna@example.com")
	f := r.Failure()
	want := "535 5.7.8 [masked] [masked] is wrong"
	var reply *mailstead.ServerReply
	if f == nil || f.Server != want || !errors.As(f.Err, &reply) || reply.Text != want {
		t.Errorf("got %+v, want %q", f, want)
	}
}

// sendTo sends one mail to a scripted server.
func sendTo(t *testing.T, s *script, e mailstead.Envelope, data string, complete func() error) (mailstead.Receipt, mailstead.Sender, error) {
	t.Helper()
	sender := open(t, newDriver(nil, smtp.Options{ReplyTimeout: time.Second, FinalTimeout: 300 * time.Millisecond}), access(s.start(t)))
	if e.From == "" {
		e.From = "anna@example.com"
	}
	if e.To == nil {
		e.To = []string{"ben@example.com", "carl@example.com"}
	}
	if complete == nil {
		complete = func() error { return nil }
	}
	r, err := sender.Send(t.Context(), e, []byte(data), complete)
	return r, sender, err
}

func TestStrangeServersWhileSending(t *testing.T) {
	noPipelining := [2]string{"EHLO ", "250-mail.example.com\r\n250 AUTH PLAIN\r\n"}
	for _, c := range []struct {
		name   string
		script *script
		data   string
		e      mailstead.Envelope
		kind   mailstead.Kind
		code   string
		alive  bool
	}{
		{"sender refused", with([2]string{"MAIL ", "550 5.7.1 no\r\n"}, [2]string{"RCPT ", "503 5.5.1 MAIL first\r\n"}, [2]string{"DATA", "503 5.5.1 RCPT first\r\n"}), "", mailstead.Envelope{}, mailstead.KindPermanent, "permanent", true},
		{"sender refused, one by one", with(noPipelining, [2]string{"MAIL ", "550 5.7.1 no\r\n"}), "", mailstead.Envelope{}, mailstead.KindPermanent, "permanent", true},
		{"all recipients refused, DATA granted", with([2]string{"RCPT ", "550 5.1.1 no\r\n"}, [2]string{".", "554 5.5.1 no valid recipients\r\n"}), "", mailstead.Envelope{}, mailstead.KindPermanent, "permanent", true},
		{"all recipients refused, one by one", with(noPipelining, [2]string{"RCPT ", "450 4.1.1 no\r\n"}), "", mailstead.Envelope{}, mailstead.KindTemporary, "temporary", true},
		{"DATA refused", with([2]string{"DATA", "451 4.3.0 no\r\n"}), "", mailstead.Envelope{}, mailstead.KindTemporary, "temporary", true},
		{"DATA answered by 250", with([2]string{"DATA", "250 sure\r\n"}), "", mailstead.Envelope{}, mailstead.KindTemporary, "send.server_fault", true},
		{"421 in the middle of the pipeline", with([2]string{"RCPT ", "421 4.3.2 shutting down\r\nHANGUP"}), "", mailstead.Envelope{}, mailstead.KindTemporary, "temporary", false},
		{"421 to the final dot", with([2]string{".", "421 4.3.2 shutting down\r\nHANGUP"}), "", mailstead.Envelope{}, mailstead.KindTemporary, "temporary", false},
		{"hung up in the pipeline", with([2]string{"RCPT ", "HANGUP"}), "", mailstead.Envelope{}, mailstead.KindTemporary, "net.", false},
		{"hung up behind the dot", with([2]string{".", "HANGUP"}), "", mailstead.Envelope{}, mailstead.KindUnknown, "send.interrupted", false},
		{"half a reply to the dot", with([2]string{".", "250 2.0.0 queHANGUP"}), "", mailstead.Envelope{}, mailstead.KindUnknown, "send.interrupted", false},
		{"silence behind the dot", with([2]string{".", ""}), "", mailstead.Envelope{}, mailstead.KindUnknown, "send.interrupted", false},
		{"rubbish behind the dot", with([2]string{".", "fine!\r\n"}), "", mailstead.Envelope{}, mailstead.KindUnknown, "send.interrupted", false},
		{"3xx behind the dot", with([2]string{".", "354 go on\r\n"}), "", mailstead.Envelope{}, mailstead.KindUnknown, "send.interrupted", false},
		{"8 bit without 8BITMIME", with(noPipelining), "Subject: x\r\n\r\nGrüße\r\n", mailstead.Envelope{}, mailstead.KindPermanent, "send.8bit_unsupported", true},
		{"SMTPUTF8 not offered", with(), "", mailstead.Envelope{SMTPUTF8: true}, mailstead.KindPermanent, "send.utf8_unsupported", true},
		{"too big", with(), "Subject: x\r\n\r\n" + strings.Repeat("x\r\n", 400_000), mailstead.Envelope{}, mailstead.KindPermanent, "send.too_big", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.data == "" {
				c.data = "Subject: x\r\n\r\nHello\r\n"
			}
			_, s, err := sendTo(t, c.script, c.e, c.data, nil)
			if mailstead.KindOf(err) != c.kind || !strings.HasPrefix(mailstead.CodeOf(err), c.code) {
				t.Errorf("got %v: %s, %s; want %s, %s", err, mailstead.KindOf(err), mailstead.CodeOf(err), c.kind, c.code)
			}
			if s.Alive() != c.alive {
				t.Errorf("got alive %v, want %v", s.Alive(), c.alive)
			}
		})
	}
}

func TestWhatIsSaid(t *testing.T) {
	for _, c := range []struct {
		name   string
		script *script
		e      mailstead.Envelope
		data   string
		want   []string
	}{
		{
			"everything offered",
			with([2]string{"EHLO ", "250-mail.example.com\r\n250-pipelining\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-Size\r\n250 auth PLAIN\r\n"}),
			mailstead.Envelope{SMTPUTF8: true},
			"Subject: x\r\n\r\nGrüße\r\n",
			[]string{"MAIL FROM:<anna@example.com> SIZE=23 BODY=8BITMIME SMTPUTF8", "RCPT TO:<ben@example.com>", "RCPT TO:<carl@example.com>", "DATA", "Subject: x", "", "Grüße", "."},
		},
		{
			"nothing offered",
			with([2]string{"EHLO ", "250-mail.example.com\r\n250 AUTH=PLAIN\r\n"}),
			mailstead.Envelope{},
			"Subject: x\r\n\r\n.\r\n",
			[]string{"MAIL FROM:<anna@example.com>", "RCPT TO:<ben@example.com>", "RCPT TO:<carl@example.com>", "DATA", "Subject: x", "", "..", "."},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, _, err := sendTo(t, c.script, c.e, c.data, nil)
			if err != nil {
				t.Fatal(err)
			}
			if r.Reply != "250 2.0.0 queued as 42" {
				t.Errorf("got answer %q", r.Reply)
			}
			said := c.script.said()
			if said[0] != "EHLO [127.0.0.1]" {
				t.Errorf("introduced as %q, want the address literal", said[0])
			}
			if diff := cmp.Diff(c.want, said[2:]); diff != "" {
				t.Errorf("said after the sign-in (-want +got):\n%s", diff)
			}
		})
	}
}

func TestHELOForServersWithoutESMTP(t *testing.T) {
	s := with([2]string{"EHLO ", "500 what?\r\n"}, [2]string{"HELO ", "250 mail.example.com\r\n"})
	a := access(s.start(t))
	a.Login, a.Secret = "", mailstead.Secret{}
	sender := open(t, newDriver(nil, smtp.Options{EHLOName: "app.example.com"}), a)
	if _, err := sender.Send(t.Context(), mailstead.Envelope{From: "anna@example.com", To: []string{"ben@example.com"}}, []byte("Subject: x\r\n\r\nHello\r\n"), func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	want := []string{"EHLO app.example.com", "HELO app.example.com", "MAIL FROM:<anna@example.com>"}
	if diff := cmp.Diff(want, s.said()[:3]); diff != "" {
		t.Errorf("said (-want +got):\n%s", diff)
	}
}

// TestTheDotComesLast holds the promise that unknown and crash recovery rest on:
// when bodyComplete is called, the server has the whole body and no dot.
func TestTheDotComesLast(t *testing.T) {
	s := with()
	body := strings.Repeat("Hello\r\n", 10_000) + "the end\r\n"
	has := func(line string) bool {
		for _, l := range s.said() {
			if l == line {
				return true
			}
		}
		return false
	}
	_, _, err := sendTo(t, s, mailstead.Envelope{}, "Subject: x\r\n\r\n"+body, func() error {
		for end := time.Now().Add(5 * time.Second); !has("the end"); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Error("the end of the body has not arrived when bodyComplete is called")
				break
			}
		}
		if has(".") {
			t.Error("the dot has arrived before bodyComplete")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !has(".") {
		t.Error("no dot")
	}
}

func TestALongInitialResponseGoesInALineOfItsOwn(t *testing.T) {
	s := with([2]string{"AUTH PLAIN", "334 \r\n"}, [2]string{"AGFubmF", "235 2.7.0 ok\r\n"})
	a := access(s.start(t))
	a.Secret = mailstead.NewSecret(strings.Repeat("x", 1000))
	open(t, newDriver(nil, smtp.Options{}), a)
	if got := s.said()[1]; got != "AUTH PLAIN" {
		t.Errorf("got %q, want AUTH PLAIN alone: RFC 4954 section 4 keeps the line limit", got)
	}
}
