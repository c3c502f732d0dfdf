package outbox

import (
	"context"
	"sync"
	"time"

	"github.com/mailstead/mailstead"
)

// line is what is remembered of an account between two runs. Service.mu guards
// its fields.
type line struct {
	idle []*connection
	// pausedUntil keeps runs away after the server or the network failed;
	// failures counts such failures in a row.
	pausedUntil time.Time
	failures    int
	// most is how many connections the server lets us have, 0 when no limit was
	// met; it is forgotten at mostUntil.
	most      int
	mostUntil time.Time
	// healed asks the next run to release held mail and to connect anew.
	healed bool
	// holds tells that the account may have held mail.
	holds bool
	// probedAt is when an account in trouble was last tried.
	probedAt time.Time
}

// connection is an open connection of an account.
type connection struct {
	mailstead.Sender
	// proven tells that the server answered since the connection was last idle.
	proven    bool
	idleSince time.Time
}

func (s *Service) line(id mailstead.AccountID) *line {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lines[id]
	if l == nil {
		l = &line{}
		s.lines[id] = l
	}
	return l
}

// isHealed reports whether the account is to be looked at anew.
func (s *Service) isHealed(l *line) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return l.healed
}

// resume ends the account's pause. One more failure begins the next, longer one.
func (s *Service) resume(id mailstead.AccountID) {
	l := s.line(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	l.pausedUntil = time.Time{}
}

// setHolds notes whether the account may have held mail.
func (s *Service) setHolds(l *line, holds bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.holds = holds
}

// takeIdle returns a waiting connection, or nil.
func (s *Service) takeIdle(l *line) *connection {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n := len(l.idle); n > 0; n = len(l.idle) {
		c := l.idle[n-1]
		l.idle = l.idle[:n-1]
		if c.Alive() {
			c.proven = false
			return c
		}
		_ = c.Close()
	}
	return nil
}

// putIdle keeps a connection for the next mail.
func (s *Service) putIdle(l *line, c *connection) {
	if c == nil {
		return
	}
	s.mu.Lock()
	keep := c.Alive() && !s.stopped && !l.healed
	if keep {
		c.idleSince = s.c.Now()
		l.idle = append(l.idle, c)
	}
	s.mu.Unlock()
	if !keep {
		_ = c.Close()
	}
}

// closeIdle closes all waiting connections.
func (s *Service) closeIdle() {
	var closing []*connection
	s.mu.Lock()
	for _, l := range s.lines {
		closing = append(closing, l.idle...)
		l.idle = nil
	}
	s.mu.Unlock()
	for _, c := range closing {
		_ = c.Close()
	}
}

// expireIdle closes the connections that have waited too long.
func (s *Service) expireIdle() {
	limit := s.c.Now().Add(-s.c.IdleTimeout)
	var closing []*connection
	s.mu.Lock()
	for _, l := range s.lines {
		kept := l.idle[:0]
		for _, c := range l.idle {
			if c.idleSince.After(limit) {
				kept = append(kept, c)
			} else {
				closing = append(closing, c)
			}
		}
		clear(l.idle[len(kept):])
		l.idle = kept
	}
	s.mu.Unlock()
	for _, c := range closing {
		_ = c.Close()
	}
}

// lasting returns a context that outlives ctx by grace: what was begun may come
// to its end.
func lasting(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	out, cancel := context.WithCancel(context.WithoutCancel(ctx))
	timer := make(chan *time.Timer, 1)
	unwatch := context.AfterFunc(ctx, func() { timer <- time.AfterFunc(grace, cancel) })
	return out, sync.OnceFunc(func() {
		if !unwatch() {
			(<-timer).Stop()
		}
		cancel()
	})
}
