package storetest

import (
	"testing"
	"time"

	"github.com/mailstead/mailstead"
)

// onePerUser are rules by which every user has one account.
func (k *kit) onePerUser() {
	k.t.Helper()
	p, err := k.db.Policies(k.t.Context())
	k.ok(err)
	p.AccountsPerUser = 1
	k.ok(k.db.PutPolicies(k.t.Context(), &p, audited))
}

// link stores an open link of the account.
func (k *kit) link(account mailstead.AccountID) *mailstead.PasswordLink {
	k.t.Helper()
	l := &mailstead.PasswordLink{AccountID: account, Hash: []byte(k.fresh()), CreatedBy: 5, ExpiresAt: start.Add(time.Hour)}
	k.ok(k.db.CreatePasswordLink(k.t.Context(), l, audited))
	return l
}

// policySteps are steps of administration, see auditStep.
var policySteps = map[mailstead.AuditAction]auditStep{
	mailstead.AuditPoliciesUpdate: {
		mailstead.AuditPolicy,
		func(k *kit, e mailstead.AuditEntry) error {
			p, err := k.db.Policies(k.t.Context())
			k.ok(err)
			return k.db.PutPolicies(k.t.Context(), &p, e)
		},
		func(k *kit, e mailstead.AuditEntry) error {
			return k.db.PutPolicies(k.t.Context(), &mailstead.Policies{UpdatedAt: start.Add(-time.Hour)}, e)
		},
	},
	mailstead.AuditLinkCreate: {
		mailstead.AuditAccount,
		func(k *kit, e mailstead.AuditEntry) error {
			l := &mailstead.PasswordLink{AccountID: k.account("a", 0).ID, Hash: []byte(k.fresh())}
			return k.db.CreatePasswordLink(k.t.Context(), l, e)
		},
		func(k *kit, e mailstead.AuditEntry) error {
			a := k.account("a", 0)
			l := &mailstead.PasswordLink{AccountID: a.ID, Hash: k.link(a.ID).Hash}
			return k.db.CreatePasswordLink(k.t.Context(), l, e)
		},
	},
	mailstead.AuditLinkClose: {
		mailstead.AuditAccount,
		func(k *kit, e mailstead.AuditEntry) error {
			l := k.link(k.account("a", 0).ID)
			return k.db.ClosePasswordLink(k.t.Context(), l.ID, l.AccountID, start, e)
		},
		func(k *kit, e mailstead.AuditEntry) error {
			l := k.link(k.account("a", 0).ID)
			return k.db.ClosePasswordLink(k.t.Context(), l.ID, l.AccountID+1, start, e)
		},
	},
	mailstead.AuditLinkUse: {
		mailstead.AuditAccount,
		func(k *kit, e mailstead.AuditEntry) error {
			a := k.account("a", 0)
			return k.db.UsePasswordLink(k.t.Context(), k.link(a.ID).ID, start, mailstead.AccountChange{Account: a, Audit: e})
		},
		func(k *kit, e mailstead.AuditEntry) error {
			a := k.account("a", 0)
			l := k.link(a.ID)
			a.UpdatedAt = start.Add(-time.Hour)
			return k.db.UsePasswordLink(k.t.Context(), l.ID, start, mailstead.AccountChange{Account: a, Audit: e})
		},
	},
}

