package store

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/mailstead/mailstead"
)

type trustRow struct {
	bun.BaseModel `bun:"table:trusted_servers,alias:ts"`

	ID          int64 `bun:"id,pk,autoincrement"`
	Host        string
	Port        int
	Kind        string
	Fingerprint string
	Certificate string
	Subject     string
	Reason      string
	CreatedBy   int64
	CreatedAt   int64
}

func (r *trustRow) server() mailstead.TrustedServer {
	return mailstead.TrustedServer{
		ID: mailstead.TrustID(r.ID), Host: r.Host, Port: r.Port, Kind: mailstead.TrustKind(r.Kind), Fingerprint: r.Fingerprint,
		Certificate: r.Certificate, Subject: r.Subject, Reason: r.Reason, CreatedBy: mailstead.UserID(r.CreatedBy), CreatedAt: instant(r.CreatedAt),
	}
}

// TrustedServers returns the servers that administrators trust, by name and port.
func (db *DB) TrustedServers(ctx context.Context) ([]mailstead.TrustedServer, error) {
	rows, err := all[trustRow](ctx, db.reader(), "SELECT * FROM trusted_servers ORDER BY host, port, id")
	if err != nil {
		return nil, fmt.Errorf("list trusted servers: %w", err)
	}
	out := make([]mailstead.TrustedServer, len(rows))
	for i := range rows {
		out[i] = rows[i].server()
	}
	return out, nil
}

// TrustServer stores that a server is trusted and sets ID and time of t. The same trust
// twice is KindConflict with the code trust.exists.
func (db *DB) TrustServer(ctx context.Context, t *mailstead.TrustedServer, audit mailstead.AuditEntry) error {
	return db.write(ctx, "trust server", func(ctx context.Context, s *step) error {
		row := trustRow{
			Host: t.Host, Port: t.Port, Kind: string(t.Kind), Fingerprint: t.Fingerprint, Certificate: t.Certificate, Subject: t.Subject,
			Reason: t.Reason, CreatedBy: int64(t.CreatedBy), CreatedAt: millis(s.now),
		}
		if _, err := s.NewInsert().Model(&row).Exec(ctx); err != nil {
			if s.engine.Unique(err) {
				return conflict("trust.exists", "This server is trusted in this way already.")
			}
			return err
		}
		*t = row.server()
		return s.auditNew(ctx, audit, row.ID)
	})
}

// DistrustServer ends a trust.
func (db *DB) DistrustServer(ctx context.Context, id mailstead.TrustID, audit mailstead.AuditEntry) error {
	return db.write(ctx, "distrust server", func(ctx context.Context, s *step) error {
		res, err := s.NewDelete().Model((*trustRow)(nil)).Where("id = ?", int64(id)).Exec(ctx)
		if err := affected(res, err, "trust"); err != nil {
			return err
		}
		return s.audit(ctx, audit)
	})
}
