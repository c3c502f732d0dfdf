package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
)

func newProvider(c *cli) *cobra.Command {
	return group("provider", "Look into the directory of providers and add own ones", newProviderList(c), newProviderShow(c),
		newProviderAdd(c), newProviderChange(c),
		newProviderHide(c, "hide", "Keep a provider from new connections; accounts that use it go on", true),
		newProviderHide(c, "offer", "Offer a hidden provider again", false),
		&cobra.Command{
			Use: "remove ID", Short: "Delete a provider that was added, when nothing uses it", Args: exactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error {
				return c.withClient(cmd.Context(), func(cl *client) error {
					if err := cl.call(cmd.Context(), http.MethodDelete, providerPath(args[0]), nil, nil); err != nil {
						return err
					}
					return c.done("Provider " + args[0] + " is deleted.")
				})
			},
		})
}

func providerPath(id string) string { return "/providers/" + url.PathEscape(id) }

func newProviderList(c *cli) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use: "list", Short: "List the providers that are offered", Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			path, head := "/providers", "ID\tNAME\tKIND\tSIGN-IN\n"
			if all {
				path, head = "/providers?all=true", "ID\tNAME\tKIND\tSIGN-IN\tACCOUNTS\tOFFERED\n"
			}
			return c.withFacts(cmd.Context(), func(cl *client) error {
				return listAll(cmd.Context(), c, cl, path, head, func(w io.Writer, p mailstead.Provider) {
					fmt.Fprintf(w, "%s\t%s\t%s\t%s", p.ID, p.Name, p.Kind, orDash(strings.Join(p.Auth, ", ")))
					if all {
						fmt.Fprintf(w, "\t%d\t%s", p.Accounts, yes(!p.Hidden))
					}
					fmt.Fprintln(w)
				})
			})
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "hidden ones too, with the number of their accounts")
	return cmd
}

func newProviderShow(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "Show a provider", Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return fact(cmd.Context(), c, providerPath(args[0]), writeProvider)
		},
	}
}

func writeProvider(w io.Writer, p mailstead.Provider) {
	fmt.Fprintf(w, "Provider\t%s (%s)\n", p.Name, p.ID)
	if p.CopyOf != "" {
		fmt.Fprintf(w, "Copy of\t%s\n", p.CopyOf)
	}
	fmt.Fprintf(w, "Domains\t%s\n", strings.Join(p.Domains, ", "))
	for _, s := range p.Incoming {
		fmt.Fprintf(w, "Incoming\t%s %s\n", s.Protocol, s)
	}
	for _, s := range p.Outgoing {
		fmt.Fprintf(w, "Outgoing\t%s %s\n", s.Protocol, s)
	}
	writeInstructions(w, p.Instructions, p.CheckedIn)
	for _, line := range []struct{ name, text string }{{"App password", p.AppPasswordURL}, {"Notes", p.Notes}} {
		if line.text != "" {
			fmt.Fprintf(w, "%s\t%s\n", line.name, line.text)
		}
	}
	if p.PasswordDays != 0 {
		fmt.Fprintf(w, "Passwords\twork for %d days\n", p.PasswordDays)
	}
	if p.Hidden {
		fmt.Fprintln(w, "Hidden\tnot offered for new connections")
	}
}

// providerFlags are what a provider is added and changed by.
type providerFlags struct {
	name, username, notes, page string
	in, out, domains            []string
	appPassword, noSignIn       bool
	passwordDays                int
}

func (f *providerFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringArrayVar(&f.in, "incoming", nil, "incoming `SERVER`: HOST:PORT:SECURITY, pop3s://HOST for POP3; may be repeated, best first")
	fl.StringArrayVar(&f.out, "outgoing", nil, "outgoing `SERVER`: HOST:PORT:SECURITY; may be repeated, best first")
	fl.StringArrayVar(&f.domains, "domain", nil, "mail `DOMAIN` that belongs to it; may be repeated, all must be named")
	fl.StringVar(&f.username, "username", "", "`FORM` of the login: email (the address), local (the part before @) or custom")
	fl.BoolVar(&f.appPassword, "app-password", false, "people sign in with a password for programs")
	fl.BoolVar(&f.noSignIn, "no-sign-in", false, "a relay that takes mail without a sign-in; it has no incoming server")
	fl.StringVar(&f.page, "app-page", "", "`URL` of the page where people make a password for programs")
	fl.IntVar(&f.passwordDays, "valid-days", 0, "passwords work for `N` days: their owners are told before; 0 for always")
	fl.StringVar(&f.notes, "help-text", "", "`TEXT` that people are told at the sign-in")
}

