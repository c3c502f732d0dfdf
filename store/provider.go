package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/mailstead/mailstead"
)

type providerRow struct {
	bun.BaseModel `bun:"table:providers,alias:pr"`

	ID             string `bun:"id,pk"`
	Name           string
	NameKey        string
	CopyOf         string
	Country        string
	Incoming       list[mailstead.Server]
	Outgoing       list[mailstead.Server]
	Username       object[map[mailstead.Protocol]mailstead.UsernameForm]
	Auth           list[string]
	AppPasswordURL string
	EnableURL      string
	Notes          string
	SavesSent      bool
	PasswordDays   int
	UpdatedAt      int64
}

type hiddenRow struct {
	bun.BaseModel `bun:"table:hidden_providers,alias:hp"`

	ProviderID string `bun:"provider_id,pk"`
}

func newProviderRow(p *mailstead.Provider, now time.Time) providerRow {
	return providerRow{
		ID: string(p.ID), Name: p.Name, NameKey: strings.ToLower(p.Name), CopyOf: string(p.CopyOf), Country: p.Country,
		Incoming: p.Incoming, Outgoing: p.Outgoing, Username: object[map[mailstead.Protocol]mailstead.UsernameForm]{p.Username},
		Auth: p.Auth, AppPasswordURL: p.AppPasswordURL, EnableURL: p.EnableURL, Notes: p.Notes, SavesSent: p.SavesSent,
		PasswordDays: p.PasswordDays, UpdatedAt: millis(now),
	}
}

func (r *providerRow) provider() mailstead.Provider {
	p := mailstead.Provider{
		ID: mailstead.ProviderID(r.ID), Name: r.Name, Kind: mailstead.KindOwn, Own: true, CopyOf: mailstead.ProviderID(r.CopyOf),
		Country: r.Country, Incoming: r.Incoming, Outgoing: r.Outgoing, Username: r.Username.V, Auth: r.Auth, Status: "ok",
		AppPasswordURL: r.AppPasswordURL, EnableURL: r.EnableURL, Notes: r.Notes, SavesSent: r.SavesSent, PasswordDays: r.PasswordDays,
		UpdatedAt: instant(r.UpdatedAt),
	}
	if len(p.Incoming) == 0 {
		p.Kind = mailstead.KindRelay
	}
	return p
}

// OwnProviders returns the providers that administrators added, by name, with the
// domains that administrators gave them.
func (db *DB) OwnProviders(ctx context.Context) ([]mailstead.Provider, error) {
	var rows []providerRow
	if err := db.reader().NewSelect().Model(&rows).Order("pr.name_key").Scan(ctx); err != nil {
		return nil, fmt.Errorf("list providers: %w", err)
	}
	var domains []domainRow
	err := db.reader().NewSelect().Model(&domains).Column("name", "provider_id").Order("d.name").
		Where("d.provider_id IN (SELECT id FROM providers) AND d.source = ?", string(mailstead.DomainAdministrator)).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("list domains of providers: %w", err)
	}
	of := make(map[string][]string)
	for i := range domains {
		of[domains[i].ProviderID] = append(of[domains[i].ProviderID], domains[i].Name)
	}
	out := make([]mailstead.Provider, len(rows))
	for i := range rows {
		out[i] = rows[i].provider()
		out[i].Domains = of[rows[i].ID]
	}
	return out, nil
}

// HiddenProviders returns the providers that are not offered.
func (db *DB) HiddenProviders(ctx context.Context) ([]mailstead.ProviderID, error) {
	var ids []mailstead.ProviderID
	if err := db.reader().NewSelect().Model((*hiddenRow)(nil)).Column("provider_id").Order("provider_id").Scan(ctx, &ids); err != nil {
		return nil, fmt.Errorf("list hidden providers: %w", err)
	}
	return ids, nil
}

