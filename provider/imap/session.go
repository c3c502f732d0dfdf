package imap

import (
	"context"
	"errors"
)

// session is a signed-in connection.
type session struct {
	*conn
	driver *Driver
	// selected is the open folder's path, empty when none is open.
	selected    string
	uidValidity uint32
	// condstore tells that the open folder keeps mod-sequences (RFC 7162).
	condstore bool
	// total is how many messages the open folder holds, as last heard.
	total int64
	// changed tells that something happened in the open folder since Select that
	// Wait has not told yet: the server says it only once.
	changed bool
}

var errNotSelected = errors.New("imap: no folder is open")

// Close says goodbye, without waiting for the answer, and closes the connection.
func (s *session) Close() error {
	if s.broken == nil {
		_, _ = s.send("LOGOUT")
		s.broken = errors.New("imap: the connection was closed by us")
	}
	_ = s.nc.Close()
	return nil
}

// begin prepares the connection for a step of ctx; end undoes that and gives
// the step's error its form.
func (s *session) begin(ctx context.Context, op string) (end func(*error)) {
	unbind := s.bind(ctx)
	return func(err *error) {
		unbind()
		*err = wrap(op, *err)
	}
}

// heard takes note of what the server says unasked (RFC 9051 section 7).
func (s *session) heard(a answer) {
	switch u := a.u; {
	case u.is("EXISTS"):
		if u.num != s.total {
			s.total, s.changed = u.num, true
		}
	case u.is("EXPUNGE"):
		s.total, s.changed = max(s.total-1, 0), true
	case u.is("FETCH"), u.is("VANISHED"):
		s.changed = true
	}
}

// ask runs a command and hears what else comes.
func (s *session) ask(line string) (status, error) { return s.run(line, s.heard) }
