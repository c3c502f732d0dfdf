package main

import (
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mailstead/mailstead"
)

func newAudit(c *cli) *cobra.Command {
	return group("audit", "See who changed what in the administration", newAuditList(c))
}

func newAuditList(c *cli) *cobra.Command {
	var actor, action, object, from, to string
	cmd := &cobra.Command{
		Use: "list", Short: "List what was changed and by whom, newest first", Args: exactArgs(0),
		Example: "  mailstead audit list --object account:7\n" +
			"  mailstead audit list --actor operator --from 2026-11-01 --json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			q := url.Values{"limit": {"100"}}
			if actor == "operator" {
				q.Set("operator", "true")
			} else if actor != "" {
				q.Set("actor", actor)
			}
			if action != "" {
				q.Set("action", action)
			}
			kind, id, _ := strings.Cut(object, ":")
			for name, value := range map[string]string{"kind": kind, "object": id} {
				if value != "" {
					q.Set(name, value)
				}
			}
			for name, text := range map[string]string{"from": from, "to": to} {
				at, err := moment(text)
				if err != nil {
					return usage(cmd, "--"+name+" "+text+" is no day such as 2026-11-01 and no time such as 2026-11-01T09:30:00Z.")
				}
				if !at.IsZero() {
					q.Set(name, at.Format(time.RFC3339))
				}
			}
			return c.withClient(cmd.Context(), func(cl *client) error {
				return listAll(cmd.Context(), c, cl, "/audit?"+q.Encode(), "WHEN\tWHO\tACTION\tOBJECT\tCHANGES\n", writeAudit)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&actor, "actor", "", "only what this `USER` (id) did, or operator for the command line")
	f.StringVar(&action, "action", "", "only this `ACTION`, such as account.update")
	f.StringVar(&object, "object", "", "only what was done to `KIND:ID`, such as account:7 or domain:example.com, or to all of a KIND")
	f.StringVar(&from, "from", "", "only what was done at this `TIME` or later: 2026-11-01 or 2026-11-01T09:30:00Z")
	f.StringVar(&to, "to", "", "only what was done before this `TIME`")
	return cmd
}

// moment reads a day of this machine's time zone, or a time.
func moment(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if day, err := time.ParseInLocation(time.DateOnly, text, time.Local); err == nil { //nolint:gosmopolitan // a person at this machine writes a day
		return day, nil
	}
	return time.Parse(time.RFC3339, text)
}

func writeAudit(w io.Writer, e mailstead.AuditEntry) {
	who := e.ActorName
	switch {
	case e.Operator && e.ActorID != 0:
		who += " (by the operator)"
	case e.Operator:
		who = "operator"
	case e.ActorID == 0:
		who = "nobody signed in"
	}
	if e.TokenID != 0 {
		who += fmt.Sprintf(" (token %d)", e.TokenID)
	}
	object := string(e.Object.Kind)
	if e.Object.ID != "" {
		object += " " + e.Object.ID
	}
	if e.Object.Name != "" && e.Object.Name != e.Object.ID {
		object += " (" + e.Object.Name + ")"
	}
	changes := make([]string, len(e.Changes))
	for i, c := range e.Changes {
		switch {
		case c.Before == nil && c.After == nil:
			changes[i] = c.Field + " changed"
		case c.Before == nil:
			changes[i] = fmt.Sprintf("%s: %s", c.Field, c.After)
		case c.After == nil:
			changes[i] = fmt.Sprintf("%s: %s → nothing", c.Field, c.Before)
		default:
			changes[i] = fmt.Sprintf("%s: %s → %s", c.Field, c.Before, c.After)
		}
	}
	fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", when(e.At), who, e.Action, object, orDash(strings.Join(changes, "; ")))
}
