package discover

import (
	"slices"

	"github.com/mailstead/mailstead"
)

// signInService is what the facts of providers do not say of a service where people sign in
// by OAuth.
type signInService struct {
	id, name    string
	kinds       []mailstead.OAuthKind
	revoke, who string
	// extra are scopes beside those of the facts: who signed in, and a lasting
	// permission.
	extra []string
	// console is the page where apps are registered.
	console string
}

// signInServices are the services where apps can be registered, by the issuer of their facts.
var signInServices = []struct {
	issuer string
	signInService
}{
	{"https://accounts.google.com", signInService{
		id: "google", name: "Google", kinds: []mailstead.OAuthKind{mailstead.OAuthPerson, mailstead.OAuthServiceAccount},
		revoke: "https://oauth2.googleapis.com/revoke", who: "https://openidconnect.googleapis.com/v1/userinfo",
		extra: []string{"openid", "email"}, console: "https://console.cloud.google.com/apis/credentials",
	}},
	{"https://login.microsoftonline.com/{tenant}/v2.0", signInService{
		id: "microsoft", name: "Microsoft", kinds: []mailstead.OAuthKind{mailstead.OAuthPerson, mailstead.OAuthApplication},
		extra: []string{"openid", "email", "profile"}, console: "https://entra.microsoft.com/#view/Microsoft_AAD_RegisteredApps/ApplicationsListBlade",
	}},
	{"https://oauth.yandex.com", signInService{
		id: "yandex", name: "Yandex", kinds: []mailstead.OAuthKind{mailstead.OAuthPerson},
		revoke: "https://oauth.yandex.com/revoke_token", who: "https://login.yandex.ru/info?format=json",
		extra: []string{"login:email"}, console: "https://oauth.yandex.com/",
	}},
	{"https://oauth.mail.ru", signInService{
		id: "mailru", name: "Mail.ru", kinds: []mailstead.OAuthKind{mailstead.OAuthPerson},
		who: "https://oauth.mail.ru/userinfo", console: "https://oauth.mail.ru/app/",
	}},
	{"https://api.fastmail.com", signInService{
		id: "fastmail", name: "Fastmail", kinds: []mailstead.OAuthKind{mailstead.OAuthPerson},
		revoke: "https://api.fastmail.com/oauth/revoke", extra: []string{"offline_access"}, console: "https://www.fastmail.com/dev/",
	}},
	{"https://auth.tb.pro/realms/tbpro", signInService{
		id: "thundermail", name: "Thundermail", kinds: []mailstead.OAuthKind{mailstead.OAuthPerson},
	}},
}

// OAuthServices lists the services where people sign in by OAuth and apps can be
// registered, with the providers whose accounts they are for.
func (d *Directory) OAuthServices() []mailstead.OAuthService {
	out := make([]mailstead.OAuthService, 0, len(signInServices))
	for _, known := range signInServices {
		s := mailstead.OAuthService{
			ID: known.id, Name: known.name, Kinds: known.kinds, Issuer: known.issuer,
			RevokeURL: known.revoke, UserInfoURL: known.who, ConsoleURL: known.console,
		}
		for _, e := range d.builtIn {
			if e.OAuth == nil || e.OAuth.Issuer != known.issuer {
				continue
			}
			s.ProviderIDs = append(s.ProviderIDs, e.ID)
			s.AuthURL, s.TokenURL, s.DeviceURL = e.OAuth.AuthURL, e.OAuth.TokenURL, e.OAuth.DeviceURL
			s.Note = e.OAuth.Note
			if s.Scopes == nil {
				s.Scopes = slices.Concat(e.OAuth.Scopes, known.extra)
			}
		}
		s.Tenanted = s.ID == "microsoft"
		out = append(out, s)
	}
	return out
}

// ApplicationScopes are the scopes of an app that asks no person, where they are not
// those of people.
func (*Directory) ApplicationScopes(service string) []string {
	if service == "microsoft" {
		return []string{"https://outlook.office365.com/.default"}
	}
	return nil
}

// Offer tells that people sign in by these apps, so that a provider without passwords
// can be connected.
func (r *Result) Offer(apps []mailstead.OAuthOffer) {
	r.OAuth = apps
	if len(apps) > 0 && r.ProblemCode == ProblemOAuthOnly {
		r.ProblemCode, r.Problem = "", ""
	}
}
