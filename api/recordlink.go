package api

import (
	"context"
	"net/http"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/record"
)

// RecordMails links mails to records, and shows them there.
type RecordMails interface {
	LinksOf(ctx context.Context, actor mailstead.Actor, id mailstead.MessageID) ([]mailstead.Link, error)
	Link(ctx context.Context, actor mailstead.Actor, id mailstead.MessageID, record mailstead.RecordID) (mailstead.Link, error)
	LinkAgain(ctx context.Context, actor mailstead.Actor, record mailstead.RecordID, mail mailstead.LinkedMailID) (mailstead.LinkedMail, error)
	UnlinkMessage(ctx context.Context, actor mailstead.Actor, id mailstead.MessageID, record mailstead.RecordID) error
	Unlink(ctx context.Context, actor mailstead.Actor, record mailstead.RecordID, mail mailstead.LinkedMailID) error
	Mails(ctx context.Context, actor mailstead.Actor, q mailstead.LinkedMailQuery) ([]mailstead.LinkedMail, error)
	Open(ctx context.Context, actor mailstead.Actor, record mailstead.RecordID, mail mailstead.LinkedMailID) (record.Opened, error)
	Raw(ctx context.Context, actor mailstead.Actor, record mailstead.RecordID, mail mailstead.LinkedMailID) ([]byte, error)
}

func (h *Handler) recordLinkRoutes() {
	const tag = "Records"
	add(h, route{
		method: http.MethodGet, path: "/messages/{id}/links", id: "listMessageLinks", tag: tag,
		summary: "List the records of a message", about: "The records that this mail is linked to, also from another mailbox, each with why, by whom and when.",
		errors: []int{http.StatusNotFound},
	}, h.listMessageLinks)
	add(h, route{
		method: http.MethodPost, path: "/messages/{id}/links", id: "linkMessage", tag: tag,
		summary: "Link a message to a record",
		about: "The mail is copied to the record: it stays there when it is deleted in the mailbox, and when the account is disconnected. " +
			"Everybody who is signed in can read it on the record. Doing it twice is doing it once.",
		status: http.StatusCreated, errors: []int{http.StatusNotFound, http.StatusConflict}, example: map[string]any{"record_id": 12},
	}, h.linkMessage)
	add(h, route{
		method: http.MethodDelete, path: "/messages/{id}/links/{record}", id: "unlinkMessage", tag: tag,
		summary: "Take a message from a record", about: "For who may read the message.",
		status: http.StatusNoContent, errors: []int{http.StatusNotFound},
	}, h.unlinkMessage)
	add(h, route{
		method: http.MethodGet, path: "/records/{record}/mails", id: "listRecordMails", tag: tag,
		summary: "List the mails of a record", about: "The newest first. Everybody who is signed in may read them.", errors: []int{http.StatusNotFound},
	}, h.listRecordMails)
	add(h, route{
		method: http.MethodGet, path: "/records/{record}/mails/{mail}", id: "getRecordMail", tag: tag,
		summary: "Read a mail of a record", about: "Headers, text and the list of attachments, whether its account is still here or not.",
		errors: []int{http.StatusNotFound},
	}, h.getRecordMail)
	add(h, route{
		method: http.MethodPut, path: "/records/{record}/mails/{mail}", id: "linkRecordMail", tag: tag,
		summary: "Link a mail of a record again",
		about:   "Links a mail that stands on another record, or puts back one that you took from this record within the last 24 hours.",
		errors:  []int{http.StatusNotFound},
	}, h.linkRecordMail)
	add(h, route{
		method: http.MethodDelete, path: "/records/{record}/mails/{mail}", id: "unlinkRecordMail", tag: tag,
		summary: "Take a mail from a record",
		about: "For who linked it, who may read it in its mailbox, and administrators. For 24 hours you can put it back; " +
			"then a mail that no record has any more is forgotten.",
		status: http.StatusNoContent, errors: []int{http.StatusNotFound},
	}, h.unlinkRecordMail)
	add(h, route{
		method: http.MethodGet, path: "/records/{record}/mails/{mail}/html", id: "getRecordMailHTML", tag: tag,
		summary: "Show the HTML of a mail of a record", about: "As GET /messages/{id}/html does.",
		errors: []int{http.StatusNotFound}, media: "text/html",
	}, h.getRecordMailHTML)
	add(h, route{
		method: http.MethodGet, path: "/records/{record}/mails/{mail}/raw", id: "getRecordMailRaw", tag: tag,
		summary: "Download a mail of a record", about: "The bytes of the mail as its server delivered them.",
		errors: []int{http.StatusNotFound}, media: "message/rfc822",
	}, h.getRecordMailRaw)
	add(h, route{
		method: http.MethodGet, path: "/records/{record}/mails/{mail}/attachments/{part}", id: "getRecordMailAttachment", tag: tag,
		summary: "Download an attachment of a mail of a record", about: "As GET /messages/{id}/attachments/{part} does.",
		errors: []int{http.StatusNotFound}, media: "application/octet-stream",
	}, h.getRecordMailAttachment)
}

// RecordMailPath names a mail of a record.
type RecordMailPath struct {
	RecordPath
	Mail mailstead.LinkedMailID `path:"mail" minimum:"1" doc:"The mail, as records know it." example:"31"`
}

