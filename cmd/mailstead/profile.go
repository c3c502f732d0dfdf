package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
)

func newProfile(c *cli) *cobra.Command {
	cmd := &cobra.Command{Use: "profile", Short: "Manage the profiles that users have"}
	cmd.AddCommand(&cobra.Command{
		Use: "add NAME", Short: "Add a profile", Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withClient(cmd.Context(), func(cl *client) error {
				return ask(cmd.Context(), c, cl, http.MethodPost, "/profiles", api.NewProfile{Name: args[0]}, func(w io.Writer, p mailstead.Profile) {
					fmt.Fprintf(w, "Profile %s is added: %s\n", p.ID, p.Name)
				})
			})
		},
	}, &cobra.Command{
		Use: "list", Short: "List profiles", Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return get(cmd.Context(), c, "/profiles", func(w io.Writer, p page[mailstead.Profile]) {
				fmt.Fprint(w, "ID\tNAME\n")
				for _, p := range p.Items {
					fmt.Fprintf(w, "%s\t%s\n", p.ID, p.Name)
				}
			})
		},
	})
	return cmd
}

func newDomain(c *cli) *cobra.Command {
	cmd := &cobra.Command{Use: "domain", Short: "Manage the table of mail domains"}
	var provider, username string
	var in, out []string
	set := &cobra.Command{
		Use: "set DOMAIN", Short: "Say which provider or servers a domain has", Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			d := api.DomainMapping{ProviderID: mailstead.ProviderID(provider), Username: mailstead.UsernameForm(username)}
			for _, side := range []struct {
				typed    []string
				field    string
				fallback mailstead.Server
				list     *[]mailstead.Server
			}{
				{in, "incoming", mailstead.Server{Protocol: mailstead.IMAP, Security: mailstead.SecurityTLS}, &d.Incoming},
				{out, "outgoing", mailstead.Server{Protocol: mailstead.SMTP, Security: mailstead.SecurityTLS}, &d.Outgoing},
			} {
				for _, text := range side.typed {
					s, err := mailstead.ParseServer(text, side.field, side.fallback)
					if err != nil {
						return err
					}
					*side.list = append(*side.list, s)
				}
			}
			return c.withClient(cmd.Context(), func(cl *client) error {
				return ask(cmd.Context(), c, cl, http.MethodPut, "/domains/"+url.PathEscape(args[0]), d, func(w io.Writer, d mailstead.Domain) {
					fmt.Fprintf(w, "Domain %s is set.\n", d.Name)
				})
			})
		},
	}
	set.Flags().StringVar(&provider, "provider", "", "provider (id)")
	set.Flags().StringVar(&username, "username", "email", "login: email, local or custom")
	set.Flags().StringArrayVar(&in, "incoming", nil, "incoming server: HOST:PORT:SECURITY")
	set.Flags().StringArrayVar(&out, "outgoing", nil, "outgoing server: HOST:PORT:SECURITY")
	cmd.AddCommand(set, &cobra.Command{
		Use: "list", Short: "List the table of domains", Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withClient(cmd.Context(), func(cl *client) error {
				return listAll(cmd.Context(), c, cl, "/domains?limit=100", "DOMAIN\tPROVIDER\tSOURCE\n", func(w io.Writer, d mailstead.Domain) {
					fmt.Fprintf(w, "%s\t%s\t%s\n", d.Name, d.ProviderID, d.Source)
				})
			})
		},
	}, &cobra.Command{
		Use: "remove DOMAIN", Short: "Forget a domain", Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withClient(cmd.Context(), func(cl *client) error {
				return cl.call(cmd.Context(), http.MethodDelete, "/domains/"+url.PathEscape(args[0]), nil, nil)
			})
		},
	})
	return cmd
}
