package api

import (
	"context"
	"net/http"

	"github.com/mailstead/mailstead"
)

// Trust keeps the servers that administrators trust.
type Trust interface {
	TrustedServers(ctx context.Context, actor mailstead.Actor) ([]mailstead.TrustedServer, error)
	TrustServer(ctx context.Context, actor mailstead.Actor, t mailstead.TrustedServer) (mailstead.TrustedServer, error)
	DistrustServer(ctx context.Context, actor mailstead.Actor, id mailstead.TrustID) error
}

func (h *Handler) trustRoutes() {
	const tag = "Providers and domains"
	add(h, route{
		method: http.MethodGet, path: "/trusted-servers", id: "listTrustedServers", tag: tag,
		summary: "List the servers that are trusted",
		about:   "For administrators: mail servers whose certificate no known authority vouches for, and what is trusted of each.",
	}, h.listTrusted)
	add(h, route{
		method: http.MethodPost, path: "/trusted-servers", id: "trustServer", tag: tag,
		summary: "Trust a server's key or authority",
		about: "For administrators, after a test of the connection has shown the `chain` of the server: this key, or this authority, for this server and no " +
			"other. A key that changes later stops the accounts with `tls.key_changed` until somebody looks.",
		status: http.StatusCreated, errors: []int{http.StatusConflict},
		example: map[string]any{"host": "mail.example.com", "port": 993, "kind": "key", "fingerprint": "5ab1…", "reason": "Our own server in the cellar"},
	}, h.trustServer)
	add(h, route{
		method: http.MethodDelete, path: "/trusted-servers/{id}", id: "distrustServer", tag: tag,
		summary: "End a trust", about: "For administrators. The server's certificate must be from a known authority then.",
		errors: []int{http.StatusNotFound},
	}, h.distrustServer)
}

type trustedListOutput struct {
	Body Page[mailstead.TrustedServer]
}

func (h *Handler) listTrusted(ctx context.Context, actor mailstead.Actor, _ *struct{}) (*trustedListOutput, error) {
	list, err := h.c.Trust.TrustedServers(ctx, actor)
	return &trustedListOutput{Page[mailstead.TrustedServer]{Items: list}}, err
}

// NewTrust is a server to be trusted.
type NewTrust struct {
	Host        string              `json:"host" maxLength:"300" doc:"The server's name, as accounts have it." example:"mail.example.com"`
	Port        int                 `json:"port" minimum:"1" maximum:"65535" doc:"Its port." example:"993"`
	Kind        mailstead.TrustKind `json:"kind" doc:"What is trusted: its key, or an authority."`
	Fingerprint string              `json:"fingerprint,omitempty" maxLength:"200" doc:"The SHA-256 of the key, key_sha256 of the chain; of an authority it follows from its certificate."`
	Certificate string              `json:"certificate,omitempty" maxLength:"20000" doc:"The certificate of the authority in PEM."`
	Subject     string              `json:"subject,omitempty" maxLength:"200" doc:"What the certificate is called."`
	Reason      string              `json:"reason" maxLength:"500" doc:"Why, in writing."`
}

type (
	trustInput  struct{ Body NewTrust }
	trustOutput struct{ Body mailstead.TrustedServer }
	trustPath   struct {
		ID mailstead.TrustID `path:"id" minimum:"1" doc:"The trust." example:"2"`
	}
)

func (h *Handler) trustServer(ctx context.Context, actor mailstead.Actor, in *trustInput) (*trustOutput, error) {
	b := in.Body
	t, err := h.c.Trust.TrustServer(ctx, actor, mailstead.TrustedServer{
		Host: b.Host, Port: b.Port, Kind: b.Kind, Fingerprint: b.Fingerprint, Certificate: b.Certificate, Subject: b.Subject, Reason: b.Reason,
	})
	return &trustOutput{t}, err
}

func (h *Handler) distrustServer(ctx context.Context, actor mailstead.Actor, in *trustPath) (*struct{}, error) {
	return nil, h.c.Trust.DistrustServer(ctx, actor, in.ID)
}
