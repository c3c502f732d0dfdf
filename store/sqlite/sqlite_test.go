package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/mailtest/storetest"
	"github.com/mailstead/mailstead/store"
	"github.com/mailstead/mailstead/store/sqlite"
)

// audited is an entry for steps whose audit a test does not look at.
var audited = mailstead.AuditEntry{
	Action: mailstead.AuditAccountUpdate, Object: mailstead.AuditObject{Kind: mailstead.AuditAccount, ID: "1"},
}

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T, o store.Options) *store.DB {
		path := filepath.Join(t.TempDir(), "test.db")
		db := open(t, path, o)
		raw := beside(t, path)
		t.Cleanup(func() { storetest.Check(t, raw) })
		return db
	})
}

// open opens a database until the test ends.
func open(t testing.TB, path string, o store.Options) *store.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), path, o)
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
