package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/mailstead/mailstead"
)

// linkedMailRow is a linked mail with its link to one record.
type linkedMailRow struct {
	bun.BaseModel `bun:"table:linked_mails,alias:lm"`

	ID                int64 `bun:"id,pk,autoincrement"`
	BlobHash          []byte
	AccountID         int64
	Mailbox           string
	AddressKey        string
	ReceivedAt        int64
	Size              int64
	Subject           string
	FromList          list[mailstead.Address]
	ToList            list[mailstead.Address]
	CcList            list[mailstead.Address]
	ReplyToList       list[mailstead.Address]
	SentAt            int64
	InternetMessageID string
	InReplyTo         list[string]
	ReferenceIDs      list[string] `bun:"reference_ids"`
	Snippet           string
	HasAttachments    bool
	State             string
	Defect            string

	blobPlace
	linkPart
}

// linkPart are the columns that a join with record_links adds.
type linkPart struct {
	Reason   string `bun:",scanonly"`
	LinkedBy int64  `bun:",scanonly"`
	ByName   string `bun:",scanonly"`
	LinkedAt int64  `bun:",scanonly"`
}

func (r *linkedMailRow) mail() mailstead.LinkedMail {
	return mailstead.LinkedMail{
		ID: mailstead.LinkedMailID(r.ID), Mailbox: r.Mailbox, AccountID: mailstead.AccountID(r.AccountID),
		ReceivedAt: instant(r.ReceivedAt), Size: r.Size, Blob: r.ref(r.BlobHash),
		Headers: mailstead.Headers{
			Subject: r.Subject, From: r.FromList, To: r.ToList, Cc: r.CcList, ReplyTo: r.ReplyToList, Date: instant(r.SentAt),
			InternetMessageID: r.InternetMessageID, InReplyTo: r.InReplyTo, References: r.ReferenceIDs,
		},
		Snippet: r.Snippet, HasAttachments: r.HasAttachments, State: mailstead.MessageState(r.State), Defect: r.Defect,
		Reason: mailstead.LinkReason(r.Reason), By: mailstead.UserID(r.LinkedBy), ByName: r.ByName, At: instant(r.LinkedAt),
	}
}

// countLinked counts the mails of an account's address that stand on records.
const countLinked = `SELECT count(*) FROM linked_mails AS lm WHERE lm.address_key = (SELECT a.address_key FROM accounts AS a WHERE a.id = ?)
	AND EXISTS (SELECT 1 FROM record_links AS rl WHERE rl.mail_id = lm.id AND rl.removed_at = 0)`

// linkColumns are the columns of linkPart, with record_links joined as rl and users
// as u.
const linkColumns = "rl.reason, rl.linked_by, coalesce(CASE WHEN u.name = '' THEN u.email ELSE u.name END, '') AS by_name, rl.linked_at"

// selectLinked begins a query for mails that stand on records.
func selectLinked(s *Session, rows any) *bun.SelectQuery {
	return s.NewSelect().Model(rows).ColumnExpr("lm.*").ColumnExpr(linkColumns).ColumnExpr(withBlob).
		Join("JOIN record_links AS rl ON rl.mail_id = lm.id AND rl.removed_at = 0").
		Join("LEFT JOIN users AS u ON u.id = rl.linked_by").Join("LEFT JOIN blobs AS b ON b.hash = lm.blob_hash")
}

// LinkedMails returns a page of the mails of a record, newest first.
func (db *DB) LinkedMails(ctx context.Context, q mailstead.LinkedMailQuery) ([]mailstead.LinkedMail, error) {
	s := db.reader()
	if _, err := oneRecord(ctx, s, q.Record, ""); err != nil {
		return nil, fmt.Errorf("list mails of record: %w", err)
	}
	var rows []linkedMailRow
	if err := selectMailsOf(s, &rows, &q).Scan(ctx); err != nil {
		return nil, fmt.Errorf("list mails of record: %w", err)
	}
	out := make([]mailstead.LinkedMail, len(rows))
	for i := range rows {
		out[i] = rows[i].mail()
	}
	return out, nil
}

func selectMailsOf(s *Session, rows *[]linkedMailRow, q *mailstead.LinkedMailQuery) *bun.SelectQuery {
	sel := selectLinked(s, rows).Where("rl.record_id = ?", int64(q.Record)).
		OrderExpr("rl.received_at DESC, rl.mail_id DESC").Limit(limit(q.Limit, pageSize))
	if q.Before != 0 {
		sel.Where("(rl.received_at, rl.mail_id) < (?, ?)", millis(q.ReceivedAt), int64(q.Before))
	}
	return sel
}

