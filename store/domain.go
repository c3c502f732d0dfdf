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

// PutDomains stores domains in place of what was known about their names, all or
// none.
func (db *DB) PutDomains(ctx context.Context, domains []mailstead.Domain, audit mailstead.AuditEntry) error {
	return db.write(ctx, "store domains", func(ctx context.Context, s *step) error {
		for i := range domains {
			row := newDomainRow(&domains[i])
			if _, err := s.NewInsert().Model(&row).On(replaceDomain).Exec(ctx); err != nil {
				return err
			}
		}
		return s.audit(ctx, audit)
	})
}

// learn stores a domain that a sign-in made known, unless somebody said
// something about it; only then it is audited.
func (s *step) learn(ctx context.Context, d *mailstead.Domain, audit mailstead.AuditEntry) error {
	row := newDomainRow(d)
	res, err := s.NewInsert().Model(&row).On(replaceDomain).
		Where("d.source = ?", string(mailstead.DomainLearned)).Exec(ctx)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return err
	}
	return s.audit(ctx, audit)
}

// DeleteDomains forgets domains. Those that are not known are passed over; when
// none is, it is KindNotFound.
func (db *DB) DeleteDomains(ctx context.Context, names []string, audit mailstead.AuditEntry) error {
	return db.write(ctx, "delete domains", func(ctx context.Context, s *step) error {
		keys := make([]string, len(names))
		for i, name := range names {
			keys[i] = strings.ToLower(name)
		}
		res, err := s.NewDelete().Model((*domainRow)(nil)).Where("name IN (?)", bun.List(keys)).Exec(ctx)
		if err := affected(res, err, "domain"); err != nil {
			return err
		}
		return s.audit(ctx, audit)
	})
}
