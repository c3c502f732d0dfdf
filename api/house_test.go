package api_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/admin"
	"github.com/mailstead/mailstead/api"
	"github.com/mailstead/mailstead/blob"
	"github.com/mailstead/mailstead/checkup"
	"github.com/mailstead/mailstead/connect"
	"github.com/mailstead/mailstead/credential"
	"github.com/mailstead/mailstead/diagnose"
	"github.com/mailstead/mailstead/dial"
	"github.com/mailstead/mailstead/discover"
	"github.com/mailstead/mailstead/fakemail"
	"github.com/mailstead/mailstead/inbox"
	"github.com/mailstead/mailstead/mailtest"
	"github.com/mailstead/mailstead/notice"
	"github.com/mailstead/mailstead/notify"
	"github.com/mailstead/mailstead/oauth"
	"github.com/mailstead/mailstead/outbox"
	"github.com/mailstead/mailstead/provider/imap"
	"github.com/mailstead/mailstead/provider/smtp"
	"github.com/mailstead/mailstead/queue"
	"github.com/mailstead/mailstead/record"
	"github.com/mailstead/mailstead/store"
	"github.com/mailstead/mailstead/store/sqlite"
)

const mailPassword = "the password of the mailbox"

// house is the API over the real journeys, the real store and the real drivers,
// with mail servers of this process.
type house struct {
	*bench
	db    *store.DB
	blobs *blob.Packs
	admin *admin.Service
	imap  *fakemail.IMAPServer
	smtp  *fakemail.SMTPServer
	// config is what the handler was made of.
	config api.Config
}

// houseOptions change a house before it opens.
type houseOptions struct {
	now func() time.Time
	// idle leaves the workers asleep: nothing is loaded or sent.
	idle bool
	demo admin.DemoServers
}

// keys opens secrets for the drivers.
type keys struct {
	db     *store.DB
	sealer *credential.Sealer
}

func (k keys) Access(ctx context.Context, id mailstead.AccountID, name mailstead.SideName) (mailstead.Access, error) {
	a, err := k.db.Account(ctx, id)
	if err != nil {
		return mailstead.Access{}, err
	}
	sealed, err := k.db.Secrets(ctx, id)
	if err != nil {
		return mailstead.Access{}, err
	}
	side := a.Side(name)
	secret, err := k.sealer.Open(sealed[side.Secret], a.Key, side.Secret)
	return mailstead.Access{Server: side.Server, Login: side.Login, Secret: secret, AllowPlain: true, Admin: true}, err
}

func newHouse(t *testing.T) *house {
	t.Helper()
	return openHouse(t, houseOptions{now: time.Now})
}

