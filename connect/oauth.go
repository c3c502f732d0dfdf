package connect

import (
	"context"
	"strings"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/discover"
	"github.com/mailstead/mailstead/oauth"
)

// Grants keeps what accounts sign in with at services. Its methods are those of
// store.DB.
type Grants interface {
	OAuthApps(ctx context.Context) ([]mailstead.OAuthApp, error)
	OAuthGrant(ctx context.Context, id mailstead.AccountID) (mailstead.OAuthGrant, error)
	SignInAccount(ctx context.Context, c mailstead.AccountChange, g *mailstead.OAuthGrant) error
}

// OAuth is how people sign in at services.
type OAuth struct {
	Grants Grants
	Client *oauth.Client
	Tokens *oauth.Tokens
}

// SignInOptions say how a sign-in at a service begins.
type SignInOptions struct {
	// AppID is the app to sign in by, 0 for the first that serves the provider.
	AppID mailstead.OAuthAppID
	// RedirectURL is where the service sends the person back to.
	RedirectURL string
	// Device asks for a code to type at another device, for programs without pages.
	Device bool
}

// SignIn is a sign-in that a person has to do at the service.
type SignIn struct {
	// State names it until FinishSignIn.
	State string
	// URL is the page to open; of a sign-in by code the one where UserCode is typed.
	URL       string
	UserCode  string
	ExpiresAt time.Time
}

// SignInAnswer is what came back from the service: its parameters of the redirect
// address (RFC 6749 section 4.1.2, RFC 9207), or the State alone to wait for a code, or
// to try again what failed after the sign-in.
type SignInAnswer struct {
	State, Code, Issuer     string
	Error, ErrorDescription string
}

// grant is a sign-in that succeeded.
type grant struct {
	app   *oauth.App
	token oauth.Token
	at    time.Time
}

// seal makes what the store keeps of it, for the account with that key.
func (s *Service) sealGrant(g *grant, accountKey string) (*mailstead.OAuthGrant, error) {
	if g == nil {
		return nil, nil //nolint:nilnil // an account with a password has none
	}
	sealed, err := s.c.OAuth.Tokens.Seal(g.token, accountKey)
	if err != nil {
		return nil, err
	}
	return &mailstead.OAuthGrant{
		AppID: g.app.ID, Identity: g.token.Identity, Subject: g.token.Subject, Sealed: sealed, GrantedAt: g.at, RefreshedAt: g.at,
	}, nil
}

// BeginSignIn begins to connect an account by a sign-in at its provider. What the
// request says is checked now, so that nobody signs in in vain.
func (s *Service) BeginSignIn(ctx context.Context, actor mailstead.Actor, r Request, o SignInOptions) (SignIn, error) {
	if err := actor.Require(mailstead.ScopeAccounts); err != nil {
		return SignIn{}, err
	}
	r.Password, r.OutgoingPassword, r.later, r.signsIn = mailstead.Secret{}, mailstead.Secret{}, true, true
	p, err := s.plan(ctx, actor, r)
	if err != nil {
		return SignIn{}, err
	}
	if err := s.checkNew(ctx, &p.account); err != nil {
		return SignIn{}, err
	}
	app, err := s.appFor(ctx, p.account.ProviderID, o.AppID)
	if err != nil {
		return SignIn{}, err
	}
	r.later = false
	return s.beginSignIn(ctx, actor, &signIn{app: *app, request: r, address: p.account.Address, names: names(&p.account)}, o)
}

// BeginSignInAgain begins a sign-in for an account that is there: its mail, its links
// and its settings stay.
func (s *Service) BeginSignInAgain(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID, o SignInOptions) (SignIn, error) {
	a, err := s.managed(ctx, actor, id)
	if err != nil {
		return SignIn{}, err
	}
	rules, err := s.rules(ctx)
	if err != nil {
		return SignIn{}, err
	}
	if err := rules.CheckPassword(actor); err != nil {
		return SignIn{}, err
	}
	in := &signIn{account: id, address: a.Address, names: names(&a)}
	if had, err := s.c.OAuth.Grants.OAuthGrant(ctx, id); err == nil {
		in.subject = had.Subject
		if o.AppID == 0 {
			o.AppID = had.AppID
		}
		if o.AppID != had.AppID {
			in.subject = ""
		}
	} else if mailstead.KindOf(err) != mailstead.KindNotFound {
		return SignIn{}, err
	}
	app, err := s.appFor(ctx, a.ProviderID, o.AppID)
	if err != nil {
		return SignIn{}, err
	}
	in.app = *app
	return s.beginSignIn(ctx, actor, in, o)
}

// names are the words by which a service may know the owner of a mailbox.
func names(a *mailstead.Account) []string {
	all := []string{a.Address}
	for _, side := range []*mailstead.Side{a.Incoming, a.Outgoing} {
		if side != nil {
			all = append(all, side.Login)
		}
	}
	return all
}

