package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/admin"
	"github.com/mailstead/mailstead/connect"
)

// OAuthApps keeps the registrations at services where people sign in by OAuth.
type OAuthApps interface {
	OAuthApps(ctx context.Context, actor mailstead.Actor) ([]mailstead.OAuthApp, []mailstead.OAuthService, error)
	OAuthApp(ctx context.Context, actor mailstead.Actor, id mailstead.OAuthAppID) (mailstead.OAuthApp, error)
	CreateOAuthApp(ctx context.Context, actor mailstead.Actor, service string, kind mailstead.OAuthKind, c admin.OAuthAppChanges) (mailstead.OAuthApp, error)
	UpdateOAuthApp(ctx context.Context, actor mailstead.Actor, id mailstead.OAuthAppID, c admin.OAuthAppChanges) (mailstead.OAuthApp, error)
	DeleteOAuthApp(ctx context.Context, actor mailstead.Actor, id mailstead.OAuthAppID) error
}

// SignIns connects accounts by a sign-in at their provider.
type SignIns interface {
	BeginSignIn(ctx context.Context, actor mailstead.Actor, r connect.Request, o connect.SignInOptions) (connect.SignIn, error)
	BeginSignInAgain(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID, o connect.SignInOptions) (connect.SignIn, error)
	FinishSignIn(ctx context.Context, actor mailstead.Actor, answer connect.SignInAnswer) (connect.Saved, error)
}

func (h *Handler) oauthRoutes() {
	const tag = "OAuth"
	missing := []int{http.StatusNotFound}
	add(h, route{
		method: http.MethodGet, path: "/oauth-apps", id: "listOAuthApps", tag: tag,
		summary: "List the OAuth apps",
		about: "For administrators: the registrations at services where people sign in on the service's own page, the services that are known, and the " +
			"redirect address to type there.",
	}, h.listOAuthApps)
	add(h, route{
		method: http.MethodPost, path: "/oauth-apps", id: "createOAuthApp", tag: tag,
		summary: "Add an OAuth app",
		about: "For administrators. For a known service the client id and the client secret that the service gave are enough; for `custom` the addresses, the " +
			"scopes and the providers are needed, too.",
		status: http.StatusCreated, errors: []int{http.StatusConflict},
		example: map[string]any{"service": "microsoft", "client_id": "6731de76-14a6-49ae-97bc-6eba6914391e", "client_secret": "from Entra", "tenant": "example.com"},
	}, h.createOAuthApp)
	add(h, route{
		method: http.MethodGet, path: "/oauth-apps/{id}", id: "getOAuthApp", tag: tag,
		summary: "Read an OAuth app", about: "For administrators. The client secret is never told.", errors: missing,
	}, h.getOAuthApp)
	add(h, route{
		method: http.MethodPatch, path: "/oauth-apps/{id}", id: "updateOAuthApp", tag: tag,
		summary: "Change an OAuth app",
		about: "For administrators. Fields that are left out stay as they are. Accounts that signed in by the app go on with it. With If-Match, what somebody " +
			"else changed meanwhile is not overwritten.",
		errors:  []int{http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed},
		example: map[string]any{"client_secret": "the new one", "secret_expires": "2028-01-31"},
	}, h.updateOAuthApp)
	add(h, route{
		method: http.MethodDelete, path: "/oauth-apps/{id}", id: "deleteOAuthApp", tag: tag,
		summary: "Delete an OAuth app", about: "For administrators; refused while accounts sign in by it.",
		errors: []int{http.StatusNotFound, http.StatusConflict},
	}, h.deleteOAuthApp)
	add(h, route{
		method: http.MethodPost, path: "/connect/sign-in", id: "beginSignIn", tag: tag,
		summary: "Begin to connect an account by OAuth",
		about: "Like `POST /connect/save`, but without a password: open `url`, where the person signs in at the provider. What comes back to the redirect " +
			"address is given to `POST /connect/sign-in/finish`. With `device` the person types a code at another device, and no redirect address is needed.",
		errors:  []int{http.StatusConflict, http.StatusTooManyRequests, http.StatusBadGateway},
		example: map[string]any{"address": "anna@gmail.com", "display_name": "Anna Rossi"},
	}, h.beginSignIn)
	add(h, route{
		method: http.MethodPost, path: "/accounts/{id}/sign-in", id: "beginAccountSignIn", tag: tag,
		summary: "Sign in again for an account",
		about: "Begins a sign-in at the provider for an account that is there; its mail, its links and its settings stay. It goes on like " +
			"`POST /connect/sign-in`. An account with a password changes to OAuth when the sign-in works.",
		errors:  []int{http.StatusNotFound, http.StatusConflict, http.StatusTooManyRequests, http.StatusBadGateway},
		example: map[string]any{},
	}, h.beginAccountSignIn)
	add(h, route{
		method: http.MethodPost, path: "/connect/sign-in/finish", id: "finishSignIn", tag: tag,
		summary: "Finish a sign-in by OAuth",
		about: "Takes the parameters that the provider gave to the redirect address, tests the account with the permission, and stores it. When the test fails " +
			"nothing is stored; the `state` alone tries it again. The answer `oauth.pending` means that nobody has typed the code yet: ask again.",
		errors:  []int{http.StatusNotFound, http.StatusConflict, http.StatusTooManyRequests, http.StatusBadGateway},
		example: map[string]any{"state": "from the redirect", "code": "from the redirect"},
	}, h.finishSignIn)
}

