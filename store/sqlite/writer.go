package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/uptrace/bun"

	"github.com/mailstead/mailstead/store"
)

// maxGroup is the most steps that one COMMIT answers.
const maxGroup = 256

// errClosed is what a step gets after Close.
var errClosed = errors.New("the database is closed")

// writer owns the one writing connection.
type writer struct {
	conn    bun.Conn
	session *store.Session
	bound   *prepared
	queue   chan *job
	done    chan struct{}

	// mu guards closed against the closing of queue.
	mu     sync.RWMutex
	closed bool
}

// job is a step that waits for the writer.
type job struct {
	run    func(*store.Session) error
	state  atomic.Int32
	err    error
	answer chan error
}

// The states of a job: who moves it out of waiting has it.
const (
	jobWaiting int32 = iota
	jobTaken
	jobAbandoned
)

func startWriter(ctx context.Context, db *bun.DB) (*writer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	b := &prepared{conn: conn.Conn, stmts: make(map[string]*sql.Stmt)}
	w := &writer{
		conn: conn, bound: b, session: &store.Session{IDB: conn, DB: db, Bound: b},
		queue: make(chan *job, maxGroup), done: make(chan struct{}),
	}
	go w.loop(context.WithoutCancel(ctx))
	return w, nil
}

// stop answers all that waits, then ends the writer.
func (w *writer) stop() error {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.queue)
	}
	w.mu.Unlock()
	<-w.done
	return errors.Join(w.bound.close(), w.conn.Close())
}

// do hands fn to the writer and waits until its group is committed.
func (w *writer) do(ctx context.Context, fn func(context.Context, *store.Session) error) error {
	// A cancelled statement would make SQLite roll back the whole group, so a step
	// that has begun is never cancelled.
	calm := context.WithoutCancel(ctx)
	j := &job{run: func(s *store.Session) error { return fn(calm, s) }, answer: make(chan error, 1)}
	if err := w.enqueue(ctx, j); err != nil {
		return err
	}
	select {
	case err := <-j.answer:
		return err
	case <-ctx.Done():
		if j.state.CompareAndSwap(jobWaiting, jobAbandoned) {
			return ctx.Err()
		}
		return <-j.answer
	}
}

func (w *writer) enqueue(ctx context.Context, j *job) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return errClosed
	}
	select {
	case w.queue <- j:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *writer) loop(ctx context.Context) {
	defer close(w.done)
	group := make([]*job, 0, maxGroup)
	for j := range w.queue {
		group = w.group(ctx, j, group[:0])
		clear(group)
	}
}

// group runs first and what else waits in one transaction and answers them.
func (w *writer) group(ctx context.Context, first *job, group []*job) []*job {
	if _, err := w.bound.Exec(ctx, "BEGIN IMMEDIATE"); err != nil {
		first.answer <- fmt.Errorf("begin: %w", err)
		return group
	}
	var broken error
	for j := first; j != nil && broken == nil; j = w.next(len(group)) {
		if !j.state.CompareAndSwap(jobWaiting, jobTaken) {
			continue
		}
		group = append(group, j)
		j.err, broken = w.step(ctx, j)
	}
	if broken == nil {
		if _, err := w.bound.Exec(ctx, "COMMIT"); err != nil {
			broken = fmt.Errorf("commit: %w", err)
		}
	}
	if broken != nil {
		// Often SQLite has done it by itself; then this fails, which is well.
		_, _ = w.conn.Conn.ExecContext(ctx, "ROLLBACK")
	}
	for _, j := range group {
		if j.err == nil {
			j.err = broken
		}
		j.answer <- j.err
	}
	return group
}

// next returns a job that waits, or nil. Who is ready to bring one gets the chance
// to: on a busy machine that makes the groups larger, on an idle one it costs
// nothing.
func (w *writer) next(have int) *job {
	if have >= maxGroup {
		return nil
	}
	for tried := false; ; tried = true {
		select {
		case j := <-w.queue:
			return j
		default:
		}
		if tried {
			return nil
		}
		runtime.Gosched()
	}
}

// step runs one job in its savepoint. broken tells that the whole transaction is
// lost: some errors (a full disk) make SQLite roll back all of it.
func (w *writer) step(ctx context.Context, j *job) (err, broken error) {
	if _, err := w.bound.Exec(ctx, "SAVEPOINT step"); err != nil {
		return err, err
	}
	if err = j.run(w.session); err != nil {
		if _, undo := w.bound.Exec(ctx, "ROLLBACK TO step"); undo != nil {
			return err, fmt.Errorf("a step beside this one broke the transaction: %w", err)
		}
	}
	if _, end := w.bound.Exec(ctx, "RELEASE step"); end != nil {
		return errors.Join(err, end), end
	}
	return err, nil
}

// prepared runs statements on one connection and keeps them prepared.
type prepared struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

func (p *prepared) Exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	st, err := p.stmt(ctx, query) //nolint:sqlclosecheck // stays prepared until close
	if err != nil {
		return nil, err
	}
	return st.ExecContext(ctx, args...)
}

func (p *prepared) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	st, err := p.stmt(ctx, query) //nolint:sqlclosecheck // stays prepared until close
	if err != nil {
		return nil, err
	}
	return st.QueryContext(ctx, args...)
}

func (p *prepared) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	if st := p.stmts[query]; st != nil {
		return st, nil
	}
	st, err := p.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	p.stmts[query] = st
	return st, nil
}

func (p *prepared) close() error {
	var errs []error
	for _, st := range p.stmts {
		errs = append(errs, st.Close())
	}
	clear(p.stmts)
	return errors.Join(errs...)
}
