//go:build realservers

package main_test

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/mailtest"
)

// TestCommandsWithoutAService: while no service runs, the command line does the
// work itself; what it stored is loaded and sent when a service starts.
func TestCommandsWithoutAService(t *testing.T) {
	t.Parallel()
	servers := mailService(t)
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			data := t.TempDir()
			flags := append(loopback(t, servers, database(t)...), "--data", data)
			run := func(stdin string, args ...string) result {
				t.Helper()
				r := command(t, stdin, append(flags, args...)...)
				if r.code != 0 || r.stderr != "" {
					t.Fatalf("mailstead %v: exit code %d\n%s%s", args, r.code, r.stdout, r.stderr)
				}
				if left, err := filepath.Glob(filepath.Join(data, "*.sock")); err != nil || len(left) > 0 {
					t.Fatalf("a socket is left: %v, %v", left, err)
				}
				return r
			}
			run(adaPassword, "user", "add", "--admin", "--name", "Ada", "ada@example.com")
			run("", "domain", "set", "example.com", "--incoming", servers.Dovecot.IMAP("tls").String(), "--outgoing", servers.Postfix.SMTP("tls").String())
			if out := run(mailtest.Anna.Password, "account", "connect", "anna@example.com", "--owner", "1").stdout; !strings.Contains(out, "Its mail is loaded as soon as mailstead serve runs.") {
				t.Errorf("connect says\n%s", out)
			}
			if out := run("", "account", "test", "1").stdout; strings.Count(out, "\n  ok ") < 10 {
				t.Errorf("test says\n%s", out)
			}
			if out := run("", "--json", "message", "list", "1").stdout; out != "" {
				t.Errorf("there are messages already: %s", out)
			}
			if r := command(t, "", append(flags, "account", "sync", "1")...); r.code != 73 || !strings.Contains(r.stderr, "[service.not_running]") {
				t.Errorf("sync: exit code %d\n%s", r.code, r.stderr)
			}
			send := []string{"--json", "send", "--user", "1", "--to", "ben@example.com", "--subject", "Your order", "--idempotency-key", "order-4711"}
			var sent, again mailstead.OutgoingMessage
			must(t, json.Unmarshal([]byte(run("It left our house today.\n", send...).stdout), &sent))
			must(t, json.Unmarshal([]byte(run("It left our house today.\n", send...).stdout), &again))
			if sent.State != mailstead.OutgoingQueued || again.ID != sent.ID {
				t.Errorf("the mail is %s; repeated it is mail %d, want %d", sent.State, again.ID, sent.ID)
			}
			if found := servers.Dovecot.Doveadm("search", "-u", "ben@example.com", "mailbox", "INBOX", "header", "message-id", sent.InternetMessageID); found != "" {
				t.Errorf("the mail went out already: %s", found)
			}

			s := serve(t, data, flags...)
			call[any](s, http.MethodPost, "/session", map[string]any{"email": "ada@example.com", "password": adaPassword})
			waitForMessages(s, 1, mails)
			mailtest.Await(t, "the mail is accepted and its copy appended", func() bool {
				m := call[mailstead.OutgoingMessage](s, http.MethodGet, "/outbox/"+sent.ID.String(), nil)
				return m.State == mailstead.OutgoingAccepted && m.SentCopy == mailstead.SentCopyAppended
			})
			wantOnServer(t, servers, sent.InternetMessageID)
			if out := s.cli("", "check").stdout; !strings.Contains(out, "Service        running") {
				t.Errorf("check says\n%s", out)
			}
			s.stop()
			if out := run("", "outbox", "show", sent.ID.String()).stdout; !strings.Contains(out, "accepted") {
				t.Errorf("after the stop:\n%s", out)
			}
			clearServer(servers)
		})
	}
}
