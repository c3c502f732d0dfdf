package imap_test

import (
	"context"
	"crypto/tls"
	"net/netip"
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/dial"
	"github.com/mailstead/mailstead/fakemail"
	"github.com/mailstead/mailstead/mailtest"
	"github.com/mailstead/mailstead/mailtest/sourcetest"
	"github.com/mailstead/mailstead/provider/imap"
)

// loopback lets a test's dialer reach servers of this machine.
func loopback() []netip.Prefix {
	return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
}

// resolver finds every name on this machine.
type resolver struct{}

func (resolver) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
}

func newDriver(ca *mailtest.CA) *imap.Driver {
	c := dial.Config{Allowed: loopback(), Resolver: resolver{}}
	if ca != nil {
		c.Roots = ca.Pool()
	}
	return imap.New(imap.Config{Dialer: dial.New(c), Version: "test"})
}

const password = `p"ss\wörd 1`

// startFake starts a server in this process.
func startFake(t *testing.T, security mailstead.Security) (*fakemail.IMAPServer, *mailtest.CA) {
	t.Helper()
	ca := mailtest.NewCA(t)
	c := fakemail.IMAPConfig{
		Security: security,
		Users: map[string]fakemail.IMAPUser{"ann@example.com": {
			Password: password,
			Folders:  map[string]mailstead.FolderRole{"Gesendet & mehr": mailstead.FolderSent, "Entwürfe": mailstead.FolderNone},
		}},
	}
	if security != mailstead.SecurityNone {
		c.TLS = &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, mailtest.CertValid)}}
	}
	s, err := fakemail.StartIMAP(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, ca
}

func TestConformanceAgainstFake(t *testing.T) {
	for _, security := range []mailstead.Security{mailstead.SecurityNone, mailstead.SecurityStartTLS, mailstead.SecurityTLS} {
		t.Run(string(security), func(t *testing.T) {
			s, ca := startFake(t, security)
			sourcetest.Run(t, sourcetest.Harness{
				Driver: newDriver(ca),
				Access: mailstead.Access{
					Server: s.Server(), Login: "ann@example.com", Secret: mailstead.NewSecret(password),
					AllowPlain: security == mailstead.SecurityNone,
				},
				Deliver: func(t *testing.T, raw []byte) {
					t.Helper()
					if err := s.Deliver("ann@example.com", "INBOX", raw); err != nil {
						t.Fatal(err)
					}
				},
				Sent: "Gesendet & mehr",
				Untrusted: func() mailstead.Server {
					u := s.Server()
					u.Host = "other.example.net"
					return u
				}(),
			})
		})
	}
}