// MessageLink tells that a message is linked to a record.
type MessageLink struct {
	RecordID mailstead.RecordID     `json:"record_id" doc:"The record." example:"12"`
	Type     string                 `json:"type" doc:"The key of its type." example:"request"`
	TypeName string                 `json:"type_name" doc:"What its type is called." example:"Request"`
	Name     string                 `json:"name" doc:"What people call it."`
	MailID   mailstead.LinkedMailID `json:"mail_id" doc:"The mail, as records know it." example:"31"`
	Reason   mailstead.LinkReason   `json:"reason" doc:"Why it is linked."`
	By       mailstead.UserID       `json:"by,omitempty" doc:"Who linked it."`
	ByName   string                 `json:"by_name,omitempty" doc:"The name of who did."`
	At       time.Time              `json:"at" doc:"When."`
}

func linkOf(l *mailstead.Link) MessageLink {
	return MessageLink{
		RecordID: l.Record.ID, Type: l.Record.Type, TypeName: l.TypeName, Name: l.Record.Name, MailID: l.Mail,
		Reason: l.Reason, By: l.By, ByName: l.ByName, At: l.At,
	}
}

func (h *Handler) listMessageLinks(ctx context.Context, actor mailstead.Actor, in *MessagePath) (*listOutput[MessageLink], error) {
	links, err := h.c.RecordMails.LinksOf(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	out := make([]MessageLink, len(links))
	for i := range links {
		out[i] = linkOf(&links[i])
	}
	return listOf(out), nil
}

// NewLink names the record of a link.
type NewLink struct {
	RecordID mailstead.RecordID `json:"record_id" minimum:"1" doc:"The record."`
}

type linkMessageInput struct {
	MessagePath
	Body NewLink
}

type messageLinkOutput struct{ Body MessageLink }

func (h *Handler) linkMessage(ctx context.Context, actor mailstead.Actor, in *linkMessageInput) (*messageLinkOutput, error) {
	l, err := h.c.RecordMails.Link(ctx, actor, in.ID, in.Body.RecordID)
	return &messageLinkOutput{linkOf(&l)}, err
}

type unlinkMessageInput struct {
	MessagePath
	RecordPath
}

func (h *Handler) unlinkMessage(ctx context.Context, actor mailstead.Actor, in *unlinkMessageInput) (*struct{}, error) {
	return nil, h.c.RecordMails.UnlinkMessage(ctx, actor, in.ID, in.Record)
}

type listRecordMailsInput struct {
	RecordPath
	PageParams
}

// mailPosition is where a page of mails begins.
type mailPosition struct {
	ReceivedAt time.Time
	ID         mailstead.LinkedMailID
}

func (h *Handler) listRecordMails(ctx context.Context, actor mailstead.Actor, in *listRecordMailsInput) (*pageOutput[mailstead.LinkedMail], error) {
	var after mailPosition
	if err := decodeCursor(in.Cursor, &after); err != nil {
		return nil, err
	}
	mails, err := h.c.RecordMails.Mails(ctx, actor, mailstead.LinkedMailQuery{
		Record: in.Record, ReceivedAt: after.ReceivedAt, Before: after.ID, Limit: in.Limit + 1,
	})
	if err != nil {
		return nil, err
	}
	return pageOf(mails, in.Limit, func(m mailstead.LinkedMail) any { return mailPosition{m.ReceivedAt, m.ID} }), nil
}

// RecordMail is a whole mail of a record.
type RecordMail struct {
	mailstead.LinkedMail
	MailBody
}

type recordMailOutput struct{ Body RecordMail }

func (h *Handler) getRecordMail(ctx context.Context, actor mailstead.Actor, in *RecordMailPath) (*recordMailOutput, error) {
	o, err := h.c.RecordMails.Open(ctx, actor, in.Record, in.Mail)
	if err != nil {
		return nil, err
	}
	return &recordMailOutput{RecordMail{o.Linked, mailBody(o.Mail)}}, nil
}

type linkedMailOutput struct{ Body mailstead.LinkedMail }

func (h *Handler) linkRecordMail(ctx context.Context, actor mailstead.Actor, in *RecordMailPath) (*linkedMailOutput, error) {
	m, err := h.c.RecordMails.LinkAgain(ctx, actor, in.Record, in.Mail)
	return &linkedMailOutput{m}, err
}

func (h *Handler) unlinkRecordMail(ctx context.Context, actor mailstead.Actor, in *RecordMailPath) (*struct{}, error) {
	return nil, h.c.RecordMails.Unlink(ctx, actor, in.Record, in.Mail)
}

type recordHTMLInput struct {
	RecordMailPath
	Remote bool `query:"remote" doc:"Load remote images."`
}

func (h *Handler) getRecordMailHTML(ctx context.Context, actor mailstead.Actor, in *recordHTMLInput) (*htmlOutput, error) {
	o, err := h.c.RecordMails.Open(ctx, actor, in.Record, in.Mail)
	if err != nil {
		return nil, err
	}
	return htmlOf(o.Mail, in.Remote)
}

func (h *Handler) getRecordMailRaw(ctx context.Context, actor mailstead.Actor, in *RecordMailPath) (*contentOutput, error) {
	data, err := h.c.RecordMails.Raw(ctx, actor, in.Record, in.Mail)
	if err != nil {
		return nil, err
	}
	return download("mail-"+in.Mail.String()+".eml", "message/rfc822", data), nil
}

type recordAttachmentInput struct {
	RecordMailPath
	Part int `path:"part" minimum:"0" maximum:"100000" doc:"The number of the attachment in the mail." example:"0"`
}

func (h *Handler) getRecordMailAttachment(ctx context.Context, actor mailstead.Actor, in *recordAttachmentInput) (*contentOutput, error) {
	o, err := h.c.RecordMails.Open(ctx, actor, in.Record, in.Mail)
	if err != nil {
		return nil, err
	}
	return attachmentOf(o.Mail, in.Part)
}
