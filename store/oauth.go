package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"github.com/mailstead/mailstead"
)

type oauthAppRow struct {
	bun.BaseModel `bun:"table:oauth_apps,alias:oa"`

	ID            int64 `bun:"id,pk,autoincrement"`
	AppKey        string
	Name          string
	NameKey       string
	Service       string
	Kind          string
	ClientID      string
	Secret        []byte
	Tenant        string
	Issuer        string
	AuthURL       string `bun:"auth_url"`
	TokenURL      string `bun:"token_url"`
	DeviceURL     string `bun:"device_url"`
	RevokeURL     string `bun:"revoke_url"`
	UserInfoURL   string `bun:"user_info_url"`
	Scopes        string
	ProviderIDs   string `bun:"provider_ids"`
	Active        bool
	SecretExpires string
	CreatedAt     int64
	UpdatedAt     int64
}

func newOAuthAppRow(a *mailstead.OAuthApp, secret mailstead.Sealed) oauthAppRow {
	providers := make([]string, len(a.ProviderIDs))
	for i, id := range a.ProviderIDs {
		providers[i] = string(id)
	}
	if secret == nil {
		secret = mailstead.Sealed{}
	}
	return oauthAppRow{
		ID: int64(a.ID), AppKey: a.Key, Name: a.Name, NameKey: strings.ToLower(a.Name), Service: a.Service, Kind: string(a.Kind),
		ClientID: a.ClientID, Secret: secret, Tenant: a.Tenant, Issuer: a.Issuer, AuthURL: a.AuthURL, TokenURL: a.TokenURL,
		DeviceURL: a.DeviceURL, RevokeURL: a.RevokeURL, UserInfoURL: a.UserInfoURL, Scopes: strings.Join(a.Scopes, "\n"),
		ProviderIDs: strings.Join(providers, "\n"), Active: a.Active, SecretExpires: a.SecretExpires,
	}
}

func (r *oauthAppRow) app() mailstead.OAuthApp {
	a := mailstead.OAuthApp{
		ID: mailstead.OAuthAppID(r.ID), Key: r.AppKey, Name: r.Name, Service: r.Service, Kind: mailstead.OAuthKind(r.Kind),
		ClientID: r.ClientID, HasSecret: len(r.Secret) > 0, Tenant: r.Tenant, Issuer: r.Issuer, AuthURL: r.AuthURL, TokenURL: r.TokenURL,
		DeviceURL: r.DeviceURL, RevokeURL: r.RevokeURL, UserInfoURL: r.UserInfoURL, Scopes: strings.Split(r.Scopes, "\n"),
		Active: r.Active, SecretExpires: r.SecretExpires,
		CreatedAt: instant(r.CreatedAt), UpdatedAt: instant(r.UpdatedAt),
	}
	for _, id := range strings.Split(r.ProviderIDs, "\n") {
		a.ProviderIDs = append(a.ProviderIDs, mailstead.ProviderID(id))
	}
	return a
}

// OAuthApps returns all apps by name.
func (db *DB) OAuthApps(ctx context.Context) ([]mailstead.OAuthApp, error) {
	rows, err := all[oauthAppRow](ctx, db.reader(), "SELECT * FROM oauth_apps ORDER BY name_key")
	if err != nil {
		return nil, fmt.Errorf("list OAuth apps: %w", err)
	}
	out := make([]mailstead.OAuthApp, len(rows))
	for i := range rows {
		out[i] = rows[i].app()
	}
	return out, nil
}

// OAuthAppAccounts counts the accounts that sign in by each app; those without any are
// missing. It costs the more the more accounts there are.
func (db *DB) OAuthAppAccounts(ctx context.Context) (map[mailstead.OAuthAppID]int, error) {
	var rows []struct {
		AppID int64
		N     int
	}
	err := db.reader().NewSelect().Model((*oauthGrantRow)(nil)).ColumnExpr("app_id, COUNT(*) AS n").Group("app_id").Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("count accounts of OAuth apps: %w", err)
	}
	out := make(map[mailstead.OAuthAppID]int, len(rows))
	for _, r := range rows {
		out[mailstead.OAuthAppID(r.AppID)] = r.N
	}
	return out, nil
}

