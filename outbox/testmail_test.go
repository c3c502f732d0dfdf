package outbox_test

import (
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/outbox"
)

// came puts a mail of the outbox into a folder of Anna's, as her worker would.
func (f *office) came(m mailstead.OutgoingMessage, role mailstead.FolderRole, uid mailstead.UID) mailstead.MessageID {
	f.t.Helper()
	folders, err := f.db.SyncFolders(f.t.Context(), f.account.ID, []mailstead.RemoteFolder{
		{Path: "INBOX", Role: mailstead.FolderInbox}, {Path: "Sent", Role: mailstead.FolderSent},
	}, f.clock.Now())
	if err != nil {
		f.t.Fatal(err)
	}
	for _, folder := range folders {
		if folder.Role != role {
			continue
		}
		n := mailstead.NewMessage{Message: mailstead.Message{UID: uid, ReceivedAt: f.clock.Now(), Headers: mailstead.Headers{InternetMessageID: m.InternetMessageID}}}
		ids, err := f.db.ApplySync(f.t.Context(), mailstead.SyncBatch{
			AccountID: f.account.ID, FolderID: folder.ID, Messages: []mailstead.NewMessage{n}, RemoteTotal: -1, At: f.clock.Now(),
		})
		if err != nil {
			f.t.Fatal(err)
		}
		return ids[0]
	}
	f.t.Fatalf("no folder %s", role)
	return 0
}

func (f *office) test(in outbox.TestMail) mailstead.OutgoingMessage {
	f.t.Helper()
	m, err := f.service.SubmitTest(f.t.Context(), f.anna, in)
	if err != nil {
		f.t.Fatal(err)
	}
	return m
}

func TestATestMailIsAMailLikeEveryOther(t *testing.T) {
	f := newOffice(t, options{})
	f.start()
	m := f.test(outbox.TestMail{AccountID: f.account.ID, To: "bert@example.com", Subject: "Does it?"})
	if m.Reason.Level != mailstead.LevelChosen || m.Reason.Purpose != mailstead.PurposeTest || m.Arrival != nil {
		t.Errorf("mail = %+v, want a test from the chosen account", m)
	}
	if got := f.wait(m.ID, mailstead.OutgoingAccepted); got.Subject != "Does it?" || got.Reply == "" {
		t.Errorf("accepted = %+v, want the subject and the server's words", got)
	}
	m = f.test(outbox.TestMail{})
	if m.Reason.Level != mailstead.LevelUser || m.Recipients[0].Address != "anna@example.com" || m.Subject == "" {
		t.Errorf("mail = %+v, want one from the user's account to itself", m)
	}
}

func TestATestMailOfAnAccountInTroubleIsHeld(t *testing.T) {
	f := newOffice(t, options{})
	trouble := mailstead.Health{State: mailstead.HealthTrouble, Code: "auth.bad_credentials", Text: "The password is wrong."}
	if err := f.db.SetHealth(t.Context(), f.account.ID, mailstead.SideOutgoing, trouble); err != nil {
		t.Fatal(err)
	}
	f.start()
	m := f.test(outbox.TestMail{AccountID: f.account.ID})
	if m.State != mailstead.OutgoingHeld || m.Code != "auth.bad_credentials" {
		t.Errorf("mail = %+v, want it held, and why", m)
	}
}

func TestWhoMaySendATestMail(t *testing.T) {
	f := newOffice(t, options{change: func(c *outbox.Config) {
		c.AllowTest = func(a mailstead.Actor) error {
			if a.User.Name == "Admin" {
				return &mailstead.Error{Kind: mailstead.KindThrottled, Code: "connect.too_many_tests", Text: "Wait."}
			}
			return nil
		}
	}})
	bert := mailstead.User{Name: "Bert", Email: "bert@example.com", Role: mailstead.RoleUser}
	if err := f.db.CreateUser(t.Context(), &bert, "x", false, audited); err != nil {
		t.Fatal(err)
	}
	stranger := mailstead.Actor{User: bert}
	for name, c := range map[string]struct {
		actor mailstead.Actor
		in    outbox.TestMail
		code  string
	}{
		"a stranger":                    {stranger, outbox.TestMail{AccountID: f.account.ID}, "account.not_found"},
		"for somebody else":             {stranger, outbox.TestMail{UserID: f.anna.User.ID}, "role.admin_required"},
		"too many":                      {f.admin, outbox.TestMail{AccountID: f.account.ID}, "connect.too_many_tests"},
		"no address":                    {f.anna, outbox.TestMail{To: "bert"}, "input.address"},
		"a mailbox that nobody reads":   {f.anna, outbox.TestMail{To: "bert@example.com", RoundTrip: true}, "test_mail.not_read"},
		"a token that may not send":     {mailstead.Actor{User: f.anna.User, Scopes: []mailstead.Scope{mailstead.ScopeRead}}, outbox.TestMail{}, "token.scope"},
		"a token that may not read it":  {mailstead.Actor{User: f.anna.User, Scopes: []mailstead.Scope{mailstead.ScopeSend}}, outbox.TestMail{RoundTrip: true}, "test_mail.not_read"},
		"an account that is not there":  {f.anna, outbox.TestMail{AccountID: 99}, "account.not_found"},
		"an account of somebody's else": {stranger, outbox.TestMail{RoundTrip: true, To: "anna@example.com"}, "send.no_sender"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := f.service.SubmitTest(t.Context(), c.actor, c.in); mailstead.CodeOf(err) != c.code {
				t.Errorf("got %v, want %s", err, c.code)
			}
		})
	}
}

