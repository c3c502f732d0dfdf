package connect_test

import (
	"slices"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/connect"
	"github.com/mailstead/mailstead/discover"
)

// own are providers that administrators added.
var own = []mailstead.Provider{
	{
		ID: "own-firm", Name: "Our mail", Own: true, Kind: mailstead.KindOwn, Status: "ok", Auth: []string{mailstead.AuthPassword}, CopyOf: "ovh",
		Username: map[mailstead.Protocol]mailstead.UsernameForm{mailstead.IMAP: mailstead.UsernameLocal, mailstead.SMTP: mailstead.UsernameEmail},
		Incoming: []mailstead.Server{{Protocol: mailstead.IMAP, Host: "imap.firm.example", Port: 993, Security: mailstead.SecurityTLS}},
		Outgoing: []mailstead.Server{{Protocol: mailstead.SMTP, Host: "smtp.firm.example", Port: 587, Security: mailstead.SecurityStartTLS}},
	},
	{
		ID: "own-relay", Name: "Relay", Own: true, Kind: mailstead.KindRelay, Status: "ok", Auth: []string{mailstead.AuthNone},
		Outgoing: []mailstead.Server{{Protocol: mailstead.SMTP, Host: "relay.firm.example", Port: 587, Security: mailstead.SecurityStartTLS}},
	},
}

// withProviders is a world with own providers and hidden ones.
func withProviders(t *testing.T, hidden ...mailstead.ProviderID) *world {
	t.Helper()
	var directory *discover.Directory
	w := newWorld(t, func(c *connect.Config) { directory = c.Directory })
	if err := directory.SetOwn(own, hidden); err != nil {
		t.Fatal(err)
	}
	w.store.domains["firm.example"] = mailstead.Domain{Name: "firm.example", Source: mailstead.DomainAdministrator, ProviderID: "own-firm"}
	return w
}

func TestAProviderOfAdministratorsLeadsItsDomain(t *testing.T) {
	w := withProviders(t)
	found, err := w.Discover(t.Context(), anna, "anna@firm.example")
	if err != nil || found.Provider.ID != "own-firm" || found.Source != mailstead.DomainAdministrator || found.Incoming[0].Username != "anna" {
		t.Errorf("got %+v, %v", found, err)
	}
	saved, err := w.Save(t.Context(), anna, connect.Request{Address: "anna@firm.example", Password: mailstead.NewSecret("right")})
	if err != nil {
		t.Fatal(err)
	}
	if a := saved.Account; a.ProviderID != "own-firm" || a.Incoming.Login != "anna" || a.Outgoing.Login != "anna@firm.example" {
		t.Errorf("got %+v", a)
	}
	// Failures are told in the words of the service that it is a copy of.
	w.incoming.answer, w.incoming.password = nil, "another"
	res, err := w.TestAccount(t.Context(), anna, saved.Account.ID)
	if err != nil || res.Incoming.Failure() == nil || res.Incoming.Failure().Cause != "It failed at ovh." {
		t.Errorf("got %+v, %v", res.Incoming, err)
	}
}

