package notice

import (
	"context"
	"log/slog"
	"time"

	"github.com/mailstead/mailstead"
)

// warn tells people of credentials that end soon, each of the days of
// mailstead.Credential.Warn once, and takes back what they were told of those that were
// renewed.
func (s *Service) warn(ctx context.Context) error {
	standing, err := s.c.Store.Warnings(ctx)
	if err != nil {
		return err
	}
	known := make(map[mailstead.CredentialOf]*mailstead.Warning, len(standing))
	for i := range standing {
		known[standing[i].CredentialOf] = &standing[i]
	}
	now := s.c.Now()
	mailAt, err := s.mailAt(ctx, now)
	if err != nil {
		return err
	}
	var told []mailstead.WarningTold
	err = s.ending(ctx, now, func(of mailstead.CredentialOf, c *mailstead.Credential) error {
		was := known[of]
		delete(known, of)
		if !was.Tells(c) {
			return nil
		}
		users, err := s.keepers(ctx, of)
		if mailstead.KindOf(err) == mailstead.KindNotFound && err != nil {
			return nil // deleted meanwhile
		}
		w := mailstead.Warning{CredentialOf: of, EndsAt: c.EndsAt, Reason: c.Reason, Warn: c.Warn}
		told = append(told, mailstead.WarningTold{Warning: w, Users: users, MailAt: mailAt})
		return err
	})
	if err != nil {
		return err
	}
	var renewed []mailstead.CredentialOf
	for of := range known {
		renewed = append(renewed, of)
	}
	if len(renewed) > 0 {
		if err := s.c.Store.DropWarnings(ctx, renewed); err != nil {
			return err
		}
	}
	for len(told) > 0 {
		n := min(len(told), sweepBatch)
		if err := s.c.Store.TellWarnings(ctx, told[:n]); err != nil {
			return err
		}
		s.c.Logger.LogAttrs(ctx, slog.LevelWarn, "credentials end soon", slog.Int("credentials", n))
		told = told[n:]
	}
	return nil
}

// ending calls tell with every credential that ends within mailstead.CredentialNotice
// or has ended.
func (s *Service) ending(ctx context.Context, now time.Time, tell func(mailstead.CredentialOf, *mailstead.Credential) error) error {
	soon := func(of mailstead.CredentialOf, c *mailstead.Credential) error {
		if c == nil || c.Warn == 0 {
			return nil
		}
		return tell(of, c)
	}
	apps, err := s.c.Store.OAuthApps(ctx)
	if err != nil {
		return err
	}
	byID := make(map[mailstead.OAuthAppID]*mailstead.OAuthApp, len(apps))
	for i := range apps {
		a := &apps[i]
		byID[a.ID] = a
		if !a.Active {
			continue
		}
		if err := soon(mailstead.CredentialOf{AppID: a.ID}, a.SecretForecast(now)); err != nil {
			return err
		}
	}
	before := now.Add(mailstead.CredentialNotice - mailstead.IdleLeast)
	err = pages(func(after mailstead.AccountID) ([]mailstead.AccountGrant, error) {
		return s.c.Store.GrantsAtRest(ctx, before, after, mailstead.MaxPage)
	}, func(g *mailstead.AccountGrant) (mailstead.AccountID, error) {
		app, ok := byID[g.AppID]
		if !ok {
			return g.Account.ID, nil // registered meanwhile
		}
		return g.Account.ID, soon(mailstead.CredentialOf{AccountID: g.Account.ID}, mailstead.GrantForecast(&g.Account, app, g.RefreshedAt, now))
	})
	if err != nil {
		return err
	}
	return s.endingPasswords(ctx, now, soon)
}

// endingPasswords calls soon with passwords at providers where these work for some days.
func (s *Service) endingPasswords(ctx context.Context, now time.Time, soon func(mailstead.CredentialOf, *mailstead.Credential) error) error {
	providers, err := s.c.Store.OwnProviders(ctx)
	if err != nil {
		return err
	}
	for i := range providers {
		p := &providers[i]
		if p.PasswordDays == 0 {
			continue
		}
		before := now.Add(mailstead.CredentialNotice).AddDate(0, 0, -p.PasswordDays)
		err := pages(func(after mailstead.AccountID) ([]mailstead.AccountPassword, error) {
			return s.c.Store.PasswordsSetBefore(ctx, p.ID, before, after, mailstead.MaxPage)
		}, func(a *mailstead.AccountPassword) (mailstead.AccountID, error) {
			return a.Account.ID, soon(mailstead.CredentialOf{AccountID: a.Account.ID}, mailstead.PasswordForecast(&a.Account, a.SetAt, p.PasswordDays, now))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// pages calls each with everything that read returns, page by page.
func pages[T any](read func(after mailstead.AccountID) ([]T, error), each func(*T) (mailstead.AccountID, error)) error {
	for after := mailstead.AccountID(0); ; {
		page, err := read(after)
		if err != nil {
			return err
		}
		for i := range page {
			if after, err = each(&page[i]); err != nil {
				return err
			}
		}
		if len(page) < mailstead.MaxPage {
			return nil
		}
	}
}

// keepers returns who can renew a credential: of an app, the administrators.
func (s *Service) keepers(ctx context.Context, of mailstead.CredentialOf) ([]mailstead.UserID, error) {
	if of.AccountID != 0 {
		facts, err := s.c.Store.StopFacts(ctx, of.AccountID)
		return facts.Keepers(), err
	}
	var out []mailstead.UserID
	err := s.administrators(ctx, func(u *mailstead.User) bool {
		out = append(out, u.ID)
		return true
	})
	return out, err
}
