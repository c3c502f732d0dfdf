package oauth_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/oauth"
)

// shelf is a store of one account, and a sealer that seals nothing.
type shelf struct {
	mu    sync.Mutex
	grant mailstead.OAuthGrant
	app   mailstead.OAuthApp
	// fails is how often tokens are not stored.
	fails int
}

func (s *shelf) Account(context.Context, mailstead.AccountID) (mailstead.Account, error) {
	return mailstead.Account{ID: 1, Key: "key", Address: "anna@example.com"}, nil
}

func (s *shelf) OAuthApp(context.Context, mailstead.OAuthAppID) (mailstead.OAuthApp, error) {
	return s.app, nil
}

func (s *shelf) OAuthAppSecret(context.Context, mailstead.OAuthAppID) (mailstead.Sealed, error) {
	return mailstead.Sealed("secret"), nil
}

func (s *shelf) OAuthGrant(context.Context, mailstead.AccountID) (mailstead.OAuthGrant, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.grant, nil
}

func (s *shelf) RenewOAuthGrant(_ context.Context, g *mailstead.OAuthGrant) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.fails > 0:
		s.fails--
		return errors.New("the disk is full")
	case g.Version != s.grant.Version:
		return &mailstead.Error{Kind: mailstead.KindConflict, Code: "oauth.renewed"}
	}
	g.Version++
	s.grant = *g
	return nil
}

func (s *shelf) Seal(secret mailstead.Secret, _ string, _ mailstead.SecretField) (mailstead.Sealed, error) {
	return mailstead.Sealed(secret.Reveal()), nil
}

func (s *shelf) Open(sealed mailstead.Sealed, _ string, _ mailstead.SecretField) (mailstead.Secret, error) {
	return mailstead.NewSecret(string(sealed)), nil
}

// newTokens is an account whose access token has ended, at a service that counts.
func newTokens(t *testing.T) (*oauth.Tokens, *shelf, *atomic.Int64) {
	t.Helper()
	var asked atomic.Int64
	service := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := asked.Add(1)
		if got, want := r.PostFormValue("refresh_token"), fmt.Sprint("refresh-", n-1); got != want {
			t.Errorf("the refresh token %q came, want %q", got, want)
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token":"access-%d","refresh_token":"refresh-%d","expires_in":3600}`, n, n)
	}))
	t.Cleanup(service.Close)
	s := &shelf{app: mailstead.OAuthApp{Kind: mailstead.OAuthPerson, TokenURL: service.URL, HasSecret: true}}
	tokens := oauth.NewTokens(oauth.Config{
		Store: s, Sealer: s, Client: oauth.NewClient(service.Client(), time.Now), Now: time.Now, Logger: slog.New(slog.DiscardHandler),
	})
	sealed, err := tokens.Seal(oauth.Token{Access: mailstead.NewSecret("access-0"), Refresh: mailstead.NewSecret("refresh-0"), Expires: time.Now()}, "key")
	if err != nil {
		t.Fatal(err)
	}
	s.grant.Sealed = sealed
	return tokens, s, &asked
}

func TestOneRefreshForWhoeverComes(t *testing.T) {
	tokens, _, asked := newTokens(t)
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			if got, err := tokens.Token(t.Context(), 1); err != nil || got.Reveal() != "access-1" {
				t.Errorf("got %q, %v", got.Reveal(), err)
			}
		})
	}
	all.Wait()
	if n := asked.Load(); n != 1 {
		t.Errorf("%d refreshes, want 1", n)
	}
	// A server refuses the token before its time: one refresh, and none for a token that
	// was replaced meanwhile.
	for range 2 {
		if got, err := tokens.Renew(t.Context(), 1, mailstead.NewSecret("access-1")); err != nil || got.Reveal() != "access-2" {
			t.Errorf("got %q, %v", got.Reveal(), err)
		}
	}
	if n := asked.Load(); n != 2 {
		t.Errorf("%d refreshes, want 2", n)
	}
}

// TestTokensThatCouldNotBeStored: the service takes the old refresh token no more, so that
// what it gave is stored later, and used then.
func TestTokensThatCouldNotBeStored(t *testing.T) {
	tokens, s, asked := newTokens(t)
	s.fails = 2
	for range 2 {
		if got, err := tokens.Token(t.Context(), 1); err == nil {
			t.Errorf("got %q before it was stored", got.Reveal())
		}
	}
	if got, err := tokens.Token(t.Context(), 1); err != nil || got.Reveal() != "access-1" {
		t.Errorf("got %q, %v", got.Reveal(), err)
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("%d refreshes, want 1", n)
	}
}

// TestSomebodySignedInMeanwhile: the tokens of a new sign-in are not overwritten.
func TestSomebodySignedInMeanwhile(t *testing.T) {
	tokens, s, _ := newTokens(t)
	sealed, err := tokens.Seal(oauth.Token{Access: mailstead.NewSecret("new"), Expires: time.Now().Add(time.Hour)}, "key")
	if err != nil {
		t.Fatal(err)
	}
	stale := s.grant
	s.grant.Sealed, s.grant.Version = sealed, 7
	if err := s.RenewOAuthGrant(t.Context(), &stale); mailstead.KindOf(err) != mailstead.KindConflict {
		t.Errorf("got %v", err)
	}
	if got, err := tokens.Token(t.Context(), 1); err != nil || got.Reveal() != "new" {
		t.Errorf("got %q, %v", got.Reveal(), err)
	}
}
