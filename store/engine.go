package store

import (
	"context"
	"database/sql"

	"github.com/uptrace/bun"

	"github.com/mailstead/mailstead"
)

// Engine is what differs between the databases. Its methods may be called from
// many goroutines.
type Engine interface {
	// Write runs fn in a transaction and returns after its commit is durable. An
	// error of fn undoes the transaction and is returned. fn may be run more than
	// once, but takes effect once; it gets a ctx that is not cancelled with the
	// caller's. When ctx ends before fn was begun, Write returns its error.
	Write(ctx context.Context, fn func(context.Context, *Session) error) error
	// Reader runs statements outside of transactions; they see what is committed.
	Reader() *Session
	// Lock makes every other transaction that asks for the same lock wait until
	// this one ends.
	Lock(ctx context.Context, s *Session, l Lock) error
	// RowLock is what stands behind FOR at the end of a SELECT that holds its rows
	// until the transaction ends, or "" where a single writer needs none.
	RowLock(l RowLock) string
	// Index makes messages found by their words. A message that is deleted leaves
	// the index by itself.
	Index(ctx context.Context, s *Session, docs []Document) error
	// Search returns the newest messages that hold all the words, highest id
	// first.
	Search(ctx context.Context, q Search) ([]mailstead.MessageID, error)
	// Unique reports whether err is a violation of a unique index.
	Unique(err error) bool
	// Ping asks the database for a sign of life.
	Ping(ctx context.Context) error
	// Close lets running transactions end, then closes the database. It may be
	// called twice.
	Close() error
}

// Session runs statements, in a transaction or outside of one.
type Session struct {
	// IDB takes bun's queries; their arguments become part of the text.
	bun.IDB
	// DB scans rows into models.
	DB *bun.DB
	// Bound runs statements that are prepared once.
	Bound Bound
}

// Bound runs statements whose parameters are written as ? and sent beside the
// text.
type Bound interface {
	Exec(ctx context.Context, query string, args ...any) (sql.Result, error)
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Lock names a lock between transactions.
type Lock int64

// The locks.
const (
	// LockEvents is held from the insertion of events to the commit: ids become
	// visible in their order.
	LockEvents Lock = iota + 1
	// LockUsers is held while the first user is created.
	LockUsers
)

// RowLock says how a SELECT holds its rows.
type RowLock uint8

// The row locks.
const (
	// RowUpdate is for rows about to be changed.
	RowUpdate RowLock = iota
	// RowUpdateSkip passes over rows that others are changing.
	RowUpdateSkip
	// RowKeep only keeps rows from being locked by RowUpdate.
	RowKeep
)

// Document is a message to be found by its words.
type Document struct {
	ID        mailstead.MessageID
	AccountID mailstead.AccountID
	FolderID  mailstead.FolderID
	// Text is folded with mailstead.FoldText.
	Text string
}

// Search asks for messages by words.
type Search struct {
	AccountID mailstead.AccountID
	// FolderID is 0 for all folders of the account.
	FolderID mailstead.FolderID
	// Words are folded and not empty; a word matches a beginning.
	Words      []string
	UnreadOnly bool
	// Before is the id under which the answer starts, 0 for the newest.
	Before mailstead.MessageID
	Limit  int64
}

// Term is how a word stands in the index: behind its account. So a search, also
// for the mere beginning of a word, looks only at what the account itself holds,
// however much others have. The dot between is in no folded word, so no mail can
// hold a term of another account.
func Term(account mailstead.AccountID, word string) string { return account.String() + "·" + word }

// FolderTerm is a term that every message of a folder has, and no word is.
func FolderTerm(account mailstead.AccountID, folder mailstead.FolderID) string {
	return Term(account, "·"+folder.String())
}

// MaxWord is how many bytes of a word are looked for; see CutWord.
const MaxWord = 128

// CutWord shortens a word to MaxWord bytes at the end of a character.
func CutWord(w string) string { return cut(w, MaxWord) }
