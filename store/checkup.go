package store

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/mailstead/mailstead"
)

type checkupRow struct {
	bun.BaseModel `bun:"table:checkups,alias:c"`

	ID         int64 `bun:"id,pk,autoincrement"`
	StartedBy  int64
	Scheduled  bool
	State      string
	Total      int64
	OK         int64 `bun:"ok"`
	Failed     int64
	Skipped    int64
	CreatedAt  int64
	FinishedAt int64
}

func (r *checkupRow) checkup() mailstead.Checkup {
	return mailstead.Checkup{
		ID: mailstead.CheckupID(r.ID), StartedBy: mailstead.UserID(r.StartedBy), Scheduled: r.Scheduled, State: mailstead.CheckupState(r.State),
		Total: int(r.Total), OK: int(r.OK), Failed: int(r.Failed), Skipped: int(r.Skipped),
		CreatedAt: instant(r.CreatedAt), FinishedAt: instant(r.FinishedAt),
	}
}

func checkups(rows []checkupRow) []mailstead.Checkup {
	var out []mailstead.Checkup
	for i := range rows {
		out = append(out, rows[i].checkup())
	}
	return out
}

// keptCheckups is how many checkups are kept with their results.
const keptCheckups = 50

// CreateCheckup stores a checkup of these accounts, of all for nil, and sets its ID,
// State, Total and CreatedAt. Accounts that do not exist are left out. The oldest
// checkups make room.
func (db *DB) CreateCheckup(ctx context.Context, c *mailstead.Checkup, accounts []mailstead.AccountID) error {
	return db.write(ctx, "create checkup", func(ctx context.Context, s *step) error {
		row := checkupRow{StartedBy: int64(c.StartedBy), Scheduled: c.Scheduled, State: string(mailstead.CheckupRunning), CreatedAt: millis(s.now)}
		if _, err := s.NewInsert().Model(&row).Exec(ctx); err != nil {
			return err
		}
		query := `INSERT INTO checkup_results (checkup_id, account_id, verdict, side, code, cause, action, took, tested_at)
			SELECT ?, a.id, ?, '', '', '', '', 0, 0 FROM accounts AS a WHERE a.deleted_at = 0 AND a.account_key <> ?`
		args := []any{row.ID, string(mailstead.VerdictWaiting), mailstead.ConfigurationKey}
		if accounts != nil {
			query += " AND a.id IN (" + params(len(accounts)) + ")"
			args = append(args, values(accounts)...)
		}
		res, err := s.Bound.Exec(ctx, query, args...)
		if err != nil {
			return err
		}
		if row.Total, err = res.RowsAffected(); err != nil {
			return err
		}
		if _, err := s.NewUpdate().Model(&row).WherePK().Column("total").Exec(ctx); err != nil {
			return err
		}
		*c = row.checkup()
		return s.forgetCheckups(ctx, row.ID-keptCheckups)
	})
}

// forgetCheckups removes ended checkups up to an id with their results.
func (s *step) forgetCheckups(ctx context.Context, upTo int64) error {
	const old = "SELECT id FROM checkups WHERE id <= ? AND state <> 'running'"
	if _, err := s.Bound.Exec(ctx, "DELETE FROM checkup_results WHERE checkup_id IN ("+old+")", upTo); err != nil {
		return err
	}
	_, err := s.Bound.Exec(ctx, "DELETE FROM checkups WHERE id <= ? AND state <> 'running'", upTo)
	return err
}

// Checkup returns one checkup.
func (db *DB) Checkup(ctx context.Context, id mailstead.CheckupID) (mailstead.Checkup, error) {
	row, err := first(all[checkupRow](ctx, db.reader(), "SELECT * FROM checkups WHERE id = ?", int64(id)))
	if err := found(err, "checkup"); err != nil {
		return mailstead.Checkup{}, fmt.Errorf("read checkup: %w", err)
	}
	return row.checkup(), nil
}

// Checkups returns all that are kept, newest first.
func (db *DB) Checkups(ctx context.Context) ([]mailstead.Checkup, error) {
	rows, err := all[checkupRow](ctx, db.reader(), "SELECT * FROM checkups ORDER BY id DESC")
	if err != nil {
		return nil, fmt.Errorf("list checkups: %w", err)
	}
	return checkups(rows), nil
}

// OpenCheckups returns those that run.
func (db *DB) OpenCheckups(ctx context.Context) ([]mailstead.Checkup, error) {
	rows, err := all[checkupRow](ctx, db.reader(), "SELECT * FROM checkups WHERE state = 'running' ORDER BY id")
	if err != nil {
		return nil, fmt.Errorf("list open checkups: %w", err)
	}
	return checkups(rows), nil
}

