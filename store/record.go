package store

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/mailstead/mailstead"
)

type recordTypeRow struct {
	bun.BaseModel `bun:"table:record_types,alias:rt"`

	Key        string `bun:"key,pk"`
	Name       string
	URL        string `bun:"url"`
	LinkByHand bool
}

func (r *recordTypeRow) recordType() mailstead.RecordType {
	return mailstead.RecordType{Key: r.Key, Name: r.Name, URL: r.URL, LinkByHand: r.LinkByHand}
}

type recordRow struct {
	bun.BaseModel `bun:"table:records,alias:r"`

	ID        int64 `bun:"id,pk,autoincrement"`
	Type      string
	Key       string
	Name      string
	NameKey   string
	URL       string `bun:"url"`
	Mails     int
	CreatedAt int64
}

func newRecordRow(r *mailstead.Record) recordRow {
	return recordRow{
		ID: int64(r.ID), Type: r.Type, Key: clean(r.Key), Name: clean(r.Name), NameKey: clean(r.NameKey()), URL: clean(r.URL),
		CreatedAt: millis(r.CreatedAt),
	}
}

func (r *recordRow) record() mailstead.Record {
	return mailstead.Record{
		ID: mailstead.RecordID(r.ID), Type: r.Type, Key: r.Key, Name: r.Name, URL: r.URL, Mails: r.Mails, CreatedAt: instant(r.CreatedAt),
	}
}

// RecordTypes returns all types of records by name.
func (db *DB) RecordTypes(ctx context.Context) ([]mailstead.RecordType, error) {
	rows, err := all[recordTypeRow](ctx, db.reader(), "SELECT * FROM record_types ORDER BY name, key")
	if err != nil {
		return nil, fmt.Errorf("list types of records: %w", err)
	}
	out := make([]mailstead.RecordType, len(rows))
	for i := range rows {
		out[i] = rows[i].recordType()
	}
	return out, nil
}

// PutRecordType stores a type in place of the one with its key, if there is one.
func (db *DB) PutRecordType(ctx context.Context, t mailstead.RecordType, audit mailstead.AuditEntry) error {
	return db.write(ctx, "store type of records", func(ctx context.Context, s *step) error {
		_, err := s.Bound.Exec(ctx, `INSERT INTO record_types (key, name, url, link_by_hand) VALUES (?, ?, ?, ?)
			ON CONFLICT (key) DO UPDATE SET name = excluded.name, url = excluded.url, link_by_hand = excluded.link_by_hand`,
			t.Key, clean(t.Name), clean(t.URL), t.LinkByHand)
		if err != nil {
			return err
		}
		return s.audit(ctx, audit)
	})
}

// DeleteRecordType removes a type that no record has, else it is
// mailstead.RecordTypeInUse.
func (db *DB) DeleteRecordType(ctx context.Context, key string, audit mailstead.AuditEntry) error {
	return db.write(ctx, "delete type of records", func(ctx context.Context, s *step) error {
		if err := requireRecordType(ctx, s.Session, key, s.engine.RowLock(RowUpdate)); err != nil {
			return err
		}
		var n int
		if err := one(ctx, s.Bound, "SELECT count(*) FROM records WHERE type = ?", []any{key}, &n); err != nil {
			return err
		}
		if n > 0 {
			return mailstead.RecordTypeInUse(n)
		}
		if _, err := s.Bound.Exec(ctx, "DELETE FROM record_types WHERE key = ?", key); err != nil {
			return err
		}
		return s.audit(ctx, audit)
	})
}

func requireRecordType(ctx context.Context, s *Session, key, lock string) error {
	return require(ctx, s.Bound, "record_type", "SELECT 1 FROM record_types WHERE key = ?"+locked(lock), key)
}

// Records returns a page of records by name.
func (db *DB) Records(ctx context.Context, q mailstead.RecordQuery) ([]mailstead.Record, error) {
	var rows []recordRow
	sel, err := selectRecords(ctx, db.reader(), &rows, &q)
	if err != nil {
		return nil, fmt.Errorf("list records: %w", err)
	}
	if err := sel.Scan(ctx); err != nil {
		return nil, fmt.Errorf("list records: %w", err)
	}
	out := make([]mailstead.Record, len(rows))
	for i := range rows {
		out[i] = rows[i].record()
	}
	return out, nil
}

