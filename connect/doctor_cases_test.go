//go:build realservers

package connect_test

import (
	"crypto/tls"
	"net"
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/mailtest"
)

const (
	byIMAP, byPOP3, bySMTP = mailstead.IMAP, mailstead.POP3, mailstead.SMTP

	user, admin, hoster, ours = "user", "admin", "provider", "mailstead"
)

// network is what is wrong before a server says anything.
func (w *ward) network(t *testing.T) []ailment {
	closed := here(byIMAP, mailtest.FreePort(t), fullTLS)
	named := func(host string) mailstead.Server {
		return mailstead.Server{Protocol: byIMAP, Host: host, Port: 993, Security: fullTLS}
	}
	dovecot, postfix := w.good.Dovecot, w.good.Postfix
	return []ailment{
		{name: "a name that does not exist", server: named("nowhere.example.com"), stage: stageDNS, code: "dns.not_found", who: user},
		{name: "a name server that is down", server: named("broken.example.com"), stage: stageDNS, code: "dns.temporary", who: admin},
		{name: "an address that is guarded", server: named("10.1.2.3"), stage: stageTCP, code: "net.guarded", who: admin},
		{name: "a closed port, incoming", server: closed, stage: stageTCP, code: "net.refused", who: user},
		{name: "a closed port, outgoing", server: as(closed, bySMTP), stage: stageTCP, code: "net.refused", who: user},
		{name: "a port that swallows packets", server: here(byIMAP, deaf(t), fullTLS), hasty: true, stage: stageTCP, code: "net.timeout", who: admin},
		{name: "a server that says nothing", server: here(bySMTP, serve(t, script()), startTLS), hasty: true, stage: stageGreeting, code: "net.timeout", who: user},
		{name: "a handshake without an answer", server: faulty(t, dovecot.IMAP(fullTLS), mailtest.Faults{Down: mailtest.Flow{BlackHole: true}}), hasty: true, stage: stageTLS, code: "net.timeout", who: user},
		{name: "a server that trickles", server: here(byIMAP, serve(t, trickle), startTLS), hasty: true, stage: stageGreeting, code: "net.timeout", who: user},
		{name: "cut in the handshake", server: faulty(t, dovecot.IMAP(fullTLS), mailtest.Faults{Down: mailtest.Flow{CutAfter: 10}}), stage: stageTLS, code: "net.cut", who: hoster},
		{name: "reset in the handshake", server: faulty(t, postfix.SMTP(fullTLS), mailtest.Faults{Down: mailtest.Flow{CutAfter: 10}, Reset: true}), stage: stageTLS, code: "net.reset", who: hoster},
		{name: "cut in the greeting", server: faulty(t, dovecot.IMAP(startTLS), mailtest.Faults{Down: mailtest.Flow{CutAfter: 20}}), stage: stageGreeting, code: "net.closed", who: user},
		{name: "cut at the capabilities", server: faulty(t, dovecot.POP3(startTLS), cutOn("CAPA")), stage: stageCaps, code: "net.cut", who: hoster},
		{name: "cut at STARTTLS", server: faulty(t, dovecot.IMAP(startTLS), cutOn("STARTTLS")), stage: stageTLS, code: "net.cut", who: hoster},
		{name: "cut at EHLO", server: faulty(t, w.bare.Postfix.SMTP(noTLS), cutOn("EHLO")), stage: stageCaps, code: "net.cut", who: hoster},
		{name: "cut at the sign-in, incoming", server: faulty(t, w.bare.Dovecot.IMAP(noTLS), cutOn("AUTHENTICATE")), stage: stageLogin, code: "net.cut", who: hoster},
		{name: "cut at the sign-in, outgoing", server: faulty(t, w.bare.Postfix.SMTP(noTLS), cutOn("AUTH PLAIN")), stage: stageLogin, code: "net.cut", who: hoster},
		{name: "cut at the folders", server: faulty(t, w.bare.Dovecot.IMAP(noTLS), cutOn("LIST")), stage: stageFolders, code: "net.cut", who: hoster},
		{name: "cut at the sender", server: faulty(t, w.bare.Postfix.SMTP(noTLS), cutOn("MAIL FROM")), stage: stageEnd, code: "net.cut", who: hoster},
	}
}

