package main

import (
	"fmt"
	"io"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
)

func newProfile(c *cli) *cobra.Command {
	return group("profile", "Manage the profiles that users have", &cobra.Command{
		Use: "add NAME", Short: "Add a profile", Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withNew(cmd.Context(), func(cl *client) error {
				return ask(cmd.Context(), c, cl, http.MethodPost, "/profiles", api.NewProfile{Name: args[0]}, func(w io.Writer, p mailstead.Profile) {
					fmt.Fprintf(w, "Profile %s is added: %s\n", p.ID, p.Name)
				})
			})
		},
	}, &cobra.Command{
		Use: "list", Short: "List profiles", Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withClient(cmd.Context(), func(cl *client) error {
				return listAll(cmd.Context(), c, cl, "/profiles", "ID\tNAME\n", func(w io.Writer, p mailstead.Profile) {
					fmt.Fprintf(w, "%s\t%s\n", p.ID, p.Name)
				})
			})
		},
	})
}
