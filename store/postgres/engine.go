package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/store"
)

// tries is how often a step is run that lost a race for locks.
const tries = 5

// stepTimeout ends a step whose database does not answer any more.
const stepTimeout = 5 * time.Minute

// lockSpace keeps our advisory locks apart from those of other programs.
const lockSpace = 0x4d61_696c

// engine is store.Engine on PostgreSQL.
type engine struct {
	db     *bun.DB
	reader *store.Session
	// texts keeps statements in PostgreSQL's form.
	texts sync.Map
}

var _ store.Engine = (*engine)(nil)

func (e *engine) Write(ctx context.Context, fn func(context.Context, *store.Session) error) error {
	for n := 1; ; n++ {
		err := e.try(ctx, fn)
		if n == tries || !hasCode(err, codeDeadlock, codeSerialized) {
			return err
		}
	}
}

func (e *engine) try(ctx context.Context, fn func(context.Context, *store.Session) error) error {
	// A step that has begun is not cancelled with its caller, who would not know
	// whether it was committed.
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stepTimeout)
	defer cancel()
	return e.db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		return fn(ctx, &store.Session{IDB: tx, DB: e.db, Bound: bound{tx.Tx, &e.texts}})
	})
}

func (e *engine) Reader() *store.Session { return e.reader }

func (e *engine) Lock(ctx context.Context, s *store.Session, l store.Lock) error {
	if _, err := s.Bound.Exec(ctx, "SELECT pg_advisory_xact_lock(?, ?)", lockSpace, int32(l)); err != nil { //nolint:gosec // few locks
		return fmt.Errorf("lock: %w", err)
	}
	return nil
}

func (e *engine) RowLock(l store.RowLock) string {
	switch l {
	case store.RowUpdateSkip:
		return "UPDATE SKIP LOCKED"
	case store.RowKeep:
		return "KEY SHARE"
	default:
		return "UPDATE"
	}
}

func (e *engine) Unique(err error) bool { return hasCode(err, codeUnique) }

func (e *engine) Ping(ctx context.Context) error { return e.db.PingContext(ctx) }

func (e *engine) Close() error { return e.db.Close() }

// indexPiece is how many messages one statement puts into the index.
const indexPiece = 64

func (e *engine) Index(ctx context.Context, s *store.Session, docs []store.Document) error {
	for len(docs) > 0 {
		part := docs[:min(len(docs), indexPiece)]
		docs = docs[len(part):]
		args := make([]any, 0, 2*len(part))
		for i := range part {
			args = append(args, int64(part[i].ID), lexemes(&part[i]))
		}
		values := strings.Repeat(", (?, array_to_tsvector(?))", len(part))[2:]
		if _, err := s.Bound.Exec(ctx, "INSERT INTO message_search (message_id, words) VALUES "+values, args...); err != nil {
			return err
		}
	}
	return nil
}

// lexemes are the words of a message as they stand in the index, each once.
func lexemes(d *store.Document) []string {
	terms := []string{store.FolderTerm(d.AccountID, d.FolderID)}
	seen := make(map[string]bool)
	for word := range strings.FieldsSeq(d.Text) {
		if word = store.CutWord(word); !seen[word] {
			seen[word] = true
			terms = append(terms, store.Term(d.AccountID, word))
		}
	}
	return terms
}

func (e *engine) Search(ctx context.Context, q store.Search) ([]mailstead.MessageID, error) {
	query := "SELECT s.message_id FROM message_search AS s"
	where := " WHERE s.words @@ CAST(? AS tsquery)"
	args := []any{match(q)}
	if q.UnreadOnly {
		query += " JOIN messages AS m ON m.id = s.message_id"
		where += " AND m.flags & 1 = 0"
	}
	if q.Before != 0 {
		where += " AND s.message_id < ?"
		args = append(args, int64(q.Before))
	}
	rows, err := e.reader.Bound.Query(ctx, query+where+" ORDER BY s.message_id DESC LIMIT "+strconv.FormatInt(q.Limit, 10), args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	return scanIDs(rows)
}

// match is a search as a tsquery: all words, each the beginning of a word, in
// the folder asked for. The cast takes words as they are; no parser cuts them.
func match(q store.Search) string {
	var terms []string
	if q.FolderID != 0 {
		terms = append(terms, quote(store.FolderTerm(q.AccountID, q.FolderID)))
	}
	for _, w := range q.Words {
		terms = append(terms, quote(store.Term(q.AccountID, w))+":*")
	}
	return strings.Join(terms, " & ")
}

// quote makes a folded word a lexeme of a tsquery, where nothing in it has a
// meaning.
func quote(word string) string {
	return "'" + strings.NewReplacer(`'`, `''`, `\`, `\\`).Replace(word) + "'"
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

// runner is a transaction or a pool.
type runner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// bound runs statements by the extended protocol; the driver keeps them
// prepared.
type bound struct {
	run   runner
	texts *sync.Map
}

func (b bound) Exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return b.run.ExecContext(ctx, b.text(query), prepared(args)...)
}

func (b bound) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return b.run.QueryContext(ctx, b.text(query), prepared(args)...)
}

// prepared makes the driver prepare the statement and keep it; bun's statements,
// each of its own text, are not worth that.
func prepared(args []any) []any {
	return append([]any{pgx.QueryExecModeCacheStatement}, args...)
}

// text writes the parameters of a statement as PostgreSQL does: $1, $2 … No
// statement has a ? that is not a parameter.
func (b bound) text(query string) string {
	if t, ok := b.texts.Load(query); ok {
		return t.(string)
	}
	var out strings.Builder
	n := 0
	for _, c := range []byte(query) {
		if c != '?' {
			out.WriteByte(c)
			continue
		}
		n++
		out.WriteString("$" + strconv.Itoa(n))
	}
	t := out.String()
	b.texts.Store(query, t)
	return t
}
