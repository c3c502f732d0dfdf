package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"github.com/mailstead/mailstead"
)

type userRow struct {
	bun.BaseModel `bun:"table:users,alias:u"`

	ID               int64 `bun:"id,pk,autoincrement"`
	Name             string
	Email            string
	EmailKey         string
	Role             string
	Disabled         bool
	DefaultAccountID int64
	OwnAccounts      string
	PasswordHash     string
	CreatedAt        int64
}

func newUserRow(u *mailstead.User) userRow {
	return userRow{
		ID: int64(u.ID), Name: u.Name, Email: u.Email, EmailKey: emailKey(u.Email), Role: string(u.Role),
		Disabled: u.Disabled, DefaultAccountID: int64(u.DefaultAccountID), OwnAccounts: string(u.OwnAccounts), CreatedAt: millis(u.CreatedAt),
	}
}

func (r *userRow) user() mailstead.User {
	return mailstead.User{
		ID: mailstead.UserID(r.ID), Name: r.Name, Email: r.Email, Role: mailstead.Role(r.Role), Disabled: r.Disabled,
		DefaultAccountID: mailstead.AccountID(r.DefaultAccountID), OwnAccounts: mailstead.AccountFreedom(r.OwnAccounts), CreatedAt: instant(r.CreatedAt),
	}
}

// emailKey makes addresses that differ only in case the same.
func emailKey(email string) string { return strings.ToLower(email) }

// CountUsers counts all users.
func (db *DB) CountUsers(ctx context.Context) (int, error) {
	n, err := db.reader().NewSelect().Model((*userRow)(nil)).Count(ctx)
	if err != nil {
		return 0, fmt.Errorf("count users: %w", err)
	}
	return int(n), nil
}

// CreateUser stores a new user with its profiles and sets u.ID, and u.CreatedAt
// when it is zero. A user with the same address is KindConflict, and with
// onlyFirst any user: the first user makes itself, and is the actor of the entry.
func (db *DB) CreateUser(ctx context.Context, u *mailstead.User, passwordHash string, onlyFirst bool, audit mailstead.AuditEntry) error {
	return db.write(ctx, "create user", func(ctx context.Context, s *step) error {
		if onlyFirst {
			if err := s.requireNoUser(ctx); err != nil {
				return err
			}
		}
		row := newUserRow(u)
		row.ID, row.PasswordHash = 0, passwordHash
		if row.CreatedAt == 0 {
			row.CreatedAt = millis(s.now)
		}
		if err := s.requireDefault(ctx, u.DefaultAccountID); err != nil {
			return err
		}
		if _, err := s.NewInsert().Model(&row).Exec(ctx); err != nil {
			return s.userExists(err)
		}
		if err := s.setProfiles(ctx, mailstead.UserID(row.ID), u.ProfileIDs); err != nil {
			return err
		}
		u.ID, u.CreatedAt = mailstead.UserID(row.ID), instant(row.CreatedAt)
		if onlyFirst {
			audit.ActorID = u.ID
		}
		return s.auditNew(ctx, audit, row.ID)
	})
}

func (s *step) requireNoUser(ctx context.Context) error {
	if err := s.engine.Lock(ctx, s.Session, LockUsers); err != nil {
		return err
	}
	any, err := s.NewSelect().Model((*userRow)(nil)).Exists(ctx)
	if err != nil {
		return err
	}
	if any {
		return conflict("setup.done", "The first administrator exists already.")
	}
	return nil
}

// requireDefault checks the account that a user prefers.
func (s *step) requireDefault(ctx context.Context, id mailstead.AccountID) error {
	if id == 0 {
		return nil
	}
	return s.requireAccount(ctx, id, RowKeep)
}

func (s *step) userExists(err error) error {
	if s.engine.Unique(err) {
		return conflict("user.exists", "There is a user with this address already.")
	}
	return err
}

// User returns one user.
func (db *DB) User(ctx context.Context, id mailstead.UserID) (mailstead.User, error) {
	u, _, err := oneUser(ctx, db.reader(), "u.id = ?", int64(id))
	if err != nil {
		return mailstead.User{}, fmt.Errorf("read user: %w", err)
	}
	return u, nil
}

// UserByEmail returns the user with this address, whatever the case of its
// letters, and the hash of its password.
func (db *DB) UserByEmail(ctx context.Context, email string) (u mailstead.User, passwordHash string, err error) {
	u, passwordHash, err = oneUser(ctx, db.reader(), "u.email_key = ?", emailKey(email))
	if err != nil {
		return mailstead.User{}, "", fmt.Errorf("find user: %w", err)
	}
	return u, passwordHash, nil
}

func oneUser(ctx context.Context, s *Session, where string, arg any) (u mailstead.User, passwordHash string, err error) {
	u, passwordHash, err = userOf(ctx, s, "", "users AS u", where, arg)
	return u, passwordHash, found(err, "user")
}

