package mailstead

import "slices"

// AccountState is how an account stands as a whole, for lists.
type AccountState string

// The states of an account, those that a person must look at first.
const (
	AccountTrouble AccountState = "trouble"
	// AccountIncomplete is an account that lacks what Account.Needs says: nobody
	// sends from it and nobody reads it.
	AccountIncomplete AccountState = "incomplete"
	AccountRetrying   AccountState = "retrying"
	// AccountNew has a side that was not tried yet.
	AccountNew AccountState = "new"
	AccountOK  AccountState = "ok"
	// AccountDisabled has no side that is switched on.
	AccountDisabled AccountState = "disabled"
)

// AccountStates lists all states in the order of lists.
func AccountStates() []AccountState {
	return []AccountState{AccountTrouble, AccountIncomplete, AccountRetrying, AccountNew, AccountOK, AccountDisabled}
}

// Rank is the place of the state in lists, from 1; 0 for what is no state.
func (s AccountState) Rank() int { return slices.Index(AccountStates(), s) + 1 }

// AccountNeed is what an account lacks to work.
type AccountNeed string

// What an account may lack.
const (
	NeedNothing  AccountNeed = ""
	NeedServers  AccountNeed = "servers"
	NeedPassword AccountNeed = "password"
)

// Needs tells what the account lacks: servers, or the password of a side that
// signs in.
func (a *Account) Needs() AccountNeed {
	if a.Incoming == nil && a.Outgoing == nil {
		return NeedServers
	}
	if !a.Incoming.complete() || !a.Outgoing.complete() {
		return NeedPassword
	}
	return NeedNothing
}

// complete reports whether a side has all that a sign-in takes; one that is not
// there lacks nothing.
func (s *Side) complete() bool { return s == nil || s.Login == "" || s.Secret != "" }

// State is how the account stands: the worst of the sides that are switched on.
func (a *Account) State() AccountState {
	if a.Needs() != NeedNothing {
		return AccountIncomplete
	}
	state := AccountDisabled
	worst := map[HealthState]AccountState{
		HealthTrouble: AccountTrouble, HealthRetrying: AccountRetrying, HealthNew: AccountNew, HealthOK: AccountOK,
	}
	for _, s := range []*Side{a.Incoming, a.Outgoing} {
		if s == nil || !s.Enabled {
			continue
		}
		next, ok := worst[s.Health.State]
		if !ok {
			next = AccountNew
		}
		if state == AccountDisabled || next.Rank() < state.Rank() {
			state = next
		}
	}
	return state
}
