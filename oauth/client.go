// Package oauth speaks OAuth 2.0 (RFC 6749) with the services where people sign in.
//
// A Client asks for tokens: by authorization code with PKCE (RFC 7636), by device code
// (RFC 8628), by the app's own secret or by a signed request (RFC 7523), and by a
// refresh token. Tokens keeps the tokens of accounts: it renews them, one request at a
// time for an account, and stores what it got before anybody uses it.
package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/mailstead/mailstead"
)

// Client speaks with the services of apps. It may be used from many goroutines.
type Client struct {
	http *http.Client
	now  func() time.Time
}

// NewClient returns a Client that goes through h, which must speak HTTPS alone and
// follow no redirects.
func NewClient(h *http.Client, now func() time.Time) *Client { return &Client{http: h, now: now} }

// App is a registration with its secret.
type App struct {
	mailstead.OAuthApp
	Secret mailstead.Secret
	// RedirectURL is where the service sends people back to.
	RedirectURL string
}

// Token is what a service gave.
type Token struct {
	Access  mailstead.Secret
	Refresh mailstead.Secret
	// Expires is when Access ends; the zero time where the service does not say.
	Expires time.Time
	// Scopes are the rights that were granted; nil where the service does not say.
	Scopes []string
	// Identity is the mail address of who signed in, Subject the service's own name
	// for him; "" where it does not say.
	Identity string
	Subject  string
}

// Proof is what belongs to one sign-in and must come back from it.
type Proof struct {
	// State names the sign-in, Nonce is repeated in the ID token (OpenID Connect Core
	// section 3.1.2.1), Verifier is PKCE's.
	State    string
	Nonce    string
	Verifier string
}

func (a *App) config() *oauth2.Config {
	return &oauth2.Config{
		ClientID: a.ClientID, ClientSecret: a.Secret.Reveal(), RedirectURL: a.RedirectURL, Scopes: a.Scopes,
		Endpoint: oauth2.Endpoint{
			AuthURL: a.AuthURL, TokenURL: a.TokenURL, DeviceAuthURL: a.DeviceURL,
			// Finding out would send a refresh token twice.
			AuthStyle: oauth2.AuthStyleInParams,
		},
	}
}

// openID reports whether the sign-in comes with an ID token.
func (a *App) openID() bool { return slices.Contains(a.Scopes, oidc.ScopeOpenID) }

// NewVerifier returns a random verifier of PKCE.
func NewVerifier() string { return oauth2.GenerateVerifier() }

// SignInURL returns the page of the service where a person signs in as address.
func (c *Client) SignInURL(a App, p Proof, address string) string {
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(p.Verifier), oauth2.SetAuthURLParam("login_hint", address)}
	if a.openID() {
		options = append(options, oidc.Nonce(p.Nonce))
	}
	if a.Service == ServiceGoogle {
		// Without both there is no refresh token the second time.
		options = append(options, oauth2.AccessTypeOffline, oauth2.SetAuthURLParam("prompt", "consent"))
	}
	return a.config().AuthCodeURL(p.State, options...)
}

// ServiceGoogle is the known service that wants words of its own.
const ServiceGoogle = "google"

// Exchange turns the code that came back from a sign-in into tokens, and looks whose
// they are.
func (c *Client) Exchange(ctx context.Context, a App, p Proof, code string) (Token, error) {
	t, err := a.config().Exchange(c.context(ctx), code, oauth2.VerifierOption(p.Verifier))
	if err != nil {
		return Token{}, c.failed("oauth.Exchange", err)
	}
	return c.signedIn(ctx, a, t, p.Nonce)
}

// Device is a sign-in at another device (RFC 8628).
type Device struct {
	// UserCode is typed at URL.
	UserCode string
	URL      string
	Expires  time.Time

	answer *oauth2.DeviceAuthResponse
}

// Device begins a sign-in at another device.
func (c *Client) Device(ctx context.Context, a App) (Device, error) {
	if a.DeviceURL == "" {
		return Device{}, &mailstead.Error{
			Kind: mailstead.KindConflict, Code: "oauth.no_device", Op: "oauth.Device",
			Text: "This service has no sign-in by a code: use the page instead.",
		}
	}
	answer, err := a.config().DeviceAuth(c.context(ctx))
	if err != nil {
		return Device{}, c.failed("oauth.Device", err)
	}
	return Device{UserCode: answer.UserCode, URL: answer.VerificationURI, Expires: answer.Expiry, answer: answer}, nil
}

