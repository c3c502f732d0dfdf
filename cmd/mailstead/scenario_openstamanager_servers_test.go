//go:build realservers

package main_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
	"github.com/mailstead/mailstead/mailtest"
)

// TestScenarioOpenSTAManager is the module "Account email" of OpenSTAManager: an account
// is made of a name, a displayed name and an address, completed later (O4-O13) and made
// the default for new templates and problem reports (O14); it stays while a template
// uses it (O31); mails of templates, with copies for allowed groups (O35), stand in the
// queue (O38); the settings of earlier versions (O15) and the table of accounts are
// taken over; and what Google and Aruba ask for is told (O16-O18, O32).
func TestScenarioOpenSTAManager(t *testing.T) {
	t.Parallel()
	servers := mailtest.Stack(t, mailtest.DovecotOptions{MoreUsers: 6}, mailtest.PostfixOptions{})
	s := newUnknowing(t, servers)

	company := s.osmCreate()
	s.osmEdit(company)
	s.osmDefault(company)
	s.osmTest(company)
	s.osmReport(company)
	invoice := s.osmTemplate(company)
	s.osmCopies(company, invoice)
	s.osmQueue(company, invoice)
	s.osmDelete(company, invoice)
	s.osmRecipes()
	s.osmTable()
	s.osmSettings()
}

// osmCreate begins an account with what the first form asks for.
func (s *scenario) osmCreate() mailstead.AccountID {
	s.t.Helper()
	s.step("O24, O30: the form wants an address that is one")
	in := map[string]any{"name": "Company", "display_name": "The company Ltd", "organisation": true}
	for _, address := range []string{"", "user1", "user1@@example.com"} {
		s.refuses(http.MethodPost, "/accounts", with(in, "address", address), http.StatusUnprocessableEntity, "")
	}
	s.step("O4-O8: (+) asks for a name, a displayed name and an address")
	made := call[api.AccountItem](s.service, http.MethodPost, "/accounts", with(in, "address", "user1@example.com"))
	if made.Needs != mailstead.NeedServers || made.Name != "Company" || made.DisplayName != "The company Ltd" || made.Address != "user1@example.com" {
		s.t.Fatalf("made %+v", made)
	}
	s.step("O3: it stands in the list, with what it lacks")
	if all := call[list[api.AccountItem]](s.service, http.MethodGet, "/accounts?all=true&state=incomplete", nil).Items; len(all) != 1 || all[0].ID != made.ID {
		s.t.Errorf("incomplete accounts: %+v", all)
	}
	s.step("O14: an account that cannot send yet is no default")
	s.refuses(http.MethodPut, "/system-account", map[string]any{"account_id": made.ID}, http.StatusUnprocessableEntity, "input.account")
	return made.ID
}

// osmEdit completes the access data.
func (s *scenario) osmEdit(id mailstead.AccountID) {
	s.t.Helper()
	path := "/accounts/" + id.String()
	right := server(s.servers.Postfix.SMTP(mailstead.SecurityStartTLS))
	right["login"] = "user1@example.com"
	s.step("O9-O13, O29: wrong data are refused in plain words, and nothing is changed")
	s.refuses(http.MethodPatch, path, map[string]any{"outgoing": right, "password": "not this"}, http.StatusUnprocessableEntity, "auth.bad_credentials")
	s.step("O10: a port is one up to 65535")
	s.refuses(http.MethodPatch, path, map[string]any{"outgoing": map[string]any{"host": right["host"], "port": 65536}}, http.StatusUnprocessableEntity, "")
	s.step("O18: no protection is not allowed, though old recipes ask for it")
	plain := map[string]any{"host": right["host"], "port": 25, "security": "none", "login": "user1@example.com"}
	s.refuses(http.MethodPatch, path, map[string]any{"outgoing": plain, "password": "secret-1"}, http.StatusUnprocessableEntity, "security.plain_forbidden")
	if a := call[api.AccountItem](s.service, http.MethodGet, path, nil); a.Needs != mailstead.NeedServers || a.Outgoing != nil {
		s.t.Errorf("after three refusals: %+v", a)
	}
	s.step("O9-O13: server, port, security, user name, password")
	call[any](s.service, http.MethodPatch, path, map[string]any{
		"outgoing": right, "password": s.password("user1@example.com"), "note": "Paid until May.", // O25
	})
	a := call[api.AccountItem](s.service, http.MethodGet, path, nil)
	want := s.servers.Postfix.SMTP(mailstead.SecurityStartTLS)
	if a.Needs != mailstead.NeedNothing || a.Outgoing == nil || a.Outgoing.Server != want || a.Outgoing.Login != "user1@example.com" || a.Incoming != nil || a.Note != "Paid until May." {
		s.t.Fatalf("completed: %+v", a)
	}
}

