package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"github.com/mailstead/mailstead"
)

type messageRow struct {
	bun.BaseModel `bun:"table:messages,alias:m"`

	ID                int64 `bun:"id,pk,autoincrement"`
	AccountID         int64
	FolderID          int64
	UID               int64 `bun:"uid"`
	Flags             int64
	ReceivedAt        int64
	Size              int64
	BlobHash          []byte
	Subject           string
	FromList          list[mailstead.Address]
	ToList            list[mailstead.Address]
	CcList            list[mailstead.Address]
	ReplyToList       list[mailstead.Address]
	SentAt            int64
	InternetMessageID string
	InReplyTo         list[string]
	ReferenceIDs      list[string] `bun:"reference_ids"`
	ThreadKey         string
	Snippet           string
	HasAttachments    bool
	State             string
	Defect            string

	blobPlace
}

// blobPlace are the columns that a join with blobs adds.
type blobPlace struct {
	Pack       int64 `bun:",scanonly"`
	PackOffset int64 `bun:",scanonly"`
	Stored     int64 `bun:",scanonly"`
	BlobSize   int64 `bun:",scanonly"`
}

func (p *blobPlace) ref(hash []byte) mailstead.BlobRef {
	if len(hash) == 0 {
		return mailstead.BlobRef{}
	}
	return mailstead.BlobRef{Hash: blobHash(hash), Pack: p.Pack, Offset: p.PackOffset, Stored: p.Stored, Size: p.BlobSize}
}

// withBlob are the columns of blobPlace, with blobs joined as b.
const withBlob = `coalesce(b.pack, 0) AS pack, coalesce(b.pack_offset, 0) AS pack_offset,
	coalesce(b.stored, 0) AS stored, coalesce(b.size, 0) AS blob_size`

// The bits of the column flags.
const (
	flagSeen = 1 << iota
	flagAnswered
	flagFlagged
	flagDraft
	flagDeleted
)

func flagBits(f mailstead.Flags) int64 {
	var bits int64
	for _, x := range []struct {
		set bool
		bit int64
	}{{f.Seen, flagSeen}, {f.Answered, flagAnswered}, {f.Flagged, flagFlagged}, {f.Draft, flagDraft}, {f.Deleted, flagDeleted}} {
		if x.set {
			bits |= x.bit
		}
	}
	return bits
}

func flagsOf(bits int64) mailstead.Flags {
	return mailstead.Flags{
		Seen: bits&flagSeen != 0, Answered: bits&flagAnswered != 0, Flagged: bits&flagFlagged != 0,
		Draft: bits&flagDraft != 0, Deleted: bits&flagDeleted != 0,
	}
}

func (r *messageRow) message() mailstead.Message {
	return mailstead.Message{
		ID: mailstead.MessageID(r.ID), AccountID: mailstead.AccountID(r.AccountID), FolderID: mailstead.FolderID(r.FolderID),
		UID: mailstead.UID(r.UID), Flags: flagsOf(r.Flags), //nolint:gosec // written from this type
		ReceivedAt: instant(r.ReceivedAt), Size: r.Size, Blob: r.ref(r.BlobHash),
		Headers: mailstead.Headers{
			Subject: r.Subject, From: r.FromList, To: r.ToList, Cc: r.CcList, ReplyTo: r.ReplyToList, Date: instant(r.SentAt),
			InternetMessageID: r.InternetMessageID, InReplyTo: r.InReplyTo, References: r.ReferenceIDs,
		},
		Snippet: r.Snippet, HasAttachments: r.HasAttachments, State: mailstead.MessageState(r.State), Defect: r.Defect,
	}
}

// selectMessages begins a query for messages of accounts that exist.
func selectMessages(s *Session, rows any) *bun.SelectQuery {
	return s.NewSelect().Model(rows).ColumnExpr("m.*").ColumnExpr(withBlob).Join("LEFT JOIN blobs AS b ON b.hash = m.blob_hash")
}

// Messages returns a page of messages, newest first. With Search they come by
// id, which is the order in which they were loaded, and Before.ID alone is the
// position.
func (db *DB) Messages(ctx context.Context, q mailstead.MessageQuery) ([]mailstead.Message, error) {
	out, err := messages(ctx, db, q)
	if err != nil {
		return nil, fmt.Errorf("list messages: %w", err)
	}
	return out, nil
}

