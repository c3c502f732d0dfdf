package main

import (
	"fmt"
	"io"
	"net/url"
	"strings"

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
					fmt.Fprintf(w, "Passed over\t%s\t%s\t%s\t%s\n", p.Address, p.Level, p.Why, changeWords(&p))
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

// changeWords says what would make an account that was passed over the sender.
func changeWords(p *mailstead.PassedOver) string {
	var words []string
	for _, c := range p.Change {
		switch c {
		case mailstead.ChangeRight:
			words = append(words, "give the right to send")
		case mailstead.ChangeServers:
			words = append(words, "give it its servers")
		case mailstead.ChangeEnabled:
			words = append(words, "switch its sending on")
		case mailstead.ChangeDefault:
			words = append(words, "make it the preferred account")
		case mailstead.ChangePriority:
			words = append(words, fmt.Sprintf("give it a priority below %d", p.Below))
		case mailstead.ChangeChoice:
			words = append(words, "choose it in the message")
		}
	}
	if len(words) == 0 {
		return ""
	}
	return "to change that: " + strings.Join(words, ", ")
}
