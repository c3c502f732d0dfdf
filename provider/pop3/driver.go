package pop3

import (
	"context"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/dial"
)

// Config is what a Driver works with.
type Config struct {
	// Dialer makes the connections.
	Dialer *dial.Dialer
	// Now is the clock that steps are timed with, and the arrival of mails that
	// tell none; nil means the machine's.
	Now func() time.Time
	// SignInTimeout bounds everything up to the signed-in state; default 2 minutes.
	SignInTimeout time.Duration
}

// Driver opens mailboxes by POP3. It is safe for use by many goroutines.
type Driver struct{ config Config }

var (
	_ mailstead.SourceDriver = (*Driver)(nil)
	_ mailstead.Source       = (*session)(nil)
	_ mailstead.Maildrop     = (*session)(nil)
)

// New returns a Driver; it does no I/O.
func New(c Config) *Driver {
	if c.Now == nil {
		c.Now = time.Now //nolint:forbidigo // the default of the clock field
	}
	if c.SignInTimeout <= 0 {
		c.SignInTimeout = 2 * time.Minute
	}
	return &Driver{config: c}
}

// Open implements mailstead.SourceDriver.
func (d *Driver) Open(ctx context.Context, a mailstead.Access) (mailstead.Source, error) {
	s, err := d.open(ctx, a, nil)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// trace is told of every finished step.
type trace func(stage mailstead.StageName, took time.Duration, err error)

// step runs one step and traces it.
func (d *Driver) step(t trace, stage mailstead.StageName, f func() error) error {
	if t == nil {
		return f()
	}
	start := d.config.Now()
	err := f()
	t(stage, d.config.Now().Sub(start), err)
	return err
}

// open connects and signs in.
func (d *Driver) open(ctx context.Context, a mailstead.Access, t trace) (*session, error) {
	ctx, cancel := context.WithTimeout(ctx, d.config.SignInTimeout)
	defer cancel()
	nc, err := d.config.Dialer.Connect(ctx, a.Server, dial.Options{Admin: a.Admin, Trace: t})
	if err != nil {
		return nil, err
	}
	c := newConn(nc, d.config.Now)
	unbind := c.bind(ctx)
	err = d.signIn(ctx, c, a, t)
	unbind()
	if err == nil && c.broken != nil {
		err = wrap("pop3.Open", c.broken)
	}
	if err != nil {
		_ = c.nc.Close()
		return nil, err
	}
	return &session{conn: c}, nil
}

// signIn goes from the greeting to the signed-in state.
func (d *Driver) signIn(ctx context.Context, c *conn, a mailstead.Access, t trace) error {
	err := d.step(t, mailstead.StageGreeting, func() error {
		if t != nil {
			// Only a test looks for the reason of silence.
			if err := d.config.Dialer.AwaitGreeting(ctx, c.nc, a.Server, dial.Options{Admin: a.Admin}); err != nil {
				return err
			}
		}
		return c.greeting()
	})
	if err != nil {
		return err
	}
	if err := d.step(t, mailstead.StageCapabilities, c.askCaps); err != nil {
		return err
	}
	if a.Server.Security == mailstead.SecurityStartTLS {
		if err := d.startTLS(ctx, c, a, t); err != nil {
			return err
		}
	}
	return d.step(t, mailstead.StageLogin, func() error {
		// What was said before TLS counts for nothing: RFC 2595 section 4.
		if err := c.askCaps(); err != nil {
			return err
		}
		return c.login(a)
	})
}

// startTLS protects the connection (RFC 2595 section 4). Whatever stands in its
// way ends the sign-in: going on without would hand the secret to anybody in
// between.
func (d *Driver) startTLS(ctx context.Context, c *conn, a mailstead.Access, t trace) error {
	if err := c.requestTLS(); err != nil {
		if t != nil {
			t(mailstead.StageTLS, 0, err)
		}
		return err
	}
	nc, err := d.config.Dialer.StartTLS(ctx, c.nc, a.Server, dial.Options{
		Admin: a.Admin, Trace: t, Buffered: c.rd.buffered(),
	})
	if err != nil {
		return err
	}
	c.use(nc)
	return nil
}

// requestTLS gets the server's go-ahead.
func (c *conn) requestTLS() error {
	const op = "pop3.STLS"
	missing := &mailstead.Error{
		Kind: mailstead.KindPermanent, Code: "tls.starttls_missing", Op: op,
		Text: "The server does not offer STLS, which this account demands.",
	}
	if c.toldCaps && !c.has("STLS") {
		return missing
	}
	r, err := c.command("STLS")
	if err != nil {
		return wrap(op, err)
	}
	if !r.ok {
		missing.Text = "The server refuses STLS, which this account demands."
		missing.Err = c.refusal(op, mailstead.StageTLS, r)
		return missing
	}
	return nil
}
