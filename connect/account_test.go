package connect_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/connect"
)

func ptr[T any](v T) *T { return &v }

func TestChangePassword(t *testing.T) {
	w := newWorld(t)
	a := w.connect(t)
	w.store.accounts[a.ID].Incoming.Health.State = mailstead.HealthTrouble
	w.incoming.password, w.outgoing.password = "new", "new"
	res, err := w.ChangePassword(t.Context(), anna, a.ID, mailstead.NewSecret("new"), mailstead.Secret{})
	if err != nil || !res.OK || res.Incoming == nil || res.Outgoing == nil {
		t.Fatalf("got %+v, %v", res, err)
	}
	if in, out := w.password(t, a.ID, mailstead.SideIncoming), w.password(t, a.ID, mailstead.SideOutgoing); in != "new" || out != "new" {
		t.Errorf("passwords %q and %q", in, out)
	}
	if h := w.store.accounts[a.ID].Incoming.Health; h.State != mailstead.HealthOK || !h.SuccessAt.Equal(testTime) {
		t.Errorf("health %+v", h)
	}
	if !slices.Equal(w.healthy, []mailstead.AccountID{a.ID}) || !slices.Equal(w.changed, []mailstead.AccountID{a.ID}) {
		t.Errorf("hooks: healthy %v, changed %v", w.healthy, w.changed)
	}
	if e := w.store.events[len(w.store.events)-1]; e.Type != mailstead.EventAccountUpdated || e.AccountID != a.ID {
		t.Errorf("event %+v", e)
	}
}

func TestAPasswordThatFailsLeavesTheOldInForce(t *testing.T) {
	cases := []struct {
		name string
		err  error
		kind mailstead.Kind
	}{
		{"refused", nil, mailstead.KindCredentials},
		{"server away", at(mailstead.StageTCP, mailstead.KindTemporary, "net.timeout"), mailstead.KindTemporary},
		{"certificate not trusted", at(mailstead.StageTLS, mailstead.KindPermanent, "tls.untrusted"), mailstead.KindPermanent},
	}
	for _, c := range cases {
		w := newWorld(t)
		a := w.connect(t)
		w.incoming.answer = func(context.Context, mailstead.Access) error { return c.err }
		res, err := w.ChangePassword(t.Context(), anna, a.ID, mailstead.NewSecret("bad"), mailstead.Secret{})
		if mailstead.KindOf(err) != c.kind || res.OK || res.Incoming == nil {
			t.Errorf("%s: got %+v, %v", c.name, res, err)
		}
		if w.store.writes != 0 || w.password(t, a.ID, mailstead.SideIncoming) != "right" || len(w.healthy) != 0 {
			t.Errorf("%s: the old password is gone", c.name)
		}
	}
}

func TestChangeOneOfTwoPasswords(t *testing.T) {
	w := newWorld(t)
	a := w.connect(t)
	w.outgoing.password = "out2"
	if _, err := w.ChangePassword(t.Context(), anna, a.ID, mailstead.Secret{}, mailstead.NewSecret("out2")); err != nil {
		t.Fatal(err)
	}
	if len(w.incoming.calls) != 0 {
		t.Error("the incoming side was tested")
	}
	if in, out := w.password(t, a.ID, mailstead.SideIncoming), w.password(t, a.ID, mailstead.SideOutgoing); in != "right" || out != "out2" {
		t.Errorf("passwords %q and %q", in, out)
	}
	// From now on the sides have passwords of their own.
	w.incoming.password = "in3"
	if _, err := w.ChangePassword(t.Context(), anna, a.ID, mailstead.NewSecret("in3"), mailstead.Secret{}); err != nil {
		t.Fatal(err)
	}
	if in, out := w.password(t, a.ID, mailstead.SideIncoming), w.password(t, a.ID, mailstead.SideOutgoing); in != "in3" || out != "out2" {
		t.Errorf("passwords %q and %q", in, out)
	}
	// The same for both is stored once.
	w.incoming.password = "out2"
	if _, err := w.ChangePassword(t.Context(), anna, a.ID, mailstead.NewSecret("out2"), mailstead.Secret{}); err != nil {
		t.Fatal(err)
	}
	if n := len(w.store.secrets[a.ID]); n != 1 || w.password(t, a.ID, mailstead.SideOutgoing) != "out2" {
		t.Errorf("%d secrets are stored", n)
	}
}

