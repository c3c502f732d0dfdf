package store

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/pressly/goose/v3"

	"github.com/mailstead/mailstead"
)

// Migrations are what Migrate runs.
type Migrations struct {
	Dialect goose.Dialect
	// Files has them in its folder "migrations".
	Files fs.FS
	// Logger may be nil.
	Logger *slog.Logger
}

// Migrate runs those of the migrations that db has not had, each in a
// transaction of its own. A database that a newer program has migrated is
// refused with KindConflict and the code store.newer: its tables may mean
// something else by now.
func Migrate(ctx context.Context, db *sql.DB, m Migrations, o ...goose.ProviderOption) error {
	dir, err := fs.Sub(m.Files, "migrations")
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	p, err := goose.NewProvider(m.Dialect, db, dir, o...)
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
	done, err := p.Up(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	for _, d := range done {
		if m.Logger != nil {
			m.Logger.InfoContext(ctx, "migrated the database", slog.Int64("version", d.Source.Version), slog.Duration("took", d.Duration))
		}
	}
	return nil
}
