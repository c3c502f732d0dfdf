//go:build realservers

package main_test

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/discover"
	"github.com/mailstead/mailstead/fakemail"
	"github.com/mailstead/mailstead/mailtest"
)

// TestAddressAloneLeadsToTheMailbox: a domain that nobody knows names its servers in
// DNS, which belong to another domain. The person agrees, and the address and the
// password are all that it takes.
func TestAddressAloneLeadsToTheMailbox(t *testing.T) {
	t.Setenv("MAILSTEAD_DISCOVERY", "true")
	const host = "mail.hosting.example"
	cert, ca := certificateFor(t, host)
	config := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	mailbox, err := fakemail.StartIMAP(fakemail.IMAPConfig{
		Security: mailstead.SecurityTLS, TLS: config,
		Users: map[string]fakemail.IMAPUser{mailtest.Anna.Address: {Password: mailtest.Anna.Password}},
	})
	must(t, err)
	t.Cleanup(mailbox.Close)
	smtp := startSMTP(t, fakemail.SMTPConfig{
		Security: mailstead.SecurityTLS, TLS: config,
		Users: map[string]fakemail.SMTPUser{mailtest.Anna.Address: {Password: mailtest.Anna.Password}},
	})
	domain := mailstead.DomainOf(mailtest.Anna.Address)
	names := mailtest.Zone{
		"* A 127.0.0.1",
		fmt.Sprintf("_imaps._tcp.%s SRV %d %s.", domain, mailbox.Server().Port, host),
		fmt.Sprintf("_submissions._tcp.%s SRV %d %s.", domain, smtp.Server().Port, host),
	}.Serve(t)
	s := serve(t, t.TempDir(), trusting(t, ca, `resolver: "`+names+`"`)...)
	s.setUp()
	status, answer := s.try(http.MethodPost, "/connect/discover/follow", map[string]any{"address": mailtest.Anna.Address})
	followed := lines[struct {
		Question *discover.Question
		Result   *discover.Result
	}](t, string(answer))
	if status != http.StatusOK || len(followed) < 8 || followed[0].Question == nil || followed[len(followed)-1].Result.Source != discover.SourceSRV {
		t.Fatalf("status %d, followed %s", status, answer)
	}
	s.refuses(http.MethodPost, "/connect/discover/follow", map[string]any{"address": "nonsense"}, http.StatusUnprocessableEntity, "input.address")
	found := call[struct {
		Source    string
		Foreign   []string
		Evidence  []string
		Questions []discover.Question
	}](s, http.MethodPost, "/connect/discover", map[string]any{"address": mailtest.Anna.Address})
	if found.Source != "srv" || len(found.Foreign) != 1 || found.Foreign[0] != "hosting.example" {
		t.Fatalf("found %+v", found)
	}
	if !slices.ContainsFunc(found.Questions, func(q discover.Question) bool {
		return q.Source == discover.SourceSRV && q.Asked == "SRV _imaps._tcp."+domain && q.Outcome == discover.OutcomeOK
	}) {
		t.Errorf("questions %+v", found.Questions)
	}
	if r := s.cli("", "discover", mailtest.Anna.Address); !regexp.MustCompile(`(?m)^Asked +srv: SRV _imaps._tcp.example.com, \d+ ms, ok: The record names mail.hosting.example:\d+.$`).MatchString(r.stdout) {
		t.Errorf("mailstead discover says:\n%s%s", r.stdout, r.stderr)
	}
	request := map[string]any{"address": mailtest.Anna.Address, "password": mailtest.Anna.Password}
	s.refuses(http.MethodPost, "/connect/save", request, http.StatusUnprocessableEntity, "connect.confirm_servers")
	request["confirm_servers"] = true
	saved := call[struct{ Account mailstead.Account }](s, http.MethodPost, "/connect/save", request)
	if saved.Account.Incoming.Server.Host != host || saved.Account.Outgoing.Login != mailtest.Anna.Address {
		t.Errorf("saved %+v", saved.Account)
	}
}
