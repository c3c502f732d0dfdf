package admin

import (
	"context"
	"slices"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/credential"
)

// OAuthAppStore keeps the registrations at services where people sign in by OAuth.
type OAuthAppStore interface {
	OAuthApps(ctx context.Context) ([]mailstead.OAuthApp, error)
	OAuthApp(ctx context.Context, id mailstead.OAuthAppID) (mailstead.OAuthApp, error)
	OAuthAppAccounts(ctx context.Context) (map[mailstead.OAuthAppID]int, error)
	CreateOAuthApp(ctx context.Context, a *mailstead.OAuthApp, secret mailstead.Sealed, audit mailstead.AuditEntry) error
	UpdateOAuthApp(ctx context.Context, a *mailstead.OAuthApp, secret mailstead.Sealed, audit mailstead.AuditEntry) error
	DeleteOAuthApp(ctx context.Context, id mailstead.OAuthAppID, audit mailstead.AuditEntry) error
}

// Sealer seals the client secrets of apps.
type Sealer interface {
	Seal(secret mailstead.Secret, key string, f mailstead.SecretField) (mailstead.Sealed, error)
}

// OAuthApps lists all apps by name, with how many accounts sign in by each, and the
// services that are known. Only administrators may.
func (s *Service) OAuthApps(ctx context.Context, actor mailstead.Actor) ([]mailstead.OAuthApp, []mailstead.OAuthService, error) {
	if err := actor.RequireAdmin(); err != nil {
		return nil, nil, err
	}
	apps, err := s.c.Store.OAuthApps(ctx)
	if err != nil {
		return nil, nil, err
	}
	counts, err := s.c.Store.OAuthAppAccounts(ctx)
	for i := range apps {
		apps[i].Accounts, apps[i].Credential = counts[apps[i].ID], apps[i].SecretForecast(s.c.Now())
	}
	return apps, s.c.Directory.OAuthServices(), err
}

// OAuthApp returns one app, see OAuthApps. Only administrators may.
func (s *Service) OAuthApp(ctx context.Context, actor mailstead.Actor, id mailstead.OAuthAppID) (mailstead.OAuthApp, error) {
	if err := actor.RequireAdmin(); err != nil {
		return mailstead.OAuthApp{}, err
	}
	a, err := s.c.Store.OAuthApp(ctx, id)
	if err != nil {
		return mailstead.OAuthApp{}, err
	}
	counts, err := s.c.Store.OAuthAppAccounts(ctx)
	a.Accounts, a.Credential = counts[id], a.SecretForecast(s.c.Now())
	return a, err
}

// OAuthAppChanges is what administrators say of an app; nil leaves a field as it is.
type OAuthAppChanges struct {
	Name, ClientID, Tenant                                       *string
	Issuer, AuthURL, TokenURL, DeviceURL, RevokeURL, UserInfoURL *string
	Scopes                                                       *[]string
	ProviderIDs                                                  *[]mailstead.ProviderID
	Active                                                       *bool
	SecretExpires                                                *string
	// ClientSecret replaces the stored one; one that is empty takes it away.
	ClientSecret *mailstead.Secret
	// Seen is OAuthApp.UpdatedAt of what the person looked at: an app that somebody
	// changed since stays as it is. The zero time stands for any.
	Seen time.Time
}

func (c *OAuthAppChanges) apply(a *mailstead.OAuthApp) {
	for _, f := range []struct{ field, value *string }{
		{&a.Name, c.Name},
		{&a.ClientID, c.ClientID},
		{&a.Tenant, c.Tenant},
		{&a.Issuer, c.Issuer},
		{&a.AuthURL, c.AuthURL},
		{&a.TokenURL, c.TokenURL},
		{&a.DeviceURL, c.DeviceURL},
		{&a.RevokeURL, c.RevokeURL},
		{&a.UserInfoURL, c.UserInfoURL},
		{&a.SecretExpires, c.SecretExpires},
	} {
		set(f.field, f.value)
	}
	set(&a.Scopes, c.Scopes)
	set(&a.ProviderIDs, c.ProviderIDs)
	set(&a.Active, c.Active)
	if c.ClientSecret != nil {
		a.HasSecret = !c.ClientSecret.IsZero()
	}
}

// CreateOAuthApp adds an app of a service. What c leaves empty is what is known of the
// service.
func (s *Service) CreateOAuthApp(ctx context.Context, actor mailstead.Actor, service string, kind mailstead.OAuthKind, c OAuthAppChanges) (mailstead.OAuthApp, error) {
	if err := actor.RequireAdmin(); err != nil {
		return mailstead.OAuthApp{}, err
	}
	if kind == "" {
		kind = mailstead.OAuthPerson
	}
	a := mailstead.OAuthApp{Key: credential.NewKey(), Service: service, Kind: kind, Active: true}
	c.apply(&a)
	if err := s.fillOAuthApp(&a, a.Tenant); err != nil {
		return mailstead.OAuthApp{}, err
	}
	sealed, err := s.sealClient(&a, c.ClientSecret)
	if err != nil {
		return mailstead.OAuthApp{}, err
	}
	e := actor.Audit(mailstead.AuditOAuthAppCreate, a.AuditObject(), auditOAuthApp(nil, &a, c.ClientSecret))
	if err := s.c.Store.CreateOAuthApp(ctx, &a, sealed, e); err != nil {
		return mailstead.OAuthApp{}, err
	}
	e.Object = a.AuditObject()
	s.did(ctx, e)
	return a, nil
}

