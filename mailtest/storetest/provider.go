package storetest

import (
	"testing"
	"time"

	"github.com/mailstead/mailstead"
)

// ownProvider is a provider of administrators, not stored yet.
func ownProvider(name string, domains ...string) *mailstead.Provider {
	return &mailstead.Provider{
		ID: mailstead.OwnProviderID(name, 1), Name: name, Kind: mailstead.KindOwn, Own: true, CopyOf: "gmail", Country: "IT", Domains: domains,
		Incoming: []mailstead.Server{{Protocol: mailstead.IMAP, Host: "imap.example.com", Port: 993, Security: mailstead.SecurityTLS}},
		Outgoing: []mailstead.Server{{Protocol: mailstead.SMTP, Host: "smtp.example.com", Port: 587, Security: mailstead.SecurityStartTLS}},
		Username: map[mailstead.Protocol]mailstead.UsernameForm{mailstead.IMAP: mailstead.UsernameLocal, mailstead.SMTP: mailstead.UsernameEmail},
		Auth:     []string{mailstead.AuthAppPassword}, Status: "ok", AppPasswordURL: "https://example.com/app",
		EnableURL: "https://example.com/on", Notes: "Ask Žofie.", SavesSent: true, PasswordDays: 90,
	}
}

// provider stores a provider of administrators.
func (k *kit) provider(name string, domains ...string) *mailstead.Provider {
	k.t.Helper()
	p := ownProvider(name, domains...)
	k.ok(k.db.CreateProvider(k.t.Context(), p, audited))
	return p
}

// removed deletes an account.
func (k *kit) removed(id mailstead.AccountID) {
	k.t.Helper()
	k.ok(k.db.RemoveAccount(k.t.Context(), mailstead.AccountRemoval{ID: id, At: start, Audit: audited}))
}

func (k *kit) providers() []mailstead.Provider {
	k.t.Helper()
	list, err := k.db.OwnProviders(k.t.Context())
	k.ok(err)
	return list
}

