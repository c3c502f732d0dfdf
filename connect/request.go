package connect

import (
	"context"
	"slices"
	"strings"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/discover"
)

// Request is what a person fills in to connect an account. Only Address and
// Password are needed where the provider is known.
type Request struct {
	Address string
	// DisplayName stands in mails, Name in lists; both may be empty.
	DisplayName string
	Name        string
	Note        string
	// OwnerID is the user whom the account will belong to, 0 for the actor.
	// Organisation makes it an account of the organisation instead, as does an
	// operator who names nobody. Both are for administrators.
	OwnerID      mailstead.UserID
	Organisation bool
	// ProviderID is the provider chosen by hand, or "" to recognise the address.
	ProviderID mailstead.ProviderID
	// Incoming and Outgoing are the servers typed by hand; nil means those of the
	// provider or of the table of domains.
	Incoming *ServerInput
	Outgoing *ServerInput
	// SendOnly and ReceiveOnly leave one side out.
	SendOnly    bool
	ReceiveOnly bool
	Password    mailstead.Secret
	// OutgoingPassword is for outgoing servers with a password of their own.
	OutgoingPassword mailstead.Secret
	// NoSignIn tells that the outgoing server takes mail without a sign-in, as
	// relays inside a network do.
	NoSignIn   bool
	LoadPeriod mailstead.LoadPeriod
	// PlainReason says in writing why a server without encryption is used.
	PlainReason string
	// ConfirmServers tells that the person agreed to servers of another domain than the
	// address's: see discover.Result.Foreign.
	ConfirmServers bool
	// OAuthAppID is an app that opens the mailbox by itself, without a password.
	OAuthAppID mailstead.OAuthAppID
	// later tells that the password is asked for by a link.
	later bool
	// signsIn tells that no password is needed, but a sign-in at the provider's own
	// page; grant is what came of it.
	signsIn bool
	grant   *grant
}

// target is one server to try, with the login that it takes.
type target struct {
	server mailstead.Server
	login  string
	// typed tells that the person named the server.
	typed bool
}

// plan is a request understood: what would be tried, and what would be stored.
type plan struct {
	// account is complete but for its servers, which the test decides.
	account mailstead.Account
	sides   []*trial
	found   discover.Result
	// typed tells that a server was typed by hand.
	typed bool
	// relay tells that the outgoing server is known to take mail without a sign-in.
	relay bool
}

// plan understands a request. Nobody signs in at a mail server.
func (s *Service) plan(ctx context.Context, actor mailstead.Actor, r Request) (*plan, error) {
	owner, err := s.owner(ctx, actor, r)
	if err != nil {
		return nil, err
	}
	found, err := s.recogniseFor(ctx, actor, &r)
	if err != nil {
		return nil, err
	}
	p := &plan{found: found, account: mailstead.Account{
		OwnerID: owner, Name: r.Name, DisplayName: r.DisplayName, Address: found.Address,
		Note: r.Note, LoadPeriod: r.LoadPeriod,
	}}
	known, err := s.known(found, r.ProviderID)
	if err != nil {
		return nil, err
	}
	if r.signsIn && known.ProblemCode == discover.ProblemOAuthOnly {
		known.ProblemCode, known.Problem = "", ""
	}
	if r.SendOnly && r.ReceiveOnly {
		return nil, mailstead.Invalid("send_only", "input.no_side", "An account is for sending, for receiving, or for both.")
	}
	if !r.SendOnly {
		if err := s.addSide(p, mailstead.SideIncoming, r.Incoming, known); err != nil {
			return nil, err
		}
	}
	if !r.ReceiveOnly {
		if err := s.addSide(p, mailstead.SideOutgoing, r.Outgoing, known); err != nil {
			return nil, err
		}
	}
	if len(p.sides) == 0 {
		return nil, noServers(found)
	}
	if err := confirmed(p, known, r); err != nil {
		return nil, err
	}
	rules, err := s.rules(ctx)
	if err != nil {
		return nil, err
	}
	if err := rules.checkTyped(actor, p); err != nil {
		return nil, err
	}
	if err := s.checkPlan(p, r, rules.Plain); err != nil {
		return nil, err
	}
	if err := rules.checkConnect(actor, p, r); err != nil {
		return nil, err
	}
	return p, nil
}

