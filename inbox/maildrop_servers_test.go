//go:build realservers

package inbox_test

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/dial"
	"github.com/mailstead/mailstead/inbox"
	"github.com/mailstead/mailstead/mailtest"
	"github.com/mailstead/mailstead/provider/pop3"
)

type dovecotKeys struct{ server mailstead.Server }

func (k dovecotKeys) Access(context.Context, mailstead.AccountID, mailstead.SideName) (mailstead.Access, error) {
	return mailstead.Access{Server: k.server, Login: mailtest.Anna.Address, Secret: mailstead.NewSecret(mailtest.Anna.Password)}, nil
}

// TestEveryLookAtDovecotShowsWhatIsNew asks for a look right after each delivery.
func TestEveryLookAtDovecotShowsWhatIsNew(t *testing.T) {
	s := mailtest.Dovecot(t, mailtest.DovecotOptions{POP3: true})
	dialer := dial.New(dial.Config{Allowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Roots: s.CA.Pool()})
	server := s.POP3(mailstead.SecurityTLS)
	d := newDesk(t, "all", func(c *inbox.Config) {
		c.Source, c.Credentials, c.PollEvery = pop3.New(pop3.Config{Dialer: dialer}), dovecotKeys{server}, time.Hour
	})
	a, err := d.db.Account(t.Context(), d.id)
	if err != nil {
		t.Fatal(err)
	}
	a.Incoming.Server = server
	if err := d.db.UpdateAccount(t.Context(), &a, nil, audited, nil); err != nil {
		t.Fatal(err)
	}
	d.start()
	for i := range 30 {
		s.Deliver(mailtest.Anna.Address, "INBOX", fmt.Appendf(nil, "From: ben@example.com\r\nSubject: m%d\r\nMessage-ID: <m%d@example.com>\r\n\r\nText\r\n", i, i))
		if err := d.inbox.Sync(t.Context(), anna, d.id); err != nil {
			t.Fatal(err)
		}
		d.await(fmt.Sprintf("mail %d", i), func() bool { return len(d.messages(mailstead.FolderInbox)) == i+1 })
	}
}
