//go:build realservers

package connect_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/mailtest"
)

// ward is the servers that something is wrong with.
type ward struct {
	good *mailtest.Servers
	// bare has no TLS, strict takes no password without it.
	bare   *mailtest.Servers
	strict *mailtest.DovecotServer
	// narrow takes one connection of a user, small has boxes of a kilobyte, and
	// hidden an inbox that nobody may open.
	narrow, small, hidden *mailtest.DovecotServer
	// single takes one connection, banned none, fussy likes no greeting, mute
	// offers no sign-in, and islet sends nowhere else.
	single, banned, fussy, mute, islet *mailtest.PostfixServer
	shown                              *tls.Config
}

// dovecotUsers are logins that Dovecot itself treats in a special way.
const dovecotUsers = `
passdb {
  driver = static
  username_filter = locked@*
  args = password=locked-secret nologin=y
}
passdb {
  driver = checkpassword
  username_filter = unlucky@*
  args = /nonexistent/checkpassword
}
pop3_lock_session = yes
mail_max_lock_timeout = 1s
`

// postfixRules are addresses that Postfix treats in a special way; %d is the port
// that Dovecot tells on whose mailbox is full.
const postfixRules = `
smtpd_delay_reject = no
smtpd_sender_login_maps = inline:{ {boss@example.com = ben@example.com} } static:{anna@example.com,ben@example.com}
smtpd_sender_restrictions = reject_sender_login_mismatch,
  check_sasl_access inline:{ {ben@example.com = 554 5.7.1 Account is suspended, ask the postmaster} },
  check_sender_access inline:{
    {grey@example.com = 450 4.2.0 Greylisted, see http://postgrey.example.org/help}
    {busy@example.com = 421 4.3.2 The server is shutting down}
    {spam@example.com = 554 5.7.1 Message looks like spam}
    {often@example.com = 450 4.7.1 Error: too many messages, sending limit exceeded}
    {gone@example.com = 550 5.1.0 Sender address rejected: User unknown in local recipient table}
    {odd@example.com = 550 5.9.9 Njet}
    {later@example.com = 451 4.9.9 Perhaps} }
smtpd_recipient_restrictions = reject_unlisted_recipient,
  check_recipient_access inline:{ {grey@sink.example = 450 4.2.0 Greylisted for 60 seconds} {full@sink.example = 552 5.2.2 Mailbox is full} },
  check_policy_service inet:127.0.0.1:%d, permit_sasl_authenticated, reject
`

const quotaRules = `
mail_plugins = quota
protocol imap {
  mail_plugins = quota imap_quota
}
plugin {
  quota = count:User quota
  quota_rule = *:storage=1k
  quota_vsizes = yes
  quota_status_success = DUNNO
  quota_status_nouser = DUNNO
  quota_status_overquota = "552 5.2.2 Quota exceeded (mailbox for user is full)"
}
service quota-status {
  executable = quota-status -p postfix
  client_limit = 1
  inet_listener {
    address = 127.0.0.1
    port = %d
  }
}
`

