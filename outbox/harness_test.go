package outbox_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/netip"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/blob"
	"github.com/mailstead/mailstead/diagnose"
	"github.com/mailstead/mailstead/dial"
	"github.com/mailstead/mailstead/fakemail"
	"github.com/mailstead/mailstead/outbox"
	"github.com/mailstead/mailstead/provider/imap"
	"github.com/mailstead/mailstead/provider/smtp"
	"github.com/mailstead/mailstead/queue"
	"github.com/mailstead/mailstead/store"
	"github.com/mailstead/mailstead/store/sqlite"
)

// audited is an entry for steps whose audit a test does not look at.
var audited = mailstead.AuditEntry{
	Action: mailstead.AuditAccountUpdate, Object: mailstead.AuditObject{Kind: mailstead.AuditAccount, ID: "1"},
}

// clock is a clock that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// office is the journey with everything around it: the real store, the real
// drivers, and servers that break on demand.
type office struct {
	t       *testing.T
	clock   *clock
	db      *store.DB
	blobs   *blob.Packs
	smtp    *fakemail.SMTPServer
	imap    *fakemail.IMAPServer
	source  *imap.Driver
	config  outbox.Config
	service *outbox.Service
	sweeps  atomic.Int64

	mu      sync.Mutex
	secret  string
	copied  []mailstead.AccountID
	anna    mailstead.Actor
	admin   mailstead.Actor
	account mailstead.Account
}

const password = "secret-of-anna"

// options change an office before it opens.
type options struct {
	smtp   fakemail.SMTPConfig
	change func(*outbox.Config)
	// sendOnly leaves the account without an incoming side.
	sendOnly bool
	// pop3 lets the account read its mailbox by POP3.
	pop3     bool
	provider mailstead.ProviderID
}

func newOffice(t *testing.T, o options) *office {
	t.Helper()
	f := &office{t: t, secret: password, clock: &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	var err error
	f.db, err = sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "mailstead.db"), store.Options{Now: f.clock.Now})
	must(err)
	t.Cleanup(func() { _ = f.db.Close() })
	f.blobs, err = blob.Open(t.TempDir(), blob.Options{})
	must(err)
	t.Cleanup(func() { _ = f.blobs.Close() })
	o.smtp.Users = map[string]fakemail.SMTPUser{"anna@example.com": {Password: password}}
	f.smtp, err = fakemail.StartSMTP(o.smtp)
	must(err)
	t.Cleanup(f.smtp.Close)
	f.imap, err = fakemail.StartIMAP(fakemail.IMAPConfig{Users: map[string]fakemail.IMAPUser{
		"anna@example.com": {Password: password, Folders: map[string]mailstead.FolderRole{"Sent": mailstead.FolderSent}},
	}})
	must(err)
	t.Cleanup(f.imap.Close)

	dialer := dial.New(dial.Config{Allowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	explain, err := diagnose.New()
	must(err)
	f.source = imap.New(imap.Config{Dialer: dialer})
	f.config = outbox.Config{
		Store: sweptStore{f.db, &f.sweeps}, Shelf: f.db, Trips: f.db, Blobs: f.blobs, Credentials: f, Sender: smtp.New(dialer, smtp.Options{Now: time.Now}),
		Source: f.source, Explain: explain, Now: f.clock.Now, Logger: slog.New(slog.NewTextHandler(testWriter{t}, nil)),
		SweepEvery: 2 * time.Millisecond,
		SentCopied: func(id mailstead.AccountID) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.copied = append(f.copied, id)
		},
	}
	if o.change != nil {
		o.change(&f.config)
	}
	anna := mailstead.User{Name: "Anna", Email: "anna@example.com", Role: mailstead.RoleUser}
	admin := mailstead.User{Name: "Admin", Email: "admin@example.com", Role: mailstead.RoleAdmin}
	must(f.db.CreateUser(t.Context(), &admin, "x", false, audited))
	must(f.db.CreateUser(t.Context(), &anna, "x", false, audited))
	f.anna, f.admin = mailstead.Actor{User: anna}, mailstead.Actor{User: admin}
	f.account = mailstead.Account{
		Key: "key", OwnerID: anna.ID, Name: "Anna", DisplayName: "Anna Ärmel", Address: "anna@example.com", ProviderID: o.provider,
		Outgoing: &mailstead.Side{Server: f.smtp.Server(), Login: "anna@example.com", Secret: mailstead.SecretBoth, Enabled: true, Health: mailstead.Health{State: mailstead.HealthNew}},
	}
	if !o.sendOnly {
		f.account.Incoming = &mailstead.Side{Server: f.imap.Server(), Login: "anna@example.com", Secret: mailstead.SecretBoth, Enabled: true, Health: mailstead.Health{State: mailstead.HealthNew}}
	}
	if o.pop3 {
		f.account.Incoming.Server.Protocol = mailstead.POP3
	}
	f.account.ID, err = f.db.ConnectAccount(t.Context(), mailstead.Connected{Audit: audited, Account: &f.account})
	must(err)
	f.build()
	return f
}

// testWriter shows the log with a failed test.
type testWriter struct{ t *testing.T }

