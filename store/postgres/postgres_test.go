//go:build realservers

package postgres_test

import (
	"testing"

	"github.com/mailstead/mailstead/mailtest"
	"github.com/mailstead/mailstead/mailtest/storetest"
	"github.com/mailstead/mailstead/store"
	"github.com/mailstead/mailstead/store/postgres"
)

func TestMain(m *testing.M) { mailtest.Main(m) }

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T, o store.Options) *store.DB {
		return open(t, mailtest.Postgres(t), o)
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
