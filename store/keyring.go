package store

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/mailstead/mailstead"
)

type keyringRow struct {
	bun.BaseModel `bun:"table:keyring"`

	ID       int64 `bun:"id,pk"`
	Wrapped  []byte
	KeyCheck []byte
}

// Keyring returns the sealing keys as stored; KindNotFound when there are none.
func (db *DB) Keyring(ctx context.Context) (mailstead.Keyring, error) {
	var row keyringRow
	if err := db.reader().NewSelect().Model(&row).Where("id = 1").Scan(ctx); err != nil {
		return mailstead.Keyring{}, fmt.Errorf("read keyring: %w", found(err, "keyring"))
	}
	return mailstead.Keyring{Wrapped: row.Wrapped, Check: row.KeyCheck}, nil
}

// SaveKeyring stores the first and only keyring; KindConflict when there is one.
func (db *DB) SaveKeyring(ctx context.Context, k mailstead.Keyring) error {
	return db.write(ctx, "save keyring", func(ctx context.Context, s *step) error {
		_, err := s.NewInsert().Model(&keyringRow{ID: 1, Wrapped: k.Wrapped, KeyCheck: k.Check}).Exec(ctx)
		if err != nil && s.engine.Unique(err) {
			return conflict("keyring.exists", "This database has its sealing keys already.")
		}
		return err
	})
}
