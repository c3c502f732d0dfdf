package admin

import (
	"context"

	"github.com/mailstead/mailstead"
)

// Providers lists the built-in providers; everyone who is signed in may see
// those that are offered.
func (s *Service) Providers(ctx context.Context, actor mailstead.Actor) ([]mailstead.Provider, error) {
	if err := requireUser(actor); err != nil {
		return nil, err
	}
	return s.offered(ctx, actor, s.c.Directory.Providers())
}

// Domains lists the table of domains by name.
func (s *Service) Domains(ctx context.Context, actor mailstead.Actor, after string, limit int) ([]mailstead.Domain, error) {
	if err := actor.RequireAdmin(); err != nil {
		return nil, err
	}
	return s.c.Store.Domains(ctx, after, clampLimit(limit))
}

// PutDomain maps a domain to a provider, or to servers of its own. It replaces
// what the table said, learned or not.
func (s *Service) PutDomain(ctx context.Context, actor mailstead.Actor, d mailstead.Domain) (mailstead.Domain, error) {
	if err := actor.RequireAdmin(); err != nil {
		return mailstead.Domain{}, err
	}
	name, err := cleanDomain(d.Name)
	if err != nil {
		return mailstead.Domain{}, err
	}
	d.Name, d.Source = name, mailstead.DomainAdministrator
	if err := s.checkDomain(&d); err != nil {
		return mailstead.Domain{}, err
	}
	changes, err := s.domainChanges(ctx, &d)
	if err != nil || len(changes) == 0 {
		return d, err
	}
	e := actor.Audit(mailstead.AuditDomainPut, d.AuditObject(), changes)
	if err := s.c.Store.PutDomains(ctx, []mailstead.Domain{d}, e); err != nil {
		return mailstead.Domain{}, err
	}
	s.did(ctx, e)
	return d, nil
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

// cleanDomain returns a mail domain in lower-case ASCII.
func cleanDomain(name string) (string, error) {
	address, err := mailstead.CleanAddress("name", "postmaster@"+name)
	if err != nil || mailstead.LocalPartOf(address) != "postmaster" {
		return "", mailstead.Invalid("name", "input.domain", "This is not a mail domain: write it like example.com.")
	}
	return mailstead.DomainOf(address), nil
}

func (s *Service) checkDomain(d *mailstead.Domain) error {
	servers := len(d.Incoming) + len(d.Outgoing)
	if (d.ProviderID == "") == (servers == 0) {
		return mailstead.Invalid("provider_id", "input.domain_servers", "A domain has a provider or servers of its own.")
	}
	if d.ProviderID != "" {
		if _, ok := s.c.Directory.Provider(d.ProviderID); !ok {
			return mailstead.Invalid("provider_id", "input.provider", "There is no such provider.")
		}
		d.Username = ""
		return nil
	}
	switch d.Username {
	case "":
		d.Username = mailstead.UsernameEmail
	case mailstead.UsernameEmail, mailstead.UsernameLocal, mailstead.UsernameCustom:
	default:
		return mailstead.Invalid("username", "input.username", "The user name is email, local or custom.")
	}
	if err := checkServers("incoming", d.Incoming, mailstead.IMAP); err != nil {
		return err
	}
	return checkServers("outgoing", d.Outgoing, mailstead.SMTP)
}

// maxServers bounds the servers of one side of a domain.
const maxServers = 10

// checkServers checks servers that colleagues' passwords will be sent to.
func checkServers(field string, servers []mailstead.Server, want mailstead.Protocol) error {
	if len(servers) > maxServers {
		return mailstead.Invalid(field, "input.too_many", "These are too many servers for one domain.")
	}
	for i := range servers {
		server, err := mailstead.ParseServer(servers[i].Host, field, servers[i])
		if err != nil {
			return err
		}
		if err := server.Validate(field); err != nil {
			return err
		}
		if server.Protocol != want {
			return mailstead.Invalid(field+".protocol", "input.protocol", "Mail comes in by imap and goes out by smtp.")
		}
		if server.Security == mailstead.SecurityNone {
			return mailstead.Invalid(field+".security", "security.plain_forbidden", "Servers for a whole domain must use TLS or STARTTLS.")
		}
		servers[i] = server
	}
	return nil
}

// DeleteDomain removes a domain from the table.
func (s *Service) DeleteDomain(ctx context.Context, actor mailstead.Actor, name string) error {
	if err := actor.RequireAdmin(); err != nil {
		return err
	}
	clean, err := cleanDomain(name)
	if err != nil {
		return err
	}
	d, err := s.c.Store.Domain(ctx, clean)
	if err != nil {
		return err
	}
	e := actor.Audit(mailstead.AuditDomainDelete, d.AuditObject(), mailstead.AuditChanges(&d, nil))
	if err := s.c.Store.DeleteDomains(ctx, []string{clean}, e); err != nil {
		return err
	}
	s.did(ctx, e)
	return nil
}
