package main

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
)

func newDomain(c *cli) *cobra.Command {
	var provider, username string
	var in, out []string
	set := &cobra.Command{
		Use: "set DOMAIN", Short: "Say which provider or servers a domain has", Args: exactArgs(1),
		Example: "  mailstead domain set example.com --provider aruba\n" +
			"  mailstead domain set example.com --incoming mail.example.com:993:tls --outgoing mail.example.com:465:tls",
		RunE: func(cmd *cobra.Command, args []string) error {
			incoming, outgoing, err := parseServers(in, out)
			if err != nil {
				return err
			}
			d := api.DomainMapping{
				ProviderID: mailstead.ProviderID(provider), Username: mailstead.UsernameForm(username),
				Incoming: api.KnownServers(incoming), Outgoing: api.KnownServers(outgoing),
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
	return group("domain", "Manage the table of mail domains", set, newDomainList(c),
		newDomainJudge(c, "approve", "Make what a colleague's sign-in taught the word of the administrators", "approved"),
		newDomainJudge(c, "reject", "Keep what a colleague's sign-in taught from being used and learnt again", "rejected"),
		&cobra.Command{
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

// parseServers understands servers as they are typed, by imap and smtp with TLS
// unless they say something else.
func parseServers(in, out []string) (incoming, outgoing []mailstead.Server, err error) {
	for _, side := range []struct {
		typed    []string
		field    string
		fallback mailstead.Server
		list     *[]mailstead.Server
	}{
		{in, "incoming", mailstead.Server{Protocol: mailstead.IMAP, Security: mailstead.SecurityTLS}, &incoming},
		{out, "outgoing", mailstead.Server{Protocol: mailstead.SMTP, Security: mailstead.SecurityTLS}, &outgoing},
	} {
		for _, text := range side.typed {
			s, err := mailstead.ParseServer(text, side.field, side.fallback)
			if err != nil {
				return nil, nil, err
			}
			*side.list = append(*side.list, s)
		}
	}
	return incoming, outgoing, nil
}

func newDomainList(c *cli) *cobra.Command {
	var waiting bool
	cmd := &cobra.Command{
		Use: "list", Short: "List the table of domains", Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			path := "/domains?limit=100"
			if waiting {
				path += "&waiting=true"
			}
			return c.withClient(cmd.Context(), func(cl *client) error {
				return listAll(cmd.Context(), c, cl, path, "DOMAIN\tPROVIDER\tSOURCE\tSTATE\tACCOUNTS\n", func(w io.Writer, d mailstead.Domain) {
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\n", d.Name, orDash(string(d.ProviderID)), d.Source, cmp.Or(string(d.State), "in use"), d.Accounts)
				})
			})
		},
	}
	cmd.Flags().BoolVar(&waiting, "waiting", false, "only domains that wait for confirmation")
	return cmd
}

// newDomainJudge approves or rejects.
func newDomainJudge(c *cli, verb, short, done string) *cobra.Command {
	return &cobra.Command{
		Use: verb + " DOMAIN", Short: short, Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withClient(cmd.Context(), func(cl *client) error {
				path := "/domains/" + url.PathEscape(args[0]) + "/" + verb
				return ask(cmd.Context(), c, cl, http.MethodPost, path, nil, func(w io.Writer, d mailstead.Domain) {
					fmt.Fprintf(w, "Domain %s is %s.\n", d.Name, done)
				})
			})
		},
	}
}
