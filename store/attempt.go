package store

import (
	"context"

	"github.com/uptrace/bun"

	"github.com/mailstead/mailstead"
)

type attemptRow struct {
	bun.BaseModel `bun:"table:outgoing_attempts,alias:t"`

	OutgoingID int64 `bun:"outgoing_id,pk"`
	Number     int   `bun:"number,pk"`
	StartedAt  int64
	EndedAt    int64
	State      string
	Code       string
	Reply      string
}

// attempts reads the attempts at a mail in order.
func attempts(ctx context.Context, s *Session, id mailstead.OutgoingID) ([]mailstead.Attempt, error) {
	var rows []attemptRow
	if err := s.NewSelect().Model(&rows).Where("t.outgoing_id = ?", int64(id)).Order("t.number").Scan(ctx); err != nil {
		return nil, err
	}
	var out []mailstead.Attempt
	for _, r := range rows {
		out = append(out, mailstead.Attempt{
			OutgoingID: mailstead.OutgoingID(r.OutgoingID), Number: r.Number, StartedAt: instant(r.StartedAt),
			EndedAt: instant(r.EndedAt), State: mailstead.OutgoingState(r.State), Code: r.Code, Reply: r.Reply,
		})
	}
	return out, nil
}

func (s *step) insertAttempt(ctx context.Context, id mailstead.OutgoingID, a *mailstead.Attempt) error {
	_, err := s.Bound.Exec(ctx, `INSERT INTO outgoing_attempts (outgoing_id, number, started_at, ended_at, state, code, reply)
		VALUES (?, ?, ?, ?, ?, ?, ?)`, int64(id), a.Number, millis(a.StartedAt), millis(a.EndedAt), string(a.State), a.Code, clean(a.Reply))
	if err != nil && s.engine.Unique(err) {
		return conflict("attempt.exists", "This attempt was recorded already.")
	}
	return err
}
