package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

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
	State      string
	LearnedBy  int64
	LearnedAt  int64
	UpdatedAt  int64
	// LearnedName is read with the row and not a column of it.
	LearnedName string `bun:"learned_name,scanonly"`
}

func newDomainRow(d *mailstead.Domain, now time.Time) domainRow {
	return domainRow{
		Name: strings.ToLower(d.Name), ProviderID: string(d.ProviderID), Source: string(d.Source), State: string(d.State),
		Incoming: d.Incoming, Outgoing: d.Outgoing, Username: string(d.Username),
		LearnedBy: int64(d.LearnedBy), LearnedAt: millis(d.LearnedAt), UpdatedAt: millis(now),
	}
}

func (r *domainRow) domain() mailstead.Domain {
	return mailstead.Domain{
		Name: r.Name, ProviderID: mailstead.ProviderID(r.ProviderID), Source: mailstead.DomainSource(r.Source),
		State: mailstead.DomainState(r.State), Incoming: r.Incoming, Outgoing: r.Outgoing, Username: mailstead.UsernameForm(r.Username),
		LearnedBy: mailstead.UserID(r.LearnedBy), LearnedName: r.LearnedName, LearnedAt: instant(r.LearnedAt), UpdatedAt: instant(r.UpdatedAt),
	}
}

const replaceDomain = `CONFLICT (name) DO UPDATE SET provider_id = excluded.provider_id, source = excluded.source,
	incoming = excluded.incoming, outgoing = excluded.outgoing, username = excluded.username, state = excluded.state,
	learned_by = excluded.learned_by, learned_at = excluded.learned_at,
	updated_at = CASE WHEN excluded.updated_at > d.updated_at THEN excluded.updated_at ELSE d.updated_at + 1 END`

// selectDomains reads domains with the names of those who taught them.
func (db *DB) selectDomains(rows *[]domainRow) *bun.SelectQuery {
	return db.reader().NewSelect().Model(rows).ColumnExpr("d.*, COALESCE(u.name, '') AS learned_name").
		Join("LEFT JOIN users AS u ON u.id = d.learned_by")
}

// Domain returns what an administrator said or a sign-in taught about a domain.
func (db *DB) Domain(ctx context.Context, name string) (mailstead.Domain, error) {
	var rows []domainRow
	if err := db.selectDomains(&rows).Where("d.name = ?", strings.ToLower(name)).Scan(ctx); err != nil {
		return mailstead.Domain{}, fmt.Errorf("read domain: %w", err)
	}
	if len(rows) == 0 {
		return mailstead.Domain{}, fmt.Errorf("read domain: %w", mailstead.NotFound("domain"))
	}
	return rows[0].domain(), nil
}

// Domains returns domains by name, at most 1,000.
func (db *DB) Domains(ctx context.Context, q mailstead.DomainQuery) ([]mailstead.Domain, error) {
	var rows []domainRow
	sel := db.selectDomains(&rows).Where("d.name > ?", strings.ToLower(q.After)).Order("d.name").Limit(limit(q.Limit, 1000))
	for _, f := range []struct {
		wanted bool
		where  string
		value  any
	}{
		{q.Source != "", "d.source = ?", string(q.Source)},
		{q.Waiting, "d.state = ?", string(mailstead.DomainPending)},
		{q.Provider != "", "d.provider_id = ?", string(q.Provider)},
		{q.Search != "", `d.name LIKE ? ESCAPE '\'`, contains(strings.ToLower(q.Search))},
	} {
		if f.wanted {
			sel.Where(f.where, f.value)
		}
	}
	if err := sel.Scan(ctx); err != nil {
		return nil, fmt.Errorf("list domains: %w", err)
	}
	out := make([]mailstead.Domain, len(rows))
	for i := range rows {
		out[i] = rows[i].domain()
	}
	return out, nil
}

// contains is the pattern of LIKE for texts that hold this one.
func contains(text string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(clean(text)) + "%"
}

