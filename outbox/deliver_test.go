package outbox_test

import (
	"bytes"
	"net/mail"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/fakemail"
	"github.com/mailstead/mailstead/outbox"
)

func states(m mailstead.OutgoingMessage) (out []string) {
	for _, r := range m.Recipients {
		out = append(out, r.Address+" "+string(r.State))
	}
	return out
}

func TestAMailIsSentOnceAndCopied(t *testing.T) {
	f := newOffice(t, options{})
	f.start()
	d := draft("ben@example.com")
	d.Bcc = []mailstead.Address{{Address: "carl@example.com"}}
	d.Attachments = []mailstead.DraftAttachment{{Name: "Rechnung №1.txt", MediaType: "text/plain", Content: []byte("1 €\n")}}
	m, _, err := f.service.Submit(t.Context(), f.anna, outbox.Submission{Draft: d})
	if err != nil {
		t.Fatal(err)
	}
	got := f.wait(m.ID, mailstead.OutgoingAccepted)
	if diff := cmp.Diff([]string{"ben@example.com accepted", "carl@example.com accepted"}, states(got)); diff != "" {
		t.Errorf("recipients (-want +got):\n%s", diff)
	}
	taken := f.smtp.Mails()
	if len(taken) != 1 {
		t.Fatalf("the server took %d mails, want 1", len(taken))
	}
	if diff := cmp.Diff([]string{"ben@example.com", "carl@example.com"}, taken[0].To); diff != "" {
		t.Errorf("envelope (-want +got):\n%s", diff)
	}
	stored, err := f.blobs.Get(t.Context(), got.Blob)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(stored, taken[0].Data) {
		t.Errorf("the bytes sent are not those that were stored")
	}
	if bytes.Contains(taken[0].Data, []byte("carl@")) {
		t.Error("the mail tells of its blind copy")
	}
	parsed, err := mail.ReadMessage(bytes.NewReader(taken[0].Data))
	if err != nil {
		t.Fatal(err)
	}
	if from, err := parsed.Header.AddressList("From"); err != nil || from[0].Name != "Anna Ärmel" || from[0].Address != "anna@example.com" {
		t.Errorf("From is %v, %v", from, err)
	}
	if h := f.health(); h.State != mailstead.HealthOK || h.SuccessAt.IsZero() {
		t.Errorf("got health %+v, want ok", h)
	}
	_, attempts, err := f.db.Outgoing(t.Context(), m.ID)
	if err != nil {
		t.Fatal(err)
	}
	if len(attempts) != 1 || attempts[0].State != mailstead.OutgoingAccepted || attempts[0].Reply == "" {
		t.Errorf("got attempts %+v, want one that was accepted", attempts)
	}
	if got.SentCopy != mailstead.SentCopyPending {
		t.Errorf("sent copy is %q right after acceptance, want pending", got.SentCopy)
	}
	f.clock.advance(10 * time.Second)
	f.waitCopy(m.ID, mailstead.SentCopyAppended)
	copies := f.sentRaw()
	if len(copies) != 1 || !bytes.Equal(copies[0].Data, stored) || !copies[0].Flags.Seen {
		t.Errorf("the Sent folder holds %d mails, want that one, seen", len(copies))
	}
	f.eventually("told of the copy", func() bool { f.mu.Lock(); defer f.mu.Unlock(); return len(f.copied) == 1 })
}

func TestGreylisting(t *testing.T) {
	f := newOffice(t, options{sendOnly: true})
	f.start()
	m := f.submit("greylist@example.com")
	got := f.waitDue(m.ID, 1)
	if got.Code != "deliver.greylisted" || got.Text == "" || got.Reply == "" {
		t.Errorf("got code %q, text %q, reply %q; want deliver.greylisted in plain words", got.Code, got.Text, got.Reply)
	}
	if wait := got.DueAt.Sub(f.clock.Now()); wait < time.Minute || wait > 2*time.Minute {
		t.Errorf("the next attempt is due in %v, want about a minute", wait)
	}
	f.settled()
	if n := f.get(m.ID).Attempts; n != 1 {
		t.Errorf("tried %d times before it was due, want once", n)
	}
	f.clock.advance(2 * time.Minute)
	got = f.wait(m.ID, mailstead.OutgoingAccepted)
	if f.smtp.Count(m.InternetMessageID) != 1 || got.Code != "" || got.SentCopy != mailstead.SentCopyNone {
		t.Errorf("taken %d times, code %q, sent copy %q; want once, none, none", f.smtp.Count(m.InternetMessageID), got.Code, got.SentCopy)
	}
}

