package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/admin"
	"github.com/mailstead/mailstead/api"
	"github.com/mailstead/mailstead/blob"
	"github.com/mailstead/mailstead/checkup"
	"github.com/mailstead/mailstead/compose"
	"github.com/mailstead/mailstead/connect"
	"github.com/mailstead/mailstead/credential"
	"github.com/mailstead/mailstead/demo"
	"github.com/mailstead/mailstead/diagnose"
	"github.com/mailstead/mailstead/dial"
	"github.com/mailstead/mailstead/discover"
	"github.com/mailstead/mailstead/inbox"
	"github.com/mailstead/mailstead/message"
	"github.com/mailstead/mailstead/notice"
	"github.com/mailstead/mailstead/notify"
	"github.com/mailstead/mailstead/oauth"
	"github.com/mailstead/mailstead/outbox"
	"github.com/mailstead/mailstead/provider/imap"
	"github.com/mailstead/mailstead/provider/pop3"
	"github.com/mailstead/mailstead/provider/smtp"
	"github.com/mailstead/mailstead/queue"
	"github.com/mailstead/mailstead/record"
	"github.com/mailstead/mailstead/store"
	"github.com/mailstead/mailstead/store/postgres"
	"github.com/mailstead/mailstead/store/sqlite"
	"github.com/mailstead/mailstead/web"
)

// app is the whole program, wired. Nothing runs in it before start.
type app struct {
	c     config
	log   *slog.Logger
	db    *store.DB
	blobs *blob.Packs
	hub   *notify.Hub
	demo  *demo.Servers

	admin   *admin.Service
	connect *connect.Service
	checkup *checkup.Service
	inbox   *inbox.Service
	outbox  *outbox.Service
	notice  *notice.Service
	record  *record.Service
	api     *api.Handler
	pages   http.Handler
	// base is the path of public_url.
	base string

	// sweeping removes for good what was deleted long ago; rest ends it.
	sweeping sync.WaitGroup
	rest     context.CancelFunc
}

// openApp opens the data directory and wires the program. The order matters:
// nothing is made or changed before configuration and key file are known to be
// good.
func openApp(ctx context.Context, c config, log *slog.Logger) (_ *app, err error) {
	samples := demo.New(demo.Config{Live: c.DemoLive, Now: time.Now, Logger: log})
	trust := new(dial.TrustTable)
	dialer, err := newDialer(c, samples, trust)
	if err != nil {
		return nil, err
	}
	sealer, err := openSealer(ctx, c)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return nil, configError("config.data", "data", "The data directory "+c.Data+" cannot be made: "+reason(err)+".", err)
	}
	a := &app{c: c, log: log, hub: notify.New(), demo: samples}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.close())
		}
	}()
	if a.db, err = openStore(ctx, c, log, a.hub.Broadcast); err != nil {
		return nil, storeError(c, err)
	}
	if sealer == nil {
		if sealer, err = newSealer(ctx, a.db, c.KeyFile); err != nil {
			return nil, err
		}
	}
	if a.blobs, err = blob.Open(filepath.Join(c.Data, "blobs"), blob.Options{}); err != nil {
		return nil, err
	}
	if err := a.wire(dialer, trust, sealer); err != nil {
		return nil, err
	}
	if err := errors.Join(a.admin.LoadProviders(ctx), a.admin.LoadTrust(ctx)); err != nil {
		return nil, err
	}
	configured, err := c.smtp()
	if err != nil {
		return nil, err
	}
	return a, a.connect.Configure(ctx, configured)
}

// reason is the system's own word for why a file cannot be used.
func reason(err error) string {
	var e syscall.Errno
	if errors.As(err, &e) {
		return e.Error()
	}
	return oneLine(err.Error())
}

func openStore(ctx context.Context, c config, log *slog.Logger, committed func()) (*store.DB, error) {
	o := store.Options{Now: time.Now, Logger: log, Committed: committed}
	if c.postgres() {
		return postgres.Open(ctx, c.Database, o)
	}
	path, err := c.sqlitePath()
	if err != nil {
		return nil, err
	}
	return sqlite.Open(ctx, path, o)
}