// LinkedMail returns one mail of a record.
func (db *DB) LinkedMail(ctx context.Context, record mailstead.RecordID, id mailstead.LinkedMailID) (mailstead.LinkedMail, error) {
	var rows []linkedMailRow
	err := selectLinked(db.reader(), &rows).Where("rl.record_id = ? AND rl.mail_id = ?", int64(record), int64(id)).Scan(ctx)
	row, err := first(rows, err)
	if err != nil {
		return mailstead.LinkedMail{}, fmt.Errorf("read mail of record: %w", found(err, "mail"))
	}
	return row.mail(), nil
}

// Links returns the links of the mail with these bytes, by the records' names.
func (db *DB) Links(ctx context.Context, blob mailstead.BlobHash) ([]mailstead.Link, error) {
	var rows []struct {
		recordRow
		linkPart

		MailID   int64
		TypeName string
	}
	err := db.reader().NewSelect().TableExpr("linked_mails AS lm").ColumnExpr("r.*").ColumnExpr("rl.mail_id, rt.name AS type_name").ColumnExpr(linkColumns).
		Join("JOIN record_links AS rl ON rl.mail_id = lm.id AND rl.removed_at = 0").Join("JOIN records AS r ON r.id = rl.record_id").
		Join("JOIN record_types AS rt ON rt.key = r.type").
		Join("LEFT JOIN users AS u ON u.id = rl.linked_by").
		Where("lm.blob_hash = ?", blob[:]).OrderExpr("r.name_key, r.id").Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("list links of message: %w", err)
	}
	out := make([]mailstead.Link, len(rows))
	for i := range rows {
		r := &rows[i]
		out[i] = mailstead.Link{
			Record: r.record(), TypeName: r.TypeName, Mail: mailstead.LinkedMailID(r.MailID), Reason: mailstead.LinkReason(r.Reason),
			By: mailstead.UserID(r.LinkedBy), ByName: r.ByName, At: instant(r.LinkedAt),
		}
	}
	return out, nil
}

// LinkMail links a mail to a record and returns the linked mail's id. A link that
// stands stays as it is, and leaves no entry in the audit. The bytes of a message
// must be here.
func (db *DB) LinkMail(ctx context.Context, l mailstead.Linking) (mailstead.LinkedMailID, error) {
	var id int64
	err := db.write(ctx, "link mail", func(ctx context.Context, s *step) error {
		if _, err := oneRecord(ctx, s.Session, l.Record, s.engine.RowLock(RowUpdate)); err != nil {
			return err
		}
		var err error
		if l.Message != 0 {
			id, err = s.keepMail(ctx, l.Message)
		} else {
			id = int64(l.Mail)
			err = require(ctx, s.Bound, "mail", `SELECT 1 FROM record_links AS rl WHERE rl.mail_id = ? AND
				(rl.removed_at = 0 OR (rl.record_id = ? AND rl.removed_by = ? AND rl.removed_at >= ?)) LIMIT 1`,
				id, int64(l.Record), int64(l.By), millis(l.Since))
		}
		if err != nil {
			return err
		}
		return s.link(ctx, id, &l)
	})
	return mailstead.LinkedMailID(id), err
}

// keepMail copies a message out of its mailbox, unless its bytes were before, and
// returns the id of the copy.
func (s *step) keepMail(ctx context.Context, message mailstead.MessageID) (id int64, err error) {
	var hash []byte
	err = one(ctx, s.Bound, "SELECT m.blob_hash FROM messages AS m WHERE m.id = ? AND m.blob_hash IS NOT NULL AND "+
		live("m.account_id")+locked(s.engine.RowLock(RowKeep)), []any{int64(message)}, &hash)
	if err != nil {
		return 0, found(err, "message")
	}
	// A sweep may forget what is there between the two looks.
	for range 2 {
		err = one(ctx, s.Bound, "INSERT INTO linked_mails ("+linkedColumns+", account_id, mailbox, address_key) SELECT "+linkedColumns+
			`, a.id, a.address, a.address_key FROM messages AS m JOIN accounts AS a ON a.id = m.account_id WHERE m.id = ?
			ON CONFLICT (blob_hash) DO NOTHING RETURNING id`, []any{int64(message)}, &id)
		if err == nil {
			_, err = s.Bound.Exec(ctx, "UPDATE blobs SET refs = refs + 1 WHERE hash = ?", hash)
			return id, err
		}
		if nothing(err) != nil {
			return 0, err
		}
		err = one(ctx, s.Bound, "SELECT id FROM linked_mails WHERE blob_hash = ?"+locked(s.engine.RowLock(RowKeep)), []any{hash}, &id)
		if nothing(err) != nil || err == nil {
			return id, err
		}
	}
	return 0, err
}

// linkedColumns are what a linked mail has of its message.
const linkedColumns = `blob_hash, received_at, size, subject, from_list, to_list, cc_list, reply_to_list, sent_at,
	internet_message_id, in_reply_to, reference_ids, snippet, has_attachments, state, defect`

