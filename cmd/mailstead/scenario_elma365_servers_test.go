//go:build realservers

package main_test

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
	"github.com/mailstead/mailstead/mailtest"
)

// elma is a workspace whose users have one mail address each, and one of them.
type elma struct {
	*scenario
	elena, igor *service
	user        mailstead.User
}

// elmaMails is how many mails lie in Elena's inbox before she connects it.
const elmaMails = 130

// TestScenarioELMA365 is a user of ELMA365: the corporate service that the administrator
// adds and others that he hides (E4, E27, E28), servers typed into one field each (E6,
// E9, E11) with their protection (E10, E12), the test before saving (E14, E15), one
// account for one user (E1), the newest 50 mails at once (E20), a mail linked to an
// item (E34), which stays there after the account was disconnected (E21 to E23, E39),
// and another account in its place (E24).
func TestScenarioELMA365(t *testing.T) {
	t.Parallel()
	servers := mailtest.Stack(t, mailtest.DovecotOptions{Users: []mailtest.User{
		{Address: "elena@works.example", Password: "elena-secret"},
		{Address: "sales@works.example", Password: "sales-secret"},
		{Address: "igor@works.example", Password: "igor-secret"},
	}}, mailtest.PostfixOptions{})
	file := bytes.Repeat([]byte("drawing\x00"), 1200)
	servers.Dovecot.DeliverMany("elena@works.example", "INBOX", elmaMails, func(i int) mailtest.Mail {
		at := time.Now().Add(time.Duration(i-elmaMails) * time.Hour)
		raw := fmt.Appendf(nil, "From: ben@partner.example\r\nSubject: Mail %d\r\nMessage-ID: <elma-%d@partner.example>\r\n\r\nx\r\n", i, i)
		if i == elmaMails-20 {
			raw = []byte(withFile("the offer", i, file))
		}
		return mailtest.Mail{At: at, Raw: raw}
	})
	e := &elma{scenario: newUnknowing(t, servers)}
	e.user = e.person("Elena")
	e.elena, e.igor = e.as(e.user), e.as(e.person("Igor"))

	e.services()
	e.typing()
	e.fields()
	account := e.connection()
	offer := e.newest(account)
	e.disconnects(account, offer, file)
}

// rules changes some of the policies.
func (s *scenario) rules(more ...any) {
	s.t.Helper()
	rules := call[struct{ Rules map[string]any }](s.service, http.MethodGet, "/policies", nil).Rules
	call[any](s.service, http.MethodPut, "/policies", with(rules, more...))
}

// offered are the names of the providers in somebody's list.
func (s *service) offered() []string {
	s.t.Helper()
	var names []string
	for _, p := range call[list[mailstead.Provider]](s, http.MethodGet, "/providers", nil).Items {
		names = append(names, p.Name)
	}
	return names
}

// wantOffered compares which of some providers are in the lists of the users.
func (e *elma) wantOffered(want []string, hidden ...string) {
	e.t.Helper()
	for _, by := range []*service{e.elena, e.igor} {
		got := by.offered()
		for _, name := range want {
			if !slices.Contains(got, name) {
				e.t.Errorf("%s is not among the %d services of the list", name, len(got))
			}
		}
		for _, name := range hidden {
			if slices.Contains(got, name) {
				e.t.Errorf("%s is among the services of the list", name)
			}
		}
	}
}

