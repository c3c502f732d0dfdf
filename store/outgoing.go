package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"github.com/mailstead/mailstead"
)

type outgoingRow struct {
	bun.BaseModel `bun:"table:outgoing,alias:o"`

	ID                int64 `bun:"id,pk,autoincrement"`
	UserID            int64
	AccountID         int64
	State             string
	Reason            object[mailstead.Resolution]
	IdempotencyKey    string
	Sender            string
	Recipients        list[mailstead.Recipient]
	InternetMessageID string
	Subject           string
	ParentID          int64
	BlobHash          []byte
	Size              int64
	Attempts          int
	DueAt             int64
	BodyComplete      bool
	ErrorCode         string
	ErrorText         string
	ErrorAction       string
	Reply             string
	SentCopy          string
	SentCopyAttempts  int
	SentCopyDueAt     int64
	CreatedAt         int64
	AcceptedAt        int64

	blobPlace
}

func (r *outgoingRow) outgoing() mailstead.OutgoingMessage {
	return mailstead.OutgoingMessage{
		ID: mailstead.OutgoingID(r.ID), UserID: mailstead.UserID(r.UserID), AccountID: mailstead.AccountID(r.AccountID),
		State: mailstead.OutgoingState(r.State), Reason: r.Reason.V, IdempotencyKey: r.IdempotencyKey,
		From: r.Sender, Recipients: r.Recipients, InternetMessageID: r.InternetMessageID, Subject: r.Subject,
		ParentID: mailstead.MessageID(r.ParentID), Blob: r.ref(r.BlobHash), Size: r.Size, Attempts: r.Attempts,
		DueAt: instant(r.DueAt), BodyComplete: r.BodyComplete, Code: r.ErrorCode, Text: r.ErrorText, Action: r.ErrorAction,
		Reply: r.Reply, SentCopy: mailstead.SentCopyState(r.SentCopy), SentCopyAttempts: r.SentCopyAttempts,
		SentCopyDueAt: instant(r.SentCopyDueAt), CreatedAt: instant(r.CreatedAt), AcceptedAt: instant(r.AcceptedAt),
	}
}

func outgoings(rows []outgoingRow) []mailstead.OutgoingMessage {
	out := make([]mailstead.OutgoingMessage, len(rows))
	for i := range rows {
		out[i] = rows[i].outgoing()
	}
	return out
}

// outgoingColumns are all that is inserted.
const outgoingColumns = `user_id, account_id, state, reason, idempotency_key, sender, recipients, internet_message_id,
	subject, parent_id, blob_hash, size, attempts, due_at, body_complete, error_code, error_text, error_action, reply,
	sent_copy, sent_copy_attempts, sent_copy_due_at, created_at, accepted_at`

func outgoingArgs(m *mailstead.OutgoingMessage) []any {
	return []any{
		int64(m.UserID), int64(m.AccountID), string(m.State),
		object[mailstead.Resolution]{m.Reason},
		m.IdempotencyKey,
		m.From, list[mailstead.Recipient](m.Recipients), m.InternetMessageID, clean(m.Subject), int64(m.ParentID),
		hashColumn(m.Blob), m.Size, m.Attempts, millis(m.DueAt), m.BodyComplete, m.Code, clean(m.Text), clean(m.Action),
		clean(m.Reply), string(m.SentCopy), m.SentCopyAttempts, millis(m.SentCopyDueAt), millis(m.CreatedAt), millis(m.AcceptedAt),
	}
}

// selectOutgoing reads mails with where their bytes lie; rest goes on behind
// the joins.
func selectOutgoing(ctx context.Context, s *Session, rest string, args ...any) ([]outgoingRow, error) {
	return all[outgoingRow](ctx, s, "SELECT o.*, "+withBlob+" FROM outgoing AS o LEFT JOIN blobs AS b ON b.hash = o.blob_hash "+rest, args...)
}

func oneOutgoing(ctx context.Context, s *Session, rest string, args ...any) (*outgoingRow, error) {
	return first(selectOutgoing(ctx, s, rest, args...))
}

