package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/mailstead/mailstead"
)

// Keyring reads the sealing keys of the database in the file at path and changes
// nothing at all: a key can be checked before Open migrates. It works beside a
// process that has the database open, too. Without keys, or without a database,
// the error is KindNotFound.
func Keyring(ctx context.Context, path string) (k mailstead.Keyring, err error) {
	none := mailstead.NotFound("keyring")
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist), err == nil && info.Size() == 0:
		return k, none
	case err != nil:
		return k, fmt.Errorf("read keyring: %w", err)
	}
	settings, restore, err := untouched(path)
	if err != nil {
		return k, fmt.Errorf("read keyring: %w", err)
	}
	defer func() { err = errors.Join(err, restore()) }()
	db, err := connect(ctx, path, "mode=ro&_pragma=busy_timeout(5000)&"+settings, 1)
	if err != nil {
		return k, fmt.Errorf("read keyring: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var tables int
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'keyring'").Scan(&tables); err != nil {
		return k, fmt.Errorf("read keyring: %w", err)
	}
	if tables == 0 {
		return k, none
	}
	switch err := db.QueryRowContext(ctx, "SELECT wrapped, key_check FROM keyring WHERE id = 1").Scan(&k.Wrapped, &k.Check); {
	case errors.Is(err, sql.ErrNoRows):
		return k, none
	case err != nil:
		return k, fmt.Errorf("read keyring: %w", err)
	}
	return k, nil
}

// untouched returns the settings with which SQLite reads the database at path
// without writing any file, and what to do afterwards.
//
// A database that was closed is one file, which "immutable" reads without locks.
// Beside it may lie the log of changes (-wal) of a process that was killed, and
// the index of that log (-shm), which every reader would build anew: with
// "readonly_shm" it is built in memory (https://sqlite.org/wal.html#readonly).
// Only where another process has the database does a reader have to register
// itself in the index.
func untouched(path string) (settings string, restore func() error, err error) {
	restore = func() error { return nil }
	if log, err := os.Stat(path + "-wal"); errors.Is(err, fs.ErrNotExist) || err == nil && log.Size() == 0 {
		return "immutable=1", restore, nil
	}
	inUse, err := locked(path + ".lock")
	if err != nil || inUse {
		return "", restore, err
	}
	index := path + "-shm"
	switch _, err := os.Stat(index); {
	case errors.Is(err, fs.ErrNotExist):
		// SQLite wants the file to be there.
		if err := os.WriteFile(index, nil, 0o600); err != nil {
			return "", restore, err
		}
		restore = func() error { return os.Remove(index) }
	case err != nil:
		return "", restore, err
	}
	return "readonly_shm=1", restore, nil
}
