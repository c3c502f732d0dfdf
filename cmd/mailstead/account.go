package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
)

// page is one page of a list.
type page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next"`
}

func newAccount(c *cli) *cobra.Command {
	return group("account", "Connect and look after mail accounts",
		newAccountConnect(c), newAccountCreate(c), newAccountList(c), newAccountShow(c), newAccountTest(c), newAccountSenderHealth(c),
		newAccountPassword(c), newAccountSignIn(c), newAccountSync(c), newAccountFolders(c), newAccountExport(c),
		newAccountAsk(c), newAccountPasswords(c), newAccountDisconnect(c), newAccountDelete(c), newAccountRestore(c))
}

// sideFlags are the flags of one server typed by hand.
type sideFlags struct{ server, security, login string }

func (f *sideFlags) add(cmd *cobra.Command, side, protocol string) {
	fl := cmd.Flags()
	fl.StringVar(&f.server, side, "", side+" `SERVER`: HOST, HOST:PORT, HOST:PORT:SECURITY or "+protocol+"://HOST")
	fl.StringVar(&f.security, side+"-security", "", "`SECURITY` of the "+side+" server: tls, starttls, none or automatic")
	fl.StringVar(&f.login, side+"-login", "", "user `NAME` at the "+side+" server (default: follows from the address)")
}

func (f *sideFlags) input() *api.ServerInput {
	if *f == (sideFlags{}) {
		return nil
	}
	return &api.ServerInput{Host: f.server, Security: mailstead.Security(f.security), Login: f.login}
}

