package sqlite_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/store/sqlite"
)

var ring = mailstead.Keyring{Wrapped: []byte("wrapped"), Check: []byte("check")}

// directory reads all files of a directory.
func directory(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name()] = string(b)
	}
	return out
}

func TestKeyringIsReadWithoutATouch(t *testing.T) {
	// A database in use, its log of changes full, as it lies there after a kill.
	live := t.TempDir()
	db := open(t, filepath.Join(live, "test.db"), options)
	if err := db.SaveKeyring(t.Context(), ring); err != nil {
		t.Fatal(err)
	}
	files := func(names ...string) map[string]string {
		all, out := directory(t, live), map[string]string{}
		for _, n := range names {
			out[n] = all[n]
		}
		return out
	}
	killed := files("test.db", "test.db-wal", "test.db-shm", "test.db.lock")
	if len(killed["test.db-wal"]) == 0 || len(killed["test.db-shm"]) == 0 {
		t.Fatal("the database has no log of changes")
	}
	// The index as a reader who died while building it would leave it.
	torn := files("test.db", "test.db-wal")
	torn["test.db-shm"] = killed["test.db-shm"][:100]
	closedDir := t.TempDir()
	closed, err := sqlite.Open(t.Context(), filepath.Join(closedDir, "test.db"), options)
	if err != nil {
		t.Fatal(err)
	}
	if err := closed.SaveKeyring(t.Context(), ring); err != nil {
		t.Fatal(err)
	}
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		files map[string]string
		found bool
	}{
		{"closed", directory(t, closedDir), true},
		{"killed", killed, true},
		{"killed, the index torn", torn, true},
		{"copied without index", files("test.db", "test.db-wal"), true},
		{"no database", nil, false},
		{"an empty file", map[string]string{"test.db": ""}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, content := range tt.files {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			before := directory(t, dir)
			got, err := sqlite.Keyring(t.Context(), filepath.Join(dir, "test.db"))
			if tt.found {
				if diff := cmp.Diff(ring, got); err != nil || diff != "" {
					t.Errorf("got %v and (-want +got):\n%s", err, diff)
				}
			} else if mailstead.KindOf(err) != mailstead.KindNotFound {
				t.Errorf("got %v, want not found", err)
			}
			if diff := cmp.Diff(before, directory(t, dir)); diff != "" {
				t.Errorf("the files changed (-before +after):\n%s", diff)
			}
		})
	}
}

func TestKeyringIsReadBesideAWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	db := open(t, path, options)
	if _, err := sqlite.Keyring(t.Context(), path); mailstead.KindOf(err) != mailstead.KindNotFound {
		t.Errorf("before there is one: got %v, want not found", err)
	}
	if err := db.SaveKeyring(t.Context(), ring); err != nil {
		t.Fatal(err)
	}
	got, err := sqlite.Keyring(t.Context(), path)
	if diff := cmp.Diff(ring, got); err != nil || diff != "" {
		t.Errorf("got %v and (-want +got):\n%s", err, diff)
	}
	profile(t, db, "still writable")
}

func TestKeyringOfAnotherFileFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	if err := os.WriteFile(path, []byte("this is no database, whatever its name says"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Keyring(t.Context(), path); err == nil || mailstead.KindOf(err) == mailstead.KindNotFound {
		t.Errorf("got %v, want an error about the file", err)
	}
}
