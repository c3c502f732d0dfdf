package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mailstead/mailstead"
)

// ApplySync stores one step of reading a folder: rows, counters, cursor, blobs
// and events together. It returns the ids of b.Messages in their order, 0 for
// one that was there already.
func (db *DB) ApplySync(ctx context.Context, b mailstead.SyncBatch) ([]mailstead.MessageID, error) {
	var ids []mailstead.MessageID
	err := db.write(ctx, "store messages", func(ctx context.Context, s *step) error {
		f, err := oneFolder(ctx, s.Session, b.FolderID, s.engine.RowLock(RowUpdate))
		if err != nil {
			return err
		}
		if f.AccountID != int64(b.AccountID) {
			return mailstead.NotFound("folder")
		}
		c := &folderChange{step: s, folder: f, at: b.At}
		ids, err = c.apply(ctx, &b)
		if err != nil {
			return err
		}
		c.emitAll(&b)
		return c.save(ctx, &b)
	})
	if err != nil {
		return nil, err
	}
	return ids, nil
}

// folderChange gathers what a step does to one folder, whose row it holds.
type folderChange struct {
	step   *step
	folder *folderRow
	at     time.Time
	blobs  blobCounts
	added  []mailstead.MessageID
	// changed and removed are the messages whose flags really changed and that
	// really went.
	changed []mailstead.MessageID
	removed []mailstead.MessageID
}

func (c *folderChange) apply(ctx context.Context, b *mailstead.SyncBatch) ([]mailstead.MessageID, error) {
	if b.Reset {
		if err := c.removeAll(ctx); err != nil {
			return nil, fmt.Errorf("reset folder: %w", err)
		}
	}
	if err := c.remove(ctx, b.Removed); err != nil {
		return nil, fmt.Errorf("remove messages: %w", err)
	}
	if err := c.changeByUID(ctx, b.Changed); err != nil {
		return nil, fmt.Errorf("change flags: %w", err)
	}
	ids, err := c.insert(ctx, b.Messages)
	if err != nil {
		return nil, fmt.Errorf("insert messages: %w", err)
	}
	return ids, c.blobs.apply(ctx, c.step.Bound)
}

// save stores the folder's row.
func (c *folderChange) save(ctx context.Context, b *mailstead.SyncBatch) error {
	if err := c.keepOpen(ctx, b); err != nil {
		return err
	}
	c.folder.setCursor(b.Cursor)
	if b.RemoteTotal >= 0 {
		c.folder.RemoteTotal = b.RemoteTotal
	}
	if !b.At.IsZero() {
		c.folder.SyncedAt = millis(b.At)
	}
	_, err := c.step.NewUpdate().Model(c.folder).WherePK().
		ExcludeColumn("id", "account_id", "path", "delimiter", "role").Exec(ctx)
	return err
}

func (c *folderChange) emitAll(b *mailstead.SyncBatch) {
	c.emitRemoved()
	c.emitMessages(mailstead.EventMessagesChanged, c.changed)
	if b.Announce {
		c.emitMessages(mailstead.EventMessagesNew, c.added)
	}
	if b.Progress != nil {
		t := mailstead.EventLoadProgress
		if b.Done {
			t = mailstead.EventLoadDone
		}
		e := mailstead.NewEvent(t, b.AccountID, *b.Progress)
		e.At = b.At
		c.step.emit(e)
	}
}

func (c *folderChange) emitRemoved() { c.emitMessages(mailstead.EventMessagesRemoved, c.removed) }

func (c *folderChange) emitMessages(t mailstead.EventType, ids []mailstead.MessageID) {
	c.step.emit(messageEvents(t, mailstead.AccountID(c.folder.AccountID), mailstead.FolderID(c.folder.ID), ids, c.at)...)
}

// messageState is what a change needs to know of a stored message.
type messageState struct {
	id, uid, flags int64
	blob           []byte
}

