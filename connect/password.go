package connect

import (
	"context"

	"github.com/mailstead/mailstead"
)

// ChangePassword replaces the password of an account. The new one is tried first;
// until it has worked the old one stays in force. changed is for the incoming
// side, and for the outgoing one where both share a password; outgoing is for an
// outgoing server with a password of its own. Either may be empty.
func (s *Service) ChangePassword(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID, changed, outgoing mailstead.Secret) (Result, error) {
	old, err := s.managed(ctx, actor, id)
	if err != nil {
		return Result{}, err
	}
	a := clone(old)
	sides := passwordTrials(&a, changed, outgoing)
	if len(sides) == 0 {
		return Result{}, mailstead.Invalid("password", "input.password_needed", "The new password is needed.")
	}
	rules, err := s.rules(ctx)
	if err != nil {
		return Result{}, err
	}
	if err := rules.CheckPassword(actor); err != nil {
		return Result{}, err
	}
	for _, t := range sides {
		if err := t.check(rules.Plain); err != nil {
			return Result{}, err
		}
	}
	secrets, err := s.keptSecrets(ctx, &old, sides)
	if err != nil {
		return Result{}, err
	}
	if err := s.allowTest(actor); err != nil {
		return Result{}, err
	}
	// The limit to mail ports was kept when the servers were saved.
	res := s.run(ctx, sides, true, a.ProviderID)
	if !res.OK {
		return res, failure("connect.ChangePassword", sides)
	}
	if err := s.checkUnchanged(ctx, actor, &old); err != nil {
		return res, err
	}
	for _, t := range sides {
		secrets[t.side] = t.secret
		a.Side(t.side).Health = s.healthOK()
	}
	e := actor.Audit(mailstead.AuditAccountPassword, a.AuditObject(), passwords(sides))
	return res, s.storeSecrets(ctx, &a, secrets, sides, e)
}

// passwordTrials returns the tests of the sides that get a new password.
func passwordTrials(a *mailstead.Account, changed, outgoing mailstead.Secret) []*trial {
	var sides []*trial
	add := func(n mailstead.SideName, secret mailstead.Secret, field string) {
		if side := a.Side(n); side == nil || side.Login == "" || secret.IsZero() {
			return
		}
		t := storedTrial(a, n, secret)
		t.secretField, t.oauth = field, false
		sides = append(sides, t)
	}
	add(mailstead.SideIncoming, changed, "password")
	switch {
	case !outgoing.IsZero():
		add(mailstead.SideOutgoing, outgoing, "outgoing_password")
	case a.Outgoing != nil && a.Outgoing.Secret != mailstead.SecretOutgoing:
		add(mailstead.SideOutgoing, changed, "password")
	}
	return sides
}
