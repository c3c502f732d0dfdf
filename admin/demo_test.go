package admin_test

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/admin"
	"github.com/mailstead/mailstead/discover"
)

// stage is a demo whose servers only say that they run, with accounts and an
// outbox that tests fill.
type stage struct {
	running   bool
	broken    error
	directory *discover.Directory
	accounts  []mailstead.Account
	// sending is how often an account is still busy when it is to go.
	sending int
	waiting []mailstead.OutgoingMessage
	// cancelled and deleted are in order.
	cancelled []mailstead.OutgoingID
	deleted   []mailstead.AccountID
}

func (s *stage) Start(context.Context) error {
	s.running = s.broken == nil
	return s.broken
}
func (s *stage) Stop()         { s.running = false }
func (s *stage) Running() bool { return s.running }

func (s *stage) Provider() mailstead.Provider {
	return mailstead.Provider{ID: "demo", Name: "Demo mail", Incoming: []mailstead.Server{demoServer("imap.demo.example")}}
}

func (s *stage) Domains() []mailstead.Domain {
	return []mailstead.Domain{
		{Name: "bad.demo.example", Source: mailstead.DomainAdministrator, Incoming: []mailstead.Server{demoServer("imap.bad.demo.example")}},
		{Name: "demo.example", Source: mailstead.DomainAdministrator, ProviderID: "demo"},
	}
}

func (s *stage) Addresses() []mailstead.DemoAddress {
	return []mailstead.DemoAddress{{Address: "anna@demo.example"}}
}

func (s *stage) Accounts(_ context.Context, _ mailstead.Actor, q mailstead.AccountQuery) ([]mailstead.Account, error) {
	var out []mailstead.Account
	for _, a := range s.accounts {
		asked := func(side *mailstead.Side) bool { return side != nil && slices.Contains(q.Hosts, side.Server.Host) }
		if a.ID > q.After.ID && len(out) < q.Limit && (asked(a.Incoming) || asked(a.Outgoing)) {
			out = append(out, a)
		}
	}
	return out, nil
}

func (s *stage) DeleteAccount(_ context.Context, actor mailstead.Actor, id mailstead.AccountID) error {
	if err := actor.Require(mailstead.ScopeAccounts); err != nil {
		return err
	}
	if s.sending > 0 {
		s.sending--
		return &mailstead.Error{Kind: mailstead.KindConflict, Code: "account.in_use"}
	}
	s.deleted = append(s.deleted, id)
	s.accounts = slices.DeleteFunc(s.accounts, func(a mailstead.Account) bool { return a.ID == id })
	return nil
}

func (s *stage) List(_ context.Context, _ mailstead.Actor, q mailstead.OutgoingQuery) ([]mailstead.OutgoingMessage, error) {
	var out []mailstead.OutgoingMessage
	for _, m := range s.waiting {
		if m.AccountID == q.AccountID && (q.Before == 0 || m.ID < q.Before) && len(out) < 1 {
			out = append(out, m)
		}
	}
	return out, nil
}

func (s *stage) Cancel(_ context.Context, _ mailstead.Actor, id mailstead.OutgoingID) (mailstead.OutgoingMessage, error) {
	s.cancelled = append(s.cancelled, id)
	s.waiting = slices.DeleteFunc(s.waiting, func(m mailstead.OutgoingMessage) bool { return m.ID == id })
	return mailstead.OutgoingMessage{}, nil
}

func demoServer(host string) mailstead.Server {
	return mailstead.Server{Protocol: mailstead.IMAP, Host: host, Port: 993, Security: mailstead.SecurityTLS}
}

// newStage returns a world with a demo.
func newStage(t *testing.T) (*world, *stage) {
	t.Helper()
	s := &stage{}
	w := newWorld(t, func(c *admin.Config) {
		directory, ok := c.Directory.(*discover.Directory)
		if !ok {
			t.Fatalf("the directory is a %T", c.Directory)
		}
		s.directory = directory
		c.Demo = admin.DemoConfig{Servers: s, Directory: s.directory, Accounts: s, Outbox: s}
	})
	return w, s
}

func TestDemoIsForAdministrators(t *testing.T) {
	w, s := newStage(t)
	ctx := t.Context()
	root := w.person(t, "root@firm.example", mailstead.RoleAdmin)
	token := func(scopes ...mailstead.Scope) mailstead.Actor {
		return mailstead.Actor{User: root.User, Scopes: scopes}
	}
	for name, c := range map[string]struct {
		actor mailstead.Actor
		want  mailstead.Kind
	}{
		"nobody":                        {mailstead.Actor{}, mailstead.KindUnauthenticated},
		"a user":                        {w.anna(t), mailstead.KindForbidden},
		"an administrator's weak token": {token(mailstead.ScopeAccounts, mailstead.ScopeRead, mailstead.ScopeSend), mailstead.KindForbidden},
		"an administrator":              {root, 0},
		"an administrator's token":      {token(mailstead.ScopeAdmin), 0},
		"the operator":                  {operator, 0},
	} {
		s.accounts = []mailstead.Account{{ID: w.account(t, 0, mailstead.SideIncoming), Incoming: &mailstead.Side{Server: demoServer("imap.demo.example")}}}
		_, err := w.Demo(ctx, c.actor)
		wantKind(t, name+" looks", err, c.want)
		_, err = w.AddDemo(ctx, c.actor)
		wantKind(t, name+" adds", err, c.want)
		if s.running != (c.want == 0) {
			t.Errorf("%s: running = %t", name, s.running)
		}
		wantKind(t, name+" removes", w.RemoveDemo(ctx, c.actor), c.want)
		if s.running || (len(s.accounts) == 0) != (c.want == 0) {
			t.Errorf("%s: running = %t, accounts %v", name, s.running, s.accounts)
		}
	}
}

