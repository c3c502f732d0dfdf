//go:build realservers

package main_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/mailtest"
)

// scenario is a service in use by a firm, with real mail servers, of which anna, ben
// and user1, user2... have mailboxes at example.com.
type scenario struct {
	*service
	servers *mailtest.Servers
}

// newScenario starts a service with Ada, the administrator, signed in. settings are
// the lines of its configuration file.
func newScenario(t *testing.T, servers *mailtest.Servers, settings ...string) *scenario {
	t.Helper()
	data := t.TempDir()
	s := &scenario{servers: servers}
	writeSettings(t, data, settings...)
	s.service = serve(t, data, loopback(t, servers)...)
	s.setUp()
	call[any](s.service, http.MethodPut, "/domains/example.com", map[string]any{
		"incoming": []mailstead.Server{servers.Dovecot.IMAP(mailstead.SecurityTLS)}, "outgoing": []mailstead.Server{servers.Postfix.SMTP(mailstead.SecurityTLS)},
	})
	return s
}

// writeSettings writes the configuration file.
func writeSettings(t *testing.T, data string, settings ...string) {
	t.Helper()
	must(t, os.WriteFile(filepath.Join(data, "mailstead.yaml"), []byte(strings.Join(settings, "\n")+"\n"), 0o600))
}

// person makes a user.
func (s *scenario) person(name string, more ...any) mailstead.User {
	s.t.Helper()
	in := map[string]any{"name": name, "email": strings.ToLower(name) + "@firm.example", "password": "a long password of " + name}
	for i := 0; i+1 < len(more); i += 2 {
		in[more[i].(string)] = more[i+1]
	}
	return call[mailstead.User](s.service, http.MethodPost, "/users", in)
}

// mailbox connects an account of a person, or of the organisation when owner is 0.
func (s *scenario) mailbox(owner mailstead.UserID, address string) mailstead.Account {
	s.t.Helper()
	in := map[string]any{"address": address, "password": s.password(address)}
	if owner != 0 {
		in["owner_id"] = owner
	} else {
		in["organisation"] = true
	}
	return call[struct{ Account mailstead.Account }](s.service, http.MethodPost, "/connect/save", in).Account
}

// password is that of a mailbox on the test server.
func (s *scenario) password(address string) string {
	s.t.Helper()
	for _, u := range s.servers.Dovecot.Users {
		if u.Address == address {
			return u.Password
		}
	}
	s.t.Fatalf("nobody has the address %s", address)
	return ""
}

// sends has a mail sent for a person, waits for it at ben's and returns who it is
// from and the reason that is stored with it.
func (s *scenario) sends(user mailstead.UserID, subject string) (from string, why mailstead.Resolution) {
	s.t.Helper()
	m := call[mailstead.OutgoingMessage](s.service, http.MethodPost, "/outbox", map[string]any{
		"user_id": user, "to": []any{map[string]any{"address": "ben@example.com"}}, "subject": subject, "text": "Good morning.",
	})
	mailtest.Await(s.t, "the mail "+subject+" is accepted", func() bool {
		m = call[mailstead.OutgoingMessage](s.service, http.MethodGet, "/outbox/"+m.ID.String(), nil)
		return m.State == mailstead.OutgoingAccepted
	})
	mailtest.Await(s.t, "the mail "+subject+" stands in ben's inbox", func() bool {
		from = s.servers.Dovecot.Doveadm("fetch", "-u", "ben@example.com", "hdr.from", "mailbox", "INBOX", "header", "message-id", m.InternetMessageID)
		return from != ""
	})
	return strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(from), "hdr.from:")), m.Reason
}

// wantSender has a mail sent for a person and compares who sends it, and why.
func (s *scenario) wantSender(user mailstead.UserID, subject, address string, level mailstead.SenderLevel) {
	s.t.Helper()
	asked := call[mailstead.Resolution](s.service, http.MethodGet, "/resolve?user="+user.String(), nil)
	from, why := s.sends(user, subject)
	if !strings.Contains(from, address) || why.Level != level || why.Address != address {
		s.t.Errorf("%s: sent from %q by %s at level %q; want %s at %q", subject, from, why.Address, why.Level, address, level)
	}
	if asked.Level != why.Level || asked.AccountID != why.AccountID || asked.Reason != why.Reason {
		s.t.Errorf("%s: resolve said %+v, and then it was %+v", subject, asked, why)
	}
}

// refused sends a request that must fail with a status and a code.
func (s *scenario) refused(method, path string, in any, status int, code string) []byte {
	s.t.Helper()
	got, body := s.try(method, path, in)
	if got != status || !strings.Contains(string(body), `"`+code+`"`) {
		s.t.Errorf("%s %s: status %d, want %d with code %s: %s", method, path, got, status, code, body)
	}
	return body
}
