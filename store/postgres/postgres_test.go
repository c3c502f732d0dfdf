//go:build realservers

package postgres_test

import (
	"database/sql"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/mailstead/mailstead/mailtest"
	"github.com/mailstead/mailstead/mailtest/storetest"
	"github.com/mailstead/mailstead/store"
	"github.com/mailstead/mailstead/store/postgres"
)

func TestMain(m *testing.M) { mailtest.Main(m) }

func TestConformance(t *testing.T) {
	dsn := mailtest.Postgres(t)
	admin, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = admin.Close() })
	var n atomic.Int64
	t.Run("suite", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T, o store.Options) *store.DB {
			// A schema is made ten times faster than a database.
			schema := fmt.Sprintf("suite_%d", n.Add(1))
			if _, err := admin.ExecContext(t.Context(), "CREATE SCHEMA "+schema); err != nil {
				t.Fatal(err)
			}
			return open(t, dsn+"&search_path="+schema, o)
		})
	})
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
