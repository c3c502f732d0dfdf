package store

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/mailstead/mailstead"
)

// RemoveAccount hides an account from every method but those that bring it back.
// Its rows stay, but its secrets are destroyed, and it stops being anybody's
// preferred one. While others use it the error has the code
// mailstead.CodeAccountInUse and names them; when
// somebody changed it after r.Seen it is AccountChanged.
func (db *DB) RemoveAccount(ctx context.Context, r mailstead.AccountRemoval) error {
	return db.write(ctx, "delete account", func(ctx context.Context, s *step) error {
		row, err := oneAccount(ctx, s.Session, r.ID, s.engine.RowLock(RowUpdate))
		if err != nil {
			return err
		}
		a := row.account()
		if !r.Seen.IsZero() && !r.Seen.Equal(a.UpdatedAt) {
			return mailstead.AccountChanged()
		}
		uses, err := accountUses(ctx, s.Session, r.ID)
		if err != nil {
			return err
		}
		if err := a.CheckUnused(uses); err != nil {
			return err
		}
		if err := s.hideAccount(ctx, row, r.At); err != nil {
			return err
		}
		if err := s.audit(ctx, r.Audit); err != nil {
			return err
		}
		e := mailstead.NewEvent(mailstead.EventAccountDeleted, r.ID, nil)
		e.At = r.At
		s.emit(e)
		return nil
	})
}

