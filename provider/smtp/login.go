package smtp

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/dial"
	"github.com/mailstead/mailstead/sasl"
)

// connect goes all the way to a signed-in connection, which no context binds.
func (d *Driver) connect(ctx context.Context, a mailstead.Access, t tracer) (*conn, error) {
	n, err := d.dialer.Connect(ctx, a.Server, dial.Options{Admin: a.Admin, Trace: t.traced})
	if err != nil {
		return nil, err
	}
	c := newConn(n, &d.options)
	c.mask(a)
	unbind := c.bind(ctx)
	err = d.signIn(ctx, c, a, t)
	unbind()
	if err == nil && c.broken {
		err = dial.Classify("smtp.Open", context.Cause(ctx))
	}
	if err != nil {
		_ = c.close()
		return nil, err
	}
	return c, nil
}

func (d *Driver) signIn(ctx context.Context, c *conn, a mailstead.Access, t tracer) error {
	err := t.step(mailstead.StageGreeting, func() (string, error) {
		if _, testing := t.(*reporter); testing {
			// Only a test looks for the reason of silence.
			if err := d.dialer.AwaitGreeting(ctx, c.net, a.Server, dial.Options{Admin: a.Admin}); err != nil {
				c.broken = true
				return "", err
			}
		}
		return c.greeting()
	})
	if err != nil {
		return err
	}
	if a.Server.Security == mailstead.SecurityStartTLS {
		err := t.step(mailstead.StageTLS, func() (string, error) { return c.startTLS(ctx, d.dialer, a) })
		if err != nil {
			return err
		}
	}
	if err := t.step(mailstead.StageCapabilities, c.hello); err != nil {
		return err
	}
	if a.Login != "" || !a.Secret.IsZero() {
		if err := t.step(mailstead.StageLogin, func() (string, error) { return c.auth(a) }); err != nil {
			return err
		}
	}
	c.wait = c.options.ReplyTimeout
	return nil
}

// greeting reads the server's first words, RFC 5321 section 3.1.
func (c *conn) greeting() (string, error) {
	r, err := c.get(c.wait)
	if mailstead.CodeOf(err) == "send.server_fault" {
		return "", &mailstead.Error{
			Kind: mailstead.KindPermanent, Code: "proto.wrong_service", Op: "smtp.Open",
			Text: "That port speaks another protocol than SMTP.",
			Err:  &mailstead.ServerReply{Protocol: mailstead.SMTP, Stage: mailstead.StageGreeting, Text: oneLine(strings.Join(r.lines, " "))},
		}
	}
	if err != nil {
		return "", err
	}
	if r.code != 220 {
		return r.words(c.secrets), c.refusal("Open", mailstead.StageGreeting, r)
	}
	return r.words(c.secrets), nil
}

// hello introduces us and learns what the server can do, RFC 5321 section
// 4.1.1.1; servers from before ESMTP get HELO (section 3.2).
func (c *conn) hello() (string, error) {
	r, err := c.command("EHLO " + c.options.EHLOName)
	if err != nil {
		return "", err
	}
	c.ext = nil
	if r.code == 500 || r.code == 502 {
		if r, err = c.command("HELO " + c.options.EHLOName); err != nil {
			return "", err
		}
		r.lines = r.lines[:1]
	}
	if r.code != 250 {
		return r.words(c.secrets), c.refusal("Open", mailstead.StageCapabilities, r)
	}
	c.ext = make(map[string]string, len(r.lines))
	for _, line := range r.lines[1:] {
		keyword, params, _ := strings.Cut(strings.TrimSpace(line), " ")
		keyword = strings.ToUpper(keyword)
		if mechanism, ok := strings.CutPrefix(keyword, "AUTH="); ok {
			// Some servers still write "AUTH=PLAIN LOGIN" beside "AUTH PLAIN LOGIN".
			keyword, params = "AUTH", mechanism+" "+params
		}
		c.ext[keyword] = strings.TrimSpace(c.ext[keyword] + " " + params)
	}
	return r.words(c.secrets), nil
}

func (c *conn) has(keyword string) bool {
	_, ok := c.ext[keyword]
	return ok
}

