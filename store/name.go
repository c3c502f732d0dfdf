package store

import (
	"context"
	"fmt"

	"github.com/mailstead/mailstead"
)

// NumberMessages returns the UIDs of mails by the names that their server gives
// them, in the same order. A name that was never seen in the folder gets the next
// UID, for ever: also when its mail is never stored.
func (db *DB) NumberMessages(ctx context.Context, folder mailstead.FolderID, names []string) ([]mailstead.UID, error) {
	s := db.reader()
	if _, err := oneFolder(ctx, s, folder, ""); err != nil {
		return nil, fmt.Errorf("number messages: %w", err)
	}
	known := make(map[string]mailstead.UID, len(names))
	if err := readNames(ctx, s, known, "SELECT name, uid FROM message_names WHERE folder_id = ?", int64(folder)); err != nil {
		return nil, fmt.Errorf("number messages: %w", err)
	}
	var fresh []string
	for _, n := range names {
		if n = clean(n); known[n] == 0 {
			fresh = append(fresh, n)
		}
	}
	if len(fresh) > 0 {
		err := db.write(ctx, "number messages", func(ctx context.Context, s *step) error {
			return s.numberNames(ctx, folder, known, fresh)
		})
		if err != nil {
			return nil, err
		}
	}
	uids := make([]mailstead.UID, len(names))
	for i, n := range names {
		uids[i] = known[clean(n)]
	}
	return uids, nil
}

// numberNames gives UIDs to the fresh names and adds them to known.
func (s *step) numberNames(ctx context.Context, folder mailstead.FolderID, known map[string]mailstead.UID, fresh []string) error {
	if _, err := oneFolder(ctx, s.Session, folder, s.engine.RowLock(RowUpdate)); err != nil {
		return err
	}
	// Somebody else may have numbered some of them since they were read.
	for part := range pieces(fresh, mostIDs) {
		err := readNames(ctx, s.Session, known, "SELECT name, uid FROM message_names WHERE folder_id = ? AND name IN ("+params(len(part))+")",
			values(part, int64(folder))...)
		if err != nil {
			return err
		}
	}
	last := map[string]mailstead.UID{}
	if err := readNames(ctx, s.Session, last, "SELECT '', coalesce(max(uid), 0) FROM message_names WHERE folder_id = ?", int64(folder)); err != nil {
		return err
	}
	next := last[""] + 1
	var unknown []string
	for _, n := range fresh {
		if known[n] == 0 {
			known[n] = next
			next++
			unknown = append(unknown, n)
		}
	}
	for part := range pieces(unknown, mostRows) {
		args := make([]any, 0, 3*len(part))
		for _, n := range part {
			args = append(args, int64(folder), n, int64(known[n]))
		}
		if _, err := s.Bound.Exec(ctx, "INSERT INTO message_names (folder_id, name, uid) VALUES "+marks(len(part), 3), args...); err != nil {
			return err
		}
	}
	return nil
}

// readNames adds the pairs that a query finds.
func readNames(ctx context.Context, s *Session, into map[string]mailstead.UID, query string, args ...any) error {
	rows, err := s.Bound.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var name string
		var uid int64
		if err := rows.Scan(&name, &uid); err != nil {
			return err
		}
		into[name] = mailstead.UID(uid) //nolint:gosec // written from this type
	}
	return rows.Err()
}

// Likenesses returns what is stored in a folder of mails with these Message-IDs;
// "" asks for those that have none.
func (db *DB) Likenesses(ctx context.Context, folder mailstead.FolderID, messageIDs []string) ([]mailstead.Likeness, error) {
	s := db.reader()
	f, err := oneFolder(ctx, s, folder, "")
	if err != nil {
		return nil, fmt.Errorf("find like messages: %w", err)
	}
	ids := make([]string, len(messageIDs))
	for i, id := range messageIDs {
		ids[i] = cut(clean(id), maxIndexed)
	}
	var out []mailstead.Likeness
	for part := range pieces(ids, mostIDs) {
		found, err := likenesses(ctx, s, f, part)
		if err != nil {
			return nil, fmt.Errorf("find like messages: %w", err)
		}
		out = append(out, found...)
	}
	return out, nil
}

func likenesses(ctx context.Context, s *Session, f *folderRow, ids []string) ([]mailstead.Likeness, error) {
	rows, err := s.Bound.Query(ctx, "SELECT uid, size, blob_hash FROM messages WHERE account_id = ? AND folder_id = ? AND internet_message_id IN ("+
		params(len(ids))+") ORDER BY uid", values(ids, f.AccountID, f.ID)...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []mailstead.Likeness
	for rows.Next() {
		var uid int64
		var hash []byte
		var l mailstead.Likeness
		if err := rows.Scan(&uid, &l.Size, &hash); err != nil {
			return nil, err
		}
		l.UID = mailstead.UID(uid) //nolint:gosec // written from this type
		copy(l.Blob[:], hash)
		out = append(out, l)
	}
	return out, rows.Err()
}
