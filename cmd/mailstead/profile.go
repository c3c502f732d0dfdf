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
	return group("profile", "Manage the profiles that users have", &cobra.Command{
		Use: "add NAME", Short: "Add a profile", Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withNew(cmd.Context(), func(cl *client) error {
				return ask(cmd.Context(), c, cl, http.MethodPost, "/profiles", api.NewProfile{Name: args[0]}, func(w io.Writer, p mailstead.Profile) {
					fmt.Fprintf(w, "Profile %s is added: %s\n", p.ID, p.Name)
				})
			})
		},
	}, &cobra.Command{
		Use: "list", Short: "List profiles", Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withClient(cmd.Context(), func(cl *client) error {
				return listAll(cmd.Context(), c, cl, "/profiles", "ID\tNAME\n", func(w io.Writer, p mailstead.Profile) {
					fmt.Fprintf(w, "%s\t%s\n", p.ID, p.Name)
				})
			})
		},
	})
}

func newDomain(c *cli) *cobra.Command {
	var provider, username string
	var in, out []string
	set := &cobra.Command{
		Use: "set DOMAIN", Short: "Say which provider or servers a domain has", Args: exactArgs(1),
		Example: "  mailstead domain set example.com --provider aruba\n" +
			"  mailstead domain set example.com --incoming mail.example.com:993:tls --outgoing mail.example.com:465:tls",
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
			return c.withNew(cmd.Context(), func(cl *client) error {
				return ask(cmd.Context(), c, cl, http.MethodPut, "/domains/"+url.PathEscape(args[0]), d, func(w io.Writer, d mailstead.Domain) {
					fmt.Fprintf(w, "Domain %s is set.\n", d.Name)
				})
			})
		},
	}
	set.Flags().StringVar(&provider, "provider", "", "`PROVIDER` (id)")
	set.Flags().StringVar(&username, "username", "email", "`FORM` of the login: email (the address), local (the part before @) or custom")
	set.Flags().StringArrayVar(&in, "incoming", nil, "incoming `SERVER`: HOST:PORT:SECURITY; may be repeated, best first")
	set.Flags().StringArrayVar(&out, "outgoing", nil, "outgoing `SERVER`: HOST:PORT:SECURITY; may be repeated, best first")
	return group("domain", "Manage the table of mail domains", set, &cobra.Command{
		Use: "list", Short: "List the table of domains", Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withClient(cmd.Context(), func(cl *client) error {
				return listAll(cmd.Context(), c, cl, "/domains?limit=100", "DOMAIN\tPROVIDER\tSOURCE\n", func(w io.Writer, d mailstead.Domain) {
					fmt.Fprintf(w, "%s\t%s\t%s\n", d.Name, orDash(string(d.ProviderID)), d.Source)
				})
			})
		},
	}, &cobra.Command{
		Use: "remove DOMAIN", Short: "Forget a domain", Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withClient(cmd.Context(), func(cl *client) error {
				if err := cl.call(cmd.Context(), http.MethodDelete, "/domains/"+url.PathEscape(args[0]), nil, nil); err != nil {
					return err
				}
				return c.done("Domain " + args[0] + " is forgotten.")
			})
		},
	})
}