func openHouse(t *testing.T, o houseOptions) *house {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	h := &house{}
	hub := notify.New()
	log := &lockedBuffer{}
	logger := slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	h.db, err = sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "mailstead.db"), store.Options{Now: o.now, Logger: logger, Committed: hub.Broadcast})
	must(err)
	t.Cleanup(func() { _ = h.db.Close() })
	h.blobs, err = blob.Open(t.TempDir(), blob.Options{})
	must(err)
	t.Cleanup(func() { _ = h.blobs.Close() })
	h.imap, err = fakemail.StartIMAP(fakemail.IMAPConfig{Users: map[string]fakemail.IMAPUser{
		"anna@example.com": {Password: mailPassword, Folders: map[string]mailstead.FolderRole{"Sent": mailstead.FolderSent}},
	}})
	must(err)
	t.Cleanup(h.imap.Close)
	h.smtp, err = fakemail.StartSMTP(fakemail.SMTPConfig{Users: map[string]fakemail.SMTPUser{"anna@example.com": {Password: mailPassword}}})
	must(err)
	t.Cleanup(h.smtp.Close)

	key, err := credential.CreateKeyFile(filepath.Join(t.TempDir(), "key"))
	must(err)
	_, sealer, err := credential.NewKeyring(key)
	must(err)
	directory, err := discover.New()
	must(err)
	catalogue, err := diagnose.New()
	must(err)
	dialer := dial.New(dial.Config{Allowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	source, sender := imap.New(imap.Config{Dialer: dialer, Now: time.Now}), smtp.New(dialer, smtp.Options{Now: time.Now})
	in := inbox.New(inbox.Config{
		Store: h.db, Shelf: h.db, Blobs: h.blobs, Credentials: keys{h.db, sealer}, Source: source, Explain: catalogue, Now: o.now, Logger: logger,
	})
	out := outbox.New(outbox.Config{
		Store: h.db, Shelf: h.db, Trips: h.db, Blobs: h.blobs, Credentials: keys{h.db, sealer}, Sender: sender, Source: source, Queue: queue.New(4),
		Explain: catalogue, Now: o.now, Logger: logger, SentCopied: in.Nudge, Nudge: in.Nudge,
	})
	services := oauth.NewClient(dialer.HTTPClient(), o.now)
	tokens := oauth.NewTokens(oauth.Config{Store: h.db, Sealer: sealer, Client: services, Now: o.now, Logger: logger})
	con := connect.New(connect.Config{
		OAuth: connect.OAuth{Grants: h.db, Client: services, Tokens: tokens},
		Hosts: queue.NewHosts(5),
		Store: h.db, Bin: h.db, People: h.db, Links: h.db, Sealer: sealer, Directory: directory, Explainer: catalogue, Source: source, Sender: sender,
		AllowPlain: true, Connected: in.Restart, Compose: composed, Now: o.now, Logger: logger,
	})
	h.admin = admin.New(admin.Config{
		Store: h.db, Directory: directory, CheckAuthority: dial.DescribeAuthority, Sealer: sealer, Now: o.now, Logger: logger,
		Demo:         admin.DemoConfig{Servers: o.demo, Directory: directory, Accounts: con, Outbox: out},
		HashPassword: mailtest.HashPassword,
	})
	if !o.idle {
		must(out.Start(t.Context()))
		must(in.Start(t.Context()))
	}
	t.Cleanup(in.Stop)
	t.Cleanup(out.Stop)
	checks := checkup.New(checkup.Config{Store: h.db, Tester: con, Hosts: queue.NewHosts(5), Now: o.now, Logger: logger, At: -1})
	must(checks.Start(t.Context()))
	t.Cleanup(checks.Stop)
	rec := record.New(record.Config{Store: h.db, Links: h.db, Shelf: h.db, Blobs: h.blobs, Now: o.now, Logger: logger})
	told := notice.New(notice.Config{Store: h.db, Shelf: h.db, Sender: out, Now: o.now, Logger: logger, Version: "1.0.0"})
	h.config = api.Config{
		Gate: h.admin, People: h.admin, Directory: h.admin, Sharing: h.admin, Demo: h.admin, Policies: h.admin, Templates: h.admin, OAuthApps: h.admin, Trust: h.admin, SignIns: con, Audit: h.admin, Checkups: checks, Connect: con, Accounts: con, Importer: con, Links: con, Inbox: in, Outbox: out, Records: rec, RecordMails: rec,
		Notices: told, Events: notify.NewStream(h.db, hub), Explain: catalogue, Ready: h.db, Now: o.now, Logger: logger, Version: "1.0.0",
	}
	handler, err := api.New(h.config)
	must(err)
	t.Cleanup(handler.Stop)
	h.bench = &bench{Handler: handler, hub: hub, log: log}
	return h
}

// composed is a mail that only its driver reads.
func composed(d mailstead.Draft, from mailstead.Address) ([]byte, error) {
	return []byte("From: " + from.Address + "\r\nSubject: " + d.Subject + "\r\n\r\n" + d.Text + "\r\n"), nil
}

// connection is the body that connects Anna's mailbox.
func (h *house) connection(password string) string {
	return `{"address":"anna@example.com","password":"` + password + `","plain_reason":"a test",` +
		`"incoming":{"host":"` + h.imap.Addr() + `","security":"none"},"outgoing":{"host":"` + h.smtp.Server().Addr() + `","security":"none"}}`
}

// eventually waits for ok.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("still not: %s", what)
		}
	}
}

// setUp makes the first administrator and returns her cookie.
func (h *house) setUp(t *testing.T) string {
	t.Helper()
	token, _, err := h.admin.SetupToken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w := h.do(call{method: "POST", path: "/setup", body: `{"token":"` + token.Reveal() + `","name":"Ada","email":"ada@example.com","password":"` + password + `"}`})
	if w.Code != http.StatusCreated {
		t.Fatalf("set up: status %d: %s", w.Code, w.Body)
	}
	return onlyCookie(t, w).Value
}

