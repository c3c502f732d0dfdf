package sasl

import (
	"encoding/base64"
	"errors"
	"slices"
	"strings"

	gosasl "github.com/emersion/go-sasl"

	"github.com/mailstead/mailstead"
)

// The mechanisms that carry an access token.
const (
	// XOAUTH2 is Google's, which Microsoft, Yandex and others took over:
	// https://developers.google.com/workspace/gmail/imap/xoauth2-protocol.
	XOAUTH2 = "XOAUTH2"
	// OAUTHBEARER is RFC 7628's.
	OAUTHBEARER = "OAUTHBEARER"
)

// tokenOrder is the order of preference: what nearly all services were tested with
// comes first.
var tokenOrder = []string{XOAUTH2, OAUTHBEARER}

// CodeTokenRefused is the code of a refused access token, unless the server said more.
const CodeTokenRefused = "oauth.token_refused" //nolint:gosec // the name of an error

// chooseToken returns a client for an access token, which is sent in the clear.
func chooseToken(r Request) (gosasl.Client, error) {
	e := &mailstead.Error{Kind: mailstead.KindPermanent, Op: "sasl.Choose"}
	switch i := slices.IndexFunc(tokenOrder, r.offers); {
	case i < 0 && len(r.Offered) == 0:
		e.Code, e.Text = "auth.not_offered", "The server offers no sign-in on this port."
	case i < 0:
		e.Code, e.Text = "auth.oauth_missing", "The server takes no access tokens (XOAUTH2, OAUTHBEARER)."
	case !r.Encrypted && !r.AllowPlain:
		e.Code, e.Text = "tls.required", "The connection is not encrypted, so the access token is not sent."
	default:
		return newToken(tokenOrder[i], r.Login, r.Secret), nil
	}
	return nil, e
}

// tokenClient sends an access token at once. A server that refuses it says why in a
// challenge, which must be answered before the refusal itself comes.
type tokenClient struct {
	mechanism string
	initial   []byte
	answer    []byte
	// repeated tells that the initial response was sent again, refused that the
	// server has said why it wants no more.
	repeated, refused bool
}

func newToken(mechanism, login string, token mailstead.Secret) *tokenClient {
	if mechanism == XOAUTH2 {
		return &tokenClient{
			mechanism: mechanism, answer: []byte{},
			initial: []byte("user=" + login + "\x01auth=Bearer " + token.Reveal() + "\x01\x01"),
		}
	}
	// RFC 7628 section 3.1; the name in the GS2 header is escaped by RFC 5801 section 4.
	name := strings.NewReplacer("=", "=3D", ",", "=2C").Replace(login)
	return &tokenClient{
		mechanism: mechanism, answer: []byte{1}, // RFC 7628 section 3.2.3
		initial: []byte("n,a=" + name + ",\x01auth=Bearer " + token.Reveal() + "\x01\x01"),
	}
}

// NewXOAUTH2 returns a client of XOAUTH2.
func NewXOAUTH2(login string, token mailstead.Secret) gosasl.Client {
	return newToken(XOAUTH2, login, token)
}

// NewOAUTHBEARER returns a client of OAUTHBEARER, RFC 7628.
func NewOAUTHBEARER(login string, token mailstead.Secret) gosasl.Client {
	return newToken(OAUTHBEARER, login, token)
}

func (c *tokenClient) Start() (mechanism string, initial []byte, err error) {
	return c.mechanism, c.initial, nil
}

func (c *tokenClient) Next(challenge []byte) ([]byte, error) {
	switch {
	case len(challenge) == 0 && !c.repeated && !c.refused:
		c.repeated = true
		return c.initial, nil // The initial response was overlooked.
	case c.refused || len(challenge) == 0:
		return nil, errOutOfTurn
	}
	c.refused = true
	return c.answer, nil
}

var errOutOfTurn = errors.New("the server goes on after it has refused the token")

// Refusal gives the refusal of an access token its code.
func Refusal(err *mailstead.Error, a mailstead.Access) *mailstead.Error {
	if a.OAuth && err != nil && err.Kind == mailstead.KindCredentials && err.Code == "" {
		err.Code, err.Text = CodeTokenRefused, "The server refused the access token."
	}
	return err
}

// Forms lists how a secret stands in what a client sends, so that it can be kept out
// of errors.
func Forms(a mailstead.Access) []string {
	secret := a.Secret.Reveal()
	b64 := base64.StdEncoding.EncodeToString
	forms := []string{b64([]byte("\x00" + a.Login + "\x00" + secret)), b64([]byte(secret)), secret}
	if a.OAuth {
		for _, mechanism := range tokenOrder {
			forms = append(forms, b64(newToken(mechanism, a.Login, a.Secret).initial))
		}
	}
	return forms
}
