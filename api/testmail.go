package api

import (
	"context"
	"net/http"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/connect"
	"github.com/mailstead/mailstead/outbox"
)

func (h *Handler) testMailRoutes() {
	refused := []int{http.StatusNotFound, http.StatusConflict, http.StatusTooManyRequests}
	about := "It stands in the outbox like every mail: `GET /outbox/{id}` tells its state, its reason and the server's words. While the account is in " +
		"trouble it is held. With `round_trip` the receiver's mailbox must be one that is read here for you; `arrival` of the mail then tells when it was found there."
	example := map[string]any{"to": "bruno@example.com", "subject": "Does this arrive?", "round_trip": false}
	add(h, route{
		method: http.MethodPost, path: "/accounts/{id}/test-mail", id: "sendTestMail", tag: "Tests",
		summary: "Send a test mail from an account", status: http.StatusAccepted, errors: refused, example: example,
		about: "For those who may send from the account. " + about,
	}, h.sendTestMail)
	add(h, route{
		method: http.MethodPost, path: "/users/{id}/test-mail", id: "sendUserTestMail", tag: "Tests",
		summary: "Send a test mail as a user would", status: http.StatusAccepted, errors: refused, example: example,
		about: "Decides like a submission which account sends for this user. " + about,
	}, h.sendUserTestMail)
	add(h, route{
		method: http.MethodPost, path: "/connect/test-mail", id: "sendTypedTestMail", tag: "Connect",
		summary: "Send a test mail before saving",
		about: "Signs in at the outgoing server like `POST /connect/test` and hands one mail over to it, once. Nothing is stored, so the mail does not stand in the " +
			"outbox. A server's refusal is a result (`ok` is false), not an error of this call.",
		errors: []int{http.StatusTooManyRequests},
		example: map[string]any{
			"account": map[string]any{"address": "anna@example.com", "password": "correct horse"}, "to": "bruno@example.com",
		},
	}, h.sendTypedTestMail)
}

// TestMail is what a test mail is to be.
type TestMail struct {
	To        string `json:"to,omitempty" maxLength:"320" doc:"The receiver; the sending account's own address when empty."`
	Subject   string `json:"subject,omitempty" maxLength:"500" doc:"The subject; a plain one when empty."`
	Text      string `json:"text,omitempty" maxLength:"5000" doc:"The text; a plain one when empty."`
	RoundTrip bool   `json:"round_trip,omitempty" doc:"Look for the mail in the receiver's mailbox."`
}

func (t *TestMail) mail() outbox.TestMail {
	return outbox.TestMail{To: t.To, Subject: t.Subject, Text: t.Text, RoundTrip: t.RoundTrip}
}

type (
	accountTestMailInput struct {
		AccountPath
		Body TestMail
	}
	userTestMailInput struct {
		UserPath
		Body TestMail
	}
	testMailOutput struct {
		Location string `header:"Location" doc:"The address of the outgoing mail."`
		Body     mailstead.OutgoingMessage
	}
)

func (h *Handler) sendTestMail(ctx context.Context, actor mailstead.Actor, in *accountTestMailInput) (*testMailOutput, error) {
	t := in.Body.mail()
	t.AccountID = in.ID
	return h.testMailAnswer(h.c.Outbox.SubmitTest(ctx, actor, t))
}

func (h *Handler) sendUserTestMail(ctx context.Context, actor mailstead.Actor, in *userTestMailInput) (*testMailOutput, error) {
	t := in.Body.mail()
	t.UserID = in.ID
	return h.testMailAnswer(h.c.Outbox.SubmitTest(ctx, actor, t))
}

func (h *Handler) testMailAnswer(m mailstead.OutgoingMessage, err error) (*testMailOutput, error) {
	return &testMailOutput{Location: h.c.outside() + "/outbox/" + m.ID.String(), Body: m}, err
}

// TypedTestMail is a test mail by data that are not saved yet.
type TypedTestMail struct {
	Account ConnectRequest `json:"account" doc:"The account as it would be connected."`
	To      string         `json:"to,omitempty" maxLength:"320" doc:"The receiver; the address itself when empty."`
	Subject string         `json:"subject,omitempty" maxLength:"500" doc:"The subject; a plain one when empty."`
	Text    string         `json:"text,omitempty" maxLength:"5000" doc:"The text; a plain one when empty."`
}

// MailTest is how a test mail by typed data went.
type MailTest struct {
	OK       bool              `json:"ok" doc:"The server took the mail for its receiver."`
	To       string            `json:"to" doc:"The receiver."`
	Outgoing *mailstead.Report `json:"outgoing,omitempty" doc:"The test of the sign-in that went before."`
	TookMS   int64             `json:"took_ms,omitempty" doc:"Milliseconds from the beginning of the mail to the server's answer."`
	Reply    string            `json:"reply,omitempty" doc:"The server's own words."`
	Code     string            `json:"code,omitempty" doc:"Why it was not taken, as a stable code."`
	Cause    string            `json:"cause,omitempty" doc:"Why it was not taken, in a sentence."`
	Action   string            `json:"action,omitempty" doc:"What to do."`
}

type (
	typedTestMailInput  struct{ Body TypedTestMail }
	typedTestMailOutput struct{ Body MailTest }
)

func (h *Handler) sendTypedTestMail(ctx context.Context, actor mailstead.Actor, in *typedTestMailInput) (*typedTestMailOutput, error) {
	b := &in.Body
	t, err := h.c.Connect.SendTest(ctx, actor, b.Account.request(), connect.TestMail{To: b.To, Subject: b.Subject, Text: b.Text})
	return &typedTestMailOutput{MailTest{
		OK: t.OK, To: t.To, Outgoing: t.Outgoing, TookMS: t.Took.Milliseconds(), Reply: t.Reply, Code: t.Code, Cause: t.Cause, Action: t.Action,
	}}, err
}
