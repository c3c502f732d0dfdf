package mailstead_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
)

func person(profiles ...mailstead.ProfileID) mailstead.Actor {
	return mailstead.Actor{User: mailstead.User{ID: 4, Role: mailstead.RoleUser, ProfileIDs: profiles}}
}

func TestWithoutPoliciesEverythingIsAllowedButPlain(t *testing.T) {
	p := mailstead.DefaultPolicies()
	if err := p.Validate(); err != nil {
		t.Fatal(err)
	}
	who := person()
	for name, err := range map[string]error{
		"connect": p.CheckConnect(who), "servers": p.CheckChange(who, true), "password": p.CheckPassword(who),
		"typed": p.CheckTyped(who, "incoming.host"), "provider": p.CheckProvider(who, "aruba"), "room": p.CheckRoom(500),
		"copies": p.CheckCopies(who, addresses("a@example.com"), addresses("b@example.com"), nil),
	} {
		if err != nil {
			t.Errorf("%s: got %v, want it allowed", name, err)
		}
	}
	if p.Plain || p.ConfirmDomains {
		t.Errorf("got %+v, want no connections without encryption", p)
	}
}

func TestPoliciesAreChecked(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*mailstead.Policies)
		field  string
	}{
		"copies":            {func(p *mailstead.Policies) { p.Copies = "friends" }, "copies"},
		"negative":          {func(p *mailstead.Policies) { p.AccountsPerUser = -1 }, "accounts_per_user"},
		"too many accounts": {func(p *mailstead.Policies) { p.AccountsPerUser = 1001 }, "accounts_per_user"},
		"no freedom":        {func(p *mailstead.Policies) { p.OwnAccounts = "" }, "own_accounts"},
		"wrong freedom":     {func(p *mailstead.Policies) { p.OwnAccounts = "some" }, "own_accounts"},
		"no profiles":       {func(p *mailstead.Policies) { p.Copies = mailstead.CopiesProfiles }, "copy_profiles"},
		"nothing to choose": {func(p *mailstead.Policies) { p.LimitProviders, p.TypedServers = true, false }, "provider_ids"},
		"too long":          {func(p *mailstead.Policies) { p.ProviderIDs = make([]mailstead.ProviderID, 1001) }, "provider_ids"},
	} {
		t.Run(name, func(t *testing.T) {
			p := mailstead.DefaultPolicies()
			c.change(&p)
			err := p.Validate()
			if got := fieldOf(err); got != c.field {
				t.Errorf("got %v about %q, want %q", err, got, c.field)
			}
		})
	}
	p := mailstead.DefaultPolicies()
	p.ProviderIDs, p.CopyProfiles = []mailstead.ProviderID{"gmail", "aruba", "gmail"}, []mailstead.ProfileID{3, 1, 3}
	if err := p.Validate(); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]mailstead.ProviderID{"aruba", "gmail"}, p.ProviderIDs); d != "" {
		t.Error("providers (-want +got):\n" + d)
	}
	if d := cmp.Diff([]mailstead.ProfileID{1, 3}, p.CopyProfiles); d != "" {
		t.Error("profiles (-want +got):\n" + d)
	}
}

// TestFreedoms tries what each freedom allows, from the policies and from the user.
func TestFreedoms(t *testing.T) {
	limited := person()
	limited.User.OwnAccounts = mailstead.FreedomPassword
	admin := mailstead.Actor{User: mailstead.User{ID: 1, Role: mailstead.RoleAdmin, OwnAccounts: mailstead.FreedomNothing}}
	token := admin
	token.Scopes = []mailstead.Scope{mailstead.ScopeAccounts}
	for _, c := range []struct {
		name                              string
		policy                            mailstead.AccountFreedom
		typed                             bool
		who                               mailstead.Actor
		connect, servers, typing, passing bool
	}{
		{"everything", mailstead.FreedomEverything, true, person(), true, true, true, true},
		{"everything but typing", mailstead.FreedomEverything, false, person(), true, false, false, true},
		{"provider", mailstead.FreedomProvider, true, person(), true, false, false, true},
		{"password", mailstead.FreedomPassword, true, person(), false, false, false, true},
		{"nothing", mailstead.FreedomNothing, true, person(), false, false, false, false},
		{"the user has less", mailstead.FreedomEverything, true, limited, false, false, false, true},
		{"the user has more", mailstead.FreedomNothing, true, limited, false, false, false, true},
		{"administrator", mailstead.FreedomNothing, false, admin, true, true, true, true},
		{"administrator's token without the scope", mailstead.FreedomEverything, true, token, false, false, false, false},
		{"operator", mailstead.FreedomNothing, false, mailstead.Actor{Operator: true}, true, true, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := mailstead.DefaultPolicies()
			p.OwnAccounts, p.TypedServers = c.policy, c.typed
			for _, x := range []struct {
				what string
				err  error
				want bool
			}{
				{"connect", p.CheckConnect(c.who), c.connect},
				{"change details", p.CheckChange(c.who, false), c.connect},
				{"change servers", p.CheckChange(c.who, true), c.servers},
				{"type", p.CheckTyped(c.who, "incoming.host"), c.typing},
				{"password", p.CheckPassword(c.who), c.passing},
			} {
				if got := x.err == nil; got != x.want {
					t.Errorf("%s: got %v, want allowed %v", x.what, x.err, x.want)
				}
				if x.err != nil && mailstead.KindOf(x.err) != mailstead.KindForbidden {
					t.Errorf("%s: got kind %v, want forbidden", x.what, mailstead.KindOf(x.err))
				}
			}
		})
	}
}

