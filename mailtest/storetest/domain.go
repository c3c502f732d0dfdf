package storetest

import (
	"testing"
	"time"

	"github.com/mailstead/mailstead"
)

func (k *kit) domain(name string) mailstead.Domain {
	k.t.Helper()
	d, err := k.db.Domain(k.t.Context(), name)
	k.ok(err)
	return d
}

// names lists the domains that a query finds.
func (k *kit) names(q mailstead.DomainQuery) []string {
	k.t.Helper()
	list, err := k.db.Domains(k.t.Context(), q)
	k.ok(err)
	var out []string
	for i := range list {
		out = append(out, list[i].Name)
	}
	return out
}

// learn connects an account that teaches a domain.
func (k *kit) learn(d mailstead.Domain) {
	k.t.Helper()
	d.Source = mailstead.DomainLearned
	_, err := k.db.ConnectAccount(k.t.Context(), mailstead.Connected{
		Account: k.newAccount("a", 0), Audit: audited, Learned: &d, LearnedAudit: entry(mailstead.AuditDomainLearn, mailstead.AuditDomain, d.Name),
	})
	k.ok(err)
}

var domainTests = map[string]func(*testing.T, *kit){
	"domains are stored in lower case and paged by name": func(t *testing.T, k *kit) {
		ctx := t.Context()
		own := mailstead.Domain{
			Name: "Example.com", Source: mailstead.DomainAdministrator, Username: mailstead.UsernameLocal,
			Incoming: []mailstead.Server{{Protocol: mailstead.IMAP, Host: "imap.example.com", Port: 993, Security: mailstead.SecurityTLS}},
		}
		k.ok(k.db.PutDomains(ctx, []mailstead.Domain{own}, audited))
		k.ok(k.db.PutDomains(ctx, []mailstead.Domain{{Name: "a.example", ProviderID: "gmail", Source: mailstead.DomainLearned}}, audited))
		own.Name, own.UpdatedAt = "example.com", start
		k.same("domain", k.domain("EXAMPLE.com"), own)
		k.same("first page", k.names(mailstead.DomainQuery{Limit: 1}), []string{"a.example"})
		list, err := k.db.Domains(ctx, mailstead.DomainQuery{After: "a.example", Limit: 5})
		k.ok(err)
		k.same("second page", list, []mailstead.Domain{own})
		own.ProviderID, own.Incoming = "other", nil
		k.ok(k.db.PutDomains(ctx, []mailstead.Domain{own}, audited))
		own.UpdatedAt = start.Add(time.Millisecond)
		k.same("replaced domain", k.domain("example.com"), own)
		k.ok(k.db.DeleteDomains(ctx, []string{"EXAMPLE.COM"}, audited))
		k.missing(k.db.DeleteDomains(ctx, []string{"example.com"}, audited), "domain")
		_, err = k.db.Domain(ctx, "example.com")
		k.missing(err, "domain")
	},
	"domains are found by what is asked": func(t *testing.T, k *kit) {
		k.ok(k.db.PutDomains(t.Context(), []mailstead.Domain{
			{Name: "a.example", ProviderID: "gmail", Source: mailstead.DomainAdministrator},
			{Name: "b_c.example", ProviderID: "gmail", Source: mailstead.DomainLearned, State: mailstead.DomainPending},
			{Name: "bxc.example", ProviderID: "ovh", Source: mailstead.DomainLearned},
			{Name: "d.example", ProviderID: "ovh", Source: mailstead.DomainLearned, State: mailstead.DomainRejected},
		}, audited))
		for name, c := range map[string]struct {
			q    mailstead.DomainQuery
			want []string
		}{
			"all":           {mailstead.DomainQuery{}, []string{"a.example", "b_c.example", "bxc.example", "d.example"}},
			"a source":      {mailstead.DomainQuery{Source: mailstead.DomainLearned}, []string{"b_c.example", "bxc.example", "d.example"}},
			"what waits":    {mailstead.DomainQuery{Waiting: true}, []string{"b_c.example"}},
			"a provider":    {mailstead.DomainQuery{Provider: "ovh"}, []string{"bxc.example", "d.example"}},
			"a part":        {mailstead.DomainQuery{Search: "C.EX"}, []string{"b_c.example", "bxc.example"}},
			"an underscore": {mailstead.DomainQuery{Search: "b_c"}, []string{"b_c.example"}},
			"nothing":       {mailstead.DomainQuery{Search: "%"}, nil},
			"both":          {mailstead.DomainQuery{Provider: "gmail", Waiting: true}, []string{"b_c.example"}},
		} {
			k.same(name, k.names(c.q), c.want)
		}
	},
	"a domain is replaced only as it was seen": func(t *testing.T, k *kit) {
		ctx := t.Context()
		d := mailstead.Domain{Name: "a.example", ProviderID: "gmail", Source: mailstead.DomainAdministrator}
		first := d
		k.ok(k.db.ReplaceDomain(ctx, &first, audited))
		k.same("version", first.UpdatedAt, start)
		again := d
		k.fails(k.db.ReplaceDomain(ctx, &again, audited), mailstead.KindConflict, mailstead.CodeDomainChanged)
		second, late := first, first
		second.ProviderID = "ovh"
		k.ok(k.db.ReplaceDomain(ctx, &second, audited))
		k.fails(k.db.ReplaceDomain(ctx, &late, audited), mailstead.KindConflict, mailstead.CodeDomainChanged)
		k.same("domain", k.domain("a.example"), second)
		gone := mailstead.Domain{Name: "b.example", ProviderID: "ovh", UpdatedAt: start}
		k.fails(k.db.ReplaceDomain(ctx, &gone, audited), mailstead.KindConflict, mailstead.CodeDomainChanged)
		nobody := mailstead.Domain{Name: "b.example", ProviderID: "own-none"}
		k.missing(k.db.ReplaceDomain(ctx, &nobody, audited), "provider")
	},
	"a sign-in teaches a domain once, and who did is kept": func(t *testing.T, k *kit) {
		anna, boris := k.user("anna"), k.user("boris")
		taught := mailstead.Domain{Name: "example.com", ProviderID: "ovh", State: mailstead.DomainPending, LearnedBy: anna.ID}
		k.learn(taught)
		want := taught
		want.Source, want.LearnedName, want.LearnedAt, want.UpdatedAt = mailstead.DomainLearned, "anna", start, start
		k.same("learned", k.domain("example.com"), want)
		list, err := k.db.Domains(t.Context(), mailstead.DomainQuery{})
		k.ok(err)
		k.same("list", list, []mailstead.Domain{want})
		taught.LearnedBy = boris.ID
		k.learn(taught)
		k.same("the same by another one", k.domain("example.com"), want)
		k.same("entries", len(k.audit(mailstead.AuditQuery{Action: mailstead.AuditDomainLearn})), 1)
		taught.ProviderID = "gmail"
		k.learn(taught)
		got := k.domain("example.com")
		k.same("something else by another one", []any{got.ProviderID, got.LearnedName}, []any{mailstead.ProviderID("gmail"), "boris"})
	},
	"what was rejected is not learned again until it is removed": func(t *testing.T, k *kit) {
		ctx := t.Context()
		taught := mailstead.Domain{Name: "example.com", ProviderID: "ovh"}
		k.learn(taught)
		d := k.domain("example.com")
		d.State = mailstead.DomainRejected
		k.ok(k.db.ReplaceDomain(ctx, &d, audited))
		for _, id := range []mailstead.ProviderID{"ovh", "gmail"} {
			taught.ProviderID = id
			k.learn(taught)
			k.same("rejected", k.domain("example.com"), d)
		}
		k.same("entries", len(k.audit(mailstead.AuditQuery{Action: mailstead.AuditDomainLearn})), 1)
		k.ok(k.db.DeleteDomains(ctx, []string{"example.com"}, audited))
		k.learn(taught)
		k.same("learned again", k.domain("example.com").ProviderID, mailstead.ProviderID("gmail"))
	},
	"accounts of domains are counted by what they work with": func(t *testing.T, k *kit) {
		ctx := t.Context()
		connect := func(address string, change func(*mailstead.Account)) mailstead.AccountID {
			a := k.newAccount(k.fresh(), 0)
			a.Address = address
			change(a)
			id, err := k.db.ConnectAccount(ctx, mailstead.Connected{Account: a, Audit: audited})
			k.ok(err)
			return id
		}
		as := func(*mailstead.Account) {}
		connect("a@one.example", as)
		connect("b@one.example", as)
		connect("c@one.example", func(a *mailstead.Account) { a.ProviderID, a.Incoming = "", nil })
		connect("d@two.example", as)
		gone := connect("e@one.example", as)
		_, err := k.db.DomainUses(ctx, nil)
		k.ok(err)
		k.removed(gone)
		uses, err := k.db.DomainUses(ctx, []string{"one.example", "none.example"})
		k.ok(err)
		n := map[mailstead.DomainUse]int{}
		for _, u := range uses {
			of := u
			of.Accounts = 0
			n[of] = u.Accounts
		}
		k.same("uses", n, map[mailstead.DomainUse]int{
			{Name: "one.example", ProviderID: "example", Incoming: "imap.example.com", Outgoing: "smtp.example.com"}: 2,
			{Name: "one.example", Outgoing: "smtp.example.com"}:                                                      1,
		})
	},
}
