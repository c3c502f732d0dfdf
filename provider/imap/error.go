package imap

import (
	"github.com/mailstead/mailstead"
)

// replyError makes an error of a refusal: NO, BAD or BYE. Its kind follows from
// the response code (RFC 5530 section 3); a refusal without one may pass by
// itself. Text is for package diagnose to read.
func replyError(op string, stage mailstead.StageName, st status) *mailstead.Error {
	e := &mailstead.Error{
		Kind: mailstead.KindTemporary, Op: op,
		Text: "The server refused what was asked of it.",
		Err: &mailstead.ServerReply{
			Protocol: mailstead.IMAP, Stage: stage, Enhanced: st.code, Text: st.line(),
		},
	}
	if st.kind == "BYE" {
		e.Text = "The server closed the connection."
		return e
	}
	switch st.code {
	case "AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "EXPIRED":
		e.Kind = mailstead.KindCredentials
		e.Text = "The server refused the sign-in."
	case "NONEXISTENT", "TRYCREATE":
		e.Kind = mailstead.KindNotFound
		e.Text = "The folder does not exist."
	case "TOOBIG":
		e.Kind = mailstead.KindTooLarge
		e.Text = "The mail is too large for the server."
	case "OVERQUOTA":
		e.Kind = mailstead.KindPermanent
		e.Text = "The mailbox is full."
	case "CANNOT", "NOPERM", "CLIENTBUG", "BADCHARSET", "UNKNOWN-CTE", "READ-ONLY", "PRIVACYREQUIRED":
		e.Kind = mailstead.KindPermanent
	}
	return e
}

// loginError makes an error of a refused sign-in. Without a code that says
// otherwise the login or the secret is wrong, and a person must act.
func loginError(op string, st status) *mailstead.Error {
	e := replyError(op, mailstead.StageLogin, st)
	if st.kind != "NO" {
		return e
	}
	switch st.code {
	case "UNAVAILABLE", "LIMIT", "INUSE", "IN-USE", "SERVERBUG":
		e.Text = "The server cannot sign anyone in at the moment."
	case "PRIVACYREQUIRED":
		e.Code = "tls.required"
		e.Text = "The server demands encryption before the sign-in."
	default:
		e.Kind = mailstead.KindCredentials
		e.Text = "The server refused the sign-in."
	}
	return e
}

// line gives a status response as the server sent it, without the tag: the
// rules of package diagnose read such lines.
func (st status) line() string {
	s := st.kind
	if st.code != "" && st.code != "CAPABILITY" {
		s += " [" + st.code
		if st.args != "" {
			s += " " + st.args
		}
		s += "]"
	}
	return s + " " + st.text
}

// lasting tells refusals that are not about one mail (RFC 5530 section 3):
// asking for the mails one by one would not help.
func lasting(st status) bool {
	switch st.code {
	case "UNAVAILABLE", "INUSE", "LIMIT", "OVERQUOTA", "CONTACTADMIN", "NOPERM", "AUTHENTICATIONFAILED",
		"AUTHORIZATIONFAILED", "EXPIRED", "PRIVACYREQUIRED", "THROTTLED":
		return true
	}
	return false
}
