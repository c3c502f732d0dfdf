package outbox

import (
	"context"
	"slices"
	"time"

	"github.com/mailstead/mailstead"
)

// List returns a page of the outbox, newest first. Administrators see every
// mail; who may read an account sees those of that account when the query names
// it; everybody else sees those that were sent for them. What was passed over for
// a mail is told only to administrators and to whom it was sent for.
func (s *Service) List(ctx context.Context, actor mailstead.Actor, q mailstead.OutgoingQuery) ([]mailstead.OutgoingMessage, error) {
	if err := requireAny(actor, mailstead.ScopeSend, mailstead.ScopeRead); err != nil {
		return nil, err
	}
	if !actor.IsAdmin() {
		all := false
		if q.AccountID != 0 {
			rights, err := s.rights(ctx, actor, q.AccountID)
			if err != nil {
				return nil, err
			}
			all = rights.Read
		}
		switch {
		case all:
		case q.UserID != 0 && q.UserID != actor.User.ID:
			return nil, nil
		default:
			q.UserID = actor.User.ID
		}
	}
	mails, err := s.c.Shelf.OutgoingList(ctx, q)
	for i := range mails {
		hidePassedOver(actor, &mails[i])
	}
	return mails, err
}

// hidePassedOver keeps the other accounts of the person for whom a mail was sent
// from those who share one account with that person.
func hidePassedOver(actor mailstead.Actor, m *mailstead.OutgoingMessage) {
	if !actor.IsAdmin() && m.UserID != actor.User.ID {
		m.Reason.PassedOver = nil
	}
}

func (s *Service) rights(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID) (mailstead.Rights, error) {
	account, assignments, err := s.c.Shelf.AccountFor(ctx, id, actor.User.ID)
	if mailstead.KindOf(err) == mailstead.KindNotFound && err != nil {
		return mailstead.Rights{}, nil
	}
	if err != nil {
		return mailstead.Rights{}, err
	}
	return mailstead.RightsOn(actor, &account, assignments), nil
}

// Get returns a mail of the outbox with its attempts, oldest first.
func (s *Service) Get(ctx context.Context, actor mailstead.Actor, id mailstead.OutgoingID) (mailstead.OutgoingMessage, []mailstead.Attempt, error) {
	if err := requireAny(actor, mailstead.ScopeSend, mailstead.ScopeRead); err != nil {
		return mailstead.OutgoingMessage{}, nil, err
	}
	return s.visible(ctx, actor, id, func(r mailstead.Rights) bool { return r.Read })
}

// visible returns a mail that was sent for actor, or of an account on which it
// has a right.
func (s *Service) visible(ctx context.Context, actor mailstead.Actor, id mailstead.OutgoingID, enough func(mailstead.Rights) bool) (mailstead.OutgoingMessage, []mailstead.Attempt, error) {
	m, attempts, err := s.c.Shelf.Outgoing(ctx, id)
	if err != nil {
		return mailstead.OutgoingMessage{}, nil, err
	}
	if actor.IsAdmin() || (m.UserID != 0 && m.UserID == actor.User.ID) {
		return m, attempts, nil
	}
	rights, err := s.rights(ctx, actor, m.AccountID)
	if err != nil {
		return mailstead.OutgoingMessage{}, nil, err
	}
	if !enough(rights) {
		return mailstead.OutgoingMessage{}, nil, mailstead.NotFound("outgoing")
	}
	hidePassedOver(actor, &m)
	return m, attempts, nil
}

// changeable is visible for those who may steer the mail: for whom it was sent,
// and who may read the account and send from it.
func (s *Service) changeable(ctx context.Context, actor mailstead.Actor, id mailstead.OutgoingID) (mailstead.OutgoingMessage, error) {
	if err := actor.Require(mailstead.ScopeSend); err != nil {
		return mailstead.OutgoingMessage{}, err
	}
	m, _, err := s.visible(ctx, actor, id, func(r mailstead.Rights) bool { return r.Read && r.Send })
	return m, err
}

