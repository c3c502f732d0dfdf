package api

import (
	"context"
	"net/http"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/admin"
)

// Directory knows providers and mail domains.
type Directory interface {
	Providers(ctx context.Context, actor mailstead.Actor, all bool) ([]mailstead.Provider, error)
	Provider(ctx context.Context, actor mailstead.Actor, id mailstead.ProviderID) (mailstead.Provider, error)
	CreateProvider(ctx context.Context, actor mailstead.Actor, copyOf mailstead.ProviderID, c admin.ProviderChanges) (mailstead.Provider, error)
	UpdateProvider(ctx context.Context, actor mailstead.Actor, id mailstead.ProviderID, c admin.ProviderChanges) (mailstead.Provider, error)
	HideProvider(ctx context.Context, actor mailstead.Actor, id mailstead.ProviderID, hidden bool) (mailstead.Provider, error)
	DeleteProvider(ctx context.Context, actor mailstead.Actor, id mailstead.ProviderID) error

	Domains(ctx context.Context, actor mailstead.Actor, q mailstead.DomainQuery) ([]mailstead.Domain, error)
	Domain(ctx context.Context, actor mailstead.Actor, name string) (mailstead.Domain, error)
	PutDomain(ctx context.Context, actor mailstead.Actor, d mailstead.Domain, seen time.Time) (mailstead.Domain, error)
	ApproveDomain(ctx context.Context, actor mailstead.Actor, name string, seen time.Time) (mailstead.Domain, error)
	RejectDomain(ctx context.Context, actor mailstead.Actor, name string, seen time.Time) (mailstead.Domain, error)
	DeleteDomain(ctx context.Context, actor mailstead.Actor, name string) error
}

func (h *Handler) providerRoutes() {
	const tag = "Providers and domains"
	missing := []int{http.StatusNotFound}
	add(h, route{
		method: http.MethodGet, path: "/providers", id: "listProviders", tag: tag,
		summary: "List the providers", about: "The mail services that are known by name and offered here, with their servers, sign-in methods and help texts. " +
			"Those that administrators added come first.",
	}, h.listProviders)
	add(h, route{
		method: http.MethodPost, path: "/providers", id: "createProvider", tag: tag,
		summary: "Add a provider",
		about: "For administrators: a mail service of your own, or with `copy_of` an edited copy of another one. Without incoming servers it is a relay that only sends; " +
			"with `auth` none it takes mail without a sign-in.",
		status: http.StatusCreated, errors: []int{http.StatusConflict},
		example: map[string]any{
			"name": "Our mail", "domains": []string{"example.com"},
			"incoming": []any{map[string]any{"protocol": "imap", "host": "mail.example.com", "port": 993, "security": "tls"}},
			"outgoing": []any{map[string]any{"protocol": "smtp", "host": "mail.example.com", "port": 587, "security": "starttls"}},
		},
	}, h.createProvider)
	add(h, route{
		method: http.MethodGet, path: "/providers/{id}", id: "getProvider", tag: tag,
		summary: "Read a provider", about: "One mail service, hidden or not.", errors: missing,
	}, h.getProvider)
	add(h, route{
		method: http.MethodPatch, path: "/providers/{id}", id: "updateProvider", tag: tag,
		summary: "Change a provider",
		about: "For administrators. Fields that are left out stay as they are; accounts that are connected keep their servers. Built-in providers stay as they are: " +
			"make a copy. With If-Match, what somebody else changed meanwhile is not overwritten.",
		errors:  []int{http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed},
		example: map[string]any{"notes": "The password is that of the intranet."},
	}, h.updateProvider)
	add(h, route{
		method: http.MethodPut, path: "/providers/{id}/hidden", id: "hideProvider", tag: tag,
		summary: "Hide or show a provider",
		about:   "For administrators. A hidden provider, built in or not, is not offered and not found for new connections; accounts that use it go on.",
		errors:  missing, example: map[string]any{"hidden": true},
	}, h.hideProvider)
	add(h, route{
		method: http.MethodDelete, path: "/providers/{id}", id: "deleteProvider", tag: tag,
		summary: "Delete a provider",
		about:   "For administrators. Refused while accounts or domains use it: `used_by` names the first of them.",
		errors:  []int{http.StatusNotFound, http.StatusConflict},
	}, h.deleteProvider)
}

type listProvidersInput struct {
	All bool `query:"all" doc:"For administrators: hidden providers too, and how many accounts use each."`
}

func (h *Handler) listProviders(ctx context.Context, actor mailstead.Actor, in *listProvidersInput) (*listOutput[mailstead.Provider], error) {
	providers, err := h.c.Directory.Providers(ctx, actor, in.All)
	return listOf(providers), err
}

// ProviderPath names a provider.
type ProviderPath struct {
	ID mailstead.ProviderID `path:"id" maxLength:"100" doc:"The provider." example:"gmail"`
}

type providerOutput struct {
	Version
	Body mailstead.Provider
}

func providerAnswer(p mailstead.Provider, err error) (*providerOutput, error) {
	return &providerOutput{versionOf(p.UpdatedAt), p}, err
}