// callbackPath is the page that services send people back to.
const callbackPath = "/oauth/callback"

// Here is where the request reached the service.
type Here struct{ request *http.Request }

// Resolve implements huma.Resolver.
func (i *Here) Resolve(ctx huma.Context) []error {
	i.request, _ = humago.Unwrap(ctx)
	return nil
}

// redirectURL is the address that services send people back to: of the public
// address, else of the one that the request came to.
func (h *Handler) redirectURL(r *http.Request) string {
	if h.c.PublicURL != nil {
		return strings.TrimRight(h.c.PublicURL.String(), "/") + callbackPath
	}
	scheme := "http://"
	if h.overTLS(r) {
		scheme = "https://"
	}
	return scheme + r.Host + callbackPath
}

// OAuthAppList is all that is known of OAuth apps.
type OAuthAppList struct {
	Apps        []mailstead.OAuthApp     `json:"apps" doc:"The apps by name."`
	Services    []mailstead.OAuthService `json:"services" doc:"The services that are known."`
	RedirectURL string                   `json:"redirect_url" doc:"The redirect address to register at the service, exactly as it stands here."`
}

type oauthAppListOutput struct{ Body OAuthAppList }

func (h *Handler) listOAuthApps(ctx context.Context, actor mailstead.Actor, in *Here) (*oauthAppListOutput, error) {
	apps, services, err := h.c.OAuthApps.OAuthApps(ctx, actor)
	return &oauthAppListOutput{OAuthAppList{Apps: apps, Services: services, RedirectURL: h.redirectURL(in.request)}}, err
}

// OAuthAppFields is what administrators say of an OAuth app.
type OAuthAppFields struct {
	Name          *string                 `json:"name,omitempty" maxLength:"200" doc:"What stands on the button; the service's name when empty."`
	ClientID      *string                 `json:"client_id,omitempty" maxLength:"500" doc:"What the service calls the app."`
	ClientSecret  *mailstead.Secret       `json:"client_secret,omitempty" doc:"The app's secret, or the private key of a service account in PEM; an empty one takes it away."`
	Tenant        *string                 `json:"tenant,omitempty" maxLength:"200" doc:"The organisation's own directory at Microsoft; any when empty."`
	Issuer        *string                 `json:"issuer,omitempty" maxLength:"2000" doc:"What the service calls itself."`
	AuthURL       *string                 `json:"auth_url,omitempty" maxLength:"2000" doc:"Where people sign in."`
	TokenURL      *string                 `json:"token_url,omitempty" maxLength:"2000" doc:"Where tokens are asked for."`
	DeviceURL     *string                 `json:"device_url,omitempty" maxLength:"2000" doc:"Where codes for other devices are asked for."`
	RevokeURL     *string                 `json:"revoke_url,omitempty" maxLength:"2000" doc:"Where tokens are given back."`
	UserInfoURL   *string                 `json:"user_info_url,omitempty" maxLength:"2000" doc:"Where the service says who signed in."`
	Scopes        *[]string               `json:"scopes,omitempty" maxItems:"50" doc:"The rights that are asked for; all of them must be granted."`
	ProviderIDs   *[]mailstead.ProviderID `json:"provider_ids,omitempty" maxItems:"100" doc:"The providers whose accounts sign in by it."`
	Active        *bool                   `json:"active,omitempty" doc:"Whether it is offered for new accounts; a new one is."`
	SecretExpires *string                 `json:"secret_expires,omitempty" maxLength:"10" doc:"The day on which the secret ends." example:"2028-01-31"`
}

func (f *OAuthAppFields) changes() admin.OAuthAppChanges {
	return admin.OAuthAppChanges{
		Name: f.Name, ClientID: f.ClientID, Tenant: f.Tenant, Issuer: f.Issuer, AuthURL: f.AuthURL, TokenURL: f.TokenURL, DeviceURL: f.DeviceURL,
		RevokeURL: f.RevokeURL, UserInfoURL: f.UserInfoURL, Scopes: f.Scopes, ProviderIDs: f.ProviderIDs, Active: f.Active,
		SecretExpires: f.SecretExpires, ClientSecret: f.ClientSecret,
	}
}

// NewOAuthApp is an OAuth app to be added.
type NewOAuthApp struct {
	Service string              `json:"service" maxLength:"50" doc:"The word of a known service, or custom." example:"microsoft"`
	Kind    mailstead.OAuthKind `json:"kind,omitempty" doc:"How the app gets its tokens; person when empty."`
	OAuthAppFields
}

type oauthAppOutput struct {
	Version
	Body mailstead.OAuthApp
}

func oauthAppAnswer(a mailstead.OAuthApp, err error) (*oauthAppOutput, error) {
	return &oauthAppOutput{versionOf(a.UpdatedAt), a}, err
}

type createOAuthAppInput struct{ Body NewOAuthApp }

