//go:build realservers

package main_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
	"github.com/mailstead/mailstead/connect"
)

// osmRecipes asks what providers want.
func (s *scenario) osmRecipes() {
	s.t.Helper()
	type known struct {
		Source         string
		AppPasswordURL string `json:"app_password_url"`
		Notes          string
		Provider       struct{ ID string }
		Outgoing       []mailstead.Server
	}
	s.step("O20, O32: Gmail wants an app password, and where it is made is told before it is asked for")
	for address, id := range map[string]string{"azienda@gmail.com": "gmail", "azienda@libero.it": "libero"} {
		got := call[known](s.service, http.MethodPost, "/connect/discover", map[string]any{"address": address})
		if got.Source != "built_in" || got.Provider.ID != id || !strings.HasPrefix(got.AppPasswordURL, "https://") || got.Notes == "" {
			s.t.Errorf("%s: %+v", address, got)
		}
	}
	s.step("O18: Aruba is known with protection, not by port 25 without")
	got := call[known](s.service, http.MethodPost, "/connect/discover", map[string]any{"address": "azienda@aruba.it"})
	if got.Provider.ID != "aruba" || len(got.Outgoing) != 1 || got.Outgoing[0].String() != "smtps.aruba.it:465:tls" {
		s.t.Errorf("Aruba: %+v", got)
	}
	s.step("O16, O32, O33: the words of Google's server are put into plain ones")
	words := url.QueryEscape("534-5.7.9 Application-specific password required.")
	e := call[mailstead.Explanation](s.service, http.MethodGet, "/explain?protocol=smtp&provider=gmail&text="+words, nil)
	if e.Code != "auth.app_password_required" || !strings.Contains(e.Action, "myaccount.google.com/apppasswords") {
		s.t.Errorf("explained as %+v", e)
	}
}

// osmTable imports the table of accounts, from a dump and from CSV.
func (s *scenario) osmTable() {
	s.t.Helper()
	smtp, tls := s.servers.Postfix.SMTP(mailstead.SecurityStartTLS), s.servers.Postfix.SMTP(mailstead.SecurityTLS)
	row := func(id int, name string, at mailstead.Server, address, password, encryption string, predefined int) string {
		return fmt.Sprintf("(%d,'%s','','%s','%d','%s','%s','Azienda \\\"Esempio\\\"','%s','%s',0,%d,NULL)", id, name, at.Host, at.Port, address, password, address, encryption, predefined)
	}
	dump := "CREATE TABLE `em_accounts` (`id` int, `name` varchar(255), `note` varchar(255), `server` varchar(255), `port` varchar(255), `username` varchar(255), " +
		"`password` varchar(255), `from_name` varchar(255), `from_address` varchar(255), `encryption` enum('','tls','ssl'), `pec` tinyint(1), `predefined` tinyint(1), `deleted_at` timestamp);\n" +
		"INSERT INTO `em_accounts` VALUES " + strings.Join([]string{
		row(1, "Azienda", smtp, "user3@example.com", s.password("user3@example.com"), "tls", 1),
		row(2, "Sales", tls, "user2@example.com", "other", "ssl", 0),
		row(3, "Vecchio", smtp, "user4@example.com", "x", "", 0),
	}, ",\n") + ";\n"
	csv := "id,name,server,port,username,password,from_name,from_address,encryption,pec,predefined\n" +
		fmt.Sprintf("5,Da tabella,%s,%d,user5@example.com,%s,Da tabella,user5@example.com,ssl,0,0\n", tls.Host, tls.Port, s.password("user5@example.com"))

	s.step("the table of accounts is looked at first: a dry run changes nothing")
	before := s.accountCount()
	want := "new exists invalid"
	if got := s.imports(dump, true); got != want || s.accountCount() != before {
		s.t.Errorf("the dry run says %q, want %q; %d accounts, were %d", got, want, s.accountCount(), before)
	}
	s.step("then it is imported, once")
	for _, want := range []string{want, "exists exists invalid"} {
		if got := s.imports(dump, false); got != want {
			s.t.Errorf("the import says %q, want %q", got, want)
		}
	}
	if got := s.imports(csv, false); got != "new" {
		s.t.Errorf("the import of CSV says %q", got)
	}
	if n := s.accountCount(); n != before+2 {
		s.t.Errorf("%d accounts, were %d", n, before)
	}
	s.step("what was imported works")
	for _, a := range call[list[api.AccountItem]](s.service, http.MethodGet, "/accounts?all=true", nil).Items {
		if a.Address != "user3@example.com" && a.Address != "user5@example.com" {
			continue
		}
		m := call[mailstead.OutgoingMessage](s.service, http.MethodPost, "/accounts/"+a.ID.String()+"/test-mail", map[string]any{"to": "ben@example.com"})
		m = s.accepted(s.service, m)
		s.arrives(s.servers.Dovecot, "ben@example.com", m.InternetMessageID)
	}
	if strings.Contains(s.answers.String()+s.log.String(), s.password("user3@example.com")) {
		s.t.Error("an imported password was shown")
	}
}

