package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"github.com/mailstead/mailstead"
)

type assignmentRow struct {
	bun.BaseModel `bun:"table:assignments,alias:asg"`

	ID        int64 `bun:"id,pk,autoincrement"`
	AccountID int64
	UserID    int64
	ProfileID int64
	System    bool
	Rights    list[mailstead.Right]
	Priority  int
}

func newAssignmentRow(a *mailstead.Assignment) assignmentRow {
	return assignmentRow{
		AccountID: int64(a.AccountID), UserID: int64(a.UserID), ProfileID: int64(a.ProfileID),
		System: a.System, Rights: a.Rights, Priority: a.Priority,
	}
}

func assignments(rows []assignmentRow) []mailstead.Assignment {
	var out []mailstead.Assignment
	for i := range rows {
		r := &rows[i]
		out = append(out, mailstead.Assignment{
			ID: mailstead.AssignmentID(r.ID), AccountID: mailstead.AccountID(r.AccountID), UserID: mailstead.UserID(r.UserID),
			ProfileID: mailstead.ProfileID(r.ProfileID), System: r.System, Rights: r.Rights, Priority: r.Priority,
		})
	}
	return out
}

// Conditions on rows that name an account. Where they find rows they are unions: for
// alternatives in one condition PostgreSQL reads the whole table.
const (
	// reachesUser keeps assignments of the user itself or of its profiles, for a bound
	// statement, which takes the user twice. The statement names the accounts.
	reachesUser = `((asg.user_id <> 0 AND asg.user_id = ?) OR
		(asg.profile_id <> 0 AND asg.profile_id IN (SELECT up.profile_id FROM user_profiles AS up WHERE up.user_id = ?)))`
	// ofUser names the accounts that the user owns or was assigned.
	ofUser = `(SELECT id FROM accounts WHERE owner_id <> 0 AND owner_id = ?0
		UNION SELECT m.account_id FROM assignments AS m WHERE m.user_id <> 0 AND m.user_id = ?0
		UNION SELECT m.account_id FROM user_profiles AS up JOIN assignments AS m ON m.profile_id = up.profile_id
			WHERE up.user_id = ?0 AND m.profile_id <> 0)`
	// reach are the live assignments of the user, of its profiles and of the system, for
	// a bound statement, which takes the user twice.
	reach = `SELECT asg.* FROM assignments AS asg WHERE asg.id IN (
		SELECT m.id FROM assignments AS m WHERE m.system
		UNION ALL SELECT m.id FROM assignments AS m WHERE m.user_id <> 0 AND m.user_id = ?
		UNION ALL SELECT m.id FROM user_profiles AS up JOIN assignments AS m ON m.profile_id = up.profile_id
			WHERE up.user_id = ? AND m.profile_id <> 0)
		AND EXISTS (SELECT 1 FROM accounts AS a WHERE a.id = asg.account_id AND a.deleted_at = 0) ORDER BY asg.id`
)

// CreateAssignment stores an assignment and sets its ID. The same account for
// the same user or profile, or a second one for the system, is KindConflict.
func (db *DB) CreateAssignment(ctx context.Context, a *mailstead.Assignment, audit mailstead.AuditEntry) error {
	return db.write(ctx, "create assignment", func(ctx context.Context, s *step) error {
		if err := s.requireAccount(ctx, a.AccountID, RowKeep); err != nil {
			return err
		}
		if err := s.assign(ctx, a); err != nil {
			return err
		}
		return s.audit(ctx, audit)
	})
}

// assign inserts an assignment of an account that is known to exist.
func (s *step) assign(ctx context.Context, a *mailstead.Assignment) error {
	if a.UserID != 0 {
		if err := requireUser(ctx, s.Session, a.UserID); err != nil {
			return err
		}
	}
	if a.ProfileID != 0 {
		if err := s.requireProfile(ctx, a.ProfileID); err != nil {
			return err
		}
	}
	row := newAssignmentRow(a)
	if _, err := s.NewInsert().Model(&row).Exec(ctx); err != nil {
		if s.engine.Unique(err) {
			return conflict("assignment.exists", "This assignment exists already.")
		}
		return err
	}
	a.ID = mailstead.AssignmentID(row.ID)
	return nil
}

