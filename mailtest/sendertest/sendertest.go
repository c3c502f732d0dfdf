// Package sendertest is the conformance suite of mailstead.SenderDriver: what
// every driver must do at every server.
package sendertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
)

// Harness is one driver at one server.
type Harness struct {
	Driver mailstead.SenderDriver
	// Access signs in.
	Access mailstead.Access
	// From may be used as sender after that sign-in, To is a mailbox there.
	From, To string
	// Refused is an address that the server refuses at RCPT for good.
	Refused string
	// MaxSize is what the server announces as its limit.
	MaxSize int
	// Mailbox returns the mails with that Message-ID that lie in To's mailbox now.
	Mailbox func(t *testing.T, messageID string) [][]byte
	// Untrusted is the same server reached by a name that its certificate does
	// not hold; it is not used when Access.Server goes without encryption.
	Untrusted mailstead.Server
}

// Run runs the suite.
func Run(t *testing.T, h Harness) {
	t.Run("check", h.check)
	t.Run("sign-in", h.signIn)
	t.Run("bytes", h.bytes)
	t.Run("many on one connection", h.many)
	t.Run("recipients", h.recipients)
	t.Run("size", h.size)
	t.Run("body complete", h.bodyComplete)
	t.Run("hostile envelope", h.hostile)
	t.Run("context", h.context)
}

var sequence int

// mail makes a mail with a Message-ID of its own.
func (h *Harness) mail(t *testing.T, body string) (id string, data []byte) {
	t.Helper()
	sequence++
	id = fmt.Sprintf("%d.%d@sendertest.example.com", time.Now().UnixNano(), sequence)
	return id, []byte("From: <" + h.From + ">\r\nTo: <" + h.To + ">\r\nSubject: test\r\n" +
		"Message-ID: <" + id + ">\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n" +
		"Content-Transfer-Encoding: 8bit\r\n\r\n" + body)
}

func (h *Harness) open(t *testing.T) mailstead.Sender {
	t.Helper()
	s, err := h.Driver.Open(t.Context(), h.Access)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func nothing() error { return nil }

// send sends to To and wants success.
func (h *Harness) send(t *testing.T, s mailstead.Sender, data []byte) mailstead.Receipt {
	t.Helper()
	r, err := s.Send(t.Context(), mailstead.Envelope{From: h.From, To: []string{h.To}}, data, nothing)
	if err != nil {
		t.Fatalf("Send: %v", err)
	}
	return r
}

func (h *Harness) check(t *testing.T) {
	stages := []mailstead.StageName{mailstead.StageDNS, mailstead.StageTCP, mailstead.StageGreeting, mailstead.StageTLS, mailstead.StageCapabilities, mailstead.StageLogin, mailstead.StageSender}
	switch h.Access.Server.Security {
	case mailstead.SecurityTLS:
		stages[2], stages[3] = stages[3], stages[2]
	case mailstead.SecurityNone:
		stages = append(stages[:3], stages[4:]...)
	default:
	}
	t.Run("all is well", func(t *testing.T) {
		a := h.Access
		var told []mailstead.StageName
		a.Told = func(s mailstead.Stage) { told = append(told, s.Stage) }
		r := h.Driver.Check(t.Context(), a, h.From)
		if diff := cmp.Diff(stageNames(r), told); diff != "" {
			t.Errorf("told stages (-report +told):\n%s", diff)
		}
		if f := r.Failure(); !r.OK || f != nil {
			t.Fatalf("got OK %v, failure %+v; want a good report", r.OK, f)
		}
		if diff := cmp.Diff(stages, stageNames(r)); diff != "" {
			t.Errorf("stages (-want +got):\n%s", diff)
		}
		if r.Side != mailstead.SideOutgoing || r.Protocol != mailstead.SMTP || r.Server != h.Access.Server {
			t.Errorf("got report about %v %v %v", r.Side, r.Protocol, r.Server)
		}
	})
	t.Run("wrong secret", func(t *testing.T) {
		a := h.Access
		a.Secret = mailstead.NewSecret("not-the-secret-of-anybody")
		r := h.Driver.Check(t.Context(), a, h.From)
		f := r.Failure()
		if r.OK || f == nil {
			t.Fatalf("got %+v, want a failure", r)
		}
		if f.Stage != mailstead.StageLogin || mailstead.KindOf(f.Err) != mailstead.KindCredentials {
			t.Errorf("got stage %v with %v, want login with credentials", f.Stage, f.Err)
		}
		if strings.Contains(f.Server+f.Err.Error(), a.Secret.Reveal()) {
			t.Errorf("the report shows the secret: %q %v", f.Server, f.Err)
		}
	})
	if h.Access.Server.Security != mailstead.SecurityNone {
		t.Run("wrong name in the certificate", func(t *testing.T) {
			a := h.Access
			a.Server = h.Untrusted
			r := h.Driver.Check(t.Context(), a, h.From)
			f := r.Failure()
			if r.OK || f == nil || f.Stage != mailstead.StageTLS || mailstead.CodeOf(f.Err) != "tls.name_mismatch" {
				t.Errorf("got %+v, want tls.name_mismatch at tls", f)
			}
		})
	}
}

func stageNames(r mailstead.Report) (names []mailstead.StageName) {
	for _, s := range r.Stages {
		names = append(names, s.Stage)
	}
	return names
}

func (h *Harness) signIn(t *testing.T) {
	a := h.Access
	a.Secret = mailstead.NewSecret("not-the-secret-of-anybody")
	if s, err := h.Driver.Open(t.Context(), a); mailstead.KindOf(err) != mailstead.KindCredentials {
		t.Errorf("got %v, %v; want credentials", s, err)
	}
	if h.Access.Server.Security == mailstead.SecurityNone && h.Access.AllowPlain {
		a := h.Access
		a.AllowPlain = false
		if s, err := h.Driver.Open(t.Context(), a); mailstead.CodeOf(err) != "tls.required" {
			t.Errorf("without leave to go plain: got %v, %v; want tls.required", s, err)
		}
	}
}

// delivered waits until a mail has arrived and returns it as often as it did.
func (h *Harness) delivered(t *testing.T, id string) [][]byte {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if got := h.Mailbox(t, id); len(got) > 0 {
			return got
		}
	}
	t.Fatal("the mail has not arrived in 30 seconds")
	return nil
}

