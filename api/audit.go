package api

import (
	"context"
	"net/http"
	"time"

	"github.com/mailstead/mailstead"
)

// Auditor tells what was done in the administration.
type Auditor interface {
	Audit(ctx context.Context, actor mailstead.Actor, q mailstead.AuditQuery) ([]mailstead.AuditEntry, error)
}

func (h *Handler) auditRoutes() {
	add(h, route{
		method: http.MethodGet, path: "/audit", id: "listAudit", tag: "Audit",
		summary: "List the audit",
		about: "For administrators: who did what in the administration, newest first, with what was before and after. " +
			"It never holds a secret: of a password that was changed only the name of the field is told.",
	}, h.listAudit)
}

type listAuditInput struct {
	PageParams
	Actor    mailstead.UserID      `query:"actor" minimum:"0" doc:"Only what this user did."`
	Operator bool                  `query:"operator" doc:"Only what was done at the machine's own command line."`
	Action   mailstead.AuditAction `query:"action" doc:"Only this action."`
	Kind     mailstead.AuditKind   `query:"kind" doc:"Only what was done to things of this kind."`
	Object   string                `query:"object" maxLength:"320" doc:"Only what was done to the thing with this identifier; give its kind too." example:"7"`
	From     time.Time             `query:"from" doc:"Only what was done at or after this time." example:"2026-11-01T00:00:00Z"`
	To       time.Time             `query:"to" doc:"Only what was done before this time." example:"2026-12-01T00:00:00Z"`
}

func (h *Handler) listAudit(ctx context.Context, actor mailstead.Actor, in *listAuditInput) (*pageOutput[mailstead.AuditEntry], error) {
	q := mailstead.AuditQuery{
		ActorID: in.Actor, Operator: in.Operator, Action: in.Action, Kind: in.Kind, ObjectID: in.Object,
		From: in.From, To: in.To, Limit: in.Limit + 1,
	}
	if err := decodeCursor(in.Cursor, &q.Before); err != nil {
		return nil, err
	}
	entries, err := h.c.Audit.Audit(ctx, actor, q)
	if err != nil {
		return nil, err
	}
	for i := range entries {
		if entries[i].Changes == nil {
			entries[i].Changes = []mailstead.AuditChange{}
		}
	}
	return pageOf(entries, in.Limit, func(e mailstead.AuditEntry) any { return e.ID }), nil
}
