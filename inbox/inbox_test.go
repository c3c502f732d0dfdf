package inbox_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/blob"
	"github.com/mailstead/mailstead/inbox"
	"github.com/mailstead/mailstead/mailtest"
	"github.com/mailstead/mailstead/store"
	"github.com/mailstead/mailstead/store/sqlite"
)

type desk struct {
	t     *testing.T
	box   *mailbox
	db    *store.DB
	blobs *blob.Packs
	inbox *inbox.Service
	id    mailstead.AccountID
}

type keys struct{}

func (keys) Access(context.Context, mailstead.AccountID, mailstead.SideName) (mailstead.Access, error) {
	return mailstead.Access{Login: "anna"}, nil
}

type plain struct{}

func (plain) Explain(_ mailstead.Protocol, _ string, err error) mailstead.Explanation {
	return mailstead.Explanation{Code: mailstead.CodeOf(err), Cause: "It failed."}
}

var anna = mailstead.Actor{User: mailstead.User{ID: 1, Role: mailstead.RoleUser}}

// newDesk connects an account of anna to a mailbox with an in-memory server.
func newDesk(t *testing.T, period mailstead.LoadPeriod, change ...func(*inbox.Config)) *desk {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"), store.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := blob.Open(t.TempDir(), blob.Options{})
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, box: newMailbox(), db: db, blobs: blobs}
	u := mailstead.User{Name: "Anna", Email: "anna@example.com", Role: mailstead.RoleUser}
	if err := db.CreateUser(t.Context(), &u, "", false, audited); err != nil {
		t.Fatal(err)
	}
	d.id = d.connect("anna@example.com", period)
	c := inbox.Config{
		Store: db, Shelf: db, Blobs: blobs, Credentials: keys{}, Source: d.box, Explain: plain{}, Now: time.Now,
		Logger: slog.New(slog.DiscardHandler), RetryDelays: []time.Duration{time.Millisecond},
	}
	for _, f := range change {
		f(&c)
	}
	d.inbox = inbox.New(c)
	t.Cleanup(func() {
		d.inbox.Stop()
		if err := blobs.Close(); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func (d *desk) connect(address string, period mailstead.LoadPeriod) mailstead.AccountID {
	d.t.Helper()
	a := mailstead.Account{
		Key: address, OwnerID: 1, Address: address, Name: address, LoadPeriod: period,
		Incoming: &mailstead.Side{
			Server:  mailstead.Server{Protocol: mailstead.IMAP, Host: "imap.example.com", Port: 993, Security: mailstead.SecurityTLS},
			Enabled: true, Health: mailstead.Health{State: mailstead.HealthNew},
		},
	}
	id, err := d.db.ConnectAccount(d.t.Context(), mailstead.Connected{Audit: audited, Account: &a})
	if err != nil {
		d.t.Fatal(err)
	}
	return id
}

func (d *desk) start() {
	d.t.Helper()
	if err := d.inbox.Start(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
}

// subjects returns the subjects in the folder with the role, newest first.
func (d *desk) subjects(role mailstead.FolderRole) []string {
	var out []string
	for _, m := range d.messages(role) {
		out = append(out, m.Subject)
	}
	return out
}

func (d *desk) folder(role mailstead.FolderRole) (mailstead.Folder, bool) {
	d.t.Helper()
	folders, err := d.inbox.Folders(d.t.Context(), anna, d.id)
	if err != nil {
		d.t.Fatal(err)
	}
	for i := range folders {
		if folders[i].Role == role {
			return folders[i], true
		}
	}
	return mailstead.Folder{}, false
}

func (d *desk) messages(role mailstead.FolderRole) []mailstead.Message {
	d.t.Helper()
	f, ok := d.folder(role)
	if !ok {
		return nil
	}
	list, err := d.inbox.Messages(d.t.Context(), anna, mailstead.MessageQuery{AccountID: d.id, FolderID: f.ID, Limit: mailstead.MaxPage})
	if err != nil {
		d.t.Fatal(err)
	}
	return list
}

func (d *desk) await(what string, done func() bool) {
	d.t.Helper()
	mailtest.Await(d.t, what, done)
}

// done reports whether the folder's load period is complete.
func (d *desk) done(role mailstead.FolderRole) bool {
	f, ok := d.folder(role)
	if !ok {
		return false
	}
	stored, err := d.db.Folder(d.t.Context(), f.ID)
	if err != nil {
		d.t.Fatal(err)
	}
	return stored.Cursor.Done && stored.Cursor.Next > 0
}

func fill(d *desk, n int, every time.Duration) {
	for i := range n {
		d.box.add("INBOX", fmt.Sprintf("m%d", i), time.Now().Add(-time.Duration(n-i)*every))
	}
}

func TestLoadPeriods(t *testing.T) {
	for period, want := range map[mailstead.LoadPeriod]int{"none": 50, "count:70": 70, "count:10": 50, "all": 190, "days:6": 144} {
		t.Run(string(period), func(t *testing.T) {
			d := newDesk(t, period)
			fill(d, 190, time.Hour)
			d.start()
			d.await("the inbox is loaded", func() bool { return d.done(mailstead.FolderInbox) })
			got := d.subjects(mailstead.FolderInbox)
			// The server's window has whole days: the time of day decides up to 24.
			if n := len(got); n < want-1 || n > want+24 || (want != 144 && n != want) {
				t.Errorf("%d messages are loaded, want %d", n, want)
			}
			if got[0] != "m189" || got[49] != "m140" {
				t.Errorf("the newest are %s … %s", got[0], got[49])
			}
		})
	}
}

func TestNewestComeFirstAndProgressIsTold(t *testing.T) {
	d := newDesk(t, "all")
	fill(d, 120, time.Hour)
	d.start()
	d.await("everything is loaded", func() bool { return d.done(mailstead.FolderInbox) })
	events, err := d.db.Events(t.Context(), 0, 1000, 0)
	if err != nil {
		t.Fatal(err)
	}
	var progress []string
	for _, e := range events {
		if strings.HasPrefix(string(e.Type), "load.") && strings.Contains(string(e.Data), `"inbox"`) {
			progress = append(progress, string(e.Type)+" "+string(e.Data))
		}
	}
	if len(progress) < 2 || !strings.Contains(progress[0], `"loaded":50,"wanted":120`) ||
		!strings.HasPrefix(progress[len(progress)-1], "load.done") || !strings.Contains(progress[len(progress)-1], `"loaded":120`) {
		t.Errorf("progress was %q", progress)
	}
}

func TestFollowing(t *testing.T) {
	d := newDesk(t, "all")
	fill(d, 3, time.Hour)
	d.start()
	d.await("the inbox is loaded", func() bool { return len(d.subjects(mailstead.FolderInbox)) == 3 })
	uid := d.box.add("INBOX", "new", time.Now())
	d.await("new mail is seen", func() bool { return strings.Join(d.subjects(mailstead.FolderInbox), " ") == "new m2 m1 m0" })
	d.box.markSeen("INBOX", uid)
	d.await("its flag is seen", func() bool { return d.messages(mailstead.FolderInbox)[0].Flags.Seen })
	d.box.remove("INBOX", 2)
	d.await("a removal is seen", func() bool { return strings.Join(d.subjects(mailstead.FolderInbox), " ") == "new m2 m0" })
	d.box.renumber("INBOX")
	d.await("new UIDs are taken over", func() bool {
		got := d.messages(mailstead.FolderInbox)
		return len(got) == 3 && got[0].UID == 3 && got[0].Subject == "new"
	})
	// Folders without IDLE are looked at when somebody asks.
	d.box.add("Sent", "answer", time.Now())
	if err := d.inbox.Sync(t.Context(), anna, d.id); err != nil {
		t.Fatal(err)
	}
	d.await("the other folder is looked at", func() bool { return len(d.subjects(mailstead.FolderSent)) == 1 })
	f, _ := d.folder(mailstead.FolderInbox)
	if f.Total != 3 || f.RemoteTotal != 3 || f.Unread != 2 {
		t.Errorf("counters: %d here, %d there, %d unread; want 3, 3, 2", f.Total, f.RemoteTotal, f.Unread)
	}
}

func TestALostConnectionCostsWorkAndNoMail(t *testing.T) {
	for _, after := range []int{1, 30, 49, 51, 120, 189} {
		t.Run(fmt.Sprint(after), func(t *testing.T) {
			d := newDesk(t, "all")
			fill(d, 190, time.Hour)
			d.box.breakAfter = after
			d.start()
			d.await("everything is loaded", func() bool { return d.done(mailstead.FolderInbox) && len(d.subjects(mailstead.FolderInbox)) == 190 })
			d.box.add("INBOX", "later", time.Now())
			d.await("mail goes on", func() bool { return d.subjects(mailstead.FolderInbox)[0] == "later" })
		})
	}
}

func TestOddMailStopsNothing(t *testing.T) {
	d := newDesk(t, "all", func(c *inbox.Config) { c.MaxMessageSize = 1000 })
	now := time.Now()
	d.box.add("INBOX", "first", now.Add(-3*time.Hour))
	d.box.addRaw("INBOX", []byte{0, 1, 2, 3, 255, 254}, now.Add(-2*time.Hour))
	d.box.addRaw("INBOX", []byte("Subject: huge\r\n\r\n"+strings.Repeat("x", 2000)), now.Add(-time.Hour))
	d.box.add("INBOX", "last", now)
	d.start()
	d.await("all four are here", func() bool { return len(d.messages(mailstead.FolderInbox)) == 4 })
	got := d.messages(mailstead.FolderInbox)
	if got[1].State != mailstead.MessageTooLarge || got[2].State != mailstead.MessageQuarantined || got[1].Defect == "" || got[2].Defect == "" {
		t.Errorf("states: %q (%s), %q (%s)", got[1].State, got[1].Defect, got[2].State, got[2].Defect)
	}
	if raw, err := d.inbox.Raw(t.Context(), anna, got[2].ID); err != nil || len(raw) != 6 {
		t.Errorf("the bytes of the quarantined mail: %d, %v", len(raw), err)
	}
	if _, err := d.inbox.Raw(t.Context(), anna, got[1].ID); mailstead.CodeOf(err) != "message.not_loaded" {
		t.Errorf("the bytes of the large mail: %v", err)
	}
	if o, err := d.inbox.Open(t.Context(), anna, got[2].ID); err != nil || o.Mail != nil {
		t.Errorf("opening the quarantined mail: %v", err)
	}
}

func TestRefusedSignInWaitsForAPerson(t *testing.T) {
	d := newDesk(t, "all")
	fill(d, 1, time.Hour)
	d.box.refuse = &mailstead.Error{Kind: mailstead.KindCredentials, Code: "auth.bad_credentials"}
	d.start()
	health := func() mailstead.Health {
		a, err := d.db.Account(t.Context(), d.id)
		if err != nil {
			t.Fatal(err)
		}
		return a.Incoming.Health
	}
	d.await("trouble is told", func() bool { return health().State == mailstead.HealthTrouble })
	if h := health(); h.Code != "auth.bad_credentials" || h.Text == "" || h.CheckedAt.IsZero() {
		t.Errorf("health: %+v", h)
	}
	if d.box.opened != 1 {
		t.Errorf("a refused password was tried %d times", d.box.opened)
	}
	d.box.change(func() { d.box.refuse = nil })
	d.inbox.Restart(d.id)
	d.await("it works again", func() bool {
		return health().State == mailstead.HealthOK && len(d.subjects(mailstead.FolderInbox)) == 1
	})
	if h := health(); h.Code != "" || h.SuccessAt.IsZero() {
		t.Errorf("health: %+v", h)
	}
}

func TestADisabledAccountIsLeft(t *testing.T) {
	d := newDesk(t, "all")
	fill(d, 1, time.Hour)
	d.start()
	d.await("the inbox is loaded", func() bool { return len(d.subjects(mailstead.FolderInbox)) == 1 })
	a, err := d.db.Account(t.Context(), d.id)
	if err != nil {
		t.Fatal(err)
	}
	a.Incoming.Enabled = false
	if err := d.db.UpdateAccount(t.Context(), &a, nil, audited, nil); err != nil {
		t.Fatal(err)
	}
	d.inbox.Restart(d.id)
	d.box.add("INBOX", "unseen", time.Now())
	a.Incoming.Enabled = true
	if err := d.db.UpdateAccount(t.Context(), &a, nil, audited, nil); err != nil {
		t.Fatal(err)
	}
	d.inbox.Restart(d.id)
	d.await("reading goes on", func() bool { return len(d.subjects(mailstead.FolderInbox)) == 2 })
}

func TestEqualMailOfTwoAccountsIsStoredOnce(t *testing.T) {
	d := newDesk(t, "all")
	fill(d, 20, time.Hour)
	d.connect("sales@example.com", "all")
	d.start()
	count := func() (rows int) {
		for _, id := range []mailstead.AccountID{d.id, d.id + 1} {
			list, err := d.inbox.Messages(t.Context(), anna, mailstead.MessageQuery{AccountID: id, Limit: 100})
			if err != nil {
				t.Fatal(err)
			}
			rows += len(list)
		}
		return rows
	}
	d.await("both are loaded", func() bool { return count() == 40 })
	// Two accounts that load the same mail in the same instant may both write it;
	// a third one must find it.
	d.connect("third@example.com", "all")
	before := bodies(t, d.blobs)
	d.inbox.Nudge(d.id + 2)
	d.await("the third is loaded", func() bool {
		list, err := d.inbox.Messages(t.Context(), anna, mailstead.MessageQuery{AccountID: d.id + 2, Limit: 100})
		return err == nil && len(list) == 20
	})
	if after := bodies(t, d.blobs); after != before {
		t.Errorf("%d bodies were stored again", after-before)
	}
}

func bodies(t *testing.T, p *blob.Packs) (n int) {
	t.Helper()
	if err := p.Walk(t.Context(), func(mailstead.BlobRef, []byte) error { n++; return nil }); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestRights(t *testing.T) {
	d := newDesk(t, "all")
	fill(d, 1, time.Hour)
	d.start()
	d.await("the inbox is loaded", func() bool { return len(d.messages(mailstead.FolderInbox)) == 1 })
	m := d.messages(mailstead.FolderInbox)[0]
	stranger := mailstead.Actor{User: mailstead.User{ID: 2, Role: mailstead.RoleUser}}
	sender := mailstead.Actor{User: anna.User, Scopes: []mailstead.Scope{mailstead.ScopeSend}}
	for name, call := range map[string]func(mailstead.Actor) error{
		"folders": func(a mailstead.Actor) error { _, err := d.inbox.Folders(t.Context(), a, d.id); return err },
		"messages": func(a mailstead.Actor) error {
			_, err := d.inbox.Messages(t.Context(), a, mailstead.MessageQuery{AccountID: d.id, Limit: 1})
			return err
		},
		"open": func(a mailstead.Actor) error { _, err := d.inbox.Open(t.Context(), a, m.ID); return err },
		"raw":  func(a mailstead.Actor) error { _, err := d.inbox.Raw(t.Context(), a, m.ID); return err },
		"sync": func(a mailstead.Actor) error { return d.inbox.Sync(t.Context(), a, d.id) },
		"flags": func(a mailstead.Actor) error {
			f := mailstead.Flags{Seen: true}
			return d.inbox.SetFlags(t.Context(), a, []mailstead.MessageID{m.ID}, f, f)
		},
	} {
		t.Run(name, func(t *testing.T) {
			if err := call(stranger); mailstead.KindOf(err) != mailstead.KindNotFound {
				t.Errorf("a stranger got %v", err)
			}
			if err := call(mailstead.Actor{}); mailstead.KindOf(err) != mailstead.KindUnauthenticated {
				t.Errorf("nobody got %v", err)
			}
			if err := call(sender); mailstead.KindOf(err) != mailstead.KindForbidden {
				t.Errorf("a token that may only send got %v", err)
			}
			if err := call(anna); err != nil {
				t.Errorf("the owner got %v", err)
			}
		})
	}
	d.await("the server has the flag", func() bool {
		d.box.mu.Lock()
		defer d.box.mu.Unlock()
		return d.box.folders["INBOX"].mails[0].Flags.Seen
	})
	if !d.messages(mailstead.FolderInbox)[0].Flags.Seen {
		t.Error("the flag is not set here")
	}
}