func newAccountConnect(c *cli) *cobra.Command {
	var r api.ConnectRequest
	var in, out sideFlags
	var owner, app int64
	var signIn bool
	cmd := &cobra.Command{
		Use:   "connect ADDRESS",
		Short: "Connect a mailbox; the password is read from standard input",
		Long: "Recognises the provider of ADDRESS, tests both directions with the password from standard input,\n" +
			"and stores the account when both work. Servers that are not known are given by flags.",
		Example: "  mailstead account connect anna@gmail.com --owner 1 < password\n" +
			"  mailstead account connect anna@example.com --owner 1 --incoming mail.example.com:993:tls --outgoing mail.example.com:465:tls",
		Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var password mailstead.Secret
			if (!r.SendOnly || !r.NoSignIn) && !signIn && r.OAuthAppID == 0 {
				var err error
				if password, err = c.readPassword(); err != nil {
					return err
				}
			}
			r.Address, r.Incoming, r.Outgoing, r.OwnerID = args[0], in.input(), out.input(), mailstead.UserID(owner)
			body := secretBody{r, map[string]mailstead.Secret{"password": password}}
			return c.withNew(cmd.Context(), func(cl *client) error {
				connect := func() ([]byte, error) { return cl.raw(cmd.Context(), http.MethodPost, "/connect/save", body) }
				if signIn {
					begin := api.BeginSignIn{ConnectRequest: r, SignInChoice: api.SignInChoice{AppID: mailstead.OAuthAppID(app), Device: true}}
					connect = func() ([]byte, error) { return c.awaitSignIn(cmd.Context(), cl, "/connect/sign-in", begin) }
				}
				raw, err := connect()
				if err != nil {
					return c.testFailed(err)
				}
				var saved api.SavedAccount
				return c.show(raw, &saved, func(w io.Writer) {
					fmt.Fprintf(w, "Account %s is connected: %s\n", saved.Account.ID, saved.Account.Address)
					writeReports(w, saved.Reports)
					if cl.running {
						fmt.Fprintf(w, "Its mail is being loaded. Next: mailstead message list %s\n", saved.Account.ID)
					} else {
						fmt.Fprintln(w, "Its mail is loaded as soon as mailstead serve runs.")
					}
				})
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&r.DisplayName, "display-name", "", "`NAME` that stands in mails")
	f.StringVar(&r.Name, "name", "", "`NAME` for lists (default: the address)")
	f.StringVar((*string)(&r.ProviderID), "provider", "", "`PROVIDER` (id), when it is chosen by hand")
	f.StringVar((*string)(&r.LoadPeriod), "load", "", "`PERIOD` of older mail to load: none, all, days:N, months:N or count:N")
	f.Int64Var(&owner, "owner", 0, "`USER` (id) whom the account belongs to (default: the organisation, or the user of --as)")
	f.BoolVar(&r.Organisation, "organisation", false, "the account belongs to the organisation")
	f.BoolVar(&r.SendOnly, "send-only", false, "no incoming side")
	f.BoolVar(&r.ReceiveOnly, "receive-only", false, "no outgoing side")
	f.BoolVar(&r.NoSignIn, "no-sign-in", false, "the outgoing server takes mail without a sign-in; with --send-only no password is read")
	f.BoolVar(&r.ConfirmServers, "confirm-servers", false, "the servers that were found belong to another domain: the password may go there")
	f.BoolVar(&signIn, "sign-in", false, "sign in at the provider by a code, instead of with a password")
	f.Int64Var(&app, "sign-in-app", 0, "`APP` (id) to sign in by (default: the first of the provider)")
	f.Int64Var((*int64)(&r.OAuthAppID), "oauth-app", 0, "`APP` (id) that opens the mailbox by itself, without a password")
	f.StringVar(&r.PlainReason, "plain-reason", "", "`REASON` for a server without encryption, in words")
	in.add(cmd, "incoming", "imaps://HOST, pop3s")
	out.add(cmd, "outgoing", "smtps")
	return cmd
}

func newAccountList(c *cli) *cobra.Command {
	var f api.AccountFilter
	var owner, profile int64
	cmd := &cobra.Command{
		Use: "list [WORDS]", Short: "List accounts",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			q := url.Values{"limit": {"100"}}
			for name, value := range map[string]string{
				"q": strings.Join(args, " "), "state": string(f.State), "provider": string(f.Provider), "domain": f.Domain, "sort": string(f.Sort),
			} {
				if value != "" {
					q.Set(name, value)
				}
			}
			for name, on := range map[string]bool{
				"all": c.user == "", "unassigned": f.Unassigned, "deleted": f.Deleted, "desc": f.Descending,
			} {
				if on {
					q.Set(name, "true")
				}
			}
			for name, id := range map[string]int64{"owner": owner, "profile": profile} {
				if id != 0 {
					q.Set(name, itoa(id))
				}
			}
			return c.withClient(cmd.Context(), func(cl *client) error {
				return listAll(cmd.Context(), c, cl, "/accounts?"+q.Encode(), "ID\tADDRESS\tNAME\tINCOMING\tOUTGOING\n", func(w io.Writer, a api.AccountItem) {
					in, out := sideState(a.Incoming), sideState(a.Outgoing)
					if a.Needs == mailstead.NeedServers {
						in, out = "needs servers", "needs servers"
					}
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", a.ID, a.Address, a.Name, in, out)
				})
			})
		},
	}
	fl := cmd.Flags()
	fl.StringVar((*string)(&f.State), "state", "", "only accounts in this `STATE`: trouble, incomplete, retrying, new, ok or disabled")
	fl.StringVar((*string)(&f.Provider), "provider", "", "only accounts of this `PROVIDER` (id)")
	fl.StringVar(&f.Domain, "domain", "", "only addresses of this `DOMAIN`")
	fl.Int64Var(&owner, "owner", 0, "only accounts of this `USER` (id)")
	fl.Int64Var(&profile, "profile", 0, "only accounts of this `PROFILE` (id)")
	fl.BoolVar(&f.Unassigned, "unassigned", false, "only accounts of the organisation that nobody was given")
	fl.BoolVar(&f.Deleted, "deleted", false, "accounts that were deleted and can be restored")
	fl.StringVar((*string)(&f.Sort), "sort", "", "`ORDER`: created, name, address, state or success")
	fl.BoolVar(&f.Descending, "desc", false, "the order turned round")
	return cmd
}

func sideState(s *mailstead.Side) string {
	switch {
	case s == nil:
		return "-"
	case !s.Enabled:
		return "off"
	case s.Health.Code != "":
		return string(s.Health.State) + " (" + s.Health.Code + ")"
	default:
		return string(s.Health.State)
	}
}

func newAccountShow(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "Show an account", Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return get(cmd.Context(), c, "/accounts/"+url.PathEscape(args[0]), func(w io.Writer, a api.AccountDetail) {
				fmt.Fprintf(w, "Account\t%s\nAddress\t%s\nName\t%s\n", a.ID, a.Address, a.Name)
				if a.OwnerID != 0 {
					fmt.Fprintf(w, "Owner\tuser %s\n", a.OwnerID)
				}
				for _, s := range []struct {
					name string
					side *mailstead.Side
				}{{"Incoming", a.Incoming}, {"Outgoing", a.Outgoing}} {
					if s.side == nil {
						continue
					}
					fmt.Fprintf(w, "%s\t%s as %s: %s\n", s.name, s.side.Server, s.side.Login, sideState(s.side))
					if s.side.Health.Text != "" {
						fmt.Fprintf(w, "\t%s %s\n", s.side.Health.Text, s.side.Health.Action)
					}
				}
			})
		},
	}
}

