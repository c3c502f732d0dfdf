package connect_test

import (
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/connect"
)

// obey sets the policies of the world.
func (w *world) obey(change func(*mailstead.Policies)) {
	p := mailstead.DefaultPolicies()
	change(&p)
	w.store.policies = &p
}

// refused wants an error with the code, and that nothing was asked or stored.
func (w *world) refused(t *testing.T, what string, err error, code string) {
	t.Helper()
	if mailstead.CodeOf(err) != code || err == nil {
		t.Errorf("%s: got %v, want %s", what, err, code)
	}
	if n := len(w.incoming.calls) + len(w.outgoing.calls); n != 0 {
		t.Errorf("%s: %d servers were asked, want none", what, n)
	}
	if w.store.writes != 0 {
		t.Errorf("%s: %d writes, want none", what, w.store.writes)
	}
}

func gmail() connect.Request {
	return connect.Request{Address: "anna@gmail.com", Password: mailstead.NewSecret("right")}
}

func TestServersAreTypedWherePoliciesLetThem(t *testing.T) {
	w := newWorld(t)
	w.obey(func(p *mailstead.Policies) { p.TypedServers = false })
	_, err := w.Save(t.Context(), anna, request())
	w.refused(t, "save", err, mailstead.CodePolicyServers)
	_, err = w.Test(t.Context(), anna, request())
	w.refused(t, "test", err, mailstead.CodePolicyServers)
	if _, err := w.Save(t.Context(), anna, gmail()); err != nil {
		t.Errorf("a provider: %v", err)
	}
	r := request()
	r.OwnerID = boris.User.ID
	if _, err := w.Save(t.Context(), root, r); err != nil {
		t.Errorf("an administrator: %v", err)
	}
}

func TestHiddenProvidersAreNotConnected(t *testing.T) {
	w := newWorld(t)
	w.obey(func(p *mailstead.Policies) { p.LimitProviders, p.ProviderIDs = true, []mailstead.ProviderID{"aruba"} })
	found, err := w.Discover(t.Context(), anna, "anna@gmail.com")
	if err != nil || found.ProblemCode != mailstead.CodePolicyProvider || found.Problem == "" {
		t.Errorf("discover: got %+v, %v, want the refusal", found, err)
	}
	_, err = w.Save(t.Context(), anna, gmail())
	w.refused(t, "recognised", err, mailstead.CodePolicyProvider)
	r := connect.Request{Address: "anna@firm.example", ProviderID: "gmail", Password: mailstead.NewSecret("right")}
	_, err = w.Save(t.Context(), anna, r)
	w.refused(t, "chosen", err, mailstead.CodePolicyProvider)
	typed := request()
	typed.Incoming.Text, typed.Outgoing.Text = "imap.gmail.com", "smtp.gmail.com"
	_, err = w.Save(t.Context(), anna, typed)
	w.refused(t, "typed", err, mailstead.CodePolicyProvider)
	// What an administrator said of a domain counts.
	w.store.domains["firm.example"] = mailstead.Domain{Name: "firm.example", ProviderID: "gmail", Source: mailstead.DomainAdministrator}
	if _, err := w.Save(t.Context(), anna, connect.Request{Address: "anna@firm.example", Password: mailstead.NewSecret("right")}); err != nil {
		t.Errorf("mapped by an administrator: %v", err)
	}
	if found, err := w.Discover(t.Context(), root, "x@gmail.com"); err != nil || found.ProblemCode != "" {
		t.Errorf("an administrator: got %+v, %v", found, err)
	}
}