func TestAMailOfAPOP3AccountHasNoSentCopy(t *testing.T) {
	f := newOffice(t, options{pop3: true})
	f.start()
	m := f.submit("ben@example.com")
	got := f.wait(m.ID, mailstead.OutgoingAccepted)
	f.clock.advance(time.Hour)
	f.settled()
	if got.SentCopy != mailstead.SentCopyNone || f.get(m.ID).SentCopy != mailstead.SentCopyNone || f.imap.Connections() != 0 {
		t.Errorf("got sent copy %q, %d connections to the mailbox; want none", got.SentCopy, f.imap.Connections())
	}
}

func TestRecipientsWithDifferentFates(t *testing.T) {
	f := newOffice(t, options{})
	f.start()
	m := f.submit("ben@example.com", "refuse@example.com", "greylist@example.com")
	got := f.waitDue(m.ID, 1)
	want := []string{"ben@example.com accepted", "refuse@example.com rejected", "greylist@example.com queued"}
	if diff := cmp.Diff(want, states(got)); diff != "" {
		t.Errorf("after the first attempt (-want +got):\n%s", diff)
	}
	if got.Recipients[1].Code != "deliver.no_such_recipient" || got.Recipients[1].Reply == "" {
		t.Errorf("got %+v, want a reason", got.Recipients[1])
	}
	f.clock.advance(10 * time.Second) // the copy is due, the next attempt is not
	f.waitCopy(m.ID, mailstead.SentCopyAppended)
	f.clock.advance(2 * time.Minute)
	got = f.wait(m.ID, mailstead.OutgoingAccepted)
	want = []string{"ben@example.com accepted", "refuse@example.com rejected", "greylist@example.com accepted"}
	if diff := cmp.Diff(want, states(got)); diff != "" {
		t.Errorf("in the end (-want +got):\n%s", diff)
	}
	var to [][]string
	for _, taken := range f.smtp.Mails() {
		to = append(to, taken.To)
		if !bytes.Equal(taken.Data, f.smtp.Mails()[0].Data) {
			t.Error("the second attempt sent other bytes")
		}
	}
	if diff := cmp.Diff([][]string{{"ben@example.com"}, {"greylist@example.com"}}, to); diff != "" {
		t.Errorf("taken for (-want +got):\n%s", diff)
	}
	if n := len(f.sent()); n != 1 || got.SentCopy != mailstead.SentCopyAppended {
		t.Errorf("%d copies, state %q; want one, appended", n, got.SentCopy)
	}
}

func TestOutcomes(t *testing.T) {
	for _, c := range []struct {
		to    string
		state mailstead.OutgoingState
		code  string
	}{
		{"refuse@example.com", mailstead.OutgoingRejected, "deliver.no_such_recipient"},
		{"content@example.com", mailstead.OutgoingRejected, "deliver.content"},
		{"defer@example.com", mailstead.OutgoingQueued, "send.temporary"},
		{"busy@example.com", mailstead.OutgoingQueued, "send.temporary"},
		{"full@example.com", mailstead.OutgoingQueued, "deliver.recipient_full"},
		{"drop@example.com", mailstead.OutgoingUnknown, "send.interrupted"},
		{"lose@example.com", mailstead.OutgoingUnknown, "send.interrupted"},
	} {
		t.Run(c.to, func(t *testing.T) {
			f := newOffice(t, options{sendOnly: true})
			f.start()
			m := f.submit(c.to)
			f.eventually("the end of the attempt", func() bool {
				_, attempts, err := f.db.Outgoing(t.Context(), m.ID)
				return err == nil && len(attempts) == 1
			})
			got := f.get(m.ID)
			if got.State != c.state || got.Code != c.code || got.Text == "" {
				t.Errorf("got %s, %q, %q; want %s, %s", got.State, got.Code, got.Text, c.state, c.code)
			}
			if got.Recipients[0].State != c.state {
				t.Errorf("the recipient is %s, want %s", got.Recipients[0].State, c.state)
			}
		})
	}
}

