package inbox

import (
	"context"
	"slices"

	"github.com/mailstead/mailstead"
)

const (
	// loadChunk is how many older messages are loaded before the inbox is looked
	// at again.
	loadChunk = 2000
	// newChunk is how many new messages are fetched by one command.
	newChunk = 1000
)

// sync brings one folder up to date: new messages, flags, removals; for a folder
// that was never read, its newest messages. done tells that no older mail is
// wanted.
func (c *conn) sync(ctx context.Context, f *mailstead.Folder) (done bool, err error) {
	status, err := c.chooseFolder(ctx, f)
	if err != nil {
		return false, err
	}
	if f.ID == c.inbox {
		c.path, c.seen = f.Path, status
	}
	cur := f.Cursor
	if cur.UIDValidity != status.UIDValidity || cur.Next == 0 {
		return c.firstLoad(ctx, f, status)
	}
	added, err := c.fetchNew(ctx, f, status)
	if err != nil {
		return false, err
	}
	if err := c.changes(ctx, f, status); err != nil {
		return false, err
	}
	// Whatever the count lacks was removed. Equal counts mean that nothing was,
	// because new messages are counted one by one.
	if status.Total != f.RemoteTotal+added {
		if err := c.removals(ctx, f, status); err != nil {
			return false, err
		}
	}
	return f.Cursor.Done, nil
}

// firstLoad fetches the newest messages of a folder that was never read, or
// whose UIDs begin anew.
func (c *conn) firstLoad(ctx context.Context, f *mailstead.Folder, status mailstead.FolderStatus) (done bool, err error) {
	var uids []mailstead.UID
	if status.Total > 0 {
		if uids, err = c.src.UIDs(ctx, mailstead.UIDWindow{}); err != nil {
			return false, err
		}
	}
	newest := uids[max(0, len(uids)-mailstead.FirstLoad):]
	older, err := c.wantedOlder(ctx, uids[:len(uids)-len(newest)], len(newest))
	if err != nil {
		return false, err
	}
	cur := mailstead.Cursor{
		UIDValidity: status.UIDValidity, Next: max(status.UIDNext, 1), Low: max(status.UIDNext, 1),
		ModSeq: status.ModSeq, Done: len(older) == 0,
	}
	if len(newest) > 0 {
		// A server that counts UIDNEXT wrongly must not hide its newest mail.
		cur.Next, cur.Low = max(cur.Next, newest[len(newest)-1]+1), newest[0]
	}
	reset := f.Cursor.UIDValidity != 0
	if reset {
		// The old rows go first, in a step of their own: their UIDs mean nothing
		// any more.
		if err := c.apply(ctx, mailstead.SyncBatch{FolderID: f.ID, Reset: true, RemoteTotal: status.Total}); err != nil {
			return false, err
		}
	}
	job := load{
		folder: f, uids: newest, final: cur, remoteTotal: status.Total,
		progress: &mailstead.LoadData{FolderID: f.ID, Role: string(f.Role), Wanted: len(newest) + len(older)},
	}
	if err := c.load(ctx, job); err != nil {
		return false, err
	}
	return cur.Done, nil
}

// wantedOlder cuts older, which is ascending, down to the load period. have
// messages were loaded already.
func (c *conn) wantedOlder(ctx context.Context, older []mailstead.UID, have int) ([]mailstead.UID, error) {
	switch {
	case len(older) == 0 || c.limit.All:
		return older, nil
	case c.limit.Count > 0:
		return older[max(0, len(older)-max(0, c.limit.Count-have)):], nil
	}
	since := c.limit.Since(c.w.s.c.Now())
	if since.IsZero() {
		return nil, nil
	}
	return c.src.UIDs(ctx, mailstead.UIDWindow{From: 1, To: older[len(older)-1], SinceUnix: since.Unix()})
}

// fetchNew fetches what arrived since the last look, the oldest first, so that
// the cursor can follow.
func (c *conn) fetchNew(ctx context.Context, f *mailstead.Folder, status mailstead.FolderStatus) (added int, err error) {
	if status.UIDNext != 0 && status.UIDNext <= f.Cursor.Next {
		return 0, nil
	}
	uids, err := c.src.UIDs(ctx, mailstead.UIDWindow{From: f.Cursor.Next})
	if err != nil {
		return 0, err
	}
	// "n:*" names the last message even when it is below n (RFC 9051 section 9,
	// seq-range).
	uids = slices.DeleteFunc(uids, func(u mailstead.UID) bool { return u < f.Cursor.Next })
	if c.renamed(f) {
		if uids, err = c.reallyNew(ctx, f, uids); err != nil {
			return 0, err
		}
	}
	for chunk := range slices.Chunk(uids, newChunk) {
		cur := f.Cursor
		cur.Next = chunk[len(chunk)-1] + 1
		total := f.RemoteTotal + added + len(chunk)
		job := load{folder: f, uids: chunk, final: cur, remoteTotal: total, announce: true}
		if err := c.load(ctx, job); err != nil {
			return added, err
		}
		added += len(chunk)
		c.added += len(chunk)
		f.Cursor = cur
	}
	return added, nil
}

