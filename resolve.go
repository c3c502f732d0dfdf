package mailstead

import (
	"cmp"
	"slices"
)

// SenderLevel is a step of the precedence that decides who sends.
type SenderLevel string

// The levels, in the order in which they are asked.
const (
	LevelChosen   SenderLevel = "chosen"
	LevelTemplate SenderLevel = "template"
	LevelUser     SenderLevel = "user"
	LevelProfile  SenderLevel = "profile"
	LevelSystem   SenderLevel = "system"
	// LevelConfiguration is the SMTP server of the configuration file.
	LevelConfiguration SenderLevel = "configuration"
	// LevelNone means that nobody can send.
	LevelNone SenderLevel = "none"
)

// SenderCandidate is one account as the resolver sees it for one user. An
// account that reaches the user in several ways is several candidates.
type SenderCandidate struct {
	AccountID AccountID `json:"account_id"`
	Name      string    `json:"name"`
	Address   string    `json:"address"`
	// Level is LevelUser for an account that the user owns or was given,
	// LevelProfile for one of the user's profiles, LevelSystem for the system
	// default, LevelChosen and LevelTemplate for the account named there.
	Level SenderLevel `json:"level"`
	// Profile is the profile's name at LevelProfile.
	Profile string `json:"profile,omitempty"`
	// Template is the template's name at LevelTemplate.
	Template string `json:"template,omitempty"`
	Priority int    `json:"priority"`
	// UserDefault marks the account that the user prefers.
	UserDefault bool `json:"user_default,omitempty"`
	// Allowed tells that the user has the right to send from it at this level.
	Allowed bool `json:"allowed"`
	// Enabled tells that the account has an outgoing side that is switched on.
	Enabled bool `json:"enabled"`
	// Incomplete tells that the account has no servers yet: nobody chooses it before
	// it has them.
	Incomplete bool `json:"incomplete,omitempty"`
	// Healthy is false for an account in trouble or without its password: it is
	// chosen nevertheless and its mail is held.
	Healthy bool `json:"healthy"`
}

// PassReason says why a candidate was passed over.
type PassReason string

// Why a candidate does not send.
const (
	PassForbidden PassReason = "forbidden"
	PassDisabled  PassReason = "disabled"
	// PassIncomplete is an account that has no servers yet.
	PassIncomplete PassReason = "incomplete"
	// PassOutranked is a candidate that could send, but a better one does.
	PassOutranked PassReason = "outranked"
)

// PassedOver is a candidate that does not send, and why.
type PassedOver struct {
	SenderCandidate
	Why PassReason `json:"why"`
	// Change is what would make its account the sender: all of it, in this order. It is
	// empty where that account sends already.
	Change []SenderChange `json:"change,omitempty"`
	// Below goes with ChangePriority: the priority must be lower than this.
	Below int `json:"below,omitempty"`
}

// Resolution is which account sends for whom, and why. It is stored with every
// outgoing mail.
type Resolution struct {
	// AccountID is 0 at LevelNone. At LevelConfiguration it is the account that
	// stands for the configuration file.
	AccountID AccountID   `json:"account_id,omitempty"`
	Level     SenderLevel `json:"level"`
	Address   string      `json:"address,omitempty"`
	Name      string      `json:"name,omitempty"`
	Profile   string      `json:"profile,omitempty"`
	Template  string      `json:"template,omitempty"`
	// Held tells that the account is in trouble: mail waits until it is well.
	Held bool `json:"held,omitempty"`
	// Purpose tells what a mail is for that nobody wrote: the service itself then
	// chose the account.
	Purpose SendPurpose `json:"purpose,omitempty"`
	// Reason is the choice in one English sentence; pages build their own from
	// the fields.
	Reason     string       `json:"reason"`
	PassedOver []PassedOver `json:"passed_over,omitempty"`
}

// ConfigurationSender is the sender of the configuration file, or zero.
type ConfigurationSender struct {
	AccountID AccountID
	Address   string
	Name      string
	// Healthy is false while its server is in trouble: its mail is held.
	Healthy bool
}

var levelRank = map[SenderLevel]int{
	LevelChosen: 0, LevelTemplate: 1, LevelUser: 2, LevelProfile: 3, LevelSystem: 4,
}

// ResolveSender decides who sends: the account chosen in the message, the
// template's, the user's own (the preferred one, then by priority), the user's
// profile's (by priority), the system default, the configuration file. Ties end
// by name, then by id, then by the profile's name, so that the answer does not
// depend on the order of the candidates. Disabled and forbidden accounts are passed
// over, and those without servers; one in trouble, or without its password, is
// chosen and its mail held, because mail is never sent silently from another
// address.
func ResolveSender(candidates []SenderCandidate, config ConfigurationSender) Resolution {
	sorted := slices.Clone(candidates)
	slices.SortStableFunc(sorted, compareCandidates)
	var won *SenderCandidate
	var passed []PassedOver
	for i := range sorted {
		c := &sorted[i]
		switch {
		case !c.Allowed:
			passed = append(passed, PassedOver{SenderCandidate: *c, Why: PassForbidden})
		case c.Incomplete:
			passed = append(passed, PassedOver{SenderCandidate: *c, Why: PassIncomplete})
		case !c.Enabled:
			passed = append(passed, PassedOver{SenderCandidate: *c, Why: PassDisabled})
		case won == nil:
			won = c
		case won.AccountID != c.AccountID:
			passed = append(passed, PassedOver{SenderCandidate: *c, Why: PassOutranked})
		}
	}
	for i := range passed {
		passed[i].advise(sorted, won)
	}
	switch {
	case won != nil:
		return Resolution{
			AccountID: won.AccountID, Level: won.Level, Address: won.Address, Name: won.Name,
			Profile: won.Profile, Template: won.Template, Held: !won.Healthy, Reason: reasonFor(won), PassedOver: passed,
		}
	case config.Address != "":
		reason := "No account may send for this user, so the mail server of the configuration file sends."
		if !config.Healthy {
			reason += " It is in trouble, so the mail waits."
		}
		return Resolution{
			AccountID: config.AccountID, Level: LevelConfiguration, Address: config.Address, Name: config.Name,
			Held: !config.Healthy, Reason: reason, PassedOver: passed,
		}
	default:
		return Resolution{
			Level: LevelNone, PassedOver: passed,
			Reason: "No account may send for this user, and the configuration file names no mail server.",
		}
	}
}

func compareCandidates(a, b SenderCandidate) int {
	if c := cmp.Compare(levelRank[a.Level], levelRank[b.Level]); c != 0 {
		return c
	}
	if a.Level == LevelUser && a.UserDefault != b.UserDefault {
		if a.UserDefault {
			return -1
		}
		return 1
	}
	return cmp.Or(
		cmp.Compare(a.Priority, b.Priority),
		cmp.Compare(a.Name, b.Name),
		cmp.Compare(a.AccountID, b.AccountID),
		cmp.Compare(a.Profile, b.Profile),
	)
}

func reasonFor(c *SenderCandidate) string {
	var why string
	switch c.Level {
	case LevelChosen:
		why = "it was chosen in the message"
	case LevelTemplate:
		why = "the template " + c.Template + " names it"
	case LevelUser:
		why = "it is the user's own account"
		if c.UserDefault {
			why = "it is the account that the user prefers"
		}
	case LevelProfile:
		why = "the user has no account that can send, and the profile " + c.Profile + " has this one"
	default:
		why = "neither the user nor a profile has an account that can send, and this is the system's default account"
	}
	s := "Sent by " + c.Address + " because " + why + "."
	if !c.Healthy {
		s += " The account is in trouble, so the mail waits."
	}
	return s
}
