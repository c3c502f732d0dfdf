package mailstead

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// OAuthApp is this installation's registration at a service where people sign in by
// OAuth 2.0 (RFC 6749): an administrator makes it there and types here what the
// service gave him. Its client secret is stored apart, sealed.
type OAuthApp struct {
	ID OAuthAppID `json:"id" audit:"-"`
	// Key is random and never changes; the sealed secret is bound to it.
	Key string `json:"-"`
	// Name stands on the button: "Sign in with Name".
	Name string `json:"name"`
	// Service is the word of a known service such as google, or OAuthCustom.
	Service string    `json:"service"`
	Kind    OAuthKind `json:"kind"`
	// ClientID is what the service calls the app; of a service account its address.
	ClientID string `json:"client_id"`
	// HasSecret tells that a client secret, or the key of a service account, is
	// stored. An app that keeps none is a public client (RFC 6749 section 2.1).
	HasSecret bool `json:"has_secret" audit:"-"`
	// Tenant is the organisation's own directory at Microsoft; "" is any.
	Tenant string `json:"tenant,omitempty"`
	// Issuer is compared with what the service says of itself; "" where it says
	// nothing.
	Issuer      string `json:"issuer,omitempty"`
	AuthURL     string `json:"auth_url,omitempty"`
	TokenURL    string `json:"token_url"`
	DeviceURL   string `json:"device_url,omitempty"`
	RevokeURL   string `json:"revoke_url,omitempty"`
	UserInfoURL string `json:"user_info_url,omitempty"`
	// Scopes are the rights that are asked for; all of them must be granted.
	Scopes []string `json:"scopes"`
	// ProviderIDs are the providers whose accounts sign in by it.
	ProviderIDs []ProviderID `json:"provider_ids"`
	// Active apps are offered for new accounts; those that are connected go on.
	Active bool `json:"active"`
	// SecretExpires is the day on which the client secret ends, as YYYY-MM-DD, or "".
	SecretExpires string `json:"secret_expires,omitempty"`
	// Credential is what SecretForecast says, where an app is told to people.
	Credential *Credential `json:"credential,omitempty" audit:"-"`
	// Accounts is how many accounts sign in by it.
	Accounts  int       `json:"accounts,omitempty" audit:"-"`
	CreatedAt time.Time `json:"created_at" audit:"-"`
	// UpdatedAt is its version.
	UpdatedAt time.Time `json:"updated_at" audit:"-"`
}

// OAuthAppID names an OAuthApp.
type OAuthAppID int64

func (id OAuthAppID) String() string { return strconv.FormatInt(int64(id), 10) }

// OAuthKind is how an app gets its tokens.
type OAuthKind string

// The kinds. OAuthPerson asks each person at the service's own page (authorization
// code with PKCE, or a device code). OAuthApplication signs in as the app itself and
// opens any mailbox that it was given (client credentials). OAuthServiceAccount signs
// requests with a key in the name of a mailbox (RFC 7523), as Google's domain-wide
// delegation does.
const (
	OAuthPerson         OAuthKind = "person"
	OAuthApplication    OAuthKind = "application"
	OAuthServiceAccount OAuthKind = "service_account"
)

// OAuthCustom is the Service of an app whose addresses and scopes an administrator
// typed.
const OAuthCustom = "custom"

// OAuthService is a service that is known: an app there needs no addresses typed.
type OAuthService struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Kinds are the kinds of apps that the service has.
	Kinds []OAuthKind `json:"kinds"`
	// Tenanted tells that organisations have directories of their own there.
	Tenanted    bool         `json:"tenanted,omitempty"`
	Issuer      string       `json:"issuer"`
	AuthURL     string       `json:"auth_url"`
	TokenURL    string       `json:"token_url"`
	DeviceURL   string       `json:"device_url,omitempty"`
	RevokeURL   string       `json:"revoke_url,omitempty"`
	UserInfoURL string       `json:"user_info_url,omitempty"`
	Scopes      []string     `json:"scopes"`
	ProviderIDs []ProviderID `json:"provider_ids"`
	// ConsoleURL is where apps are registered; Note says what to mind there.
	ConsoleURL string `json:"console_url,omitempty"`
	Note       string `json:"note,omitempty"`
}

