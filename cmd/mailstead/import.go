package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
	"github.com/mailstead/mailstead/connect"
	"github.com/mailstead/mailstead/importer"
)

func newImport(c *cli) *cobra.Command {
	var r api.ImportRequest
	var owner int64
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Bring in the accounts of another program",
		Long: "Brings in the accounts of a .NET web.config, a CSV table, a Thunderbird profile's prefs.js or\n" +
			"OpenSTAManager's table of accounts (SQL dump or CSV); - reads standard input. Each entry is listed\n" +
			"with what becomes of it. What exists already stays as it is. No mail server is asked; an account\n" +
			"whose password the file does not have waits for mailstead account password.",
		Example: "  mailstead import web.config --dry-run\n" +
			"  mailstead import accounts.csv --owner 1 --encrypt",
		Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if r.Content, err = readFile(args[0], c.io.in); err != nil {
				return err
			}
			r.OwnerID = mailstead.UserID(owner)
			return c.withNew(cmd.Context(), func(cl *client) error {
				raw, err := cl.raw(cmd.Context(), http.MethodPost, "/imports", r)
				if err != nil {
					return err
				}
				return c.showImport(raw)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar((*string)(&r.Format), "format", string(importer.Auto), "`FORMAT` of the file: auto, webconfig, csv, thunderbird or openstamanager")
	f.BoolVar(&r.DryRun, "dry-run", false, "only tell what would happen")
	f.Int64Var(&owner, "owner", 0, "`USER` (id) whom accounts belong to when the file names nobody (default: the organisation)")
	f.BoolVar(&r.Encrypt, "encrypt", false, "demand STARTTLS of servers that the file uses without encryption")
	f.StringVar(&r.PlainReason, "plain-reason", "", "`REASON` for servers without encryption, in words")
	return cmd
}

// showImport shows the report. Entries that were not stored because something is
// wrong with them are an error, so that scripts notice.
func (c *cli) showImport(raw []byte) error {
	var r connect.ImportReport
	if err := json.Unmarshal(raw, &r); err != nil {
		return fmt.Errorf("understand the answer of the service: %w", err)
	}
	if err := c.show(raw, nil, func(w io.Writer) { writeImport(w, &r) }); err != nil {
		return err
	}
	wrong := 0
	for i := range r.Items {
		if o := r.Items[i].Outcome; o == connect.ImportInvalid || o == connect.ImportOwnerUnknown {
			wrong++
		}
	}
	if wrong > 0 || len(r.Items) == 0 {
		err := mailstead.Invalid("", "import.entries_wrong", "Some entries cannot be imported.")
		return fmt.Errorf("%w: %w", errShown, err)
	}
	return nil
}

func writeImport(w io.Writer, r *connect.ImportReport) {
	fmt.Fprint(w, "LINE\tADDRESS\tNAME\tOWNER\tRESULT\tACCOUNT\n")
	counts := make(map[connect.ImportOutcome]int)
	for i := range r.Items {
		item := &r.Items[i]
		counts[item.Outcome]++
		account := "-"
		if item.AccountID != 0 {
			account = item.AccountID.String()
		}
		outcome := importWord(item.Outcome)
		if item.System {
			outcome += " (system)"
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\n", item.Line, orDash(item.Address), orDash(item.Name), orDash(item.Owner), outcome, account)
	}
	findings := r.Findings
	for i := range r.Items {
		findings = append(findings, r.Items[i].Findings...)
	}
	if len(findings) > 0 {
		fmt.Fprintln(w)
	}
	for _, f := range findings {
		detail := ""
		if f.Detail != "" {
			detail = " (" + strconv.Quote(f.Detail) + ")"
		}
		where := "file"
		if f.Line > 0 {
			where = "line " + strconv.Itoa(f.Line)
		}
		fmt.Fprintf(w, "%s, %s: %s%s [%s]\n", where, f.Severity, f.Text, detail, f.Code)
	}
	stored := counts[connect.ImportNew] + counts[connect.ImportNeedsPassword]
	verb := "imported"
	if r.DryRun {
		verb = "would be imported"
	}
	fmt.Fprintf(w, "\n%d %s, %d of them without a password; %d exist already; %d cannot be imported.\n", stored, verb,
		counts[connect.ImportNeedsPassword], counts[connect.ImportExists], counts[connect.ImportInvalid]+counts[connect.ImportOwnerUnknown])
}

func importWord(o connect.ImportOutcome) string {
	switch o {
	case connect.ImportNeedsPassword:
		return "new, needs its password"
	case connect.ImportExists:
		return "exists already"
	case connect.ImportOwnerUnknown:
		return "owner unknown"
	case connect.ImportNew, connect.ImportInvalid:
	}
	return string(o)
}
