package outbox_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/fakemail"
	"github.com/mailstead/mailstead/outbox"
)

// looks lets the times pass at which the Sent folder would be looked into.
func (f *office) looks() {
	f.t.Helper()
	for range 5 {
		f.clock.advance(15 * time.Minute)
		f.settled()
	}
}

// later lets time pass until ok.
func (f *office) later(what string, ok func() bool) {
	f.t.Helper()
	f.eventually(what, func() bool {
		if ok() {
			return true
		}
		f.clock.advance(15 * time.Minute)
		f.settled()
		return false
	})
}

// laterIn waits until a mail is in a state, however long it takes.
func (f *office) laterIn(id mailstead.OutgoingID, state mailstead.OutgoingState) mailstead.OutgoingMessage {
	f.t.Helper()
	f.later(string(state), func() bool { return f.get(id).State == state })
	return f.get(id)
}

// providerSaves makes the server do what Gmail does: put what it takes into the
// Sent folder.
func providerSaves(f **office) fakemail.SMTPConfig {
	return fakemail.SMTPConfig{Accepted: func(m fakemail.SMTPMail) {
		if err := (*f).imap.Deliver("anna@example.com", "Sent", m.Data); err != nil {
			(*f).t.Error(err)
		}
	}}
}

func savesSent(c *outbox.Config) { c.SavesSent = func(mailstead.ProviderID) bool { return true } }

