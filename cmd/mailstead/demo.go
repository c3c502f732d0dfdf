package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/admin"
	"github.com/mailstead/mailstead/connect"
	"github.com/mailstead/mailstead/demo"
	"github.com/mailstead/mailstead/outbox"
)

func newDemo(c *cli) *cobra.Command {
	var quiet bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run the service with sample people and sample mail",
		Long: "Runs the service like serve does, with an administrator, sample people and mailboxes of business mail on\n" +
			"mail servers inside this program. Without --data everything is in a temporary directory and gone at the\n" +
			"end; with it the installation stays, and the mailboxes are filled anew at each start.\n\n" + demoHelp(),
		Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if quiet {
				c.config.DemoLive = 0
			}
			return c.demo(cmd.Context(), cmd.Flags().Changed("data"))
		},
	}
	f := cmd.Flags()
	f.String("listen", "127.0.0.1:8420", "`ADDRESS` to listen on; port 0 picks a free one")
	f.Duration("demo-live", 20*time.Second, "`PAUSE` between two new mails that arrive by themselves")
	f.BoolVar(&quiet, "quiet", false, "no mail arrives or is sent by itself")
	f.String("log-level", "info", "`LEVEL` of the log: debug, info, warn or error")
	return cmd
}

// demoHelp lists the addresses that can be tried.
func demoHelp() string {
	var b strings.Builder
	b.WriteString("Connect these, each with the password " + demo.Password + ", or write to them:\n\n")
	for _, a := range demo.Addresses() {
		fmt.Fprintf(&b, "  %s\n      %s\n", a.Address, a.Shows)
	}
	b.WriteString("\nMail between these addresses arrives; mail to anywhere else is taken and goes nowhere.")
	return b.String()
}

// demo runs the service with the demo until ctx ends. kept tells that a data
// directory was named.
func (c *cli) demo(ctx context.Context, kept bool) (err error) {
	if !kept && c.config.Data == defaults()["data"] {
		dir, err := os.MkdirTemp("", "mailstead-demo-")
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		c.config = c.config.at(dir)
	}
	return c.serve(ctx, c.furnish)
}

// operator is the person at this command line.
var operator = mailstead.Actor{Operator: true}

// furnish makes the demo's people and accounts, if they are not there yet, and
// tells how to get in.
func (c *cli) furnish(ctx context.Context, a *app, addr net.Addr) error {
	if tcp, ok := addr.(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		a.log.LogAttrs(ctx, slog.LevelWarn, "other machines reach this demo, and its passwords are known to everybody", slog.String("address", addr.String()))
	}
	token, fresh, err := a.admin.SetupToken(ctx)
	if err != nil {
		return err
	}
	if !fresh {
		if d, err := a.admin.Demo(ctx, operator); err != nil || !d.Active {
			return errors.Join(err, &mailstead.Error{
				Kind: mailstead.KindConflict, Code: "config.demo",
				Text: "The directory " + c.config.Data + " holds an installation without the demo: choose another one, or add the demo in its settings.",
			})
		}
		return c.tellDemo(c.pagesAt(addr))
	}
	first, people := demo.People()
	if _, _, err := a.admin.Setup(ctx, admin.SetupRequest{
		Token: token, Name: first.Name, Email: first.Email, Password: mailstead.NewSecret(demo.Password),
	}); err != nil {
		return err
	}
	if _, err := a.admin.AddDemo(ctx, operator); err != nil {
		return err
	}
	if err := furnishAccounts(ctx, a, people); err != nil {
		return err
	}
	if c.config.DemoLive > 0 {
		if err := sendDrafts(ctx, a); err != nil {
			return err
		}
	}
	return c.tellDemo(c.pagesAt(addr))
}

// firstUser is the administrator in an installation that begins.
const firstUser mailstead.UserID = 1

// furnishAccounts makes the people beside the administrator, all of the help desk,
// and connects accounts: the help desk's belongs to the organisation and sends for
// the system, the others are the administrator's own.
func furnishAccounts(ctx context.Context, a *app, people []mailstead.User) error {
	desk, err := a.admin.CreateProfile(ctx, operator, "Help desk")
	if err != nil {
		return err
	}
	profiles := []mailstead.ProfileID{desk.ID}
	if _, err := a.admin.UpdateUser(ctx, operator, firstUser, admin.UserChanges{Profiles: &profiles}); err != nil {
		return err
	}
	for _, u := range people {
		u.ProfileIDs = profiles
		if _, err := a.admin.CreateUser(ctx, operator, u, mailstead.NewSecret(demo.Password)); err != nil {
			return err
		}
	}
	for i, box := range demo.Connected() {
		r := connect.Request{
			Address: box.Address, DisplayName: box.Name, Name: box.Name, Password: mailstead.NewSecret(demo.Password), LoadPeriod: "all",
			Organisation: i == 0, OwnerID: min(mailstead.UserID(i), firstUser),
		}
		saved, err := a.connect.Save(ctx, operator, r)
		if err != nil {
			return fmt.Errorf("connect %s: %w", box.Address, err)
		}
		signature := demo.Signature
		if _, err := a.connect.UpdateAccount(ctx, operator, saved.Account.ID, connect.Changes{Signature: &signature}); err != nil {
			return err
		}
		if i > 0 {
			continue
		}
		if _, err := a.admin.Assign(ctx, operator, mailstead.Assignment{
			AccountID: saved.Account.ID, ProfileID: desk.ID, Rights: []mailstead.Right{mailstead.RightRead, mailstead.RightSend},
		}); err != nil {
			return err
		}
		if err := a.admin.SetSystemAccount(ctx, operator, saved.Account.ID); err != nil {
			return err
		}
	}
	return nil
}

// sendDrafts sends the first mails.
func sendDrafts(ctx context.Context, a *app) error {
	for _, d := range demo.Drafts() {
		if _, _, err := a.outbox.Submit(ctx, operator, outbox.Submission{Draft: d, UserID: firstUser}); err != nil {
			return fmt.Errorf("send %q: %w", d.Subject, err)
		}
	}
	return nil
}

// tellDemo says how to get in.
func (c *cli) tellDemo(url string) error {
	first, _ := demo.People()
	raw, err := json.Marshal(map[string]any{
		"url": url, "email": first.Email, "password": demo.Password, "data": c.config.Data, "addresses": demo.Addresses(),
	})
	if err != nil {
		return err
	}
	return c.show(raw, nil, func(w io.Writer) {
		fmt.Fprintf(w, "Mailstead with sample mail runs at %s\n\n", url)
		fmt.Fprintf(w, "  Sign in as\t%s\n  Password\t%s\n\n", first.Email, demo.Password)
		fmt.Fprintf(w, "More mailboxes to connect have the same password: anna@%s, archive@%s with 10,000 mails,\n"+
			"and those of mailstead demo --help that show what can go wrong. Ctrl-C ends it.\n", demo.Domain, demo.Domain)
	})
}
