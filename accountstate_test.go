package mailstead_test

import (
	"testing"
	"time"

	"github.com/mailstead/mailstead"
)

func TestHowAnAccountStandsAsAWhole(t *testing.T) {
	side := func(h mailstead.HealthState, enabled bool) *mailstead.Side {
		return &mailstead.Side{Enabled: enabled, Login: "anna", Secret: mailstead.SecretBoth, Health: mailstead.Health{State: h}}
	}
	bare := side(mailstead.HealthOK, true)
	bare.Secret = ""
	for name, tt := range map[string]struct {
		in, out *mailstead.Side
		want    mailstead.AccountState
		needs   mailstead.AccountNeed
	}{
		"without servers":        {nil, nil, mailstead.AccountIncomplete, mailstead.NeedServers},
		"without a password":     {side(mailstead.HealthOK, true), bare, mailstead.AccountIncomplete, mailstead.NeedPassword},
		"a relay":                {nil, &mailstead.Side{Enabled: true, Health: mailstead.Health{State: mailstead.HealthOK}}, mailstead.AccountOK, ""},
		"the worse counts":       {side(mailstead.HealthRetrying, true), side(mailstead.HealthTrouble, true), mailstead.AccountTrouble, ""},
		"what is off does not":   {side(mailstead.HealthTrouble, false), side(mailstead.HealthOK, true), mailstead.AccountOK, ""},
		"everything off":         {side(mailstead.HealthTrouble, false), nil, mailstead.AccountDisabled, ""},
		"not tried":              {side("", true), side(mailstead.HealthOK, true), mailstead.AccountNew, ""},
		"one way, trying again":  {side(mailstead.HealthRetrying, true), nil, mailstead.AccountRetrying, ""},
		"both ways, all is well": {side(mailstead.HealthOK, true), side(mailstead.HealthOK, true), mailstead.AccountOK, ""},
	} {
		a := mailstead.Account{Incoming: tt.in, Outgoing: tt.out}
		if got, needs := a.State(), a.Needs(); got != tt.want || needs != tt.needs {
			t.Errorf("%s: got %s, needs %q; want %s, needs %q", name, got, needs, tt.want, tt.needs)
		}
	}
	for i, s := range mailstead.AccountStates() {
		if s.Rank() != i+1 {
			t.Errorf("rank of %s: got %d, want %d", s, s.Rank(), i+1)
		}
	}
	if got := mailstead.AccountState("sick").Rank(); got != 0 {
		t.Errorf("got rank %d for a state that is none", got)
	}
}

// Nobody sends from an account without servers. Mail of one without its password waits
// for it: it never leaves silently from another address.
func TestWhoSendsFromAnIncompleteAccount(t *testing.T) {
	bare := &mailstead.Side{Enabled: true, Login: "anna", Health: mailstead.Health{State: mailstead.HealthNew}}
	facts := mailstead.SenderFacts{
		User: mailstead.User{ID: 1},
		Accounts: []mailstead.Account{
			{ID: 1, OwnerID: 1, Name: "bare", Outgoing: bare},
			{ID: 2, OwnerID: 1, Name: "empty"},
			{ID: 3, Name: "system", Outgoing: &mailstead.Side{Enabled: true}},
		},
		Assignments: []mailstead.Assignment{{AccountID: 3, System: true}},
	}
	r := mailstead.ResolveSender(facts.Candidates(0, nil), mailstead.ConfigurationSender{})
	if r.AccountID != 1 || !r.Held || len(r.PassedOver) != 2 || r.PassedOver[0].Why != mailstead.PassIncomplete {
		t.Errorf("got %+v, want the account without a password, held", r)
	}
	facts.Accounts = facts.Accounts[1:]
	if r := mailstead.ResolveSender(facts.Candidates(0, nil), mailstead.ConfigurationSender{}); r.AccountID != 3 || r.Held {
		t.Errorf("got %+v, want the system's account", r)
	}
}

func TestUsesOfTheOwnerDoNotCount(t *testing.T) {
	a := mailstead.Account{OwnerID: 4}
	if err := a.CheckUnused([]mailstead.Use{{Kind: mailstead.UseUser, ID: "4"}}); err != nil {
		t.Errorf("got %v, want nothing in the way", err)
	}
	other := []mailstead.Use{{Kind: mailstead.UseUser, ID: "4"}, {Kind: mailstead.UseUser, ID: "5"}, {Kind: mailstead.UseTemplate, ID: "1"}}
	err := a.CheckUnused(other)
	if got := mailstead.UsesOf(err); len(got) != 2 || mailstead.CodeOf(err) != mailstead.CodeAccountInUse {
		t.Errorf("got %v, %+v", err, got)
	}
	if mailstead.UsesOf(mailstead.NotFound("account")) != nil {
		t.Error("another error lists no uses")
	}
}

func TestPositionsInListsOfAccounts(t *testing.T) {
	at := time.UnixMilli(12345).UTC()
	a := mailstead.Account{ID: 7, Name: "Ünal", Address: "Help@Firm.example", Incoming: &mailstead.Side{Enabled: true, Health: mailstead.Health{State: mailstead.HealthOK, SuccessAt: at}}}
	for sort, want := range map[mailstead.AccountSort]mailstead.AccountPosition{
		"": {ID: 7}, mailstead.SortCreated: {ID: 7}, mailstead.SortName: {ID: 7, Text: "unal"}, mailstead.SortAddress: {ID: 7, Text: "help@firm.example"},
		mailstead.SortState: {ID: 7, Text: "unal", Number: 5}, mailstead.SortSuccess: {ID: 7, Number: 12345},
	} {
		if got := a.Position(sort); got != want {
			t.Errorf("%s: got %+v, want %+v", sort, got, want)
		}
	}
	punctuation := mailstead.Account{Name: "---"}
	if punctuation.NameKey() != "---" {
		t.Errorf("got key %q, want the name itself", punctuation.NameKey())
	}
}
