//go:build realservers

package imap_test

import (
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/mailtest"
	"github.com/mailstead/mailstead/mailtest/sourcetest"
)

func access(s *mailtest.DovecotServer, security mailstead.Security, u mailtest.User) mailstead.Access {
	return mailstead.Access{
		Server: s.IMAP(security), Login: u.Address, Secret: mailstead.NewSecret(u.Password),
		AllowPlain: security == mailstead.SecurityNone,
	}
}

func TestConformanceAgainstDovecot(t *testing.T) {
	s := mailtest.Dovecot(t, mailtest.DovecotOptions{})
	for _, security := range []mailstead.Security{mailstead.SecurityNone, mailstead.SecurityStartTLS, mailstead.SecurityTLS} {
		t.Run(string(security), func(t *testing.T) {
			untrusted := s.IMAP(security)
			untrusted.Host = "other.example.net"
			sourcetest.Run(t, sourcetest.Harness{
				Driver: newDriver(s.CA),
				Access: access(s, security, mailtest.Anna),
				Deliver: func(t *testing.T, raw []byte) {
					t.Helper()
					s.Deliver(mailtest.Anna.Address, "INBOX", raw)
				},
				Sent:      "Sent",
				Untrusted: untrusted,
				ModSeq:    true,
			})
		})
	}
}
