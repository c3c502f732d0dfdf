package admin_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/admin"
)

func TestTokens(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	anna := w.person(t, "anna@firm.example", mailstead.RoleUser)
	made, secret, err := w.CreateToken(ctx, anna, admin.TokenRequest{
		Name: " CRM ", Scopes: []mailstead.Scope{mailstead.ScopeSend, mailstead.ScopeRead, mailstead.ScopeSend},
		ExpiresAt: w.now.Add(48 * time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(secret.Reveal(), "mst_") || made.Name != "CRM" || made.UserID != anna.User.ID {
		t.Errorf("made %+v", made)
	}
	actor, err := w.Authenticate(ctx, mailstead.Secret{}, secret)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]mailstead.Scope{mailstead.ScopeRead, mailstead.ScopeSend}, actor.Scopes); diff != "" || actor.User.ID != anna.User.ID {
		t.Errorf("actor %+v: %s", actor, diff)
	}
	list, err := w.Tokens(ctx, anna, 0)
	if err != nil || len(list) != 1 || !list[0].UsedAt.Equal(w.now) {
		t.Errorf("list %+v, %v", list, err)
	}
	w.now = w.now.Add(48 * time.Hour)
	_, err = w.Authenticate(ctx, mailstead.Secret{}, secret)
	wantKind(t, "expired", err, mailstead.KindUnauthenticated)

	other, secret, err := w.CreateToken(ctx, anna, admin.TokenRequest{Name: "x", Scopes: []mailstead.Scope{mailstead.ScopeRead}})
	if err != nil {
		t.Fatal(err)
	}
	boris := w.person(t, "boris@firm.example", mailstead.RoleUser)
	wantKind(t, "somebody else's", w.DeleteToken(ctx, boris, other.ID, 0), mailstead.KindNotFound)
	wantKind(t, "somebody else's by id", w.DeleteToken(ctx, boris, other.ID, anna.User.ID), mailstead.KindForbidden)
	wantKind(t, "one's own", w.DeleteToken(ctx, anna, other.ID, 0), 0)
	_, err = w.Authenticate(ctx, mailstead.Secret{}, secret)
	wantKind(t, "deleted", err, mailstead.KindUnauthenticated)
}

func TestWhoMayMakeWhichToken(t *testing.T) {
	w := newWorld(t)
	anna := w.person(t, "anna@firm.example", mailstead.RoleUser)
	root := w.person(t, "root@firm.example", mailstead.RoleAdmin)
	narrow := anna
	narrow.Scopes = []mailstead.Scope{mailstead.ScopeAccounts, mailstead.ScopeRead}
	narrowRoot := root
	narrowRoot.Scopes = []mailstead.Scope{mailstead.ScopeAdmin}
	read, all := []mailstead.Scope{mailstead.ScopeRead}, []mailstead.Scope{mailstead.ScopeAdmin, mailstead.ScopeRead}
	for _, c := range []struct {
		name  string
		actor mailstead.Actor
		r     admin.TokenRequest
		want  mailstead.Kind
	}{
		{"nobody", mailstead.Actor{}, admin.TokenRequest{Name: "x", Scopes: read}, mailstead.KindUnauthenticated},
		{"a user for herself", anna, admin.TokenRequest{Name: "x", Scopes: read}, 0},
		{"a user for somebody else", anna, admin.TokenRequest{Name: "x", Scopes: read, UserID: root.User.ID}, mailstead.KindForbidden},
		{"a user for administration", anna, admin.TokenRequest{Name: "x", Scopes: all}, mailstead.KindInvalid},
		{"a token", narrow, admin.TokenRequest{Name: "x", Scopes: read}, mailstead.KindForbidden},
		{"an administrator for himself", root, admin.TokenRequest{Name: "x", Scopes: all}, 0},
		{"an administrator for a user", root, admin.TokenRequest{Name: "x", Scopes: read, UserID: anna.User.ID}, 0},
		{"an administrator's token beyond its scopes", narrowRoot, admin.TokenRequest{Name: "x", Scopes: all}, mailstead.KindForbidden},
		{"the operator for a user", operator, admin.TokenRequest{Name: "x", Scopes: read, UserID: anna.User.ID}, 0},
		{"the operator for nobody", operator, admin.TokenRequest{Name: "x", Scopes: read}, mailstead.KindInvalid},
		{"for a user that is none", operator, admin.TokenRequest{Name: "x", Scopes: read, UserID: 99}, mailstead.KindNotFound},
		{"without scopes", anna, admin.TokenRequest{Name: "x"}, mailstead.KindInvalid},
		{"with a scope that is none", anna, admin.TokenRequest{Name: "x", Scopes: []mailstead.Scope{"everything"}}, mailstead.KindInvalid},
		{"without a name", anna, admin.TokenRequest{Name: " ", Scopes: read}, mailstead.KindInvalid},
		{"with a line break", anna, admin.TokenRequest{Name: "a\nb", Scopes: read}, mailstead.KindInvalid},
		{"expired already", anna, admin.TokenRequest{Name: "x", Scopes: read, ExpiresAt: w.now}, mailstead.KindInvalid},
	} {
		_, secret, err := w.CreateToken(t.Context(), c.actor, c.r)
		wantKind(t, c.name, err, c.want)
		if (err == nil) == secret.IsZero() {
			t.Errorf("%s: secret and error do not fit", c.name)
		}
	}
}