// services is what the administrator does to the list of services.
func (e *elma) services() {
	e.t.Helper()
	e.step("E4, E26: the known services are in the list")
	e.wantOffered([]string{"Gmail", "Yandex Mail", "Yahoo Mail"}, "Corporate mail")

	e.step("E27: the administrator adds a corporate service, which appears in the users' lists")
	corporate := map[string]any{"name": "Corporate mail", "incoming": []any{map[string]any{"host": "imap.works.example"}}}
	e.elena.refuses(http.MethodPost, "/providers", corporate, http.StatusForbidden, "")
	e.provider("Corporate mail", e.servers)
	e.wantOffered([]string{"Gmail", "Corporate mail"})

	e.step("E28: services that nobody uses are hidden, and refused when they are asked for by name")
	e.elena.refuses(http.MethodPut, "/providers/gmail/hidden", map[string]any{"hidden": true}, http.StatusForbidden, "")
	call[any](e.service, http.MethodPut, "/providers/gmail/hidden", map[string]any{"hidden": true})
	e.wantOffered([]string{"Corporate mail", "Yandex Mail"}, "Gmail")
	e.elena.refuses(http.MethodPost, "/connect/save", map[string]any{
		"address": "elena@works.example", "password": "elena-secret", "provider_id": "gmail",
	}, http.StatusUnprocessableEntity, "provider.hidden")
	found := call[struct {
		ProblemCode string `json:"problem_code"`
		Problem     string
	}](e.elena, http.MethodPost, "/connect/discover", map[string]any{"address": "elena@gmail.com"})
	if found.ProblemCode != "provider.hidden" {
		e.t.Errorf("an address of a hidden service: %+v", found)
	}

	e.step("E28: or the corporate one alone is offered")
	e.rules("limit_providers", true, "provider_ids", []string{"own-corporate-mail"})
	for _, by := range []*service{e.elena, e.igor} {
		if got := by.offered(); !slices.Equal(got, []string{"Corporate mail"}) {
			e.t.Errorf("offered: %s", got)
		}
	}
	e.rules("limit_providers", false, "provider_ids", []string{})
}

// elenas is a request to connect Elena's mailbox by typed servers.
func (e *elma) elenas(password string, more ...any) map[string]any {
	return with(map[string]any{"address": "elena@works.example", "password": password}, more...)
}

// typing is the rule that forbids to enter servers by hand.
func (e *elma) typing() {
	e.t.Helper()
	in := e.elenas("elena-secret", "incoming", server(e.servers.Dovecot.IMAP(mailstead.SecurityTLS)), "outgoing", server(e.servers.Postfix.SMTP(mailstead.SecurityTLS)))
	e.step("E28: entry by hand is forbidden: to test, to save and to change")
	e.rules("typed_servers", false)
	for _, path := range []string{"/connect/test", "/connect/save"} {
		e.elena.refuses(http.MethodPost, path, in, http.StatusForbidden, "policy.typed_servers")
	}
	own := call[struct{ Own api.OwnPolicies }](e.elena, http.MethodGet, "/policies", nil).Own
	if own.TypedServers {
		e.t.Errorf("the page learns that servers may be typed: %+v", own)
	}
	e.step("E5, E28: and allowed")
	e.rules("typed_servers", true)
	if got := call[api.TestResult](e.elena, http.MethodPost, "/connect/test", in); !got.OK {
		e.t.Errorf("the servers by hand: %+v", got)
	}
}