// fillOAuthApp puts in what is known of the app's service and checks it. was is the
// tenant that it had.
func (s *Service) fillOAuthApp(a *mailstead.OAuthApp, was string) error {
	known := s.c.Directory.OAuthServices()
	i := slices.IndexFunc(known, func(k mailstead.OAuthService) bool { return k.ID == a.Service })
	switch {
	case i >= 0:
		service := known[i]
		if !slices.Contains(service.Kinds, a.Kind) {
			return mailstead.Invalid("kind", "input.oauth_kind", service.Name+" has no apps of this kind.")
		}
		if a.Kind == mailstead.OAuthApplication && len(a.Scopes) == 0 {
			a.Scopes = s.c.Directory.ApplicationScopes(service.ID)
		}
		service.Move(a, was)
		service.Apply(a)
	case a.Service != mailstead.OAuthCustom:
		return mailstead.Invalid("service", "input.oauth_service", "There is no such service: choose one of the list, or custom.")
	}
	for _, id := range a.ProviderIDs {
		if _, ok := s.c.Directory.Provider(id); !ok {
			return mailstead.Invalid("provider_ids", "input.provider", "There is no such provider.")
		}
	}
	return a.Validate()
}

// sealClient seals a client secret; nil is one that stays as it is.
func (s *Service) sealClient(a *mailstead.OAuthApp, secret *mailstead.Secret) (mailstead.Sealed, error) {
	switch {
	case secret == nil:
		return nil, nil
	case secret.IsZero():
		return mailstead.Sealed{}, nil
	}
	if err := mailstead.CheckClientSecret(*secret); err != nil {
		return nil, err
	}
	return s.c.Sealer.Seal(*secret, a.Key, mailstead.SecretClient)
}

// auditOAuthApp lists what changes of an app; of its secret only that it does.
func auditOAuthApp(old, now *mailstead.OAuthApp, secret *mailstead.Secret) []mailstead.AuditChange {
	changes := mailstead.AuditChanges(old, now)
	if secret != nil {
		changes = append(changes, mailstead.AuditChange{Field: "client_secret"})
	}
	return changes
}

// UpdateOAuthApp changes an app. It is KindConflict with CodeOAuthAppChanged when
// somebody else changed it after c.Seen.
func (s *Service) UpdateOAuthApp(ctx context.Context, actor mailstead.Actor, id mailstead.OAuthAppID, c OAuthAppChanges) (mailstead.OAuthApp, error) {
	if err := actor.RequireAdmin(); err != nil {
		return mailstead.OAuthApp{}, err
	}
	old, err := s.c.Store.OAuthApp(ctx, id)
	if err != nil {
		return mailstead.OAuthApp{}, err
	}
	if !c.Seen.IsZero() && !c.Seen.Equal(old.UpdatedAt) {
		return mailstead.OAuthApp{}, mailstead.OAuthAppChanged()
	}
	a := old
	c.apply(&a)
	if err := s.fillOAuthApp(&a, old.Tenant); err != nil {
		return mailstead.OAuthApp{}, err
	}
	sealed, err := s.sealClient(&a, c.ClientSecret)
	if err != nil {
		return mailstead.OAuthApp{}, err
	}
	e := actor.Audit(mailstead.AuditOAuthAppUpdate, a.AuditObject(), auditOAuthApp(&old, &a, c.ClientSecret))
	if len(e.Changes) == 0 {
		return s.OAuthApp(ctx, actor, id)
	}
	if err := s.c.Store.UpdateOAuthApp(ctx, &a, sealed, e); err != nil {
		return mailstead.OAuthApp{}, err
	}
	s.did(ctx, e)
	return s.OAuthApp(ctx, actor, id)
}

// DeleteOAuthApp removes an app that no account signs in by.
func (s *Service) DeleteOAuthApp(ctx context.Context, actor mailstead.Actor, id mailstead.OAuthAppID) error {
	if err := actor.RequireAdmin(); err != nil {
		return err
	}
	a, err := s.c.Store.OAuthApp(ctx, id)
	if err != nil {
		return err
	}
	e := actor.Audit(mailstead.AuditOAuthAppDelete, a.AuditObject(), mailstead.AuditChanges(&a, nil))
	if err := s.c.Store.DeleteOAuthApp(ctx, id, e); err != nil {
		return err
	}
	s.did(ctx, e)
	return nil
}