// changes brings flags up to date.
func (c *conn) changes(ctx context.Context, f *mailstead.Folder, status mailstead.FolderStatus) error {
	if status.ModSeq != 0 && status.ModSeq == f.Cursor.ModSeq {
		return nil
	}
	if status.Total == 0 || f.Cursor.Low >= f.Cursor.Next {
		return nil
	}
	changed, err := c.src.Changes(ctx, f.Cursor)
	if err != nil {
		return err
	}
	cur := f.Cursor
	cur.ModSeq = status.ModSeq
	if len(changed) == 0 && cur == f.Cursor {
		return nil
	}
	if err := c.apply(ctx, mailstead.SyncBatch{FolderID: f.ID, Cursor: cur, Changed: changed, RemoteTotal: -1}); err != nil {
		return err
	}
	f.Cursor = cur
	return nil
}

// removals drops the rows of messages that the server no longer has. Those of a
// maildrop stay: people let programs delete there what they have fetched.
func (c *conn) removals(ctx context.Context, f *mailstead.Folder, status mailstead.FolderStatus) error {
	if c.there != nil {
		return c.apply(ctx, mailstead.SyncBatch{FolderID: f.ID, Cursor: f.Cursor, RemoteTotal: status.Total})
	}
	remote, err := c.src.UIDs(ctx, mailstead.UIDWindow{From: f.Cursor.Low})
	if err != nil {
		return err
	}
	here, err := c.w.s.c.Store.FolderUIDs(ctx, f.ID, f.Cursor.Low, 0)
	if err != nil {
		return err
	}
	gone := minus(here, remote)
	return c.apply(ctx, mailstead.SyncBatch{FolderID: f.ID, Cursor: f.Cursor, Removed: gone, RemoteTotal: status.Total})
}

// minus returns what is in a and not in b; both are ascending.
func minus(a, b []mailstead.UID) []mailstead.UID {
	var out []mailstead.UID
	for _, u := range a {
		for len(b) > 0 && b[0] < u {
			b = b[1:]
		}
		if len(b) == 0 || b[0] != u {
			out = append(out, u)
		}
	}
	return out
}

// loadOlder loads one chunk of older mail of the first folder that is behind.
// Before that it looks at the inbox, so that new mail is not kept waiting.
func (c *conn) loadOlder(ctx context.Context) error {
	if c.inbox != 0 {
		if moved, err := c.inboxMoved(ctx); err != nil {
			return err
		} else if moved {
			if err := c.look(ctx, c.inbox); err != nil {
				return err
			}
		}
	}
	f, err := c.w.s.c.Store.Folder(ctx, c.behind[0])
	if err != nil {
		return err
	}
	status, err := c.chooseFolder(ctx, &f)
	switch {
	case mailstead.KindOf(err) == mailstead.KindNotFound:
		c.behind = c.behind[1:]
		return nil
	case err != nil:
		return err
	case status.UIDValidity != f.Cursor.UIDValidity:
		_, err := c.firstLoad(ctx, &f, status)
		return err
	}
	var older []mailstead.UID
	if f.Cursor.Low > 1 {
		if older, err = c.src.UIDs(ctx, mailstead.UIDWindow{From: 1, To: f.Cursor.Low - 1}); err != nil {
			return err
		}
	}
	if older, err = c.wantedOlder(ctx, older, f.Total); err != nil {
		return err
	}
	chunk := older[max(0, len(older)-loadChunk):]
	cur := f.Cursor
	if len(chunk) > 0 {
		cur.Low = chunk[0]
	}
	cur.Done = len(chunk) == len(older)
	job := load{
		folder: &f, uids: chunk, final: cur, remoteTotal: -1,
		progress: &mailstead.LoadData{FolderID: f.ID, Role: string(f.Role), Loaded: f.Total, Wanted: f.Total + len(older)},
	}
	if err := c.load(ctx, job); err != nil {
		return err
	}
	if cur.Done {
		c.behind = c.behind[1:]
	}
	return nil
}

func (c *conn) apply(ctx context.Context, b mailstead.SyncBatch) error {
	b.AccountID, b.At, b.Period = c.w.id, c.w.s.c.Now(), c.period
	_, err := c.w.s.c.Store.ApplySync(ctx, b)
	return err
}