// TestAConnectionLostBehindTheDot holds what must be found out before a mail may
// be sent again.
func TestAConnectionLostBehindTheDot(t *testing.T) {
	t.Run("the provider has saved it: it was accepted", func(t *testing.T) {
		var f *office
		f = newOffice(t, options{smtp: providerSaves(&f)})
		f.smtp.SetFault("ben@example.com", fakemail.SMTPDrop)
		f.start()
		m := f.submit("ben@example.com")
		if got := f.wait(m.ID, mailstead.OutgoingUnknown); got.Code != "send.interrupted" || got.Recipients[0].State != mailstead.OutgoingUnknown {
			t.Errorf("got %q, recipient %s; want send.interrupted, unknown", got.Code, got.Recipients[0].State)
		}
		f.clock.advance(20 * time.Second)
		got := f.wait(m.ID, mailstead.OutgoingAccepted)
		if got.SentCopy != mailstead.SentCopyFound || got.Code != "" || got.AcceptedAt.IsZero() || got.Recipients[0].State != mailstead.OutgoingAccepted {
			t.Errorf("got %+v, want an accepted mail whose copy was found", got)
		}
		f.looks()
		if f.smtp.Count(m.InternetMessageID) != 1 || len(f.sent()) != 1 {
			t.Errorf("taken %d times, %d copies; want one each", f.smtp.Count(m.InternetMessageID), len(f.sent()))
		}
	})
	t.Run("absent, and nothing is known of the provider: a person decides", func(t *testing.T) {
		f := newOffice(t, options{})
		f.smtp.SetFault("ben@example.com", fakemail.SMTPDrop)
		f.start()
		m := f.submit("ben@example.com")
		f.wait(m.ID, mailstead.OutgoingUnknown)
		f.waitForPerson(m.ID)
		if n := f.smtp.Count(m.InternetMessageID); n != 1 {
			t.Fatalf("taken %d times, want no second mail", n)
		}
		if _, err := f.service.Retry(t.Context(), f.anna, m.ID); mailstead.CodeOf(err) != "send.may_duplicate" {
			t.Errorf("Retry: got %v, want send.may_duplicate", err)
		}
		f.smtp.SetFault("ben@example.com", "")
		if _, err := f.service.ForceRetry(t.Context(), f.anna, m.ID); err != nil {
			t.Fatal(err)
		}
		f.wait(m.ID, mailstead.OutgoingAccepted)
		mails := f.smtp.Mails()
		if len(mails) != 2 || !bytes.Equal(mails[0].Data, mails[1].Data) {
			t.Errorf("taken %d times, want the same bytes twice", len(mails))
		}
	})
	t.Run("absent at a provider that saves: it is sent again", func(t *testing.T) {
		var f *office
		f = newOffice(t, options{change: savesSent, smtp: providerSaves(&f)})
		f.smtp.SetFault("ben@example.com", fakemail.SMTPLose)
		f.start()
		m := f.submit("ben@example.com")
		f.wait(m.ID, mailstead.OutgoingUnknown)
		f.clock.advance(2 * time.Minute)
		f.settled()
		if got := f.get(m.ID); got.State != mailstead.OutgoingUnknown {
			t.Fatalf("it is %s before the last look, want unknown", got.State)
		}
		f.smtp.SetFault("ben@example.com", "")
		f.laterIn(m.ID, mailstead.OutgoingAccepted)
		if f.smtp.Count(m.InternetMessageID) != 1 || len(f.sent()) != 1 {
			t.Errorf("taken %d times, %d copies; want one each", f.smtp.Count(m.InternetMessageID), len(f.sent()))
		}
	})
	t.Run("the mailbox cannot be read: nothing is decided until it can", func(t *testing.T) {
		var f *office
		f = newOffice(t, options{change: savesSent, smtp: providerSaves(&f)})
		f.smtp.SetFault("ben@example.com", fakemail.SMTPDrop)
		f.imap.SetFault("anna@example.com", fakemail.IMAPUnavailable)
		f.start()
		m := f.submit("ben@example.com")
		f.wait(m.ID, mailstead.OutgoingUnknown)
		f.looks()
		if got := f.get(m.ID); got.State != mailstead.OutgoingUnknown || got.DueAt.IsZero() {
			t.Fatalf("it is %s, due %v; want unknown and another look", got.State, got.DueAt)
		}
		f.imap.SetFault("anna@example.com", "")
		f.laterIn(m.ID, mailstead.OutgoingAccepted)
		if n := f.smtp.Count(m.InternetMessageID); n != 1 {
			t.Errorf("taken %d times, want once", n)
		}
	})
	t.Run("without a mailbox a person decides", func(t *testing.T) {
		f := newOffice(t, options{sendOnly: true, change: savesSent})
		f.smtp.SetFault("ben@example.com", fakemail.SMTPLose)
		f.start()
		m := f.submit("ben@example.com")
		f.wait(m.ID, mailstead.OutgoingUnknown)
		f.waitForPerson(m.ID)
	})
	t.Run("at the second attempt for the rest of the recipients", func(t *testing.T) {
		f := newOffice(t, options{change: savesSent})
		f.smtp.SetFault("carl@example.com", fakemail.SMTPGreylist)
		f.start()
		m := f.submit("ben@example.com", "carl@example.com")
		f.waitDue(m.ID, 1)
		f.smtp.SetFault("carl@example.com", fakemail.SMTPLose)
		f.clock.advance(2 * time.Minute)
		f.wait(m.ID, mailstead.OutgoingUnknown)
		got := f.waitForPerson(m.ID)
		// Our own copy for ben lies in the folder: it proves nothing for carl.
		if diff := cmp.Diff([]string{"ben@example.com accepted", "carl@example.com unknown"}, states(got)); diff != "" {
			t.Errorf("recipients (-want +got):\n%s", diff)
		}
	})
}

// waitForPerson waits until nothing is due for a mail of unknown fate.
func (f *office) waitForPerson(id mailstead.OutgoingID) (m mailstead.OutgoingMessage) {
	f.t.Helper()
	f.later("left to a person", func() bool {
		m = f.get(id)
		return m.State == mailstead.OutgoingUnknown && m.DueAt.IsZero()
	})
	return m
}

