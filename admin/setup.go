package admin

import (
	"context"
	"crypto/subtle"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/credential"
)

// SetupNeeded reports whether there is no user yet.
func (s *Service) SetupNeeded(ctx context.Context) (bool, error) {
	n, err := s.c.Store.CountUsers(ctx)
	return err == nil && n == 0, err
}

// SetupToken returns the token for Setup, to be shown to who started the service,
// and false when there is a user already. Only its hash is kept, so that each
// call makes a new token and the one before it ends, unless Config names one.
func (s *Service) SetupToken(ctx context.Context) (mailstead.Secret, bool, error) {
	needed, err := s.SetupNeeded(ctx)
	if err != nil || !needed {
		return mailstead.Secret{}, false, err
	}
	token := s.c.SetupToken
	hash := credential.HashToken(token.Reveal())
	if token.IsZero() {
		token, hash = credential.NewToken("setup_")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setupHash = hash
	return token, true, nil
}

// SetupRequest makes the first administrator.
type SetupRequest struct {
	Token    mailstead.Secret
	Name     string
	Email    string
	Password mailstead.Secret
}

// Setup makes the first administrator and signs him in. It works once, with the
// token of SetupToken.
func (s *Service) Setup(ctx context.Context, r SetupRequest) (mailstead.User, SignedIn, error) {
	if _, ok := s.setups.try("", s.c.Now()); !ok {
		return mailstead.User{}, SignedIn{}, errThrottled()
	}
	needed, err := s.SetupNeeded(ctx)
	if err != nil {
		return mailstead.User{}, SignedIn{}, err
	}
	if !needed {
		return mailstead.User{}, SignedIn{}, errSetupDone()
	}
	if !s.isSetupToken(r.Token) {
		return mailstead.User{}, SignedIn{}, &mailstead.Error{
			Kind: mailstead.KindForbidden, Code: "setup.bad_token", Field: "token",
			Text: "This is not the setup token: copy it from the log of the service that runs now.",
		}
	}
	u := mailstead.User{Name: r.Name, Email: r.Email, Role: mailstead.RoleAdmin, CreatedAt: s.c.Now()}
	hash, err := s.newPassword(&u, r.Password)
	if err != nil {
		return mailstead.User{}, SignedIn{}, err
	}
	e := mailstead.Actor{User: u}.Audit(mailstead.AuditSetup, u.AuditObject(), created(&u, hash))
	if err := s.c.Store.CreateUser(ctx, &u, hash, true, e); err != nil {
		if mailstead.KindOf(err) == mailstead.KindConflict {
			err = errSetupDone()
		}
		return mailstead.User{}, SignedIn{}, err
	}
	s.mu.Lock()
	s.setupHash = nil
	s.mu.Unlock()
	e.ActorID, e.Object = u.ID, u.AuditObject()
	s.did(ctx, e)
	in, err := s.openSession(ctx, u)
	return u, in, err
}

func errSetupDone() error {
	return &mailstead.Error{
		Kind: mailstead.KindConflict, Code: "setup.done",
		Text: "Mailstead has been set up already: sign in.",
	}
}

func (s *Service) isSetupToken(token mailstead.Secret) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.setupHash != nil && subtle.ConstantTimeCompare(s.setupHash, credential.HashToken(token.Reveal())) == 1
}
