package admin

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/mailstead/mailstead"
)

// LoadProviders tells the directory what the store has of administrators'
// providers: once, before anybody is answered.
func (s *Service) LoadProviders(ctx context.Context) error {
	s.providers.Lock()
	defer s.providers.Unlock()
	return s.loadProviders(ctx)
}

// loadProviders needs s.providers.
func (s *Service) loadProviders(ctx context.Context) error {
	own, err := s.c.Store.OwnProviders(ctx)
	if err != nil {
		return err
	}
	hidden, err := s.c.Store.HiddenProviders(ctx)
	if err != nil {
		return err
	}
	return s.c.Directory.SetOwn(own, hidden)
}

// Providers lists the providers that are offered, for everyone who is signed in.
// With all it lists hidden ones too and counts their accounts, for administrators.
func (s *Service) Providers(ctx context.Context, actor mailstead.Actor, all bool) ([]mailstead.Provider, error) {
	if err := requireUser(actor); err != nil {
		return nil, err
	}
	apps, err := s.c.Store.OAuthApps(ctx)
	if err != nil {
		return nil, err
	}
	list := s.c.Directory.Providers()
	for i := range list {
		list[i].OAuth = mailstead.OAuthOffers(apps, list[i].ID)
	}
	if !all {
		return s.offered(ctx, actor, slices.DeleteFunc(list, func(p mailstead.Provider) bool { return p.Hidden }))
	}
	if err := actor.RequireAdmin(); err != nil {
		return nil, err
	}
	own, err := s.ownProviders(ctx)
	if err != nil {
		return nil, err
	}
	counts, err := s.c.Store.ProviderAccounts(ctx)
	if err != nil {
		return nil, err
	}
	for i := range list {
		p := &list[i]
		// The store has servers, too, for which there is no driver.
		if stored, ok := own[p.ID]; ok {
			stored.Hidden, stored.OAuth = p.Hidden, p.OAuth
			*p = stored
		}
		p.Accounts = counts[p.ID]
	}
	return list, nil
}

// Provider returns one provider, hidden or not. Administrators are told how many
// accounts use it.
func (s *Service) Provider(ctx context.Context, actor mailstead.Actor, id mailstead.ProviderID) (mailstead.Provider, error) {
	if err := requireUser(actor); err != nil {
		return mailstead.Provider{}, err
	}
	if actor.RequireAdmin() != nil {
		p, ok := s.c.Directory.Provider(id)
		if !ok {
			return p, mailstead.NotFound("provider")
		}
		apps, err := s.c.Store.OAuthApps(ctx)
		p.OAuth = mailstead.OAuthOffers(apps, id)
		return p, err
	}
	list, err := s.Providers(ctx, actor, true)
	if err != nil {
		return mailstead.Provider{}, err
	}
	for i := range list {
		if list[i].ID == id {
			return list[i], nil
		}
	}
	return mailstead.Provider{}, mailstead.NotFound("provider")
}

func (s *Service) ownProviders(ctx context.Context) (map[mailstead.ProviderID]mailstead.Provider, error) {
	list, err := s.c.Store.OwnProviders(ctx)
	if err != nil {
		return nil, err
	}
	out := make(map[mailstead.ProviderID]mailstead.Provider, len(list))
	for i := range list {
		out[list[i].ID] = list[i]
	}
	return out, nil
}

// ProviderChanges is what administrators say of a provider; nil leaves a field as
// it is.
type ProviderChanges struct {
	Name *string
	// Domains are all domains that administrators give to the provider.
	Domains  *[]string
	Incoming *[]mailstead.Server
	Outgoing *[]mailstead.Server
	// Username says per protocol how logins follow from addresses.
	Username map[mailstead.Protocol]mailstead.UsernameForm
	Auth     *[]string
	// AppPasswordURL is the page where people make passwords for programs, Notes
	// what they are told at the sign-in.
	AppPasswordURL *string
	Notes          *string
	// SavesSent tells that the service puts what was sent into the Sent folder.
	SavesSent *bool
	// PasswordDays is for how many days a password works, 0 for always.
	PasswordDays *int
	// Seen is Provider.UpdatedAt of what the person looked at: a provider that
	// somebody changed since stays as it is. The zero time stands for any.
	Seen time.Time
}