// TestKillPoints starts on what a killed process leaves behind.
func TestKillPoints(t *testing.T) {
	claim := func(f *office) mailstead.OutgoingMessage {
		t.Helper()
		list, err := f.db.ClaimOutgoing(t.Context(), f.account.ID, f.clock.Now(), 10)
		if err != nil || len(list) != 1 {
			t.Fatalf("claimed %d mails, %v", len(list), err)
		}
		return list[0]
	}
	t.Run("after the submission", func(t *testing.T) {
		f := newOffice(t, options{sendOnly: true})
		m := f.submit("ben@example.com")
		f.restart()
		f.wait(m.ID, mailstead.OutgoingAccepted)
		if n := f.smtp.Count(m.InternetMessageID); n != 1 {
			t.Errorf("taken %d times, want once", n)
		}
	})
	t.Run("after the claim", func(t *testing.T) {
		f := newOffice(t, options{sendOnly: true})
		m := f.submit("ben@example.com")
		claim(f)
		f.start()
		got := f.wait(m.ID, mailstead.OutgoingAccepted)
		if n := f.smtp.Count(m.InternetMessageID); n != 1 || got.Attempts != 2 {
			t.Errorf("taken %d times in %d attempts, want once in the second", n, got.Attempts)
		}
	})
	for _, c := range []struct {
		name     string
		dot      bool // the server has taken it
		saves    bool // the provider saves what it sends, and we know it
		want     mailstead.OutgoingState
		wantSent int
	}{
		{"after the body, before the dot, provider unknown", false, false, mailstead.OutgoingUnknown, 0},
		{"after the body, before the dot, provider saves", false, true, mailstead.OutgoingAccepted, 1},
		{"after the dot, provider unknown", true, false, mailstead.OutgoingUnknown, 1},
		{"after the dot, provider saves", true, true, mailstead.OutgoingAccepted, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			var f *office
			o := options{}
			if c.saves {
				o = options{change: savesSent, smtp: providerSaves(&f)}
			}
			f = newOffice(t, o)
			m := f.submit("ben@example.com")
			claimed := claim(f)
			if err := f.db.MarkBodyComplete(t.Context(), claimed.ID, claimed.Attempts); err != nil {
				t.Fatal(err)
			}
			if c.dot {
				f.handOver(m)
			}
			f.start()
			got := f.wait(m.ID, mailstead.OutgoingUnknown)
			if got.Code != "send.interrupted" || got.Text == "" {
				t.Errorf("got %q %q, want send.interrupted in plain words", got.Code, got.Text)
			}
			if c.want == mailstead.OutgoingUnknown {
				f.waitForPerson(m.ID)
			} else {
				f.laterIn(m.ID, c.want)
			}
			if n := f.smtp.Count(m.InternetMessageID); n != c.wantSent {
				t.Errorf("taken %d times, want %d", n, c.wantSent)
			}
		})
	}
}