func TestTheAgeOfAPasswordIsTold(t *testing.T) {
	var directory *discover.Directory
	w := newWorld(t, func(c *connect.Config) { directory = c.Directory })
	a := w.connect(t)
	credential := func() *mailstead.Credential {
		t.Helper()
		c, err := w.Credential(t.Context(), anna, a.ID)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if c := credential(); c != nil {
		t.Errorf("a password of unknown age: %+v", c)
	}
	w.store.setAt = map[mailstead.AccountID]time.Time{a.ID: testTime.AddDate(0, 0, -85)}
	if c := credential(); c == nil || !c.SetAt.Equal(w.store.setAt[a.ID]) || !c.EndsAt.IsZero() || c.Warn != 0 {
		t.Errorf("a password that works for always: %+v", c)
	}
	limited := own[0]
	limited.PasswordDays = 90
	if err := directory.SetOwn([]mailstead.Provider{limited}, nil); err != nil {
		t.Fatal(err)
	}
	stored := w.store.accounts[a.ID]
	stored.ProviderID = limited.ID
	w.store.accounts[a.ID] = stored
	if c := credential(); c == nil || c.Reason != mailstead.CredentialAge || c.Warn != 7 || !c.EndsAt.Equal(testTime.AddDate(0, 0, 5)) {
		t.Errorf("a password that ends in five days: %+v", c)
	}
	if _, err := w.Credential(t.Context(), mailstead.Actor{User: mailstead.User{ID: 99}}, a.ID); mailstead.KindOf(err) != mailstead.KindNotFound {
		t.Errorf("a stranger is told: %v", err)
	}
}

func TestARelayTakesMailWithoutASignIn(t *testing.T) {
	w := withProviders(t)
	w.outgoing.password = ""
	r := connect.Request{Address: "post@other.example", ProviderID: "own-relay", SendOnly: true}
	saved, err := w.Save(t.Context(), anna, r)
	if err != nil {
		t.Fatal(err)
	}
	if a := saved.Account; a.Outgoing.Login != "" || a.Incoming != nil || a.ProviderID != "own-relay" {
		t.Errorf("got %+v", a)
	}
	if len(w.store.secrets[saved.Account.ID]) != 0 || w.store.steps[0].Learned != nil {
		t.Error("a secret or a domain was stored")
	}
	w = withProviders(t)
	w.outgoing.password = ""
	r.Password = mailstead.NewSecret("of somebody")
	if _, err := w.Save(t.Context(), anna, r); err != nil || !w.outgoing.calls[0].Secret.IsZero() {
		t.Errorf("a password went to a relay: %v", err)
	}
}

func TestAHiddenProviderIsNamedButNotOffered(t *testing.T) {
	w := withProviders(t)
	saved, err := w.Save(t.Context(), anna, connect.Request{Address: "anna@firm.example", Password: mailstead.NewSecret("right")})
	if err != nil {
		t.Fatal(err)
	}
	w2 := withProviders(t, "own-firm", "gmail")
	w2.store.accounts, w2.store.secrets = w.store.accounts, w.store.secrets
	for address, id := range map[string]mailstead.ProviderID{"boris@firm.example": "own-firm", "boris@gmail.com": "gmail"} {
		found, err := w2.Discover(t.Context(), boris, address)
		if err != nil || found.Source != discover.SourceNone || len(found.Incoming) > 0 || found.Provider.ID != id || found.ProblemCode != discover.ProblemHidden {
			t.Errorf("%s: got %+v, %v", address, found, err)
		}
		_, err = w2.Save(t.Context(), boris, connect.Request{Address: address, Password: mailstead.NewSecret("right")})
		if mailstead.CodeOf(err) != discover.ProblemHidden {
			t.Errorf("%s: got %v, want that it is not offered", address, err)
		}
	}
	_, err = w2.Save(t.Context(), boris, connect.Request{Address: "boris@new.example", ProviderID: "gmail", Password: mailstead.NewSecret("right")})
	if mailstead.CodeOf(err) != "provider.hidden" {
		t.Errorf("chosen by hand: got %v", err)
	}
	// A choice by hand says nothing of a public domain, though its provider is hidden.
	r := request()
	r.Address = "boris@gmail.com"
	if _, err := w2.Save(t.Context(), boris, r); err != nil || w2.store.steps[0].Learned != nil {
		t.Errorf("a public domain was learned: %v", err)
	}
	// Who uses it goes on.
	w2.incoming.password, w2.outgoing.password = "changed", "changed"
	if _, err := w2.ChangePassword(t.Context(), anna, saved.Account.ID, mailstead.NewSecret("changed"), mailstead.Secret{}); err != nil {
		t.Error(err)
	}
}

func TestALearnedDomainWaitsWherePoliciesSaySo(t *testing.T) {
	w := newWorld(t)
	policies := mailstead.DefaultPolicies()
	policies.ConfirmDomains = true
	w.store.policies = &policies
	if _, err := w.Save(t.Context(), anna, request()); err != nil {
		t.Fatal(err)
	}
	d := w.store.domains["firm.example"]
	if d.State != mailstead.DomainPending || d.LearnedBy != anna.User.ID || !d.LearnedAt.Equal(testTime) {
		t.Fatalf("got %+v", d)
	}
	for _, c := range []struct {
		state  mailstead.DomainState
		source mailstead.DomainSource
		told   string
	}{
		{mailstead.DomainPending, discover.SourceNone, "firm.example was chosen by a colleague and waits for an administrator's confirmation."},
		{mailstead.DomainRejected, discover.SourceNone, "What a colleague chose for firm.example was rejected by an administrator."},
		{mailstead.DomainInUse, mailstead.DomainLearned, "firm.example is in the table of domains with servers of its own, chosen by a colleague."},
	} {
		d.State = c.state
		w.store.domains["firm.example"] = d
		found, err := w.Discover(t.Context(), boris, "boris@firm.example")
		if err != nil || found.Source != c.source || !slices.Contains(found.Evidence, c.told) {
			t.Errorf("%q: got %+v, %v", c.state, found, err)
		}
	}
}
