package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/mailstead/mailstead"
)

// cli is what all commands share.
type cli struct {
	io         streams
	configFile string
	json       bool
	user       string
	config     config
}

// The groups of commands in the help.
const (
	groupService = "service"
	groupAccount = "account"
	groupMail    = "mail"
	groupPeople  = "people"
)

// newRoot builds the command tree.
func newRoot(c *cli) *cobra.Command {
	root := &cobra.Command{
		Use:   "mailstead",
		Short: "E-mail accounts for business software",
		Long: "E-mail accounts for business software: one service that connects mailboxes, reads and sends,\n" +
			"and this command line, which speaks to it. Commands other than serve work beside a running\n" +
			"service of the same data directory, and without one.\n\n" +
			"Exit codes: 0 done, 64 wrong command line, 65 wrong input, 66 no such thing, 69 refused by another\n" +
			"server, 70 internal error, 73 conflict, 75 try again later, 77 not allowed or sign-in refused,\n" +
			"78 wrong configuration or key file.",
		Version:                    version,
		Args:                       noSuchCommand,
		RunE:                       helpOnly,
		SilenceErrors:              true,
		SilenceUsage:               true,
		SuggestionsMinimumDistance: 2,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			c.config, err = loadConfig(cmd.Flags(), c.configFile, os.Environ)
			return err
		},
	}
	root.SetIn(c.io.in)
	root.SetOut(c.io.out)
	root.SetErr(c.io.err)
	root.SetUsageTemplate(usageTemplate)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage(cmd, strings.ToUpper(err.Error()[:1])+err.Error()[1:]+".")
	})
	f := root.PersistentFlags()
	f.StringVar(&c.configFile, "config", "", "configuration `FILE` (default DATA/mailstead.yaml)")
	f.BoolVar(&c.json, "json", false, "print JSON, failures too")
	f.StringVar(&c.user, "as", "", "act for this `USER` (id or address)")
	f.String("data", "data", "data `DIRECTORY`")
	f.String("database", "", "SQLite `FILE` (default DATA/mailstead.db) or postgres:// address")
	f.String("key-file", "", "key `FILE` (default DATA/key)")
	f.StringSlice("allowed-networks", nil, "private `NETWORKS` that mail servers may be in (CIDR)")
	f.StringSlice("extra-ca", nil, "PEM `FILES` of further certificate authorities")
	f.Bool("allow-unencrypted", false, "let accounts use servers without encryption")
	for _, g := range []struct {
		id, title string
		commands  []*cobra.Command
	}{
		{groupService, "The service:", []*cobra.Command{newServe(c), newDemo(c), newCheck(c), newKey(c), newDB(c)}},
		{groupPeople, "People and their rights:", []*cobra.Command{newUser(c), newProfile(c), newAssignment(c), newPolicy(c), newToken(c), newAudit(c)}},
		{groupAccount, "Mail accounts:", []*cobra.Command{
			newDiscover(c), newDoctor(c), newAccount(c), newCheckup(c), newImport(c), newDomain(c), newProvider(c), newOAuthApp(c), newTrust(c), newError(c), newNotice(c), newReport(c),
		}},
		{groupMail, "Mail:", []*cobra.Command{newMessage(c), newSend(c), newTemplate(c), newOutbox(c), newResolve(c), newRecordType(c), newRecord(c), newLink(c)}},
	} {
		root.AddGroup(&cobra.Group{ID: g.id, Title: g.title})
		for _, cmd := range g.commands {
			cmd.GroupID = g.id
			root.AddCommand(cmd)
		}
	}
	return root
}

// usageTemplate is what --help says below the description.
const usageTemplate = `Usage:
  {{if .HasAvailableSubCommands}}{{.CommandPath}} COMMAND{{else}}{{.UseLine}}{{end}}{{if .HasExample}}

Examples:
{{.Example}}{{end}}{{if .HasAvailableSubCommands}}{{$cmds := .Commands}}{{if eq (len .Groups) 0}}

Commands:{{range $cmds}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{else}}{{range $group := .Groups}}

{{.Title}}{{range $cmds}}{{if (and (eq .GroupID $group.ID) .IsAvailableCommand)}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{end}}{{end}}{{if .HasAvailableLocalFlags}}

Flags:
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}{{if .HasAvailableInheritedFlags}}

Flags of every command:
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}{{if .HasAvailableSubCommands}}

"{{.CommandPath}} COMMAND --help" tells more about a command.{{end}}
`

// group is a command that only holds others.
func group(name, short string, commands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: name, Short: short, Args: noSuchCommand, RunE: helpOnly, SuggestionsMinimumDistance: 2}
	cmd.AddCommand(commands...)
	return cmd
}

// noSuchCommand refuses what is no command of a group.
func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return pflag.ErrHelp
	}
	text := "There is no command " + cmd.CommandPath() + " " + args[0] + "."
	if like := cmd.SuggestionsFor(args[0]); len(like) > 0 {
		text += " Do you mean " + strings.Join(like, " or ") + "?"
	}
	return usage(cmd, text)
}

// helpOnly makes a group a command whose arguments are looked at.
func helpOnly(*cobra.Command, []string) error { return nil }

