package connect_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/connect"
	"github.com/mailstead/mailstead/importer"
)

// people are the users and profiles of the memory.
type people struct{ *memory }

func (p people) Users(_ context.Context, after mailstead.UserID, _ int) ([]mailstead.User, error) {
	return slices.DeleteFunc(slices.Clone(p.users), func(u mailstead.User) bool { return u.ID <= after }), nil
}

func (p people) Profiles(context.Context) ([]mailstead.Profile, error) {
	return []mailstead.Profile{{ID: 5, Name: "Sales"}}, nil
}

func (p people) SenderFacts(context.Context, mailstead.UserID, ...mailstead.AccountID) (f mailstead.SenderFacts, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.steps {
		for _, a := range s.Assignments {
			if a.System {
				f.Assignments = append(f.Assignments, a)
			}
		}
	}
	return f, nil
}

func newImportWorld(t testing.TB, change ...func(*connect.Config)) *world {
	t.Helper()
	return newWorld(t, append(change, func(c *connect.Config) { c.People = people{c.Store.(*memory)} })...)
}

// table is a CSV file.
func table(rows ...string) connect.ImportRequest {
	head := "address,owner,profile,incoming_host,incoming_security,outgoing_host,outgoing_security,login,password,outgoing_password,no_sign_in,system\n"
	return connect.ImportRequest{Content: []byte(head + strings.Join(rows, "\n")), Format: importer.CSV}
}

func (w *world) imports(t *testing.T, r connect.ImportRequest) connect.ImportReport {
	t.Helper()
	report, err := w.Import(t.Context(), root, r)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(w.incoming.calls) + len(w.outgoing.calls); n != 0 {
		t.Fatalf("%d servers were asked", n)
	}
	return report
}

// told sums a report up: line, outcome, account and the codes of findings.
func told(r connect.ImportReport) []string {
	var out []string
	for _, i := range r.Items {
		s := fmt.Sprintf("%d %s %d", i.Line, i.Outcome, i.AccountID)
		if i.System {
			s += " system"
		}
		for _, f := range i.Findings {
			s += " " + f.Code
		}
		out = append(out, s)
	}
	return out
}

func TestImport(t *testing.T) {
	w := newImportWorld(t)
	existing := w.connect(t)
	r := table(
		"anna@firm.example,anna@firm.example,,imap.firm.example,tls,,,,x,,,",
		"boris@firm.example,Boris@firm.example,,imap.firm.example,tls,smtp.firm.example,starttls,boris,one,two,,",
		"sales@firm.example,,sales,imap.firm.example:1993:tls,,smtp.firm.example,tls,,,,,yes",
		"info@firm.example,,,,,smtp.firm.example,,info,,,,yes",
		"info@firm.example,,,,,smtp.firm.example,tls,info,x,,,",
		"who@firm.example,nobody@firm.example,,imap.firm.example,tls,,,,,,,",
		"team@firm.example,,Support,imap.firm.example,tls,,,,,,,",
		"plain@firm.example,,,imap.firm.example,none,,,,x,,,",
		"no address,,,imap.firm.example,tls,,,,x,,,",
		"host@firm.example,,,imap firm,tls,,,,x,,,",
		"unknown@nowhere.example,,,,,,,,x,,,",
		"someone@gmail.com,,,,,,,,apppassword,,,",
		"relay@firm.example,,,,,relay.firm.example,starttls,,,,yes,",
	)
	want := []string{
		"2 exists 1",
		"3 new %d",
		"4 needs_password %d system",
		"5 needs_password %d import.security_assumed import.system_kept",
		"6 exists %d import.duplicate",
		"7 owner_unknown 0 import.owner_unknown",
		"8 invalid 0 import.profile_unknown",
		"9 invalid 0 security.plain_forbidden",
		"10 invalid 0 input.address",
		"11 invalid 0 input.host",
		"12 invalid 0 import.server_missing",
		"13 new %d import.server_found import.server_found",
		"14 new %d",
	}
	expect := func(ids ...any) []string {
		out := slices.Clone(want)
		for i, s := range out {
			if strings.Contains(s, "%d") {
				out[i], ids = fmt.Sprintf(s, ids[0]), ids[1:]
			}
		}
		return out
	}
	r.DryRun = true
	if diff := cmp.Diff(expect(0, 0, 0, 0, 0, 0), told(w.imports(t, r))); diff != "" {
		t.Errorf("dry run (-want +got):\n%s", diff)
	}
	if w.store.writes != 0 || len(w.connected) != 0 {
		t.Fatal("a dry run changed something")
	}
	r.DryRun = false
	report := w.imports(t, r)
	wantRun := expect(2, 3, 4, 0, 5, 6)
	wantRun[4] = "6 exists 4"
	if diff := cmp.Diff(wantRun, told(report)); diff != "" {
		t.Errorf("run (-want +got):\n%s", diff)
	}
	if existing.ID != 1 || len(w.store.accounts) != 6 || !slices.Equal(w.connected, []mailstead.AccountID{2, 3, 4, 5, 6}) {
		t.Errorf("%d accounts, connected %v", len(w.store.accounts), w.connected)
	}
	again := w.imports(t, r)
	for i, item := range again.Items {
		if before := report.Items[i]; before.AccountID != 0 && (item.Outcome != connect.ImportExists || item.AccountID != before.AccountID) {
			t.Errorf("line %d the second time: %s %d", item.Line, item.Outcome, item.AccountID)
		}
	}
	if len(w.store.accounts) != 6 || len(w.connected) != 5 {
		t.Error("the second run stored something")
	}
}

