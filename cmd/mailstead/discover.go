package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
	"github.com/mailstead/mailstead/discover"
)

func newDiscover(c *cli) *cobra.Command {
	var offline bool
	cmd := &cobra.Command{
		Use: "discover ADDRESS", Short: "Recognise the provider and the servers of an address", Args: exactArgs(1),
		Long: "Recognises the provider and the servers of ADDRESS by the table of domains and the built-in directory of\n" +
			"providers, else by what the domain publishes in DNS and on its web server, else by the names that mail\n" +
			"servers usually have. No password is needed, and none is sent. Says what was asked, what came of it and how\n" +
			"long it took.",
		Example: "  mailstead discover anna@gmail.com",
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withFacts(cmd.Context(), func(cl *client) error {
				return ask(cmd.Context(), c, cl, http.MethodPost, "/connect/discover", api.DiscoverInput{Address: args[0], Offline: offline}, writeDiscovery)
			})
		},
	}
	cmd.Flags().BoolVar(&offline, "offline", false, "ask nobody outside: only what is known here")
	return cmd
}

// sourceWords says where knowledge comes from.
func sourceWords(s mailstead.DomainSource) string {
	switch s {
	case mailstead.DomainBuiltIn:
		return "the built-in directory"
	case mailstead.DomainAdministrator:
		return "the table of domains, set by an administrator"
	case mailstead.DomainLearned:
		return "the table of domains, learnt from a colleague's sign-in"
	case discover.SourceMX:
		return "the mail exchanger of the domain (MX)"
	case discover.SourcePACC:
		return "the configuration file of the domain, which its name server vouches for (PACC)"
	case discover.SourceSRV:
		return "the name server of the domain (SRV)"
	case discover.SourceAutoconfig:
		return "the configuration file of the domain (autoconfig)"
	case discover.SourceMXAutoconfig:
		return "the configuration file of the domain's mail exchanger (autoconfig)"
	case discover.SourcePublicDirectory:
		return "the public directory of mail services"
	case discover.SourceAutodiscover:
		return "the web server of the domain, which names its Exchange server (Autodiscover)"
	case discover.SourceGuess:
		return "a guess: the usual names lead to servers with valid certificates"
	default:
		return "nowhere: name its servers"
	}
}

// writeInstructions says what the users of a provider have to do and to know.
func writeInstructions(w io.Writer, all []mailstead.Instruction, checkedIn string) {
	for _, in := range all {
		name, text := "To know", in.Text
		if in.Step {
			name = "To do"
		}
		if in.URL != "" {
			text += " " + in.URL
		}
		fmt.Fprintf(w, "%s\t%s\n", name, text)
	}
	if len(all) > 0 {
		fmt.Fprintf(w, "As of\t%s\n", checkedIn)
	}
}

func writeDiscovery(w io.Writer, r discover.Result) {
	if r.Provider.ID != "" {
		fmt.Fprintf(w, "Provider\t%s (%s)\n", r.Provider.Name, r.Provider.ID)
	}
	fmt.Fprintf(w, "Known from\t%s\n", sourceWords(r.Source))
	for _, side := range []struct {
		name string
		list []discover.Candidate
	}{{"Incoming", r.Incoming}, {"Outgoing", r.Outgoing}} {
		for _, s := range side.list {
			fmt.Fprintf(w, "%s\t%s %s as %s\n", side.name, s.Protocol, s.Server, s.Username)
		}
	}
	writeInstructions(w, r.Instructions, r.CheckedIn)
	links := []struct{ name, text string }{{"App password", r.AppPasswordURL}, {"Switch on", r.EnableURL}}
	if len(r.Instructions) > 0 {
		links = nil // They stand at the instructions.
	}
	for _, line := range append(links, []struct{ name, text string }{{"Problem", r.Problem}, {"Notes", r.Notes}}...) {
		if line.text != "" {
			fmt.Fprintf(w, "%s\t%s\n", line.name, line.text)
		}
	}
	if len(r.Foreign) > 0 {
		fmt.Fprintf(w, "Another domain\t%s: connect with --confirm-servers if you trust it\n", strings.Join(r.Foreign, ", "))
	}
	for _, e := range r.Evidence {
		fmt.Fprintf(w, "Evidence\t%s\n", e)
	}
	for _, q := range r.Questions {
		outcome := string(q.Outcome)
		if q.Code != "" {
			outcome += " (" + q.Code + ")"
		}
		fmt.Fprintf(w, "Asked\t%s: %s, %d ms, %s: %s\n", q.Source, q.Asked, q.TookMS, outcome, q.Said)
	}
	if len(r.Incoming)+len(r.Outgoing) > 0 && r.Problem == "" {
		fmt.Fprintf(w, "Next\tmailstead account connect %s\n", r.Address)
	}
}