// body returns what comes behind the Content-Transfer-Encoding field, without
// what servers add in front.
func body(t *testing.T, data []byte) []byte {
	t.Helper()
	_, body, ok := bytes.Cut(data, []byte("\r\n\r\n"))
	if !ok {
		t.Fatalf("no body in %.500q", data)
	}
	return body
}

func (h *Harness) bytes(t *testing.T) {
	long := strings.Repeat(strings.Repeat("x", 76)+"\r\n.", 20_000)
	for _, c := range []struct{ name, body, want string }{
		{"as it is", "Hello\r\nyou\r\n", "Hello\r\nyou\r\n"},
		{"dots", ".\r\n..\r\n.a\r\n\r\n.\r\n", ".\r\n..\r\n.a\r\n\r\n.\r\n"},
		{"8 bit", "Grüße, приве́т, 你好\r\n", "Grüße, приве́т, 你好\r\n"},
		{"no line break at the end", "Hello", "Hello\r\n"},
		{"bare line feeds", "a\n.\nb\n", "a\r\n.\r\nb\r\n"},
		{"an end smuggled in", "a\n.\n\r\nMAIL FROM:<x@example.com>\r\n", "a\r\n.\r\n\r\nMAIL FROM:<x@example.com>\r\n"},
		{"an end smuggled in by carriage returns", "a\r.\rb\r\n", "a\r\n.\r\nb\r\n"},
		{"empty", "", ""},
		{"large, each line with a dot", long, long + "\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := h.open(t)
			id, data := h.mail(t, c.body)
			h.send(t, s, data)
			got := h.delivered(t, id)
			if len(got) != 1 {
				t.Fatalf("arrived %d times, want once", len(got))
			}
			if !bytes.Equal(body(t, got[0]), []byte(c.want)) {
				t.Errorf("got body of %d bytes, want %d: %.200q", len(body(t, got[0])), len(c.want), body(t, got[0]))
			}
			next, data := h.mail(t, "Hello\r\n")
			h.send(t, s, data) // the server understands what comes behind it
			h.delivered(t, next)
		})
	}
}

