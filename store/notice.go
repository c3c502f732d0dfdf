package store

import (
	"context"
	"fmt"
	"time"

	"github.com/mailstead/mailstead"
)

type noticeRow struct {
	ID        int64
	UserID    int64
	Kind      string
	AccountID int64
	AppID     int64
	Name      string
	Address   string
	State     string
	Code      string
	Text      string
	Action    string
	BeganAt   int64
	EndedAt   int64
	Reason    string
	EndsAt    int64
	Warn      int
	CreatedAt int64
	ReadAt    int64
	Batch     int64
}

func (r *noticeRow) notice() mailstead.Notice {
	n := mailstead.Notice{
		ID: mailstead.NoticeID(r.ID), UserID: mailstead.UserID(r.UserID), Kind: mailstead.NoticeKind(r.Kind), AccountID: mailstead.AccountID(r.AccountID),
		AppID: mailstead.OAuthAppID(r.AppID), Name: r.Name, Address: r.Address,
		Since: instant(r.BeganAt), Until: instant(r.EndedAt), CreatedAt: instant(r.CreatedAt), ReadAt: instant(r.ReadAt),
	}
	switch n.Kind {
	case mailstead.NoticeEnds:
		n.Credential = &mailstead.Credential{EndsAt: instant(r.EndsAt), Reason: mailstead.CredentialReason(r.Reason), Warn: r.Warn}
	case mailstead.NoticeStopped:
		n.Code, n.Text, n.Action = r.Code, r.Text, r.Action
		fallthrough
	default:
		n.State = mailstead.HealthState(r.State)
	}
	return n
}

// selectNotices reads notices, but those about accounts that were deleted; rest goes on
// behind the condition.
func selectNotices(ctx context.Context, s *Session, rest string, args ...any) ([]noticeRow, error) {
	return all[noticeRow](ctx, s, `SELECT n.id, n.user_id, n.kind, COALESCE(a.id, 0) AS account_id, COALESCE(w.app_id, 0) AS app_id,
		COALESCE(a.name, oa.name, '') AS name, COALESCE(a.address, '') AS address, COALESCE(a.in_health_state, '') AS state,
		COALESCE(a.in_health_code, '') AS code, COALESCE(a.in_health_text, '') AS text, COALESCE(a.in_health_action, '') AS action,
		COALESCE(s.began_at, w.told_at) AS began_at, COALESCE(s.ended_at, 0) AS ended_at, COALESCE(w.reason, '') AS reason,
		COALESCE(w.ends_at, 0) AS ends_at, COALESCE(w.warn, 0) AS warn, n.created_at, n.read_at, n.batch
		FROM notices AS n LEFT JOIN stops AS s ON s.id = n.stop_id LEFT JOIN warnings AS w ON w.id = n.warning_id
		LEFT JOIN accounts AS a ON a.id = COALESCE(s.account_id, w.account_id) LEFT JOIN oauth_apps AS oa ON oa.id = w.app_id
		WHERE (a.deleted_at = 0 OR w.app_id IS NOT NULL) `+rest, args...)
}

// Notices returns the notices that stand for a user, newest first, at most 200: those
// of stops that last, and others that were not read. User 0 means all users.
func (db *DB) Notices(ctx context.Context, user mailstead.UserID) ([]mailstead.Notice, error) {
	where, args := "AND (n.read_at = 0 OR n.kind = ?)", []any{string(mailstead.NoticeStopped)}
	if user != 0 {
		where, args = where+" AND n.user_id = ?", append(args, int64(user))
	}
	rows, err := selectNotices(ctx, db.reader(), where+" ORDER BY n.id DESC"+limited(pageSize, pageSize), args...)
	if err != nil {
		return nil, fmt.Errorf("list notices: %w", err)
	}
	var out []mailstead.Notice
	for i := range rows {
		out = append(out, rows[i].notice())
	}
	return out, nil
}

// ReadNotice stores that a user has read a notice, with an EventNotices.
func (db *DB) ReadNotice(ctx context.Context, user mailstead.UserID, id mailstead.NoticeID) error {
	return db.write(ctx, "read notice", func(ctx context.Context, s *step) error {
		res, err := s.Bound.Exec(ctx, "UPDATE notices SET read_at = CASE WHEN read_at = 0 THEN ? ELSE read_at END WHERE id = ? AND user_id = ?",
			millis(s.now), int64(id), int64(user))
		if err := affected(res, err, "notice"); err != nil {
			return err
		}
		s.emitNotices(map[mailstead.UserID]bool{user: true})
		return nil
	})
}

// GatherNotices makes one batch of all notices of a user that a mail is to tell, for up
// to n users of whom one is due and who got no such mail after quiet. It reports whether
// there were any.
func (db *DB) GatherNotices(ctx context.Context, now, quiet time.Time, n int) (bool, error) {
	type userID struct{ UserID int64 }
	due, err := all[userID](ctx, db.reader(), `SELECT DISTINCT n.user_id FROM notices AS n WHERE n.mail = 'pending' AND n.mail_due_at <= ?
		AND NOT EXISTS (SELECT 1 FROM notices AS x WHERE x.user_id = n.user_id AND x.mailed_at <> 0 AND x.mailed_at > ?) ORDER BY n.user_id`+
		limited(n, 1000), millis(now), millis(quiet))
	if err != nil {
		return false, fmt.Errorf("find notices to mail: %w", err)
	}
	if len(due) == 0 {
		return false, nil
	}
	return true, db.write(ctx, "gather notices", func(ctx context.Context, s *step) error {
		for _, u := range due {
			_, err := s.Bound.Exec(ctx, "UPDATE notices SET mail = 'gathered', batch = ? WHERE user_id = ? AND mail = 'pending'", millis(now), u.UserID)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// GatheredNotices returns the batches that are to be mailed, those that a crash left
// behind among them. Notices of accounts that were deleted are left out.
func (db *DB) GatheredNotices(ctx context.Context) ([]mailstead.NoticeBatch, error) {
	rows, err := selectNotices(ctx, db.reader(), "AND n.mail = 'gathered' ORDER BY n.user_id, n.batch, n.id"+limited(mostGathered, mostGathered))
	if err != nil {
		return nil, fmt.Errorf("read gathered notices: %w", err)
	}
	var out []mailstead.NoticeBatch
	for i := range rows {
		r := &rows[i]
		if last := len(out) - 1; last < 0 || out[last].UserID != mailstead.UserID(r.UserID) || out[last].Batch != r.Batch {
			out = append(out, mailstead.NoticeBatch{UserID: mailstead.UserID(r.UserID), Batch: r.Batch})
		}
		b := &out[len(out)-1]
		b.Notices = append(b.Notices, r.notice())
	}
	return out, nil
}

// mostGathered bounds how many notices are read to be mailed at a time.
const mostGathered = 10_000

// NoticesMailed stores that a batch is done with: mailed, or not.
func (db *DB) NoticesMailed(ctx context.Context, user mailstead.UserID, batch int64, mailed bool) error {
	return db.write(ctx, "store mailed notices", func(ctx context.Context, s *step) error {
		const ofBatch = " WHERE user_id = ? AND batch = ? AND mail = 'gathered'"
		if !mailed {
			_, err := s.Bound.Exec(ctx, "UPDATE notices SET mail = ''"+ofBatch, int64(user), batch)
			return err
		}
		_, err := s.Bound.Exec(ctx, "UPDATE notices SET mail = 'sent', mailed_at = ?"+ofBatch, millis(s.now), int64(user), batch)
		return err
	})
}