func (c *ProviderChanges) apply(p *mailstead.Provider) {
	set(&p.Name, c.Name)
	set(&p.Domains, c.Domains)
	set(&p.Incoming, c.Incoming)
	set(&p.Outgoing, c.Outgoing)
	set(&p.Auth, c.Auth)
	set(&p.AppPasswordURL, c.AppPasswordURL)
	set(&p.Notes, c.Notes)
	set(&p.SavesSent, c.SavesSent)
	set(&p.PasswordDays, c.PasswordDays)
	forms := make(map[mailstead.Protocol]mailstead.UsernameForm)
	for _, m := range []map[mailstead.Protocol]mailstead.UsernameForm{p.Username, c.Username} {
		for protocol, form := range m {
			forms[protocol] = form
		}
	}
	p.Username = forms
}

// CreateProvider adds a provider: a new one, or with copyOf an edited copy of
// another one. The domains of that one are not copied.
func (s *Service) CreateProvider(ctx context.Context, actor mailstead.Actor, copyOf mailstead.ProviderID, c ProviderChanges) (mailstead.Provider, error) {
	if err := actor.RequireAdmin(); err != nil {
		return mailstead.Provider{}, err
	}
	s.providers.Lock()
	defer s.providers.Unlock()
	p, err := s.copied(copyOf)
	if err != nil {
		return mailstead.Provider{}, err
	}
	c.apply(&p)
	if err := p.Validate(); err != nil {
		return mailstead.Provider{}, err
	}
	p.ID = s.freeID(p.Name)
	e := actor.Audit(mailstead.AuditProviderCreate, p.AuditObject(), mailstead.AuditChanges(nil, &p))
	if err := s.c.Store.CreateProvider(ctx, &p, e); err != nil {
		return mailstead.Provider{}, err
	}
	s.did(ctx, e)
	return p, s.loadProviders(context.WithoutCancel(ctx))
}

// copied returns what a copy of a provider begins with.
func (s *Service) copied(id mailstead.ProviderID) (mailstead.Provider, error) {
	if id == "" {
		return mailstead.Provider{}, nil
	}
	from, ok := s.c.Directory.Provider(id)
	if !ok {
		return mailstead.Provider{}, mailstead.Invalid("copy_of", "input.provider", "There is no such provider.")
	}
	p := mailstead.Provider{
		Name: from.Name, CopyOf: cmp.Or(from.CopyOf, from.ID), Country: from.Country, Incoming: from.Incoming, Outgoing: from.Outgoing,
		Username: from.Username, AppPasswordURL: secure(from.AppPasswordURL), EnableURL: secure(from.EnableURL),
		Notes: from.Notes, SavesSent: from.SavesSent, PasswordDays: from.PasswordDays,
	}
	for _, a := range from.Auth {
		switch a {
		case mailstead.AuthPassword, mailstead.AuthAppPassword, mailstead.AuthNone:
			p.Auth = append(p.Auth, a)
		}
	}
	return p, nil
}

// secure returns a link that administrators could have typed, else "".
func secure(link string) string {
	if strings.HasPrefix(link, "https://") {
		return link
	}
	return ""
}

// freeID returns an id that no provider has. It needs s.providers.
func (s *Service) freeID(name string) mailstead.ProviderID {
	for n := 1; ; n++ {
		id := mailstead.OwnProviderID(name, n)
		if _, taken := s.c.Directory.Provider(id); !taken {
			return id
		}
	}
}

