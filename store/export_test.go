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

// RecordPlans returns how the database would list records and their mails, and count
// those of an account, by what is asked.
func RecordPlans(ctx context.Context, db *DB, explain string) (map[string][]string, error) {
	s := db.reader()
	out := map[string][]string{}
	for name, q := range map[string]mailstead.RecordQuery{
		"records": {}, "records of a type": {Type: "request"}, "records by a word": {Text: "anna"},
	} {
		q.After, q.Limit = mailstead.RecordPosition{Name: "m", ID: 40}, 51
		sel, err := selectRecords(ctx, s, &[]recordRow{}, &q)
		if err != nil {
			return nil, err
		}
		if out[name], err = plan(ctx, s, explain, sel); err != nil {
			return nil, err
		}
	}
	var err error
	q := mailstead.LinkedMailQuery{Record: 7, Before: 9, Limit: 51}
	if out["mails of a record"], err = plan(ctx, s, explain, selectMailsOf(s, &[]linkedMailRow{}, &q)); err != nil {
		return nil, err
	}
	out["linked mails of an account"], err = plan(ctx, s, explain, s.NewRaw(countLinked, 7))
	return out, err
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
