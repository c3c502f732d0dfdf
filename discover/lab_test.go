package discover_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/dial"
	"github.com/mailstead/mailstead/discover"
)

// The lab is an internet of its own: 127.77.1.0/24 may be reached, the rest of
// 127/8 stands for private networks, and who knocks there is counted.
const (
	webHost    = "127.77.1.1"
	mailHost   = "127.77.1.2" // its certificate is good
	liarHost   = "127.77.1.3" // its certificate is for another name
	muteHost   = "127.77.1.4" // takes connections and says nothing
	nameHost   = "127.77.1.53"
	secretHost = "127.99.0.1" // must never be reached
)

var labNetwork = netip.MustParsePrefix("127.77.1.0/24")

type lab struct {
	directory *discover.Directory
	names     *nameServer
	dialer    *labDialer
	ca        *authority

	// pages are by host and path, such as "example.com/a"; queries are what came for
	// them behind the question mark.
	pages     map[string]http.HandlerFunc
	forbidden atomic.Int32

	mu       sync.Mutex
	queries  []string
	commands []string
}

// labDialer is the real dialer, which finds the standard ports where the lab has them:
// to listen on those themselves is for root.
type labDialer struct {
	*dial.Dialer
	ports map[int]int
}

func (d *labDialer) Connect(ctx context.Context, s mailstead.Server, o dial.Options) (*dial.Conn, error) {
	s.Port = d.ports[s.Port]
	return d.Dialer.Connect(ctx, s, o)
}

func (d *labDialer) Fetch(ctx context.Context, address string) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	if u.Port() == "" {
		u.Host = d.web(u.Host)
	}
	return d.Dialer.Fetch(ctx, u.String())
}

// web is where a host has its web server.
func (d *labDialer) web(host string) string {
	return net.JoinHostPort(host, strconv.Itoa(d.ports[443]))
}

func newLab(t *testing.T) *lab {
	t.Helper()
	d, err := discover.New()
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{directory: d, ca: newAuthority(t), names: startNames(t), pages: make(map[string]http.HandlerFunc)}
	resolver := l.names.resolver()
	l.dialer = &labDialer{ports: make(map[int]int), Dialer: dial.New(dial.Config{
		Allowed: []netip.Prefix{labNetwork}, Roots: l.ca.pool, Resolver: resolver, Now: time.Now,
	})}
	good := &tls.Config{GetCertificate: func(h *tls.ClientHelloInfo) (*tls.Certificate, error) { return l.ca.issue(h.ServerName) }}
	liar := &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return l.ca.issue("elsewhere.example") }}
	for host, config := range map[string]*tls.Config{webHost: good, liarHost: liar} {
		server := &httptest.Server{Listener: l.listen(t, host, 443), TLS: config, Config: &http.Server{Handler: http.HandlerFunc(l.serveWeb), ErrorLog: quiet()}}
		server.StartTLS()
		t.Cleanup(server.Close)
	}
	l.accept(l.listen(t, muteHost, 443), silent)
	for _, p := range []mailstead.Protocol{mailstead.IMAP, mailstead.POP3, mailstead.SMTP} {
		for _, security := range []mailstead.Security{mailstead.SecurityTLS, mailstead.SecurityStartTLS} {
			port := mailstead.DefaultPort(p, security)
			for host, config := range map[string]*tls.Config{mailHost: good, liarHost: liar} {
				l.accept(l.listen(t, host, port), func(c net.Conn) {
					s := &mailSession{protocol: p, conn: c, tls: config, log: l.logCommand}
					s.serve(security)
				})
			}
			l.accept(l.listen(t, muteHost, port), silent)
		}
	}
	return l
}

// listen opens the lab's place of a standard port on a host, and with the first host a
// trap on all other addresses of the machine.
func (l *lab) listen(t *testing.T, host string, standard int) net.Listener {
	t.Helper()
	// Both a host's listener and the trap have the port: the kernel prefers the host's.
	const soReusePort = 0xf
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var failed error
		err := c.Control(func(fd uintptr) { failed = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, soReusePort, 1) })
		return errors.Join(err, failed)
	}}
	open := func(host string, port int) net.Listener {
		n, err := config.Listen(t.Context(), "tcp4", net.JoinHostPort(host, strconv.Itoa(port)))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { n.Close() })
		return n
	}
	n := open(host, l.dialer.ports[standard])
	if l.dialer.ports[standard] == 0 {
		port := n.Addr().(*net.TCPAddr).Port
		l.dialer.ports[standard] = port
		l.accept(open("0.0.0.0", port), func(c net.Conn) {
			if at := c.LocalAddr().(*net.TCPAddr).AddrPort().Addr().Unmap(); !labNetwork.Contains(at) {
				l.forbidden.Add(1)
			}
		})
	}
	return n
}

// accept serves the connections of a listener until it is closed.
func (l *lab) accept(n net.Listener, serve func(net.Conn)) {
	go func() {
		for {
			c, err := n.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				serve(c)
			}()
		}
	}()
}

// silent takes what comes and says nothing.
func silent(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

func (l *lab) serveWeb(w http.ResponseWriter, r *http.Request) {
	host, _, _ := net.SplitHostPort(r.Host)
	l.mu.Lock()
	l.queries = append(l.queries, host+" "+r.URL.RawQuery)
	page, ok := l.pages[host+r.URL.Path]
	l.mu.Unlock()
	if ok {
		page(w, r)
		return
	}
	http.NotFound(w, r)
}

func (l *lab) logCommand(command string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.commands = append(l.commands, command)
}

// file is a page with a text.
func file(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }
}

// find looks for the servers of an address in the lab's internet.
func (l *lab) find(t *testing.T, address string) (discover.Result, time.Duration) {
	t.Helper()
	r, err := l.directory.Discover(t.Context(), noDomains{}, address)
	if err != nil {
		t.Fatal(err)
	}
	n := discover.NewNetwork(l.directory, discover.Asked{
		Resolver: l.names.resolver(), Fetcher: l.dialer, Prober: discover.NewGreeter(l.dialer, ""), Now: time.Now,
		PublicDirectory: "https://directory.example/v1.1/" + discover.DomainPlaceholder,
	})
	begin := time.Now()
	return n.Find(t.Context(), r, nil), time.Since(begin)
}

// authority signs the certificates of the lab.
type authority struct {
	pool *x509.CertPool
	key  *ecdsa.PrivateKey
	cert *x509.Certificate

	mu     sync.Mutex
	issued map[string]*tls.Certificate
	// expired are the names whose certificates have run out.
	expired map[string]bool
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Lab authority"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{pool: x509.NewCertPool(), key: key, issued: make(map[string]*tls.Certificate), expired: make(map[string]bool)}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.pool.AddCert(a.cert)
	return a
}

// issue makes the certificate of a name.
func (a *authority) issue(name string) (*tls.Certificate, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c := a.issued[name]; c != nil {
		return c, nil
	}
	end := time.Now().Add(time.Hour)
	if a.expired[name] {
		end = time.Now().Add(-time.Minute)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(int64(len(a.issued) + 2)), DNSNames: []string{name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: end,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, a.cert, &a.key.PublicKey, a.key)
	if err != nil {
		return nil, fmt.Errorf("certificate of %q: %w", name, err)
	}
	a.issued[name] = &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: a.key}
	return a.issued[name], nil
}
