package mailstead

// Rights is what an actor may do with one account.
type Rights struct {
	Read   bool `json:"read"`
	Send   bool `json:"send"`
	Manage bool `json:"manage"`
}

// RightsOn decides what actor may do with a. assignments are those of the
// account that reach the actor's user, directly or by a profile. An owner and an
// administrator may do everything; the scopes of a token narrow each right.
func RightsOn(actor Actor, a *Account, assignments []Assignment) Rights {
	var r Rights
	switch {
	case actor.Operator:
		return Rights{Read: true, Send: true, Manage: true}
	case actor.User.ID == 0 || actor.User.Disabled:
		return r
	case actor.IsAdmin() || a.OwnerID == actor.User.ID:
		r = Rights{Read: true, Send: true, Manage: true}
	}
	for i := range assignments {
		as := &assignments[i]
		if as.AccountID != a.ID || as.System {
			continue
		}
		r.Read = r.Read || as.Has(RightRead)
		r.Send = r.Send || as.Has(RightSend)
		r.Manage = r.Manage || as.Has(RightManage)
	}
	r.Read = r.Read && actor.allows(ScopeRead)
	r.Send = r.Send && actor.allows(ScopeSend)
	r.Manage = r.Manage && actor.allows(ScopeAccounts)
	return r
}

// Candidates turns what is known about a user into the resolver's candidates.
// chosen is the account named in the message, or 0; template is what the message is
// made from, or nil.
func (f *SenderFacts) Candidates(chosen AccountID, template *Template) []SenderCandidate {
	accounts := make(map[AccountID]*Account, len(f.Accounts))
	sendable, system := make(map[AccountID]bool), make(map[AccountID]bool)
	for i := range f.Accounts {
		a := &f.Accounts[i]
		accounts[a.ID] = a
		if f.owns(a) {
			sendable[a.ID] = true
		}
	}
	profiles := make(map[ProfileID]string, len(f.Profiles))
	for _, p := range f.Profiles {
		profiles[p.ID] = p.Name
	}
	var out []SenderCandidate
	direct := make(map[AccountID]bool)
	for i := range f.Assignments {
		as := &f.Assignments[i]
		a := accounts[as.AccountID]
		if a == nil {
			continue
		}
		c := candidate(a, as.Has(RightSend), as.Priority)
		switch {
		case as.System:
			c.Level = LevelSystem
			c.Allowed = true
			system[a.ID] = true
		case as.ProfileID != 0:
			c.Level, c.Profile = LevelProfile, profiles[as.ProfileID]
		default:
			c.Level = LevelUser
			c.UserDefault = a.ID == f.User.DefaultAccountID
			direct[a.ID] = true
			// Who owns an account may send from it whatever an assignment says.
			c.Allowed = c.Allowed || f.owns(a)
		}
		// The system's account sends when nobody else can; it is not for choosing.
		sendable[a.ID] = sendable[a.ID] || (c.Allowed && !as.System)
		out = append(out, c)
	}
	for i := range f.Accounts {
		a := &f.Accounts[i]
		if f.owns(a) && !direct[a.ID] {
			c := candidate(a, true, 0)
			c.Level, c.UserDefault = LevelUser, a.ID == f.User.DefaultAccountID
			out = append(out, c)
		}
	}
	if a := accounts[chosen]; chosen != 0 && a != nil {
		c := candidate(a, sendable[a.ID], 0)
		c.Level = LevelChosen
		out = append(out, c)
	}
	if template == nil || template.AccountID == 0 {
		return out
	}
	if a := accounts[template.AccountID]; a != nil {
		// A template gives no right to send; the system's account serves everybody.
		c := candidate(a, sendable[a.ID] || system[a.ID], 0)
		c.Level, c.Template = LevelTemplate, template.Name
		out = append(out, c)
	}
	return out
}

func (f *SenderFacts) owns(a *Account) bool { return a.OwnerID != 0 && a.OwnerID == f.User.ID }

func candidate(a *Account, allowed bool, priority int) SenderCandidate {
	return SenderCandidate{
		AccountID: a.ID, Name: a.Name, Address: a.Address, Priority: priority, Allowed: allowed,
		Enabled:    a.Outgoing != nil && a.Outgoing.Enabled,
		Incomplete: a.Needs() == NeedServers,
		Healthy:    a.Outgoing == nil || (a.Outgoing.Health.State != HealthTrouble && a.Outgoing.complete()),
	}
}
