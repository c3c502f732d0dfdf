package storetest

import (
	"context"
	"database/sql"
	"testing"
)

// invariants count what must never be: each query gives 0.
var invariants = map[string]string{
	"folders whose total is wrong": `SELECT count(*) FROM folders AS f
		WHERE f.total <> (SELECT count(*) FROM messages AS m WHERE m.folder_id = f.id)`,
	"folders whose unread is wrong": `SELECT count(*) FROM folders AS f
		WHERE f.unread <> (SELECT count(*) FROM messages AS m WHERE m.folder_id = f.id AND m.flags & 1 = 0)`,
	"messages outside of their folder's account": `SELECT count(*) FROM messages AS m
		JOIN folders AS f ON f.id = m.folder_id WHERE f.account_id <> m.account_id`,
	"blobs whose references are miscounted": `SELECT count(*) FROM blobs AS b
		WHERE b.refs <> (SELECT count(*) FROM messages AS m WHERE m.blob_hash = b.hash)
			+ (SELECT count(*) FROM outgoing AS o WHERE o.blob_hash = b.hash)
			+ (SELECT count(*) FROM linked_mails AS lm WHERE lm.blob_hash = b.hash)`,
	"records whose mails are miscounted": `SELECT count(*) FROM records AS r
		WHERE r.mails <> (SELECT count(*) FROM record_links AS rl WHERE rl.record_id = r.id AND rl.removed_at = 0)`,
	"linked mails that no record has or had": `SELECT count(*) FROM linked_mails AS lm
		WHERE NOT EXISTS (SELECT 1 FROM record_links AS rl WHERE rl.mail_id = lm.id)`,
	"bytes that lie nowhere": `SELECT count(*) FROM messages AS m
		WHERE m.blob_hash IS NOT NULL AND NOT EXISTS (SELECT 1 FROM blobs AS b WHERE b.hash = m.blob_hash)`,
	"attempts beyond those counted": `SELECT count(*) FROM outgoing_attempts AS t
		JOIN outgoing AS o ON o.id = t.outgoing_id WHERE t.number > o.attempts`,
	"accounts whose assignments are miscounted": `SELECT count(*) FROM accounts AS a
		WHERE a.assigned <> (SELECT count(*) FROM assignments AS asg WHERE asg.account_id = a.id)`,
	"secrets of deleted accounts": `SELECT count(*) FROM account_secrets AS s
		JOIN accounts AS a ON a.id = s.account_id WHERE a.deleted_at <> 0`,
}

// Check looks at the tables of a database that a test of the suite has used:
// whatever the test did, counters and references must agree with the rows.
func Check(t *testing.T, db *sql.DB) {
	t.Helper()
	for what, query := range invariants {
		var n int
		// The test's own context has ended where this runs.
		if err := db.QueryRowContext(context.WithoutCancel(t.Context()), query).Scan(&n); err != nil {
			t.Errorf("count %s: %v", what, err)
		}
		if n != 0 {
			t.Errorf("got %d %s, want none", n, what)
		}
	}
}
