package smtp_test

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
	"github.com/mailstead/mailstead/fakemail"
	"github.com/mailstead/mailstead/mailtest"
	"github.com/mailstead/mailstead/provider/smtp"
)

func open(t *testing.T, d *smtp.Driver, a mailstead.Access) mailstead.Sender {
	t.Helper()
	s, err := d.Open(t.Context(), a)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func letter(id string) []byte {
	return []byte("From: <anna@example.com>\r\nSubject: test\r\nMessage-ID: <" + id + ">\r\n\r\nHello\r\n")
}

func TestFaultsOfAServer(t *testing.T) {
	for _, c := range []struct {
		fault    fakemail.SMTPFault
		kind     mailstead.Kind
		complete bool // bodyComplete was called
		alive    bool
		taken    int
	}{
		{fakemail.SMTPRefuse, mailstead.KindPermanent, false, true, 0},
		{fakemail.SMTPGreylist, mailstead.KindTemporary, false, true, 0},
		{fakemail.SMTPDefer, mailstead.KindTemporary, false, true, 0},
		{fakemail.SMTPFull, mailstead.KindTemporary, false, true, 0},
		{fakemail.SMTPContent, mailstead.KindPermanent, true, true, 0},
		{fakemail.SMTPBusy, mailstead.KindTemporary, true, true, 0},
		{fakemail.SMTPCut, mailstead.KindTemporary, false, false, 0},
		{fakemail.SMTPDrop, mailstead.KindUnknown, true, false, 1},
		{fakemail.SMTPLose, mailstead.KindUnknown, true, false, 0},
	} {
		t.Run(string(c.fault), func(t *testing.T) {
			ca := mailtest.NewCA(t)
			server := fake(t, ca, fakemail.SMTPConfig{Security: mailstead.SecurityStartTLS})
			s := open(t, newDriver(ca, smtp.Options{}), access(server.Server()))
			data := letter("fault@example.com")
			if c.fault == fakemail.SMTPCut {
				// So much that it cannot all wait in the buffers of the kernel.
				data = append(data, bytes.Repeat([]byte(strings.Repeat("x", 76)+"\r\n"), 400_000)...)
			}
			complete := false
			to := string(c.fault) + "@example.com"
			_, err := s.Send(t.Context(), mailstead.Envelope{From: "anna@example.com", To: []string{to}}, data, func() error { complete = true; return nil })
			if got := mailstead.KindOf(err); err == nil || got != c.kind {
				t.Errorf("got %v (%v), want kind %v", err, got, c.kind)
			}
			if complete != c.complete || s.Alive() != c.alive || server.Total() != c.taken {
				t.Errorf("got complete %v, alive %v, taken %d; want %v, %v, %d", complete, s.Alive(), server.Total(), c.complete, c.alive, c.taken)
			}
			if !c.alive {
				return
			}
			if _, err := s.Send(t.Context(), mailstead.Envelope{From: "anna@example.com", To: []string{"ben@example.com"}}, letter("next@example.com"), func() error { return nil }); err != nil {
				t.Errorf("next mail: %v", err)
			}
			if got := server.Count("next@example.com"); got != 1 {
				t.Errorf("next mail was taken %d times, want once", got)
			}
		})
	}
}

func TestRecipientsWithDifferentFates(t *testing.T) {
	ca := mailtest.NewCA(t)
	server := fake(t, ca, fakemail.SMTPConfig{Security: mailstead.SecurityTLS})
	s := open(t, newDriver(ca, smtp.Options{}), access(server.Server()))
	send := func(to ...string) (mailstead.Receipt, error) {
		return s.Send(t.Context(), mailstead.Envelope{From: "anna@example.com", To: to}, letter("mixed@example.com"), func() error { return nil })
	}
	fates := func(r mailstead.Receipt) (out []string) {
		for _, x := range r.Rejected {
			out = append(out, fmt.Sprint(x.Address, " ", x.Temporary, " ", x.Reply.Code, " ", x.Reply.Enhanced))
		}
		return out
	}
	t.Run("some taken", func(t *testing.T) {
		r, err := send("refuse@example.com", "ben@example.com", "defer@example.com", "full@example.com")
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"refuse@example.com false 550 5.1.1", "defer@example.com true 451 4.3.0", "full@example.com true 452 4.2.2"}
		if diff := cmp.Diff(want, fates(r)); diff != "" {
			t.Errorf("rejected (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"ben@example.com"}, server.Mails()[0].To); diff != "" {
			t.Errorf("taken for (-want +got):\n%s", diff)
		}
	})
	t.Run("none taken, one for the moment only", func(t *testing.T) {
		r, err := send("refuse@example.com", "defer@example.com")
		if mailstead.KindOf(err) != mailstead.KindTemporary {
			t.Errorf("got %v, want temporary", err)
		}
		want := []string{"refuse@example.com false 550 5.1.1", "defer@example.com true 451 4.3.0"}
		if diff := cmp.Diff(want, fates(r)); diff != "" {
			t.Errorf("rejected (-want +got):\n%s", diff)
		}
	})
	t.Run("hundreds", func(t *testing.T) {
		var to []string
		for i := range 300 {
			to = append(to, fmt.Sprintf("user%d@example.com", i))
		}
		to[17], to[201] = "refuse+17@example.com", "defer+201@example.com"
		r, err := send(to...)
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"refuse+17@example.com false 550 5.1.1", "defer+201@example.com true 451 4.3.0"}
		if diff := cmp.Diff(want, fates(r)); diff != "" {
			t.Errorf("rejected (-want +got):\n%s", diff)
		}
		if mails := server.Mails(); len(mails[len(mails)-1].To) != 298 {
			t.Errorf("taken for %d recipients, want 298", len(mails[len(mails)-1].To))
		}
	})
}

