//go:build realservers

package main_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailstead/mailstead/mailtest"
)

// eavesdropper is a mail server that a domain names and that must not learn a
// password: it notes every command that it hears.
type eavesdropper struct {
	mu    sync.Mutex
	heard []string
}

// listen speaks enough of IMAP and SMTP to be asked for a sign-in. cert is shown after
// STARTTLS, or at once; without one there is no encryption.
func (e *eavesdropper) listen(t *testing.T, greeting string, cert *tls.Certificate, atOnce bool) uint16 {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				_ = c.SetDeadline(time.Now().Add(20 * time.Second))
				if atOnce {
					c = encrypt(c, cert)
				}
				e.serve(c, greeting, cert)
			}()
		}
	}()
	return uint16(l.Addr().(*net.TCPAddr).Port)
}

func encrypt(c net.Conn, cert *tls.Certificate) net.Conn {
	return tls.Server(c, &tls.Config{Certificates: []tls.Certificate{*cert}, MinVersion: tls.VersionTLS12})
}

func (e *eavesdropper) serve(c net.Conn, greeting string, cert *tls.Certificate) {
	in := bufio.NewReader(c)
	fmt.Fprintf(c, "%s ready\r\n", greeting)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		e.mu.Lock()
		e.heard = append(e.heard, strings.TrimSpace(line))
		e.mu.Unlock()
		words := append(strings.Fields(line), "", "")
		starttls := map[bool]string{true: "STARTTLS", false: "X"}[cert != nil]
		switch {
		case words[0] == "EHLO":
			fmt.Fprintf(c, "250-%s\r\n250 AUTH PLAIN LOGIN\r\n", starttls)
		case words[1] == "CAPABILITY":
			fmt.Fprintf(c, "* CAPABILITY IMAP4rev1 %s AUTH=PLAIN\r\n%s OK done\r\n", starttls, words[0])
		case words[0] == "STARTTLS" || words[1] == "STARTTLS":
			io.WriteString(c, map[bool]string{true: "220 go\r\n", false: words[0] + " OK go\r\n"}[words[1] == ""])
			c = encrypt(c, cert)
			in = bufio.NewReader(c)
		case words[1] == "":
			io.WriteString(c, "250 ok\r\n")
		default:
			fmt.Fprintf(c, "%s OK done\r\n", words[0])
		}
	}
}

// TestNoPasswordBeforeAServerIsVerified: a name server may have been deceived, so the
// servers that it names hear no password unless their certificates verify, and those of
// another domain hear nothing at all before a person agreed.
func TestNoPasswordBeforeAServerIsVerified(t *testing.T) {
	t.Setenv("MAILSTEAD_DISCOVERY", "true")
	stranger, _ := certificateFor(t, "mail.untrusted.example", "mail.late.example")
	trusted, ca := certificateFor(t, "mail.elsewhere.example", "mail.foreign.example")
	records := mailtest.Zone{"* A 127.0.0.1"}
	e := new(eavesdropper)
	publish := func(domain, host string, cert *tls.Certificate, atOnce bool) {
		suffix := map[bool]string{true: "s", false: ""}[atOnce]
		for service, greeting := range map[string]string{"imap": "* OK", "submission": "220"} {
			records = records.With(fmt.Sprintf("_%s%s._tcp.%s SRV %d %s.", service, suffix, domain, e.listen(t, greeting, cert, atOnce), host))
		}
	}
	publish("untrusted.example", "mail.untrusted.example", &stranger, true)
	publish("late.example", "mail.late.example", &stranger, false)
	publish("wrongname.example", "mail.wrongname.example", &trusted, true)
	publish("clear.example", "mail.clear.example", nil, false)
	publish("deceived.example", "mail.foreign.example", &trusted, true)
	s := serve(t, t.TempDir(), trusting(t, ca, `resolver: "`+records.Serve(t)+`"`)...)
	s.setUp()
	for domain, code := range map[string]string{
		"untrusted.example": "tls.untrusted", "late.example": "tls.untrusted", "wrongname.example": "tls.name_mismatch",
		"clear.example": "tls.starttls_missing", "deceived.example": "connect.confirm_servers",
	} {
		for _, path := range []string{"/connect/test", "/connect/save"} {
			_, answer := s.try(http.MethodPost, path, map[string]any{"address": "anna@" + domain, "password": "hunter2-hunter2"})
			if !strings.Contains(string(answer), `"`+code+`"`) {
				t.Errorf("%s of %s: got %s, want %s", path, domain, answer, code)
			}
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	harmless := []string{"CAPABILITY", "STARTTLS", "LOGOUT", "ID", "NOOP", "EHLO", "QUIT"}
	for _, line := range e.heard {
		words := append(strings.Fields(line), "")
		if !slices.Contains(harmless, words[0]) && !slices.Contains(harmless, words[1]) || strings.Contains(line, "hunter2") {
			t.Errorf("a server that is not verified heard %q", line)
		}
	}
	if len(e.heard) < 4 {
		t.Errorf("the servers heard only %q", e.heard)
	}
}