func (s *step) emitOutgoing(m *mailstead.OutgoingMessage) {
	e := mailstead.NewEvent(mailstead.EventOutgoing, m.AccountID, mailstead.OutgoingData{OutgoingID: m.ID, State: m.State, Code: m.Code})
	// Who sends from an account that belongs to others follows the mail too.
	e.UserID = m.UserID
	s.emit(e)
}

// SubmitOutgoing stores a new mail, counts a reference to its bytes and stores
// an EventOutgoing. It sets m.ID, and m.CreatedAt when it is zero. When the user
// has submitted a mail with the same idempotency key before, nothing is stored,
// the first mail is loaded into *m and existed is true.
func (db *DB) SubmitOutgoing(ctx context.Context, m *mailstead.OutgoingMessage) (existed bool, err error) {
	var done mailstead.OutgoingMessage
	err = db.write(ctx, "submit mail", func(ctx context.Context, s *step) error {
		done, existed = *m, false
		if done.CreatedAt.IsZero() {
			done.CreatedAt = instant(millis(s.now))
		}
		id, err := s.insertOutgoing(ctx, &done)
		if errors.Is(err, sql.ErrNoRows) {
			first, err := oneOutgoing(ctx, s.Session, "WHERE o.user_id = ? AND o.idempotency_key = ?", int64(m.UserID), m.IdempotencyKey)
			if err != nil {
				return err
			}
			done, existed = first.outgoing(), true
			return nil
		}
		if err != nil {
			return err
		}
		var blobs blobCounts
		blobs.add(m.Blob)
		if err := blobs.apply(ctx, s.Bound); err != nil {
			return err
		}
		done.ID = id
		if done.Arrival != nil {
			row := newArrivalRow(id, done.Arrival)
			if _, err := s.NewInsert().Model(&row).Exec(ctx); err != nil {
				return err
			}
		}
		s.emitOutgoing(&done)
		return nil
	})
	if err != nil {
		return false, err
	}
	*m = done
	return existed, nil
}

// insertOutgoing returns sql.ErrNoRows when the idempotency key is taken. A
// repetition finds its mail even when the account is gone by now.
func (s *step) insertOutgoing(ctx context.Context, m *mailstead.OutgoingMessage) (mailstead.OutgoingID, error) {
	if missing := s.requireAccount(ctx, m.AccountID, RowKeep); missing != nil {
		if m.IdempotencyKey == "" {
			return 0, missing
		}
		err := require(ctx, s.Bound, "account", "SELECT 1 FROM outgoing WHERE user_id = ? AND idempotency_key = ?", int64(m.UserID), m.IdempotencyKey)
		if err != nil {
			return 0, missing
		}
		return 0, sql.ErrNoRows
	}
	args := outgoingArgs(m)
	var id mailstead.OutgoingID
	err := one(ctx, s.Bound, "INSERT INTO outgoing ("+outgoingColumns+") VALUES "+marks(1, len(args))+
		" ON CONFLICT (user_id, idempotency_key) WHERE idempotency_key <> '' DO NOTHING RETURNING id", args, &id)
	return id, err
}

// Outgoing returns one mail of the outbox and its attempts in order. Mails of a
// deleted account are still told of.
func (db *DB) Outgoing(ctx context.Context, id mailstead.OutgoingID) (mailstead.OutgoingMessage, []mailstead.Attempt, error) {
	s := db.reader()
	row, err := oneOutgoing(ctx, s, "WHERE o.id = ?", int64(id))
	if err != nil {
		return mailstead.OutgoingMessage{}, nil, fmt.Errorf("read outgoing mail: %w", found(err, "outgoing"))
	}
	list, err := attempts(ctx, s, id)
	if err != nil {
		return mailstead.OutgoingMessage{}, nil, fmt.Errorf("read attempts: %w", err)
	}
	m := row.outgoing()
	if m.Arrival, err = arrivalOf(ctx, s, id); err != nil {
		return mailstead.OutgoingMessage{}, nil, fmt.Errorf("read arrival: %w", err)
	}
	return m, list, nil
}

