package mailstead

import (
	"errors"
	"strings"
)

// Kind classes an error. It alone decides the HTTP status, whether to retry and
// the exit code of the command line.
type Kind uint8

// The kinds of errors.
const (
	// KindInternal is a defect of ours or of the machine; the zero value.
	KindInternal Kind = iota
	// KindInvalid is bad input: nothing was changed.
	KindInvalid
	// KindUnauthenticated asks for a sign-in to Mailstead.
	KindUnauthenticated
	// KindForbidden is an action that this person may not do.
	KindForbidden
	// KindNotFound is a thing that does not exist, or not for this person.
	KindNotFound
	// KindConflict is an action that the present state does not allow.
	KindConflict
	// KindTooLarge is input over a limit.
	KindTooLarge
	// KindThrottled asks the caller to come back later.
	KindThrottled
	// KindTemporary is a failure of a remote server or network that may pass by
	// itself: try again later.
	KindTemporary
	// KindPermanent is a refusal by a remote server that repetition won't change.
	KindPermanent
	// KindCredentials is a refused sign-in at a remote server: a person must act.
	KindCredentials
	// KindUnknown means that a remote action may or may not have happened.
	KindUnknown
)

var kindNames = [...]string{
	"internal", "invalid", "unauthenticated", "forbidden", "not_found", "conflict",
	"too_large", "throttled", "temporary", "permanent", "credentials", "unknown",
}

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "internal"
}

// ParseKind returns the kind that String wrote, KindInternal for any other text.
func ParseKind(name string) Kind {
	for i, n := range kindNames {
		if n == name {
			return Kind(i)
		}
	}
	return KindInternal
}

// Error is the one error type of this module.
type Error struct {
	Kind Kind
	// Code is a stable, dotted, lower-case word for programs, for example
	// "input.address" or "auth.bad_credentials". Empty means the Kind's name.
	Code string
	// Op is what was tried, for the log: "imap.Open".
	Op string
	// Text is one plain sentence for people; it holds no secret.
	Text string
	// Field names the input field at fault, in API words ("incoming.host").
	Field string
	// UsedBy are the first of the things for whose sake something is not done.
	UsedBy []Use
	// Err is the cause, or nil.
	Err error
}

func (e *Error) Error() string {
	var b strings.Builder
	if e.Op != "" {
		b.WriteString(e.Op + ": ")
	}
	switch {
	case e.Text != "":
		b.WriteString(e.Text)
	case e.Code != "":
		b.WriteString(e.Code)
	default:
		b.WriteString(e.Kind.String())
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the Kind of the first *Error in err's chain, KindInternal when
// there is none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return KindInternal
}

// CodeOf returns the stable code of the first *Error in err's chain that has
// one, else the name of its kind.
func CodeOf(err error) string {
	for e := err; e != nil; {
		var me *Error
		if !errors.As(e, &me) {
			break
		}
		if me.Code != "" {
			return me.Code
		}
		e = me.Err
	}
	return KindOf(err).String()
}

// Invalid returns an error of KindInvalid about one input field.
func Invalid(field, code, text string) *Error {
	return &Error{Kind: KindInvalid, Code: code, Field: field, Text: text}
}

// NotFound returns an error of KindNotFound about a thing such as "account".
func NotFound(thing string) *Error {
	return &Error{Kind: KindNotFound, Code: thing + ".not_found", Text: "There is no such " + thing + "."}
}

// ServerReply is what a remote server said when it refused something. Drivers
// wrap it in an *Error; diagnose reads it.
type ServerReply struct { //nolint:errname // what it is called in the field; it is an error to be wrapped
	Protocol Protocol
	// Stage is where the conversation stood: StageGreeting, StageLogin, …
	Stage StageName
	// Code is the reply code of SMTP (RFC 5321 section 4.2), else 0.
	Code int
	// Enhanced is the enhanced status code (RFC 3463), for example "5.7.8", or
	// the IMAP response code (RFC 9051 section 7.1), for example "AUTHENTICATIONFAILED".
	Enhanced string
	// Text is the server's own words, one line, secrets masked.
	Text string
}

func (r *ServerReply) Error() string { return string(r.Protocol) + " server said: " + r.Text }
