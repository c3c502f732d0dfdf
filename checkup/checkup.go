// Package checkup is the journey that tests many accounts, as they are stored.
//
//  1. Start stores which accounts are to be tested, and answers at once.
//  2. Workers take them one by one. However many accounts share a mail server, it has
//     few connections of ours at a time.
//  3. Each result is stored as it comes, so that the page fills, and a service that
//     starts again goes on where it was.
//  4. Cancel stops after the tests that are under way; their results stay.
//
// A test every night is a checkup like any other (Config.At).
package checkup

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/mailstead/mailstead"
)

// Store is what the journey needs of the store. Its methods are those of store.DB.
type Store interface {
	CreateCheckup(ctx context.Context, c *mailstead.Checkup, accounts []mailstead.AccountID) error
	Checkup(ctx context.Context, id mailstead.CheckupID) (mailstead.Checkup, error)
	Checkups(ctx context.Context) ([]mailstead.Checkup, error)
	OpenCheckups(ctx context.Context) ([]mailstead.Checkup, error)
	CheckupTasks(ctx context.Context, id mailstead.CheckupID, after mailstead.AccountID, n int) ([]mailstead.CheckupTask, error)
	CheckupResults(ctx context.Context, q mailstead.CheckupQuery) ([]mailstead.CheckupResult, error)
	SetCheckupResult(ctx context.Context, r mailstead.CheckupResult) error
	EndCheckup(ctx context.Context, id mailstead.CheckupID, state mailstead.CheckupState) error
}

// Tester tests one account as it is stored. It returns an error only when the test
// could not be made.
type Tester interface {
	TestStored(ctx context.Context, id mailstead.AccountID) (mailstead.CheckupResult, error)
}

// Hosts lets work at mail servers in, so many connections to a host at a time.
type Hosts interface {
	// Enter waits until every host has room for the connections needed there. leave
	// gives them back.
	Enter(ctx context.Context, need map[string]int) (leave func(), err error)
}

// Config is what a Service is made of.
type Config struct {
	Store  Store
	Tester Tester
	Now    func() time.Time
	Logger *slog.Logger
	// At is the time of the day of the nightly checkup, in Now's zone, as the time
	// since midnight; negative for none.
	At time.Duration
	// Hosts keeps how many connections a mail server has.
	Hosts Hosts
}

// Service is the journey. It is safe for use by many goroutines.
type Service struct {
	c       Config
	workers *semaphore.Weighted

	mu      sync.Mutex
	run     context.Context //nolint:containedctx // of Start, nil before: workers live by it, not by a request
	stop    context.CancelFunc
	running map[mailstead.CheckupID]context.CancelFunc
	ended   sync.WaitGroup
}

// New returns a journey. Nothing is tested before Start.
func New(c Config) *Service {
	return &Service{c: c, workers: semaphore.NewWeighted(workers), running: make(map[mailstead.CheckupID]context.CancelFunc)}
}

// Start goes on with what an earlier run of the service left, and keeps the schedule.
func (s *Service) Start(ctx context.Context) error {
	s.mu.Lock()
	s.run, s.stop = context.WithCancel(ctx)
	s.mu.Unlock()
	open, err := s.c.Store.OpenCheckups(ctx)
	if err != nil {
		return err
	}
	for i := range open {
		s.begin(open[i].ID) //nolint:contextcheck // it lives by the context of Start
	}
	if s.c.At >= 0 {
		s.ended.Go(s.keepSchedule)
	}
	return nil
}

// Stop ends the tests under way and waits for them. It may be called twice.
func (s *Service) Stop() {
	s.mu.Lock()
	if s.stop != nil {
		s.stop()
	}
	s.mu.Unlock()
	s.ended.Wait()
}

// maxChosen is how many accounts a checkup can name; for more it takes all.
const maxChosen = 1000

// Begin starts a checkup of these accounts, or of all.
func (s *Service) Begin(ctx context.Context, actor mailstead.Actor, everything bool, accounts []mailstead.AccountID) (mailstead.Checkup, error) {
	if err := actor.RequireAdmin(); err != nil {
		return mailstead.Checkup{}, err
	}
	if everything == (len(accounts) > 0) {
		return mailstead.Checkup{}, mailstead.Invalid("account_ids", "checkup.which", "Choose the accounts to test, or all of them.")
	}
	if len(accounts) > maxChosen {
		return mailstead.Checkup{}, mailstead.Invalid("account_ids", "input.too_many", "Choose at most 1,000 accounts, or all.")
	}
	c := mailstead.Checkup{StartedBy: actor.User.ID}
	if err := s.create(ctx, &c, accounts); err != nil {
		return mailstead.Checkup{}, err
	}
	return c, nil
}

func (s *Service) create(ctx context.Context, c *mailstead.Checkup, accounts []mailstead.AccountID) error {
	if err := s.c.Store.CreateCheckup(ctx, c, slices.Compact(slices.Sorted(slices.Values(accounts)))); err != nil {
		return err
	}
	s.c.Logger.LogAttrs(ctx, slog.LevelInfo, "checkup", slog.Int64("checkup_id", int64(c.ID)), slog.Int("accounts", c.Total))
	s.begin(c.ID) //nolint:contextcheck // it lives by the context of Start
	return nil
}

// Checkup returns one checkup.
func (s *Service) Checkup(ctx context.Context, actor mailstead.Actor, id mailstead.CheckupID) (mailstead.Checkup, error) {
	if err := actor.RequireAdmin(); err != nil {
		return mailstead.Checkup{}, err
	}
	return s.c.Store.Checkup(ctx, id)
}

// Checkups returns all that are kept, newest first.
func (s *Service) Checkups(ctx context.Context, actor mailstead.Actor) ([]mailstead.Checkup, error) {
	if err := actor.RequireAdmin(); err != nil {
		return nil, err
	}
	return s.c.Store.Checkups(ctx)
}

// Results returns results of a checkup by account id.
func (s *Service) Results(ctx context.Context, actor mailstead.Actor, q mailstead.CheckupQuery) ([]mailstead.CheckupResult, error) {
	if err := actor.RequireAdmin(); err != nil {
		return nil, err
	}
	if _, err := s.c.Store.Checkup(ctx, q.CheckupID); err != nil {
		return nil, err
	}
	return s.c.Store.CheckupResults(ctx, q)
}

// Cancel stops a checkup; one that ended already stays as it is.
func (s *Service) Cancel(ctx context.Context, actor mailstead.Actor, id mailstead.CheckupID) (mailstead.Checkup, error) {
	if err := actor.RequireAdmin(); err != nil {
		return mailstead.Checkup{}, err
	}
	if err := s.c.Store.EndCheckup(ctx, id, mailstead.CheckupCancelled); err != nil {
		return mailstead.Checkup{}, err
	}
	s.mu.Lock()
	if cancel := s.running[id]; cancel != nil {
		cancel()
	}
	s.mu.Unlock()
	return s.c.Store.Checkup(ctx, id)
}
