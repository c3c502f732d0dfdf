package store

import (
	"context"

	"github.com/uptrace/bun"

	"github.com/mailstead/mailstead"
)

// Plan returns how the database would answer a query for accounts; explain is the
// engine's word for that.
func Plan(ctx context.Context, db *DB, explain string, q mailstead.AccountQuery) ([]string, error) {
	s := db.reader()
	var none []accountRow
	sel := s.NewSelect().Model(&none).Limit(51)
	filterAccounts(sel, &q)
	if err := accountWords.search(ctx, s, sel, q.Text); err != nil {
		return nil, err
	}
	orderAccounts(sel, &q)
	return plan(ctx, s, explain, sel)
}

// SenderPlans returns how the database would find who may send.
func SenderPlans(ctx context.Context, db *DB, explain string) ([]string, error) {
	s := db.reader()
	var out []string
	for _, q := range []*bun.RawQuery{s.NewRaw(reach, 7, 7), s.NewRaw(accountsOf(3), 1, 2, 3, 7, "key")} {
		lines, err := plan(ctx, s, explain, q)
		if err != nil {
			return nil, err
		}
		out = append(out, lines...)
	}
	return out, nil
}

func plan(ctx context.Context, s *Session, explain string, q any) ([]string, error) {
	var rows []map[string]any
	if err := s.NewRaw("? ?", bun.Safe(explain), q).Scan(ctx, &rows); err != nil {
		return nil, err
	}
	var out []string
	for _, r := range rows {
		for _, column := range []string{"detail", "QUERY PLAN"} {
			if text, ok := r[column].(string); ok {
				out = append(out, text)
			}
		}
	}
	return out, nil
}