// OAuthApp returns one app.
func (db *DB) OAuthApp(ctx context.Context, id mailstead.OAuthAppID) (mailstead.OAuthApp, error) {
	row, err := oneOAuthApp(ctx, db.reader(), id)
	if err != nil {
		return mailstead.OAuthApp{}, fmt.Errorf("read OAuth app: %w", err)
	}
	return row.app(), nil
}

// OAuthAppSecret returns the sealed client secret of an app, empty for none.
func (db *DB) OAuthAppSecret(ctx context.Context, id mailstead.OAuthAppID) (mailstead.Sealed, error) {
	row, err := oneOAuthApp(ctx, db.reader(), id)
	if err != nil {
		return nil, fmt.Errorf("read OAuth app: %w", err)
	}
	return row.Secret, nil
}

func oneOAuthApp(ctx context.Context, s *Session, id mailstead.OAuthAppID) (*oauthAppRow, error) {
	row, err := first(all[oauthAppRow](ctx, s, "SELECT * FROM oauth_apps WHERE id = ?", int64(id)))
	return row, found(err, "app")
}

// CreateOAuthApp stores an app with its sealed secret, nil for none, and sets its ID
// and times. The same name is KindConflict with the code oauth_app.exists.
func (db *DB) CreateOAuthApp(ctx context.Context, a *mailstead.OAuthApp, secret mailstead.Sealed, audit mailstead.AuditEntry) error {
	return db.write(ctx, "create OAuth app", func(ctx context.Context, s *step) error {
		row := newOAuthAppRow(a, secret)
		row.ID, row.CreatedAt, row.UpdatedAt = 0, millis(s.now), millis(s.now)
		if _, err := s.NewInsert().Model(&row).Exec(ctx); err != nil {
			return s.oauthAppError(err)
		}
		*a = row.app()
		return s.auditNew(ctx, audit, row.ID)
	})
}

// UpdateOAuthApp stores all of a that people edit; secret nil keeps the stored one.
// a.UpdatedAt must be that of the app as it was read: when somebody changed it since,
// the error is OAuthAppChanged. It sets a.UpdatedAt.
func (db *DB) UpdateOAuthApp(ctx context.Context, a *mailstead.OAuthApp, secret mailstead.Sealed, audit mailstead.AuditEntry) error {
	return db.write(ctx, "update OAuth app", func(ctx context.Context, s *step) error {
		stored, err := oneOAuthApp(ctx, s.Session, a.ID)
		if err != nil {
			return err
		}
		row := newOAuthAppRow(a, secret)
		if secret == nil {
			row.Secret = stored.Secret
		}
		row.CreatedAt, row.UpdatedAt = stored.CreatedAt, max(millis(s.now), stored.UpdatedAt+1)
		res, err := s.NewUpdate().Model(&row).WherePK().ExcludeColumn("app_key").Where("updated_at = ?", millis(a.UpdatedAt)).Exec(ctx)
		if err != nil {
			return s.oauthAppError(err)
		}
		if err := affected(res, nil, "app"); err != nil {
			return mailstead.OAuthAppChanged()
		}
		a.UpdatedAt, a.HasSecret = instant(row.UpdatedAt), len(row.Secret) > 0
		return s.audit(ctx, audit)
	})
}

func (s *step) oauthAppError(err error) error {
	if s.engine.Unique(err) {
		return &mailstead.Error{
			Kind: mailstead.KindConflict, Code: "oauth_app.exists", Field: "name", Text: "There is an app with this name already.",
		}
	}
	return err
}

// DeleteOAuthApp removes an app. While accounts sign in by it the error has the code
// oauth_app.in_use and names them.
func (db *DB) DeleteOAuthApp(ctx context.Context, id mailstead.OAuthAppID, audit mailstead.AuditEntry) error {
	return db.write(ctx, "delete OAuth app", func(ctx context.Context, s *step) error {
		rows, err := all[accountRow](ctx, s.Session,
			"SELECT a.* FROM accounts AS a JOIN oauth_grants AS g ON g.account_id = a.id WHERE g.app_id = ? ORDER BY a.id"+limited(mailstead.MaxUses, mailstead.MaxUses), int64(id))
		if err != nil {
			return err
		}
		if len(rows) > 0 {
			e := &mailstead.Error{Kind: mailstead.KindConflict, Code: "oauth_app.in_use", Text: "Accounts sign in by this app: let them sign in another way first."}
			for i := range rows {
				a := rows[i].account()
				e.UsedBy = append(e.UsedBy, a.Use())
			}
			return e
		}
		res, err := s.NewDelete().Model((*oauthAppRow)(nil)).Where("id = ?", int64(id)).Exec(ctx)
		if err := affected(res, err, "app"); err != nil {
			return err
		}
		return s.audit(ctx, audit)
	})
}