// AwaitDevice waits until the person has signed in, or ctx ends.
func (c *Client) AwaitDevice(ctx context.Context, a App, d Device) (Token, error) {
	t, err := a.config().DeviceAccessToken(c.context(ctx), d.answer)
	switch {
	case err != nil && ctx.Err() != nil:
		return Token{}, &mailstead.Error{
			Kind: mailstead.KindConflict, Code: CodePending, Op: "oauth.AwaitDevice", Text: "Nobody has signed in with this code yet.",
		}
	case err != nil:
		return Token{}, c.failed("oauth.AwaitDevice", err)
	}
	// There was no way to ask for a nonce.
	return c.signedIn(ctx, a, t, "")
}

// CodePending is the code of a sign-in that somebody has yet to do.
const CodePending = "oauth.pending"

// Refresh gets new tokens by a refresh token (RFC 6749 section 6). A service that
// gives no new one leaves the old one in force.
func (c *Client) Refresh(ctx context.Context, a App, refresh mailstead.Secret) (Token, error) {
	if refresh.IsZero() {
		return Token{}, credentials("oauth.Refresh", "oauth.no_refresh_token", "The service gave no lasting permission: sign in again.", nil)
	}
	t, err := a.config().TokenSource(c.context(ctx), &oauth2.Token{RefreshToken: refresh.Reveal()}).Token()
	if err != nil {
		return Token{}, c.failed("oauth.Refresh", err)
	}
	return token(t), nil
}

// Application gets a token for the mailbox at address, for apps that ask no person.
func (c *Client) Application(ctx context.Context, a App, address string) (Token, error) {
	var t *oauth2.Token
	var err error
	if a.Kind == mailstead.OAuthServiceAccount {
		t, err = c.delegated(ctx, a, address)
	} else {
		t, err = (&clientcredentials.Config{
			ClientID: a.ClientID, ClientSecret: a.Secret.Reveal(), TokenURL: a.TokenURL, Scopes: a.Scopes, AuthStyle: oauth2.AuthStyleInParams,
		}).Token(c.context(ctx))
	}
	if err != nil {
		return Token{}, c.failed("oauth.Application", err)
	}
	return token(t), nil
}

