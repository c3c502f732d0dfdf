package connect_test

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/connect"
	"github.com/mailstead/mailstead/credential"
	"github.com/mailstead/mailstead/discover"
	"github.com/mailstead/mailstead/queue"
)

var testTime = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// world is a journey with a store, drivers and people.
type world struct {
	*connect.Service
	store    *memory
	sealer   *credential.Sealer
	incoming *driver
	outgoing *driver
	// connected, changed and healthy list the calls of the hooks.
	hooks                       sync.Mutex
	connected, changed, healthy []mailstead.AccountID
}

// The people of the tests.
var (
	anna     = mailstead.Actor{User: mailstead.User{ID: 1, Email: "anna@firm.example", Role: mailstead.RoleUser}}
	boris    = mailstead.Actor{User: mailstead.User{ID: 2, Email: "boris@firm.example", Role: mailstead.RoleUser}}
	root     = mailstead.Actor{User: mailstead.User{ID: 3, Email: "root@firm.example", Role: mailstead.RoleAdmin}}
	operator = mailstead.Actor{Operator: true}
)

func newWorld(t testing.TB, change ...func(*connect.Config)) *world {
	t.Helper()
	key, err := credential.CreateKeyFile(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	_, sealer, err := credential.NewKeyring(key)
	if err != nil {
		t.Fatal(err)
	}
	directory, err := discover.New()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		store: &memory{
			users:    []mailstead.User{anna.User, boris.User, root.User},
			accounts: map[mailstead.AccountID]mailstead.Account{}, secrets: map[mailstead.AccountID]map[mailstead.SecretField]mailstead.Sealed{},
			domains: map[string]mailstead.Domain{},
		},
		sealer: sealer, incoming: newDriver("right"), outgoing: newDriver("right"),
	}
	c := connect.Config{
		Hosts: queue.NewHosts(5),
		Store: w.store, Bin: w.store, Sealer: sealer, Directory: directory, Explainer: explainer{},
		Source: sourceDriver{w.incoming}, Sender: senderDriver{w.outgoing},
		Connected: w.hook(&w.connected), Changed: w.hook(&w.changed), Healthy: w.hook(&w.healthy),
		Now:    func() time.Time { return testTime },
		Logger: slog.New(slog.DiscardHandler),
	}
	for _, f := range change {
		f(&c)
	}
	w.Service = connect.New(c)
	return w
}

// hook returns a hook that notes its calls.
func (w *world) hook(calls *[]mailstead.AccountID) func(mailstead.AccountID) {
	return func(id mailstead.AccountID) {
		w.hooks.Lock()
		defer w.hooks.Unlock()
		*calls = append(*calls, id)
	}
}

// password returns the stored password of a side.
func (w *world) password(t *testing.T, id mailstead.AccountID, side mailstead.SideName) string {
	t.Helper()
	a := w.store.accounts[id]
	field := a.Side(side).Secret
	secret, err := w.sealer.Open(w.store.secrets[id][field], a.Key, field)
	if err != nil {
		t.Fatalf("open %s password: %v", side, err)
	}
	return secret.Reveal()
}

// connect stores the account of request() for anna.
func (w *world) connect(t *testing.T) mailstead.Account {
	t.Helper()
	saved, err := w.Save(t.Context(), anna, request())
	if err != nil {
		t.Fatal(err)
	}
	w.incoming.calls, w.outgoing.calls = nil, nil
	w.connected, w.changed, w.healthy = nil, nil, nil
	w.store.writes = 0
	return saved.Account
}

// request is a complete request with servers typed by hand.
func request() connect.Request {
	return connect.Request{
		Address: "anna@firm.example", DisplayName: "Anna Rossi",
		Incoming: &connect.ServerInput{Text: "imap.firm.example", Security: mailstead.SecurityTLS},
		Outgoing: &connect.ServerInput{Text: "smtp.firm.example", Security: mailstead.SecurityStartTLS},
		Password: mailstead.NewSecret("right"),
	}
}