// exactArgs refuses any other number of arguments as wrong usage.
func exactArgs(n int) cobra.PositionalArgs { return rangeArgs(n, n) }

// rangeArgs refuses fewer and more arguments as wrong usage; most may be -1.
func rangeArgs(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return usage(cmd, "Something is missing: "+cmd.UseLine()+".")
		case most >= 0 && len(args) > most:
			return usage(cmd, fmt.Sprintf("%q is too much: %s.", args[most], cmd.UseLine()))
		}
		return nil
	}
}

// needsUser demands the flag --user of the operator, who has nothing of its own.
func (c *cli) needsUser(cmd *cobra.Command) error {
	if c.user == "" && !cmd.Flags().Changed("user") {
		return usage(cmd, "Something is missing: "+cmd.UseLine()+".")
	}
	return nil
}

// logger returns the logger that the configuration asks for. It writes to the
// error stream.
func (c *cli) logger() *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.config.LogLevel)); err != nil {
		level = slog.LevelInfo
	}
	o := &slog.HandlerOptions{Level: level}
	if c.config.LogJSON {
		return slog.New(slog.NewJSONHandler(c.io.err, o))
	}
	return slog.New(slog.NewTextHandler(c.io.err, o))
}

// warnings is the logger of commands that are not the service.
func (c *cli) warnings() *slog.Logger {
	return slog.New(slog.NewTextHandler(c.io.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// show prints an answer of the API: as it is with --json, else by text.
func (c *cli) show(raw []byte, out any, text func(w io.Writer)) error {
	if c.json {
		var b bytes.Buffer
		if err := json.Compact(&b, raw); err != nil {
			return fmt.Errorf("understand the answer of the service: %w", err)
		}
		b.WriteByte('\n')
		_, err := c.io.out.Write(b.Bytes())
		return err
	}
	if out != nil {
		if err := json.Unmarshal(raw, out); err != nil {
			return fmt.Errorf("understand the answer of the service: %w", err)
		}
	}
	w := tabwriter.NewWriter(c.io.out, 0, 4, 2, ' ', 0)
	text(w)
	return w.Flush()
}

// done says that something was done which has no answer of its own.
func (c *cli) done(text string) error {
	return c.show([]byte(`{"ok":true}`), nil, func(w io.Writer) { fmt.Fprintln(w, text) })
}

// readPassword reads a password from standard input: secrets never stand in the
// arguments, where other people of the machine could read them. A person is
// asked, and what is typed does not show.
func (c *cli) readPassword() (mailstead.Secret, error) {
	var b []byte
	var err error
	if f, ok := c.terminal(); ok {
		fmt.Fprint(c.io.err, "Password: ")
		b, err = term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(c.io.err)
	} else {
		b, err = io.ReadAll(io.LimitReader(c.io.in, maxSecret+1))
	}
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return mailstead.Secret{}, fmt.Errorf("read the password: %w", err)
	case len(b) > maxSecret:
		return mailstead.Secret{}, mailstead.Invalid("password", "input.too_long", "The password is too long.")
	}
	text := strings.TrimRight(string(b), "\r\n")
	if text == "" {
		return mailstead.Secret{}, mailstead.Invalid("password", "input.password_needed", "The password is needed: write it to standard input.")
	}
	return mailstead.NewSecret(text), nil
}

const maxSecret = 16 << 10

// terminal returns standard input when a person sits there.
func (c *cli) terminal() (*os.File, bool) {
	f, ok := c.io.in.(*os.File)
	return f, ok && term.IsTerminal(int(f.Fd()))
}

// readText reads the text of a mail from standard input.
func (c *cli) readText() (string, error) {
	if _, ok := c.terminal(); ok {
		fmt.Fprintln(c.io.err, "Write the text of the mail; ctrl-D on a line of its own ends it.")
	}
	b, err := io.ReadAll(io.LimitReader(bufio.NewReader(c.io.in), mailstead.MaxBody+1))
	if err != nil {
		return "", fmt.Errorf("read the text: %w", err)
	}
	return string(b), nil
}

// withClient runs fn with a client of the service or, while none runs, of the
// installation in the data directory.
func (c *cli) withClient(ctx context.Context, fn func(*client) error) error {
	return c.with(ctx, c.config, mustExist, fn)
}

// withNew is withClient for commands by which an installation may begin: there
// need not be one yet.
func (c *cli) withNew(ctx context.Context, fn func(*client) error) error {
	return c.with(ctx, c.config, mayBegin, fn)
}

// withFacts is withClient for questions that need no data of anybody. Where there
// is no installation, one for the moment answers: a question leaves nothing
// behind.
func (c *cli) withFacts(ctx context.Context, fn func(*client) error) (err error) {
	err = c.with(ctx, c.config, mustExist, fn)
	if err == nil || mailstead.CodeOf(err) != codeMissing {
		return err
	}
	dir, err := os.MkdirTemp("", "mailstead-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	return c.with(ctx, c.config.at(dir), mayBegin, fn)
}

func (c *cli) with(ctx context.Context, conf config, e existence, fn func(*client) error) (err error) {
	// A command is over before collecting its garbage pays: a third of its work.
	debug.SetGCPercent(400)
	cl, err := openClient(ctx, conf, e, c.user, c.warnings())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cl.close()) }()
	return fn(cl)
}