// fields are what the flags say; what was not given is left out.
func (f *providerFlags) fields(cmd *cobra.Command) (api.ProviderFields, error) {
	var p api.ProviderFields
	incoming, outgoing, err := parseServers(f.in, f.out)
	if err != nil {
		return p, err
	}
	in, out := api.KnownServers(incoming), api.KnownServers(outgoing)
	given := cmd.Flags().Changed
	for _, x := range []struct {
		flag string
		set  func()
	}{
		{"name", func() { p.Name = &f.name }},
		{"incoming", func() { p.Incoming = &in }},
		{"outgoing", func() { p.Outgoing = &out }},
		{"domain", func() { p.Domains = &f.domains }},
		{"app-page", func() { p.AppPasswordURL = &f.page }},
		{"valid-days", func() { p.PasswordDays = &f.passwordDays }},
		{"help-text", func() { p.Notes = &f.notes }},
		{"app-password", func() { p.Auth = &[]string{mailstead.AuthAppPassword} }},
		{"no-sign-in", func() { p.Auth = &[]string{mailstead.AuthNone} }},
		{"username", func() {
			p.Username = make(map[mailstead.Protocol]mailstead.UsernameForm)
			for _, protocol := range []mailstead.Protocol{mailstead.IMAP, mailstead.POP3, mailstead.SMTP} {
				p.Username[protocol] = mailstead.UsernameForm(f.username)
			}
		}},
	} {
		if given(x.flag) {
			x.set()
		}
	}
	return p, nil
}

func newProviderAdd(c *cli) *cobra.Command {
	var f providerFlags
	var copyOf string
	cmd := &cobra.Command{
		Use: "add NAME", Short: "Add a provider, new or as a copy of another one", Args: exactArgs(1),
		Example: "  mailstead provider add \"Our mail\" --incoming mail.example.com:993:tls --outgoing mail.example.com:587:starttls --domain example.com\n" +
			"  mailstead provider add \"Relay\" --outgoing relay.example.com:587:starttls --no-sign-in\n" +
			"  mailstead provider add \"Gmail for us\" --copy-of gmail --help-text \"Ask the help desk.\"",
		RunE: func(cmd *cobra.Command, args []string) error {
			fields, err := f.fields(cmd)
			if err != nil {
				return err
			}
			fields.Name = &args[0]
			body := api.NewProvider{CopyOf: mailstead.ProviderID(copyOf), ProviderFields: fields}
			return c.withNew(cmd.Context(), func(cl *client) error {
				return ask(cmd.Context(), c, cl, http.MethodPost, "/providers", body, func(w io.Writer, p mailstead.Provider) {
					fmt.Fprintf(w, "Provider %s is added: %s\n", p.ID, p.Name)
				})
			})
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&copyOf, "copy-of", "", "`PROVIDER` (id) that it begins as a copy of")
	return cmd
}

func newProviderChange(c *cli) *cobra.Command {
	var f providerFlags
	cmd := &cobra.Command{
		Use: "change ID", Short: "Change a provider that was added", Args: exactArgs(1),
		Long:    "Changes what the flags name of a provider that was added; accounts that are connected keep their servers.",
		Example: "  mailstead provider change own-our-mail --help-text \"The password is that of the intranet.\"",
		RunE: func(cmd *cobra.Command, args []string) error {
			fields, err := f.fields(cmd)
			if err != nil {
				return err
			}
			return c.withClient(cmd.Context(), func(cl *client) error {
				return ask(cmd.Context(), c, cl, http.MethodPatch, providerPath(args[0]), fields, func(w io.Writer, p mailstead.Provider) {
					fmt.Fprintf(w, "Provider %s is changed.\n", p.ID)
				})
			})
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&f.name, "name", "", "`NAME` that people see")
	return cmd
}

// newProviderHide hides a provider or offers it again.
func newProviderHide(c *cli, verb, short string, hidden bool) *cobra.Command {
	return &cobra.Command{
		Use: verb + " ID", Short: short, Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withNew(cmd.Context(), func(cl *client) error {
				return ask(cmd.Context(), c, cl, http.MethodPut, providerPath(args[0])+"/hidden", api.ProviderHiding{Hidden: hidden}, func(w io.Writer, p mailstead.Provider) {
					text := "is offered"
					if p.Hidden {
						text = "is hidden"
					}
					fmt.Fprintf(w, "Provider %s %s.\n", p.ID, text)
				})
			})
		},
	}
}