// newDialer makes what all outgoing connections go through.
func newDialer(c config, hosts dial.Hosts, trust *dial.TrustTable) (*dial.Dialer, error) {
	networks, err := c.networks()
	if err != nil {
		return nil, err
	}
	roots, err := c.roots()
	if err != nil {
		return nil, err
	}
	return dial.New(dial.Config{
		Allowed: networks, Roots: roots, Trust: trust, Hosts: hosts, Resolver: resolver(c.Resolver), Now: time.Now,
		ConnectTimeout: c.ConnectTimeout, HandshakeTimeout: c.ConnectTimeout, IOTimeout: c.IOTimeout,
	}), nil
}

// wire builds the drivers, the journeys and the API.
func (a *app) wire(dialer *dial.Dialer, trust *dial.TrustTable, sealer *credential.Sealer) error {
	directory, err := discover.New()
	if err != nil {
		return err
	}
	catalogue, err := diagnose.New()
	if err != nil {
		return err
	}
	source := &sources{
		imap: imap.New(imap.Config{Dialer: dialer, Version: version, Now: time.Now}),
		pop3: pop3.New(pop3.Config{Dialer: dialer, Now: time.Now}),
	}
	sender := senders{smtp.New(dialer, smtp.Options{EHLOName: a.c.EHLOName, SignInTimeout: a.c.IOTimeout, Now: time.Now})}
	services := oauth.NewClient(dialer.HTTPClient(), time.Now)
	tokens := oauth.NewTokens(oauth.Config{Store: a.db, Sealer: sealer, Client: services, Now: time.Now, Logger: a.log})
	keys := &credentials{db: a.db, sealer: sealer, tokens: tokens, allowPlain: a.c.AllowUnencrypted}

	a.inbox = inbox.New(inbox.Config{
		Store: a.db, Shelf: a.db, Blobs: a.blobs, Credentials: keys, Source: source, Explain: catalogue,
		Now: time.Now, Logger: a.log, MaxMessageSize: a.c.MaxMessageSize, PollEvery: a.c.PollEvery,
		RetryDelays: a.c.SyncRetry, TroubleDelay: a.c.SyncTrouble, Loads: a.c.SyncLoads,
	})
	a.outbox = outbox.New(outbox.Config{
		Store: a.db, Shelf: a.db, Trips: a.db, Blobs: a.blobs, Credentials: keys, Sender: sender, Source: source, Queue: queue.New(sendingAccounts),
		Explain: catalogue, Now: time.Now, Logger: a.log, SentCopied: a.inbox.Nudge, Nudge: a.inbox.Nudge,
		AllowTest: func(actor mailstead.Actor) error { return a.connect.AllowTest(actor) },
		SavesSent: func(id mailstead.ProviderID) bool {
			p, ok := directory.Provider(id)
			return ok && p.SavesSent
		},
		MaxAttachments: a.c.MaxAttachments, Connections: a.c.SendConnections, RetryDelays: a.c.SendRetry, MaxAge: a.c.SendExpire,
		LookDelays: a.c.SendUnknownRetry, StopGrace: stopTimeout,
	})
	a.record = record.New(record.Config{Store: a.db, Links: a.db, Shelf: a.db, Blobs: a.blobs, Now: time.Now, Logger: a.log})
	hosts := queue.NewHosts(bulkConnections)
	var network connect.Network
	if a.c.Discovery {
		network = discover.NewNetwork(directory, discover.Asked{
			Resolver: resolver(a.c.Resolver), Fetcher: dialer, Prober: discover.NewGreeter(dialer, a.c.EHLOName),
			PublicDirectory: a.c.DiscoveryDirectory, Now: time.Now,
		})
	}
	health, err := a.senderHealth()
	if err != nil {
		return err
	}
	a.connect = connect.New(connect.Config{
		Hosts: hosts, Network: network, Health: health, OAuth: connect.OAuth{Grants: a.db, Client: services, Tokens: tokens},
		Store: a.db, Bin: a.db, People: a.db, Links: a.db, Sealer: sealer, Directory: directory, Explainer: catalogue, Source: source, Sender: sender,
		AllowPlain: a.c.AllowUnencrypted, Connected: a.inbox.Restart, Changed: a.inbox.Restart, Healthy: a.healthy, Compose: composeMail, Now: time.Now, Logger: a.log,
	})
	a.notice = notice.New(notice.Config{
		Store: a.db, Shelf: a.db, Sender: a.outbox, AllowReport: a.connect.AllowTest, Now: time.Now, Logger: a.log, Version: version,
		After: a.c.AlertAfter, Collect: a.c.AlertCollect,
	})
	at, err := a.c.testAt()
	if err != nil {
		return err
	}
	a.checkup = checkup.New(checkup.Config{Store: a.db, Tester: a.connect, Hosts: hosts, Now: time.Now, Logger: a.log, At: at})
	a.admin = admin.New(admin.Config{
		Store: a.db, Directory: directory, Trust: trust, CheckAuthority: dial.DescribeAuthority, Sealer: sealer, Now: time.Now, Logger: a.log,
		Networks: a.c.AllowedNetworks, AllowPlain: a.c.AllowUnencrypted,
		Demo: admin.DemoConfig{Servers: a.demo, Directory: directory, Accounts: a.connect, Outbox: a.outbox},
	})
	public, err := a.c.publicURL()
	if err != nil {
		return err
	}
	if public != nil {
		a.base = public.Path
	}
	proxies, err := a.c.proxies()
	if err != nil {
		return err
	}
	a.api, err = api.New(api.Config{
		Gate: a.admin, People: a.admin, Directory: a.admin, Sharing: a.admin, Demo: a.admin, Policies: a.admin, Templates: a.admin, OAuthApps: a.admin, Trust: a.admin, SignIns: a.connect, Audit: a.admin, Checkups: a.checkup, Connect: a.connect, Accounts: a.connect, Importer: a.connect, Links: a.connect,
		Inbox: a.inbox, Outbox: a.outbox, Records: a.record, RecordMails: a.record, Notices: a.notice, Events: notify.NewStream(a.db, a.hub), Explain: catalogue, Ready: a.db,
		Now: time.Now, Logger: a.log, Version: version, MaxSubmission: submissionLimit(a.c.MaxAttachments),
		MaxAttachments: a.c.MaxAttachments, PublicURL: public, TrustedProxies: proxies,
	})
	return err
}

