//go:build realservers

package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/mailstead/mailstead/mailtest"
	"github.com/mailstead/mailstead/store"
	"github.com/mailstead/mailstead/store/postgres"
)

func TestMain(m *testing.M) { mailtest.Main(m) }

// TestPostgresReadsAccountPagesFromAnIndex asks for the plans of an empty database with
// whole scans and sorting discouraged: where an index has the rows in order the plan
// does without both.
func TestPostgresReadsAccountPagesFromAnIndex(t *testing.T) {
	dsn := mailtest.Postgres(t) + "&options=-c%20enable_seqscan%3Doff%20-c%20enable_sort%3Doff%20-c%20enable_bitmapscan%3Doff"
	db, err := postgres.Open(t.Context(), dsn, store.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for name, q := range accountPages() {
		plan, err := store.Plan(t.Context(), db, "EXPLAIN", q)
		if err != nil || len(plan) == 0 {
			t.Fatalf("%s: got plan %v, %v", name, plan, err)
		}
		text := strings.Join(plan, "\n")
		// What is found by one address is a few rows: they may be sorted.
		if strings.Contains(text, "Seq Scan on accounts") || (strings.Contains(text, "Sort") && q.Address == "") {
			t.Errorf("%s: the plan reads every account:\n%s", name, text)
		}
	}
	plan, err := store.SenderPlans(t.Context(), db, "EXPLAIN")
	if err != nil || len(plan) == 0 {
		t.Fatalf("got plan %v, %v", plan, err)
	}
	if text := strings.Join(plan, "\n"); strings.Contains(text, "Seq Scan on assignments") || strings.Contains(text, "Seq Scan on accounts") {
		t.Errorf("the plan of who may send reads a whole table:\n%s", text)
	}
}
