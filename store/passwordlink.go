package store

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/mailstead/mailstead"
)

type passwordLinkRow struct {
	bun.BaseModel `bun:"table:password_links,alias:pl"`

	ID        int64 `bun:"id,pk,autoincrement"`
	AccountID int64
	Hash      []byte
	CreatedBy int64
	CreatedAt int64
	ExpiresAt int64
	UsedAt    int64
	ClosedAt  int64
}

func (r *passwordLinkRow) link() mailstead.PasswordLink {
	return mailstead.PasswordLink{
		ID: mailstead.PasswordLinkID(r.ID), AccountID: mailstead.AccountID(r.AccountID), Hash: r.Hash,
		CreatedBy: mailstead.UserID(r.CreatedBy), CreatedAt: instant(r.CreatedAt), ExpiresAt: instant(r.ExpiresAt),
		UsedAt: instant(r.UsedAt), ClosedAt: instant(r.ClosedAt),
	}
}

// CreatePasswordLink stores a link and sets its ID, and its CreatedAt when it is
// zero. It closes the account's link before it: one is open at a time.
func (db *DB) CreatePasswordLink(ctx context.Context, l *mailstead.PasswordLink, audit mailstead.AuditEntry) error {
	return db.write(ctx, "create password link", func(ctx context.Context, s *step) error {
		if err := s.requireAccount(ctx, l.AccountID, RowUpdate); err != nil {
			return err
		}
		if err := s.addPasswordLink(ctx, l); err != nil {
			return err
		}
		return s.audit(ctx, audit)
	})
}

func (s *step) addPasswordLink(ctx context.Context, l *mailstead.PasswordLink) error {
	row := passwordLinkRow{
		AccountID: int64(l.AccountID), Hash: l.Hash, CreatedBy: int64(l.CreatedBy),
		CreatedAt: millis(l.CreatedAt), ExpiresAt: millis(l.ExpiresAt),
	}
	if row.CreatedAt == 0 {
		row.CreatedAt = millis(s.now)
	}
	if err := s.closePasswordLinks(ctx, l.AccountID, instant(row.CreatedAt)); err != nil {
		return err
	}
	if _, err := s.NewInsert().Model(&row).Exec(ctx); err != nil {
		return err
	}
	l.ID, l.CreatedAt = mailstead.PasswordLinkID(row.ID), instant(row.CreatedAt)
	return nil
}

// askPassword stores the link of an account that was just connected, if it has one.
func (s *step) askPassword(ctx context.Context, account mailstead.AccountID, c *mailstead.Connected) error {
	if c.Link == nil {
		return nil
	}
	c.Link.AccountID = account
	if err := s.addPasswordLink(ctx, c.Link); err != nil {
		return err
	}
	return s.auditNew(ctx, c.LinkAudit, int64(account))
}

// closePasswordLinks ends what is open of an account.
func (s *step) closePasswordLinks(ctx context.Context, account mailstead.AccountID, at time.Time) error {
	_, err := s.NewUpdate().Model((*passwordLinkRow)(nil)).Set("closed_at = ?", millis(at)).
		Where("account_id = ? AND closed_at = 0", int64(account)).Exec(ctx)
	return err
}

// PasswordLinks returns the links of an account from new to old, at most 50.
func (db *DB) PasswordLinks(ctx context.Context, account mailstead.AccountID) ([]mailstead.PasswordLink, error) {
	rows, err := all[passwordLinkRow](ctx, db.reader(), "SELECT * FROM password_links WHERE account_id = ? ORDER BY id DESC LIMIT 50", int64(account))
	if err != nil {
		return nil, fmt.Errorf("list password links: %w", err)
	}
	out := make([]mailstead.PasswordLink, len(rows))
	for i := range rows {
		out[i] = rows[i].link()
	}
	return out, nil
}

// PasswordLinkByHash returns the link with this hash, open or not.
func (db *DB) PasswordLinkByHash(ctx context.Context, hash []byte) (mailstead.PasswordLink, error) {
	row, err := first(all[passwordLinkRow](ctx, db.reader(), "SELECT * FROM password_links WHERE hash = ?", hash))
	if err != nil {
		return mailstead.PasswordLink{}, fmt.Errorf("find password link: %w", found(err, "link"))
	}
	return row.link(), nil
}

// ClosePasswordLink takes back an open link of the account.
func (db *DB) ClosePasswordLink(ctx context.Context, id mailstead.PasswordLinkID, account mailstead.AccountID, at time.Time, audit mailstead.AuditEntry) error {
	return db.write(ctx, "close password link", func(ctx context.Context, s *step) error {
		res, err := s.NewUpdate().Model((*passwordLinkRow)(nil)).Set("closed_at = ?", millis(at)).
			Where("id = ? AND account_id = ? AND closed_at = 0", int64(id), int64(account)).Exec(ctx)
		if err := affected(res, err, "link"); err != nil {
			return err
		}
		return s.audit(ctx, audit)
	})
}

// UsePasswordLink stores what an open link brought: the account with its new
// secrets, see UpdateAccount. Used twice, or too late, it stores nothing and is
// ErrPasswordLink.
func (db *DB) UsePasswordLink(ctx context.Context, id mailstead.PasswordLinkID, at time.Time, c mailstead.AccountChange) error {
	return db.write(ctx, "use password link", func(ctx context.Context, s *step) error {
		res, err := s.NewUpdate().Model((*passwordLinkRow)(nil)).Set("closed_at = ?", millis(at)).Set("used_at = ?", millis(at)).
			Where("id = ? AND account_id = ? AND closed_at = 0 AND expires_at > ?", int64(id), int64(c.Account.ID), millis(at)).Exec(ctx)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return cmp.Or(err, mailstead.ErrPasswordLink())
		}
		return s.updateAccount(ctx, c.Account, c.Secrets, c.Audit, c.Events)
	})
}
