//go:build realservers

package outbox_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/dial"
	"github.com/mailstead/mailstead/mailtest"
	"github.com/mailstead/mailstead/provider/imap"
	"github.com/mailstead/mailstead/provider/smtp"
)

// TestPostfixAndDovecot sends through a real submission server while the service
// is stopped and started: every mail arrives once, and stands once in Sent.
func TestPostfixAndDovecot(t *testing.T) {
	servers := mailtest.Stack(t, mailtest.DovecotOptions{}, mailtest.PostfixOptions{})
	f := newOffice(t, options{})
	d := dial.New(dial.Config{Allowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Roots: servers.CA.Pool()})
	f.config.Sender = smtp.New(d, smtp.Options{Now: time.Now})
	f.config.Source = imap.New(imap.Config{Dialer: d})
	f.setSecret(mailtest.Anna.Password)
	f.account.Outgoing.Server = servers.Postfix.SMTP(mailstead.SecurityStartTLS)
	f.account.Incoming.Server = servers.Dovecot.IMAP(mailstead.SecurityTLS)
	if err := f.db.UpdateAccount(t.Context(), &f.account, nil, audited, nil); err != nil {
		t.Fatal(err)
	}
	f.build()
	f.start()
	var mails []mailstead.OutgoingMessage
	for i := range 40 {
		mails = append(mails, f.submit(mailtest.Ben.Address))
		if i%15 == 14 {
			f.restart()
		}
	}
	for i := range mails {
		f.wait(mails[i].ID, mailstead.OutgoingAccepted)
	}
	f.clock.advance(10 * time.Second)
	for i := range mails {
		f.waitCopy(mails[i].ID, mailstead.SentCopyAppended)
	}
	count := func(user, folder, id string) int {
		return strings.Count(servers.Dovecot.Doveadm("search", "-u", user, "mailbox", folder, "header", "message-id", id), "\n")
	}
	for i := range mails {
		id := mails[i].InternetMessageID
		f.eventually("arrived", func() bool { return count(mailtest.Ben.Address, "INBOX", id) > 0 })
		if in, sent := count(mailtest.Ben.Address, "INBOX", id), count(mailtest.Anna.Address, "Sent", id); in != 1 || sent != 1 {
			t.Errorf("mail %d arrived %d times and stands %d times in Sent, want once each", i, in, sent)
		}
	}
	m := f.submit("nobody@example.com")
	if got := f.wait(m.ID, mailstead.OutgoingRejected); got.Code != "deliver.no_such_recipient" {
		t.Errorf("an unknown recipient: got %q (%s), want deliver.no_such_recipient", got.Code, got.Reply)
	}
}