// CheckupTasks returns accounts of a checkup that wait for their test, by id, at most
// 1,000.
func (db *DB) CheckupTasks(ctx context.Context, id mailstead.CheckupID, after mailstead.AccountID, n int) ([]mailstead.CheckupTask, error) {
	type task struct {
		AccountID int64
		InHost    string
		OutHost   string
	}
	rows, err := all[task](ctx, db.reader(), `SELECT r.account_id, COALESCE(a.in_host, '') AS in_host, COALESCE(a.out_host, '') AS out_host
		FROM checkup_results AS r LEFT JOIN accounts AS a ON a.id = r.account_id AND a.deleted_at = 0
		WHERE r.checkup_id = ? AND r.verdict = ? AND r.account_id > ? ORDER BY r.account_id LIMIT ?`,
		int64(id), string(mailstead.VerdictWaiting), int64(after), limit(n, 1000))
	if err != nil {
		return nil, fmt.Errorf("list tasks of checkup: %w", err)
	}
	var out []mailstead.CheckupTask
	for _, r := range rows {
		out = append(out, mailstead.CheckupTask{AccountID: mailstead.AccountID(r.AccountID), IncomingHost: r.InHost, OutgoingHost: r.OutHost})
	}
	return out, nil
}

// SetCheckupResult stores how the test of an account went and counts it. A result
// that is there already stays.
func (db *DB) SetCheckupResult(ctx context.Context, r mailstead.CheckupResult) error {
	counter, ok := map[mailstead.Verdict]string{
		mailstead.VerdictOK: "ok", mailstead.VerdictFailed: "failed", mailstead.VerdictSkipped: "skipped",
	}[r.Verdict]
	if !ok {
		return mailstead.Invalid("verdict", "input.verdict", "A test ends as ok, failed or skipped.")
	}
	return db.write(ctx, "set checkup result", func(ctx context.Context, s *step) error {
		res, err := s.Bound.Exec(ctx, `UPDATE checkup_results SET verdict = ?, side = ?, code = ?, cause = ?, action = ?, took = ?, tested_at = ?
			WHERE checkup_id = ? AND account_id = ? AND verdict = ?`,
			string(r.Verdict), string(r.Side), r.Code, clean(r.Cause), clean(r.Action), r.Took, millis(r.TestedAt),
			int64(r.CheckupID), int64(r.AccountID), string(mailstead.VerdictWaiting))
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return err
		}
		_, err = s.Bound.Exec(ctx, "UPDATE checkups SET "+counter+" = "+counter+" + 1 WHERE id = ?", int64(r.CheckupID))
		return err
	})
}

// EndCheckup stores that a running checkup ended, done or cancelled. One that ended
// already stays as it is.
func (db *DB) EndCheckup(ctx context.Context, id mailstead.CheckupID, state mailstead.CheckupState) error {
	return db.write(ctx, "end checkup", func(ctx context.Context, s *step) error {
		_, err := s.Bound.Exec(ctx, "UPDATE checkups SET state = ?, finished_at = ? WHERE id = ? AND state = 'running'",
			string(state), millis(s.now), int64(id))
		return err
	})
}

// CheckupResults returns results by account id, at most 1,001.
func (db *DB) CheckupResults(ctx context.Context, q mailstead.CheckupQuery) ([]mailstead.CheckupResult, error) {
	type resultRow struct {
		AccountID int64
		Name      string
		Address   string
		Verdict   string
		Side      string
		Code      string
		Cause     string
		Action    string
		Took      int64
		TestedAt  int64
	}
	query := `SELECT r.account_id, COALESCE(a.name, '') AS name, COALESCE(a.address, '') AS address, r.verdict, r.side, r.code, r.cause, r.action, r.took, r.tested_at
		FROM checkup_results AS r LEFT JOIN accounts AS a ON a.id = r.account_id WHERE r.checkup_id = ? AND r.account_id > ?`
	args := []any{int64(q.CheckupID), int64(q.After)}
	if len(q.Verdicts) > 0 {
		query += " AND r.verdict IN (" + params(len(q.Verdicts)) + ")"
		for _, v := range q.Verdicts {
			args = append(args, string(v))
		}
	}
	rows, err := all[resultRow](ctx, db.reader(), query+" ORDER BY r.account_id LIMIT ?", append(args, limit(q.Limit, 1001))...)
	if err != nil {
		return nil, fmt.Errorf("list results of checkup: %w", err)
	}
	var out []mailstead.CheckupResult
	for _, r := range rows {
		out = append(out, mailstead.CheckupResult{
			CheckupID: q.CheckupID, AccountID: mailstead.AccountID(r.AccountID), Name: r.Name, Address: r.Address, Verdict: mailstead.Verdict(r.Verdict),
			Side: mailstead.SideName(r.Side), Code: r.Code, Cause: r.Cause, Action: r.Action, Took: r.Took, TestedAt: instant(r.TestedAt),
		})
	}
	return out, nil
}
