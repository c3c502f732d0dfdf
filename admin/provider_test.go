package admin_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/admin"
	"github.com/mailstead/mailstead/discover"
)

// newHouse is a world with the directory that it changes.
func newHouse(t *testing.T) (*world, *discover.Directory) {
	t.Helper()
	directory, err := discover.New()
	if err != nil {
		t.Fatal(err)
	}
	return newWorld(t, func(c *admin.Config) { c.Directory = directory }), directory
}

func (w *world) provide(t *testing.T, c admin.ProviderChanges) mailstead.Provider {
	t.Helper()
	p, err := w.CreateProvider(t.Context(), operator, "", c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// listed returns a provider of the list, and whether it is there.
func listed(t *testing.T, w *world, actor mailstead.Actor, all bool, id mailstead.ProviderID) (mailstead.Provider, bool) {
	t.Helper()
	list, err := w.Providers(t.Context(), actor, all)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(list, func(p mailstead.Provider) bool { return p.ID == id })
	if i < 0 {
		return mailstead.Provider{}, false
	}
	return list[i], true
}

func TestProvidersOfAdministrators(t *testing.T) {
	w, directory := newHouse(t)
	ctx := t.Context()
	c := ownMail("Our mail")
	c.Domains = &[]string{"Firm.Example", "firm.example", "пример.рф"}
	p := w.provide(t, c)
	want := mailstead.Provider{
		ID: "own-our-mail", Name: "Our mail", Own: true, Kind: mailstead.KindOwn, Status: "ok", Auth: []string{"pw"},
		Domains: []string{"firm.example", "xn--e1afmkfd.xn--p1ai"}, Incoming: *c.Incoming, Outgoing: *c.Outgoing,
		Username:  map[mailstead.Protocol]mailstead.UsernameForm{mailstead.IMAP: mailstead.UsernameEmail, mailstead.SMTP: mailstead.UsernameEmail},
		UpdatedAt: w.now,
	}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Error(diff)
	}
	found, err := directory.Discover(ctx, w.store, "anna@firm.example")
	if err != nil || found.Provider.ID != p.ID || found.Trust != discover.TrustHigh {
		t.Errorf("discovered %+v, %v", found, err)
	}
	if list, err := w.Providers(ctx, w.anna(t), false); err != nil || list[0].ID != p.ID {
		t.Errorf("the first of the list is %s, %v", list[0].ID, err)
	}
	// POP3 keeps its servers for administrators, driver or not, and a copy its facts.
	pop := ownMail("Old mail")
	pop.Incoming = &[]mailstead.Server{{Protocol: mailstead.POP3, Host: "pop.firm.example", Port: 995, Security: mailstead.SecurityTLS}}
	old := w.provide(t, pop)
	if got, ok := listed(t, w, operator, true, old.ID); !ok || len(got.Incoming) != 1 {
		t.Errorf("got %+v", got)
	}
	copied, err := w.CreateProvider(ctx, operator, "gmail", admin.ProviderChanges{Name: ptr("Our Gmail")})
	if err != nil || !copied.SavesSent || copied.CopyOf != "gmail" || len(copied.Incoming) == 0 || len(copied.Domains) > 0 || copied.Auth[0] != "apppw" {
		t.Errorf("got %+v, %v", copied, err)
	}
	second, err := w.CreateProvider(ctx, operator, copied.ID, admin.ProviderChanges{Name: ptr("our — gmail!")})
	if err != nil || second.ID != "own-our-gmail-2" || second.CopyOf != "gmail" {
		t.Errorf("got %+v, %v", second, err)
	}
}

func TestProvidersThatAreRefused(t *testing.T) {
	w, _ := newHouse(t)
	ctx := t.Context()
	first := ownMail("First")
	first.Domains = &[]string{"firm.example"}
	w.provide(t, first)
	for name, c := range map[string]struct {
		change func(*admin.ProviderChanges)
		code   string
	}{
		"no name":              {func(c *admin.ProviderChanges) { c.Name = ptr(" ") }, "input.name_needed"},
		"a name that is taken": {func(c *admin.ProviderChanges) { c.Name = ptr("FIRST") }, "provider.exists"},
		"no servers":           {func(c *admin.ProviderChanges) { c.Incoming, c.Outgoing = nil, nil }, "input.server_needed"},
		"no encryption": {func(c *admin.ProviderChanges) {
			c.Outgoing = &[]mailstead.Server{{Protocol: mailstead.SMTP, Host: "a.example", Port: 25, Security: mailstead.SecurityNone}}
		}, "security.plain_forbidden"},
		"IMAP for sending":       {func(c *admin.ProviderChanges) { c.Outgoing = c.Incoming }, "input.protocol"},
		"a hostile host":         {func(c *admin.ProviderChanges) { (*c.Incoming)[0].Host = "a\r\nb" }, "input.host"},
		"no sign-in to read":     {func(c *admin.ProviderChanges) { c.Auth = &[]string{"none"} }, "input.sign_in_needed"},
		"a sign-in that is none": {func(c *admin.ProviderChanges) { c.Auth = &[]string{"oauth2"} }, "input.auth"},
		"a login that is none": {func(c *admin.ProviderChanges) {
			c.Username = map[mailstead.Protocol]mailstead.UsernameForm{mailstead.IMAP: "any"}
		}, "input.username"},
		"a script for a page":   {func(c *admin.ProviderChanges) { c.AppPasswordURL = ptr("javascript:alert(1)") }, "input.link"},
		"a page in the clear":   {func(c *admin.ProviderChanges) { c.AppPasswordURL = ptr("http://a.example") }, "input.link"},
		"no domain":             {func(c *admin.ProviderChanges) { c.Domains = &[]string{"a@b.example"} }, "input.domain"},
		"a domain of the first": {func(c *admin.ProviderChanges) { c.Domains = &[]string{"firm.example"} }, "provider.domain_taken"},
		"a long text":           {func(c *admin.ProviderChanges) { c.Notes = ptr(strings.Repeat("x", 2001)) }, "input.too_long"},
	} {
		changes := ownMail("Second")
		c.change(&changes)
		if _, err := w.CreateProvider(ctx, operator, "", changes); mailstead.CodeOf(err) != c.code {
			t.Errorf("%s: got %v, want %s", name, err, c.code)
		}
	}
	_, err := w.CreateProvider(ctx, operator, "nobody", ownMail("Second"))
	wantKind(t, "a copy of nothing", err, mailstead.KindInvalid)
	_, err = w.UpdateProvider(ctx, operator, "gmail", ownMail("Mine"))
	wantKind(t, "change of a built-in one", err, mailstead.KindConflict)
	wantKind(t, "deletion of a built-in one", w.DeleteProvider(ctx, operator, "gmail"), mailstead.KindConflict)
	wantKind(t, "deletion of nothing", w.DeleteProvider(ctx, operator, "own-none"), mailstead.KindNotFound)
	if _, ok := listed(t, w, operator, true, "own-second"); ok {
		t.Error("a refused provider is in the list")
	}
}

func TestAProviderThatSomebodyChangedIsNotOverwritten(t *testing.T) {
	w, directory := newHouse(t)
	ctx := t.Context()
	p := w.provide(t, ownMail("Our mail"))
	seen := p.UpdatedAt
	w.now = w.now.Add(time.Minute)
	changed, err := w.UpdateProvider(ctx, operator, p.ID, admin.ProviderChanges{Notes: ptr("Ask Ada."), Seen: seen})
	if err != nil || !changed.UpdatedAt.Equal(w.now) {
		t.Fatalf("got %+v, %v", changed, err)
	}
	_, err = w.UpdateProvider(ctx, operator, p.ID, admin.ProviderChanges{Notes: ptr("Ask Ben."), Seen: seen})
	if mailstead.CodeOf(err) != mailstead.CodeProviderChanged {
		t.Errorf("got %v", err)
	}
	if known, _ := directory.Provider(p.ID); known.Notes != "Ask Ada." {
		t.Errorf("the directory says %q", known.Notes)
	}
	d, err := w.PutDomain(ctx, operator, mailstead.Domain{Name: "firm.example", ProviderID: p.ID}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(time.Minute)
	_, err = w.PutDomain(ctx, operator, mailstead.Domain{Name: "firm.example", ProviderID: "ovh"}, d.UpdatedAt)
	wantKind(t, "a change of what was seen", err, 0)
	for name, err := range map[string]error{
		"put":     second(w.PutDomain(ctx, operator, mailstead.Domain{Name: "firm.example", ProviderID: "aruba"}, d.UpdatedAt)),
		"approve": second(w.ApproveDomain(ctx, operator, "firm.example", d.UpdatedAt)),
		"reject":  second(w.RejectDomain(ctx, operator, "firm.example", d.UpdatedAt)),
		"new":     second(w.PutDomain(ctx, operator, mailstead.Domain{Name: "new.example", ProviderID: "ovh"}, d.UpdatedAt)),
	} {
		if mailstead.CodeOf(err) != mailstead.CodeDomainChanged {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestHiddenProviders(t *testing.T) {
	w, directory := newHouse(t)
	ctx := t.Context()
	anna := w.anna(t)
	own := w.provide(t, ownMail("Our mail"))
	for _, id := range []mailstead.ProviderID{"gmail", own.ID} {
		for range 2 {
			if p, err := w.HideProvider(ctx, operator, id, true); err != nil || !p.Hidden {
				t.Fatalf("%s: got %+v, %v", id, p, err)
			}
		}
		if _, ok := listed(t, w, anna, false, id); ok {
			t.Errorf("%s is offered", id)
		}
		if p, ok := listed(t, w, operator, true, id); !ok || !p.Hidden {
			t.Errorf("%s is not marked", id)
		}
		if p, err := w.Provider(ctx, anna, id); err != nil || !p.Hidden {
			t.Errorf("%s: its name is not told any more: %v", id, err)
		}
	}
	if got, err := directory.Discover(ctx, w.store, "anna@gmail.com"); err != nil || got.Source != discover.SourceNone {
		t.Errorf("got %+v, %v", got, err)
	}
	// A restart: the store has it all.
	again, err := discover.New()
	if err != nil {
		t.Fatal(err)
	}
	if err := admin.New(admin.Config{Store: w.store, Directory: again}).LoadProviders(ctx); err != nil {
		t.Fatal(err)
	}
	if p, ok := again.Provider(own.ID); !ok || !p.Hidden || p.Name != "Our mail" {
		t.Errorf("after a restart: %+v", p)
	}
	if p, err := w.HideProvider(ctx, operator, "gmail", false); err != nil || p.Hidden {
		t.Errorf("got %+v, %v", p, err)
	}
	if _, ok := listed(t, w, anna, false, "gmail"); !ok {
		t.Error("gmail is not offered again")
	}
	wantKind(t, "nothing", second(w.HideProvider(ctx, operator, "own-none", true)), mailstead.KindNotFound)
}

func TestDomainsThatColleaguesTaught(t *testing.T) {
	w, directory := newHouse(t)
	ctx := t.Context()
	anna := w.anna(t)
	p := w.provide(t, ownMail("Our mail"))
	taught := mailstead.Domain{
		Name: "firm.example", ProviderID: p.ID, Source: mailstead.DomainLearned, State: mailstead.DomainPending, LearnedBy: anna.User.ID, LearnedAt: w.now,
	}
	if err := w.store.PutDomains(ctx, []mailstead.Domain{taught}, audited); err != nil {
		t.Fatal(err)
	}
	a := mailstead.Account{Key: "k", Name: "box", Address: "box@firm.example", ProviderID: p.ID, OwnerID: anna.User.ID}
	if _, err := w.store.ConnectAccount(ctx, mailstead.Connected{Audit: audited, Account: &a}); err != nil {
		t.Fatal(err)
	}
	d, err := w.Domain(ctx, operator, "Firm.Example")
	if err != nil || d.LearnedName != "anna" || d.Accounts != 1 {
		t.Errorf("got %+v, %v", d, err)
	}
	led := func() mailstead.ProviderID {
		found, err := directory.Discover(ctx, w.store, "boris@firm.example")
		if err != nil {
			t.Fatal(err)
		}
		return found.Provider.ID
	}
	if id := led(); id != "" {
		t.Errorf("what waits leads to %s", id)
	}
	if d, err = w.RejectDomain(ctx, operator, "firm.example", time.Time{}); err != nil || d.State != mailstead.DomainRejected || led() != "" {
		t.Errorf("rejected: %+v, %v", d, err)
	}
	if d, err = w.ApproveDomain(ctx, operator, "firm.example", d.UpdatedAt); err != nil || d.Source != mailstead.DomainAdministrator || led() != p.ID {
		t.Errorf("approved: %+v, %v", d, err)
	}
	wantKind(t, "reject what an administrator said", second(w.RejectDomain(ctx, operator, "firm.example", time.Time{})), mailstead.KindConflict)
	wantKind(t, "approve what there is not", second(w.ApproveDomain(ctx, operator, "none.example", time.Time{})), mailstead.KindNotFound)
	err = w.DeleteProvider(ctx, operator, p.ID)
	var e *mailstead.Error
	if !errors.As(err, &e) || e.Code != "provider.in_use" || len(e.UsedBy) != 2 {
		t.Errorf("got %v", err)
	}
}

// TestProvidersAreChangedOneAfterTheOther makes many at once: none is lost, in the
// store nor in the directory.
func TestProvidersAreChangedOneAfterTheOther(t *testing.T) {
	w, directory := newHouse(t)
	const n = 20
	done := make(chan error, n)
	for i := range n {
		go func(ctx context.Context) {
			_, err := w.CreateProvider(ctx, operator, "", ownMail("Mail "+itoa(i)))
			done <- err
		}(t.Context())
	}
	for range n {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	own, err := w.store.OwnProviders(t.Context())
	if err != nil || len(own) != n {
		t.Errorf("%d are stored, %v", len(own), err)
	}
	for i := range own {
		if _, ok := directory.Provider(own[i].ID); !ok {
			t.Errorf("the directory does not know %s", own[i].ID)
		}
	}
	if filepath.Base(string(own[0].ID)) != string(own[0].ID) {
		t.Errorf("%s is no part of a path", own[0].ID)
	}
}