func newWard(t *testing.T) *ward {
	t.Helper()
	quota := mailtest.FreePort(t)
	w := &ward{}
	w.good = mailtest.Stack(t, mailtest.DovecotOptions{POP3: true, Config: dovecotUsers},
		mailtest.PostfixOptions{MessageSizeLimit: 20_000, Config: fmt.Sprintf(postfixRules, quota)})
	ca := w.good.CA
	w.bare = mailtest.Stack(t, mailtest.DovecotOptions{CA: ca, POP3: true, NoTLS: true}, mailtest.PostfixOptions{NoTLS: true})
	dovecot := func(o mailtest.DovecotOptions) *mailtest.DovecotServer {
		o.CA = ca
		return mailtest.Dovecot(t, o)
	}
	w.strict = dovecot(mailtest.DovecotOptions{RequireTLS: true, POP3: true})
	w.narrow = dovecot(mailtest.DovecotOptions{POP3: true, Config: "mail_max_userip_connections = 1\n"})
	w.small = dovecot(mailtest.DovecotOptions{Config: fmt.Sprintf(quotaRules, quota)})
	w.hidden = dovecot(mailtest.DovecotOptions{Config: "mail_plugins = acl\nplugin {\n  acl = vfile\n}\n"})
	postfix := func(config string) *mailtest.PostfixServer {
		return mailtest.Postfix(t, w.good.Dovecot, mailtest.PostfixOptions{Config: "smtpd_delay_reject = no\n" + config + "\n"})
	}
	w.single = postfix("smtpd_client_connection_count_limit = 1")
	w.banned = postfix("smtpd_client_restrictions = check_client_access inline:{ {127.0.0.3 = 554 5.7.1 Service unavailable; Client host [127.0.0.3] blocked using zen.example.org} }")
	w.fussy = postfix("smtpd_helo_restrictions = check_helo_access static:{504 5.5.2 need fully-qualified hostname}")
	w.mute = postfix("smtpd_sasl_auth_enable = no\nsmtpd_relay_restrictions = reject")
	w.islet = postfix("smtpd_relay_restrictions = reject_unauth_destination")
	w.shown = &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, mailtest.CertValid)}, MinVersion: tls.VersionTLS12}
	return w
}

// serve runs talk for every connection to a port of this process, until the test
// ends.
func serve(t *testing.T, talk func(net.Conn)) (port int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				c.SetDeadline(time.Now().Add(time.Minute))
				talk(c)
			}()
		}
	}()
	return l.Addr().(*net.TCPAddr).Port
}

// script says its first line at once and the next after each line that comes; when
// there is no more it waits for the end.
func script(lines ...string) func(net.Conn) {
	return func(c net.Conn) {
		r := bufio.NewReader(c)
		for i, line := range lines {
			if i > 0 {
				if _, err := r.ReadString('\n'); err != nil {
					return
				}
			}
			if _, err := io.WriteString(c, line+"\r\n"); err != nil {
				return
			}
		}
		io.Copy(io.Discard, r)
	}
}

// inTLS is talk inside TLS.
func inTLS(config *tls.Config, talk func(net.Conn)) func(net.Conn) {
	return func(c net.Conn) {
		inside := tls.Server(c, config)
		if inside.Handshake() == nil {
			talk(inside)
		}
	}
}

// trickle begins a line and never ends it.
func trickle(c net.Conn) {
	for {
		if _, err := io.WriteString(c, "* OK "); err != nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// deaf is a port that no packet comes back from: its queue of connections is full.
func deaf(t *testing.T) (port int) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
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
	for range 4 {
		if c, err := net.DialTimeout("tcp", "127.0.0.1:"+strconv.Itoa(port), 100*time.Millisecond); err == nil {
			t.Cleanup(func() { c.Close() })
		}
	}
	return port
}

// here names a server of this machine.
func here(p mailstead.Protocol, port int, security mailstead.Security) mailstead.Server {
	return mailstead.Server{Protocol: p, Host: "127.0.0.1", Port: port, Security: security}
}

// with is the server with another protection.
func with(s mailstead.Server, security mailstead.Security) mailstead.Server {
	s.Security = security
	return s
}

// as is the server spoken to by another protocol.
func as(s mailstead.Server, p mailstead.Protocol) mailstead.Server {
	s.Protocol = p
	return s
}

// faulty puts a proxy that breaks connections before a server.
func faulty(t *testing.T, s mailstead.Server, f mailtest.Faults) mailstead.Server {
	t.Helper()
	p := mailtest.Proxy(t, s.Addr())
	p.Set(f)
	s.Host, s.Port = "127.0.0.1", p.Port
	return s
}

// from reaches a server from another address of this machine.
func from(t *testing.T, address string, s mailstead.Server) mailstead.Server {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	return here(s.Protocol, serve(t, func(c net.Conn) {
		there, err := dialer.Dial("tcp", s.Addr())
		if err != nil {
			return
		}
		defer there.Close()
		go io.Copy(there, c)
		io.Copy(c, there)
	}), s.Security)
}

// cutOn ends the connection when the client has said text.
func cutOn(text string) mailtest.Faults { return mailtest.Faults{Up: mailtest.Flow{CutOn: text}} }
