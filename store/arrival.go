package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/mailstead/mailstead"
)

type arrivalRow struct {
	bun.BaseModel `bun:"table:arrivals,alias:r"`

	OutgoingID int64 `bun:"outgoing_id,pk"`
	AccountID  int64
	State      string
	MessageID  int64
	Folder     string
	ArrivedAt  int64
	MissedAt   int64
	DueAt      int64
}

func newArrivalRow(id mailstead.OutgoingID, a *mailstead.Arrival) arrivalRow {
	return arrivalRow{
		OutgoingID: int64(id), AccountID: int64(a.AccountID), State: string(a.State), MessageID: int64(a.MessageID), Folder: string(a.Folder),
		ArrivedAt: millis(a.ArrivedAt), MissedAt: millis(a.MissedAt), DueAt: millis(a.DueAt),
	}
}

func (r *arrivalRow) arrival() mailstead.Arrival {
	return mailstead.Arrival{
		AccountID: mailstead.AccountID(r.AccountID), State: mailstead.ArrivalState(r.State), MessageID: mailstead.MessageID(r.MessageID),
		Folder: mailstead.FolderRole(r.Folder), ArrivedAt: instant(r.ArrivedAt), MissedAt: instant(r.MissedAt), DueAt: instant(r.DueAt),
	}
}

// arrivalOf returns the second half of a mail's round trip, or nil.
func arrivalOf(ctx context.Context, s *Session, id mailstead.OutgoingID) (*mailstead.Arrival, error) {
	row, err := first(all[arrivalRow](ctx, s, "SELECT * FROM arrivals WHERE outgoing_id = ?", int64(id)))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // most mails are no round trip
	}
	if err != nil {
		return nil, err
	}
	a := row.arrival()
	return &a, nil
}

// DueArrivals returns arrivals that are to be looked for, the longest due first, at
// most 1,000, each with what has come into its mailbox under the mail's Message-ID.
// Copies that the sender's side leaves are no arrival.
func (db *DB) DueArrivals(ctx context.Context, now time.Time, n int) ([]mailstead.AwaitedArrival, error) {
	type awaitedRow struct {
		OutgoingID int64
		AccountID  int64
		State      string
		MissedAt   int64
		Sent       string
		CreatedAt  int64
		AcceptedAt int64
		Found      int64
		Role       string
	}
	// The first message that came counts; its folder is read beside it.
	rows, err := all[awaitedRow](ctx, db.reader(), `SELECT r.outgoing_id, r.account_id, r.state, r.missed_at, o.state AS sent, o.created_at, o.accepted_at,
		COALESCE(m.id, 0) AS found, COALESCE(f.role, '') AS role
		FROM arrivals AS r JOIN outgoing AS o ON o.id = r.outgoing_id
		LEFT JOIN messages AS m ON m.id = (SELECT min(x.id) FROM messages AS x JOIN folders AS y ON y.id = x.folder_id
			WHERE x.account_id = r.account_id AND x.internet_message_id = o.internet_message_id AND y.role NOT IN ('sent', 'drafts', 'all'))
		LEFT JOIN folders AS f ON f.id = m.folder_id
		WHERE r.due_at <> 0 AND r.due_at <= ? ORDER BY r.due_at, r.outgoing_id`+limited(n, 1000), millis(now))
	if err != nil {
		return nil, fmt.Errorf("find awaited arrivals: %w", err)
	}
	var out []mailstead.AwaitedArrival
	for i := range rows {
		r := &rows[i]
		out = append(out, mailstead.AwaitedArrival{
			Arrival:    mailstead.Arrival{AccountID: mailstead.AccountID(r.AccountID), State: mailstead.ArrivalState(r.State), MissedAt: instant(r.MissedAt)},
			OutgoingID: mailstead.OutgoingID(r.OutgoingID), Sent: mailstead.OutgoingState(r.Sent),
			CreatedAt: instant(r.CreatedAt), AcceptedAt: instant(r.AcceptedAt), Found: mailstead.MessageID(r.Found), Role: mailstead.FolderRole(r.Role),
		})
	}
	return out, nil
}

// LastArrival returns the message as which the last mail of an account that was made
// since a time, and whose round trip ended, came in, with the address of that mailbox.
// It is KindNotFound when there is none.
func (db *DB) LastArrival(ctx context.Context, id mailstead.AccountID, since time.Time) (m mailstead.Message, mailbox string, err error) {
	type arrivedRow struct {
		MessageID int64
		Address   string
	}
	row, err := first(all[arrivedRow](ctx, db.reader(), `SELECT m.id AS message_id, a.address FROM arrivals AS r JOIN outgoing AS o ON o.id = r.outgoing_id
		JOIN messages AS m ON m.id = r.message_id JOIN accounts AS a ON a.id = r.account_id
		WHERE o.account_id = ? AND r.state = 'arrived' AND o.created_at >= ? ORDER BY o.id DESC LIMIT 1`, int64(id), millis(since)))
	if err != nil {
		return m, "", found(err, "message")
	}
	m, err = db.Message(ctx, mailstead.MessageID(row.MessageID))
	return m, row.Address, err
}

// SetArrival stores how the second half of a round trip stands. When its state
// changes it stores an EventOutgoing of the mail.
func (db *DB) SetArrival(ctx context.Context, id mailstead.OutgoingID, a mailstead.Arrival) error {
	return db.write(ctx, "set arrival", func(ctx context.Context, s *step) error {
		row := newArrivalRow(id, &a)
		var was string
		err := one(ctx, s.Bound, "SELECT state FROM arrivals WHERE outgoing_id = ?"+locked(s.engine.RowLock(RowUpdate)), []any{int64(id)}, &was)
		if err != nil {
			return found(err, "outgoing")
		}
		if _, err := s.NewUpdate().Model(&row).WherePK().ExcludeColumn("account_id").Exec(ctx); err != nil {
			return err
		}
		if was == row.State {
			return nil
		}
		mail, err := oneOutgoing(ctx, s.Session, "WHERE o.id = ?", int64(id))
		if err != nil {
			return found(err, "outgoing")
		}
		m := mail.outgoing()
		s.emitOutgoing(&m)
		return nil
	})
}
