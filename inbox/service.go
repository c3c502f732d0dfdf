// Package inbox is the journey of incoming mail: it keeps what is stored of each
// mailbox in step with its server, and lets people read it.
//
// Every account with an incoming side has one worker, a goroutine that owns the
// account's connection:
//
//  1. It signs in, lists the folders and stores them.
//  2. It loads the newest messages of each folder, the inbox first.
//  3. It loads older mail of the load period in chunks, newest first, looking for
//     new mail in the inbox between two chunks.
//  4. It waits for the server's word (IDLE), a nudge or the next poll, and brings
//     the folders up to date: new messages, flags, removals.
//     A maildrop (POP3) is given free instead, and looked at again by a new sign-in.
//  5. When the connection fails it says so in the account's health, waits, and
//     begins again.
//
// Bytes are durable before the rows that name them, and a folder's cursor moves
// only in the step that stores the rows it covers: a crash costs work, not mail.
package inbox

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/mailstead/mailstead"
)

// Store is what the workers keep and look up.
type Store interface {
	Account(ctx context.Context, id mailstead.AccountID) (mailstead.Account, error)
	AccountsToRead(ctx context.Context, after mailstead.AccountID, limit int) ([]mailstead.AccountID, error)
	SyncFolders(ctx context.Context, account mailstead.AccountID, list []mailstead.RemoteFolder, at time.Time) ([]mailstead.Folder, error)
	Folder(ctx context.Context, id mailstead.FolderID) (mailstead.Folder, error)
	KnownBlobs(ctx context.Context, hashes []mailstead.BlobHash) (map[mailstead.BlobHash]mailstead.BlobRef, error)
	NumberMessages(ctx context.Context, folder mailstead.FolderID, names []string) ([]mailstead.UID, error)
	Likenesses(ctx context.Context, folder mailstead.FolderID, messageIDs []string) ([]mailstead.Likeness, error)
	ApplySync(ctx context.Context, b mailstead.SyncBatch) ([]mailstead.MessageID, error)
	FolderUIDs(ctx context.Context, folder mailstead.FolderID, from, to mailstead.UID) ([]mailstead.UID, error)
	SetHealth(ctx context.Context, id mailstead.AccountID, side mailstead.SideName, h mailstead.Health) error
}

// Shelf is what readers look up.
type Shelf interface {
	AccountFor(ctx context.Context, id mailstead.AccountID, user mailstead.UserID) (mailstead.Account, []mailstead.Assignment, error)
	Folders(ctx context.Context, account mailstead.AccountID) ([]mailstead.Folder, error)
	Folder(ctx context.Context, id mailstead.FolderID) (mailstead.Folder, error)
	Messages(ctx context.Context, q mailstead.MessageQuery) ([]mailstead.Message, error)
	Message(ctx context.Context, id mailstead.MessageID) (mailstead.Message, error)
	MessagesByID(ctx context.Context, ids []mailstead.MessageID) ([]mailstead.Message, error)
	SetMessageFlags(ctx context.Context, ids []mailstead.MessageID, set, mask mailstead.Flags) error
}

// Blobs keeps the bytes of messages.
type Blobs interface {
	PutHashed(ctx context.Context, hashes []mailstead.BlobHash, bodies [][]byte) ([]mailstead.BlobRef, error)
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

// Config wires a Service. Every field up to Logger is needed.
type Config struct {
	Store       Store
	Shelf       Shelf
	Blobs       Blobs
	Credentials Credentials
	Source      mailstead.SourceDriver
	Explain     Explainer
	Now         func() time.Time
	Logger      *slog.Logger

	// MaxMessageSize is the size in bytes over which a mail is left on the
	// server with a placeholder; 0 means 50 MiB.
	MaxMessageSize int64
	// PollEvery is how often all folders are looked at, beside what IDLE tells
	// of the inbox, and how often a maildrop is at rest; 0 means 5 minutes.
	PollEvery time.Duration
	// RetryDelays are the pauses after one, two, three … failures in a row; the
	// last one repeats. Empty means 10 s, 1 min, 5 min, 15 min.
	RetryDelays []time.Duration
	// TroubleDelay is the pause after a failure that a person must mend, such as
	// a refused password; 0 means 1 hour.
	TroubleDelay time.Duration
	// Loads is how many accounts connect or load at the same time; 0 means 8.
	Loads int64
}

// Service runs the workers and answers readers.
type Service struct {
	c     Config
	loads *semaphore.Weighted

	mu      sync.Mutex
	run     context.Context //nolint:containedctx // the lifetime of the workers, from Start to Stop
	stop    context.CancelFunc
	workers map[mailstead.AccountID]*worker
	wg      sync.WaitGroup
}

// New returns a service that does nothing until Start.
func New(c Config) *Service {
	if c.MaxMessageSize <= 0 {
		c.MaxMessageSize = 50 << 20
	}
	if c.PollEvery <= 0 {
		c.PollEvery = 5 * time.Minute
	}
	if len(c.RetryDelays) == 0 {
		c.RetryDelays = []time.Duration{10 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute}
	}
	if c.TroubleDelay <= 0 {
		c.TroubleDelay = time.Hour
	}
	if c.Loads <= 0 {
		c.Loads = 8
	}
	return &Service{c: c, loads: semaphore.NewWeighted(c.Loads), workers: make(map[mailstead.AccountID]*worker)}
}

const startPage = 1000

// Start begins a worker for every account that is to be read. The workers live
// until Stop, or until ctx ends.
func (s *Service) Start(ctx context.Context) error {
	s.mu.Lock()
	if s.run != nil {
		s.mu.Unlock()
		return nil
	}
	s.run, s.stop = context.WithCancel(ctx)
	s.mu.Unlock()
	var after mailstead.AccountID
	for {
		ids, err := s.c.Store.AccountsToRead(ctx, after, startPage)
		if err != nil {
			return err
		}
		for _, id := range ids {
			s.Nudge(id) //nolint:contextcheck // the workers live by the context of Start
			after = id
		}
		if len(ids) < startPage {
			return nil
		}
	}
}

// Stop ends all workers and waits for them. It may be called twice.
func (s *Service) Stop() {
	s.mu.Lock()
	if s.stop != nil {
		s.stop()
	}
	s.mu.Unlock()
	s.wg.Wait()
}

// Nudge tells that something about the account may have changed: its servers or
// secret, or what lies on its server. It starts the account's worker when it has
// none, and makes a waiting one look at all folders now.
func (s *Service) Nudge(id mailstead.AccountID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run == nil || s.run.Err() != nil {
		return
	}
	w := s.workers[id]
	if w == nil {
		w = &worker{s: s, id: id}
		s.workers[id] = w
		run := s.run
		s.wg.Go(func() { w.work(run) })
	}
	w.nudge()
}

// Restart is Nudge for an account whose servers, secret or switches changed: its
// connection is opened anew.
func (s *Service) Restart(id mailstead.AccountID) {
	s.mu.Lock()
	if w := s.workers[id]; w != nil {
		w.reconnect()
	}
	s.mu.Unlock()
	s.Nudge(id)
}

// leave removes a worker that has nothing left to do. It reports false when the
// worker was nudged meanwhile and must go on.
func (s *Service) leave(w *worker) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.nudged() && s.run.Err() == nil {
		return false
	}
	delete(s.workers, w.id)
	return true
}
