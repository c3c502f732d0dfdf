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

func newUser(c *cli) *cobra.Command {
	return group("user", "Manage users", newUserAdd(c), newUserList(c), newUserPassword(c), newUserTest(c))
}

func newUserAdd(c *cli) *cobra.Command {
	var u api.NewUser
	var admin, noPassword bool
	cmd := &cobra.Command{
		Use: "add ADDRESS", Short: "Add a user; the password is read from standard input", Args: exactArgs(1),
		Example: "  mailstead user add --admin --name Ada ada@example.com < password\n" +
			"  mailstead user add --no-password --name 'Help desk' desk@example.com",
		RunE: func(cmd *cobra.Command, args []string) error {
			u.Email, u.Role = args[0], mailstead.RoleUser
			if admin {
				u.Role = mailstead.RoleAdmin
			}
			body := secretBody{body: u}
			if !noPassword {
				password, err := c.readPassword()
				if err != nil {
					return err
				}
				body.secrets = map[string]mailstead.Secret{"password": password}
			}
			return c.withNew(cmd.Context(), func(cl *client) error {
				return ask(cmd.Context(), c, cl, http.MethodPost, "/users", body, func(w io.Writer, u mailstead.User) {
					fmt.Fprintf(w, "User %s is added: %s (%s)\n", u.ID, u.Email, u.Role)
				})
			})
		},
	}
	cmd.Flags().StringVar(&u.Name, "name", "", "`NAME` of the person")
	cmd.Flags().BoolVar(&admin, "admin", false, "the user is an administrator")
	cmd.Flags().BoolVar(&noPassword, "no-password", false, "the user cannot sign in, applications act for it")
	return cmd
}

func newUserList(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List users", Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withClient(cmd.Context(), func(cl *client) error {
				return listAll(cmd.Context(), c, cl, "/users?limit=100", "ID\tADDRESS\tNAME\tROLE\n", func(w io.Writer, u mailstead.User) {
					role := string(u.Role)
					if u.Disabled {
						role += " (disabled)"
					}
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", u.ID, u.Email, u.Name, role)
				})
			})
		},
	}
}

func newUserPassword(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "password ID", Short: "Set the password of a user; it is read from standard input", Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			password, err := c.readPassword()
			if err != nil {
				return err
			}
			body := secretBody{struct{}{}, map[string]mailstead.Secret{"password": password}}
			return c.withClient(cmd.Context(), func(cl *client) error {
				if err := cl.call(cmd.Context(), http.MethodPut, "/users/"+url.PathEscape(args[0])+"/password", body, nil); err != nil {
					return err
				}
				return c.done("The password of user " + args[0] + " is changed.")
			})
		},
	}
}