func TestWhatAnImportStores(t *testing.T) {
	w := newImportWorld(t)
	r := table(
		"boris@firm.example,boris@firm.example,,imap.firm.example,tls,smtp.firm.example,starttls,boris,one,two,,",
		"sales@firm.example,,Sales,imap.firm.example,tls,smtp.firm.example,tls,,,,,yes",
		"half@firm.example,,,imap.firm.example,tls,smtp.firm.example,tls,,,out,,",
		"relay@firm.example,,,,,relay.firm.example,starttls,,,,yes,",
	)
	w.imports(t, r)
	a := w.store.accounts[1]
	if a.OwnerID != boris.User.ID || a.Key == "" || !a.CreatedAt.Equal(testTime) || a.Incoming.Health.State != mailstead.HealthNew || a.Incoming.Login != "boris" {
		t.Errorf("got %+v", a)
	}
	if in, out := w.password(t, 1, mailstead.SideIncoming), w.password(t, 1, mailstead.SideOutgoing); in != "one" || out != "two" {
		t.Errorf("passwords %q and %q", in, out)
	}
	b := w.store.accounts[2]
	if h := b.Incoming.Health; b.OwnerID != 0 || h.State != mailstead.HealthTrouble || h.Code != "account.no_secret" || h.Text == "" || h.Action == "" {
		t.Errorf("without a password: %+v", b.Incoming.Health)
	}
	if len(w.store.secrets[2]) != 0 || !b.Incoming.Enabled || !b.Outgoing.Enabled {
		t.Error("without a password: secrets are stored, or a side is switched off")
	}
	want := []mailstead.Assignment{
		{ProfileID: 5, Rights: []mailstead.Right{mailstead.RightRead, mailstead.RightSend}},
		{System: true, Rights: []mailstead.Right{mailstead.RightSend}},
	}
	if diff := cmp.Diff(want, w.store.steps[1].Assignments); diff != "" {
		t.Errorf("assignments (-want +got):\n%s", diff)
	}
	c := w.store.accounts[3]
	if c.Incoming.Health.Code != "account.no_secret" || c.Outgoing.Health.State != mailstead.HealthNew || w.password(t, 3, mailstead.SideOutgoing) != "out" {
		t.Errorf("with one password: %+v, %+v", c.Incoming.Health, c.Outgoing.Health)
	}
	if d := w.store.accounts[4].Outgoing; d.Login != "" || d.Secret != "" || d.Health.State != mailstead.HealthNew {
		t.Errorf("a relay: %+v", d)
	}
	for i, e := range w.store.audit {
		if e.Action != mailstead.AuditAccountConnect || e.Object.ID != mailstead.AccountID(i+1).String() || e.ActorID != root.User.ID {
			t.Errorf("audit %+v", e)
		}
	}
	var told []string
	for _, c := range w.store.audit[1].Changes {
		if c.Before == nil && (c.Field == "system" || strings.HasPrefix(c.Field, "profile")) {
			told = append(told, c.Field+" "+string(c.After))
		}
	}
	if diff := cmp.Diff([]string{"profile_id 5", `profile "Sales"`, "system true"}, told); diff != "" {
		t.Errorf("the audit of what it was given to (-want +got):\n%s", diff)
	}
	if b, err := json.Marshal(w.store.audit); err != nil || strings.Contains(string(b), `"one"`) || strings.Contains(string(b), `"two"`) {
		t.Errorf("a password is in the audit: %s, %v", b, err)
	}
	if len(w.store.audit) != 4 {
		t.Errorf("%d entries of the audit", len(w.store.audit))
	}

	// The password is entered later, and tried then.
	if res, err := w.ChangePassword(t.Context(), root, 2, mailstead.NewSecret("right"), mailstead.Secret{}); err != nil || !res.OK {
		t.Fatal(err)
	}
	if w.password(t, 2, mailstead.SideIncoming) != "right" || w.password(t, 2, mailstead.SideOutgoing) != "right" {
		t.Error("the password that was entered is not stored")
	}
}

