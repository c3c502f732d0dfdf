package main

import (
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mailstead/mailstead"
)

func newProvider(c *cli) *cobra.Command {
	return group("provider", "Look into the directory of providers", &cobra.Command{
		Use: "list", Short: "List all providers", Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withFacts(cmd.Context(), func(cl *client) error {
				return listAll(cmd.Context(), c, cl, "/providers", "ID\tNAME\tKIND\tSIGN-IN\n", func(w io.Writer, p mailstead.Provider) {
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", p.ID, p.Name, p.Kind, orDash(strings.Join(p.Auth, ", ")))
				})
			})
		},
	}, &cobra.Command{
		Use: "show ID", Short: "Show a provider", Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return fact(cmd.Context(), c, "/providers/"+url.PathEscape(args[0]), func(w io.Writer, p mailstead.Provider) {
				fmt.Fprintf(w, "Provider\t%s (%s)\nDomains\t%s\n", p.Name, p.ID, strings.Join(p.Domains, ", "))
				for _, s := range p.Incoming {
					fmt.Fprintf(w, "Incoming\t%s %s\n", s.Protocol, s)
				}
				for _, s := range p.Outgoing {
					fmt.Fprintf(w, "Outgoing\t%s %s\n", s.Protocol, s)
				}
				if p.Notes != "" {
					fmt.Fprintf(w, "Notes\t%s\n", p.Notes)
				}
			})
		},
	})
}