// encryption is what is wrong with TLS.
func (w *ward) encryption(t *testing.T) []ailment {
	dovecot, postfix := w.good.Dovecot, w.good.Postfix
	shows := func(ca *mailtest.CA, kind mailtest.Certificate) *mailtest.DovecotServer {
		return mailtest.Dovecot(t, mailtest.DovecotOptions{CA: ca, Certificate: kind})
	}
	ca := w.good.CA
	other := shows(ca, mailtest.CertWrongName).IMAP(fullTLS)
	other.Host = "mail.example.com"
	expired := mailtest.Postfix(t, dovecot, mailtest.PostfixOptions{Certificate: mailtest.CertExpired})
	old := &tls.Config{Certificates: w.shown.Certificates, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}
	weak := &tls.Config{Certificates: w.shown.Certificates, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_RC4_128_SHA}}
	picky := &tls.Config{Certificates: w.shown.Certificates, MinVersion: tls.VersionTLS13, ClientAuth: tls.RequireAnyClientCert}
	injected := script("* OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN] ready", "a1 OK begin\r\n* CAPABILITY IMAP4rev1 LOGINDISABLED")
	injectedMail := script("220 mail.example.com ESMTP", "250-mail.example.com\r\n250 STARTTLS", "220 go\r\n250 AUTH PLAIN")
	injectedPOP := script("+OK ready", "+OK\r\nSTLS\r\nUSER\r\n.", "+OK begin\r\n+OK USER")
	return []ailment{
		{name: "STARTTLS to 993", server: with(dovecot.IMAP(fullTLS), startTLS), hasty: true, stage: stageGreeting, code: "tls.wrong_mode", who: user},
		{name: "STARTTLS to 995", server: with(dovecot.POP3(fullTLS), startTLS), hasty: true, stage: stageGreeting, code: "tls.wrong_mode", who: user},
		{name: "STARTTLS to 465", server: with(postfix.SMTP(fullTLS), startTLS), hasty: true, stage: stageGreeting, code: "tls.wrong_mode", who: user},
		{name: "TLS to 143", server: with(dovecot.IMAP(startTLS), fullTLS), stage: stageTLS, code: "tls.wrong_mode", who: user},
		{name: "TLS to 110", server: with(dovecot.POP3(startTLS), fullTLS), stage: stageTLS, code: "tls.wrong_mode", who: user},
		{name: "TLS to 587", server: with(postfix.SMTP(startTLS), fullTLS), stage: stageTLS, code: "tls.wrong_mode", who: user},
		{name: "STARTTLS not offered, IMAP", server: with(w.bare.Dovecot.IMAP(noTLS), startTLS), stage: stageTLS, code: "tls.starttls_missing", who: user},
		{name: "STARTTLS not offered, POP3", server: with(w.bare.Dovecot.POP3(noTLS), startTLS), stage: stageTLS, code: "tls.starttls_missing", who: user},
		{name: "STARTTLS not offered, SMTP", server: with(w.bare.Postfix.SMTP(startTLS), startTLS), stage: stageTLS, code: "tls.starttls_missing", who: user},
		{name: "bytes behind STARTTLS", server: here(byIMAP, serve(t, injected), startTLS), stage: stageTLS, code: "tls.injected", who: admin},
		{name: "bytes behind STARTTLS, SMTP", server: here(bySMTP, serve(t, injectedMail), startTLS), stage: stageTLS, code: "tls.injected", who: admin, words: "220 go"},
		{name: "bytes behind STLS", server: here(byPOP3, serve(t, injectedPOP), startTLS), stage: stageTLS, code: "tls.injected", who: admin},
		{name: "a certificate that has run out", server: shows(ca, mailtest.CertExpired).IMAP(fullTLS), stage: stageTLS, code: "tls.expired", who: hoster},
		{name: "a certificate that has run out, behind STARTTLS", server: expired.SMTP(startTLS), stage: stageTLS, code: "tls.expired", who: hoster, words: "220 2.0.0 Ready to start TLS"},
		{name: "a certificate that is not yet valid", server: shows(ca, mailtest.CertNotYetValid).IMAP(fullTLS), stage: stageTLS, code: "tls.expired", who: hoster},
		{name: "a certificate signed by itself", server: shows(ca, mailtest.CertUntrusted).IMAP(fullTLS), stage: stageTLS, code: "tls.untrusted", who: admin},
		{name: "a certificate of an authority that nobody knows", server: shows(mailtest.NewCA(t), mailtest.CertValid).IMAP(startTLS), stage: stageTLS, code: "tls.untrusted", who: admin},
		{name: "a certificate of another name", server: other, stage: stageTLS, code: "tls.name_mismatch", who: user, words: "other.example.net"},
		{name: "TLS 1.0 alone", server: here(byIMAP, serve(t, inTLS(old, script("* OK ready"))), fullTLS), stage: stageTLS, code: "tls.too_old", who: hoster},
		{name: "no cipher in common", server: here(byIMAP, serve(t, inTLS(weak, script("* OK ready"))), fullTLS), stage: stageTLS, code: "tls.no_common", who: hoster},
		{name: "a client certificate is wanted", server: here(byIMAP, serve(t, inTLS(picky, script("* OK ready"))), fullTLS), stage: stageGreeting, code: "tls.client_cert", who: admin},
	}
}

