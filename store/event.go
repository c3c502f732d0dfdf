package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/mailstead/mailstead"
)

type eventRow struct {
	bun.BaseModel `bun:"table:events,alias:e"`

	ID        int64 `bun:"id,pk,autoincrement"`
	At        int64
	Type      string
	AccountID int64
	UserID    int64
	Data      string
}

// eventIDs is the most ids that one event carries.
const eventIDs = 500

// messageEvents are the events of type t about the messages.
func messageEvents(t mailstead.EventType, account mailstead.AccountID, folder mailstead.FolderID, ids []mailstead.MessageID, at time.Time) []mailstead.Event {
	var out []mailstead.Event
	for part := range slices.Chunk(ids, eventIDs) {
		e := mailstead.NewEvent(t, account, mailstead.MessagesData{FolderID: folder, MessageIDs: part})
		e.At = at
		out = append(out, e)
	}
	return out
}

// flush inserts the events of the step as the last thing that it does, under the
// lock that keeps ids in order.
func (s *step) flush(ctx context.Context) error {
	if len(s.events) == 0 {
		return nil
	}
	if err := s.engine.Lock(ctx, s.Session, LockEvents); err != nil {
		return err
	}
	for part := range pieces(s.events, mostRows) {
		args := make([]any, 0, len(part)*5)
		for i := range part {
			e := &part[i]
			if e.At.IsZero() {
				e.At = s.now
			}
			args = append(args, millis(e.At), string(e.Type), int64(e.AccountID), int64(e.UserID), string(e.Data))
		}
		_, err := s.Bound.Exec(ctx, "INSERT INTO events (at, type, account_id, user_id, data) VALUES "+marks(len(part), 5), args...)
		if err != nil {
			return fmt.Errorf("store events: %w", err)
		}
	}
	return nil
}

// Events returns events behind after, in order, at most 1,000. User 0 means all
// events, else those of accounts that the user owns or was assigned and those
// about the user itself.
func (db *DB) Events(ctx context.Context, after mailstead.EventID, n int, user mailstead.UserID) ([]mailstead.Event, error) {
	var rows []eventRow
	q := db.reader().NewSelect().Model(&rows).Where("e.id > ?", int64(after)).Order("e.id").Limit(limit(n, 1000))
	if user != 0 {
		q.Where("(e.user_id = ?0 OR e.account_id IN "+ofUser+")", int64(user))
	}
	if err := q.Scan(ctx); err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	out := make([]mailstead.Event, len(rows))
	for i, r := range rows {
		out[i] = mailstead.Event{
			ID: mailstead.EventID(r.ID), At: instant(r.At), Type: mailstead.EventType(r.Type),
			AccountID: mailstead.AccountID(r.AccountID), UserID: mailstead.UserID(r.UserID),
		}
		if r.Data != "" {
			out[i].Data = json.RawMessage(r.Data)
		}
	}
	return out, nil
}

// LastEventID returns the id of the newest event, 0 when there was none.
func (db *DB) LastEventID(ctx context.Context) (mailstead.EventID, error) {
	var id int64
	if err := one(ctx, db.reader().Bound, "SELECT coalesce(max(id), 0) FROM events", nil, &id); err != nil {
		return 0, fmt.Errorf("find newest event: %w", err)
	}
	return mailstead.EventID(id), nil
}

// DeleteEventsBefore removes the events before the first one at or after t, but
// never the newest: LastEventID goes on from it.
func (db *DB) DeleteEventsBefore(ctx context.Context, t time.Time) error {
	return db.write(ctx, "delete old events", func(ctx context.Context, s *step) error {
		_, err := s.Bound.Exec(ctx, `DELETE FROM events WHERE id < coalesce(
			(SELECT id FROM events WHERE at >= ? ORDER BY id LIMIT 1), (SELECT max(id) FROM events), 0)`, millis(t))
		return err
	})
}