// driver is a scripted mail server for one side.
type driver struct {
	mu    sync.Mutex
	calls []mailstead.Access
	froms []string
	// answer decides a check; nil signs in with the password.
	answer   func(ctx context.Context, a mailstead.Access) error
	password string
}

func newDriver(password string) *driver { return &driver{password: password} }

// fails makes servers by host or host:port:security fail; all others sign in.
func (d *driver) fails(answers map[string]error) {
	d.answer = func(_ context.Context, a mailstead.Access) error {
		for _, name := range []string{a.Server.String(), a.Server.Host} {
			if err, ok := answers[name]; ok {
				return err
			}
		}
		return nil
	}
}

// servers lists what was asked, in order.
func (d *driver) servers() []string {
	out := []string{}
	for _, a := range d.calls {
		out = append(out, a.Server.String())
	}
	return out
}

func (d *driver) check(ctx context.Context, a mailstead.Access, from string) mailstead.Report {
	d.mu.Lock()
	d.calls = append(d.calls, a)
	d.froms = append(d.froms, from)
	answer, password := d.answer, d.password
	d.mu.Unlock()
	var err error
	if answer != nil {
		err = answer(ctx, a)
	}
	if err == nil && a.Secret.Reveal() != password {
		err = at(mailstead.StageLogin, mailstead.KindCredentials, "auth.bad_credentials")
	}
	r := mailstead.Report{OK: err == nil}
	for _, stage := range []mailstead.StageName{mailstead.StageDNS, mailstead.StageTCP, mailstead.StageTLS, mailstead.StageGreeting, mailstead.StageLogin} {
		var failed *stageError
		if errors.As(err, &failed) && failed.stage == stage {
			r.Add(mailstead.Stage{Stage: stage, Err: failed.err}, a.Told)
			return r
		}
		r.Add(mailstead.Stage{Stage: stage, OK: true}, a.Told)
	}
	return r
}

type stageError struct {
	stage mailstead.StageName
	err   error
}

func (f *stageError) Error() string { return string(f.stage) + ": " + f.err.Error() }

// at is a failure of a stage.
func at(stage mailstead.StageName, kind mailstead.Kind, code string) error {
	return &stageError{stage, &mailstead.Error{Kind: kind, Code: code, Text: "scripted"}}
}

type sourceDriver struct{ d *driver }

func (s sourceDriver) Check(ctx context.Context, a mailstead.Access) mailstead.Report {
	return s.d.check(ctx, a, "")
}

func (s sourceDriver) Open(context.Context, mailstead.Access) (mailstead.Source, error) {
	return nil, errors.New("not scripted")
}

type senderDriver struct{ d *driver }

func (s senderDriver) Check(ctx context.Context, a mailstead.Access, from string) mailstead.Report {
	return s.d.check(ctx, a, from)
}

func (s senderDriver) Open(context.Context, mailstead.Access) (mailstead.Sender, error) {
	return nil, errors.New("not scripted")
}

type explainer struct{}

func (explainer) Report(r *mailstead.Report, provider string) {
	if f := r.Failure(); f != nil {
		f.Code, f.Cause, f.Action = mailstead.CodeOf(f.Err), "It failed at "+provider+".", "Do something."
	}
}

// memory is a store in memory.
type memory struct {
	// policies are those by default when nil.
	policies *mailstead.Policies
	mu       sync.Mutex
	writes   int
	users    []mailstead.User
	accounts map[mailstead.AccountID]mailstead.Account
	secrets  map[mailstead.AccountID]map[mailstead.SecretField]mailstead.Sealed
	setAt    map[mailstead.AccountID]time.Time
	domains  map[string]mailstead.Domain
	assigned []mailstead.Assignment
	// deleted accounts can be brought back; waiting are mails of the outbox.
	deleted map[mailstead.AccountID]mailstead.Account
	waiting []mailstead.Use
	// reads counts the questions for assignments.
	reads  int
	steps  []mailstead.Connected
	events []mailstead.Event
	audit  []mailstead.AuditEntry
}

