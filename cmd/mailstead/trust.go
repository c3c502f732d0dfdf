package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
)

func newTrust(c *cli) *cobra.Command {
	return group("trust", "Trust a key or an authority for one mail server",
		&cobra.Command{
			Use: "list", Short: "List the servers that are trusted", Args: exactArgs(0),
			RunE: func(cmd *cobra.Command, _ []string) error {
				return c.withClient(cmd.Context(), func(cl *client) error {
					return listAll(cmd.Context(), c, cl, "/trusted-servers", "ID\tSERVER\tKIND\tFINGERPRINT\tREASON\n", func(w io.Writer, t mailstead.TrustedServer) {
						fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", t.ID, net.JoinHostPort(t.Host, strconv.Itoa(t.Port)), t.Kind, t.Fingerprint, t.Reason)
					})
				})
			},
		},
		newTrustAdd(c),
		&cobra.Command{
			Use: "delete ID", Short: "End a trust", Args: exactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error {
				return c.withClient(cmd.Context(), func(cl *client) error {
					if err := cl.call(cmd.Context(), http.MethodDelete, "/trusted-servers/"+url.PathEscape(args[0]), nil, nil); err != nil {
						return err
					}
					return c.done("Trust " + args[0] + " is ended.")
				})
			},
		})
}

func newTrustAdd(c *cli) *cobra.Command {
	var key, file, reason string
	cmd := &cobra.Command{
		Use: "add HOST:PORT", Short: "Trust the key of a server, or an authority for it", Args: exactArgs(1),
		Long: "Trusts one server although no known authority vouches for its certificate. A test of the connection shows its key\n" +
			"(mailstead account test, or the wizard): compare it with what whoever runs the server tells.",
		Example: "  mailstead trust add mail.example.com:993 --key 5ab1… --reason 'our own server'\n" +
			"  mailstead trust add mail.example.com:993 --authority ca.pem --reason 'the authority of the house'",
		RunE: func(cmd *cobra.Command, args []string) error {
			host, text, err := net.SplitHostPort(args[0])
			port, bad := strconv.Atoi(text)
			if err != nil || bad != nil {
				return mailstead.Invalid("host", "input.host", "Write the server as HOST:PORT, for example mail.example.com:993.")
			}
			in := api.NewTrust{Host: host, Port: port, Kind: mailstead.TrustKey, Fingerprint: key, Reason: reason}
			if file != "" {
				b, err := readFile(file, c.io.in)
				if err != nil {
					return err
				}
				in.Kind, in.Certificate = mailstead.TrustAuthority, string(b)
			}
			return c.withClient(cmd.Context(), func(cl *client) error {
				return ask(cmd.Context(), c, cl, http.MethodPost, "/trusted-servers", in, func(w io.Writer, t mailstead.TrustedServer) {
					fmt.Fprintf(w, "%s is trusted (%s).\n", args[0], t.ID)
				})
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&key, "key", "", "`SHA256` of the key that the server shows")
	f.StringVar(&file, "authority", "", "PEM `FILE` of the authority instead; - is standard input")
	f.StringVar(&reason, "reason", "", "`REASON` in words; needed")
	return cmd
}

// writeChain tells what a server showed of itself.
func writeChain(w io.Writer, chain []mailstead.Certificate) {
	for i := range chain {
		cert := &chain[i]
		fmt.Fprintf(w, "    Certificate: %s, signed by %s, valid until %s\n", cert.Subject, cert.Issuer, cert.NotAfter.Format("2006-01-02"))
		if i == 0 {
			fmt.Fprintf(w, "    Its key (SHA-256): %s\n", cert.KeySHA256)
		}
	}
}
