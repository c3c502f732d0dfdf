package dial_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/dial"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

func imap(host string, port int, security mailstead.Security) mailstead.Server {
	return mailstead.Server{Protocol: mailstead.IMAP, Host: host, Port: port, Security: security}
}

// server accepts connections on all loopback addresses until the test ends and
// gives each to serve.
func server(t *testing.T, serve func(net.Conn)) (port int) {
	t.Helper()
	l, err := net.Listen("tcp4", ":0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		var conns []net.Conn
		for {
			c, err := l.Accept()
			if err != nil {
				break
			}
			conns = append(conns, c)
			go serve(c)
		}
		for _, c := range conns {
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return l.Addr().(*net.TCPAddr).Port
}

// silentServer accepts and never says anything.
func silentServer(t *testing.T) (port int) { return server(t, func(net.Conn) {}) }

// authority signs certificates for tests.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{pool: x509.NewCertPool()}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a.key, a.cert = makeCertificate(t, template, nil, nil)
	a.pool.AddCert(a.cert)
	return a
}

// issue returns a certificate for names that runs out at end.
func (a *authority) issue(t *testing.T, end time.Time, names ...string) tls.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "server"}, DNSNames: names,
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: end,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	key, cert := makeCertificate(t, template, a.cert, a.key)
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key}
}

func makeCertificate(t *testing.T, template, parent *x509.Certificate, signer *ecdsa.PrivateKey) (*ecdsa.PrivateKey, *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return key, cert
}

func TestConnectTLS(t *testing.T) {
	ca, stranger := newAuthority(t), newAuthority(t)
	future := time.Now().Add(time.Hour)
	good := ca.issue(t, future, "mail.example.com")
	tlsServer := func(c *tls.Config) func(net.Conn) {
		return func(conn net.Conn) {
			s := tls.Server(conn, c)
			_, _ = s.Write([]byte("* OK ready\r\n"))
		}
	}
	withCert := func(c tls.Certificate) func(net.Conn) {
		return tlsServer(&tls.Config{Certificates: []tls.Certificate{c}})
	}
	for name, c := range map[string]struct {
		serve func(net.Conn)
		code  string
		kind  mailstead.Kind
		text  string
	}{
		"good":            {withCert(good), "", 0, ""},
		"unknown issuer":  {withCert(stranger.issue(t, future, "mail.example.com")), "tls.untrusted", mailstead.KindPermanent, ""},
		"expired":         {withCert(ca.issue(t, time.Now().Add(-time.Hour), "mail.example.com")), "tls.expired", mailstead.KindPermanent, ""},
		"other name":      {withCert(ca.issue(t, future, "other.example.org", "b.example.org")), "tls.name_mismatch", mailstead.KindPermanent, "other.example.org, b.example.org"},
		"old TLS":         {tlsServer(&tls.Config{Certificates: []tls.Certificate{good}, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}), "tls.failed", mailstead.KindPermanent, ""},
		"plain text port": {func(c net.Conn) { _, _ = c.Write([]byte("* OK IMAP4rev1 ready\r\n")) }, "tls.wrong_mode", mailstead.KindPermanent, ""},
		"hang up":         {func(c net.Conn) { _ = c.(*net.TCPConn).CloseWrite() }, "net.closed", mailstead.KindTemporary, ""},
		"reset": {func(c net.Conn) {
			_, _ = io.ReadFull(c, make([]byte, 5))
			_ = c.(*net.TCPConn).SetLinger(0)
			_ = c.Close()
		}, "net.reset", mailstead.KindTemporary, ""},
		"silent": {func(net.Conn) {}, "net.timeout", mailstead.KindTemporary, ""},
	} {
		t.Run(name, func(t *testing.T) {
			port := server(t, c.serve)
			d := dial.New(dial.Config{
				Allowed: loopback, Roots: ca.pool, HandshakeTimeout: 300 * time.Millisecond,
				Resolver: &answers{lists: [][]string{{"127.0.0.1"}}},
			})
			var stages []string
			conn, err := d.Connect(t.Context(), imap("mail.example.com", port, mailstead.SecurityTLS), dial.Options{
				Trace: func(stage mailstead.StageName, took time.Duration, err error) {
					stages = append(stages, string(stage)+" "+mailstead.CodeOf(err))
					if took < 0 {
						t.Errorf("stage %s took %v", stage, took)
					}
				},
			})
			last := "tls " + c.code
			if c.code == "" {
				last = "tls internal" // CodeOf(nil)
			}
			if diff := cmp.Diff([]string{"dns internal", "tcp internal", last}, stages); diff != "" {
				t.Errorf("stages (-want +got):\n%s", diff)
			}
			if c.code == "" {
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = conn.Close() }()
				if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || line != "* OK ready\r\n" || !conn.Encrypted() {
					t.Errorf("read %q, %v, encrypted %t", line, err, conn.Encrypted())
				}
				return
			}
			if mailstead.CodeOf(err) != c.code || mailstead.KindOf(err) != c.kind || !strings.Contains(err.Error(), c.text) {
				t.Errorf("error = %s %s %v, want %s %s %s", mailstead.CodeOf(err), mailstead.KindOf(err), err, c.code, c.kind, c.text)
			}
			if errors.Unwrap(errors.Unwrap(err)) == nil && errors.Unwrap(err) == nil {
				t.Error("the cause is lost")
			}
		})
	}
}

