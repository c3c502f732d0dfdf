package imap

import (
	"encoding/base64"
	"strings"

	gosasl "github.com/emersion/go-sasl"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/sasl"
)

// login signs in: by the best mechanism that both sides know (RFC 9051 section
// 6.2.2), else by the LOGIN command (section 6.2.3). It sends no secret over an
// unprotected connection unless that was permitted.
func (c *conn) login(a mailstead.Access) error {
	const op = "imap.Login"
	encrypted := c.nc.Encrypted()
	if !encrypted && !a.AllowPlain {
		return &mailstead.Error{
			Kind: mailstead.KindPermanent, Code: "tls.required", Op: op,
			Text: "The password is not sent over an unencrypted connection.",
		}
	}
	c.maskSecret(a)
	told := c.capsTold
	st, err := c.signIn(a, encrypted)
	if err != nil {
		return wrap(op, err)
	}
	if !st.ok() {
		return sasl.Refusal(loginError(op, st), a)
	}
	if c.capsTold == told {
		// They changed with the sign-in: RFC 9051 section 6.1.1.
		c.caps = nil
	}
	return c.askCaps()
}

// signIn tries the mechanism, then the LOGIN command where the server may like
// that better. A refused secret is never tried twice: accounts get locked.
func (c *conn) signIn(a mailstead.Access, encrypted bool) (status, error) {
	mech, none := sasl.Choose(sasl.Request{
		Offered: c.mechanisms(), Login: a.Login, Secret: a.Secret,
		OAuth: a.OAuth, Encrypted: encrypted, AllowPlain: a.AllowPlain,
	})
	disabled := c.has("LOGINDISABLED") // RFC 9051 section 6.2.3
	if none == nil {
		st, err := c.authenticate(mech)
		if err == nil && st.ok() {
			err = sasl.Complete(mech)
		}
		if err != nil || disabled || a.OAuth || (st.kind != "BAD" && st.code != "CANNOT") {
			return st, err
		}
	}
	switch {
	case a.OAuth, mailstead.KindOf(none) == mailstead.KindInvalid:
		return status{}, none
	case !disabled:
		return c.loginCommand(a)
	case !encrypted:
		return status{}, &mailstead.Error{
			Kind: mailstead.KindPermanent, Code: "tls.required", Op: "imap.Login",
			Text: "The server demands encryption before the sign-in.",
		}
	}
	return status{}, none
}

// loginCommand signs in with LOGIN.
func (c *conn) loginCommand(a mailstead.Access) (status, error) {
	return c.runPieces([]piece{
		{text: "LOGIN "}, stringPiece(a.Login), {text: " "}, stringPiece(a.Secret.Reveal()),
	}, nil)
}

// maxRounds bounds the conversation of a mechanism; SCRAM needs three.
const maxRounds = 8

// authenticate carries out a mechanism (RFC 4422, RFC 9051 section 6.2.2).
func (c *conn) authenticate(mech gosasl.Client) (status, error) {
	name, initial, err := mech.Start()
	if err != nil {
		return status{}, err
	}
	line := "AUTHENTICATE " + name
	if initial != nil && c.has("SASL-IR") { // RFC 4959
		line += " " + encodeSASL(initial)
		initial = nil
	}
	tag, err := c.send(line)
	if err != nil {
		return status{}, err
	}
	var failure error
	for round := 0; ; {
		a, err := c.read()
		switch {
		case err != nil:
			return status{}, err
		case a.tag == tag && failure != nil:
			return status{}, failure
		case a.tag == tag:
			return a.st, nil
		case a.tag != "+":
			continue
		}
		if round++; round > maxRounds {
			return status{}, errFlood
		}
		reply := initial
		initial = nil
		if reply == nil && failure == nil {
			reply, failure = next(mech, a.st.text)
		}
		if failure != nil {
			err = c.write([]byte("*\r\n")) // gives up: RFC 9051 section 6.2.2
		} else {
			err = c.write([]byte(base64.StdEncoding.EncodeToString(reply) + "\r\n"))
		}
		if err != nil {
			return status{}, err
		}
	}
}

func next(mech gosasl.Client, challenge string) ([]byte, error) {
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(challenge))
	var reply []byte
	if err == nil {
		reply, err = mech.Next(decoded)
	}
	if err != nil {
		return nil, &mailstead.Error{
			Kind: mailstead.KindPermanent, Code: "auth.mechanism", Op: "imap.Login",
			Text: "The server's side of the sign-in does not follow its rules.", Err: err,
		}
	}
	return reply, nil
}

// encodeSASL writes an initial response: "=" stands for an empty one.
func encodeSASL(b []byte) string {
	if len(b) == 0 {
		return "="
	}
	return base64.StdEncoding.EncodeToString(b)
}

// maskSecret keeps the secret, and the forms it is sent in, out of errors.
func (c *conn) maskSecret(a mailstead.Access) { c.masked = sasl.Forms(a) }
