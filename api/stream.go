package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/mailstead/mailstead"
)

const (
	streamPage = 200
	// streamWrite is how long a client may take to accept what is written.
	streamWrite = 20 * time.Second
	// streamRetry is after how many milliseconds a client comes back.
	streamRetry = 3000
)

// maxStreams is how many event streams one user may have open: each browser tab has
// one.
const maxStreams = 30

// streamCount counts open event streams. The operator, user 0, is not counted.
type streamCount struct {
	mu   sync.Mutex
	open map[mailstead.UserID]int
}

// begin counts one more, unless there are too many.
func (c *streamCount) begin(user mailstead.UserID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if user == 0 {
		return true
	}
	if c.open[user] >= maxStreams {
		return false
	}
	if c.open == nil {
		c.open = make(map[mailstead.UserID]int)
	}
	c.open[user]++
	return true
}

func (c *streamCount) end(user mailstead.UserID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open[user] > 1 {
		c.open[user]--
		return
	}
	delete(c.open, user)
}

// eventStream is one client that follows the events.
type eventStream struct {
	h     *Handler
	actor mailstead.Actor
	after mailstead.EventID
	w     http.ResponseWriter
	rc    *http.ResponseController
}

// run writes events, those of the first page first, until the client goes away, its
// sign-in ends or the service stops. next is the position behind the first page.
func (s *eventStream) run(w http.ResponseWriter, r *http.Request, first []mailstead.Event, next mailstead.EventID) {
	head := w.Header()
	head.Set("Content-Type", "text/event-stream; charset=utf-8")
	// Proxies must hand on every line at once.
	head.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return
	}
	s.w, s.rc = w, http.NewResponseController(w)
	// The next request on this connection gets a deadline of its own.
	defer func() { _ = s.rc.SetWriteDeadline(time.Time{}) }()
	signal, cancel := s.h.c.Events.Subscribe()
	defer cancel()
	alive := time.NewTicker(s.h.c.KeepAlive)
	defer alive.Stop()

	ctx := r.Context()
	if s.write(fmt.Sprintf("retry: %d\nid: %d\n\n", streamRetry, s.after)) != nil || s.send(first) != nil {
		return
	}
	s.after = next
	// What was committed before Subscribe gave no signal.
	if s.catchUp(ctx) != nil {
		return
	}
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-s.h.stopped:
			return
		case <-signal:
			err = s.catchUp(ctx)
		case <-alive.C:
			if s.actor, err = s.h.authenticate(ctx); err == nil {
				err = s.write(": alive\n\n")
			}
		}
		if err != nil {
			return
		}
	}
}

// catchUp sends everything behind the cursor. An error ends the stream; the client
// comes back with its cursor and learns the reason then.
func (s *eventStream) catchUp(ctx context.Context) error {
	for {
		page, next, err := s.h.c.Events.Events(ctx, s.actor, s.after, streamPage)
		if err != nil {
			if ctx.Err() == nil {
				s.h.logDefect(ctx, "streamEvents", err)
			}
			return err
		}
		if len(page) == 0 {
			s.after = next
			return nil
		}
		// Who was switched off or is no administrator any more gets nothing of it.
		before := s.actor
		if s.actor, err = s.h.authenticate(ctx); err != nil {
			return err
		}
		if s.actor.IsAdmin() != before.IsAdmin() {
			continue
		}
		if err := s.send(page); err != nil {
			return err
		}
		s.after = next
	}
}

// send writes events and moves the cursor behind them.
func (s *eventStream) send(events []mailstead.Event) error {
	for i := range events {
		data, err := json.Marshal(&events[i])
		if err != nil {
			return err
		}
		if err := s.write(fmt.Sprintf("id: %d\nevent: %s\ndata: %s\n\n", events[i].ID, events[i].Type, data)); err != nil {
			return err
		}
		s.after = events[i].ID
	}
	return nil
}

func (s *eventStream) write(text string) error {
	if err := s.rc.SetWriteDeadline(s.h.c.Now().Add(streamWrite)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := s.w.Write([]byte(text)); err != nil {
		return err
	}
	return s.rc.Flush()
}
