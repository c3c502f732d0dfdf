package admin

import (
	"cmp"
	"context"
	"net/netip"
	"strings"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/credential"
)

const (
	// sessionLife is how long a session lasts after its last use.
	sessionLife = 30 * 24 * time.Hour
	// touchEvery is how often the last use of a session or token is written down.
	touchEvery = time.Hour
)

// Prefixes tell people and scanners of leaked secrets what a token is.
const (
	sessionPrefix = "mss_"
	tokenPrefix   = "mst_"
)

// SignedIn is a fresh session.
type SignedIn struct {
	// Token is the value of the session's cookie.
	Token     mailstead.Secret
	ExpiresAt time.Time
	User      mailstead.User
}

// SignIn opens a session. remote is the address that the request came from. An
// unknown user, a user without a password and a wrong password get the same
// answer after the same work.
func (s *Service) SignIn(ctx context.Context, email string, password mailstead.Secret, remote string) (SignedIn, error) {
	now := s.c.Now()
	address := strings.ToLower(strings.TrimSpace(email))
	if len(address) > maxAddress {
		return SignedIn{}, errBadSignIn()
	}
	network := networkOf(remote)
	backRemote, ok := s.byRemote.try(network, now)
	if !ok {
		return SignedIn{}, errThrottled()
	}
	backAddress, ok := s.byAddress.try(address, now)
	if !ok {
		return SignedIn{}, errThrottled()
	}
	u, hash, err := s.c.Store.UserByEmail(ctx, address)
	if err != nil && mailstead.KindOf(err) != mailstead.KindNotFound {
		return SignedIn{}, err
	}
	known := err == nil && hash != ""
	if err := s.verify(known, hash, password); err != nil {
		if mailstead.KindOf(err) == mailstead.KindUnauthenticated {
			err = cmp.Or(s.auditLocks(ctx, mailstead.Actor{}, &u, address, network), err)
		}
		return SignedIn{}, err
	}
	if u.Disabled {
		return SignedIn{}, &mailstead.Error{
			Kind: mailstead.KindForbidden, Code: "signin.disabled",
			Text: "This user is switched off: ask an administrator.",
		}
	}
	backRemote()
	backAddress()
	if err := s.c.Store.DeleteSessionsBefore(ctx, now); err != nil {
		return SignedIn{}, err
	}
	return s.openSession(ctx, u)
}

// networkOf returns what a remote address is counted by: a whole /64 of IPv6,
// which one subscriber has for himself.
func networkOf(remote string) string {
	a, err := netip.ParseAddr(remote)
	if err != nil || a.Unmap().Is4() {
		return remote
	}
	p, err := a.WithZone("").Prefix(64)
	if err != nil {
		return remote
	}
	return p.String()
}

// maxAddress is the longest address that is looked up.
const maxAddress = 320

func errBadSignIn() error {
	return &mailstead.Error{
		Kind: mailstead.KindUnauthenticated, Code: "signin.bad_credentials",
		Text: "The address or the password is wrong.",
	}
}

// verify compares a password, for an unknown user with a decoy that costs the
// same time.
func (s *Service) verify(known bool, hash string, password mailstead.Secret) error {
	decoy, err := s.decoy()
	if err != nil {
		return err
	}
	if !known {
		hash = decoy
	}
	ok, err := credential.VerifyPassword(hash, password)
	if err != nil {
		return err
	}
	if !known || !ok {
		return errBadSignIn()
	}
	return nil
}

// newDecoy hashes a password that nobody has.
func (s *Service) newDecoy() (string, error) {
	secret, _ := credential.NewToken("")
	return s.c.HashPassword(secret)
}

func (s *Service) openSession(ctx context.Context, u mailstead.User) (SignedIn, error) {
	now := s.c.Now()
	token, hash := credential.NewToken(sessionPrefix)
	session := mailstead.Session{Hash: hash, UserID: u.ID, CreatedAt: now, ExpiresAt: now.Add(sessionLife)}
	if err := s.c.Store.CreateSession(ctx, session); err != nil {
		return SignedIn{}, err
	}
	return SignedIn{Token: token, ExpiresAt: session.ExpiresAt, User: u}, nil
}

// SignOut ends the session of a cookie. A cookie without a session is no error.
func (s *Service) SignOut(ctx context.Context, cookie mailstead.Secret) error {
	err := s.c.Store.DeleteSession(ctx, credential.HashToken(cookie.Reveal()))
	if mailstead.KindOf(err) == mailstead.KindNotFound {
		return nil
	}
	return err
}

// Authenticate returns the actor behind the token of an application, or behind
// the cookie of a session when there is no token. It fails with
// mailstead.KindUnauthenticated.
func (s *Service) Authenticate(ctx context.Context, cookie, bearer mailstead.Secret) (mailstead.Actor, error) {
	switch {
	case !bearer.IsZero():
		return s.byToken(ctx, bearer)
	case !cookie.IsZero():
		return s.bySession(ctx, cookie)
	default:
		return mailstead.Actor{}, errSignIn()
	}
}

func (s *Service) bySession(ctx context.Context, cookie mailstead.Secret) (mailstead.Actor, error) {
	hash := credential.HashToken(cookie.Reveal())
	session, u, err := s.c.Store.Session(ctx, hash)
	if err != nil {
		return mailstead.Actor{}, notFoundIs(err, errSignIn())
	}
	now := s.c.Now()
	if u.Disabled || !now.Before(session.ExpiresAt) {
		return mailstead.Actor{}, errSignIn()
	}
	if renewed := now.Add(sessionLife); renewed.Sub(session.ExpiresAt) >= touchEvery {
		if err := s.c.Store.TouchSession(ctx, hash, renewed); err != nil {
			return mailstead.Actor{}, notFoundIs(err, errSignIn())
		}
	}
	return mailstead.Actor{User: u}, nil
}

func (s *Service) byToken(ctx context.Context, bearer mailstead.Secret) (mailstead.Actor, error) {
	bad := &mailstead.Error{
		Kind: mailstead.KindUnauthenticated, Code: "token.invalid",
		Text: "This token does not exist, has expired, or its user is switched off.",
	}
	t, u, err := s.c.Store.TokenByHash(ctx, credential.HashToken(bearer.Reveal()))
	if err != nil {
		return mailstead.Actor{}, notFoundIs(err, bad)
	}
	now := s.c.Now()
	if u.Disabled || (!t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt)) {
		return mailstead.Actor{}, bad
	}
	if now.Sub(t.UsedAt) >= touchEvery {
		if err := s.c.Store.TouchToken(ctx, t.ID, now); err != nil {
			return mailstead.Actor{}, notFoundIs(err, bad)
		}
	}
	// Never nil: nil would mean everything that the user may.
	return mailstead.Actor{User: u, Scopes: append([]mailstead.Scope{}, t.Scopes...), TokenID: t.ID}, nil
}

// notFoundIs replaces an error of KindNotFound.
func notFoundIs(err, instead error) error {
	if mailstead.KindOf(err) == mailstead.KindNotFound {
		return instead
	}
	return err
}
