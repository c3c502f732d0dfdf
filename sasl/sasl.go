// Package sasl signs in to mail servers with a password or an access token: the
// mechanisms that IMAP, SMTP and POP3 share, as clients of emersion/go-sasl.
//
// A driver
//
//  1. gives Choose the mechanisms that the server offers,
//  2. runs the exchange with the client that it gets,
//  3. and after the server's success asks Complete whether the server has proved
//     itself, where the mechanism demands that.
package sasl

import (
	"slices"
	"strings"

	gosasl "github.com/emersion/go-sasl"

	"github.com/mailstead/mailstead"
)

// The mechanisms by their registered names.
const (
	Plain       = "PLAIN"
	Login       = "LOGIN"
	CRAMMD5     = "CRAM-MD5"
	SCRAMSHA1   = "SCRAM-SHA-1"
	SCRAMSHA256 = "SCRAM-SHA-256"
)

// Request is what Choose decides by.
type Request struct {
	// Offered are the names of the server's mechanisms, without "AUTH=".
	Offered []string
	Login   string
	Secret  mailstead.Secret
	// OAuth tells that Secret is an access token.
	OAuth bool
	// Encrypted tells that TLS protects the connection.
	Encrypted bool
	// AllowPlain permits mechanisms that reveal the password, or enough to guess
	// it, on an unencrypted connection.
	AllowPlain bool
}

// encryptedOrder is the order of preference inside TLS, which hides the password
// from everybody but the server, whose certificate was verified. There PLAIN
// comes first, as in Thunderbird, Apple Mail and Outlook: it is what every
// server does right. SCRAM and CRAM-MD5 need a password stored in their own
// form; servers that offer them without having it (a Postfix with saslauthd and
// the mechanism list of Cyrus SASL left as installed) refuse the right password
// with the same words as a wrong one.
var encryptedOrder = []string{Plain, Login, SCRAMSHA256, SCRAMSHA1, CRAMMD5}

// clearOrder is the order where nothing hides the exchange: what reveals least
// comes first.
var clearOrder = []string{SCRAMSHA256, SCRAMSHA1, CRAMMD5, Plain, Login}

// safeInClear are the mechanisms that withstand a listener: a CRAM-MD5 answer
// costs one fast hash a guess.
var safeInClear = []string{SCRAMSHA256, SCRAMSHA1}

// Choose returns a client of the best mechanism that both sides have. Its error
// is a *mailstead.Error: tls.required when only encryption is missing,
// auth.not_offered when the server offers no sign-in, auth.oauth_required when
// it takes no passwords, auth.oauth_missing when it takes no tokens, else
// auth.mechanism.
func Choose(r Request) (gosasl.Client, error) {
	if strings.ContainsRune(r.Login, 0) || strings.ContainsRune(r.Secret.Reveal(), 0) {
		return nil, mailstead.Invalid("login", "input.control_character", "The user name or password holds a character that no server takes.")
	}
	if r.OAuth {
		return chooseToken(r)
	}
	order := encryptedOrder
	if !r.Encrypted {
		order = clearOrder
	}
	hidden := false
	for _, mechanism := range order {
		if !r.offers(mechanism) {
			continue
		}
		if r.Encrypted || r.AllowPlain || slices.Contains(safeInClear, mechanism) {
			return newClient(mechanism, r.Login, r.Secret), nil
		}
		hidden = true
	}
	e := &mailstead.Error{Kind: mailstead.KindPermanent, Op: "sasl.Choose"}
	switch {
	case hidden:
		e.Code, e.Text = "tls.required", "The connection is not encrypted, so the password is not sent."
	case len(r.Offered) == 0:
		e.Code, e.Text = "auth.not_offered", "The server offers no sign-in on this port."
	case slices.ContainsFunc(tokenOrder, r.offers):
		e.Code, e.Text = "auth.oauth_required", "The server accepts no passwords."
	default:
		e.Code, e.Text = "auth.mechanism", "The server offers no kind of sign-in that we know."
	}
	return nil, e
}

func (r Request) offers(mechanism string) bool {
	return slices.ContainsFunc(r.Offered, func(o string) bool { return strings.EqualFold(o, mechanism) })
}

func newClient(mechanism, login string, secret mailstead.Secret) gosasl.Client {
	switch mechanism {
	case SCRAMSHA256, SCRAMSHA1:
		return newSCRAM(mechanism, login, secret)
	case CRAMMD5:
		return NewCRAMMD5(login, secret)
	case Login:
		return NewLogin(login, secret)
	default:
		return NewPlain(login, secret)
	}
}

// Complete returns an error when a server has reported success without the
// proof that the client's mechanism demands of it (RFC 5802 section 3).
func Complete(c gosasl.Client) error {
	if s, ok := c.(*scramClient); ok && !s.conversation.Valid() {
		return errUnproven(nil)
	}
	return nil
}
