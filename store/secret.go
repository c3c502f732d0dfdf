package store

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/mailstead/mailstead"
)

type secretRow struct {
	bun.BaseModel `bun:"table:account_secrets,alias:sec"`

	AccountID int64  `bun:"account_id,pk"`
	Field     string `bun:"field,pk"`
	Sealed    []byte
	SetAt     int64
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

// PasswordSetAt returns when the oldest password of an account was entered, the zero
// time when that is not known or there is none.
func (db *DB) PasswordSetAt(ctx context.Context, id mailstead.AccountID) (time.Time, error) {
	rows, err := all[secretRow](ctx, db.reader(), "SELECT * FROM account_secrets WHERE account_id = ? AND set_at <> 0 ORDER BY set_at", int64(id))
	if err != nil || len(rows) == 0 {
		return time.Time{}, err
	}
	return instant(rows[0].SetAt), nil
}

// PasswordsSetBefore returns accounts of a provider with a password that was entered
// at or before a time, by account behind one, at most n.
func (db *DB) PasswordsSetBefore(
	ctx context.Context, provider mailstead.ProviderID, before time.Time, after mailstead.AccountID, n int,
) ([]mailstead.AccountPassword, error) {
	type agedRow struct {
		accountRow

		SetAt int64
	}
	const old = "FROM account_secrets AS sec WHERE sec.account_id = a.id AND sec.set_at <> 0"
	rows, err := all[agedRow](ctx, db.reader(), "SELECT a.*, (SELECT MIN(sec.set_at) "+old+") AS set_at FROM accounts AS a WHERE a.provider_id = ? AND a.deleted_at = 0 "+
		"AND a.id > ? AND EXISTS (SELECT 1 "+old+" AND sec.set_at <= ?) ORDER BY a.id"+limited(n, pageSize), string(provider), int64(after), millis(before))
	if err != nil {
		return nil, fmt.Errorf("find old passwords: %w", err)
	}
	out := make([]mailstead.AccountPassword, len(rows))
	for i := range rows {
		out[i] = mailstead.AccountPassword{Account: rows[i].account(), SetAt: instant(rows[i].SetAt)}
	}
	return out, nil
}

// setSecrets makes these the account's only secrets. The age of one that is stored
// already, byte for byte, goes on.
func (s *step) setSecrets(ctx context.Context, id mailstead.AccountID, secrets map[mailstead.SecretField]mailstead.Sealed) error {
	stored, err := all[secretRow](ctx, s.Session, "SELECT * FROM account_secrets WHERE account_id = ?", int64(id))
	if err != nil {
		return err
	}
	if _, err := s.Bound.Exec(ctx, "DELETE FROM account_secrets WHERE account_id = ?", int64(id)); err != nil {
		return err
	}
	for field, sealed := range secrets {
		setAt := millis(s.now)
		for i := range stored {
			if bytes.Equal(stored[i].Sealed, sealed) {
				setAt = stored[i].SetAt
			}
		}
		// Bound, so that ciphertext never stands in a statement's text.
		_, err := s.Bound.Exec(ctx, "INSERT INTO account_secrets (account_id, field, sealed, set_at) VALUES (?, ?, ?, ?)",
			int64(id), string(field), []byte(sealed), setAt)
		if err != nil {
			return err
		}
	}
	return nil
}
