package connect_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/connect"
	"github.com/mailstead/mailstead/sender"
)

// looked keeps what the name servers were to be asked.
type looked struct{ questions []sender.Question }

func (l *looked) Check(_ context.Context, q sender.Question) sender.Result {
	l.questions = append(l.questions, q)
	return sender.Result{Domain: mailstead.DomainOf(q.Address)}
}

func side(p mailstead.Protocol, host string) *mailstead.Side {
	return &mailstead.Side{Enabled: true, Server: mailstead.Server{Protocol: p, Host: host}}
}

func TestSenderHealthAsksForTheAccount(t *testing.T) {
	google := []string{"google.com", "googlemail.com"}
	for _, c := range []struct {
		name    string
		account mailstead.Account
		want    sender.Question
	}{
		{
			"servers of its own",
			mailstead.Account{Address: "anna@firm.example", Incoming: side(mailstead.IMAP, "imap.firm.example"), Outgoing: side(mailstead.SMTP, "smtp.firm.example")},
			sender.Question{Address: "anna@firm.example", OutgoingHost: "smtp.firm.example"},
		},
		{
			"a service that has the mailbox",
			mailstead.Account{Address: "anna@firm.example", ProviderID: "google-workspace", Incoming: side(mailstead.IMAP, "imap.gmail.com"), Outgoing: side(mailstead.SMTP, "smtp.gmail.com")},
			sender.Question{Address: "anna@firm.example", OutgoingHost: "smtp.gmail.com", Provider: "Google Workspace", MXSuffixes: google},
		},
		{
			"a service that only sends",
			mailstead.Account{Address: "anna@firm.example", ProviderID: "sendgrid", Outgoing: side(mailstead.SMTP, "smtp.sendgrid.net")},
			sender.Question{Address: "anna@firm.example", OutgoingHost: "smtp.sendgrid.net"},
		},
		{
			"a mailbox elsewhere than the sending",
			mailstead.Account{Address: "anna@firm.example", ProviderID: "sendgrid", Incoming: side(mailstead.IMAP, "imap.firm.example"), Outgoing: side(mailstead.SMTP, "smtp.sendgrid.net")},
			sender.Question{Address: "anna@firm.example", OutgoingHost: "smtp.sendgrid.net"},
		},
		{
			"a domain of the service",
			mailstead.Account{Address: "anna@gmail.com", ProviderID: "gmail", Incoming: side(mailstead.IMAP, "imap.gmail.com"), Outgoing: side(mailstead.SMTP, "smtp.gmail.com")},
			sender.Question{Address: "anna@gmail.com", OutgoingHost: "smtp.gmail.com", Provider: "Gmail", Owned: true},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := new(looked)
			w := newWorld(t, func(cfg *connect.Config) { cfg.Health.Checker = l })
			c.account.ID, c.account.OwnerID = 1, anna.User.ID
			w.store.accounts[1] = c.account
			r, err := w.SenderHealth(t.Context(), anna, 1)
			if err != nil || r.Domain != mailstead.DomainOf(c.account.Address) {
				t.Fatalf("got %+v, %v", r, err)
			}
			if d := cmp.Diff([]sender.Question{c.want}, l.questions); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestSenderHealthLooksAtAMailThatCameBack(t *testing.T) {
	for mailbox, near := range map[string]bool{"boris@Firm.example": true, "anna@elsewhere.example": false} {
		l := new(looked)
		w := newWorld(t, func(c *connect.Config) {
			c.Health.Checker = l
			c.Health.Returned = func(_ context.Context, id mailstead.AccountID, since time.Time) ([]byte, string, error) {
				if id != 1 || !since.Equal(testTime.AddDate(0, 0, -7)) {
					t.Errorf("asked for %s since %s", id, since)
				}
				return []byte("a mail"), mailbox, nil
			}
		})
		w.connect(t)
		if _, err := w.SenderHealth(t.Context(), anna, 1); err != nil {
			t.Fatal(err)
		}
		if q := l.questions[0]; string(q.Mail) != "a mail" || q.Near != near {
			t.Errorf("%s: got %q, near %v", mailbox, q.Mail, q.Near)
		}
	}
}

func TestSenderHealthIsRefused(t *testing.T) {
	l := new(looked)
	broken := errors.New("the store is away")
	var returned error
	w := newWorld(t, func(c *connect.Config) {
		c.Health.Checker = l
		c.Health.Returned = func(context.Context, mailstead.AccountID, time.Time) ([]byte, string, error) {
			return nil, "", returned
		}
	})
	w.connect(t)
	reader := mailstead.Actor{User: anna.User, Scopes: []mailstead.Scope{mailstead.ScopeRead}}
	if _, err := w.SenderHealth(t.Context(), reader, 1); mailstead.KindOf(err) != mailstead.KindForbidden {
		t.Errorf("a token to read: got %v", err)
	}
	if _, err := w.SenderHealth(t.Context(), boris, 1); mailstead.KindOf(err) != mailstead.KindNotFound {
		t.Errorf("somebody else: got %v", err)
	}
	returned = broken
	if _, err := w.SenderHealth(t.Context(), anna, 1); !errors.Is(err, broken) {
		t.Errorf("a store that fails: got %v", err)
	}
	if len(l.questions) > 0 {
		t.Errorf("name servers were asked: %+v", l.questions)
	}
	returned = nil
	var err error
	for range 30 {
		_, err = w.SenderHealth(t.Context(), anna, 1)
	}
	if mailstead.KindOf(err) != mailstead.KindThrottled {
		t.Errorf("too often: got %v", err)
	}
	off := newWorld(t)
	off.connect(t)
	if _, err := off.SenderHealth(t.Context(), anna, 1); mailstead.CodeOf(err) != "sender_health.off" {
		t.Errorf("switched off: got %v", err)
	}
}
