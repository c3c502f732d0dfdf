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

func newAssignment(c *cli) *cobra.Command {
	return group("assignment", "Give accounts to users and profiles", newAssignmentAdd(c), newAssignmentList(c), newAssignmentDelete(c))
}

func newAssignmentAdd(c *cli) *cobra.Command {
	var in struct {
		user, profile int64
		rights        []string
		priority      int
	}
	cmd := &cobra.Command{
		Use: "add ACCOUNT", Short: "Give an account to a user or to a profile", Args: exactArgs(1),
		Example: "  mailstead assignment add 7 --to-profile 2 --rights read,send --priority 10",
		RunE: func(cmd *cobra.Command, args []string) error {
			var account mailstead.AccountID
			if _, err := fmt.Sscan(args[0], &account); err != nil || account < 1 {
				return usage(cmd, "ACCOUNT is the number of an account.")
			}
			body := api.NewAssignment{
				AccountID: account, UserID: mailstead.UserID(in.user), ProfileID: mailstead.ProfileID(in.profile), Priority: in.priority,
			}
			for _, r := range in.rights {
				body.Rights = append(body.Rights, mailstead.Right(r))
			}
			return c.withClient(cmd.Context(), func(cl *client) error {
				return ask(cmd.Context(), c, cl, http.MethodPost, "/assignments", body, func(w io.Writer, a mailstead.Assignment) {
					fmt.Fprintf(w, "Assignment %s is added: account %s\n", itoa(a.ID), a.AccountID)
				})
			})
		},
	}
	f := cmd.Flags()
	f.Int64Var(&in.user, "to-user", 0, "`USER` (id) who gets it")
	f.Int64Var(&in.profile, "to-profile", 0, "`PROFILE` (id) that gets it")
	f.StringSliceVar(&in.rights, "rights", []string{"read", "send"}, "`RIGHTS`: read, send, manage")
	f.IntVar(&in.priority, "priority", 0, "`NUMBER` that orders accounts of the same level, the lowest first")
	return cmd
}

func newAssignmentList(c *cli) *cobra.Command {
	var account, user, profile int64
	cmd := &cobra.Command{
		Use: "list", Short: "List who has an account, or what a user or a profile was given", Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			q := url.Values{}
			for name, id := range map[string]int64{"account": account, "user": user, "profile": profile} {
				if id != 0 {
					q.Set(name, itoa(mailstead.UserID(id)))
				}
			}
			if len(q) != 1 {
				return usage(cmd, "Name one account, one user or one profile.")
			}
			return c.withClient(cmd.Context(), func(cl *client) error {
				return listAll(cmd.Context(), c, cl, "/assignments?"+q.Encode(), "ID\tACCOUNT\tTO\tRIGHTS\tPRIORITY\n", func(w io.Writer, a api.AssignmentItem) {
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\n", itoa(a.ID), accountWord(&a), assignee(&a.Assignment), rightsWord(a.Rights), a.Priority)
				})
			})
		},
	}
	f := cmd.Flags()
	f.Int64Var(&account, "account", 0, "`ACCOUNT` (id) that was given")
	f.Int64Var(&user, "user", 0, "`USER` (id) who was given accounts")
	f.Int64Var(&profile, "profile", 0, "`PROFILE` (id) that was given accounts")
	return cmd
}

func accountWord(a *api.AssignmentItem) string {
	if a.Account == nil {
		return a.AccountID.String()
	}
	return a.AccountID.String() + " (" + a.Account.Address + ")"
}

func assignee(a *mailstead.Assignment) string {
	switch {
	case a.System:
		return "system"
	case a.UserID != 0:
		return "user " + a.UserID.String()
	default:
		return "profile " + a.ProfileID.String()
	}
}

func rightsWord(rights []mailstead.Right) string {
	var words []string
	for _, r := range rights {
		words = append(words, string(r))
	}
	return strings.Join(words, ",")
}

func newAssignmentDelete(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "delete ID", Short: "Take an assignment away", Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withClient(cmd.Context(), func(cl *client) error {
				if err := cl.call(cmd.Context(), http.MethodDelete, "/assignments/"+url.PathEscape(args[0]), nil, nil); err != nil {
					return err
				}
				return c.done("Assignment " + args[0] + " is deleted.")
			})
		},
	}
}
