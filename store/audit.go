package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/uptrace/bun"

	"github.com/mailstead/mailstead"
)

type auditRow struct {
	bun.BaseModel `bun:"table:audit,alias:au"`

	ID         int64 `bun:"id,pk,autoincrement"`
	At         int64
	ActorID    int64
	ActorName  string
	Operator   bool
	TokenID    int64
	Action     string
	ObjectKind string
	ObjectID   string
	ObjectName string
	Changes    list[mailstead.AuditChange]
}

func (r *auditRow) entry() mailstead.AuditEntry {
	return mailstead.AuditEntry{
		ID: mailstead.AuditID(r.ID), At: instant(r.At), ActorID: mailstead.UserID(r.ActorID), ActorName: r.ActorName,
		Operator: r.Operator, TokenID: mailstead.TokenID(r.TokenID), Action: mailstead.AuditAction(r.Action),
		Object:  mailstead.AuditObject{Kind: mailstead.AuditKind(r.ObjectKind), ID: r.ObjectID, Name: r.ObjectName},
		Changes: r.Changes,
	}
}

// errNoAudit says that a caller changed something without telling who did what.
var errNoAudit = errors.New("a step of administration has no audit entry")

// audit stores the entry of the step. What it tells was done before, in the same
// step: both stand or neither does.
func (s *step) audit(ctx context.Context, e mailstead.AuditEntry) error {
	if e.Action == "" || e.Object.Kind == "" {
		return errNoAudit
	}
	if e.At.IsZero() {
		e.At = s.now
	}
	row := auditRow{
		At: millis(e.At), ActorID: int64(e.ActorID), ActorName: clean(e.ActorName), Operator: e.Operator, TokenID: int64(e.TokenID),
		Action: string(e.Action), ObjectKind: string(e.Object.Kind), ObjectID: clean(e.Object.ID), ObjectName: clean(e.Object.Name),
		Changes: e.Changes,
	}
	if _, err := s.NewInsert().Model(&row).Exec(ctx); err != nil {
		return fmt.Errorf("store audit entry: %w", err)
	}
	return nil
}

// auditNew stores the entry of something that the step made.
func (s *step) auditNew(ctx context.Context, e mailstead.AuditEntry, id int64) error {
	if e.Object.ID == "" {
		e.Object.ID = strconv.FormatInt(id, 10)
	}
	return s.audit(ctx, e)
}

// RecordAudit stores an entry about what is not stored elsewhere, such as a sign-in
// that is refused for a while.
func (db *DB) RecordAudit(ctx context.Context, e mailstead.AuditEntry) error {
	return db.write(ctx, "record audit", func(ctx context.Context, s *step) error { return s.audit(ctx, e) })
}

// Audit returns entries from new to old, at most 201.
func (db *DB) Audit(ctx context.Context, q mailstead.AuditQuery) ([]mailstead.AuditEntry, error) {
	var rows []auditRow
	sel := db.reader().NewSelect().Model(&rows).Order("au.id DESC").Limit(limit(q.Limit, mailstead.MaxPage+1))
	for _, f := range []struct {
		wanted bool
		where  string
		value  any
	}{
		{q.Before != 0, "au.id < ?", int64(q.Before)},
		{q.ActorID != 0, "au.actor_id = ?", int64(q.ActorID)},
		{q.Operator, "au.operator = ?", true},
		{q.Action != "", "au.action = ?", string(q.Action)},
		{q.Kind != "", "au.object_kind = ?", string(q.Kind)},
		{q.ObjectID != "", "au.object_id = ?", clean(q.ObjectID)},
		{!q.From.IsZero(), "au.at >= ?", millis(q.From)},
		{!q.To.IsZero(), "au.at < ?", millis(q.To)},
	} {
		if f.wanted {
			sel.Where(f.where, f.value)
		}
	}
	if err := sel.Scan(ctx); err != nil {
		return nil, fmt.Errorf("read audit: %w", err)
	}
	out := make([]mailstead.AuditEntry, len(rows))
	for i := range rows {
		out[i] = rows[i].entry()
	}
	return out, nil
}
