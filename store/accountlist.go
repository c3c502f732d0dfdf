package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"github.com/mailstead/mailstead"
)

// Accounts returns a page of accounts, at most 1,000. The one that stands for the
// configuration file is not among them.
func (db *DB) Accounts(ctx context.Context, q mailstead.AccountQuery) ([]mailstead.Account, error) {
	var rows []accountRow
	s := db.reader()
	sel := s.NewSelect().Model(&rows).Limit(limit(q.Limit, 1000))
	filterAccounts(sel, &q)
	if err := accountWords.search(ctx, s, sel, q.Text); err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	orderAccounts(sel, &q)
	if err := sel.Scan(ctx); err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	return accounts(rows), nil
}

// filterAccounts keeps what the query asks for, but for its text.
func filterAccounts(sel *bun.SelectQuery, q *mailstead.AccountQuery) {
	sel.Where("a.account_key <> ?", mailstead.ConfigurationKey)
	if q.Deleted {
		sel.Where("a.deleted_at <> 0")
	} else {
		sel.Where("a.deleted_at = 0")
	}
	switch {
	case q.VisibleTo != 0 && q.Deleted:
		sel.Where("a.owner_id <> 0 AND a.owner_id = ?", int64(q.VisibleTo))
	case q.VisibleTo != 0:
		sel.Where("a.id IN "+ofUser, int64(q.VisibleTo))
	}
	if len(q.IDs) > 0 {
		sel.Where("a.id IN (?)", bun.List(q.IDs))
	}
	if len(q.Hosts) > 0 {
		hosts := bun.List(q.Hosts)
		sel.Where("a.in_host IN (?) OR a.out_host IN (?)", hosts, hosts)
	}
	if q.Address != "" {
		sel.Where("a.address_key = ?", (&mailstead.Account{Address: q.Address}).AddressKey())
	}
	if q.State != "" {
		sel.Where("a.state_rank = ?", q.State.Rank())
	}
	if q.ProviderID != "" {
		sel.Where("a.provider_id = ?", string(q.ProviderID))
	}
	if q.Domain != "" {
		sel.Where("a.domain = ?", strings.ToLower(q.Domain))
	}
	if q.OwnerID != 0 {
		sel.Where("a.owner_id = ?", int64(q.OwnerID))
	}
	if q.ProfileID != 0 {
		sel.Where("a.id IN (SELECT asg.account_id FROM assignments AS asg WHERE asg.profile_id = ? AND asg.profile_id <> 0)", int64(q.ProfileID))
	}
	if q.Unassigned {
		sel.Where("a.owner_id = 0 AND a.assigned = 0")
	}
}

// orderAccounts sorts the list and begins behind the query's position. Each order
// is that of an index, forwards or backwards.
func orderAccounts(sel *bun.SelectQuery, q *mailstead.AccountQuery) {
	columns, after := []string{"a.id"}, []any{int64(q.After.ID)}
	switch q.Sort {
	case mailstead.SortName:
		columns, after = []string{"a.name_key", "a.id"}, []any{q.After.Text, int64(q.After.ID)}
	case mailstead.SortAddress:
		columns, after = []string{"a.address_key", "a.id"}, []any{q.After.Text, int64(q.After.ID)}
	case mailstead.SortState:
		columns = []string{"a.state_rank", "a.name_key", "a.id"}
		after = []any{q.After.Number, q.After.Text, int64(q.After.ID)}
	case mailstead.SortSuccess:
		columns, after = []string{"a.last_success", "a.id"}, []any{q.After.Number, int64(q.After.ID)}
	case mailstead.SortCreated:
	}
	than, direction := " > ", ""
	if q.Descending {
		than, direction = " < ", " DESC"
	}
	if !q.After.IsZero() {
		sel.Where("("+strings.Join(columns, ", ")+")"+than+"("+params(len(after))+")", after...)
	}
	for _, c := range columns {
		sel.OrderExpr(c + direction)
	}
}

// setWords makes an account found by the words that its row holds.
func (s *step) setWords(ctx context.Context, row *accountRow) error {
	a := row.account()
	return accountWords.set(ctx, s, row.ID, a.SearchWords())
}

// fillBatch is how many accounts one step gives their keys.
const fillBatch = 200

// FillAccountKeys gives keys and words to accounts that an older program stored.
// Engines call it when they open a database.
func (db *DB) FillAccountKeys(ctx context.Context) error {
	for after, more := int64(0), true; more; {
		rows, err := all[accountRow](ctx, db.reader(), "SELECT * FROM accounts WHERE name_key = '' AND id > ? ORDER BY id"+limited(fillBatch, fillBatch), after)
		if err != nil {
			return fmt.Errorf("find accounts without keys: %w", err)
		}
		if more = len(rows) == fillBatch; len(rows) == 0 {
			return nil
		}
		after = rows[len(rows)-1].ID
		err = db.write(ctx, "give accounts their keys", func(ctx context.Context, s *step) error {
			for i := range rows {
				rows[i].setKeys()
				_, err := s.NewUpdate().Model(&rows[i]).WherePK().
					Column("name_key", "address_key", "domain", "state_rank", "last_success").Exec(ctx)
				if err != nil {
					return err
				}
				if err := s.setWords(ctx, &rows[i]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Reach returns those assignments of the accounts that reach the user, directly or
// by a profile, by account and id.
func (db *DB) Reach(ctx context.Context, user mailstead.UserID, accounts []mailstead.AccountID) (map[mailstead.AccountID][]mailstead.Assignment, error) {
	out := make(map[mailstead.AccountID][]mailstead.Assignment)
	s := db.reader()
	for part := range pieces(accounts, mostIDs) {
		rows, err := all[assignmentRow](ctx, s, "SELECT asg.* FROM assignments AS asg WHERE asg.account_id IN ("+params(len(part))+") AND "+
			reachesUser+" ORDER BY asg.id", append(values(part), int64(user), int64(user))...)
		if err != nil {
			return nil, fmt.Errorf("read assignments of accounts: %w", err)
		}
		for _, a := range assignments(rows) {
			out[a.AccountID] = append(out[a.AccountID], a)
		}
	}
	return out, nil
}
