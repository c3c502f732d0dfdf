//go:build realservers

package main_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
	"github.com/mailstead/mailstead/mailtest"
)

// TestBadMails: a mail that must not be sent has a stable code and a plain sentence
// in the API and on the command line, and nothing of it is kept.
func TestBadMails(t *testing.T) {
	servers := mailtest.Stack(t, mailtest.DovecotOptions{}, mailtest.PostfixOptions{})
	s := serve(t, t.TempDir(), loopback(t, servers)...)
	s.setUp()
	call[any](s, http.MethodPost, "/connect/save", map[string]any{
		"address": mailtest.Anna.Address, "password": mailtest.Anna.Password,
		"incoming": map[string]any{"host": servers.Dovecot.IMAP("tls").String()}, "outgoing": map[string]any{"host": servers.Postfix.SMTP("tls").String()},
	})
	large := filepath.Join(t.TempDir(), "large.bin")
	must(t, os.WriteFile(large, make([]byte, 30<<20), 0o600))
	const header = "x\r\nBcc: eve@example.net"
	for _, c := range []struct {
		name, field string
		value       any
		// args are the same mail on the command line, nil where it cannot be typed.
		args   []string
		status int
		code   string
	}{
		{"a header in the subject", "subject", header, []string{"--subject", header}, 422, "input.control_character"},
		{"a header in a recipient", "to", []any{map[string]any{"address": "ben@example.com\r\nRCPT TO:<eve@example.net>"}}, []string{"--to", "ben@example.com\r\nRCPT TO:<eve@example.net>"}, 422, "input.address"},
		{"a header in a recipient's name", "to", []any{map[string]any{"name": header, "address": "ben@example.com"}}, nil, 422, "input.control_character"},
		{"a header in a file's name", "attachments", []any{map[string]any{"name": header, "content": "eA=="}}, nil, 422, "input.control_character"},
		{"a header in a file's type", "attachments", []any{map[string]any{"name": "a", "media_type": "text/plain\r\nX: y", "content": "eA=="}}, nil, 422, "input.media_type"},
		{"a header in a reference", "references", []any{"a@example.com>\r\nBcc: <eve@example.net"}, nil, 422, "input.control_character"},
		{"no recipient", "to", []any{}, []string{"--to", ""}, 422, "draft.no_recipient"},
		{"30 MB of files", "attachments", []any{map[string]any{"name": "large.bin", "content": make([]byte, 30<<20)}}, []string{"--attach", large}, 413, "draft.attachments_too_large"},
		{"an account of nobody", "account_id", 99, []string{"--account", "99"}, 403, "send.account_not_allowed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			mail := map[string]any{"to": []any{map[string]any{"address": "ben@example.com"}}, "subject": "Hello", "text": "Hello"}
			mail[c.field] = c.value
			status, body := s.try(http.MethodPost, "/outbox", mail)
			var p api.Problem
			must(t, json.Unmarshal(body, &p))
			if status != c.status || p.Code != c.code || p.Detail == "" || p.RequestID == "" {
				t.Errorf("the API answers %d: %.300s; want %d %s", status, body, c.status, c.code)
			}
			if c.args != nil {
				r := s.cli("Hello", append([]string{"send", "--user", "1", "--to", "ben@example.com"}, c.args...)...)
				typed := c.code
				if c.name == "no recipient" {
					typed = "input.address"
				}
				if r.code == 0 || !strings.Contains(r.stderr, "["+typed+"]") {
					t.Errorf("the command line answers %d: %s; want [%s]", r.code, r.stderr, typed)
				}
			}
			if left := call[list[mailstead.OutgoingMessage]](s, http.MethodGet, "/outbox", nil); len(left.Items) != 0 {
				t.Errorf("%d mails were kept", len(left.Items))
			}
		})
	}
	packs, err := filepath.Glob(filepath.Join(s.data, "blobs", "*"))
	if err != nil || len(packs) != 0 {
		t.Errorf("bytes of refused mails were stored: %v, %v", packs, err)
	}
}
