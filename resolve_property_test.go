package mailstead_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mailstead/mailstead"
)

// world draws a user, accounts, profiles and assignments of every kind. There are few
// of each, so that they meet often.
func world(t *rapid.T) (facts mailstead.SenderFacts, chosen, template mailstead.AccountID, config mailstead.ConfigurationSender) {
	accountID := func(label string, lowest int) mailstead.AccountID {
		return mailstead.AccountID(rapid.IntRange(lowest, 7).Draw(t, label))
	}
	facts.User = mailstead.User{ID: anna, DefaultAccountID: accountID("default", 0)}
	for id := range mailstead.AccountID(7) {
		a := account(id+1, mailstead.UserID(rapid.IntRange(0, 2).Draw(t, "owner")), rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "name"))
		a.Address = fmt.Sprintf("account%d@example.com", a.ID)
		rapid.SampledFrom([]func(*mailstead.Account){func(*mailstead.Account) {}, func(*mailstead.Account) {}, disabled, receiveOnly, inTrouble, bare, empty}).Draw(t, "state")(&a)
		facts.Accounts = append(facts.Accounts, a)
	}
	for id := range mailstead.ProfileID(rapid.IntRange(0, 3).Draw(t, "profiles")) {
		facts.Profiles = append(facts.Profiles, mailstead.Profile{ID: id + 1, Name: fmt.Sprintf("Profile %d", id+1)})
	}
	rights := rapid.SampledFrom([][]mailstead.Right{{mailstead.RightSend}, {mailstead.RightRead}, {mailstead.RightRead, mailstead.RightSend}, nil})
	type target struct {
		account mailstead.AccountID
		profile mailstead.ProfileID
	}
	seen := make(map[target]bool)
	for range rapid.IntRange(0, 8).Draw(t, "assignments") {
		as := mailstead.Assignment{
			AccountID: accountID("assigned", 1), Rights: rights.Draw(t, "rights"), Priority: rapid.IntRange(0, 2).Draw(t, "priority"),
			ProfileID: mailstead.ProfileID(rapid.IntRange(0, len(facts.Profiles)).Draw(t, "profile")),
		}
		if as.ProfileID == 0 {
			as.UserID = anna
		}
		if at := (target{as.AccountID, as.ProfileID}); !seen[at] { // as the store has each pair once
			seen[at] = true
			facts.Assignments = append(facts.Assignments, as)
		}
	}
	if rapid.Bool().Draw(t, "system account") {
		facts.Assignments = append(facts.Assignments, mailstead.Assignment{AccountID: accountID("system", 1), System: true, Rights: send})
	}
	if rapid.Bool().Draw(t, "configuration") {
		config = mailstead.ConfigurationSender{AccountID: 99, Address: "configuration@example.com", Healthy: rapid.Bool().Draw(t, "healthy")}
	}
	return facts, accountID("chosen", 0), accountID("template", 0), config
}

// claim is a way in which an account reaches the user, as section 1.5 of the product
// words it: written a second time, without the code under test.
type claim struct {
	level     int // 0 chosen, 1 template, 2 user, 3 profile, 4 system
	preferred bool
	priority  int
	account   *mailstead.Account
	allowed   bool
}

func (c *claim) sends() bool {
	return c.allowed && c.account.Outgoing != nil && c.account.Outgoing.Enabled
}

// before tells whether c is asked before other. Two that differ in nothing but the
// account end by name and number.
func (c *claim) before(other *claim) bool {
	switch {
	case c.level != other.level:
		return c.level < other.level
	case c.preferred != other.preferred:
		return c.preferred
	case c.priority != other.priority:
		return c.priority < other.priority
	case c.account.Name != other.account.Name:
		return c.account.Name < other.account.Name
	default:
		return c.account.ID < other.account.ID
	}
}