func TestAMailThatIsTriedForTooLongIsRejected(t *testing.T) {
	f := newOffice(t, options{sendOnly: true})
	f.start()
	m := f.submit("defer@example.com", "ben@example.com")
	f.waitDue(m.ID, 1)
	for n := 2; n < 6; n++ {
		f.clock.advance(5 * time.Hour)
		f.waitDue(m.ID, n)
	}
	f.clock.advance(72 * time.Hour)
	got := f.wait(m.ID, mailstead.OutgoingAccepted)
	if diff := cmp.Diff([]string{"defer@example.com rejected", "ben@example.com accepted"}, states(got)); diff != "" {
		t.Errorf("recipients (-want +got):\n%s", diff)
	}
	if got.Code != "send.temporary" || !got.DueAt.IsZero() {
		t.Errorf("got code %q, due %v; want the last reason and nothing due", got.Code, got.DueAt)
	}
}

func TestAnAccountWhoseSignInIsRefusedHoldsItsMail(t *testing.T) {
	f := newOffice(t, options{sendOnly: true})
	f.setSecret("wrong")
	var ids []mailstead.OutgoingID
	for range 120 {
		ids = append(ids, f.submit("ben@example.com").ID)
	}
	f.start()
	for _, id := range ids {
		m := f.wait(id, mailstead.OutgoingHeld)
		if m.Code != "auth.bad_credentials" || m.Text == "" || m.Action == "" {
			t.Errorf("got code %q, text %q, action %q; want auth.bad_credentials", m.Code, m.Text, m.Action)
		}
	}
	if h := f.health(); h.State != mailstead.HealthTrouble || h.Code != "auth.bad_credentials" {
		t.Errorf("got health %+v, want trouble", h)
	}
	later := f.submit("ben@example.com")
	if later.State != mailstead.OutgoingHeld || !later.Reason.Held || later.Code != "auth.bad_credentials" {
		t.Errorf("a later mail is %s, held %v, %q; want held", later.State, later.Reason.Held, later.Code)
	}
	n := f.smtp.Connections()
	f.clock.advance(24 * time.Hour)
	f.settled()
	if got := f.smtp.Connections(); got != n {
		t.Errorf("a refused sign-in was repeated %d times by itself", got-n)
	}
	if n > 4 {
		t.Errorf("the refused sign-in was tried %d times, want one for each connection at most", n)
	}
	if _, err := f.service.Retry(t.Context(), f.anna, later.ID); mailstead.CodeOf(err) != "send.account_in_trouble" {
		t.Errorf("Retry: got %v, want send.account_in_trouble", err)
	}
	// The password was mended and has worked.
	f.setSecret(password)
	if err := f.db.SetHealth(t.Context(), f.account.ID, mailstead.SideOutgoing, mailstead.Health{State: mailstead.HealthOK}); err != nil {
		t.Fatal(err)
	}
	f.service.Healthy(f.account.ID)
	for _, id := range append(ids, later.ID) {
		f.wait(id, mailstead.OutgoingAccepted)
	}
	if got := f.smtp.Total(); got != 121 {
		t.Errorf("the server took %d mails, want 121", got)
	}
}

