package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"github.com/mailstead/mailstead"
)

type domainRow struct {
	bun.BaseModel `bun:"table:domains,alias:d"`

	Name       string `bun:"name,pk"`
	ProviderID string
	Source     string
	Incoming   list[mailstead.Server]
	Outgoing   list[mailstead.Server]
	Username   string
}

func newDomainRow(d *mailstead.Domain) domainRow {
	return domainRow{
		Name: strings.ToLower(d.Name), ProviderID: string(d.ProviderID), Source: string(d.Source),
		Incoming: d.Incoming, Outgoing: d.Outgoing, Username: string(d.Username),
	}
}

func (r *domainRow) domain() mailstead.Domain {
	return mailstead.Domain{
		Name: r.Name, ProviderID: mailstead.ProviderID(r.ProviderID), Source: mailstead.DomainSource(r.Source),
		Incoming: r.Incoming, Outgoing: r.Outgoing, Username: mailstead.UsernameForm(r.Username),
	}
}

const replaceDomain = `CONFLICT (name) DO UPDATE SET provider_id = excluded.provider_id, source = excluded.source,
	incoming = excluded.incoming, outgoing = excluded.outgoing, username = excluded.username`

// Domain returns what an administrator said or a sign-in taught about a domain.
func (db *DB) Domain(ctx context.Context, name string) (mailstead.Domain, error) {
	var row domainRow
	if err := db.reader().NewSelect().Model(&row).Where("d.name = ?", strings.ToLower(name)).Scan(ctx); err != nil {
		return mailstead.Domain{}, fmt.Errorf("read domain: %w", found(err, "domain"))
	}
	return row.domain(), nil
}

// Domains returns domains by name, at most 1,000.
func (db *DB) Domains(ctx context.Context, after string, n int) ([]mailstead.Domain, error) {
	var rows []domainRow
	err := db.reader().NewSelect().Model(&rows).Where("d.name > ?", strings.ToLower(after)).
		Order("d.name").Limit(limit(n, 1000)).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("list domains: %w", err)
	}
	out := make([]mailstead.Domain, len(rows))
	for i := range rows {
		out[i] = rows[i].domain()
	}
	return out, nil
}

// PutDomain stores d in place of what was known about its name.
func (db *DB) PutDomain(ctx context.Context, d mailstead.Domain) error {
	return db.write(ctx, "store domain", func(ctx context.Context, s *step) error {
		row := newDomainRow(&d)
		_, err := s.NewInsert().Model(&row).On(replaceDomain).Exec(ctx)
		return err
	})
}

// learn stores a domain that a sign-in made known, unless somebody said
// something about it.
func (s *step) learn(ctx context.Context, d *mailstead.Domain) error {
	row := newDomainRow(d)
	_, err := s.NewInsert().Model(&row).On(replaceDomain).
		Where("d.source = ?", string(mailstead.DomainLearned)).Exec(ctx)
	return err
}

// DeleteDomain forgets a domain.
func (db *DB) DeleteDomain(ctx context.Context, name string) error {
	return db.write(ctx, "delete domain", func(ctx context.Context, s *step) error {
		res, err := s.NewDelete().Model((*domainRow)(nil)).Where("name = ?", strings.ToLower(name)).Exec(ctx)
		return affected(res, err, "domain")
	})
}
