package main_test

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/connect"
	"github.com/mailstead/mailstead/mailtest"
)

// knocks counts the connections to a server that says nothing.
func knocks(t *testing.T) (addr string, count *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = l.Close() })
	count = new(atomic.Int64)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			count.Add(1)
			_ = c.Close()
		}
	}()
	return l.Addr().String(), count
}

// TestAnAccountWithoutAPasswordContactsNobody imports one and does with it all
// that asks its servers otherwise.
func TestAnAccountWithoutAPasswordContactsNobody(t *testing.T) {
	addr, count := knocks(t)
	t.Setenv("MAILSTEAD_SYNC_TROUBLE", "100ms")
	s := serve(t, filepath.Join(t.TempDir(), "data"), "--allowed-networks", "127.0.0.0/8")
	s.setUp()
	file := filepath.Join(t.TempDir(), "accounts.csv")
	head := "address,incoming_host,incoming_security,outgoing_host,outgoing_security,password\n"
	row := func(address, password string) string {
		return strings.Join([]string{address, addr, "tls", addr, "tls", password}, ",") + "\n"
	}
	must(t, os.WriteFile(file, []byte(head+row("bare@example.com", "")), 0o600))
	report := cliJSON[connect.ImportReport](s, "", "import", file)
	if len(report.Items) != 1 || report.Items[0].Outcome != connect.ImportNeedsPassword || report.Items[0].AccountID != 1 {
		t.Fatalf("got %+v", report)
	}
	for range 3 {
		call[any](s, http.MethodPost, "/accounts/1/sync", nil)
		if status, body := s.try(http.MethodPost, "/accounts/1/test", nil); status != http.StatusConflict || !strings.Contains(string(body), "account.no_secret") {
			t.Errorf("a test: %d %s", status, body)
		}
	}
	sent := call[mailstead.OutgoingMessage](s, http.MethodPost, "/outbox", map[string]any{
		"account_id": 1, "to": []any{map[string]any{"address": "ben@example.com"}}, "subject": "Hello", "text": "Hello",
	})
	mailtest.Await(t, "the mail is held", func() bool {
		return call[mailstead.OutgoingMessage](s, http.MethodGet, "/outbox/"+sent.ID.String(), nil).State == mailstead.OutgoingHeld
	})
	a := call[mailstead.Account](s, http.MethodGet, "/accounts/1", nil)
	for _, side := range []*mailstead.Side{a.Incoming, a.Outgoing} {
		if side.Health.State != mailstead.HealthTrouble || side.Health.Code != "account.no_secret" {
			t.Errorf("health %+v", side.Health)
		}
	}
	if n := count.Load(); n != 0 {
		t.Errorf("%d connections without a password", n)
	}

	// With a password the same server is asked.
	must(t, os.WriteFile(file, []byte(head+row("full@example.com", "x")), 0o600))
	cliJSON[connect.ImportReport](s, "", "import", file)
	mailtest.Await(t, "the server of the other account is asked", func() bool { return count.Load() > 0 })
}