// owner decides whom the account will belong to.
func (s *Service) owner(ctx context.Context, actor mailstead.Actor, r Request) (mailstead.UserID, error) {
	switch {
	case r.Organisation && r.OwnerID != 0:
		return 0, mailstead.Invalid("owner_id", "input.owner", "An account belongs to a person or to the organisation, not to both.")
	case r.Organisation:
		return 0, actor.RequireAdmin()
	case r.OwnerID == 0 || r.OwnerID == actor.User.ID:
		return actor.User.ID, nil
	}
	if err := actor.RequireAdmin(); err != nil {
		return 0, err
	}
	if _, err := s.c.Store.User(ctx, r.OwnerID); err != nil {
		if mailstead.KindOf(err) == mailstead.KindNotFound {
			return 0, mailstead.Invalid("owner_id", "input.owner", "There is no such user.")
		}
		return 0, err
	}
	return r.OwnerID, nil
}

// known returns what is known about the servers of an address: those of the
// provider that was chosen by hand, else what was found.
func (s *Service) known(found discover.Result, chosen mailstead.ProviderID) (discover.Result, error) {
	if chosen == "" || chosen == found.Provider.ID {
		return found, nil
	}
	prov, ok := s.c.Directory.Provider(chosen)
	if !ok {
		return found, mailstead.Invalid("provider_id", "input.provider", "There is no such provider.")
	}
	if prov.Hidden {
		return found, mailstead.Invalid("provider_id", "provider.hidden", prov.Name+" is not offered here: choose another provider, or ask an administrator.")
	}
	code, text := discover.Problem(prov)
	return discover.Result{
		Address: found.Address, Provider: discover.Named{ID: prov.ID, Name: prov.Name},
		Incoming:    discover.Candidates(prov, mailstead.SideIncoming, found.Address),
		Outgoing:    discover.Candidates(prov, mailstead.SideOutgoing, found.Address),
		ProblemCode: code, Problem: text,
	}, nil
}

func noServers(found discover.Result) error {
	switch {
	case found.Problem != "":
		return mailstead.Invalid("address", found.ProblemCode, found.Problem)
	case found.Provider.Name != "":
		return mailstead.Invalid("incoming.host", "input.server_needed", "The servers of "+found.Provider.Name+" are not the same for everyone: type their names.")
	default:
		return mailstead.Invalid("incoming.host", "input.server_needed", "The servers of "+mailstead.DomainOf(found.Address)+
			" are not known: choose a provider or type the names of the servers.")
	}
}

// addSide adds the targets of one side, if it has any.
func (s *Service) addSide(p *plan, side mailstead.SideName, in *ServerInput, known discover.Result) error {
	candidates := known.Incoming
	if side == mailstead.SideOutgoing {
		candidates = known.Outgoing
	}
	t := &trial{side: side, from: p.account.Address}
	if in != nil && strings.TrimSpace(in.Text) != "" {
		servers, err := typedServers(side, *in)
		if err != nil {
			return err
		}
		p.typed = true
		for _, server := range servers {
			t.targets = append(t.targets, target{server: server, login: in.login(p.account.Address), typed: true})
		}
		p.sides = append(p.sides, t)
		return nil
	}
	if known.Problem != "" && len(candidates) > 0 {
		return mailstead.Invalid("address", known.ProblemCode, known.Problem)
	}
	protocol := in.protocol(candidates)
	for _, c := range candidates {
		if c.Server.Protocol == protocol && (in == nil || in.fits(c.Server)) {
			t.targets = append(t.targets, target{server: c.Server, login: in.login(c.Username)})
			p.relay = side == mailstead.SideOutgoing && slices.Contains(c.Auth, mailstead.AuthNone) && (in == nil || in.Login == "")
		}
	}
	switch {
	case len(t.targets) > 0:
		p.sides = append(p.sides, t)
	case in != nil && *in != (ServerInput{}):
		return mailstead.Invalid(string(side)+".host", "input.server_needed", "The name of the server is needed.")
	}
	return nil
}

// providerOf returns the provider that all servers of an account belong to: one
// of likely, else the first of the directory, else "".
func (s *Service) providerOf(a *mailstead.Account, likely ...mailstead.ProviderID) mailstead.ProviderID {
	var hosts []string
	for _, side := range []*mailstead.Side{a.Incoming, a.Outgoing} {
		if side != nil {
			hosts = append(hosts, side.Server.Host)
		}
	}
	for _, id := range likely {
		if s.c.Directory.HasHosts(id, hosts...) {
			return id
		}
	}
	p, _ := s.c.Directory.ByHosts(hosts...)
	return p.ID
}
