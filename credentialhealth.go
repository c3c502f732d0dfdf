package mailstead

import "time"

// Credential is how old what an account or an app signs in with is, and how long it
// will work, as far as these are known.
type Credential struct {
	// SetAt is when a person entered the password, or signed in at the service.
	SetAt time.Time `json:"set_at,omitzero"`
	// EndsAt and Reason are zero when no end is known.
	EndsAt time.Time        `json:"ends_at,omitzero"`
	Reason CredentialReason `json:"reason,omitempty"`
	// Warn is the nearest of 30, 7 and 1 days within which it ends; 1 when it has ended,
	// 0 while more time is left.
	Warn int `json:"warn"`
}

// CredentialReason is why a credential ends.
type CredentialReason string

// The reasons. CredentialAppSecret is the day that the service gave the client secret
// of the app; CredentialIdle is the rule of a service that forgets who did not come
// back for long; CredentialAge is that of a provider whose passwords work for some days.
const (
	CredentialAppSecret CredentialReason = "app_secret"
	CredentialIdle      CredentialReason = "idle"
	CredentialAge       CredentialReason = "age"
)

// CredentialNotice is how long before the end of a credential people are first told.
const CredentialNotice = 30 * 24 * time.Hour

// IdleLeast is the shortest time after which a service forgets a grant.
const IdleLeast = 90 * 24 * time.Hour

// atRestAfter is how long tokens are not renewed before the account counts as one that
// is at rest; those of an account at work are renewed within hours.
const atRestAfter = 7 * 24 * time.Hour

// CredentialForecast tells when the first thing ends that the account signs in with:
// the client secret of its app, or its grant by the idle rule of the service.
func CredentialForecast(a *Account, app *OAuthApp, g *OAuthGrant, now time.Time) *Credential {
	out := app.SecretForecast(now)
	if idle := GrantForecast(a, app, g.RefreshedAt, now); idle != nil && (out == nil || idle.EndsAt.Before(out.EndsAt)) {
		out = idle
	}
	if out == nil {
		out = &Credential{}
	}
	out.SetAt = g.GrantedAt
	return out
}

// GrantForecast tells when the service forgets the grant of an account that was last
// renewed at a time. That counts while the account is switched off or renews nothing.
// nil stands for no end that is known.
func GrantForecast(a *Account, app *OAuthApp, renewed, now time.Time) *Credential {
	ends := app.idleEnds(renewed)
	if ends.IsZero() || a.enabled() && now.Sub(renewed) <= atRestAfter {
		return nil
	}
	return newCredential(ends, CredentialIdle, now)
}

// PasswordForecast tells when the password of an account ends that was entered at a
// time, at a provider whose passwords work for some days, 0 for always. nil stands for
// a password of unknown age. One that nothing signs in with ends unnoticed.
func PasswordForecast(a *Account, setAt time.Time, days int, now time.Time) *Credential {
	switch {
	case setAt.IsZero():
		return nil
	case days == 0 || !a.enabled():
		return &Credential{SetAt: setAt}
	}
	out := newCredential(setAt.AddDate(0, 0, days), CredentialAge, now)
	out.SetAt = setAt
	return out
}

// enabled reports whether a side of the account is switched on.
func (a *Account) enabled() bool {
	return a.Incoming != nil && a.Incoming.Enabled || a.Outgoing != nil && a.Outgoing.Enabled
}

// SecretForecast tells when the client secret of the app ends; nil when that is not known.
func (a *OAuthApp) SecretForecast(now time.Time) *Credential {
	ends := a.SecretEnds()
	if ends.IsZero() || !a.HasSecret {
		return nil
	}
	return newCredential(ends, CredentialAppSecret, now)
}

// idleEnds is when the service forgets a grant that was last renewed at that time, the
// zero time for never. Only people's grants are forgotten: the other kinds ask for
// tokens by the app's own secret.
func (a *OAuthApp) idleEnds(renewed time.Time) time.Time {
	if a.Kind != OAuthPerson || renewed.IsZero() {
		return time.Time{}
	}
	switch a.Service {
	case "microsoft":
		return renewed.AddDate(0, 0, 90)
	case "google":
		return renewed.AddDate(0, 6, 0)
	}
	return time.Time{}
}

func newCredential(ends time.Time, why CredentialReason, now time.Time) *Credential {
	c := &Credential{EndsAt: ends, Reason: why}
	for _, days := range []int{30, 7, 1} {
		if ends.Sub(now) <= time.Duration(days)*24*time.Hour {
			c.Warn = days
		}
	}
	return c
}

// CredentialOf names whose credential is meant: one of the two is 0.
type CredentialOf struct {
	AccountID AccountID
	AppID     OAuthAppID
}

// Warning is what people were told of a credential that ends soon.
type Warning struct {
	CredentialOf
	EndsAt time.Time
	Reason CredentialReason
	Warn   int
}

// Tells reports whether people who know of this warning, nil for none, are to be told
// of c: each of the days 30, 7 and 1 before an end is told of once.
func (w *Warning) Tells(c *Credential) bool {
	return c.Warn != 0 && (w == nil || w.Reason != c.Reason || !w.EndsAt.Equal(c.EndsAt) || c.Warn < w.Warn)
}

// WarningTold is all that is stored when people are told that a credential ends.
type WarningTold struct {
	Warning
	Users []UserID
	// MailAt is when a mail may tell them, zero for never.
	MailAt time.Time
}

// AccountGrant is when the grant of an account was last renewed.
type AccountGrant struct {
	Account     Account
	AppID       OAuthAppID
	RefreshedAt time.Time
}

// AccountPassword is when the oldest password of an account was entered.
type AccountPassword struct {
	Account Account
	SetAt   time.Time
}
