package connect

import (
	"context"
	"log/slog"
	"slices"

	"github.com/mailstead/mailstead"
)

// did logs a step of administration that was stored; ids only.
func (s *Service) did(ctx context.Context, e mailstead.AuditEntry) {
	s.c.Logger.LogAttrs(ctx, slog.LevelInfo, "administration", slog.String("action", string(e.Action)),
		slog.Int64("actor_id", int64(e.ActorID)), slog.Bool("operator", e.Operator), slog.String("account_id", e.Object.ID))
}

// auditConnected returns the entries of a new account and of the domain that it
// made known, if it did.
func auditConnected(actor mailstead.Actor, a *mailstead.Account, sides []*trial, learned *mailstead.Domain) (connected, domain mailstead.AuditEntry) {
	changes := append(mailstead.AuditChanges(nil, a), passwords(sides)...)
	connected = actor.Audit(mailstead.AuditAccountConnect, a.AuditObject(), changes)
	if learned != nil {
		domain = actor.Audit(mailstead.AuditDomainLearn, learned.AuditObject(), mailstead.AuditChanges(nil, learned))
	}
	return connected, domain
}

// passwords tells which passwords came with tests: their fields alone.
func passwords(sides []*trial) []mailstead.AuditChange {
	var fields []string
	for _, t := range sides {
		if !t.kept && !t.secret.IsZero() {
			fields = append(fields, t.secretField)
		}
	}
	slices.Sort(fields)
	var out []mailstead.AuditChange
	for _, f := range slices.Compact(fields) {
		out = append(out, mailstead.AuditChange{Field: f})
	}
	return out
}
