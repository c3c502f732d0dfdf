package pop3

import (
	"encoding/base64"
	"errors"
	"strings"

	gosasl "github.com/emersion/go-sasl"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/sasl"
)

// login signs in: by the best mechanism that both sides know (RFC 5034), else by
// USER and PASS (RFC 1939 section 7). It sends no secret over an unprotected
// connection unless that was permitted.
func (c *conn) login(a mailstead.Access) error {
	const op = "pop3.Login"
	encrypted := c.nc.Encrypted()
	if !encrypted && !a.AllowPlain {
		return &mailstead.Error{
			Kind: mailstead.KindPermanent, Code: "tls.required", Op: op,
			Text: "The password is not sent over an unencrypted connection.",
		}
	}
	c.maskSecret(a)
	mech, none := sasl.Choose(sasl.Request{
		Offered: strings.Fields(c.caps["SASL"]), Login: a.Login, Secret: a.Secret,
		OAuth: a.OAuth, Encrypted: encrypted, AllowPlain: a.AllowPlain,
	})
	if none != nil && (a.OAuth || mailstead.KindOf(none) == mailstead.KindInvalid) {
		return none
	}
	if none == nil {
		asked, r, err := c.authenticate(mech)
		switch {
		case err != nil:
			return wrap(op, err)
		case r.ok:
			return sasl.Complete(mech)
		case asked || a.OAuth || !c.has("USER"):
			// A refused secret is never tried twice: accounts get locked.
			return sasl.Refusal(c.loginRefusal(op, r), a)
		}
	} else if c.toldCaps && !c.has("USER") {
		if !encrypted && c.has("STLS") {
			return &mailstead.Error{
				Kind: mailstead.KindPermanent, Code: "tls.required", Op: op,
				Text: "The server demands encryption before the sign-in.",
			}
		}
		return none
	}
	r, err := c.userPass(a)
	if err != nil {
		return wrap(op, err)
	}
	if !r.ok {
		return c.loginRefusal(op, r)
	}
	return nil
}

// userPass signs in with USER and PASS.
func (c *conn) userPass(a mailstead.Access) (reply, error) {
	r, err := c.command("USER " + a.Login)
	if err != nil || !r.ok {
		return r, err
	}
	return c.command("PASS " + a.Secret.Reveal())
}

// maxRounds bounds the conversation of a mechanism; SCRAM needs three.
const maxRounds = 8

// authenticate carries out a mechanism (RFC 5034 section 4). The initial response
// answers the first, empty challenge and never stands in the command, which older
// servers (RFC 1734) do not know. asked tells that the server went into it.
func (c *conn) authenticate(mech gosasl.Client) (asked bool, r reply, err error) {
	name, initial, err := mech.Start()
	if err != nil {
		return false, reply{}, err
	}
	var failure error
	line := "AUTH " + name
	for range maxRounds {
		if r, err = c.command(line); err != nil || !r.more {
			if failure != nil && err == nil {
				return asked, r, failure
			}
			return asked, r, err
		}
		answer := initial
		initial, asked = nil, true
		if answer == nil && failure == nil {
			answer, failure = next(mech, r.text)
		}
		line = base64.StdEncoding.EncodeToString(answer)
		if failure != nil {
			line = "*" // gives up: RFC 5034 section 4
		}
	}
	return asked, reply{}, c.fail(errFlood)
}

func next(mech gosasl.Client, challenge string) ([]byte, error) {
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(challenge))
	var answer []byte
	if err == nil {
		answer, err = mech.Next(decoded)
	}
	var known *mailstead.Error
	if err != nil && !errors.As(err, &known) {
		err = &mailstead.Error{
			Kind: mailstead.KindPermanent, Code: "auth.mechanism", Op: "pop3.Login",
			Text: "The server's side of the sign-in does not follow its rules.", Err: err,
		}
	}
	return answer, err
}

// loginRefusal makes an error of a refused sign-in. Without a code that says
// otherwise the login or the secret is wrong, and a person must act; a server with
// AUTH-RESP-CODE marks such refusals, so that any other may pass (RFC 3206).
func (c *conn) loginRefusal(op string, r reply) *mailstead.Error {
	e := c.refusal(op, mailstead.StageLogin, r)
	if r.code == "" && !c.has("AUTH-RESP-CODE") {
		e.Kind, e.Text = mailstead.KindCredentials, "The server refused the sign-in."
	}
	return e
}

// maskSecret keeps the secret, and the forms it is sent in, out of errors.
func (c *conn) maskSecret(a mailstead.Access) { c.masked = sasl.Forms(a) }
