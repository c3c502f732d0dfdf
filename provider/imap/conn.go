package imap

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/dial"
)

// conn speaks the protocol: it sends commands and reads what comes back. There
// is no reading goroutine; whoever waits for an answer reads.
type conn struct {
	nc   *dial.Conn
	rd   reader
	resp response
	tags int
	// forgotten are the tags of commands whose outcome nobody waits for.
	forgotten map[string]bool
	caps      map[string]bool
	// capsTold counts the lists of capabilities that the server sent.
	capsTold int
	// masked are texts that must not show up in errors.
	masked []string
	// broken is why the connection cannot be used any more.
	broken error
	out    []byte
}

func newConn(nc *dial.Conn, now func() time.Time) *conn {
	c := &conn{rd: reader{now: now}}
	c.use(nc)
	return c
}

// use makes nc the connection to speak over; what was read from another one is
// gone.
func (c *conn) use(nc *dial.Conn) {
	c.nc = nc
	c.rd = reader{src: nc, now: c.rd.now, size: smallBuffer, literal: maxLiteral, budget: baseBudget}
	c.caps = nil
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

// has reports whether the server offers a capability, in upper case.
func (c *conn) has(capability string) bool { return c.caps[capability] }

// setCaps takes the words of a capability list (RFC 9051 section 7.2.2).
func (c *conn) setCaps(words string) {
	c.caps = make(map[string]bool)
	c.capsTold++
	for _, w := range strings.Fields(strings.ToUpper(words)) {
		c.caps[w] = true
	}
}

// mechanisms lists what the server offers for AUTHENTICATE.
func (c *conn) mechanisms() []string {
	var list []string
	for name := range c.caps {
		if m, ok := strings.CutPrefix(name, "AUTH="); ok && m != "" {
			list = append(list, m)
		}
	}
	return list
}

// writeSize is how much is written at a time: the time limit of a write is for
// progress, not for a whole mail.
const writeSize = 64 << 10

// write sends bytes as they are.
func (c *conn) write(b []byte) error {
	for c.broken == nil && len(b) > 0 {
		n := min(len(b), writeSize)
		if _, err := c.nc.Write(b[:n]); err != nil {
			c.broken = err
		}
		b = b[n:]
	}
	return c.broken
}

// send sends a command line and returns its tag.
func (c *conn) send(line string) (tag string, err error) {
	c.tags++
	tag = "a" + strconv.Itoa(c.tags)
	c.out = append(c.out[:0], tag...)
	c.out = append(c.out, ' ')
	c.out = append(c.out, line...)
	c.out = append(c.out, "\r\n"...)
	c.rd.patient()
	err = c.write(c.out)
	if cap(c.out) > smallBuffer {
		c.out = nil
	}
	return tag, err
}

// forget sends a command whose outcome does not matter.
func (c *conn) forget(line string) error {
	tag, err := c.send(line)
	if c.forgotten == nil {
		c.forgotten = make(map[string]bool)
	}
	c.forgotten[tag] = true
	return err
}

// answer is one response, taken apart: st is set when it has a tag or is a
// continuation request, else u.
type answer struct {
	// tag is empty for untagged responses and "+" for continuation requests.
	tag string
	st  status
	u   untagged
}

// read returns the next response that means something. It is valid until the
// next read. A BYE is an error (RFC 9051 section 7.1.5).
func (c *conn) read() (answer, error) {
	for {
		if c.broken != nil {
			return answer{}, c.broken
		}
		if err := c.rd.response(&c.resp); err != nil {
			c.broken = err
			return answer{}, err
		}
		tag, u := c.resp.split()
		switch {
		case string(tag) == "*":
			return c.untagged(u)
		case string(tag) == "+":
			s := scanner{resp: &c.resp, pos: 1}
			return answer{tag: "+", st: status{text: string(s.rest())}}, nil
		}
		kind := statusKind(u.name)
		if kind == "" {
			continue // a line without sense
		}
		name := string(tag)
		if c.forgotten[name] {
			delete(c.forgotten, name)
			continue
		}
		return answer{tag: name, st: c.status(kind, u)}, nil
	}
}

func (c *conn) untagged(u untagged) (answer, error) {
	if u.is("BYE") {
		c.broken = replyError("imap", "", c.status("BYE", u))
		return answer{}, c.broken
	}
	if u.is("CAPABILITY") {
		c.setCaps(string(u.args.rest()))
	}
	a := answer{u: u}
	if kind := statusKind(u.name); kind != "" {
		a.st = c.status(kind, u)
	}
	return a, nil
}

// status reads a status response and takes over the capabilities in its code.
func (c *conn) status(kind string, u untagged) status {
	st := parseStatus(kind, u.args)
	if st.code == "CAPABILITY" {
		c.setCaps(st.args)
	}
	st.args, st.text = c.mask(st.args), c.mask(st.text)
	return st
}

// await reads until the command with that tag is done. Everything else goes to
// on, which may be nil.
func (c *conn) await(tag string, on func(answer)) (status, error) {
	for {
		a, err := c.read()
		if err != nil {
			return status{}, err
		}
		switch {
		case a.tag == tag:
			return a.st, nil
		case a.tag == "" && on != nil:
			on(a)
		}
	}
}

// run sends a command and waits for its end; ok is the only end without error.
func (c *conn) run(line string, on func(answer)) (status, error) {
	c.rd.budget = max(c.rd.budget, baseBudget)
	tag, err := c.send(line)
	if err != nil {
		return status{}, err
	}
	return c.await(tag, on)
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
	if r < ' ' || r == 0x7f {
		return ' '
	}
	return r
}

// appendString appends s as a quoted string (RFC 9051 section 4.3); ok tells
// whether s can be written that way: it must be printable ASCII.
func appendString(b []byte, s string) (quoted []byte, ok bool) {
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ' || c > '~':
			return nil, false
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"'), true
}

// quote is appendString for what is known to be printable ASCII but for bytes
// that no name may hold: those are left out.
func quote(s string) string {
	clean := bytes.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, []byte(s))
	b, _ := appendString(nil, string(clean))
	return string(b)
}

// wrap makes a *mailstead.Error of what a connection returns.
func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, errLine) || errors.Is(err, errLiteral) || errors.Is(err, errFlood) {
		return &mailstead.Error{
			Kind: mailstead.KindTemporary, Code: "proto.invalid_reply", Op: op,
			Text: "The server's answer is larger than it may be.", Err: err,
		}
	}
	return dial.Classify(op, err)
}
