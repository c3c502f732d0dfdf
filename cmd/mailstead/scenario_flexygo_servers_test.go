//go:build realservers

package main_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
	"github.com/mailstead/mailstead/mailtest"
)

// TestScenarioFlexygo is the mail of flexygo: mail settings for users, profiles and
// the system, of which the user's win over the profile's (F1-F5), else the
// configuration file's; tests of an account, of typed data and of what a user has in
// force (F9-F12, F16); passwords by the administrator and by the user (F13, F14);
// accounts made from the form of a user or profile and completed later (F18), and
// clones (F17).
func TestScenarioFlexygo(t *testing.T) {
	t.Parallel()
	servers := mailtest.Stack(t, mailtest.DovecotOptions{MoreUsers: 8}, mailtest.PostfixOptions{})
	settings := func(password string) []string {
		return []string{
			"smtp_server: " + servers.Postfix.SMTP(mailstead.SecurityTLS).Addr(), "smtp_security: tls",
			"smtp_login: user5@example.com", "smtp_password: " + password, "smtp_from: The firm <user5@example.com>",
		}
	}
	s := newScenario(t, servers, settings("secret-5")...)
	nina := s.person("Nina")

	// The configuration's settings became the system's account, once.
	accounts := call[list[mailstead.Account]](s.service, http.MethodGet, "/accounts?all=true", nil).Items
	if len(accounts) != 1 || accounts[0].Name != "Account from settings" || accounts[0].Address != "user5@example.com" {
		t.Fatalf("imported %+v", accounts)
	}
	s.wantSender(nina.ID, "imported", "user5@example.com", mailstead.LevelSystem)

	// None: the configuration file sends.
	call[any](s.service, http.MethodPut, "/system-account", map[string]any{"account_id": 0})
	s.wantSender(nina.ID, "none", "user5@example.com", mailstead.LevelConfiguration)
	standing := call[mailstead.Resolution](s.service, http.MethodGet, "/resolve?user="+nina.ID.String(), nil).AccountID.String()
	s.refuses(http.MethodPatch, "/accounts/"+standing, map[string]any{"name": "Mine"}, http.StatusConflict, "account.from_configuration")

	// System only, profile only, user only.
	system := s.mailbox(0, "user1@example.com")
	call[any](s.service, http.MethodPut, "/system-account", map[string]any{"account_id": system.ID})
	s.wantSender(nina.ID, "system only", "user1@example.com", mailstead.LevelSystem)
	sales := call[mailstead.Profile](s.service, http.MethodPost, "/profiles", map[string]any{"name": "Sales"})
	call[any](s.service, http.MethodPatch, "/users/"+nina.ID.String(), map[string]any{"profile_ids": []any{sales.ID}})
	s.wantSender(nina.ID, "a profile without settings", "user1@example.com", mailstead.LevelSystem)
	profile := s.mailbox(0, "user2@example.com")
	call[any](s.service, http.MethodPost, "/assignments", map[string]any{"account_id": profile.ID, "profile_id": sales.ID, "rights": []string{"send"}})
	s.wantSender(nina.ID, "profile only", "user2@example.com", mailstead.LevelProfile)
	otto := s.person("Otto")
	ottos := s.mailbox(otto.ID, "user3@example.com")
	s.wantSender(otto.ID, "user only", "user3@example.com", mailstead.LevelUser)

	// Both: the user's wins.
	ninas := s.mailbox(nina.ID, "user4@example.com")
	s.wantSender(nina.ID, "user and profile", "user4@example.com", mailstead.LevelUser)
	call[any](s.service, http.MethodPatch, "/accounts/"+ninas.ID.String(), map[string]any{"outgoing_enabled": false})
	s.wantSender(nina.ID, "the user's is switched off", "user2@example.com", mailstead.LevelProfile)
	call[any](s.service, http.MethodPatch, "/accounts/"+ninas.ID.String(), map[string]any{"outgoing_enabled": true})

	s.step("F10, F11, F12: tests of an account, of typed data, of what a user has in force, of all accounts")
	type tested struct{ OK bool }
	if !call[tested](s.service, http.MethodPost, "/accounts/"+profile.ID.String()+"/test", nil).OK {
		t.Error("the test of an account fails")
	}
	typed := map[string]any{"address": "user2@example.com", "password": "wrong"}
	if call[tested](s.service, http.MethodPost, "/connect/test", typed).OK {
		t.Error("typed data with a wrong password pass the test")
	}
	s.inForce(nina, "user4@example.com", mailstead.LevelUser)
	s.inForce(s.member("Pia", sales), "user2@example.com", mailstead.LevelProfile)
	s.inForce(s.person("Ole"), "user1@example.com", mailstead.LevelSystem)
	s.flexygoCollection()
	s.flexygoQuickCreate(sales)
	s.flexygoClone(profile)

	s.step("F13, F14: the old password stays in force until a new one has worked, whoever sets it")
	ottoSignedIn := s.as(otto)
	path := "/accounts/" + ottos.ID.String() + "/password"
	for who, by := range map[string]*service{"administrator": s.service, "user": ottoSignedIn} {
		if status, body := by.try(http.MethodPut, path, map[string]any{"password": "not this"}); status < 400 || !strings.Contains(string(body), "auth.") {
			t.Errorf("%s: a wrong password is answered with %d %s", who, status, body)
		}
		s.wantSender(otto.ID, "after a wrong password by the "+who, "user3@example.com", mailstead.LevelUser)
		servers.Dovecot.SetPassword("user3@example.com", "new, by the "+who)
		call[any](by, http.MethodPut, path, map[string]any{"password": "new, by the " + who})
		s.wantSender(otto.ID, "after a new password by the "+who, "user3@example.com", mailstead.LevelUser)
	}
	if status, _ := ottoSignedIn.try(http.MethodPut, "/accounts/"+ninas.ID.String()+"/password", map[string]any{"password": "x"}); status != http.StatusNotFound {
		t.Errorf("a user sets the password of another: status %d", status)
	}

	// A new password in the configuration file is in force after the next start, and
	// nothing is imported again.
	call[any](s.service, http.MethodPut, "/system-account", map[string]any{"account_id": 0})
	uwe := s.person("Uwe")
	before := len(call[list[mailstead.Account]](s.service, http.MethodGet, "/accounts?all=true", nil).Items)
	servers.Dovecot.SetPassword("user5@example.com", "moved")
	s.stop()
	writeSettings(t, s.data, settings("moved")...)
	s.start()
	call[any](s.service, http.MethodPost, "/session", map[string]any{"email": "ada@example.com", "password": adaPassword})
	s.wantSender(uwe.ID, "the configuration's new password", "user5@example.com", mailstead.LevelConfiguration)
	if n := len(call[list[mailstead.Account]](s.service, http.MethodGet, "/accounts?all=true", nil).Items); n != before {
		t.Errorf("%d accounts after the next start; want %d", n, before)
	}
	if secret := "moved"; strings.Contains(s.answers.String()+s.log.String(), secret+`"`) {
		t.Error("the configuration's password was shown")
	}
}