// osmDefault makes the account the default.
func (s *scenario) osmDefault(id mailstead.AccountID) {
	s.t.Helper()
	s.step("O14: set as default; only an administrator does")
	ugo := s.person("Ugo")
	s.as(ugo).refuses(http.MethodPut, "/system-account", map[string]any{"account_id": id}, http.StatusForbidden, "")
	call[any](s.service, http.MethodPut, "/system-account", map[string]any{"account_id": id})
	s.wantSender(ugo.ID, "the account that sends all mails of the system", "user1@example.com", mailstead.LevelSystem)
	changes := call[list[mailstead.AuditEntry]](s.service, http.MethodGet, "/audit?action=system_account.set", nil).Items
	if len(changes) != 1 || changes[0].ActorName != "Ada" {
		s.t.Errorf("the audit has %+v", changes)
	}
}

// osmTest tests the account and sends a mail by it.
func (s *scenario) osmTest(id mailstead.AccountID) {
	s.t.Helper()
	path := "/accounts/" + id.String()
	s.step("O29: the credentials are checked, stage by stage")
	tested := call[api.TestResult](s.service, http.MethodPost, path+"/test", nil)
	if !tested.OK || tested.Outgoing == nil || len(tested.Outgoing.Stages) < 4 {
		s.t.Errorf("tested: %+v", tested)
	}
	s.step("O6: a test mail arrives with the displayed name")
	m := call[mailstead.OutgoingMessage](s.service, http.MethodPost, path+"/test-mail", map[string]any{"to": "ben@example.com", "subject": "Test"})
	m = s.accepted(s.service, m)
	if from := s.arrives(s.servers.Dovecot, "ben@example.com", m.InternetMessageID); from != "The company Ltd <user1@example.com>" && from != `"The company Ltd" <user1@example.com>` {
		s.t.Errorf("the test mail is from %s", from)
	}
	s.step("O43: a round trip, once the account receives, too")
	s.refuses(http.MethodPost, path+"/test-mail", map[string]any{"round_trip": true}, http.StatusUnprocessableEntity, "test_mail.not_read")
	incoming := server(s.servers.Dovecot.IMAP(mailstead.SecurityTLS))
	call[any](s.service, http.MethodPatch, path, map[string]any{"incoming": incoming, "password": s.password("user1@example.com")})
	s.arrived(call[mailstead.OutgoingMessage](s.service, http.MethodPost, path+"/test-mail", map[string]any{"round_trip": true}))
}

// osmReport reports a problem.
func (s *scenario) osmReport(id mailstead.AccountID) {
	s.t.Helper()
	s.step("O14: a user reports a problem, and it arrives by the default account")
	s.rules("report_to", "ben@example.com")
	ugo := s.person("Ugo2")
	m := call[mailstead.OutgoingMessage](s.as(ugo), http.MethodPost, "/problem-reports", map[string]any{"what": "The invoice is not sent.", "page": "/outbox"})
	if m.Reason.Purpose != mailstead.PurposeReport || m.AccountID != id {
		s.t.Errorf("the report goes by %s (%s): %+v", m.AccountID, m.Reason.Purpose, m.Reason)
	}
	m = s.accepted(s.service, m)
	if from := s.arrives(s.servers.Dovecot, "ben@example.com", m.InternetMessageID); !strings.Contains(from, "user1@example.com") {
		s.t.Errorf("the report is from %s", from)
	}
	text := s.servers.Dovecot.Doveadm("fetch", "-u", "ben@example.com", "text", "mailbox", "INBOX", "header", "message-id", m.InternetMessageID)
	if !strings.Contains(text, "The invoice is not sent.") || !strings.Contains(text, "Page: /outbox") || strings.Contains(text, "secret-1") {
		s.t.Errorf("the report says %s", text)
	}
}

