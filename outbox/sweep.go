package outbox

import (
	"context"
	"log/slog"
	"time"

	"github.com/mailstead/mailstead"
)

const (
	// sweepBatch is how much of each kind one sweep takes up.
	sweepBatch = 500
	// wakeBatch is larger: accounts that pause stand in front of others.
	wakeBatch = 10_000
	// tendEvery is how often the accounts that hold mail are looked after.
	tendEvery = 30 * time.Second
)

// sweep wakes what is due, until ctx ends.
func (s *Service) sweep(ctx context.Context) {
	ticker := time.NewTicker(s.c.SweepEvery)
	defer ticker.Stop()
	s.try(ctx, "held mails", s.findHeld)
	var tended time.Time
	tending := make(chan struct{}, 1)
	for {
		s.try(ctx, "due mails", s.wakeDue)
		s.try(ctx, "sent copies", s.copyDue)
		s.try(ctx, "unknown mails", s.lookDue)
		s.expireIdle()
		if now := s.c.Now(); now.Sub(tended) >= min(tendEvery, s.c.ProbeEvery) {
			select {
			case tending <- struct{}{}: // one at a time: a probe may take long
				tended = now
				s.tasks.Go(func() {
					s.try(ctx, "held mails", s.tend)
					<-tending
				})
			default:
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (s *Service) try(ctx context.Context, what string, do func(context.Context) error) {
	if err := do(ctx); err != nil && ctx.Err() == nil {
		s.c.Logger.LogAttrs(ctx, slog.LevelError, "sweep of the outbox failed", slog.String("what", what), slog.Any("err", err))
	}
}

func (s *Service) wakeDue(ctx context.Context) error {
	ids, err := s.c.Store.DueOutgoingAccounts(ctx, s.c.Now(), wakeBatch)
	for _, id := range ids {
		s.Wake(id)
	}
	return err
}

// recover puts right what a crash left behind: a mail whose body had gone out
// may or may not have been taken, any other was not sent.
func (s *Service) recover(ctx context.Context) error {
	for {
		mails, err := s.c.Store.StuckOutgoing(ctx, sweepBatch)
		if err != nil || len(mails) == 0 {
			return err
		}
		for i := range mails {
			if err := s.recoverMail(ctx, &mails[i]); err != nil {
				return err
			}
		}
		s.c.Logger.LogAttrs(ctx, slog.LevelWarn, "interrupted mails recovered", slog.Int("mails", len(mails)))
	}
}

func (s *Service) recoverMail(ctx context.Context, m *mailstead.OutgoingMessage) error {
	now := s.c.Now()
	if m.BodyComplete {
		m.State, m.DueAt = mailstead.OutgoingUnknown, now.Add(s.c.LookDelays[0])
		m.Code = "send.interrupted"
		m.Text = "Mailstead was interrupted after the mail was handed over and before the server confirmed it."
		m.Action = "The Sent folder is searched for it. If it stays unknown, ask the recipient before you send it again."
		for i := range m.Recipients {
			if r := &m.Recipients[i]; r.State == mailstead.OutgoingQueued {
				r.State = mailstead.OutgoingUnknown
			}
		}
	} else {
		m.State, m.DueAt = mailstead.OutgoingQueued, now
	}
	return s.c.Store.FinishAttempt(ctx, *m, mailstead.Attempt{
		OutgoingID: m.ID, Number: m.Attempts, StartedAt: now, EndedAt: now, State: m.State, Code: "send.interrupted",
	})
}