var providerTests = map[string]func(*testing.T, *kit){
	"providers are stored with their domains and listed by name": func(t *testing.T, k *kit) {
		ctx := t.Context()
		first, second := k.provider("beta", "a.example", "b.example"), ownProvider("Alpha")
		second.Incoming, second.Kind, second.Username = nil, mailstead.KindRelay, nil
		k.ok(k.db.CreateProvider(ctx, second, audited))
		k.same("providers", k.providers(), []mailstead.Provider{*second, *first})
		k.same("version", first.UpdatedAt, start)
		d := k.domain("a.example")
		k.same("a domain", []any{d.ProviderID, d.Source}, []any{first.ID, mailstead.DomainAdministrator})
		k.fails(k.db.CreateProvider(ctx, ownProvider("ALPHA"), audited), mailstead.KindConflict, "provider.exists")
		twin := ownProvider("gamma")
		twin.ID = first.ID
		k.fails(k.db.CreateProvider(ctx, twin, audited), mailstead.KindConflict, "provider.id_taken")
	},
	"a provider is changed only as it was seen": func(t *testing.T, k *kit) {
		ctx := t.Context()
		p, other := k.provider("one", "a.example", "b.example"), k.provider("two")
		late := *p
		p.Name, p.Notes, p.Domains, p.SavesSent, p.PasswordDays = "One more", "", []string{"b.example", "c.example"}, false, 0
		k.ok(k.db.UpdateProvider(ctx, p, audited))
		k.same("version", p.UpdatedAt, start.Add(time.Millisecond))
		k.same("providers", k.providers(), []mailstead.Provider{*p, *other})
		_, err := k.db.Domain(ctx, "a.example")
		k.missing(err, "domain")
		k.fails(k.db.UpdateProvider(ctx, &late, audited), mailstead.KindConflict, mailstead.CodeProviderChanged)
		named := *p
		named.Name = "TWO"
		k.fails(k.db.UpdateProvider(ctx, &named, audited), mailstead.KindConflict, "provider.exists")
		none := ownProvider("none")
		k.missing(k.db.UpdateProvider(ctx, none, audited), "provider")
	},
	"a provider takes a domain from what was learned, not from another administrator": func(t *testing.T, k *kit) {
		ctx := t.Context()
		k.learn(mailstead.Domain{Name: "taught.example", ProviderID: "ovh"})
		k.ok(k.db.PutDomains(ctx, []mailstead.Domain{{Name: "said.example", ProviderID: "ovh", Source: mailstead.DomainAdministrator}}, audited))
		p := k.provider("one", "taught.example")
		k.same("learned domain", k.domain("taught.example").ProviderID, p.ID)
		err := k.db.CreateProvider(ctx, ownProvider("two", "new.example", "said.example"), audited)
		k.fails(err, mailstead.KindConflict, "provider.domain_taken")
		k.same("providers", len(k.providers()), 1)
		_, err = k.db.Domain(ctx, "new.example")
		k.missing(err, "domain")
		// What a colleague's sign-in taught is not the administrator's to forget.
		k.learn(mailstead.Domain{Name: "again.example", ProviderID: p.ID})
		p.Domains = nil
		k.ok(k.db.UpdateProvider(ctx, p, audited))
		k.same("domains", k.names(mailstead.DomainQuery{Provider: p.ID}), []string{"again.example"})
	},
	"a provider in use is not deleted, and what uses it is named": func(t *testing.T, k *kit) {
		ctx := t.Context()
		p := k.provider("one", "a.example")
		a := k.newAccount("sales", 0)
		a.ProviderID = p.ID
		id, err := k.db.ConnectAccount(ctx, mailstead.Connected{Account: a, Audit: audited})
		k.ok(err)
		counts, err := k.db.ProviderAccounts(ctx)
		k.ok(err)
		k.same("accounts", counts[p.ID], 1)
		err = k.db.DeleteProvider(ctx, p.ID, audited)
		k.fails(err, mailstead.KindConflict, "provider.in_use")
		k.same("used by", mailstead.UsesOf(err), []mailstead.Use{
			{Kind: mailstead.UseAccount, ID: id.String(), Name: "sales"}, {Kind: mailstead.UseDomain, ID: "a.example", Name: "a.example"},
		})
		k.removed(id)
		p.Domains = nil
		k.ok(k.db.UpdateProvider(ctx, p, audited))
		// A domain that was rejected does not use it.
		k.ok(k.db.PutDomains(ctx, []mailstead.Domain{{Name: "no.example", ProviderID: p.ID, Source: mailstead.DomainLearned, State: mailstead.DomainRejected}}, audited))
		k.ok(k.db.HideProvider(ctx, p.ID, true, audited))
		k.ok(k.db.DeleteProvider(ctx, p.ID, audited))
		k.missing(k.db.DeleteProvider(ctx, p.ID, audited), "provider")
		hidden, err := k.db.HiddenProviders(ctx)
		k.ok(err)
		k.same("hidden", len(hidden), 0)
	},
	"providers are hidden and shown": func(t *testing.T, k *kit) {
		ctx := t.Context()
		for _, id := range []mailstead.ProviderID{"ovh", "gmail", "ovh"} {
			k.ok(k.db.HideProvider(ctx, id, true, audited))
		}
		k.ok(k.db.HideProvider(ctx, "aruba", false, audited))
		hidden, err := k.db.HiddenProviders(ctx)
		k.ok(err)
		k.same("hidden", hidden, []mailstead.ProviderID{"gmail", "ovh"})
		k.ok(k.db.HideProvider(ctx, "ovh", false, audited))
		hidden, err = k.db.HiddenProviders(ctx)
		k.ok(err)
		k.same("hidden", hidden, []mailstead.ProviderID{"gmail"})
	},
}
