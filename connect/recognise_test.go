package connect_test

import (
	"context"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/connect"
	"github.com/mailstead/mailstead/discover"
)

// outside answers for the network and counts how often it was asked.
type outside struct {
	asked   int
	foreign []string
}

func (o *outside) Find(_ context.Context, r discover.Result, told func(discover.Question)) discover.Result {
	o.asked++
	if told != nil {
		told(discover.Question{Source: discover.SourceSRV, Asked: "SRV of " + mailstead.DomainOf(r.Address), Outcome: discover.OutcomeOK})
	}
	if mailstead.DomainOf(r.Address) != "published.example" {
		return r
	}
	candidate := func(p mailstead.Protocol, host string, port int) []discover.Candidate {
		return []discover.Candidate{{
			Server:   mailstead.Server{Protocol: p, Host: host, Port: port, Security: mailstead.SecurityTLS},
			Username: r.Address, Auth: []string{mailstead.AuthPassword},
		}}
	}
	r.Source, r.Trust, r.Foreign = discover.SourceSRV, discover.TrustMedium, o.foreign
	r.Incoming = candidate(mailstead.IMAP, "imap.published.example", 993)
	r.Outgoing = candidate(mailstead.SMTP, "smtp.published.example", 465)
	return r
}

func TestServersThatADomainPublishes(t *testing.T) {
	o, now := new(outside), testTime
	w := newWorld(t, func(c *connect.Config) { c.Network, c.Now = o, func() time.Time { return now } })
	found, err := w.Discover(t.Context(), anna, "anna@published.example")
	if err != nil || found.Source != discover.SourceSRV || found.Incoming[0].Host != "imap.published.example" {
		t.Fatalf("got %+v, %v", found, err)
	}
	r := connect.Request{Address: "anna@published.example", Password: mailstead.NewSecret("right")}
	if res, err := w.Test(t.Context(), anna, r); err != nil || !res.OK {
		t.Fatalf("test: %+v, %v", res, err)
	}
	saved, err := w.Save(t.Context(), anna, r)
	if err != nil || saved.Account.Incoming.Server.Host != "imap.published.example" || saved.Account.Outgoing.Login != "anna@published.example" {
		t.Fatalf("save: %+v, %v", saved.Account, err)
	}
	if o.asked != 1 {
		t.Errorf("the network was asked %d times, want once", o.asked)
	}
	if learned := w.store.steps[0].Learned; learned != nil {
		t.Errorf("learned what the domain publishes itself: %+v", learned)
	}
	// Later it may be another answer.
	now = now.Add(time.Hour)
	if _, err := w.Discover(t.Context(), anna, "anna@published.example"); err != nil || o.asked != 2 {
		t.Errorf("asked %d times, %v", o.asked, err)
	}
}

// TestFollowTellsOfQuestions: a known domain and an answer that was given before take
// none.
func TestFollowTellsOfQuestions(t *testing.T) {
	w := newWorld(t, func(c *connect.Config) { c.Network = new(outside) })
	var told []string
	for _, address := range []string{"anna@gmail.com", "anna@published.example", "anna@published.example"} {
		if _, err := w.Follow(t.Context(), anna, address, func(q discover.Question) { told = append(told, q.Asked) }); err != nil {
			t.Fatal(err)
		}
	}
	if len(told) != 1 || told[0] != "SRV of published.example" {
		t.Errorf("told of %q", told)
	}
}

// TestOnlyUnknownDomainsAreLookedUp: the table of domains, the directory, a provider
// chosen and servers typed by hand need nobody outside.
func TestOnlyUnknownDomainsAreLookedUp(t *testing.T) {
	o := new(outside)
	w := newWorld(t, func(c *connect.Config) { c.Network = o })
	password := mailstead.NewSecret("right")
	typed := request()
	typed.Address = "anna@typed.example"
	for _, r := range []connect.Request{
		{Address: "anna@gmail.com", Password: password},
		{Address: "anna@unknown.example", ProviderID: "ovh", Password: password},
		typed,
	} {
		if _, err := w.Test(t.Context(), anna, r); err != nil {
			t.Errorf("%s: %v", r.Address, err)
		}
	}
	if _, err := w.Discover(t.Context(), anna, "anna@gmail.com"); err != nil || o.asked != 0 {
		t.Errorf("asked %d times, %v", o.asked, err)
	}
	// An unknown one is looked up also without a discovery before, and again when
	// nothing was found.
	for range 2 {
		_, err := w.Test(t.Context(), anna, connect.Request{Address: "anna@unknown.example", Password: password})
		if mailstead.CodeOf(err) != "input.server_needed" {
			t.Errorf("error = %v", err)
		}
	}
	if o.asked != 2 {
		t.Errorf("asked %d times, want 2", o.asked)
	}
}

func TestForeignServersNeedConsentBeforeThePasswordGoesThere(t *testing.T) {
	w := newWorld(t, func(c *connect.Config) { c.Network = &outside{foreign: []string{"elsewhere.example"}} })
	r := connect.Request{Address: "anna@published.example", Password: mailstead.NewSecret("right")}
	for name, f := range map[string]func() error{
		"test": func() error { _, err := w.Test(t.Context(), anna, r); return err },
		"save": func() error { _, err := w.Save(t.Context(), anna, r); return err },
	} {
		if err := f(); mailstead.CodeOf(err) != "connect.confirm_servers" {
			t.Errorf("%s: error = %v", name, err)
		}
	}
	if n := len(w.incoming.calls) + len(w.outgoing.calls); n != 0 {
		t.Fatalf("%d servers were contacted", n)
	}
	r.ConfirmServers = true
	if _, err := w.Save(t.Context(), anna, r); err != nil {
		t.Error(err)
	}
}

func TestLookingUpIsLimited(t *testing.T) {
	o := new(outside)
	w := newWorld(t, func(c *connect.Config) { c.Network = o })
	var last error
	for range 30 {
		_, last = w.Discover(t.Context(), anna, "anna@unknown.example")
	}
	if mailstead.KindOf(last) != mailstead.KindThrottled || o.asked > 20 {
		t.Errorf("asked %d times, %v", o.asked, last)
	}
}
