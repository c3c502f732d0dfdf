//go:build realservers

package main_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
	"github.com/mailstead/mailstead/mailtest"
)

// scenario is a service in use by a firm, with real mail servers, of which anna, ben
// and user1, user2... have mailboxes at example.com.
type scenario struct {
	*service
	servers *mailtest.Servers
}

// newScenario starts a service with Ada, the administrator, signed in, where the
// servers of example.com are known. settings are the lines of its configuration file.
func newScenario(t *testing.T, servers *mailtest.Servers, settings ...string) *scenario {
	t.Helper()
	s := newUnknowing(t, servers, settings...)
	call[any](s.service, http.MethodPut, "/domains/example.com", map[string]any{
		"incoming": []mailstead.Server{servers.Dovecot.IMAP(mailstead.SecurityTLS)}, "outgoing": []mailstead.Server{servers.Postfix.SMTP(mailstead.SecurityTLS)},
	})
	return s
}

// newUnknowing is newScenario before anybody has said which servers there are.
func newUnknowing(t *testing.T, servers *mailtest.Servers, settings ...string) *scenario {
	t.Helper()
	data := t.TempDir()
	s := &scenario{servers: servers}
	writeSettings(t, data, settings...)
	s.service = serve(t, data, loopback(t, servers)...)
	s.setUp()
	return s
}

// step names what follows in the words of the product that is played, with the rows
// of its description. A failure stands below its step.
func (s *scenario) step(text string) {
	s.t.Helper()
	s.t.Logf("step: %s", text)
}

// as returns the same service as another person sees it.
func (s *scenario) as(u mailstead.User) *service {
	s.t.Helper()
	other := *s.service
	other.client = newClient(s.t)
	call[any](&other, http.MethodPost, "/session", map[string]any{"email": u.Email, "password": "a long password of " + u.Name})
	return &other
}

// provider adds a mail service by its name, with the servers of a stack.
func (s *scenario) provider(name string, servers *mailtest.Servers, more ...any) mailstead.Provider {
	s.t.Helper()
	in := map[string]any{
		"name":     name,
		"incoming": []mailstead.Server{servers.Dovecot.IMAP(mailstead.SecurityTLS)},
		"outgoing": []mailstead.Server{servers.Postfix.SMTP(mailstead.SecurityTLS)},
	}
	return call[mailstead.Provider](s.service, http.MethodPost, "/providers", with(in, more...))
}

// with sets fields of a request, each as a name and a value.
func with(in map[string]any, more ...any) map[string]any {
	for i := 0; i+1 < len(more); i += 2 {
		in[more[i].(string)] = more[i+1]
	}
	return in
}

// recognised is what the wizard knows of an address.
type recognised struct {
	Source   string
	Provider struct{ ID, Name string }
	Incoming []struct {
		Host     string
		Protocol mailstead.Protocol
		Username string
	}
	Evidence []string
}

// recognises compares where the knowledge of an address comes from, as a person asks.
func (s *scenario) recognises(by *service, address, source, provider string) {
	s.t.Helper()
	got := call[recognised](by, http.MethodPost, "/connect/discover", map[string]any{"address": address})
	if got.Source != source || got.Provider.Name != provider {
		s.t.Errorf("%s is known from %q, provider %q; want %q, %q: %s", address, got.Source, got.Provider.Name, source, provider, got.Evidence)
	}
}

// connects connects a mailbox as its owner does, with the password of its server.
func (s *scenario) connects(by *service, at *mailtest.DovecotServer, address string, more ...any) api.SavedAccount {
	s.t.Helper()
	in := map[string]any{"address": address, "password": passwordAt(s.t, at, address)}
	return call[api.SavedAccount](by, http.MethodPost, "/connect/save", with(in, more...))
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
	return call[mailstead.User](s.service, http.MethodPost, "/users", with(in, more...))
}

// member makes a user who has a profile.
func (s *scenario) member(name string, p mailstead.Profile) mailstead.User {
	s.t.Helper()
	u := s.person(name)
	return call[mailstead.User](s.service, http.MethodPatch, "/users/"+u.ID.String(), map[string]any{"profile_ids": []any{p.ID}})
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
	return passwordAt(s.t, s.servers.Dovecot, address)
}

func passwordAt(t testing.TB, server *mailtest.DovecotServer, address string) string {
	t.Helper()
	for _, u := range server.Users {
		if u.Address == address {
			return u.Password
		}
	}
	t.Fatalf("nobody has the address %s", address)
	return ""
}

// sends has a mail sent for a person, waits for it at ben's and returns who it is
// from and the reason that is stored with it.
func (s *scenario) sends(user mailstead.UserID, subject string) (from string, why mailstead.Resolution) {
	s.t.Helper()
	m := call[mailstead.OutgoingMessage](s.service, http.MethodPost, "/outbox", map[string]any{
		"user_id": user, "to": []any{map[string]any{"address": "ben@example.com"}}, "subject": subject, "text": "Good morning.",
	})
	m = s.accepted(s.service, m)
	return s.arrives(s.servers.Dovecot, "ben@example.com", m.InternetMessageID), m.Reason
}

// accepted waits until the mail server has taken a mail.
func (s *scenario) accepted(by *service, m mailstead.OutgoingMessage) mailstead.OutgoingMessage {
	s.t.Helper()
	mailtest.Await(s.t, "the mail "+m.Subject+" is accepted", func() bool {
		m = call[mailstead.OutgoingMessage](by, http.MethodGet, "/outbox/"+m.ID.String(), nil)
		return m.State == mailstead.OutgoingAccepted
	})
	return m
}

// arrives waits until a mail stands in an inbox and returns who it is from.
func (s *scenario) arrives(at *mailtest.DovecotServer, box, id string) (from string) {
	s.t.Helper()
	mailtest.Await(s.t, "the mail "+id+" stands in the inbox of "+box, func() bool {
		from = at.Doveadm("fetch", "-u", box, "hdr.from", "mailbox", "INBOX", "header", "message-id", id)
		return from != ""
	})
	return strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(from), "hdr.from:"))
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

// refuses sends a request that must fail with a status and a code, if one is given.
func (s *service) refuses(method, path string, in any, status int, code string) []byte {
	s.t.Helper()
	got, body := s.try(method, path, in)
	if got != status || code != "" && !strings.Contains(string(body), `"`+code+`"`) {
		s.t.Errorf("%s %s: status %d, want %d with code %q: %s", method, path, got, status, code, body)
	}
	return body
}
