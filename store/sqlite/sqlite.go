package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/pressly/goose/v3"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	driver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/mailstead/mailstead/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// readers is how many connections read at the same time.
const readers = 4

// Settings of the connections. cache_size is in KB when negative; a log of
// changes over journal_size_limit is cut back after a checkpoint.
const (
	writerSettings = "_txlock=immediate&_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
		"&_pragma=foreign_keys(1)&_pragma=mmap_size(0)&_pragma=cache_size(-8000)&_pragma=wal_autocheckpoint(4000)" +
		"&_pragma=journal_size_limit(67108864)&_pragma=temp_store(MEMORY)"
	readerSettings = "_pragma=busy_timeout(5000)&_pragma=query_only(1)&_pragma=mmap_size(0)&_pragma=cache_size(-2000)" +
		"&_pragma=temp_store(MEMORY)"
)

// Open opens the database in the file at path, which is created with its tables
// when it is missing, and keeps other processes out of it: while one of them has
// it, the error is KindConflict with the code store.locked.
func Open(ctx context.Context, path string, o store.Options) (*store.DB, error) {
	l, err := takeLock(path + ".lock")
	if err != nil {
		return nil, err
	}
	e, err := open(ctx, path, o)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", path, err), l.release())
	}
	e.lock = l
	db, err := store.New(e, o)
	if err != nil {
		return nil, errors.Join(err, e.Close())
	}
	if err := db.FillAccountKeys(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func open(ctx context.Context, path string, o store.Options) (*engine, error) {
	if err := prepareFile(path); err != nil {
		return nil, err
	}
	w, err := connect(ctx, path, writerSettings, 1)
	if err != nil {
		return nil, err
	}
	if err := store.Migrate(ctx, w.DB, store.Migrations{Dialect: goose.DialectSQLite3, Files: migrations, Logger: o.Logger}); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	r, err := connect(ctx, path, readerSettings, readers)
	if err != nil {
		return nil, errors.Join(err, w.Close())
	}
	e := &engine{db: w, pool: r}
	if e.writer, err = startWriter(ctx, w); err != nil {
		return nil, errors.Join(err, r.Close(), w.Close())
	}
	e.reader = &store.Session{IDB: r, DB: r, Bound: &pool{db: r.DB, stmts: make(map[string]*sql.Stmt)}}
	return e, nil
}

// prepareFile makes sure that the file is there, is ours alone, and that its
// name survives a power loss.
func prepareFile(path string) error {
	f, err := os.OpenFile(filepath.Clean(path), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	// SQLite gives its other files the mode of this one.
	if err := errors.Join(f.Chmod(0o600), f.Close()); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func connect(ctx context.Context, path, settings string, most int) (*bun.DB, error) {
	// A file: URL, so that no character of the path is taken for a setting.
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + settings
	raw, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	raw.SetMaxOpenConns(most)
	raw.SetMaxIdleConns(most)
	if err := raw.PingContext(ctx); err != nil {
		return nil, errors.Join(err, raw.Close())
	}
	return bun.NewDB(raw, sqlitedialect.New()), nil
}

// isUnique reports whether err is a violation of a unique index or primary key.
func isUnique(err error) bool {
	var e *driver.Error
	if !errors.As(err, &e) {
		return false
	}
	return e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
}

// quote makes a folded word a string of the FTS5 query language, where nothing
// in it has a meaning.
func quote(word string) string { return `"` + strings.ReplaceAll(word, `"`, `""`) + `"` }