// imports imports a file and returns what became of its rows.
func (s *scenario) imports(content string, dry bool) string {
	s.t.Helper()
	report := call[connect.ImportReport](s.service, http.MethodPost, "/imports", map[string]any{"content": []byte(content), "dry_run": dry})
	var out []string
	for _, i := range report.Items {
		if out = append(out, string(i.Outcome)); i.System {
			s.t.Errorf("%s would take the place of the default account", i.Address)
		}
	}
	if report.Format != "openstamanager" {
		s.t.Errorf("read as %s", report.Format)
	}
	return strings.Join(out, " ")
}

func (s *scenario) accountCount() int {
	s.t.Helper()
	return len(call[list[mailstead.Account]](s.service, http.MethodGet, "/accounts?all=true", nil).Items)
}

// osmSettings starts with SMTP settings, as after an upgrade.
func (s *scenario) osmSettings() {
	s.t.Helper()
	s.step("O15: SMTP settings become the Account from settings, once, beside the default that is there")
	before := s.accountCount()
	var imported mailstead.AccountID
	for start := 1; start <= 2; start++ {
		s.restart(
			"smtp_server: "+s.servers.Postfix.SMTP(mailstead.SecurityTLS).Addr(), "smtp_security: tls",
			"smtp_login: user6@example.com", "smtp_password: "+s.password("user6@example.com"), "smtp_from: The firm <user6@example.com>",
		)
		found := call[list[mailstead.Account]](s.service, http.MethodGet, "/accounts?all=true&q="+url.QueryEscape(connect.ImportedName), nil).Items
		if len(found) != 1 || found[0].Address != "user6@example.com" || s.accountCount() != before+1 {
			s.t.Fatalf("start %d: imported %+v; %d accounts, were %d", start, found, s.accountCount(), before)
		}
		imported = found[0].ID
	}
	uwe := s.person("Uwe")
	s.wantSender(uwe.ID, "the default stays", "user2@example.com", mailstead.LevelSystem)
	call[any](s.service, http.MethodPut, "/system-account", map[string]any{"account_id": imported})
	s.wantSender(uwe.ID, "by the account from settings", "user6@example.com", mailstead.LevelSystem)
	s.step("O15: deleted, it does not come back with the next start")
	call[any](s.service, http.MethodPut, "/system-account", map[string]any{"account_id": 0})
	call[any](s.service, http.MethodDelete, "/accounts/"+imported.String(), nil)
	s.restart()
	if n := s.accountCount(); n != before {
		s.t.Errorf("%d accounts after the next start, were %d", n, before)
	}
}

// restart starts the service again, with these settings if any are given.
func (s *scenario) restart(settings ...string) {
	s.t.Helper()
	s.stop()
	if t, ok := s.t.(*testing.T); ok && len(settings) > 0 {
		writeSettings(t, s.data, settings...)
	}
	s.start()
	call[any](s.service, http.MethodPost, "/session", map[string]any{"email": "ada@example.com", "password": adaPassword})
}
