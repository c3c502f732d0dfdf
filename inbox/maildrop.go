package inbox

import (
	"context"
	"slices"
	"time"

	"github.com/mailstead/mailstead"
)

// chooseFolder selects a folder. The mails of a maildrop get their UIDs here, once a
// connection.
func (c *conn) chooseFolder(ctx context.Context, f *mailstead.Folder) (mailstead.FolderStatus, error) {
	status, err := c.src.Select(ctx, f.Path)
	drop, ok := c.src.(mailstead.Maildrop)
	if err != nil || !ok || c.there != nil {
		return status, err
	}
	names, err := drop.Names(ctx)
	if err != nil {
		return status, err
	}
	uids, err := c.w.s.c.Store.NumberMessages(ctx, f.ID, names)
	if err != nil {
		return status, err
	}
	drop.Number(uids)
	c.there = make(map[mailstead.UID]bool, len(uids))
	for _, u := range uids {
		c.there[u] = true
	}
	return status, nil
}

// renamed reports whether a folder that was read has nothing left on its server of
// what was there: everything was removed, or got another name.
func (c *conn) renamed(f *mailstead.Folder) bool {
	if c.there == nil || f.Cursor.Next <= 1 {
		return false
	}
	for u := range c.there {
		if u < f.Cursor.Next {
			return false
		}
	}
	return true
}

// sinceLook is how far before the last look a mail may have arrived, by the words of
// its header, and still be new.
const sinceLook = 24 * time.Hour

// reallyNew cuts uids, which are all that lie in a renamed folder, down to what may
// be new or is of the load period. What is here already is found out by its bytes.
func (c *conn) reallyNew(ctx context.Context, f *mailstead.Folder, uids []mailstead.UID) ([]mailstead.UID, error) {
	older := uids[:max(0, len(uids)-mailstead.FirstLoad)]
	if len(older) == 0 {
		return uids, nil
	}
	wanted, err := c.wantedOlder(ctx, older, len(uids)-len(older))
	if err != nil {
		return nil, err
	}
	if !f.SyncedAt.IsZero() {
		recent, err := c.src.UIDs(ctx, mailstead.UIDWindow{
			From: 1, To: older[len(older)-1], SinceUnix: f.SyncedAt.Add(-sinceLook).Unix(),
		})
		if err != nil {
			return nil, err
		}
		wanted = append(slices.Clone(wanted), recent...)
		slices.Sort(wanted)
		wanted = slices.Compact(wanted)
	}
	return append(slices.Clone(wanted), uids[len(older):]...), nil
}

// dropKnown leaves out messages that are stored already under a UID that the server
// no longer has: it has given them other names.
func (c *conn) dropKnown(ctx context.Context, folder mailstead.FolderID, messages []mailstead.NewMessage) ([]mailstead.NewMessage, error) {
	ids := make([]string, len(messages))
	for i := range messages {
		ids[i] = messages[i].InternetMessageID
	}
	slices.Sort(ids)
	stored, err := c.w.s.c.Store.Likenesses(ctx, folder, slices.Compact(ids))
	if err != nil {
		return nil, err
	}
	known := make(map[mailstead.Likeness]bool)
	for _, l := range stored {
		if !c.there[l.UID] {
			known[mailKind(l.Blob, l.Size)] = true
		}
	}
	return slices.DeleteFunc(messages, func(m mailstead.NewMessage) bool {
		return known[mailKind(m.Blob.Hash, m.Size)]
	}), nil
}

// mailKind is what like mails have in common: the bytes, or the size of one that was
// left on the server.
func mailKind(blob mailstead.BlobHash, size int64) mailstead.Likeness {
	if blob != (mailstead.BlobHash{}) {
		size = 0
	}
	return mailstead.Likeness{Blob: blob, Size: size}
}

// revisit is follow for a maildrop: it loads older mail until it is time to look for
// new mail, gives the mailbox free and waits. The worker then signs in anew.
func (c *conn) revisit(ctx context.Context, drop mailstead.Maildrop) error {
	cfg := &c.w.s.c
	begun := cfg.Now()
	delay := drop.LoginDelay()
	for len(c.behind) > 0 && !c.w.freshAsked() && cfg.Now().Sub(begun) < max(cfg.PollEvery, delay) {
		if err := c.w.loading(ctx, func() error { return c.loadOlder(ctx) }); err != nil {
			return err
		}
	}
	_ = c.src.Close() // the server's answer to a goodbye changes nothing
	c.src = nil
	next := c.w.nextLook(c.added > 0, cfg.PollEvery)
	if len(c.behind) > 0 {
		next = 0
	}
	// A nudge does not shorten what the server asks for.
	early, cancel := context.WithTimeout(ctx, max(delay-cfg.Now().Sub(begun), 0))
	<-early.Done()
	cancel()
	pause, done := c.w.pause(ctx, max(next-cfg.Now().Sub(begun), time.Millisecond))
	<-pause.Done()
	done()
	return ctx.Err()
}

// busyShare is which part of the usual pause follows new mail: more may come soon.
const busyShare = 5

// nextLook returns the pause until the next sign-in: short after new mail, then
// longer each time, up to most.
func (w *worker) nextLook(news bool, most time.Duration) time.Duration {
	if news || w.interval == 0 {
		w.interval = most / busyShare
	} else {
		w.interval = min(2*w.interval, most)
	}
	return w.interval
}
