package storetest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
)

// entry is an entry about an object, by the user 5 with the token 6.
func entry(action mailstead.AuditAction, kind mailstead.AuditKind, id string) mailstead.AuditEntry {
	return mailstead.AuditEntry{
		ActorID: 5, ActorName: "Žofie", TokenID: 6, Action: action,
		Object:  mailstead.AuditObject{Kind: kind, ID: id, Name: "what it was called"},
		Changes: []mailstead.AuditChange{{Field: "name", Before: json.RawMessage(`"a'b"`), After: json.RawMessage(`["x"]`)}, {Field: "password"}},
	}
}

// fresh is a name that nothing has yet.
func (k *kit) fresh() string {
	k.n++
	return fmt.Sprint("fresh", k.n)
}

func (k *kit) audit(q mailstead.AuditQuery) []mailstead.AuditEntry {
	k.t.Helper()
	list, err := k.db.Audit(k.t.Context(), q)
	k.ok(err)
	return list
}

// auditStep is a step of administration. done makes what the step needs and does
// it; wrong does it so that it fails after some of it was stored, or at its end.
type auditStep struct {
	kind        mailstead.AuditKind
	done, wrong func(*kit, mailstead.AuditEntry) error
}

// allSteps are all steps of administration.
func allSteps() map[mailstead.AuditAction]auditStep {
	all := maps.Clone(steps)
	maps.Copy(all, policySteps)
	maps.Copy(all, templateSteps)
	maps.Copy(all, oauthSteps)
	maps.Copy(all, trustSteps)
	return all
}

