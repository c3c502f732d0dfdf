package admin

import (
	"context"
	"slices"
	"time"

	"github.com/mailstead/mailstead"
)

// PolicyView is what somebody may know of the policies.
type PolicyView struct {
	// Own is what they mean for who asks.
	Own OwnPolicies
	// All is nil but for administrators, as are Networks and PlainConfigured.
	All *mailstead.Policies
	// Networks are the private networks that the configuration opens, and
	// PlainConfigured tells that it allows servers without encryption.
	Networks        []string
	PlainConfigured bool
}

// OwnPolicies is what the policies mean for one person.
type OwnPolicies struct {
	// Copies tells that CC and BCC may be edited.
	Copies bool
	// Freedom is what may be changed of accounts.
	Freedom mailstead.AccountFreedom
	// AccountsPerUser is how many accounts a user may own, 0 for any number, and
	// Accounts how many this one has.
	AccountsPerUser int
	Accounts        int
	// Refusal is the code of why no other account may be connected, or "".
	Refusal string
	// TypedServers tells that servers may be typed by hand, Plain that servers
	// without encryption may be saved.
	TypedServers bool
	Plain        bool
}

// Policies returns what everybody who is signed in may know of the policies.
func (s *Service) Policies(ctx context.Context, actor mailstead.Actor) (PolicyView, error) {
	if err := requireUser(actor); err != nil {
		return PolicyView{}, err
	}
	p, err := s.c.Store.Policies(ctx)
	if err != nil {
		return PolicyView{}, err
	}
	return s.policyView(ctx, actor, p)
}

func (s *Service) policyView(ctx context.Context, actor mailstead.Actor, p mailstead.Policies) (PolicyView, error) {
	v := PolicyView{Own: OwnPolicies{
		Copies: p.MayCopy(actor), Freedom: p.FreedomOf(actor), AccountsPerUser: p.AccountsPerUser,
		TypedServers: p.MayType(actor), Plain: p.Plain || s.c.AllowPlain,
	}}
	if actor.User.ID != 0 {
		var err error
		if v.Own.Accounts, err = s.c.Store.OwnedAccounts(ctx, actor.User.ID); err != nil {
			return v, err
		}
		if err := p.CheckRoom(v.Own.Accounts); err != nil {
			v.Own.Refusal = mailstead.CodeOf(err)
		}
	}
	if err := p.CheckConnect(actor); err != nil {
		v.Own.Refusal = mailstead.CodeOf(err)
	}
	if actor.IsAdmin() {
		v.All, v.Networks, v.PlainConfigured = &p, s.c.Networks, s.c.AllowPlain
	}
	return v, nil
}

// PutPolicies replaces the policies. seen is Policies.UpdatedAt of what the person
// looked at: policies that somebody changed since stay as they are, and the error is
// KindConflict with CodePoliciesChanged. nil stands for any.
func (s *Service) PutPolicies(ctx context.Context, actor mailstead.Actor, p mailstead.Policies, seen *time.Time) (PolicyView, error) {
	if err := actor.RequireAdmin(); err != nil {
		return PolicyView{}, err
	}
	if err := p.Validate(); err != nil {
		return PolicyView{}, err
	}
	if err := s.checkPolicyLists(ctx, &p); err != nil {
		return PolicyView{}, err
	}
	old, err := s.c.Store.Policies(ctx)
	if err != nil {
		return PolicyView{}, err
	}
	if seen != nil && !seen.Equal(old.UpdatedAt) {
		return PolicyView{}, mailstead.PoliciesChanged()
	}
	p.UpdatedAt = old.UpdatedAt
	e := actor.Audit(mailstead.AuditPoliciesUpdate, p.AuditObject(), mailstead.AuditChanges(&old, &p))
	if len(e.Changes) == 0 {
		return s.policyView(ctx, actor, old)
	}
	if err := s.c.Store.PutPolicies(ctx, &p, e); err != nil {
		return PolicyView{}, err
	}
	s.did(ctx, e)
	return s.policyView(ctx, actor, p)
}

// checkPolicyLists demands that profiles and providers exist.
func (s *Service) checkPolicyLists(ctx context.Context, p *mailstead.Policies) error {
	profiles, err := s.c.Store.Profiles(ctx)
	if err != nil {
		return err
	}
	for _, id := range p.CopyProfiles {
		if !slices.ContainsFunc(profiles, func(x mailstead.Profile) bool { return x.ID == id }) {
			return mailstead.Invalid("copy_profiles", "input.profile", "There is no profile "+id.String()+".")
		}
	}
	for _, id := range p.ProviderIDs {
		if _, ok := s.c.Directory.Provider(id); !ok {
			return mailstead.Invalid("provider_ids", "input.provider", "There is no such provider.")
		}
	}
	return nil
}

// offered leaves out the providers that the policies do not offer to the actor.
func (s *Service) offered(ctx context.Context, actor mailstead.Actor, all []mailstead.Provider) ([]mailstead.Provider, error) {
	p, err := s.c.Store.Policies(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(all), func(x mailstead.Provider) bool { return !p.Offers(actor, x.ID) }), nil
}
