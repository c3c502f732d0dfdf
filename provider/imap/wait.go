package imap

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/mailstead/mailstead"
)

const (
	// farewell is how long a server may take to end IDLE once ctx has ended.
	farewell = 5 * time.Second
	// minPatience is the shortest silence that a server which used to say that it
	// is still there is asked about.
	minPatience = time.Minute
)

// Wait implements mailstead.Watcher by IDLE (RFC 2177, RFC 9051 section 6.3.13),
// or by NOOP now and then where the server has no IDLE. While it waits the
// connection holds no more than a small buffer, and no goroutine beside the
// caller's.
func (s *session) Wait(ctx context.Context) (changed bool, err error) {
	const op = "imap.Wait"
	if s.selected == "" {
		return false, &mailstead.Error{Op: op, Err: errNotSelected}
	}
	s.rd.resize(smallBuffer)
	s.resp = response{}
	for !s.changed && ctx.Err() == nil {
		if s.has("IDLE") {
			err = s.idle(ctx)
		} else {
			err = s.poll(ctx)
		}
		if err != nil {
			if ctx.Err() != nil {
				return false, nil
			}
			return false, wrap(op, err)
		}
	}
	changed = s.changed
	s.changed = false
	return changed, nil
}

// idle runs one IDLE command: until something happens, until ctx ends or until
// the time has come to start anew.
func (s *session) idle(ctx context.Context) error {
	s.rd.budget = max(s.rd.budget, baseBudget)
	tag, err := s.send("IDLE")
	if err != nil {
		return err
	}
	end := idleEnd{conn: s.conn}
	stop := context.AfterFunc(ctx, end.interrupt)
	defer stop()
	st, refused, err := s.awaitGo(tag, s.heard)
	if err != nil {
		return err
	}
	if refused {
		end.leave()
		delete(s.caps, "IDLE")
		if st.kind == "NO" {
			return replyError("imap.Wait", "", st)
		}
		return nil
	}
	end.begin()
	ended, err := s.untilNews(&end)
	if ended || err != nil {
		end.leave()
		return err
	}
	if err := end.done(); err != nil {
		s.broken = err
		return err
	}
	_, err = s.await(tag, s.heard)
	s.nc.SetIdle(0)
	return err
}

// untilNews reads until something has changed or nothing more is to be waited
// for: the IDLE has lasted long enough, or a server that used to say that it is
// still there is silent. ended tells that the IDLE is over already, at our word
// or the server's.
func (s *session) untilNews(end *idleEnd) (ended bool, err error) {
	now := s.driver.config.Now
	patience := s.driver.config.IdleRestart
	last := now()
	for until := last.Add(patience); !s.changed; {
		left := min(patience, until.Sub(now()))
		if left <= 0 {
			return false, nil
		}
		end.patience(left)
		err := s.rd.wait()
		var timeout net.Error
		switch {
		case errors.As(err, &timeout) && timeout.Timeout() && !end.interrupted():
			return false, nil
		case err != nil:
			s.broken = err
			return false, err
		}
		a, err := s.read()
		if err != nil {
			return false, err
		}
		if a.tag != "" {
			return true, nil
		}
		if a.st.kind == "OK" { // "* OK Still here"
			patience = min(patience, max(2*now().Sub(last), minPatience))
			last = now()
		}
		s.heard(a)
	}
	return false, nil
}

// idleEnd ends an IDLE from two sides, the reader's and the context's, so that
// DONE is written once, and not before the server has entered the IDLE.
type idleEnd struct {
	conn *conn
	mu   sync.Mutex
	// idling tells that DONE may be written, told that it was or need not be,
	// wanted that ctx has ended.
	idling, told, wanted bool
}

// begin tells that the server idles.
func (e *idleEnd) begin() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.idling = true
	if e.wanted {
		e.farewell()
	}
}

// interrupt is called when ctx ends.
func (e *idleEnd) interrupt() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.wanted = true
	if !e.told {
		e.farewell()
	}
}

// farewell asks the server to end the IDLE, and gives it little time.
func (e *idleEnd) farewell() {
	e.conn.nc.SetIdle(farewell)
	if e.idling {
		e.told = true
		_ = e.write() // an error shows up at the reader, too
	}
}

// interrupted tells whether ctx has ended.
func (e *idleEnd) interrupted() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.wanted
}

// patience sets how long the reader waits, unless ctx has ended.
func (e *idleEnd) patience(d time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.wanted {
		e.conn.nc.SetIdle(d)
	}
}

// leave tells that there is no IDLE to end any more. From here on the connection
// has its usual time limits.
func (e *idleEnd) leave() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.told = true
	e.conn.nc.SetIdle(0)
}

// done ends the IDLE from the reader's side, unless that was done.
func (e *idleEnd) done() (err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.told {
		e.told = true
		e.conn.nc.SetIdle(0)
		err = e.write()
	}
	return err
}

func (e *idleEnd) write() error {
	_, err := e.conn.nc.Write([]byte("DONE\r\n"))
	return err
}

// poll pauses and looks: any command brings the news (RFC 9051 section 6.1.2).
func (s *session) poll(ctx context.Context) error {
	pause := time.NewTimer(s.driver.config.PollInterval)
	defer pause.Stop()
	select {
	case <-ctx.Done():
		return nil
	case <-pause.C:
	}
	unbind := s.bind(ctx)
	defer unbind()
	st, err := s.ask("NOOP")
	if err == nil && !st.ok() {
		err = replyError("imap.Wait", "", st)
	}
	return err
}
