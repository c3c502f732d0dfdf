package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
)

func newAccountCreate(c *cli) *cobra.Command {
	var n api.NewAccountInput
	var owner, like int64
	cmd := &cobra.Command{
		Use: "create ADDRESS", Short: "Create an account whose servers and password follow later",
		Long: "Stores name and address alone. Until servers and password are there nobody sends from the account.\n" +
			"It belongs to the organisation unless --owner names a user.",
		Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			n.Address, n.OwnerID, n.Like = args[0], mailstead.UserID(owner), mailstead.AccountID(like)
			n.Organisation = owner == 0
			return c.withClient(cmd.Context(), func(cl *client) error {
				raw, err := cl.raw(cmd.Context(), http.MethodPost, "/accounts", n)
				if err != nil {
					return err
				}
				var a api.AccountItem
				return c.show(raw, &a, func(w io.Writer) {
					fmt.Fprintf(w, "Account %s is created: %s. It needs %s.\n", a.ID, a.Address, a.Needs)
				})
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&n.Name, "name", "", "`NAME` for lists (default: the address)")
	f.StringVar(&n.DisplayName, "display-name", "", "`NAME` that stands in mails")
	f.StringVar(&n.Note, "note", "", "`TEXT` for colleagues")
	f.Int64Var(&owner, "owner", 0, "`USER` (id) whom the account belongs to")
	f.Int64Var(&like, "like", 0, "`ACCOUNT` (id) whose settings are taken over, but for logins and passwords")
	return cmd
}

func newAccountDisconnect(c *cli) *cobra.Command {
	var preview bool
	cmd := &cobra.Command{
		Use: "disconnect ID", Short: "Take an account and its mail out of view; account restore undoes it",
		Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			path := "/accounts/" + url.PathEscape(args[0]) + "/disconnect"
			if preview {
				return get(cmd.Context(), c, path, writeDisconnection)
			}
			return c.withClient(cmd.Context(), func(cl *client) error {
				if err := cl.call(cmd.Context(), http.MethodPost, path, nil, nil); err != nil {
					return err
				}
				return c.done("Account " + args[0] + " is disconnected. For 30 days mailstead account restore " + args[0] + " brings it back.")
			})
		},
	}
	cmd.Flags().BoolVar(&preview, "preview", false, "tell what would happen and change nothing")
	return cmd
}

func writeDisconnection(w io.Writer, d api.Disconnection) {
	fmt.Fprintf(w, "Mails that would go\t%d\nOf them on records\t%d\nOf them on the server only\t%d\nWaiting in the outbox\t%d\n",
		d.Messages, d.Linked, d.Elsewhere, d.Waiting)
	for _, u := range d.UsedBy {
		fmt.Fprintf(w, "Used by\t%s\n", useText(u))
	}
	fmt.Fprintf(w, "Undo until\t%s\n", when(d.UndoUntil))
}

func newAccountRestore(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "restore ID", Short: "Bring back an account that was deleted in the last 30 days", Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withClient(cmd.Context(), func(cl *client) error {
				raw, err := cl.raw(cmd.Context(), http.MethodPost, "/accounts/"+url.PathEscape(args[0])+"/restore", nil)
				if err != nil {
					return err
				}
				var a api.AccountItem
				return c.show(raw, &a, func(w io.Writer) {
					fmt.Fprintf(w, "Account %s is back: %s\n", a.ID, a.Address)
					if a.Needs != "" {
						fmt.Fprintf(w, "Its password was destroyed. Next: mailstead account password %s\n", a.ID)
					}
				})
			})
		},
	}
}

func newAccountExport(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "export ID FILE", Short: "Save the mail of an account; FILE ends with .mbox or .zip", Args: exactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			format := filepath.Ext(args[1])
			if format != ".mbox" && format != ".zip" {
				return mailstead.Invalid("FILE", "input.file", "The name of the file must end with .mbox or .zip.")
			}
			return c.withClient(cmd.Context(), func(cl *client) error {
				path := "/accounts/" + url.PathEscape(args[0]) + "/export?format=" + format[1:]
				if err := cl.download(cmd.Context(), path, args[1]); err != nil {
					return err
				}
				return c.done("The mail of account " + args[0] + " is in " + args[1] + ".")
			})
		},
	}
}

// download writes an answer to a new file, for its owner alone. What could not be
// read whole is not left behind.
func (c *client) download(ctx context.Context, path, name string) (err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://mailstead"+api.Base+path, nil)
	if err != nil {
		return err
	}
	if c.user != "" {
		r.Header.Set("Mailstead-User", c.user)
	}
	res, err := c.http.Do(r)
	if err != nil {
		return fmt.Errorf("ask the service: %w", err)
	}
	defer res.Body.Close() //nolint:errcheck // everything was read
	if res.StatusCode >= http.StatusBadRequest {
		b, err := io.ReadAll(res.Body)
		if err != nil {
			return fmt.Errorf("read the answer of the service: %w", err)
		}
		return problem(b, res.StatusCode)
	}
	f, err := os.OpenFile(filepath.Clean(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return mailstead.Invalid("FILE", "input.file", "The file "+name+" cannot be made: "+reason(err)+".")
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			err = errors.Join(err, os.Remove(name))
		}
	}()
	if _, err := io.Copy(f, res.Body); err != nil {
		return fmt.Errorf("save the answer of the service: %w", err)
	}
	return nil
}
