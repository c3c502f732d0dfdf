package discover_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/dial"
	"github.com/mailstead/mailstead/discover"
	"github.com/mailstead/mailstead/fakemail"
)

// loopback leads all names to this machine.
type loopback struct{}

func (loopback) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
}

// greeter reaches this machine and trusts ca.
func greeter(ca *authority) *discover.Greeter {
	return discover.NewGreeter(dial.New(dial.Config{
		Allowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, Roots: ca.pool, Resolver: loopback{}, Now: time.Now,
	}), "")
}

const mailName = "mail.example.com"

func TestProbe(t *testing.T) {
	ca := newAuthority(t)
	cert, err := ca.issue(mailName)
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{*cert}, MinVersion: tls.VersionTLS12}
	start := func(server mailstead.Server, end func(), err error) mailstead.Server {
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(end)
		server.Host = mailName
		return server
	}
	imap := func(security mailstead.Security) mailstead.Server {
		s, err := fakemail.StartIMAP(fakemail.IMAPConfig{Security: security, TLS: config, SignedIn: func(string) { t.Error("somebody signed in") }})
		return start(s.Server(), s.Close, err)
	}
	pop3 := func(c fakemail.POP3Config) mailstead.Server {
		c.TLS = config
		s, err := fakemail.StartPOP3(c)
		return start(s.Server(), s.Close, err)
	}
	smtp := func(security mailstead.Security, users map[string]fakemail.SMTPUser) mailstead.Server {
		s, err := fakemail.StartSMTP(fakemail.SMTPConfig{Security: security, TLS: config, Users: users})
		return start(s.Server(), s.Close, err)
	}
	users := map[string]fakemail.SMTPUser{"anna": {Password: "secret"}}
	encrypted := imap(mailstead.SecurityTLS)
	other := encrypted
	other.Host = "other.example.com"
	wrong := encrypted
	wrong.Protocol = mailstead.SMTP
	for name, tt := range map[string]struct {
		server mailstead.Server
		code   string
	}{
		"IMAP":                            {encrypted, ""},
		"IMAP by STARTTLS":                {imap(mailstead.SecurityStartTLS), ""},
		"POP3":                            {pop3(fakemail.POP3Config{Security: mailstead.SecurityTLS}), ""},
		"POP3 by STLS":                    {pop3(fakemail.POP3Config{Security: mailstead.SecurityStartTLS}), ""},
		"POP3 without CAPA":               {pop3(fakemail.POP3Config{Security: mailstead.SecurityTLS, NoCAPA: true}), ""},
		"POP3 that hides STLS":            {pop3(fakemail.POP3Config{Security: mailstead.SecurityStartTLS, HideSTLS: true}), "tls.starttls_missing"},
		"POP3 that refuses STLS":          {pop3(fakemail.POP3Config{Security: mailstead.SecurityStartTLS, RefuseSTLS: true}), "tls.starttls_missing"},
		"SMTP":                            {smtp(mailstead.SecurityTLS, users), ""},
		"SMTP by STARTTLS":                {smtp(mailstead.SecurityStartTLS, users), ""},
		"SMTP without sign-in":            {smtp(mailstead.SecurityTLS, nil), "auth.not_offered"},
		"another protocol":                {wrong, "proto.wrong_service"},
		"a certificate for another name":  {other, "tls.name_mismatch"},
		"nothing listens":                 {mailstead.Server{Protocol: mailstead.IMAP, Host: mailName, Port: 1, Security: mailstead.SecurityTLS}, "net.refused"},
		"an address outside the networks": {mailstead.Server{Protocol: mailstead.IMAP, Host: "127.0.0.2", Port: 993, Security: mailstead.SecurityTLS}, "net.guarded"},
	} {
		t.Run(name, func(t *testing.T) {
			seen, err := greeter(ca).Probe(t.Context(), tt.server)
			if errorCode(err) != tt.code {
				t.Errorf("got %v, want code %q", err, tt.code)
			}
			if err == nil && !slices.Contains(seen.DNSNames, mailName) {
				t.Errorf("certificate for %q", seen.DNSNames)
			}
		})
	}
}

// errorCode is "" for no error.
func errorCode(err error) string {
	if err == nil {
		return ""
	}
	return mailstead.CodeOf(err)
}

