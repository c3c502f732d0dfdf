package main_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead/credential"
)

// files reads all regular files below dir, with their modes; the lock file may
// change.
func files(t testing.TB, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || strings.HasSuffix(path, ".lock") {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		b, err := os.ReadFile(path)
		out[strings.TrimPrefix(path, dir)] = fmt.Sprintf("%v %d bytes %x", info.Mode(), len(b), b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// wantSame checks that the data directory is byte for byte what it was.
func wantSame(t testing.TB, dir string, before map[string]string) {
	t.Helper()
	after := files(t, dir)
	for name := range before {
		if after[name] != before[name] {
			t.Errorf("%s changed or is gone", name)
		}
	}
	for name := range after {
		if _, ok := before[name]; !ok {
			t.Errorf("%s is new", name)
		}
	}
}

// breakages are the ways for a key file to go wrong, with the codes that tell.
var breakages = []struct {
	name, code string
	do         func(t testing.TB, path string)
}{
	{"removed", "key.missing", func(t testing.TB, path string) { must(t, os.Remove(path)) }},
	{"of another installation", "key.wrong", func(t testing.TB, path string) {
		must(t, os.Remove(path))
		_, err := credential.CreateKeyFile(path)
		must(t, err)
	}},
	{"cut short", "key.damaged", func(t testing.TB, path string) { must(t, os.Truncate(path, 40)) }},
	{"empty", "key.damaged", func(t testing.TB, path string) { must(t, os.Truncate(path, 0)) }},
	{"a directory", "key.damaged", func(t testing.TB, path string) {
		must(t, os.Remove(path))
		must(t, os.Mkdir(path, 0o700))
	}},
	{"readable by the group", "key.permissions", func(t testing.TB, path string) { must(t, os.Chmod(path, 0o640)) }},
	{"readable by all", "key.permissions", func(t testing.TB, path string) { must(t, os.Chmod(path, 0o604)) }},
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// dataCommands need the data of an installation.
var dataCommands = []string{
	"serve --listen 127.0.0.1:0", "check", "key check", "db migrate", "user list", "user add --no-password ben@example.com", "profile add x",
	"account list", "account show 1", "account connect anna@example.com", "account delete 1", "domain set example.com --provider aruba",
	"domain remove example.com", "message list 1", "message show 1", "outbox list", "outbox retry 1", "send --to ben@example.com",
	"token create --user 1", "resolve --user 1", "doctor 1", "discover anna@example.com",
}

// installation makes a data directory with a user in it; killed leaves it as
// kill -9 does.
func installation(t testing.TB, killed bool, args ...string) string {
	t.Helper()
	data := t.TempDir()
	s := serve(t, data, args...)
	s.setUp()
	if killed {
		s.kill()
		if info, err := os.Stat(filepath.Join(data, "mailstead.db-wal")); len(args) == 0 && (err != nil || info.Size() == 0) {
			t.Fatal("the killed service left no log of changes")
		}
	} else {
		s.stop()
	}
	return data
}

// wantRefusal checks that a command ended for want of a good key file, with one
// sentence.
func wantRefusal(t testing.TB, r result, code string) {
	t.Helper()
	if r.code != 78 || strings.Count(r.stderr, "\n") != 1 || !strings.HasPrefix(r.stderr, "mailstead: ") ||
		!strings.HasSuffix(r.stderr, " ["+code+"]\n") || r.stdout != "" {
		t.Errorf("exit code %d, want 78 and one sentence with %s:\n%s%s", r.code, code, r.stdout, r.stderr)
	}
}

func TestFirstStartMakesTheKeyFile(t *testing.T) {
	data := t.TempDir()
	s := serve(t, data)
	info, err := os.Stat(filepath.Join(data, "key"))
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("%v and %v, want mode 0600", err, info)
	}
	key, err := os.ReadFile(filepath.Join(data, "key"))
	must(t, err)
	s.stop()
	s.start()
	again, err := os.ReadFile(filepath.Join(data, "key"))
	must(t, err)
	if string(key) != string(again) {
		t.Error("the second start made another key")
	}
}

func TestBrokenKeyFileStopsEverythingAndNothingIsTouched(t *testing.T) {
	t.Parallel()
	for _, killed := range []bool{false, true} {
		kept := installation(t, killed)
		for _, b := range breakages {
			t.Run(fmt.Sprintf("%s, killed=%t", b.name, killed), func(t *testing.T) {
				data := t.TempDir()
				copyFiles(t, data, kept)
				b.do(t, filepath.Join(data, "key"))
				before := files(t, data)
				commands := dataCommands
				if b.code != "key.missing" || killed {
					commands = []string{"serve --listen 127.0.0.1:0", "check", "db migrate", "account connect anna@example.com"}
				}
				for _, c := range commands {
					wantRefusal(t, command(t, "a password\n", append([]string{"--data", data}, strings.Fields(c)...)...), b.code)
					wantSame(t, data, before)
					if t.Failed() {
						t.Fatalf("after mailstead %s", c)
					}
				}
				r := command(t, "", "--data", data, "--json", "user", "list")
				var told struct{ Code, Detail string }
				if err := json.Unmarshal([]byte(r.stdout), &told); err != nil || r.code != 78 || told.Code != b.code || told.Detail == "" {
					t.Errorf("with --json: exit code %d, %v:\n%s%s", r.code, err, r.stdout, r.stderr)
				}
			})
		}
	}
}

// copyFiles copies the regular files of a data directory.
func copyFiles(t testing.TB, to, from string) {
	t.Helper()
	must(t, filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		target := filepath.Join(to, strings.TrimPrefix(path, from))
		switch {
		case err != nil || path == from:
			return err
		case d.IsDir():
			return os.Mkdir(target, 0o700)
		case !d.Type().IsRegular():
			return nil // the socket that a killed service leaves
		}
		b, err := os.ReadFile(path)
		must(t, err)
		return os.WriteFile(target, b, 0o600)
	}))
}

func TestBrokenKeyFileLetsNoMigrationRun(t *testing.T) {
	data := installation(t, false)
	// To the program this is a database that has had no migration.
	db, err := sql.Open("sqlite", filepath.Join(data, "mailstead.db"))
	must(t, err)
	_, err = db.ExecContext(t.Context(), "DELETE FROM goose_db_version WHERE version_id > 0")
	must(t, err)
	must(t, db.Close())
	// With the key it would try, and fail because the tables are there.
	if r := command(t, "", "--data", data, "db", "migrate"); r.code == 0 || !strings.Contains(r.stderr, "migrate") {
		t.Fatalf("with the key: exit code %d\n%s", r.code, r.stderr)
	}
	breakages[0].do(t, filepath.Join(data, "key"))
	before := files(t, data)
	for _, c := range []string{"serve --listen 127.0.0.1:0", "db migrate", "check"} {
		wantRefusal(t, command(t, "", append([]string{"--data", data}, strings.Fields(c)...)...), "key.missing")
	}
	wantSame(t, data, before)
}

func TestBrokenKeyFileOfANewInstallation(t *testing.T) {
	for _, b := range breakages[2:] {
		t.Run(b.name, func(t *testing.T) {
			data := t.TempDir()
			key := filepath.Join(data, "key")
			_, err := credential.CreateKeyFile(key)
			must(t, err)
			b.do(t, key)
			before := files(t, data)
			wantRefusal(t, command(t, "", "serve", "--data", data, "--listen", "127.0.0.1:0"), b.code)
			wantSame(t, data, before)
		})
	}
	// A good one that is there already, because it was brought by hand, is taken.
	data := t.TempDir()
	_, err := credential.CreateKeyFile(filepath.Join(data, "key"))
	must(t, err)
	before := files(t, data)["/key"]
	serve(t, data)
	if diff := cmp.Diff(before, files(t, data)["/key"]); diff != "" {
		t.Errorf("the key file changed: %s", diff)
	}
}

func TestKeyCheck(t *testing.T) {
	data := t.TempDir()
	if r := command(t, "", "--data", data, "key", "check"); r.code != 66 || !strings.Contains(r.stderr, "[store.missing]") {
		t.Errorf("before there is a key: exit code %d\n%s", r.code, r.stderr)
	}
	if left := files(t, data); len(left) != 0 {
		t.Errorf("key check made %v", left)
	}
	s := serve(t, data)
	s.setUp()
	for _, place := range []string{"beside a running service", "after a kill", "after a stop"} {
		t.Run(place, func(t *testing.T) {
			switch place {
			case "after a kill":
				s.kill()
			case "after a stop":
				s.start()
				s.stop()
			}
			before := map[string]string{}
			if place != "beside a running service" {
				before = files(t, data)
			}
			for _, c := range []string{"key check", "check"} {
				r := command(t, "", append([]string{"--data", data}, strings.Fields(c)...)...)
				if r.code != 0 || !strings.Contains(r.stdout, "Key file") || !strings.Contains(r.stdout, "ok") {
					t.Errorf("%s: exit code %d\n%s%s", c, r.code, r.stdout, r.stderr)
				}
				r = command(t, "", append([]string{"--data", data, "--json"}, strings.Fields(c)...)...)
				var got struct{ OK, Running bool }
				if err := json.Unmarshal([]byte(r.stdout), &got); err != nil || !got.OK {
					t.Errorf("%s: %v in %s", c, err, r.stdout)
				}
				if c == "check" && got.Running != (place == "beside a running service") {
					t.Errorf("running: %t", got.Running)
				}
			}
			if len(before) > 0 {
				wantSame(t, data, before)
			}
		})
	}
	// The service holds the key; only who looks at the file sees what became of it.
	s.start()
	breakages[1].do(t, filepath.Join(data, "key"))
	wantRefusal(t, s.cli("", "key", "check"), "key.wrong")
	wantRefusal(t, s.cli("", "check"), "key.wrong")
	if status, _ := s.try(http.MethodGet, "/session", nil); status != http.StatusOK {
		t.Errorf("the service answers with status %d", status)
	}
}
