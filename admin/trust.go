package admin

import (
	"context"

	"github.com/mailstead/mailstead"
)

// TrustStore keeps the servers that administrators trust although no known authority
// vouches for them.
type TrustStore interface {
	TrustedServers(ctx context.Context) ([]mailstead.TrustedServer, error)
	TrustServer(ctx context.Context, t *mailstead.TrustedServer, audit mailstead.AuditEntry) error
	DistrustServer(ctx context.Context, id mailstead.TrustID, audit mailstead.AuditEntry) error
}

// Trust is what connections go by.
type Trust interface {
	Set(servers []mailstead.TrustedServer)
}

// LoadTrust tells what connections go by what the store has: once, before anything is
// connected, and whenever it changes.
func (s *Service) LoadTrust(ctx context.Context) error {
	s.trust.Lock()
	defer s.trust.Unlock()
	return s.loadTrust(ctx)
}

// loadTrust needs s.trust.
func (s *Service) loadTrust(ctx context.Context) error {
	list, err := s.c.Store.TrustedServers(ctx)
	if err == nil && s.c.Trust != nil {
		s.c.Trust.Set(list)
	}
	return err
}

// TrustedServers lists the servers that are trusted, by name. Only administrators may.
func (s *Service) TrustedServers(ctx context.Context, actor mailstead.Actor) ([]mailstead.TrustedServer, error) {
	if err := actor.RequireAdmin(); err != nil {
		return nil, err
	}
	return s.c.Store.TrustedServers(ctx)
}

// TrustServer trusts a key or an authority for one server. Only administrators may.
func (s *Service) TrustServer(ctx context.Context, actor mailstead.Actor, t mailstead.TrustedServer) (mailstead.TrustedServer, error) {
	if err := actor.RequireAdmin(); err != nil {
		return mailstead.TrustedServer{}, err
	}
	if t.Kind == mailstead.TrustAuthority {
		if err := s.c.CheckAuthority(&t); err != nil {
			return mailstead.TrustedServer{}, mailstead.Invalid("certificate", "input.authority", "This is not the certificate of an authority in PEM.")
		}
	}
	if err := t.Validate(); err != nil {
		return mailstead.TrustedServer{}, err
	}
	t.CreatedBy = actor.User.ID
	s.trust.Lock()
	defer s.trust.Unlock()
	e := actor.Audit(mailstead.AuditTrustCreate, t.AuditObject(), mailstead.AuditChanges(nil, &t))
	if err := s.c.Store.TrustServer(ctx, &t, e); err != nil {
		return mailstead.TrustedServer{}, err
	}
	e.Object = t.AuditObject()
	s.did(ctx, e)
	return t, s.loadTrust(ctx)
}

// DistrustServer ends a trust: from then on the server's certificate must be from a known
// authority. Only administrators may.
func (s *Service) DistrustServer(ctx context.Context, actor mailstead.Actor, id mailstead.TrustID) error {
	if err := actor.RequireAdmin(); err != nil {
		return err
	}
	s.trust.Lock()
	defer s.trust.Unlock()
	list, err := s.c.Store.TrustedServers(ctx)
	if err != nil {
		return err
	}
	for i := range list {
		if list[i].ID != id {
			continue
		}
		e := actor.Audit(mailstead.AuditTrustDelete, list[i].AuditObject(), mailstead.AuditChanges(&list[i], nil))
		if err := s.c.Store.DistrustServer(ctx, id, e); err != nil {
			return err
		}
		s.did(ctx, e)
		return s.loadTrust(ctx)
	}
	return mailstead.NotFound("trust")
}
