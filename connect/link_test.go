package connect_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/connect"
)

// links keeps links beside the memory, as the store does.
type links struct {
	*memory
	mu  sync.Mutex
	all []mailstead.PasswordLink
}

func (k *links) CreatePasswordLink(_ context.Context, l *mailstead.PasswordLink, e mailstead.AuditEntry) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.audit = append(k.audit, e)
	l.ID = mailstead.PasswordLinkID(len(k.all) + 1)
	k.all = append(k.all, *l)
	return nil
}

func (k *links) PasswordLinks(context.Context, mailstead.AccountID) ([]mailstead.PasswordLink, error) {
	return k.all, nil
}

func (k *links) PasswordLinkByHash(_ context.Context, hash []byte) (mailstead.PasswordLink, error) {
	for _, l := range k.all {
		if slices.Equal(l.Hash, hash) {
			return l, nil
		}
	}
	return mailstead.PasswordLink{}, mailstead.NotFound("link")
}

func (k *links) ClosePasswordLink(_ context.Context, id mailstead.PasswordLinkID, _ mailstead.AccountID, at time.Time, e mailstead.AuditEntry) error {
	k.audit = append(k.audit, e)
	k.all[id-1].ClosedAt = at
	return nil
}

func (k *links) UsePasswordLink(ctx context.Context, id mailstead.PasswordLinkID, at time.Time, c mailstead.AccountChange) error {
	if !k.all[id-1].ClosedAt.IsZero() {
		return mailstead.ErrPasswordLink()
	}
	k.all[id-1].ClosedAt, k.all[id-1].UsedAt = at, at
	return k.UpdateAccount(ctx, c.Account, c.Secrets, c.Audit, c.Events)
}

func newLinkWorld(t *testing.T, change ...func(*connect.Config)) (*world, *links) {
	t.Helper()
	k := &links{}
	w := newWorld(t, append(change, func(c *connect.Config) {
		k.memory = c.Store.(*memory)
		c.Links = k
	})...)
	return w, k
}

func TestAPasswordLinkBringsThePasswordOnce(t *testing.T) {
	w, _ := newLinkWorld(t)
	a := w.connect(t)
	asked, err := w.AskPassword(t.Context(), root, a.ID, 0)
	if err != nil {
		t.Fatal(err)
	}
	if want := testTime.Add(7 * 24 * time.Hour); !asked.Link.ExpiresAt.Equal(want) {
		t.Errorf("got an end at %s, want %s", asked.Link.ExpiresAt, want)
	}
	seen, err := w.LookAtLink(t.Context(), asked.Secret, "192.0.2.1")
	if err != nil || seen.Account.Address != a.Address || !seen.Secret.IsZero() {
		t.Errorf("look: got %+v, %v", seen, err)
	}
	w.incoming.password, w.outgoing.password = "new", "new"
	res, err := w.UseLink(t.Context(), asked.Secret, mailstead.NewSecret("wrong"), mailstead.Secret{}, "192.0.2.1")
	if mailstead.KindOf(err) != mailstead.KindCredentials || res.OK || w.store.writes != 0 {
		t.Errorf("a wrong password: got %+v, %v, %d writes", res, err, w.store.writes)
	}
	res, err = w.UseLink(t.Context(), asked.Secret, mailstead.NewSecret("new"), mailstead.Secret{}, "192.0.2.1")
	if err != nil || res.Incoming == nil || res.Outgoing == nil {
		t.Fatalf("got %+v, %v, want both directions tested", res, err)
	}
	for _, side := range []mailstead.SideName{mailstead.SideIncoming, mailstead.SideOutgoing} {
		if got := w.password(t, a.ID, side); got != "new" {
			t.Errorf("%s: got %q, want the new password", side, got)
		}
	}
	last := w.store.audit[len(w.store.audit)-1]
	if last.Action != mailstead.AuditLinkUse || last.ActorID != 0 || !cmp.Equal(last.Changes, []mailstead.AuditChange{{Field: "password"}}) {
		t.Errorf("got entry %+v, want the use by nobody who signed in, without the password", last)
	}
	_, err = w.UseLink(t.Context(), asked.Secret, mailstead.NewSecret("new"), mailstead.Secret{}, "192.0.2.1")
	if mailstead.CodeOf(err) != mailstead.CodePasswordLink {
		t.Errorf("again: got %v", err)
	}
}

