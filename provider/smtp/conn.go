package smtp

import (
	"bufio"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/dial"
	"github.com/mailstead/mailstead/sasl"
)

// conn is the wire: commands out, replies in. After the first error of the
// network or the protocol it is broken and good for nothing.
type conn struct {
	net     *dial.Conn
	r       *bufio.Reader
	w       *bufio.Writer
	options *Options
	// wait bounds the wait for the reply to one command.
	wait time.Duration
	ext  map[string]string
	// secrets are texts that a reply must not show.
	secrets []string
	broken  bool
	// farewell is the 421 reply by which the server said that it closes the
	// connection, RFC 5321 section 3.8.
	farewell *reply
}

func newConn(n *dial.Conn, options *Options) *conn {
	return &conn{
		net:     n,
		r:       bufio.NewReaderSize(n, maxReplyLine),
		w:       bufio.NewWriterSize(n, bufferSize),
		options: options,
		wait:    options.SignInTimeout,
	}
}

// bind ties the connection to ctx until the returned function is called.
func (c *conn) bind(ctx context.Context) func() {
	unbind := c.net.Bind(ctx)
	return func() {
		if !unbind() {
			c.broken = true
		}
	}
}

// put writes one command into the buffer.
func (c *conn) put(command string) error {
	// Every text of ours is clean already; this is the last line of defence
	// against a second command in an argument.
	if strings.ContainsAny(command, "\r\n\x00") {
		return mailstead.Invalid("", "input.control_character", "Line breaks and control characters are not allowed here.")
	}
	if _, err := c.w.WriteString(command + "\r\n"); err != nil {
		return c.fail(err)
	}
	return nil
}

func (c *conn) flush() error {
	if err := c.w.Flush(); err != nil {
		return c.fail(err)
	}
	return nil
}

// get reads one reply within timeout.
func (c *conn) get(timeout time.Duration) (reply, error) {
	//nolint:forbidigo // a socket's deadline goes by the machine's clock
	if err := c.net.SetReadDeadline(time.Now().Add(timeout)); err != nil {
		return reply{}, c.fail(err)
	}
	r, err := readReply(c.r)
	switch {
	case err != nil && c.farewell != nil:
		// The server has said why it does not answer any more.
		return *c.farewell, nil
	case err != nil:
		return r, c.fail(err)
	case r.code == 421:
		c.broken, c.farewell = true, &r
	}
	return r, nil
}

// command sends one command and reads its reply.
func (c *conn) command(text string) (reply, error) {
	if err := c.put(text); err != nil {
		return reply{}, err
	}
	if err := c.flush(); err != nil {
		return reply{}, err
	}
	return c.get(c.wait)
}

// fail marks the connection broken and types err.
func (c *conn) fail(err error) error {
	c.broken = true
	if errors.Is(err, errGarbled) {
		return &mailstead.Error{
			Kind: mailstead.KindTemporary, Code: "send.server_fault", Op: "smtp",
			Text: "The mail server gave an answer that is not SMTP.", Err: err,
		}
	}
	return dial.Classify("smtp", err)
}

// close says goodbye when the server still listens; it does not wait for the
// answer.
func (c *conn) close() error {
	if !c.broken {
		c.broken = true
		//nolint:forbidigo // a socket's deadline goes by the machine's clock
		if err := c.net.SetDeadline(time.Now().Add(time.Second)); err == nil {
			_, _ = c.w.WriteString("QUIT\r\n")
			_ = c.w.Flush()
		}
	}
	return c.net.Close()
}

// mask remembers what replies must not show: the secret and what is made of it
// on the wire. Some servers repeat a command that they did not understand.
func (c *conn) mask(a mailstead.Access) {
	if len(a.Secret.Reveal()) >= 4 {
		c.secrets = sasl.Forms(a)
	}
}
