// Package dial makes every outgoing connection of Mailstead.
//
// Connect goes through these steps, each with its own time limit and each told
// to Options.Trace:
//
//  1. dns: the name is resolved once. An IP address needs no look-up.
//  2. tcp: every address is shown to the network guard (see Config.Allowed);
//     what passes is dialled by address, never by name, so that a second answer
//     of the name server changes nothing. Addresses are tried in the order of
//     the resolver, the next one shortly after the last (RFC 8305 section 5).
//  3. tls: for SecurityTLS the handshake, with the certificate always verified
//     against the name that was asked for.
//
// The Conn that results turns a silent peer into an error: every read and write
// has a rolling deadline, and Bind ties it to a context.
package dial

import (
	"context"
	"crypto/x509"
	"net"
	"net/netip"
	"time"

	"github.com/mailstead/mailstead"
)

// Resolver finds the addresses of a host; *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Config is what the operator decides about outgoing connections. The zero
// value reaches public addresses only and trusts the system's authorities.
type Config struct {
	// Allowed are networks that may be reached beside the public ones.
	Allowed []netip.Prefix
	// Roots are the trusted authorities; nil means those of the system.
	Roots *x509.CertPool
	// Trust are servers that are trusted beyond Roots; nil means none.
	Trust *TrustTable
	// Hosts are names that lead to listeners of this program; nil means none.
	Hosts Hosts
	// Resolver finds addresses; nil means net.DefaultResolver.
	Resolver Resolver
	// ConnectTimeout bounds the look-up and the connection, each; default 15 s.
	ConnectTimeout time.Duration
	// HandshakeTimeout bounds a TLS handshake; default 15 s.
	HandshakeTimeout time.Duration
	// IOTimeout bounds one read or write of a Conn; default 60 s.
	IOTimeout time.Duration
	// Now is the clock that certificates are checked against and durations are
	// measured with; nil means the machine's. Deadlines of sockets and contexts
	// always go by the machine's clock.
	Now func() time.Time
}

// Dialer opens connections. It is safe for use by many goroutines.
type Dialer struct {
	config Config
	guard  guard
	net    net.Dialer
}

// New returns a Dialer; it does no I/O.
func New(c Config) *Dialer {
	if c.Resolver == nil {
		c.Resolver = net.DefaultResolver
	}
	if c.ConnectTimeout <= 0 {
		c.ConnectTimeout = 15 * time.Second
	}
	if c.HandshakeTimeout <= 0 {
		c.HandshakeTimeout = 15 * time.Second
	}
	if c.IOTimeout <= 0 {
		c.IOTimeout = time.Minute
	}
	if c.Now == nil {
		c.Now = time.Now //nolint:forbidigo // the default of the clock field
	}
	return &Dialer{config: c, guard: guard{allowed: c.Allowed}}
}

// Options are the wishes of one call.
type Options struct {
	// Admin lifts the limit to mail ports. The guard of addresses stays.
	Admin bool
	// web is for Fetch: the port of web servers may be dialled, too.
	web bool
	// Buffered is for StartTLS: how many bytes the caller has read beyond the
	// server's go-ahead.
	Buffered int
	// Trace, if set, is called once for every finished step with its duration
	// and its error.
	Trace func(stage mailstead.StageName, took time.Duration, err error)
}

// Connect opens a connection to s, with TLS when s.Security is SecurityTLS; for
// SecurityStartTLS the driver calls StartTLS once the server has agreed. ctx
// bounds Connect alone, see Conn.Bind for what follows. Errors are
// *mailstead.Error.
func (d *Dialer) Connect(ctx context.Context, s mailstead.Server, o Options) (c *Conn, err error) {
	if p, ok := d.place(s.Host); ok {
		c, err = d.connectPlace(ctx, p, s.Port, o)
	} else {
		c, err = d.connectPublic(ctx, s, o)
	}
	if err != nil || s.Security != mailstead.SecurityTLS {
		return c, err
	}
	return d.handshake(ctx, c, s, o)
}

// connectPublic looks a name up and dials what the guard lets pass.
func (d *Dialer) connectPublic(ctx context.Context, s mailstead.Server, o Options) (c *Conn, err error) {
	var addrs []netip.Addr
	err = d.step(o, mailstead.StageDNS, func() (err error) {
		addrs, err = d.resolve(ctx, s.Host)
		return err
	})
	if err != nil {
		return nil, err
	}
	err = d.step(o, mailstead.StageTCP, func() error {
		targets, err := d.guard.pass(addrs, s.Port, o)
		if err != nil {
			return err
		}
		c, err = d.dial(ctx, targets)
		return err
	})
	return c, err
}

// dial opens a connection to the first target that answers.
func (d *Dialer) dial(ctx context.Context, targets []netip.AddrPort) (*Conn, error) {
	raw, err := d.dialFirst(ctx, targets)
	if err != nil {
		return nil, Classify("dial.Connect", err)
	}
	return newConn(raw, d.config.IOTimeout), nil
}

// step runs one step and traces it.
func (d *Dialer) step(o Options, stage mailstead.StageName, f func() error) error {
	start := d.config.Now()
	err := f()
	if o.Trace != nil {
		o.Trace(stage, d.config.Now().Sub(start), err)
	}
	return err
}

func (d *Dialer) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, d.config.ConnectTimeout)
	defer cancel()
	addrs, err := d.config.Resolver.LookupNetIP(ctx, "ip", host)
	if err == nil && len(addrs) == 0 {
		err = &net.DNSError{Err: "no addresses", Name: host, IsNotFound: true}
	}
	if err != nil {
		return nil, classifyLookup(err)
	}
	return addrs, nil
}

const (
	// attemptDelay is how long the next address waits for the one before it:
	// the value that RFC 8305 section 8 recommends.
	attemptDelay = 250 * time.Millisecond
	// maxTargets bounds how many addresses of one name are tried.
	maxTargets = 8
)

// dialFirst returns the first connection that comes about. When it returns, no
// other attempt is under way.
func (d *Dialer) dialFirst(ctx context.Context, targets []netip.AddrPort) (net.Conn, error) {
	type result struct {
		conn net.Conn
		err  error
	}
	ctx, cancel := context.WithTimeout(ctx, d.config.ConnectTimeout)
	results := make(chan result, len(targets))
	pending := 0
	defer func() {
		cancel()
		for ; pending > 0; pending-- {
			if r := <-results; r.err == nil {
				_ = r.conn.Close()
			}
		}
	}()
	next := time.NewTimer(attemptDelay)
	defer next.Stop()
	var failure error
	for len(targets) > 0 || pending > 0 {
		var more <-chan time.Time
		if len(targets) > 0 {
			target := targets[0].String()
			targets = targets[1:]
			pending++
			go func() {
				conn, err := d.net.DialContext(ctx, "tcp", target)
				results <- result{conn, err}
			}()
			next.Reset(attemptDelay)
		}
		if len(targets) > 0 {
			more = next.C
		}
		select {
		case r := <-results:
			pending--
			if r.err == nil {
				return r.conn, nil
			}
			failure = tellingError(failure, r.err)
		case <-more:
		}
	}
	return nil, failure
}
