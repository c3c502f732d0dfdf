package outbox_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/outbox"
)

// template stores a template that sends from an account.
func (f *office) template(name string, account mailstead.AccountID, active bool) mailstead.TemplateID {
	f.t.Helper()
	tm := mailstead.Template{Name: name, Module: "invoices", Active: active, AccountID: account, Subject: "Your invoice", Text: "Dear customer,\n\nplease pay.\n"}
	if err := f.db.CreateTemplate(f.t.Context(), &tm, audited); err != nil {
		f.t.Fatal(err)
	}
	return tm.ID
}

func TestAMailIsSentByATemplate(t *testing.T) {
	f := newOffice(t, options{sendOnly: true})
	f.start()
	sales := f.other(0)
	if err := f.db.CreateAssignment(t.Context(), &mailstead.Assignment{
		AccountID: sales.ID, UserID: f.anna.User.ID, Rights: []mailstead.Right{mailstead.RightSend}, Priority: 9,
	}, audited); err != nil {
		t.Fatal(err)
	}
	id := f.template("Invoice", sales.ID, true)
	to := mailstead.Draft{To: []mailstead.Address{{Address: "ben@example.com"}}}
	m, _, err := f.service.Submit(t.Context(), f.anna, outbox.Submission{Draft: to, TemplateID: id})
	if err != nil || m.AccountID != sales.ID || m.Subject != "Your invoice" || m.From != "sales@example.com" {
		t.Fatalf("got %+v, %v", m, err)
	}
	f.wait(m.ID, mailstead.OutgoingAccepted)
	if raw := f.smtp.Mails()[0].Data; !bytes.Contains(raw, []byte("please pay.")) {
		t.Errorf("the template's text is not in the mail:\n%s", raw)
	}
	stored, _, err := f.service.Get(t.Context(), f.anna, m.ID)
	if r := stored.Reason; err != nil || r.Level != mailstead.LevelTemplate || r.Template != "Invoice" || !strings.Contains(r.Reason, "the template Invoice names it") {
		t.Errorf("the stored reason is %+v, %v", r, err)
	}
	// What a person wrote, and the account that he chose, count more.
	own := draft("ben@example.com")
	own.AccountID = f.account.ID
	m, _, err = f.service.Submit(t.Context(), f.anna, outbox.Submission{Draft: own, TemplateID: id})
	if err != nil || m.AccountID != f.account.ID || m.Subject != "Hello" {
		t.Errorf("got %+v, %v", m, err)
	}
}

func TestATemplateGivesNoRight(t *testing.T) {
	f := newOffice(t, options{sendOnly: true})
	sales := f.other(f.admin.User.ID)
	id := f.template("Invoice", sales.ID, true)
	to := mailstead.Draft{To: []mailstead.Address{{Address: "ben@example.com"}}}
	m, _, err := f.service.Submit(t.Context(), f.anna, outbox.Submission{Draft: to, TemplateID: id})
	if err != nil || m.AccountID != f.account.ID || m.Subject != "Your invoice" {
		t.Fatalf("got %+v, %v; want the own account", m, err)
	}
	r, err := f.service.Resolve(t.Context(), f.anna, 0, 0, id)
	if err != nil || r.AccountID != f.account.ID || len(r.PassedOver) != 1 {
		t.Fatalf("got %+v, %v", r, err)
	}
	want := mailstead.PassedOver{SenderCandidate: mailstead.SenderCandidate{Level: mailstead.LevelTemplate, Template: "Invoice"}, Why: mailstead.PassForbidden}
	if !cmp.Equal(r.PassedOver[0], want) {
		t.Errorf("told of the account %+v, want no more than that there is one", r.PassedOver[0])
	}
	if r, err := f.service.Resolve(t.Context(), f.admin, f.anna.User.ID, 0, id); err != nil || r.PassedOver[0].AccountID != sales.ID {
		t.Errorf("an administrator is told %+v, %v", r, err)
	}
	// Administrators send from any account in their own name.
	if r, err := f.service.Resolve(t.Context(), f.admin, 0, 0, id); err != nil || r.AccountID != sales.ID || r.Level != mailstead.LevelTemplate {
		t.Errorf("for the administrator: %+v, %v", r, err)
	}
}

func TestATemplateThatIsOffSendsNothing(t *testing.T) {
	f := newOffice(t, options{sendOnly: true})
	off := f.template("Old", f.account.ID, false)
	for id, code := range map[mailstead.TemplateID]string{off: mailstead.CodeTemplateInactive, 99: "template.not_found"} {
		_, _, err := f.service.Submit(t.Context(), f.anna, outbox.Submission{Draft: draft("ben@example.com"), TemplateID: id})
		if mailstead.CodeOf(err) != code {
			t.Errorf("submit: got %v, want %s", err, code)
		}
		if _, err := f.service.Resolve(t.Context(), f.anna, 0, 0, id); mailstead.CodeOf(err) != code {
			t.Errorf("resolve: got %v, want %s", err, code)
		}
	}
	if n := f.outboxSize(); n != 0 {
		t.Errorf("%d mails are stored, want none", n)
	}
}