// The store tells by the bytes whether a password is the one that it has: the age of
// such a one goes on.
func TestAPasswordThatStaysIsNotSealedAnew(t *testing.T) {
	w := newWorld(t)
	a := w.connect(t)
	w.outgoing.password = "out2"
	if _, err := w.ChangePassword(t.Context(), anna, a.ID, mailstead.Secret{}, mailstead.NewSecret("out2")); err != nil {
		t.Fatal(err)
	}
	was := w.store.secrets[a.ID]
	w.outgoing.password = "out3"
	if _, err := w.ChangePassword(t.Context(), anna, a.ID, mailstead.Secret{}, mailstead.NewSecret("out3")); err != nil {
		t.Fatal(err)
	}
	is := w.store.secrets[a.ID]
	if !slices.Equal(is[mailstead.SecretIncoming], was[mailstead.SecretIncoming]) {
		t.Error("the password that stays was sealed anew")
	}
	if slices.Equal(is[mailstead.SecretOutgoing], was[mailstead.SecretOutgoing]) || w.password(t, a.ID, mailstead.SideOutgoing) != "out3" {
		t.Error("the new password is not stored")
	}
}

func TestHostileNewPasswords(t *testing.T) {
	w := newWorld(t)
	a := w.connect(t)
	for _, p := range []string{"", "a\x00b", "a\r\nb", "a\nb"} {
		if _, err := w.ChangePassword(t.Context(), anna, a.ID, mailstead.NewSecret(p), mailstead.Secret{}); mailstead.KindOf(err) != mailstead.KindInvalid {
			t.Errorf("%q: got %v", p, err)
		}
	}
	if len(w.incoming.calls) != 0 || w.store.writes != 0 {
		t.Error("a server was asked or something was stored")
	}
}