// startTLS protects the connection, RFC 3207. What the server said before counts
// for nothing afterwards (section 4.2), so the caller says EHLO again.
func (c *conn) startTLS(ctx context.Context, d *dial.Dialer, a mailstead.Access) (string, error) {
	if words, err := c.hello(); err != nil {
		return words, err
	}
	if !c.has("STARTTLS") {
		return "", &mailstead.Error{
			Kind: mailstead.KindPermanent, Code: "tls.starttls_missing", Op: "smtp.Open",
			Text: "The server does not offer STARTTLS on this port, so nothing was sent to it.",
		}
	}
	r, err := c.command("STARTTLS")
	if err != nil {
		return "", err
	}
	if r.code != 220 {
		e := c.refusal("Open", mailstead.StageTLS, r)
		if e.Kind != mailstead.KindTemporary {
			e.Kind, e.Code, e.Text = mailstead.KindPermanent, "tls.starttls_missing", "The server refused to start encryption, so nothing was sent to it."
		}
		return r.words(c.secrets), e
	}
	n, err := d.StartTLS(ctx, c.net, a.Server, dial.Options{Admin: a.Admin, Buffered: c.r.Buffered()})
	if err != nil {
		c.broken = true
		return r.words(c.secrets), err
	}
	secrets := c.secrets
	*c = *newConn(n, c.options)
	c.secrets = secrets
	return r.words(c.secrets), nil
}

// auth signs in, RFC 4954 section 4.
func (c *conn) auth(a mailstead.Access) (string, error) {
	if !c.has("AUTH") && c.has("STARTTLS") {
		return "", &mailstead.Error{
			Kind: mailstead.KindPermanent, Code: "tls.required", Op: "smtp.Open",
			Text: "The server demands encryption before the sign-in.",
		}
	}
	if !c.has("AUTH") {
		return "", &mailstead.Error{
			Kind: mailstead.KindPermanent, Code: "auth.not_offered", Op: "smtp.Open",
			Text: "The server offers no sign-in on this port, usually because TLS was not started or the port is 25.",
		}
	}
	client, err := sasl.Choose(sasl.Request{
		Offered: strings.Fields(c.ext["AUTH"]), Login: a.Login, Secret: a.Secret,
		OAuth: a.OAuth, Encrypted: c.net.Encrypted(), AllowPlain: a.AllowPlain,
	})
	if err != nil {
		return "", err
	}
	mechanism, first, err := client.Start()
	if err != nil {
		return "", err
	}
	command := "AUTH " + mechanism
	if initial := encodeSASL(first); first != nil && len(command)+1+len(initial) <= maxCommand {
		command, first = command+" "+initial, nil
	}
	r, err := c.command(command)
	for err == nil && r.code == 334 {
		var answer string
		if answer, err = c.answer(client, r, &first); err != nil {
			if !c.broken {
				// RFC 4954 section 4: "*" gives up the exchange.
				_, _ = c.command("*")
			}
			return "", err
		}
		r, err = c.command(answer)
	}
	if err != nil {
		return "", err
	}
	if r.code != 235 {
		return r.words(c.secrets), sasl.Refusal(c.refusal("Open", mailstead.StageLogin, r), a)
	}
	return r.words(c.secrets), sasl.Complete(client)
}

// maxCommand is the length of a command line without CRLF, RFC 5321 section
// 4.5.3.1.4.
const maxCommand = 510

// nexter is the part of a SASL client that answers challenges.
type nexter interface {
	Next(challenge []byte) ([]byte, error)
}

// answer returns the next line of the exchange. *first is an initial response
// that did not fit into the command; it answers the first, empty challenge.
func (c *conn) answer(client nexter, r reply, first *[]byte) (string, error) {
	if *first != nil {
		initial := *first
		*first = nil
		return base64.StdEncoding.EncodeToString(initial), nil
	}
	challenge, err := base64.StdEncoding.DecodeString(strings.TrimSpace(r.lines[len(r.lines)-1]))
	if err != nil {
		return "", c.fail(errGarbled)
	}
	response, err := client.Next(challenge)
	var known *mailstead.Error
	if err != nil && !errors.As(err, &known) {
		err = &mailstead.Error{
			Kind: mailstead.KindTemporary, Code: "send.server_fault", Op: "smtp.Open",
			Text: "The mail server asked for something strange at the sign-in.", Err: err,
		}
	}
	if err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(response), nil
}

// encodeSASL encodes an initial response; "=" is an empty one.
func encodeSASL(b []byte) string {
	if len(b) == 0 {
		return "="
	}
	return base64.StdEncoding.EncodeToString(b)
}