func claims(f *mailstead.SenderFacts, chosen, template mailstead.AccountID) []claim {
	var all []claim
	own := make(map[mailstead.AccountID]bool)       // has a claim at the level of the user
	choosable := make(map[mailstead.AccountID]bool) // may be named in a message
	shared := make(map[mailstead.AccountID]bool)    // serves everybody
	account := func(id mailstead.AccountID) *mailstead.Account { return &f.Accounts[id-1] }
	for i := range f.Assignments {
		as := &f.Assignments[i]
		c := claim{priority: as.Priority, account: account(as.AccountID), allowed: slices.Contains(as.Rights, mailstead.RightSend)}
		switch {
		case as.System:
			c.level = 4
			shared[as.AccountID] = true
		case as.ProfileID != 0:
			c.level = 3
		default:
			c.level, c.preferred = 2, as.AccountID == f.User.DefaultAccountID
			c.allowed = c.allowed || c.account.OwnerID == anna
			own[as.AccountID] = true
		}
		choosable[as.AccountID] = choosable[as.AccountID] || c.allowed && !as.System
		all = append(all, c)
	}
	for i := range f.Accounts {
		if a := &f.Accounts[i]; a.OwnerID == anna {
			choosable[a.ID] = true
			if !own[a.ID] {
				all = append(all, claim{level: 2, preferred: a.ID == f.User.DefaultAccountID, account: a, allowed: true})
			}
		}
	}
	if chosen != 0 {
		all = append(all, claim{level: 0, account: account(chosen), allowed: choosable[chosen]})
	}
	if template != 0 {
		all = append(all, claim{level: 1, account: account(template), allowed: choosable[template] || shared[template]})
	}
	return all
}

var levels = []mailstead.SenderLevel{
	mailstead.LevelChosen, mailstead.LevelTemplate, mailstead.LevelUser, mailstead.LevelProfile, mailstead.LevelSystem,
}

// Section 1.5 of the product, for any set of assignments.
func TestResolverKeepsItsPromisesInAnyWorld(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		facts, chosen, template, config := world(t)
		got := mailstead.ResolveSender(facts.Candidates(chosen, by(template)), config)

		var best *claim
		all := claims(&facts, chosen, template)
		for i := range all {
			if c := &all[i]; c.sends() && (best == nil || c.before(best)) {
				best = c
			}
		}
		switch {
		case best != nil:
			if got.AccountID != best.account.ID || got.Level != levels[best.level] {
				t.Fatalf("account %d at level %q sends; want account %d at level %q", got.AccountID, got.Level, best.account.ID, levels[best.level])
			}
			if want := best.account.Outgoing.Health.State == mailstead.HealthTrouble || best.account.Needs() == mailstead.NeedPassword; got.Held != want {
				t.Fatalf("held: %v; want %v: mail of an account in trouble waits, and no other", got.Held, want)
			}
			if !strings.Contains(got.Reason, best.account.Address) {
				t.Fatalf("the reason does not name the account: %q", got.Reason)
			}
		case config.Address != "":
			if got.Level != mailstead.LevelConfiguration || got.AccountID != config.AccountID || got.Address != config.Address || got.Held == config.Healthy {
				t.Fatalf("nobody can send, and the configuration has a server: %+v", got)
			}
		default:
			if got.Level != mailstead.LevelNone || got.AccountID != 0 {
				t.Fatalf("nobody can send: %+v", got)
			}
		}
		explained(t, &got, all)
		advised(t, facts.Candidates(chosen, by(template)), config, &got)
		anyOrder(t, &facts, chosen, template, config, &got)
	})
}

// explained checks that every claim is told, with the true reason, and that nothing
// else is.
func explained(t *rapid.T, got *mailstead.Resolution, all []claim) {
	want := make(map[string]int)
	for i := range all {
		c := &all[i]
		why := mailstead.PassOutranked
		switch {
		case !c.allowed:
			why = mailstead.PassForbidden
		case c.account.Needs() == mailstead.NeedServers:
			why = mailstead.PassIncomplete
		case !c.sends():
			why = mailstead.PassDisabled
		case c.account.ID == got.AccountID:
			continue // it is the sender, or another way to it
		}
		want[fmt.Sprintf("%d at %s: %s", c.account.ID, levels[c.level], why)]++
	}
	told := make(map[string]int)
	for _, p := range got.PassedOver {
		told[fmt.Sprintf("%d at %s: %s", p.AccountID, p.Level, p.Why)]++
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Fatalf("what was passed over (-want +got):\n%s", diff)
	}
}

