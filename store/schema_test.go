package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestBothEnginesHaveTheSameTables compares the golden files, which the engines'
// own tests hold against real databases. Only the search differs.
func TestBothEnginesHaveTheSameTables(t *testing.T) {
	sqlite, postgres := tables(t, "schema-sqlite.golden"), tables(t, "schema-postgres.golden")
	if len(sqlite) < 10 || len(sqlite["messages"]) < 10 {
		t.Fatalf("got tables %v, want the whole schema", sqlite)
	}
	delete(sqlite, "message_search")
	delete(postgres, "message_search")
	if d := cmp.Diff(sqlite, postgres); d != "" {
		t.Errorf("tables and columns: SQLite (-), PostgreSQL (+):\n%s", d)
	}
}

// tables reads the tables of a golden file with their columns in order.
func tables(t *testing.T, name string) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	table := ""
	for line := range strings.Lines(string(text)) {
		switch column, indented := strings.CutPrefix(line, "  "); {
		case strings.HasPrefix(line, "table "):
			table = strings.TrimSpace(strings.TrimPrefix(line, "table "))
		case indented && table != "":
			word, _, _ := strings.Cut(column, " ")
			out[table] = append(out[table], word)
		default:
			table = ""
		}
	}
	return out
}