// ServeHTTP answers what comes from the network: the API has its paths and those
// that machines ask for, all others are places of the pages.
func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if a.base != "" && (r.URL.Path == a.base || strings.HasPrefix(r.URL.Path, a.base+"/")) {
		// The proxy hands its path on; others take it off.
		http.StripPrefix(a.base, http.HandlerFunc(a.answer)).ServeHTTP(w, r)
		return
	}
	a.answer(w, r)
}

// answer is ServeHTTP without the path of a proxy.
func (a *app) answer(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	if path == "/api" || strings.HasPrefix(path, "/api/") || slices.Contains([]string{"/healthz", "/readyz", "/metrics"}, path) {
		a.api.ServeHTTP(w, r)
		return
	}
	a.pages.ServeHTTP(w, r)
}

// composeMail makes the bytes of a mail that the outbox does not keep.
func composeMail(d mailstead.Draft, from mailstead.Address) ([]byte, error) {
	return compose.Render(d, from, compose.Options{MessageID: message.NewMessageID(mailstead.DomainOf(from.Address)), Date: time.Now()})
}

// bulkConnections is how many connections tests and changes of many accounts have to a
// host at a time, together. Careful providers allow ten; mail is read and sent beside.
const bulkConnections = 5

// sendingAccounts is how many accounts send at the same time.
const sendingAccounts = 32

// submissionLimit is the most bytes of a submission: base64 makes four bytes of
// three, and the text needs room beside the files.
func submissionLimit(attachments int64) int64 { return attachments/3*4 + 4*mailstead.MaxBody }

