package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
)

func newToken(c *cli) *cobra.Command {
	cmd := &cobra.Command{Use: "token", Short: "Manage API tokens"}
	cmd.AddCommand(newTokenCreate(c), newTokenList(c), newTokenDelete(c))
	return cmd
}

func newTokenCreate(c *cli) *cobra.Command {
	var name string
	var scopes []string
	var user int64
	var expires time.Duration
	cmd := &cobra.Command{
		Use: "create --user ID", Short: "Create an API token; it is shown once", Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			t := api.NewToken{Name: name, UserID: mailstead.UserID(user)}
			for _, s := range scopes {
				t.Scopes = append(t.Scopes, mailstead.Scope(s))
			}
			if expires > 0 {
				t.ExpiresAt = time.Now().Add(expires).UTC()
			}
			return c.withClient(cmd.Context(), func(cl *client) error {
				return ask(cmd.Context(), c, cl, http.MethodPost, "/tokens", t, func(w io.Writer, t api.CreatedToken) {
					fmt.Fprintf(w, "%s\n", t.Secret)
				})
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&name, "name", "command line", "what the token is for")
	f.StringSliceVar(&scopes, "scopes", []string{"mail:read", "mail:send", "accounts"}, "mail:read, mail:send, accounts, admin")
	f.Int64Var(&user, "user", 0, "user that the token acts for")
	f.DurationVar(&expires, "expires", 0, "how long the token is valid (default: for ever)")
	return cmd
}

func newTokenList(c *cli) *cobra.Command {
	var user int64
	cmd := &cobra.Command{
		Use: "list --user ID", Short: "List the tokens of a user", Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return get(cmd.Context(), c, "/tokens?user="+itoa(mailstead.UserID(user)), func(w io.Writer, p page[mailstead.Token]) {
				fmt.Fprint(w, "ID\tNAME\tSCOPES\tLAST USED\n")
				for i := range p.Items {
					t := &p.Items[i]
					fmt.Fprintf(w, "%d\t%s\t%v\t%s\n", t.ID, t.Name, t.Scopes, when(t.UsedAt))
				}
			})
		},
	}
	cmd.Flags().Int64Var(&user, "user", 0, "user")
	return cmd
}

func newTokenDelete(c *cli) *cobra.Command {
	var user int64
	cmd := &cobra.Command{
		Use: "delete ID --user USER", Short: "Delete a token", Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withClient(cmd.Context(), func(cl *client) error {
				return cl.call(cmd.Context(), http.MethodDelete, "/tokens/"+url.PathEscape(args[0])+"?user="+itoa(mailstead.UserID(user)), nil, nil)
			})
		},
	}
	cmd.Flags().Int64Var(&user, "user", 0, "user that the token belongs to")
	return cmd
}