// ProviderAccounts counts the accounts of each provider.
func (db *DB) ProviderAccounts(ctx context.Context) (map[mailstead.ProviderID]int, error) {
	var rows []struct {
		ProviderID string
		N          int
	}
	err := db.reader().NewSelect().Model((*accountRow)(nil)).ColumnExpr("a.provider_id, count(*) AS n").
		Where("a.deleted_at = 0").GroupExpr("a.provider_id").Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("count accounts of providers: %w", err)
	}
	out := make(map[mailstead.ProviderID]int, len(rows))
	for _, r := range rows {
		out[mailstead.ProviderID(r.ProviderID)] = r.N
	}
	return out, nil
}

// CreateProvider stores a provider with its domains and sets its UpdatedAt. The
// same id is KindConflict with the code provider.id_taken, the same name
// provider.exists; a domain that an administrator gave to somebody else is
// provider.domain_taken.
func (db *DB) CreateProvider(ctx context.Context, p *mailstead.Provider, audit mailstead.AuditEntry) error {
	return db.write(ctx, "create provider", func(ctx context.Context, s *step) error {
		if err := s.requireName(ctx, p.Name, ""); err != nil {
			return err
		}
		row := newProviderRow(p, s.now)
		if _, err := s.NewInsert().Model(&row).Exec(ctx); err != nil {
			if s.engine.Unique(err) {
				return conflict("provider.id_taken", "There is a provider with this id already.")
			}
			return err
		}
		if err := s.setProviderDomains(ctx, p); err != nil {
			return err
		}
		p.UpdatedAt = instant(row.UpdatedAt)
		return s.audit(ctx, audit)
	})
}

// UpdateProvider stores all of p that people edit, with its domains. p.UpdatedAt
// must be that of the provider as it was read: when somebody changed it since, the
// error is ProviderChanged. It sets p.UpdatedAt.
func (db *DB) UpdateProvider(ctx context.Context, p *mailstead.Provider, audit mailstead.AuditEntry) error {
	return db.write(ctx, "update provider", func(ctx context.Context, s *step) error {
		stored, err := s.lockProvider(ctx, p.ID)
		if err != nil {
			return err
		}
		if !instant(stored.UpdatedAt).Equal(p.UpdatedAt) {
			return mailstead.ProviderChanged()
		}
		if err := s.requireName(ctx, p.Name, p.ID); err != nil {
			return err
		}
		row := newProviderRow(p, s.now)
		row.UpdatedAt = max(row.UpdatedAt, stored.UpdatedAt+1)
		if _, err := s.NewUpdate().Model(&row).WherePK().Exec(ctx); err != nil {
			if s.engine.Unique(err) {
				return errProviderExists()
			}
			return err
		}
		if err := s.setProviderDomains(ctx, p); err != nil {
			return err
		}
		p.UpdatedAt = instant(row.UpdatedAt)
		return s.audit(ctx, audit)
	})
}

func errProviderExists() error {
	return &mailstead.Error{Kind: mailstead.KindConflict, Code: "provider.exists", Field: "name", Text: "There is a provider with this name already."}
}

// requireName refuses a name that another provider of administrators has.
func (s *step) requireName(ctx context.Context, name string, id mailstead.ProviderID) error {
	n, err := s.NewSelect().Model((*providerRow)(nil)).Where("pr.name_key = ? AND pr.id <> ?", strings.ToLower(name), string(id)).Count(ctx)
	if err == nil && n > 0 {
		return errProviderExists()
	}
	return err
}

// lockProvider reads a provider that is about to change.
func (s *step) lockProvider(ctx context.Context, id mailstead.ProviderID) (*providerRow, error) {
	row, err := first(all[providerRow](ctx, s.Session, "SELECT * FROM providers WHERE id = ?"+locked(s.engine.RowLock(RowUpdate)), string(id)))
	return row, found(err, "provider")
}

// requireProvider returns KindNotFound unless the provider exists, and keeps it.
func (s *step) requireProvider(ctx context.Context, id mailstead.ProviderID) error {
	return require(ctx, s.Bound, "provider", "SELECT 1 FROM providers WHERE id = ?"+locked(s.engine.RowLock(RowKeep)), string(id))
}