// newUser makes a user and returns its id and its cookie.
func (h *house) newUser(t *testing.T, adminCookie, email string) (mailstead.User, string) {
	t.Helper()
	body := `{"email":"` + email + `","password":"` + password + `"}`
	u := answer[mailstead.User](t, h.do(call{method: "POST", path: "/users", body: body, cookie: adminCookie}), http.StatusCreated)
	return u, onlyCookie(t, h.do(call{method: "POST", path: "/session", body: body})).Value
}

func TestFromTheFirstStartToASentMail(t *testing.T) {
	h := newHouse(t)
	ada := h.setUp(t)
	_, anna := h.newUser(t, ada, "anna@example.com")
	mail := "From: Bruno <bruno@example.com>\r\nTo: anna@example.com\r\nSubject: Invoice\r\nMessage-ID: <1@example.com>\r\n\r\nPlease pay.\r\n"
	if err := h.imap.Deliver("anna@example.com", "INBOX", []byte(mail)); err != nil {
		t.Fatal(err)
	}
	frames := follow(t, h.bench, "?after=0", map[string]string{"Cookie": "mailstead_session=" + anna})

	p := problem(t, h.do(call{method: "POST", path: "/connect/save", body: h.connection("wrong"), cookie: anna}))
	if p.Status != http.StatusUnprocessableEntity || p.Code != "auth.bad_credentials" || p.Field != "password" || p.Reports == nil || p.Reports.Incoming == nil {
		t.Errorf("a wrong password: %+v, want 422 with reports", p)
	}
	saved := answer[api.SavedAccount](t, h.do(call{method: "POST", path: "/connect/save", body: h.connection(mailPassword), cookie: anna}), http.StatusCreated)
	account := "/accounts/" + saved.Account.ID.String()
	if saved.Reports == nil || !saved.Reports.OK || len(saved.Next) == 0 {
		t.Errorf("saved = %+v, want a good test and what is next", saved)
	}

	var messages api.Page[mailstead.Message]
	eventually(t, "the mail is loaded", func() bool {
		messages = answer[api.Page[mailstead.Message]](t, h.do(call{path: account + "/messages?q=invoice", cookie: anna}), http.StatusOK)
		return len(messages.Items) == 1
	})
	message := "/messages/" + messages.Items[0].ID.String()
	if m := answer[api.MessageDetail](t, h.do(call{path: message, cookie: anna}), http.StatusOK); m.VisibleText != "Please pay.\n" && m.VisibleText != "Please pay." {
		t.Errorf("text = %q", m.VisibleText)
	}
	if w := h.do(call{method: "PUT", path: message + "/flags", body: `{"seen":true}`, cookie: anna}); w.Code != http.StatusNoContent {
		t.Errorf("mark as read: status %d: %s", w.Code, w.Body)
	}
	draft := answer[mailstead.Draft](t, h.do(call{path: message + "/draft?kind=reply", cookie: anna}), http.StatusOK)
	if draft.Subject != "Re: Invoice" || len(draft.To) != 1 || draft.To[0].Address != "bruno@example.com" {
		t.Errorf("draft = %+v, want an answer to Bruno", draft)
	}

	body := `{"to":[{"address":"bruno@example.com"}],"subject":"Re: Invoice","text":"Paid.","parent_id":` + messages.Items[0].ID.String() + `}`
	key := map[string]string{"Idempotency-Key": "once"}
	first := answer[mailstead.OutgoingMessage](t, h.do(call{method: "POST", path: "/outbox", body: body, cookie: anna, header: key}), http.StatusAccepted)
	again := answer[mailstead.OutgoingMessage](t, h.do(call{method: "POST", path: "/outbox", body: body, cookie: anna, header: key}), http.StatusOK)
	if again.ID != first.ID || first.Reason.Level != mailstead.LevelUser {
		t.Errorf("submitted as %d and %d by level %s, want one mail by the user's account", first.ID, again.ID, first.Reason.Level)
	}
	eventually(t, "the mail is accepted", func() bool {
		m := answer[api.OutgoingDetail](t, h.do(call{path: "/outbox/" + first.ID.String(), cookie: anna}), http.StatusOK)
		return m.State == mailstead.OutgoingAccepted && len(m.History) == 1
	})
	if got := h.smtp.Count(first.InternetMessageID); got != 1 {
		t.Errorf("sent %d times, want once", got)
	}

	seen := make(map[string]bool)
	for !seen["account.connected"] || !seen["load.done"] || !seen["outgoing.state"] {
		f, ok := next(t, frames)
		if !ok {
			t.Fatalf("the stream ended after %v", seen)
		}
		seen[f.event] = true
	}
	if log := h.log.String(); strings.Contains(log, password) || strings.Contains(log, mailPassword) || strings.Contains(log, anna) {
		t.Error("a secret is in the log")
	}
}

