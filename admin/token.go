package admin

import (
	"context"
	"slices"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/credential"
)

// TokenRequest asks for a token.
type TokenRequest struct {
	Name   string
	Scopes []mailstead.Scope
	// UserID is the user that the token acts for, 0 for the actor's own.
	UserID mailstead.UserID
	// ExpiresAt is when the token ends, zero for never.
	ExpiresAt time.Time
}

// CreateToken makes a token for an application. The secret is shown this once.
// Nobody can make a token that may do more than he may himself.
func (s *Service) CreateToken(ctx context.Context, actor mailstead.Actor, r TokenRequest) (mailstead.Token, mailstead.Secret, error) {
	u, err := s.tokenUser(ctx, actor, r.UserID)
	if err != nil {
		return mailstead.Token{}, mailstead.Secret{}, err
	}
	t := mailstead.Token{UserID: u.ID, CreatedAt: s.c.Now(), ExpiresAt: r.ExpiresAt}
	if t.Name, err = mailstead.CleanLine("name", r.Name, 200); err != nil {
		return mailstead.Token{}, mailstead.Secret{}, err
	}
	if t.Name == "" {
		return mailstead.Token{}, mailstead.Secret{}, mailstead.Invalid("name", "input.name_needed", "Give the token a name that tells what it is for.")
	}
	if t.Scopes, err = cleanScopes(actor, u, r.Scopes); err != nil {
		return mailstead.Token{}, mailstead.Secret{}, err
	}
	if !t.ExpiresAt.IsZero() && !t.ExpiresAt.After(t.CreatedAt) {
		return mailstead.Token{}, mailstead.Secret{}, mailstead.Invalid("expires_at", "input.expires_at", "The token would have expired already: choose a later day.")
	}
	secret, hash := credential.NewToken(tokenPrefix)
	t.Hash = hash
	e := actor.Audit(mailstead.AuditTokenCreate, t.AuditObject(), mailstead.AuditChanges(nil, &t))
	if err := s.c.Store.CreateToken(ctx, &t, e); err != nil {
		return mailstead.Token{}, mailstead.Secret{}, err
	}
	e.Object = t.AuditObject()
	s.did(ctx, e)
	return t, secret, nil
}

// tokenUser returns the user whose tokens the actor may keep.
func (s *Service) tokenUser(ctx context.Context, actor mailstead.Actor, id mailstead.UserID) (mailstead.User, error) {
	if err := requirePerson(actor); err != nil {
		return mailstead.User{}, err
	}
	if id == 0 {
		id = actor.User.ID
	}
	if id == 0 {
		return mailstead.User{}, mailstead.Invalid("user_id", "input.user", "Name the user that the token acts for.")
	}
	if id != actor.User.ID {
		if err := actor.RequireAdmin(); err != nil {
			return mailstead.User{}, err
		}
	}
	return s.c.Store.User(ctx, id)
}

func cleanScopes(actor mailstead.Actor, u mailstead.User, scopes []mailstead.Scope) ([]mailstead.Scope, error) {
	out := slices.Compact(slices.Sorted(slices.Values(scopes)))
	if len(out) == 0 {
		return nil, mailstead.Invalid("scopes", "input.scopes", "Choose what the token may do: mail:read, mail:send, accounts, admin.")
	}
	for _, scope := range out {
		switch scope {
		case mailstead.ScopeRead, mailstead.ScopeSend, mailstead.ScopeAccounts:
		case mailstead.ScopeAdmin:
			if u.Role != mailstead.RoleAdmin {
				return nil, mailstead.Invalid("scopes", "input.scopes", "Only a token of an administrator can have the scope admin.")
			}
		default:
			return nil, mailstead.Invalid("scopes", "input.scopes", "The scopes are mail:read, mail:send, accounts and admin.")
		}
		if err := actor.Require(scope); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Tokens lists the tokens of a user, 0 for the actor's own.
func (s *Service) Tokens(ctx context.Context, actor mailstead.Actor, user mailstead.UserID) ([]mailstead.Token, error) {
	u, err := s.tokenUser(ctx, actor, user)
	if err != nil {
		return nil, err
	}
	return s.c.Store.Tokens(ctx, u.ID)
}

// DeleteToken ends a token of a user, 0 for the actor's own, at once.
func (s *Service) DeleteToken(ctx context.Context, actor mailstead.Actor, id mailstead.TokenID, user mailstead.UserID) error {
	u, err := s.tokenUser(ctx, actor, user)
	if err != nil {
		return err
	}
	tokens, err := s.c.Store.Tokens(ctx, u.ID)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(tokens, func(t mailstead.Token) bool { return t.ID == id })
	if i < 0 {
		return mailstead.NotFound("token")
	}
	t := &tokens[i]
	e := actor.Audit(mailstead.AuditTokenDelete, t.AuditObject(), mailstead.AuditChanges(t, nil))
	if err := s.c.Store.DeleteToken(ctx, id, u.ID, e); err != nil {
		return err
	}
	s.did(ctx, e)
	return nil
}