// greetings are servers that are not what they should be, or have no time.
func (w *ward) greetings(t *testing.T) []ailment {
	dovecot, postfix := w.good.Dovecot, w.good.Postfix
	web := serve(t, script("HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<h1>400</h1>"))
	patient := serve(t, inTLS(w.shown, script()))
	shell := serve(t, script("SSH-2.0-OpenSSH_9.2p1 Debian-2"))
	bye := serve(t, inTLS(w.shown, script("* BYE Server shutting down.")))
	odd := serve(t, inTLS(w.shown, script("* BYE Njet")))
	later := serve(t, script("421 4.3.2 Service not available, closing transmission channel"))
	refusal := serve(t, script("554 No SMTP service here"))
	hold := func(s mailstead.Server) func(t *testing.T) func() {
		return func(t *testing.T) func() {
			c, err := net.Dial("tcp", s.Addr())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.Read(make([]byte, 100)); err != nil {
				t.Fatal(err)
			}
			return func() { c.Close() }
		}
	}
	return []ailment{
		{name: "SMTP on the port for IMAP", server: as(postfix.SMTP(fullTLS), byIMAP), stage: stageGreeting, code: "proto.wrong_service", who: user, words: "220 mail.example.com ESMTP"},
		{name: "IMAP on the port for SMTP", server: as(dovecot.IMAP(fullTLS), bySMTP), stage: stageGreeting, code: "proto.wrong_service", who: user, words: "* OK [CAPABILITY"},
		{name: "POP3 on the port for IMAP", server: as(dovecot.POP3(fullTLS), byIMAP), stage: stageGreeting, code: "proto.wrong_service", who: user, words: "+OK Dovecot"},
		{name: "IMAP on the port for POP3", server: as(dovecot.IMAP(startTLS), byPOP3), stage: stageGreeting, code: "proto.wrong_service", who: user, words: "* OK [CAPABILITY"},
		{name: "a web server", server: here(byIMAP, web, startTLS), stage: stageGreeting, code: "proto.wrong_service", who: user, words: "HTTP/1.1 400"},
		{name: "a web server, outgoing", server: here(bySMTP, web, startTLS), stage: stageGreeting, code: "proto.wrong_service", who: user, words: "HTTP/1.1 400"},
		{name: "a web server that waits", server: here(byIMAP, patient, fullTLS), hasty: true, stage: stageGreeting, code: "net.timeout", who: user},
		{name: "a secure shell", server: here(bySMTP, shell, startTLS), stage: stageGreeting, code: "proto.wrong_service", who: user, words: "SSH-2.0-OpenSSH"},
		{name: "a server that shuts down", server: here(byIMAP, bye, fullTLS), stage: stageGreeting, code: "net.unavailable", who: hoster, words: "BYE Server shutting down."},
		{name: "a goodbye for no known reason", server: here(byIMAP, odd, fullTLS), stage: stageGreeting, code: "net.unavailable", who: hoster, words: "BYE Njet"},
		{name: "an outgoing server that shuts down", server: here(bySMTP, later, startTLS), stage: stageGreeting, code: "net.unavailable", who: hoster, words: "421 4.3.2 Service not available"},
		{name: "an outgoing server that takes nobody", server: here(bySMTP, refusal, startTLS), stage: stageGreeting, code: "net.rejected", who: admin, words: "554 No SMTP service here"},
		{name: "this machine is on a list", server: from(t, "127.0.0.3", w.banned.SMTP(startTLS)), stage: stageGreeting, code: "deliver.ip_listed", who: admin, words: "blocked using zen.example.org"},
		{name: "a greeting that the server dislikes", server: w.fussy.SMTP(fullTLS), stage: stageCaps, code: "proto.helo", who: ours, words: "need fully-qualified hostname"},
		{name: "too many connections, outgoing", server: w.single.SMTP(startTLS), before: hold(w.single.SMTP(startTLS)), stage: stageGreeting, code: "limit.connections", who: ours, words: "too many connections"},
	}
}
