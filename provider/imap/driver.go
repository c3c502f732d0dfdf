package imap

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
	// Now is the clock that steps are timed with; nil means the machine's.
	Now func() time.Time
	// Version is told to servers that ask who we are (RFC 2971).
	Version string
	// SignInTimeout bounds everything up to the signed-in state; default 2 minutes.
	SignInTimeout time.Duration
	// IdleRestart is how long one IDLE command lasts; default 9 minutes. Some
	// routers forget a quiet connection after ten, RFC 2177 asks for less than 30.
	IdleRestart time.Duration
	// PollInterval is the pause between looks at a server without IDLE; default
	// 2 minutes.
	PollInterval time.Duration
}

// Driver opens mailboxes by IMAP. It is safe for use by many goroutines.
type Driver struct {
	config Config
	roles  roleTable
}

var (
	_ mailstead.SourceDriver = (*Driver)(nil)
	_ mailstead.Source       = (*session)(nil)
	_ mailstead.Watcher      = (*session)(nil)
	_ mailstead.Appender     = (*session)(nil)
	_ mailstead.Flagger      = (*session)(nil)
)

// New returns a Driver; it does no I/O.
func New(c Config) *Driver {
	if c.Now == nil {
		c.Now = time.Now //nolint:forbidigo // the default of the clock field
	}
	if c.SignInTimeout <= 0 {
		c.SignInTimeout = 2 * time.Minute
	}
	if c.IdleRestart <= 0 {
		c.IdleRestart = 9 * time.Minute
	}
	if c.PollInterval <= 0 {
		c.PollInterval = 2 * time.Minute
	}
	return &Driver{config: c, roles: readRoles()}
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
		err = wrap("imap.Open", c.broken)
	}
	if err != nil {
		_ = c.nc.Close()
		return nil, err
	}
	return &session{driver: d, conn: c}, nil
}

// signIn goes from the greeting to the signed-in state.
func (d *Driver) signIn(ctx context.Context, c *conn, a mailstead.Access, t trace) error {
	var preauth bool
	err := d.step(t, mailstead.StageGreeting, func() (err error) {
		if t != nil {
			// Only a test looks for the reason of silence.
			if err := d.config.Dialer.AwaitGreeting(ctx, c.nc, a.Server, dial.Options{Admin: a.Admin}); err != nil {
				return err
			}
		}
		preauth, err = c.greeting()
		return err
	})
	if err != nil {
		return err
	}
	if err := d.step(t, mailstead.StageCapabilities, c.askCaps); err != nil {
		return err
	}
	if a.Server.Security == mailstead.SecurityStartTLS {
		if err := d.startTLS(ctx, c, a, preauth, t); err != nil {
			return err
		}
	}
	return d.step(t, mailstead.StageLogin, func() error {
		if err := c.askCaps(); err != nil {
			return err
		}
		if preauth {
			return nil
		}
		if err := c.login(a); err != nil {
			return err
		}
		return c.identify(d.config.Version)
	})
}

// greeting reads the server's first line (RFC 9051 section 7.1).
func (c *conn) greeting() (preauth bool, err error) {
	const op = "imap.Greeting"
	if err := c.rd.response(&c.resp); err != nil {
		c.broken = err
		return false, wrap(op, err)
	}
	tag, u := c.resp.split()
	kind := statusKind(u.name)
	if string(tag) != "*" || kind == "" {
		text := c.mask(string(c.resp.text))
		return false, &mailstead.Error{
			Kind: mailstead.KindPermanent, Code: "proto.wrong_service", Op: op,
			Text: "That port speaks another mail protocol.",
			Err:  &mailstead.ServerReply{Protocol: mailstead.IMAP, Stage: mailstead.StageGreeting, Text: text},
		}
	}
	st := c.status(kind, u)
	if kind != "OK" && kind != "PREAUTH" {
		return false, replyError(op, mailstead.StageGreeting, st)
	}
	return kind == "PREAUTH", nil
}

// askCaps asks for the capabilities unless they are known.
func (c *conn) askCaps() error {
	const op = "imap.Capability"
	if c.caps != nil {
		return nil
	}
	st, err := c.run("CAPABILITY", nil)
	if err != nil {
		return wrap(op, err)
	}
	if !st.ok() {
		return replyError(op, mailstead.StageCapabilities, st)
	}
	if c.caps == nil {
		c.setCaps("")
	}
	return nil
}

// startTLS protects the connection (RFC 9051 section 6.2.1). Whatever stands in
// its way ends the sign-in: going on without would hand the secret to anybody
// in between.
func (d *Driver) startTLS(ctx context.Context, c *conn, a mailstead.Access, preauth bool, t trace) error {
	if err := c.requestTLS(preauth); err != nil {
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
func (c *conn) requestTLS(preauth bool) error {
	const op = "imap.STARTTLS"
	missing := &mailstead.Error{
		Kind: mailstead.KindPermanent, Code: "tls.starttls_missing", Op: op,
		Text: "The server does not offer STARTTLS, which this account demands.",
	}
	if preauth {
		// A connection that is signed in can't be protected any more: RFC 9051
		// section 7.1.4.
		missing.Text = "The server skips the sign-in, so that STARTTLS, which this account demands, is not possible."
		return missing
	}
	if !c.has("STARTTLS") {
		return missing
	}
	st, err := c.run("STARTTLS", nil)
	if err != nil {
		return wrap(op, err)
	}
	if !st.ok() {
		missing.Text = "The server offers STARTTLS and then refuses it."
		missing.Err = replyError(op, mailstead.StageTLS, st)
		return missing
	}
	return nil
}

// identify tells the server who we are (RFC 2971); some open no folder before.
func (c *conn) identify(version string) error {
	if !c.has("ID") {
		return nil
	}
	args := `"name" "Mailstead"`
	if version != "" {
		args += ` "version" ` + quote(version)
	}
	return wrap("imap.ID", c.forget("ID ("+args+")"))
}
