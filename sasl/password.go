package sasl

import (
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // RFC 2195 demands MD5; Choose keeps it inside TLS
	"encoding/hex"
	"fmt"

	gosasl "github.com/emersion/go-sasl"

	"github.com/mailstead/mailstead"
)

// account is who signs in. Its Format keeps the password out of logs: fmt does
// not ask unexported fields how they want to be printed.
type account struct {
	login  string
	secret mailstead.Secret
	// step counts the server's challenges.
	step int
}

// Format prints no more than what it is.
func (*account) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[sasl client]")) }

type plainClient struct{ account }

// NewPlain returns a client of PLAIN (RFC 4616).
func NewPlain(login string, secret mailstead.Secret) gosasl.Client {
	return &plainClient{account{login: login, secret: secret}}
}

func (c *plainClient) Start() (mechanism string, initial []byte, err error) {
	return Plain, c.message(), nil
}

// Next answers the one empty challenge of a server that has overlooked the
// initial response (RFC 4422 section 5).
func (c *plainClient) Next(challenge []byte) ([]byte, error) {
	c.step++
	if c.step > 1 || len(challenge) > 0 {
		return nil, gosasl.ErrUnexpectedServerChallenge
	}
	return c.message(), nil
}

func (c *plainClient) message() []byte {
	return []byte("\x00" + c.login + "\x00" + c.secret.Reveal())
}

type loginClient struct{ account }

// NewLogin returns a client of LOGIN (draft-murchison-sasl-login). It sends no
// initial response, which not all servers take, and goes by the order of the
// challenges: their words differ from server to server.
func NewLogin(login string, secret mailstead.Secret) gosasl.Client {
	return &loginClient{account{login: login, secret: secret}}
}

func (c *loginClient) Start() (mechanism string, initial []byte, err error) {
	return Login, nil, nil
}

func (c *loginClient) Next([]byte) ([]byte, error) {
	c.step++
	switch c.step {
	case 1:
		return []byte(c.login), nil
	case 2:
		return []byte(c.secret.Reveal()), nil
	}
	return nil, gosasl.ErrUnexpectedServerChallenge
}

type cramMD5Client struct{ account }

// NewCRAMMD5 returns a client of CRAM-MD5 (RFC 2195).
func NewCRAMMD5(login string, secret mailstead.Secret) gosasl.Client {
	return &cramMD5Client{account{login: login, secret: secret}}
}

func (c *cramMD5Client) Start() (mechanism string, initial []byte, err error) {
	return CRAMMD5, nil, nil
}

func (c *cramMD5Client) Next(challenge []byte) ([]byte, error) {
	c.step++
	if c.step > 1 {
		return nil, gosasl.ErrUnexpectedServerChallenge
	}
	h := hmac.New(md5.New, []byte(c.secret.Reveal()))
	h.Write(challenge)
	return []byte(c.login + " " + hex.EncodeToString(h.Sum(nil))), nil
}
