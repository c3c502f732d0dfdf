package api

import (
	"context"
	"net/http"
	"time"

	"github.com/mailstead/mailstead"
)

func (h *Handler) domainRoutes() {
	const tag = "Providers and domains"
	judged := []int{http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed}
	add(h, route{
		method: http.MethodGet, path: "/domains", id: "listDomains", tag: tag,
		summary: "List the table of domains",
		about: "For administrators: the domains that they mapped, and those that sign-ins made known, with who did and how many accounts confirm it. " +
			"With the policy `confirm_domains` a domain that a sign-in made known is pending until you approve it.",
	}, h.listDomains)
	add(h, route{
		method: http.MethodGet, path: "/domains/{name}", id: "getDomain", tag: tag,
		summary: "Read a domain", about: "For administrators: one row of the table of domains.", errors: []int{http.StatusNotFound},
	}, h.getDomain)
	add(h, route{
		method: http.MethodPut, path: "/domains/{name}", id: "putDomain", tag: tag,
		summary: "Map a domain", about: "For administrators: maps a mail domain to a provider, or to servers of its own. It replaces what the table said. " +
			"With If-Match, what somebody else changed meanwhile is not overwritten.",
		errors: []int{http.StatusConflict, http.StatusPreconditionFailed}, example: map[string]any{"provider_id": "aruba"},
	}, h.putDomain)
	add(h, route{
		method: http.MethodPost, path: "/domains/{name}/approve", id: "approveDomain", tag: tag,
		summary: "Approve a domain", about: "For administrators: what a sign-in made known becomes your word, also after it was rejected.", errors: judged,
	}, h.approveDomain)
	add(h, route{
		method: http.MethodPost, path: "/domains/{name}/reject", id: "rejectDomain", tag: tag,
		summary: "Reject a domain",
		about:   "For administrators: what a sign-in made known is not used, and the domain is not learned again until you remove it.", errors: judged,
	}, h.rejectDomain)
	add(h, route{
		method: http.MethodDelete, path: "/domains/{name}", id: "deleteDomain", tag: tag,
		summary: "Remove a domain from the table", about: "For administrators.", errors: []int{http.StatusNotFound},
	}, h.deleteDomain)
}

type listDomainsInput struct {
	PageParams
	Source   mailstead.DomainSource `query:"source" doc:"Only what is known from there."`
	Waiting  bool                   `query:"waiting" doc:"Only domains that wait for your confirmation."`
	Provider mailstead.ProviderID   `query:"provider" maxLength:"100" doc:"Only domains of this provider." example:"aruba"`
	Search   string                 `query:"q" maxLength:"253" doc:"Only domains whose name holds this."`
}

func (h *Handler) listDomains(ctx context.Context, actor mailstead.Actor, in *listDomainsInput) (*pageOutput[mailstead.Domain], error) {
	q := mailstead.DomainQuery{Source: in.Source, Waiting: in.Waiting, Provider: in.Provider, Search: in.Search, Limit: in.Limit + 1}
	if err := decodeCursor(in.Cursor, &q.After); err != nil {
		return nil, err
	}
	domains, err := h.c.Directory.Domains(ctx, actor, q)
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
	Incoming   []KnownServer          `json:"incoming,omitempty" maxItems:"10" doc:"The incoming servers, best first."`
	Outgoing   []KnownServer          `json:"outgoing,omitempty" maxItems:"10" doc:"The outgoing servers, best first."`
	Username   mailstead.UsernameForm `json:"username,omitempty" doc:"How the login follows from the address; email when empty."`
}

type putDomainInput struct {
	DomainPath
	IfVersion
	Body DomainMapping
}

type domainOutput struct {
	Version
	Body mailstead.Domain
}

func (h *Handler) getDomain(ctx context.Context, actor mailstead.Actor, in *DomainPath) (*domainOutput, error) {
	d, err := h.c.Directory.Domain(ctx, actor, in.Name)
	return &domainOutput{versionOf(d.UpdatedAt), d}, err
}

func (h *Handler) putDomain(ctx context.Context, actor mailstead.Actor, in *putDomainInput) (*domainOutput, error) {
	b := &in.Body
	seen, err := in.seen()
	if err != nil {
		return nil, err
	}
	d, err := h.c.Directory.PutDomain(ctx, actor, mailstead.Domain{
		Name: in.Name, ProviderID: b.ProviderID, Incoming: serversOf(b.Incoming), Outgoing: serversOf(b.Outgoing), Username: b.Username,
	}, seen)
	return &domainOutput{versionOf(d.UpdatedAt), d}, in.stale(err)
}

type judgeDomainInput struct {
	DomainPath
	IfVersion
}

func (h *Handler) approveDomain(ctx context.Context, actor mailstead.Actor, in *judgeDomainInput) (*domainOutput, error) {
	return judgeDomain(ctx, actor, in, h.c.Directory.ApproveDomain)
}

func (h *Handler) rejectDomain(ctx context.Context, actor mailstead.Actor, in *judgeDomainInput) (*domainOutput, error) {
	return judgeDomain(ctx, actor, in, h.c.Directory.RejectDomain)
}

func judgeDomain(
	ctx context.Context, actor mailstead.Actor, in *judgeDomainInput,
	judge func(context.Context, mailstead.Actor, string, time.Time) (mailstead.Domain, error),
) (*domainOutput, error) {
	seen, err := in.seen()
	if err != nil {
		return nil, err
	}
	d, err := judge(ctx, actor, in.Name, seen)
	return &domainOutput{versionOf(d.UpdatedAt), d}, in.stale(err)
}

func (h *Handler) deleteDomain(ctx context.Context, actor mailstead.Actor, in *DomainPath) (*struct{}, error) {
	return nil, h.c.Directory.DeleteDomain(ctx, actor, in.Name)
}