// fields are the two fields of servers, and what Mailstead understood of them.
func (e *elma) fields() {
	e.t.Helper()
	imap, smtp := e.servers.Dovecot, e.servers.Postfix
	// at writes a server as it stands in one field.
	at := func(host string, port int) string { return fmt.Sprintf("%s:%d", host, port) }
	imaps, imap143 := at(imap.Host, imap.IMAPSPort), at(imap.Host, imap.IMAPPort)
	smtps, smtp587 := at(smtp.Host, smtp.SubmissionsPort), at(smtp.Host, smtp.SubmissionPort)
	for _, c := range []struct{ incoming, in, outgoing, out, wantIn, wantOut string }{
		{imaps, "tls", smtps, "tls", imaps + ":tls", smtps + ":tls"},
		{imap143, "starttls", smtp587, "starttls", imap143 + ":starttls", smtp587 + ":starttls"},
		{"imaps://" + imaps, "automatic", "smtps://" + smtps + "/", "automatic", imaps + ":tls", smtps + ":tls"},
		{" " + imaps + " ", "automatic", "submission://" + smtp587, "automatic", imaps + ":tls", smtp587 + ":starttls"},
	} {
		e.step(fmt.Sprintf("E6, E9 to E12: the servers %s (%s) and %s (%s)", c.incoming, c.in, c.outgoing, c.out))
		got := call[api.TestResult](e.elena, http.MethodPost, "/connect/test", e.elenas("elena-secret",
			"incoming", map[string]any{"host": c.incoming, "security": c.in}, "outgoing", map[string]any{"host": c.outgoing, "security": c.out}))
		if !got.OK || got.Incoming == nil || got.Outgoing == nil {
			e.t.Errorf("the test: %+v", got)
			continue
		}
		if in, out := got.Incoming.Server.String(), got.Outgoing.Server.String(); in != c.wantIn || out != c.wantOut {
			e.t.Errorf("understood as %s and %s; want %s and %s", in, out, c.wantIn, c.wantOut)
		}
	}

	e.step("E6: what is no server is told at its field")
	for text, code := range map[string]string{"mail works": "input.host", imap.Host + ":x": "input.port", "http://" + imap.Host: "input.host"} {
		body := e.elena.refuses(http.MethodPost, "/connect/test", e.elenas("elena-secret", "incoming", map[string]any{"host": text}), http.StatusUnprocessableEntity, code)
		if !strings.Contains(string(body), `"incoming`) {
			e.t.Errorf("%q is refused without its field: %s", text, body)
		}
	}
	e.step("E12: no protection at all only where the administrator allows it")
	e.elena.refuses(http.MethodPost, "/connect/test", e.elenas("elena-secret",
		"incoming", map[string]any{"host": imap143, "security": "none"}, "outgoing", map[string]any{"host": smtp587, "security": "starttls"}),
		http.StatusUnprocessableEntity, "security.plain_forbidden")
	e.step("E9, E11: a name alone gets the port of its protocol")
	got := call[api.TestResult](e.elena, http.MethodPost, "/connect/test", e.elenas("elena-secret",
		"incoming", map[string]any{"host": imap.Host, "security": "tls"}, "outgoing", map[string]any{"host": smtps, "security": "tls"}))
	if got.OK || got.Incoming.Server.String() != imap.Host+":993:tls" || got.Incoming.Stages[len(got.Incoming.Stages)-1].Cause == "" || !got.Outgoing.OK {
		e.t.Errorf("nothing listens on the usual port: %+v, %+v", got.Incoming, got.Outgoing)
	}
}

// connection is the account that Elena connects, and no second one.
func (e *elma) connection() mailstead.Account {
	e.t.Helper()
	chosen := []any{"provider_id", "own-corporate-mail", "load_period", "none"}
	e.step("E14: without a password there is nothing to test")
	e.elena.refuses(http.MethodPost, "/connect/test", e.elenas("", chosen...), http.StatusUnprocessableEntity, "input.password_needed")
	e.step("E15: a wrong password, in plain words, and nothing is saved")
	wrong := call[api.TestResult](e.elena, http.MethodPost, "/connect/test", e.elenas("wrong", chosen...))
	for _, side := range []*mailstead.Report{wrong.Incoming, wrong.Outgoing} {
		last := side.Stages[len(side.Stages)-1]
		if side.OK || last.Stage != mailstead.StageLogin || last.Code != "auth.bad_credentials" || !strings.Contains(last.Cause, "password") || last.Action == "" {
			e.t.Errorf("a wrong password at %s: %+v", side.Server, last)
		}
	}
	e.elena.refuses(http.MethodPost, "/connect/save", e.elenas("wrong", chosen...), http.StatusUnprocessableEntity, "auth.bad_credentials")
	if n := len(call[list[mailstead.Account]](e.elena, http.MethodGet, "/accounts", nil).Items); n != 0 {
		e.t.Errorf("%d accounts after a wrong password", n)
	}

	e.step("E1: one account for one user")
	e.rules("accounts_per_user", 1)
	if got := call[api.TestResult](e.elena, http.MethodPost, "/connect/test", e.elenas("elena-secret", chosen...)); !got.OK {
		e.t.Errorf("the test before saving: %+v", got)
	}
	a := e.connects(e.elena, e.servers.Dovecot, "elena@works.example", chosen...).Account
	if a.OwnerID != e.user.ID || a.ProviderID != "own-corporate-mail" {
		e.t.Errorf("connected: %+v", a)
	}
	e.oneAccount("sales@works.example")
	return a
}

