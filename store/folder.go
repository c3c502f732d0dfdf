package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/mailstead/mailstead"
)

type folderRow struct {
	bun.BaseModel `bun:"table:folders,alias:f"`

	ID          int64 `bun:"id,pk,autoincrement"`
	AccountID   int64
	Path        string
	Delimiter   string
	Role        string
	Total       int
	Unread      int
	RemoteTotal int
	UIDValidity int64 `bun:"uid_validity"`
	NextUID     int64 `bun:"next_uid"`
	LowUID      int64 `bun:"low_uid"`
	LoadDone    bool
	ModSeq      int64
	SyncedAt    int64
}

func (r *folderRow) folder() mailstead.Folder {
	return mailstead.Folder{
		ID: mailstead.FolderID(r.ID), AccountID: mailstead.AccountID(r.AccountID), Path: r.Path, Delimiter: r.Delimiter,
		Role: mailstead.FolderRole(r.Role), Total: r.Total, Unread: r.Unread, RemoteTotal: r.RemoteTotal,
		Cursor: mailstead.Cursor{
			UIDValidity: uint32(r.UIDValidity), Next: mailstead.UID(r.NextUID), Low: mailstead.UID(r.LowUID), //nolint:gosec // written from these types
			Done: r.LoadDone, ModSeq: uint64(r.ModSeq), //nolint:gosec // written from this type
		},
		SyncedAt: instant(r.SyncedAt),
	}
}

func (r *folderRow) setCursor(c mailstead.Cursor) {
	r.UIDValidity, r.NextUID, r.LowUID, r.LoadDone = int64(c.UIDValidity), int64(c.Next), int64(c.Low), c.Done
	r.ModSeq = int64(c.ModSeq) //nolint:gosec // RFC 7162 section 3.1: 63 bits; others come back as they were
}

// SyncFolders makes the stored folders those of the list, found by their path. A
// folder that is gone is removed with its messages, which EventMessagesRemoved
// tells. Folders that only hold others are left out. It returns all folders by
// path.
func (db *DB) SyncFolders(ctx context.Context, account mailstead.AccountID, remote []mailstead.RemoteFolder, at time.Time) ([]mailstead.Folder, error) {
	var out []mailstead.Folder
	err := db.write(ctx, "store folders", func(ctx context.Context, s *step) error {
		if err := s.requireAccount(ctx, account, RowUpdate); err != nil {
			return err
		}
		stored, err := folders(ctx, s.Session, account)
		if err != nil {
			return err
		}
		gone := make(map[string]*folderRow, len(stored))
		for i := range stored {
			gone[stored[i].Path] = &stored[i]
		}
		seen := make(map[string]bool, len(remote))
		for _, r := range remote {
			path := clean(r.Path)
			if r.NoSelect || seen[path] {
				continue
			}
			seen[path] = true
			if err := s.putFolder(ctx, account, path, r, gone[path]); err != nil {
				return err
			}
			delete(gone, path)
		}
		if err := s.removeFolders(ctx, slices.Collect(maps.Values(gone)), at); err != nil {
			return err
		}
		stored, err = folders(ctx, s.Session, account)
		out = foldersOf(stored)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (s *step) putFolder(ctx context.Context, account mailstead.AccountID, path string, r mailstead.RemoteFolder, stored *folderRow) error {
	if stored == nil {
		row := folderRow{AccountID: int64(account), Path: path, Delimiter: clean(r.Delimiter), Role: string(r.Role)}
		_, err := s.NewInsert().Model(&row).Exec(ctx)
		return err
	}
	if stored.Delimiter == clean(r.Delimiter) && stored.Role == string(r.Role) {
		return nil
	}
	stored.Delimiter, stored.Role = clean(r.Delimiter), string(r.Role)
	_, err := s.NewUpdate().Model(stored).WherePK().Column("delimiter", "role").Exec(ctx)
	return err
}

// removeFolders removes folders with their messages.
func (s *step) removeFolders(ctx context.Context, gone []*folderRow, at time.Time) error {
	slices.SortFunc(gone, func(a, b *folderRow) int { return cmp.Compare(a.ID, b.ID) })
	for _, f := range gone {
		// Steps of reading hold the folder too; all hold folders before blobs.
		if _, err := oneFolder(ctx, s.Session, mailstead.FolderID(f.ID), s.engine.RowLock(RowUpdate)); err != nil {
			return err
		}
	}
	var blobs blobCounts
	for _, f := range gone {
		c := &folderChange{step: s, folder: f, at: at, blobs: blobs}
		if err := c.removeAll(ctx); err != nil {
			return err
		}
		if _, err := s.NewDelete().Model(f).WherePK().Exec(ctx); err != nil {
			return err
		}
		c.emitRemoved()
		blobs = c.blobs
	}
	return blobs.apply(ctx, s.Bound)
}

// folders reads the folders of an account by path.
func folders(ctx context.Context, s *Session, account mailstead.AccountID) ([]folderRow, error) {
	var rows []folderRow
	err := s.NewSelect().Model(&rows).Where("f.account_id = ?", int64(account)).Order("f.path").Scan(ctx)
	return rows, err
}

func foldersOf(rows []folderRow) []mailstead.Folder {
	out := make([]mailstead.Folder, len(rows))
	for i := range rows {
		out[i] = rows[i].folder()
	}
	return out
}

// Folders returns the folders of an account by path.
func (db *DB) Folders(ctx context.Context, account mailstead.AccountID) ([]mailstead.Folder, error) {
	s := db.reader()
	if err := requireAccount(ctx, s, account, ""); err != nil {
		return nil, fmt.Errorf("list folders: %w", err)
	}
	rows, err := folders(ctx, s, account)
	if err != nil {
		return nil, fmt.Errorf("list folders: %w", err)
	}
	return foldersOf(rows), nil
}

// Folder returns one folder.
func (db *DB) Folder(ctx context.Context, id mailstead.FolderID) (mailstead.Folder, error) {
	row, err := oneFolder(ctx, db.reader(), id, "")
	if err != nil {
		return mailstead.Folder{}, fmt.Errorf("read folder: %w", err)
	}
	return row.folder(), nil
}

// oneFolder reads a folder; lock is of Engine.RowLock or "".
func oneFolder(ctx context.Context, s *Session, id mailstead.FolderID, lock string) (*folderRow, error) {
	row := new(folderRow)
	q := s.NewSelect().Model(row).Where("f.id = ?", int64(id)).
		Where(live("f.account_id"))
	if lock != "" {
		q.For(lock)
	}
	return row, found(q.Scan(ctx), "folder")
}

// reopenLoads has the folders of an account looked through again for older mail.
func (s *step) reopenLoads(ctx context.Context, id mailstead.AccountID) error {
	_, err := s.NewUpdate().Model((*folderRow)(nil)).Set("load_done = ?", false).Where("account_id = ?", int64(id)).Exec(ctx)
	return err
}

// keepOpen leaves a load open that ended for another period than the account has by now.
func (c *folderChange) keepOpen(ctx context.Context, b *mailstead.SyncBatch) error {
	if !b.Cursor.Done || c.folder.LoadDone || b.Period == "" {
		return nil
	}
	same, err := all[int](ctx, c.step.Session, "SELECT 1 FROM accounts WHERE id = ? AND load_period = ?", c.folder.AccountID, string(b.Period))
	b.Cursor.Done = len(same) > 0
	return err
}