// tenantMark stands for the tenant in the addresses of a service, anyTenant for
// accounts of all organisations and private ones.
const (
	tenantMark = "{tenant}"
	anyTenant  = "common"
)

// Apply puts what is known of the service where the app says nothing.
func (s *OAuthService) Apply(a *OAuthApp) {
	tenant := a.Tenant
	if tenant == "" {
		tenant = anyTenant
	}
	for _, f := range []struct {
		field *string
		known string
	}{
		{&a.Name, s.Name},
		{&a.Issuer, s.Issuer},
		{&a.AuthURL, s.AuthURL},
		{&a.TokenURL, s.TokenURL},
		{&a.DeviceURL, s.DeviceURL},
		{&a.RevokeURL, s.RevokeURL},
		{&a.UserInfoURL, s.UserInfoURL},
	} {
		if *f.field == "" {
			*f.field = strings.ReplaceAll(f.known, tenantMark, tenant)
		}
	}
	if len(a.Scopes) == 0 {
		a.Scopes = slices.Clone(s.Scopes)
	}
	if len(a.ProviderIDs) == 0 {
		a.ProviderIDs = slices.Clone(s.ProviderIDs)
	}
}

// Move clears what the app has of the service for another tenant than its own, so that
// Apply puts it in anew.
func (s *OAuthService) Move(a *OAuthApp, was string) {
	known := OAuthApp{Tenant: was}
	s.Apply(&known)
	for _, f := range []struct {
		field *string
		known string
	}{{&a.Issuer, known.Issuer}, {&a.AuthURL, known.AuthURL}, {&a.TokenURL, known.TokenURL}, {&a.DeviceURL, known.DeviceURL}} {
		if *f.field == f.known {
			*f.field = ""
		}
	}
}

// Limits of an app.
const (
	maxClientIDLen  = 500
	maxScopes       = 50
	maxScopeLen     = 300
	maxOAuthKeyLen  = 8192
	maxAppProviders = 100
)

// Validate cleans and checks what an administrator typed. It changes nothing when
// it returns an error.
func (a *OAuthApp) Validate() error {
	c := *a
	var err error
	for _, line := range []struct {
		field string
		value *string
		most  int
	}{{"name", &c.Name, maxNameLen}, {"client_id", &c.ClientID, maxClientIDLen}, {"tenant", &c.Tenant, maxNameLen}} {
		if *line.value, err = CleanLine(line.field, *line.value, line.most); err != nil {
			return err
		}
	}
	if c.Name == "" {
		return Invalid("name", "input.name_needed", "The app needs a name.")
	}
	if c.ClientID == "" {
		return Invalid("client_id", "input.client_id_needed", "The client ID is needed: the service shows it where the app is registered.")
	}
	if strings.ContainsAny(c.Tenant, "/?#{} ") {
		return Invalid("tenant", "input.tenant", "The tenant is an id such as 00000000-0000-0000-0000-000000000000, or a domain.")
	}
	if err := c.checkKind(); err != nil {
		return err
	}
	for _, link := range []struct {
		field string
		text  *string
	}{
		{"issuer", &c.Issuer},
		{"auth_url", &c.AuthURL},
		{"token_url", &c.TokenURL},
		{"device_url", &c.DeviceURL},
		{"revoke_url", &c.RevokeURL},
		{"user_info_url", &c.UserInfoURL},
	} {
		if err := cleanLink(link.field, link.text); err != nil {
			return err
		}
	}
	if c.Scopes, err = cleanScopes(c.Scopes); err != nil {
		return err
	}
	if c.SecretExpires, err = cleanDay("secret_expires", c.SecretExpires); err != nil {
		return err
	}
	if len(c.ProviderIDs) == 0 || len(c.ProviderIDs) > maxAppProviders {
		return Invalid("provider_ids", "input.provider", "Say which providers' accounts sign in by this app.")
	}
	*a = c
	return nil
}