type oauthGrantRow struct {
	bun.BaseModel `bun:"table:oauth_grants,alias:g"`

	AccountID   int64 `bun:"account_id,pk"`
	AppID       int64
	Identity    string
	Subject     string
	Sealed      []byte
	Version     int64
	GrantedAt   int64
	RefreshedAt int64
}

// OAuthGrant returns what an account signs in with.
func (db *DB) OAuthGrant(ctx context.Context, id mailstead.AccountID) (mailstead.OAuthGrant, error) {
	r, err := first(all[oauthGrantRow](ctx, db.reader(), "SELECT g.* FROM oauth_grants AS g WHERE g.account_id = ? AND "+live("g.account_id"), int64(id)))
	if err := found(err, "sign_in"); err != nil {
		return mailstead.OAuthGrant{}, fmt.Errorf("read OAuth grant: %w", err)
	}
	return mailstead.OAuthGrant{
		AccountID: id, AppID: mailstead.OAuthAppID(r.AppID), Identity: r.Identity, Subject: r.Subject, Sealed: r.Sealed, Version: r.Version,
		GrantedAt: instant(r.GrantedAt), RefreshedAt: instant(r.RefreshedAt),
	}, nil
}

// RenewOAuthGrant stores the tokens of g if its version is still the stored one, and
// raises that; else the error is KindConflict with the code oauth.renewed.
func (db *DB) RenewOAuthGrant(ctx context.Context, g *mailstead.OAuthGrant) error {
	return db.write(ctx, "renew OAuth grant", func(ctx context.Context, s *step) error {
		// Bound, so that ciphertext never stands in a statement's text.
		res, err := s.Bound.Exec(ctx, "UPDATE oauth_grants SET sealed = ?, refreshed_at = ?, version = version + 1 WHERE account_id = ? AND version = ?",
			[]byte(g.Sealed), millis(g.RefreshedAt), int64(g.AccountID), g.Version)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, conflict("oauth.renewed", "Somebody signed in anew for this account meanwhile: try again."))
		}
		g.Version++
		return nil
	})
}

// SignInAccount stores an account for which somebody signed in at a service, like
// UpdateAccount, and the grant in the place of the one that it had.
func (db *DB) SignInAccount(ctx context.Context, c mailstead.AccountChange, g *mailstead.OAuthGrant) error {
	return db.write(ctx, "sign in account", func(ctx context.Context, s *step) error {
		if err := s.updateAccount(ctx, c.Account, c.Secrets, c.Audit, c.Events); err != nil {
			return err
		}
		return s.setGrant(ctx, c.Account.ID, g)
	})
}

// setGrant makes g the account's only grant; nil takes it away.
func (s *step) setGrant(ctx context.Context, id mailstead.AccountID, g *mailstead.OAuthGrant) error {
	was, err := first(all[oauthGrantRow](ctx, s.Session, "SELECT g.* FROM oauth_grants AS g WHERE g.account_id = ?", int64(id)))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if _, err := s.Bound.Exec(ctx, "DELETE FROM oauth_grants WHERE account_id = ?", int64(id)); err != nil || g == nil {
		return err
	}
	// A renewal that began before must not overwrite what came now.
	version := millis(s.now)
	if was != nil {
		version = max(version, was.Version+1)
	}
	_, err = s.Bound.Exec(ctx, "INSERT INTO oauth_grants (account_id, app_id, identity, subject, sealed, version, granted_at, refreshed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		int64(id), int64(g.AppID), g.Identity, g.Subject, []byte(g.Sealed), version, millis(g.GrantedAt), millis(g.RefreshedAt))
	if err != nil {
		return err
	}
	g.AccountID, g.Version = id, version
	return nil
}
