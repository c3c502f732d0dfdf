package store

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/mailstead/mailstead"
)

// SenderFacts returns what is known about who may send for user (0 is the
// system): the user and its profiles, the assignments that reach it or the
// system, and the accounts that these name, that it owns or that are named.
func (db *DB) SenderFacts(ctx context.Context, user mailstead.UserID, named ...mailstead.AccountID) (mailstead.SenderFacts, error) {
	f, err := senderFacts(ctx, db.reader(), user, named)
	if err != nil {
		return mailstead.SenderFacts{}, fmt.Errorf("find who may send: %w", err)
	}
	return f, nil
}

func senderFacts(ctx context.Context, s *Session, user mailstead.UserID, named []mailstead.AccountID) (mailstead.SenderFacts, error) {
	var f mailstead.SenderFacts
	if user != 0 {
		var err error
		if f.User, _, err = oneUser(ctx, s, "u.id = ?", int64(user)); err != nil {
			return f, err
		}
	}
	if len(f.User.ProfileIDs) > 0 {
		var rows []profileRow
		if err := s.NewSelect().Model(&rows).Where("p.id IN (?)", bun.List(f.User.ProfileIDs)).Order("p.id").Scan(ctx); err != nil {
			return f, err
		}
		f.Profiles = profiles(rows)
	}
	var reach []assignmentRow
	err := s.NewSelect().Model(&reach).Where("(asg.system OR "+reachesUser+")", int64(user)).
		Where(live("asg.account_id")).Order("asg.id").Scan(ctx)
	if err != nil {
		return f, err
	}
	f.Assignments = assignments(reach)
	ids := append([]mailstead.AccountID{0}, named...)
	for i := range f.Assignments {
		ids = append(ids, f.Assignments[i].AccountID)
	}
	var rows []accountRow
	err = s.NewSelect().Model(&rows).Where("a.deleted_at = 0").
		Where("(a.id IN (?) OR (a.owner_id <> 0 AND a.owner_id = ?))", bun.List(ids), int64(user)).Order("a.id").Scan(ctx)
	f.Accounts = accounts(rows)
	return f, err
}
