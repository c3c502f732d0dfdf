//go:build realservers

package main_test

import (
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

// branch are mailboxes of a second domain on the test servers.
var branch = []mailtest.User{{Address: "xenia@branch.example", Password: "xenia-secret"}, {Address: "yuri@branch.example", Password: "yuri-secret"}}

// TestScenarioCreatio is a user of Creatio connecting mailboxes: several for one user
// (C1, C19), a provider chosen by hand for a domain that nobody knows (C10), which the
// next colleague's address is recognised by (C11) and the administrator confirms or
// rejects (C17), the two ways on after saving (C15), the period of mail that is loaded
// (C16), receiving or sending alone (C24) and the forms of the login (C25).
func TestScenarioCreatio(t *testing.T) {
	t.Parallel()
	users := slices.Concat([]mailtest.User{mailtest.Anna, mailtest.Ben}, branch)
	servers := mailtest.Stack(t, mailtest.DovecotOptions{
		Users: users, MoreUsers: 6, Config: "auth_default_realm = example.com",
	}, mailtest.PostfixOptions{})
	s := newUnknowing(t, servers)

	s.creatioProvider()
	s.creatioDomains()
	s.creatioRejects()
	s.creatioSettings()
	s.creatioForms()
}

// creatioProvider is what the administrator does first.
func (s *scenario) creatioProvider() {
	s.t.Helper()
	s.step("C4: an account of a provider that is not set up is not connected")
	vera := s.as(s.person("Vera"))
	s.recognises(vera, "user1@example.com", "none", "")
	vera.refuses(http.MethodPost, "/connect/save", map[string]any{"address": "user1@example.com", "password": "secret-1"},
		http.StatusUnprocessableEntity, "input.server_needed")

	s.step("C22: a provider is the administrator's to add")
	in := map[string]any{"name": "Mine", "incoming": []any{map[string]any{"host": "imap.example.com"}}}
	vera.refuses(http.MethodPost, "/providers", in, http.StatusForbidden, "")

	s.step("C23: two servers are enough; ports and protection follow")
	p := call[mailstead.Provider](s.service, http.MethodPost, "/providers", map[string]any{
		"name": "Filled in", "incoming": []any{map[string]any{"host": "imap.example.com"}}, "outgoing": []any{map[string]any{"host": "smtp.example.com"}},
	})
	if got := p.Incoming[0].String() + ", " + p.Outgoing[0].String(); got != "imap.example.com:993:tls, smtp.example.com:465:tls" {
		s.t.Errorf("filled in: %s, %+v", got, p)
	}
	s.provider("Company mail", s.servers)
}

// creatioDomains is the way of a domain from unknown to confirmed.
func (s *scenario) creatioDomains() {
	s.t.Helper()
	vera, wim := s.as(s.person("Vera2")), s.as(s.person("Wim"))
	s.step("C10, C14, C15: the provider is chosen by hand; the account has defaults and two ways on")
	first := s.connects(vera, s.servers.Dovecot, "user1@example.com", "provider_id", "own-company-mail")
	a := first.Account
	if a.LoadPeriod != mailstead.DefaultLoadPeriod || a.ProviderID != "own-company-mail" || !a.Incoming.Enabled || !a.Outgoing.Enabled || a.Name != "user1@example.com" {
		s.t.Errorf("connected with other defaults: %+v", a)
	}
	if got := fmt.Sprint(first.Next); got != "[open_mail more_settings]" {
		s.t.Errorf("the ways on are %s", got)
	}

	s.step("C11: the next colleague's address is recognised, by the choice of a colleague")
	s.recognises(wim, "user2@example.com", "learned", "Company mail")
	s.connects(wim, s.servers.Dovecot, "user2@example.com")
	row := call[mailstead.Domain](s.service, http.MethodGet, "/domains/example.com", nil)
	if row.Source != mailstead.DomainLearned || row.LearnedName != "Vera2" || row.Accounts != 2 {
		s.t.Errorf("what was learned stands as %+v", row)
	}

	s.step("C17: the administrator confirms which provider has the domain")
	wim.refuses(http.MethodPost, "/domains/example.com/approve", nil, http.StatusForbidden, "")
	call[any](s.service, http.MethodPost, "/domains/example.com/approve", nil)
	s.recognises(vera, "user3@example.com", "administrator", "Company mail")

	s.step("C1, C19: one user has several mailboxes, whatever became of those before")
	call[any](vera, http.MethodPatch, "/accounts/"+a.ID.String(), map[string]any{"incoming_enabled": false, "outgoing_enabled": false})
	s.connects(vera, s.servers.Dovecot, "user3@example.com")
	if n := len(call[list[mailstead.Account]](vera, http.MethodGet, "/accounts", nil).Items); n != 2 {
		s.t.Errorf("%d accounts of one user; want 2", n)
	}
	vera.refuses(http.MethodPost, "/connect/save", map[string]any{"address": "user3@example.com", "password": s.password("user3@example.com")},
		http.StatusConflict, "account.exists")
	call[any](vera, http.MethodPatch, "/accounts/"+a.ID.String(), map[string]any{"incoming_enabled": true, "outgoing_enabled": true})
	call[any](vera, http.MethodPost, "/accounts/"+a.ID.String()+"/test", nil)
}

// creatioRejects is a domain for which a colleague chose wrongly.
func (s *scenario) creatioRejects() {
	s.t.Helper()
	s.step("C11, C17: what a colleague taught waits for the administrator, who rejects it")
	rules := call[struct{ Rules map[string]any }](s.service, http.MethodGet, "/policies", nil).Rules
	call[any](s.service, http.MethodPut, "/policies", with(rules, "confirm_domains", true))
	xenia, yuri := s.as(s.person("Xenia")), s.as(s.person("Yuri"))
	s.connects(xenia, s.servers.Dovecot, "xenia@branch.example", "provider_id", "own-company-mail")
	s.recognises(yuri, "yuri@branch.example", "none", "")
	waiting := call[list[mailstead.Domain]](s.service, http.MethodGet, "/domains?waiting=true", nil).Items
	if len(waiting) != 1 || waiting[0].Name != "branch.example" || waiting[0].LearnedName != "Xenia" {
		s.t.Errorf("waiting: %+v", waiting)
	}
	call[any](s.service, http.MethodPost, "/domains/branch.example/reject", nil)
	s.connects(yuri, s.servers.Dovecot, "yuri@branch.example", "provider_id", "own-company-mail")
	s.recognises(xenia, "new@branch.example", "none", "")
	if row := call[mailstead.Domain](s.service, http.MethodGet, "/domains/branch.example", nil); row.State != mailstead.DomainRejected {
		s.t.Errorf("after a rejection and one more sign-in the domain is %q", row.State)
	}
}

// creatioSettings are the additional settings of a new account: signature and period.
func (s *scenario) creatioSettings() {
	s.t.Helper()
	const mails = 120
	s.servers.Dovecot.DeliverMany("user4@example.com", "INBOX", mails, func(i int) mailtest.Mail {
		at := time.Now().AddDate(0, 0, i-mails)
		return mailtest.Mail{At: at, Raw: fmt.Appendf(nil, "From: ben@example.com\r\nSubject: Day %d\r\nDate: %s\r\n\r\nx\r\n", i, at.Format(time.RFC1123Z))}
	})
	zoe := s.as(s.person("Zoe"))
	s.step("C16: mail of the last two months is loaded, the older later, when more is asked for")
	saved := s.connects(zoe, s.servers.Dovecot, "user4@example.com", "load_period", "days:60", "display_name", "Zoe Ek")
	account := saved.Account.ID
	total := func() int {
		for _, f := range call[list[mailstead.Folder]](zoe, http.MethodGet, "/accounts/"+account.String()+"/folders", nil).Items {
			if f.Role == mailstead.FolderInbox {
				return f.Total
			}
		}
		return 0
	}
	mailtest.Await(s.t, "mail of sixty days is here", func() bool { return total() >= 59 })
	if n := total(); n > 61 {
		s.t.Errorf("%d mails for a period of 60 days, one a day", n)
	}
	call[any](zoe, http.MethodPatch, "/accounts/"+account.String(), map[string]any{"load_period": "all"})
	mailtest.Await(s.t, "all mail is here", func() bool { return total() == mails })

	s.step("C16: the signature stands below a new mail")
	call[any](zoe, http.MethodPatch, "/accounts/"+account.String(), map[string]any{"signature": "Zoe, sales"})
	if d := call[mailstead.Draft](zoe, http.MethodGet, "/draft", nil); !strings.Contains(d.Text, "Zoe, sales") {
		s.t.Errorf("the new mail is %q", d.Text)
	}
}

// creatioForms are receiving or sending alone, and the forms of the login.
func (s *scenario) creatioForms() {
	s.t.Helper()
	paul := s.person("Paul")
	by := s.as(paul)
	s.step("C24: receiving or sending, at least one")
	by.refuses(http.MethodPost, "/connect/save", map[string]any{
		"address": "user5@example.com", "password": "secret-5", "receive_only": true, "send_only": true,
	}, http.StatusUnprocessableEntity, "input.no_side")
	reads := s.connects(by, s.servers.Dovecot, "user5@example.com", "receive_only", true)
	if reads.Account.Outgoing != nil || reads.Account.Incoming == nil {
		s.t.Errorf("an account for receiving has %+v", reads.Account)
	}
	if r := call[mailstead.Resolution](by, http.MethodGet, "/resolve", nil); r.Level != mailstead.LevelNone {
		s.t.Errorf("who only receives sends from %s", r.Address)
	}
	sends := s.connects(by, s.servers.Dovecot, "user6@example.com", "send_only", true)
	if sends.Account.Incoming != nil || fmt.Sprint(sends.Next) != "[more_settings]" {
		s.t.Errorf("an account for sending has %+v and leads to %v", sends.Account, sends.Next)
	}
	s.wantSender(paul.ID, "by the account that only sends", "user6@example.com", mailstead.LevelUser)

	s.step("C25: the login is the address, the part before the @, or typed by hand")
	s.provider("By mailbox name", s.servers, "username", map[string]any{"imap": "local", "smtp": "local"})
	s.provider("By hand", s.servers, "username", map[string]any{"imap": "custom", "smtp": "custom"})
	hans := s.as(s.person("Hans"))
	local := s.connects(hans, s.servers.Dovecot, "user5@example.com", "provider_id", "own-by-mailbox-name").Account
	if local.Incoming.Login != "user5" || local.Outgoing.Login != "user5" {
		s.t.Errorf("signed in as %q and %q", local.Incoming.Login, local.Outgoing.Login)
	}
	in := map[string]any{"address": "user6@example.com", "password": s.password("user6@example.com"), "provider_id": "own-by-hand"}
	hans.refuses(http.MethodPost, "/connect/save", in, http.StatusUnprocessableEntity, "input.login_needed")
	typed := map[string]any{"login": "USER6@example.com"}
	hand := call[api.SavedAccount](hans, http.MethodPost, "/connect/save", with(in, "incoming", typed, "outgoing", typed)).Account
	if hand.Incoming.Login != "USER6@example.com" || hand.ProviderID != "own-by-hand" {
		s.t.Errorf("signed in as %q at %q", hand.Incoming.Login, hand.ProviderID)
	}
}