// handOver gives a mail to the server behind the service's back.
func (f *office) handOver(m mailstead.OutgoingMessage) {
	f.t.Helper()
	data, err := f.blobs.Get(f.t.Context(), m.Blob)
	if err != nil {
		f.t.Fatal(err)
	}
	access, err := f.Access(f.t.Context(), f.account.ID, mailstead.SideOutgoing)
	if err != nil {
		f.t.Fatal(err)
	}
	s, err := f.config.Sender.Open(f.t.Context(), access)
	if err != nil {
		f.t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Send(f.t.Context(), mailstead.Envelope{From: m.From, To: []string{m.Recipients[0].Address}}, data, func() error { return nil }); err != nil {
		f.t.Fatal(err)
	}
}

func TestSentCopies(t *testing.T) {
	t.Run("the provider saves, and we need not know", func(t *testing.T) {
		var f *office
		f = newOffice(t, options{smtp: providerSaves(&f)})
		f.start()
		m := f.submit("ben@example.com")
		f.wait(m.ID, mailstead.OutgoingAccepted)
		f.clock.advance(10 * time.Second)
		f.waitCopy(m.ID, mailstead.SentCopyFound)
		if n := len(f.sent()); n != 1 {
			t.Errorf("%d copies, want one", n)
		}
	})
	t.Run("a provider that should save and does not", func(t *testing.T) {
		f := newOffice(t, options{change: savesSent})
		f.start()
		m := f.submit("ben@example.com")
		f.wait(m.ID, mailstead.OutgoingAccepted)
		f.clock.advance(10 * time.Second)
		f.eventually("it was looked for", func() bool { return f.get(m.ID).SentCopyAttempts == 1 })
		if got := f.get(m.ID); got.SentCopy != mailstead.SentCopyPending || len(f.sent()) != 0 {
			t.Errorf("sent copy %s, %d copies; want patience", got.SentCopy, len(f.sent()))
		}
		f.later("appended", func() bool { return f.get(m.ID).SentCopy == mailstead.SentCopyAppended })
		if n := len(f.sent()); n != 1 {
			t.Errorf("%d copies, want one", n)
		}
	})
	t.Run("a crash between the append and its note", func(t *testing.T) {
		f := newOffice(t, options{})
		f.start()
		m := f.submit("ben@example.com")
		f.wait(m.ID, mailstead.OutgoingAccepted)
		f.clock.advance(10 * time.Second)
		f.waitCopy(m.ID, mailstead.SentCopyAppended)
		f.service.Stop()
		if err := f.db.UpdateSentCopy(t.Context(), m.ID, mailstead.SentCopyPending, 0, f.clock.Now()); err != nil {
			t.Fatal(err)
		}
		f.restart()
		f.waitCopy(m.ID, mailstead.SentCopyFound)
		if n := len(f.sent()); n != 1 {
			t.Errorf("%d copies, want one", n)
		}
	})
	t.Run("the mailbox is out of reach for a while", func(t *testing.T) {
		f := newOffice(t, options{})
		f.imap.SetFault("anna@example.com", fakemail.IMAPUnavailable)
		f.start()
		ids := []mailstead.OutgoingID{f.submit("ben@example.com").ID, f.submit("carl@example.com").ID}
		for _, id := range ids {
			f.wait(id, mailstead.OutgoingAccepted)
		}
		f.clock.advance(10 * time.Second)
		for _, id := range ids {
			f.eventually("one try", func() bool { return f.get(id).SentCopyAttempts == 1 })
		}
		f.imap.SetFault("anna@example.com", "")
		f.clock.advance(2 * time.Minute)
		for _, id := range ids {
			f.waitCopy(id, mailstead.SentCopyAppended)
		}
		if n := len(f.sent()); n != 2 {
			t.Errorf("%d copies, want two", n)
		}
	})
	t.Run("the mailbox is full", func(t *testing.T) {
		f := newOffice(t, options{})
		f.imap.SetFault("anna@example.com", fakemail.IMAPFull)
		f.start()
		m := f.submit("ben@example.com")
		f.wait(m.ID, mailstead.OutgoingAccepted)
		f.clock.advance(10 * time.Second)
		f.waitCopy(m.ID, mailstead.SentCopyFailed)
	})
	t.Run("no folder for sent mail", func(t *testing.T) {
		f := newOffice(t, options{})
		if err := f.imap.AddUser("anna2@example.com", fakemail.IMAPUser{Password: password}); err != nil {
			t.Fatal(err)
		}
		f.account.Incoming.Login = "anna2@example.com"
		if err := f.db.UpdateAccount(t.Context(), &f.account, nil, audited, nil); err != nil {
			t.Fatal(err)
		}
		f.start()
		m := f.submit("ben@example.com")
		f.wait(m.ID, mailstead.OutgoingAccepted)
		f.clock.advance(10 * time.Second)
		f.waitCopy(m.ID, mailstead.SentCopyFailed)
	})
	t.Run("a sign-in that was refused is not repeated", func(t *testing.T) {
		f := newOffice(t, options{})
		if err := f.db.SetHealth(t.Context(), f.account.ID, mailstead.SideIncoming, mailstead.Health{State: mailstead.HealthTrouble, Code: "auth.bad_credentials"}); err != nil {
			t.Fatal(err)
		}
		f.start()
		m := f.submit("ben@example.com")
		f.wait(m.ID, mailstead.OutgoingAccepted)
		f.clock.advance(10 * time.Second)
		f.eventually("one try", func() bool { return f.get(m.ID).SentCopyAttempts == 1 })
		if n := f.imap.Connections(); n != 0 {
			t.Errorf("connected %d times, want none", n)
		}
	})
}