// Cancel ends a mail that is queued, held or of unknown fate. Recipients that got
// it keep it; then it ends as accepted, without the others.
func (s *Service) Cancel(ctx context.Context, actor mailstead.Actor, id mailstead.OutgoingID) (mailstead.OutgoingMessage, error) {
	m, err := s.changeable(ctx, actor, id)
	if err != nil {
		return m, err
	}
	from := m.State
	if !slices.Contains([]mailstead.OutgoingState{mailstead.OutgoingQueued, mailstead.OutgoingHeld, mailstead.OutgoingUnknown}, from) {
		return m, &mailstead.Error{
			Kind: mailstead.KindConflict, Code: "outgoing.state", Text: "The mail is " + string(from) + ", so it cannot be cancelled.",
		}
	}
	m.State, m.DueAt = mailstead.OutgoingCancelled, time.Time{}
	for i := range m.Recipients {
		switch r := &m.Recipients[i]; r.State {
		case mailstead.OutgoingQueued, mailstead.OutgoingUnknown:
			r.State = mailstead.OutgoingCancelled
		case mailstead.OutgoingAccepted:
			m.State = mailstead.OutgoingAccepted
		default:
		}
	}
	return m, s.c.Store.ChangeOutgoing(ctx, m, from)
}

// Retry tries a queued, held or rejected mail again at once, for the recipients
// that have not got it, though the account may pause after a failure. A mail of unknown fate is refused: ForceRetry it.
func (s *Service) Retry(ctx context.Context, actor mailstead.Actor, id mailstead.OutgoingID) (mailstead.OutgoingMessage, error) {
	return s.retry(ctx, actor, id, false)
}

// ForceRetry is Retry also for a mail of unknown fate, which its recipients may
// then get twice: the same bytes under the same Message-ID.
func (s *Service) ForceRetry(ctx context.Context, actor mailstead.Actor, id mailstead.OutgoingID) (mailstead.OutgoingMessage, error) {
	return s.retry(ctx, actor, id, true)
}

func (s *Service) retry(ctx context.Context, actor mailstead.Actor, id mailstead.OutgoingID, force bool) (mailstead.OutgoingMessage, error) {
	m, err := s.changeable(ctx, actor, id)
	if err != nil {
		return m, err
	}
	from := m.State
	switch {
	case from == mailstead.OutgoingUnknown && !force:
		return m, &mailstead.Error{
			Kind: mailstead.KindConflict, Code: "send.may_duplicate",
			Text: "It is not known whether this mail was sent, so its recipients may get it twice. Ask them, or force another try.",
		}
	case !slices.Contains([]mailstead.OutgoingState{
		mailstead.OutgoingQueued, mailstead.OutgoingHeld, mailstead.OutgoingRejected, mailstead.OutgoingUnknown,
	}, from):
		return m, &mailstead.Error{
			Kind: mailstead.KindConflict, Code: "outgoing.state", Text: "The mail is " + string(from) + ", so it cannot be tried again.",
		}
	}
	account, err := s.c.Store.Account(ctx, m.AccountID)
	if err != nil {
		return m, err
	}
	if why := reasonToHold(&account); why != nil {
		return m, &mailstead.Error{
			Kind: mailstead.KindConflict, Code: "send.account_in_trouble",
			Text: "The account cannot send at present: " + why.Cause + " The mail is sent as soon as the account works again.",
		}
	}
	m.State, m.DueAt = mailstead.OutgoingQueued, s.c.Now()
	for i := range m.Recipients {
		if r := &m.Recipients[i]; r.State != mailstead.OutgoingAccepted {
			*r = mailstead.Recipient{Address: r.Address, State: mailstead.OutgoingQueued}
		}
	}
	if err := s.c.Store.ChangeOutgoing(ctx, m, from); err != nil {
		return m, err
	}
	s.resume(m.AccountID)
	s.Wake(m.AccountID)
	return m, nil
}