func TestRoomForAccounts(t *testing.T) {
	for _, c := range []struct {
		most, owned int
		want        bool
	}{{0, 1000, true}, {1, 0, true}, {1, 1, false}, {1, 2, false}, {3, 2, true}, {3, 3, false}} {
		p := mailstead.Policies{AccountsPerUser: c.most}
		err := p.CheckRoom(c.owned)
		if (err == nil) != c.want {
			t.Errorf("%d of %d: got %v, want room %v", c.owned, c.most, err, c.want)
		}
		if err != nil && mailstead.CodeOf(err) != mailstead.CodePolicyAccounts {
			t.Errorf("got code %q", mailstead.CodeOf(err))
		}
	}
}

func TestProvidersOffered(t *testing.T) {
	p := mailstead.DefaultPolicies()
	p.LimitProviders, p.ProviderIDs = true, []mailstead.ProviderID{"aruba"}
	for _, c := range []struct {
		id   mailstead.ProviderID
		who  mailstead.Actor
		want bool
	}{
		{"aruba", person(), true},
		{"gmail", person(), false},
		{"", person(), true},
		{"gmail", mailstead.Actor{Operator: true}, true},
	} {
		err := p.CheckProvider(c.who, c.id)
		if (err == nil) != c.want {
			t.Errorf("%q: got %v, want offered %v", c.id, err, c.want)
		}
	}
}

func TestCopies(t *testing.T) {
	given := addresses("boss@example.com")
	for _, c := range []struct {
		name     string
		rule     mailstead.CopyRule
		profiles []mailstead.ProfileID
		who      mailstead.Actor
		cc, bcc  []mailstead.Address
		want     string
	}{
		{"everybody", mailstead.CopiesEverybody, nil, person(), addresses("a@example.com"), addresses("b@example.com"), ""},
		{"none written", mailstead.CopiesAdministrators, nil, person(), nil, nil, ""},
		{"cc", mailstead.CopiesAdministrators, nil, person(), addresses("a@example.com"), nil, "cc"},
		{"bcc", mailstead.CopiesAdministrators, nil, person(), nil, addresses("a@example.com"), "bcc"},
		{"cc of the answer to all", mailstead.CopiesAdministrators, nil, person(), addresses("BOSS@example.com"), nil, ""},
		{"one more than those", mailstead.CopiesAdministrators, nil, person(), addresses("boss@example.com", "a@example.com"), nil, "cc"},
		{"bcc never comes by itself", mailstead.CopiesAdministrators, nil, person(), nil, given, "bcc"},
		{"profile", mailstead.CopiesProfiles, []mailstead.ProfileID{2, 5}, person(1, 5), addresses("a@example.com"), nil, ""},
		{"other profile", mailstead.CopiesProfiles, []mailstead.ProfileID{2, 5}, person(1), addresses("a@example.com"), nil, "cc"},
		{"administrator", mailstead.CopiesProfiles, []mailstead.ProfileID{2}, mailstead.Actor{Operator: true}, addresses("a@example.com"), nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := mailstead.Policies{Copies: c.rule, CopyProfiles: c.profiles}
			err := p.CheckCopies(c.who, c.cc, c.bcc, given)
			if got := fieldOf(err); got != c.want || (err != nil && mailstead.CodeOf(err) != mailstead.CodePolicyCopies) {
				t.Errorf("got %v about %q, want %q", err, got, c.want)
			}
		})
	}
}

func addresses(all ...string) []mailstead.Address {
	var out []mailstead.Address
	for _, a := range all {
		out = append(out, mailstead.Address{Address: a})
	}
	return out
}

func fieldOf(err error) string {
	if e := new(mailstead.Error); errors.As(err, &e) {
		return e.Field
	}
	return ""
}
