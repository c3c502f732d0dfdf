package admin

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/mailstead/mailstead"
)

// maxThrottled bounds how many keys a throttle remembers.
const maxThrottled = 10_000

// throttle allows each key a burst and then one try per interval. Who guesses
// passwords runs dry; who signs in gets the try back.
type throttle struct {
	burst int
	every time.Duration

	mu   sync.Mutex
	keys map[string]*allowance
}

// allowance is what is left of the tries of a key.
type allowance struct {
	*rate.Limiter
	// told is when it was last said that none is left.
	told time.Time
}

func newThrottle(burst int, every time.Duration) *throttle {
	return &throttle{burst: burst, every: every, keys: make(map[string]*allowance)}
}

// try takes one try of the key. It returns a function that gives the try back,
// and false when there is none left.
func (t *throttle) try(key string, now time.Time) (giveBack func(), ok bool) {
	r := t.limiter(key, now).ReserveN(now, 1)
	if !r.OK() || r.DelayFrom(now) > 0 {
		r.CancelAt(now)
		return nil, false
	}
	return func() { r.CancelAt(now) }, true
}

func (t *throttle) limiter(key string, now time.Time) *allowance {
	t.mu.Lock()
	defer t.mu.Unlock()
	if l := t.keys[key]; l != nil {
		return l
	}
	if len(t.keys) >= maxThrottled {
		t.forget(now)
	}
	l := &allowance{Limiter: rate.NewLimiter(rate.Every(t.every), t.burst)}
	t.keys[key] = l
	return l
}

// tellEvery is how often it is said of a key that it has no try left: who goes on
// guessing must not fill the audit.
const tellEvery = time.Hour

// ranDry reports that the key has no try left, once in tellEvery.
func (t *throttle) ranDry(key string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.keys[key]
	if a == nil || a.TokensAt(now) >= 1 || (!a.told.IsZero() && now.Sub(a.told) < tellEvery) {
		return false
	}
	a.told = now
	return true
}

// forget drops the keys that have all their tries. When a flood of new keys
// leaves none to drop, any tenth goes: memory stays bounded.
func (t *throttle) forget(now time.Time) {
	for key, l := range t.keys {
		if l.TokensAt(now) >= float64(t.burst) {
			delete(t.keys, key)
		}
	}
	for key := range t.keys {
		if len(t.keys) < maxThrottled*9/10 {
			return
		}
		delete(t.keys, key)
	}
}

func errThrottled() error {
	return &mailstead.Error{
		Kind: mailstead.KindThrottled, Code: "signin.throttled",
		Text: "There were too many attempts: wait a minute, then try again.",
	}
}
