package connect

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// testsPerMinute is how many connection tests one user may start a minute.
const testsPerMinute = 20

// throttle counts connection tests by who asks for them.
type throttle[K comparable] struct {
	mu    sync.Mutex
	users map[K]*rate.Limiter
}

func newThrottle[K comparable]() *throttle[K] {
	return &throttle[K]{users: make(map[K]*rate.Limiter)}
}

// allow takes one test of the user's allowance. The map holds one entry for each
// user who tested lately: full allowances are forgotten as it grows.
func (t *throttle[K]) allow(user K, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.users[user]
	if l == nil {
		if len(t.users) >= 1000 {
			for id, old := range t.users {
				if old.TokensAt(now) >= testsPerMinute {
					delete(t.users, id)
				}
			}
		}
		l = rate.NewLimiter(rate.Limit(testsPerMinute)/60, testsPerMinute)
		t.users[user] = l
	}
	return l.AllowN(now, 1)
}