// appFor returns the app that accounts of a provider sign in by. A token must never go
// to servers of others, so that every app serves its providers alone.
func (s *Service) appFor(ctx context.Context, provider mailstead.ProviderID, wanted mailstead.OAuthAppID) (*oauth.App, error) {
	apps, err := s.c.OAuth.Grants.OAuthApps(ctx)
	if err != nil {
		return nil, err
	}
	for i := range apps {
		a := &apps[i]
		if !a.Serves(provider) || wanted != 0 && a.ID != wanted || wanted == 0 && !(a.Active && a.Kind == mailstead.OAuthPerson) {
			continue
		}
		app, err := s.c.OAuth.Tokens.App(ctx, a.ID)
		return &app, err
	}
	return nil, &mailstead.Error{
		Kind: mailstead.KindConflict, Code: "oauth.no_app", Field: "app_id",
		Text: "No app is registered for the servers of this account: an administrator does that.",
	}
}

func (s *Service) beginSignIn(ctx context.Context, actor mailstead.Actor, in *signIn, o SignInOptions) (SignIn, error) {
	if in.app.Kind != mailstead.OAuthPerson {
		return SignIn{}, &mailstead.Error{
			Kind: mailstead.KindConflict, Code: "oauth.no_person", Field: "app_id",
			Text: "Nobody signs in by this app: it opens the mailbox by itself.",
		}
	}
	in.app.RedirectURL = o.RedirectURL
	in.user, in.expires = actor.User.ID, s.c.Now().Add(signInLife)
	in.proof = oauth.Proof{State: newState(), Nonce: newState(), Verifier: oauth.NewVerifier()}
	out := SignIn{State: in.proof.State, ExpiresAt: in.expires}
	if o.Device {
		if err := s.allowTest(actor); err != nil {
			return SignIn{}, err
		}
		d, err := s.c.OAuth.Client.Device(ctx, in.app)
		if err != nil {
			return SignIn{}, s.explained(&in.app, err)
		}
		in.device, out.URL, out.UserCode = &d, d.URL, d.UserCode
		if d.Expires.Before(out.ExpiresAt) && !d.Expires.IsZero() {
			out.ExpiresAt = d.Expires
		}
	} else {
		out.URL = s.c.OAuth.Client.SignInURL(in.app, in.proof, in.address)
	}
	s.signIns.put(in, s.c.Now())
	return out, nil
}

// FinishSignIn turns what came back from the service into tokens, tests both sides with
// them, and stores the account. When the test fails nothing is stored, and the same
// State may be tried again for as long as the sign-in lives.
func (s *Service) FinishSignIn(ctx context.Context, actor mailstead.Actor, answer SignInAnswer) (Saved, error) {
	if err := actor.Require(mailstead.ScopeAccounts); err != nil {
		return Saved{}, err
	}
	in, ok := s.signIns.take(answer.State, actor.User.ID, s.c.Now())
	if !ok {
		return Saved{}, &mailstead.Error{
			Kind: mailstead.KindNotFound, Code: "oauth.unknown_state",
			Text: "This sign-in is not known here, or took too long: begin it again.",
		}
	}
	if in.grant == nil {
		token, err := s.signedIn(ctx, in, answer)
		if mailstead.CodeOf(err) == oauth.CodePending {
			s.signIns.put(in, s.c.Now())
		}
		if err != nil {
			return Saved{}, s.explained(&in.app, err)
		}
		in.grant = &grant{app: &in.app, token: token, at: s.c.Now()}
	}
	var saved Saved
	var err error
	if in.account != 0 {
		saved, err = s.signInAgain(ctx, actor, in)
	} else {
		r := in.request
		r.grant = in.grant
		saved, err = s.save(ctx, actor, r)
	}
	if err != nil {
		// The permission is worth another try.
		s.signIns.put(in, s.c.Now())
	}
	return saved, err
}

// signedIn gets the tokens of a sign-in and looks whether the right person signed in.
func (s *Service) signedIn(ctx context.Context, in *signIn, answer SignInAnswer) (oauth.Token, error) {
	token, err := s.tokens(ctx, in, answer)
	if err != nil {
		return oauth.Token{}, err
	}
	known := token.Identity == ""
	for _, name := range in.names {
		known = known || strings.EqualFold(name, token.Identity)
	}
	if !known || in.subject != "" && token.Subject != "" && in.subject != token.Subject {
		who := token.Identity
		if who == "" {
			who = "somebody else"
		}
		return oauth.Token{}, &mailstead.Error{
			Kind: mailstead.KindCredentials, Code: "oauth.other_identity", Field: "address",
			Text: "You signed in as " + who + ", but this account is " + in.address + ": begin again and choose that one.",
		}
	}
	return token, nil
}

func (s *Service) tokens(ctx context.Context, in *signIn, answer SignInAnswer) (oauth.Token, error) {
	switch {
	case in.device != nil:
		ctx, cancel := context.WithTimeout(ctx, deviceWait)
		defer cancel()
		return s.c.OAuth.Client.AwaitDevice(ctx, in.app, *in.device)
	case answer.Error != "":
		return oauth.Token{}, oauth.Refused(answer.Error, answer.ErrorDescription)
	case answer.Code == "":
		return oauth.Token{}, mailstead.Invalid("code", "input.code_needed", "The service's answer holds no code: begin the sign-in again.")
	}
	if err := oauth.CheckIssuer(in.app, answer.Issuer); err != nil {
		return oauth.Token{}, err
	}
	return s.c.OAuth.Client.Exchange(ctx, in.app, in.proof, answer.Code)
}

