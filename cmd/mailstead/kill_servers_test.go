//go:build realservers

package main_test

import (
	"crypto/tls"
	"math/rand/v2"
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/fakemail"
	"github.com/mailstead/mailstead/mailtest"
)

func TestKillsWhileSendingAndFiling(t *testing.T) {
	t.Parallel()
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			mailbox(t, fewKills, fewMessages, database(t)...).run(t)
		})
	}
}

// mailbox is an account with a real mailbox at a provider that nothing is known
// about. Its Sent folder shows an interrupted mail only when the provider has put
// it there, which this one does every other time.
func mailbox(t *testing.T, kills, messages int, flags ...string) *killLoop {
	dovecot := mailtest.Dovecot(t, mailtest.DovecotOptions{})
	d := &desk{taken: func(m fakemail.SMTPMail) {
		if rand.IntN(2) == 0 {
			dovecot.Deliver(mailtest.Anna.Address, "Sent", m.Data)
		}
	}}
	server := startSMTP(t, d.config(fakemail.SMTPConfig{
		Security: mailstead.SecurityTLS, TLS: &tls.Config{Certificates: []tls.Certificate{dovecot.CA.Issue(t, mailtest.CertValid)}},
		Users: map[string]fakemail.SMTPUser{mailtest.Anna.Address: {Password: mailtest.Anna.Password}},
	}))
	incoming := dovecot.IMAP(mailstead.SecurityTLS)
	return &killLoop{
		kills: kills, messages: messages, desk: d, flags: append(trusting(t, dovecot.CA.PEM()), flags...),
		account: map[string]any{
			"address": mailtest.Anna.Address, "password": mailtest.Anna.Password,
			"incoming": map[string]any{"host": incoming.String()}, "outgoing": map[string]any{"host": server.Server().String()},
		},
		sent: func() []string { return sentIDs(t, incoming, dovecot.CA.PEM()) },
	}
}
