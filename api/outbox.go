package api

import (
	"context"
	"net/http"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/outbox"
)

// Outbox sends mail.
type Outbox interface {
	Submit(ctx context.Context, actor mailstead.Actor, s outbox.Submission) (m mailstead.OutgoingMessage, existed bool, err error)
	SubmitTest(ctx context.Context, actor mailstead.Actor, t outbox.TestMail) (mailstead.OutgoingMessage, error)
	Prepare(ctx context.Context, actor mailstead.Actor, kind mailstead.DraftKind, parent mailstead.MessageID) (mailstead.Draft, error)
	Resolve(ctx context.Context, actor mailstead.Actor, user mailstead.UserID, chosen mailstead.AccountID, template mailstead.TemplateID) (mailstead.Resolution, error)
	List(ctx context.Context, actor mailstead.Actor, q mailstead.OutgoingQuery) ([]mailstead.OutgoingMessage, error)
	Get(ctx context.Context, actor mailstead.Actor, id mailstead.OutgoingID) (mailstead.OutgoingMessage, []mailstead.Attempt, error)
	Cancel(ctx context.Context, actor mailstead.Actor, id mailstead.OutgoingID) (mailstead.OutgoingMessage, error)
	Retry(ctx context.Context, actor mailstead.Actor, id mailstead.OutgoingID) (mailstead.OutgoingMessage, error)
	ForceRetry(ctx context.Context, actor mailstead.Actor, id mailstead.OutgoingID) (mailstead.OutgoingMessage, error)
}

func (h *Handler) outboxRoutes() {
	changed := []int{http.StatusNotFound, http.StatusConflict}
	add(h, route{
		method: http.MethodPost, path: "/outbox", id: "submitMail", tag: "Sending",
		summary: "Submit a mail",
		about: "Accepts a mail for sending: once this is answered the mail survives a crash. Which account sends is decided now and answered in `reason`. " +
			"With the header `Idempotency-Key` a repeated submission of the same user is one mail: the first is answered again, with status 200.",
		status: http.StatusAccepted, also: map[int]string{http.StatusOK: "The mail was submitted before under the same key."},
		errors: []int{http.StatusNotFound, http.StatusConflict, http.StatusTooManyRequests},
		large:  h.c.MaxSubmission,
		example: map[string]any{
			"to": []any{map[string]any{"name": "Bruno Bianchi", "address": "bruno@example.com"}}, "subject": "Your order 4711",
			"text":        "Dear Bruno,\n\nyour order left our house today.\n",
			"attachments": []any{map[string]any{"name": "note.txt", "media_type": "text/plain", "content": "SGVsbG8K"}},
		},
	}, h.submitMail)
	add(h, route{
		method: http.MethodGet, path: "/draft", id: "prepareNewDraft", tag: "Sending",
		summary: "Begin a new mail", about: "An empty draft with the signature of the account that would send it. It is not stored; complete it and submit it with `POST /outbox`.",
		errors: []int{http.StatusConflict},
	}, h.prepareNewDraft)
	add(h, route{
		method: http.MethodGet, path: "/outbox", id: "listOutgoing", tag: "Sending",
		summary: "List the outbox", about: "Mails that are to be sent or were sent, newest first: those that were sent for you, and with `account` those of an account that you may read. Administrators see everyone's. " +
			"What was passed over when the sender was chosen is told only to them and to whom the mail was sent for.",
	}, h.listOutgoing)
	add(h, route{
		method: http.MethodGet, path: "/outbox/{id}", id: "getOutgoing", tag: "Sending",
		summary: "Read an outgoing mail", about: "Its state, the fate of each recipient, and every attempt.", errors: []int{http.StatusNotFound},
	}, h.getOutgoing)
	add(h, route{
		method: http.MethodPost, path: "/outbox/{id}/cancel", id: "cancelOutgoing", tag: "Sending",
		summary: "Cancel an outgoing mail", about: "Possible while it is queued, held or of unknown fate, for whom it was sent and for those who may read the account and send from it. Recipients that got it keep it.", errors: changed,
	}, h.cancelOutgoing)
	add(h, route{
		method: http.MethodPost, path: "/outbox/{id}/retry", id: "retryOutgoing", tag: "Sending",
		summary: "Try to send again", errors: changed,
		about: "Tries a queued, held or rejected mail now, for the recipients that have not got it. A mail of unknown fate is refused, because its recipients may get it twice; `force` tries nevertheless.",
	}, h.retryOutgoing)
}

