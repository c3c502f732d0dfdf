package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

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

// newRoot builds the command tree.
func newRoot(io streams) *cobra.Command {
	c := &cli{io: io}
	root := &cobra.Command{
		Use:           "mailstead",
		Short:         "E-mail accounts for business software",
		Version:       version,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			c.config, err = loadConfig(cmd.Flags(), c.configFile, os.Environ)
			return err
		},
	}
	root.SetIn(io.in)
	root.SetOut(io.out)
	root.SetErr(io.err)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return fmt.Errorf("%w: %w", errUsage, err) })
	f := root.PersistentFlags()
	f.StringVar(&c.configFile, "config", "", "configuration file (default DATA/mailstead.yaml)")
	f.BoolVar(&c.json, "json", false, "print JSON")
	f.StringVar(&c.user, "as", "", "act for this user (id or address)")
	f.String("data", "data", "data directory")
	f.String("database", "", "SQLite file (default DATA/mailstead.db) or postgres:// address")
	f.String("key-file", "", "key file (default DATA/key)")
	f.String("listen", "127.0.0.1:8420", "address that serve listens on; port 0 picks a free one")
	f.StringSlice("allowed-networks", nil, "private networks that mail servers may be in (CIDR)")
	f.StringSlice("extra-ca", nil, "PEM files of further certificate authorities")
	f.Bool("allow-unencrypted", false, "let accounts use servers without encryption")
	f.String("log-level", "info", "debug, info, warn or error")
	f.Bool("log-json", false, "write the log as JSON")
	root.AddCommand(
		newServe(c), newCheck(c), newDiscover(c), newDoctor(c), newResolve(c), newMessage(c), newError(c), newAccount(c),
		newUser(c), newProfile(c), newProvider(c), newDomain(c), newToken(c), newOutbox(c), newSend(c), newKey(c), newDB(c),
	)
	return root
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

// withClient runs fn with a client of the service.
func (c *cli) withClient(ctx context.Context, fn func(*client) error) (err error) {
	log := slog.New(slog.NewTextHandler(c.io.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	cl, err := openClient(ctx, c.config, c.user, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cl.close()) }()
	return fn(cl)
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

// readSecret reads one line from standard input: secrets never stand in the
// arguments, where other people of the machine could read them.
func (c *cli) readSecret(what string) (mailstead.Secret, error) {
	b, err := io.ReadAll(io.LimitReader(c.io.in, 16<<10))
	if err != nil {
		return mailstead.Secret{}, fmt.Errorf("read the %s: %w", what, err)
	}
	text := strings.TrimRight(string(b), "\r\n")
	if text == "" {
		return mailstead.Secret{}, mailstead.Invalid(what, "input.required", "Write the "+what+" to standard input.")
	}
	return mailstead.NewSecret(text), nil
}
