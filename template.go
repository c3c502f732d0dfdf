package mailstead

import (
	"strconv"
	"time"
)

// Template is a mail to begin with: it belongs to a module of the business, such as
// invoices, and may name the account that sends it.
type Template struct {
	ID TemplateID `json:"id" audit:"-"`
	// Name is one that no other template has.
	Name string `json:"name"`
	// Module is what the mail is for, in words of the house.
	Module string `json:"module"`
	// Active templates are offered to those who write mails.
	Active bool `json:"active"`
	// Default marks the one that a module begins with, at most one of each.
	Default bool `json:"default"`
	// AccountID is the account that sends, or 0 to let the precedence decide. Only
	// administrators are told.
	AccountID AccountID `json:"account_id,omitempty"`
	Subject   string    `json:"subject"`
	// Text is plain text. Lists come without it.
	Text string `json:"text,omitempty"`
	// Note is for administrators.
	Note      string    `json:"note,omitempty"`
	CreatedAt time.Time `json:"created_at" audit:"-"`
	// UpdatedAt is its version.
	UpdatedAt time.Time `json:"updated_at" audit:"-"`
}

// TemplateID names a Template.
type TemplateID int64

func (id TemplateID) String() string { return strconv.FormatInt(int64(id), 10) }

// Limits of a template.
const (
	maxModuleLen    = 100
	maxTemplateText = 100_000
	maxTemplateNote = 10_000
)

// Validate cleans and checks what an administrator typed. It changes nothing when
// it returns an error.
func (t *Template) Validate() error {
	c := *t
	var err error
	for _, line := range []struct {
		field string
		value *string
		most  int
	}{{"name", &c.Name, maxNameLen}, {"module", &c.Module, maxModuleLen}, {"subject", &c.Subject, maxSubject}} {
		if *line.value, err = CleanLine(line.field, *line.value, line.most); err != nil {
			return err
		}
	}
	if c.Name == "" {
		return Invalid("name", "input.name_needed", "The template needs a name.")
	}
	if c.Module == "" {
		return Invalid("module", "input.module_needed", "Say which module the template belongs to, for example invoices.")
	}
	if c.Text, err = CleanText("text", c.Text, maxTemplateText); err != nil {
		return err
	}
	if c.Note, err = CleanText("note", c.Note, maxTemplateNote); err != nil {
		return err
	}
	if c.Default && !c.Active {
		return Invalid("default", "input.template_default", "A template that is switched off cannot be the default of its module.")
	}
	*t = c
	return nil
}

// Fill puts the template's subject and text where the draft has none.
func (t *Template) Fill(d *Draft) {
	if d.Subject == "" {
		d.Subject = t.Subject
	}
	if d.Text == "" && d.HTML == "" {
		d.Text = t.Text
	}
}

// Use returns the template as what uses an account.
func (t *Template) Use() Use { return Use{Kind: UseTemplate, ID: t.ID.String(), Name: t.Name} }

// AuditObject returns the template as the object of an entry.
func (t *Template) AuditObject() AuditObject { return auditObject(AuditTemplate, t.ID, t.Name) }

// TemplateQuery asks for a page of templates, by name. What is zero does not limit
// it.
type TemplateQuery struct {
	// Search keeps those whose name or module holds it.
	Search string
	Module string
	// AccountID keeps those that name the account.
	AccountID  AccountID
	ActiveOnly bool
	// After is the name behind which the page starts.
	After string
	// Limit is the most templates of the page, 1 to MaxPage+1.
	Limit int
}

// The codes of what is refused about templates.
const (
	CodeTemplateChanged  = "template.changed"
	CodeTemplateInactive = "template.inactive"
)

// TemplateChanged refuses a change to a template that somebody else changed after
// it was read.
func TemplateChanged() error {
	return &Error{
		Kind: KindConflict, Code: CodeTemplateChanged,
		Text: "Somebody else changed this template at the same time: look at it, then try again.",
	}
}

// CheckActive refuses to send by a template that is switched off.
func (t *Template) CheckActive() error {
	if t.Active {
		return nil
	}
	return &Error{
		Kind: KindConflict, Code: CodeTemplateInactive, Field: "template_id",
		Text: "This template is switched off: choose another one, or ask an administrator.",
	}
}
