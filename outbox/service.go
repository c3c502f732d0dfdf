// Package outbox is the journey of outgoing mail: it takes mails in, sends them,
// and sees to their copies in the Sent folders.
//
//  1. Submit decides which account sends (mailstead.ResolveSender), composes the
//     mail, makes its bytes durable and stores the mail with its due time in one
//     step. From then on it survives every crash.
//  2. The account's run claims what is due and hands it to a few connections,
//     which are kept open for the mails that follow.
//  3. Per mail the driver writes the body; that it is complete is recorded before
//     the final dot; then the answer decides: accepted, tried again later,
//     rejected, held until the account is well, or unknown.
//  4. An attempt ends in one step: the mail's new state, the attempt, the event.
//  5. A mail whose fate is unknown is looked for in the Sent folder before
//     anything is repeated. A crash leaves the same traces as a lost connection
//     and is treated alike at the next start.
//  6. After acceptance, off the sending path, the mail is looked for in the Sent
//     folder and put there when the provider has not done so.
//
// The rows with their due times are the truth; a sweep wakes whatever is due.
package outbox

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/mailstead/mailstead"
)

// Store is what the workers keep and look up.
type Store interface {
	Account(ctx context.Context, id mailstead.AccountID) (mailstead.Account, error)
	SetHealth(ctx context.Context, id mailstead.AccountID, side mailstead.SideName, h mailstead.Health) error
	DueOutgoingAccounts(ctx context.Context, now time.Time, limit int) ([]mailstead.AccountID, error)
	ClaimOutgoing(ctx context.Context, account mailstead.AccountID, now time.Time, limit int) ([]mailstead.OutgoingMessage, error)
	MarkBodyComplete(ctx context.Context, id mailstead.OutgoingID, attempt int) error
	FinishAttempt(ctx context.Context, m mailstead.OutgoingMessage, a mailstead.Attempt) error
	StuckOutgoing(ctx context.Context, limit int) ([]mailstead.OutgoingMessage, error)
	DueUnknown(ctx context.Context, now time.Time, limit int) ([]mailstead.OutgoingMessage, error)
	DueSentCopies(ctx context.Context, now time.Time, limit int) ([]mailstead.OutgoingMessage, error)
	UpdateSentCopy(ctx context.Context, id mailstead.OutgoingID, state mailstead.SentCopyState, attempts int, due time.Time) error
	ChangeOutgoing(ctx context.Context, m mailstead.OutgoingMessage, from ...mailstead.OutgoingState) error
	ReleaseHeld(ctx context.Context, account mailstead.AccountID, now time.Time) (int, error)
}

// Shelf is what submitters and readers keep and look up.
type Shelf interface {
	SenderFacts(ctx context.Context, user mailstead.UserID, named ...mailstead.AccountID) (mailstead.SenderFacts, error)
	SubmitOutgoing(ctx context.Context, m *mailstead.OutgoingMessage) (existed bool, err error)
	Outgoing(ctx context.Context, id mailstead.OutgoingID) (mailstead.OutgoingMessage, []mailstead.Attempt, error)
	OutgoingList(ctx context.Context, q mailstead.OutgoingQuery) ([]mailstead.OutgoingMessage, error)
	AccountFor(ctx context.Context, id mailstead.AccountID, user mailstead.UserID) (mailstead.Account, []mailstead.Assignment, error)
	Message(ctx context.Context, id mailstead.MessageID) (mailstead.Message, error)
	Policies(ctx context.Context) (mailstead.Policies, error)
	Template(ctx context.Context, id mailstead.TemplateID) (mailstead.Template, error)
}

// Trips keeps the second halves of round trips.
type Trips interface {
	Accounts(ctx context.Context, q mailstead.AccountQuery) ([]mailstead.Account, error)
	DueArrivals(ctx context.Context, now time.Time, n int) ([]mailstead.AwaitedArrival, error)
	SetArrival(ctx context.Context, id mailstead.OutgoingID, a mailstead.Arrival) error
}

// Blobs keeps the bytes of mails.
type Blobs interface {
	Put(ctx context.Context, bodies [][]byte) ([]mailstead.BlobRef, error)
	Get(ctx context.Context, ref mailstead.BlobRef) ([]byte, error)
}

// Credentials opens an account's secret for its driver.
type Credentials interface {
	Access(ctx context.Context, id mailstead.AccountID, side mailstead.SideName) (mailstead.Access, error)
}

// Explainer puts failures into plain words.
type Explainer interface {
	Explain(p mailstead.Protocol, provider string, err error) mailstead.Explanation
}

// Queue runs accounts, each one at a time; package queue has it. The service
// starts and stops it.
type Queue interface {
	Start(ctx context.Context, handle func(ctx context.Context, key int64))
	Wake(key int64)
	Stop()
}

