package mailstead_test

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
)

// account returns an account of owner with an outgoing side.
func account(id mailstead.AccountID, owner mailstead.UserID, name string, change ...func(*mailstead.Account)) mailstead.Account {
	a := mailstead.Account{
		ID: id, OwnerID: owner, Name: name, Address: name + "@example.com",
		Outgoing: &mailstead.Side{Enabled: true, Health: mailstead.Health{State: mailstead.HealthOK}},
	}
	for _, c := range change {
		c(&a)
	}
	return a
}

func disabled(a *mailstead.Account)    { a.Outgoing.Enabled = false }
func receiveOnly(a *mailstead.Account) { a.Incoming, a.Outgoing = a.Outgoing, nil }

// empty is an account that has no servers yet.
func empty(a *mailstead.Account) { a.Outgoing = nil }

// bare is an account whose password is not there yet.
func bare(a *mailstead.Account)      { a.Outgoing.Login = "anna" }
func inTrouble(a *mailstead.Account) { a.Outgoing.Health.State = mailstead.HealthTrouble }

var send = []mailstead.Right{mailstead.RightSend}

const anna mailstead.UserID = 1

// by is a template that names the account.
func by(id mailstead.AccountID) *mailstead.Template {
	return &mailstead.Template{Name: "Invoice", AccountID: id}
}

