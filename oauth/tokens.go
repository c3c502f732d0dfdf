package oauth

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/mailstead/mailstead"
)

// Store keeps the grants of accounts. Its methods are those of store.DB.
type Store interface {
	Account(ctx context.Context, id mailstead.AccountID) (mailstead.Account, error)
	OAuthApp(ctx context.Context, id mailstead.OAuthAppID) (mailstead.OAuthApp, error)
	OAuthAppSecret(ctx context.Context, id mailstead.OAuthAppID) (mailstead.Sealed, error)
	OAuthGrant(ctx context.Context, id mailstead.AccountID) (mailstead.OAuthGrant, error)
	// RenewOAuthGrant stores other tokens if g.Version is still that of the grant, and
	// raises it; else the error is KindConflict.
	RenewOAuthGrant(ctx context.Context, g *mailstead.OAuthGrant) error
}

// Sealer seals and opens tokens.
type Sealer interface {
	Seal(secret mailstead.Secret, accountKey string, f mailstead.SecretField) (mailstead.Sealed, error)
	Open(sealed mailstead.Sealed, accountKey string, f mailstead.SecretField) (mailstead.Secret, error)
}

// Config is all that Tokens works with; every field is needed.
type Config struct {
	Store  Store
	Sealer Sealer
	Client *Client
	Now    func() time.Time
	Logger *slog.Logger
}

const (
	// margin is how long before its end an access token is not used any more: what
	// begins with it must come to its end.
	margin = 2 * time.Minute
	// refreshTimeout bounds a refresh, which goes on when nobody waits for it any
	// more: a service that rotates refresh tokens has given the only one.
	refreshTimeout = 45 * time.Second
	// usualLife is how long a token is used whose end the service did not say.
	usualLife = 30 * time.Minute
)

// Tokens gives accounts the access tokens that they sign in with. It may be used from
// many goroutines.
type Tokens struct {
	c      Config
	flight singleflight.Group

	mu sync.Mutex
	// fresh are access tokens that are stored, unsaved what a service gave and the
	// store did not take yet.
	fresh   map[mailstead.AccountID]held
	unsaved map[mailstead.AccountID]pending
}

type held struct {
	access  mailstead.Secret
	expires time.Time
}

type pending struct {
	version int64
	tokens  Token
}

// NewTokens returns Tokens.
func NewTokens(c Config) *Tokens {
	return &Tokens{c: c, fresh: make(map[mailstead.AccountID]held), unsaved: make(map[mailstead.AccountID]pending)}
}

// Token returns an access token of the account that lasts for the next minutes. Errors
// are *mailstead.Error: KindTemporary when waiting helps, KindCredentials when a
// person must sign in again or look at the app.
func (t *Tokens) Token(ctx context.Context, id mailstead.AccountID) (mailstead.Secret, error) {
	if access, ok := t.cached(id); ok {
		return access, nil
	}
	return t.renewed(ctx, id, mailstead.Secret{})
}

// Renew returns another access token than the one that a server refused.
func (t *Tokens) Renew(ctx context.Context, id mailstead.AccountID, refused mailstead.Secret) (mailstead.Secret, error) {
	if access, ok := t.cached(id); ok && access != refused {
		return access, nil
	}
	return t.renewed(ctx, id, refused)
}

// Forget drops what is known of an account whose grant was replaced or removed.
func (t *Tokens) Forget(id mailstead.AccountID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.fresh, id)
	delete(t.unsaved, id)
}

func (t *Tokens) cached(id mailstead.AccountID) (mailstead.Secret, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	h, ok := t.fresh[id]
	return h.access, ok && t.c.Now().Add(margin).Before(h.expires)
}

// renewed asks for a token, one request at a time for an account: whoever comes
// meanwhile gets the same answer.
func (t *Tokens) renewed(ctx context.Context, id mailstead.AccountID, refused mailstead.Secret) (mailstead.Secret, error) {
	answer := t.flight.DoChan(id.String(), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), refreshTimeout)
		defer cancel()
		return t.renew(ctx, id, refused)
	})
	select {
	case r := <-answer:
		if r.Err != nil {
			return mailstead.Secret{}, r.Err
		}
		access, _ := r.Val.(mailstead.Secret)
		return access, nil
	case <-ctx.Done():
		return mailstead.Secret{}, &mailstead.Error{
			Kind: mailstead.KindTemporary, Code: CodeUnavailable, Op: "oauth.Token", Text: "The sign-in service does not answer.", Err: context.Cause(ctx),
		}
	}
}

func (t *Tokens) renew(ctx context.Context, id mailstead.AccountID, refused mailstead.Secret) (mailstead.Secret, error) {
	a, err := t.c.Store.Account(ctx, id)
	if err != nil {
		return mailstead.Secret{}, err
	}
	g, err := t.c.Store.OAuthGrant(ctx, id)
	if mailstead.KindOf(err) == mailstead.KindNotFound && err != nil {
		return mailstead.Secret{}, credentials("oauth.Token", "oauth.sign_in_needed", "Nobody has signed in for this account: sign in again.", nil)
	}
	if err != nil {
		return mailstead.Secret{}, err
	}
	now, err := t.open(&a, &g)
	if err != nil {
		return mailstead.Secret{}, err
	}
	if !now.Access.IsZero() && now.Access != refused && t.c.Now().Add(margin).Before(now.Expires) {
		return t.keep(id, now), nil
	}
	app, err := t.App(ctx, g.AppID)
	if err != nil {
		return mailstead.Secret{}, err
	}
	next, err := t.ask(ctx, &app, &a, now.Refresh, g.Version)
	if err != nil {
		return mailstead.Secret{}, err
	}
	return t.store(ctx, &a, &g, next)
}