// Assignment returns one assignment of an account that was not deleted.
func (db *DB) Assignment(ctx context.Context, id mailstead.AssignmentID) (mailstead.Assignment, error) {
	row, err := first(all[assignmentRow](ctx, db.reader(), "SELECT asg.* FROM assignments AS asg WHERE asg.id = ? AND "+live("asg.account_id"), int64(id)))
	if err != nil {
		return mailstead.Assignment{}, fmt.Errorf("read assignment: %w", found(err, "assignment"))
	}
	return assignments([]assignmentRow{*row})[0], nil
}

// Assignments returns the assignments of an account by id.
func (db *DB) Assignments(ctx context.Context, account mailstead.AccountID) ([]mailstead.Assignment, error) {
	var rows []assignmentRow
	s := db.reader()
	if err := requireAccount(ctx, s, account, ""); err != nil {
		return nil, fmt.Errorf("list assignments: %w", err)
	}
	if err := s.NewSelect().Model(&rows).Where("asg.account_id = ?", int64(account)).Order("asg.id").Scan(ctx); err != nil {
		return nil, fmt.Errorf("list assignments: %w", err)
	}
	return assignments(rows), nil
}

// AssignedAccounts returns what a user was given, or else a profile, with the accounts:
// in the order in which they would send.
func (db *DB) AssignedAccounts(ctx context.Context, user mailstead.UserID, profile mailstead.ProfileID) ([]mailstead.Assigned, error) {
	out, err := db.assignedAccounts(ctx, db.reader(), user, profile)
	if err != nil {
		return nil, fmt.Errorf("list assigned accounts: %w", err)
	}
	return out, nil
}

func (db *DB) assignedAccounts(ctx context.Context, s *Session, user mailstead.UserID, profile mailstead.ProfileID) ([]mailstead.Assigned, error) {
	var rows []assignmentRow
	sel := s.NewSelect().Model(&rows)
	if user != 0 {
		if err := requireUser(ctx, s, user); err != nil {
			return nil, err
		}
		sel.Where("asg.user_id <> 0 AND asg.user_id = ?", int64(user))
	} else {
		if err := require(ctx, s.Bound, "profile", "SELECT 1 FROM profiles WHERE id = ?", int64(profile)); err != nil {
			return nil, err
		}
		sel.Where("asg.profile_id <> 0 AND asg.profile_id = ?", int64(profile))
	}
	if err := sel.Scan(ctx); err != nil || len(rows) == 0 {
		return nil, err
	}
	var ids []int64
	for i := range rows {
		ids = append(ids, rows[i].AccountID)
	}
	var found []accountRow
	if err := s.NewSelect().Model(&found).Where("a.id IN (?)", bun.List(ids)).Where("a.deleted_at = 0").Scan(ctx); err != nil {
		return nil, err
	}
	byID := make(map[mailstead.AccountID]mailstead.Account)
	for _, a := range accounts(found) {
		byID[a.ID] = a
	}
	var out []mailstead.Assigned
	for _, as := range assignments(rows) {
		if a, ok := byID[as.AccountID]; ok {
			out = append(out, mailstead.Assigned{Assignment: as, Account: a})
		}
	}
	slices.SortFunc(out, func(a, b mailstead.Assigned) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.Account.Name, b.Account.Name), cmp.Compare(a.AccountID, b.AccountID))
	})
	return out, nil
}

// DeleteAssignment removes an assignment.
func (db *DB) DeleteAssignment(ctx context.Context, id mailstead.AssignmentID, audit mailstead.AuditEntry) error {
	return db.write(ctx, "delete assignment", func(ctx context.Context, s *step) error {
		res, err := s.NewDelete().Model((*assignmentRow)(nil)).Where("asg.id = ?", int64(id)).Where(live("asg.account_id")).Exec(ctx)
		if err := affected(res, err, "assignment"); err != nil {
			return err
		}
		return s.audit(ctx, audit)
	})
}

// SetSystemAccount makes account the one that the system sends from, in place of
// any other; 0 leaves the system without one.
func (db *DB) SetSystemAccount(ctx context.Context, account mailstead.AccountID, audit mailstead.AuditEntry) error {
	return db.write(ctx, "set system account", func(ctx context.Context, s *step) error {
		if account != 0 {
			if err := s.requireAccount(ctx, account, RowKeep); err != nil {
				return err
			}
		}
		if _, err := s.NewDelete().Model((*assignmentRow)(nil)).Where("system").Exec(ctx); err != nil {
			return err
		}
		if account != 0 {
			system := mailstead.Assignment{AccountID: account, System: true, Rights: []mailstead.Right{mailstead.RightSend}}
			if err := s.assign(ctx, &system); err != nil {
				return err
			}
		}
		return s.audit(ctx, audit)
	})
}
