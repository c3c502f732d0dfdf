//go:build realservers

package main_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
	"github.com/mailstead/mailstead/mailtest"
	"github.com/mailstead/mailstead/sender"
)

// TestSenderHealthByCommand asks for the health of a domain that has nothing but an
// address in DNS, before and after a mail came back.
func TestSenderHealthByCommand(t *testing.T) {
	t.Setenv("MAILSTEAD_DISCOVERY", "true")
	servers := mailtest.Stack(t, mailtest.DovecotOptions{MoreUsers: 1}, mailtest.PostfixOptions{})
	s := newScenario(t, servers, `resolver: "`+mailtest.Zone{"* A 127.0.0.1"}.Serve(t)+`"`)
	a := s.mailbox(s.person("Nina").ID, "user1@example.com")
	codes := func() string {
		t.Helper()
		r := s.cli("", "account", "sender-health", a.ID.String(), "--json")
		var h api.SenderHealth
		if r.code != 0 {
			t.Fatalf("exit code %d\n%s%s", r.code, r.stdout, r.stderr)
		}
		if err := json.Unmarshal([]byte(r.stdout), &h); err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, f := range h.Findings {
			out = append(out, f.Code)
			if f.Part == sender.PartSPF && (len(f.Records) != 1 || f.Records[0].Name != "example.com" || f.Records[0].Type != "TXT") {
				t.Errorf("the records to add are %+v", f.Records)
			}
		}
		return strings.Join(out, " ")
	}
	if got, want := codes(), "mx.implicit spf.missing dkim.no_mail dmarc.missing"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	path := "/accounts/" + a.ID.String() + "/test-mail"
	s.arrived(call[mailstead.OutgoingMessage](s.service, http.MethodPost, path, map[string]any{"round_trip": true}))
	if got, want := codes(), "mx.implicit spf.missing dkim.unsigned_near dmarc.missing"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	r := s.cli("", "account", "sender-health", a.ID.String())
	for _, want := range []string{"How example.com stands as a sender:", "\nSPF: advice\n", "\n  Add: _dmarc.example.com TXT v=DMARC1; p=none; rua=mailto:user1@example.com\n"} {
		if r.code != 0 || !strings.Contains(r.stdout, want) {
			t.Errorf("exit code %d, want %q in\n%s%s", r.code, want, r.stdout, r.stderr)
		}
	}
}
