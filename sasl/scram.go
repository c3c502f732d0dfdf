package sasl

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	gosasl "github.com/emersion/go-sasl"
	"github.com/xdg-go/scram"

	"github.com/mailstead/mailstead"
)

// maxIterations bounds the work that a server can ask for: about half a second.
const maxIterations = 1_000_000

type scramClient struct {
	mechanism    string
	conversation *scram.ClientConversation
	step         int
}

// Format prints no more than what it is.
func (*scramClient) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[sasl client]")) }

// NewSCRAMSHA1 returns a client of SCRAM-SHA-1 (RFC 5802) without channel
// binding.
func NewSCRAMSHA1(login string, secret mailstead.Secret) gosasl.Client {
	return newSCRAM(SCRAMSHA1, login, secret)
}

// NewSCRAMSHA256 returns a client of SCRAM-SHA-256 (RFC 7677) without channel
// binding.
func NewSCRAMSHA256(login string, secret mailstead.Secret) gosasl.Client {
	return newSCRAM(SCRAMSHA256, login, secret)
}

func newSCRAM(mechanism, login string, secret mailstead.Secret) *scramClient {
	return &scramClient{mechanism: mechanism, conversation: scramKeys(mechanism, login, secret).NewConversation()}
}

// scramKeys prepares login and password as RFC 4013 says; what the profile
// forbids, such as an emoji in a password, is taken as typed, which is what the
// servers do that accept it.
func scramKeys(mechanism, login string, secret mailstead.Secret) *scram.Client {
	hash := scram.SHA256
	if mechanism == SCRAMSHA1 {
		hash = scram.SHA1
	}
	client, err := hash.NewClient(login, secret.Reveal(), "")
	if err != nil {
		client, _ = hash.NewClientUnprepped(login, secret.Reveal(), "") // never fails
	}
	return client
}

func (c *scramClient) Start() (mechanism string, initial []byte, err error) {
	first, err := c.conversation.Step("")
	return c.mechanism, []byte(first), err
}

// Next answers the server's first message with the proof, and its final message
// with an empty response after having verified it.
func (c *scramClient) Next(challenge []byte) ([]byte, error) {
	c.step++
	text := string(challenge)
	if reason, failed := serverError(text); failed {
		return nil, refusal(reason)
	}
	switch c.step {
	case 1:
		if n := iterations(text); n > maxIterations {
			return nil, &mailstead.Error{
				Kind: mailstead.KindPermanent, Code: "auth.mechanism", Op: "sasl.SCRAM",
				Text: "The server asks for too much work at the sign-in.",
			}
		}
		response, err := c.conversation.Step(text)
		if err != nil {
			return nil, &mailstead.Error{
				Kind: mailstead.KindPermanent, Code: "auth.mechanism", Op: "sasl.SCRAM",
				Text: "The server's part of the sign-in could not be understood.", Err: err,
			}
		}
		return []byte(response), nil
	case 2:
		if _, err := c.conversation.Step(text); err != nil {
			return nil, errUnproven(err)
		}
		return []byte{}, nil
	}
	return nil, gosasl.ErrUnexpectedServerChallenge
}

func errUnproven(cause error) error {
	return &mailstead.Error{
		Kind: mailstead.KindPermanent, Code: "auth.server_unproven", Op: "sasl.SCRAM",
		Text: "The server could not prove that it knows the password.", Err: cause,
	}
}

// serverError finds the server-error-value of RFC 5802 section 7.
func serverError(message string) (reason string, failed bool) {
	first, _, _ := strings.Cut(message, ",")
	return strings.CutPrefix(first, "e=")
}

func refusal(reason string) error {
	e := &mailstead.Error{
		Kind: mailstead.KindPermanent, Code: "auth.rejected", Op: "sasl.SCRAM",
		Text: "The server refused the sign-in.", Err: errors.New("server error " + strconv.Quote(reason)),
	}
	switch reason {
	case "invalid-proof", "unknown-user":
		e.Kind, e.Code, e.Text = mailstead.KindCredentials, "auth.bad_credentials", "The server refused user name or password."
	}
	return e
}

// iterations reads the iteration count of a server-first-message (RFC 5802
// section 5.1); 0 when it has none, which the conversation refuses.
func iterations(message string) int {
	for _, attribute := range strings.Split(message, ",") {
		if value, ok := strings.CutPrefix(attribute, "i="); ok {
			n, err := strconv.Atoi(value)
			if err != nil {
				return maxIterations + 1
			}
			return n
		}
	}
	return 0
}