func copied(a mailstead.Account) mailstead.Account {
	for _, side := range []**mailstead.Side{&a.Incoming, &a.Outgoing} {
		if *side != nil {
			c := **side
			*side = &c
		}
	}
	return a
}

func (m *memory) ConnectAccount(_ context.Context, c mailstead.Connected) (mailstead.AccountID, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.writes++
	c.Account.ID = mailstead.AccountID(len(m.accounts) + 1)
	m.accounts[c.Account.ID] = copied(*c.Account)
	m.secrets[c.Account.ID] = c.Secrets
	if c.Learned != nil {
		m.domains[c.Learned.Name] = *c.Learned
	}
	m.steps = append(m.steps, c)
	c.Audit.Object.ID = c.Account.ID.String()
	m.audit = append(m.audit, c.Audit)
	if c.Learned != nil {
		m.audit = append(m.audit, c.LearnedAudit)
	}
	m.events = append(m.events, c.Events...)
	return c.Account.ID, nil
}

func (m *memory) ConnectAccounts(ctx context.Context, all ...mailstead.Connected) error {
	for _, c := range all {
		if _, err := m.ConnectAccount(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) ConfigurationAccount(context.Context) (mailstead.Account, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range m.accounts {
		if a.FromConfiguration() {
			return copied(a), nil
		}
	}
	return mailstead.Account{}, mailstead.NotFound("account")
}

func (m *memory) AccountFor(_ context.Context, id mailstead.AccountID, user mailstead.UserID) (mailstead.Account, []mailstead.Assignment, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, ok := m.accounts[id]
	if !ok {
		return a, nil, mailstead.NotFound("account")
	}
	var reach []mailstead.Assignment
	for _, as := range m.assigned {
		if as.AccountID == id && as.UserID == user {
			reach = append(reach, as)
		}
	}
	return copied(a), reach, nil
}

func (m *memory) Accounts(_ context.Context, q mailstead.AccountQuery) ([]mailstead.Account, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []mailstead.Account
	for _, id := range slices.Sorted(maps.Keys(m.accounts)) {
		a := m.accounts[id]
		given := func(as mailstead.Assignment) bool { return as.AccountID == id && as.UserID == q.VisibleTo }
		if id > q.After.ID && (q.Address == "" || strings.EqualFold(q.Address, a.Address)) && len(out) < q.Limit && (q.VisibleTo == 0 || a.OwnerID == q.VisibleTo || slices.ContainsFunc(m.assigned, given)) {
			out = append(out, copied(a))
		}
	}
	return out, nil
}

func (m *memory) UpdateAccount(_ context.Context, a *mailstead.Account, secrets map[mailstead.SecretField]mailstead.Sealed, audit mailstead.AuditEntry, events []mailstead.Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	was := m.accounts[a.ID].UpdatedAt
	if !was.Equal(a.UpdatedAt) {
		return mailstead.AccountChanged()
	}
	m.writes++
	m.audit = append(m.audit, audit)
	a.UpdatedAt = was.Add(time.Millisecond)
	m.accounts[a.ID] = copied(*a)
	if secrets != nil {
		m.secrets[a.ID] = secrets
	}
	m.events = append(m.events, events...)
	return nil
}

func (m *memory) PasswordSetAt(_ context.Context, id mailstead.AccountID) (time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.setAt[id], nil
}

func (m *memory) Secrets(_ context.Context, id mailstead.AccountID) (map[mailstead.SecretField]mailstead.Sealed, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.secrets[id]), nil
}

func (m *memory) SetHealth(_ context.Context, id mailstead.AccountID, side mailstead.SideName, h mailstead.Health) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.writes++
	a := copied(m.accounts[id])
	a.Side(side).Health = h
	m.accounts[id] = a
	return nil
}

