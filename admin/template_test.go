package admin_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/admin"
)

// compose adds a template, and fails the test when that does not work.
func (w *world) compose(t *testing.T, name string, change ...func(*admin.TemplateChanges)) mailstead.Template {
	t.Helper()
	c := admin.TemplateChanges{Name: &name, Module: ptr("invoices"), Subject: ptr("Your invoice"), Text: ptr("Dear customer")}
	for _, f := range change {
		f(&c)
	}
	tm, err := w.CreateTemplate(t.Context(), operator, 0, c)
	if err != nil {
		t.Fatal(err)
	}
	return tm
}

func TestNewTemplatesSendFromTheSystemsAccount(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	if tm := w.compose(t, "before there is one"); tm.AccountID != 0 || !tm.Active || tm.Default {
		t.Errorf("got %+v", tm)
	}
	first, second := w.account(t, 0, mailstead.SideOutgoing), w.account(t, 0, mailstead.SideOutgoing)
	wantKind(t, "system account", w.SetSystemAccount(ctx, operator, first), 0)
	tm := w.compose(t, "by default")
	if none := w.compose(t, "by precedence", func(c *admin.TemplateChanges) { c.AccountID = ptr(mailstead.AccountID(0)) }); none.AccountID != 0 {
		t.Errorf("got account %d, want none", none.AccountID)
	}
	if other := w.compose(t, "by another one", func(c *admin.TemplateChanges) { c.AccountID = &second }); other.AccountID != second {
		t.Errorf("got account %d, want %d", other.AccountID, second)
	}
	wantKind(t, "another system account", w.SetSystemAccount(ctx, operator, second), 0)
	if got, err := w.Template(ctx, operator, tm.ID); err != nil || got.AccountID != first {
		t.Errorf("got account %d, %v; want %d: what the default is today moves no template", got.AccountID, err, first)
	}
}

func TestTemplatesAreChangedAndCopied(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	account := w.account(t, 0, mailstead.SideOutgoing)
	tm := w.compose(t, " Invoice ", func(c *admin.TemplateChanges) { c.Default, c.AccountID, c.Note = ptr(true), &account, ptr("Ask Ada.") })
	want := mailstead.Template{
		ID: tm.ID, Name: "Invoice", Module: "invoices", Active: true, Default: true, AccountID: account, Subject: "Your invoice",
		Text: "Dear customer", Note: "Ask Ada.", CreatedAt: w.now, UpdatedAt: w.now,
	}
	if diff := cmp.Diff(want, tm); diff != "" {
		t.Error(diff)
	}
	twin, err := w.CreateTemplate(ctx, operator, tm.ID, admin.TemplateChanges{Name: ptr("Invoice 2")})
	want.ID, want.Name, want.Default = twin.ID, "Invoice 2", false
	if diff := cmp.Diff(want, twin); err != nil || diff != "" {
		t.Errorf("the copy: %v\n%s", err, diff)
	}
	changed, err := w.UpdateTemplate(ctx, operator, tm.ID, admin.TemplateChanges{Subject: ptr("Invoice enclosed"), Seen: tm.UpdatedAt})
	if err != nil || changed.Subject != "Invoice enclosed" || changed.Text != "Dear customer" || !changed.UpdatedAt.After(tm.UpdatedAt) {
		t.Errorf("changed: %+v, %v", changed, err)
	}
	for name, c := range map[string]struct {
		change admin.TemplateChanges
		code   string
	}{
		"seen too early":           {admin.TemplateChanges{Subject: ptr("x"), Seen: tm.UpdatedAt}, mailstead.CodeTemplateChanged},
		"the name of another":      {admin.TemplateChanges{Name: ptr("INVOICE 2")}, "template.exists"},
		"no name":                  {admin.TemplateChanges{Name: ptr(" ")}, "input.name_needed"},
		"no module":                {admin.TemplateChanges{Module: ptr("")}, "input.module_needed"},
		"a default that is off":    {admin.TemplateChanges{Active: ptr(false)}, "input.template_default"},
		"two lines of subject":     {admin.TemplateChanges{Subject: ptr("a\nBcc: b@example.com")}, "input.control_character"},
		"more text than fits":      {admin.TemplateChanges{Text: ptr(strings.Repeat("x", 100_001))}, "input.too_long"},
		"an account that is not":   {admin.TemplateChanges{AccountID: ptr(mailstead.AccountID(99))}, "account.not_found"},
		"a note with control text": {admin.TemplateChanges{Note: ptr("\x1b[2J")}, "input.control_character"},
	} {
		if _, err := w.UpdateTemplate(ctx, operator, tm.ID, c.change); mailstead.CodeOf(err) != c.code || err == nil {
			t.Errorf("%s: got %v, want %s", name, err, c.code)
		}
	}
	if got, err := w.Template(ctx, operator, tm.ID); err != nil || got != changed {
		t.Errorf("what was refused changed something: %+v, %v", got, err)
	}
	_, err = w.CreateTemplate(ctx, operator, 99, admin.TemplateChanges{Name: ptr("none")})
	wantKind(t, "copy of nothing", err, mailstead.KindInvalid)
	wantKind(t, "delete", w.DeleteTemplate(ctx, operator, tm.ID), 0)
	wantKind(t, "delete again", w.DeleteTemplate(ctx, operator, tm.ID), mailstead.KindNotFound)
}

