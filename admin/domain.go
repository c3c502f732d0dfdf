package admin

import (
	"context"
	"time"

	"github.com/mailstead/mailstead"
)

// Domains lists the table of domains by name, with the accounts that confirm it.
func (s *Service) Domains(ctx context.Context, actor mailstead.Actor, q mailstead.DomainQuery) ([]mailstead.Domain, error) {
	if err := actor.RequireAdmin(); err != nil {
		return nil, err
	}
	q.Limit = clampLimit(q.Limit)
	list, err := s.c.Store.Domains(ctx, q)
	if err != nil {
		return nil, err
	}
	return list, s.countAccounts(ctx, list)
}

// Domain returns one row of the table of domains.
func (s *Service) Domain(ctx context.Context, actor mailstead.Actor, name string) (mailstead.Domain, error) {
	if err := actor.RequireAdmin(); err != nil {
		return mailstead.Domain{}, err
	}
	d, err := s.domain(ctx, name)
	if err != nil {
		return mailstead.Domain{}, err
	}
	one := []mailstead.Domain{d}
	err = s.countAccounts(ctx, one)
	return one[0], err
}

// countAccounts tells how many accounts confirm each domain.
func (s *Service) countAccounts(ctx context.Context, list []mailstead.Domain) error {
	names := make([]string, len(list))
	for i := range list {
		names[i] = list[i].Name
	}
	uses, err := s.c.Store.DomainUses(ctx, names)
	if err != nil {
		return err
	}
	for i := range list {
		list[i].Accounts = list[i].ConfirmedBy(uses)
	}
	return nil
}

// domain reads a row by a name as people type it.
func (s *Service) domain(ctx context.Context, name string) (mailstead.Domain, error) {
	clean, err := mailstead.CleanDomain("name", name)
	if err != nil {
		return mailstead.Domain{}, err
	}
	return s.c.Store.Domain(ctx, clean)
}

// changeTries is how often a change that looks at nothing is applied anew to what
// somebody else stored meanwhile.
const changeTries = 5

// changeDomain runs a change again while somebody else was faster, unless it is
// about what a person has seen.
func changeDomain(seen time.Time, change func() (mailstead.Domain, error)) (mailstead.Domain, error) {
	for try := 1; ; try++ {
		d, err := change()
		if mailstead.CodeOf(err) != mailstead.CodeDomainChanged || !seen.IsZero() || try == changeTries {
			return d, err
		}
	}
}

// PutDomain maps a domain to a provider, or to servers of its own. It replaces
// what the table said, learned or not. seen is Domain.UpdatedAt of what the person
// looked at: a row that somebody changed since stays as it is. The zero time stands
// for any.
func (s *Service) PutDomain(ctx context.Context, actor mailstead.Actor, d mailstead.Domain, seen time.Time) (mailstead.Domain, error) {
	if err := actor.RequireAdmin(); err != nil {
		return mailstead.Domain{}, err
	}
	name, err := mailstead.CleanDomain("name", d.Name)
	if err != nil {
		return mailstead.Domain{}, err
	}
	next := mailstead.Domain{
		Name: name, ProviderID: d.ProviderID, Source: mailstead.DomainAdministrator,
		Incoming: d.Incoming, Outgoing: d.Outgoing, Username: d.Username,
	}
	if err := s.checkDomain(&next); err != nil {
		return mailstead.Domain{}, err
	}
	return changeDomain(seen, func() (mailstead.Domain, error) {
		old, err := s.c.Store.Domain(ctx, name)
		d := next
		switch {
		case mailstead.KindOf(err) == mailstead.KindNotFound:
			if !seen.IsZero() {
				return d, mailstead.DomainChanged()
			}
			return d, s.replaceDomain(ctx, actor, mailstead.AuditDomainPut, nil, &d)
		case err != nil:
			return d, err
		case !seen.IsZero() && !seen.Equal(old.UpdatedAt):
			return d, mailstead.DomainChanged()
		}
		return d, s.replaceDomain(ctx, actor, mailstead.AuditDomainPut, &old, &d)
	})
}

// ApproveDomain makes what was learned about a domain, or rejected, the word of an
// administrator. seen is as in PutDomain.
func (s *Service) ApproveDomain(ctx context.Context, actor mailstead.Actor, name string, seen time.Time) (mailstead.Domain, error) {
	return s.judgeDomain(ctx, actor, mailstead.AuditDomainApprove, name, seen, func(d *mailstead.Domain) error {
		d.Approve()
		return s.checkDomain(d)
	})
}

