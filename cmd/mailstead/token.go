package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
)

func newToken(c *cli) *cobra.Command {
	return group("token", "Manage API tokens", newTokenCreate(c), newTokenList(c), newTokenDelete(c))
}

func newTokenCreate(c *cli) *cobra.Command {
	var name string
	var scopes []string
	var user int64
	var expires time.Duration
	cmd := &cobra.Command{
		Use: "create --user ID", Short: "Create an API token; it is shown once", Args: exactArgs(0),
		Example: "  TOKEN=$(mailstead token create --user 1 --scopes mail:read,mail:send)",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := c.needsUser(cmd); err != nil {
				return err
			}
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
	f.StringVar(&name, "name", "command line", "`NAME` that says what the token is for")
	f.StringSliceVar(&scopes, "scopes", []string{"mail:read", "mail:send", "accounts"}, "`SCOPES` out of mail:read, mail:send, accounts, admin")
	f.Int64Var(&user, "user", 0, "`USER` (id) that the token acts for")
	f.DurationVar(&expires, "expires", 0, "`TIME` for which the token is valid, such as 720h (default: for ever)")
	return cmd
}

func newTokenList(c *cli) *cobra.Command {
	var user int64
	cmd := &cobra.Command{
		Use: "list --user ID", Short: "List the tokens of a user", Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := c.needsUser(cmd); err != nil {
				return err
			}
			return c.withClient(cmd.Context(), func(cl *client) error {
				path := "/tokens?user=" + itoa(mailstead.UserID(user))
				return listAll(cmd.Context(), c, cl, path, "ID\tNAME\tSCOPES\tLAST USED\n", func(w io.Writer, t mailstead.Token) {
					fmt.Fprintf(w, "%d\t%s\t%s\t%s\n", t.ID, t.Name, joined(t.Scopes), when(t.UsedAt))
				})
			})
		},
	}
	cmd.Flags().Int64Var(&user, "user", 0, "`USER` (id) that the tokens act for")
	return cmd
}

func newTokenDelete(c *cli) *cobra.Command {
	var user int64
	cmd := &cobra.Command{
		Use: "delete ID --user USER", Short: "Delete a token", Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := c.needsUser(cmd); err != nil {
				return err
			}
			return c.withClient(cmd.Context(), func(cl *client) error {
				path := "/tokens/" + url.PathEscape(args[0]) + "?user=" + itoa(mailstead.UserID(user))
				if err := cl.call(cmd.Context(), http.MethodDelete, path, nil, nil); err != nil {
					return err
				}
				return c.done("Token " + args[0] + " is deleted.")
			})
		},
	}
	cmd.Flags().Int64Var(&user, "user", 0, "`USER` (id) that the token acts for")
	return cmd
}

// joined writes a list of words with commas.
func joined[T ~string](list []T) string {
	words := make([]string, len(list))
	for i, w := range list {
		words[i] = string(w)
	}
	return strings.Join(words, ",")
}
