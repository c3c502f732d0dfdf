package connect

import (
	"context"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/credential"
)

// Links keeps the links by which users are asked for the passwords of their
// accounts. Its methods are those of store.DB.
type Links interface {
	CreatePasswordLink(ctx context.Context, l *mailstead.PasswordLink, audit mailstead.AuditEntry) error
	PasswordLinks(ctx context.Context, account mailstead.AccountID) ([]mailstead.PasswordLink, error)
	PasswordLinkByHash(ctx context.Context, hash []byte) (mailstead.PasswordLink, error)
	ClosePasswordLink(ctx context.Context, id mailstead.PasswordLinkID, account mailstead.AccountID, at time.Time, audit mailstead.AuditEntry) error
	UsePasswordLink(ctx context.Context, id mailstead.PasswordLinkID, at time.Time, c mailstead.AccountChange) error
}

// linkPrefix begins the secrets of password links.
const linkPrefix = "msp_"

// Asked is a link that was just made. Its secret is told this once.
type Asked struct {
	Account mailstead.Account
	Link    mailstead.PasswordLink
	Secret  mailstead.Secret
}

// requireLinks demands an administrator who may also touch accounts.
func requireLinks(actor mailstead.Actor) error {
	if err := actor.RequireAdmin(); err != nil {
		return err
	}
	return actor.Require(mailstead.ScopeAccounts)
}

// newLink makes a link that lives as long as wanted, 0 for the usual time.
func (s *Service) newLink(actor mailstead.Actor, life time.Duration) (mailstead.PasswordLink, mailstead.Secret, error) {
	if life == 0 {
		life = mailstead.DefaultPasswordLinkLife
	}
	if life < time.Hour || life > mailstead.MaxPasswordLinkLife {
		return mailstead.PasswordLink{}, mailstead.Secret{}, mailstead.Invalid("hours", "input.link_life", "A link lives from one hour to 30 days.")
	}
	secret, hash := credential.NewToken(linkPrefix)
	now := s.c.Now()
	return mailstead.PasswordLink{Hash: hash, CreatedBy: actor.User.ID, CreatedAt: now, ExpiresAt: now.Add(life)}, secret, nil
}

// AskPassword makes a link by which whoever has it enters the password of an account,
// once. The account's link before it ends. Only administrators may.
func (s *Service) AskPassword(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID, life time.Duration) (Asked, error) {
	if err := requireLinks(actor); err != nil {
		return Asked{}, err
	}
	a, err := s.managed(ctx, actor, id)
	if err != nil {
		return Asked{}, err
	}
	if !needsPassword(&a) {
		return Asked{}, &mailstead.Error{
			Kind: mailstead.KindConflict, Code: "password_link.no_sign_in", Text: "Nobody signs in to the servers of this account, so it has no password.",
		}
	}
	l, secret, err := s.newLink(actor, life)
	if err != nil {
		return Asked{}, err
	}
	l.AccountID = id
	e := actor.Audit(mailstead.AuditLinkCreate, a.AuditObject(), mailstead.AuditChanges(nil, &l))
	if err := s.c.Links.CreatePasswordLink(ctx, &l, e); err != nil {
		return Asked{}, err
	}
	s.did(ctx, e)
	return Asked{Account: a, Link: l, Secret: secret}, nil
}

func needsPassword(a *mailstead.Account) bool {
	for _, side := range []*mailstead.Side{a.Incoming, a.Outgoing} {
		if side != nil && side.Login != "" {
			return true
		}
	}
	return false
}

// AskConnect stores an account whose password its user is asked for: no server is
// contacted before it came. Account and link are one step. Only administrators may.
func (s *Service) AskConnect(ctx context.Context, actor mailstead.Actor, r Request, life time.Duration) (Asked, error) {
	if err := requireLinks(actor); err != nil {
		return Asked{}, err
	}
	l, secret, err := s.newLink(actor, life)
	if err != nil {
		return Asked{}, err
	}
	r.Password, r.OutgoingPassword, r.later = mailstead.Secret{}, mailstead.Secret{}, true
	p, err := s.plan(ctx, actor, r)
	if err != nil {
		return Asked{}, err
	}
	a := p.account
	if !needsPassword(&a) {
		return Asked{}, mailstead.Invalid("no_sign_in", "password_link.no_sign_in", "Nobody signs in to the servers of this account, so it has no password.")
	}
	done, ok := s.begin(&a)
	if !ok {
		return Asked{}, errExists("This address is being connected at this moment.")
	}
	defer done()
	if err := s.checkNew(ctx, &a); err != nil {
		return Asked{}, err
	}
	for _, n := range []mailstead.SideName{mailstead.SideIncoming, mailstead.SideOutgoing} {
		if side := a.Side(n); side != nil && side.Login != "" {
			side.Health = s.missingPassword(n)
		}
	}
	a.Key = credential.NewKey()
	a.CreatedAt, a.UpdatedAt = s.c.Now(), s.c.Now()
	c := mailstead.Connected{
		Account: &a, Link: &l, Events: []mailstead.Event{s.event(mailstead.EventAccountConnected, 0)},
		LinkAudit: actor.Audit(mailstead.AuditLinkCreate, a.AuditObject(), mailstead.AuditChanges(nil, &l)),
	}
	c.Audit, _ = auditConnected(actor, &a, p.sides, nil)
	id, err := s.c.Store.ConnectAccount(ctx, c)
	if err != nil {
		return Asked{}, err
	}
	a.ID, l.AccountID = id, id
	c.Audit.Object, c.LinkAudit.Object = a.AuditObject(), a.AuditObject()
	s.did(ctx, c.Audit)
	s.did(ctx, c.LinkAudit)
	s.c.Connected(id)
	return Asked{Account: a, Link: l, Secret: secret}, nil
}

// PasswordLinks lists the links of an account from new to old. Only administrators
// may.
func (s *Service) PasswordLinks(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID) ([]mailstead.PasswordLink, error) {
	if err := requireLinks(actor); err != nil {
		return nil, err
	}
	if _, err := s.managed(ctx, actor, id); err != nil {
		return nil, err
	}
	return s.c.Links.PasswordLinks(ctx, id)
}

// ClosePasswordLink takes a link back that was not used. Only administrators may.
func (s *Service) ClosePasswordLink(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID, link mailstead.PasswordLinkID) error {
	if err := requireLinks(actor); err != nil {
		return err
	}
	a, err := s.managed(ctx, actor, id)
	if err != nil {
		return err
	}
	e := actor.Audit(mailstead.AuditLinkClose, a.AuditObject(), nil)
	if err := s.c.Links.ClosePasswordLink(ctx, link, id, s.c.Now(), e); err != nil {
		return err
	}
	s.did(ctx, e)
	return nil
}