// pageSize is the most items of a page.
const pageSize = mailstead.MaxPage + 1

func messages(ctx context.Context, db *DB, q mailstead.MessageQuery) ([]mailstead.Message, error) {
	s := db.reader()
	if err := requireAccount(ctx, s, q.AccountID, ""); err != nil {
		return nil, err
	}
	if strings.TrimSpace(q.Search) != "" {
		return search(ctx, db, q)
	}
	var rows []messageRow
	sel := selectMessages(s, &rows).Order("m.received_at DESC", "m.id DESC").Limit(limit(q.Limit, pageSize))
	if q.FolderID != 0 {
		sel.Where("m.folder_id = ?", int64(q.FolderID))
	}
	sel.Where("m.account_id = ?", int64(q.AccountID))
	if q.UnreadOnly {
		sel.Where("m.flags & 1 = 0")
	}
	if !q.Before.IsZero() {
		sel.Where("(m.received_at, m.id) < (?, ?)", millis(q.Before.ReceivedAt), int64(q.Before.ID))
	}
	if err := sel.Scan(ctx); err != nil {
		return nil, err
	}
	return messagesOf(rows), nil
}

func messagesOf(rows []messageRow) []mailstead.Message {
	out := make([]mailstead.Message, len(rows))
	for i := range rows {
		out[i] = rows[i].message()
	}
	return out
}

// maxWords is how many words of a search are looked for.
const maxWords = 16

func search(ctx context.Context, db *DB, q mailstead.MessageQuery) ([]mailstead.Message, error) {
	words := strings.Fields(mailstead.FoldText(q.Search))
	if len(words) == 0 {
		// Nothing but punctuation is in no mail.
		return nil, nil
	}
	words = words[:min(len(words), maxWords)]
	for i := range words {
		words[i] = CutWord(words[i])
	}
	ids, err := db.engine.Search(ctx, Search{
		AccountID: q.AccountID, FolderID: q.FolderID, Words: words, UnreadOnly: q.UnreadOnly,
		Before: q.Before.ID, Limit: limit(q.Limit, pageSize),
	})
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	var rows []messageRow
	err = selectMessages(db.reader(), &rows).Where("m.id IN (?)", bun.List(ids)).
		Where("m.account_id = ?", int64(q.AccountID)).Order("m.id DESC").Scan(ctx)
	return messagesOf(rows), err
}

// Message returns one message with where its bytes lie.
func (db *DB) Message(ctx context.Context, id mailstead.MessageID) (mailstead.Message, error) {
	list, err := db.MessagesByID(ctx, []mailstead.MessageID{id})
	if err != nil {
		return mailstead.Message{}, err
	}
	if len(list) == 0 {
		return mailstead.Message{}, fmt.Errorf("read message: %w", mailstead.NotFound("message"))
	}
	return list[0], nil
}

// MessagesByID returns those of the messages that exist, by id.
func (db *DB) MessagesByID(ctx context.Context, ids []mailstead.MessageID) ([]mailstead.Message, error) {
	var out []mailstead.Message
	s := db.reader()
	for part := range slices.Chunk(ids, 500) {
		var rows []messageRow
		err := selectMessages(s, &rows).Where("m.id IN (?)", bun.List(part)).
			Where(live("m.account_id")).Order("m.id").Scan(ctx)
		if err != nil {
			return nil, fmt.Errorf("read messages: %w", err)
		}
		out = append(out, messagesOf(rows)...)
	}
	return out, nil
}

// FolderUIDs returns the stored UIDs of a folder from from to to, both included,
// ascending; to 0 means no bound.
func (db *DB) FolderUIDs(ctx context.Context, folder mailstead.FolderID, from, to mailstead.UID) ([]mailstead.UID, error) {
	s := db.reader()
	if _, err := oneFolder(ctx, s, folder, ""); err != nil {
		return nil, fmt.Errorf("list UIDs: %w", err)
	}
	var uids []mailstead.UID
	q := s.NewSelect().Model((*messageRow)(nil)).Column("uid").Where("m.folder_id = ? AND m.uid >= ?", int64(folder), int64(from)).Order("m.uid")
	if to != 0 {
		q.Where("m.uid <= ?", int64(to))
	}
	if err := q.Scan(ctx, &uids); err != nil {
		return nil, fmt.Errorf("list UIDs: %w", err)
	}
	return uids, nil
}
