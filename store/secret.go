package store

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/mailstead/mailstead"
)

type secretRow struct {
	bun.BaseModel `bun:"table:account_secrets,alias:sec"`

	AccountID int64  `bun:"account_id,pk"`
	Field     string `bun:"field,pk"`
	Sealed    []byte
}

// Secrets returns the sealed secrets of an account.
func (db *DB) Secrets(ctx context.Context, id mailstead.AccountID) (map[mailstead.SecretField]mailstead.Sealed, error) {
	s := db.reader()
	if err := requireAccount(ctx, s, id, ""); err != nil {
		return nil, fmt.Errorf("read secrets: %w", err)
	}
	rows, err := all[secretRow](ctx, s, "SELECT * FROM account_secrets WHERE account_id = ?", int64(id))
	if err != nil {
		return nil, fmt.Errorf("read secrets: %w", err)
	}
	out := make(map[mailstead.SecretField]mailstead.Sealed, len(rows))
	for _, r := range rows {
		out[mailstead.SecretField(r.Field)] = r.Sealed
	}
	return out, nil
}

// setSecrets makes these the account's only secrets.
func (s *step) setSecrets(ctx context.Context, id mailstead.AccountID, secrets map[mailstead.SecretField]mailstead.Sealed) error {
	if _, err := s.Bound.Exec(ctx, "DELETE FROM account_secrets WHERE account_id = ?", int64(id)); err != nil {
		return err
	}
	for field, sealed := range secrets {
		// Bound, so that ciphertext never stands in a statement's text.
		_, err := s.Bound.Exec(ctx, "INSERT INTO account_secrets (account_id, field, sealed) VALUES (?, ?, ?)",
			int64(id), string(field), []byte(sealed))
		if err != nil {
			return err
		}
	}
	return nil
}
