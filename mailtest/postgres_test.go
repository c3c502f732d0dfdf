//go:build realservers

package mailtest_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/mailstead/mailstead/mailtest"
)

func TestMain(m *testing.M) { mailtest.Main(m) }

func TestEachCallGetsAnEmptyDatabaseOfTheSameCluster(t *testing.T) {
	first, second := mailtest.Postgres(t), mailtest.Postgres(t)
	if first == second {
		t.Fatalf("both calls got %s", first)
	}
	for _, dsn := range []string{first, second} {
		c, err := pgx.Connect(t.Context(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close(t.Context())
		// unaccent needs no superuser; a second CREATE TABLE would fail in a
		// database that is not empty.
		for _, statement := range []string{"CREATE EXTENSION unaccent", "CREATE TABLE t (id int)"} {
			if _, err := c.Exec(t.Context(), statement); err != nil {
				t.Errorf("%s: %v", statement, err)
			}
		}
		var fsync string
		if err := c.QueryRow(t.Context(), "SHOW fsync").Scan(&fsync); err != nil || fsync != "on" {
			t.Errorf("fsync = %q, %v; want on", fsync, err)
		}
	}
}
