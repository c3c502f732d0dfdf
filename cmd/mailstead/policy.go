package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
)

func newPolicy(c *cli) *cobra.Command {
	return group("policy", "Set the rules for everybody", newPolicyShow(c), newPolicySet(c))
}

func newPolicyShow(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "show", Short: "Show the policies", Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return get(cmd.Context(), c, "/policies", writePolicies)
		},
	}
}

func writePolicies(w io.Writer, v api.PolicyView) {
	line := func(name, value string) { fmt.Fprintf(w, "%s:\t%s\n", name, value) }
	if p := v.Rules; p != nil {
		line("CC and BCC", string(p.Copies)+listOf(p.CopyProfiles))
		line("Accounts per user", orAny(p.AccountsPerUser))
		providers := "all"
		if p.LimitProviders {
			providers = "only" + listOf(p.ProviderIDs)
		}
		line("Providers", providers)
		line("Servers typed by hand", yes(p.TypedServers))
		line("Without encryption", yes(p.Plain || v.PlainConfigured))
		line("Users may change of their accounts", string(p.OwnAccounts))
		line("Learned domains need a confirmation", yes(p.ConfirmDomains))
		line("Problems are reported to", orElse(p.ReportTo, "the administrators"))
		line("Mails when an account stops", yes(p.AlertsByMail))
		line("Allowed networks (configuration)", orDash(strings.Join(v.AllowedNetworks, ", ")))
		return
	}
	line("CC and BCC", yes(v.Own.Copies))
	line("Accounts per user", orAny(v.Own.AccountsPerUser))
	line("Servers typed by hand", yes(v.Own.TypedServers))
	line("You may change of your accounts", string(v.Own.OwnAccounts))
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

func listOf[T any](all []T) string {
	var out strings.Builder
	for _, x := range all {
		fmt.Fprintf(&out, " %v", x)
	}
	return out.String()
}

func orAny(n int) string {
	if n == 0 {
		return "any number"
	}
	return strconv.Itoa(n)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// policyFlags are the rules that policy set changes.
type policyFlags struct {
	copies, own      string
	profiles         []int64
	accounts         int
	providers        []string
	all, typed       bool
	plain, confirmed bool
	reportTo         string
	alerts           bool
}

func newPolicySet(c *cli) *cobra.Command {
	var p policyFlags
	cmd := &cobra.Command{
		Use: "set", Short: "Change policies; those that are not named stay as they are", Args: exactArgs(0),
		Example: "  mailstead policy set --accounts-per-user 1 --providers aruba,gmail --typed-servers=false\n" +
			"  mailstead policy set --own-accounts password",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withNew(cmd.Context(), func(cl *client) error {
				raw, err := cl.raw(cmd.Context(), http.MethodGet, "/policies", nil)
				if err != nil {
					return err
				}
				var v api.PolicyView
				if err := json.Unmarshal(raw, &v); err != nil {
					return fmt.Errorf("understand the answer of the service: %w", err)
				}
				if v.Rules == nil {
					v.Rules = &api.PolicyRules{}
				}
				p.apply(cmd, v.Rules)
				return ask(cmd.Context(), c, cl, http.MethodPut, "/policies", v.Rules, writePolicies)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&p.copies, "copies", "", "`WHO` may edit CC and BCC: everybody, administrators or profiles")
	f.Int64SliceVar(&p.profiles, "copy-profiles", nil, "`PROFILES` (ids) that may, with --copies profiles")
	f.IntVar(&p.accounts, "accounts-per-user", 0, "how many accounts a user may own; 0 for any `NUMBER`")
	f.StringSliceVar(&p.providers, "providers", nil, "offer only these `PROVIDERS` (ids)")
	f.BoolVar(&p.all, "all-providers", false, "offer all providers")
	f.BoolVar(&p.typed, "typed-servers", false, "users may type servers by hand")
	f.BoolVar(&p.plain, "plain", false, "servers without encryption may be saved, each with a written reason")
	f.StringVar(&p.own, "own-accounts", "", "what users may change of their accounts: everything, provider, password or nothing")
	f.BoolVar(&p.confirmed, "confirm-domains", false, "a domain that a sign-in taught waits for an administrator")
	f.StringVar(&p.reportTo, "report-to", "", "`ADDRESS` that reports of problems go to; \"\" for the administrators' own")
	f.BoolVar(&p.alerts, "alerts-by-mail", true, "tell those concerned by mail when the incoming mail of an account is not processed any more")
	cmd.MarkFlagsMutuallyExclusive("providers", "all-providers")
	return cmd
}

// apply changes the rules that were named.
func (p *policyFlags) apply(cmd *cobra.Command, r *api.PolicyRules) {
	for name, set := range map[string]func(){
		"copies": func() { r.Copies = mailstead.CopyRule(p.copies) },
		"copy-profiles": func() {
			r.CopyProfiles = nil
			for _, id := range p.profiles {
				r.CopyProfiles = append(r.CopyProfiles, mailstead.ProfileID(id))
			}
		},
		"accounts-per-user": func() { r.AccountsPerUser = p.accounts },
		"providers": func() {
			r.LimitProviders, r.ProviderIDs = true, nil
			for _, id := range p.providers {
				r.ProviderIDs = append(r.ProviderIDs, mailstead.ProviderID(id))
			}
		},
		"all-providers":   func() { r.LimitProviders = !p.all },
		"typed-servers":   func() { r.TypedServers = p.typed },
		"plain":           func() { r.Plain = p.plain },
		"own-accounts":    func() { r.OwnAccounts = mailstead.AccountFreedom(p.own) },
		"confirm-domains": func() { r.ConfirmDomains = p.confirmed },
		"report-to":       func() { r.ReportTo = p.reportTo },
		"alerts-by-mail":  func() { r.AlertsByMail = p.alerts },
	} {
		if cmd.Flags().Changed(name) {
			set()
		}
	}
}