// UpdateProvider changes a provider that administrators added. It is KindConflict
// with CodeProviderChanged when somebody else changed it after c.Seen. Accounts
// that are connected keep their servers.
func (s *Service) UpdateProvider(ctx context.Context, actor mailstead.Actor, id mailstead.ProviderID, c ProviderChanges) (mailstead.Provider, error) {
	if err := actor.RequireAdmin(); err != nil {
		return mailstead.Provider{}, err
	}
	s.providers.Lock()
	defer s.providers.Unlock()
	old, err := s.ownProvider(ctx, id)
	if err != nil {
		return mailstead.Provider{}, err
	}
	if !c.Seen.IsZero() && !c.Seen.Equal(old.UpdatedAt) {
		return mailstead.Provider{}, mailstead.ProviderChanged()
	}
	p := old
	c.apply(&p)
	if err := p.Validate(); err != nil {
		return mailstead.Provider{}, err
	}
	e := actor.Audit(mailstead.AuditProviderUpdate, p.AuditObject(), mailstead.AuditChanges(&old, &p))
	if len(e.Changes) == 0 {
		return p, nil
	}
	if err := s.c.Store.UpdateProvider(ctx, &p, e); err != nil {
		return mailstead.Provider{}, err
	}
	s.did(ctx, e)
	return p, s.loadProviders(context.WithoutCancel(ctx))
}

// ownProvider reads a provider that administrators added.
func (s *Service) ownProvider(ctx context.Context, id mailstead.ProviderID) (mailstead.Provider, error) {
	own, err := s.ownProviders(ctx)
	if err != nil {
		return mailstead.Provider{}, err
	}
	p, ok := own[id]
	if ok {
		if known, found := s.c.Directory.Provider(id); found {
			p.Hidden = known.Hidden
		}
		return p, nil
	}
	if _, builtIn := s.c.Directory.Provider(id); builtIn {
		return p, &mailstead.Error{
			Kind: mailstead.KindConflict, Code: "provider.built_in",
			Text: "This provider is built in and stays as it is: make a copy and change that, or hide it.",
		}
	}
	return p, mailstead.NotFound("provider")
}

// HideProvider hides a provider, built in or not, or shows it again. A hidden one is
// not offered and not found for new connections; accounts that use it go on.
func (s *Service) HideProvider(ctx context.Context, actor mailstead.Actor, id mailstead.ProviderID, hidden bool) (mailstead.Provider, error) {
	if err := actor.RequireAdmin(); err != nil {
		return mailstead.Provider{}, err
	}
	s.providers.Lock()
	defer s.providers.Unlock()
	p, ok := s.c.Directory.Provider(id)
	if !ok {
		return p, mailstead.NotFound("provider")
	}
	if p.Hidden != hidden {
		type state struct {
			Hidden bool `json:"hidden"`
		}
		e := actor.Audit(mailstead.AuditProviderHide, p.AuditObject(), mailstead.AuditChanges(&state{p.Hidden}, &state{hidden}))
		if err := s.c.Store.HideProvider(ctx, id, hidden, e); err != nil {
			return p, err
		}
		s.did(ctx, e)
		if err := s.loadProviders(context.WithoutCancel(ctx)); err != nil {
			return p, err
		}
	}
	return s.Provider(ctx, actor, id)
}

// DeleteProvider removes a provider that administrators added. While accounts or
// domains use it, it is KindConflict with the code provider.in_use, and the error
// names the first of them.
func (s *Service) DeleteProvider(ctx context.Context, actor mailstead.Actor, id mailstead.ProviderID) error {
	if err := actor.RequireAdmin(); err != nil {
		return err
	}
	s.providers.Lock()
	defer s.providers.Unlock()
	p, err := s.ownProvider(ctx, id)
	if err != nil {
		return err
	}
	e := actor.Audit(mailstead.AuditProviderDelete, p.AuditObject(), mailstead.AuditChanges(&p, nil))
	if err := s.c.Store.DeleteProvider(ctx, id, e); err != nil {
		return err
	}
	s.did(ctx, e)
	return s.loadProviders(context.WithoutCancel(ctx))
}