var steps = map[mailstead.AuditAction]auditStep{
	mailstead.AuditUserCreate: {
		mailstead.AuditUser,
		func(k *kit, e mailstead.AuditEntry) error {
			return k.db.CreateUser(k.t.Context(), &mailstead.User{Name: "u", Email: k.fresh() + "@example.com", Role: mailstead.RoleUser}, "h", false, e)
		},
		func(k *kit, e mailstead.AuditEntry) error {
			u := &mailstead.User{Name: "u", Email: k.fresh() + "@example.com", Role: mailstead.RoleUser, ProfileIDs: []mailstead.ProfileID{99}}
			return k.db.CreateUser(k.t.Context(), u, "h", false, e)
		},
	},
	mailstead.AuditUserUpdate: {
		mailstead.AuditUser,
		func(k *kit, e mailstead.AuditEntry) error {
			return k.db.UpdateUser(k.t.Context(), k.user(k.fresh()), e)
		},
		func(k *kit, e mailstead.AuditEntry) error {
			u := k.user(k.fresh())
			u.ProfileIDs = []mailstead.ProfileID{99}
			return k.db.UpdateUser(k.t.Context(), u, e)
		},
	},
	mailstead.AuditUserPassword: {
		mailstead.AuditUser,
		func(k *kit, e mailstead.AuditEntry) error {
			return k.db.SetUserPassword(k.t.Context(), k.user(k.fresh()).ID, "x", e)
		},
		func(k *kit, e mailstead.AuditEntry) error { return k.db.SetUserPassword(k.t.Context(), 99, "x", e) },
	},
	mailstead.AuditUserSender: {
		mailstead.AuditUser,
		func(k *kit, e mailstead.AuditEntry) error {
			return k.db.SetDefaultAccount(k.t.Context(), k.user(k.fresh()).ID, k.account("a", 0).ID, e)
		},
		func(k *kit, e mailstead.AuditEntry) error {
			return k.db.SetDefaultAccount(k.t.Context(), k.user(k.fresh()).ID, 99, e)
		},
	},
	mailstead.AuditProfileCreate: {
		mailstead.AuditProfile,
		func(k *kit, e mailstead.AuditEntry) error {
			return k.db.CreateProfile(k.t.Context(), &mailstead.Profile{Name: k.fresh()}, e)
		},
		func(k *kit, e mailstead.AuditEntry) error {
			return k.db.CreateProfile(k.t.Context(), &mailstead.Profile{Name: k.profile(k.fresh()).Name}, e)
		},
	},
	mailstead.AuditProfileDelete: {
		mailstead.AuditProfile,
		func(k *kit, e mailstead.AuditEntry) error {
			return k.db.DeleteProfile(k.t.Context(), k.profile(k.fresh()).ID, e)
		},
		func(k *kit, e mailstead.AuditEntry) error { return k.db.DeleteProfile(k.t.Context(), 99, e) },
	},
	mailstead.AuditTokenCreate: {
		mailstead.AuditToken,
		func(k *kit, e mailstead.AuditEntry) error {
			return k.db.CreateToken(k.t.Context(), &mailstead.Token{UserID: k.user(k.fresh()).ID, Hash: []byte(k.fresh())}, e)
		},
		func(k *kit, e mailstead.AuditEntry) error {
			return k.db.CreateToken(k.t.Context(), &mailstead.Token{UserID: 99, Hash: []byte(k.fresh())}, e)
		},
	},
	mailstead.AuditTokenDelete: {
		mailstead.AuditToken,
		func(k *kit, e mailstead.AuditEntry) error {
			tok := &mailstead.Token{UserID: k.user(k.fresh()).ID, Hash: []byte(k.fresh())}
			k.ok(k.db.CreateToken(k.t.Context(), tok, audited))
			return k.db.DeleteToken(k.t.Context(), tok.ID, tok.UserID, e)
		},
		func(k *kit, e mailstead.AuditEntry) error { return k.db.DeleteToken(k.t.Context(), 99, 1, e) },
	},
	mailstead.AuditAccountConnect: {
		mailstead.AuditAccount,
		func(k *kit, e mailstead.AuditEntry) error {
			_, err := k.db.ConnectAccount(k.t.Context(), mailstead.Connected{Account: k.newAccount("a", 0), Audit: e})
			return err
		},
		func(k *kit, e mailstead.AuditEntry) error {
			_, err := k.db.ConnectAccount(k.t.Context(), mailstead.Connected{
				Account: k.newAccount("a", 0), Audit: e, LearnedAudit: e,
				Learned: &mailstead.Domain{Name: "example.com", Source: mailstead.DomainLearned}, Assignments: []mailstead.Assignment{{UserID: 99}},
			})
			return err
		},
	},
	mailstead.AuditAccountUpdate: {
		mailstead.AuditAccount,
		func(k *kit, e mailstead.AuditEntry) error {
			return k.db.UpdateAccount(k.t.Context(), k.account("a", 0), nil, e, nil)
		},
		func(k *kit, e mailstead.AuditEntry) error {
			a := k.account("a", 0)
			a.OwnerID = 99
			return k.db.UpdateAccount(k.t.Context(), a, nil, e, nil)
		},
	},
	mailstead.AuditAccountDelete: {
		mailstead.AuditAccount,
		func(k *kit, e mailstead.AuditEntry) error {
			return k.db.RemoveAccount(k.t.Context(), mailstead.AccountRemoval{ID: k.account("a", 0).ID, At: start, Audit: e})
		},
		func(k *kit, e mailstead.AuditEntry) error {
			a := k.account("a", 0)
			k.submit(a.ID)
			return k.db.RemoveAccount(k.t.Context(), mailstead.AccountRemoval{ID: a.ID, At: start, Audit: e})
		},
	},
	mailstead.AuditAccountRestore: {
		mailstead.AuditAccount,
		func(k *kit, e mailstead.AuditEntry) error {
			a := k.account("a", k.user(k.fresh()).ID)
			k.ok(k.db.RemoveAccount(k.t.Context(), removal(a.ID, start)))
			r := restoring(a.ID, start)
			r.Audit = e
			_, err := k.db.RestoreAccount(k.t.Context(), r)
			return err
		},
		func(k *kit, e mailstead.AuditEntry) error {
			r := restoring(99, start)
			r.Audit = e
			_, err := k.db.RestoreAccount(k.t.Context(), r)
			return err
		},
	},
	mailstead.AuditAccountPurge: {
		mailstead.AuditAccount,
		func(k *kit, e mailstead.AuditEntry) error {
			k.ok(k.db.RemoveAccount(k.t.Context(), removal(k.account("a", 0).ID, start)))
			_, err := k.db.PurgeAccount(k.t.Context(), start.Add(1e9), 9, func(mailstead.Account) mailstead.AuditEntry { return e })
			return err
		},
		func(k *kit, e mailstead.AuditEntry) error {
			k.ok(k.db.RemoveAccount(k.t.Context(), removal(k.account("a", 0).ID, start)))
			e.Action = ""
			_, err := k.db.PurgeAccount(k.t.Context(), start.Add(1e9), 9, func(mailstead.Account) mailstead.AuditEntry { return e })
			return err
		},
	},
	mailstead.AuditAssignmentCreate: {
		mailstead.AuditAccount,
		func(k *kit, e mailstead.AuditEntry) error {
			return k.db.CreateAssignment(k.t.Context(), &mailstead.Assignment{AccountID: k.account("a", 0).ID, UserID: k.user(k.fresh()).ID}, e)
		},
		func(k *kit, e mailstead.AuditEntry) error {
			return k.db.CreateAssignment(k.t.Context(), &mailstead.Assignment{AccountID: k.account("a", 0).ID, UserID: 99}, e)
		},
	},
	mailstead.AuditAssignmentDelete: {
		mailstead.AuditAccount,
		func(k *kit, e mailstead.AuditEntry) error {
			as := k.assign(mailstead.Assignment{AccountID: k.account("a", 0).ID, UserID: k.user(k.fresh()).ID})
			return k.db.DeleteAssignment(k.t.Context(), as.ID, e)
		},
		func(k *kit, e mailstead.AuditEntry) error { return k.db.DeleteAssignment(k.t.Context(), 99, e) },
	},
	mailstead.AuditSystemAccount: {
		mailstead.AuditAccount,
		func(k *kit, e mailstead.AuditEntry) error {
			return k.db.SetSystemAccount(k.t.Context(), k.account("a", 0).ID, e)
		},
		func(k *kit, e mailstead.AuditEntry) error { return k.db.SetSystemAccount(k.t.Context(), 99, e) },
	},
	mailstead.AuditDomainPut: {
		mailstead.AuditDomain,
		func(k *kit, e mailstead.AuditEntry) error {
			return k.db.PutDomains(k.t.Context(), []mailstead.Domain{{Name: "a.example"}, {Name: "b.example"}}, e)
		},
		func(k *kit, e mailstead.AuditEntry) error {
			e.Action = ""
			return k.db.PutDomains(k.t.Context(), []mailstead.Domain{{Name: "a.example"}}, e)
		},
	},
	mailstead.AuditDomainDelete: {
		mailstead.AuditDomain,
		func(k *kit, e mailstead.AuditEntry) error {
			k.ok(k.db.PutDomains(k.t.Context(), []mailstead.Domain{{Name: "a.example"}}, audited))
			return k.db.DeleteDomains(k.t.Context(), []string{"a.example", "b.example"}, e)
		},
		func(k *kit, e mailstead.AuditEntry) error {
			return k.db.DeleteDomains(k.t.Context(), []string{"none.example"}, e)
		},
	},
	mailstead.AuditDomainApprove: {
		mailstead.AuditDomain,
		func(k *kit, e mailstead.AuditEntry) error {
			return k.db.ReplaceDomain(k.t.Context(), &mailstead.Domain{Name: k.fresh() + ".example"}, e)
		},
		func(k *kit, e mailstead.AuditEntry) error {
			return k.db.ReplaceDomain(k.t.Context(), &mailstead.Domain{Name: k.fresh() + ".example", UpdatedAt: start}, e)
		},
	},
	mailstead.AuditProviderCreate: {
		mailstead.AuditProvider,
		func(k *kit, e mailstead.AuditEntry) error {
			return k.db.CreateProvider(k.t.Context(), ownProvider(k.fresh()), e)
		},
		func(k *kit, e mailstead.AuditEntry) error {
			name := k.fresh()
			k.provider(name, name+".example")
			return k.db.CreateProvider(k.t.Context(), ownProvider(k.fresh(), "first."+name, name+".example"), e)
		},
	},
	mailstead.AuditProviderUpdate: {
		mailstead.AuditProvider,
		func(k *kit, e mailstead.AuditEntry) error {
			return k.db.UpdateProvider(k.t.Context(), k.provider(k.fresh()), e)
		},
		func(k *kit, e mailstead.AuditEntry) error {
			return k.db.UpdateProvider(k.t.Context(), ownProvider(k.fresh()), e)
		},
	},
	mailstead.AuditProviderHide: {
		mailstead.AuditProvider,
		func(k *kit, e mailstead.AuditEntry) error { return k.db.HideProvider(k.t.Context(), "gmail", true, e) },
		func(k *kit, e mailstead.AuditEntry) error {
			e.Action = ""
			return k.db.HideProvider(k.t.Context(), "gmail", true, e)
		},
	},
	mailstead.AuditProviderDelete: {
		mailstead.AuditProvider,
		func(k *kit, e mailstead.AuditEntry) error {
			return k.db.DeleteProvider(k.t.Context(), k.provider(k.fresh()).ID, e)
		},
		func(k *kit, e mailstead.AuditEntry) error {
			name := k.fresh()
			return k.db.DeleteProvider(k.t.Context(), k.provider(name, name+".example").ID, e)
		},
	},
	mailstead.AuditSignInLock: {
		mailstead.AuditNetwork,
		func(k *kit, e mailstead.AuditEntry) error { return k.db.RecordAudit(k.t.Context(), e) },
		func(k *kit, e mailstead.AuditEntry) error {
			e.Object.Kind = ""
			return k.db.RecordAudit(k.t.Context(), e)
		},
	},
}

