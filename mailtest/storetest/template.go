package storetest

import (
	"testing"
	"time"

	"github.com/mailstead/mailstead"
)

// template stores a template of the module invoices that sends from an account.
func (k *kit) template(name string, account mailstead.AccountID) *mailstead.Template {
	k.t.Helper()
	t := &mailstead.Template{
		Name: name, Module: "Invoices", Active: true, AccountID: account, Subject: "Your invoice", Text: "Dear customer", Note: "Ask Žofie.",
	}
	k.ok(k.db.CreateTemplate(k.t.Context(), t, audited))
	return t
}

// templates are the names of a page.
func (k *kit) templates(q mailstead.TemplateQuery) (names []string) {
	k.t.Helper()
	list, err := k.db.Templates(k.t.Context(), q)
	k.ok(err)
	for i := range list {
		names = append(names, list[i].Name)
	}
	return names
}

// defaults are the names of the templates that modules begin with.
func (k *kit) defaults() (names []string) {
	k.t.Helper()
	list, err := k.db.Templates(k.t.Context(), mailstead.TemplateQuery{})
	k.ok(err)
	for i := range list {
		if list[i].Default {
			names = append(names, list[i].Name)
		}
	}
	return names
}

// templateSteps are steps of administration, see auditStep.
var templateSteps = map[mailstead.AuditAction]auditStep{
	mailstead.AuditTemplateCreate: {
		mailstead.AuditTemplate,
		func(k *kit, e mailstead.AuditEntry) error {
			return k.db.CreateTemplate(k.t.Context(), &mailstead.Template{Name: k.fresh(), Module: "m"}, e)
		},
		func(k *kit, e mailstead.AuditEntry) error {
			return k.db.CreateTemplate(k.t.Context(), &mailstead.Template{Name: k.template(k.fresh(), 0).Name, Module: "m"}, e)
		},
	},
	mailstead.AuditTemplateUpdate: {
		mailstead.AuditTemplate,
		func(k *kit, e mailstead.AuditEntry) error {
			return k.db.UpdateTemplate(k.t.Context(), k.template(k.fresh(), 0), e)
		},
		func(k *kit, e mailstead.AuditEntry) error {
			t := k.template(k.fresh(), 0)
			t.UpdatedAt = start.Add(-time.Hour)
			return k.db.UpdateTemplate(k.t.Context(), t, e)
		},
	},
	mailstead.AuditTemplateDelete: {
		mailstead.AuditTemplate,
		func(k *kit, e mailstead.AuditEntry) error {
			return k.db.DeleteTemplate(k.t.Context(), k.template(k.fresh(), 0).ID, e)
		},
		func(k *kit, e mailstead.AuditEntry) error { return k.db.DeleteTemplate(k.t.Context(), 99, e) },
	},
}

