package connect

import (
	"context"
	"strings"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/credential"
	"github.com/mailstead/mailstead/discover"
)

// Save tests what the request says and stores the account when both sides work.
// When they don't, nothing is stored: the error has the code of the stage that
// failed, and Saved.Result has the whole report.
func (s *Service) Save(ctx context.Context, actor mailstead.Actor, r Request) (Saved, error) {
	if err := actor.Require(mailstead.ScopeAccounts); err != nil {
		return Saved{}, err
	}
	if err := s.application(ctx, actor, &r); err != nil {
		return Saved{}, err
	}
	return s.save(ctx, actor, r)
}

func (s *Service) save(ctx context.Context, actor mailstead.Actor, r Request) (Saved, error) {
	p, err := s.plan(ctx, actor, r)
	if err != nil {
		return Saved{}, err
	}
	done, ok := s.begin(&p.account)
	if !ok {
		return Saved{}, errExists("This address is being connected at this moment.")
	}
	defer done()
	if err := s.checkNew(ctx, &p.account); err != nil {
		return Saved{}, err
	}
	if r.grant != nil && !r.grant.app.Serves(p.account.ProviderID) {
		return Saved{}, mailstead.Invalid("oauth_app_id", "oauth.no_app", "This app is not for the servers of this account.")
	}
	if err := s.allowTest(actor); err != nil {
		return Saved{}, err
	}
	res := s.run(ctx, p.sides, actor.IsAdmin(), p.account.ProviderID)
	if !res.OK {
		return Saved{Result: res}, failure("connect.Save", p.sides)
	}
	a := p.account
	a.Key = credential.NewKey()
	a.CreatedAt, a.UpdatedAt = s.c.Now(), s.c.Now()
	sealed, err := s.seal(&a, s.settle(&a, p.sides))
	if err != nil {
		return Saved{Result: res}, err
	}
	signedIn, err := s.sealGrant(r.grant, a.Key)
	if err != nil {
		return Saved{Result: res}, err
	}
	learned, err := s.learned(ctx, actor, p, &a, r)
	if err != nil {
		return Saved{Result: res}, err
	}
	c := mailstead.Connected{
		Account: &a, Secrets: sealed, Grant: signedIn, Learned: learned,
		Events: []mailstead.Event{s.event(mailstead.EventAccountConnected, 0)},
	}
	c.Audit, c.LearnedAudit = auditConnected(actor, &a, p.sides, c.Learned)
	id, err := s.c.Store.ConnectAccount(ctx, c)
	if err != nil {
		return Saved{Result: res}, err
	}
	a.ID = id
	c.Audit.Object = a.AuditObject()
	s.did(ctx, c.Audit)
	s.c.Connected(id)
	return Saved{Account: a, Result: res, Next: next(&a)}, nil
}

// settle puts what tests found into the account and returns the passwords to seal.
func (s *Service) settle(a *mailstead.Account, tested []*trial) sideSecrets {
	secrets := make(sideSecrets)
	for _, t := range tested {
		side := a.Side(t.side)
		side.Server, side.Login, side.Health = t.won.server, t.won.login, s.healthOK()
		if side.OAuth = t.oauth; t.oauth {
			side.Secret = mailstead.SecretOAuth
			continue
		}
		secrets[t.side] = t.secret
	}
	return secrets
}

func next(a *mailstead.Account) []string {
	if a.Incoming == nil {
		return []string{NextMoreSettings}
	}
	return []string{NextOpenMail, NextMoreSettings}
}

func (s *Service) event(t mailstead.EventType, id mailstead.AccountID) mailstead.Event {
	e := mailstead.NewEvent(t, id, nil)
	e.At = s.c.Now()
	return e
}

// accountPage is how many accounts are looked at in one query.
const accountPage = 200

// checkNew refuses an address that its owner has connected already, before a
// password is sent anywhere. The store has the last word.
func (s *Service) checkNew(ctx context.Context, a *mailstead.Account) error {
	page, err := s.c.Store.Accounts(ctx, mailstead.AccountQuery{Address: a.Address, Limit: accountPage})
	if err != nil {
		return err
	}
	for i := range page {
		if page[i].OwnerID == a.OwnerID && strings.EqualFold(page[i].Address, a.Address) {
			return errExists("This address is connected already.")
		}
	}
	return nil
}

func errExists(text string) error {
	return &mailstead.Error{Kind: mailstead.KindConflict, Code: "account.exists", Field: "address", Text: text}
}

// saving is an account that is being connected.
type saving struct {
	owner   mailstead.UserID
	address string
}

// begin keeps the same account from being connected twice at the same time. It
// returns false while that happens, else what ends it.
func (s *Service) begin(a *mailstead.Account) (done func(), ok bool) {
	key := saving{a.OwnerID, strings.ToLower(a.Address)}
	_, busy := s.saving.LoadOrStore(key, true)
	return func() { s.saving.Delete(key) }, !busy
}