func TestNobodyReadsTheMailOfOthers(t *testing.T) {
	h := newHouse(t)
	ada := h.setUp(t)
	_, anna := h.newUser(t, ada, "anna@example.com")
	eve, eveCookie := h.newUser(t, ada, "eve@example.com")
	if err := h.imap.Deliver("anna@example.com", "INBOX", []byte("Subject: Secret\r\n\r\nx\r\n")); err != nil {
		t.Fatal(err)
	}
	saved := answer[api.SavedAccount](t, h.do(call{method: "POST", path: "/connect/save", body: h.connection(mailPassword), cookie: anna}), http.StatusCreated)
	account := "/accounts/" + saved.Account.ID.String()
	var messages api.Page[mailstead.Message]
	eventually(t, "the mail is loaded", func() bool {
		messages = answer[api.Page[mailstead.Message]](t, h.do(call{path: account + "/messages", cookie: anna}), http.StatusOK)
		return len(messages.Items) == 1
	})
	message := "/messages/" + messages.Items[0].ID.String()
	mail := answer[mailstead.OutgoingMessage](t, h.do(call{method: "POST", path: "/outbox", body: `{"to":[{"address":"b@example.com"}],"subject":"x"}`, cookie: anna}), http.StatusAccepted)
	outgoing := "/outbox/" + mail.ID.String()

	for _, c := range []call{
		{path: account},
		{method: "PATCH", path: account, body: `{"name":"mine"}`},
		{method: "DELETE", path: account},
		{method: "POST", path: account + "/test"},
		{method: "POST", path: account + "/sync"},
		{method: "PUT", path: account + "/password", body: `{"password":"x"}`},
		{path: account + "/folders"},
		{path: account + "/messages"},
		{path: message},
		{path: message + "/html"},
		{path: message + "/raw"},
		{path: message + "/attachments/0"},
		{path: message + "/draft"},
		{method: "PUT", path: message + "/flags", body: `{"seen":true}`},
		{method: "PUT", path: "/messages/flags", body: `{"ids":[` + messages.Items[0].ID.String() + `],"seen":true}`},
		{path: outgoing},
		{method: "POST", path: outgoing + "/cancel"},
		{method: "POST", path: outgoing + "/retry"},
		{path: "/assignments?account=" + saved.Account.ID.String()},
	} {
		c.cookie = eveCookie
		if p := problem(t, h.do(c)); p.Status != http.StatusNotFound {
			t.Errorf("%s %s: status = %d, want 404 as if it did not exist", c.method, c.path, p.Status)
		}
	}
	for _, c := range []call{
		{path: "/users"},
		{path: "/users/1"},
		{method: "POST", path: "/users", body: `{"email":"x@example.com","role":"admin"}`},
		{method: "PATCH", path: "/users/" + eve.ID.String(), body: `{"role":"admin"}`},
		{method: "PUT", path: "/users/1/password", body: `{"password":"` + password + `"}`},
		{path: "/domains"},
		{method: "PUT", path: "/domains/example.com", body: `{"provider_id":"gmail"}`},
		{path: "/profiles"},
		{method: "PUT", path: "/system-account", body: `{"account_id":0}`},
		{path: "/demo"},
		{method: "PUT", path: "/demo"},
		{method: "DELETE", path: "/demo"},
		{method: "POST", path: "/assignments", body: `{"account_id":1,"user_id":` + eve.ID.String() + `,"rights":["read"]}`},
		{method: "POST", path: "/tokens", body: `{"name":"x","scopes":["mail:read"],"user_id":1}`},
		{method: "POST", path: "/outbox", body: `{"to":[{"address":"b@example.com"}],"account_id":` + saved.Account.ID.String() + `}`},
	} {
		c.cookie = eveCookie
		if p := problem(t, h.do(c)); p.Status != http.StatusForbidden {
			t.Errorf("%s %s: status = %d (%s), want 403", c.method, c.path, p.Status, p.Detail)
		}
	}
	if events := answer[api.EventPage](t, h.do(call{path: "/events/list", cookie: eveCookie}), http.StatusOK); len(events.Items) != 0 {
		t.Errorf("events = %+v, want none", events.Items)
	}
	if accounts := answer[api.Page[mailstead.Account]](t, h.do(call{path: "/accounts?all=true", cookie: eveCookie}), http.StatusOK); len(accounts.Items) != 0 {
		t.Errorf("accounts = %+v, want none", accounts.Items)
	}
}

