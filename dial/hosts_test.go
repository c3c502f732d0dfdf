package dial_test

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/dial"
)

// places is a fixed dial.Hosts.
type places map[string]dial.Place

func (p places) Place(host string) (dial.Place, bool) {
	found, ok := p[host]
	return found, ok
}

func TestHostsLeadToTheirListenersOnly(t *testing.T) {
	ours, public := newAuthority(t), newAuthority(t)
	future := time.Now().Add(time.Hour)
	serve := func(c tls.Certificate) netip.AddrPort {
		port := server(t, func(conn net.Conn) {
			_, _ = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{c}}).Write([]byte("* OK\r\n"))
		})
		return netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(port))
	}
	good := serve(ours.issue(t, future, "imap.demo.example", "nobody.demo.example", "imap.trust.example"))
	names := &answers{lists: [][]string{{"127.0.0.1"}}}
	d := dial.New(dial.Config{Roots: public.pool, Resolver: names, HandshakeTimeout: 2 * time.Second, Hosts: places{
		"imap.demo.example":    {Ports: map[int]netip.AddrPort{993: good}, Roots: ours.pool},
		"other.demo.example":   {Ports: map[int]netip.AddrPort{993: good}, Roots: ours.pool},
		"public.demo.example":  {Ports: map[int]netip.AddrPort{993: serve(public.issue(t, future, "public.demo.example"))}, Roots: ours.pool},
		"nobody.demo.example":  {Ports: map[int]netip.AddrPort{993: good}},
		"offline.demo.example": {Roots: x509.NewCertPool()},
	}})
	for _, c := range []struct {
		name, host string
		port       int
		want       string
	}{
		{"a name of the table", "imap.demo.example", 993, ""},
		{"another port of it", "imap.demo.example", 143, "net.refused"},
		{"the listener's own port at that name", "imap.demo.example", int(good.Port()), "net.refused"},
		{"a certificate of another name", "other.demo.example", 993, "tls.name_mismatch"},
		{"an authority that is trusted elsewhere", "public.demo.example", 993, "tls.untrusted"},
		{"no authority at all", "nobody.demo.example", 993, "tls.untrusted"},
		{"no listener", "offline.demo.example", 993, "net.refused"},
		{"the listener's address", "127.0.0.1", int(good.Port()), "net.guarded"},
		{"a name below", "x.imap.demo.example", 993, "net.guarded"},
		{"a name above", "demo.example", 993, "net.guarded"},
		{"a name that the listener has a certificate for", "imap.trust.example", int(good.Port()), "net.guarded"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, admin := range []bool{true, false} {
				conn, err := d.Connect(t.Context(), imap(c.host, c.port, mailstead.SecurityTLS), dial.Options{Admin: admin})
				if err == nil {
					_ = conn.Close()
				}
				if (err == nil) != (c.want == "") || (err != nil && mailstead.CodeOf(err) != c.want) {
					t.Errorf("got %v, want %q", err, c.want)
				}
			}
		})
	}
	if want := 3 * 2; names.calls != want {
		t.Errorf("the resolver was asked %d times, want %d: for the names outside the table alone", names.calls, want)
	}
}