func newAccountTest(c *cli) *cobra.Command {
	var f testMailFlags
	cmd := &cobra.Command{
		Use: "test ID", Short: "Test the connections of an account, or send a test mail from it", Args: exactArgs(1),
		Example: "  mailstead account test 3\n  mailstead account test 3 --mail bruno@example.com --subject 'Does this arrive?'\n" +
			"  mailstead account test 3 --round-trip",
		RunE: func(cmd *cobra.Command, args []string) error {
			path := "/accounts/" + url.PathEscape(args[0])
			if f.wanted(cmd) {
				return f.send(cmd.Context(), c, path+"/test-mail")
			}
			return c.withClient(cmd.Context(), func(cl *client) error {
				return c.test(cmd.Context(), cl, path+"/test", nil)
			})
		},
	}
	f.add(cmd)
	return cmd
}

func newAccountPassword(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "password ID", Short: "Change the password of an account; it is read from standard input", Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			password, err := c.readPassword()
			if err != nil {
				return err
			}
			body := secretBody{api.AccountPasswords{}, map[string]mailstead.Secret{"password": password}}
			return c.withClient(cmd.Context(), func(cl *client) error {
				raw, err := cl.raw(cmd.Context(), http.MethodPut, "/accounts/"+url.PathEscape(args[0])+"/password", body)
				if err != nil {
					return c.testFailed(err)
				}
				return c.showTest(raw)
			})
		},
	}
}

func newAccountSync(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "sync ID", Short: "Look for new mail now", Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withClient(cmd.Context(), func(cl *client) error {
				if !cl.running {
					return errNotRunning
				}
				if err := cl.call(cmd.Context(), http.MethodPost, "/accounts/"+url.PathEscape(args[0])+"/sync", nil, nil); err != nil {
					return err
				}
				return c.done("New mail is being looked for.")
			})
		},
	}
}

var errNotRunning = &mailstead.Error{
	Kind: mailstead.KindConflict, Code: "service.not_running", Text: "This needs the running service: start it with mailstead serve.",
}

func newAccountFolders(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "folders ID", Short: "List the folders of an account", Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withClient(cmd.Context(), func(cl *client) error {
				path := "/accounts/" + url.PathEscape(args[0]) + "/folders"
				return listAll(cmd.Context(), c, cl, path, "ID\tFOLDER\tROLE\tUNREAD\tHERE\tON SERVER\n", func(w io.Writer, f mailstead.Folder) {
					fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%d\n", f.ID, f.Path, orDash(string(f.Role)), f.Unread, f.Total, f.RemoteTotal)
				})
			})
		},
	}
}

func newAccountDelete(c *cli) *cobra.Command {
	return &cobra.Command{
		Use: "delete ID", Short: "Delete an account", Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withClient(cmd.Context(), func(cl *client) error {
				if err := cl.call(cmd.Context(), http.MethodDelete, "/accounts/"+url.PathEscape(args[0]), nil, nil); err != nil {
					return err
				}
				return c.done("Account " + args[0] + " is deleted. For 30 days mailstead account restore " + args[0] + " brings it back.")
			})
		},
	}
}

// when writes a time as lists show it.
func when(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format("2006-01-02 15:04")
}

// orDash shows an empty cell of a list.
func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

func itoa[T ~int64](id T) string { return strconv.FormatInt(int64(id), 10) }
