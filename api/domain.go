package api

import (
	"context"
	"net/http"

	"github.com/mailstead/mailstead"
)

func (h *Handler) domainRoutes() {
	add(h, route{
		method: http.MethodGet, path: "/domains", id: "listDomains", tag: "Providers and domains",
		summary: "List the table of domains", about: "For administrators: the domains that they mapped, and those that sign-ins made known.",
	}, h.listDomains)
	add(h, route{
		method: http.MethodPut, path: "/domains/{name}", id: "putDomain", tag: "Providers and domains",
		summary: "Map a domain", about: "For administrators: maps a mail domain to a provider, or to servers of its own. It replaces what the table said.",
		example: map[string]any{"provider_id": "aruba"},
	}, h.putDomain)
	add(h, route{
		method: http.MethodDelete, path: "/domains/{name}", id: "deleteDomain", tag: "Providers and domains",
		summary: "Remove a domain from the table", about: "For administrators.", errors: []int{http.StatusNotFound},
	}, h.deleteDomain)
}

type listDomainsInput struct{ PageParams }

func (h *Handler) listDomains(ctx context.Context, actor mailstead.Actor, in *listDomainsInput) (*pageOutput[mailstead.Domain], error) {
	var after string
	if err := decodeCursor(in.Cursor, &after); err != nil {
		return nil, err
	}
	domains, err := h.c.Directory.Domains(ctx, actor, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	return pageOf(domains, in.Limit, func(d mailstead.Domain) any { return d.Name }), nil
}

// DomainPath names a mail domain.
type DomainPath struct {
	Name string `path:"name" maxLength:"253" doc:"The domain." example:"example.com"`
}

// DomainMapping is where a domain's mail lives.
type DomainMapping struct {
	ProviderID mailstead.ProviderID   `json:"provider_id,omitempty" maxLength:"100" doc:"The provider; either this or servers."`
	Incoming   []mailstead.Server     `json:"incoming,omitempty" maxItems:"10" doc:"The incoming servers, best first."`
	Outgoing   []mailstead.Server     `json:"outgoing,omitempty" maxItems:"10" doc:"The outgoing servers, best first."`
	Username   mailstead.UsernameForm `json:"username,omitempty" doc:"How the login follows from the address; email when empty."`
}

type putDomainInput struct {
	DomainPath
	Body DomainMapping
}

type domainOutput struct{ Body mailstead.Domain }

func (h *Handler) putDomain(ctx context.Context, actor mailstead.Actor, in *putDomainInput) (*domainOutput, error) {
	b := &in.Body
	d, err := h.c.Directory.PutDomain(ctx, actor, mailstead.Domain{
		Name: in.Name, ProviderID: b.ProviderID, Incoming: b.Incoming, Outgoing: b.Outgoing, Username: b.Username,
	})
	return &domainOutput{d}, err
}

func (h *Handler) deleteDomain(ctx context.Context, actor mailstead.Actor, in *DomainPath) (*struct{}, error) {
	return nil, h.c.Directory.DeleteDomain(ctx, actor, in.Name)
}
