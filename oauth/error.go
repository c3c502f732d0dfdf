package oauth

import (
	"errors"
	"strconv"
	"strings"

	"golang.org/x/oauth2"

	"github.com/mailstead/mailstead"
)

// protocol is the word of the catalogue of errors for what these services say.
const protocol mailstead.Protocol = "oauth"

// The codes of what a service refuses, unless it said more.
const (
	// CodeRevoked is a permission that does not hold any more.
	CodeRevoked = "oauth.revoked"
	// CodeRefused is an app that the service does not know, or not with this secret.
	CodeRefused = "oauth.refused"
	// CodeUnavailable is a service that does not answer for now.
	CodeUnavailable = "oauth.unavailable"
)

// failed turns an error of a request into one of ours: its kind says whether waiting
// helps, a person must sign in again, or an administrator must look.
func (c *Client) failed(op string, err error) error {
	var known *mailstead.Error
	if errors.As(err, &known) {
		return err
	}
	var answer *oauth2.RetrieveError
	if !errors.As(err, &answer) {
		return &mailstead.Error{
			Kind: mailstead.KindTemporary, Code: CodeUnavailable, Op: op,
			Text: "The sign-in service does not answer.", Err: err,
		}
	}
	status := 0
	if answer.Response != nil {
		status = answer.Response.StatusCode
	}
	words := answer.ErrorCode
	if answer.ErrorDescription != "" {
		words += ": " + answer.ErrorDescription
	}
	if words == "" {
		words = "HTTP " + strconv.Itoa(status)
	}
	// A body could hold a token; its error fields cannot.
	reply := &mailstead.ServerReply{Protocol: protocol, Stage: mailstead.StageLogin, Text: words}
	switch answer.ErrorCode {
	case "invalid_grant", "interaction_required", "login_required", "consent_required", "access_denied", "expired_token":
		return credentials(op, CodeRevoked, "The permission is no longer valid: sign in again.", reply)
	case "temporarily_unavailable", "server_error", "slow_down":
		status = 500
	}
	if status >= 500 || status == 429 || status == 408 {
		return &mailstead.Error{
			Kind: mailstead.KindTemporary, Code: CodeUnavailable, Op: op,
			Text: "The sign-in service has trouble of its own.", Err: reply,
		}
	}
	return &mailstead.Error{
		Kind: mailstead.KindCredentials, Code: CodeRefused, Op: op,
		Text: "The sign-in service refused this app: an administrator must look at its settings.", Err: reply,
	}
}

func credentials(op, code, text string, err error) *mailstead.Error {
	e := &mailstead.Error{Kind: mailstead.KindCredentials, Code: code, Op: op, Text: text}
	if err != nil {
		e.Err = err
	}
	return e
}

// wrongToken refuses an answer that does not prove who signed in.
func wrongToken(err error) error {
	return &mailstead.Error{
		Kind: mailstead.KindCredentials, Code: "oauth.wrong_answer", Op: "oauth.Exchange",
		Text: "The sign-in service's answer does not belong to this sign-in: begin again, and tell an administrator if it stays.", Err: err,
	}
}

// Refused turns the error parameters of a redirect (RFC 6749 section 4.1.2.1) into an
// error.
func Refused(code, description string) error {
	words := code
	if description != "" {
		words += ": " + description
	}
	e := credentials("oauth.Answer", "oauth.denied", "The sign-in was cancelled, or the service refused it.", nil)
	switch code {
	case "temporarily_unavailable", "server_error":
		e.Kind, e.Code, e.Text = mailstead.KindTemporary, CodeUnavailable, "The sign-in service has trouble of its own."
	case "access_denied":
	default:
		e.Code, e.Text = CodeRefused, "The sign-in service refused this app: an administrator must look at its settings."
	}
	e.Err = &mailstead.ServerReply{Protocol: protocol, Stage: mailstead.StageLogin, Text: words}
	return e
}

// CheckIssuer compares who answered with the app's issuer (RFC 9207), where both are
// known: the answer of another service must not be taken for that of this one.
func CheckIssuer(a App, issuer string) error {
	if issuer == "" || a.Issuer == "" || issuer == a.Issuer || anyOrganisation(a.Issuer) {
		return nil
	}
	return wrongToken(errIssuer)
}

var errIssuer = errors.New("the issuer is another one")

// anyOrganisation reports whether an issuer stands for all organisations at a service:
// what it signs names that of the person.
func anyOrganisation(issuer string) bool {
	for _, general := range generalTenants {
		if strings.Contains(issuer, general) {
			return true
		}
	}
	return false
}

var generalTenants = []string{"/common/", "/organizations/", "/consumers/"}
