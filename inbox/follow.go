package inbox

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/mailstead/mailstead"
)

// conn is a worker's signed-in connection and what it knows of the folders. It
// holds ids and little else: there may be a hundred thousand of them.
type conn struct {
	w   *worker
	src mailstead.Source
	// period and limit are the account's load period, as text and taken apart.
	period mailstead.LoadPeriod
	limit  mailstead.LoadLimit
	// folders are in the order in which they are loaded; inbox is first, if the
	// account has one.
	folders []mailstead.FolderID
	inbox   mailstead.FolderID
	// path and seen are the inbox's name and how it stood when it was last looked
	// at.
	path string
	seen mailstead.FolderStatus
	// there are the UIDs that the server of a maildrop has, nil before they are known
	// and for all others. added counts the new mails of this connection.
	there map[mailstead.UID]bool
	added int
	// behind are the folders whose load period is not complete.
	behind []mailstead.FolderID
}

// begin signs in, stores the folders and loads the newest messages of the inbox.
func (c *conn) begin(ctx context.Context) error {
	cfg := &c.w.s.c
	access, err := cfg.Credentials.Access(ctx, c.w.id, mailstead.SideIncoming)
	if err != nil {
		return err
	}
	if c.src, err = cfg.Source.Open(ctx, access); err != nil {
		c.src = nil
		return err
	}
	now := cfg.Now()
	ok := mailstead.Health{State: mailstead.HealthOK, CheckedAt: now, SuccessAt: now}
	if err := cfg.Store.SetHealth(ctx, c.w.id, mailstead.SideIncoming, ok); err != nil {
		return err
	}
	return c.list(ctx)
}

// list stores the folders of the server and brings the inbox up to date, which
// people wait for. The others follow in lookAtRest.
func (c *conn) list(ctx context.Context) error {
	cfg := &c.w.s.c
	remote, err := c.src.Folders(ctx)
	if err != nil {
		return err
	}
	remote = slices.DeleteFunc(remote, func(f mailstead.RemoteFolder) bool { return f.NoSelect })
	folders, err := cfg.Store.SyncFolders(ctx, c.w.id, remote, cfg.Now())
	if err != nil {
		return err
	}
	slices.SortStableFunc(folders, func(a, b mailstead.Folder) int { return cmp.Compare(loadRank(a.Role), loadRank(b.Role)) })
	c.folders, c.behind, c.inbox = c.folders[:0], c.behind[:0], 0
	for i := range folders {
		f := &folders[i]
		c.folders = append(c.folders, f.ID)
		if f.Role == mailstead.FolderInbox && c.inbox == 0 {
			c.inbox = f.ID
		}
	}
	if c.inbox == 0 {
		return nil
	}
	return c.look(ctx, c.inbox)
}

// lookAtRest brings the folders beside the inbox up to date. Each waits for a slot
// of its own, so that the inboxes of other accounts come before it.
func (c *conn) lookAtRest(ctx context.Context) error {
	for _, id := range c.folders {
		if id == c.inbox {
			continue
		}
		if err := c.w.loading(ctx, func() error { return c.look(ctx, id) }); err != nil {
			return err
		}
	}
	return nil
}

// loadRank orders folders by how soon people want to see them.
func loadRank(r mailstead.FolderRole) int {
	switch r {
	case mailstead.FolderInbox:
		return 0
	case mailstead.FolderSent:
		return 1
	case mailstead.FolderTrash, mailstead.FolderJunk, mailstead.FolderAll:
		return 3
	default:
		return 2
	}
}

// look brings one folder up to date and notes whether older mail is wanted.
func (c *conn) look(ctx context.Context, id mailstead.FolderID) error {
	f, err := c.w.s.c.Store.Folder(ctx, id)
	if err != nil {
		return err
	}
	done, err := c.sync(ctx, &f)
	if mailstead.KindOf(err) == mailstead.KindNotFound {
		// Removed or renamed on the server since it was listed: the next listing
		// tells.
		return nil
	}
	if err != nil {
		return err
	}
	if !done && !slices.Contains(c.behind, id) {
		c.behind = append(c.behind, id)
	}
	return nil
}

// follow loads older mail and then waits for changes until the connection ends.
func (c *conn) follow(ctx context.Context) error {
	poll := c.w.s.c.Now().Add(c.w.s.c.PollEvery)
	if err := c.lookAtRest(ctx); err != nil {
		return err
	}
	if drop, ok := c.src.(mailstead.Maildrop); ok {
		return c.revisit(ctx, drop)
	}
	for {
		if err := c.catchUp(ctx); err != nil || c.w.freshAsked() {
			return err
		}
		all, err := c.wait(ctx, poll)
		switch {
		case err != nil || c.w.freshAsked():
			return err
		case !all:
			err = c.w.loading(ctx, func() error { return c.look(ctx, c.inbox) })
		default:
			c.w.take()
			poll = c.w.s.c.Now().Add(c.w.s.c.PollEvery)
			if err = c.w.loading(ctx, func() error { return c.list(ctx) }); err == nil {
				err = c.lookAtRest(ctx)
			}
		}
		if err != nil {
			return err
		}
	}
}

// catchUp loads older mail until nothing more is wanted, or a new connection is.
func (c *conn) catchUp(ctx context.Context) error {
	for len(c.behind) > 0 && !c.w.freshAsked() {
		if err := c.w.loading(ctx, func() error { return c.loadOlder(ctx) }); err != nil {
			return err
		}
	}
	return nil
}

// wait blocks until the inbox changed, or (all) until it is time to look at all
// folders: at a nudge or when the poll is due.
func (c *conn) wait(ctx context.Context, poll time.Time) (all bool, err error) {
	watcher, ok := c.src.(mailstead.Watcher)
	ok = ok && c.inbox != 0
	if ok {
		// Something may have come while another folder was looked at.
		if changed, err := c.inboxMoved(ctx); err != nil || changed {
			return false, err
		}
	}
	pause, done := c.w.pause(ctx, max(poll.Sub(c.w.s.c.Now()), time.Millisecond))
	defer done()
	if !ok {
		<-pause.Done()
		return true, ctx.Err()
	}
	changed, err := watcher.Wait(pause)
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case err != nil:
		return false, err
	case changed:
		return false, nil
	default:
		return true, nil
	}
}

// inboxMoved selects the inbox, ready for waiting, and reports whether it has
// changed since it was last looked at.
func (c *conn) inboxMoved(ctx context.Context) (bool, error) {
	status, err := c.src.Select(ctx, c.path)
	if err != nil {
		return false, err
	}
	return status != c.seen, nil
}