// Config wires a Service. Every field up to Logger is needed.
type Config struct {
	Store       Store
	Shelf       Shelf
	Trips       Trips
	Blobs       Blobs
	Credentials Credentials
	Sender      mailstead.SenderDriver
	Source      mailstead.SourceDriver
	Queue       Queue
	Explain     Explainer
	Now         func() time.Time
	Logger      *slog.Logger

	// SavesSent tells whether a provider itself puts what it sends into the Sent
	// folder; nil means that none is known to.
	SavesSent func(mailstead.ProviderID) bool
	// SentCopied is called after a copy was put into or found in a Sent folder.
	SentCopied func(mailstead.AccountID)
	// Nudge asks for a look into a mailbox that a mail is expected in; AllowTest
	// refuses an actor who asks for too many tests. Both may be nil.
	Nudge     func(mailstead.AccountID)
	AllowTest func(mailstead.Actor) error

	// MaxAttachments is the most bytes of all files of a mail, MaxSize that of
	// the composed mail; 0 means 25 MiB and 36 MiB.
	MaxAttachments, MaxSize int64
	// Connections is how many connections one account may have; 0 means 4.
	Connections int
	// IdleTimeout is how long a connection waits for another mail; 0 means 30 s.
	IdleTimeout time.Duration
	// RetryDelays are the pauses after one, two, three … attempts that failed for
	// the moment; the last one repeats. Empty means 1 min, 5 min, 15 min, 1 h, 4 h.
	RetryDelays []time.Duration
	// MaxAge is how old a mail becomes, and no less than all RetryDelays, before it
	// is given up; 0 means 3 days.
	MaxAge time.Duration
	// LookDelays are the times after an attempt of unknown outcome at which the
	// Sent folder is looked into. Empty means 15 s, 1 min, 5 min, 30 min.
	LookDelays []time.Duration
	// CopyDelays are the pauses before the first, second … try to see to the copy
	// in the Sent folder; behind the last one it is given up. Empty means 5 s,
	// 1 min, 5 min, 15 min, 1 h and then eight times 4 h.
	CopyDelays []time.Duration
	// SweepEvery is how often what is due is looked for; 0 means 2 s.
	SweepEvery time.Duration
	// ProbeEvery is how often an account that holds mail because of its server is
	// tried again; 0 means 15 min. A refused sign-in is never repeated.
	ProbeEvery time.Duration
	// StopGrace is how long Stop lets mails under way come to their end; 0 means
	// 20 s.
	StopGrace time.Duration
}

func (c *Config) complete() {
	if c.SavesSent == nil {
		c.SavesSent = func(mailstead.ProviderID) bool { return false }
	}
	if c.SentCopied == nil {
		c.SentCopied = func(mailstead.AccountID) {}
	}
	if c.Nudge == nil {
		c.Nudge = func(mailstead.AccountID) {}
	}
	if c.AllowTest == nil {
		c.AllowTest = func(mailstead.Actor) error { return nil }
	}
	orDefault(&c.MaxAttachments, 25<<20)
	orDefault(&c.MaxSize, 36<<20)
	orDefault(&c.Connections, 4)
	orDefault(&c.IdleTimeout, 30*time.Second)
	orDefault(&c.MaxAge, 72*time.Hour)
	orDefault(&c.SweepEvery, 2*time.Second)
	orDefault(&c.ProbeEvery, 15*time.Minute)
	orDefault(&c.StopGrace, 20*time.Second)
	if len(c.RetryDelays) == 0 {
		c.RetryDelays = []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 4 * time.Hour}
	}
	if len(c.LookDelays) == 0 {
		c.LookDelays = []time.Duration{15 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute}
	}
	if len(c.CopyDelays) == 0 {
		c.CopyDelays = []time.Duration{5 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour}
		for range 8 {
			c.CopyDelays = append(c.CopyDelays, 4*time.Hour)
		}
	}
}

func orDefault[T int | int64 | time.Duration](v *T, d T) {
	if *v <= 0 {
		*v = d
	}
}

// Service takes mails in and sends them.
type Service struct {
	c Config

	mu    sync.Mutex
	lines map[mailstead.AccountID]*line
	// mailboxes are the accounts whose Sent folder is being looked into.
	mailboxes map[mailstead.AccountID]bool
	// trips gets a signal when there is a round trip to follow.
	trips   chan struct{}
	stop    context.CancelFunc
	stopped bool
	tasks   sync.WaitGroup
}

// New returns a service that takes mails in; it sends after Start.
func New(c Config) *Service {
	c.complete()
	return &Service{c: c, lines: make(map[mailstead.AccountID]*line), mailboxes: make(map[mailstead.AccountID]bool), trips: make(chan struct{}, 1)}
}

// Start puts mails that a crash left behind in order and begins to send, until
// Stop is called or ctx ends.
func (s *Service) Start(ctx context.Context) error {
	s.mu.Lock()
	if s.stop != nil || s.stopped {
		s.mu.Unlock()
		return nil
	}
	ctx, s.stop = context.WithCancel(ctx)
	s.mu.Unlock()
	if err := s.recover(ctx); err != nil {
		return err
	}
	s.c.Queue.Start(ctx, s.deliver)
	s.tasks.Go(func() { s.sweep(ctx) })
	s.tasks.Go(func() { s.followArrivals(ctx) })
	return nil
}

// Stop ends the sending and waits for it: no mail is begun any more, those under
// way have Config.StopGrace. It may be called twice, and without Start.
func (s *Service) Stop() {
	s.mu.Lock()
	s.stopped = true
	if s.stop != nil {
		s.stop()
	}
	s.mu.Unlock()
	s.c.Queue.Stop()
	s.tasks.Wait()
	s.closeIdle()
}

// Wake tells that the account may have something to send.
func (s *Service) Wake(id mailstead.AccountID) { s.c.Queue.Wake(int64(id)) }

// Healthy tells that the account works again, or has other servers or another
// secret: its open connections are given up and the mails that were held for it
// are sent.
func (s *Service) Healthy(id mailstead.AccountID) {
	l := s.line(id)
	s.mu.Lock()
	l.healed = true
	s.mu.Unlock()
	s.Wake(id)
}
