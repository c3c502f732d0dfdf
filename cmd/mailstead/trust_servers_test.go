//go:build realservers

package main_test

import (
	"crypto/tls"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
	"github.com/mailstead/mailstead/fakemail"
	"github.com/mailstead/mailstead/mailtest"
)

// TestTrustInOneServer: a certificate that nobody vouches for is shown, and refused until
// an administrator trusts its key for this server. Another key stops the account; an
// authority of the house is trusted for what it signs.
func TestTrustInOneServer(t *testing.T) {
	t.Parallel()
	first, _ := certificateFor(t, "127.0.0.1")
	second, authority := certificateFor(t, "127.0.0.1")
	var shown atomic.Pointer[tls.Certificate]
	shown.Store(&first)
	config := &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return shown.Load(), nil }}
	box, err := fakemail.StartIMAP(fakemail.IMAPConfig{
		Security: mailstead.SecurityTLS, TLS: config, Users: map[string]fakemail.IMAPUser{mailtest.Anna.Address: {Password: mailtest.Anna.Password}},
	})
	must(t, err)
	t.Cleanup(box.Close)
	smtp := startSMTP(t, fakemail.SMTPConfig{
		Security: mailstead.SecurityTLS, TLS: config, Users: map[string]fakemail.SMTPUser{mailtest.Anna.Address: {Password: mailtest.Anna.Password}},
	})
	s := serve(t, t.TempDir(), "--allowed-networks", "127.0.0.0/8")
	s.setUp()
	request := map[string]any{
		"address": mailtest.Anna.Address, "password": mailtest.Anna.Password, "incoming": serverFields(box.Server()), "outgoing": serverFields(smtp.Server()),
	}
	refused := func(r *mailstead.Report, code string) mailstead.Certificate {
		t.Helper()
		f := r.Failure()
		if f == nil || f.Code != code || len(f.Chain) == 0 {
			t.Fatalf("got %+v, want %s with the chain", f, code)
		}
		return f.Chain[0]
	}
	trust := func(in map[string]any) (ids []mailstead.TrustID) {
		t.Helper()
		for _, server := range []mailstead.Server{box.Server(), smtp.Server()} {
			made := call[mailstead.TrustedServer](s, http.MethodPost, "/trusted-servers", with(in, "host", server.Host, "port", server.Port, "reason", "our own"))
			ids = append(ids, made.ID)
		}
		return ids
	}

	shows := refused(call[api.TestResult](s, http.MethodPost, "/connect/test", request).Incoming, "tls.untrusted")
	if shows.KeySHA256 == "" || shows.NotAfter.IsZero() || len(shows.Names) == 0 {
		t.Errorf("the server shows %+v", shows)
	}
	s.refuses(http.MethodPost, "/trusted-servers", map[string]any{"host": "x.example", "port": 993, "kind": "key", "fingerprint": "12", "reason": "x"}, http.StatusUnprocessableEntity, "input.fingerprint")
	s.refuses(http.MethodPost, "/trusted-servers", map[string]any{"host": "x.example", "port": 993, "kind": "authority", "certificate": "12", "reason": "x"}, http.StatusUnprocessableEntity, "input.authority")
	keys := trust(map[string]any{"kind": "key", "fingerprint": shows.KeySHA256})
	a := call[api.SavedAccount](s, http.MethodPost, "/connect/save", request).Account

	// Another key: nothing is sent to it, and the account says so by itself.
	shown.Store(&second)
	test := "/accounts/" + a.ID.String() + "/test"
	refused(call[api.TestResult](s, http.MethodPost, test, nil).Outgoing, "tls.key_changed")
	s.stop()
	s.start()
	mailtest.Await(t, "an account that stopped", func() bool {
		h := call[mailstead.Account](s, http.MethodGet, "/accounts/"+a.ID.String(), nil).Incoming.Health
		return h.Code == "tls.key_changed" && h.State == mailstead.HealthTrouble
	})

	// The authority behind the new key.
	for _, id := range keys {
		call[any](s, http.MethodDelete, "/trusted-servers/"+id.String(), nil)
	}
	authorities := trust(map[string]any{"kind": "authority", "certificate": string(authority)})
	if tested := call[api.TestResult](s, http.MethodPost, test, nil); !tested.OK {
		t.Errorf("tested %+v", tested)
	}
	for _, id := range authorities {
		call[any](s, http.MethodDelete, "/trusted-servers/"+id.String(), nil)
	}
	refused(call[api.TestResult](s, http.MethodPost, test, nil).Incoming, "tls.untrusted")
}

// serverFields are those of a server typed by hand.
func serverFields(s mailstead.Server) map[string]any {
	return map[string]any{"host": s.Host, "port": s.Port, "security": s.Security}
}
