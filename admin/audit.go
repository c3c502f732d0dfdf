package admin

import (
	"context"
	"log/slog"

	"github.com/mailstead/mailstead"
)

// Audit lists what was done in the administration, newest first.
func (s *Service) Audit(ctx context.Context, actor mailstead.Actor, q mailstead.AuditQuery) ([]mailstead.AuditEntry, error) {
	if err := actor.RequireAdmin(); err != nil {
		return nil, err
	}
	if !q.From.IsZero() && !q.To.IsZero() && !q.From.Before(q.To) {
		return nil, mailstead.Invalid("to", "input.time_range", "The end of the time must be after its beginning.")
	}
	q.Limit = clampLimit(q.Limit)
	return s.c.Store.Audit(ctx, q)
}

// did logs a step of administration that was stored; ids only.
func (s *Service) did(ctx context.Context, e mailstead.AuditEntry) {
	attrs := []slog.Attr{
		slog.String("action", string(e.Action)), slog.Int64("actor_id", int64(e.ActorID)), slog.Bool("operator", e.Operator),
		slog.String("object_kind", string(e.Object.Kind)),
	}
	if e.Object.Kind != mailstead.AuditDomain && e.Object.Kind != mailstead.AuditNetwork {
		attrs = append(attrs, slog.String("object_id", e.Object.ID))
	}
	s.c.Logger.LogAttrs(ctx, slog.LevelInfo, "administration", attrs...)
}

// passwordSet is all that the audit tells of a password.
var passwordSet = mailstead.AuditChange{Field: "password"}

// created returns the changes of a user that was just made.
func created(u *mailstead.User, passwordHash string) []mailstead.AuditChange {
	changes := mailstead.AuditChanges(nil, u)
	if passwordHash != "" {
		changes = append(changes, passwordSet)
	}
	return changes
}

// grant is what the audit tells of an assignment, beside its account.
type grant struct {
	UserID    mailstead.UserID    `json:"user_id"`
	User      string              `json:"user"`
	ProfileID mailstead.ProfileID `json:"profile_id"`
	Profile   string              `json:"profile"`
	System    bool                `json:"system"`
	Rights    []mailstead.Right   `json:"rights"`
	Priority  int                 `json:"priority"`
}

// grantOf puts the names of user and profile to an assignment.
func (s *Service) grantOf(ctx context.Context, a *mailstead.Assignment) (*grant, error) {
	g := &grant{UserID: a.UserID, ProfileID: a.ProfileID, System: a.System, Rights: a.Rights, Priority: a.Priority}
	if a.UserID != 0 {
		u, err := s.c.Store.User(ctx, a.UserID)
		if err != nil {
			return nil, err
		}
		g.User = u.Name
	}
	if a.ProfileID != 0 {
		p, err := s.profile(ctx, a.ProfileID)
		if err != nil {
			return nil, err
		}
		g.Profile = p.Name
	}
	return g, nil
}

// sender is what the audit tells of the system's account.
type sender struct {
	AccountID mailstead.AccountID `json:"account_id"`
	Account   string              `json:"account"`
}

// systemAccount returns the system's account, or nil when there is none.
func (s *Service) systemAccount(ctx context.Context) (*mailstead.Account, error) {
	facts, err := s.c.Store.SenderFacts(ctx, 0)
	if err != nil {
		return nil, err
	}
	for _, as := range facts.Assignments {
		for i := range facts.Accounts {
			if as.System && facts.Accounts[i].ID == as.AccountID {
				return &facts.Accounts[i], nil
			}
		}
	}
	return nil, nil
}

// auditSystem returns the entry of another system account; either may be nil.
func auditSystem(actor mailstead.Actor, before, after *mailstead.Account) mailstead.AuditEntry {
	var was, is *sender
	var object mailstead.AuditObject
	if before != nil {
		was, object = &sender{before.ID, before.Name}, before.AuditObject()
	}
	if after != nil {
		is, object = &sender{after.ID, after.Name}, after.AuditObject()
	}
	return actor.Audit(mailstead.AuditSystemAccount, object, mailstead.AuditChanges(was, is))
}

// auditLocks tells of a sign-in that failed once too often: nobody signs in as u,
// or from the network, for a while. An address that nobody has is treated alike, so
// that the time an answer takes betrays nothing, but is not written down: it may be
// a password in the wrong field.
func (s *Service) auditLocks(ctx context.Context, actor mailstead.Actor, u *mailstead.User, address, network string) error {
	now := s.c.Now()
	from := &struct {
		Network string `json:"network"`
	}{network}
	if s.byAddress.ranDry(address, now) {
		e := actor.Audit(mailstead.AuditSignInLock, u.AuditObject(), mailstead.AuditChanges(nil, from))
		if err := s.c.Store.RecordAudit(ctx, e); err != nil {
			return err
		}
		s.did(ctx, e)
	}
	if network != "" && s.byRemote.ranDry(network, now) {
		object := mailstead.AuditObject{Kind: mailstead.AuditNetwork, ID: network, Name: network}
		e := actor.Audit(mailstead.AuditSignInLock, object, nil)
		if err := s.c.Store.RecordAudit(ctx, e); err != nil {
			return err
		}
		s.did(ctx, e)
	}
	return nil
}