func TestPasswordLinksThatAreNotValidAreAllTheSame(t *testing.T) {
	now := testTime
	w, _ := newLinkWorld(t, func(c *connect.Config) { c.Now = func() time.Time { return now } })
	a := w.connect(t)
	ask := func() connect.Asked {
		got, err := w.AskPassword(t.Context(), root, a.ID, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	closed, late := ask(), ask()
	if err := w.ClosePasswordLink(t.Context(), root, a.ID, closed.Link.ID); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Hour)
	var texts []string
	for _, secret := range []mailstead.Secret{closed.Secret, late.Secret, mailstead.NewSecret("msp_none"), {}} {
		_, err := w.LookAtLink(t.Context(), secret, "192.0.2.1")
		texts = append(texts, err.Error())
	}
	if got := slices.Compact(texts); len(got) != 1 {
		t.Errorf("got %q, want the same words", got)
	}
	var actions []string
	for _, e := range w.store.audit[2:] {
		actions = append(actions, fmt.Sprint(e.Action, " ", e.ActorID, " ", e.Object.ID, " ", len(e.Changes)))
	}
	want := []string{"password_link.create 3 1 1", "password_link.create 3 1 1", "password_link.close 3 1 0"}
	if d := cmp.Diff(want, actions); d != "" {
		t.Errorf("entries (-want +got):\n%s", d)
	}
}

func TestWhoGuessesLinksRunsDry(t *testing.T) {
	w, _ := newLinkWorld(t)
	var err error
	for range 30 {
		_, err = w.LookAtLink(t.Context(), mailstead.NewSecret("msp_guess"), "192.0.2.1")
	}
	if mailstead.KindOf(err) != mailstead.KindThrottled {
		t.Errorf("got %v, want it throttled", err)
	}
	if _, err = w.LookAtLink(t.Context(), mailstead.NewSecret("msp_guess"), "192.0.2.2"); mailstead.CodeOf(err) != mailstead.CodePasswordLink {
		t.Errorf("another network: got %v", err)
	}
}

func TestOnlyAdministratorsMakeLinks(t *testing.T) {
	w, _ := newLinkWorld(t)
	a := w.connect(t)
	_, err := w.AskPassword(t.Context(), anna, a.ID, 0)
	w.refused(t, "ask", err, "role.admin_required")
	_, err = w.PasswordLinks(t.Context(), anna, a.ID)
	w.refused(t, "list", err, "role.admin_required")
	w.refused(t, "close", w.ClosePasswordLink(t.Context(), anna, a.ID, 1), "role.admin_required")
	_, err = w.AskConnect(t.Context(), anna, gmail(), 0)
	w.refused(t, "connect", err, "role.admin_required")
	_, err = w.PlanBulk(t.Context(), anna, connect.BulkRequest{Rows: []connect.BulkRow{{Address: a.Address}}})
	w.refused(t, "bulk", err, "role.admin_required")
	_, err = w.AskPassword(t.Context(), root, a.ID, 31*24*time.Hour)
	w.refused(t, "too long", err, "input.link_life")
}

func TestAnAccountThatWaitsForItsPassword(t *testing.T) {
	w, _ := newLinkWorld(t)
	r := gmail()
	r.OwnerID = anna.User.ID
	asked, err := w.AskConnect(t.Context(), root, r, 0)
	if err != nil {
		t.Fatal(err)
	}
	a := w.store.accounts[asked.Account.ID]
	if n := len(w.incoming.calls) + len(w.outgoing.calls); n != 0 {
		t.Errorf("%d servers were asked, want none before the password came", n)
	}
	if a.OwnerID != anna.User.ID || a.Incoming.Health.State != mailstead.HealthTrouble || a.Incoming.Health.Code != "account.no_secret" {
		t.Errorf("got %+v, want anna's account without a password", a)
	}
	if step := w.store.steps[0]; step.Link == nil || step.LinkAudit.Action != mailstead.AuditLinkCreate {
		t.Errorf("got %+v, want the link in the same step", step)
	}
}

// bulk runs a bulk change and returns address, outcome and code of each result in the
// order of the rows.
func (w *world) bulk(t *testing.T, r connect.BulkRequest) []string {
	t.Helper()
	b, err := w.PlanBulk(t.Context(), root, r)
	if err != nil {
		t.Fatal(err)
	}
	var items []connect.BulkItem
	if err := b.Run(t.Context(), func(item connect.BulkItem) error { items = append(items, item); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(items) != b.Total {
		t.Errorf("got %d results, want %d", len(items), b.Total)
	}
	slices.SortFunc(items, func(a, b connect.BulkItem) int { return a.Row - b.Row })
	var out []string
	for _, i := range items {
		out = append(out, strings.TrimSpace(fmt.Sprint(i.Address, " ", i.Outcome, " ", i.Code)))
	}
	return out
}

// crowd connects n accounts of the organisation at the same servers.
func (w *world) crowd(t *testing.T, n int) {
	t.Helper()
	for i := range n {
		r := request()
		r.Address, r.Organisation = fmt.Sprintf("u%d@firm.example", i), true
		if _, err := w.Save(t.Context(), mailstead.Actor{User: mailstead.User{ID: mailstead.UserID(100 + i), Role: mailstead.RoleAdmin}}, r); err != nil {
			t.Fatal(err)
		}
	}
	w.store.audit = nil
}

func TestABulkChangeIsToldRowByRow(t *testing.T) {
	w, _ := newLinkWorld(t)
	w.crowd(t, 3)
	w.incoming.password, w.outgoing.password = "new", "new"
	row := func(address, password string) connect.BulkRow {
		return connect.BulkRow{Address: address, Password: mailstead.NewSecret(password)}
	}
	got := w.bulk(t, connect.BulkRequest{Rows: []connect.BulkRow{
		row("U0@firm.example ", "new"), row("u1@firm.example", "wrong"), row("nobody@firm.example", "new"),
		row("u2@firm.example", "old"), row("u2@firm.example", "new"), row("", "new"),
	}})
	want := []string{
		"U0@firm.example changed", "u1@firm.example refused auth.bad_credentials", "nobody@firm.example unknown",
		"u2@firm.example refused bulk.twice", "u2@firm.example changed", "unknown",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("results (-want +got):\n%s", d)
	}
	for id, a := range w.store.accounts {
		want := map[bool]string{true: "right", false: "new"}[a.Address == "u1@firm.example"]
		if got := w.password(t, id, mailstead.SideIncoming); got != want {
			t.Errorf("%s: got %q, want %q", a.Address, got, want)
		}
	}
	if len(w.store.audit) != 2 || w.store.audit[0].Action != mailstead.AuditAccountPassword {
		t.Errorf("got %+v, want an entry for each that was changed", w.store.audit)
	}
}

func TestABulkChangeMovesAccountsWhole(t *testing.T) {
	w, _ := newLinkWorld(t)
	w.crowd(t, 1)
	w.incoming.password, w.outgoing.password = "new", "other"
	r := connect.BulkRequest{
		Rows:     []connect.BulkRow{{Address: "u0@firm.example", Password: mailstead.NewSecret("new")}},
		Incoming: &connect.ServerInput{Text: "imap.new.example", Security: mailstead.SecurityTLS},
		Outgoing: &connect.ServerInput{Text: "smtp.new.example", Security: mailstead.SecurityTLS},
	}
	if got := w.bulk(t, r); got[0] != "u0@firm.example refused auth.bad_credentials" {
		t.Errorf("one side refuses: got %v", got)
	}
	for _, a := range w.store.accounts {
		if a.Incoming.Server.Host != "imap.firm.example" || a.Outgoing.Server.Host != "smtp.firm.example" {
			t.Errorf("got %+v, want both servers as they were", a)
		}
	}
	w.outgoing.password = "new"
	if got := w.bulk(t, r); got[0] != "u0@firm.example changed" {
		t.Errorf("got %v, want it changed", got)
	}
	for id, a := range w.store.accounts {
		if a.Incoming.Server.Host != "imap.new.example" || a.Outgoing.Server.Host != "smtp.new.example" || a.Incoming.Login == "" {
			t.Errorf("got %+v, want both servers new", a)
		}
		if got := w.password(t, id, mailstead.SideOutgoing); got != "new" {
			t.Errorf("got %q, want the new password", got)
		}
	}
}

func TestABulkChangeIsGentleAndStops(t *testing.T) {
	w, _ := newLinkWorld(t)
	w.crowd(t, 30)
	var now, most atomic.Int64
	slow := func(context.Context, mailstead.Access) error {
		if n := now.Add(1); n > most.Load() {
			most.Store(n)
		}
		time.Sleep(2 * time.Millisecond) // the server takes its time
		now.Add(-1)
		return nil
	}
	w.incoming.answer = slow
	var r connect.BulkRequest
	for i := range 30 {
		r.Rows = append(r.Rows, connect.BulkRow{Address: fmt.Sprintf("u%d@firm.example", i), Password: mailstead.NewSecret("right")})
	}
	w.bulk(t, r)
	if got := most.Load(); got > 5 || got < 2 {
		t.Errorf("%d connections to the host at once, want up to 5", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	b, err := w.PlanBulk(ctx, root, r)
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	err = b.Run(ctx, func(connect.BulkItem) error {
		if told++; told == 3 {
			cancel()
		}
		return nil
	})
	if err == nil || told >= 30 {
		t.Errorf("got %d results and %v after it was cancelled", told, err)
	}
}