var templateTests = map[string]func(*testing.T, *kit){
	"templates are stored and read": func(t *testing.T, k *kit) {
		ctx := t.Context()
		a := k.account("sales", 0)
		tm := k.template("Invoice", a.ID)
		k.same("times", []time.Time{tm.CreatedAt, tm.UpdatedAt}, []time.Time{start, start})
		got, err := k.db.Template(ctx, tm.ID)
		k.ok(err)
		k.same("template", got, *tm)
		k.fails(k.db.CreateTemplate(ctx, &mailstead.Template{Name: "INVOICE", Module: "m"}, audited), mailstead.KindConflict, "template.exists")
		k.missing(k.db.CreateTemplate(ctx, &mailstead.Template{Name: "lost", Module: "m", AccountID: 99}, audited), "account")
		k.ok(k.db.DeleteTemplate(ctx, tm.ID, audited))
		_, err = k.db.Template(ctx, tm.ID)
		k.missing(err, "template")
		k.missing(k.db.DeleteTemplate(ctx, tm.ID, audited), "template")
	},
	"a template is changed only as it was seen": func(t *testing.T, k *kit) {
		ctx := t.Context()
		tm, other := k.template("Invoice", 0), k.template("Reminder", 0)
		late := *tm
		tm.Name, tm.Module, tm.Active, tm.Text = "Offer", "Sales", false, ""
		k.ok(k.db.UpdateTemplate(ctx, tm, audited))
		k.same("version", tm.UpdatedAt, start.Add(time.Millisecond))
		got, err := k.db.Template(ctx, tm.ID)
		k.ok(err)
		k.same("template", got, *tm)
		k.fails(k.db.UpdateTemplate(ctx, &late, audited), mailstead.KindConflict, mailstead.CodeTemplateChanged)
		tm.Name = "reminder"
		k.fails(k.db.UpdateTemplate(ctx, tm, audited), mailstead.KindConflict, "template.exists")
		other.AccountID = 99
		k.missing(k.db.UpdateTemplate(ctx, other, audited), "account")
		k.missing(k.db.UpdateTemplate(ctx, &mailstead.Template{ID: 99, Name: "none"}, audited), "template")
	},
	"a module has one default": func(t *testing.T, k *kit) {
		ctx := t.Context()
		first, second := k.template("first", 0), k.template("second", 0)
		first.Default = true
		k.ok(k.db.UpdateTemplate(ctx, first, audited))
		k.ok(k.db.CreateTemplate(ctx, &mailstead.Template{Name: "elsewhere", Module: "Offers", Active: true, Default: true}, audited))
		k.same("defaults", k.defaults(), []string{"elsewhere", "first"})
		second.Default, second.Module = true, "INVOICES"
		k.ok(k.db.UpdateTemplate(ctx, second, audited))
		k.same("defaults", k.defaults(), []string{"elsewhere", "second"})
		// Who looked at the one that was the default before sees that it changed.
		k.fails(k.db.UpdateTemplate(ctx, first, audited), mailstead.KindConflict, mailstead.CodeTemplateChanged)
	},
	"templates are listed by name, and found by name, module and account": func(t *testing.T, k *kit) {
		ctx := t.Context()
		a := k.account("sales", 0)
		k.template("beta", a.ID)
		k.template("Alpha", 0)
		k.ok(k.db.CreateTemplate(ctx, &mailstead.Template{Name: "gamma 100%", Module: "Offers", AccountID: a.ID}, audited))
		k.same("all", k.templates(mailstead.TemplateQuery{}), []string{"Alpha", "beta", "gamma 100%"})
		k.same("first page", k.templates(mailstead.TemplateQuery{Limit: 1}), []string{"Alpha"})
		k.same("second page", k.templates(mailstead.TemplateQuery{Limit: 1, After: "Alpha"}), []string{"beta"})
		k.same("by name", k.templates(mailstead.TemplateQuery{Search: "ALP"}), []string{"Alpha"})
		k.same("by module", k.templates(mailstead.TemplateQuery{Search: "offer"}), []string{"gamma 100%"})
		k.same("by a character of patterns", k.templates(mailstead.TemplateQuery{Search: "0%"}), []string{"gamma 100%"})
		k.same("of a module", k.templates(mailstead.TemplateQuery{Module: "invoices"}), []string{"Alpha", "beta"})
		k.same("of an account", k.templates(mailstead.TemplateQuery{AccountID: a.ID}), []string{"beta", "gamma 100%"})
		k.same("active", k.templates(mailstead.TemplateQuery{ActiveOnly: true}), []string{"Alpha", "beta"})
		list, err := k.db.Templates(ctx, mailstead.TemplateQuery{Search: "beta"})
		k.ok(err)
		k.same("without text", []string{list[0].Subject, list[0].Text}, []string{"Your invoice", ""})
	},
	"an account that a template names stays": func(t *testing.T, k *kit) {
		ctx := t.Context()
		a := k.account("sales", 0)
		tm := k.template("Invoice", a.ID)
		err := k.db.RemoveAccount(ctx, removal(a.ID, start))
		k.fails(err, mailstead.KindConflict, mailstead.CodeAccountInUse)
		k.same("uses", mailstead.UsesOf(err), []mailstead.Use{{Kind: mailstead.UseTemplate, ID: tm.ID.String(), Name: "Invoice"}})
		tm.AccountID = 0
		k.ok(k.db.UpdateTemplate(ctx, tm, audited))
		k.removed(a.ID)
		tm.AccountID = a.ID
		k.missing(k.db.UpdateTemplate(ctx, tm, audited), "account")
	},
}