// ask gets new tokens, unless there are some that only have to be stored.
func (t *Tokens) ask(ctx context.Context, app *App, a *mailstead.Account, refresh mailstead.Secret, version int64) (Token, error) {
	t.mu.Lock()
	p, ok := t.unsaved[a.ID]
	t.mu.Unlock()
	if ok && p.version == version {
		return p.tokens, nil
	}
	var next Token
	var err error
	if app.Kind == mailstead.OAuthPerson {
		next, err = t.c.Client.Refresh(ctx, *app, refresh)
	} else {
		next, err = t.c.Client.Application(ctx, *app, a.Address)
	}
	if next.Refresh.IsZero() {
		next.Refresh = refresh
	}
	if next.Expires.IsZero() {
		next.Expires = t.c.Now().Add(usualLife)
	}
	return next, err
}

// store stores tokens before they are used. What cannot be stored is kept and tried
// again the next time: the service may not take the old refresh token any more.
func (t *Tokens) store(ctx context.Context, a *mailstead.Account, g *mailstead.OAuthGrant, next Token) (mailstead.Secret, error) {
	version := g.Version
	sealed, err := t.Seal(next, a.Key)
	if err == nil {
		g.Sealed, g.RefreshedAt = sealed, t.c.Now()
		err = t.c.Store.RenewOAuthGrant(ctx, g)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		if kind := mailstead.KindOf(err); kind == mailstead.KindConflict || kind == mailstead.KindNotFound {
			// Somebody signed in anew, or the account is gone.
			delete(t.unsaved, a.ID)
		} else {
			t.unsaved[a.ID] = pending{version, next}
		}
		return mailstead.Secret{}, err
	}
	delete(t.unsaved, a.ID)
	t.fresh[a.ID] = held{next.Access, next.Expires}
	t.c.Logger.LogAttrs(ctx, slog.LevelDebug, "access token renewed", slog.Int64("account", int64(a.ID)))
	return next.Access, nil
}

func (t *Tokens) keep(id mailstead.AccountID, now Token) mailstead.Secret {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fresh[id] = held{now.Access, now.Expires}
	return now.Access
}

// App returns an app with its secret.
func (t *Tokens) App(ctx context.Context, id mailstead.OAuthAppID) (App, error) {
	app, err := t.c.Store.OAuthApp(ctx, id)
	if err != nil {
		return App{}, err
	}
	out := App{OAuthApp: app}
	if !app.HasSecret {
		return out, nil
	}
	sealed, err := t.c.Store.OAuthAppSecret(ctx, id)
	if err == nil {
		out.Secret, err = t.c.Sealer.Open(sealed, app.Key, mailstead.SecretClient)
	}
	return out, err
}

// Revoke tells the service that the account does not need its tokens any more. It
// returns what does so, or nil; tokens are read now, as they may soon be gone.
func (t *Tokens) Revoke(ctx context.Context, id mailstead.AccountID) (func(context.Context) error, error) {
	a, err := t.c.Store.Account(ctx, id)
	if err != nil {
		return nil, err
	}
	g, err := t.c.Store.OAuthGrant(ctx, id)
	if err != nil {
		return nil, err
	}
	now, err := t.open(&a, &g)
	if err != nil {
		return nil, err
	}
	app, err := t.App(ctx, g.AppID)
	if err != nil {
		return nil, err
	}
	token := now.Refresh
	if token.IsZero() {
		token = now.Access
	}
	return func(ctx context.Context) error {
		t.Forget(id)
		return t.c.Client.Revoke(ctx, app, token)
	}, nil
}

// stored is how tokens lie inside the seal.
type stored struct {
	Access  string    `json:"access"`
	Refresh string    `json:"refresh,omitempty"`
	Expires time.Time `json:"expires,omitzero"`
}

// Seal seals tokens for the account with that key.
func (t *Tokens) Seal(tokens Token, accountKey string) (mailstead.Sealed, error) {
	text, err := json.Marshal(stored{tokens.Access.Reveal(), tokens.Refresh.Reveal(), tokens.Expires})
	if err != nil {
		return nil, err
	}
	return t.c.Sealer.Seal(mailstead.NewSecret(string(text)), accountKey, mailstead.SecretOAuth)
}

func (t *Tokens) open(a *mailstead.Account, g *mailstead.OAuthGrant) (Token, error) {
	secret, err := t.c.Sealer.Open(g.Sealed, a.Key, mailstead.SecretOAuth)
	if err != nil {
		return Token{}, err
	}
	var s stored
	if err := json.Unmarshal([]byte(secret.Reveal()), &s); err != nil {
		return Token{}, err
	}
	return Token{Access: mailstead.NewSecret(s.Access), Refresh: mailstead.NewSecret(s.Refresh), Expires: s.Expires}, nil
}
