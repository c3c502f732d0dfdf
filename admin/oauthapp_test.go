package admin_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/admin"
)

// TestOAuthAppsOfKnownServices: client id and secret are all that an administrator
// types; the rest is known, and follows the tenant.
func TestOAuthAppsOfKnownServices(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	a, err := w.CreateOAuthApp(ctx, operator, "microsoft", "", admin.OAuthAppChanges{
		ClientID: ptr(" client "), Tenant: ptr("firm.example"), ClientSecret: ptr(mailstead.NewSecret("hidden")), SecretExpires: ptr("2027-01-31"),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := mailstead.OAuthApp{
		ID: a.ID, Key: a.Key, Name: "Microsoft", Service: "microsoft", Kind: mailstead.OAuthPerson, ClientID: "client", HasSecret: true, Tenant: "firm.example",
		Issuer:    "https://login.microsoftonline.com/firm.example/v2.0",
		AuthURL:   "https://login.microsoftonline.com/firm.example/oauth2/v2.0/authorize",
		TokenURL:  "https://login.microsoftonline.com/firm.example/oauth2/v2.0/token",
		DeviceURL: "https://login.microsoftonline.com/firm.example/oauth2/v2.0/devicecode",
		Scopes: []string{
			"https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office.com/POP.AccessAsUser.All", "https://outlook.office.com/SMTP.Send",
			"offline_access", "openid", "email", "profile",
		},
		ProviderIDs: []mailstead.ProviderID{"outlook.com", "microsoft365", "m365-hve", "acs"}, Active: true, SecretExpires: "2027-01-31",
		CreatedAt: w.now, UpdatedAt: w.now,
	}
	if d := cmp.Diff(want, a); d != "" {
		t.Error(d)
	}
	if end := a.SecretEnds().Format("2006-01-02"); end != "2027-02-01" {
		t.Errorf("the secret ends before %s", end)
	}
	a, err = w.UpdateOAuthApp(ctx, operator, a.ID, admin.OAuthAppChanges{Tenant: ptr("")})
	if err != nil || a.TokenURL != "https://login.microsoftonline.com/common/oauth2/v2.0/token" || !a.HasSecret {
		t.Errorf("got %+v, %v", a, err)
	}
	// What was typed is not touched by another tenant.
	a, err = w.UpdateOAuthApp(ctx, operator, a.ID, admin.OAuthAppChanges{AuthURL: ptr("https://login.firm.example/"), Tenant: ptr("other.example")})
	if err != nil || a.AuthURL != "https://login.firm.example/" || !strings.Contains(a.TokenURL, "/other.example/") {
		t.Errorf("got %+v, %v", a, err)
	}
	list, err := w.Providers(ctx, w.anna(t), false)
	i := slices.IndexFunc(list, func(p mailstead.Provider) bool { return p.ID == "outlook.com" })
	if err != nil || i < 0 || len(list[i].OAuth) != 1 || list[i].OAuth[0].Name != "Microsoft" || !list[i].OAuth[0].Device {
		t.Errorf("offered %+v, %v", list[i].OAuth, err)
	}
}

func TestOAuthAppsThatAreRefused(t *testing.T) {
	w := newWorld(t)
	custom := func() admin.OAuthAppChanges {
		return admin.OAuthAppChanges{
			Name: ptr("Firm"), ClientID: ptr("client"), AuthURL: ptr("https://login.firm.example/auth"), TokenURL: ptr("https://login.firm.example/token"),
			Scopes: ptr([]string{"mail"}), ProviderIDs: ptr([]mailstead.ProviderID{"gmail"}),
		}
	}
	for name, c := range map[string]struct {
		service string
		kind    mailstead.OAuthKind
		change  func(*admin.OAuthAppChanges)
		field   string
	}{
		"no such service":            {"nothing", "", func(*admin.OAuthAppChanges) {}, "service"},
		"a kind that it has not":     {"yandex", mailstead.OAuthServiceAccount, func(*admin.OAuthAppChanges) {}, "kind"},
		"no such kind":               {"custom", "magic", func(*admin.OAuthAppChanges) {}, "kind"},
		"no name":                    {"custom", "", func(c *admin.OAuthAppChanges) { c.Name = nil }, "name"},
		"no client id":               {"custom", "", func(c *admin.OAuthAppChanges) { c.ClientID = nil }, "client_id"},
		"a page without https":       {"custom", "", func(c *admin.OAuthAppChanges) { c.AuthURL = ptr("http://login.firm.example/") }, "auth_url"},
		"no token endpoint":          {"custom", "", func(c *admin.OAuthAppChanges) { c.TokenURL = nil }, "token_url"},
		"no scope":                   {"custom", "", func(c *admin.OAuthAppChanges) { c.Scopes = nil }, "scopes"},
		"a scope with a space":       {"custom", "", func(c *admin.OAuthAppChanges) { c.Scopes = ptr([]string{"mail openid"}) }, "scopes"},
		"no provider":                {"custom", "", func(c *admin.OAuthAppChanges) { c.ProviderIDs = nil }, "provider_ids"},
		"a provider that is not":     {"custom", "", func(c *admin.OAuthAppChanges) { c.ProviderIDs = ptr([]mailstead.ProviderID{"none"}) }, "provider_ids"},
		"a day that is none":         {"custom", "", func(c *admin.OAuthAppChanges) { c.SecretExpires = ptr("31.1.2027") }, "secret_expires"},
		"a tenant with a path":       {"microsoft", "", func(c *admin.OAuthAppChanges) { c.Tenant = ptr("a/b") }, "tenant"},
		"an application with no key": {"google", mailstead.OAuthServiceAccount, func(*admin.OAuthAppChanges) {}, "client_secret"},
		"a secret that is no secret": {"custom", "", func(c *admin.OAuthAppChanges) { c.ClientSecret = ptr(mailstead.NewSecret(strings.Repeat("x", 9000))) }, "client_secret"},
	} {
		t.Run(name, func(t *testing.T) {
			changes := custom()
			c.change(&changes)
			_, err := w.CreateOAuthApp(t.Context(), operator, c.service, c.kind, changes)
			var e *mailstead.Error
			if !errors.As(err, &e) || e.Kind != mailstead.KindInvalid || e.Field != c.field {
				t.Errorf("got %+v, want one of %q", e, c.field)
			}
		})
	}
	if _, _, err := w.OAuthApps(t.Context(), w.anna(t)); mailstead.KindOf(err) != mailstead.KindForbidden {
		t.Errorf("a user is told %v", err)
	}
}
