package main

import (
	"fmt"
	"io"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/mailstead/mailstead"
)

func newError(c *cli) *cobra.Command {
	cmd := &cobra.Command{Use: "error", Short: "Understand errors of mail servers"}
	var protocol, provider string
	explain := &cobra.Command{
		Use: "explain --protocol P TEXT", Short: "Put a mail server's words into plain ones", Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			q := url.Values{"protocol": {protocol}, "provider": {provider}, "text": {args[0]}}
			return get(cmd.Context(), c, "/explain?"+q.Encode(), func(w io.Writer, x mailstead.Explanation) {
				fmt.Fprintf(w, "%s\n%s\nWho: %s. Retry: %s. Code: %s.\n", x.Cause, x.Action, x.Who, x.Retry, x.Code)
			})
		},
	}
	explain.Flags().StringVar(&protocol, "protocol", "imap", "imap, smtp, smtp-deliver, pop3, oauth, http …")
	explain.Flags().StringVar(&provider, "provider", "", "provider: an id, a name or a comma list")
	cmd.AddCommand(explain)
	return cmd
}
