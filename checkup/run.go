package checkup

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/mailstead/mailstead"
)

// begin tests in the background what waits of a checkup. Before Start it does
// nothing: Start finds the checkup.
func (s *Service) begin(id mailstead.CheckupID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run == nil || s.run.Err() != nil || s.running[id] != nil {
		return
	}
	ctx, cancel := context.WithCancel(s.run)
	s.running[id] = cancel
	s.ended.Go(func() {
		defer func() {
			s.mu.Lock()
			delete(s.running, id)
			s.mu.Unlock()
			cancel()
		}()
		if err := s.perform(ctx, id); err != nil && ctx.Err() == nil {
			s.c.Logger.LogAttrs(ctx, slog.LevelError, "checkup stopped", slog.Int64("checkup_id", int64(id)), slog.Any("error", err))
		}
	})
}

const (
	taskPage = 1000
	// workers is how many accounts are tested at a time, perLine how many accounts of
	// one incoming host.
	workers = 32
	perLine = 3
)

// perform tests all that waits of a checkup and ends it. Accounts of one incoming host
// stand in one line, so that a slow host does not hold up the others.
func (s *Service) perform(ctx context.Context, id mailstead.CheckupID) error {
	lines := make(map[string][]mailstead.CheckupTask)
	for after := mailstead.AccountID(0); ; {
		tasks, err := s.c.Store.CheckupTasks(ctx, id, after, taskPage)
		if err != nil {
			return err
		}
		for _, t := range tasks {
			host := t.IncomingHost
			if host == "" {
				host = t.OutgoingHost
			}
			lines[host], after = append(lines[host], t), t.AccountID
		}
		if len(tasks) < taskPage {
			break
		}
	}
	group, tests := errgroup.WithContext(ctx)
	for _, line := range lines {
		tasks := make(chan mailstead.CheckupTask, len(line))
		for _, t := range line {
			tasks <- t
		}
		close(tasks)
		for range min(perLine, len(line)) {
			group.Go(func() error {
				for t := range tasks {
					if err := s.test(tests, id, t); err != nil {
						return err
					}
				}
				return nil
			})
		}
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return s.c.Store.EndCheckup(ctx, id, mailstead.CheckupDone)
}

// test tests one account when its hosts have room and stores the result. An error
// means that the checkup cannot go on.
func (s *Service) test(ctx context.Context, id mailstead.CheckupID, t mailstead.CheckupTask) error {
	need := make(map[string]int)
	for _, host := range []string{t.IncomingHost, t.OutgoingHost} {
		if host != "" {
			need[host]++
		}
	}
	leave, err := s.c.Hosts.Enter(ctx, need)
	if err != nil {
		return err
	}
	defer leave()
	if err := s.workers.Acquire(ctx, 1); err != nil {
		return err
	}
	defer s.workers.Release(1)
	begin := s.c.Now()
	r, err := s.c.Tester.TestStored(ctx, t.AccountID)
	switch {
	case ctx.Err() != nil:
		return ctx.Err() // what a stop broke off says nothing of the account
	case mailstead.KindOf(err) == mailstead.KindNotFound:
		r = mailstead.CheckupResult{Verdict: mailstead.VerdictSkipped, Code: "account.deleted", Cause: "The account was deleted."}
	case err != nil:
		r = mailstead.CheckupResult{Verdict: mailstead.VerdictFailed, Code: mailstead.CodeOf(err), Cause: told(err)}
	}
	r.CheckupID, r.AccountID, r.Took, r.TestedAt = id, t.AccountID, s.c.Now().Sub(begin).Milliseconds(), s.c.Now()
	return s.c.Store.SetCheckupResult(ctx, r)
}

// told is what an administrator is told of a test that could not be made.
func told(err error) string {
	var e *mailstead.Error
	if errors.As(err, &e) && e.Text != "" {
		return e.Text
	}
	return "The test could not be made: see the log."
}

// keepSchedule starts a checkup of all accounts at the same time of every day.
func (s *Service) keepSchedule() {
	for {
		wait := time.NewTimer(until(s.c.Now(), s.c.At))
		select {
		case <-s.run.Done():
			wait.Stop()
			return
		case <-wait.C:
		}
		if err := s.create(s.run, &mailstead.Checkup{Scheduled: true}, nil); err != nil {
			s.c.Logger.LogAttrs(s.run, slog.LevelError, "the nightly checkup did not start", slog.Any("error", err))
		}
	}
}

// until is the time from now to the next time of the day at, which is later than now.
func until(now time.Time, at time.Duration) time.Duration {
	for day := 0; ; day++ {
		// By the calendar: a day is not always 24 hours long.
		next := time.Date(now.Year(), now.Month(), now.Day()+day, 0, 0, 0, 0, now.Location())
		next = time.Date(next.Year(), next.Month(), next.Day(), int(at/time.Hour), int(at%time.Hour/time.Minute), 0, 0, now.Location())
		if next.After(now) {
			return next.Sub(now)
		}
	}
}