// learned returns what the sign-in taught about the domain, so that colleagues
// are spared the question: only for domains that nothing was known about and that
// are not public, and only when both sides are known and protected. It waits for
// an administrator where the policies say so.
func (s *Service) learned(ctx context.Context, actor mailstead.Actor, p *plan, a *mailstead.Account, r Request) (*mailstead.Domain, error) {
	if p.found.Source != discover.SourceNone || a.Incoming == nil || a.Outgoing == nil || a.Outgoing.Login == "" {
		return nil, nil //nolint:nilnil // nothing was learned
	}
	name := mailstead.DomainOf(a.Address)
	if s.c.Directory.Public(name) {
		return nil, nil //nolint:nilnil // nothing was learned
	}
	rules, err := s.rules(ctx)
	if err != nil {
		return nil, err
	}
	d := &mailstead.Domain{Name: name, Source: mailstead.DomainLearned, LearnedBy: actor.User.ID, LearnedAt: s.c.Now()}
	if rules.ConfirmDomains {
		d.State = mailstead.DomainPending
	}
	if !p.typed && r.ProviderID != "" {
		d.ProviderID = r.ProviderID
		return d, nil
	}
	for _, side := range []*mailstead.Side{a.Incoming, a.Outgoing} {
		if side.Server.Security == mailstead.SecurityNone {
			return nil, nil //nolint:nilnil // nothing was learned
		}
	}
	d.Username = usernameForm(a)
	d.Incoming = []mailstead.Server{a.Incoming.Server}
	d.Outgoing = []mailstead.Server{a.Outgoing.Server}
	return d, nil
}

// usernameForm tells how the logins of an account follow from its address.
func usernameForm(a *mailstead.Account) mailstead.UsernameForm {
	for _, form := range []mailstead.UsernameForm{mailstead.UsernameEmail, mailstead.UsernameLocal} {
		if form.Login(a.Address) == a.Incoming.Login && a.Incoming.Login == a.Outgoing.Login {
			return form
		}
	}
	return mailstead.UsernameCustom
}

// sideSecrets holds the password of each side.
type sideSecrets map[mailstead.SideName]mailstead.Secret

// seal seals the secrets and notes at each side which one is its own: one for
// both where they are the same. A side without a sign-in has none.
func (s *Service) seal(a *mailstead.Account, secrets sideSecrets) (map[mailstead.SecretField]mailstead.Sealed, error) {
	in, out := secrets[mailstead.SideIncoming], secrets[mailstead.SideOutgoing]
	shared := in.IsZero() || out.IsZero() || in == out
	sealed := make(map[mailstead.SecretField]mailstead.Sealed)
	for n, secret := range secrets {
		side := a.Side(n)
		side.OAuth = false
		if side.Secret = ""; secret.IsZero() {
			continue
		}
		side.Secret = mailstead.SecretBoth
		if !shared {
			side.Secret = mailstead.SecretIncoming
			if n == mailstead.SideOutgoing {
				side.Secret = mailstead.SecretOutgoing
			}
		}
		if sealed[side.Secret] != nil {
			continue
		}
		b, err := s.c.Sealer.Seal(secret, a.Key, side.Secret)
		if err != nil {
			return nil, err
		}
		sealed[side.Secret] = b
	}
	return sealed, nil
}

// sealAgain seals the secrets of a stored account. Those that it had before stay as they
// are stored, so that their age goes on.
func (s *Service) sealAgain(ctx context.Context, a *mailstead.Account, secrets sideSecrets) (map[mailstead.SecretField]mailstead.Sealed, error) {
	sealed, err := s.seal(a, secrets)
	if err != nil {
		return nil, err
	}
	stored, err := s.c.Store.Secrets(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	for n, secret := range secrets {
		field := a.Side(n).Secret
		was, ok := stored[field]
		if !ok || sealed[field] == nil {
			continue
		}
		// One that cannot be opened is not kept.
		if before, err := s.c.Sealer.Open(was, a.Key, field); err == nil && before == secret {
			sealed[field] = was
		}
	}
	return sealed, nil
}

// openSecrets opens the passwords of the sides of a stored account; where it signs in
// at a service, it gets an access token.
func (s *Service) openSecrets(ctx context.Context, a *mailstead.Account) (sideSecrets, error) {
	sealed, err := s.c.Store.Secrets(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	out := make(sideSecrets)
	for _, n := range []mailstead.SideName{mailstead.SideIncoming, mailstead.SideOutgoing} {
		side := a.Side(n)
		if side == nil || side.Login == "" {
			continue
		}
		if side.Secret == mailstead.SecretOAuth {
			if out[n], err = s.c.OAuth.Tokens.Token(ctx, a.ID); err != nil {
				return nil, err
			}
			continue
		}
		b, ok := sealed[side.Secret]
		if !ok {
			return nil, errNoSecret("connect.openSecrets")
		}
		if out[n], err = s.c.Sealer.Open(b, a.Key, side.Secret); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func errNoSecret(op string) error {
	return &mailstead.Error{
		Kind: mailstead.KindConflict, Code: "account.no_secret", Op: op,
		Text: "No password is stored for this account: enter it again.",
	}
}

// keptSecrets opens the passwords of the sides that are not among the changed, where
// they have one.
func (s *Service) keptSecrets(ctx context.Context, a *mailstead.Account, changed []*trial) (sideSecrets, error) {
	rest := clone(*a)
	for _, t := range changed {
		setSide(&rest, t.side, nil)
	}
	for _, n := range []mailstead.SideName{mailstead.SideIncoming, mailstead.SideOutgoing} {
		if side := rest.Side(n); side != nil && (lacksPassword(side) || side.Secret == mailstead.SecretOAuth) {
			setSide(&rest, n, nil)
		}
	}
	if rest.Incoming == nil && rest.Outgoing == nil {
		return make(sideSecrets), nil
	}
	return s.openSecrets(ctx, &rest)
}

// clone returns a copy of a whose sides may be changed.
func clone(a mailstead.Account) mailstead.Account {
	for _, n := range []mailstead.SideName{mailstead.SideIncoming, mailstead.SideOutgoing} {
		if side := a.Side(n); side != nil {
			c := *side
			setSide(&a, n, &c)
		}
	}
	return a
}