// PutDomains stores domains in place of what was known about their names, all or
// none.
func (db *DB) PutDomains(ctx context.Context, domains []mailstead.Domain, audit mailstead.AuditEntry) error {
	return db.write(ctx, "store domains", func(ctx context.Context, s *step) error {
		for i := range domains {
			if err := s.putDomain(ctx, &domains[i]); err != nil {
				return err
			}
		}
		return s.audit(ctx, audit)
	})
}

func (s *step) putDomain(ctx context.Context, d *mailstead.Domain) error {
	row := newDomainRow(d, s.now)
	_, err := s.NewInsert().Model(&row).On(replaceDomain).Exec(ctx)
	return err
}

// ReplaceDomain stores one domain. d.UpdatedAt must be that of the row as it was
// read, or zero when there was none: when somebody changed it since, the error is
// DomainChanged. A provider that administrators added must exist. It sets
// d.UpdatedAt.
func (db *DB) ReplaceDomain(ctx context.Context, d *mailstead.Domain, audit mailstead.AuditEntry) error {
	return db.write(ctx, "replace domain", func(ctx context.Context, s *step) error {
		if d.ProviderID.Own() && d.State != mailstead.DomainRejected {
			if err := s.requireProvider(ctx, d.ProviderID); err != nil {
				return err
			}
		}
		row := newDomainRow(d, s.now)
		stored, err := s.lockDomain(ctx, row.Name)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			if !d.UpdatedAt.IsZero() {
				return mailstead.DomainChanged()
			}
			_, err = s.NewInsert().Model(&row).Exec(ctx)
			if err != nil && s.engine.Unique(err) {
				return mailstead.DomainChanged()
			}
		case err != nil:
		case !instant(stored.UpdatedAt).Equal(d.UpdatedAt):
			return mailstead.DomainChanged()
		default:
			row.UpdatedAt = max(row.UpdatedAt, stored.UpdatedAt+1)
			_, err = s.NewUpdate().Model(&row).WherePK().Exec(ctx)
		}
		if err != nil {
			return err
		}
		d.UpdatedAt = instant(row.UpdatedAt)
		return s.audit(ctx, audit)
	})
}

// lockDomain reads a domain that is about to change, or returns sql.ErrNoRows.
func (s *step) lockDomain(ctx context.Context, name string) (*domainRow, error) {
	return first(all[domainRow](ctx, s.Session, "SELECT * FROM domains WHERE name = ?"+locked(s.engine.RowLock(RowUpdate)), name))
}

// learn stores a domain that a sign-in made known, unless somebody said
// something about it, or it is known as that already; only then it is audited.
func (s *step) learn(ctx context.Context, d *mailstead.Domain, audit mailstead.AuditEntry) error {
	row := newDomainRow(d, s.now)
	stored, err := s.lockDomain(ctx, row.Name)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if stored != nil {
		if was := stored.domain(); was.SameAs(d) && was.Source == mailstead.DomainLearned {
			return nil
		}
	}
	if row.LearnedAt == 0 {
		row.LearnedAt = millis(s.now)
	}
	res, err := s.NewInsert().Model(&row).On(replaceDomain).
		Where("d.source = ? AND d.state <> ?", string(mailstead.DomainLearned), string(mailstead.DomainRejected)).Exec(ctx)
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

// DomainUses counts the accounts of domains by what they work with.
func (db *DB) DomainUses(ctx context.Context, names []string) ([]mailstead.DomainUse, error) {
	if len(names) == 0 {
		return nil, nil
	}
	var rows []struct {
		Domain, ProviderID, InHost, OutHost string
		N                                   int
	}
	err := db.reader().NewSelect().Model((*accountRow)(nil)).ColumnExpr("a.domain, a.provider_id, a.in_host, a.out_host, count(*) AS n").
		Where("a.deleted_at = 0 AND a.domain IN (?)", bun.List(names)).GroupExpr("a.domain, a.provider_id, a.in_host, a.out_host").Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("count accounts of domains: %w", err)
	}
	out := make([]mailstead.DomainUse, len(rows))
	for i, r := range rows {
		out[i] = mailstead.DomainUse{
			Name: r.Domain, ProviderID: mailstead.ProviderID(r.ProviderID), Incoming: r.InHost, Outgoing: r.OutHost, Accounts: r.N,
		}
	}
	return out, nil
}
