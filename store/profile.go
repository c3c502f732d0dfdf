package store

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/mailstead/mailstead"
)

type profileRow struct {
	bun.BaseModel `bun:"table:profiles,alias:p"`

	ID   int64 `bun:"id,pk,autoincrement"`
	Name string
}

type userProfileRow struct {
	bun.BaseModel `bun:"table:user_profiles,alias:up"`

	UserID    int64 `bun:"user_id,pk"`
	ProfileID int64 `bun:"profile_id,pk"`
}

// CreateProfile stores a profile and sets its ID; the same name is
// KindConflict.
func (db *DB) CreateProfile(ctx context.Context, p *mailstead.Profile, audit mailstead.AuditEntry) error {
	return db.write(ctx, "create profile", func(ctx context.Context, s *step) error {
		row := profileRow{Name: p.Name}
		if _, err := s.NewInsert().Model(&row).Exec(ctx); err != nil {
			if s.engine.Unique(err) {
				return conflict("profile.exists", "There is a profile with this name already.")
			}
			return err
		}
		p.ID = mailstead.ProfileID(row.ID)
		return s.auditNew(ctx, audit, row.ID)
	})
}

// Profiles returns all profiles by name.
func (db *DB) Profiles(ctx context.Context) ([]mailstead.Profile, error) {
	var rows []profileRow
	if err := db.reader().NewSelect().Model(&rows).Order("p.name").Scan(ctx); err != nil {
		return nil, fmt.Errorf("list profiles: %w", err)
	}
	return profiles(rows), nil
}

func profiles(rows []profileRow) []mailstead.Profile {
	var out []mailstead.Profile
	for _, r := range rows {
		out = append(out, mailstead.Profile{ID: mailstead.ProfileID(r.ID), Name: r.Name})
	}
	return out
}

// DeleteProfile removes a profile, takes it from its users and removes its
// assignments.
func (db *DB) DeleteProfile(ctx context.Context, id mailstead.ProfileID, audit mailstead.AuditEntry) error {
	return db.write(ctx, "delete profile", func(ctx context.Context, s *step) error {
		for _, model := range []any{(*assignmentRow)(nil), (*userProfileRow)(nil)} {
			if _, err := s.NewDelete().Model(model).Where("profile_id = ?", int64(id)).Exec(ctx); err != nil {
				return err
			}
		}
		res, err := s.NewDelete().Model((*profileRow)(nil)).Where("id = ?", int64(id)).Exec(ctx)
		if err := affected(res, err, "profile"); err != nil {
			return err
		}
		return s.audit(ctx, audit)
	})
}

// setProfiles makes ids the profiles of a user.
func (s *step) setProfiles(ctx context.Context, user mailstead.UserID, ids []mailstead.ProfileID) error {
	if _, err := s.NewDelete().Model((*userProfileRow)(nil)).Where("user_id = ?", int64(user)).Exec(ctx); err != nil {
		return err
	}
	for _, id := range ids {
		if err := s.requireProfile(ctx, id); err != nil {
			return err
		}
		_, err := s.NewInsert().Model(&userProfileRow{UserID: int64(user), ProfileID: int64(id)}).
			On("CONFLICT DO NOTHING").Exec(ctx)
		if err != nil {
			return err
		}
	}
	return nil
}

// requireProfile returns KindNotFound unless the profile exists, and keeps it.
func (s *step) requireProfile(ctx context.Context, id mailstead.ProfileID) error {
	return require(ctx, s.Bound, "profile", "SELECT 1 FROM profiles WHERE id = ?"+locked(s.engine.RowLock(RowKeep)), int64(id))
}
