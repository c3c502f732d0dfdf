package mailstead_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
)

func TestCredentialForecast(t *testing.T) {
	now := time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
	ago := func(days int) time.Time { return now.AddDate(0, 0, -days) }
	day := func(month time.Month, d int) time.Time { return time.Date(2027, month, d, 0, 0, 0, 0, time.UTC) }
	secret := func(ends time.Time, warn int) *mailstead.Credential {
		return &mailstead.Credential{EndsAt: ends, Reason: mailstead.CredentialAppSecret, Warn: warn}
	}
	idle := func(ends time.Time, warn int) *mailstead.Credential {
		return &mailstead.Credential{EndsAt: ends, Reason: mailstead.CredentialIdle, Warn: warn}
	}
	on, off := &mailstead.Side{Enabled: true}, &mailstead.Side{}
	person := mailstead.OAuthPerson
	for _, c := range []struct {
		name, service string
		kind          mailstead.OAuthKind
		ends          string
		public        bool
		side          *mailstead.Side
		renewed       time.Time
		want          *mailstead.Credential
	}{
		{"nothing known", "microsoft", person, "", false, on, now, nil},
		{"secret far away", "microsoft", person, "2027-12-31", false, on, now, secret(time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC), 0)},
		{"secret in a month", "google", person, "2027-03-30", false, on, now, secret(day(3, 31), 30)},
		{"secret in a week", "custom", person, "2027-03-07", false, on, now, secret(day(3, 8), 7)},
		{"secret tomorrow", "custom", person, "2027-03-01", false, on, now, secret(day(3, 2), 1)},
		{"secret ended", "custom", person, "2027-02-01", false, on, now, secret(day(2, 2), 1)},
		{"public app keeps no secret", "custom", person, "2027-03-07", true, on, now, nil},
		{"switched off at Microsoft", "microsoft", person, "", false, off, now, idle(now.AddDate(0, 0, 90), 0)},
		{"not renewed for long at Microsoft", "microsoft", person, "", false, on, ago(85), idle(now.AddDate(0, 0, 5), 7)},
		{"forgotten at Microsoft", "microsoft", person, "", false, off, ago(100), idle(now.AddDate(0, 0, -10), 1)},
		{"switched off at Google", "google", person, "", false, off, now, idle(now.AddDate(0, 6, 0), 0)},
		{"other services forget nobody", "yandex", person, "", false, off, ago(500), nil},
		{"an application has no grant to forget", "microsoft", mailstead.OAuthApplication, "", false, off, ago(80), nil},
		{"the first of both", "microsoft", person, "2027-03-20", false, off, ago(60), secret(day(3, 21), 30)},
		{"the first of both, idle", "microsoft", person, "2027-06-20", false, off, ago(60), idle(now.AddDate(0, 0, 30), 30)},
	} {
		t.Run(c.name, func(t *testing.T) {
			app := mailstead.OAuthApp{Service: c.service, Kind: c.kind, SecretExpires: c.ends, HasSecret: !c.public}
			if c.want == nil {
				c.want = &mailstead.Credential{}
			}
			got := mailstead.CredentialForecast(&mailstead.Account{Incoming: c.side}, &app, &mailstead.OAuthGrant{RefreshedAt: c.renewed}, now)
			if diff := cmp.Diff(got, c.want); diff != "" {
				t.Errorf("-got +want:\n%s", diff)
			}
		})
	}
}

func TestPasswordForecast(t *testing.T) {
	now := time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
	on := &mailstead.Account{Outgoing: &mailstead.Side{Enabled: true}}
	set := now.AddDate(0, 0, -85)
	ends := now.AddDate(0, 0, 5)
	for name, c := range map[string]struct {
		account *mailstead.Account
		set     time.Time
		days    int
		want    *mailstead.Credential
	}{
		"age not known":                 {on, time.Time{}, 90, nil},
		"works for always":              {on, set, 0, &mailstead.Credential{SetAt: set}},
		"switched off, so nobody cares": {&mailstead.Account{Outgoing: &mailstead.Side{}}, set, 90, &mailstead.Credential{SetAt: set}},
		"ends in five days":             {on, set, 90, &mailstead.Credential{SetAt: set, EndsAt: ends, Reason: mailstead.CredentialAge, Warn: 7}},
		"entered today":                 {on, now, 90, &mailstead.Credential{SetAt: now, EndsAt: now.AddDate(0, 0, 90), Reason: mailstead.CredentialAge}},
		"at its end":                    {on, now.AddDate(0, 0, -90), 90, &mailstead.Credential{SetAt: now.AddDate(0, 0, -90), EndsAt: now, Reason: mailstead.CredentialAge, Warn: 1}},
	} {
		if diff := cmp.Diff(mailstead.PasswordForecast(c.account, c.set, c.days, now), c.want); diff != "" {
			t.Errorf("%s: -got +want:\n%s", name, diff)
		}
	}
}

func TestWarningTells(t *testing.T) {
	end := time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
	c := func(ends time.Time, warn int) *mailstead.Credential {
		return &mailstead.Credential{EndsAt: ends, Reason: mailstead.CredentialAge, Warn: warn}
	}
	known := &mailstead.Warning{EndsAt: end, Reason: mailstead.CredentialAge, Warn: 7}
	for _, x := range []struct {
		w    *mailstead.Warning
		c    *mailstead.Credential
		want bool
	}{
		{nil, c(end, 30), true},
		{nil, c(end, 0), false},
		{known, c(end, 7), false},
		{known, c(end, 1), true},
		{known, c(end, 30), false},
		{known, c(end.AddDate(0, 0, 1), 7), true},
		{known, &mailstead.Credential{EndsAt: end, Reason: mailstead.CredentialIdle, Warn: 7}, true},
	} {
		if got := x.w.Tells(x.c); got != x.want {
			t.Errorf("%+v tells %+v = %v, want %v", x.w, x.c, got, x.want)
		}
	}
}