func TestDemoComesAndGoes(t *testing.T) {
	w, s := newStage(t)
	ctx := t.Context()
	root := w.person(t, "root@firm.example", mailstead.RoleAdmin)
	other := mailstead.Domain{Name: "firm.example", ProviderID: "gmail", Source: mailstead.DomainAdministrator}
	if err := w.store.PutDomains(ctx, []mailstead.Domain{other}, audited); err != nil {
		t.Fatal(err)
	}
	if err := w.ResumeDemo(ctx); err != nil || s.running {
		t.Errorf("resumed without a choice: %v, running = %t", err, s.running)
	}
	for range 2 {
		d, err := w.AddDemo(ctx, operator)
		if err != nil || !d.Active || len(d.Addresses) != 1 || d.Accounts == nil {
			t.Fatalf("add = %+v, %v", d, err)
		}
	}
	if p, ok := s.directory.Provider("demo"); !ok || p.Name != "Demo mail" {
		t.Errorf("the provider = %+v, %t", p, ok)
	}
	names := func() (out []string) {
		rows, err := w.store.Domains(ctx, mailstead.DomainQuery{})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			out = append(out, r.Name)
		}
		return out
	}
	if diff := cmp.Diff([]string{"bad.demo.example", "demo.example", "firm.example"}, names()); diff != "" {
		t.Errorf("domains (-want +got):\n%s", diff)
	}

	// A restart: the servers stand still until the choice is read.
	s.running = false
	s.directory.Remove()
	if d, err := w.Demo(ctx, operator); err != nil || d.Active {
		t.Errorf("before it is resumed: %+v, %v", d, err)
	}
	if err := w.ResumeDemo(ctx); err != nil || !s.running {
		t.Errorf("resume: %v, running = %t", err, s.running)
	}

	side := func(host string) *mailstead.Side { return &mailstead.Side{Server: demoServer(host)} }
	id := w.account(t, 0, mailstead.SideOutgoing)
	w.account(t, root.User.ID, mailstead.SideOutgoing)
	w.account(t, w.anna(t).User.ID, mailstead.SideOutgoing)
	if err := w.store.SetSystemAccount(ctx, id, audited); err != nil {
		t.Fatal(err)
	}
	s.accounts = []mailstead.Account{
		{ID: id, Outgoing: side("imap.bad.demo.example")},
		{ID: id + 1, Incoming: side("imap.firm.example"), Outgoing: side("smtp.firm.example")},
		{ID: id + 2, Incoming: side("imap.demo.example"), Outgoing: side("smtp.firm.example")},
	}
	folders, err := w.store.SyncFolders(ctx, id, []mailstead.RemoteFolder{{Path: "INBOX", Role: mailstead.FolderInbox}}, w.now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.store.ApplySync(ctx, mailstead.SyncBatch{
		AccountID: id, FolderID: folders[0].ID, At: w.now, RemoteTotal: 1, Messages: []mailstead.NewMessage{{Message: mailstead.Message{
			AccountID: id, FolderID: folders[0].ID, UID: 1, ReceivedAt: w.now,
		}}},
	}); err != nil {
		t.Fatal(err)
	}
	s.waiting = []mailstead.OutgoingMessage{{ID: 9, AccountID: id}, {ID: 8, AccountID: id + 1}, {ID: 7, AccountID: id}}
	s.sending = 2
	if d, err := w.Demo(ctx, operator); err != nil || !slices.Equal(d.Accounts, []mailstead.AccountID{id, id + 2}) {
		t.Errorf("accounts = %v, %v", d.Accounts, err)
	}
	if err := w.RemoveDemo(ctx, operator); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(s.deleted, []mailstead.AccountID{id, id + 2}) || !slices.Equal(s.cancelled, []mailstead.OutgoingID{9, 7}) {
		t.Errorf("deleted %v, cancelled %v", s.deleted, s.cancelled)
	}
	if left, err := w.store.Messages(ctx, mailstead.MessageQuery{AccountID: id, Limit: 10}); err != nil || len(left) > 0 {
		t.Errorf("mail = %v, %v, want none", left, err)
	}
	if left, err := w.store.Assignments(ctx, id); err != nil || len(left) > 0 {
		t.Errorf("assignments = %v, %v, want none", left, err)
	}
	if _, ok := s.directory.Provider("demo"); ok || s.running {
		t.Errorf("the provider is there: %t, running = %t", ok, s.running)
	}
	if diff := cmp.Diff([]string{"firm.example"}, names()); diff != "" {
		t.Errorf("domains after the end (-want +got):\n%s", diff)
	}
	wantKind(t, "removed again", w.RemoveDemo(ctx, operator), 0)
	if err := w.ResumeDemo(ctx); err != nil || s.running {
		t.Errorf("resumed after the end: %v, running = %t", err, s.running)
	}
}

func TestDemoThatCannotStartIsNotChosen(t *testing.T) {
	w, s := newStage(t)
	s.broken = &mailstead.Error{Kind: mailstead.KindInternal}
	_, err := w.AddDemo(t.Context(), operator)
	if err == nil {
		t.Error("added")
	}
	if rows, err := w.store.Domains(t.Context(), mailstead.DomainQuery{}); err != nil || len(rows) > 0 {
		t.Errorf("domains = %v, %v, want none", rows, err)
	}
}
