package inbox

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/message"
)

// A batch is stored when it holds this many messages or bytes.
const (
	batchMessages = 250
	batchBytes    = 8 << 20
)

// load fetches messages of the selected folder and stores them.
type load struct {
	folder *mailstead.Folder
	// uids are ascending.
	uids []mailstead.UID
	// final becomes the folder's cursor with the last batch; before that the
	// cursor stays, and what is stored already is passed over when the load is
	// repeated.
	final       mailstead.Cursor
	remoteTotal int
	announce    bool
	progress    *mailstead.LoadData
}

// load runs a load in three stages side by side: fetch, make the bytes durable and
// read them, store the rows.
func (c *conn) load(ctx context.Context, job load) error {
	uids := job.uids
	if len(uids) > 0 {
		here, err := c.w.s.c.Store.FolderUIDs(ctx, job.folder.ID, uids[0], uids[len(uids)-1])
		if err != nil {
			return err
		}
		if len(here) > 0 {
			uids = minus(uids, here)
		}
		if job.progress != nil && job.progress.Loaded == 0 {
			job.progress.Loaded = len(here)
		}
	}
	if len(uids) == 0 {
		step, err := c.prepare(ctx, &job, batch{last: true})
		if err != nil {
			return err
		}
		return c.apply(ctx, step)
	}
	group, ctx := errgroup.WithContext(ctx)
	batches, steps := make(chan batch), make(chan mailstead.SyncBatch)
	group.Go(func() error {
		defer close(batches)
		return c.fetch(ctx, uids, batches)
	})
	group.Go(func() error {
		defer close(steps)
		for b := range batches {
			step, err := c.prepare(ctx, &job, b)
			if err != nil {
				return err
			}
			if err := pass(ctx, steps, step); err != nil {
				return err
			}
		}
		return nil
	})
	group.Go(func() error {
		for step := range steps {
			if err := c.apply(ctx, step); err != nil {
				return err
			}
		}
		return nil
	})
	return group.Wait()
}

// pass hands v to the next stage.
func pass[T any](ctx context.Context, to chan<- T, v T) error {
	select {
	case to <- v:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// batch is what is stored by one step. last is set on the batch that ends a
// fetch which delivered everything: it alone may move the cursor.
type batch struct {
	messages []mailstead.RawMessage
	last     bool
}

// fetch sends the messages in batches.
func (c *conn) fetch(ctx context.Context, uids []mailstead.UID, batches chan<- batch) error {
	var next batch
	var size int
	send := func() error {
		full := next
		next, size = batch{}, 0
		return pass(ctx, batches, full)
	}
	err := c.src.Fetch(ctx, uids, c.w.s.c.MaxMessageSize, func(m mailstead.RawMessage) error {
		if len(next.messages) >= batchMessages || size >= batchBytes {
			if err := send(); err != nil {
				return err
			}
		}
		next.messages = append(next.messages, m)
		size += len(m.Data)
		return nil
	})
	if err != nil {
		return err
	}
	next.last = true
	return send()
}

// prepare makes the bytes of a batch durable and returns the step that stores its
// rows; the last batch of a load moves the cursor.
func (c *conn) prepare(ctx context.Context, job *load, from batch) (mailstead.SyncBatch, error) {
	raw, last := from.messages, from.last
	var refs []mailstead.BlobRef
	var disk errgroup.Group
	disk.Go(func() (err error) {
		refs, err = c.keep(ctx, raw)
		return err
	})
	b := mailstead.SyncBatch{
		FolderID: job.folder.ID, Cursor: job.folder.Cursor, RemoteTotal: -1, Announce: job.announce,
		Messages: make([]mailstead.NewMessage, len(raw)),
	}
	// Reading goes on while the disk takes the bytes.
	for i := range raw {
		b.Messages[i] = c.describe(&raw[i])
	}
	if err := disk.Wait(); err != nil {
		return mailstead.SyncBatch{}, err
	}
	for i := range raw {
		b.Messages[i].FolderID, b.Messages[i].Blob = job.folder.ID, refs[i]
	}
	if c.there != nil && len(raw) > 0 {
		var err error
		if b.Messages, err = c.dropKnown(ctx, job.folder.ID, b.Messages); err != nil {
			return mailstead.SyncBatch{}, err
		}
	}
	if last {
		b.Cursor, b.RemoteTotal = job.final, job.remoteTotal
	}
	if job.progress != nil {
		job.progress.Loaded += len(raw)
		p := *job.progress
		b.Progress, b.Done = &p, last && job.final.Done
	}
	return b, nil
}

// keep returns references to the bytes of raw. What the store has already, from
// another account or folder, is not written again. A message without bytes gets
// a zero reference.
func (c *conn) keep(ctx context.Context, raw []mailstead.RawMessage) ([]mailstead.BlobRef, error) {
	hashes := make([]mailstead.BlobHash, 0, len(raw))
	for i := range raw {
		if raw[i].Data != nil {
			hashes = append(hashes, mailstead.HashBlob(raw[i].Data))
		}
	}
	if len(hashes) == 0 {
		return make([]mailstead.BlobRef, len(raw)), nil
	}
	known, err := c.w.s.c.Store.KnownBlobs(ctx, hashes)
	if err != nil {
		return nil, err
	}
	var bodies [][]byte
	var missing []mailstead.BlobHash
	for i, next := 0, 0; i < len(raw); i++ {
		if raw[i].Data == nil {
			continue
		}
		if _, ok := known[hashes[next]]; !ok {
			bodies, missing = append(bodies, raw[i].Data), append(missing, hashes[next])
		}
		next++
	}
	if len(bodies) > 0 {
		put, err := c.w.s.c.Blobs.PutHashed(ctx, missing, bodies)
		if err != nil {
			return nil, fmt.Errorf("store bytes of messages: %w", err)
		}
		for _, ref := range put {
			known[ref.Hash] = ref
		}
	}
	refs := make([]mailstead.BlobRef, len(raw))
	for i, next := 0, 0; i < len(raw); i++ {
		if raw[i].Data != nil {
			refs[i] = known[hashes[next]]
			next++
		}
	}
	return refs, nil
}

// describe reads what lists, threads and search need of a message.
func (c *conn) describe(raw *mailstead.RawMessage) mailstead.NewMessage {
	m := mailstead.NewMessage{Message: mailstead.Message{
		AccountID: c.w.id, UID: raw.UID, Flags: raw.Flags, ReceivedAt: raw.ReceivedAt, Size: raw.Size,
	}}
	if raw.Data == nil {
		m.State, m.Defect = mailstead.MessageTooLarge, "The mail is larger than this installation loads."
		if raw.Size <= c.w.s.c.MaxMessageSize {
			m.State, m.Defect = mailstead.MessageQuarantined, "The mail server lists this mail but does not hand it out."
		}
		return m
	}
	x := message.Index(raw.Data)
	if x.Unreadable {
		m.State = mailstead.MessageQuarantined
		m.Defect = "The mail has no readable header."
		if len(x.Defects) > 0 {
			m.Defect = x.Defects[0]
		}
		return m
	}
	m.Headers, m.Snippet, m.HasAttachments = x.Headers, x.Snippet, x.HasAttachments
	if len(x.Defects) > 0 {
		m.Defect = x.Defects[0]
	}
	m.SearchText = x.SearchText()
	return m
}