func (h *Handler) createOAuthApp(ctx context.Context, actor mailstead.Actor, in *createOAuthAppInput) (*oauthAppOutput, error) {
	return oauthAppAnswer(h.c.OAuthApps.CreateOAuthApp(ctx, actor, in.Body.Service, in.Body.Kind, in.Body.changes()))
}

// OAuthAppPath names an OAuth app.
type OAuthAppPath struct {
	ID mailstead.OAuthAppID `path:"id" minimum:"1" doc:"The app." example:"2"`
}

func (h *Handler) getOAuthApp(ctx context.Context, actor mailstead.Actor, in *OAuthAppPath) (*oauthAppOutput, error) {
	return oauthAppAnswer(h.c.OAuthApps.OAuthApp(ctx, actor, in.ID))
}

type updateOAuthAppInput struct {
	OAuthAppPath
	IfVersion
	Body OAuthAppFields
}

func (h *Handler) updateOAuthApp(ctx context.Context, actor mailstead.Actor, in *updateOAuthAppInput) (*oauthAppOutput, error) {
	seen, err := in.seen()
	if err != nil {
		return nil, err
	}
	c := in.Body.changes()
	c.Seen = seen
	a, err := h.c.OAuthApps.UpdateOAuthApp(ctx, actor, in.ID, c)
	return oauthAppAnswer(a, in.stale(err))
}

func (h *Handler) deleteOAuthApp(ctx context.Context, actor mailstead.Actor, in *OAuthAppPath) (*struct{}, error) {
	return nil, h.c.OAuthApps.DeleteOAuthApp(ctx, actor, in.ID)
}

// SignInChoice says how a sign-in begins.
type SignInChoice struct {
	AppID  mailstead.OAuthAppID `json:"app_id,omitempty" minimum:"0" doc:"The app to sign in by; the first that serves the provider when empty."`
	Device bool                 `json:"device,omitempty" doc:"The person types a code at another device."`
}

func (c SignInChoice) options(redirect string) connect.SignInOptions {
	return connect.SignInOptions{AppID: c.AppID, Device: c.Device, RedirectURL: redirect}
}

// SignIn is a sign-in that a person has to do at the provider.
type SignIn struct {
	State     string    `json:"state" doc:"Names the sign-in."`
	URL       string    `json:"url" doc:"The page to open."`
	UserCode  string    `json:"user_code,omitempty" doc:"The code to type there, when it is at another device."`
	ExpiresAt time.Time `json:"expires_at" doc:"Until when it can be finished."`
}

type signInBeginOutput struct{ Body SignIn }

func signInAnswer(s connect.SignIn, err error) (*signInBeginOutput, error) {
	return &signInBeginOutput{SignIn{State: s.State, URL: s.URL, UserCode: s.UserCode, ExpiresAt: s.ExpiresAt}}, err
}

// BeginSignIn is what a person fills in before the sign-in.
type BeginSignIn struct {
	ConnectRequest
	SignInChoice
}

type beginSignInInput struct {
	Here
	Body BeginSignIn
}

func (h *Handler) beginSignIn(ctx context.Context, actor mailstead.Actor, in *beginSignInInput) (*signInBeginOutput, error) {
	return signInAnswer(h.c.SignIns.BeginSignIn(ctx, actor, in.Body.request(), in.Body.options(h.redirectURL(in.request))))
}

type beginAccountSignInInput struct {
	Here
	AccountPath
	Body SignInChoice
}

func (h *Handler) beginAccountSignIn(ctx context.Context, actor mailstead.Actor, in *beginAccountSignInInput) (*signInBeginOutput, error) {
	return signInAnswer(h.c.SignIns.BeginSignInAgain(ctx, actor, in.ID, in.Body.options(h.redirectURL(in.request))))
}

// SignInResult is what came back from the provider.
type SignInResult struct {
	State            string `json:"state" maxLength:"200" doc:"Names the sign-in."`
	Code             string `json:"code,omitempty" maxLength:"4000" doc:"The parameter code of the redirect address."`
	Issuer           string `json:"iss,omitempty" maxLength:"2000" doc:"The parameter iss, where there is one (RFC 9207)."`
	Error            string `json:"error,omitempty" maxLength:"200" doc:"The parameter error, when the sign-in failed."`
	ErrorDescription string `json:"error_description,omitempty" maxLength:"4000" doc:"The parameter error_description."`
}

type (
	finishSignInInput  struct{ Body SignInResult }
	finishSignInOutput struct{ Body SavedAccount }
)

func (h *Handler) finishSignIn(ctx context.Context, actor mailstead.Actor, in *finishSignInInput) (*finishSignInOutput, error) {
	b := in.Body
	saved, err := h.c.SignIns.FinishSignIn(ctx, actor, connect.SignInAnswer{
		State: b.State, Code: b.Code, Issuer: b.Issuer, Error: b.Error, ErrorDescription: b.ErrorDescription,
	})
	if err != nil {
		return nil, withReports(err, saved.Result)
	}
	return &finishSignInOutput{SavedAccount{Account: saved.Account, Reports: testResult(saved.Result), Next: saved.Next}}, nil
}
