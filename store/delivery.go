package store

import (
	"context"
	"fmt"
	"time"

	"github.com/mailstead/mailstead"
)

// This file holds the steps of the worker that sends.

// DueOutgoingAccounts returns accounts with queued mails that are due, the
// longest waiting first, at most 10,000.
func (db *DB) DueOutgoingAccounts(ctx context.Context, now time.Time, n int) ([]mailstead.AccountID, error) {
	rows, err := db.reader().Bound.Query(ctx, `SELECT id FROM (
		SELECT a.id AS id, (SELECT min(o.due_at) FROM outgoing AS o WHERE o.account_id = a.id AND o.state = 'queued') AS due
		FROM accounts AS a WHERE a.deleted_at = 0) AS waiting
		WHERE due <= ? ORDER BY due, id`+limited(n, 10_000), millis(now))
	if err != nil {
		return nil, fmt.Errorf("find due mails: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var ids []mailstead.AccountID
	for rows.Next() {
		var id mailstead.AccountID
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("find due mails: %w", err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("find due mails: %w", err)
	}
	return ids, nil
}

// ClaimOutgoing begins an attempt at mails of the account that are queued and
// due: they are sending from now on, and nobody else gets them. The longest due
// come first, at most 200.
func (db *DB) ClaimOutgoing(ctx context.Context, account mailstead.AccountID, now time.Time, n int) ([]mailstead.OutgoingMessage, error) {
	var out []mailstead.OutgoingMessage
	err := db.write(ctx, "claim mails", func(ctx context.Context, s *step) error {
		rows, err := selectOutgoing(ctx, s.Session, "WHERE o.account_id = ? AND o.state = 'queued' AND o.due_at <= ? AND "+live("o.account_id")+
			" ORDER BY o.due_at, o.id"+limited(n, pageSize)+s.forOutgoing(RowUpdateSkip), int64(account), millis(now))
		if err != nil {
			return err
		}
		ids := make([]int64, len(rows))
		for i := range rows {
			r := &rows[i]
			ids[i] = r.ID
			r.State, r.BodyComplete = string(mailstead.OutgoingSending), false
			r.Attempts++
		}
		for part := range pieces(ids, mostIDs) {
			_, err := s.Bound.Exec(ctx, `UPDATE outgoing SET state = 'sending', attempts = attempts + 1, body_complete = FALSE
				WHERE id IN (`+params(len(part))+")", values(part)...)
			if err != nil {
				return err
			}
		}
		out = outgoings(rows)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// MarkBodyComplete records, durably, that an attempt is about to send its final
// dot. When the mail is not at that attempt any more, it is KindConflict and the
// dot must not be sent.
func (db *DB) MarkBodyComplete(ctx context.Context, id mailstead.OutgoingID, attempt int) error {
	return db.write(ctx, "mark body complete", func(ctx context.Context, s *step) error {
		res, err := s.Bound.Exec(ctx, "UPDATE outgoing SET body_complete = TRUE WHERE id = ? AND state = 'sending' AND attempts = ?",
			int64(id), attempt)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n > 0 {
			return err
		}
		return s.whyNotSending(ctx, id)
	})
}

// whyNotSending tells a mail that is not at an attempt from one that is missing.
func (s *step) whyNotSending(ctx context.Context, id mailstead.OutgoingID) error {
	now, err := oneOutgoing(ctx, s.Session, "WHERE o.id = ?", int64(id))
	if err != nil {
		return found(err, "outgoing")
	}
	return outgoingMoved(now.State)
}

// FinishAttempt ends the attempt that m is at: it stores m's new state, due
// times, recipients, explanation and sent copy with the attempt and an
// EventOutgoing. When the mail is not at this attempt any more, it is
// KindConflict.
func (db *DB) FinishAttempt(ctx context.Context, m mailstead.OutgoingMessage, a mailstead.Attempt) error {
	return db.write(ctx, "finish attempt", func(ctx context.Context, s *step) error {
		res, err := s.Bound.Exec(ctx, setFate+"WHERE id = ? AND state = 'sending' AND attempts = ?",
			append(fateArgs(&m), int64(m.ID), m.Attempts)...)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		if err != nil {
			return err
		}
		if n == 0 {
			return s.whyNotSending(ctx, m.ID)
		}
		if err := s.insertAttempt(ctx, m.ID, &a); err != nil {
			return err
		}
		s.emitOutgoing(&m)
		return nil
	})
}

// StuckOutgoing returns the mails that are sending, by id, at most 1,000: at
// start, those that the last run left behind.
func (db *DB) StuckOutgoing(ctx context.Context, n int) ([]mailstead.OutgoingMessage, error) {
	return db.outgoingWhere(ctx, "find interrupted mails", "WHERE o.state = 'sending' AND "+isOpen+" ORDER BY o.id"+limited(n, 1000))
}

// DueUnknown returns the mails whose fate is unknown and due to be looked into,
// at most 1,000.
func (db *DB) DueUnknown(ctx context.Context, now time.Time, n int) ([]mailstead.OutgoingMessage, error) {
	return db.outgoingWhere(ctx, "find unknown mails", "WHERE o.state = 'unknown' AND o.due_at > 0 AND o.due_at <= ? AND "+live("o.account_id")+
		" ORDER BY o.due_at, o.id"+limited(n, 1000), millis(now))
}

// DueSentCopies returns the mails whose copy in the Sent folder is due, at most
// 1,000.
func (db *DB) DueSentCopies(ctx context.Context, now time.Time, n int) ([]mailstead.OutgoingMessage, error) {
	return db.outgoingWhere(ctx, "find sent copies", "WHERE o.sent_copy = 'pending' AND o.sent_copy_due_at <= ? AND "+live("o.account_id")+
		" ORDER BY o.sent_copy_due_at, o.id"+limited(n, 1000), millis(now))
}

func (db *DB) outgoingWhere(ctx context.Context, op, rest string, args ...any) ([]mailstead.OutgoingMessage, error) {
	rows, err := selectOutgoing(ctx, db.reader(), rest, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	return outgoings(rows), nil
}

// UpdateSentCopy stores how the copy in the Sent folder fares.
func (db *DB) UpdateSentCopy(ctx context.Context, id mailstead.OutgoingID, state mailstead.SentCopyState, attempts int, due time.Time) error {
	return db.write(ctx, "update sent copy", func(ctx context.Context, s *step) error {
		res, err := s.Bound.Exec(ctx, "UPDATE outgoing SET sent_copy = ?, sent_copy_attempts = ?, sent_copy_due_at = ? WHERE id = ?",
			string(state), attempts, millis(due), int64(id))
		return affected(res, err, "outgoing")
	})
}

// ReleaseHeld makes the held mails of an account due now, with an EventOutgoing
// for each, and returns how many there were.
func (db *DB) ReleaseHeld(ctx context.Context, account mailstead.AccountID, now time.Time) (int, error) {
	released := 0
	err := db.write(ctx, "release held mails", func(ctx context.Context, s *step) error {
		if err := s.requireAccount(ctx, account, RowKeep); err != nil {
			return err
		}
		rows, err := s.Bound.Query(ctx, "UPDATE outgoing SET state = 'queued', due_at = ? WHERE account_id = ? AND state = 'held' RETURNING id, user_id",
			millis(now), int64(account))
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for released = 0; rows.Next(); released++ {
			m := mailstead.OutgoingMessage{AccountID: account, State: mailstead.OutgoingQueued}
			if err := rows.Scan(&m.ID, &m.UserID); err != nil {
				return err
			}
			s.emitOutgoing(&m)
		}
		return rows.Err()
	})
	if err != nil {
		return 0, err
	}
	return released, nil
}
