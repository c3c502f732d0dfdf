package api

import (
	"context"
	"net/http"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/admin"
)

// Policies keeps the rules for everybody.
type Policies interface {
	Policies(ctx context.Context, actor mailstead.Actor) (admin.PolicyView, error)
	PutPolicies(ctx context.Context, actor mailstead.Actor, p mailstead.Policies, seen *time.Time) (admin.PolicyView, error)
}

func (h *Handler) policyRoutes() {
	add(h, route{
		method: http.MethodGet, path: "/policies", id: "getPolicies", tag: "Policies",
		summary: "Read the policies",
		about:   "What they mean for you; administrators also get the policies themselves.",
	}, h.getPolicies)
	add(h, route{
		method: http.MethodPut, path: "/policies", id: "putPolicies", tag: "Policies",
		summary: "Set the policies",
		about:   "For administrators: replaces all rules. With If-Match, what somebody else changed meanwhile is not overwritten.",
		errors:  []int{http.StatusConflict, http.StatusPreconditionFailed},
		example: map[string]any{
			"copies": "everybody", "accounts_per_user": 1, "limit_providers": true, "provider_ids": []any{"aruba", "gmail"},
			"typed_servers": false, "plain": false, "own_accounts": "provider", "confirm_domains": true,
			"report_to": "helpdesk@example.com", "alerts_by_mail": true,
		},
	}, h.putPolicies)
}

// PolicyRules are the policies as they are set.
type PolicyRules struct {
	Copies          mailstead.CopyRule       `json:"copies" doc:"Who may edit CC and BCC; administrators always may."`
	CopyProfiles    []mailstead.ProfileID    `json:"copy_profiles,omitempty" maxItems:"1000" doc:"The profiles that may, where copies says so."`
	AccountsPerUser int                      `json:"accounts_per_user" minimum:"0" maximum:"1000" doc:"How many accounts a user may own; 0 for any number."`
	LimitProviders  bool                     `json:"limit_providers" doc:"Whether users choose only from provider_ids."`
	ProviderIDs     []mailstead.ProviderID   `json:"provider_ids,omitempty" maxItems:"1000" doc:"The providers that are offered, where limit_providers says so."`
	TypedServers    bool                     `json:"typed_servers" doc:"Whether users may type servers by hand."`
	Plain           bool                     `json:"plain" doc:"Whether servers without encryption may be saved, each with a written reason."`
	OwnAccounts     mailstead.AccountFreedom `json:"own_accounts" doc:"What users may change of the accounts that they manage."`
	ConfirmDomains  bool                     `json:"confirm_domains" doc:"Whether a domain that a sign-in taught waits for an administrator."`
	ReportTo        string                   `json:"report_to,omitempty" maxLength:"320" doc:"The address that reports of problems go to; empty for the administrators' own."`
	AlertsByMail    bool                     `json:"alerts_by_mail" required:"false" default:"true" doc:"Whether those concerned are also told by mail that the incoming mail of an account is not processed any more."`
}

// OwnPolicies are the policies as they hold for one person.
type OwnPolicies struct {
	Copies          bool                     `json:"copies" doc:"You may edit CC and BCC."`
	OwnAccounts     mailstead.AccountFreedom `json:"own_accounts" doc:"What you may change of the accounts that you manage."`
	AccountsPerUser int                      `json:"accounts_per_user" doc:"How many accounts a user may own; 0 for any number."`
	Accounts        int                      `json:"accounts" doc:"How many you own."`
	Refusal         string                   `json:"refusal,omitempty" doc:"The code of why you may not connect another account; missing when you may."`
	TypedServers    bool                     `json:"typed_servers" doc:"You may type servers by hand."`
	Plain           bool                     `json:"plain" doc:"Servers without encryption may be saved, with a written reason."`
}

// PolicyView is what the policies are, as far as the reader may know.
type PolicyView struct {
	Own             OwnPolicies  `json:"own" doc:"What they mean for you."`
	Rules           *PolicyRules `json:"rules,omitempty" doc:"The policies themselves, for administrators."`
	AllowedNetworks []string     `json:"allowed_networks,omitempty" doc:"The private networks that the configuration opens, for administrators."`
	PlainConfigured bool         `json:"plain_configured,omitempty" doc:"The configuration allows servers without encryption whatever the policies say; for administrators."`
}

type policyOutput struct {
	Version
	Body PolicyView
}

func policyOf(v admin.PolicyView) *policyOutput {
	out := &policyOutput{Body: PolicyView{
		Own: OwnPolicies{
			Copies: v.Own.Copies, OwnAccounts: v.Own.Freedom, AccountsPerUser: v.Own.AccountsPerUser, Accounts: v.Own.Accounts,
			Refusal: v.Own.Refusal, TypedServers: v.Own.TypedServers, Plain: v.Own.Plain,
		},
		AllowedNetworks: v.Networks, PlainConfigured: v.PlainConfigured,
	}}
	if p := v.All; p != nil {
		out.Version = versionOf(policyVersion(p.UpdatedAt))
		out.Body.Rules = &PolicyRules{
			Copies: p.Copies, CopyProfiles: p.CopyProfiles, AccountsPerUser: p.AccountsPerUser, LimitProviders: p.LimitProviders,
			ProviderIDs: p.ProviderIDs, TypedServers: p.TypedServers, Plain: p.Plain, OwnAccounts: p.OwnAccounts, ConfirmDomains: p.ConfirmDomains,
			ReportTo: p.ReportTo, AlertsByMail: p.AlertsByMail,
		}
	}
	return out
}

// policyVersion gives also those who read policies that nobody ever set a version.
func policyVersion(t time.Time) time.Time {
	if t.IsZero() {
		return unset
	}
	return t
}

// unset is the version of policies that nobody ever set.
var unset = time.UnixMilli(1)

func (h *Handler) getPolicies(ctx context.Context, actor mailstead.Actor, _ *struct{}) (*policyOutput, error) {
	v, err := h.c.Policies.Policies(ctx, actor)
	return policyOf(v), err
}

type putPoliciesInput struct {
	IfVersion
	Body PolicyRules
}

func (h *Handler) putPolicies(ctx context.Context, actor mailstead.Actor, in *putPoliciesInput) (*policyOutput, error) {
	at, err := in.seen()
	if err != nil {
		return nil, err
	}
	var seen *time.Time
	if !at.IsZero() {
		if seen = &at; at.Equal(unset) {
			seen = &time.Time{}
		}
	}
	b := &in.Body
	v, err := h.c.Policies.PutPolicies(ctx, actor, mailstead.Policies{
		Copies: b.Copies, CopyProfiles: b.CopyProfiles, AccountsPerUser: b.AccountsPerUser, LimitProviders: b.LimitProviders,
		ProviderIDs: b.ProviderIDs, TypedServers: b.TypedServers, Plain: b.Plain, OwnAccounts: b.OwnAccounts, ConfirmDomains: b.ConfirmDomains,
		ReportTo: b.ReportTo, AlertsByMail: b.AlertsByMail,
	}, seen)
	return policyOf(v), in.stale(err)
}
