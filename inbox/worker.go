package inbox

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/mailstead/mailstead"
)

// worker keeps one account in step with its server. Its goroutine alone uses the
// connection.
type worker struct {
	s  *Service
	id mailstead.AccountID

	mu sync.Mutex
	// pending is set by nudge and cleared when the worker looks at all folders.
	pending bool
	// fresh asks for a new connection.
	fresh bool
	// interval is the last pause between two looks at a maildrop; the worker's
	// goroutine alone uses it.
	interval time.Duration
	// wake interrupts the present wait, nil outside a wait.
	wake context.CancelFunc
}

func (w *worker) nudge() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pending = true
	if w.wake != nil {
		w.wake()
	}
}

func (w *worker) reconnect() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fresh = true
}

func (w *worker) nudged() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.pending
}

// take clears what nudge and reconnect asked for: the worker is about to do it.
func (w *worker) take() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pending, w.fresh = false, false
}

func (w *worker) freshAsked() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.fresh
}

// pause returns a context that ends after d, at a nudge, or with ctx.
func (w *worker) pause(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, d)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wake = cancel
	if w.pending {
		cancel()
	}
	return ctx, func() {
		w.mu.Lock()
		w.wake = nil
		w.mu.Unlock()
		cancel()
	}
}

// errGone ends a worker: its account was deleted, switched off or has no
// incoming side.
var errGone = errors.New("account is not read")

// work connects again and again until the account is gone or ctx ends.
func (w *worker) work(ctx context.Context) {
	failures := 0
	for ctx.Err() == nil {
		healthy, err := w.session(ctx)
		if healthy {
			failures = 0
		}
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, errGone):
			if w.s.leave(w) {
				return
			}
			continue
		case err == nil:
			continue
		}
		failures++
		delay := w.fail(ctx, err, failures)
		wait, done := w.pause(ctx, delay)
		<-wait.Done()
		done()
	}
}

// fail records the failure in the account's health and returns how long to wait.
func (w *worker) fail(ctx context.Context, cause error, failures int) time.Duration {
	c := &w.s.c
	h := mailstead.Health{State: mailstead.HealthRetrying, CheckedAt: c.Now()}
	delays := c.RetryDelays
	delay := delays[min(failures, len(delays))-1]
	switch mailstead.KindOf(cause) {
	case mailstead.KindCredentials, mailstead.KindPermanent, mailstead.KindForbidden:
		h.State, delay = mailstead.HealthTrouble, c.TroubleDelay
	default:
	}
	var provider string
	protocol := mailstead.IMAP
	a, err := c.Store.Account(ctx, w.id)
	if mailstead.KindOf(err) == mailstead.KindNotFound {
		return delay // deleted meanwhile: nobody asks how it fares
	}
	if err == nil {
		provider = string(a.ProviderID)
		if a.Incoming != nil {
			h.SuccessAt, protocol = a.Incoming.Health.SuccessAt, a.Incoming.Server.Protocol
		}
	}
	x := c.Explain.Explain(protocol, provider, cause)
	h.Code, h.Text, h.Action = x.Code, x.Cause, x.Action
	if protocol == mailstead.POP3 && mailstead.KindOf(cause) == mailstead.KindCredentials && x.Retry == "later" {
		// Servers without response codes (RFC 3206) refuse a locked mailbox like a
		// wrong password: only their words tell the two apart.
		h.State, delay = mailstead.HealthRetrying, delays[min(failures, len(delays))-1]
	}
	if err := c.Store.SetHealth(ctx, w.id, mailstead.SideIncoming, h); err != nil && ctx.Err() == nil {
		c.Logger.LogAttrs(ctx, slog.LevelError, "account health not stored",
			slog.Int64("account_id", int64(w.id)), slog.Any("err", err))
	}
	c.Logger.LogAttrs(ctx, slog.LevelInfo, "reading paused",
		slog.Int64("account_id", int64(w.id)), slog.String("code", x.Code), slog.Duration("retry_in", delay))
	c.Logger.LogAttrs(ctx, slog.LevelDebug, "reading failed", slog.Int64("account_id", int64(w.id)), slog.Any("err", cause))
	// Many accounts on one server fail together: they must not come back together.
	return delay + rand.N(delay/4+1) //nolint:gosec // spreads load, guards nothing
}

// session is one connection from sign-in to its end. healthy tells that the
// sign-in worked. A nil error asks for another session at once.
func (w *worker) session(ctx context.Context) (healthy bool, err error) {
	w.take()
	acc, err := w.s.c.Store.Account(ctx, w.id)
	switch {
	case mailstead.KindOf(err) == mailstead.KindNotFound:
		return false, errGone
	case err != nil:
		return false, err
	case acc.Incoming == nil || !acc.Incoming.Enabled:
		return false, errGone
	}
	limit, err := acc.LoadPeriod.Parse()
	if err != nil {
		return false, err
	}
	c := &conn{w: w, period: acc.LoadPeriod, limit: limit}
	defer func() {
		if c.src != nil {
			// The session is over; what the server says to a logout changes nothing.
			_ = c.src.Close()
		}
	}()
	if err := w.loading(ctx, func() error { return c.begin(ctx) }); err != nil {
		return c.src != nil, err
	}
	return true, c.follow(ctx)
}

// loading runs fn while it holds one of the slots that bound how many accounts
// load at a time.
func (w *worker) loading(ctx context.Context, fn func() error) error {
	if err := w.s.loads.Acquire(ctx, 1); err != nil {
		return err
	}
	defer w.s.loads.Release(1)
	return fn()
}
