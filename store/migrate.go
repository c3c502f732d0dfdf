package store

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"

	"github.com/mailstead/mailstead"
)

// Migrate runs the migrations in the folder "migrations" of files that db has
// not had, each in a transaction of its own. A database that a newer program has
// migrated is refused with KindConflict and the code store.newer: its tables may
// mean something else by now.
func Migrate(ctx context.Context, dialect goose.Dialect, db *sql.DB, files fs.FS, o ...goose.ProviderOption) error {
	dir, err := fs.Sub(files, "migrations")
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	p, err := goose.NewProvider(dialect, db, dir, o...)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	current, known, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if current > known {
		return &mailstead.Error{
			Kind: mailstead.KindConflict, Code: "store.newer", Op: "store.Migrate",
			Text: fmt.Sprintf("This database was made by a newer Mailstead (schema %d, this program knows %d). Start the newer program.", current, known),
		}
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}
