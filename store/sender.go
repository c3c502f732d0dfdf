package store

import (
	"context"
	"fmt"

	"github.com/mailstead/mailstead"
)

// SenderFacts returns what is known about who may send for user (0 is the
// system): the user and its profiles, the assignments that reach it or the
// system, and the accounts that these name, that it owns, that are named or that
// stands for the configuration file.
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
		rows, err := all[profileRow](ctx, s, `SELECT p.* FROM profiles AS p JOIN user_profiles AS up ON up.profile_id = p.id
			WHERE up.user_id = ? ORDER BY p.id`, int64(user))
		if err != nil {
			return f, err
		}
		f.Profiles = profiles(rows)
	}
	given, err := all[assignmentRow](ctx, s, reach, int64(user), int64(user))
	if err != nil {
		return f, err
	}
	f.Assignments = assignments(given)
	ids := append([]mailstead.AccountID{0}, named...)
	for i := range f.Assignments {
		ids = append(ids, f.Assignments[i].AccountID)
	}
	rows, err := all[accountRow](ctx, s, accountsOf(len(ids)), append(values(ids), int64(user), mailstead.ConfigurationKey)...)
	f.Accounts = accounts(rows)
	return f, err
}

// accountsOf are n accounts by id, those of an owner, and the one with a key. The
// owner stands in a list of one: compared with a bound number, SQLite would look at
// each new one whether the index of accounts without an owner fits, and prepare the
// statement anew.
func accountsOf(n int) string {
	return "SELECT * FROM accounts WHERE deleted_at = 0 AND (id IN (" + params(n) + ") OR (owner_id <> 0 AND owner_id IN (?)) OR account_key = ?) ORDER BY id"
}
