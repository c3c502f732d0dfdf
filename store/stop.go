package store

import (
	"context"
	"fmt"
	"time"

	"github.com/mailstead/mailstead"
)

// noteStop begins or ends a stop of an account whose incoming side fared one way and
// fares another now.
func (s *step) noteStop(ctx context.Context, account mailstead.AccountID, was, now mailstead.HealthState) error {
	failing := func(h mailstead.HealthState) bool {
		return h == mailstead.HealthRetrying || h == mailstead.HealthTrouble
	}
	switch {
	case failing(now) && !failing(was):
		_, err := s.Bound.Exec(ctx, `INSERT INTO stops (account_id, began_at, told_at, ended_at, end_told_at) VALUES (?, ?, 0, 0, 0)
			ON CONFLICT DO NOTHING`, int64(account), millis(s.now))
		return err
	case now == mailstead.HealthOK && failing(was):
		if _, err := s.Bound.Exec(ctx, "DELETE FROM stops WHERE account_id = ? AND ended_at = 0 AND told_at = 0", int64(account)); err != nil {
			return err
		}
		_, err := s.Bound.Exec(ctx, "UPDATE stops SET ended_at = ? WHERE account_id = ? AND ended_at = 0", millis(s.now), int64(account))
		return err
	}
	return nil
}

// reading is the condition that mail of the account in a column is to be read.
func reading(column string) string {
	return "EXISTS (SELECT 1 FROM accounts AS a WHERE a.id = " + column + " AND a.deleted_at = 0 AND a.in_enabled AND a.in_protocol <> '')"
}

// UntoldStops returns stops that nobody was told of yet and that matter: a person must
// act, or they began at or before a time. By id, at most 1,000.
func (db *DB) UntoldStops(ctx context.Context, before time.Time, n int) ([]mailstead.Stop, error) {
	type stopRow struct{ ID, AccountID, BeganAt int64 }
	rows, err := all[stopRow](ctx, db.reader(), `SELECT s.id, s.account_id, s.began_at FROM stops AS s JOIN accounts AS a ON a.id = s.account_id
		WHERE s.told_at = 0 AND s.ended_at = 0 AND a.deleted_at = 0 AND a.in_enabled AND (a.in_health_state = 'trouble' OR s.began_at <= ?)
		ORDER BY s.id`+limited(n, 1000), millis(before))
	if err != nil {
		return nil, fmt.Errorf("find stops: %w", err)
	}
	var out []mailstead.Stop
	for _, r := range rows {
		out = append(out, mailstead.Stop{ID: mailstead.StopID(r.ID), AccountID: mailstead.AccountID(r.AccountID), BeganAt: instant(r.BeganAt)})
	}
	return out, nil
}

// StopFacts returns what is known about whom a stop of an account concerns.
func (db *DB) StopFacts(ctx context.Context, id mailstead.AccountID) (mailstead.StopFacts, error) {
	f, err := stopFacts(ctx, db.reader(), id)
	if err != nil {
		return mailstead.StopFacts{}, fmt.Errorf("find whom a stop concerns: %w", err)
	}
	return f, nil
}

func stopFacts(ctx context.Context, s *Session, id mailstead.AccountID) (mailstead.StopFacts, error) {
	var f mailstead.StopFacts
	row, err := oneAccount(ctx, s, id, "")
	if err != nil {
		return f, err
	}
	f.Account = row.account()
	given, err := all[assignmentRow](ctx, s, "SELECT asg.* FROM assignments AS asg WHERE asg.account_id = ? ORDER BY asg.id", int64(id))
	if err != nil {
		return f, err
	}
	f.Assignments = assignments(given)
	people, err := all[userRow](ctx, s, `SELECT u.* FROM users AS u WHERE u.id = ? OR u.role = ?
		OR u.id IN (SELECT asg.user_id FROM assignments AS asg WHERE asg.account_id = ? AND asg.user_id <> 0)
		OR u.id IN (SELECT up.user_id FROM user_profiles AS up JOIN assignments AS asg ON asg.profile_id = up.profile_id
			WHERE asg.account_id = ? AND asg.profile_id <> 0) ORDER BY u.id`,
		row.OwnerID, string(mailstead.RoleAdmin), int64(id), int64(id))
	if err != nil {
		return f, err
	}
	f.People, err = withProfiles(ctx, s, people)
	return f, err
}

// TellStops stores that people are told of stops, with a notice and an EventNotices for
// each. A stop that ended or was told of meanwhile is passed over.
func (db *DB) TellStops(ctx context.Context, told []mailstead.StopTold) error {
	return db.write(ctx, "tell of stops", func(ctx context.Context, s *step) error {
		concerned := make(map[mailstead.UserID]bool)
		for i := range told {
			t := &told[i]
			res, err := s.Bound.Exec(ctx, "UPDATE stops SET told_at = ? WHERE id = ? AND told_at = 0 AND ended_at = 0", millis(s.now), int64(t.StopID))
			if err != nil {
				return err
			}
			if n, err := res.RowsAffected(); err != nil {
				return err
			} else if n == 0 {
				continue
			}
			if err := s.insertNotices(ctx, "stop_id", int64(t.StopID), mailstead.NoticeStopped, t.Users, t.MailAt); err != nil {
				return err
			}
			for _, u := range t.Users {
				concerned[u] = true
			}
		}
		s.emitNotices(concerned)
		return nil
	})
}

