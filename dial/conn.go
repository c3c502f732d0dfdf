package dial

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"sync/atomic"
	"time"
)

// Conn is an open connection. A read or write that makes no progress for
// Config.IOTimeout fails with a timeout; a deadline set by SetDeadline,
// SetReadDeadline or SetWriteDeadline rules instead until it is cleared with the
// zero time. One goroutine may read while another writes.
type Conn struct {
	// Conn is the TLS connection, or the socket itself.
	net.Conn
	socket *socket
}

func newConn(raw net.Conn, timeout time.Duration) *Conn {
	s := &socket{Conn: raw, timeout: timeout}
	s.readTimeout.Store(int64(timeout))
	return &Conn{Conn: s, socket: s}
}

// Encrypted reports whether TLS protects the connection.
func (c *Conn) Encrypted() bool {
	_, ok := c.Conn.(*tls.Conn)
	return ok
}

// Certificate returns the server's certificate, nil without TLS.
func (c *Conn) Certificate() *x509.Certificate {
	t, ok := c.Conn.(*tls.Conn)
	if !ok {
		return nil
	}
	chain := t.ConnectionState().PeerCertificates
	if len(chain) == 0 {
		return nil
	}
	return chain[0]
}

// SetIdle changes how long a read may wait for the peer, also for one that is
// waiting already; 0 restores Config.IOTimeout. IDLE (RFC 2177) needs it.
func (c *Conn) SetIdle(d time.Duration) {
	s := c.socket
	if d <= 0 {
		d = s.timeout
	}
	s.readTimeout.Store(int64(d))
	if !s.readFixed.Load() {
		_ = s.Conn.SetReadDeadline(deadline(d))
	}
}

// Bind closes the connection as soon as ctx ends, so that pending reads and
// writes return at once, with the cause of ctx as their error. unbind undoes it
// and reports whether it came in time; without Bind a Conn knows no context.
func (c *Conn) Bind(ctx context.Context) (unbind func() bool) {
	s := c.socket
	return context.AfterFunc(ctx, func() {
		cause := context.Cause(ctx)
		s.cause.CompareAndSwap(nil, &cause)
		// The socket, not the TLS connection: its Close would wait to say goodbye.
		_ = s.Close()
	})
}

// socket is the TCP connection below a Conn. Deadlines are set here, below TLS,
// so that what TLS writes by itself (RFC 8446 section 4.6.3) has one, too.
type socket struct {
	net.Conn
	timeout     time.Duration
	readTimeout atomic.Int64
	// readFixed and writeFixed tell that the user's own deadline rules.
	readFixed, writeFixed atomic.Bool
	// ahead was read before its reader came, see Dialer.AwaitGreeting.
	ahead []byte
	// cause is why a context closed the connection.
	cause atomic.Pointer[error]
}

func (s *socket) Read(b []byte) (int, error) {
	if len(s.ahead) > 0 {
		n := copy(b, s.ahead)
		s.ahead = s.ahead[n:]
		return n, nil
	}
	if !s.readFixed.Load() {
		if err := s.Conn.SetReadDeadline(deadline(time.Duration(s.readTimeout.Load()))); err != nil {
			return 0, s.why(err)
		}
	}
	n, err := s.Conn.Read(b)
	return n, s.why(err)
}

func (s *socket) Write(b []byte) (int, error) {
	if !s.writeFixed.Load() {
		if err := s.Conn.SetWriteDeadline(deadline(s.timeout)); err != nil {
			return 0, s.why(err)
		}
	}
	n, err := s.Conn.Write(b)
	return n, s.why(err)
}

func (s *socket) SetDeadline(t time.Time) error {
	s.readFixed.Store(!t.IsZero())
	s.writeFixed.Store(!t.IsZero())
	return s.Conn.SetDeadline(t)
}

func (s *socket) SetReadDeadline(t time.Time) error {
	s.readFixed.Store(!t.IsZero())
	return s.Conn.SetReadDeadline(t)
}

func (s *socket) SetWriteDeadline(t time.Time) error {
	s.writeFixed.Store(!t.IsZero())
	return s.Conn.SetWriteDeadline(t)
}

// why returns the reason behind err when a context closed the connection.
func (s *socket) why(err error) error {
	if err != nil {
		if cause := s.cause.Load(); cause != nil {
			return *cause
		}
	}
	return err
}

func deadline(d time.Duration) time.Time {
	return time.Now().Add(d) //nolint:forbidigo // a socket's deadline goes by the machine's clock
}
