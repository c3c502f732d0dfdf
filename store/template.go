package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"github.com/mailstead/mailstead"
)

type templateRow struct {
	bun.BaseModel `bun:"table:templates,alias:tm"`

	ID        int64 `bun:"id,pk,autoincrement"`
	Name      string
	NameKey   string
	Module    string
	ModuleKey string
	Active    bool
	IsDefault bool
	AccountID int64
	Subject   string
	Text      string
	Note      string
	CreatedAt int64
	UpdatedAt int64
}

func newTemplateRow(t *mailstead.Template) templateRow {
	return templateRow{
		ID: int64(t.ID), Name: t.Name, NameKey: strings.ToLower(t.Name), Module: t.Module, ModuleKey: strings.ToLower(t.Module),
		Active: t.Active, IsDefault: t.Default, AccountID: int64(t.AccountID), Subject: t.Subject, Text: t.Text, Note: t.Note,
	}
}

func (r *templateRow) template() mailstead.Template {
	return mailstead.Template{
		ID: mailstead.TemplateID(r.ID), Name: r.Name, Module: r.Module, Active: r.Active, Default: r.IsDefault,
		AccountID: mailstead.AccountID(r.AccountID), Subject: r.Subject, Text: r.Text, Note: r.Note,
		CreatedAt: instant(r.CreatedAt), UpdatedAt: instant(r.UpdatedAt),
	}
}

// Templates returns a page of templates by name, without their texts.
func (db *DB) Templates(ctx context.Context, q mailstead.TemplateQuery) ([]mailstead.Template, error) {
	var rows []templateRow
	sel := db.reader().NewSelect().Model(&rows).ExcludeColumn("text").
		Where("tm.name_key > ?", strings.ToLower(clean(q.After))).Order("tm.name_key").Limit(limit(q.Limit, mailstead.MaxPage+1))
	for _, f := range []struct {
		wanted bool
		where  string
		value  any
	}{
		{q.Module != "", "tm.module_key = ?", strings.ToLower(clean(q.Module))},
		{q.AccountID != 0, "tm.account_id = ?", int64(q.AccountID)},
		{q.ActiveOnly, "tm.active = ?", true},
	} {
		if f.wanted {
			sel.Where(f.where, f.value)
		}
	}
	if q.Search != "" {
		like := contains(strings.ToLower(q.Search))
		sel.Where(`(tm.name_key LIKE ? ESCAPE '\' OR tm.module_key LIKE ? ESCAPE '\')`, like, like)
	}
	if err := sel.Scan(ctx); err != nil {
		return nil, fmt.Errorf("list templates: %w", err)
	}
	out := make([]mailstead.Template, len(rows))
	for i := range rows {
		out[i] = rows[i].template()
	}
	return out, nil
}

// Template returns one template.
func (db *DB) Template(ctx context.Context, id mailstead.TemplateID) (mailstead.Template, error) {
	row, err := oneTemplate(ctx, db.reader(), id, "")
	if err != nil {
		return mailstead.Template{}, fmt.Errorf("read template: %w", err)
	}
	return row.template(), nil
}

func oneTemplate(ctx context.Context, s *Session, id mailstead.TemplateID, lock string) (*templateRow, error) {
	row, err := first(all[templateRow](ctx, s, "SELECT * FROM templates WHERE id = ?"+locked(lock), int64(id)))
	return row, found(err, "template")
}

// CreateTemplate stores a template and sets its ID and times. The same name is
// KindConflict with the code template.exists; the account must exist. A default takes the
// place of the one that its module had.
func (db *DB) CreateTemplate(ctx context.Context, t *mailstead.Template, audit mailstead.AuditEntry) error {
	return db.write(ctx, "create template", func(ctx context.Context, s *step) error {
		row := newTemplateRow(t)
		row.ID, row.CreatedAt, row.UpdatedAt = 0, millis(s.now), millis(s.now)
		if err := s.prepareTemplate(ctx, &row); err != nil {
			return err
		}
		if _, err := s.NewInsert().Model(&row).Exec(ctx); err != nil {
			return s.templateError(err)
		}
		*t = row.template()
		return s.auditNew(ctx, audit, row.ID)
	})
}

// UpdateTemplate stores all of t that people edit. t.UpdatedAt must be that of the
// template as it was read: when somebody changed it since, the error is
// TemplateChanged. It sets t.UpdatedAt; for the rest see CreateTemplate.
func (db *DB) UpdateTemplate(ctx context.Context, t *mailstead.Template, audit mailstead.AuditEntry) error {
	return db.write(ctx, "update template", func(ctx context.Context, s *step) error {
		stored, err := oneTemplate(ctx, s.Session, t.ID, s.engine.RowLock(RowUpdate))
		if err != nil {
			return err
		}
		if !instant(stored.UpdatedAt).Equal(t.UpdatedAt) {
			return mailstead.TemplateChanged()
		}
		row := newTemplateRow(t)
		row.CreatedAt, row.UpdatedAt = stored.CreatedAt, max(millis(s.now), stored.UpdatedAt+1)
		if err := s.prepareTemplate(ctx, &row); err != nil {
			return err
		}
		if _, err := s.NewUpdate().Model(&row).WherePK().Exec(ctx); err != nil {
			return s.templateError(err)
		}
		t.UpdatedAt = instant(row.UpdatedAt)
		return s.audit(ctx, audit)
	})
}

// prepareTemplate checks what a template needs around it, and takes the default
// from the one that its module had.
func (s *step) prepareTemplate(ctx context.Context, row *templateRow) error {
	n, err := s.NewSelect().Model((*templateRow)(nil)).Where("tm.name_key = ? AND tm.id <> ?", row.NameKey, row.ID).Count(ctx)
	if err != nil {
		return err
	}
	if n > 0 {
		return errTemplateExists()
	}
	if row.AccountID != 0 {
		if err := s.requireAccount(ctx, mailstead.AccountID(row.AccountID), RowKeep); err != nil {
			return err
		}
	}
	if !row.IsDefault {
		return nil
	}
	_, err = s.Bound.Exec(ctx, "UPDATE templates SET is_default = ?, updated_at = updated_at + 1 WHERE module_key = ? AND is_default AND id <> ?",
		false, row.ModuleKey, row.ID)
	return err
}

// templateError tells of a name or a default that somebody else stored at the same
// time.
func (s *step) templateError(err error) error {
	if s.engine.Unique(err) {
		return mailstead.TemplateChanged()
	}
	return err
}

func errTemplateExists() error {
	return &mailstead.Error{
		Kind: mailstead.KindConflict, Code: "template.exists", Field: "name", Text: "There is a template with this name already.",
	}
}

// DeleteTemplate removes a template.
func (db *DB) DeleteTemplate(ctx context.Context, id mailstead.TemplateID, audit mailstead.AuditEntry) error {
	return db.write(ctx, "delete template", func(ctx context.Context, s *step) error {
		res, err := s.NewDelete().Model((*templateRow)(nil)).Where("id = ?", int64(id)).Exec(ctx)
		if err := affected(res, err, "template"); err != nil {
			return err
		}
		return s.audit(ctx, audit)
	})
}
