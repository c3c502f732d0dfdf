package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/store"
	"github.com/mailstead/mailstead/store/sqlite"
)

var options = store.Options{Now: func() time.Time { return time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC) }}

func profile(t *testing.T, db *store.DB, name string) {
	t.Helper()
	if err := db.CreateProfile(t.Context(), &mailstead.Profile{Name: name}, audited); err != nil {
		t.Fatalf("create profile: %v", err)
	}
}

func profiles(t *testing.T, db *store.DB) map[string]bool {
	t.Helper()
	list, err := db.Profiles(t.Context())
	if err != nil {
		t.Fatalf("list profiles: %v", err)
	}
	out := map[string]bool{}
	for _, p := range list {
		out[p.Name] = true
	}
	return out
}

func TestFilesAreOursAlone(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "ours.db")
	// A file that others may read, as a careless backup leaves it.
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	db := open(t, path, options)
	profile(t, db, "x")
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]os.FileMode{}
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		seen[f.Name()] = info.Mode().Perm()
	}
	for _, name := range []string{"ours.db", "ours.db-wal", "ours.db-shm", "ours.db.lock"} {
		if seen[name] != 0o600 {
			t.Errorf("%s: got mode %o, want 600", name, seen[name])
		}
	}
}

func TestDatabaseComesBack(t *testing.T) {
	for _, name := range []string{"plain.db", "a b?c#d%41;é'.db"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			first, err := sqlite.Open(t.Context(), path, options)
			if err != nil {
				t.Fatal(err)
			}
			profile(t, first, "kept")
			if err := first.Close(); err != nil {
				t.Fatalf("close: %v", err)
			}
			if _, err := os.Stat(path); err != nil {
				t.Errorf("got %v, want the file under its own name", err)
			}
			if got := profiles(t, open(t, path, options)); !got["kept"] {
				t.Errorf("got profiles %v, want the one stored before", got)
			}
		})
	}
}

func TestOneProcessOwnsADatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	first, err := sqlite.Open(t.Context(), path, options)
	if err != nil {
		t.Fatal(err)
	}
	_, err = sqlite.Open(t.Context(), path, options)
	if mailstead.KindOf(err) != mailstead.KindConflict || mailstead.CodeOf(err) != "store.locked" {
		t.Errorf("got %v, want a conflict with code store.locked", err)
	}
	var e *mailstead.Error
	if errors.As(err, &e) && e.Text == "" {
		t.Error("got no sentence for people")
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, path, options)
}

func TestOpenFails(t *testing.T) {
	dir := t.TempDir()
	garbage := filepath.Join(dir, "garbage.db")
	if err := os.WriteFile(garbage, []byte("this is no database, whatever its name says"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"in a missing directory": filepath.Join(dir, "missing", "test.db"),
		"on a directory":         dir,
		"on another file":        garbage,
	} {
		t.Run(name, func(t *testing.T) {
			// The second try must not find a lock that the first one left.
			for range 2 {
				_, err := sqlite.Open(t.Context(), path, options)
				if err == nil || mailstead.CodeOf(err) == "store.locked" {
					t.Errorf("got %v, want an error about the file", err)
				}
			}
		})
	}
	if _, err := sqlite.Open(t.Context(), filepath.Join(dir, "noclock.db"), store.Options{}); err == nil {
		t.Error("without a clock: got no error")
	}
}

func TestDatabaseOfANewerProgramIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	db, err := sqlite.Open(t.Context(), path, options)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	execute(t, path, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)")
	_, err = sqlite.Open(t.Context(), path, options)
	if mailstead.CodeOf(err) != "store.newer" {
		t.Errorf("got %v, want code store.newer", err)
	}
}

// execute runs a statement beside the store.
func execute(t *testing.T, path, statement string) {
	t.Helper()
	raw := beside(t, path)
	if _, err := raw.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// beside is a connection of its own to the database.
func beside(t *testing.T, path string) *sql.DB {
	t.Helper()
	raw, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = raw.Close() })
	return raw
}

// number reads one number beside the store.
func number(ctx context.Context, t *testing.T, raw *sql.DB, query string) (n int64) {
	t.Helper()
	if err := raw.QueryRowContext(ctx, query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}
