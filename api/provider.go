package api

import (
	"context"
	"net/http"

	"github.com/mailstead/mailstead"
)

// Directory knows providers and mail domains.
type Directory interface {
	Providers(ctx context.Context, actor mailstead.Actor) ([]mailstead.Provider, error)
	Domains(ctx context.Context, actor mailstead.Actor, after string, limit int) ([]mailstead.Domain, error)
	PutDomain(ctx context.Context, actor mailstead.Actor, d mailstead.Domain) (mailstead.Domain, error)
	DeleteDomain(ctx context.Context, actor mailstead.Actor, name string) error
}

func (h *Handler) providerRoutes() {
	add(h, route{
		method: http.MethodGet, path: "/providers", id: "listProviders", tag: "Providers and domains",
		summary: "List the providers", about: "The mail services that are known by name, with their servers, sign-in methods and help texts.",
	}, h.listProviders)
	add(h, route{
		method: http.MethodGet, path: "/providers/{id}", id: "getProvider", tag: "Providers and domains",
		summary: "Read a provider", about: "One mail service.", errors: []int{http.StatusNotFound},
	}, h.getProvider)
}

func (h *Handler) listProviders(ctx context.Context, actor mailstead.Actor, _ *struct{}) (*listOutput[mailstead.Provider], error) {
	providers, err := h.c.Directory.Providers(ctx, actor)
	return listOf(providers), err
}

type providerInput struct {
	ID mailstead.ProviderID `path:"id" maxLength:"100" doc:"The provider." example:"gmail"`
}

type providerOutput struct{ Body mailstead.Provider }

func (h *Handler) getProvider(ctx context.Context, actor mailstead.Actor, in *providerInput) (*providerOutput, error) {
	providers, err := h.c.Directory.Providers(ctx, actor)
	if err != nil {
		return nil, err
	}
	for i := range providers {
		if providers[i].ID == in.ID {
			return &providerOutput{providers[i]}, nil
		}
	}
	return nil, mailstead.NotFound("provider")
}