func selectRecords(ctx context.Context, s *Session, rows *[]recordRow, q *mailstead.RecordQuery) (*bun.SelectQuery, error) {
	sel := s.NewSelect().Model(rows).OrderExpr("r.name_key, r.id").Limit(limit(q.Limit, pageSize))
	if q.Type != "" {
		sel.Where("r.type = ?", q.Type)
	}
	if q.After.ID != 0 {
		sel.Where("(r.name_key, r.id) > (?, ?)", q.After.Name, int64(q.After.ID))
	}
	return sel, recordWords.search(ctx, s, sel, q.Text)
}

// Record returns one record.
func (db *DB) Record(ctx context.Context, id mailstead.RecordID) (mailstead.Record, error) {
	row, err := oneRecord(ctx, db.reader(), id, "")
	if err != nil {
		return mailstead.Record{}, fmt.Errorf("read record: %w", err)
	}
	return row.record(), nil
}

func oneRecord(ctx context.Context, s *Session, id mailstead.RecordID, lock string) (*recordRow, error) {
	row, err := first(all[recordRow](ctx, s, "SELECT * FROM records WHERE id = ?"+locked(lock), int64(id)))
	return row, found(err, "record")
}

// RecordByKey returns the record that the business application calls so.
func (db *DB) RecordByKey(ctx context.Context, recordType, key string) (mailstead.Record, error) {
	row, err := first(all[recordRow](ctx, db.reader(), "SELECT * FROM records WHERE type = ? AND key = ? AND key <> ''", recordType, key))
	if err != nil {
		return mailstead.Record{}, fmt.Errorf("find record: %w", found(err, "record"))
	}
	return row.record(), nil
}

// PutRecord stores a record and sets its ID, CreatedAt and Mails. The record with
// its type and key is replaced; without a key it is always a new one.
func (db *DB) PutRecord(ctx context.Context, r *mailstead.Record) error {
	return db.write(ctx, "store record", func(ctx context.Context, s *step) error {
		if err := requireRecordType(ctx, s.Session, r.Type, s.engine.RowLock(RowKeep)); err != nil {
			return err
		}
		row := newRecordRow(r)
		if row.CreatedAt == 0 {
			row.CreatedAt = millis(s.now)
		}
		err := one(ctx, s.Bound, `INSERT INTO records (type, key, name, name_key, url, mails, created_at) VALUES (?, ?, ?, ?, ?, 0, ?)
			ON CONFLICT (type, key) WHERE key <> '' DO UPDATE SET name = excluded.name, name_key = excluded.name_key, url = excluded.url
			RETURNING id, mails, created_at`,
			[]any{row.Type, row.Key, row.Name, row.NameKey, row.URL, row.CreatedAt}, &row.ID, &row.Mails, &row.CreatedAt)
		if err != nil {
			return err
		}
		*r = row.record()
		return recordWords.set(ctx, s, row.ID, r.SearchWords())
	})
}

// DeleteRecord removes a record that no mail is linked to, else it is
// mailstead.RecordInUse.
func (db *DB) DeleteRecord(ctx context.Context, id mailstead.RecordID, audit mailstead.AuditEntry) error {
	return db.write(ctx, "delete record", func(ctx context.Context, s *step) error {
		row, err := oneRecord(ctx, s.Session, id, s.engine.RowLock(RowUpdate))
		if err != nil {
			return err
		}
		if row.Mails > 0 {
			return mailstead.RecordInUse(row.Mails)
		}
		// What is left are links that were removed a moment ago.
		if _, err := s.dropLinks(ctx, "record_id = ?", row.ID); err != nil {
			return err
		}
		for _, q := range []string{"DELETE FROM record_words WHERE record_id = ?", "DELETE FROM records WHERE id = ?"} {
			if _, err := s.Bound.Exec(ctx, q, row.ID); err != nil {
				return err
			}
		}
		return s.audit(ctx, audit)
	})
}