// says starts a server without encryption that sends its lines, each but the first
// after one that it hears, and then hangs up.
func says(t testing.TB, lines ...string) int {
	t.Helper()
	n, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	go func() {
		for {
			c, err := n.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				for _, line := range lines {
					if _, err := io.WriteString(c, line); err != nil {
						return
					}
					if _, err := c.Read(make([]byte, 512)); err != nil {
						return
					}
				}
			}()
		}
	}()
	return n.Addr().(*net.TCPAddr).Port
}

func TestProbeOfServersThatMisbehave(t *testing.T) {
	ca := newAuthority(t)
	for name, tt := range map[string]struct {
		protocol mailstead.Protocol
		says     []string
		code     string
	}{
		"says more than the go-ahead":  {mailstead.IMAP, []string{"* OK\r\n", "* CAPABILITY STARTTLS\r\na OK\r\n", "b OK\r\n* CAPABILITY AUTH=PLAIN\r\n"}, "tls.injected"},
		"breaks off":                   {mailstead.IMAP, []string{"* OK\r\n"}, "net.closed"},
		"is in trouble":                {mailstead.IMAP, []string{"* BYE later\r\n"}, "proto.wrong_service"},
		"never ends a line":            {mailstead.POP3, []string{"+OK" + strings.Repeat("x", 1<<20)}, "proto.invalid_reply"},
		"never ends an answer":         {mailstead.SMTP, []string{"220 a\r\n", strings.Repeat("250-x\r\n", 10000)}, "proto.invalid_reply"},
		"never ends its greeting":      {mailstead.SMTP, []string{strings.Repeat("220-x\r\n", 10000)}, "proto.invalid_reply"},
		"never ends its capabilities":  {mailstead.POP3, []string{"+OK\r\n", "+OK\r\n" + strings.Repeat("x\r\n", 10000)}, "proto.invalid_reply"},
		"never ends its untagged data": {mailstead.IMAP, []string{"* OK\r\n", strings.Repeat("* x\r\n", 10000)}, "proto.invalid_reply"},
		"says too little":              {mailstead.SMTP, []string{"220 a\r\n", "25\r\n"}, "proto.invalid_reply"},
		"refuses EHLO":                 {mailstead.SMTP, []string{"220 a\r\n", "554 no\r\n"}, "proto.invalid_reply"},
		"refuses STARTTLS":             {mailstead.SMTP, []string{"220 a\r\n", "250 STARTTLS\r\n", "454 no\r\n"}, "tls.starttls_missing"},
		"has no encryption":            {mailstead.SMTP, []string{"220 a\r\n", "250-x\r\n250 AUTH PLAIN\r\n"}, "tls.starttls_missing"},
		"does not encrypt":             {mailstead.SMTP, []string{"220 a\r\n", "250 STARTTLS\r\n", "220 go\r\n", "what?\r\n"}, "tls.wrong_mode"},
		"says nothing":                 {mailstead.IMAP, []string{""}, "net.timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			limit := 20 * time.Second
			if tt.code == "net.timeout" {
				limit = 100 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			_, err := greeter(ca).Probe(ctx, mailstead.Server{Protocol: tt.protocol, Host: mailName, Port: says(t, tt.says...), Security: mailstead.SecurityStartTLS})
			if errorCode(err) != tt.code {
				t.Errorf("got %v, want code %q", err, tt.code)
			}
		})
	}
}

// FuzzProbe: no server makes more of itself than one without encryption that is.
func FuzzProbe(f *testing.F) {
	ca := &authority{}
	f.Add(uint8(0), "* OK\r\n", "* CAPABILITY LOGINDISABLED\r\na OK\r\n", "b OK\r\n")
	f.Add(uint8(1), "+OK\r\n", "+OK\r\nSTLS\r\n.\r\n", "+OK\r\n")
	f.Add(uint8(2), "220-\r\n220 a\r\n", "250-x\r\n250 STARTTLS\r\n", "220\r\n")
	f.Fuzz(func(t *testing.T, protocol uint8, greeting, can, start string) {
		s := mailstead.Server{Protocol: []mailstead.Protocol{mailstead.IMAP, mailstead.POP3, mailstead.SMTP}[protocol%3], Host: mailName, Security: mailstead.SecurityStartTLS}
		s.Port = says(t, greeting, can, start)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := greeter(ca).Probe(ctx, s); err == nil {
			t.Errorf("%q %q %q is taken for an encrypted server", greeting, can, start)
		}
	})
}
