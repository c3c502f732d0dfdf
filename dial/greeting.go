package dial

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/mailstead/mailstead"
)

const (
	// silence is how long a server may take to greet before it is suspected of
	// waiting for TLS to begin.
	silence = 3 * time.Second
	// probeTimeout bounds the connection that confirms the suspicion.
	probeTimeout = 2 * silence
)

// AwaitGreeting waits until the server begins to speak, as it must on a connection
// without TLS. With the wrong security both sides would wait for each other: when
// the server stays silent, a second connection tells whether it speaks TLS from the
// beginning, and then the error is tls.wrong_mode. Any other failure is left to
// whoever reads the greeting.
func (d *Dialer) AwaitGreeting(ctx context.Context, c *Conn, s mailstead.Server, o Options) error {
	if c.Encrypted() || !c.socket.quiet(min(silence, d.config.IOTimeout)) || !d.speaksTLS(ctx, s, o) {
		return nil
	}
	return &mailstead.Error{
		Kind: mailstead.KindPermanent, Code: "tls.wrong_mode", Op: "dial.AwaitGreeting",
		Text: "The server speaks TLS from the beginning on this port.",
	}
}

// speaksTLS reports whether the server answers a TLS handshake, be its certificate
// good or not.
func (d *Dialer) speaksTLS(ctx context.Context, s mailstead.Server, o Options) bool {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	s.Security = mailstead.SecurityTLS
	c, err := d.Connect(ctx, s, Options{Admin: o.Admin})
	if err == nil {
		_ = c.Close()
		return true
	}
	switch mailstead.CodeOf(err) {
	case "tls.untrusted", "tls.name_mismatch", "tls.expired", "tls.key_changed":
		return true
	}
	return false
}

// quiet reports whether no byte arrives for that long. A byte that does is kept
// for Read.
func (s *socket) quiet(limit time.Duration) bool {
	if err := s.Conn.SetReadDeadline(deadline(limit)); err != nil {
		return false
	}
	var first [1]byte
	n, err := s.Conn.Read(first[:])
	s.ahead = append(s.ahead, first[:n]...)
	return n == 0 && errors.Is(err, os.ErrDeadlineExceeded)
}
