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

func newOutbox(c *cli) *cobra.Command {
	var force bool
	retry := newOutboxStep(c, "retry", "Try to send a mail again now", &force)
	retry.Flags().BoolVar(&force, "force", false, "also when it may have been sent already: recipients may get it twice")
	return group("outbox", "See and steer outgoing mail", newOutboxList(c), newOutboxShow(c),
		newOutboxStep(c, "cancel", "Cancel a mail that has not been sent", new(bool)), retry)
}

func newOutboxList(c *cli) *cobra.Command {
	var states string
	cmd := &cobra.Command{
		Use: "list", Short: "List outgoing mail, newest first", Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			q := url.Values{"limit": {"100"}}
			if states != "" {
				q.Set("state", states)
			}
			return c.withClient(cmd.Context(), func(cl *client) error {
				return listAll(cmd.Context(), c, cl, "/outbox?"+q.Encode(), "ID\tSTATE\tFROM\tSUBJECT\tWHY\n", func(w io.Writer, m mailstead.OutgoingMessage) {
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", m.ID, m.State, m.From, m.Subject, orDash(m.Code))
				})
			})
		},
	}
	cmd.Flags().StringVar(&states, "state", "", "only these `STATES`, separated by commas: queued, held, sending, unknown, accepted, rejected, cancelled")
	return cmd
}

func newOutboxShow(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "Show an outgoing mail with its attempts", Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return get(cmd.Context(), c, "/outbox/"+url.PathEscape(args[0]), func(w io.Writer, m api.OutgoingDetail) {
				fmt.Fprintf(w, "Mail\t%s\nState\t%s\nFrom\t%s\nSubject\t%s\nMessage-ID\t<%s>\nWhy this account\t%s\n",
					m.ID, m.State, m.From, m.Subject, m.InternetMessageID, m.Reason.Reason)
				if m.Text != "" {
					fmt.Fprintf(w, "Problem\t%s %s [%s]\n", m.Text, m.Action, m.Code)
				}
				if m.Reply != "" {
					fmt.Fprintf(w, "The server said\t%s\n", m.Reply)
				}
				if m.SentCopy != "" {
					fmt.Fprintf(w, "Copy in Sent\t%s\n", m.SentCopy)
				}
				for _, r := range m.Recipients {
					fmt.Fprintf(w, "To\t%s\t%s\t%s\n", r.Address, r.State, r.Reply)
				}
				for _, a := range m.History {
					fmt.Fprintf(w, "Attempt %d\t%s\t%s\t%s\n", a.Number, when(a.EndedAt), a.State, a.Reply)
				}
			})
		},
	}
}

func newOutboxStep(c *cli, step, short string, force *bool) *cobra.Command {
	return &cobra.Command{
		Use: step + " ID", Short: short, Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withClient(cmd.Context(), func(cl *client) error {
				path := "/outbox/" + url.PathEscape(args[0]) + "/" + step
				if *force {
					path += "?force=true"
				}
				return ask(cmd.Context(), c, cl, http.MethodPost, path, nil, func(w io.Writer, m mailstead.OutgoingMessage) {
					fmt.Fprintf(w, "Mail %s is %s.\n", m.ID, m.State)
				})
			})
		},
	}
}