// RejectDomain keeps what was learned about a domain from being used, and from
// being learned again until the domain is removed. seen is as in PutDomain.
func (s *Service) RejectDomain(ctx context.Context, actor mailstead.Actor, name string, seen time.Time) (mailstead.Domain, error) {
	return s.judgeDomain(ctx, actor, mailstead.AuditDomainReject, name, seen, (*mailstead.Domain).Reject)
}

func (s *Service) judgeDomain(
	ctx context.Context, actor mailstead.Actor, action mailstead.AuditAction, name string, seen time.Time, judge func(*mailstead.Domain) error,
) (mailstead.Domain, error) {
	if err := actor.RequireAdmin(); err != nil {
		return mailstead.Domain{}, err
	}
	return changeDomain(seen, func() (mailstead.Domain, error) {
		old, err := s.domain(ctx, name)
		if err != nil {
			return mailstead.Domain{}, err
		}
		if !seen.IsZero() && !seen.Equal(old.UpdatedAt) {
			return mailstead.Domain{}, mailstead.DomainChanged()
		}
		d := old
		if err := judge(&d); err != nil {
			return mailstead.Domain{}, err
		}
		return d, s.replaceDomain(ctx, actor, action, &old, &d)
	})
}

// replaceDomain stores d in place of old, nil for nothing, if anything differs.
func (s *Service) replaceDomain(ctx context.Context, actor mailstead.Actor, action mailstead.AuditAction, old, d *mailstead.Domain) error {
	changes := mailstead.AuditChanges(old, d)
	if old != nil {
		d.UpdatedAt = old.UpdatedAt
		if len(changes) == 0 {
			return nil
		}
	}
	e := actor.Audit(action, d.AuditObject(), changes)
	if err := s.c.Store.ReplaceDomain(ctx, d, e); err != nil {
		return notFoundIs(err, errNoProvider())
	}
	s.did(ctx, e)
	return nil
}

// domainChanges compares a domain with what the table says of it.
func (s *Service) domainChanges(ctx context.Context, d *mailstead.Domain) ([]mailstead.AuditChange, error) {
	old, err := s.c.Store.Domain(ctx, d.Name)
	switch {
	case mailstead.KindOf(err) == mailstead.KindNotFound:
		return mailstead.AuditChanges(nil, d), nil
	case err != nil:
		return nil, err
	}
	return mailstead.AuditChanges(&old, d), nil
}

func errNoProvider() error {
	return mailstead.Invalid("provider_id", "input.provider", "There is no such provider.")
}

func (s *Service) checkDomain(d *mailstead.Domain) error {
	servers := len(d.Incoming) + len(d.Outgoing)
	if (d.ProviderID == "") == (servers == 0) {
		return mailstead.Invalid("provider_id", "input.domain_servers", "A domain has a provider or servers of its own.")
	}
	if d.ProviderID != "" {
		if _, ok := s.c.Directory.Provider(d.ProviderID); !ok {
			return errNoProvider()
		}
		d.Username = ""
		return nil
	}
	if d.Username == "" {
		d.Username = mailstead.UsernameEmail
	}
	if err := d.Username.Validate("username"); err != nil {
		return err
	}
	var err error
	if d.Incoming, err = mailstead.CleanServers("incoming", d.Incoming, mailstead.IMAP, mailstead.POP3); err != nil {
		return err
	}
	d.Outgoing, err = mailstead.CleanServers("outgoing", d.Outgoing, mailstead.SMTP)
	return err
}

// DeleteDomain removes a domain from the table.
func (s *Service) DeleteDomain(ctx context.Context, actor mailstead.Actor, name string) error {
	if err := actor.RequireAdmin(); err != nil {
		return err
	}
	d, err := s.domain(ctx, name)
	if err != nil {
		return err
	}
	e := actor.Audit(mailstead.AuditDomainDelete, d.AuditObject(), mailstead.AuditChanges(&d, nil))
	if err := s.c.Store.DeleteDomains(ctx, []string{d.Name}, e); err != nil {
		return err
	}
	s.did(ctx, e)
	return nil
}