// osmTemplate makes a template and sends by it.
func (s *scenario) osmTemplate(company mailstead.AccountID) mailstead.TemplateID {
	s.t.Helper()
	s.step("O14, O36: a new template has the default account")
	invoice := call[mailstead.Template](s.service, http.MethodPost, "/templates", map[string]any{
		"name": "Invoice", "module": "Sales invoices", "default": true, "subject": "Your invoice", "text": "Please find it attached.", "note": "Ask Ada.",
	})
	if invoice.AccountID != company || !invoice.Active {
		s.t.Errorf("a new template: %+v", invoice)
	}
	s.step("O1, O2: content of the module is sent by the template's account")
	m := call[mailstead.OutgoingMessage](s.as(s.person("Vito")), http.MethodPost, "/outbox", map[string]any{
		"template_id": invoice.ID, "to": []any{map[string]any{"address": "ben@example.com"}},
	})
	m = s.accepted(s.service, m)
	s.arrives(s.servers.Dovecot, "ben@example.com", m.InternetMessageID)
	if m.Subject != "Your invoice" || m.AccountID != company {
		s.t.Errorf("sent %+v", m)
	}
	return invoice.ID
}

// osmCopies lets one group set copies.
func (s *scenario) osmCopies(company mailstead.AccountID, invoice mailstead.TemplateID) {
	s.t.Helper()
	s.step("O35: CC and BCC are for the groups that are named")
	office := call[mailstead.Profile](s.service, http.MethodPost, "/profiles", map[string]any{"name": "Office"})
	s.rules("copies", "profiles", "copy_profiles", []any{office.ID})
	sara, tea := s.member("Sara", office), s.person("Tea")
	for _, kind := range []string{"cc", "bcc"} {
		in := map[string]any{
			"template_id": invoice, "to": []any{map[string]any{"address": "ben@example.com"}}, kind: []any{map[string]any{"address": "anna@example.com"}}, "subject": "A copy by " + kind,
		}
		s.as(tea).refuses(http.MethodPost, "/outbox", in, http.StatusForbidden, mailstead.CodePolicyCopies)
		m := s.accepted(s.service, call[mailstead.OutgoingMessage](s.as(sara), http.MethodPost, "/outbox", in))
		for _, box := range []string{"ben@example.com", "anna@example.com"} {
			s.arrives(s.servers.Dovecot, box, m.InternetMessageID)
		}
		if m.AccountID != company {
			s.t.Errorf("sent by %s", m.AccountID)
		}
	}
}

// osmQueue looks at the queue while the server is away.
func (s *scenario) osmQueue(company mailstead.AccountID, invoice mailstead.TemplateID) {
	s.t.Helper()
	s.step("O38: the queue has the mail's template, user, account, subject, receivers and tries")
	rosa := s.person("Rosa")
	by := s.as(rosa)
	s.servers.Postfix.Stop()
	var sent []mailstead.OutgoingMessage
	for _, subject := range []string{"Kept", "Taken out"} {
		sent = append(sent, call[mailstead.OutgoingMessage](by, http.MethodPost, "/outbox", map[string]any{
			"template_id": invoice, "to": []any{map[string]any{"address": "ben@example.com"}}, "subject": subject,
		}))
	}
	var queue []mailstead.OutgoingMessage
	mailtest.Await(s.t, "both mails wait, the first after a try", func() bool {
		queue = call[list[mailstead.OutgoingMessage]](s.service, http.MethodGet, "/outbox?user="+rosa.ID.String()+"&account="+company.String(), nil).Items
		return len(queue) == 2 && queue[1].Code != "" && queue[0].State == mailstead.OutgoingQueued && queue[1].State == mailstead.OutgoingQueued
	})
	for _, m := range queue {
		if m.Reason.Level != mailstead.LevelTemplate || m.Reason.Template != "Invoice" || m.UserID != rosa.ID || m.AccountID != company || len(m.Recipients) != 1 {
			s.t.Errorf("in the queue: %+v", m)
		}
	}
	s.step("O31: mail that waits keeps the account, too")
	s.keeps(company, mailstead.UseOutgoing, sent[0].ID.String(), "Kept")
	s.step("O38: one is deleted while it is unsent, the other sent now")
	call[any](by, http.MethodPost, "/outbox/"+sent[1].ID.String()+"/cancel", nil)
	s.servers.Postfix.Start()
	call[any](by, http.MethodPost, "/outbox/"+sent[0].ID.String()+"/retry", nil)
	m := s.accepted(s.service, sent[0])
	s.arrives(s.servers.Dovecot, "ben@example.com", m.InternetMessageID)
	if gone := call[mailstead.OutgoingMessage](by, http.MethodGet, "/outbox/"+sent[1].ID.String(), nil); gone.State != mailstead.OutgoingCancelled {
		s.t.Errorf("the deleted mail is %s", gone.State)
	}
}

