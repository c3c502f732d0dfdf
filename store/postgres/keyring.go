package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/mailstead/mailstead"
)

// codeNoTable is the code of a table that does not exist.
const codeNoTable = "42P01"

// Keyring reads the sealing keys of the database that dsn names and changes
// nothing: a key can be checked before Open migrates. Without keys, or without
// tables, the error is KindNotFound.
func Keyring(ctx context.Context, dsn string) (k mailstead.Keyring, err error) {
	config, err := parse(dsn)
	if err != nil {
		return k, err
	}
	db := stdlib.OpenDB(*config)
	defer func() { err = errors.Join(err, db.Close()) }()
	err = db.QueryRowContext(ctx, "SELECT wrapped, key_check FROM keyring WHERE id = 1").Scan(&k.Wrapped, &k.Check)
	switch {
	case errors.Is(err, sql.ErrNoRows), hasCode(err, codeNoTable):
		return k, mailstead.NotFound("keyring")
	case err != nil:
		return k, fmt.Errorf("read keyring: %w", notConnected(config, err))
	}
	return k, nil
}

// parse understands the address of a database.
func parse(dsn string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		// The parser's own words would show the password.
		return nil, &mailstead.Error{
			Kind: mailstead.KindInvalid, Code: "store.address", Op: "postgres.Open", Field: "database",
			Text: "The address of the PostgreSQL database is not valid: write it like postgres://user:password@host/name.",
		}
	}
	config.RuntimeParams["application_name"] = "mailstead"
	return config, nil
}

// notConnected puts the failure to connect in plain words; other errors stay as
// they are.
func notConnected(c *pgx.ConnConfig, err error) error {
	var failed *pgconn.ConnectError
	if !errors.As(err, &failed) {
		return err
	}
	e := &mailstead.Error{
		Kind: mailstead.KindTemporary, Code: "store.unreachable", Op: "postgres.Open", Err: err,
		Text: "The PostgreSQL server at " + net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port))) + " cannot be reached.",
	}
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		e.Kind, e.Code, e.Text = mailstead.KindPermanent, "store.refused", "The PostgreSQL server refuses the connection: "+refused.Message+"."
	}
	return e
}