func TestSignInFailures(t *testing.T) {
	ca := mailtest.NewCA(t)
	server := fake(t, ca, fakemail.SMTPConfig{Security: mailstead.SecurityTLS})
	d := newDriver(ca, smtp.Options{})
	t.Run("the sign-in system is busy", func(t *testing.T) {
		a := access(server.Server())
		a.Login = "busy@example.com"
		if _, err := d.Open(t.Context(), a); mailstead.KindOf(err) != mailstead.KindTemporary {
			t.Errorf("got %v, want temporary", err)
		}
	})
	t.Run("no sign-in where one is needed", func(t *testing.T) {
		a := access(server.Server())
		a.Login, a.Secret = "", mailstead.Secret{}
		s := open(t, d, a)
		_, err := s.Send(t.Context(), mailstead.Envelope{From: "anna@example.com", To: []string{"ben@example.com"}}, letter("x@example.com"), func() error { return nil })
		if mailstead.KindOf(err) != mailstead.KindCredentials {
			t.Errorf("got %v, want credentials", err)
		}
	})
	t.Run("a sender that is not its own", func(t *testing.T) {
		r := d.Check(t.Context(), access(server.Server()), "boss@example.com")
		f := r.Failure()
		if r.OK || f == nil || f.Stage != mailstead.StageSender || mailstead.KindOf(f.Err) != mailstead.KindPermanent {
			t.Fatalf("got %+v, want a permanent failure of the sender", f)
		}
		if !strings.Contains(f.Server, "553 5.7.1") {
			t.Errorf("got the server's words %q, want 553 5.7.1", f.Server)
		}
	})
	t.Run("greeted with 421", func(t *testing.T) {
		plain := fake(t, ca, fakemail.SMTPConfig{Security: mailstead.SecurityStartTLS})
		plain.SetBusy(true)
		_, err := d.Open(t.Context(), access(plain.Server()))
		var reply *mailstead.ServerReply
		if mailstead.KindOf(err) != mailstead.KindTemporary || !errors.As(err, &reply) || reply.Code != 421 {
			t.Errorf("got %v, want temporary with 421", err)
		}
	})
}

func TestContextEndsBehindTheDot(t *testing.T) {
	ca := mailtest.NewCA(t)
	server := fake(t, ca, fakemail.SMTPConfig{Security: mailstead.SecurityTLS, Delay: time.Hour})
	s := open(t, newDriver(ca, smtp.Options{}), access(server.Server()))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		for server.Total() == 0 {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	_, err := s.Send(ctx, mailstead.Envelope{From: "anna@example.com", To: []string{"slow@example.com"}}, letter("x@example.com"), func() error { return nil })
	if mailstead.KindOf(err) != mailstead.KindUnknown || mailstead.CodeOf(err) != "send.interrupted" {
		t.Errorf("got %v, want send.interrupted, unknown", err)
	}
}

func TestAnIdleConnectionThatTheServerClosed(t *testing.T) {
	ca := mailtest.NewCA(t)
	server := fake(t, ca, fakemail.SMTPConfig{Security: mailstead.SecurityTLS})
	s := open(t, newDriver(ca, smtp.Options{}), access(server.Server()))
	server.Cut()
	_, err := s.Send(t.Context(), mailstead.Envelope{From: "anna@example.com", To: []string{"ben@example.com"}}, letter("x@example.com"), func() error { return nil })
	if mailstead.KindOf(err) != mailstead.KindTemporary || s.Alive() {
		t.Errorf("got %v, alive %v; want temporary and a dead connection", err, s.Alive())
	}
}