func (m *memory) AccountUses(_ context.Context, id mailstead.AccountID) ([]mailstead.Use, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []mailstead.Use
	for _, as := range m.assigned {
		switch {
		case as.AccountID != id:
		case as.System:
			out = append(out, mailstead.Use{Kind: mailstead.UseSystem})
		case as.ProfileID != 0:
			out = append(out, mailstead.Use{Kind: mailstead.UseProfile, ID: as.ProfileID.String()})
		default:
			out = append(out, mailstead.Use{Kind: mailstead.UseUser, ID: as.UserID.String()})
		}
	}
	return append(out, m.waiting...), nil
}

func (m *memory) AccountHoldings(context.Context, mailstead.AccountID) (mailstead.AccountHoldings, error) {
	return mailstead.AccountHoldings{Messages: 12, Elsewhere: 1}, nil
}

func (m *memory) RemoveAccount(ctx context.Context, r mailstead.AccountRemoval) error {
	uses, err := m.AccountUses(ctx, r.ID)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	a := m.accounts[r.ID]
	if !r.Seen.IsZero() && !r.Seen.Equal(a.UpdatedAt) {
		return mailstead.AccountChanged()
	}
	if err := a.CheckUnused(uses); err != nil {
		return err
	}
	m.writes++
	m.audit = append(m.audit, r.Audit)
	a.DeletedAt = r.At
	for _, side := range []*mailstead.Side{a.Incoming, a.Outgoing} {
		if side != nil {
			side.Secret = ""
		}
	}
	if m.deleted == nil {
		m.deleted = map[mailstead.AccountID]mailstead.Account{}
	}
	m.deleted[r.ID] = a
	delete(m.accounts, r.ID)
	delete(m.secrets, r.ID)
	return nil
}

func (m *memory) DeletedAccount(_ context.Context, id mailstead.AccountID) (mailstead.Account, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, ok := m.deleted[id]
	if !ok {
		return a, mailstead.NotFound("account")
	}
	return copied(a), nil
}

func (m *memory) RestoreAccount(_ context.Context, r mailstead.AccountRestoring) (mailstead.Account, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a := m.deleted[r.ID]
	if a.DeletedAt.Before(r.Since) {
		return a, mailstead.NotFound("account")
	}
	m.writes++
	m.audit = append(m.audit, r.Audit)
	m.events = append(m.events, r.Events...)
	for _, side := range []*mailstead.Side{a.Incoming, a.Outgoing} {
		if side != nil {
			side.Health = r.Health
		}
	}
	a.DeletedAt, a.UpdatedAt = time.Time{}, r.At
	m.accounts[r.ID] = copied(a)
	delete(m.deleted, r.ID)
	return a, nil
}

func (m *memory) PurgeAccount(_ context.Context, before time.Time, _ int, audit func(mailstead.Account) mailstead.AuditEntry) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, a := range m.deleted {
		if a.DeletedAt.Before(before) {
			delete(m.deleted, id)
			m.audit = append(m.audit, audit(a))
			return true, nil
		}
	}
	return false, nil
}

func (m *memory) Reach(_ context.Context, user mailstead.UserID, accounts []mailstead.AccountID) (map[mailstead.AccountID][]mailstead.Assignment, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reads++
	out := map[mailstead.AccountID][]mailstead.Assignment{}
	for _, as := range m.assigned {
		if as.UserID == user && slices.Contains(accounts, as.AccountID) {
			out[as.AccountID] = append(out[as.AccountID], as)
		}
	}
	return out, nil
}

func (m *memory) Domain(_ context.Context, name string) (mailstead.Domain, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, ok := m.domains[strings.ToLower(name)]
	if !ok {
		return d, mailstead.NotFound("domain")
	}
	return d, nil
}

func (m *memory) Policies(context.Context) (mailstead.Policies, error) {
	if m.policies != nil {
		return *m.policies, nil
	}
	return mailstead.DefaultPolicies(), nil
}

func (m *memory) User(_ context.Context, id mailstead.UserID) (mailstead.User, error) {
	for _, u := range m.users {
		if u.ID == id {
			return u, nil
		}
	}
	return mailstead.User{}, mailstead.NotFound("user")
}