func TestResolveSender(t *testing.T) {
	sales := mailstead.Profile{ID: 1, Name: "Sales"}
	config := mailstead.ConfigurationSender{AccountID: 99, Address: "system@example.com", Healthy: true}
	system := mailstead.Assignment{AccountID: 90, System: true, Rights: send}
	for name, c := range map[string]struct {
		facts            mailstead.SenderFacts
		chosen, template mailstead.AccountID
		config           mailstead.ConfigurationSender
		want             mailstead.AccountID
		level            mailstead.SenderLevel
		held             bool
		passed           map[mailstead.AccountID]mailstead.PassReason
	}{
		"nothing at all": {
			level: mailstead.LevelNone,
		},
		"only the configuration file": {
			config: config, want: 99, level: mailstead.LevelConfiguration,
		},
		"system default before the configuration file": {
			facts: mailstead.SenderFacts{
				Assignments: []mailstead.Assignment{system},
				Accounts:    []mailstead.Account{account(90, 0, "system")},
			},
			config: config, want: 90, level: mailstead.LevelSystem,
		},
		"profile before system": {
			facts: mailstead.SenderFacts{
				Profiles:    []mailstead.Profile{sales},
				Assignments: []mailstead.Assignment{system, {AccountID: 20, ProfileID: 1, Rights: send}},
				Accounts:    []mailstead.Account{account(20, 0, "sales"), account(90, 0, "system")},
			},
			want: 20, level: mailstead.LevelProfile,
			passed: map[mailstead.AccountID]mailstead.PassReason{90: mailstead.PassOutranked},
		},
		"lowest priority number of the profiles": {
			facts: mailstead.SenderFacts{
				Profiles: []mailstead.Profile{sales, {ID: 2, Name: "Support"}},
				Assignments: []mailstead.Assignment{
					{AccountID: 20, ProfileID: 1, Rights: send, Priority: 5},
					{AccountID: 21, ProfileID: 2, Rights: send, Priority: 3},
				},
				Accounts: []mailstead.Account{account(20, 0, "sales"), account(21, 0, "support")},
			},
			want: 21, level: mailstead.LevelProfile,
			passed: map[mailstead.AccountID]mailstead.PassReason{20: mailstead.PassOutranked},
		},
		"a tie ends by name": {
			facts: mailstead.SenderFacts{
				Profiles: []mailstead.Profile{sales},
				Assignments: []mailstead.Assignment{
					{AccountID: 20, ProfileID: 1, Rights: send}, {AccountID: 21, ProfileID: 1, Rights: send},
				},
				Accounts: []mailstead.Account{account(20, 0, "zulu"), account(21, 0, "alpha")},
			},
			want: 21, level: mailstead.LevelProfile,
			passed: map[mailstead.AccountID]mailstead.PassReason{20: mailstead.PassOutranked},
		},
		"own account before the profile's": {
			facts: mailstead.SenderFacts{
				Profiles:    []mailstead.Profile{sales},
				Assignments: []mailstead.Assignment{{AccountID: 20, ProfileID: 1, Rights: send, Priority: -1}},
				Accounts:    []mailstead.Account{account(10, anna, "anna"), account(20, 0, "sales")},
			},
			want: 10, level: mailstead.LevelUser,
			passed: map[mailstead.AccountID]mailstead.PassReason{20: mailstead.PassOutranked},
		},
		"the preferred of several own accounts": {
			facts: mailstead.SenderFacts{
				User:        mailstead.User{DefaultAccountID: 11},
				Assignments: []mailstead.Assignment{{AccountID: 12, UserID: anna, Rights: send, Priority: -5}},
				Accounts:    []mailstead.Account{account(10, anna, "a"), account(11, anna, "b"), account(12, 0, "c")},
			},
			want: 11, level: mailstead.LevelUser,
			passed: map[mailstead.AccountID]mailstead.PassReason{10: mailstead.PassOutranked, 12: mailstead.PassOutranked},
		},
		"priority among own accounts without a preferred one": {
			facts: mailstead.SenderFacts{
				Assignments: []mailstead.Assignment{
					{AccountID: 10, UserID: anna, Rights: send, Priority: 2}, {AccountID: 11, UserID: anna, Rights: send, Priority: 1},
				},
				Accounts: []mailstead.Account{account(10, anna, "a"), account(11, anna, "b")},
			},
			want: 11, level: mailstead.LevelUser,
			passed: map[mailstead.AccountID]mailstead.PassReason{10: mailstead.PassOutranked},
		},
		"the template's account before the user's own": {
			facts: mailstead.SenderFacts{
				Assignments: []mailstead.Assignment{{AccountID: 30, ProfileID: 1, Rights: send}},
				Accounts:    []mailstead.Account{account(10, anna, "anna"), account(30, 0, "invoices")},
			},
			template: 30, want: 30, level: mailstead.LevelTemplate,
			passed: map[mailstead.AccountID]mailstead.PassReason{10: mailstead.PassOutranked},
		},
		"a template gives no right to send": {
			facts:    mailstead.SenderFacts{Accounts: []mailstead.Account{account(10, anna, "anna"), account(30, 0, "invoices")}},
			template: 30, want: 10, level: mailstead.LevelUser,
			passed: map[mailstead.AccountID]mailstead.PassReason{30: mailstead.PassForbidden},
		},
		"by a template the system's account serves everybody": {
			facts: mailstead.SenderFacts{
				Assignments: []mailstead.Assignment{system}, Accounts: []mailstead.Account{account(10, anna, "anna"), account(90, 0, "system")},
			},
			template: 90, want: 90, level: mailstead.LevelTemplate,
			passed: map[mailstead.AccountID]mailstead.PassReason{10: mailstead.PassOutranked},
		},
		"the account chosen in the message before all": {
			facts: mailstead.SenderFacts{
				Assignments: []mailstead.Assignment{
					{AccountID: 12, UserID: anna, Rights: send, Priority: 9}, {AccountID: 30, ProfileID: 1, Rights: send, Priority: 9},
				},
				Accounts: []mailstead.Account{account(10, anna, "anna"), account(12, 0, "shared"), account(30, 0, "invoices")},
			},
			chosen: 12, template: 30, want: 12, level: mailstead.LevelChosen,
			passed: map[mailstead.AccountID]mailstead.PassReason{10: mailstead.PassOutranked, 30: mailstead.PassOutranked},
		},
		"a chosen account of somebody else is passed over": {
			facts:  mailstead.SenderFacts{Accounts: []mailstead.Account{account(10, anna, "anna"), account(40, 2, "ben")}},
			chosen: 40, want: 10, level: mailstead.LevelUser,
			passed: map[mailstead.AccountID]mailstead.PassReason{40: mailstead.PassForbidden},
		},
		"the system account is not for choosing": {
			facts: mailstead.SenderFacts{
				Assignments: []mailstead.Assignment{system},
				Accounts:    []mailstead.Account{account(10, anna, "anna"), account(90, 0, "system")},
			},
			chosen: 90, want: 10, level: mailstead.LevelUser,
			passed: map[mailstead.AccountID]mailstead.PassReason{90: mailstead.PassForbidden},
		},
		"an assignment that only reads is passed over": {
			facts: mailstead.SenderFacts{
				Assignments: []mailstead.Assignment{system, {AccountID: 12, UserID: anna, Rights: []mailstead.Right{mailstead.RightRead}}},
				Accounts:    []mailstead.Account{account(12, 0, "shared"), account(90, 0, "system")},
			},
			want: 90, level: mailstead.LevelSystem,
			passed: map[mailstead.AccountID]mailstead.PassReason{12: mailstead.PassForbidden},
		},
		"disabled and receive-only accounts are passed over": {
			facts: mailstead.SenderFacts{
				Assignments: []mailstead.Assignment{system},
				Accounts: []mailstead.Account{
					account(10, anna, "off", disabled), account(11, anna, "reader", receiveOnly), account(90, 0, "system"),
				},
			},
			want: 90, level: mailstead.LevelSystem,
			passed: map[mailstead.AccountID]mailstead.PassReason{10: mailstead.PassDisabled, 11: mailstead.PassDisabled},
		},
		"an account in trouble is chosen and its mail held": {
			facts: mailstead.SenderFacts{
				Assignments: []mailstead.Assignment{system},
				Accounts:    []mailstead.Account{account(10, anna, "anna", inTrouble), account(90, 0, "system")},
			},
			want: 10, level: mailstead.LevelUser, held: true,
			passed: map[mailstead.AccountID]mailstead.PassReason{90: mailstead.PassOutranked},
		},
		"everything disabled ends at the configuration file": {
			facts:  mailstead.SenderFacts{Accounts: []mailstead.Account{account(10, anna, "off", disabled)}},
			config: config, want: 99, level: mailstead.LevelConfiguration,
			passed: map[mailstead.AccountID]mailstead.PassReason{10: mailstead.PassDisabled},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c.facts.User.ID = anna
			candidates := c.facts.Candidates(c.chosen, by(c.template))
			got := mailstead.ResolveSender(candidates, c.config)
			if got.AccountID != c.want || got.Level != c.level || got.Held != c.held {
				t.Errorf("got account %d at level %s, held %v; want %d, %s, %v", got.AccountID, got.Level, got.Held, c.want, c.level, c.held)
			}
			if got.Reason == "" {
				t.Error("no reason is given")
			}
			passed := make(map[mailstead.AccountID]mailstead.PassReason)
			for _, p := range got.PassedOver {
				if _, seen := passed[p.AccountID]; !seen {
					passed[p.AccountID] = p.Why
				}
			}
			if c.passed == nil {
				c.passed = map[mailstead.AccountID]mailstead.PassReason{}
			}
			if diff := cmp.Diff(c.passed, passed); diff != "" {
				t.Errorf("passed over (-want +got):\n%s", diff)
			}
			for range 20 {
				rand.Shuffle(len(candidates), func(i, j int) { candidates[i], candidates[j] = candidates[j], candidates[i] })
				if diff := cmp.Diff(got, mailstead.ResolveSender(candidates, c.config)); diff != "" {
					t.Fatalf("the answer depends on the order of the candidates:\n%s", diff)
				}
			}
		})
	}
}

