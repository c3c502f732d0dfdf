package main

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
	"github.com/mailstead/mailstead/discover"
)

func newDiscover(c *cli) *cobra.Command {
	var offline bool
	cmd := &cobra.Command{
		Use: "discover ADDRESS", Short: "Recognise the provider and the servers of an address", Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			// Both ways ask only the table of domains and the built-in facts until
			// network discovery exists.
			_ = offline
			return c.withClient(cmd.Context(), func(cl *client) error {
				return ask(cmd.Context(), c, cl, http.MethodPost, "/connect/discover", api.AddressInput{Address: args[0]}, writeDiscovery)
			})
		},
	}
	cmd.Flags().BoolVar(&offline, "offline", false, "use only the domain table and built-in facts")
	return cmd
}

func writeDiscovery(w io.Writer, r discover.Result) {
	if r.Provider.ID != "" {
		fmt.Fprintf(w, "Provider\t%s (%s)\n", r.Provider.Name, r.Provider.ID)
	}
	fmt.Fprintf(w, "Source\t%s\n", r.Source)
	for _, side := range []struct {
		name string
		list []discover.Candidate
	}{{"Incoming", r.Incoming}, {"Outgoing", r.Outgoing}} {
		for _, s := range side.list {
			fmt.Fprintf(w, "%s\t%s %s as %s\n", side.name, s.Protocol, s.Server, s.Username)
		}
	}
	for _, line := range []struct{ name, text string }{
		{"Problem", r.Problem}, {"App password", r.AppPasswordURL}, {"Switch on", r.EnableURL}, {"Notes", r.Notes},
	} {
		if line.text != "" {
			fmt.Fprintf(w, "%s\t%s\n", line.name, line.text)
		}
	}
	for _, e := range r.Evidence {
		fmt.Fprintf(w, "Evidence\t%s\n", e)
	}
}

func newDoctor(c *cli) *cobra.Command {
	var imap, smtp, login, address string
	var stdin bool
	cmd := &cobra.Command{
		Use:   "doctor [ACCOUNT]",
		Short: "Test the connections of an account, or of servers given by flags",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				return c.test(cmd.Context(), "/accounts/"+args[0]+"/test", nil)
			}
			if imap == "" && smtp == "" {
				return fmt.Errorf("%w: name an account, or servers by --imap and --smtp", errUsage)
			}
			return c.doctor(cmd.Context(), imap, smtp, login, address, stdin)
		},
	}
	f := cmd.Flags()
	f.StringVar(&imap, "imap", "", "incoming server: HOST:PORT:SECURITY")
	f.StringVar(&smtp, "smtp", "", "outgoing server: HOST:PORT:SECURITY")
	f.StringVar(&login, "login", "", "user name")
	f.StringVar(&address, "address", "", "mail address (default: the login)")
	f.BoolVar(&stdin, "password-stdin", false, "read the password from standard input")
	return cmd
}

func (c *cli) doctor(ctx context.Context, imap, smtp, login, address string, stdin bool) error {
	if address == "" {
		address = login
	}
	r := api.ConnectRequest{Address: address, SendOnly: imap == "", ReceiveOnly: smtp == ""}
	if imap != "" {
		r.Incoming = &api.ServerInput{Host: imap, Login: login}
	}
	if smtp != "" {
		r.Outgoing = &api.ServerInput{Host: smtp, Login: login}
	}
	body := secretBody{body: r}
	if stdin {
		password, err := c.readSecret("password")
		if err != nil {
			return err
		}
		body.secrets = map[string]mailstead.Secret{"password": password}
	}
	return c.test(ctx, "/connect/test", body)
}
