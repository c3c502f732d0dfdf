//go:build realservers

package postgres_test

import (
	"database/sql"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/mailtest"
	"github.com/mailstead/mailstead/mailtest/storetest"
	"github.com/mailstead/mailstead/store"
	"github.com/mailstead/mailstead/store/postgres"
)

var update = flag.Bool("update", false, "write the golden files")

func TestMain(m *testing.M) { mailtest.Main(m) }

func TestConformance(t *testing.T) {
	dsn := mailtest.Postgres(t)
	admin := beside(t, dsn)
	var n atomic.Int64
	t.Run("suite", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T, o store.Options) *store.DB {
			// A schema is made ten times faster than a database.
			schema := fmt.Sprintf("suite_%d", n.Add(1))
			if _, err := admin.ExecContext(t.Context(), "CREATE SCHEMA "+schema); err != nil {
				t.Fatal(err)
			}
			db := open(t, dsn+"&search_path="+schema, o)
			raw := beside(t, dsn+"&search_path="+schema)
			t.Cleanup(func() { storetest.Check(t, raw) })
			return db
		})
	})
}

var options = store.Options{Now: time.Now}

func TestProcessesThatStartTogetherMigrateOnce(t *testing.T) {
	dsn := mailtest.Postgres(t)
	errs := make(chan error)
	const n = 4
	for range n {
		go func() {
			db, err := postgres.Open(t.Context(), dsn, options)
			if err == nil {
				err = db.Close()
			}
			errs <- err
		}()
	}
	for range n {
		if err := <-errs; err != nil {
			t.Errorf("got %v, want no error", err)
		}
	}
	raw := beside(t, dsn)
	var versions, distinct int
	err := raw.QueryRowContext(t.Context(), "SELECT count(*), count(DISTINCT version_id) FROM goose_db_version").Scan(&versions, &distinct)
	if err != nil || versions != distinct {
		t.Errorf("got %d migrations of %d versions, %v, want each once", versions, distinct, err)
	}
}

func TestDatabaseComesBack(t *testing.T) {
	dsn := mailtest.Postgres(t)
	first, err := postgres.Open(t.Context(), dsn, options)
	if err != nil {
		t.Fatal(err)
	}
	audit := mailstead.AuditEntry{Action: mailstead.AuditProfileCreate, Object: mailstead.AuditObject{Kind: mailstead.AuditProfile}}
	if err := first.CreateProfile(t.Context(), &mailstead.Profile{Name: "kept"}, audit); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	list, err := open(t, dsn, options).Profiles(t.Context())
	if err != nil || len(list) != 1 {
		t.Errorf("got %v, %v, want the profile stored before", list, err)
	}
}

func TestDatabaseOfANewerProgramIsRefused(t *testing.T) {
	dsn := mailtest.Postgres(t)
	open(t, dsn, options)
	if _, err := beside(t, dsn).ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)"); err != nil {
		t.Fatal(err)
	}
	_, err := postgres.Open(t.Context(), dsn, options)
	if mailstead.CodeOf(err) != "store.newer" {
		t.Errorf("got %v, want code store.newer", err)
	}
}

func TestOpenFailsWithoutShowingThePassword(t *testing.T) {
	dsn := mailtest.Postgres(t)
	address, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	for name, dsn := range map[string]string{
		"no URL":            "postgres://u:s3cret@[::1/x",
		"bad port":          "postgres://u:s3cret@127.0.0.1:99999999/x",
		"bad setting":       "host=127.0.0.1 password=s3cret port=x",
		"nobody listens":    "postgres://u:s3cret@127.0.0.1:1/x",
		"wrong password":    "postgres://mailstead:s3cret@" + address.Host + address.Path + "?sslmode=disable",
		"database is wrong": "postgres://mailstead:s3cret@" + address.Host + "/nowhere?sslmode=disable",
	} {
		_, err := postgres.Open(t.Context(), dsn, options)
		if err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: got %v, want an error without the password", name, err)
		}
	}
	if _, err := postgres.Open(t.Context(), dsn, store.Options{}); err == nil {
		t.Error("without a clock: got no error")
	}
}

// TestSchema holds the tables against a golden file, which a change of a
// migration that was released would change too.
func TestSchema(t *testing.T) {
	dsn := mailtest.Postgres(t)
	open(t, dsn, options)
	got := schema(t, beside(t, dsn))
	golden := filepath.Join("..", "testdata", "schema-postgres.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("schema: got (+), want (-):\n%s\nAfter a new migration run the test with -update.", d)
	}
}

// schema lists tables with their columns, then indexes and constraints.
func schema(t *testing.T, db *sql.DB) string {
	t.Helper()
	var b strings.Builder
	for _, query := range []string{
		`SELECT 'table ' || table_name || chr(10) || string_agg('  ' || column_name || ' ' || data_type ||
				CASE is_nullable WHEN 'NO' THEN ' not null' ELSE '' END, chr(10) ORDER BY ordinal_position)
			FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE 'goose_%'
			GROUP BY table_name ORDER BY table_name COLLATE "C"`,
		`SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT LIKE 'goose_%' ORDER BY indexname COLLATE "C"`,
		`SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
			WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text NOT LIKE 'goose_%' ORDER BY 1`,
	} {
		list(t, db, &b, query)
	}
	return b.String()
}

func list(t *testing.T, db *sql.DB, b *strings.Builder, query string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(b, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

// beside is a connection of its own to the database.
func beside(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	raw, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = raw.Close() })
	return raw
}

// open opens a database until the test ends.
func open(t testing.TB, dsn string, o store.Options) *store.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), dsn, o)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return db
}
