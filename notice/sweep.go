package notice

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/mailstead/mailstead"
)

const (
	// sweepBatch is how many stops are told of in one step.
	sweepBatch = 200
	// pause is how many times Collect lies between two mails to one person.
	pause = 10
	// keepStops is how long what was told is kept, forgetEvery how often what is older
	// is removed.
	keepStops   = 30 * 24 * time.Hour
	forgetEvery = time.Hour
	// warnEvery is how often ends of credentials are looked for: they are days away, but
	// who renewed one is not to wait long for the notice to go.
	warnEvery = 5 * time.Minute
	// named is how many accounts one mail names.
	named = 20
)

// sweep tells people what there is to tell, until ctx ends.
func (s *Service) sweep(ctx context.Context) {
	ticker := time.NewTicker(s.c.SweepEvery)
	defer ticker.Stop()
	var forgot, warned time.Time
	for {
		warn := func(ctx context.Context) error {
			if now := s.c.Now(); now.Sub(warned) >= warnEvery {
				warned = now
				return s.warn(ctx)
			}
			return nil
		}
		for _, part := range []struct {
			what string
			do   func(context.Context) error
		}{
			// What was gathered before a crash goes out first.
			{"gathered notices", s.mailGathered}, {"stops", s.tellStops}, {"ends of stops", s.tellEnds}, {"ends of credentials", warn}, {"mails", s.mail},
		} {
			if err := part.do(ctx); err != nil && ctx.Err() == nil {
				s.c.Logger.LogAttrs(ctx, slog.LevelError, "sweep of notices failed", slog.String("what", part.what), slog.Any("err", err))
			}
		}
		if now := s.c.Now(); now.Sub(forgot) >= forgetEvery {
			forgot = now
			if err := s.c.Store.ForgetStops(ctx, now.Add(-keepStops)); err != nil && ctx.Err() == nil {
				s.c.Logger.LogAttrs(ctx, slog.LevelError, "old stops not forgotten", slog.Any("err", err))
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// tellStops gives notices to those whom stops concern.
func (s *Service) tellStops(ctx context.Context) error {
	for {
		now := s.c.Now()
		stops, err := s.c.Store.UntoldStops(ctx, now.Add(-s.c.After), sweepBatch)
		if err != nil || len(stops) == 0 {
			return err
		}
		mailAt, err := s.mailAt(ctx, now)
		if err != nil {
			return err
		}
		var told []mailstead.StopTold
		for i := range stops {
			facts, err := s.c.Store.StopFacts(ctx, stops[i].AccountID)
			if mailstead.KindOf(err) == mailstead.KindNotFound && err != nil {
				continue // deleted meanwhile
			}
			if err != nil {
				return err
			}
			told = append(told, mailstead.StopTold{StopID: stops[i].ID, Users: facts.Concerned(), MailAt: mailAt})
		}
		if err := s.c.Store.TellStops(ctx, told); err != nil {
			return err
		}
		s.c.Logger.LogAttrs(ctx, slog.LevelWarn, "incoming mail stopped", slog.Int("accounts", len(told)))
		if len(stops) < sweepBatch {
			return nil
		}
	}
}

// mailAt is when what happens now may be mailed, zero when the policies say never.
func (s *Service) mailAt(ctx context.Context, now time.Time) (time.Time, error) {
	rules, err := s.c.Shelf.Policies(ctx)
	if err != nil || !rules.AlertsByMail {
		return time.Time{}, err
	}
	return now.Add(s.c.Collect), nil
}

// tellEnds tells the same people that accounts work again.
func (s *Service) tellEnds(ctx context.Context) error {
	for {
		mailAt, err := s.mailAt(ctx, s.c.Now())
		if err != nil {
			return err
		}
		n, err := s.c.Store.TellEnds(ctx, mailAt, sweepBatch)
		if err != nil || n < sweepBatch {
			return err
		}
	}
}

// mail gathers what is due and mails it.
func (s *Service) mail(ctx context.Context) error {
	now := s.c.Now()
	any, err := s.c.Store.GatherNotices(ctx, now, now.Add(-pause*s.c.Collect), sweepBatch)
	if err != nil || !any {
		return err
	}
	return s.mailGathered(ctx)
}

// mailGathered writes one mail for each batch of notices. The batch names the mail, so
// that a crash between sending and storing that it was sent repeats nothing.
func (s *Service) mailGathered(ctx context.Context) error {
	batches, err := s.c.Store.GatheredNotices(ctx)
	if err != nil {
		return err
	}
	for i := range batches {
		b := &batches[i]
		mailed, err := s.mailBatch(ctx, b)
		if err != nil {
			return err
		}
		if err := s.c.Store.NoticesMailed(ctx, b.UserID, b.Batch, mailed); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) mailBatch(ctx context.Context, b *mailstead.NoticeBatch) (bool, error) {
	u, err := s.c.Shelf.User(ctx, b.UserID)
	if mailstead.KindOf(err) == mailstead.KindNotFound && err != nil || err == nil && u.Disabled {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	m := mailstead.SystemMail{
		Purpose: mailstead.PurposeAlert, To: []string{u.Email}, Key: fmt.Sprintf("notices-%d-%d", b.UserID, b.Batch),
	}
	m.Subject, m.Text = alert(b.Notices)
	for i := range b.Notices {
		if n := &b.Notices[i]; n.Kind == mailstead.NoticeStopped {
			m.Except = append(m.Except, n.AccountID)
		}
	}
	_, err = s.c.Sender.SubmitSystem(ctx, m)
	switch mailstead.KindOf(err) {
	case mailstead.KindConflict, mailstead.KindInvalid:
		s.c.Logger.LogAttrs(ctx, slog.LevelWarn, "alert not mailed", slog.Int64("user_id", int64(b.UserID)), slog.String("code", mailstead.CodeOf(err)))
		return false, nil
	default:
		return err == nil, err
	}
}

// alert is what one mail says of notices.
func alert(all []mailstead.Notice) (subject, text string) {
	of := make(map[mailstead.NoticeKind][]mailstead.Notice)
	for i := range all {
		of[all[i].Kind] = append(of[all[i].Kind], all[i])
	}
	var subjects []string
	var b strings.Builder
	for _, part := range []struct {
		kind        mailstead.NoticeKind
		title, head string
		line        func(*mailstead.Notice) string
	}{
		{mailstead.NoticeStopped, "not processed any more", "The incoming mail of %s is not processed any more:\n\n", stopped},
		{mailstead.NoticeWorks, "processed again", "The incoming mail of %s is processed again:\n\n", works},
		{mailstead.NoticeEnds, "sign-in ends soon", "What %s signs in with ends soon:\n\n", ends},
	} {
		notices := of[part.kind]
		if len(notices) == 0 {
			continue
		}
		if b.Len() > 0 {
			b.WriteString("\n")
		}
		subjects = append(subjects, part.title+": "+count(notices))
		fmt.Fprintf(&b, part.head, count(notices))
		list(&b, notices, part.line)
	}
	b.WriteString("\nYou get this mail because you own these accounts, may read them or administer Mailstead.\n")
	subject = strings.Join(subjects, "; ")
	return strings.ToUpper(subject[:1]) + subject[1:], b.String()
}

// stopped says of an account what it waits for.
func stopped(n *mailstead.Notice) string {
	line := "since " + at(n.Since)
	if n.Text != "" {
		line += ". " + n.Text
	}
	if n.Action != "" {
		line += " " + n.Action
	}
	return line
}

func works(n *mailstead.Notice) string {
	return "it stood still from " + at(n.Since) + " to " + at(n.Until)
}

// ends says what ends, and what to do before.
func ends(n *mailstead.Notice) string {
	line := "until " + at(n.Credential.EndsAt) + ". "
	switch n.Credential.Reason {
	case mailstead.CredentialAppSecret:
		return line + "The client secret of this app ends: make a new one at the service and enter it here, or the accounts that sign in by it stop."
	case mailstead.CredentialIdle:
		return line + "The service forgets a sign-in that nobody uses: switch the account on, or sign in again."
	default:
		return line + "Passwords work for some days at this provider: enter a new one before."
	}
}

// count names what notices are about: one, or how many.
func count(all []mailstead.Notice) string {
	if len(all) == 1 {
		return all[0].Label()
	}
	for i := range all {
		if all[i].AppID != 0 {
			return fmt.Sprintf("%d accounts and apps", len(all))
		}
	}
	return fmt.Sprintf("%d accounts", len(all))
}

func list(b *strings.Builder, all []mailstead.Notice, line func(*mailstead.Notice) string) {
	for i := range all {
		if i == named {
			fmt.Fprintf(b, "- and %d more\n", len(all)-named)
			return
		}
		fmt.Fprintf(b, "- %s: %s\n", all[i].Label(), line(&all[i]))
	}
}

func at(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }
