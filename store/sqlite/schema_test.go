package sqlite_test

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

// TestSchema holds the tables against a golden file, which a change of a
// migration that was released would change too.
func TestSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	open(t, path, options)
	got := schema(t.Context(), t, beside(t, path))
	golden := filepath.Join("..", "testdata", "schema-sqlite.golden")
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

// schema lists tables with their columns, then everything else as it was made.
func schema(ctx context.Context, t *testing.T, db *sql.DB) string {
	t.Helper()
	var b strings.Builder
	list(ctx, t, db, &b, `SELECT 'table ' || m.name || char(10) || (
			SELECT group_concat('  ' || c.name || ' ' || c.type || iif(c."notnull", ' not null', '') || iif(c.pk, ' key', ''), char(10))
			FROM pragma_table_info(m.name) AS c)
		FROM sqlite_master AS m WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE 'goose_%'
			AND m.name NOT LIKE 'message_search%' ORDER BY m.name`)
	list(ctx, t, db, &b, `SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'goose_%'
		AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'message_search_%' ORDER BY type, name`)
	return b.String()
}

func list(ctx context.Context, t *testing.T, db *sql.DB, b *strings.Builder, query string) {
	t.Helper()
	rows, err := db.QueryContext(ctx, query)
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
