package api

import (
	"context"
	"net/http"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/message"
)

func (h *Handler) messageRoutes() {
	add(h, route{
		method: http.MethodGet, path: "/messages/{id}", id: "getMessage", tag: "Mail",
		summary: "Read a message",
		about:   "Headers, text and the list of attachments. Reading does not mark a message as read. A message that was too large to load, or that cannot be read, comes without text and says why in `defect`.",
		errors:  []int{http.StatusNotFound},
	}, h.getMessage)
	add(h, route{
		method: http.MethodPut, path: "/messages/{id}/flags", id: "setMessageFlags", tag: "Mail",
		summary: "Mark a message", about: "Sets the marks that are named, on the mail server too; those that are left out stay as they are.",
		status: http.StatusNoContent, errors: []int{http.StatusNotFound, http.StatusConflict, http.StatusBadGateway},
		example: map[string]any{"seen": true},
	}, h.setMessageFlags)
	add(h, route{
		method: http.MethodPut, path: "/messages/flags", id: "setManyMessageFlags", tag: "Mail",
		summary: "Mark several messages",
		about:   "Sets the marks that are named on up to 200 messages of one account, in one visit to the mail server. Messages that are gone, or that you may not read, are passed over.",
		status:  http.StatusNoContent, errors: []int{http.StatusNotFound, http.StatusConflict, http.StatusBadGateway},
		example: map[string]any{"ids": []int{118, 117}, "seen": true},
	}, h.setManyMessageFlags)
	add(h, route{
		method: http.MethodGet, path: "/messages/{id}/draft", id: "prepareDraft", tag: "Mail",
		summary: "Begin an answer",
		about:   "A draft that answers or forwards the message: recipients, subject, quote, references and, for a forward, the attachments. It is not stored; complete it and submit it with `POST /outbox`. A token needs the scopes `mail:read` and `mail:send`.",
		errors:  []int{http.StatusNotFound, http.StatusConflict},
	}, h.prepareDraft)
}

// MessagePath names a stored message.
type MessagePath struct {
	ID mailstead.MessageID `path:"id" minimum:"1" doc:"The message." example:"118"`
}

// MessageDetail is a whole message.
type MessageDetail struct {
	mailstead.Message
	MailBody
}

// MailBody is what is read of the bytes of a mail.
type MailBody struct {
	Text         string                 `json:"text" doc:"The text; made from the HTML when the mail has no other."`
	VisibleText  string                 `json:"visible_text" doc:"The text without quotes and signature."`
	HasHTML      bool                   `json:"has_html" doc:"Whether there is HTML to show, see GET /messages/{id}/html."`
	RemoteImages int                    `json:"remote_images,omitempty" doc:"How many images the HTML would load from elsewhere."`
	Attachments  []mailstead.Attachment `json:"attachments" nullable:"false" doc:"The files of the mail."`
	AutoReply    bool                   `json:"auto_reply,omitempty" doc:"A machine answered, not a person."`
	Defects      []string               `json:"defects,omitempty" doc:"What is wrong with the mail's form and was mended for reading."`
}

type messageOutput struct{ Body MessageDetail }

func (h *Handler) getMessage(ctx context.Context, actor mailstead.Actor, in *MessagePath) (*messageOutput, error) {
	o, err := h.c.Inbox.Open(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	return &messageOutput{MessageDetail{o.Message, mailBody(o.Mail)}}, nil
}

// mailBody is empty for a mail that cannot be read.
func mailBody(m *message.Mail) MailBody {
	b := MailBody{Attachments: []mailstead.Attachment{}}
	if m == nil {
		return b
	}
	b.Text, b.VisibleText, b.HasHTML = m.Text, m.VisibleText(), m.HTML != ""
	_, b.RemoteImages = m.SafeHTML(message.HTMLOptions{})
	b.AutoReply, b.Defects = m.AutoReply, m.Defects
	if len(m.Attachments) > 0 {
		b.Attachments = m.Attachments
	}
	return b
}

// FlagChanges are the marks to set or to take away.
type FlagChanges struct {
	Seen     *bool `json:"seen,omitempty" doc:"Whether the message was read."`
	Answered *bool `json:"answered,omitempty" doc:"Whether it was answered."`
	Flagged  *bool `json:"flagged,omitempty" doc:"Whether it has a star."`
}

type setFlagsInput struct {
	MessagePath
	Body FlagChanges
}

func (h *Handler) setMessageFlags(ctx context.Context, actor mailstead.Actor, in *setFlagsInput) (*struct{}, error) {
	set, mask, err := in.Body.flags()
	if err != nil {
		return nil, err
	}
	return nil, h.c.Inbox.SetFlags(ctx, actor, []mailstead.MessageID{in.ID}, set, mask)
}

// ManyFlagChanges are marks to set or to take away on several messages.
type ManyFlagChanges struct {
	IDs []mailstead.MessageID `json:"ids" minItems:"1" maxItems:"200" nullable:"false" doc:"The messages; all of one account."`
	FlagChanges
}

type setManyFlagsInput struct{ Body ManyFlagChanges }

func (h *Handler) setManyMessageFlags(ctx context.Context, actor mailstead.Actor, in *setManyFlagsInput) (*struct{}, error) {
	set, mask, err := in.Body.flags()
	if err != nil {
		return nil, err
	}
	return nil, h.c.Inbox.SetFlags(ctx, actor, in.Body.IDs, set, mask)
}

// flags are the marks to set, of those named by mask.
func (c *FlagChanges) flags() (set, mask mailstead.Flags, err error) {
	for _, f := range []struct {
		want      *bool
		set, mask *bool
	}{
		{c.Seen, &set.Seen, &mask.Seen},
		{c.Answered, &set.Answered, &mask.Answered},
		{c.Flagged, &set.Flagged, &mask.Flagged},
	} {
		if f.want != nil {
			*f.set, *f.mask = *f.want, true
		}
	}
	if mask == (mailstead.Flags{}) {
		return set, mask, mailstead.Invalid("seen", "input.flags", "Name at least one mark to change: seen, answered or flagged.")
	}
	return set, mask, nil
}

type draftInput struct {
	MessagePath
	Kind mailstead.DraftKind `query:"kind" default:"reply" doc:"How to answer: reply, reply_all or forward." example:"reply"`
}

type draftOutput struct{ Body mailstead.Draft }

func (h *Handler) prepareDraft(ctx context.Context, actor mailstead.Actor, in *draftInput) (*draftOutput, error) {
	if in.Kind == mailstead.DraftNew {
		return nil, mailstead.Invalid("kind", "input.kind", "A message is answered by reply, reply_all or forward.")
	}
	d, err := h.c.Outbox.Prepare(ctx, actor, in.Kind, in.ID)
	return &draftOutput{d}, err
}
