// Package notice is the journey by which people learn what goes wrong, without being
// asked and without asking.
//
//  1. The store notes when the incoming mail of an account stops being processed, with
//     the account's health, and when it goes on.
//  2. A sweep looks at stops that matter: those that a person must end at once, others
//     after an hour. Whom they concern gets a notice, once, in the program.
//  3. A mail from the system's default account follows after a minute in which further
//     notices are collected: one mail to one person, however many accounts stop together.
//  4. When an account works again its notices say so, and who got a mail gets another.
//  5. What an account or an app signs in with may have an end that is known: 30, 7 and
//     1 days before, who can renew it is told in the same ways.
//  6. Report goes the other way: a person tells the administrators of a problem. What is
//     sent is shown before, word for word.
//
// All of it are rows: a restart tells nobody twice and forgets nobody.
package notice

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/mailstead/mailstead"
)

// Store is what the journey needs of the store. Its methods are those of store.DB.
type Store interface {
	UntoldStops(ctx context.Context, before time.Time, n int) ([]mailstead.Stop, error)
	StopFacts(ctx context.Context, id mailstead.AccountID) (mailstead.StopFacts, error)
	TellStops(ctx context.Context, told []mailstead.StopTold) error
	TellEnds(ctx context.Context, mailAt time.Time, n int) (int, error)
	GatherNotices(ctx context.Context, now, quiet time.Time, n int) (bool, error)
	GatheredNotices(ctx context.Context) ([]mailstead.NoticeBatch, error)
	NoticesMailed(ctx context.Context, user mailstead.UserID, batch int64, mailed bool) error
	ForgetStops(ctx context.Context, before time.Time) error
	Credentials
}

// Credentials tells what accounts and apps sign in with and what ends, and what people
// know of that.
type Credentials interface {
	OAuthApps(ctx context.Context) ([]mailstead.OAuthApp, error)
	OwnProviders(ctx context.Context) ([]mailstead.Provider, error)
	GrantsAtRest(ctx context.Context, before time.Time, after mailstead.AccountID, n int) ([]mailstead.AccountGrant, error)
	PasswordsSetBefore(ctx context.Context, provider mailstead.ProviderID, before time.Time, after mailstead.AccountID, n int) ([]mailstead.AccountPassword, error)
	Warnings(ctx context.Context) ([]mailstead.Warning, error)
	TellWarnings(ctx context.Context, told []mailstead.WarningTold) error
	DropWarnings(ctx context.Context, of []mailstead.CredentialOf) error
}

// Shelf is what readers and reporters look up. Its methods are those of store.DB.
type Shelf interface {
	Notices(ctx context.Context, user mailstead.UserID) ([]mailstead.Notice, error)
	ReadNotice(ctx context.Context, user mailstead.UserID, id mailstead.NoticeID) error
	AccountFor(ctx context.Context, id mailstead.AccountID, user mailstead.UserID) (mailstead.Account, []mailstead.Assignment, error)
	User(ctx context.Context, id mailstead.UserID) (mailstead.User, error)
	Users(ctx context.Context, after mailstead.UserID, n int) ([]mailstead.User, error)
	SenderFacts(ctx context.Context, user mailstead.UserID, named ...mailstead.AccountID) (mailstead.SenderFacts, error)
	Policies(ctx context.Context) (mailstead.Policies, error)
}

// Sender sends mails of the service itself.
type Sender interface {
	// SubmitSystem sends from the system's default account; it is KindConflict when
	// that cannot be.
	SubmitSystem(ctx context.Context, m mailstead.SystemMail) (mailstead.OutgoingMessage, error)
	SystemSender(ctx context.Context) (mailstead.Account, error)
}

// Config is what a Service is made of. Store, Shelf, Sender, Now and Logger are needed.
type Config struct {
	Store  Store
	Shelf  Shelf
	Sender Sender
	Now    func() time.Time
	Logger *slog.Logger
	// AllowReport refuses an actor who reports too much; nil refuses nobody.
	AllowReport func(mailstead.Actor) error
	// Version is the program's, for reports.
	Version string
	// After is how long a mailbox may fail that may come back by itself; 0 means
	// mailstead.StopTolerance.
	After time.Duration
	// Collect is how long notices are collected for one mail, and a tenth of the pause
	// between two such mails to one person; 0 means a minute.
	Collect time.Duration
	// SweepEvery is how often stops are looked for; 0 means 5 seconds.
	SweepEvery time.Duration
}

// Service is the journey. Its methods may be called from many goroutines.
type Service struct {
	c Config

	mu    sync.Mutex
	stop  context.CancelFunc
	ended sync.WaitGroup
}

// New returns a journey. Nobody is told of anything before Start.
func New(c Config) *Service {
	if c.AllowReport == nil {
		c.AllowReport = func(mailstead.Actor) error { return nil }
	}
	for _, d := range []struct {
		v    *time.Duration
		most time.Duration
	}{{&c.After, mailstead.StopTolerance}, {&c.Collect, time.Minute}, {&c.SweepEvery, 5 * time.Second}} {
		if *d.v <= 0 {
			*d.v = d.most
		}
	}
	return &Service{c: c}
}

// Start tells people of stops until Stop is called or ctx ends.
func (s *Service) Start(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stop != nil {
		return
	}
	ctx, s.stop = context.WithCancel(ctx)
	s.ended.Go(func() { s.sweep(ctx) })
}

// Stop ends what Start began and waits for it. It may be called twice.
func (s *Service) Stop() {
	s.mu.Lock()
	if s.stop != nil {
		s.stop()
	}
	s.mu.Unlock()
	s.ended.Wait()
}

// Notices returns what stands for the actor to know, newest first. The operator sees
// everybody's.
func (s *Service) Notices(ctx context.Context, actor mailstead.Actor) ([]mailstead.Notice, error) {
	if err := actor.Require(mailstead.ScopeRead); err != nil {
		return nil, err
	}
	all, err := s.c.Shelf.Notices(ctx, actor.User.ID)
	if err != nil || actor.Operator {
		return all, err
	}
	var out []mailstead.Notice
	for i := range all {
		if all[i].AppID != 0 {
			if actor.IsAdmin() {
				out = append(out, all[i])
			}
			continue
		}
		// Who may not read the account any more is told nothing of it.
		a, assignments, err := s.c.Shelf.AccountFor(ctx, all[i].AccountID, actor.User.ID)
		switch {
		case mailstead.KindOf(err) == mailstead.KindNotFound && err != nil:
			continue
		case err != nil:
			return nil, err
		case mailstead.RightsOn(actor, &a, assignments).Read:
			out = append(out, all[i])
		}
	}
	return out, nil
}

// Read stores that the actor has read a notice of his.
func (s *Service) Read(ctx context.Context, actor mailstead.Actor, id mailstead.NoticeID) error {
	if err := actor.Require(mailstead.ScopeRead); err != nil {
		return err
	}
	return s.c.Shelf.ReadNotice(ctx, actor.User.ID, id)
}