func (w testWriter) Write(b []byte) (int, error) {
	if w.t.Context().Err() == nil {
		w.t.Log(string(bytes.TrimSpace(b)))
	}
	return len(b), nil
}

// build makes a service that has not started.
func (f *office) build() {
	f.config.Queue = queue.New(8)
	f.service = outbox.New(f.config)
	f.t.Cleanup(f.service.Stop)
}

func (f *office) start() {
	f.t.Helper()
	if err := f.service.Start(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
}

// restart stops the service and starts another on the same store.
func (f *office) restart() {
	f.t.Helper()
	f.service.Stop()
	f.build()
	f.start()
}

// Access implements outbox.Credentials.
func (f *office) Access(ctx context.Context, id mailstead.AccountID, side mailstead.SideName) (mailstead.Access, error) {
	a, err := f.db.Account(ctx, id)
	if err != nil {
		return mailstead.Access{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	s := a.Side(side)
	return mailstead.Access{Server: s.Server, Login: s.Login, Secret: mailstead.NewSecret(f.secret), AllowPlain: true}, nil
}

func (f *office) setSecret(s string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.secret = s
}

func draft(to ...string) mailstead.Draft {
	d := mailstead.Draft{Subject: "Hello", Text: "How are you?\n"}
	for _, a := range to {
		d.To = append(d.To, mailstead.Address{Address: a})
	}
	return d
}

// submit submits a mail of Anna's.
func (f *office) submit(to ...string) mailstead.OutgoingMessage {
	f.t.Helper()
	m, existed, err := f.service.Submit(f.t.Context(), f.anna, outbox.Submission{Draft: draft(to...)})
	if err != nil || existed {
		f.t.Fatalf("Submit: existed %v, %v", existed, err)
	}
	return m
}

func (f *office) get(id mailstead.OutgoingID) mailstead.OutgoingMessage {
	f.t.Helper()
	m, _, err := f.db.Outgoing(f.t.Context(), id)
	if err != nil {
		f.t.Fatal(err)
	}
	return m
}

// eventually waits for ok.
func (f *office) eventually(what string, ok func() bool) {
	f.t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			f.t.Fatalf("still not: %s", what)
		}
	}
}

// wait waits until a mail is in a state.
func (f *office) wait(id mailstead.OutgoingID, state mailstead.OutgoingState) mailstead.OutgoingMessage {
	f.t.Helper()
	var m mailstead.OutgoingMessage
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		if m = f.get(id); m.State == state {
			return m
		}
		if time.Now().After(end) {
			f.t.Fatalf("mail %d is %s (%s %s), want %s", id, m.State, m.Code, m.Reply, state)
		}
	}
}

// waitDue waits until a mail waits for its next attempt.
func (f *office) waitDue(id mailstead.OutgoingID, attempts int) mailstead.OutgoingMessage {
	f.t.Helper()
	var m mailstead.OutgoingMessage
	f.eventually("queued again", func() bool {
		m = f.get(id)
		return m.State == mailstead.OutgoingQueued && m.Attempts == attempts
	})
	return m
}

// waitCopy waits until the sent copy of a mail is in a state.
func (f *office) waitCopy(id mailstead.OutgoingID, state mailstead.SentCopyState) {
	f.t.Helper()
	f.eventually("sent copy "+string(state), func() bool { return f.get(id).SentCopy == state })
}

// settled waits until the sweep has gone round a few times.
func (f *office) settled() {
	f.t.Helper()
	goal := f.sweeps.Load() + 5
	f.eventually("swept", func() bool { return f.sweeps.Load() >= goal })
}

// sweptStore counts the sweeps.
type sweptStore struct {
	*store.DB
	sweeps *atomic.Int64
}

func (s sweptStore) DueOutgoingAccounts(ctx context.Context, now time.Time, limit int) ([]mailstead.AccountID, error) {
	s.sweeps.Add(1)
	return s.DB.DueOutgoingAccounts(ctx, now, limit)
}

// sent returns the mails in Anna's Sent folder.
func (f *office) sent() (out [][]byte) {
	f.t.Helper()
	for _, m := range f.sentRaw() {
		out = append(out, m.Data)
	}
	return out
}

func (f *office) sentRaw() (out []mailstead.RawMessage) {
	f.t.Helper()
	s, err := f.source.Open(f.t.Context(), mailstead.Access{
		Server: f.imap.Server(), Login: "anna@example.com", Secret: mailstead.NewSecret(password), AllowPlain: true,
	})
	if err != nil {
		f.t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Select(f.t.Context(), "Sent"); err != nil {
		f.t.Fatal(err)
	}
	uids, err := s.UIDs(f.t.Context(), mailstead.UIDWindow{})
	if err != nil {
		f.t.Fatal(err)
	}
	err = s.Fetch(f.t.Context(), uids, 1<<30, func(m mailstead.RawMessage) error {
		out = append(out, m)
		return nil
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return out
}

func (f *office) health() mailstead.Health {
	f.t.Helper()
	a, err := f.db.Account(f.t.Context(), f.account.ID)
	if err != nil {
		f.t.Fatal(err)
	}
	return a.Outgoing.Health
}
