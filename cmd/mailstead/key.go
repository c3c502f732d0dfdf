package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/credential"
	"github.com/mailstead/mailstead/store"
	"github.com/mailstead/mailstead/store/postgres"
	"github.com/mailstead/mailstead/store/sqlite"
)

func newKey(c *cli) *cobra.Command {
	return group("key", "Look after the key that seals passwords", &cobra.Command{
		Use: "check", Short: "Check that the key file opens the sealed passwords", Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			sealer, err := openSealer(cmd.Context(), c.config)
			if err != nil {
				return err
			}
			if sealer == nil {
				return &mailstead.Error{
					Kind: mailstead.KindNotFound, Code: codeMissing,
					Text: "Nothing is sealed yet: the key file is made when mailstead serve starts for the first time.",
				}
			}
			raw, err := json.Marshal(map[string]any{"ok": true, "key_file": c.config.KeyFile})
			if err != nil {
				return err
			}
			return c.show(raw, nil, func(w io.Writer) { fmt.Fprintf(w, "Key file\tok (%s)\n", c.config.KeyFile) })
		},
	})
}

func newCheck(c *cli) *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Check configuration, database and key file",
		Long: "Checks the configuration, whether the database can be read, and whether the key file belongs to it.\n" +
			"Nothing is changed or made. With --json it also prints the settings that are in force.",
		Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error { return c.check(cmd.Context()) },
	}
}

// checked is what check prints with --json.
type checked struct {
	OK bool `json:"ok"`
	// Config is the configuration file, or "".
	Config   string `json:"config"`
	Database string `json:"database"`
	// Exists tells that there is an installation.
	Exists bool `json:"exists"`
	// Running tells that a service answers.
	Running  bool            `json:"running"`
	Settings json.RawMessage `json:"settings"`
}

func (c *cli) check(ctx context.Context) error {
	r := checked{OK: true, Config: c.config.file, Database: "SQLite"}
	if c.config.postgres() {
		r.Database = "PostgreSQL"
	}
	if _, err := c.config.roots(); err != nil {
		return err
	}
	sealer, err := openSealer(ctx, c.config)
	if err != nil {
		return err
	}
	r.Exists = sealer != nil
	if r.Running, err = c.running(ctx); err != nil {
		return err
	}
	if r.Settings, err = c.config.show(); err != nil {
		return err
	}
	raw, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return c.show(raw, nil, func(w io.Writer) {
		file, state, service := "no file", "ok", "not running"
		if r.Config != "" {
			file = r.Config
		}
		if !r.Exists {
			state = "none yet, serve makes it"
		}
		if r.Running {
			service = "running"
		}
		fmt.Fprintf(w, "Configuration\tok (%s)\nDatabase\t%s (%s)\nKey file\t%s (%s)\nService\t%s\n",
			file, state, r.Database, state, c.config.KeyFile, service)
	})
}

// running asks whether a service answers.
func (c *cli) running(ctx context.Context) (bool, error) {
	cl, err := dialService(ctx, c.config, "")
	if err != nil || cl == nil {
		return false, err
	}
	return true, errors.Join(cl.call(ctx, http.MethodGet, "/setup", nil, nil), cl.close())
}

func newDB(c *cli) *cobra.Command {
	return group("db", "Look after the database", &cobra.Command{
		Use: "migrate", Short: "Bring the database to this version's form; serve does it too", Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := openApp(cmd.Context(), c.config, c.warnings())
			if err != nil {
				return err
			}
			if err := a.close(); err != nil {
				return err
			}
			return c.done("The database is up to date.")
		},
	})
}

// openSealer opens the sealing keys of the installation with its key file, and
// changes nothing: neither file nor database is written, whatever is wrong with
// them. It returns nil while there are no sealing keys; a key file that is there
// already must be a good one even then.
func openSealer(ctx context.Context, c config) (*credential.Sealer, error) {
	ring, err := keyring(ctx, c)
	none := err != nil && mailstead.KindOf(err) == mailstead.KindNotFound
	if err != nil && !none {
		return nil, storeError(c, err)
	}
	key, err := credential.ReadKeyFile(c.KeyFile)
	switch {
	case err != nil && none && mailstead.CodeOf(err) == "key.missing":
		return nil, nil //nolint:nilnil // there is nothing to open yet
	case err != nil:
		return nil, fmt.Errorf("%w: %w", errConfig, err)
	case none:
		return nil, nil //nolint:nilnil // there is nothing to open yet
	}
	s, err := credential.OpenKeyring(key, ring)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errConfig, err)
	}
	return s, nil
}

// keyring reads the sealing keys without changing anything.
func keyring(ctx context.Context, c config) (mailstead.Keyring, error) {
	if c.postgres() {
		return postgres.Keyring(ctx, c.Database)
	}
	path, err := c.sqlitePath()
	if err != nil {
		return mailstead.Keyring{}, err
	}
	return sqlite.Keyring(ctx, path)
}

// newSealer makes the sealing keys of a new installation, and a key file when
// there is none.
func newSealer(ctx context.Context, db *store.DB, path string) (*credential.Sealer, error) {
	key, err := credential.ReadKeyFile(path)
	if err != nil && mailstead.CodeOf(err) == "key.missing" {
		key, err = credential.CreateKeyFile(path)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errConfig, err)
	}
	ring, s, err := credential.NewKeyring(key)
	if err != nil {
		return nil, err
	}
	return s, db.SaveKeyring(ctx, ring)
}

// storeError puts an error of opening the database that has no words yet into
// words.
func storeError(c config, err error) error {
	var known *mailstead.Error
	switch {
	case errors.As(err, &known) && known.Kind == mailstead.KindInvalid:
		return fmt.Errorf("%w: %w", errConfig, err)
	case known != nil:
		return err
	}
	path, _ := c.sqlitePath()
	return configError("store.unusable", "database", "The database "+path+" cannot be opened: "+oneLine(err.Error())+".", err)
}