// inForce tests the configuration that a user has in force.
func (s *scenario) inForce(user mailstead.User, address string, level mailstead.SenderLevel) {
	s.t.Helper()
	got := call[struct {
		Resolution mailstead.Resolution
		Result     *struct{ OK bool }
	}](s.service, http.MethodPost, "/users/"+user.ID.String()+"/test", nil)
	if got.Resolution.Address != address || got.Resolution.Level != level || got.Result == nil || !got.Result.OK {
		s.t.Errorf("what %s has in force: %+v, test %+v; want %s at %q, which works", user.Name, got.Resolution, got.Result, address, level)
	}
}

// flexygoCollection tests all accounts, as the collection process does.
func (s *scenario) flexygoCollection() {
	s.t.Helper()
	c := call[mailstead.Checkup](s.service, http.MethodPost, "/checkups", map[string]any{"all": true})
	mailtest.Await(s.t, "all accounts are tested", func() bool {
		c = call[mailstead.Checkup](s.service, http.MethodGet, "/checkups/"+c.ID.String(), nil)
		return c.State == "done"
	})
	if c.OK != c.Total || c.Total < 5 {
		s.t.Errorf("the test of all accounts: %+v", c)
	}
}

// flexygoQuickCreate makes accounts of name and address alone, for a user and for a
// profile, which others complete.
func (s *scenario) flexygoQuickCreate(sales mailstead.Profile) {
	s.t.Helper()
	s.step("F18: an account made from the user's form is there at once, and sends when it is complete")
	quinn := s.member("Quinn", sales)
	made := call[api.AccountItem](s.service, http.MethodPost, "/accounts", map[string]any{"name": "Quinn's mail", "address": "user6@example.com", "owner_id": quinn.ID})
	if made.Needs != mailstead.NeedServers {
		s.t.Errorf("a new account needs %q", made.Needs)
	}
	s.wantSender(quinn.ID, "an account without servers is passed over", "user2@example.com", mailstead.LevelProfile)
	servers := map[string]any{
		"incoming": server(s.servers.Dovecot.IMAP(mailstead.SecurityTLS)), "outgoing": server(s.servers.Postfix.SMTP(mailstead.SecurityTLS)),
	}
	path := "/accounts/" + made.ID.String()
	call[any](s.service, http.MethodPatch, path, servers)
	if now := call[api.AccountItem](s.service, http.MethodGet, path, nil); now.Needs != mailstead.NeedPassword {
		s.t.Errorf("with servers it needs %q", now.Needs)
	}
	call[any](s.as(quinn), http.MethodPut, path+"/password", map[string]any{"password": s.password("user6@example.com")})
	s.wantSender(quinn.ID, "complete", "user6@example.com", mailstead.LevelUser)

	s.step("F18, F9: an account made from the profile's form")
	support := call[mailstead.Profile](s.service, http.MethodPost, "/profiles", map[string]any{"name": "Support"})
	shared := call[api.AccountItem](s.service, http.MethodPost, "/accounts", map[string]any{"name": "Support", "address": "user7@example.com", "organisation": true})
	call[any](s.service, http.MethodPost, "/assignments", map[string]any{"account_id": shared.ID, "profile_id": support.ID, "rights": []string{"read", "send"}})
	call[any](s.service, http.MethodPatch, "/accounts/"+shared.ID.String(), with(servers, "password", s.password("user7@example.com")))
	rosa := s.member("Rosa", support)
	s.wantSender(rosa.ID, "by the profile's new account", "user7@example.com", mailstead.LevelProfile)
}

