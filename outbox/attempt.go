package outbox

import (
	"bytes"
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/mailstead/mailstead"
)

// attempt sends m over c and sees to the end of the attempt. It reports false
// when c was a waiting connection that the server had closed: then nothing has
// happened and m may be tried again at once.
func (r *run) attempt(ctx context.Context, c *connection, m *mailstead.OutgoingMessage) bool {
	started := r.s.c.Now()
	data, err := r.s.c.Blobs.Get(ctx, m.Blob)
	if err != nil {
		r.end(ctx, m, started, mailstead.Receipt{}, err)
		return true
	}
	complete := false
	receipt, err := c.Send(ctx, envelope(m, data), data, func() error {
		complete = true
		return r.s.c.Store.MarkBodyComplete(ctx, m.ID, m.Attempts)
	})
	switch {
	case mailstead.KindOf(err) != mailstead.KindTemporary:
	case ctx.Err() != nil:
		// We were stopped; that is no failure of the mail.
		r.giveBack(ctx, []mailstead.OutgoingMessage{*m})
		return true
	case !c.Alive() && !c.proven && !complete:
		return false
	}
	c.proven = true
	r.end(ctx, m, started, receipt, err)
	return true
}

// envelope addresses the recipients that have not got the mail yet.
func envelope(m *mailstead.OutgoingMessage, data []byte) mailstead.Envelope {
	// RFC 6532 allows letters beyond ASCII in the header; they need SMTPUTF8.
	header, _, _ := bytes.Cut(data, []byte("\r\n\r\n"))
	e := mailstead.Envelope{From: m.From, SMTPUTF8: !isASCII(header) || !isASCII([]byte(m.From))}
	for _, rcpt := range m.Recipients {
		if rcpt.State == mailstead.OutgoingQueued {
			e.To = append(e.To, rcpt.Address)
			e.SMTPUTF8 = e.SMTPUTF8 || !isASCII([]byte(rcpt.Address))
		}
	}
	return e
}

func isASCII(b []byte) bool {
	return !slices.ContainsFunc(b, func(c byte) bool { return c >= 0x80 })
}

// end decides what an attempt has come to and stores it.
func (r *run) end(ctx context.Context, m *mailstead.OutgoingMessage, started time.Time, receipt mailstead.Receipt, cause error) {
	if r.s.accountFailure(&r.account, cause) {
		r.s.settleAll(m, r.fail(ctx, cause))
	} else {
		r.s.settle(m, &r.account, receipt, cause)
		switch {
		case cause == nil:
			r.well(ctx)
		case mailstead.KindOf(cause) == mailstead.KindInternal:
			r.s.c.Logger.LogAttrs(ctx, slog.LevelError, "attempt failed", slog.Int64("outgoing_id", int64(m.ID)), slog.Any("err", cause))
		}
	}
	r.store(ctx, m, started)
}

// store stores the end of an attempt while the connection goes on with the next
// mail.
func (r *run) store(ctx context.Context, m *mailstead.OutgoingMessage, started time.Time) {
	a := mailstead.Attempt{
		OutgoingID: m.ID, Number: m.Attempts, StartedAt: started, EndedAt: r.s.c.Now(), State: m.State, Code: m.Code, Reply: m.Reply,
	}
	r.ends <- struct{}{}
	r.endGroup.Go(func() {
		defer func() { <-r.ends }()
		r.s.finish(ctx, m, &a)
	})
}

// finish stores the end of an attempt. A store that fails for a moment must not
// leave a mail behind as if it were still being sent.
func (s *Service) finish(ctx context.Context, m *mailstead.OutgoingMessage, a *mailstead.Attempt) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTime)
	defer cancel()
	pause := 50 * time.Millisecond
	for {
		err := s.c.Store.FinishAttempt(ctx, *m, *a)
		if err == nil {
			return
		}
		kind := mailstead.KindOf(err)
		if kind == mailstead.KindConflict || kind == mailstead.KindNotFound || ctx.Err() != nil {
			s.c.Logger.LogAttrs(ctx, slog.LevelError, "end of attempt not stored",
				slog.Int64("outgoing_id", int64(m.ID)), slog.String("state", string(m.State)), slog.Any("err", err))
			return
		}
		t := time.NewTimer(pause)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
		}
		pause *= 2
	}
}

