package connect

import (
	"context"
	"encoding/hex"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/credential"
)

// openLink returns the open link with this secret and its account. remote is the
// network of who asks: who guesses runs dry.
func (s *Service) openLink(ctx context.Context, secret mailstead.Secret, remote string) (mailstead.PasswordLink, mailstead.Account, error) {
	if !s.guesses.allow(remote, s.c.Now()) {
		return mailstead.PasswordLink{}, mailstead.Account{}, errTooManyTests()
	}
	l, err := s.c.Links.PasswordLinkByHash(ctx, credential.HashToken(secret.Reveal()))
	if mailstead.KindOf(err) == mailstead.KindNotFound {
		return l, mailstead.Account{}, mailstead.ErrPasswordLink()
	}
	if err != nil {
		return l, mailstead.Account{}, err
	}
	if !l.Open(s.c.Now()) {
		return l, mailstead.Account{}, mailstead.ErrPasswordLink()
	}
	a, _, err := s.c.Store.AccountFor(ctx, l.AccountID, 0)
	if mailstead.KindOf(err) == mailstead.KindNotFound {
		return l, a, mailstead.ErrPasswordLink()
	}
	return l, a, err
}

// LookAtLink tells who has a link which account it is for. Nobody is signed in.
func (s *Service) LookAtLink(ctx context.Context, secret mailstead.Secret, remote string) (Asked, error) {
	l, a, err := s.openLink(ctx, secret, remote)
	return Asked{Account: a, Link: l}, err
}

// UseLink takes the password that a link asked for: it is tried in both directions,
// and stored together with the end of the link when it works. Else the link stays
// open and the Result tells why. outgoing is for an outgoing server with a password
// of its own, or zero. Nobody is signed in.
func (s *Service) UseLink(ctx context.Context, secret, password, outgoing mailstead.Secret, remote string) (Result, error) {
	l, old, err := s.openLink(ctx, secret, remote)
	if err != nil {
		return Result{}, err
	}
	a := clone(old)
	sides := allPasswordTrials(&a, password, outgoing)
	if len(sides) == 0 {
		return Result{}, mailstead.Invalid("password", "input.password_needed", "The password is needed.")
	}
	rules, err := s.rules(ctx)
	if err != nil {
		return Result{}, err
	}
	for _, t := range sides {
		if err := t.check(rules.Plain); err != nil {
			return Result{}, err
		}
	}
	if !s.guesses.allow("link "+hex.EncodeToString(l.Hash), s.c.Now()) {
		return Result{}, errTooManyTests()
	}
	// The limit to mail ports was kept when the servers were saved.
	res := s.run(ctx, sides, true, a.ProviderID)
	if !res.OK {
		return res, failure("connect.UseLink", sides)
	}
	secrets := make(sideSecrets)
	for _, t := range sides {
		secrets[t.side] = t.secret
		a.Side(t.side).Health = s.healthOK()
	}
	sealed, err := s.sealAgain(ctx, &a, secrets)
	if err != nil {
		return res, err
	}
	e := mailstead.Actor{}.Audit(mailstead.AuditLinkUse, a.AuditObject(), passwords(sides))
	err = s.c.Links.UsePasswordLink(ctx, l.ID, s.c.Now(), mailstead.AccountChange{
		Account: &a, Secrets: sealed, Audit: e, Events: []mailstead.Event{s.event(mailstead.EventAccountUpdated, a.ID)},
	})
	if err != nil {
		return res, err
	}
	s.did(ctx, e)
	s.c.Changed(a.ID)
	if err := s.markHealthy(ctx, a.ID, sides); err != nil {
		return res, err
	}
	s.c.Healthy(a.ID)
	return res, nil
}

// allPasswordTrials returns the tests of every side that somebody signs in to. An
// outgoing side is tried with password where outgoing is zero.
func allPasswordTrials(a *mailstead.Account, password, outgoing mailstead.Secret) []*trial {
	field := "outgoing_password"
	if outgoing.IsZero() {
		outgoing, field = password, "password"
	}
	sides := passwordTrials(a, password, outgoing)
	for _, t := range sides {
		if t.side == mailstead.SideOutgoing {
			t.secretField = field
		}
	}
	return sides
}
