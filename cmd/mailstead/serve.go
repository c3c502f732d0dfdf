package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

// The limits of a request to our own server. Bodies of submitted mails may be
// large and come over slow lines; the event stream has no end at all, so there
// is no limit on writing.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = 5 * time.Minute
	idleTimeout   = 2 * time.Minute
	maxHeader     = 64 << 10
	// stopTimeout is how long requests under way may take after the signal.
	stopTimeout = 2 * time.Second
)

func newServe(c *cli) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the service",
		Long: "Runs the service until ctrl-C. The data directory, the database and the key file are made at the first\n" +
			"start; keep a copy of the key file apart from the database.\n\n" + settingsHelp(),
		Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.serve(cmd.Context(), c.announceSetup)
		},
	}
	f := cmd.Flags()
	f.String("listen", "127.0.0.1:8420", "`ADDRESS` that serve listens on; port 0 picks a free one")
	f.String("log-level", "info", "`LEVEL` of the log: debug, info, warn or error")
	f.Bool("log-json", false, "write the log as JSON")
	return cmd
}

// settingsHelp tells of the settings that have no flag.
func settingsHelp() string {
	flags := "data listen database key_file allowed_networks extra_ca allow_unencrypted log_level log_json"
	var rest []string
	for name := range settings() {
		if !slices.Contains(strings.Fields(flags), name) {
			rest = append(rest, name)
		}
	}
	slices.Sort(rest)
	text := "A setting is a flag (--key-file), an environment variable (MAILSTEAD_KEY_FILE) or a line of the\n" +
		"configuration file (key_file: /etc/mailstead/key). A flag wins over the environment, that over the\n" +
		"file. These settings have no flag:"
	width := 100
	for _, name := range rest {
		if width += len(name) + 2; width > 100 {
			text, width = text+"\n ", len(name)+4
		}
		text += " " + name
	}
	return text
}

// ready is what a command does between the start of the service and its first
// answer.
type ready func(ctx context.Context, a *app, addr net.Addr) error

// serve runs the service until ctx ends.
func (c *cli) serve(ctx context.Context, announce ready) (err error) {
	log := c.logger()
	a, err := openApp(ctx, c.config, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.config.Listen)
	if err != nil {
		text := "Mailstead cannot listen on " + c.config.Listen + ": " + reason(err) + "."
		if errors.Is(err, syscall.EADDRINUSE) {
			text = "Another program listens on " + c.config.Listen + " already: choose another port with --listen."
		}
		return configError("config.listen", "listen", text, err)
	}
	socket, err := listenSocket(ctx, filepath.Join(c.config.Data, socketName))
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	if err := a.start(ctx); err != nil {
		return errors.Join(err, listener.Close(), socket.Close())
	}
	if err := announce(ctx, a, listener.Addr()); err != nil {
		return errors.Join(err, listener.Close(), socket.Close())
	}
	log.LogAttrs(ctx, slog.LevelInfo, "listening", slog.String("url", "http://"+listener.Addr().String()), slog.String("version", version))
	return serveHTTP(ctx, a, log, listener, socket)
}

// announceSetup prints how the first administrator is made, while there is none.
// The token stands behind the # of the link, which browsers keep to themselves.
func (c *cli) announceSetup(ctx context.Context, a *app, addr net.Addr) error {
	token, needed, err := a.admin.SetupToken(ctx)
	if err != nil || !needed {
		return err
	}
	data := ""
	if c.config.Data != defaults()["data"] {
		data = " --data " + c.config.Data
	}
	_, err = fmt.Fprintf(c.io.err, "\nMailstead has no administrator yet. Make the first one in a browser:\n\n"+
		"    %s/setup#token=%s\n\n"+
		"The link carries this setup token:\n\n    %s\n\n"+
		"Or make it on this machine:\n\n"+
		"    mailstead%s user add --admin --name NAME ADDRESS\n\n",
		c.pagesAt(addr), url.QueryEscape(token.Reveal()), token.Reveal(), data)
	return err
}

// pagesAt is where people open the pages of the service that listens on addr.
func (c *cli) pagesAt(addr net.Addr) string {
	if c.config.PublicURL != "" {
		return strings.TrimRight(c.config.PublicURL, "/")
	}
	if tcp, ok := addr.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return "http://localhost:" + strconv.Itoa(tcp.Port)
	}
	return "http://" + addr.String()
}

// serveHTTP answers on both listeners until ctx ends, then lets requests under
// way finish.
func serveHTTP(ctx context.Context, a *app, log *slog.Logger, listener, socket net.Listener) error {
	public, local := newServer(a, log), newServer(a.api.Operator(), log)
	failed := make(chan error, 2)
	go func() { failed <- public.Serve(listener) }()
	go func() { failed <- local.Serve(socket) }()
	var err error
	running := 2
	select {
	case <-ctx.Done():
		log.LogAttrs(ctx, slog.LevelInfo, "stopping")
	case err = <-failed:
		running--
	}
	a.api.Stop()
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	for _, s := range []*http.Server{public, local} {
		if s.Shutdown(stop) != nil {
			// Whoever is still sending after the grace is cut off; nothing of an
			// unfinished request was accepted.
			err = errors.Join(err, s.Close())
		}
	}
	for ; running > 0; running-- {
		if e := <-failed; !errors.Is(e, http.ErrServerClosed) {
			err = errors.Join(err, e)
		}
	}
	return err
}

func newServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// maxSocketPath is the longest path that a socket may have (sockaddr_un).
const maxSocketPath = 107

// listenSocket opens the command line's socket, for the owner alone. A socket
// file that a killed service left behind is replaced: the store's lock, held by
// now, tells that no other service uses it.
func listenSocket(ctx context.Context, path string) (net.Listener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("replace the command line's socket: %w", err)
	}
	// The directory is 0700 already; the socket itself is closed to others before
	// anybody could speak to it.
	l, err := (&net.ListenConfig{}).Listen(ctx, "unix", path)
	if err != nil {
		text := "The command line's socket " + path + " cannot be made: " + reason(err) + "."
		if len(path) > maxSocketPath {
			text = "The path of the data directory is too long for a socket in it: choose one of at most 80 characters."
		}
		return nil, configError("config.socket", "data", text, err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}
