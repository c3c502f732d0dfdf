package admin

import (
	"context"
	"time"

	"github.com/mailstead/mailstead"
)

// TemplateStore keeps the templates of mails.
type TemplateStore interface {
	Templates(ctx context.Context, q mailstead.TemplateQuery) ([]mailstead.Template, error)
	Template(ctx context.Context, id mailstead.TemplateID) (mailstead.Template, error)
	CreateTemplate(ctx context.Context, t *mailstead.Template, audit mailstead.AuditEntry) error
	UpdateTemplate(ctx context.Context, t *mailstead.Template, audit mailstead.AuditEntry) error
	DeleteTemplate(ctx context.Context, id mailstead.TemplateID, audit mailstead.AuditEntry) error
}

// Templates lists templates by name, without their texts: the active ones for
// whoever may send, with all the others too, for administrators.
func (s *Service) Templates(ctx context.Context, actor mailstead.Actor, q mailstead.TemplateQuery, all bool) ([]mailstead.Template, error) {
	if err := requireSender(actor); err != nil {
		return nil, err
	}
	if all || q.AccountID != 0 {
		if err := actor.RequireAdmin(); err != nil {
			return nil, err
		}
	}
	q.ActiveOnly = q.ActiveOnly || !all
	q.Limit = clampLimit(q.Limit)
	list, err := s.c.Store.Templates(ctx, q)
	if err != nil {
		return nil, err
	}
	for i := range list {
		list[i] = seenBy(actor, list[i])
	}
	return list, nil
}

// Template returns one template. Those that are switched off are for administrators.
func (s *Service) Template(ctx context.Context, actor mailstead.Actor, id mailstead.TemplateID) (mailstead.Template, error) {
	if err := requireSender(actor); err != nil {
		return mailstead.Template{}, err
	}
	t, err := s.c.Store.Template(ctx, id)
	if err != nil {
		return mailstead.Template{}, err
	}
	if !t.Active && !actor.IsAdmin() {
		return mailstead.Template{}, mailstead.NotFound("template")
	}
	return seenBy(actor, t), nil
}

// requireSender demands somebody who may send, or an administrator.
func requireSender(actor mailstead.Actor) error {
	if actor.IsAdmin() {
		return nil
	}
	return actor.Require(mailstead.ScopeSend)
}

// seenBy leaves out what only administrators are told.
func seenBy(actor mailstead.Actor, t mailstead.Template) mailstead.Template {
	if !actor.IsAdmin() {
		t.AccountID, t.Note = 0, ""
	}
	return t
}

// TemplateChanges is what administrators say of a template; nil leaves a field as
// it is.
type TemplateChanges struct {
	Name, Module    *string
	Active, Default *bool
	// AccountID is the account that sends, 0 to let the precedence decide.
	AccountID           *mailstead.AccountID
	Subject, Text, Note *string
	// Seen is Template.UpdatedAt of what the person looked at: a template that
	// somebody changed since stays as it is. The zero time stands for any.
	Seen time.Time
}

func (c *TemplateChanges) apply(t *mailstead.Template) {
	set(&t.Name, c.Name)
	set(&t.Module, c.Module)
	set(&t.Active, c.Active)
	set(&t.Default, c.Default)
	set(&t.AccountID, c.AccountID)
	set(&t.Subject, c.Subject)
	set(&t.Text, c.Text)
	set(&t.Note, c.Note)
}

// CreateTemplate adds a template: a new one, which is active and gets the system's
// account unless c names another one, or with copyOf a copy of another one, which
// is not the default of its module.
func (s *Service) CreateTemplate(ctx context.Context, actor mailstead.Actor, copyOf mailstead.TemplateID, c TemplateChanges) (mailstead.Template, error) {
	if err := actor.RequireAdmin(); err != nil {
		return mailstead.Template{}, err
	}
	t, err := s.newTemplate(ctx, copyOf, c.AccountID == nil)
	if err != nil {
		return mailstead.Template{}, err
	}
	c.apply(&t)
	if err := t.Validate(); err != nil {
		return mailstead.Template{}, err
	}
	e := actor.Audit(mailstead.AuditTemplateCreate, t.AuditObject(), mailstead.AuditChanges(nil, &t))
	if err := s.c.Store.CreateTemplate(ctx, &t, e); err != nil {
		return mailstead.Template{}, err
	}
	e.Object = t.AuditObject()
	s.did(ctx, e)
	return t, nil
}

// newTemplate is what a template begins with. account asks for the system's.
func (s *Service) newTemplate(ctx context.Context, copyOf mailstead.TemplateID, account bool) (mailstead.Template, error) {
	if copyOf != 0 {
		t, err := s.c.Store.Template(ctx, copyOf)
		if mailstead.KindOf(err) == mailstead.KindNotFound && err != nil {
			return t, mailstead.Invalid("copy_of", "input.template", "There is no such template.")
		}
		t.ID, t.Default = 0, false
		return t, err
	}
	t := mailstead.Template{Active: true}
	if !account {
		return t, nil
	}
	facts, err := s.c.Store.SenderFacts(ctx, 0)
	for i := range facts.Assignments {
		if as := &facts.Assignments[i]; as.System {
			t.AccountID = as.AccountID
		}
	}
	return t, err
}

// UpdateTemplate changes a template. It is KindConflict with CodeTemplateChanged
// when somebody else changed it after c.Seen.
func (s *Service) UpdateTemplate(ctx context.Context, actor mailstead.Actor, id mailstead.TemplateID, c TemplateChanges) (mailstead.Template, error) {
	if err := actor.RequireAdmin(); err != nil {
		return mailstead.Template{}, err
	}
	old, err := s.c.Store.Template(ctx, id)
	if err != nil {
		return mailstead.Template{}, err
	}
	if !c.Seen.IsZero() && !c.Seen.Equal(old.UpdatedAt) {
		return mailstead.Template{}, mailstead.TemplateChanged()
	}
	t := old
	c.apply(&t)
	if err := t.Validate(); err != nil {
		return mailstead.Template{}, err
	}
	e := actor.Audit(mailstead.AuditTemplateUpdate, t.AuditObject(), mailstead.AuditChanges(&old, &t))
	if len(e.Changes) == 0 {
		return t, nil
	}
	if err := s.c.Store.UpdateTemplate(ctx, &t, e); err != nil {
		return mailstead.Template{}, err
	}
	s.did(ctx, e)
	return t, nil
}

// DeleteTemplate removes a template. Mails that were sent by it stay.
func (s *Service) DeleteTemplate(ctx context.Context, actor mailstead.Actor, id mailstead.TemplateID) error {
	if err := actor.RequireAdmin(); err != nil {
		return err
	}
	t, err := s.c.Store.Template(ctx, id)
	if err != nil {
		return err
	}
	e := actor.Audit(mailstead.AuditTemplateDelete, t.AuditObject(), mailstead.AuditChanges(&t, nil))
	if err := s.c.Store.DeleteTemplate(ctx, id, e); err != nil {
		return err
	}
	s.did(ctx, e)
	return nil
}
