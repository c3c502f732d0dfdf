package storetest

import (
	"testing"
	"time"

	"github.com/mailstead/mailstead"
)

// newApp is an app of a service, not stored.
func (k *kit) newApp(name string) *mailstead.OAuthApp {
	return &mailstead.OAuthApp{
		Key: "key-" + name, Name: name, Service: mailstead.OAuthCustom, Kind: mailstead.OAuthPerson, ClientID: "client", Tenant: "tenant",
		Issuer: "https://login.example.com", AuthURL: "https://login.example.com/auth", TokenURL: "https://login.example.com/token",
		DeviceURL: "https://login.example.com/device", RevokeURL: "https://login.example.com/revoke", UserInfoURL: "https://login.example.com/me",
		Scopes: []string{"mail", "openid"}, ProviderIDs: []mailstead.ProviderID{"gmail", "own-x"}, Active: true, SecretExpires: "2027-01-31",
	}
}

// app stores an app without a secret.
func (k *kit) app(name string) *mailstead.OAuthApp {
	k.t.Helper()
	a := k.newApp(name)
	k.ok(k.db.CreateOAuthApp(k.t.Context(), a, nil, audited))
	return a
}

// granted stores an account that signs in by an app.
func (k *kit) granted(name string, app *mailstead.OAuthApp) (*mailstead.Account, *mailstead.OAuthGrant) {
	k.t.Helper()
	a := k.newAccount(name, 0)
	for _, side := range []*mailstead.Side{a.Incoming, a.Outgoing} {
		side.Secret, side.OAuth = mailstead.SecretOAuth, true
	}
	g := &mailstead.OAuthGrant{
		AppID: app.ID, Identity: a.Address, Subject: "17", Sealed: mailstead.Sealed("tokens"), GrantedAt: start, RefreshedAt: start,
	}
	_, err := k.db.ConnectAccount(k.t.Context(), mailstead.Connected{Account: a, Grant: g, Audit: audited})
	k.ok(err)
	return a, g
}

// oauthSteps are steps of administration, see auditStep.
var oauthSteps = map[mailstead.AuditAction]auditStep{
	mailstead.AuditOAuthAppCreate: {
		mailstead.AuditOAuthApp,
		func(k *kit, e mailstead.AuditEntry) error {
			return k.db.CreateOAuthApp(k.t.Context(), k.newApp(k.fresh()), nil, e)
		},
		func(k *kit, e mailstead.AuditEntry) error {
			return k.db.CreateOAuthApp(k.t.Context(), k.newApp(k.app(k.fresh()).Name), nil, e)
		},
	},
	mailstead.AuditOAuthAppUpdate: {
		mailstead.AuditOAuthApp,
		func(k *kit, e mailstead.AuditEntry) error {
			return k.db.UpdateOAuthApp(k.t.Context(), k.app(k.fresh()), nil, e)
		},
		func(k *kit, e mailstead.AuditEntry) error {
			a := k.app(k.fresh())
			a.UpdatedAt = start.Add(-time.Hour)
			return k.db.UpdateOAuthApp(k.t.Context(), a, nil, e)
		},
	},
	mailstead.AuditOAuthAppDelete: {
		mailstead.AuditOAuthApp,
		func(k *kit, e mailstead.AuditEntry) error {
			return k.db.DeleteOAuthApp(k.t.Context(), k.app(k.fresh()).ID, e)
		},
		func(k *kit, e mailstead.AuditEntry) error { return k.db.DeleteOAuthApp(k.t.Context(), 99, e) },
	},
	mailstead.AuditAccountSignIn: {
		mailstead.AuditAccount,
		func(k *kit, e mailstead.AuditEntry) error {
			a, g := k.granted(k.fresh(), k.app(k.fresh()))
			return k.db.SignInAccount(k.t.Context(), mailstead.AccountChange{Account: a, Audit: e}, g)
		},
		func(k *kit, e mailstead.AuditEntry) error {
			a, g := k.granted(k.fresh(), k.app(k.fresh()))
			a.UpdatedAt = start.Add(-time.Hour)
			return k.db.SignInAccount(k.t.Context(), mailstead.AccountChange{Account: a, Audit: e}, g)
		},
	},
}

