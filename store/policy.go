package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/mailstead/mailstead"
)

type policiesRow struct {
	ID        int64
	Rules     string
	UpdatedAt int64
}

// Policies returns the rules; those by default while nobody set any.
func (db *DB) Policies(ctx context.Context) (mailstead.Policies, error) {
	p, err := policies(ctx, db.reader(), "")
	if err != nil {
		return mailstead.Policies{}, fmt.Errorf("read policies: %w", err)
	}
	return p, nil
}

func policies(ctx context.Context, s *Session, lock string) (mailstead.Policies, error) {
	p := mailstead.DefaultPolicies()
	rows, err := all[policiesRow](ctx, s, "SELECT id, rules, updated_at FROM policies WHERE id = 1"+locked(lock))
	if err != nil || len(rows) == 0 {
		return p, err
	}
	// A rule that is younger than the row keeps its default.
	if err := json.Unmarshal([]byte(rows[0].Rules), &p); err != nil {
		return p, err
	}
	p.UpdatedAt = instant(rows[0].UpdatedAt)
	return p, nil
}

// PutPolicies stores the rules. p.UpdatedAt must be that of the rules as they were
// read: when somebody changed them since, the error is PoliciesChanged. It sets
// p.UpdatedAt.
func (db *DB) PutPolicies(ctx context.Context, p *mailstead.Policies, audit mailstead.AuditEntry) error {
	return db.write(ctx, "store policies", func(ctx context.Context, s *step) error {
		stored, err := policies(ctx, s.Session, s.engine.RowLock(RowUpdate))
		if err != nil {
			return err
		}
		if !stored.UpdatedAt.Equal(p.UpdatedAt) {
			return mailstead.PoliciesChanged()
		}
		rules := *p
		rules.UpdatedAt = time.Time{}
		text, err := json.Marshal(&rules)
		if err != nil {
			return err
		}
		at := max(millis(s.now), millis(stored.UpdatedAt)+1)
		// Two who are the first meet at the row that the other one made.
		res, err := s.Bound.Exec(ctx, `INSERT INTO policies (id, rules, updated_at) VALUES (1, ?, ?)
			ON CONFLICT (id) DO UPDATE SET rules = excluded.rules, updated_at = excluded.updated_at WHERE policies.updated_at = ?`,
			string(text), at, millis(stored.UpdatedAt))
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return cmp.Or(err, mailstead.PoliciesChanged())
		}
		if err := s.audit(ctx, audit); err != nil {
			return err
		}
		p.UpdatedAt = instant(at)
		return nil
	})
}

// OwnedAccounts counts the accounts that belong to a user.
func (db *DB) OwnedAccounts(ctx context.Context, user mailstead.UserID) (int, error) {
	n, err := ownedAccounts(ctx, db.reader(), user)
	if err != nil {
		return 0, fmt.Errorf("count accounts of user: %w", err)
	}
	return n, nil
}

func ownedAccounts(ctx context.Context, s *Session, user mailstead.UserID) (n int, err error) {
	err = one(ctx, s.Bound, "SELECT count(*) FROM accounts WHERE owner_id <> 0 AND owner_id = ? AND deleted_at = 0", []any{int64(user)}, &n)
	return n, err
}

// requireRoom asks the policies whether a user may own one more account, and keeps
// others from giving the user one at the same time.
func (s *step) requireRoom(ctx context.Context, user mailstead.UserID) error {
	p, err := policies(ctx, s.Session, "")
	if err != nil || p.AccountsPerUser == 0 {
		return err
	}
	if err := require(ctx, s.Bound, "user", "SELECT 1 FROM users WHERE id = ?"+locked(s.engine.RowLock(RowUpdate)), int64(user)); err != nil {
		return err
	}
	n, err := ownedAccounts(ctx, s.Session, user)
	if err != nil {
		return err
	}
	return p.CheckRoom(n)
}
