package store

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/mailstead/mailstead"
)

type tokenRow struct {
	bun.BaseModel `bun:"table:tokens,alias:t"`

	ID        int64 `bun:"id,pk,autoincrement"`
	UserID    int64
	Name      string
	Scopes    list[mailstead.Scope]
	Hash      []byte
	CreatedAt int64
	ExpiresAt int64
	UsedAt    int64
}

func (r *tokenRow) token() mailstead.Token {
	return mailstead.Token{
		ID: mailstead.TokenID(r.ID), UserID: mailstead.UserID(r.UserID), Name: r.Name, Scopes: r.Scopes, Hash: r.Hash,
		CreatedAt: instant(r.CreatedAt), ExpiresAt: instant(r.ExpiresAt), UsedAt: instant(r.UsedAt),
	}
}

// CreateToken stores a token and sets its ID, and its CreatedAt when it is zero.
func (db *DB) CreateToken(ctx context.Context, t *mailstead.Token, audit mailstead.AuditEntry) error {
	return db.write(ctx, "create token", func(ctx context.Context, s *step) error {
		if err := requireUser(ctx, s.Session, t.UserID); err != nil {
			return err
		}
		row := tokenRow{
			UserID: int64(t.UserID), Name: t.Name, Scopes: t.Scopes, Hash: t.Hash,
			CreatedAt: millis(t.CreatedAt), ExpiresAt: millis(t.ExpiresAt), UsedAt: millis(t.UsedAt),
		}
		if row.CreatedAt == 0 {
			row.CreatedAt = millis(s.now)
		}
		if _, err := s.NewInsert().Model(&row).Exec(ctx); err != nil {
			if s.engine.Unique(err) {
				return conflict("token.exists", "This token exists already.")
			}
			return err
		}
		t.ID, t.CreatedAt = mailstead.TokenID(row.ID), instant(row.CreatedAt)
		return s.auditNew(ctx, audit, row.ID)
	})
}

// TokenByHash returns the token with this hash, expired or not, and its user.
func (db *DB) TokenByHash(ctx context.Context, hash []byte) (mailstead.Token, mailstead.User, error) {
	row := tokenRow{Hash: hash}
	u, _, err := userOf(ctx, db.reader(), ", t.id, t.user_id, t.name, t.scopes, t.created_at, t.expires_at, t.used_at",
		"tokens AS t JOIN users AS u ON u.id = t.user_id", "t.hash = ?", hash,
		&row.ID, &row.UserID, &row.Name, &row.Scopes, &row.CreatedAt, &row.ExpiresAt, &row.UsedAt)
	if err != nil {
		return mailstead.Token{}, mailstead.User{}, fmt.Errorf("read token: %w", found(err, "token"))
	}
	return row.token(), u, nil
}

// Tokens returns the tokens of a user by id.
func (db *DB) Tokens(ctx context.Context, user mailstead.UserID) ([]mailstead.Token, error) {
	s := db.reader()
	if err := requireUser(ctx, s, user); err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	var rows []tokenRow
	if err := s.NewSelect().Model(&rows).Where("t.user_id = ?", int64(user)).Order("t.id").Scan(ctx); err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	out := make([]mailstead.Token, len(rows))
	for i := range rows {
		out[i] = rows[i].token()
	}
	return out, nil
}

// DeleteToken removes a token of this user.
func (db *DB) DeleteToken(ctx context.Context, id mailstead.TokenID, user mailstead.UserID, audit mailstead.AuditEntry) error {
	return db.write(ctx, "delete token", func(ctx context.Context, s *step) error {
		res, err := s.NewDelete().Model((*tokenRow)(nil)).Where("id = ? AND user_id = ?", int64(id), int64(user)).Exec(ctx)
		if err := affected(res, err, "token"); err != nil {
			return err
		}
		return s.audit(ctx, audit)
	})
}

// TouchToken records when a token was last used.
func (db *DB) TouchToken(ctx context.Context, id mailstead.TokenID, at time.Time) error {
	return db.write(ctx, "touch token", func(ctx context.Context, s *step) error {
		res, err := s.NewUpdate().Model((*tokenRow)(nil)).Set("used_at = ?", millis(at)).Where("id = ?", int64(id)).Exec(ctx)
		return affected(res, err, "token")
	})
}