// oneAccount sees a second account refused, in words that say what to do.
func (e *elma) oneAccount(address string) {
	e.t.Helper()
	body := e.elena.refuses(http.MethodPost, "/connect/save", map[string]any{
		"address": address, "password": passwordAt(e.t, e.servers.Dovecot, address), "provider_id": "own-corporate-mail",
	}, http.StatusConflict, "policy.accounts_per_user")
	if !strings.Contains(string(body), "Each user may have one account here: disconnect the other one first") {
		e.t.Errorf("the refusal says %s", body)
	}
	own := call[struct{ Own api.OwnPolicies }](e.elena, http.MethodGet, "/policies", nil).Own
	if own.Refusal != "policy.accounts_per_user" || own.Accounts != 1 {
		e.t.Errorf("before anything is typed the page learns %+v", own)
	}
}

// inbox returns the inbox of an account of Elena's.
func (e *elma) inbox(id mailstead.AccountID) mailstead.Folder {
	e.t.Helper()
	for _, f := range call[list[mailstead.Folder]](e.elena, http.MethodGet, "/accounts/"+id.String()+"/folders", nil).Items {
		if f.Role == mailstead.FolderInbox {
			return f
		}
	}
	return mailstead.Folder{}
}

// newest are the mails that stand there at once; it returns one of them.
func (e *elma) newest(a mailstead.Account) mailstead.Message {
	e.t.Helper()
	e.step("E20: the newest 50 mails are loaded at once")
	mailtest.Await(e.t, "50 mails are here", func() bool { return e.inbox(a.ID).Total >= 50 })
	items := call[list[mailstead.Message]](e.elena, http.MethodGet, fmt.Sprintf("/accounts/%d/messages?limit=100", a.ID), nil).Items
	if f := e.inbox(a.ID); len(items) != 50 || f.Total != 50 || f.RemoteTotal != elmaMails {
		e.t.Fatalf("%d mails of %d and %d on the server; want 50 of %d", len(items), f.Total, f.RemoteTotal, elmaMails)
	}
	if first, last := items[0].Subject, items[49].Subject; first != fmt.Sprintf("Mail %d", elmaMails-1) || last != fmt.Sprintf("Mail %d", elmaMails-50) {
		e.t.Errorf("the newest 50 are %q to %q", first, last)
	}
	e.step("E16: the signature ends every mail")
	call[any](e.elena, http.MethodPatch, "/accounts/"+a.ID.String(), map[string]any{"signature": "Elena, works"})
	if d := call[mailstead.Draft](e.elena, http.MethodGet, "/draft", nil); !strings.Contains(d.Text, "Elena, works") {
		e.t.Errorf("the new mail is %q", d.Text)
	}
	return items[19]
}

// disconnects links a mail to an item and takes the account away from below it.
func (e *elma) disconnects(first mailstead.Account, offer mailstead.Message, file []byte) {
	e.t.Helper()
	e.step("E34: a mail is linked to an item of an application that is there from the start")
	types := call[list[mailstead.RecordType]](e.elena, http.MethodGet, "/record-types", nil).Items
	if len(types) < 2 || len(types) > 5 {
		e.t.Fatalf("types of items: %+v", types)
	}
	item := call[api.Record](e.elena, http.MethodPost, "/records", map[string]any{"type": types[0].Key, "name": "A new workshop"})
	links := "/messages/" + offer.ID.String() + "/links"
	link := call[api.MessageLink](e.elena, http.MethodPost, links, map[string]any{"record_id": item.ID})
	mail := fmt.Sprintf("/records/%d/mails/%d", item.ID, link.MailID)
	e.igor.refuses(http.MethodGet, "/messages/"+offer.ID.String(), nil, http.StatusNotFound, "")
	e.step("E39: who sees the item sees the mail")
	e.onItem(item, mail, file)

	e.step("E21: before an account is disconnected, what goes and what stays is counted")
	path := "/accounts/" + first.ID.String()
	preview := call[api.Disconnection](e.elena, http.MethodGet, path+"/disconnect", nil)
	if preview.Messages != 50 || preview.Linked != 1 || preview.Elsewhere+preview.Waiting+len(preview.UsedBy) != 0 || preview.UsedBy == nil {
		e.t.Errorf("the preview: %+v", preview)
	}
	call[any](e.elena, http.MethodPost, path+"/disconnect", nil)
	e.step("E22, E23: the imported mails are gone, the linked one stands on its item")
	for _, gone := range []string{path, path + "/messages", "/messages/" + offer.ID.String()} {
		e.elena.refuses(http.MethodGet, gone, nil, http.StatusNotFound, "")
	}
	e.onItem(item, mail, file)

	e.step("E24: another address is connected in its place")
	second := e.connects(e.elena, e.servers.Dovecot, "sales@works.example", "provider_id", "own-corporate-mail").Account
	e.step("E1, E24: the first one comes back when there is room for it")
	body := e.elena.refuses(http.MethodPost, path+"/restore", nil, http.StatusConflict, "policy.accounts_per_user")
	if !strings.Contains(string(body), "disconnect the other one first") {
		e.t.Errorf("bringing back a second account is refused by %s", body)
	}
	call[any](e.elena, http.MethodPost, "/accounts/"+second.ID.String()+"/disconnect", nil)
	call[any](e.elena, http.MethodPost, path+"/restore", nil)
	call[any](e.elena, http.MethodPut, path+"/password", map[string]any{"password": "elena-secret"})
	e.noTwin(first.ID, item, offer.ID, link)
	e.onItem(item, mail, file)

	e.step("the same address is connected anew while its old account waits to be brought back: no twin either")
	call[any](e.elena, http.MethodPost, path+"/disconnect", nil)
	anew := e.connects(e.elena, e.servers.Dovecot, "elena@works.example", "provider_id", "own-corporate-mail", "load_period", "none").Account
	e.elena.refuses(http.MethodPost, path+"/restore", nil, http.StatusConflict, "account.exists")
	mailtest.Await(e.t, "50 mails are here again", func() bool { return e.inbox(anew.ID).Total == 50 })
	again := call[list[mailstead.Message]](e.elena, http.MethodGet, fmt.Sprintf("/accounts/%d/messages?q=offer", anew.ID), nil).Items
	if len(again) != 1 {
		e.t.Fatalf("%d mails with the offer", len(again))
	}
	e.noTwin(anew.ID, item, again[0].ID, link)
	e.onItem(item, mail, file)
}

