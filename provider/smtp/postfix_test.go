//go:build realservers

package smtp_test

import (
	"strings"
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/mailtest"
	"github.com/mailstead/mailstead/mailtest/sendertest"
	"github.com/mailstead/mailstead/provider/smtp"
)

func TestConformanceOnPostfix(t *testing.T) {
	const limit = 3 << 20
	servers := mailtest.Stack(t, mailtest.DovecotOptions{}, mailtest.PostfixOptions{MessageSizeLimit: limit})
	plain := mailtest.Postfix(t, servers.Dovecot, mailtest.PostfixOptions{NoTLS: true, MessageSizeLimit: limit})
	for _, security := range []mailstead.Security{mailstead.SecurityNone, mailstead.SecurityStartTLS, mailstead.SecurityTLS} {
		t.Run(string(security), func(t *testing.T) {
			server := servers.Postfix.SMTP(security)
			if security == mailstead.SecurityNone {
				server = plain.SMTP(security)
			}
			untrusted := server
			untrusted.Host = "other.example.net"
			sendertest.Run(t, sendertest.Harness{
				Driver: newDriver(servers.CA, smtp.Options{}),
				Access: mailstead.Access{
					Server: server, Login: mailtest.Anna.Address, Secret: mailstead.NewSecret(mailtest.Anna.Password), AllowPlain: true,
				},
				From: mailtest.Anna.Address, To: mailtest.Ben.Address, Refused: "nobody@example.com",
				MaxSize: limit, Untrusted: untrusted,
				Mailbox: func(t *testing.T, id string) [][]byte { return mailbox(servers.Dovecot, mailtest.Ben.Address, id) },
			})
		})
	}
}

// mailbox returns the mails of an inbox that have a Message-ID.
func mailbox(d *mailtest.DovecotServer, user, id string) (mails [][]byte) {
	// doveadm writes "text:" before every mail and a form feed behind it.
	out := d.Doveadm("fetch", "-u", user, "text", "mailbox", "INBOX", "header", "message-id", id)
	for _, text := range strings.Split(out, "\f\n") {
		if _, mail, ok := strings.Cut(text, "text:\n"); ok {
			// A Maildir holds lines without CR.
			mails = append(mails, []byte(strings.ReplaceAll(mail, "\n", "\r\n")))
		}
	}
	return mails
}