// insertNotices tells users of what a column names.
func (s *step) insertNotices(ctx context.Context, column string, of int64, kind mailstead.NoticeKind, users []mailstead.UserID, mailAt time.Time) error {
	mail := mailstead.NoticeMailPending
	if mailAt.IsZero() {
		mail = mailstead.NoticeMailNone
	}
	for part := range pieces(users, mostRows) {
		args := make([]any, 0, len(part)*9)
		for _, u := range part {
			args = append(args, of, int64(u), string(kind), millis(s.now), 0, string(mail), millis(mailAt), 0, 0)
		}
		_, err := s.Bound.Exec(ctx, "INSERT INTO notices ("+column+", user_id, kind, created_at, read_at, mail, mail_due_at, mailed_at, batch) VALUES "+
			marks(len(part), 9), args...)
		if err != nil {
			return err
		}
	}
	return nil
}

// emitNotices tells users that their notices have changed.
func (s *step) emitNotices(users map[mailstead.UserID]bool) {
	for u := range users {
		e := mailstead.NewEvent(mailstead.EventNotices, 0, nil)
		e.UserID = u
		s.emit(e)
	}
}

// TellEnds stores that people are told of the ends of stops, at most n: each notice of
// a stop becomes one of its end. To whom a mail told of the stop another tells of its
// end at mailAt, unless that is zero; a mail that was not written yet never is. Stops
// of accounts that are not read any more leave no trace. It returns how many there
// were.
func (db *DB) TellEnds(ctx context.Context, mailAt time.Time, n int) (int, error) {
	const idle = "s.end_told_at = 0 AND NOT "
	ended, err := stopIDs(ctx, db.reader(), "s.end_told_at = 0 AND s.ended_at <> 0", n)
	if err != nil {
		return 0, fmt.Errorf("find ended stops: %w", err)
	}
	gone, err := stopIDs(ctx, db.reader(), idle+reading("s.account_id"), n)
	if err != nil {
		return 0, fmt.Errorf("find stops without an account: %w", err)
	}
	if len(ended)+len(gone) == 0 {
		return 0, nil
	}
	err = db.write(ctx, "tell of the ends of stops", func(ctx context.Context, s *step) error {
		concerned := make(map[mailstead.UserID]bool)
		for _, id := range append(gone, ended...) {
			if err := s.noticed(ctx, concerned, "stop_id", id); err != nil {
				return err
			}
		}
		if err := s.deleteIDs(ctx, "stops", "id", gone); err != nil {
			return err
		}
		for _, id := range ended {
			if err := s.tellEnd(ctx, id, mailAt); err != nil {
				return err
			}
		}
		s.emitNotices(concerned)
		return nil
	})
	return len(ended) + len(gone), err
}

func stopIDs(ctx context.Context, s *Session, where string, n int) ([]int64, error) {
	type idRow struct{ ID int64 }
	rows, err := all[idRow](ctx, s, "SELECT s.id FROM stops AS s WHERE "+where+" ORDER BY s.id"+limited(n, 1000))
	var out []int64
	for _, r := range rows {
		out = append(out, r.ID)
	}
	return out, err
}

// noticed adds the users who have notices of what a column names.
func (s *step) noticed(ctx context.Context, into map[mailstead.UserID]bool, column string, of int64) error {
	rows, err := s.Bound.Query(ctx, "SELECT user_id FROM notices WHERE "+column+" = ?", of)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var u mailstead.UserID
		if err := rows.Scan(&u); err != nil {
			return err
		}
		into[u] = true
	}
	return rows.Err()
}

func (s *step) tellEnd(ctx context.Context, stop int64, mailAt time.Time) error {
	after := mailstead.NoticeMailPending
	if mailAt.IsZero() {
		after = mailstead.NoticeMailNone
	}
	_, err := s.Bound.Exec(ctx, `UPDATE notices SET kind = ?, created_at = ?, read_at = 0, mail = CASE WHEN mail = ? THEN ? ELSE '' END,
		mail_due_at = ?, batch = 0 WHERE stop_id = ?`,
		string(mailstead.NoticeWorks), millis(s.now), string(mailstead.NoticeMailSent), string(after), millis(mailAt), stop)
	if err != nil {
		return err
	}
	_, err = s.Bound.Exec(ctx, "UPDATE stops SET end_told_at = ? WHERE id = ? AND end_told_at = 0", millis(s.now), stop)
	return err
}

// ForgetStops removes what was told of stops that ended before a time.
func (db *DB) ForgetStops(ctx context.Context, before time.Time) error {
	return db.write(ctx, "forget stops", func(ctx context.Context, s *step) error {
		_, err := s.Bound.Exec(ctx, "DELETE FROM stops WHERE end_told_at <> 0 AND ended_at < ?", millis(before))
		return err
	})
}