// checkKind checks that the addresses that a kind needs are there.
func (a *OAuthApp) checkKind() error {
	switch {
	case !slices.Contains([]OAuthKind{OAuthPerson, OAuthApplication, OAuthServiceAccount}, a.Kind):
		return Invalid("kind", "input.oauth_kind", "The kind is person, application or service_account.")
	case a.TokenURL == "":
		return Invalid("token_url", "input.link", "Write the address of a page that begins with https://.")
	case a.Kind == OAuthPerson && a.AuthURL == "" && a.DeviceURL == "":
		return Invalid("auth_url", "input.link", "Write the address of a page that begins with https://.")
	case a.Kind != OAuthPerson && !a.HasSecret:
		return Invalid("client_secret", "input.client_secret_needed", "An app of this kind signs in with its own secret or key: type it.")
	}
	return nil
}

// cleanScopes checks scopes as RFC 6749 section 3.3 writes them.
func cleanScopes(scopes []string) ([]string, error) {
	var out []string
	for _, scope := range scopes {
		scope = strings.TrimSpace(scope)
		bad := func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' }
		if scope == "" || len(scope) > maxScopeLen || strings.ContainsFunc(scope, bad) {
			return nil, Invalid("scopes", "input.scopes", "A scope is one word or address without spaces.")
		}
		if !slices.Contains(out, scope) {
			out = append(out, scope)
		}
	}
	if len(out) == 0 || len(out) > maxScopes {
		return nil, Invalid("scopes", "input.scopes", "Name the scopes that give access to mail.")
	}
	return out, nil
}

// cleanDay checks a day such as 2027-01-31.
func cleanDay(field, text string) (string, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return "", nil
	}
	if _, err := time.Parse(time.DateOnly, text); err != nil {
		return "", Invalid(field, "input.day", "Write the day as YYYY-MM-DD.")
	}
	return text, nil
}

// CheckClientSecret refuses what cannot be the secret or key of an app.
func CheckClientSecret(s Secret) error {
	if t := s.Reveal(); len(t) > maxOAuthKeyLen || strings.ContainsRune(t, 0) {
		return Invalid("client_secret", "input.too_long", "The secret is too long.")
	}
	return nil
}

// SecretEnds returns the end of the day on which the client secret ends, or the zero
// time.
func (a *OAuthApp) SecretEnds() time.Time {
	day, err := time.Parse(time.DateOnly, a.SecretExpires)
	if err != nil {
		return time.Time{}
	}
	return day.AddDate(0, 0, 1)
}

// Serves reports whether accounts of the provider sign in by the app.
func (a *OAuthApp) Serves(id ProviderID) bool { return slices.Contains(a.ProviderIDs, id) }

// AuditObject returns the app as the object of an entry.
func (a *OAuthApp) AuditObject() AuditObject { return auditObject(AuditOAuthApp, a.ID, a.Name) }

// OAuthAppChanged refuses a change to an app that somebody else changed after it was
// read.
func OAuthAppChanged() error {
	return &Error{
		Kind: KindConflict, Code: CodeOAuthAppChanged,
		Text: "Somebody else changed this app at the same time: look at it, then try again.",
	}
}

// CodeOAuthAppChanged is the code of OAuthAppChanged.
const CodeOAuthAppChanged = "oauth_app.changed"

// OAuthOffer is an app by which people sign in.
type OAuthOffer struct {
	AppID OAuthAppID `json:"app_id"`
	// Name stands on the button.
	Name string `json:"name"`
	// Device tells that a sign-in by a code at another device is offered.
	Device bool `json:"device,omitempty"`
}

// OAuthOffers are the apps by which people sign in for accounts of the provider.
func OAuthOffers(apps []OAuthApp, id ProviderID) (out []OAuthOffer) {
	for i := range apps {
		if a := &apps[i]; a.Active && a.Kind == OAuthPerson && a.Serves(id) {
			out = append(out, OAuthOffer{AppID: a.ID, Name: a.Name, Device: a.DeviceURL != ""})
		}
	}
	return out
}

// OAuthGrant is what an account signs in with at its service: tokens, and whose they
// are.
type OAuthGrant struct {
	AccountID AccountID
	AppID     OAuthAppID
	// Identity is who signed in, as the service says: a mail address, or "".
	Identity string
	// Subject is the service's own name for that identity, or "".
	Subject string
	// Sealed are the tokens, bound to the account.
	Sealed Sealed
	// Version counts the changes of Sealed.
	Version   int64
	GrantedAt time.Time
	// RefreshedAt is when the service gave the present tokens.
	RefreshedAt time.Time
}
