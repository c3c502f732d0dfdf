package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

func newKey(c *cli) *cobra.Command {
	cmd := &cobra.Command{Use: "key", Short: "Look after the key that seals passwords"}
	cmd.AddCommand(&cobra.Command{
		Use: "check", Short: "Check that the key file opens the sealed passwords", Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error { return c.check(cmd.Context()) },
	})
	return cmd
}

func newCheck(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "check", Short: "Check configuration, database and key file", Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error { return c.check(cmd.Context()) },
	}
}

// check opens everything that serve opens, and closes it again; beside a running
// service it asks that one.
func (c *cli) check(ctx context.Context) error {
	return c.withClient(ctx, func(cl *client) error {
		if err := cl.call(ctx, http.MethodGet, "/setup", nil, nil); err != nil {
			return err
		}
		kind := "SQLite"
		if c.config.postgres() {
			kind = "PostgreSQL"
		}
		raw := fmt.Appendf(nil, `{"ok":true,"database":%q,"running":%t}`, kind, cl.running)
		return c.show(raw, nil, func(w io.Writer) {
			fmt.Fprintf(w, "Configuration\tok\nDatabase\tok (%s)\nKey file\tok\n", kind)
			if cl.running {
				fmt.Fprintln(w, "Service\trunning")
			}
		})
	})
}

func newDB(c *cli) *cobra.Command {
	cmd := &cobra.Command{Use: "db", Short: "Look after the database"}
	cmd.AddCommand(&cobra.Command{
		Use: "migrate", Short: "Bring the database to this version's form; serve does it too", Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := os.Stat(filepath.Dir(c.config.Data)); errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("%w: data directory: %w", errConfig, err)
			}
			log := slog.New(slog.NewTextHandler(c.io.err, nil))
			a, err := openApp(cmd.Context(), c.config, log)
			if err != nil {
				return err
			}
			if err := a.close(); err != nil {
				return err
			}
			return c.show([]byte(`{"ok":true}`), nil, func(w io.Writer) { fmt.Fprintln(w, "The database is up to date.") })
		},
	})
	return cmd
}
