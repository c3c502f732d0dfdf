package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/mailstead/mailstead/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Limits of the pool.
const (
	maxConnections = 20
	maxIdle        = 8
	maxIdleTime    = 5 * time.Minute
	maxLifetime    = time.Hour
)

// Open opens the database that dsn names, a URL or key=value words as libpq
// takes them, and brings its tables up to date.
func Open(ctx context.Context, dsn string, o store.Options) (*store.DB, error) {
	config, err := parse(dsn)
	if err != nil {
		return nil, err
	}
	// For bun's queries; bound statements ask to be prepared.
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	raw := stdlib.OpenDB(*config)
	raw.SetMaxOpenConns(maxConnections)
	raw.SetMaxIdleConns(maxIdle)
	raw.SetConnMaxIdleTime(maxIdleTime)
	raw.SetConnMaxLifetime(maxLifetime)
	if err := migrate(ctx, raw, o); err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", notConnected(config, err)), raw.Close())
	}
	db := bun.NewDB(raw, pgdialect.New())
	e := &engine{db: db}
	e.reader = &store.Session{IDB: db, DB: db, Bound: bound{raw, &e.texts}}
	st, err := store.New(e, o)
	if err != nil {
		return nil, errors.Join(err, e.Close())
	}
	if err := st.FillAccountKeys(ctx); err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return st, nil
}

func migrate(ctx context.Context, db *sql.DB, o store.Options) error {
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return err
	}
	return store.Migrate(ctx, db, store.Migrations{Dialect: goose.DialectPostgres, Files: migrations, Logger: o.Logger}, goose.WithSessionLocker(locker))
}

// Codes of errors, PostgreSQL documentation appendix A.
const (
	codeUnique     = "23505"
	codeDeadlock   = "40P01"
	codeSerialized = "40001"
)

func hasCode(err error, codes ...string) bool {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return false
	}
	for _, c := range codes {
		if e.Code == c {
			return true
		}
	}
	return false
}