var policyTests = map[string]func(*testing.T, *kit){
	"policies are those by default until somebody sets them": func(t *testing.T, k *kit) {
		ctx := t.Context()
		p, err := k.db.Policies(ctx)
		k.ok(err)
		k.same("policies", p, mailstead.DefaultPolicies())
		want := mailstead.Policies{
			Copies: mailstead.CopiesProfiles, CopyProfiles: []mailstead.ProfileID{1, 2}, AccountsPerUser: 3, LimitProviders: true,
			ProviderIDs: []mailstead.ProviderID{"aruba"}, Plain: true, OwnAccounts: mailstead.FreedomPassword, ConfirmDomains: true,
		}
		k.ok(k.db.PutPolicies(ctx, &want, audited))
		if want.UpdatedAt.IsZero() {
			t.Error("the policies have no version")
		}
		got, err := k.db.Policies(ctx)
		k.ok(err)
		k.same("policies", got, want)
	},
	"policies that somebody else changed stay": func(t *testing.T, k *kit) {
		ctx := t.Context()
		mine, err := k.db.Policies(ctx)
		k.ok(err)
		theirs := mine
		k.ok(k.db.PutPolicies(ctx, &theirs, audited))
		k.fails(k.db.PutPolicies(ctx, &mine, audited), mailstead.KindConflict, mailstead.CodePoliciesChanged)
		later := theirs
		k.ok(k.db.PutPolicies(ctx, &later, audited))
		if !later.UpdatedAt.After(theirs.UpdatedAt) {
			t.Errorf("got version %s after %s, want a later one", later.UpdatedAt, theirs.UpdatedAt)
		}
	},
	"who set the policies at once: one wins": func(t *testing.T, k *kit) {
		won := 0
		for _, err := range together(6, func(i int) error {
			p := mailstead.DefaultPolicies()
			p.AccountsPerUser = i
			return k.db.PutPolicies(t.Context(), &p, audited)
		}) {
			if err == nil {
				won++
				continue
			}
			k.fails(err, mailstead.KindConflict, mailstead.CodePoliciesChanged)
		}
		k.same("winners", won, 1)
	},
	"a user has as many accounts as the policies allow": func(t *testing.T, k *kit) {
		ctx := t.Context()
		anna, bert := k.user("anna"), k.user("bert")
		k.onePerUser()
		first := k.account("first", anna.ID)
		_, err := k.db.ConnectAccount(ctx, mailstead.Connected{Audit: audited, Account: k.newAccount("second", anna.ID)})
		k.fails(err, mailstead.KindConflict, mailstead.CodePolicyAccounts)
		shared := k.account("shared", 0)
		k.account("another shared", 0)
		shared.OwnerID = anna.ID
		k.fails(k.db.UpdateAccount(ctx, shared, nil, audited, nil), mailstead.KindConflict, mailstead.CodePolicyAccounts)
		first.Name = "changed"
		k.ok(k.db.UpdateAccount(ctx, first, nil, audited, nil))
		n, err := k.db.OwnedAccounts(ctx, anna.ID)
		k.ok(err)
		k.same("accounts of anna", n, 1)
		shared.OwnerID = bert.ID
		k.ok(k.db.UpdateAccount(ctx, shared, nil, audited, nil))
		k.ok(k.db.RemoveAccount(ctx, mailstead.AccountRemoval{ID: first.ID, At: start, Audit: audited}))
		k.account("third", anna.ID)
	},
	"of many accounts at once a user gets one": func(t *testing.T, k *kit) {
		anna := k.user("anna")
		k.onePerUser()
		accounts := make([]*mailstead.Account, 6)
		for i := range accounts {
			accounts[i] = k.newAccount("a", anna.ID)
		}
		won := 0
		for _, err := range together(len(accounts), func(i int) error {
			_, err := k.db.ConnectAccount(t.Context(), mailstead.Connected{Audit: audited, Account: accounts[i]})
			return err
		}) {
			if err == nil {
				won++
				continue
			}
			k.fails(err, mailstead.KindConflict, mailstead.CodePolicyAccounts)
		}
		k.same("winners", won, 1)
	},
	"a user has a rule of its own": func(t *testing.T, k *kit) {
		ctx := t.Context()
		u := &mailstead.User{Name: "u", Email: "u@example.com", Role: mailstead.RoleUser, OwnAccounts: mailstead.FreedomPassword}
		k.ok(k.db.CreateUser(ctx, u, "h", false, audited))
		got, err := k.db.User(ctx, u.ID)
		k.ok(err)
		k.same("rule", got.OwnAccounts, mailstead.FreedomPassword)
		u.OwnAccounts = mailstead.FreedomNothing
		k.ok(k.db.UpdateUser(ctx, u, audited))
		all, err := k.db.Users(ctx, 0, 10)
		k.ok(err)
		k.same("rule", all[0].OwnAccounts, mailstead.FreedomNothing)
	},
	"a password link is used once": func(t *testing.T, k *kit) {
		ctx := t.Context()
		a := k.account("a", 0)
		l := k.link(a.ID)
		got, err := k.db.PasswordLinkByHash(ctx, l.Hash)
		k.ok(err)
		k.same("link", got, *l)
		change := mailstead.AccountChange{
			Account: a, Audit: audited, Secrets: map[mailstead.SecretField]mailstead.Sealed{mailstead.SecretBoth: mailstead.Sealed("new")},
		}
		k.ok(k.db.UsePasswordLink(ctx, l.ID, start, change))
		secrets, err := k.db.Secrets(ctx, a.ID)
		k.ok(err)
		k.same("secret", string(secrets[mailstead.SecretBoth]), "new")
		change.Secrets[mailstead.SecretBoth] = mailstead.Sealed("newer")
		k.fails(k.db.UsePasswordLink(ctx, l.ID, start, change), mailstead.KindNotFound, mailstead.CodePasswordLink)
		secrets, err = k.db.Secrets(ctx, a.ID)
		k.ok(err)
		k.same("secret", string(secrets[mailstead.SecretBoth]), "new")
		links, err := k.db.PasswordLinks(ctx, a.ID)
		k.ok(err)
		k.same("used", links[0].UsedAt, start)
		k.same("closed", links[0].ClosedAt, start)
	},
	"a password link ends": func(t *testing.T, k *kit) {
		ctx := t.Context()
		a := k.account("a", 0)
		use := func(l *mailstead.PasswordLink, at time.Time) error {
			return k.db.UsePasswordLink(ctx, l.ID, at, mailstead.AccountChange{Account: a, Audit: audited})
		}
		late := k.link(a.ID)
		k.fails(use(late, start.Add(time.Hour)), mailstead.KindNotFound, mailstead.CodePasswordLink)
		next := k.link(a.ID)
		k.fails(use(late, start), mailstead.KindNotFound, mailstead.CodePasswordLink)
		k.ok(k.db.ClosePasswordLink(ctx, next.ID, a.ID, start, audited))
		k.missing(k.db.ClosePasswordLink(ctx, next.ID, a.ID, start, audited), "link")
		k.fails(use(next, start), mailstead.KindNotFound, mailstead.CodePasswordLink)
		other := k.link(k.account("b", 0).ID)
		k.fails(use(other, start), mailstead.KindNotFound, mailstead.CodePasswordLink)
		links, err := k.db.PasswordLinks(ctx, a.ID)
		k.ok(err)
		k.same("links from new to old", []mailstead.PasswordLinkID{links[0].ID, links[1].ID}, []mailstead.PasswordLinkID{next.ID, late.ID})
		_, err = k.db.PasswordLinkByHash(ctx, []byte("none"))
		k.missing(err, "link")
		k.missing(k.db.CreatePasswordLink(ctx, &mailstead.PasswordLink{AccountID: 99, Hash: []byte("x")}, audited), "account")
	},
	"an account that waits for its password comes with the link": func(t *testing.T, k *kit) {
		ctx := t.Context()
		l := &mailstead.PasswordLink{Hash: []byte("h"), ExpiresAt: start.Add(time.Hour)}
		id, err := k.db.ConnectAccount(ctx, mailstead.Connected{
			Audit: audited, Account: k.newAccount("a", 0), Link: l, LinkAudit: entry(mailstead.AuditLinkCreate, mailstead.AuditAccount, ""),
		})
		k.ok(err)
		links, err := k.db.PasswordLinks(ctx, id)
		k.ok(err)
		k.same("links", links, []mailstead.PasswordLink{*l})
		k.same("entry", k.audit(mailstead.AuditQuery{Action: mailstead.AuditLinkCreate})[0].Object.ID, id.String())
	},
}
