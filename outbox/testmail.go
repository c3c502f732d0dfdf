package outbox

import (
	"context"

	"github.com/mailstead/mailstead"
)

// TestMail asks for a mail that shows whether an account can send, and what with
// RoundTrip also whether what it sends arrives.
type TestMail struct {
	// AccountID is the account that sends, 0 the one that the precedence chooses for
	// UserID (0 means for the actor).
	AccountID mailstead.AccountID
	UserID    mailstead.UserID
	// To is the receiver, "" the sending account's own address.
	To string
	// Subject and Text are "" for plain English ones.
	Subject string
	Text    string
	// RoundTrip looks for the mail in the mailbox of To, which must be read here.
	RoundTrip bool
}

// What a test mail says when nobody chose other words.
const (
	testSubject = "Test mail from Mailstead"
	testText    = "This mail was sent by Mailstead to test an account. Nothing needs to be done.\n"
)

// SubmitTest sends a test mail the way that every mail goes: it stands in the outbox
// with its reason, its state and the server's words. Who may send from an account may
// test it so.
func (s *Service) SubmitTest(ctx context.Context, actor mailstead.Actor, in TestMail) (mailstead.OutgoingMessage, error) {
	var none mailstead.OutgoingMessage
	user, err := sendsFor(actor, in.UserID)
	if err != nil {
		return none, err
	}
	if err := s.checkTested(ctx, actor, in.AccountID); err != nil {
		return none, err
	}
	from, _, err := s.decide(ctx, actor, user, in.AccountID, nil)
	if err != nil {
		return none, err
	}
	if in.To == "" {
		in.To = from.Address
	}
	if in.To, err = mailstead.CleanAddress("to", in.To); err != nil {
		return none, err
	}
	sub := Submission{UserID: in.UserID, purpose: mailstead.PurposeTest, Draft: mailstead.Draft{
		Kind: mailstead.DraftNew, AccountID: in.AccountID, To: []mailstead.Address{{Address: in.To}}, Subject: in.Subject, Text: in.Text,
	}}
	if sub.Draft.Subject == "" {
		sub.Draft.Subject = testSubject
	}
	if sub.Draft.Text == "" {
		sub.Draft.Text = testText
	}
	if in.RoundTrip {
		if sub.arrival, err = s.roundTrip(ctx, actor, in.To); err != nil {
			return none, err
		}
	}
	if err := s.c.AllowTest(actor); err != nil {
		return none, err
	}
	m, _, err := s.Submit(ctx, actor, sub)
	if err == nil && in.RoundTrip {
		s.wakeArrivals()
	}
	return m, err
}

// checkTested refuses a named account from which the actor may not send. To those who
// may not even see it, it does not exist.
func (s *Service) checkTested(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID) error {
	if id == 0 {
		return nil
	}
	account, assignments, err := s.c.Shelf.AccountFor(ctx, id, actor.User.ID)
	if err != nil {
		return err
	}
	// What a token may not do does not hide what its user sees.
	all := actor
	all.Scopes = nil
	if actor.Scopes != nil && !actor.IsAdmin() {
		all.User.Role = mailstead.RoleUser
	}
	switch {
	case mailstead.RightsOn(actor, &account, assignments).Send:
		return nil
	case mailstead.RightsOn(all, &account, assignments) == (mailstead.Rights{}):
		return mailstead.NotFound("account")
	}
	return &mailstead.Error{Kind: mailstead.KindForbidden, Code: "send.account_not_allowed", Text: "You may not send from the chosen account."}
}

// roundTrip finds the mailbox that a mail to an address arrives in.
func (s *Service) roundTrip(ctx context.Context, actor mailstead.Actor, to string) (*mailstead.Arrival, error) {
	page, err := s.c.Trips.Accounts(ctx, mailstead.AccountQuery{Address: to, Limit: mailstead.MaxPage})
	if err != nil {
		return nil, err
	}
	for i := range page {
		a := &page[i]
		if a.Incoming == nil || !a.Incoming.Enabled {
			continue
		}
		_, assignments, err := s.c.Shelf.AccountFor(ctx, a.ID, actor.User.ID)
		if err != nil {
			return nil, err
		}
		if mailstead.RightsOn(actor, a, assignments).Read {
			return &mailstead.Arrival{AccountID: a.ID, State: mailstead.ArrivalWaiting, DueAt: s.c.Now()}, nil
		}
	}
	return nil, mailstead.Invalid("to", "test_mail.not_read",
		"No mailbox with this address is read here for you, so nobody sees when the mail arrives: send it without the round trip, or to another address.")
}
