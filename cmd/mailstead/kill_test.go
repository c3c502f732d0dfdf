//go:build realservers

package main_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/dial"
	"github.com/mailstead/mailstead/fakemail"
	"github.com/mailstead/mailstead/mailtest"
	"github.com/mailstead/mailstead/message"
	"github.com/mailstead/mailstead/provider/imap"
)

// The short loop; make soak runs the long one.
const (
	fewKills    = 6
	fewMessages = 80
)

func TestKillsWhileSending(t *testing.T) {
	for name, scene := range scenes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scene(t, fewKills, fewMessages).run(t)
		})
	}
}

// scenes are the accounts whose service is killed.
var scenes = map[string]func(t *testing.T, kills, messages int, flags ...string) *killLoop{
	"a sender without a mailbox":          sendOnly,
	"a provider that saves what it sends": savingProvider,
}

// sendOnly is an account that only sends: nothing can tell what has become of an
// interrupted mail.
func sendOnly(t *testing.T, kills, messages int, flags ...string) *killLoop {
	ca := mailtest.NewCA(t)
	d := new(desk)
	server := startSMTP(t, d.config(fakemail.SMTPConfig{
		Security: mailstead.SecurityTLS, TLS: &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, mailtest.CertValid)}},
		Users: map[string]fakemail.SMTPUser{mailtest.Anna.Address: {Password: mailtest.Anna.Password}},
	}))
	return &killLoop{
		kills: kills, messages: messages, desk: d, flags: append(trusting(t, ca.PEM()), flags...),
		account: map[string]any{
			"address": mailtest.Anna.Address, "password": mailtest.Anna.Password, "send_only": true,
			"outgoing": map[string]any{"host": server.Server().String()},
		},
	}
}

// savingProvider is a mailbox at a server that Mailstead takes for Gmail, by its
// name: what is sent stands in the Sent folder by itself, so a mail that does
// not was never taken.
func savingProvider(t *testing.T, kills, messages int, flags ...string) *killLoop {
	cert, ca := certificateFor(t, "smtp.gmail.com", "imap.gmail.com")
	config := &tls.Config{Certificates: []tls.Certificate{cert}}
	mailbox, err := fakemail.StartIMAP(fakemail.IMAPConfig{
		Security: mailstead.SecurityTLS, TLS: config,
		Users: map[string]fakemail.IMAPUser{mailtest.Anna.Address: {
			Password: mailtest.Anna.Password, Folders: map[string]mailstead.FolderRole{"Sent": mailstead.FolderSent},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(mailbox.Close)
	d := &desk{taken: func(m fakemail.SMTPMail) {
		if err := mailbox.Deliver(mailtest.Anna.Address, "Sent", m.Data); err != nil {
			t.Error(err)
		}
	}}
	smtp := startSMTP(t, d.config(fakemail.SMTPConfig{
		Security: mailstead.SecurityTLS, TLS: config,
		Users: map[string]fakemail.SMTPUser{mailtest.Anna.Address: {Password: mailtest.Anna.Password}},
	}))
	incoming, outgoing := mailbox.Server(), smtp.Server()
	incoming.Host, outgoing.Host = "imap.gmail.com", "smtp.gmail.com"
	return &killLoop{
		kills: kills, messages: messages, desk: d, saves: true,
		flags: append(trusting(t, ca, `resolver: "`+mailtest.Zone{"* A 127.0.0.1"}.Serve(t)+`"`), flags...),
		account: map[string]any{
			"address": mailtest.Anna.Address, "password": mailtest.Anna.Password,
			"incoming": map[string]any{"host": incoming.String()}, "outgoing": map[string]any{"host": outgoing.String()},
		},
		sent: func() []string { return sentIDs(t, mailbox.Server(), ca) },
	}
}

func startSMTP(t *testing.T, c fakemail.SMTPConfig) *fakemail.SMTPServer {
	t.Helper()
	s, err := fakemail.StartSMTP(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// trusting are the flags of a service that reaches test servers, trusts them, and
// does not wait long between its tries. more are lines of its configuration.
func trusting(t *testing.T, ca []byte, more ...string) []string {
	t.Helper()
	dir := t.TempDir()
	authority, config := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "mailstead.yaml")
	lines := append([]string{
		"allowed_networks: [127.0.0.0/8]", "extra_ca: [" + authority + "]",
		"send_retry: [100ms, 200ms]", "send_unknown_retry: [100ms, 300ms, 1s]", "",
	}, more...)
	for name, data := range map[string][]byte{authority: ca, config: []byte(strings.Join(lines, "\n"))} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return []string{"--config", config}
}

// certificateFor makes a certificate that is its own authority, for the names
// and for 127.0.0.1.
func certificateFor(t *testing.T, names ...string) (cert tls.Certificate, authority []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: names[0]}, DNSNames: names, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// sentIDs lists the Message-IDs in Anna's Sent folder.
func sentIDs(t *testing.T, server mailstead.Server, ca []byte) (ids []string) {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	driver := imap.New(imap.Config{Now: time.Now, Dialer: dial.New(dial.Config{
		Allowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Roots: roots, Now: time.Now,
	})})
	source, err := driver.Open(t.Context(), mailstead.Access{
		Server: server, Login: mailtest.Anna.Address, Secret: mailstead.NewSecret(mailtest.Anna.Password),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	if _, err := source.Select(t.Context(), "Sent"); err != nil {
		t.Fatal(err)
	}
	uids, err := source.UIDs(t.Context(), mailstead.UIDWindow{})
	if err != nil {
		t.Fatal(err)
	}
	err = source.Fetch(t.Context(), uids, 1<<20, func(m mailstead.RawMessage) error {
		ids = append(ids, message.Index(m.Data).InternetMessageID)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}