var auditTests = map[string]func(*testing.T, *kit){
	"every step of administration leaves its entry": func(t *testing.T, k *kit) {
		for action, step := range allSteps() {
			want := entry(action, step.kind, "the id")
			k.ok(step.done(k, want))
			got := k.audit(mailstead.AuditQuery{Action: action, ActorID: 5})
			if len(got) != 1 {
				t.Fatalf("%s: got %d entries, want 1", action, len(got))
			}
			want.ID, want.At = got[0].ID, start
			k.same(string(action), got[0], want)
		}
	},
	"a step that fails leaves none": func(t *testing.T, k *kit) {
		for action, step := range allSteps() {
			if err := step.wrong(k, entry(action, step.kind, "1")); err == nil {
				t.Errorf("%s: got no error", action)
			}
			if got := k.audit(mailstead.AuditQuery{ActorID: 5}); len(got) != 0 {
				t.Errorf("%s: got entry %+v, want none", action, got[0])
			}
		}
	},
	"a step without an entry is not done": func(t *testing.T, k *kit) {
		for action, step := range allSteps() {
			if err := step.done(k, mailstead.AuditEntry{}); mailstead.KindOf(err) != mailstead.KindInternal || err == nil {
				t.Errorf("%s: got %v, want an internal error", action, err)
			}
		}
		_, err := k.db.Domain(t.Context(), "b.example")
		k.missing(err, "domain")
		k.same("entries", len(k.audit(mailstead.AuditQuery{ActorID: 5})), 0)
	},
	"what is made has its id in the entry": func(t *testing.T, k *kit) {
		ctx := t.Context()
		u := &mailstead.User{Name: "Ada", Email: "ada@example.com", Role: mailstead.RoleAdmin}
		k.ok(k.db.CreateUser(ctx, u, "h", true, mailstead.Actor{}.Audit(mailstead.AuditSetup, u.AuditObject(), nil)))
		p := &mailstead.Profile{Name: "p"}
		k.ok(k.db.CreateProfile(ctx, p, entry(mailstead.AuditProfileCreate, mailstead.AuditProfile, "")))
		tok := &mailstead.Token{UserID: u.ID, Hash: []byte(k.fresh())}
		k.ok(k.db.CreateToken(ctx, tok, entry(mailstead.AuditTokenCreate, mailstead.AuditToken, "")))
		id, err := k.db.ConnectAccount(ctx, mailstead.Connected{Account: k.newAccount("a", 0), Audit: entry(mailstead.AuditAccountConnect, mailstead.AuditAccount, "")})
		k.ok(err)
		var got []string
		for _, e := range k.audit(mailstead.AuditQuery{}) {
			got = append(got, string(e.Object.Kind)+" "+e.Object.ID)
		}
		k.same("objects", got, []string{"account " + id.String(), fmt.Sprint("token ", tok.ID), "profile " + p.ID.String(), "user " + u.ID.String()})
		k.same("who made the first user", k.audit(mailstead.AuditQuery{Action: mailstead.AuditSetup})[0].ActorID, u.ID)
	},
	"a domain that was learned is told when it is stored": func(t *testing.T, k *kit) {
		ctx := t.Context()
		learn := func() {
			_, err := k.db.ConnectAccount(ctx, mailstead.Connected{
				Account: k.newAccount("a", 0), Audit: audited, Learned: &mailstead.Domain{Name: "example.com", Source: mailstead.DomainLearned},
				LearnedAudit: entry(mailstead.AuditDomainLearn, mailstead.AuditDomain, "example.com"),
			})
			k.ok(err)
		}
		learn()
		k.ok(k.db.PutDomains(ctx, []mailstead.Domain{{Name: "example.com", Source: mailstead.DomainAdministrator}}, audited))
		learn()
		k.same("entries", len(k.audit(mailstead.AuditQuery{Action: mailstead.AuditDomainLearn})), 1)
	},
	"the audit comes in pages, newest first, by what is asked": func(t *testing.T, k *kit) {
		ctx := t.Context()
		record := func(i int, change func(*mailstead.AuditEntry)) mailstead.AuditID {
			e := entry(mailstead.AuditAccountUpdate, mailstead.AuditAccount, "7")
			e.At = start.Add(time.Duration(i) * time.Hour)
			change(&e)
			k.ok(k.db.RecordAudit(ctx, e))
			return k.audit(mailstead.AuditQuery{Limit: 1})[0].ID
		}
		plain := func(*mailstead.AuditEntry) {}
		ids := []mailstead.AuditID{
			record(0, plain),
			record(1, func(e *mailstead.AuditEntry) { e.ActorID, e.Operator = 0, true }),
			record(2, func(e *mailstead.AuditEntry) { e.Object.ID = "8" }),
			record(3, func(e *mailstead.AuditEntry) { e.Object.Kind = mailstead.AuditUser }),
			record(4, func(e *mailstead.AuditEntry) { e.Action = mailstead.AuditAccountDelete }),
			record(5, func(e *mailstead.AuditEntry) { e.ActorID = 9 }),
		}
		for name, c := range map[string]struct {
			q    mailstead.AuditQuery
			want []int
		}{
			"all":              {mailstead.AuditQuery{}, []int{5, 4, 3, 2, 1, 0}},
			"a page":           {mailstead.AuditQuery{Limit: 2}, []int{5, 4}},
			"the next":         {mailstead.AuditQuery{Limit: 2, Before: ids[4]}, []int{3, 2}},
			"a user":           {mailstead.AuditQuery{ActorID: 9}, []int{5}},
			"the operator":     {mailstead.AuditQuery{Operator: true}, []int{1}},
			"an action":        {mailstead.AuditQuery{Action: mailstead.AuditAccountDelete}, []int{4}},
			"a kind":           {mailstead.AuditQuery{Kind: mailstead.AuditUser}, []int{3}},
			"an object":        {mailstead.AuditQuery{Kind: mailstead.AuditAccount, ObjectID: "7"}, []int{5, 4, 1, 0}},
			"a time":           {mailstead.AuditQuery{From: start.Add(time.Hour), To: start.Add(3 * time.Hour)}, []int{2, 1}},
			"several":          {mailstead.AuditQuery{Kind: mailstead.AuditAccount, ActorID: 5, To: start.Add(2 * time.Hour)}, []int{0}},
			"what there's not": {mailstead.AuditQuery{ObjectID: "7' OR 1=1 --\x00"}, nil},
		} {
			var want []mailstead.AuditID
			for _, i := range c.want {
				want = append(want, ids[i])
			}
			var got []mailstead.AuditID
			for _, e := range k.audit(c.q) {
				got = append(got, e.ID)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: got %v, want %v", name, got, want)
			}
		}
	},
}
