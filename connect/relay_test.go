package connect_test

import (
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/connect"
)

// relay is a request for an account that only sends, without a sign-in.
func relay() connect.Request {
	r := request()
	r.Incoming, r.Password, r.SendOnly, r.NoSignIn = nil, mailstead.Secret{}, true, true
	return r
}

func openRelay(w *world) { w.outgoing.password = "" }

func TestARelayWithoutASignIn(t *testing.T) {
	w := newWorld(t)
	openRelay(w)
	saved, err := w.Save(t.Context(), anna, relay())
	if err != nil {
		t.Fatal(err)
	}
	out := w.store.accounts[saved.Account.ID].Outgoing
	if out.Login != "" || out.Secret != "" || len(w.store.secrets[saved.Account.ID]) != 0 {
		t.Errorf("login %q, secret %q, %d secrets; want none", out.Login, out.Secret, len(w.store.secrets[saved.Account.ID]))
	}
	if got := w.outgoing.calls[0]; got.Login != "" || !got.Secret.IsZero() {
		t.Errorf("signed in as %q", got.Login)
	}
	if res, err := w.TestAccount(t.Context(), anna, saved.Account.ID); err != nil || !res.OK {
		t.Errorf("test of the stored account: %v, %v", res.OK, err)
	}
	if _, err := w.ChangePassword(t.Context(), anna, saved.Account.ID, mailstead.NewSecret("new"), mailstead.Secret{}); mailstead.CodeOf(err) != "input.password_needed" {
		t.Errorf("a password for nothing: got %v", err)
	}
	moved, err := w.UpdateAccount(t.Context(), anna, saved.Account.ID, connect.Changes{Outgoing: &connect.ServerInput{Text: "relay.firm.example"}})
	if err != nil || moved.Account.Outgoing.Server.Host != "relay.firm.example" || moved.Account.Outgoing.Login != "" {
		t.Errorf("another relay: %+v, %v", moved.Account.Outgoing, err)
	}
	w.outgoing.password = "right"
	signed, err := w.UpdateAccount(t.Context(), anna, saved.Account.ID, connect.Changes{
		Outgoing: &connect.ServerInput{Login: "anna"}, Password: mailstead.NewSecret("right"),
	})
	if err != nil || signed.Account.Outgoing.Login != "anna" || w.password(t, saved.Account.ID, mailstead.SideOutgoing) != "right" {
		t.Errorf("a sign-in later: %+v, %v", signed.Account.Outgoing, err)
	}
}

func TestAMailboxWithARelay(t *testing.T) {
	w := newWorld(t)
	openRelay(w)
	r := request()
	r.NoSignIn = true
	saved, err := w.Save(t.Context(), anna, r)
	if err != nil {
		t.Fatal(err)
	}
	id := saved.Account.ID
	if got := w.outgoing.calls[0]; got.Login != "" || !got.Secret.IsZero() {
		t.Errorf("the mailbox's password went to the relay, as %q", got.Login)
	}
	if w.password(t, id, mailstead.SideIncoming) != "right" || len(w.store.secrets[id]) != 1 || len(w.store.domains) != 0 {
		t.Errorf("%d secrets, %d domains learned; want one and none", len(w.store.secrets[id]), len(w.store.domains))
	}
	w.incoming.password = "new"
	if _, err := w.ChangePassword(t.Context(), anna, id, mailstead.NewSecret("new"), mailstead.Secret{}); err != nil {
		t.Fatal(err)
	}
	if w.password(t, id, mailstead.SideIncoming) != "new" || w.store.accounts[id].Outgoing.Login != "" || len(w.outgoing.calls) != 1 {
		t.Error("the relay took part in the change of the password")
	}
}

func TestASignInThatContradictsItself(t *testing.T) {
	for name, change := range map[string]func(*connect.Request){
		"a password": func(r *connect.Request) { r.OutgoingPassword = mailstead.NewSecret("right") },
		"a login":    func(r *connect.Request) { r.Outgoing.Login = "anna" },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			r := relay()
			change(&r)
			if _, err := w.Save(t.Context(), anna, r); mailstead.CodeOf(err) != "input.sign_in" || len(w.outgoing.calls) != 0 {
				t.Errorf("got %v after %d tests, want input.sign_in at once", err, len(w.outgoing.calls))
			}
		})
	}
}
