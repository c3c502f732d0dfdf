package outbox_test

import (
	"context"
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/outbox"
)

// lent is a shelf on which everybody has rights on every account.
type lent struct {
	outbox.Shelf
	rights []mailstead.Right
}

func (l *lent) AccountFor(ctx context.Context, id mailstead.AccountID, user mailstead.UserID) (mailstead.Account, []mailstead.Assignment, error) {
	a, mine, err := l.Shelf.AccountFor(ctx, id, user)
	return a, append(mine, mailstead.Assignment{AccountID: id, UserID: user, Rights: l.rights}), err
}

func TestWhoSharesAnAccountSeesAndSteersItsMail(t *testing.T) {
	shelf := &lent{}
	f := newOffice(t, options{sendOnly: true, change: func(c *outbox.Config) { shelf.Shelf, c.Shelf = c.Shelf, shelf }})
	private := mailstead.PassedOver{SenderCandidate: mailstead.SenderCandidate{AccountID: 99, Address: "private@example.com"}, Why: mailstead.PassOutranked}
	m := mailstead.OutgoingMessage{
		UserID: f.anna.User.ID, AccountID: f.account.ID, State: mailstead.OutgoingQueued, From: f.account.Address,
		InternetMessageID: "1@example.com", Reason: mailstead.Resolution{Level: mailstead.LevelUser, PassedOver: []mailstead.PassedOver{private}},
	}
	if _, err := f.db.SubmitOutgoing(t.Context(), &m); err != nil {
		t.Fatal(err)
	}
	colleague := mailstead.Actor{User: mailstead.User{ID: 77, Role: mailstead.RoleUser}}
	read, send := mailstead.RightRead, mailstead.RightSend
	for _, tt := range []struct {
		name        string
		rights      []mailstead.Right
		sees, steer bool
	}{
		{name: "manages it", rights: []mailstead.Right{mailstead.RightManage}},
		{name: "sends from it", rights: []mailstead.Right{send}},
		{name: "reads it", rights: []mailstead.Right{read}, sees: true},
		{name: "reads it and sends from it", rights: []mailstead.Right{read, send}, sees: true, steer: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			shelf.rights = tt.rights
			got, _, err := f.service.Get(t.Context(), colleague, m.ID)
			if (err == nil) != tt.sees || (err != nil && mailstead.KindOf(err) != mailstead.KindNotFound) {
				t.Errorf("Get: %v, want it seen: %v", err, tt.sees)
			}
			if len(got.Reason.PassedOver) > 0 {
				t.Errorf("Get tells of Anna's other accounts: %+v", got.Reason.PassedOver)
			}
			list, err := f.service.List(t.Context(), colleague, mailstead.OutgoingQuery{AccountID: f.account.ID, Limit: 5})
			if err != nil || (len(list) == 1) != tt.sees {
				t.Errorf("List: %d mails, %v; want it seen: %v", len(list), err, tt.sees)
			}
			for i := range list {
				if len(list[i].Reason.PassedOver) > 0 {
					t.Errorf("List tells of Anna's other accounts: %+v", list[i].Reason.PassedOver)
				}
			}
			got, err = f.service.Retry(t.Context(), colleague, m.ID)
			if (err == nil) != tt.steer || (err != nil && mailstead.KindOf(err) != mailstead.KindNotFound) || len(got.Reason.PassedOver) > 0 {
				t.Errorf("Retry: %v, passed over %v; want it done: %v", err, got.Reason.PassedOver, tt.steer)
			}
		})
	}
	if got, _, err := f.service.Get(t.Context(), f.anna, m.ID); err != nil || len(got.Reason.PassedOver) != 1 {
		t.Errorf("Anna sees %+v, %v; want what was passed over for her", got.Reason.PassedOver, err)
	}
}

func TestAnswersNeedTheScopesToReadAndToSend(t *testing.T) {
	f := newOffice(t, options{sendOnly: true})
	parent := f.store(f.account.ID, "From: ben@example.com\nSubject: Offer\n\nText\n", mailstead.Headers{InternetMessageID: "p@example.com"})
	token := func(scopes ...mailstead.Scope) mailstead.Actor {
		return mailstead.Actor{User: f.anna.User, Scopes: scopes}
	}
	reply := draft("ben@example.com")
	reply.ParentID = parent
	forward := draft("ben@example.com")
	forward.Attachments = []mailstead.DraftAttachment{{MessageID: parent}}
	for name, call := range map[string]func(mailstead.Actor, mailstead.MessageID) error{
		"begin": func(a mailstead.Actor, id mailstead.MessageID) error {
			_, err := f.service.Prepare(t.Context(), a, mailstead.DraftReply, id)
			return err
		},
		"submit": func(a mailstead.Actor, id mailstead.MessageID) error {
			d := reply
			d.ParentID = id
			_, _, err := f.service.Submit(t.Context(), a, outbox.Submission{Draft: d})
			return err
		},
		"attach": func(a mailstead.Actor, id mailstead.MessageID) error {
			d := forward
			d.Attachments = []mailstead.DraftAttachment{{MessageID: id}}
			_, _, err := f.service.Submit(t.Context(), a, outbox.Submission{Draft: d})
			return err
		},
	} {
		for _, scope := range []mailstead.Scope{mailstead.ScopeRead, mailstead.ScopeSend, mailstead.ScopeAccounts} {
			for _, id := range []mailstead.MessageID{parent, parent + 1000} {
				if err := call(token(scope), id); mailstead.CodeOf(err) != "token.scope" {
					t.Errorf("%s mail %d with a token for %s: got %v, want token.scope", name, id, scope, err)
				}
			}
		}
		if name == "attach" {
			continue // The mail has no files.
		}
		if err := call(token(mailstead.ScopeRead, mailstead.ScopeSend), parent); err != nil {
			t.Errorf("%s with a token for both: %v", name, err)
		}
	}
}
