package store

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/mailstead/mailstead"
)

type sessionRow struct {
	bun.BaseModel `bun:"table:sessions,alias:s"`

	Hash      []byte `bun:"hash,pk"`
	UserID    int64
	CreatedAt int64
	ExpiresAt int64
}

// CreateSession stores a sign-in.
func (db *DB) CreateSession(ctx context.Context, n mailstead.Session) error {
	return db.write(ctx, "create session", func(ctx context.Context, s *step) error {
		if err := requireUser(ctx, s.Session, n.UserID); err != nil {
			return err
		}
		_, err := s.NewInsert().Model(&sessionRow{
			Hash: n.Hash, UserID: int64(n.UserID), CreatedAt: millis(n.CreatedAt), ExpiresAt: millis(n.ExpiresAt),
		}).Exec(ctx)
		if err != nil && s.engine.Unique(err) {
			return conflict("session.exists", "This session exists already.")
		}
		return err
	})
}

// Session returns the session with this hash, expired or not, and its user.
func (db *DB) Session(ctx context.Context, hash []byte) (mailstead.Session, mailstead.User, error) {
	var row sessionRow
	u, _, err := userOf(ctx, db.reader(), ", s.created_at, s.expires_at", "sessions AS s JOIN users AS u ON u.id = s.user_id",
		"s.hash = ?", hash, &row.CreatedAt, &row.ExpiresAt)
	if err != nil {
		return mailstead.Session{}, mailstead.User{}, fmt.Errorf("read session: %w", found(err, "session"))
	}
	return mailstead.Session{
		Hash: hash, UserID: u.ID, CreatedAt: instant(row.CreatedAt), ExpiresAt: instant(row.ExpiresAt),
	}, u, nil
}

// DeleteSession ends a session; KindNotFound when there is none.
func (db *DB) DeleteSession(ctx context.Context, hash []byte) error {
	return db.write(ctx, "delete session", func(ctx context.Context, s *step) error {
		res, err := s.NewDelete().Model((*sessionRow)(nil)).Where("hash = ?", hash).Exec(ctx)
		return affected(res, err, "session")
	})
}

// DeleteSessionsBefore removes sessions that expired before t.
func (db *DB) DeleteSessionsBefore(ctx context.Context, t time.Time) error {
	return db.write(ctx, "delete old sessions", func(ctx context.Context, s *step) error {
		_, err := s.NewDelete().Model((*sessionRow)(nil)).Where("expires_at < ?", millis(t)).Exec(ctx)
		return err
	})
}

// TouchSession moves the end of a session.
func (db *DB) TouchSession(ctx context.Context, hash []byte, expires time.Time) error {
	return db.write(ctx, "extend session", func(ctx context.Context, s *step) error {
		res, err := s.NewUpdate().Model((*sessionRow)(nil)).Set("expires_at = ?", millis(expires)).Where("hash = ?", hash).Exec(ctx)
		return affected(res, err, "session")
	})
}

// endSessions ends all sessions of a user.
func (s *step) endSessions(ctx context.Context, id mailstead.UserID) error {
	_, err := s.NewDelete().Model((*sessionRow)(nil)).Where("user_id = ?", int64(id)).Exec(ctx)
	return err
}
