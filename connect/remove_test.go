package connect_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/connect"
)

func TestADisconnectedAccountComesBackAndNeedsItsPassword(t *testing.T) {
	now := testTime
	w := newWorld(t, func(c *connect.Config) { c.Now = func() time.Time { return now } })
	ctx := t.Context()
	a := w.connect(t)
	d, err := w.PreviewDisconnect(ctx, anna, a.ID)
	if err != nil || d.Messages != 12 || len(d.Uses) != 0 || !d.UndoUntil.Equal(now.Add(mailstead.UndoPeriod)) {
		t.Errorf("got preview %+v, %v", d, err)
	}
	if err := w.RemoveAccount(ctx, anna, a.ID, connect.Removal{Seen: a.UpdatedAt.Add(1e9)}); mailstead.CodeOf(err) != mailstead.CodeAccountChanged {
		t.Errorf("another version: got %v", err)
	}
	if err := w.RemoveAccount(ctx, anna, a.ID, connect.Removal{Disconnect: true, Seen: a.UpdatedAt}); err != nil {
		t.Fatal(err)
	}
	if len(w.store.secrets[a.ID]) != 0 {
		t.Error("the passwords are still there")
	}
	// Nobody but the owner and administrators is told of it.
	if _, err := w.RestoreAccount(ctx, boris, a.ID); mailstead.KindOf(err) != mailstead.KindNotFound {
		t.Errorf("boris: got %v", err)
	}
	now = now.Add(mailstead.UndoPeriod + time.Hour)
	if _, err := w.RestoreAccount(ctx, anna, a.ID); mailstead.KindOf(err) != mailstead.KindNotFound {
		t.Errorf("too late: got %v", err)
	}
	now = testTime.Add(time.Hour)
	back, err := w.RestoreAccount(ctx, anna, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	if back.Needs() != mailstead.NeedPassword || back.Incoming.Health.Code != "account.no_secret" {
		t.Errorf("got %+v, want an account that needs its password", back)
	}
	if _, err := w.ChangePassword(ctx, anna, a.ID, mailstead.NewSecret("right"), mailstead.Secret{}); err != nil {
		t.Fatal(err)
	}
	stored := w.store.accounts[a.ID]
	if stored.Needs() != mailstead.NeedNothing || w.password(t, a.ID, mailstead.SideOutgoing) != "right" {
		t.Errorf("got %+v, want a complete account", stored)
	}
}

func TestSubjectsAreForThoseWhoMayRead(t *testing.T) {
	w := newWorld(t)
	a := w.connect(t)
	w.store.waiting = []mailstead.Use{{Kind: mailstead.UseOutgoing, ID: "4", Name: "Secret offer"}}
	w.store.assigned = []mailstead.Assignment{{AccountID: a.ID, UserID: 2, Rights: []mailstead.Right{mailstead.RightManage}}}
	for _, c := range []struct {
		actor mailstead.Actor
		want  string
	}{{anna, "Secret offer"}, {boris, ""}} {
		d, err := w.PreviewDisconnect(t.Context(), c.actor, a.ID)
		if err != nil || len(d.Uses) != 2 || d.Uses[1].Name != c.want {
			t.Errorf("%s: got %+v, %v", c.actor.User.Email, d.Uses, err)
		}
		uses := mailstead.UsesOf(w.RemoveAccount(t.Context(), c.actor, a.ID, connect.Removal{}))
		if len(uses) != 2 || uses[1].Name != c.want {
			t.Errorf("%s: got uses %+v", c.actor.User.Email, uses)
		}
	}
}

func TestPurgeRemovesWhatIsTooOld(t *testing.T) {
	now := testTime
	w := newWorld(t, func(c *connect.Config) { c.Now = func() time.Time { return now } })
	a := w.connect(t)
	if err := w.DeleteAccount(t.Context(), anna, a.ID); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		after time.Duration
		left  int
	}{{mailstead.UndoPeriod, 1}, {mailstead.UndoPeriod + time.Second, 0}} {
		now = testTime.Add(c.after)
		if err := w.Purge(t.Context()); err != nil || len(w.store.deleted) != c.left {
			t.Errorf("after %v: got %d left, %v; want %d", c.after, len(w.store.deleted), err, c.left)
		}
	}
	if last := w.store.audit[len(w.store.audit)-1]; last.Action != mailstead.AuditAccountPurge || last.ActorID != 0 || last.Object.Name == "" {
		t.Errorf("got entry %+v", last)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w.KeepPurging(ctx) // ends with its context
}

func TestAnAccountIsBegunSmallAndCompletedLater(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	if _, err := w.CreateAccount(ctx, anna, connect.NewAccount{Address: "x@firm.example"}); mailstead.KindOf(err) != mailstead.KindForbidden {
		t.Errorf("anna: got %v", err)
	}
	a, err := w.CreateAccount(ctx, root, connect.NewAccount{Name: "Support", Address: "support@firm.example", Organisation: true})
	if err != nil {
		t.Fatal(err)
	}
	if a.Needs() != mailstead.NeedServers || a.State() != mailstead.AccountIncomplete || len(w.store.audit) != 1 {
		t.Errorf("got %+v, audit %+v", a, w.store.audit)
	}
	if _, err := w.CreateAccount(ctx, root, connect.NewAccount{Address: "SUPPORT@firm.example", Organisation: true}); mailstead.CodeOf(err) != "account.exists" {
		t.Errorf("again: got %v", err)
	}
	if _, err := w.UpdateAccount(ctx, root, a.ID, connect.Changes{Note: ptr("asks IT for the password")}); err != nil {
		t.Errorf("note: got %v", err)
	}
	// Servers without a password are kept as they are typed: there is nothing to test.
	saved, err := w.UpdateAccount(ctx, root, a.ID, connect.Changes{
		Incoming: &connect.ServerInput{Text: "imap.firm.example", Security: mailstead.SecurityTLS},
		Outgoing: &connect.ServerInput{Text: "smtp.firm.example", Security: mailstead.SecurityTLS},
	})
	if err != nil || saved.Account.Needs() != mailstead.NeedPassword || len(w.incoming.calls)+len(w.outgoing.calls) != 0 {
		t.Fatalf("got %+v, %v, calls %v", saved.Account, err, w.incoming.calls)
	}
	if got := saved.Account.Outgoing; got.Login != "support@firm.example" || got.Health.Code != "account.no_secret" {
		t.Errorf("got outgoing side %+v", got)
	}
	// Another server with the password completes both sides.
	saved, err = w.UpdateAccount(ctx, root, a.ID, connect.Changes{
		Incoming: &connect.ServerInput{Text: "mail.firm.example", Security: mailstead.SecurityTLS}, Password: mailstead.NewSecret("right"),
	})
	if err != nil || saved.Account.Needs() != mailstead.NeedNothing || len(w.outgoing.calls) != 1 {
		t.Fatalf("got %+v, %v", saved.Account, err)
	}
	// Now a server that changes asks for the password again.
	_, err = w.UpdateAccount(ctx, root, a.ID, connect.Changes{Incoming: &connect.ServerInput{Text: "evil.example", Security: mailstead.SecurityTLS}})
	if mailstead.CodeOf(err) != "input.password_needed" {
		t.Errorf("got %v, want a question for the password", err)
	}
}

func TestACloneHasEverythingButAddressLoginAndSecrets(t *testing.T) {
	w := newWorld(t)
	a := w.connect(t)
	if _, err := w.UpdateAccount(t.Context(), anna, a.ID, connect.Changes{Note: ptr("note"), Signature: ptr("Regards")}); err != nil {
		t.Fatal(err)
	}
	c, err := w.CreateAccount(t.Context(), root, connect.NewAccount{Name: "Two", Address: "two@firm.example", Organisation: true, Like: a.ID})
	if err != nil {
		t.Fatal(err)
	}
	if c.Note != "note" || c.Signature != "Regards" || c.OwnerID != 0 || c.Incoming.Server != a.Incoming.Server || c.LoadPeriod != a.LoadPeriod {
		t.Errorf("got %+v", c)
	}
	if c.Incoming.Login != "two@firm.example" || c.Incoming.Secret != "" || c.Needs() != mailstead.NeedPassword || len(w.store.secrets[c.ID]) != 0 {
		t.Errorf("got incoming side %+v", c.Incoming)
	}
	if _, err := w.CreateAccount(t.Context(), root, connect.NewAccount{Address: "three@firm.example", Like: 99}); mailstead.KindOf(err) != mailstead.KindNotFound {
		t.Errorf("got %v, want no such account", err)
	}
}

func TestBulkIsDoneToEachAlone(t *testing.T) {
	w := newWorld(t)
	a := w.connect(t)
	done := 0
	results, err := w.Bulk(t.Context(), root, []mailstead.AccountID{99, a.ID, a.ID}, func(context.Context, mailstead.AccountID) error {
		done++
		return nil
	})
	if err != nil || done != 1 || len(results) != 2 || mailstead.KindOf(results[0].Err) != mailstead.KindNotFound || results[1].Account.ID != a.ID {
		t.Errorf("got %+v, %v, done %d", results, err, done)
	}
	nothing := func(context.Context, mailstead.AccountID) error { return nil }
	if _, err := w.Bulk(t.Context(), anna, []mailstead.AccountID{a.ID}, nothing); mailstead.KindOf(err) != mailstead.KindForbidden {
		t.Errorf("anna: got %v", err)
	}
	if _, err := w.Bulk(t.Context(), root, nil, nothing); mailstead.CodeOf(err) != "input.limit" {
		t.Errorf("none: got %v", err)
	}
	broken := errors.New("disk")
	if _, err := w.Bulk(t.Context(), root, []mailstead.AccountID{a.ID}, func(context.Context, mailstead.AccountID) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("a defect: got %v", err)
	}
}