func TestUpdateAccountWithoutATest(t *testing.T) {
	w := newWorld(t)
	a := w.connect(t)
	saved, err := w.UpdateAccount(t.Context(), anna, a.ID, connect.Changes{
		Name: ptr("Sales"), DisplayName: ptr("Anna"), Note: ptr("n"), Signature: ptr("Bye\nAnna"), LoadPeriod: ptr(mailstead.LoadPeriod("all")),
		IncomingEnabled: ptr(false),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := copied(a)
	want.Name, want.DisplayName, want.Note, want.Signature, want.LoadPeriod = "Sales", "Anna", "n", "Bye\nAnna", "all"
	want.Incoming.Enabled = false
	want.UpdatedAt = a.UpdatedAt.Add(time.Millisecond)
	if diff := cmp.Diff(want, w.store.accounts[a.ID]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, saved.Account); diff != "" {
		t.Error(diff)
	}
	if len(w.incoming.calls)+len(w.outgoing.calls) != 0 || w.password(t, a.ID, mailstead.SideIncoming) != "right" {
		t.Error("the sign-in was touched")
	}
	if _, err := w.UpdateAccount(t.Context(), anna, a.ID, connect.Changes{Incoming: &connect.ServerInput{Text: "IMAP.firm.example:993"}}); err != nil {
		t.Errorf("the same server again: %v", err)
	}
	if len(w.incoming.calls) != 0 {
		t.Error("the same server was tested")
	}
}

// A stored password is never sent to a server that somebody typed, not even by
// an administrator.
func TestAServerThatChangesNeedsThePassword(t *testing.T) {
	cases := map[string]connect.Changes{
		"another host":     {Incoming: &connect.ServerInput{Text: "evil.example"}},
		"another port":     {Incoming: &connect.ServerInput{Text: "imap.firm.example:1993", Security: mailstead.SecurityTLS}},
		"another security": {Incoming: &connect.ServerInput{Security: mailstead.SecurityStartTLS}},
		"find out":         {Incoming: &connect.ServerInput{Security: mailstead.SecurityAutomatic}},
		"outgoing host":    {Outgoing: &connect.ServerInput{Text: "evil.example"}},
		"only the other password": {
			Incoming: &connect.ServerInput{Text: "evil.example"}, OutgoingPassword: mailstead.NewSecret("right"),
		},
	}
	for name, c := range cases {
		for _, actor := range []mailstead.Actor{anna, root, operator} {
			w := newWorld(t)
			a := w.connect(t)
			_, err := w.UpdateAccount(t.Context(), actor, a.ID, c)
			if mailstead.CodeOf(err) != "input.password_needed" {
				t.Errorf("%s: got %v", name, err)
			}
			if len(w.incoming.calls)+len(w.outgoing.calls) != 0 || w.store.writes != 0 {
				t.Errorf("%s: a server was asked or something was stored", name)
			}
		}
	}
}

func TestUpdateServer(t *testing.T) {
	w := newWorld(t)
	a := w.connect(t)
	w.outgoing.password = "relay"
	saved, err := w.UpdateAccount(t.Context(), anna, a.ID, connect.Changes{
		Outgoing: &connect.ServerInput{Text: "relay.firm.example", Login: "firm"}, OutgoingPassword: mailstead.NewSecret("relay"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(w.incoming.calls) != 0 || len(w.outgoing.calls) != 1 {
		t.Errorf("%d incoming and %d outgoing tests", len(w.incoming.calls), len(w.outgoing.calls))
	}
	got := w.store.accounts[a.ID]
	if got.Outgoing.Server.String() != "relay.firm.example:465:tls" || got.Outgoing.Login != "firm" || !saved.Result.Outgoing.OK {
		t.Errorf("stored %s as %s", got.Outgoing.Server, got.Outgoing.Login)
	}
	if in, out := w.password(t, a.ID, mailstead.SideIncoming), w.password(t, a.ID, mailstead.SideOutgoing); in != "right" || out != "relay" {
		t.Errorf("passwords %q and %q", in, out)
	}
	if !slices.Equal(w.healthy, []mailstead.AccountID{a.ID}) || !slices.Equal(w.changed, []mailstead.AccountID{a.ID}) {
		t.Errorf("hooks: healthy %v, changed %v", w.healthy, w.changed)
	}
}

func TestUpdateServerThatFails(t *testing.T) {
	w := newWorld(t)
	a := w.connect(t)
	saved, err := w.UpdateAccount(t.Context(), anna, a.ID, connect.Changes{
		Name: ptr("Sales"), Incoming: &connect.ServerInput{Text: "other.example"}, Password: mailstead.NewSecret("wrong"),
	})
	if mailstead.KindOf(err) != mailstead.KindCredentials || saved.Result.Incoming == nil || saved.Result.Incoming.OK {
		t.Errorf("got %+v, %v", saved.Result, err)
	}
	if w.store.writes != 0 || w.store.accounts[a.ID].Name != a.Name {
		t.Error("something was stored")
	}
}

func TestALoginAloneIsTestedWithTheStoredPassword(t *testing.T) {
	w := newWorld(t)
	a := w.connect(t)
	if _, err := w.UpdateAccount(t.Context(), anna, a.ID, connect.Changes{Incoming: &connect.ServerInput{Login: "anna2"}}); err != nil {
		t.Fatal(err)
	}
	if got := w.incoming.calls[0]; got.Login != "anna2" || got.Server != a.Incoming.Server || got.Secret.Reveal() != "right" {
		t.Errorf("tested %s at %s", got.Login, got.Server)
	}
	if got := w.store.accounts[a.ID]; got.Incoming.Login != "anna2" || got.Incoming.Secret != mailstead.SecretBoth {
		t.Errorf("stored %+v", got.Incoming)
	}
}

func TestAddASide(t *testing.T) {
	w := newWorld(t)
	r := request()
	r.SendOnly = true
	saved, err := w.Save(t.Context(), anna, r)
	if err != nil {
		t.Fatal(err)
	}
	id := saved.Account.ID
	if _, err := w.UpdateAccount(t.Context(), anna, id, connect.Changes{Incoming: &connect.ServerInput{Login: "anna"}}); mailstead.CodeOf(err) != "input.server_needed" {
		t.Errorf("without a server: %v", err)
	}
	_, err = w.UpdateAccount(t.Context(), anna, id, connect.Changes{
		Incoming: &connect.ServerInput{Text: "imap.firm.example"}, Password: mailstead.NewSecret("right"),
	})
	if err != nil {
		t.Fatal(err)
	}
	got := w.store.accounts[id]
	if got.Incoming == nil || !got.Incoming.Enabled || got.Incoming.Login != "anna@firm.example" || w.password(t, id, mailstead.SideIncoming) != "right" {
		t.Errorf("stored %+v", got.Incoming)
	}
}

func TestHostileChanges(t *testing.T) {
	w := newWorld(t)
	a := w.connect(t)
	secret := mailstead.NewSecret("right")
	for field, c := range map[string]connect.Changes{
		"name":              {Name: ptr("a\r\nb")},
		"display_name":      {DisplayName: ptr("a\nBcc: x@y.z")},
		"load_period":       {LoadPeriod: ptr(mailstead.LoadPeriod("for ever"))},
		"incoming.host":     {Incoming: &connect.ServerInput{Text: "a b"}, Password: secret},
		"incoming.login":    {Incoming: &connect.ServerInput{Login: "a\x00b"}},
		"outgoing.port":     {Outgoing: &connect.ServerInput{Port: 99999}, Password: secret},
		"password":          {Incoming: &connect.ServerInput{Text: "other.example"}, Password: mailstead.NewSecret("a\nb")},
		"outgoing.security": {Outgoing: &connect.ServerInput{Security: mailstead.SecurityNone}, Password: secret},
	} {
		_, err := w.UpdateAccount(t.Context(), anna, a.ID, c)
		e, ok := err.(*mailstead.Error) //nolint:errorlint // the outermost error is what the door shows
		if !ok || e.Kind != mailstead.KindInvalid || e.Field != field {
			t.Errorf("%s: got %#v", field, err)
		}
	}
	if _, err := w.UpdateAccount(t.Context(), anna, a.ID, connect.Changes{Password: secret}); mailstead.CodeOf(err) != "input.password_alone" {
		t.Errorf("a password alone: %v", err)
	}
	if len(w.incoming.calls)+len(w.outgoing.calls) != 0 || w.store.writes != 0 {
		t.Error("a server was asked or something was stored")
	}
}

func TestSomebodyElseChangesTheAccountMeanwhile(t *testing.T) {
	meanwhile := func(w *world, id mailstead.AccountID) {
		w.incoming.answer = func(context.Context, mailstead.Access) error {
			w.store.mu.Lock()
			defer w.store.mu.Unlock()
			a := copied(w.store.accounts[id])
			a.Name, a.UpdatedAt = "changed by somebody else", a.UpdatedAt.Add(1e9)
			w.store.accounts[id] = a
			return nil
		}
	}
	for name, change := range map[string]func(w *world, id mailstead.AccountID) error{
		"password": func(w *world, id mailstead.AccountID) error {
			_, err := w.ChangePassword(context.Background(), anna, id, mailstead.NewSecret("right"), mailstead.Secret{})
			return err
		},
		"server": func(w *world, id mailstead.AccountID) error {
			_, err := w.UpdateAccount(context.Background(), anna, id, connect.Changes{
				Incoming: &connect.ServerInput{Text: "other.example"}, Password: mailstead.NewSecret("right"),
			})
			return err
		},
	} {
		w := newWorld(t)
		a := w.connect(t)
		meanwhile(w, a.ID)
		if err := change(w, a.ID); mailstead.CodeOf(err) != "account.changed" || w.store.writes != 0 {
			t.Errorf("%s: got %v, %d writes", name, err, w.store.writes)
		}
	}
}

// TestChangesAtTheSameTime: a change that looked at nothing goes on top of others, one
// that names what it looked at does not.
func TestChangesAtTheSameTime(t *testing.T) {
	w := newWorld(t)
	a := w.connect(t)
	var changing sync.WaitGroup
	for i, c := range []connect.Changes{{Name: ptr("n")}, {Note: ptr("o")}, {DisplayName: ptr("d")}, {Signature: ptr("s")}} {
		changing.Go(func() {
			if _, err := w.UpdateAccount(t.Context(), anna, a.ID, c); err != nil {
				t.Errorf("change %d: %v", i, err)
			}
		})
	}
	changing.Wait()
	got := w.store.accounts[a.ID]
	if got.Name+got.Note+got.DisplayName+got.Signature != "nods" {
		t.Errorf("a change was lost: %q %q %q %q", got.Name, got.Note, got.DisplayName, got.Signature)
	}
	_, err := w.UpdateAccount(t.Context(), anna, a.ID, connect.Changes{Name: ptr("x"), Seen: a.UpdatedAt})
	if mailstead.CodeOf(err) != mailstead.CodeAccountChanged || w.store.accounts[a.ID].Name != "n" {
		t.Errorf("an old version was changed: %v", err)
	}
	saved, err := w.UpdateAccount(t.Context(), anna, a.ID, connect.Changes{Name: ptr("x"), Seen: got.UpdatedAt})
	if err != nil || !saved.Account.UpdatedAt.After(got.UpdatedAt) {
		t.Errorf("got %v after %v, %v", saved.Account.UpdatedAt, got.UpdatedAt, err)
	}
}

func TestTestAccount(t *testing.T) {
	w := newWorld(t)
	a := w.connect(t)
	w.store.accounts[a.ID].Outgoing.Health.State = mailstead.HealthTrouble
	w.incoming.password = "changed elsewhere"
	res, err := w.TestAccount(t.Context(), anna, a.ID)
	if err != nil || res.OK || res.Incoming.OK || !res.Outgoing.OK {
		t.Fatalf("got %+v, %v", res, err)
	}
	if h := w.store.accounts[a.ID].Outgoing.Health; h.State != mailstead.HealthOK {
		t.Errorf("outgoing health %s", h.State)
	}
	if !slices.Equal(w.healthy, []mailstead.AccountID{a.ID}) {
		t.Errorf("healthy hook: %v", w.healthy)
	}
	if got := w.incoming.calls[0]; got.Server != a.Incoming.Server || got.Secret.Reveal() != "right" {
		t.Errorf("tested %s", got.Server)
	}
	if _, err := w.TestAccount(t.Context(), anna, a.ID); err != nil || len(w.healthy) != 1 {
		t.Errorf("a second test told of health again: %v, %v", w.healthy, err)
	}
}

func TestAnAccountWhoseSecretIsGone(t *testing.T) {
	w := newWorld(t)
	a := w.connect(t)
	w.store.secrets[a.ID] = nil
	if _, err := w.TestAccount(t.Context(), anna, a.ID); mailstead.CodeOf(err) != "account.no_secret" {
		t.Errorf("test: %v", err)
	}
	if _, err := w.ChangePassword(t.Context(), anna, a.ID, mailstead.NewSecret("right"), mailstead.Secret{}); err != nil {
		t.Errorf("a new password: %v", err)
	}
}

func TestWhoMayDoWhat(t *testing.T) {
	w := newWorld(t)
	a := w.connect(t)
	reader := mailstead.Actor{User: mailstead.User{ID: 7, Role: mailstead.RoleUser}}
	manager := mailstead.Actor{User: mailstead.User{ID: 8, Role: mailstead.RoleUser}}
	narrow := anna
	narrow.Scopes = []mailstead.Scope{mailstead.ScopeRead}
	w.store.assigned = []mailstead.Assignment{
		{AccountID: a.ID, UserID: 7, Rights: []mailstead.Right{mailstead.RightRead, mailstead.RightSend}},
		{AccountID: a.ID, UserID: 8, Rights: []mailstead.Right{mailstead.RightManage}},
	}
	cases := []struct {
		name     string
		actor    mailstead.Actor
		see, use mailstead.Kind
	}{
		{"the owner", anna, 0, 0},
		{"an administrator", root, 0, 0},
		{"the operator", operator, 0, 0},
		{"who may manage", manager, 0, 0},
		{"who may read and send", reader, 0, mailstead.KindForbidden},
		{"somebody else", boris, mailstead.KindNotFound, mailstead.KindNotFound},
		{"the owner's token for reading", narrow, 0, mailstead.KindForbidden},
		{"nobody", mailstead.Actor{}, mailstead.KindUnauthenticated, mailstead.KindUnauthenticated},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			check := func(what string, err error, want mailstead.Kind) {
				t.Helper()
				if (want == 0) != (err == nil) || (err != nil && mailstead.KindOf(err) != want) {
					t.Errorf("%s: got %v, want kind %s", what, err, want)
				}
			}
			_, _, err := w.Account(t.Context(), c.actor, a.ID)
			check("Account", err, c.see)
			_, err = w.TestAccount(t.Context(), c.actor, a.ID)
			check("TestAccount", err, c.use)
			_, err = w.ChangePassword(t.Context(), c.actor, a.ID, mailstead.NewSecret("right"), mailstead.Secret{})
			check("ChangePassword", err, c.use)
			_, err = w.UpdateAccount(t.Context(), c.actor, a.ID, connect.Changes{Name: ptr("x")})
			check("UpdateAccount", err, c.use)
			err = w.DeleteAccount(t.Context(), c.actor, a.ID)
			if c.use == 0 {
				check("DeleteAccount", err, mailstead.KindConflict)
			} else {
				check("DeleteAccount", err, c.use)
			}
		})
	}
}

func TestAccountsShowsOnlyWhatOneMaySee(t *testing.T) {
	w := newWorld(t)
	w.connect(t)
	for _, c := range []struct {
		actor mailstead.Actor
		q     mailstead.AccountQuery
		want  int
	}{
		{anna, mailstead.AccountQuery{}, 1},
		{boris, mailstead.AccountQuery{}, 0},
		{boris, mailstead.AccountQuery{VisibleTo: anna.User.ID}, 0},
		{root, mailstead.AccountQuery{}, 1},
		{root, mailstead.AccountQuery{VisibleTo: root.User.ID}, 0},
		{operator, mailstead.AccountQuery{}, 1},
	} {
		got, err := w.Accounts(t.Context(), c.actor, c.q)
		if err != nil || len(got) != c.want {
			t.Errorf("%s %+v: got %d accounts, %v; want %d", c.actor.User.Email, c.q, len(got), err, c.want)
		}
	}
	if _, err := w.Accounts(t.Context(), mailstead.Actor{}, mailstead.AccountQuery{}); mailstead.KindOf(err) != mailstead.KindUnauthenticated {
		t.Errorf("nobody: %v", err)
	}
}

func TestDeleteAccount(t *testing.T) {
	w := newWorld(t)
	a := w.connect(t)
	w.store.assigned = []mailstead.Assignment{{AccountID: a.ID, UserID: 2}}
	if err := w.DeleteAccount(t.Context(), anna, a.ID); mailstead.CodeOf(err) != "account.in_use" || w.store.writes != 0 {
		t.Errorf("assigned: %v", err)
	}
	w.store.assigned = nil
	if err := w.DeleteAccount(t.Context(), anna, a.ID); err != nil || len(w.store.accounts) != 0 {
		t.Errorf("got %v", err)
	}
	if !slices.Equal(w.changed, []mailstead.AccountID{a.ID}) {
		t.Errorf("changed hook: %v", w.changed)
	}
}
