package mailstead

import "slices"

// SenderChange is one thing to change so that an account that was passed over sends.
type SenderChange string

// What can be changed.
const (
	// ChangeRight is to give the user the right to send from it.
	ChangeRight SenderChange = "give_right"
	// ChangeServers is to give it the servers that it lacks.
	ChangeServers SenderChange = "complete"
	// ChangeEnabled is to switch its sending on, or to add an outgoing server.
	ChangeEnabled SenderChange = "switch_on"
	// ChangeDefault is to make it the account that the user prefers.
	ChangeDefault SenderChange = "prefer"
	// ChangePriority is to give it a priority that is lower than PassedOver.Below.
	ChangePriority SenderChange = "lower_priority"
	// ChangeChoice is to choose it in the message.
	ChangeChoice SenderChange = "choose"
)

// advise says what would make the account the sender among all candidates, in place of
// won; nil stands for none of them.
func (p *PassedOver) advise(all []SenderCandidate, won *SenderCandidate) {
	if won != nil && won.AccountID == p.AccountID {
		return
	}
	if p.Why == PassForbidden {
		p.Change = append(p.Change, ChangeRight)
	}
	switch {
	case p.Incomplete:
		p.Change = append(p.Change, ChangeServers)
	case !p.Enabled:
		p.Change = append(p.Change, ChangeEnabled)
	}
	switch {
	case won == nil || compareCandidates(p.SenderCandidate, *won) < 0:
	case p.Level == LevelUser && won.Level == LevelUser:
		p.Change = append(p.Change, ChangeDefault)
	case p.Level == LevelProfile && won.Level == LevelProfile && won.Priority > 0:
		p.Change, p.Below = append(p.Change, ChangePriority), won.Priority
	default:
		if !choosable(all, p) {
			p.Change = append([]SenderChange{ChangeRight}, p.Change...)
		}
		p.Change = append(p.Change, ChangeChoice)
	}
}

// choosable reports whether the user may choose the account in a message, once p has
// the right that it lacks: the system's account and a template's are not for choosing.
func choosable(all []SenderCandidate, p *PassedOver) bool {
	if p.Why == PassForbidden || p.Level == LevelUser || p.Level == LevelProfile {
		return true
	}
	return slices.ContainsFunc(all, func(c SenderCandidate) bool {
		return c.AccountID == p.AccountID && c.Allowed && (c.Level == LevelUser || c.Level == LevelProfile)
	})
}