// setProviderDomains makes p.Domains all that administrators gave to the provider.
func (s *step) setProviderDomains(ctx context.Context, p *mailstead.Provider) error {
	var had []string
	err := s.NewSelect().Model((*domainRow)(nil)).Column("name").
		Where("d.provider_id = ? AND d.source = ?", string(p.ID), string(mailstead.DomainAdministrator)).Scan(ctx, &had)
	if err != nil {
		return err
	}
	gone := make(map[string]bool, len(had))
	for _, name := range had {
		gone[name] = true
	}
	for _, name := range p.Domains {
		if gone[name] {
			delete(gone, name)
			continue
		}
		stored, err := s.lockDomain(ctx, name)
		if err == nil && stored.Source == string(mailstead.DomainAdministrator) {
			d := stored.domain()
			return &mailstead.Error{
				Kind: mailstead.KindConflict, Code: "provider.domain_taken", Field: "domains", UsedBy: []mailstead.Use{d.Use()},
				Text: "The domain " + name + " leads somewhere else already: remove it from the table of domains first.",
			}
		}
		if err := s.putDomain(ctx, &mailstead.Domain{Name: name, ProviderID: p.ID, Source: mailstead.DomainAdministrator}); err != nil {
			return err
		}
	}
	for name := range gone {
		if _, err := s.NewDelete().Model((*domainRow)(nil)).Where("name = ?", name).Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

// HideProvider stores whether a provider is offered.
func (db *DB) HideProvider(ctx context.Context, id mailstead.ProviderID, hidden bool, audit mailstead.AuditEntry) error {
	return db.write(ctx, "hide provider", func(ctx context.Context, s *step) error {
		var err error
		if hidden {
			_, err = s.NewInsert().Model(&hiddenRow{ProviderID: string(id)}).On("CONFLICT DO NOTHING").Exec(ctx)
		} else {
			_, err = s.NewDelete().Model((*hiddenRow)(nil)).Where("provider_id = ?", string(id)).Exec(ctx)
		}
		if err != nil {
			return err
		}
		return s.audit(ctx, audit)
	})
}

// DeleteProvider removes a provider. While accounts or domains use it, it is
// KindConflict with the code provider.in_use, and the error names the first of
// them.
func (db *DB) DeleteProvider(ctx context.Context, id mailstead.ProviderID, audit mailstead.AuditEntry) error {
	return db.write(ctx, "delete provider", func(ctx context.Context, s *step) error {
		if _, err := s.lockProvider(ctx, id); err != nil {
			return err
		}
		if err := s.requireUnused(ctx, id); err != nil {
			return err
		}
		for _, q := range []*bun.DeleteQuery{
			s.NewDelete().Model((*providerRow)(nil)).Where("id = ?", string(id)),
			s.NewDelete().Model((*hiddenRow)(nil)).Where("provider_id = ?", string(id)),
		} {
			if _, err := q.Exec(ctx); err != nil {
				return err
			}
		}
		return s.audit(ctx, audit)
	})
}

// requireUnused refuses a provider that accounts or domains use.
func (s *step) requireUnused(ctx context.Context, id mailstead.ProviderID) error {
	var accounts []accountRow
	err := s.NewSelect().Model(&accounts).Where("a.provider_id = ? AND a.deleted_at = 0", string(id)).Order("a.id").Limit(mailstead.MaxUses).Scan(ctx)
	if err != nil {
		return err
	}
	var domains []domainRow
	err = s.NewSelect().Model(&domains).Column("name").
		Where("d.provider_id = ? AND d.state <> ?", string(id), string(mailstead.DomainRejected)).Order("d.name").Limit(mailstead.MaxUses).Scan(ctx)
	if err != nil || len(accounts)+len(domains) == 0 {
		return err
	}
	var uses []mailstead.Use
	for i := range accounts {
		a := accounts[i].account()
		uses = append(uses, a.Use())
	}
	for i := range domains {
		d := domains[i].domain()
		uses = append(uses, d.Use())
	}
	return &mailstead.Error{
		Kind: mailstead.KindConflict, Code: "provider.in_use", UsedBy: uses,
		Text: "Accounts or domains use this provider: give them another one first, or hide the provider.",
	}
}