func TestFreedomBoundsWhatUsersChange(t *testing.T) {
	name := "Office"
	for _, c := range []struct {
		freedom                           mailstead.AccountFreedom
		connect, details, servers, secret bool
	}{
		{mailstead.FreedomEverything, true, true, true, true},
		{mailstead.FreedomProvider, true, true, false, true},
		{mailstead.FreedomPassword, false, false, false, true},
		{mailstead.FreedomNothing, false, false, false, false},
	} {
		t.Run(string(c.freedom), func(t *testing.T) {
			w := newWorld(t)
			a := w.connect(t)
			w.obey(func(p *mailstead.Policies) { p.OwnAccounts = c.freedom })
			check := func(what string, err error, want bool) {
				t.Helper()
				if (err == nil) != want {
					t.Errorf("%s: got %v, want allowed %v", what, err, want)
				}
				if err != nil && mailstead.KindOf(err) != mailstead.KindForbidden {
					t.Errorf("%s: got kind %s, want forbidden", what, mailstead.KindOf(err))
				}
			}
			_, err := w.UpdateAccount(t.Context(), anna, a.ID, connect.Changes{Name: &name})
			check("name", err, c.details)
			_, err = w.UpdateAccount(t.Context(), anna, a.ID, connect.Changes{
				Incoming: &connect.ServerInput{Text: "imap2.firm.example", Security: mailstead.SecurityTLS}, Password: mailstead.NewSecret("right"),
			})
			check("server", err, c.servers)
			_, err = w.ChangePassword(t.Context(), anna, a.ID, mailstead.NewSecret("right"), mailstead.Secret{})
			check("password", err, c.secret)
			_, err = w.ChangePassword(t.Context(), root, a.ID, mailstead.NewSecret("right"), mailstead.Secret{})
			check("password by an administrator", err, true)
			_, err = w.Save(t.Context(), anna, gmail())
			check("connect", err, c.connect)
			check("delete", w.DeleteAccount(t.Context(), anna, a.ID), c.connect)
		})
	}
	w := newWorld(t)
	a := w.connect(t)
	limited := anna
	limited.User.OwnAccounts = mailstead.FreedomPassword
	_, err := w.UpdateAccount(t.Context(), limited, a.ID, connect.Changes{Name: &name})
	w.refused(t, "the user's own rule", err, mailstead.CodePolicyOwnAccounts)
}

func TestPlainNeedsThePolicyAndAReason(t *testing.T) {
	w := newWorld(t)
	r := request()
	r.Outgoing = &connect.ServerInput{Text: "smtp.firm.example:25", Security: mailstead.SecurityNone}
	_, err := w.Save(t.Context(), anna, r)
	w.refused(t, "by default", err, "security.plain_forbidden")
	w.obey(func(p *mailstead.Policies) { p.Plain = true })
	_, err = w.Save(t.Context(), anna, r)
	w.refused(t, "without a reason", err, "input.reason_needed")
	r.PlainReason = "the relay of the cellar"
	if _, err := w.Save(t.Context(), anna, r); err != nil {
		t.Fatal(err)
	}
	if got := w.outgoing.calls[0]; !got.AllowPlain {
		t.Errorf("got %+v, want that the driver may speak without encryption", got)
	}
	if got := w.incoming.calls[0]; got.AllowPlain {
		t.Errorf("got %+v, want encryption where it was not asked to go without", got)
	}
}

func TestAnImportKeepsTheNumberOfAccounts(t *testing.T) {
	w := newImportWorld(t)
	w.obey(func(p *mailstead.Policies) { p.AccountsPerUser = 1 })
	r := table("a@gmail.com,boris@firm.example", "b@gmail.com,boris@firm.example")
	for _, dry := range []bool{true, false} {
		r.DryRun = dry
		got := w.imports(t, r)
		if got.Items[0].Outcome != connect.ImportNeedsPassword || got.Items[1].Outcome != connect.ImportInvalid {
			t.Errorf("dry run %v: got %+v, want the first alone", dry, told(got))
		}
		if n := len(got.Items[1].Findings); n == 0 || got.Items[1].Findings[n-1].Code != mailstead.CodePolicyAccounts {
			t.Errorf("dry run %v: got %+v, want the reason", dry, got.Items[1].Findings)
		}
	}
}
