package storetest

import (
	"strings"
	"testing"

	"github.com/mailstead/mailstead"
)

// trusted is a trust in a server's key, not stored.
func (k *kit) trusted(host string) *mailstead.TrustedServer {
	return &mailstead.TrustedServer{
		Host: host, Port: 993, Kind: mailstead.TrustKey, Fingerprint: strings.Repeat("ab", 32), Certificate: "PEM", Subject: "CN=mail", Reason: "our own", CreatedBy: 3,
	}
}

// trustSteps are steps of administration, see auditStep.
var trustSteps = map[mailstead.AuditAction]auditStep{
	mailstead.AuditTrustCreate: {
		mailstead.AuditTrust,
		func(k *kit, e mailstead.AuditEntry) error {
			return k.db.TrustServer(k.t.Context(), k.trusted(k.fresh()), e)
		},
		func(k *kit, e mailstead.AuditEntry) error {
			t := k.trusted(k.fresh())
			k.ok(k.db.TrustServer(k.t.Context(), t, audited))
			return k.db.TrustServer(k.t.Context(), k.trusted(t.Host), e)
		},
	},
	mailstead.AuditTrustDelete: {
		mailstead.AuditTrust,
		func(k *kit, e mailstead.AuditEntry) error {
			t := k.trusted(k.fresh())
			k.ok(k.db.TrustServer(k.t.Context(), t, audited))
			return k.db.DistrustServer(k.t.Context(), t.ID, e)
		},
		func(k *kit, e mailstead.AuditEntry) error { return k.db.DistrustServer(k.t.Context(), 99, e) },
	},
}

var trustTests = map[string]func(*testing.T, *kit){
	"trusted servers are stored, listed and taken away": func(t *testing.T, k *kit) {
		ctx := t.Context()
		b, a := k.trusted("b.example"), k.trusted("a.example")
		k.ok(k.db.TrustServer(ctx, b, audited))
		k.ok(k.db.TrustServer(ctx, a, audited))
		k.same("time", a.CreatedAt, start)
		list, err := k.db.TrustedServers(ctx)
		k.ok(err)
		k.same("list", list, []mailstead.TrustedServer{*a, *b})
		k.fails(k.db.TrustServer(ctx, k.trusted("b.example"), audited), mailstead.KindConflict, "trust.exists")
		k.ok(k.db.DistrustServer(ctx, b.ID, audited))
		k.missing(k.db.DistrustServer(ctx, b.ID, audited), "trust")
		list, err = k.db.TrustedServers(ctx)
		k.ok(err)
		k.same("list", list, []mailstead.TrustedServer{*a})
	},
}