var oauthTests = map[string]func(*testing.T, *kit){
	"OAuth apps are stored and read": func(t *testing.T, k *kit) {
		ctx := t.Context()
		a := k.newApp("Work")
		k.ok(k.db.CreateOAuthApp(ctx, a, mailstead.Sealed("secret"), audited))
		k.same("times", []time.Time{a.CreatedAt, a.UpdatedAt}, []time.Time{start, start})
		got, err := k.db.OAuthApp(ctx, a.ID)
		k.ok(err)
		want := *k.newApp("Work")
		want.ID, want.HasSecret, want.CreatedAt, want.UpdatedAt = a.ID, true, start, start
		k.same("app", got, want)
		secret, err := k.db.OAuthAppSecret(ctx, a.ID)
		k.ok(err)
		k.same("secret", string(secret), "secret")
		k.fails(k.db.CreateOAuthApp(ctx, k.newApp("WORK"), nil, audited), mailstead.KindConflict, "oauth_app.exists")
		k.app("Another")
		list, err := k.db.OAuthApps(ctx)
		k.ok(err)
		k.same("names", []string{list[0].Name, list[1].Name}, []string{"Another", "Work"})
		k.ok(k.db.DeleteOAuthApp(ctx, a.ID, audited))
		_, err = k.db.OAuthApp(ctx, a.ID)
		k.missing(err, "app")
		_, err = k.db.OAuthAppSecret(ctx, a.ID)
		k.missing(err, "app")
		k.missing(k.db.DeleteOAuthApp(ctx, a.ID, audited), "app")
	},
	"an OAuth app is changed only as it was seen": func(t *testing.T, k *kit) {
		ctx := t.Context()
		a := k.newApp("Work")
		k.ok(k.db.CreateOAuthApp(ctx, a, mailstead.Sealed("secret"), audited))
		late := *a
		a.Name, a.Active, a.Scopes = "Home", false, []string{"mail"}
		k.ok(k.db.UpdateOAuthApp(ctx, a, nil, audited))
		k.same("version", a.UpdatedAt, start.Add(time.Millisecond))
		got, err := k.db.OAuthApp(ctx, a.ID)
		k.ok(err)
		k.same("app", got, *a)
		k.fails(k.db.UpdateOAuthApp(ctx, &late, nil, audited), mailstead.KindConflict, mailstead.CodeOAuthAppChanged)
		k.ok(k.db.UpdateOAuthApp(ctx, a, mailstead.Sealed{}, audited))
		k.same("has a secret", a.HasSecret, false)
		k.app("Another")
		a.Name = "another"
		k.fails(k.db.UpdateOAuthApp(ctx, a, nil, audited), mailstead.KindConflict, "oauth_app.exists")
		k.missing(k.db.UpdateOAuthApp(ctx, &mailstead.OAuthApp{ID: 99}, nil, audited), "app")
	},
	"an OAuth app stays while accounts sign in by it": func(t *testing.T, k *kit) {
		ctx := t.Context()
		app := k.app("Work")
		a, _ := k.granted("sales", app)
		k.app("Unused")
		got, err := k.db.OAuthAppAccounts(ctx)
		k.ok(err)
		k.same("accounts", got, map[mailstead.OAuthAppID]int{app.ID: 1})
		err = k.db.DeleteOAuthApp(ctx, app.ID, audited)
		k.fails(err, mailstead.KindConflict, "oauth_app.in_use")
		k.same("used by", mailstead.UsesOf(err), []mailstead.Use{a.Use()})
		k.ok(k.db.RemoveAccount(ctx, mailstead.AccountRemoval{ID: a.ID, At: start, Audit: audited}))
		k.ok(k.db.DeleteOAuthApp(ctx, app.ID, audited))
	},
	"tokens are renewed by one alone": func(t *testing.T, k *kit) {
		ctx := t.Context()
		app := k.app("Work")
		a, g := k.granted("sales", app)
		stored, err := k.db.Account(ctx, a.ID)
		k.ok(err)
		k.same("by OAuth", []bool{stored.Incoming.OAuth, stored.SignsInByOAuth()}, []bool{true, true})
		first, err := k.db.OAuthGrant(ctx, a.ID)
		k.ok(err)
		k.same("grant", first, *g)
		second := first
		first.Sealed, first.RefreshedAt = mailstead.Sealed("newer"), start.Add(time.Minute)
		k.ok(k.db.RenewOAuthGrant(ctx, &first))
		k.same("version", first.Version, second.Version+1)
		k.fails(k.db.RenewOAuthGrant(ctx, &second), mailstead.KindConflict, "oauth.renewed")
		got, err := k.db.OAuthGrant(ctx, a.ID)
		k.ok(err)
		k.same("grant", got, first)
	},
	"a new sign-in takes the place of the old one": func(t *testing.T, k *kit) {
		ctx := t.Context()
		app, other := k.app("Work"), k.app("Other")
		a, g := k.granted("sales", app)
		late := *g
		next := &mailstead.OAuthGrant{AppID: other.ID, Sealed: mailstead.Sealed("others"), GrantedAt: start, RefreshedAt: start}
		a.Name = "Sales"
		k.ok(k.db.SignInAccount(ctx, mailstead.AccountChange{Account: a, Audit: audited}, next))
		got, err := k.db.OAuthGrant(ctx, a.ID)
		k.ok(err)
		k.same("grant", got, *next)
		k.fails(k.db.RenewOAuthGrant(ctx, &late), mailstead.KindConflict, "oauth.renewed")

		for _, side := range []*mailstead.Side{a.Incoming, a.Outgoing} {
			side.Secret, side.OAuth = mailstead.SecretBoth, false
		}
		k.ok(k.db.UpdateAccount(ctx, a, map[mailstead.SecretField]mailstead.Sealed{mailstead.SecretBoth: mailstead.Sealed("password")}, audited, nil))
		_, err = k.db.OAuthGrant(ctx, a.ID)
		k.missing(err, "sign_in")
	},
	"a grant goes with its account": func(t *testing.T, k *kit) {
		ctx := t.Context()
		a, _ := k.granted("sales", k.app("Work"))
		k.ok(k.db.RemoveAccount(ctx, mailstead.AccountRemoval{ID: a.ID, At: start, Audit: audited}))
		_, err := k.db.OAuthGrant(ctx, a.ID)
		k.missing(err, "sign_in")
		back, err := k.db.RestoreAccount(ctx, mailstead.AccountRestoring{ID: a.ID, At: start, Since: start, Audit: audited})
		k.ok(err)
		k.same("needs", back.Needs(), mailstead.NeedPassword)
	},
}