func TestATokenDoesWhatItsScopesAllow(t *testing.T) {
	h := newHouse(t)
	ada := h.setUp(t)
	_, anna := h.newUser(t, ada, "anna@example.com")
	made := answer[api.CreatedToken](t, h.do(call{method: "POST", path: "/tokens", body: `{"name":"CRM","scopes":["mail:read"]}`, cookie: anna}), http.StatusCreated)
	with := func(c call) call {
		c.header = map[string]string{"Authorization": "Bearer " + made.Secret}
		return c
	}
	if w := h.do(with(call{path: "/events/list"})); w.Code != http.StatusOK {
		t.Errorf("reading: status = %d: %s", w.Code, w.Body)
	}
	for _, c := range []call{
		{method: "POST", path: "/outbox", body: `{"to":[{"address":"b@example.com"}]}`},
		{method: "POST", path: "/connect/discover", body: `{"address":"a@example.com"}`},
		{path: "/users"},
		{method: "POST", path: "/tokens", body: `{"name":"more","scopes":["accounts"]}`},
	} {
		if p := problem(t, h.do(with(c))); p.Status != http.StatusForbidden || p.Code != "token.scope" {
			t.Errorf("%s %s: %d %s, want 403 token.scope", c.method, c.path, p.Status, p.Code)
		}
	}
	if w := h.do(call{method: "DELETE", path: "/tokens/" + strconv.Itoa(int(made.ID)), cookie: anna}); w.Code != http.StatusNoContent {
		t.Fatalf("delete: status = %d: %s", w.Code, w.Body)
	}
	if p := problem(t, h.do(with(call{path: "/events/list"}))); p.Status != http.StatusUnauthorized {
		t.Errorf("after its end: status = %d, want 401", p.Status)
	}
}

func TestASessionEndsWithSignOut(t *testing.T) {
	h := newHouse(t)
	ada := h.setUp(t)
	if p := problem(t, h.do(call{method: "POST", path: "/setup", body: `{"token":"x","email":"eve@example.com","password":"` + password + `"}`})); p.Status != http.StatusConflict {
		t.Errorf("a second set-up: status = %d, want 409", p.Status)
	}
	if w := h.do(call{method: "DELETE", path: "/session", cookie: ada}); w.Code != http.StatusNoContent {
		t.Fatalf("sign out: status = %d", w.Code)
	}
	if p := problem(t, h.do(call{path: "/session", cookie: ada})); p.Status != http.StatusUnauthorized {
		t.Errorf("the old cookie: status = %d, want 401", p.Status)
	}
}

func TestGuessingPasswordsIsThrottled(t *testing.T) {
	h := newHouse(t)
	h.setUp(t)
	for range 50 {
		w := h.do(call{method: "POST", path: "/session", body: `{"email":"ada@example.com","password":"guess-guess"}`})
		if w.Code == http.StatusTooManyRequests {
			if p := problem(t, w); p.Code != "signin.throttled" || w.Header().Get("Retry-After") == "" {
				t.Errorf("problem = %+v, want signin.throttled with Retry-After", p)
			}
			return
		}
	}
	t.Error("fifty guesses and no end")
}
