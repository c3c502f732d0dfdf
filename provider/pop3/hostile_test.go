package pop3_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/fakemail"
)

func TestRefusedSignIns(t *testing.T) {
	for fault, want := range map[fakemail.POP3Fault]mailstead.Kind{
		fakemail.POP3Refuse:      mailstead.KindCredentials,
		fakemail.POP3InUse:       mailstead.KindTemporary,
		fakemail.POP3LoginDelay:  mailstead.KindTemporary,
		fakemail.POP3Unavailable: mailstead.KindTemporary,
	} {
		for _, noSASL := range []bool{false, true} {
			s, _ := startFake(t, fakemail.POP3Config{
				NoSASL: noSASL, Users: map[string]fakemail.POP3User{ann: {Password: password, Fault: fault}},
			})
			_, err := newDriver(nil, 0).Open(t.Context(), access(s.Server()))
			var reply *mailstead.ServerReply
			if mailstead.KindOf(err) != want || !errors.As(err, &reply) || reply.Enhanced == "" || reply.Protocol != mailstead.POP3 {
				t.Errorf("%s: got %v, want %v", fault, err, want)
			}
			tried := 0
			for _, word := range s.Commands() {
				if word == "AUTH" || word == "PASS" {
					tried++
				}
			}
			if tried != 1 {
				t.Errorf("%s: the secret was tried %d times", fault, tried)
			}
		}
	}
}

func TestGreetings(t *testing.T) {
	for greeting, want := range map[string]string{
		"* OK IMAP4rev1 ready":      "proto.wrong_service",
		"220 mail.example.com":      "proto.wrong_service",
		"HTTP/1.1 400 Bad Request":  "proto.wrong_service",
		"-ERR too many connections": "",
	} {
		s, _ := startFake(t, fakemail.POP3Config{Greeting: greeting})
		_, err := newDriver(nil, 0).Open(t.Context(), access(s.Server()))
		var e *mailstead.Error
		if !errors.As(err, &e) || e.Code != want {
			t.Errorf("%q: got %v, want %q", greeting, err, want)
		}
	}
}

// TestHostileLists holds what a mailbox may answer against time and memory.
func TestHostileLists(t *testing.T) {
	for fault, want := range map[fakemail.POP3Fault]string{
		fakemail.POP3EndlessLine: "proto.invalid_reply",
		fakemail.POP3EndlessList: "proto.invalid_reply",
		fakemail.POP3Garbage:     "proto.invalid_reply",
	} {
		s, _ := startFake(t, fakemail.POP3Config{})
		s.SetFault(ann, fault)
		src, err := newDriver(nil, 0).Open(t.Context(), access(s.Server()))
		if err != nil {
			t.Fatal(err)
		}
		_, err = src.Select(t.Context(), "INBOX")
		if mailstead.CodeOf(err) != want || mailstead.KindOf(err) != mailstead.KindTemporary {
			t.Errorf("%s: got %v", fault, err)
		}
		if _, err := src.Select(t.Context(), "INBOX"); err == nil {
			t.Errorf("%s: the connection goes on", fault)
		}
		_ = src.Close()
	}
}

func TestWrongCountsCostNothing(t *testing.T) {
	s, _ := startFake(t, fakemail.POP3Config{})
	s.Deliver(ann, mail(3, "a"), mail(2, "b"), mail(1, "c"))
	s.SetFault(ann, fakemail.POP3WrongCount)
	src, err := newDriver(nil, 0).Open(t.Context(), access(s.Server()))
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	st, err := src.Select(t.Context(), "INBOX")
	if err != nil || st.Total != 4 {
		t.Fatalf("got %+v, %v", st, err)
	}
	names := number(t, src)
	if len(names) != 3 { // the one that is not there has no name
		t.Fatalf("got names %q", names)
	}
	if got := fetch(t, src, 0, 101, 102, 103, 104); len(got) != 3 || string(got[2].Data) != string(mail(1, "c")) {
		t.Errorf("got %d mails", len(got))
	}
}

func TestCutConnection(t *testing.T) {
	s, _ := startFake(t, fakemail.POP3Config{})
	s.Deliver(ann, mail(3, "a"), mail(2, "b"), mail(1, "c"))
	s.SetFault(ann, fakemail.POP3Cut)
	src := open(t, newDriver(nil, 0), access(s.Server()))
	n := 0
	err := src.Fetch(t.Context(), []mailstead.UID{101, 102, 103}, 0, func(m mailstead.RawMessage) error {
		n++
		return nil
	})
	if mailstead.KindOf(err) != mailstead.KindTemporary || n != 1 {
		t.Errorf("got %v after %d mails", err, n)
	}
	if _, err := src.UIDs(t.Context(), mailstead.UIDWindow{SinceUnix: 1}); mailstead.KindOf(err) != mailstead.KindTemporary || err == nil {
		t.Errorf("afterwards: got %v", err)
	}
}

func TestRefusedMailsCostNoOthers(t *testing.T) {
	s, _ := startFake(t, fakemail.POP3Config{})
	s.Deliver(ann, mail(3, "a"), mail(2, "b"), mail(1, "c"))
	s.SetFault(ann, fakemail.POP3RefuseMail)
	src := open(t, newDriver(nil, 0), access(s.Server()))
	got := fetch(t, src, 0, 101, 102, 103)
	if len(got) != 3 || got[2].UID != 102 || got[2].Data != nil || got[0].Data == nil || got[1].Data == nil {
		t.Errorf("got %+v", got)
	}
	// A server that hands out nothing may have a reason that passes.
	err := src.Fetch(t.Context(), []mailstead.UID{102}, 0, func(mailstead.RawMessage) error { return nil })
	if mailstead.CodeOf(err) != "mailbox.item_refused" || mailstead.KindOf(err) != mailstead.KindTemporary {
		t.Errorf("got %v", err)
	}
}

func TestSilenceEnds(t *testing.T) {
	s, _ := startFake(t, fakemail.POP3Config{Security: mailstead.SecurityTLS})
	a := access(s.Server())
	a.Server.Security = mailstead.SecurityNone
	a.AllowPlain = true
	start := time.Now()
	r := newDriver(nil, 500*time.Millisecond).Check(t.Context(), a)
	f := r.Failure()
	if r.OK || f == nil || f.Stage != mailstead.StageGreeting || mailstead.CodeOf(f.Err) != "tls.wrong_mode" {
		t.Errorf("got %+v", r)
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("took %v", took)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := newDriver(nil, 0).Open(ctx, a); mailstead.KindOf(err) != mailstead.KindTemporary || err == nil {
		t.Errorf("got %v", err)
	}
}

func TestTheGuardStands(t *testing.T) {
	s, _ := startFake(t, fakemail.POP3Config{})
	a := access(s.Server())
	a.Server.Host = "169.254.169.254"
	if _, err := newDriver(nil, 0).Open(t.Context(), a); mailstead.KindOf(err) != mailstead.KindForbidden {
		t.Errorf("got %v", err)
	}
}
