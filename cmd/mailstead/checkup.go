package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
)

func newCheckup(c *cli) *cobra.Command {
	return group("checkup", "Test many accounts", newCheckupStart(c), newCheckupList(c), newCheckupShow(c), newCheckupCancel(c))
}

func newCheckupStart(c *cli) *cobra.Command {
	var in api.CheckupRequest
	var wait bool
	cmd := &cobra.Command{
		Use: "start [ACCOUNT...]", Short: "Test accounts as they are stored",
		Long: "Signs in at both servers of the accounts, few at a time for each mail server. Without a running service the test\n" +
			"begins as soon as there is one. With --wait the exit code is 69 when an account failed.",
		Example: "  mailstead checkup start --all --wait",
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, text := range args {
				id, err := strconv.ParseInt(text, 10, 64)
				if err != nil {
					return usage(cmd, text+" is not the id of an account.")
				}
				in.AccountIDs = append(in.AccountIDs, mailstead.AccountID(id))
			}
			return c.withClient(cmd.Context(), func(cl *client) error {
				if !wait {
					return ask(cmd.Context(), c, cl, http.MethodPost, "/checkups", in, writeCheckup)
				}
				return waitForCheckup(cmd.Context(), c, cl, in)
			})
		},
	}
	cmd.Flags().BoolVar(&in.All, "all", false, "test all accounts")
	cmd.Flags().BoolVar(&wait, "wait", false, "wait for the end and show what failed")
	return cmd
}

// waitForCheckup begins a checkup and shows its failures at its end.
func waitForCheckup(ctx context.Context, c *cli, cl *client, in api.CheckupRequest) error {
	var begun mailstead.Checkup
	if err := cl.call(ctx, http.MethodPost, "/checkups", in, &begun); err != nil {
		return err
	}
	for tick := time.NewTicker(200 * time.Millisecond); begun.State == mailstead.CheckupRunning; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return ctx.Err()
		case <-tick.C:
		}
		if err := cl.call(ctx, http.MethodGet, "/checkups/"+begun.ID.String(), nil, &begun); err != nil {
			return err
		}
	}
	if err := showCheckup(ctx, c, cl, begun.ID.String(), true); err != nil {
		return err
	}
	if begun.Failed > 0 {
		return fmt.Errorf("%w: %w", errShown, &mailstead.Error{Kind: mailstead.KindPermanent, Text: "Accounts failed their test."})
	}
	return nil
}

func newCheckupList(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the last tests, newest first", Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withClient(cmd.Context(), func(cl *client) error {
				return listAll(cmd.Context(), c, cl, "/checkups", "ID\tWHEN\tSTATE\tACCOUNTS\tOK\tFAILED\tSKIPPED\n", func(w io.Writer, r mailstead.Checkup) {
					fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%d\t%d\n", r.ID, when(r.CreatedAt), r.State, r.Total, r.OK, r.Failed, r.Skipped)
				})
			})
		},
	}
}

func newCheckupShow(c *cli) *cobra.Command {
	var failed bool
	cmd := &cobra.Command{
		Use: "show ID", Short: "Show the results of a test", Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withClient(cmd.Context(), func(cl *client) error {
				return showCheckup(cmd.Context(), c, cl, args[0], failed)
			})
		},
	}
	cmd.Flags().BoolVar(&failed, "failed", false, "only accounts that failed")
	return cmd
}

func showCheckup(ctx context.Context, c *cli, cl *client, id string, failed bool) error {
	path := "/checkups/" + url.PathEscape(id)
	if !c.json {
		if err := ask(ctx, c, cl, http.MethodGet, path, nil, writeCheckup); err != nil {
			return err
		}
	}
	path += "/results?limit=100"
	if failed {
		path += "&verdict=failed"
	}
	return listAll(ctx, c, cl, path, "ACCOUNT\tADDRESS\tRESULT\tTOOK\tWHY\n", func(w io.Writer, r mailstead.CheckupResult) {
		why := "-"
		if r.Code != "" {
			why = string(r.Side) + ": " + r.Cause + " " + r.Action + " [" + r.Code + "]"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d ms\t%s\n", r.AccountID, r.Address, r.Verdict, r.Took, why)
	})
}

func newCheckupCancel(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "cancel ID", Short: "Stop a test; its results stay", Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withClient(cmd.Context(), func(cl *client) error {
				return ask(cmd.Context(), c, cl, http.MethodPost, "/checkups/"+url.PathEscape(args[0])+"/cancel", nil, writeCheckup)
			})
		},
	}
}

func writeCheckup(w io.Writer, r mailstead.Checkup) {
	fmt.Fprintf(w, "Test %s of %d accounts is %s: %d ok, %d failed, %d skipped.\n", r.ID, r.Total, r.State, r.OK, r.Failed, r.Skipped)
}