// deviceWait is how long one call waits for a person at another device.
const deviceWait = 25 * time.Second

// signInAgain stores another permission for an account that works with it.
func (s *Service) signInAgain(ctx context.Context, actor mailstead.Actor, in *signIn) (Saved, error) {
	old, err := s.managed(ctx, actor, in.account)
	if err != nil {
		return Saved{}, err
	}
	if !in.app.Serves(old.ProviderID) {
		return Saved{}, mailstead.AccountChanged()
	}
	a := clone(old)
	var sides []*trial
	for _, n := range []mailstead.SideName{mailstead.SideIncoming, mailstead.SideOutgoing} {
		if side := a.Side(n); side != nil && side.Login != "" {
			t := storedTrial(&a, n, in.grant.token.Access)
			t.oauth, t.secretField = true, "address"
			sides = append(sides, t)
		}
	}
	if err := s.allowTest(actor); err != nil {
		return Saved{}, err
	}
	res := s.run(ctx, sides, true, a.ProviderID)
	if !res.OK {
		return Saved{Account: old, Result: res}, failure("connect.FinishSignIn", sides)
	}
	for _, t := range sides {
		side := a.Side(t.side)
		side.Secret, side.OAuth, side.Health = mailstead.SecretOAuth, true, s.healthOK()
	}
	g, err := s.sealGrant(in.grant, a.Key)
	if err != nil {
		return Saved{}, err
	}
	change := mailstead.AccountChange{
		Account: &a, Secrets: map[mailstead.SecretField]mailstead.Sealed{}, Events: []mailstead.Event{s.event(mailstead.EventAccountUpdated, a.ID)},
		Audit: actor.Audit(mailstead.AuditAccountSignIn, a.AuditObject(), nil),
	}
	if err := s.c.OAuth.Grants.SignInAccount(ctx, change, g); err != nil {
		return Saved{}, err
	}
	s.c.OAuth.Tokens.Forget(a.ID)
	s.did(ctx, change.Audit)
	if err := s.markHealthy(ctx, a.ID, sides); err != nil {
		return Saved{}, err
	}
	s.c.Changed(a.ID)
	s.c.Healthy(a.ID)
	return Saved{Account: a, Result: res, Next: next(&a)}, nil
}

// explained puts a service's refusal in plain words.
func (s *Service) explained(app *oauth.App, err error) error {
	report := mailstead.Report{Protocol: "oauth", Stages: []mailstead.Stage{{Stage: mailstead.StageLogin, Err: err}}}
	provider := ""
	if len(app.ProviderIDs) > 0 {
		provider = s.explainedAs(app.ProviderIDs[0], mailstead.Server{})
	}
	s.c.Explainer.Report(&report, provider)
	x := report.Stages[0]
	if x.Code == "" || mailstead.KindOf(err) == mailstead.KindInvalid {
		return err
	}
	return &mailstead.Error{
		Kind: mailstead.KindOf(err), Code: x.Code, Op: "connect.SignIn", Text: strings.TrimSpace(x.Cause + " " + x.Action), Err: err,
	}
}

// offerOAuth tells by which apps people sign in at the provider of an address.
func (s *Service) offerOAuth(ctx context.Context, r *discover.Result) error {
	if r.Provider.ID == "" || s.c.OAuth.Grants == nil {
		return nil
	}
	apps, err := s.c.OAuth.Grants.OAuthApps(ctx)
	if err != nil {
		return err
	}
	r.Offer(mailstead.OAuthOffers(apps, r.Provider.ID))
	return nil
}

// application gets a token for a new account by an app that asks no person. Only
// administrators may: such an app opens any mailbox.
func (s *Service) application(ctx context.Context, actor mailstead.Actor, r *Request) error {
	if r.OAuthAppID == 0 || r.grant != nil {
		return nil
	}
	if err := actor.RequireAdmin(); err != nil {
		return err
	}
	address, err := mailstead.CleanAddress("address", r.Address)
	if err != nil {
		return err
	}
	app, err := s.c.OAuth.Tokens.App(ctx, r.OAuthAppID)
	if err != nil {
		return mailstead.Invalid("oauth_app_id", "oauth.no_app", "There is no such app.")
	}
	if app.Kind == mailstead.OAuthPerson {
		return mailstead.Invalid("oauth_app_id", "oauth.person_needed", "A person signs in by this app: begin with POST /connect/sign-in.")
	}
	token, err := s.c.OAuth.Client.Application(ctx, app, address)
	if err != nil {
		return s.explained(&app, err)
	}
	r.signsIn = true
	r.grant = &grant{app: &app, token: token, at: s.c.Now()}
	return nil
}
