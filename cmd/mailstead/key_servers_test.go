//go:build realservers

package main_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead/mailtest"
)

// restrict is what pg_dump writes anew each time.
var restrict = regexp.MustCompile(`(?m)^\\(un)?restrict .*$`)

func TestBrokenKeyFileTouchesNoPostgreSQL(t *testing.T) {
	t.Parallel()
	database := []string{"--database", mailtest.Postgres(t)}
	kept := installation(t, false, database...)
	held := func() string { return restrict.ReplaceAllString(string(dump(t, database)), "") }
	before := held()
	if !strings.Contains(before, "ada@example.com") {
		t.Fatal("the dump holds no user")
	}
	for _, b := range breakages {
		t.Run(b.name, func(t *testing.T) {
			data := t.TempDir()
			copyFiles(t, data, kept)
			b.do(t, filepath.Join(data, "key"))
			left := files(t, data)
			for _, c := range []string{"serve --listen 127.0.0.1:0", "check", "key check", "db migrate", "user list", "user add --no-password ben@example.com"} {
				args := append([]string{"--data", data}, database...)
				wantRefusal(t, command(t, "", append(args, strings.Fields(c)...)...), b.code)
			}
			wantSame(t, data, left)
			if diff := cmp.Diff(before, held()); diff != "" {
				t.Errorf("the database changed (-before +after):\n%s", diff)
			}
		})
	}
	args := append([]string{"--data", kept}, database...)
	for _, c := range []string{"check", "key check", "user list"} {
		if r := command(t, "", append(args, strings.Fields(c)...)...); r.code != 0 {
			t.Errorf("%s with the key: exit code %d\n%s", c, r.code, r.stderr)
		}
	}
}

func TestUnreachablePostgreSQLIsTold(t *testing.T) {
	for _, tt := range []struct {
		name, dsn, code string
		exit            int
	}{
		{"nobody listens", "postgres://x:hidden@127.0.0.1:1/x", "store.unreachable", 75},
		{"no address", "postgres://[", "store.address", 78},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data := t.TempDir()
			for _, c := range []string{"serve --listen 127.0.0.1:0", "check", "user list"} {
				r := command(t, "", append([]string{"--data", data, "--database", tt.dsn}, strings.Fields(c)...)...)
				if r.code != tt.exit || !strings.Contains(r.stderr, "["+tt.code+"]") || strings.Contains(r.stderr, "hidden") || strings.Contains(r.stderr, "dial tcp") {
					t.Errorf("%s: exit code %d, want %d and %s:\n%s", c, r.code, tt.exit, tt.code, r.stderr)
				}
			}
			if left := files(t, data); len(left) > 0 {
				t.Errorf("it left %v", left)
			}
		})
	}
}