func TestARoundTripTellsWhenTheMailArrives(t *testing.T) {
	nudged := make(chan mailstead.AccountID, 100)
	f := newOffice(t, options{change: func(c *outbox.Config) { c.Nudge = func(id mailstead.AccountID) { nudged <- id } }})
	f.start()
	m := f.test(outbox.TestMail{AccountID: f.account.ID, RoundTrip: true})
	if m.Arrival == nil || m.Arrival.State != mailstead.ArrivalWaiting {
		t.Fatalf("arrival = %+v, want a waiting one", m.Arrival)
	}
	f.wait(m.ID, mailstead.OutgoingAccepted)
	if got := <-nudged; got != f.account.ID {
		t.Errorf("asked %d for new mail, want the receiver's account", got)
	}
	f.came(m, mailstead.FolderSent, 1)
	f.settled()
	if got := f.get(m.ID).Arrival; got.State != mailstead.ArrivalWaiting {
		t.Errorf("the sent copy counts as arrival: %+v", got)
	}
	id := f.came(m, mailstead.FolderInbox, 1)
	f.eventually("arrived", func() bool { return f.get(m.ID).Arrival.State == mailstead.ArrivalArrived })
	if got := f.get(m.ID).Arrival; got.MessageID != id || got.Folder != mailstead.FolderInbox || got.ArrivedAt.IsZero() {
		t.Errorf("arrival = %+v, want message %d in the inbox", got, id)
	}
}

func TestARoundTripGivesUpAndTheMailMayStillCome(t *testing.T) {
	f := newOffice(t, options{})
	f.start()
	m := f.test(outbox.TestMail{AccountID: f.account.ID, RoundTrip: true})
	f.wait(m.ID, mailstead.OutgoingAccepted)
	f.clock.advance(61 * time.Second)
	f.eventually("given up", func() bool { return f.get(m.ID).Arrival.State == mailstead.ArrivalMissing })
	// The state survives the service.
	f.restart()
	f.came(m, mailstead.FolderInbox, 1)
	f.clock.advance(time.Minute)
	f.restart()
	f.eventually("arrived late", func() bool { return f.get(m.ID).Arrival.State == mailstead.ArrivalArrived })
}

func TestMailsOfTheSystemLeaveByItsAccountAlone(t *testing.T) {
	f := newOffice(t, options{})
	f.start()
	alert := mailstead.SystemMail{Purpose: mailstead.PurposeAlert, To: []string{"bert@example.com"}, Subject: "x", Text: "y", Key: "k"}
	if _, err := f.service.SubmitSystem(t.Context(), alert); mailstead.CodeOf(err) != outbox.CodeNoSystemAccount {
		t.Fatalf("without a default account: %v", err)
	}
	if err := f.db.SetSystemAccount(t.Context(), f.account.ID, audited); err != nil {
		t.Fatal(err)
	}
	m, err := f.service.SubmitSystem(t.Context(), alert)
	if err != nil {
		t.Fatal(err)
	}
	if m.Reason.Level != mailstead.LevelSystem || m.Reason.Purpose != mailstead.PurposeAlert || m.AccountID != f.account.ID {
		t.Errorf("mail = %+v, want one of the system's account", m)
	}
	f.wait(m.ID, mailstead.OutgoingAccepted)
	if again, err := f.service.SubmitSystem(t.Context(), alert); err != nil || again.ID != m.ID {
		t.Errorf("repeated: %d, %v, want the first mail", again.ID, err)
	}
	except := alert
	except.Key, except.Except = "l", []mailstead.AccountID{f.account.ID}
	if _, err := f.service.SubmitSystem(t.Context(), except); mailstead.CodeOf(err) != outbox.CodeSystemAccountTrouble {
		t.Errorf("by the account that is told of: %v", err)
	}
	trouble := mailstead.Health{State: mailstead.HealthTrouble, Code: "auth.bad_credentials"}
	if err := f.db.SetHealth(t.Context(), f.account.ID, mailstead.SideOutgoing, trouble); err != nil {
		t.Fatal(err)
	}
	alert.Key = "m"
	if _, err := f.service.SubmitSystem(t.Context(), alert); mailstead.CodeOf(err) != outbox.CodeSystemAccountTrouble {
		t.Errorf("an alert by an account in trouble: %v", err)
	}
	report := mailstead.SystemMail{Purpose: mailstead.PurposeReport, UserID: f.anna.User.ID, To: []string{"bert@example.com"}, Subject: "x", Text: "y"}
	if m, err := f.service.SubmitSystem(t.Context(), report); err != nil || m.State != mailstead.OutgoingHeld || !m.Reason.Held {
		t.Errorf("a report by an account in trouble = %+v, %v, want it held", m, err)
	}
}
