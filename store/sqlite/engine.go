package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"sync"

	"github.com/uptrace/bun"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/store"
)

// engine is store.Engine on SQLite.
type engine struct {
	db     *bun.DB
	pool   *bun.DB
	writer *writer
	reader *store.Session
	lock   *fileLock

	closing sync.Once
	closed  error
}

var _ store.Engine = (*engine)(nil)

func (e *engine) Write(ctx context.Context, fn func(context.Context, *store.Session) error) error {
	return e.writer.do(ctx, fn)
}

func (e *engine) Reader() *store.Session { return e.reader }

// Lock has nothing to do: there is one writer.
func (e *engine) Lock(context.Context, *store.Session, store.Lock) error { return nil }

func (e *engine) RowLock(store.RowLock) string { return "" }

func (e *engine) Unique(err error) bool { return isUnique(err) }

func (e *engine) Ping(ctx context.Context) error { return e.pool.PingContext(ctx) }

func (e *engine) Close() error {
	e.closing.Do(func() {
		e.closed = errors.Join(e.writer.stop(), e.pool.Close(), e.db.Close())
		if e.lock != nil {
			e.closed = errors.Join(e.closed, e.lock.release())
		}
	})
	return e.closed
}

func (e *engine) Index(ctx context.Context, s *store.Session, docs []store.Document) error {
	seen := make(map[string]struct{})
	for i := range docs {
		clear(seen)
		_, err := s.Bound.Exec(ctx, "INSERT INTO message_search (rowid, words) VALUES (?, ?)", int64(docs[i].ID), terms(&docs[i], seen))
		if err != nil {
			return err
		}
	}
	return nil
}

// terms are the words of a message as they stand in the index, each once: a
// search asks only whether a word is there. seen is empty and gets the words.
func terms(d *store.Document, seen map[string]struct{}) string {
	before := store.Term(d.AccountID, "")
	var b strings.Builder
	b.Grow(len(d.Text))
	b.WriteString(store.FolderTerm(d.AccountID, d.FolderID))
	for word := range strings.SplitSeq(d.Text, " ") {
		if _, ok := seen[word]; ok || word == "" {
			continue
		}
		seen[word] = struct{}{}
		b.WriteByte(' ')
		b.WriteString(before)
		b.WriteString(word)
	}
	return b.String()
}

func (e *engine) Search(ctx context.Context, q store.Search) ([]mailstead.MessageID, error) {
	query := "SELECT s.rowid FROM message_search AS s"
	where := " WHERE s.message_search MATCH ?"
	args := []any{match(q)}
	if q.UnreadOnly {
		// CROSS JOIN keeps the index of words outermost: its order is the answer's.
		query += " CROSS JOIN messages AS m"
		where += " AND m.id = s.rowid AND m.flags & 1 = 0"
	}
	if q.Before != 0 {
		where += " AND s.rowid < ?"
		args = append(args, int64(q.Before))
	}
	rows, err := e.reader.Bound.Query(ctx, query+where+" ORDER BY s.rowid DESC LIMIT "+strconv.FormatInt(q.Limit, 10), args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	return scanIDs(rows)
}

// match is a search in the FTS5 query language: all words, each the beginning of
// a word, in the folder asked for.
func match(q store.Search) string {
	var terms []string
	if q.FolderID != 0 {
		terms = append(terms, quote(store.FolderTerm(q.AccountID, q.FolderID)))
	}
	for _, w := range q.Words {
		terms = append(terms, quote(store.Term(q.AccountID, w))+"*")
	}
	return strings.Join(terms, " AND ")
}

func scanIDs(rows *sql.Rows) ([]mailstead.MessageID, error) {
	var ids []mailstead.MessageID
	for rows.Next() {
		var id mailstead.MessageID
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// maxPrepared is how many statements the reading connections keep prepared. Only
// few texts vary, with the number of their parameters.
const maxPrepared = 256

// pool runs bound statements on the reading connections and keeps them prepared.
type pool struct {
	db *sql.DB

	mu    sync.RWMutex
	stmts map[string]*sql.Stmt
}

func (p *pool) Exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return p.db.ExecContext(ctx, query, args...)
}

func (p *pool) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	st, err := p.stmt(ctx, query) //nolint:sqlclosecheck // kept prepared until the database is closed
	if err != nil {
		return nil, err
	}
	if st == nil {
		return p.db.QueryContext(ctx, query, args...)
	}
	return st.QueryContext(ctx, args...)
}

// stmt returns the prepared statement, or nil when there are too many.
func (p *pool) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	p.mu.RLock()
	st, full := p.stmts[query], len(p.stmts) >= maxPrepared
	p.mu.RUnlock()
	if st != nil || full {
		return st, nil
	}
	st, err := p.db.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if other := p.stmts[query]; other != nil {
		return other, st.Close() //nolint:sqlclosecheck // one too many: nobody has it
	}
	p.stmts[query] = st
	return st, nil
}
