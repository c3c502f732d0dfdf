package main

import (
	"fmt"
	"io"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/mailstead/mailstead"
)

func newError(c *cli) *cobra.Command {
	var protocol, provider string
	explain := &cobra.Command{
		Use: "explain TEXT", Short: "Put a mail server's words into plain ones", Args: exactArgs(1),
		Example: "  mailstead error explain --protocol smtp '535 5.7.8 Username and Password not accepted'",
		RunE: func(cmd *cobra.Command, args []string) error {
			q := url.Values{"protocol": {protocol}, "provider": {provider}, "text": {args[0]}}
			return fact(cmd.Context(), c, "/explain?"+q.Encode(), func(w io.Writer, x mailstead.Explanation) {
				fmt.Fprintf(w, "Cause\t%s\nWhat to do\t%s\nWho\t%s\nTry again\t%s\nCode\t%s\n",
					x.Cause, x.Action, whoWords(x.Who), retryWords(x.Retry), x.Code)
			})
		},
	}
	explain.Flags().StringVar(&protocol, "protocol", "any", "`PROTOCOL`: imap, smtp, smtp-deliver, pop3, oauth, http …")
	explain.Flags().StringVar(&provider, "provider", "", "`PROVIDER`: an id, a name or a comma list")
	return group("error", "Understand errors of mail servers", explain)
}

// whoWords says who must act.
func whoWords(who string) string {
	switch who {
	case "user":
		return "the mailbox's owner"
	case "admin":
		return "an administrator"
	case "provider":
		return "the provider"
	default:
		return "nobody: Mailstead does it"
	}
}

// retryWords says when a repetition makes sense.
func retryWords(retry string) string {
	switch retry {
	case "now":
		return "at once"
	case "later":
		return "later, by itself"
	case "never":
		return "never"
	case "admin":
		return "after the administrator has acted"
	default:
		return "after the owner has acted"
	}
}
