package smtp_test

import (
	"context"
	"crypto/tls"
	"net/netip"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/dial"
	"github.com/mailstead/mailstead/fakemail"
	"github.com/mailstead/mailstead/mailtest"
	"github.com/mailstead/mailstead/mailtest/sendertest"
	"github.com/mailstead/mailstead/provider/smtp"
)

const secret = "correct horse: ünïcode"

// anyHost finds every name at the loopback address.
type anyHost struct{}

func (anyHost) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
}

// newDriver returns a driver that reaches the loopback network and trusts ca.
func newDriver(ca *mailtest.CA, o smtp.Options) *smtp.Driver {
	d := dial.Config{Allowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Resolver: anyHost{}}
	if ca != nil {
		d.Roots = ca.Pool()
	}
	o.Now = time.Now
	return smtp.New(dial.New(d), o)
}

// fake starts a fake server with one user.
func fake(t *testing.T, ca *mailtest.CA, c fakemail.SMTPConfig) *fakemail.SMTPServer {
	t.Helper()
	c.TLS = &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, mailtest.CertValid)}}
	c.Users = map[string]fakemail.SMTPUser{
		"anna@example.com": {Password: secret, Senders: []string{"anna@example.com"}},
		"busy@example.com": {Password: secret, Busy: true},
	}
	s, err := fakemail.StartSMTP(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func access(s mailstead.Server) mailstead.Access {
	return mailstead.Access{Server: s, Login: "anna@example.com", Secret: mailstead.NewSecret(secret), AllowPlain: true}
}

func TestConformance(t *testing.T) {
	for _, security := range []mailstead.Security{mailstead.SecurityNone, mailstead.SecurityStartTLS, mailstead.SecurityTLS} {
		t.Run(string(security), func(t *testing.T) {
			const limit = 3 << 20
			ca := mailtest.NewCA(t)
			s := fake(t, ca, fakemail.SMTPConfig{Security: security, MaxSize: limit})
			untrusted := s.Server()
			untrusted.Host = "other.example.net"
			sendertest.Run(t, sendertest.Harness{
				Driver: newDriver(ca, smtp.Options{}), Access: access(s.Server()),
				From: "anna@example.com", To: "ben@example.com", Refused: "refuse@example.com",
				MaxSize: limit, Untrusted: untrusted,
				Mailbox: func(_ *testing.T, id string) (out [][]byte) {
					for _, m := range s.Mails() {
						if m.MessageID == id {
							out = append(out, m.Data)
						}
					}
					return out
				},
			})
		})
	}
}