// isOpen keeps the mails that wait for something: few among many. It reads as the
// index outgoing_open does, which the databases use for nothing else.
const isOpen = "o.state IN ('queued', 'held', 'sending', 'unknown')"

func isClosed(s mailstead.OutgoingState) bool {
	return s == mailstead.OutgoingAccepted || s == mailstead.OutgoingRejected || s == mailstead.OutgoingCancelled
}

// OutgoingList returns a page of the outbox, newest first, at most 200 mails.
func (db *DB) OutgoingList(ctx context.Context, q mailstead.OutgoingQuery) ([]mailstead.OutgoingMessage, error) {
	where, args := "WHERE TRUE", []any(nil)
	and := func(condition string, arg ...any) {
		where += " AND " + condition
		args = append(args, arg...)
	}
	user, account := "o.user_id = ?", "o.account_id = ?"
	if len(q.States) > 0 {
		states := make([]any, len(q.States))
		for i, state := range q.States {
			states[i] = string(state)
		}
		and("o.state IN ("+params(len(states))+")", states...)
		if !slices.ContainsFunc(q.States, isClosed) {
			// The plus keeps the other indexes out: they would go through all mails.
			and(isOpen)
			user, account = "+"+user, "+"+account
		}
	}
	if q.UserID != 0 {
		and(user, int64(q.UserID))
	}
	if q.AccountID != 0 {
		and(account, int64(q.AccountID))
	}
	if q.Before != 0 {
		and("o.id < ?", int64(q.Before))
	}
	rows, err := selectOutgoing(ctx, db.reader(), where+" ORDER BY o.id DESC"+limited(q.Limit, pageSize), args...)
	if err != nil {
		return nil, fmt.Errorf("list outgoing mails: %w", err)
	}
	return outgoings(rows), nil
}

// setFate stores what becomes of a mail, with fateArgs.
const setFate = `UPDATE outgoing SET state = ?, due_at = ?, error_code = ?, error_text = ?, error_action = ?, reply = ?,
	recipients = ?, sent_copy = ?, sent_copy_attempts = ?, sent_copy_due_at = ?, accepted_at = ? `

func fateArgs(m *mailstead.OutgoingMessage) []any {
	return []any{
		string(m.State), millis(m.DueAt), m.Code, clean(m.Text), clean(m.Action), clean(m.Reply),
		list[mailstead.Recipient](m.Recipients), string(m.SentCopy), m.SentCopyAttempts, millis(m.SentCopyDueAt), millis(m.AcceptedAt),
	}
}

// ChangeOutgoing stores m's state, due times, recipients, explanation and sent
// copy when its present state is one of from, else it is KindConflict, and
// stores an EventOutgoing.
func (db *DB) ChangeOutgoing(ctx context.Context, m mailstead.OutgoingMessage, from ...mailstead.OutgoingState) error {
	return db.write(ctx, "change outgoing mail", func(ctx context.Context, s *step) error {
		now, err := oneOutgoing(ctx, s.Session, "WHERE o.id = ?"+s.forOutgoing(RowUpdate), int64(m.ID))
		if err != nil {
			return found(err, "outgoing")
		}
		if !slices.Contains(from, mailstead.OutgoingState(now.State)) {
			return outgoingMoved(now.State)
		}
		if _, err := s.Bound.Exec(ctx, setFate+"WHERE id = ?", append(fateArgs(&m), int64(m.ID))...); err != nil {
			return err
		}
		m.AccountID, m.UserID = mailstead.AccountID(now.AccountID), mailstead.UserID(now.UserID)
		s.emitOutgoing(&m)
		return nil
	})
}

func outgoingMoved(state string) error {
	return conflict("outgoing.state", "The mail is "+state+" by now, so this cannot be done.")
}

// forOutgoing is the row lock of a query by selectOutgoing: of its mails, not of
// the blobs joined to them.
func (s *step) forOutgoing(l RowLock) string {
	return strings.Replace(locked(s.engine.RowLock(l)), "UPDATE", "UPDATE OF o", 1)
}
