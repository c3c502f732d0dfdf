package main

import (
	"fmt"
	"io"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/mailstead/mailstead"
)

func newResolve(c *cli) *cobra.Command {
	var user, account, template int64
	cmd := &cobra.Command{
		Use: "resolve --user ID", Short: "Say who would send for a user, and why", Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := c.needsUser(cmd); err != nil {
				return err
			}
			q := url.Values{"user": {itoa(mailstead.UserID(user))}}
			if account != 0 {
				q.Set("account", itoa(mailstead.AccountID(account)))
			}
			if template != 0 {
				q.Set("template", itoa(mailstead.TemplateID(template)))
			}
			return get(cmd.Context(), c, "/resolve?"+q.Encode(), func(w io.Writer, r mailstead.Resolution) {
				fmt.Fprintln(w, r.Reason)
				for _, p := range r.PassedOver {
					fmt.Fprintf(w, "Passed over\t%s\t%s\t%s\n", p.Address, p.Level, p.Why)
				}
			})
		},
	}
	f := cmd.Flags()
	f.Int64Var(&user, "user", 0, "`USER` (id) who sends")
	f.Int64Var(&account, "account", 0, "`ACCOUNT` (id) chosen in the message")
	f.Int64Var(&template, "template", 0, "`TEMPLATE` (id) that the message is made from")
	return cmd
}
