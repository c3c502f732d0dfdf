package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
	"github.com/mailstead/mailstead/connect"
)

func newAccountAsk(c *cli) *cobra.Command {
	var life api.LinkLife
	cmd := &cobra.Command{
		Use: "ask ID", Short: "Make a link by which a user enters the password of an account, once", Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withNew(cmd.Context(), func(cl *client) error {
				path := "/accounts/" + url.PathEscape(args[0]) + "/password-links"
				return ask(cmd.Context(), c, cl, http.MethodPost, path, life, func(w io.Writer, a api.AskedPassword) {
					fmt.Fprintf(w, "Give this link to the user alone; it is shown this once and ends %s:\n\n  %s\n", a.Link.ExpiresAt.Format("2006-01-02 15:04 MST"), a.URL)
				})
			})
		},
	}
	cmd.Flags().IntVar(&life.Hours, "hours", 0, "after how many `HOURS` the link expires (default: seven days)")
	return cmd
}

func newAccountPasswords(c *cli) *cobra.Command {
	var in, out sideFlags
	cmd := &cobra.Command{
		Use: "passwords", Short: "Change the passwords of many accounts; lines ADDRESS,PASSWORD are read from standard input", Args: exactArgs(0),
		Example: "  mailstead account passwords --incoming imaps://mail.example.org --outgoing smtps://mail.example.org < new.csv",
		RunE: func(cmd *cobra.Command, _ []string) error {
			body, err := bulkBody(c.io.in, &in, &out)
			if err != nil {
				return err
			}
			return c.withNew(cmd.Context(), func(cl *client) error {
				raw, err := cl.raw(cmd.Context(), http.MethodPost, "/accounts/bulk-passwords", body)
				if err != nil {
					return err
				}
				return c.bulkResults(raw)
			})
		},
	}
	in.add(cmd, "incoming", "imaps")
	out.add(cmd, "outgoing", "smtps")
	return cmd
}

// bulkBody reads the rows of a bulk change.
func bulkBody(r io.Reader, in, out *sideFlags) (any, error) {
	table := csv.NewReader(r)
	table.FieldsPerRecord, table.TrimLeadingSpace = 2, true
	records, err := table.ReadAll()
	if err != nil {
		return nil, mailstead.Invalid("rows", "input.rows_needed", "Standard input needs lines of an address, a comma and a password: "+err.Error()+".")
	}
	type row struct {
		Address  string `json:"address"`
		Password string `json:"password"`
	}
	body := struct {
		Rows     []row            `json:"rows"`
		Incoming *api.ServerInput `json:"incoming,omitempty"`
		Outgoing *api.ServerInput `json:"outgoing,omitempty"`
	}{Incoming: in.input(), Outgoing: out.input()}
	for i, record := range records {
		if i == 0 && !strings.Contains(record[0], "@") {
			continue
		}
		body.Rows = append(body.Rows, row{record[0], record[1]})
	}
	return body, nil
}

// bulkResults shows the lines of a bulk change: with --json each result as it came.
func (c *cli) bulkResults(raw []byte) error {
	var items []json.RawMessage
	refused, done := 0, false
	for line := range bytes.Lines(raw) {
		var x struct {
			Row     int                 `json:"row"`
			Outcome connect.BulkOutcome `json:"outcome"`
			Done    bool                `json:"done"`
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if err := json.Unmarshal(line, &x); err != nil {
			return fmt.Errorf("understand the answer of the service: %w", err)
		}
		done = done || x.Done
		if x.Row == 0 {
			continue
		}
		if x.Outcome != connect.BulkChanged {
			refused++
		}
		items = append(items, json.RawMessage(bytes.TrimSpace(line)))
	}
	err := c.showItems(items, "ADDRESS\tRESULT\tREASON\n", true, func(w io.Writer, raw json.RawMessage) error {
		var item connect.BulkItem
		if err := json.Unmarshal(raw, &item); err != nil {
			return err
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", item.Address, item.Outcome, orDash(item.Text))
		return nil
	})
	switch {
	case !done:
		err = errors.Join(err, &mailstead.Error{Kind: mailstead.KindTemporary, Code: "test.failed", Text: "The service stopped before everything was done."})
	case refused > 0:
		err = errors.Join(err, &mailstead.Error{Kind: mailstead.KindConflict, Code: "test.failed", Text: fmt.Sprintf("%d of %d were not changed.", refused, len(items))})
	}
	return err
}
