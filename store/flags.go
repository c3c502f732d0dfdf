package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/uptrace/bun"

	"github.com/mailstead/mailstead"
)

// SetMessageFlags gives the messages those flags of set that mask names, and
// stores EventMessagesChanged about those that changed. Ids that are gone are
// passed over; when all are, it is KindNotFound.
func (db *DB) SetMessageFlags(ctx context.Context, ids []mailstead.MessageID, set, mask mailstead.Flags) error {
	return db.write(ctx, "set flags", func(ctx context.Context, s *step) error {
		byFolder, err := s.foldersOf(ctx, ids)
		if err != nil {
			return err
		}
		if len(byFolder) == 0 && len(ids) > 0 {
			return mailstead.NotFound("message")
		}
		keep, put := ^flagBits(mask), flagBits(set)&flagBits(mask)
		// Rows are held in the order of folders: two steps never wait for each other.
		folders := make([]mailstead.FolderID, 0, len(byFolder))
		for f := range byFolder {
			folders = append(folders, f)
		}
		slices.Sort(folders)
		for _, f := range folders {
			err := s.setFolderFlags(ctx, f, byFolder[f], func(m messageState) int64 { return m.flags&keep | put })
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *step) setFolderFlags(ctx context.Context, folder mailstead.FolderID, ids []mailstead.MessageID, want func(messageState) int64) error {
	row, err := oneFolder(ctx, s.Session, folder, s.engine.RowLock(RowUpdate))
	if err != nil {
		return err
	}
	c := &folderChange{step: s, folder: row}
	for part := range pieces(ids, mostIDs) {
		now, err := c.states(ctx, "folder_id = ? AND id IN ("+params(len(part))+")", values(part, int64(folder))...)
		if err != nil {
			return err
		}
		if err := c.change(ctx, now, want); err != nil {
			return err
		}
	}
	c.emitMessages(mailstead.EventMessagesChanged, c.changed)
	_, err = s.NewUpdate().Model(row).WherePK().Column("unread").Exec(ctx)
	return err
}

// foldersOf sorts messages that exist by their folders.
func (s *step) foldersOf(ctx context.Context, ids []mailstead.MessageID) (map[mailstead.FolderID][]mailstead.MessageID, error) {
	out := make(map[mailstead.FolderID][]mailstead.MessageID)
	for part := range slices.Chunk(ids, 500) {
		var rows []struct {
			ID       mailstead.MessageID
			FolderID mailstead.FolderID
		}
		err := s.NewSelect().Model((*messageRow)(nil)).Column("id", "folder_id").Where("m.id IN (?)", bun.List(part)).
			Where(live("m.account_id")).Order("m.id").Scan(ctx, &rows)
		if err != nil {
			return nil, fmt.Errorf("find folders of messages: %w", err)
		}
		for _, r := range rows {
			out[r.FolderID] = append(out[r.FolderID], r.ID)
		}
	}
	return out, nil
}