// link makes the link, or makes one that was removed stand again.
func (s *step) link(ctx context.Context, mail int64, l *mailstead.Linking) error {
	var received int64
	if err := one(ctx, s.Bound, "SELECT received_at FROM linked_mails WHERE id = ?", []any{mail}, &received); err != nil {
		return found(err, "mail")
	}
	res, err := s.Bound.Exec(ctx, `INSERT INTO record_links (record_id, mail_id, received_at, reason, linked_by, linked_at, removed_by, removed_at)
		VALUES (?, ?, ?, ?, ?, ?, 0, 0)
		ON CONFLICT (record_id, mail_id) DO UPDATE SET reason = excluded.reason, linked_by = excluded.linked_by,
			linked_at = excluded.linked_at, removed_by = 0, removed_at = 0 WHERE record_links.removed_at <> 0`,
		int64(l.Record), mail, received, string(l.Reason), int64(l.By), millis(l.At))
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err != nil || n == 0 {
		return err
	}
	return s.linkChanged(ctx, l.Record, mail, 1, l.Audit)
}

// linkChanged counts and tells of a link that was made or removed.
func (s *step) linkChanged(ctx context.Context, record mailstead.RecordID, mail int64, by int, audit mailstead.AuditEntry) error {
	if _, err := s.Bound.Exec(ctx, "UPDATE records SET mails = mails + ? WHERE id = ?", by, int64(record)); err != nil {
		return err
	}
	number, err := json.Marshal(mail)
	if err != nil {
		return err
	}
	change := mailstead.AuditChange{Field: "mail_id", After: number}
	if by < 0 {
		change = mailstead.AuditChange{Field: "mail_id", Before: number}
	}
	audit.Changes = append(audit.Changes, change)
	return s.audit(ctx, audit)
}

// UnlinkMail takes a mail from a record. LinkMail by the same user undoes it until
// SweepLinks.
func (db *DB) UnlinkMail(ctx context.Context, u mailstead.Unlinking) error {
	return db.write(ctx, "unlink mail", func(ctx context.Context, s *step) error {
		if _, err := oneRecord(ctx, s.Session, u.Record, s.engine.RowLock(RowUpdate)); err != nil {
			return err
		}
		res, err := s.Bound.Exec(ctx, "UPDATE record_links SET removed_at = ?, removed_by = ? WHERE record_id = ? AND mail_id = ? AND removed_at = 0",
			millis(u.At), int64(u.By), int64(u.Record), int64(u.Mail))
		if err := affected(res, err, "mail"); err != nil {
			return err
		}
		return s.linkChanged(ctx, u.Record, int64(u.Mail), -1, u.Audit)
	})
}

// SweepLinks forgets n links that were removed before a time, and the mails that no
// record has any more. It reports whether more is to do.
func (db *DB) SweepLinks(ctx context.Context, before time.Time, n int) (more bool, err error) {
	err = db.write(ctx, "sweep links", func(ctx context.Context, s *step) error {
		gone, err := s.dropLinks(ctx, "removed_at <> 0 AND removed_at < ? ORDER BY removed_at"+limited(n, mostIDs), millis(before))
		more = gone == n
		return err
	})
	return more, err
}

// dropLinks deletes links, and the mails that were linked by them alone. It returns
// how many links there were.
func (s *step) dropLinks(ctx context.Context, where string, args ...any) (int, error) {
	rows, err := s.Bound.Query(ctx, "SELECT record_id, mail_id FROM record_links WHERE "+where, args...)
	if err != nil {
		return 0, err
	}
	links, err := scanPairs(rows)
	if err != nil {
		return 0, err
	}
	for _, l := range links {
		if _, err := s.Bound.Exec(ctx, "DELETE FROM record_links WHERE record_id = ? AND mail_id = ?", l[0], l[1]); err != nil {
			return 0, err
		}
		var hash []byte
		err := one(ctx, s.Bound, `DELETE FROM linked_mails WHERE id = ? AND NOT EXISTS
			(SELECT 1 FROM record_links AS rl WHERE rl.mail_id = linked_mails.id) RETURNING blob_hash`, []any{l[1]}, &hash)
		if nothing(err) != nil {
			return 0, err
		}
		if err == nil {
			var blobs blobCounts
			blobs.drop(hash)
			if err := blobs.apply(ctx, s.Bound); err != nil {
				return 0, err
			}
		}
	}
	return len(links), nil
}

func scanPairs(rows *sql.Rows) ([][2]int64, error) {
	defer func() { _ = rows.Close() }()
	var out [][2]int64
	for rows.Next() {
		var p [2]int64
		if err := rows.Scan(&p[0], &p[1]); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, rows.Err()
}