func newDoctor(c *cli) *cobra.Command {
	var imap, pop3, smtp, login, address string
	var stdin bool
	cmd := &cobra.Command{
		Use:   "doctor [ACCOUNT]",
		Short: "Test the connections of an account, or of servers given by flags",
		Long: "Tests the connections of the stored ACCOUNT (id) or, before anything is stored, of the servers given by\n" +
			"flags: every step is shown, and what fails is told in plain words. Nothing is stored, no mail is sent.",
		Example: "  mailstead doctor 1\n" +
			"  mailstead doctor --imap mail.example.com:993:tls --smtp mail.example.com:587:starttls --login anna@example.com",
		Args: rangeArgs(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			servers := imap != "" || pop3 != "" || smtp != ""
			switch {
			case servers == (len(args) == 1):
				return usage(cmd, "Name either an account, or servers by --imap or --pop3 and --smtp.")
			case !servers:
				return c.withClient(cmd.Context(), func(cl *client) error {
					return c.test(cmd.Context(), cl, "/accounts/"+url.PathEscape(args[0])+"/test", nil)
				})
			case login == "":
				return usage(cmd, "Name the user by --login.")
			}
			if _, person := c.terminal(); !person && !stdin {
				return usage(cmd, "The password is needed: give it on standard input, with --password-stdin.")
			}
			in := &api.ServerInput{Host: imap, Login: login}
			if pop3 != "" {
				in.Host, in.Protocol = pop3, mailstead.POP3
			}
			return c.doctor(cmd.Context(), in, smtp, login, address)
		},
	}
	f := cmd.Flags()
	f.StringVar(&imap, "imap", "", "incoming `SERVER`: HOST:PORT:SECURITY")
	f.StringVar(&pop3, "pop3", "", "incoming `SERVER` by POP3: HOST:PORT:SECURITY")
	f.StringVar(&smtp, "smtp", "", "outgoing `SERVER`: HOST:PORT:SECURITY")
	f.StringVar(&login, "login", "", "user `NAME`")
	f.StringVar(&address, "address", "", "mail `ADDRESS` (default: the login)")
	f.BoolVar(&stdin, "password-stdin", false, "read the password from standard input (a person at a terminal is asked)")
	cmd.MarkFlagsMutuallyExclusive("imap", "pop3")
	return cmd
}

func (c *cli) doctor(ctx context.Context, in *api.ServerInput, smtp, login, address string) error {
	if address == "" {
		address = login
	}
	r := api.ConnectRequest{Address: address, SendOnly: in.Host == "", ReceiveOnly: smtp == ""}
	if in.Host != "" {
		r.Incoming = in
	}
	if smtp != "" {
		r.Outgoing = &api.ServerInput{Host: smtp, Login: login}
	}
	password, err := c.readPassword()
	if err != nil {
		return err
	}
	body := secretBody{r, map[string]mailstead.Secret{"password": password}}
	return c.withFacts(ctx, func(cl *client) error { return c.test(ctx, cl, "/connect/test", body) })
}
