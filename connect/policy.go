package connect

import (
	"context"
	"slices"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/discover"
)

// rules are the policies as they hold here: the configuration may allow servers
// without encryption where they do not.
type rules struct{ mailstead.Policies }

func (s *Service) rules(ctx context.Context) (rules, error) {
	p, err := s.c.Store.Policies(ctx)
	p.Plain = p.Plain || s.c.AllowPlain
	return rules{p}, err
}

// checkTyped refuses an actor who may not connect accounts, or not by servers that
// he typed.
func (r *rules) checkTyped(actor mailstead.Actor, p *plan) error {
	if err := r.CheckConnect(actor); err != nil || !p.typed {
		return err
	}
	return r.CheckTyped(actor, string(p.sides[0].side)+".host")
}

// checkConnect refuses providers that are not offered. What an administrator mapped
// the domain to is.
func (r *rules) checkConnect(actor mailstead.Actor, p *plan, in Request) error {
	if !p.typed && in.ProviderID == "" && p.found.Source == mailstead.DomainAdministrator {
		return nil
	}
	for _, id := range []mailstead.ProviderID{in.ProviderID, p.account.ProviderID} {
		if err := r.CheckProvider(actor, id); err != nil {
			return err
		}
	}
	return nil
}

// checkChange refuses what the actor may not change of his accounts.
func (s *Service) checkChange(ctx context.Context, actor mailstead.Actor, c *Changes) error {
	r, err := s.rules(ctx)
	if err != nil {
		return err
	}
	return r.CheckChange(actor, c.Incoming != nil || c.Outgoing != nil)
}

// markHidden tells of a provider that is not offered to the actor that it cannot be
// connected.
func (s *Service) markHidden(ctx context.Context, actor mailstead.Actor, found *discover.Result) error {
	if found.Source == mailstead.DomainAdministrator || found.ProblemCode != "" {
		return nil
	}
	r, err := s.rules(ctx)
	if err != nil {
		return err
	}
	if refused := r.CheckProvider(actor, found.Provider.ID); refused != nil {
		found.ProblemCode = mailstead.CodePolicyProvider
		found.Problem = "This provider is not offered here: choose another one, or ask an administrator."
	}
	return nil
}

// plainAllowed reports whether servers without encryption may be spoken to, if there
// is one among the sides.
func (s *Service) plainAllowed(ctx context.Context, sides []*trial) bool {
	plain := func(g target) bool { return g.server.Security == mailstead.SecurityNone }
	if !slices.ContainsFunc(sides, func(t *trial) bool { return slices.ContainsFunc(t.targets, plain) }) {
		return false
	}
	r, err := s.rules(ctx)
	return err == nil && r.Plain
}
