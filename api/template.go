package api

import (
	"context"
	"net/http"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/admin"
)

// Templates keeps the templates of mails.
type Templates interface {
	Templates(ctx context.Context, actor mailstead.Actor, q mailstead.TemplateQuery, all bool) ([]mailstead.Template, error)
	Template(ctx context.Context, actor mailstead.Actor, id mailstead.TemplateID) (mailstead.Template, error)
	CreateTemplate(ctx context.Context, actor mailstead.Actor, copyOf mailstead.TemplateID, c admin.TemplateChanges) (mailstead.Template, error)
	UpdateTemplate(ctx context.Context, actor mailstead.Actor, id mailstead.TemplateID, c admin.TemplateChanges) (mailstead.Template, error)
	DeleteTemplate(ctx context.Context, actor mailstead.Actor, id mailstead.TemplateID) error
}

func (h *Handler) templateRoutes() {
	const tag = "Templates"
	missing := []int{http.StatusNotFound}
	add(h, route{
		method: http.MethodGet, path: "/templates", id: "listTemplates", tag: tag,
		summary: "List the templates",
		about:   "By name and without their texts: those that are switched on, for whoever may send; with `all` the others too, for administrators.",
	}, h.listTemplates)
	add(h, route{
		method: http.MethodPost, path: "/templates", id: "createTemplate", tag: tag,
		summary: "Add a template",
		about: "For administrators: a new one, or with `copy_of` a copy of another one under a new name. Without `account_id` a new one sends from the account that is " +
			"the system's today; later changes of that do not move it. A `default` takes the place of the one that its module had.",
		status: http.StatusCreated, errors: []int{http.StatusNotFound, http.StatusConflict},
		example: map[string]any{
			"name": "Invoice", "module": "invoices", "subject": "Your invoice", "text": "Dear customer,\n\nplease find the invoice enclosed.\n", "default": true,
		},
	}, h.createTemplate)
	add(h, route{
		method: http.MethodGet, path: "/templates/{id}", id: "getTemplate", tag: tag,
		summary: "Read a template", about: "With its text. Its account and the note are told to administrators.", errors: missing,
	}, h.getTemplate)
	add(h, route{
		method: http.MethodPatch, path: "/templates/{id}", id: "updateTemplate", tag: tag,
		summary: "Change a template",
		about: "For administrators. Fields that are left out stay as they are. With If-Match, what somebody else changed meanwhile is not " +
			"overwritten.",
		errors:  []int{http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed},
		example: map[string]any{"subject": "Your invoice of this month", "account_id": 7},
	}, h.updateTemplate)
	add(h, route{
		method: http.MethodDelete, path: "/templates/{id}", id: "deleteTemplate", tag: tag,
		summary: "Delete a template", about: "For administrators. Mails that were sent by it stay.", errors: missing,
	}, h.deleteTemplate)
}

type listTemplatesInput struct {
	PageParams
	All     bool                `query:"all" doc:"For administrators: those that are switched off, too."`
	Search  string              `query:"q" maxLength:"200" doc:"Only templates whose name or module holds this."`
	Module  string              `query:"module" maxLength:"100" doc:"Only templates of this module." example:"invoices"`
	Account mailstead.AccountID `query:"account" minimum:"0" doc:"For administrators: only templates that send from this account."`
}

func (h *Handler) listTemplates(ctx context.Context, actor mailstead.Actor, in *listTemplatesInput) (*pageOutput[mailstead.Template], error) {
	q := mailstead.TemplateQuery{Search: in.Search, Module: in.Module, AccountID: in.Account, Limit: in.Limit + 1}
	if err := decodeCursor(in.Cursor, &q.After); err != nil {
		return nil, err
	}
	list, err := h.c.Templates.Templates(ctx, actor, q, in.All)
	if err != nil {
		return nil, err
	}
	return pageOf(list, in.Limit, func(t mailstead.Template) any { return t.Name }), nil
}

// TemplatePath names a template.
type TemplatePath struct {
	ID mailstead.TemplateID `path:"id" minimum:"1" doc:"The template." example:"3"`
}

type templateOutput struct {
	Version
	Body mailstead.Template
}

func templateAnswer(t mailstead.Template, err error) (*templateOutput, error) {
	return &templateOutput{versionOf(t.UpdatedAt), t}, err
}

func (h *Handler) getTemplate(ctx context.Context, actor mailstead.Actor, in *TemplatePath) (*templateOutput, error) {
	return templateAnswer(h.c.Templates.Template(ctx, actor, in.ID))
}

// TemplateFields is what administrators say of a template.
type TemplateFields struct {
	Name      *string              `json:"name,omitempty" maxLength:"200" doc:"A name that no other template has."`
	Module    *string              `json:"module,omitempty" maxLength:"100" doc:"What it is for, in words of the house." example:"invoices"`
	Active    *bool                `json:"active,omitempty" doc:"Whether it is offered; a new one is."`
	Default   *bool                `json:"default,omitempty" doc:"Whether its module begins with it."`
	AccountID *mailstead.AccountID `json:"account_id,omitempty" minimum:"0" doc:"The account that sends; 0 lets the precedence decide."`
	Subject   *string              `json:"subject,omitempty" maxLength:"2000" doc:"The subject."`
	Text      *string              `json:"text,omitempty" maxLength:"100000" doc:"The text, plain."`
	Note      *string              `json:"note,omitempty" maxLength:"10000" doc:"A note for administrators."`
}

func (f *TemplateFields) changes() admin.TemplateChanges {
	return admin.TemplateChanges{
		Name: f.Name, Module: f.Module, Active: f.Active, Default: f.Default, AccountID: f.AccountID,
		Subject: f.Subject, Text: f.Text, Note: f.Note,
	}
}

// NewTemplate is a template to be added.
type NewTemplate struct {
	CopyOf mailstead.TemplateID `json:"copy_of,omitempty" minimum:"0" doc:"The template that it begins as a copy of."`
	TemplateFields
}

type createTemplateInput struct{ Body NewTemplate }

func (h *Handler) createTemplate(ctx context.Context, actor mailstead.Actor, in *createTemplateInput) (*templateOutput, error) {
	return templateAnswer(h.c.Templates.CreateTemplate(ctx, actor, in.Body.CopyOf, in.Body.changes()))
}

type updateTemplateInput struct {
	TemplatePath
	IfVersion
	Body TemplateFields
}

func (h *Handler) updateTemplate(ctx context.Context, actor mailstead.Actor, in *updateTemplateInput) (*templateOutput, error) {
	seen, err := in.seen()
	if err != nil {
		return nil, err
	}
	c := in.Body.changes()
	c.Seen = seen
	t, err := h.c.Templates.UpdateTemplate(ctx, actor, in.ID, c)
	return templateAnswer(t, in.stale(err))
}

func (h *Handler) deleteTemplate(ctx context.Context, actor mailstead.Actor, in *TemplatePath) (*struct{}, error) {
	return nil, h.c.Templates.DeleteTemplate(ctx, actor, in.ID)
}
