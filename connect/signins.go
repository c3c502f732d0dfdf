package connect

import (
	"sync"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/credential"
	"github.com/mailstead/mailstead/oauth"
)

const (
	// signInLife is how long a person has to sign in at a service.
	signInLife = 15 * time.Minute
	// maxSignIns is how many sign-ins are open at a time, maxOwnSignIns those of one
	// person; a new one ends the oldest.
	maxSignIns    = 10_000
	maxOwnSignIns = 20
)

// signIn is a sign-in at a service that has begun.
type signIn struct {
	user    mailstead.UserID
	expires time.Time
	app     oauth.App
	proof   oauth.Proof
	device  *oauth.Device
	// request is for a new account, account is one that is there.
	request Request
	account mailstead.AccountID
	// address is whose sign-in it is, names are what the service may call him, subject
	// what it called him the last time.
	address string
	names   []string
	subject string
	// grant is what came of it, when the account could not be stored yet.
	grant *grant
}

// signIns keeps the sign-ins that have begun: each ends when it is taken, and belongs to
// the person who began it. It may be used from many goroutines.
type signIns struct {
	mu   sync.Mutex
	open map[string]*signIn
}

func newState() string {
	token, _ := credential.NewToken("")
	return token.Reveal()
}

func (s *signIns) put(in *signIn, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = make(map[string]*signIn)
	}
	own := 0
	var oldest, oldestOwn *signIn
	for state, other := range s.open {
		if now.After(other.expires) {
			delete(s.open, state)
			continue
		}
		if oldest == nil || other.expires.Before(oldest.expires) {
			oldest = other
		}
		if other.user == in.user {
			if own++; oldestOwn == nil || other.expires.Before(oldestOwn.expires) {
				oldestOwn = other
			}
		}
	}
	switch {
	case own >= maxOwnSignIns:
		delete(s.open, oldestOwn.proof.State)
	case len(s.open) >= maxSignIns:
		delete(s.open, oldest.proof.State)
	}
	s.open[in.proof.State] = in
}

// take returns a sign-in of the user and ends it.
func (s *signIns) take(state string, user mailstead.UserID, now time.Time) (*signIn, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	in, ok := s.open[state]
	if !ok || in.user != user || now.After(in.expires) {
		return nil, false
	}
	delete(s.open, state)
	return in, true
}