func TestTemplatesAreForThoseWhoSend(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	account := w.account(t, 0, mailstead.SideOutgoing)
	on := w.compose(t, "on", func(c *admin.TemplateChanges) { c.AccountID, c.Note = &account, ptr("Ask Ada.") })
	off := w.compose(t, "off", func(c *admin.TemplateChanges) { c.Active = ptr(false) })
	anna := w.anna(t)
	list, err := w.Templates(ctx, anna, mailstead.TemplateQuery{}, false)
	want := on
	want.AccountID, want.Note, want.Text = 0, "", ""
	if diff := cmp.Diff([]mailstead.Template{want}, list); err != nil || diff != "" {
		t.Errorf("list: %v\n%s", err, diff)
	}
	want.Text = on.Text
	if got, err := w.Template(ctx, anna, on.ID); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	_, err = w.Template(ctx, anna, off.ID)
	wantKind(t, "one that is off", err, mailstead.KindNotFound)
	_, err = w.Templates(ctx, anna, mailstead.TemplateQuery{}, true)
	wantKind(t, "all", err, mailstead.KindForbidden)
	_, err = w.Templates(ctx, anna, mailstead.TemplateQuery{AccountID: account}, false)
	wantKind(t, "of an account", err, mailstead.KindForbidden)
	reader := mailstead.Actor{User: anna.User, Scopes: []mailstead.Scope{mailstead.ScopeRead}}
	_, err = w.Templates(ctx, reader, mailstead.TemplateQuery{}, false)
	wantKind(t, "a token that only reads", err, mailstead.KindForbidden)
	_, err = w.Template(ctx, mailstead.Actor{}, on.ID)
	wantKind(t, "nobody", err, mailstead.KindUnauthenticated)
	_, err = w.CreateTemplate(ctx, anna, 0, admin.TemplateChanges{Name: ptr("x"), Module: ptr("x")})
	wantKind(t, "create", err, mailstead.KindForbidden)
	_, err = w.UpdateTemplate(ctx, anna, on.ID, admin.TemplateChanges{Name: ptr("x"), Seen: time.Time{}})
	wantKind(t, "change", err, mailstead.KindForbidden)
	wantKind(t, "delete", w.DeleteTemplate(ctx, anna, on.ID), mailstead.KindForbidden)
	if all, err := w.Templates(ctx, operator, mailstead.TemplateQuery{}, true); err != nil || len(all) != 2 || all[1].AccountID != account {
		t.Errorf("administrators see %+v, %v", all, err)
	}
}