func (h *Harness) many(t *testing.T) {
	s := h.open(t)
	ids := make([]string, 5)
	for i := range ids {
		var data []byte
		ids[i], data = h.mail(t, "Hello\r\n")
		if r := h.send(t, s, data); r.Reply == "" || len(r.Rejected) > 0 {
			t.Errorf("got receipt %+v, want an answer and nobody rejected", r)
		}
		if !s.Alive() {
			t.Fatal("the connection is not alive after a mail")
		}
	}
	for _, id := range ids {
		if got := h.delivered(t, id); len(got) != 1 {
			t.Errorf("mail arrived %d times, want once", len(got))
		}
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if s.Alive() {
		t.Error("alive after Close")
	}
	_, data := h.mail(t, "Hello\r\n")
	if _, err := s.Send(t.Context(), mailstead.Envelope{From: h.From, To: []string{h.To}}, data, nothing); mailstead.KindOf(err) != mailstead.KindTemporary {
		t.Errorf("Send after Close: got %v, want temporary", err)
	}
}

func (h *Harness) recipients(t *testing.T) {
	s := h.open(t)
	t.Run("one of two refused", func(t *testing.T) {
		id, data := h.mail(t, "Hello\r\n")
		r, err := s.Send(t.Context(), mailstead.Envelope{From: h.From, To: []string{h.Refused, h.To}}, data, nothing)
		if err != nil {
			t.Fatalf("Send: %v", err)
		}
		if len(r.Rejected) != 1 || r.Rejected[0].Address != h.Refused || r.Rejected[0].Temporary || r.Rejected[0].Reply.Code/100 != 5 {
			t.Errorf("got rejected %+v, want %s for good", r.Rejected, h.Refused)
		}
		if got := h.delivered(t, id); len(got) != 1 {
			t.Errorf("mail arrived %d times, want once", len(got))
		}
	})
	t.Run("all refused, then the next mail", func(t *testing.T) {
		_, data := h.mail(t, "Hello\r\n")
		complete := 0
		r, err := s.Send(t.Context(), mailstead.Envelope{From: h.From, To: []string{h.Refused}}, data, func() error { complete++; return nil })
		var reply *mailstead.ServerReply
		if mailstead.KindOf(err) != mailstead.KindPermanent || !errors.As(err, &reply) || reply.Code/100 != 5 {
			t.Errorf("got %v, want permanent with the server's reply", err)
		}
		if len(r.Rejected) != 1 || complete != 0 {
			t.Errorf("got rejected %+v, bodyComplete called %d times; want one and none", r.Rejected, complete)
		}
		if !s.Alive() {
			t.Fatal("the connection is not alive after a refusal")
		}
		id, data := h.mail(t, "Hello\r\n")
		h.send(t, s, data)
		h.delivered(t, id)
	})
}

func (h *Harness) size(t *testing.T) {
	s := h.open(t)
	_, data := h.mail(t, strings.Repeat(strings.Repeat("x", 76)+"\r\n", h.MaxSize/78+1))
	_, err := s.Send(t.Context(), mailstead.Envelope{From: h.From, To: []string{h.To}}, data, nothing)
	if mailstead.KindOf(err) != mailstead.KindPermanent || mailstead.CodeOf(err) != "send.too_big" {
		t.Errorf("got %v, want send.too_big, permanent", err)
	}
	id, data := h.mail(t, "Hello\r\n")
	h.send(t, s, data)
	h.delivered(t, id)
}

func (h *Harness) bodyComplete(t *testing.T) {
	t.Run("called once", func(t *testing.T) {
		s := h.open(t)
		calls := 0
		_, data := h.mail(t, "Hello\r\n")
		if _, err := s.Send(t.Context(), mailstead.Envelope{From: h.From, To: []string{h.To}}, data, func() error { calls++; return nil }); err != nil {
			t.Fatalf("Send: %v", err)
		}
		if calls != 1 {
			t.Errorf("called %d times, want once", calls)
		}
	})
	t.Run("its error stops the mail", func(t *testing.T) {
		s := h.open(t)
		stop := errors.New("disk full")
		stopped, data := h.mail(t, "Hello\r\n")
		_, err := s.Send(t.Context(), mailstead.Envelope{From: h.From, To: []string{h.To}}, data, func() error { return stop })
		if !errors.Is(err, stop) {
			t.Errorf("got %v, want the callback's error", err)
		}
		if s.Alive() {
			t.Error("the connection is alive in the middle of a mail")
		}
		_ = s.Close()
		// A mail sent afterwards arrives; the stopped one must not be there then.
		id, data := h.mail(t, "Hello\r\n")
		h.send(t, h.open(t), data)
		h.delivered(t, id)
		if len(h.Mailbox(t, stopped)) > 0 {
			t.Error("the mail was sent although its body was never declared complete")
		}
	})
}

func (h *Harness) hostile(t *testing.T) {
	s := h.open(t)
	_, data := h.mail(t, "Hello\r\n")
	for name, e := range map[string]mailstead.Envelope{
		"command in the sender":        {From: h.From + ">\r\nRSET\r\nMAIL FROM:<x@example.com", To: []string{h.To}},
		"command in the recipient":     {From: h.From, To: []string{h.To + ">\r\nRCPT TO:<" + h.Refused}},
		"parameter in the sender":      {From: h.From + "> SIZE=1 X=<", To: []string{h.To}},
		"line feed in the recipient":   {From: h.From, To: []string{"a\nb@example.com"}},
		"NUL in the recipient":         {From: h.From, To: []string{"a\x00b@example.com"}},
		"angle bracket in a recipient": {From: h.From, To: []string{h.To, "<a@example.com>"}},
		"no recipient":                 {From: h.From},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := s.Send(t.Context(), e, data, nothing); mailstead.KindOf(err) != mailstead.KindInvalid {
				t.Errorf("got %v, want invalid", err)
			}
		})
	}
	id, data := h.mail(t, "Hello\r\n")
	h.send(t, s, data)
	h.delivered(t, id)
}

func (h *Harness) context(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Driver.Open(ctx, h.Access); mailstead.KindOf(err) != mailstead.KindTemporary {
		t.Errorf("Open with an ended context: got %v, want temporary", err)
	}
	s := h.open(t)
	stopped, data := h.mail(t, "Hello\r\n")
	ctx, cancel = context.WithCancel(t.Context())
	_, err := s.Send(ctx, mailstead.Envelope{From: h.From, To: []string{h.To}}, data, func() error {
		cancel()
		return ctx.Err()
	})
	if !errors.Is(err, context.Canceled) || s.Alive() {
		t.Errorf("got %v, alive %v; want the context's error and a dead connection", err, s.Alive())
	}
	id, data := h.mail(t, "Hello\r\n")
	h.send(t, h.open(t), data)
	h.delivered(t, id)
	if len(h.Mailbox(t, stopped)) > 0 {
		t.Error("the mail was sent although its context ended before the dot")
	}
}
