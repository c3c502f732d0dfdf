package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/mailstead/mailstead"
)

// Options are what every engine is opened with.
type Options struct {
	// Now is the clock; it must be set.
	Now func() time.Time
	// Logger is told of migrations; it may be nil.
	Logger *slog.Logger
	// Committed is called after a commit that stored events; it may be nil and
	// must not block. It may be called from many goroutines.
	Committed func()
}

// DB is the store. Its methods may be called from many goroutines.
type DB struct {
	engine    Engine
	now       func() time.Time
	committed func()
}

// New returns a store on an opened engine, which it closes.
func New(e Engine, o Options) (*DB, error) {
	if o.Now == nil {
		return nil, errors.New("open store: no clock was given")
	}
	if o.Committed == nil {
		o.Committed = func() {}
	}
	return &DB{engine: e, now: o.Now, committed: o.Committed}, nil
}

// Close waits for running steps and closes the database. It may be called twice.
func (db *DB) Close() error { return db.engine.Close() }

// Ping asks the database for a sign of life.
func (db *DB) Ping(ctx context.Context) error {
	if err := db.engine.Ping(ctx); err != nil {
		return fmt.Errorf("reach the database: %w", err)
	}
	return nil
}

// step is a running transaction and the events that it is going to store.
type step struct {
	*Session
	engine Engine
	now    time.Time
	events []mailstead.Event
}

// emit stores events with the step.
func (s *step) emit(events ...mailstead.Event) { s.events = append(s.events, events...) }

// write runs fn as one step. op says what is tried, for errors.
func (db *DB) write(ctx context.Context, op string, fn func(context.Context, *step) error) error {
	stored := false
	err := db.engine.Write(ctx, func(ctx context.Context, sess *Session) error {
		s := &step{Session: sess, engine: db.engine, now: db.now()}
		if err := fn(ctx, s); err != nil {
			return err
		}
		stored = len(s.events) > 0
		return s.flush(ctx)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	if stored {
		db.committed()
	}
	return nil
}

// reader runs statements outside of transactions.
func (db *DB) reader() *Session { return db.engine.Reader() }

// found turns the absence of a row into KindNotFound of thing.
func found(err error, thing string) error {
	if errors.Is(err, sql.ErrNoRows) {
		return mailstead.NotFound(thing)
	}
	return err
}

// conflict is an error of KindConflict.
func conflict(code, text string) error {
	return &mailstead.Error{Kind: mailstead.KindConflict, Code: code, Text: text}
}

// affected returns KindNotFound of thing when a statement changed no row.
func affected(res sql.Result, err error, thing string) error {
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err != nil {
		return err
	}
	if n == 0 {
		return mailstead.NotFound(thing)
	}
	return nil
}

// one scans the only row of a bound query, or returns sql.ErrNoRows.
func one(ctx context.Context, b Bound, query string, args []any, dest ...any) error {
	rows, err := b.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return err
		}
		return sql.ErrNoRows
	}
	if err := rows.Scan(dest...); err != nil {
		return err
	}
	// The last step of a statement that changes something may still fail.
	for rows.Next() {
	}
	return rows.Err()
}

// all scans the rows of a bound query into models.
func all[T any](ctx context.Context, s *Session, query string, args ...any) ([]T, error) {
	rows, err := s.Bound.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []T
	if err := s.DB.ScanRows(ctx, rows, &out); err != nil {
		return nil, err
	}
	return out, rows.Err()
}

// first returns the first of the rows, or sql.ErrNoRows when there is none.
func first[T any](rows []T, err error) (*T, error) {
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, sql.ErrNoRows
	}
	return &rows[0], nil
}

// locked is the clause behind a SELECT that holds its rows, see Engine.RowLock.
func locked(lock string) string {
	if lock == "" {
		return ""
	}
	return " FOR " + lock
}

// require returns KindNotFound of thing unless the query has a row.
func require(ctx context.Context, b Bound, thing, query string, args ...any) error {
	var x int
	return found(one(ctx, b, query, args, &x), thing)
}

// limit bounds the size of a page; n out of range means the most.
func limit(n, most int) int64 {
	if n < 1 || n > most {
		return int64(most)
	}
	return int64(n)
}

// limited is the clause that bounds a page. Its number stands in the text:
// SQLite plans a statement anew each time a bound LIMIT gets a value.
func limited(n, most int) string { return " LIMIT " + strconv.FormatInt(limit(n, most), 10) }