func (h *Handler) prepareNewDraft(ctx context.Context, actor mailstead.Actor, _ *struct{}) (*draftOutput, error) {
	d, err := h.c.Outbox.Prepare(ctx, actor, mailstead.DraftNew, 0)
	return &draftOutput{d}, err
}

// Submission is a mail to be sent.
type Submission struct {
	mailstead.Draft
	// UserID is for whom the mail is sent.
	UserID mailstead.UserID `json:"user_id,omitempty" minimum:"0" doc:"For whom the mail is sent: this user's accounts decide. 0 means yourself."`
	// TemplateID is the template that the mail is made from.
	TemplateID mailstead.TemplateID `json:"template_id,omitempty" minimum:"0" doc:"The template that the mail is made from: it fills subject and text where they are empty, and its account sends when you may send from it and choose no other."`
}

type submitInput struct {
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"200" doc:"Any text of your own that names this mail." example:"order-4711"`
	Body           Submission
}

type submitOutput struct {
	Status   int
	Location string `header:"Location" doc:"The address of the outgoing mail."`
	Body     mailstead.OutgoingMessage
}

func (h *Handler) submitMail(ctx context.Context, actor mailstead.Actor, in *submitInput) (*submitOutput, error) {
	m, existed, err := h.c.Outbox.Submit(ctx, actor, outbox.Submission{
		Draft: in.Body.Draft, IdempotencyKey: in.IdempotencyKey, UserID: in.Body.UserID, TemplateID: in.Body.TemplateID,
	})
	if err != nil {
		return nil, err
	}
	out := &submitOutput{Status: http.StatusAccepted, Location: h.c.outside() + "/outbox/" + m.ID.String(), Body: m}
	if existed {
		out.Status = http.StatusOK
	}
	return out, nil
}

type listOutgoingInput struct {
	PageParams
	User    mailstead.UserID          `query:"user" minimum:"0" doc:"Only mails sent for this user."`
	Account mailstead.AccountID       `query:"account" minimum:"0" doc:"Only mails of this account."`
	State   []mailstead.OutgoingState `query:"state" maxItems:"7" doc:"Only mails in one of these states, separated by commas."`
}

func (h *Handler) listOutgoing(ctx context.Context, actor mailstead.Actor, in *listOutgoingInput) (*pageOutput[mailstead.OutgoingMessage], error) {
	q := mailstead.OutgoingQuery{UserID: in.User, AccountID: in.Account, States: in.State, Limit: in.Limit + 1}
	if err := decodeCursor(in.Cursor, &q.Before); err != nil {
		return nil, err
	}
	mails, err := h.c.Outbox.List(ctx, actor, q)
	if err != nil {
		return nil, err
	}
	return pageOf(mails, in.Limit, func(m mailstead.OutgoingMessage) any { return m.ID }), nil
}

// OutgoingPath names an outgoing mail.
type OutgoingPath struct {
	ID mailstead.OutgoingID `path:"id" minimum:"1" doc:"The outgoing mail." example:"12"`
}

// OutgoingDetail is an outgoing mail with its attempts.
type OutgoingDetail struct {
	mailstead.OutgoingMessage
	History []mailstead.Attempt `json:"history" nullable:"false" doc:"Every attempt to send it, oldest first."`
}

type outgoingDetailOutput struct{ Body OutgoingDetail }

func (h *Handler) getOutgoing(ctx context.Context, actor mailstead.Actor, in *OutgoingPath) (*outgoingDetailOutput, error) {
	m, attempts, err := h.c.Outbox.Get(ctx, actor, in.ID)
	if attempts == nil {
		attempts = []mailstead.Attempt{}
	}
	return &outgoingDetailOutput{OutgoingDetail{m, attempts}}, err
}

type outgoingOutput struct{ Body mailstead.OutgoingMessage }

func (h *Handler) cancelOutgoing(ctx context.Context, actor mailstead.Actor, in *OutgoingPath) (*outgoingOutput, error) {
	m, err := h.c.Outbox.Cancel(ctx, actor, in.ID)
	return &outgoingOutput{m}, err
}

type retryInput struct {
	OutgoingPath
	Force bool `query:"force" doc:"Try also when the mail may have been sent already."`
}

func (h *Handler) retryOutgoing(ctx context.Context, actor mailstead.Actor, in *retryInput) (*outgoingOutput, error) {
	retry := h.c.Outbox.Retry
	if in.Force {
		retry = h.c.Outbox.ForceRetry
	}
	m, err := retry(ctx, actor, in.ID)
	return &outgoingOutput{m}, err
}