func (s *step) hideAccount(ctx context.Context, row *accountRow, at time.Time) error {
	var preferring []int64
	err := s.NewSelect().Model((*userRow)(nil)).Column("id").Where("default_account_id = ?", row.ID).Order("id").Scan(ctx, &preferring)
	if err != nil {
		return err
	}
	row.DeletedAt, row.DefaultOf = millis(at), preferring
	row.Incoming.Secret, row.Outgoing.Secret = "", ""
	row.setKeys()
	for _, q := range []interface {
		Exec(ctx context.Context, dest ...any) (sql.Result, error)
	}{
		s.NewUpdate().Model(row).WherePK().Column("deleted_at", "default_of", "in_secret", "out_secret", "state_rank"),
		s.NewUpdate().Model((*userRow)(nil)).Set("default_account_id = 0").Where("default_account_id = ?", row.ID),
		s.NewDelete().Model((*secretRow)(nil)).Where("account_id = ?", row.ID),
		s.NewDelete().Model((*oauthGrantRow)(nil)).Where("account_id = ?", row.ID),
	} {
		if _, err := q.Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

// AccountUses returns what uses an account: assignments first, then
// templates and mails that wait, of each kind at most mailstead.MaxUses.
func (db *DB) AccountUses(ctx context.Context, id mailstead.AccountID) ([]mailstead.Use, error) {
	s := db.reader()
	if err := requireAccount(ctx, s, id, ""); err != nil {
		return nil, fmt.Errorf("find uses of account: %w", err)
	}
	uses, err := accountUses(ctx, s, id)
	if err != nil {
		return nil, fmt.Errorf("find uses of account: %w", err)
	}
	return uses, nil
}

// usesQueries give id and name of what uses an account, by kind. Another kind of
// user is one more row here.
var usesQueries = []struct {
	kind  mailstead.UseKind
	query string
}{
	{mailstead.UseSystem, "SELECT 0, '' FROM assignments AS asg WHERE asg.account_id = ? AND asg.system"},
	{mailstead.UseProfile, `SELECT p.id, p.name FROM assignments AS asg JOIN profiles AS p ON p.id = asg.profile_id
		WHERE asg.account_id = ? ORDER BY p.name, p.id`},
	{mailstead.UseUser, `SELECT u.id, CASE WHEN u.name = '' THEN u.email ELSE u.name END FROM assignments AS asg
		JOIN users AS u ON u.id = asg.user_id WHERE asg.account_id = ? ORDER BY 2, u.id`},
	{mailstead.UseTemplate, "SELECT tm.id, tm.name FROM templates AS tm WHERE tm.account_id = ? ORDER BY tm.name_key"},
	{mailstead.UseOutgoing, "SELECT o.id, o.subject FROM outgoing AS o WHERE o.account_id = ? AND " + isOpen + " ORDER BY o.id"},
}

func accountUses(ctx context.Context, s *Session, id mailstead.AccountID) ([]mailstead.Use, error) {
	var out []mailstead.Use
	for _, u := range usesQueries {
		found, err := usesOf(ctx, s, u.kind, u.query+limited(mailstead.MaxUses, mailstead.MaxUses), id)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

func usesOf(ctx context.Context, s *Session, kind mailstead.UseKind, query string, id mailstead.AccountID) ([]mailstead.Use, error) {
	rows, err := s.Bound.Query(ctx, query, int64(id))
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []mailstead.Use
	for rows.Next() {
		u := mailstead.Use{Kind: kind}
		var id int64
		if err := rows.Scan(&id, &u.Name); err != nil {
			return nil, err
		}
		if id != 0 {
			u.ID = strconv.FormatInt(id, 10)
		}
		out = append(out, u)
	}
	return out, rows.Err()
}

// AccountHoldings counts what goes with an account.
func (db *DB) AccountHoldings(ctx context.Context, id mailstead.AccountID) (mailstead.AccountHoldings, error) {
	var h mailstead.AccountHoldings
	s := db.reader()
	if err := requireAccount(ctx, s, id, ""); err != nil {
		return h, fmt.Errorf("count mail of account: %w", err)
	}
	for _, c := range []struct {
		n     *int
		query string
	}{
		{&h.Messages, "SELECT coalesce(sum(f.total), 0) FROM folders AS f WHERE f.account_id = ?"},
		{&h.Linked, countLinked},
		{&h.Elsewhere, "SELECT count(*) FROM messages AS m WHERE m.account_id = ? AND m.blob_hash IS NULL"},
		{&h.Waiting, "SELECT count(*) FROM outgoing AS o WHERE o.account_id = ? AND " + isOpen},
	} {
		if err := one(ctx, s.Bound, c.query, []any{int64(id)}, c.n); err != nil {
			return h, fmt.Errorf("count mail of account: %w", err)
		}
	}
	return h, nil
}

// DeletedAccount returns an account that was deleted and is still here.
func (db *DB) DeletedAccount(ctx context.Context, id mailstead.AccountID) (mailstead.Account, error) {
	row, err := deletedAccount(ctx, db.reader(), id, "")
	if err != nil {
		return mailstead.Account{}, fmt.Errorf("read deleted account: %w", err)
	}
	return row.account(), nil
}

func deletedAccount(ctx context.Context, s *Session, id mailstead.AccountID, lock string) (*accountRow, error) {
	row, err := first(all[accountRow](ctx, s, "SELECT * FROM accounts WHERE id = ? AND deleted_at <> 0"+locked(lock), int64(id)))
	return row, found(err, "account")
}

// RestoreAccount brings back an account that was deleted at r.Since or later, with
// its mail, its settings and those who preferred it, and without its secrets. It is
// KindConflict with account.exists when its owner has the address connected again.
func (db *DB) RestoreAccount(ctx context.Context, r mailstead.AccountRestoring) (mailstead.Account, error) {
	var out mailstead.Account
	err := db.write(ctx, "restore account", func(ctx context.Context, s *step) error {
		row, err := deletedAccount(ctx, s.Session, r.ID, s.engine.RowLock(RowUpdate))
		if err != nil {
			return err
		}
		if row.DeletedAt < millis(r.Since) {
			return mailstead.NotFound("account")
		}
		err = require(ctx, s.Bound, "account", "SELECT 1 FROM accounts WHERE address_key = ? AND owner_id = ? AND deleted_at = 0",
			row.AddressKey, row.OwnerID)
		if err == nil {
			return conflict("account.exists", "This address is connected already.")
		}
		if mailstead.KindOf(err) != mailstead.KindNotFound {
			return err
		}
		if row.OwnerID != 0 {
			if err := s.requireRoom(ctx, mailstead.UserID(row.OwnerID)); err != nil {
				return err
			}
		}
		for _, side := range []*sideRow{&row.Incoming, &row.Outgoing} {
			if side.Protocol != "" && side.Login != "" {
				h := r.Health
				h.SuccessAt = instant(side.SuccessAt)
				side.setHealth(h)
			}
		}
		preferring := row.DefaultOf
		row.DeletedAt, row.DefaultOf = 0, nil
		row.UpdatedAt = max(millis(r.At), row.UpdatedAt+1)
		row.setKeys()
		if _, err := s.NewUpdate().Model(row).WherePK().ExcludeColumn("assigned").Exec(ctx); err != nil {
			return err
		}
		for _, user := range preferring {
			_, err := s.Bound.Exec(ctx, "UPDATE users SET default_account_id = ? WHERE id = ? AND default_account_id = 0", row.ID, user)
			if err != nil {
				return err
			}
		}
		if err := s.audit(ctx, r.Audit); err != nil {
			return err
		}
		s.emitFor(r.ID, r.Events)
		out = row.account()
		return nil
	})
	return out, err
}

// PurgeAccount removes for good what is left of one account that was deleted before
// a time, n messages and mails of the outbox at most. It reports whether more is to
// do. audit gets the account that is gone.
func (db *DB) PurgeAccount(ctx context.Context, before time.Time, n int, audit func(mailstead.Account) mailstead.AuditEntry) (more bool, err error) {
	err = db.write(ctx, "purge account", func(ctx context.Context, s *step) error {
		row, err := first(all[accountRow](ctx, s.Session, "SELECT * FROM accounts WHERE deleted_at <> 0 AND deleted_at < ? ORDER BY deleted_at, id"+
			limited(1, 1)+locked(s.engine.RowLock(RowUpdate)), millis(before)))
		if more = err == nil; !more {
			return nothing(err)
		}
		left, err := s.purgeMail(ctx, row.ID, n)
		if err != nil || left {
			return err
		}
		for _, table := range []string{"folders", "assignments", "account_words", "account_secrets", "oauth_grants", "password_links"} {
			if _, err := s.Bound.Exec(ctx, "DELETE FROM "+table+" WHERE account_id = ?", row.ID); err != nil {
				return err
			}
		}
		if _, err := s.Bound.Exec(ctx, "DELETE FROM accounts WHERE id = ?", row.ID); err != nil {
			return err
		}
		return s.audit(ctx, audit(row.account()))
	})
	return more, err
}

// nothing forgives that there is no row.
func nothing(err error) error {
	if mailstead.KindOf(found(err, "account")) == mailstead.KindNotFound {
		return nil
	}
	return err
}

// purgeMail removes n messages and n mails of the outbox of an account, and reports
// whether some may be left.
func (s *step) purgeMail(ctx context.Context, account int64, n int) (left bool, err error) {
	gone, err := s.purgeMessages(ctx, account, n)
	if err != nil {
		return false, err
	}
	rows, err := s.Bound.Query(ctx, "SELECT id, blob_hash, 0, 0 FROM outgoing WHERE account_id = ? ORDER BY id"+limited(n, mostIDs), account)
	if err != nil {
		return false, err
	}
	mails, err := scanStored(rows)
	if err != nil {
		return false, err
	}
	if err := s.deleteIDs(ctx, "outgoing_attempts", "outgoing_id", mails.ids); err != nil {
		return false, err
	}
	if err := s.deleteIDs(ctx, "outgoing", "id", mails.ids); err != nil {
		return false, err
	}
	return gone == n || len(mails.ids) == n, mails.blobs.apply(ctx, s.Bound)
}

// purgeMessages removes n messages and returns how many there were. The counters of
// folders agree with their rows at every moment.
func (s *step) purgeMessages(ctx context.Context, account int64, n int) (int, error) {
	rows, err := s.Bound.Query(ctx, "SELECT id, blob_hash, folder_id, flags FROM messages WHERE account_id = ? ORDER BY received_at, id"+
		limited(n, mostIDs), account)
	if err != nil {
		return 0, err
	}
	gone, err := scanStored(rows)
	if err != nil {
		return 0, err
	}
	if err := s.deleteIDs(ctx, "messages", "id", gone.ids); err != nil {
		return 0, err
	}
	for _, folder := range slices.Sorted(maps.Keys(gone.total)) {
		_, err := s.Bound.Exec(ctx, "UPDATE folders SET total = total - ?, unread = unread - ? WHERE id = ?",
			gone.total[folder], gone.unread[folder], folder)
		if err != nil {
			return 0, err
		}
	}
	return len(gone.ids), gone.blobs.apply(ctx, s.Bound)
}

// storedMail is what the removal of rows changes elsewhere.
type storedMail struct {
	ids   []int64
	blobs blobCounts
	// total and unread count by folder.
	total, unread map[int64]int64
}

func scanStored(rows *sql.Rows) (storedMail, error) {
	defer func() { _ = rows.Close() }()
	m := storedMail{total: make(map[int64]int64), unread: make(map[int64]int64)}
	for rows.Next() {
		var id, folder, flags int64
		var hash []byte
		if err := rows.Scan(&id, &hash, &folder, &flags); err != nil {
			return m, err
		}
		m.ids = append(m.ids, id)
		m.blobs.drop(hash)
		m.total[folder]++
		if flags&flagSeen == 0 {
			m.unread[folder]++
		}
	}
	return m, rows.Err()
}

func (s *step) deleteIDs(ctx context.Context, table, column string, ids []int64) error {
	for part := range pieces(ids, mostIDs) {
		if _, err := s.Bound.Exec(ctx, "DELETE FROM "+table+" WHERE "+column+" IN ("+params(len(part))+")", values(part)...); err != nil {
			return err
		}
	}
	return nil
}