func TestStartTLS(t *testing.T) {
	ca := newAuthority(t)
	config := &tls.Config{Certificates: []tls.Certificate{ca.issue(t, time.Now().Add(time.Hour), "mail.example.com")}}
	connect := func(t *testing.T) (*dial.Dialer, *dial.Conn, mailstead.Server) {
		port := server(t, func(c net.Conn) {
			_, _ = c.Write([]byte("a OK begin\r\n"))
			_, _ = tls.Server(c, config).Write([]byte("inside\n"))
		})
		d := dial.New(dial.Config{Allowed: loopback, Roots: ca.pool, Resolver: &answers{lists: [][]string{{"127.0.0.1"}}}})
		s := imap("mail.example.com", port, mailstead.SecurityStartTLS)
		c, err := d.Connect(t.Context(), s, dial.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		if _, err := io.ReadFull(c, make([]byte, len("a OK begin\r\n"))); err != nil || c.Encrypted() {
			t.Fatalf("before StartTLS: %v, encrypted %t", err, c.Encrypted())
		}
		return d, c, s
	}
	t.Run("upgrades", func(t *testing.T) {
		d, c, s := connect(t)
		c, err := d.StartTLS(t.Context(), c, s, dial.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(c).ReadString('\n'); err != nil || line != "inside\n" || !c.Encrypted() {
			t.Errorf("read %q, %v, encrypted %t", line, err, c.Encrypted())
		}
	})
	t.Run("injected plain text", func(t *testing.T) {
		d, c, s := connect(t)
		if _, err := d.StartTLS(t.Context(), c, s, dial.Options{Buffered: 3}); mailstead.CodeOf(err) != "tls.injected" {
			t.Errorf("error = %v, want tls.injected", err)
		}
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("read after refusal: %v, want closed", err)
		}
	})
}

func TestLookupFailures(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		code string
		kind mailstead.Kind
	}{
		"no such name":      {&net.DNSError{Err: "no such host", IsNotFound: true}, "dns.not_found", mailstead.KindPermanent},
		"server misbehaves": {&net.DNSError{Err: "server misbehaving", IsTemporary: true}, "dns.temporary", mailstead.KindTemporary},
		"time-out":          {&net.DNSError{Err: "i/o timeout", IsTimeout: true}, "dns.temporary", mailstead.KindTemporary},
		"no addresses":      {nil, "dns.not_found", mailstead.KindPermanent},
	} {
		t.Run(name, func(t *testing.T) {
			d := dial.New(dial.Config{Resolver: failing{c.err}})
			_, err := d.Connect(t.Context(), imap("mail.example.com", 993, mailstead.SecurityTLS), dial.Options{})
			if mailstead.CodeOf(err) != c.code || mailstead.KindOf(err) != c.kind {
				t.Errorf("error = %v, want %s of kind %s", err, c.code, c.kind)
			}
		})
	}
}

type failing struct{ err error }

func (f failing) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return nil, f.err
}

func TestLookupHasItsOwnTimeLimit(t *testing.T) {
	d := dial.New(dial.Config{Resolver: stuck{}, ConnectTimeout: 20 * time.Millisecond})
	_, err := d.Connect(t.Context(), imap("mail.example.com", 993, mailstead.SecurityTLS), dial.Options{})
	if got := mailstead.CodeOf(err); got != "dns.temporary" {
		t.Errorf("code = %q, want dns.temporary", got)
	}
}

type stuck struct{}

func (stuck) LookupNetIP(ctx context.Context, _, _ string) ([]netip.Addr, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestRefusedPort(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	_ = l.Close()
	d := dial.New(dial.Config{Allowed: loopback})
	_, err = d.Connect(t.Context(), imap("127.0.0.1", port, mailstead.SecurityNone), dial.Options{})
	if mailstead.CodeOf(err) != "net.refused" || mailstead.KindOf(err) != mailstead.KindTemporary {
		t.Errorf("error = %v, want net.refused", err)
	}
}

func TestNextAddressIsTriedWhenOneRefuses(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.3:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	d := dial.New(dial.Config{Allowed: loopback, Resolver: &answers{lists: [][]string{{"127.0.0.1", "127.0.0.2", "127.0.0.3"}}}})
	c, err := d.Connect(t.Context(), imap("many.example.com", l.Addr().(*net.TCPAddr).Port, mailstead.SecurityNone), dial.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
}

// blackHole returns a port of loopback that drops connection attempts: its
// queue of connections not yet accepted is full.
func blackHole(t *testing.T) (port int) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	port = name.(*syscall.SockaddrInet4).Port
	for range 16 {
		c, err := net.DialTimeout("tcp4", netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(port)).String(), 100*time.Millisecond)
		if err != nil {
			return port
		}
		t.Cleanup(func() { _ = c.Close() })
	}
	t.Fatal("the queue does not fill up")
	return 0
}

func TestConnectTimesOutAtBlackHole(t *testing.T) {
	d := dial.New(dial.Config{Allowed: loopback, ConnectTimeout: 50 * time.Millisecond})
	_, err := d.Connect(t.Context(), imap("127.0.0.1", blackHole(t), mailstead.SecurityNone), dial.Options{})
	if mailstead.CodeOf(err) != "net.timeout" || mailstead.KindOf(err) != mailstead.KindTemporary {
		t.Errorf("error = %v, want net.timeout", err)
	}
}

func TestBlackHoleDoesNotHoldUpTheNextAddress(t *testing.T) {
	port := blackHole(t)
	l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2), Port: port})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	d := dial.New(dial.Config{
		Allowed: loopback, ConnectTimeout: time.Minute,
		Resolver: &answers{lists: [][]string{{"127.0.0.1", "127.0.0.2"}}},
	})
	start := time.Now()
	c, err := d.Connect(t.Context(), imap("two.example.com", port, mailstead.SecurityNone), dial.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("took %v, want well under the time limit", took)
	}
}
