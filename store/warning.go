package store

import (
	"context"
	"fmt"
	"time"

	"github.com/mailstead/mailstead"
)

// GrantsAtRest returns accounts whose grant was last renewed at or before a time, by
// account behind one, at most n.
func (db *DB) GrantsAtRest(ctx context.Context, before time.Time, after mailstead.AccountID, n int) ([]mailstead.AccountGrant, error) {
	type restingRow struct {
		accountRow

		AppID       int64
		RefreshedAt int64
	}
	rows, err := all[restingRow](ctx, db.reader(), `SELECT a.*, g.app_id, g.refreshed_at FROM oauth_grants AS g JOIN accounts AS a ON a.id = g.account_id
		WHERE g.refreshed_at <= ? AND a.id > ? AND a.deleted_at = 0 ORDER BY a.id`+limited(n, pageSize), millis(before), int64(after))
	if err != nil {
		return nil, fmt.Errorf("find grants at rest: %w", err)
	}
	out := make([]mailstead.AccountGrant, len(rows))
	for i := range rows {
		r := &rows[i]
		out[i] = mailstead.AccountGrant{Account: r.account(), AppID: mailstead.OAuthAppID(r.AppID), RefreshedAt: instant(r.RefreshedAt)}
	}
	return out, nil
}

type warningRow struct {
	ID        int64
	AccountID int64
	AppID     int64
	Reason    string
	EndsAt    int64
	Warn      int
}

// Warnings returns what people were told of credentials that end soon, and what did
// not change since.
func (db *DB) Warnings(ctx context.Context) ([]mailstead.Warning, error) {
	rows, err := all[warningRow](ctx, db.reader(), `SELECT w.id, COALESCE(w.account_id, 0) AS account_id, COALESCE(w.app_id, 0) AS app_id, w.reason, w.ends_at, w.warn
		FROM warnings AS w ORDER BY w.id`)
	if err != nil {
		return nil, fmt.Errorf("list warnings: %w", err)
	}
	out := make([]mailstead.Warning, len(rows))
	for i, r := range rows {
		of := mailstead.CredentialOf{AccountID: mailstead.AccountID(r.AccountID), AppID: mailstead.OAuthAppID(r.AppID)}
		out[i] = mailstead.Warning{CredentialOf: of, EndsAt: instant(r.EndsAt), Reason: mailstead.CredentialReason(r.Reason), Warn: r.Warn}
	}
	return out, nil
}

// TellWarnings stores that people are told of credentials that end soon, with a notice
// and an EventNotices for each. It takes the place of what they were told before of the
// same credential. Accounts and apps that went away meanwhile are passed over.
func (db *DB) TellWarnings(ctx context.Context, told []mailstead.WarningTold) error {
	return db.write(ctx, "tell of warnings", func(ctx context.Context, s *step) error {
		concerned := make(map[mailstead.UserID]bool)
		for i := range told {
			if err := s.tellWarning(ctx, &told[i], concerned); err != nil {
				return err
			}
		}
		s.emitNotices(concerned)
		return nil
	})
}

func (s *step) tellWarning(ctx context.Context, w *mailstead.WarningTold, concerned map[mailstead.UserID]bool) error {
	if err := s.dropWarning(ctx, w.CredentialOf, concerned); err != nil {
		return err
	}
	column, of, exists := warned(w.CredentialOf)
	// The row is held, so that nobody deletes it meanwhile.
	rows, err := all[warningRow](ctx, s.Session, "SELECT id FROM "+exists+" AND id = ?"+locked(s.engine.RowLock(RowKeep)), of)
	if err != nil || len(rows) == 0 {
		return err
	}
	_, err = s.Bound.Exec(ctx, "INSERT INTO warnings ("+column+", reason, ends_at, warn, told_at) VALUES (?, ?, ?, ?, ?)",
		of, string(w.Reason), millis(w.EndsAt), w.Warn, millis(s.now))
	if err != nil {
		return err
	}
	stored, err := first(all[warningRow](ctx, s.Session, "SELECT id FROM warnings WHERE "+column+" = ?", of))
	if err != nil {
		return err
	}
	for _, u := range w.Users {
		concerned[u] = true
	}
	return s.insertNotices(ctx, "warning_id", stored.ID, mailstead.NoticeEnds, w.Users, w.MailAt)
}

// warned returns the column of a warning that names whose credential it is, its value,
// and where that must exist.
func warned(of mailstead.CredentialOf) (column string, id int64, exists string) {
	if of.AppID != 0 {
		return "app_id", int64(of.AppID), "oauth_apps WHERE active"
	}
	return "account_id", int64(of.AccountID), "accounts WHERE deleted_at = 0"
}

// DropWarnings takes back what people were told of credentials: they were renewed.
func (db *DB) DropWarnings(ctx context.Context, of []mailstead.CredentialOf) error {
	return db.write(ctx, "drop warnings", func(ctx context.Context, s *step) error {
		concerned := make(map[mailstead.UserID]bool)
		for i := range of {
			if err := s.dropWarning(ctx, of[i], concerned); err != nil {
				return err
			}
		}
		s.emitNotices(concerned)
		return nil
	})
}

// dropWarning adds those who were told.
func (s *step) dropWarning(ctx context.Context, of mailstead.CredentialOf, concerned map[mailstead.UserID]bool) error {
	column, id, _ := warned(of)
	rows, err := all[warningRow](ctx, s.Session, "SELECT id FROM warnings WHERE "+column+" = ?", id)
	if err != nil || len(rows) == 0 {
		return err
	}
	if err := s.noticed(ctx, concerned, "warning_id", rows[0].ID); err != nil {
		return err
	}
	return s.deleteIDs(ctx, "warnings", "id", []int64{rows[0].ID})
}