func TestRightsOn(t *testing.T) {
	a := account(7, anna, "anna")
	read := []mailstead.Assignment{{AccountID: 7, UserID: 2, Rights: []mailstead.Right{mailstead.RightRead}}}
	all := mailstead.Rights{Read: true, Send: true, Manage: true}
	for name, c := range map[string]struct {
		actor       mailstead.Actor
		assignments []mailstead.Assignment
		want        mailstead.Rights
	}{
		"nobody":              {},
		"the owner":           {actor: mailstead.Actor{User: mailstead.User{ID: anna, Role: mailstead.RoleUser}}, want: all},
		"a disabled owner":    {actor: mailstead.Actor{User: mailstead.User{ID: anna, Disabled: true}}},
		"an administrator":    {actor: mailstead.Actor{User: mailstead.User{ID: 9, Role: mailstead.RoleAdmin}}, want: all},
		"the operator":        {actor: mailstead.Actor{Operator: true}, want: all},
		"a stranger":          {actor: mailstead.Actor{User: mailstead.User{ID: 2, Role: mailstead.RoleUser}}},
		"a reader":            {actor: mailstead.Actor{User: mailstead.User{ID: 2, Role: mailstead.RoleUser}}, assignments: read, want: mailstead.Rights{Read: true}},
		"the owner's token":   {actor: mailstead.Actor{User: mailstead.User{ID: anna}, Scopes: []mailstead.Scope{mailstead.ScopeSend}}, want: mailstead.Rights{Send: true}},
		"a token of no scope": {actor: mailstead.Actor{User: mailstead.User{ID: anna}, Scopes: []mailstead.Scope{}}},
		"an administrator's token without admin": {
			actor: mailstead.Actor{User: mailstead.User{ID: 9, Role: mailstead.RoleAdmin}, Scopes: []mailstead.Scope{mailstead.ScopeRead}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := mailstead.RightsOn(c.actor, &a, c.assignments); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}