// failure is why an account cannot send at present.
type failure struct {
	why mailstead.Explanation
	// reply is the server's own words.
	reply string
	// trouble needs a person; else the account is tried again at until.
	trouble bool
	until   time.Time
}

// fail ends the run, once: nothing more is handed out, the account's health is
// stored, and for what may pass by itself the account pauses, longer with each
// failure in a row.
func (r *run) fail(ctx context.Context, cause error) *failure {
	s := r.s
	r.mu.Lock()
	if f := r.failed; f != nil {
		r.mu.Unlock()
		return f
	}
	why := s.explain(&r.account, cause)
	f := &failure{why: why, reply: words(cause), trouble: needsPerson(cause) && !isLimit(&why)}
	if !f.trouble {
		s.mu.Lock()
		r.line.failures++
		f.until = s.c.Now().Add(spread(s.c.delay(r.line.failures)))
		r.line.pausedUntil = f.until
		s.mu.Unlock()
	}
	r.failed = f
	close(r.over)
	r.mu.Unlock()
	state := mailstead.HealthRetrying
	if f.trouble {
		state = mailstead.HealthTrouble
	}
	r.tell(ctx, state, &f.why)
	return f
}

// delay is the pause after n failures.
func (c *Config) delay(n int) time.Duration {
	return c.RetryDelays[min(max(n, 1), len(c.RetryDelays))-1]
}

// spread lengthens a pause a little, so that what failed together does not come
// back together.
func spread(d time.Duration) time.Duration {
	return d + rand.N(d/8+1) //nolint:gosec // spreads load, guards nothing
}

// healthAge is how old the account's last success may be before a new one is
// stored.
const healthAge = time.Minute

// well notes a success.
func (r *run) well(ctx context.Context) {
	r.mu.Lock()
	if r.failed == nil {
		r.s.mu.Lock()
		r.line.failures, r.line.pausedUntil = 0, time.Time{}
		r.s.mu.Unlock()
	}
	news := r.failed == nil && r.told == ""
	r.mu.Unlock()
	h := &r.account.Outgoing.Health
	if news && (h.State != mailstead.HealthOK || r.s.c.Now().Sub(h.SuccessAt) >= healthAge) {
		r.tell(ctx, mailstead.HealthOK, &mailstead.Explanation{})
	}
}

// tell stores the account's health, each state once a run.
func (r *run) tell(ctx context.Context, state mailstead.HealthState, why *mailstead.Explanation) {
	r.mu.Lock()
	told := r.told
	r.told = state
	r.mu.Unlock()
	if told == state {
		return
	}
	now := r.s.c.Now()
	h := mailstead.Health{
		State: state, Code: why.Code, Text: why.Cause, Action: why.Action, CheckedAt: now, SuccessAt: r.account.Outgoing.Health.SuccessAt,
	}
	if state == mailstead.HealthOK {
		h.SuccessAt = now
	}
	r.s.setHealth(ctx, r.account.ID, h)
}

func (s *Service) setHealth(ctx context.Context, id mailstead.AccountID, h mailstead.Health) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTime)
	defer cancel()
	if err := s.c.Store.SetHealth(ctx, id, mailstead.SideOutgoing, h); err != nil {
		s.c.Logger.LogAttrs(ctx, slog.LevelError, "account health not stored", slog.Int64("account_id", int64(id)), slog.Any("err", err))
	}
	if h.State != mailstead.HealthOK {
		s.c.Logger.LogAttrs(ctx, slog.LevelInfo, "sending paused", slog.Int64("account_id", int64(id)), slog.String("code", h.Code))
	}
}