// noTwin looks that an account that came back has its mails once, that the mail that
// was linked shows its link, and that linking it again adds nothing to the item.
func (e *elma) noTwin(id mailstead.AccountID, item api.Record, m mailstead.MessageID, link api.MessageLink) {
	e.t.Helper()
	call[any](e.elena, http.MethodPost, "/accounts/"+id.String()+"/sync", nil)
	mine := call[list[mailstead.Account]](e.elena, http.MethodGet, "/accounts", nil).Items
	if len(mine) != 1 || mine[0].ID != id {
		e.t.Errorf("Elena's accounts: %+v", mine)
	}
	messages := call[list[mailstead.Message]](e.elena, http.MethodGet, fmt.Sprintf("/accounts/%d/messages?limit=100", id), nil).Items
	if len(messages) != 50 {
		e.t.Errorf("%d mails in the account that came back; want 50", len(messages))
	}
	links := "/messages/" + m.String() + "/links"
	if got := call[list[api.MessageLink]](e.elena, http.MethodGet, links, nil).Items; len(got) != 1 || got[0].RecordID != item.ID {
		e.t.Errorf("the mail shows the links %+v", got)
	}
	if again := call[api.MessageLink](e.elena, http.MethodPost, links, map[string]any{"record_id": item.ID}); again.MailID != link.MailID {
		e.t.Errorf("linked again it is mail %d; want %d", again.MailID, link.MailID)
	}
}

// onItem reads the one mail of an item, with its file, as a colleague.
func (e *elma) onItem(item api.Record, mail string, file []byte) {
	e.t.Helper()
	mails := call[list[mailstead.LinkedMail]](e.igor, http.MethodGet, fmt.Sprintf("/records/%d/mails", item.ID), nil).Items
	if len(mails) != 1 || mails[0].Mailbox != "elena@works.example" {
		e.t.Errorf("on the item stand %+v", mails)
	}
	if got := call[api.RecordMail](e.igor, http.MethodGet, mail, nil); got.Subject != "the offer" || len(got.Attachments) != 1 {
		e.t.Errorf("the mail of the item: %q with %d files", got.Subject, len(got.Attachments))
	}
	if status, got := e.igor.try(http.MethodGet, mail+"/attachments/0", nil); status != http.StatusOK || !bytes.Equal(got, file) {
		e.t.Errorf("the file of the mail: status %d, %d bytes of %d", status, len(got), len(file))
	}
}
