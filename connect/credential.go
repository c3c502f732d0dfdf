package connect

import (
	"context"

	"github.com/mailstead/mailstead"
)

// Credential tells whoever may see the account how old what it signs in with is, and
// when that will end, as far as these are known; nil when nothing is.
func (s *Service) Credential(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID) (*mailstead.Credential, error) {
	a, _, err := s.Account(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	if !a.SignsInByOAuth() {
		setAt, err := s.c.Store.PasswordSetAt(ctx, id)
		if err != nil {
			return nil, err
		}
		p, _ := s.c.Directory.Provider(a.ProviderID)
		return mailstead.PasswordForecast(&a, setAt, p.PasswordDays, s.c.Now()), nil
	}
	g, err := s.c.OAuth.Grants.OAuthGrant(ctx, id)
	if mailstead.KindOf(err) == mailstead.KindNotFound {
		return nil, nil //nolint:nilnil // nobody signed in, so nothing ends
	}
	if err != nil {
		return nil, err
	}
	apps, err := s.c.OAuth.Grants.OAuthApps(ctx)
	if err != nil {
		return nil, err
	}
	for i := range apps {
		if apps[i].ID == g.AppID {
			return mailstead.CredentialForecast(&a, &apps[i], &g, s.c.Now()), nil
		}
	}
	return nil, nil //nolint:nilnil // the app went away meanwhile
}
