//go:build realservers

package main_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/mailtest"
)

// TestScenarioFlexygo is the mail of flexygo: mail settings for users, profiles and
// the system, of which the user's win over the profile's (F1-F5), else the
// configuration file's; tests of an account, of typed data and of what a user has in
// force (F9-F12, F16); passwords by the administrator and by the user (F13, F14).
func TestScenarioFlexygo(t *testing.T) {
	t.Parallel()
	servers := mailtest.Stack(t, mailtest.DovecotOptions{MoreUsers: 5}, mailtest.PostfixOptions{})
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
	s.refused(http.MethodPatch, "/accounts/"+standing, map[string]any{"name": "Mine"}, http.StatusConflict, "account.from_configuration")

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

	// Tests: of an account, of typed data.
	type tested struct{ OK bool }
	if !call[tested](s.service, http.MethodPost, "/accounts/"+profile.ID.String()+"/test", nil).OK {
		t.Error("the test of an account fails")
	}
	typed := map[string]any{"address": "user2@example.com", "password": "wrong"}
	if call[tested](s.service, http.MethodPost, "/connect/test", typed).OK {
		t.Error("typed data with a wrong password pass the test")
	}

	// Passwords: the old one stays in force until a new one has worked, whoever sets it.
	ottoSignedIn := s.as(t, otto)
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
	servers.Dovecot.SetPassword("user5@example.com", "moved")
	s.stop()
	writeSettings(t, s.data, settings("moved")...)
	s.start()
	call[any](s.service, http.MethodPost, "/session", map[string]any{"email": "ada@example.com", "password": adaPassword})
	s.wantSender(uwe.ID, "the configuration's new password", "user5@example.com", mailstead.LevelConfiguration)
	if n := len(call[list[mailstead.Account]](s.service, http.MethodGet, "/accounts?all=true", nil).Items); n != 5 {
		t.Errorf("%d accounts after the next start; want 5", n)
	}
	if secret := "moved"; strings.Contains(s.answers.String()+s.log.String(), secret+`"`) {
		t.Error("the configuration's password was shown")
	}
}

// as returns the same service as another person sees it.
func (s *scenario) as(t *testing.T, u mailstead.User) *service {
	t.Helper()
	other := *s.service
	other.client = newClient(t)
	call[any](&other, http.MethodPost, "/session", map[string]any{"email": u.Email, "password": "a long password of " + u.Name})
	return &other
}
