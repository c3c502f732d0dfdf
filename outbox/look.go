package outbox

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/mailstead/mailstead"
)

// lookDue looks into what has become of mails of unknown fate.
func (s *Service) lookDue(ctx context.Context) error {
	mails, err := s.c.Store.DueUnknown(ctx, s.c.Now(), sweepBatch)
	s.inMailboxes(ctx, mails, s.lookAccount)
	return err
}

// lookAccount looks for mails of one account over one connection.
func (s *Service) lookAccount(ctx context.Context, id mailstead.AccountID, mails []*mailstead.OutgoingMessage) {
	account, err := s.c.Store.Account(ctx, id)
	var folder *sentFolder
	if err == nil {
		folder, err = s.openSent(ctx, &account)
	}
	if folder != nil {
		defer func() { _ = folder.Close() }()
	}
	for _, m := range mails {
		found := false
		if err == nil {
			found, err = folder.has(ctx, m)
		}
		if ctx.Err() != nil {
			return // we are being stopped; it stays due
		}
		if e := s.looked(ctx, &account, m, found, err); e != nil && mailstead.KindOf(e) != mailstead.KindConflict {
			s.c.Logger.LogAttrs(ctx, slog.LevelError, "look for a mail not noted", slog.Int64("outgoing_id", int64(m.ID)), slog.Any("err", e))
		}
	}
}

// looked stores what a look into the Sent folder has shown. A mail that is there
// was accepted. One that is not there proves something only at a provider known
// to save what it sends, and only when the last look is over: then it is sent
// again, the same bytes under the same Message-ID. Else a person must decide.
func (s *Service) looked(ctx context.Context, a *mailstead.Account, m *mailstead.OutgoingMessage, found bool, cause error) error {
	now := s.c.Now()
	next, err := s.nextLook(ctx, m, now, cause)
	if err != nil {
		return err
	}
	fate := mailstead.OutgoingUnknown
	switch {
	case m.SentCopy != mailstead.SentCopyNone, errors.Is(cause, errNoSent):
		// The folder tells nothing: it is missing, or the mail lies in it since the
		// first of its recipients got it.
		next = time.Time{}
	case found:
		fate = mailstead.OutgoingAccepted
	case cause == nil && next.IsZero() && s.c.SavesSent(a.ProviderID):
		fate = mailstead.OutgoingQueued
	}
	if fate == mailstead.OutgoingUnknown {
		m.DueAt = next
		return s.c.Store.ChangeOutgoing(ctx, *m, mailstead.OutgoingUnknown)
	}
	for i := range m.Recipients {
		if r := &m.Recipients[i]; r.State == mailstead.OutgoingUnknown {
			r.State = fate
		}
	}
	m.Code, m.Text, m.Action, m.Reply, m.DueAt = "", "", "", "", time.Time{}
	if found {
		m.SentCopy = mailstead.SentCopyFound
	}
	s.stand(m, a, now, 0)
	if err := s.c.Store.ChangeOutgoing(ctx, *m, mailstead.OutgoingUnknown); err != nil {
		return err
	}
	if found {
		s.c.SentCopied(a.ID)
	}
	if m.State == mailstead.OutgoingQueued {
		s.Wake(a.ID)
	}
	return nil
}

// nextLook returns when to look again, by the end of the last attempt; zero after
// the last look. A look that failed does not count as one, for as long as the
// mail is young.
func (s *Service) nextLook(ctx context.Context, m *mailstead.OutgoingMessage, now time.Time, cause error) (time.Time, error) {
	_, attempts, err := s.c.Shelf.Outgoing(ctx, m.ID)
	if err != nil {
		return time.Time{}, err
	}
	since := m.CreatedAt
	if n := len(attempts); n > 0 {
		since = attempts[n-1].EndedAt
	}
	for _, d := range s.c.LookDelays {
		if next := since.Add(d); next.After(now) {
			return next, nil
		}
	}
	if cause != nil && now.Sub(since) < s.c.MaxAge {
		return now.Add(s.c.LookDelays[len(s.c.LookDelays)-1]), nil
	}
	return time.Time{}, nil
}