// advised checks that each account that was passed over sends once what is said of it has
// been changed, and that nothing is advised for the one that sends.
func advised(t *rapid.T, candidates []mailstead.SenderCandidate, config mailstead.ConfigurationSender, got *mailstead.Resolution) {
	for _, p := range got.PassedOver {
		if p.AccountID == got.AccountID {
			if len(p.Change) > 0 {
				t.Fatalf("account %d sends, and is to be changed: %v", p.AccountID, p.Change)
			}
			continue
		}
		if len(p.Change) == 0 {
			t.Fatalf("nothing would make account %d at level %s the sender", p.AccountID, p.Level)
		}
		changed := slices.Clone(candidates)
		for _, change := range p.Change {
			changed = apply(t, changed, &p, change)
		}
		if now := mailstead.ResolveSender(changed, config); now.AccountID != p.AccountID {
			t.Fatalf("after %v for account %d at level %s, account %d sends at level %s", p.Change, p.AccountID, p.Level, now.AccountID, now.Level)
		}
	}
}

// apply changes the candidates as people would.
func apply(t *rapid.T, all []mailstead.SenderCandidate, p *mailstead.PassedOver, change mailstead.SenderChange) []mailstead.SenderCandidate {
	right := change == mailstead.ChangeRight
	for i := range all {
		c := &all[i]
		mine := c.AccountID == p.AccountID
		here := mine && c.Level == p.Level && c.Profile == p.Profile
		switch change {
		case mailstead.ChangeRight:
			c.Allowed = c.Allowed || here
		case mailstead.ChangeServers:
			c.Incomplete, c.Enabled = c.Incomplete && !mine, c.Enabled || mine
		case mailstead.ChangeEnabled:
			c.Enabled = c.Enabled || mine
		case mailstead.ChangeDefault:
			c.UserDefault = mine
		case mailstead.ChangePriority:
			if here {
				c.Priority = p.Below - 1
			}
		case mailstead.ChangeChoice: // below: it is one more candidate
		}
	}
	if right && p.Level != mailstead.LevelUser && p.Level != mailstead.LevelProfile {
		// The user is given the account, last of all.
		for i := range all {
			if c := &all[i]; c.AccountID == p.AccountID && (c.Level == mailstead.LevelChosen || c.Level == mailstead.LevelTemplate) {
				c.Allowed = true
			}
		}
		c := p.SenderCandidate
		c.Level, c.Priority, c.UserDefault, c.Allowed = mailstead.LevelUser, 1000, false, true
		return append(all, c)
	}
	if change == mailstead.ChangeChoice {
		all = slices.DeleteFunc(all, func(c mailstead.SenderCandidate) bool { return c.Level == mailstead.LevelChosen })
		c := p.SenderCandidate
		for _, other := range all {
			if other.AccountID == p.AccountID {
				c.Enabled, c.Incomplete = other.Enabled, other.Incomplete
			}
		}
		c.Level, c.Allowed = mailstead.LevelChosen, slices.ContainsFunc(all, func(c mailstead.SenderCandidate) bool {
			return c.AccountID == p.AccountID && c.Allowed && (c.Level == mailstead.LevelUser || c.Level == mailstead.LevelProfile)
		})
		all = append(all, c)
	}
	return all
}

// anyOrder checks that the answer does not depend on the order in which a database
// returns rows.
func anyOrder(t *rapid.T, facts *mailstead.SenderFacts, chosen, template mailstead.AccountID, config mailstead.ConfigurationSender, got *mailstead.Resolution) {
	other := *facts
	other.Accounts = rapid.Permutation(facts.Accounts).Draw(t, "order of accounts")
	other.Assignments = rapid.Permutation(facts.Assignments).Draw(t, "order of assignments")
	other.Profiles = rapid.Permutation(facts.Profiles).Draw(t, "order of profiles")
	again := mailstead.ResolveSender(other.Candidates(chosen, by(template)), config)
	if diff := cmp.Diff(*got, again); diff != "" {
		t.Fatalf("another order, another answer (-first +second):\n%s", diff)
	}
}
