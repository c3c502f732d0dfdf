package pop3

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/dial"
)

// conn speaks the protocol: it sends commands and reads what comes back.
type conn struct {
	nc  *dial.Conn
	rd  reader
	now func() time.Time
	// caps are the server's capabilities by name, with their arguments; nil until
	// asked for. toldCaps tells that the server knows CAPA at all.
	caps     map[string]string
	toldCaps bool
	// masked are texts that must not show up in errors.
	masked []string
	// broken is why the connection cannot be used any more.
	broken error
}

func newConn(nc *dial.Conn, now func() time.Time) *conn {
	c := &conn{now: now}
	c.use(nc)
	return c
}

// use makes nc the connection to speak over; what was read from another one is
// gone.
func (c *conn) use(nc *dial.Conn) {
	c.nc, c.rd, c.caps, c.toldCaps = nc, newReader(nc, c.now), nil, false
}

// bind makes the end of ctx the end of the connection until unbind is called.
func (c *conn) bind(ctx context.Context) (unbind func()) {
	if ctx.Err() != nil && c.broken == nil {
		c.broken = context.Cause(ctx)
	}
	stop := c.nc.Bind(ctx)
	return func() {
		if !stop() && c.broken == nil {
			c.broken = context.Cause(ctx)
		}
	}
}

// send sends commands at once.
func (c *conn) send(lines ...string) error {
	for _, line := range lines {
		// Every text of ours is clean already; this is the last line of defence
		// against a second command in an argument.
		if strings.ContainsAny(line, "\r\n\x00") {
			return mailstead.Invalid("", "input.control_character", "Line breaks and control characters are not allowed here.")
		}
	}
	if c.broken == nil {
		c.rd.watch.patient()
		if _, err := c.nc.Write([]byte(strings.Join(lines, "\r\n") + "\r\n")); err != nil {
			c.broken = err
		}
	}
	return c.broken
}

// fail notes that the connection can't be used any more.
func (c *conn) fail(err error) error {
	if err != nil && c.broken == nil {
		c.broken = err
	}
	return err
}

// read reads the first line of an answer.
func (c *conn) read() (reply, error) {
	if c.broken != nil {
		return reply{}, c.broken
	}
	line, err := c.rd.line()
	if err != nil {
		return reply{}, c.fail(err)
	}
	r, ok := parseReply(line)
	if !ok {
		return reply{}, c.fail(errGarbled)
	}
	return r, nil
}

// command sends a command and reads the first line of its answer.
func (c *conn) command(line string) (reply, error) {
	if err := c.send(line); err != nil {
		return reply{}, err
	}
	return c.read()
}

// list sends a command whose answer has many lines. Only a reply that is ok has
// any.
func (c *conn) list(command string, on func(line []byte)) (reply, error) {
	r, err := c.command(command)
	if err != nil || !r.ok {
		return r, err
	}
	return r, c.fail(c.rd.lines(on))
}

// greeting reads the server's first line (RFC 1939 section 4).
func (c *conn) greeting() error {
	const op = "pop3.Greeting"
	line, err := c.rd.line()
	if err != nil && !errors.Is(err, errLine) {
		return wrap(op, c.fail(err))
	}
	r, ok := parseReply(line)
	if err != nil || !ok || r.more {
		return c.fail(&mailstead.Error{
			Kind: mailstead.KindPermanent, Code: "proto.wrong_service", Op: op,
			Text: "That port speaks another mail protocol.",
			Err:  &mailstead.ServerReply{Protocol: mailstead.POP3, Stage: mailstead.StageGreeting, Text: c.mask(string(line))},
		})
	}
	if !r.ok {
		return c.fail(c.refusal(op, mailstead.StageGreeting, r))
	}
	return nil
}

// maxCaps bounds how many capabilities are kept.
const maxCaps = 200

// askCaps asks for the capabilities unless they are known (RFC 2449 section 5). A
// server that does not know the question has those of RFC 1939 alone.
func (c *conn) askCaps() error {
	if c.caps != nil {
		return nil
	}
	caps := make(map[string]string)
	r, err := c.list("CAPA", func(line []byte) {
		name, args, _ := strings.Cut(strings.TrimSpace(string(line)), " ")
		if name != "" && len(caps) < maxCaps {
			caps[strings.ToUpper(name)] = strings.ToUpper(strings.TrimSpace(args))
		}
	})
	if err != nil {
		return wrap("pop3.Capability", err)
	}
	c.caps, c.toldCaps = caps, r.ok
	return nil
}

// has reports whether the server offers a capability, in upper case.
func (c *conn) has(capability string) bool {
	_, ok := c.caps[capability]
	return ok
}

// loginDelay is the least time between two sign-ins that the server asks for
// (RFC 2449 section 6.5), within reason.
func (c *conn) loginDelay() time.Duration {
	word, _, _ := strings.Cut(c.caps["LOGIN-DELAY"], " ")
	n, err := strconv.Atoi(word)
	if err != nil || n < 0 {
		return 0
	}
	return min(time.Duration(min(n, 86_400))*time.Second, time.Hour)
}

// maskedMin is the length below which a secret is not looked for in what the
// server says: it would be found in every second word.
const maskedMin = 4

// mask hides the secrets that a server repeats, and makes one line of text.
func (c *conn) mask(text string) string {
	for _, m := range c.masked {
		if len(m) >= maskedMin {
			text = strings.ReplaceAll(text, m, "[redacted]")
		}
	}
	const most = 500
	if len(text) > most {
		text = text[:most]
	}
	return strings.ToValidUTF8(strings.Map(printable, text), "?")
}

func printable(r rune) rune {
	if r < ' ' || r == 0x7f || mailstead.HasControl(string(r)) {
		return ' '
	}
	return r
}

// wrap makes a *mailstead.Error of what a connection returns.
func wrap(op string, err error) error {
	e := &mailstead.Error{Kind: mailstead.KindTemporary, Code: "proto.invalid_reply", Op: op, Err: err}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errLine), errors.Is(err, errFlood):
		e.Text = "The server's answer is larger than it may be."
	case errors.Is(err, errGarbled):
		e.Text = "The server's answer makes no sense."
	default:
		return dial.Classify(op, err)
	}
	return e
}
