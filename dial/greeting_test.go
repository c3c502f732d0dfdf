package dial_test

import (
	"crypto/tls"
	"io"
	"net"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/dial"
)

func TestAwaitGreeting(t *testing.T) {
	ca, stranger := newAuthority(t), newAuthority(t)
	future := time.Now().Add(time.Hour)
	behindTLS := func(c tls.Certificate) func(net.Conn) {
		return func(conn net.Conn) {
			s := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{c}})
			_, _ = s.Write([]byte("* OK ready\r\n"))
		}
	}
	const ample = time.Minute
	greet := func(conn net.Conn) { _, _ = conn.Write([]byte("* OK ready\r\n")) }
	for name, c := range map[string]struct {
		serve func(net.Conn)
		code  string
		// greets tells that the greeting can be read afterwards.
		greets bool
		// handshake is how long a handshake may take: ample where one is to succeed.
		handshake time.Duration
	}{
		"a server that greets":                {greet, "", true, ample},
		"a server for TLS":                    {behindTLS(ca.issue(t, future, "mail.example.com")), "tls.wrong_mode", false, ample},
		"one with a certificate of no use":    {behindTLS(stranger.issue(t, future, "other.example.com")), "tls.wrong_mode", false, ample},
		"one that hangs up":                   {func(c net.Conn) { _ = c.Close() }, "", false, ample},
		"one that says nothing":               {func(net.Conn) {}, "", false, 100 * time.Millisecond},
		"one that greets after the suspicion": {func(c net.Conn) { time.AfterFunc(300*time.Millisecond, func() { greet(c) }) }, "", true, 100 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			d := dial.New(dial.Config{
				Allowed: loopback, Roots: ca.pool, Resolver: &answers{lists: [][]string{{"127.0.0.1"}, {"127.0.0.1"}}},
				HandshakeTimeout: c.handshake, IOTimeout: 100 * time.Millisecond,
			})
			s := imap("mail.example.com", server(t, c.serve), mailstead.SecurityStartTLS)
			conn, err := d.Connect(t.Context(), s, dial.Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = conn.Close() })
			err = d.AwaitGreeting(t.Context(), conn, s, dial.Options{})
			if c.code == "" && err != nil || c.code != "" && mailstead.CodeOf(err) != c.code {
				t.Fatalf("got %v, want %q", err, c.code)
			}
			conn.SetIdle(5 * time.Second)
			greeting := make([]byte, len("* OK ready\r\n"))
			if !c.greets {
				return
			}
			if _, err := io.ReadFull(conn, greeting); err != nil || string(greeting) != "* OK ready\r\n" {
				t.Errorf("read %q, %v", greeting, err)
			}
		})
	}
}
