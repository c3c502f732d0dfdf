package inbox_test

import (
	"context"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/inbox"
)

// lent is a shelf on which one account may be read by everybody.
type lent struct {
	inbox.Shelf
	account mailstead.AccountID
}

func (l *lent) AccountFor(ctx context.Context, id mailstead.AccountID, user mailstead.UserID) (mailstead.Account, []mailstead.Assignment, error) {
	a, mine, err := l.Shelf.AccountFor(ctx, id, user)
	if id == l.account {
		mine = append(mine, mailstead.Assignment{AccountID: id, UserID: user, Rights: []mailstead.Right{mailstead.RightRead}})
	}
	return a, mine, err
}

func TestMarkingTellsNothingOfMailThatOneMayNotRead(t *testing.T) {
	shelf := &lent{}
	d := newDesk(t, "all", func(c *inbox.Config) { shelf.Shelf, c.Shelf = c.Shelf, shelf })
	shelf.account = d.connect("shared@example.com", "all")
	fill(d, 1, time.Hour)
	d.start()
	first := func(account mailstead.AccountID) (m mailstead.Message) {
		d.await("the mail is loaded", func() bool {
			list, err := d.inbox.Messages(t.Context(), anna, mailstead.MessageQuery{AccountID: account, Limit: 1})
			if err != nil {
				t.Fatal(err)
			}
			if len(list) == 1 {
				m = list[0]
			}
			return len(list) == 1
		})
		return m
	}
	secret, shared := first(d.id), first(shelf.account)
	stranger := mailstead.Actor{User: mailstead.User{ID: 2, Role: mailstead.RoleUser}}
	star := mailstead.Flags{Flagged: true}
	mark := func(ids ...mailstead.MessageID) error {
		return d.inbox.SetFlags(t.Context(), stranger, ids, star, star)
	}

	there, gone := mark(secret.ID), mark(secret.ID+1000)
	if mailstead.CodeOf(there) != "message.not_found" || mailstead.CodeOf(gone) != "message.not_found" {
		t.Errorf("a foreign mail: %v; one that is not there: %v; want the same", there, gone)
	}
	if err := mark(shared.ID, secret.ID); err != nil {
		t.Errorf("beside one that may be read: got %v, want it passed over like one that is gone", err)
	}
	if m := first(shelf.account); !m.Flags.Flagged {
		t.Error("the mail that may be read was not marked")
	}
	if m := first(d.id); m.Flags.Flagged {
		t.Error("the foreign mail was marked")
	}
}