// server is one typed by hand.
func server(s mailstead.Server) map[string]any {
	return map[string]any{"host": s.Host, "port": s.Port, "security": s.Security}
}

// flexygoClone makes an account like another one.
func (s *scenario) flexygoClone(like mailstead.Account) {
	s.t.Helper()
	s.step("F17: a clone has the settings of the other account and a password of its own")
	toni := s.person("Toni")
	made := call[api.AccountItem](s.service, http.MethodPost, "/accounts", map[string]any{
		"name": "Copy of " + like.Name, "address": "user8@example.com", "owner_id": toni.ID, "like": like.ID,
	})
	if made.Needs != mailstead.NeedPassword || made.Outgoing == nil || made.Outgoing.Server != like.Outgoing.Server || made.Outgoing.Login != "user8@example.com" {
		s.t.Fatalf("the clone: needs %q, %+v", made.Needs, made.Account)
	}
	path := "/accounts/" + made.ID.String() + "/password"
	s.refuses(http.MethodPut, path, map[string]any{"password": s.password(like.Address)}, http.StatusUnprocessableEntity, "auth.bad_credentials")
	call[any](s.service, http.MethodPut, path, map[string]any{"password": s.password("user8@example.com")})
	s.wantSender(toni.ID, "by the clone", "user8@example.com", mailstead.LevelUser)
}