// healthy lets mail flow again after an account was mended.
func (a *app) healthy(id mailstead.AccountID) {
	a.inbox.Restart(id)
	a.outbox.Healthy(id)
}

// start begins reading and sending, and has the pages ready: commands need none of it.
func (a *app) start(ctx context.Context) (err error) {
	if a.pages, err = web.New(web.Dist(), a.base); err != nil {
		return err
	}
	if err := a.admin.ResumeDemo(ctx); err != nil {
		return err
	}
	if err := a.outbox.Start(ctx); err != nil {
		return err
	}
	sweep, rest := context.WithCancel(ctx)
	a.rest = rest
	a.sweeping.Go(func() { a.connect.KeepPurging(sweep) })
	a.sweeping.Go(func() { a.record.KeepSweeping(sweep) })
	if err := a.inbox.Start(ctx); err != nil {
		return err
	}
	a.notice.Start(ctx)
	return a.checkup.Start(ctx)
}

// close stops what runs and closes the data directory.
func (a *app) close() error {
	if a.rest != nil {
		a.rest()
		a.sweeping.Wait()
	}
	if a.checkup != nil {
		a.checkup.Stop()
	}
	if a.notice != nil {
		a.notice.Stop()
	}
	if a.inbox != nil {
		a.inbox.Stop()
	}
	if a.outbox != nil {
		a.outbox.Stop()
	}
	a.demo.Stop()
	var errs []error
	if a.blobs != nil {
		errs = append(errs, a.blobs.Close())
	}
	if a.db != nil {
		errs = append(errs, a.db.Close())
	}
	return errors.Join(errs...)
}

// resolver asks the DNS server at addr, for an empty one that of the system.
func resolver(addr string) *net.Resolver {
	if addr == "" {
		return net.DefaultResolver
	}
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, network, addr)
	}}
}

// credentials opens the sealed secrets of accounts for their drivers.
type credentials struct {
	db         *store.DB
	sealer     *credential.Sealer
	tokens     *oauth.Tokens
	allowPlain bool
}

// Access implements the journeys' Credentials.
func (c *credentials) Access(ctx context.Context, id mailstead.AccountID, name mailstead.SideName) (mailstead.Access, error) {
	a, err := c.db.Account(ctx, id)
	if err != nil {
		return mailstead.Access{}, err
	}
	side := a.Side(name)
	if side == nil {
		return mailstead.Access{}, &mailstead.Error{
			Kind: mailstead.KindConflict, Code: "account.no_side", Op: "credentials.Access",
			Text: "This account has no " + string(name) + " server.",
		}
	}
	secrets, err := c.db.Secrets(ctx, id)
	if err != nil {
		return mailstead.Access{}, err
	}
	access := mailstead.Access{
		Server: side.Server, Login: side.Login, Admin: true,
	}
	if side.Server.Security == mailstead.SecurityNone {
		rules, err := c.db.Policies(ctx)
		if err != nil {
			return mailstead.Access{}, err
		}
		access.AllowPlain = c.allowPlain || rules.Plain
	}
	if side.Secret == mailstead.SecretOAuth {
		access.OAuth = true
		access.Renew = func(ctx context.Context, refused mailstead.Secret) (mailstead.Secret, error) {
			return c.tokens.Renew(ctx, id, refused)
		}
		access.Secret, err = c.tokens.Token(ctx, id)
		return access, err
	}
	if sealed, ok := secrets[side.Secret]; ok {
		if access.Secret, err = c.sealer.Open(sealed, a.Key, side.Secret); err != nil {
			return mailstead.Access{}, err
		}
	}
	if side.Login != "" && access.Secret.IsZero() {
		// A sign-in without a password would only lock the mailbox.
		return mailstead.Access{}, &mailstead.Error{
			Kind: mailstead.KindCredentials, Code: "account.no_secret", Op: "credentials.Access",
			Text: "No password is stored for this account: enter it.",
		}
	}
	return access, nil
}