func (c *folderChange) states(ctx context.Context, where string, args ...any) ([]messageState, error) {
	rows, err := c.step.Bound.Query(ctx, "SELECT id, uid, flags, blob_hash FROM messages WHERE "+where+" ORDER BY id", args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []messageState
	for rows.Next() {
		var m messageState
		if err := rows.Scan(&m.id, &m.uid, &m.flags, &m.blob); err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, rows.Err()
}

// statesOfUIDs reads the messages of the folder with these UIDs.
func (c *folderChange) statesOfUIDs(ctx context.Context, uids []mailstead.UID) ([]messageState, error) {
	return c.states(ctx, "folder_id = ? AND uid IN ("+params(len(uids))+")", values(uids, c.folder.ID)...)
}

func (c *folderChange) removeAll(ctx context.Context) error {
	gone, err := c.states(ctx, "folder_id = ?", c.folder.ID)
	if err != nil {
		return err
	}
	if _, err := c.step.Bound.Exec(ctx, "DELETE FROM messages WHERE folder_id = ?", c.folder.ID); err != nil {
		return err
	}
	c.countRemoved(gone)
	c.folder.Total, c.folder.Unread = 0, 0
	return nil
}

func (c *folderChange) remove(ctx context.Context, uids []mailstead.UID) error {
	for part := range pieces(uids, mostIDs) {
		gone, err := c.statesOfUIDs(ctx, part)
		if err != nil {
			return err
		}
		_, err = c.step.Bound.Exec(ctx, "DELETE FROM messages WHERE folder_id = ? AND uid IN ("+params(len(part))+")", values(part, c.folder.ID)...)
		if err != nil {
			return err
		}
		c.countRemoved(gone)
	}
	return nil
}

func (c *folderChange) countRemoved(gone []messageState) {
	for _, m := range gone {
		c.removed = append(c.removed, mailstead.MessageID(m.id))
		c.blobs.drop(m.blob)
		c.folder.Total--
		if m.flags&flagSeen == 0 {
			c.folder.Unread--
		}
	}
}

func (c *folderChange) changeByUID(ctx context.Context, changes []mailstead.FlagChange) error {
	want := make(map[int64]int64, len(changes))
	for _, f := range changes {
		want[int64(f.UID)] = flagBits(f.Flags)
	}
	uids := make([]mailstead.UID, 0, len(want))
	for uid := range want {
		uids = append(uids, mailstead.UID(uid)) //nolint:gosec // came from this type
	}
	slices.Sort(uids)
	for part := range pieces(uids, mostIDs) {
		now, err := c.statesOfUIDs(ctx, part)
		if err != nil {
			return err
		}
		if err := c.change(ctx, now, func(m messageState) int64 { return want[m.uid] }); err != nil {
			return err
		}
	}
	return nil
}

// change gives messages new flags.
func (c *folderChange) change(ctx context.Context, now []messageState, want func(messageState) int64) error {
	byFlags := make(map[int64][]int64)
	for _, m := range now {
		flags := want(m)
		if flags == m.flags {
			continue
		}
		byFlags[flags] = append(byFlags[flags], m.id)
		c.changed = append(c.changed, mailstead.MessageID(m.id))
		c.folder.Unread += int(m.flags&flagSeen) - int(flags&flagSeen)
	}
	for flags, ids := range byFlags {
		for part := range pieces(ids, mostIDs) {
			_, err := c.step.Bound.Exec(ctx, "UPDATE messages SET flags = ? WHERE id IN ("+params(len(part))+")", values(part, flags)...)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

const messageColumns = `account_id, folder_id, uid, flags, received_at, size, blob_hash, subject, from_list, to_list,
	cc_list, reply_to_list, sent_at, internet_message_id, in_reply_to, reference_ids, thread_key, snippet, has_attachments, state, defect`

// maxIndexed is how many bytes of an identifier are stored: PostgreSQL's indexes
// take no more than 2,700, RFC 5322 section 2.1.1 allows lines of 998.
const maxIndexed = 998

func messageArgs(args []any, f *folderRow, m *mailstead.NewMessage) []any {
	return append(args, f.AccountID, f.ID, int64(m.UID), flagBits(m.Flags), millis(m.ReceivedAt), m.Size, hashColumn(m.Blob),
		clean(m.Subject), list[mailstead.Address](m.From), list[mailstead.Address](m.To), list[mailstead.Address](m.Cc),
		list[mailstead.Address](m.ReplyTo), millis(m.Date), cut(clean(m.InternetMessageID), maxIndexed),
		list[string](m.InReplyTo), list[string](m.References), cut(clean(m.ThreadKey()), maxIndexed),
		clean(m.Snippet), m.HasAttachments, string(m.State), clean(m.Defect))
}

// insert stores messages that are not there and returns the ids of all.
func (c *folderChange) insert(ctx context.Context, all []mailstead.NewMessage) ([]mailstead.MessageID, error) {
	ids := make([]mailstead.MessageID, len(all))
	at := make(map[int64]int, len(all))
	fresh := make([]*mailstead.NewMessage, 0, len(all))
	for i := range all {
		if _, twice := at[int64(all[i].UID)]; !twice {
			at[int64(all[i].UID)] = i
			fresh = append(fresh, &all[i])
		}
	}
	var docs []Document
	for part := range pieces(fresh, mostRows) {
		got, err := c.insertPart(ctx, part)
		if err != nil {
			return nil, err
		}
		for uid, id := range got {
			m := &all[at[uid]]
			ids[at[uid]] = id
			c.blobs.add(m.Blob)
			c.folder.Total++
			if !m.Flags.Seen {
				c.folder.Unread++
			}
			docs = append(docs, Document{
				ID: id, AccountID: mailstead.AccountID(c.folder.AccountID), FolderID: mailstead.FolderID(c.folder.ID),
				Text: m.SearchText,
			})
		}
	}
	for _, id := range ids {
		if id != 0 {
			c.added = append(c.added, id)
		}
	}
	// The index is built fastest in the order of ids.
	slices.SortFunc(docs, func(a, b Document) int { return int(a.ID - b.ID) })
	if err := c.step.engine.Index(ctx, c.step.Session, docs); err != nil {
		return nil, fmt.Errorf("index words: %w", err)
	}
	return ids, nil
}

// insertPart inserts one piece and returns the ids of the inserted by UID.
func (c *folderChange) insertPart(ctx context.Context, part []*mailstead.NewMessage) (map[int64]mailstead.MessageID, error) {
	columns := strings.Count(messageColumns, ",") + 1
	args := make([]any, 0, len(part)*columns)
	for _, m := range part {
		args = messageArgs(args, c.folder, m)
	}
	rows, err := c.step.Bound.Query(ctx, "INSERT INTO messages ("+messageColumns+") VALUES "+marks(len(part), columns)+
		" ON CONFLICT (folder_id, uid) DO NOTHING RETURNING id, uid", args...)
	if err != nil {
		return nil, err
	}
	return idsByUID(rows, len(part))
}

func idsByUID(rows *sql.Rows, n int) (map[int64]mailstead.MessageID, error) {
	defer func() { _ = rows.Close() }()
	out := make(map[int64]mailstead.MessageID, n)
	for rows.Next() {
		var id mailstead.MessageID
		var uid int64
		if err := rows.Scan(&id, &uid); err != nil {
			return nil, err
		}
		out[uid] = id
	}
	return out, rows.Err()
}
