package mailstead

import "time"

// Credential is how long what an account or an app signs in with will work, as far as
// it is known.
type Credential struct {
	EndsAt time.Time        `json:"ends_at"`
	Reason CredentialReason `json:"reason"`
	// Warn is the nearest of 30, 7 and 1 days within which it ends; 1 when it has ended,
	// 0 while more time is left.
	Warn int `json:"warn"`
}

// CredentialReason is why a credential ends.
type CredentialReason string

// The reasons. CredentialAppSecret is the day that the service gave the client secret
// of the app; CredentialIdle is the rule of a service that forgets who did not come
// back for long.
const (
	CredentialAppSecret CredentialReason = "app_secret"
	CredentialIdle      CredentialReason = "idle"
)

// atRestAfter is how long tokens are not renewed before the account counts as one that
// is at rest; those of an account at work are renewed within hours.
const atRestAfter = 7 * 24 * time.Hour

// CredentialForecast tells when the first thing ends that the account signs in with:
// the client secret of its app, or its grant by the idle rule of the service. The
// latter counts while the account is switched off or renews nothing. nil stands for no
// end that is known.
func CredentialForecast(a *Account, app *OAuthApp, g *OAuthGrant, now time.Time) *Credential {
	out := app.SecretForecast(now)
	resting := !a.enabled() || now.Sub(g.RefreshedAt) > atRestAfter
	if ends := app.idleEnds(g.RefreshedAt); resting && !ends.IsZero() && (out == nil || ends.Before(out.EndsAt)) {
		return newCredential(ends, CredentialIdle, now)
	}
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