func TestAServerThatIsDown(t *testing.T) {
	f := newOffice(t, options{sendOnly: true})
	f.smtp.SetBusy(true)
	var ids []mailstead.OutgoingID
	for range 60 {
		ids = append(ids, f.submit("ben@example.com").ID)
	}
	f.start()
	m := f.waitDue(ids[0], 1)
	if m.Code != "limit.connections" {
		t.Errorf("got code %q, want limit.connections", m.Code)
	}
	f.settled()
	n := f.smtp.Connections()
	if n > 4 {
		t.Errorf("tried to connect %d times, want one for each connection at most", n)
	}
	if h := f.health(); h.State != mailstead.HealthRetrying {
		t.Errorf("got health %+v, want retrying", h)
	}
	// A mail that comes meanwhile waits with the others.
	ids = append(ids, f.submit("ben@example.com").ID)
	f.settled()
	if got := f.smtp.Connections(); got != n {
		t.Errorf("connected %d times during the pause", got-n)
	}
	f.smtp.SetBusy(false)
	f.clock.advance(2 * time.Minute)
	for _, id := range ids {
		f.wait(id, mailstead.OutgoingAccepted)
	}
	if h := f.health(); h.State != mailstead.HealthOK || h.Code != "" {
		t.Errorf("got health %+v, want ok", h)
	}
}

func TestTroubleOfAServerPassesByItself(t *testing.T) {
	f := newOffice(t, options{sendOnly: true})
	good := f.account.Outgoing.Server
	f.account.Outgoing.Server.Security = mailstead.SecurityStartTLS // which the server has not
	if err := f.db.UpdateAccount(t.Context(), &f.account, nil, audited, nil); err != nil {
		t.Fatal(err)
	}
	f.start()
	m := f.submit("ben@example.com")
	got := f.wait(m.ID, mailstead.OutgoingHeld)
	if got.Code != "tls.starttls_missing" {
		t.Errorf("got code %q, want tls.starttls_missing", got.Code)
	}
	f.account.Outgoing.Server = good
	f.account.Outgoing.Health = f.health()
	if err := f.db.UpdateAccount(t.Context(), &f.account, nil, audited, nil); err != nil {
		t.Fatal(err)
	}
	f.clock.advance(20 * time.Minute)
	f.wait(m.ID, mailstead.OutgoingAccepted)
}

func TestConnectionsAreReused(t *testing.T) {
	f := newOffice(t, options{sendOnly: true})
	var ids []mailstead.OutgoingID
	for range 300 {
		ids = append(ids, f.submit("ben@example.com").ID)
	}
	f.start()
	for _, id := range ids {
		f.wait(id, mailstead.OutgoingAccepted)
	}
	if n := f.smtp.Connections(); n > 4 {
		t.Errorf("300 mails took %d connections, want 4 at most", n)
	}
	n := f.smtp.Connections()
	f.wait(f.submit("ben@example.com").ID, mailstead.OutgoingAccepted)
	if got := f.smtp.Connections(); got != n {
		t.Errorf("a mail soon afterwards opened %d new connections", got-n)
	}
	t.Run("after the server closed them", func(t *testing.T) {
		f.smtp.Cut()
		m := f.wait(f.submit("ben@example.com").ID, mailstead.OutgoingAccepted)
		if m.Attempts != 1 {
			t.Errorf("took %d attempts, want one: a closed waiting connection is no failure", m.Attempts)
		}
	})
	t.Run("until they were idle for too long", func(t *testing.T) {
		n := f.smtp.Connections()
		f.clock.advance(31 * time.Second)
		f.settled()
		f.wait(f.submit("ben@example.com").ID, mailstead.OutgoingAccepted)
		if got := f.smtp.Connections(); got != n+1 {
			t.Errorf("opened %d new connections, want 1", got-n)
		}
	})
	if got := f.smtp.Total(); got != 303 {
		t.Errorf("the server took %d mails, want 303", got)
	}
}

func TestStopLetsMailsUnderWayEnd(t *testing.T) {
	f := newOffice(t, options{sendOnly: true, smtp: fakemail.SMTPConfig{Delay: 20 * time.Millisecond}})
	var ids []mailstead.OutgoingID
	for range 40 {
		ids = append(ids, f.submit("slow@example.com").ID)
	}
	f.start()
	f.eventually("some are sent", func() bool { return f.smtp.Total() > 3 })
	f.service.Stop()
	f.service.Stop()
	count := make(map[mailstead.OutgoingState]int)
	for _, id := range ids {
		count[f.get(id).State]++
	}
	if count[mailstead.OutgoingAccepted] != f.smtp.Total() || count[mailstead.OutgoingQueued] != 40-f.smtp.Total() {
		t.Errorf("got states %v after %d were taken; want these accepted and all others queued", count, f.smtp.Total())
	}
	f.restart()
	for _, id := range ids {
		f.wait(id, mailstead.OutgoingAccepted)
		if m := f.get(id); f.smtp.Count(m.InternetMessageID) != 1 {
			t.Errorf("mail %d was taken %d times", id, f.smtp.Count(m.InternetMessageID))
		}
	}
}