// userOf reads the user u in from with its profiles, all in one query: one stands
// behind every request to the API. columns are further ones, for dest. Without a
// row it returns sql.ErrNoRows.
func userOf(ctx context.Context, s *Session, columns, from, where string, arg any, dest ...any) (mailstead.User, string, error) {
	rows, err := s.Bound.Query(ctx, `SELECT u.id, u.name, u.email, u.role, u.disabled, u.default_account_id, u.own_accounts, u.password_hash, u.created_at,
		coalesce(up.profile_id, 0)`+columns+" FROM "+from+" LEFT JOIN user_profiles AS up ON up.user_id = u.id WHERE "+where+
		" ORDER BY up.profile_id", arg)
	if err != nil {
		return mailstead.User{}, "", err
	}
	defer func() { _ = rows.Close() }()
	var row userRow
	var profile mailstead.ProfileID
	var profiles []mailstead.ProfileID
	dest = append([]any{
		&row.ID, &row.Name, &row.Email, &row.Role, &row.Disabled, &row.DefaultAccountID, &row.OwnAccounts, &row.PasswordHash, &row.CreatedAt, &profile,
	}, dest...)
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return mailstead.User{}, "", err
		}
		if profile != 0 {
			profiles = append(profiles, profile)
		}
	}
	if err := rows.Err(); err != nil {
		return mailstead.User{}, "", err
	}
	if row.ID == 0 {
		return mailstead.User{}, "", sql.ErrNoRows
	}
	u := row.user()
	u.ProfileIDs = profiles
	return u, row.PasswordHash, nil
}

// Users returns users by id, at most 200.
func (db *DB) Users(ctx context.Context, after mailstead.UserID, n int) ([]mailstead.User, error) {
	var rows []userRow
	s := db.reader()
	err := s.NewSelect().Model(&rows).Where("u.id > ?", int64(after)).Order("u.id").Limit(limit(n, pageSize)).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	users, err := withProfiles(ctx, s, rows)
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	return users, nil
}

// withProfiles adds to users the profiles that they have.
func withProfiles(ctx context.Context, s *Session, rows []userRow) ([]mailstead.User, error) {
	users := make([]mailstead.User, len(rows))
	ids := make([]int64, len(rows))
	at := make(map[int64]int, len(rows))
	for i := range rows {
		users[i], ids[i], at[rows[i].ID] = rows[i].user(), rows[i].ID, i
	}
	for part := range pieces(ids, mostIDs) {
		has, err := all[userProfileRow](ctx, s, "SELECT * FROM user_profiles WHERE user_id IN ("+params(len(part))+") ORDER BY user_id, profile_id", values(part)...)
		if err != nil {
			return nil, err
		}
		for _, h := range has {
			u := &users[at[h.UserID]]
			u.ProfileIDs = append(u.ProfileIDs, mailstead.ProfileID(h.ProfileID))
		}
	}
	return users, nil
}

// UpdateUser stores name, address, role, state, preferred account and profiles of
// u. The sessions of a user who is switched off end.
func (db *DB) UpdateUser(ctx context.Context, u *mailstead.User, audit mailstead.AuditEntry) error {
	return db.write(ctx, "update user", func(ctx context.Context, s *step) error {
		if err := s.requireDefault(ctx, u.DefaultAccountID); err != nil {
			return err
		}
		row := newUserRow(u)
		res, err := s.NewUpdate().Model(&row).WherePK().
			Column("name", "email", "email_key", "role", "disabled", "default_account_id", "own_accounts").Exec(ctx)
		if err != nil {
			return s.userExists(err)
		}
		if err := affected(res, nil, "user"); err != nil {
			return err
		}
		if err := s.setProfiles(ctx, u.ID, u.ProfileIDs); err != nil {
			return err
		}
		if u.Disabled {
			if err := s.endSessions(ctx, u.ID); err != nil {
				return err
			}
		}
		return s.audit(ctx, audit)
	})
}

// SetDefaultAccount stores the account that a user prefers to send from, 0 for none.
func (db *DB) SetDefaultAccount(ctx context.Context, id mailstead.UserID, account mailstead.AccountID, audit mailstead.AuditEntry) error {
	return db.write(ctx, "set preferred account", func(ctx context.Context, s *step) error {
		if err := s.requireDefault(ctx, account); err != nil {
			return err
		}
		res, err := s.NewUpdate().Model((*userRow)(nil)).Set("default_account_id = ?", int64(account)).Where("id = ?", int64(id)).Exec(ctx)
		if err := affected(res, err, "user"); err != nil {
			return err
		}
		return s.audit(ctx, audit)
	})
}

// SetUserPassword stores a new password hash and ends the user's sessions.
func (db *DB) SetUserPassword(ctx context.Context, id mailstead.UserID, hash string, audit mailstead.AuditEntry) error {
	return db.write(ctx, "set password", func(ctx context.Context, s *step) error {
		res, err := s.NewUpdate().Model((*userRow)(nil)).Set("password_hash = ?", hash).Where("id = ?", int64(id)).Exec(ctx)
		if err := affected(res, err, "user"); err != nil {
			return err
		}
		if err := s.endSessions(ctx, id); err != nil {
			return err
		}
		return s.audit(ctx, audit)
	})
}

// requireUser returns KindNotFound unless the user exists.
func requireUser(ctx context.Context, s *Session, id mailstead.UserID) error {
	return require(ctx, s.Bound, "user", "SELECT 1 FROM users WHERE id = ?", int64(id))
}
