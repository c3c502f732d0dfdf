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

func newNotice(c *cli) *cobra.Command {
	list := &cobra.Command{
		Use: "list", Short: "List accounts whose incoming mail is not processed, sign-ins that end soon, and whom that is told", Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withClient(cmd.Context(), func(cl *client) error {
				return listAll(cmd.Context(), c, cl, "/notices", "ID\tUSER\tACCOUNT\tADDRESS\tSTATE\tSINCE\tREASON\n", func(w io.Writer, n mailstead.Notice) {
					account, reason := n.AccountID.String(), orDash(n.Code)
					if n.AppID != 0 {
						account = "app " + n.AppID.String()
					}
					if n.Credential != nil {
						reason = string(n.Credential.Reason) + ", until " + when(n.Credential.EndsAt)
					}
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", n.ID, n.UserID, account, n.Label(), n.Kind, when(n.Since), reason)
				})
			})
		},
	}
	read := &cobra.Command{
		Use: "read ID", Short: "Put a notice away", Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withClient(cmd.Context(), func(cl *client) error {
				if err := cl.call(cmd.Context(), http.MethodPost, "/notices/"+url.PathEscape(args[0])+"/read", nil, nil); err != nil {
					return err
				}
				return c.done("The notice is put away.")
			})
		},
	}
	return group("notice", "What people are told when an account stops or its sign-in ends", list, read)
}

func newReport(c *cli) *cobra.Command {
	var r api.ProblemReport
	var preview bool
	cmd := &cobra.Command{
		Use: "report [WORDS]", Short: "Report a problem to those who look after Mailstead; without words they are read from standard input",
		Args: cobra.ArbitraryArgs,
		Example: "  mailstead report The list of mails stays empty\n" +
			"  mailstead report --preview --code imap.bad_response 'No mail since noon'",
		RunE: func(cmd *cobra.Command, args []string) error {
			r.What = strings.Join(args, " ")
			if len(args) == 0 {
				var err error
				if r.What, err = c.readText(); err != nil {
					return err
				}
			}
			return c.withClient(cmd.Context(), func(cl *client) error {
				if preview {
					return ask(cmd.Context(), c, cl, http.MethodPost, "/problem-reports/preview", r, writeReportView)
				}
				return ask(cmd.Context(), c, cl, http.MethodPost, "/problem-reports", r, func(w io.Writer, m mailstead.OutgoingMessage) {
					fmt.Fprintf(w, "The report is mail %s of the outbox, from %s: %s\n", m.ID, m.From, m.State)
				})
			})
		},
	}
	cmd.Flags().BoolVar(&preview, "preview", false, "show what would be sent, and send nothing")
	cmd.Flags().StringVar(&r.Code, "code", "", "`CODE` of the error that was shown")
	cmd.Flags().StringVar(&r.Page, "page", "", "`PAGE` where it happened, without the host")
	return cmd
}

func writeReportView(w io.Writer, v api.ProblemReportView) {
	if v.Refusal != "" {
		fmt.Fprintf(w, "It cannot be sent (%s). This is what it would say:\n\n", v.Refusal)
	}
	fmt.Fprintf(w, "Subject: %s\n\n%s", v.Subject, v.Text)
}