// Revoke tells the service that a token is not needed any more (RFC 7009).
func (c *Client) Revoke(ctx context.Context, a App, t mailstead.Secret) error {
	if a.RevokeURL == "" || t.IsZero() {
		return nil
	}
	form := url.Values{"token": {t.Reveal()}, "client_id": {a.ClientID}}
	if !a.Secret.IsZero() {
		form.Set("client_secret", a.Secret.Reveal())
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.RevokeURL, strings.NewReader(form.Encode()))
	if err != nil {
		return c.failed("oauth.Revoke", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := c.http.Do(req)
	if err != nil {
		return c.failed("oauth.Revoke", err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode/100 != 2 {
		return c.failed("oauth.Revoke", &oauth2.RetrieveError{Response: res})
	}
	return nil
}

func (c *Client) context(ctx context.Context) context.Context {
	return context.WithValue(ctx, oauth2.HTTPClient, c.http)
}

func token(t *oauth2.Token) Token {
	out := Token{Access: mailstead.NewSecret(t.AccessToken), Refresh: mailstead.NewSecret(t.RefreshToken), Expires: t.Expiry}
	if scope, ok := t.Extra("scope").(string); ok {
		out.Scopes = strings.FieldsFunc(scope, func(r rune) bool { return r == ' ' || r == ',' })
	}
	return out
}

// signedIn looks at what a person's sign-in gave: all that was asked for, and by whom.
func (c *Client) signedIn(ctx context.Context, a App, t *oauth2.Token, nonce string) (Token, error) {
	out := token(t)
	if missing := missingScopes(a.Scopes, out.Scopes); len(missing) > 0 {
		return Token{}, credentials("oauth.Exchange", "oauth.scope_missing",
			"A right was not granted: sign in again and tick every box ("+strings.Join(missing, ", ")+").", nil)
	}
	raw, _ := t.Extra("id_token").(string)
	if raw != "" || a.openID() {
		if err := c.identify(ctx, a, raw, nonce, &out); err != nil {
			return Token{}, err
		}
	}
	if out.Identity == "" && a.UserInfoURL != "" {
		if err := c.userInfo(ctx, a, &out); err != nil {
			return Token{}, err
		}
	}
	return out, nil
}

// sessionScopes ask for what stands in no list of granted rights.
var sessionScopes = []string{oidc.ScopeOpenID, oidc.ScopeOfflineAccess, "email", "profile"}

// missingScopes returns what was asked for and not granted. A service that does not
// say what it granted has granted all (RFC 6749 section 5.1).
func missingScopes(asked, granted []string) []string {
	if granted == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(asked), func(want string) bool {
		return slices.Contains(sessionScopes, want) || slices.ContainsFunc(granted, func(got string) bool { return strings.EqualFold(got, want) })
	})
}

// identify reads an ID token. It came straight from the service, over TLS, so that
// its signature need not be checked (OpenID Connect Core section 3.1.3.7, number 6).
func (c *Client) identify(ctx context.Context, a App, raw, nonce string, out *Token) error {
	tenanted := a.Issuer == "" || anyOrganisation(a.Issuer)
	verifier := oidc.NewVerifier(a.Issuer, nil, &oidc.Config{
		ClientID: a.ClientID, SkipIssuerCheck: tenanted, InsecureSkipSignatureCheck: true, Now: c.now,
	})
	id, err := verifier.Verify(ctx, raw)
	if err != nil {
		return wrongToken(err)
	}
	var claims struct {
		Email    string `json:"email"`
		Verified *bool  `json:"email_verified"`
		Name     string `json:"preferred_username"`
		UPN      string `json:"upn"`
		Tenant   string `json:"tid"`
	}
	if err := id.Claims(&claims); err != nil {
		return wrongToken(err)
	}
	if tenanted && a.Issuer != "" && !sameIssuer(a.Issuer, id.Issuer, claims.Tenant) {
		return wrongToken(errIssuer)
	}
	if nonce != "" && a.openID() && id.Nonce != nonce {
		return wrongToken(errNonce)
	}
	out.Subject = id.Subject
	if claims.Verified == nil || *claims.Verified {
		out.Identity = firstAddress(claims.Email, claims.Name, claims.UPN)
	}
	return nil
}

var errNonce = errors.New("the nonce is another one")

// sameIssuer compares issuers where the address for all organisations was asked: the
// token names the one of the person.
func sameIssuer(asked, got, tenant string) bool {
	for _, general := range generalTenants {
		if strings.ReplaceAll(asked, general, "/"+tenant+"/") == got && tenant != "" {
			return true
		}
	}
	return false
}

// userInfo asks the service who signed in.
func (c *Client) userInfo(ctx context.Context, a App, out *Token) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.UserInfoURL, http.NoBody)
	if err != nil {
		return c.failed("oauth.userInfo", err)
	}
	req.Header.Set("Authorization", "Bearer "+out.Access.Reveal())
	req.Header.Set("Accept", "application/json")
	res, err := c.http.Do(req)
	if err != nil {
		return c.failed("oauth.userInfo", err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return c.failed("oauth.userInfo", &oauth2.RetrieveError{Response: res})
	}
	var who struct {
		Subject      string `json:"sub"`
		ID           string `json:"id"`
		Email        string `json:"email"`
		DefaultEmail string `json:"default_email"`
		Name         string `json:"preferred_username"`
	}
	if err := json.NewDecoder(res.Body).Decode(&who); err != nil {
		return wrongToken(err)
	}
	out.Identity = firstAddress(who.Email, who.DefaultEmail, who.Name)
	if out.Subject == "" {
		out.Subject = who.Subject
	}
	if out.Subject == "" {
		out.Subject = who.ID
	}
	return nil
}

// firstAddress returns the first text that is a mail address, or "".
func firstAddress(texts ...string) string {
	for _, text := range texts {
		if address, err := mailstead.CleanAddress("", text); err == nil {
			return address
		}
	}
	return ""
}