func TestAServerThatTakesFewConnections(t *testing.T) {
	f := newOffice(t, options{sendOnly: true, smtp: fakemail.SMTPConfig{MaxConnections: 2}})
	var ids []mailstead.OutgoingID
	for range 150 {
		ids = append(ids, f.submit("ben@example.com").ID)
	}
	f.start()
	for _, id := range ids {
		if m := f.wait(id, mailstead.OutgoingAccepted); m.Attempts != 1 {
			t.Errorf("mail %d took %d attempts, want one: a connection too many costs no mail an attempt", id, m.Attempts)
		}
	}
	if h := f.health(); h.State != mailstead.HealthOK {
		t.Errorf("got health %+v, want ok", h)
	}
}

func TestASenderThatHasSentTooMuchPauses(t *testing.T) {
	f := newOffice(t, options{sendOnly: true})
	f.smtp.SetFault("carl@example.com", fakemail.SMTPLimit)
	limited := f.submit("carl@example.com")
	f.start()
	m := f.waitDue(limited.ID, 1)
	if m.Code != "limit.send_rate" {
		t.Errorf("got code %q, want limit.send_rate", m.Code)
	}
	if h := f.health(); h.State != mailstead.HealthRetrying || h.Code != "limit.send_rate" {
		t.Errorf("got health %+v, want retrying", h)
	}
	later := f.submit("ben@example.com")
	f.settled()
	if got := f.get(later.ID); got.State != mailstead.OutgoingQueued || got.Attempts != 0 {
		t.Errorf("a later mail is %s after %d attempts, want it to wait", got.State, got.Attempts)
	}
	f.smtp.SetFault("carl@example.com", "")
	f.clock.advance(2 * time.Minute)
	f.wait(limited.ID, mailstead.OutgoingAccepted)
	f.wait(later.ID, mailstead.OutgoingAccepted)
}

func TestAnAccountThatIsSwitchedOffHoldsItsMail(t *testing.T) {
	f := newOffice(t, options{sendOnly: true})
	m := f.submit("ben@example.com")
	f.account.Outgoing.Enabled = false
	if err := f.db.UpdateAccount(t.Context(), &f.account, nil, audited, nil); err != nil {
		t.Fatal(err)
	}
	f.start()
	if got := f.wait(m.ID, mailstead.OutgoingHeld); got.Code != "account.disabled" || got.Text == "" {
		t.Errorf("got %q %q, want account.disabled", got.Code, got.Text)
	}
	f.restart() // held mail of an earlier life is not forgotten
	f.account.Outgoing.Enabled = true
	if err := f.db.UpdateAccount(t.Context(), &f.account, nil, audited, nil); err != nil {
		t.Fatal(err)
	}
	f.clock.advance(5 * 24 * time.Hour)
	f.wait(m.ID, mailstead.OutgoingAccepted)
}

func TestAMailThatWasHeldForDaysGetsItsTries(t *testing.T) {
	f := newOffice(t, options{sendOnly: true})
	f.setSecret("wrong")
	f.start()
	m := f.submit("greylist@example.com")
	f.wait(m.ID, mailstead.OutgoingHeld)
	f.clock.advance(5 * 24 * time.Hour)
	f.setSecret(password)
	if err := f.db.SetHealth(t.Context(), f.account.ID, mailstead.SideOutgoing, mailstead.Health{State: mailstead.HealthOK}); err != nil {
		t.Fatal(err)
	}
	f.service.Healthy(f.account.ID)
	f.eventually("tried and put off", func() bool {
		m := f.get(m.ID)
		return m.State == mailstead.OutgoingQueued && m.Code == "deliver.greylisted"
	})
	f.clock.advance(20 * time.Minute)
	f.wait(m.ID, mailstead.OutgoingAccepted)
}
