package outbox

import (
	"context"
	"errors"
	"log/slog"

	"github.com/mailstead/mailstead"
)

// copyDue sees to the copies in Sent folders that are due.
func (s *Service) copyDue(ctx context.Context) error {
	mails, err := s.c.Store.DueSentCopies(ctx, s.c.Now(), sweepBatch)
	s.inMailboxes(ctx, mails, s.copyAccount)
	return err
}

// copyAccount sees to the copies of one account over one connection.
func (s *Service) copyAccount(ctx context.Context, id mailstead.AccountID, mails []*mailstead.OutgoingMessage) {
	account, err := s.c.Store.Account(ctx, id)
	var folder *sentFolder
	if err == nil {
		folder, err = s.openSent(ctx, &account)
	}
	if err != nil {
		for _, m := range mails {
			s.copyLater(ctx, m, err, errors.Is(err, errNoSent))
		}
		return
	}
	defer func() { _ = folder.Close() }()
	done := false
	for _, m := range mails {
		if mailstead.KindOf(err) == mailstead.KindTemporary && err != nil {
			s.copyLater(ctx, m, err, false) // the connection is gone
			continue
		}
		var state mailstead.SentCopyState
		state, err = s.copyMail(ctx, folder, m, s.c.SavesSent(account.ProviderID))
		switch {
		case err != nil:
			kind := mailstead.KindOf(err)
			s.copyLater(ctx, m, err, kind == mailstead.KindPermanent || kind == mailstead.KindTooLarge)
		case state == mailstead.SentCopyPending:
			s.copyLater(ctx, m, nil, false)
		default:
			done = true
			s.noteCopy(ctx, m, state)
		}
	}
	if done {
		s.c.SentCopied(id)
	}
}

// providerPatience is how often a copy that the provider should have made is
// looked for before we make it.
const providerPatience = 2

// copyMail looks for the mail in the folder and puts it there when it is not: in
// this order, so that a crash between the append and its note makes no second
// copy.
func (s *Service) copyMail(ctx context.Context, folder *sentFolder, m *mailstead.OutgoingMessage, saves bool) (mailstead.SentCopyState, error) {
	found, err := folder.has(ctx, m)
	switch {
	case err != nil:
		return "", err
	case found:
		return mailstead.SentCopyFound, nil
	case saves && m.SentCopyAttempts < providerPatience:
		return mailstead.SentCopyPending, nil
	}
	appender, ok := folder.Source.(mailstead.Appender)
	if !ok {
		return mailstead.SentCopyFailed, nil
	}
	data, err := s.c.Blobs.Get(ctx, m.Blob)
	if err != nil {
		return "", err
	}
	if _, err := appender.Append(ctx, folder.path, mailstead.Flags{Seen: true}, data); err != nil {
		return "", err
	}
	return mailstead.SentCopyAppended, nil
}

// noteCopy stores how the copy has ended.
func (s *Service) noteCopy(ctx context.Context, m *mailstead.OutgoingMessage, state mailstead.SentCopyState) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTime)
	defer cancel()
	if err := s.c.Store.UpdateSentCopy(ctx, m.ID, state, m.SentCopyAttempts+1, m.SentCopyDueAt); err != nil {
		s.c.Logger.LogAttrs(ctx, slog.LevelError, "sent copy not noted", slog.Int64("outgoing_id", int64(m.ID)), slog.Any("err", err))
	}
}

// copyLater puts the copy off; final gives it up, as does one try too many.
func (s *Service) copyLater(ctx context.Context, m *mailstead.OutgoingMessage, cause error, final bool) {
	if ctx.Err() != nil {
		return // we are being stopped; it stays due
	}
	tries := m.SentCopyAttempts + 1
	if final || tries >= len(s.c.CopyDelays) {
		s.c.Logger.LogAttrs(ctx, slog.LevelWarn, "no copy in the sent folder",
			slog.Int64("outgoing_id", int64(m.ID)), slog.Int64("account_id", int64(m.AccountID)), slog.Any("err", cause))
		s.noteCopy(ctx, m, mailstead.SentCopyFailed)
		return
	}
	due := s.c.Now().Add(spread(s.c.CopyDelays[tries]))
	if err := s.c.Store.UpdateSentCopy(ctx, m.ID, mailstead.SentCopyPending, tries, due); err != nil && ctx.Err() == nil {
		s.c.Logger.LogAttrs(ctx, slog.LevelError, "sent copy not noted", slog.Int64("outgoing_id", int64(m.ID)), slog.Any("err", err))
	}
}