// keeps demands that an account is not deleted for the sake of what uses it.
func (s *scenario) keeps(id mailstead.AccountID, kind mailstead.UseKind, what, name string) {
	s.t.Helper()
	body := s.refuses(http.MethodDelete, "/accounts/"+id.String(), nil, http.StatusConflict, mailstead.CodeAccountInUse)
	if want := fmt.Sprintf(`{"kind":%q,"id":%q,"name":%q}`, kind, what, name); !strings.Contains(string(body), want) {
		s.t.Errorf("the refusal does not name %s: %s", want, body)
	}
}

// osmDelete deletes the account, when nothing uses it any more.
func (s *scenario) osmDelete(company mailstead.AccountID, invoice mailstead.TemplateID) {
	s.t.Helper()
	s.step("O14: another account becomes the default; the templates that are there keep theirs")
	second := s.osmSecond()
	call[any](s.service, http.MethodPut, "/system-account", map[string]any{"account_id": second})
	if got := call[mailstead.Template](s.service, http.MethodGet, "/templates/"+invoice.String(), nil).AccountID; got != company {
		s.t.Errorf("the template names %s", got)
	}
	next := call[mailstead.Template](s.service, http.MethodPost, "/templates", map[string]any{"name": "Reminder", "module": "Sales invoices"})
	if next.AccountID != second {
		s.t.Errorf("a new template names %s, want %s", next.AccountID, second)
	}
	s.step("O31: it is not deleted while a template uses it")
	s.keeps(company, mailstead.UseTemplate, invoice.String(), "Invoice")
	s.step("O31: the template names the other account, and it is deleted, and can be brought back")
	call[any](s.service, http.MethodPatch, "/templates/"+invoice.String(), map[string]any{"account_id": second})
	path := "/accounts/" + company.String()
	call[any](s.service, http.MethodDelete, path, nil)
	s.refuses(http.MethodGet, path, nil, http.StatusNotFound, "")
	m := call[mailstead.OutgoingMessage](s.service, http.MethodPost, "/outbox", map[string]any{
		"template_id": invoice, "to": []any{map[string]any{"address": "ben@example.com"}},
	})
	if m = s.accepted(s.service, m); m.AccountID != second {
		s.t.Errorf("sent by %s, want %s", m.AccountID, second)
	}
	back := call[api.AccountItem](s.service, http.MethodPost, path+"/restore", nil)
	if back.Needs != mailstead.NeedPassword {
		s.t.Errorf("brought back it needs %q", back.Needs)
	}
}

// osmSecond makes one more account, by the same two steps.
func (s *scenario) osmSecond() mailstead.AccountID {
	s.t.Helper()
	made := call[api.AccountItem](s.service, http.MethodPost, "/accounts", map[string]any{"name": "Sales", "address": "user2@example.com", "organisation": true})
	call[any](s.service, http.MethodPatch, "/accounts/"+made.ID.String(), map[string]any{
		"outgoing": server(s.servers.Postfix.SMTP(mailstead.SecurityTLS)), "password": s.password("user2@example.com"),
	})
	return made.ID
}