func (h *Handler) getProvider(ctx context.Context, actor mailstead.Actor, in *ProviderPath) (*providerOutput, error) {
	return providerAnswer(h.c.Directory.Provider(ctx, actor, in.ID))
}

// ProviderFields is what administrators say of a provider.
type ProviderFields struct {
	Name           *string                                       `json:"name,omitempty" maxLength:"200" doc:"The name that people see."`
	Domains        *[]string                                     `json:"domains,omitempty" maxItems:"1000" doc:"All mail domains that you give to it; they stand in the table of domains."`
	Incoming       *[]KnownServer                                `json:"incoming,omitempty" maxItems:"10" doc:"The incoming servers, best first: all of imap or pop3. None makes it a relay."`
	Outgoing       *[]KnownServer                                `json:"outgoing,omitempty" maxItems:"10" doc:"The outgoing servers, best first."`
	Username       map[mailstead.Protocol]mailstead.UsernameForm `json:"username,omitempty" doc:"How the login follows from the address, by protocol; email when it is left out."`
	Auth           *[]string                                     `json:"auth,omitempty" maxItems:"2" doc:"How people sign in: pw, apppw, or none at a relay that asks nobody."`
	AppPasswordURL *string                                       `json:"app_password_url,omitempty" maxLength:"2000" doc:"The page where people make a password for programs."`
	Notes          *string                                       `json:"notes,omitempty" maxLength:"2000" doc:"What people are told at the sign-in."`
	SavesSent      *bool                                         `json:"saves_sent,omitempty" doc:"Whether the service puts what was sent into the Sent folder by itself."`
	PasswordDays   *int                                          `json:"password_days,omitempty" minimum:"0" maximum:"3650" doc:"For how many days a password works: its owner is warned 30, 7 and 1 days ahead. 0 for always."`
}

func (f *ProviderFields) changes() admin.ProviderChanges {
	c := admin.ProviderChanges{
		Name: f.Name, Domains: f.Domains, Username: f.Username, Auth: f.Auth,
		AppPasswordURL: f.AppPasswordURL, Notes: f.Notes, SavesSent: f.SavesSent, PasswordDays: f.PasswordDays,
	}
	if f.Incoming != nil {
		servers := serversOf(*f.Incoming)
		c.Incoming = &servers
	}
	if f.Outgoing != nil {
		servers := serversOf(*f.Outgoing)
		c.Outgoing = &servers
	}
	return c
}

// KnownServer is a server as administrators write it down for many people. Its name is
// enough.
type KnownServer struct {
	Protocol mailstead.Protocol `json:"protocol,omitempty" doc:"imap or smtp when it is left out."`
	Host     string             `json:"host" maxLength:"300" doc:"The name of the server." example:"mail.example.com"`
	Port     int                `json:"port,omitempty" minimum:"0" maximum:"65535" doc:"The usual one of protocol and security when it is left out."`
	Security mailstead.Security `json:"security,omitempty" doc:"tls when it and the port are left out."`
}

func serversOf(known []KnownServer) []mailstead.Server {
	var out []mailstead.Server
	for _, s := range known {
		out = append(out, mailstead.Server(s))
	}
	return out
}

// KnownServers are servers for a request.
func KnownServers(servers []mailstead.Server) []KnownServer {
	var out []KnownServer
	for _, s := range servers {
		out = append(out, KnownServer(s))
	}
	return out
}

// NewProvider is a provider to be added.
type NewProvider struct {
	CopyOf mailstead.ProviderID `json:"copy_of,omitempty" maxLength:"100" doc:"The provider that it begins as a copy of, without its domains." example:"gmail"`
	ProviderFields
}

type createProviderInput struct{ Body NewProvider }

func (h *Handler) createProvider(ctx context.Context, actor mailstead.Actor, in *createProviderInput) (*providerOutput, error) {
	return providerAnswer(h.c.Directory.CreateProvider(ctx, actor, in.Body.CopyOf, in.Body.changes()))
}

type updateProviderInput struct {
	ProviderPath
	IfVersion
	Body ProviderFields
}

func (h *Handler) updateProvider(ctx context.Context, actor mailstead.Actor, in *updateProviderInput) (*providerOutput, error) {
	seen, err := in.seen()
	if err != nil {
		return nil, err
	}
	c := in.Body.changes()
	c.Seen = seen
	p, err := h.c.Directory.UpdateProvider(ctx, actor, in.ID, c)
	return providerAnswer(p, in.stale(err))
}

// ProviderHiding says whether a provider is offered.
type ProviderHiding struct {
	Hidden bool `json:"hidden" doc:"Whether it is kept from new connections."`
}

type hideProviderInput struct {
	ProviderPath
	Body ProviderHiding
}

func (h *Handler) hideProvider(ctx context.Context, actor mailstead.Actor, in *hideProviderInput) (*providerOutput, error) {
	return providerAnswer(h.c.Directory.HideProvider(ctx, actor, in.ID, in.Body.Hidden))
}

func (h *Handler) deleteProvider(ctx context.Context, actor mailstead.Actor, in *ProviderPath) (*struct{}, error) {
	return nil, h.c.Directory.DeleteProvider(ctx, actor, in.ID)
}