func TestImportOfConnectionsWithoutEncryption(t *testing.T) {
	row := "a@firm.example,,,,,mail.firm.example:25,none,a,x,,,"
	allowed := func(c *connect.Config) { c.AllowPlain = true }
	for name, c := range map[string]struct {
		change  func(*connect.Config)
		request func(*connect.ImportRequest)
		want    string
		stored  string
	}{
		"forbidden":           {func(*connect.Config) {}, func(*connect.ImportRequest) {}, "2 invalid 0 security.plain_forbidden", ""},
		"a reason is not all": {func(*connect.Config) {}, func(r *connect.ImportRequest) { r.PlainReason = "own cable" }, "2 invalid 0 security.plain_forbidden", ""},
		"without a reason":    {allowed, func(*connect.ImportRequest) {}, "2 invalid 0 input.reason_needed", ""},
		"with a reason":       {allowed, func(r *connect.ImportRequest) { r.PlainReason = "own cable" }, "2 new 1", "mail.firm.example:25:none"},
		"encrypted from now":  {func(*connect.Config) {}, func(r *connect.ImportRequest) { r.Encrypt = true }, "2 new 1 import.encryption_added", "mail.firm.example:25:starttls"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newImportWorld(t, c.change)
			r := table(row)
			c.request(&r)
			if diff := cmp.Diff([]string{c.want}, told(w.imports(t, r))); diff != "" {
				t.Error(diff)
			}
			stored := ""
			if a, ok := w.store.accounts[1]; ok {
				stored = a.Outgoing.Server.String()
				if strings.HasSuffix(stored, ":none") && !strings.Contains(a.Note, "own cable") {
					t.Errorf("note %q", a.Note)
				}
			}
			if stored != c.stored {
				t.Errorf("stored %q, want %q", stored, c.stored)
			}
		})
	}
}

func TestWhoMayImport(t *testing.T) {
	w := newImportWorld(t)
	scoped := root
	scoped.Scopes = []mailstead.Scope{mailstead.ScopeAccounts}
	for name, actor := range map[string]mailstead.Actor{"nobody": {}, "a user": anna, "a token without the scope": scoped} {
		if _, err := w.Import(t.Context(), actor, table()); mailstead.KindOf(err) != mailstead.KindForbidden && mailstead.KindOf(err) != mailstead.KindUnauthenticated {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if r, err := w.Import(t.Context(), operator, table("a@firm.example,,,imap.firm.example,tls,,,,x,,,")); err != nil || r.Items[0].AccountID != 1 {
		t.Errorf("the operator: %+v, %v", r, err)
	}
	r := table("b@firm.example,,,imap.firm.example,tls,,,,x,,,")
	r.OwnerID = 99
	if _, err := w.Import(t.Context(), root, r); mailstead.CodeOf(err) != "input.owner" {
		t.Errorf("an owner that is not there: %v", err)
	}
	r.OwnerID = anna.User.ID
	if got := w.imports(t, r); got.Items[0].Owner != anna.User.Email || w.store.accounts[2].OwnerID != anna.User.ID {
		t.Errorf("an owner for all: %+v", got.Items[0])
	}
}
