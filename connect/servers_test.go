package connect_test

import (
	"crypto/tls"
	"log/slog"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/connect"
	"github.com/mailstead/mailstead/credential"
	"github.com/mailstead/mailstead/diagnose"
	"github.com/mailstead/mailstead/dial"
	"github.com/mailstead/mailstead/discover"
	"github.com/mailstead/mailstead/fakemail"
	"github.com/mailstead/mailstead/mailtest"
	"github.com/mailstead/mailstead/provider/imap"
	"github.com/mailstead/mailstead/provider/smtp"
	"github.com/mailstead/mailstead/queue"
	"github.com/mailstead/mailstead/store"
	"github.com/mailstead/mailstead/store/sqlite"
)

// firm is the journey with everything real but the mail servers, which speak
// their protocols inside this process.
type firm struct {
	*connect.Service
	db   *store.DB
	anna mailstead.Actor
	imap *fakemail.IMAPServer
	smtp *fakemail.SMTPServer
}

type firmOptions struct {
	imapSecurity, smtpSecurity mailstead.Security
	certificate                mailtest.Certificate
	guarded                    bool
	allowPlain                 bool
}

func newFirm(t *testing.T, o firmOptions) *firm {
	t.Helper()
	ca := mailtest.NewCA(t)
	shown := &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, o.certificate)}, MinVersion: tls.VersionTLS12}
	f := &firm{}
	var err error
	f.imap, err = fakemail.StartIMAP(fakemail.IMAPConfig{
		Security: o.imapSecurity, TLS: shown, Users: map[string]fakemail.IMAPUser{"anna@firm.example": {Password: "right"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.imap.Close)
	f.smtp, err = fakemail.StartSMTP(fakemail.SMTPConfig{
		Security: o.smtpSecurity, TLS: shown, Users: map[string]fakemail.SMTPUser{"anna@firm.example": {Password: "right"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.smtp.Close)
	f.db, err = sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "mailstead.db"), store.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.db.Close(); err != nil {
			t.Error(err)
		}
	})
	u := mailstead.User{Name: "Anna", Email: "anna@firm.example", Role: mailstead.RoleUser}
	made := operator.Audit(mailstead.AuditUserCreate, u.AuditObject(), nil)
	if err := f.db.CreateUser(t.Context(), &u, "", false, made); err != nil {
		t.Fatal(err)
	}
	f.anna = mailstead.Actor{User: u}
	f.Service = connect.New(firmConfig(t, f.db, ca, o))
	return f
}

func firmConfig(t *testing.T, db *store.DB, ca *mailtest.CA, o firmOptions) connect.Config {
	t.Helper()
	key, err := credential.CreateKeyFile(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	_, sealer, err := credential.NewKeyring(key)
	if err != nil {
		t.Fatal(err)
	}
	directory, err := discover.New()
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := diagnose.New()
	if err != nil {
		t.Fatal(err)
	}
	d := dial.Config{Roots: ca.Pool(), Now: time.Now}
	if !o.guarded {
		d.Allowed = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	}
	dialer := dial.New(d)
	return connect.Config{
		Hosts: queue.NewHosts(5),
		Store: db, Bin: db, Sealer: sealer, Directory: directory, Explainer: catalogue,
		Source: imap.New(imap.Config{Dialer: dialer, Now: time.Now}), Sender: smtp.New(dialer, smtp.Options{Now: time.Now}),
		AllowPlain: o.allowPlain, TestTimeout: 20 * time.Second,
		Now: time.Now, Logger: slog.New(slog.DiscardHandler),
	}
}

// request names the servers by address and port alone.
func (f *firm) request() connect.Request {
	return connect.Request{
		Address:  "anna@firm.example",
		Incoming: &connect.ServerInput{Text: f.imap.Server().Addr()},
		Outgoing: &connect.ServerInput{Text: f.smtp.Server().Addr()},
		Password: mailstead.NewSecret("right"),
	}
}

// stored counts what is in the store.
func (f *firm) stored(t *testing.T) int {
	t.Helper()
	accounts, err := f.db.Accounts(t.Context(), mailstead.AccountQuery{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	events, err := f.db.Events(t.Context(), 0, 100, 0)
	if err != nil {
		t.Fatal(err)
	}
	domains, err := f.db.Domains(t.Context(), mailstead.DomainQuery{})
	if err != nil {
		t.Fatal(err)
	}
	return len(accounts) + len(events) + len(domains)
}

func TestConnectToRealProtocols(t *testing.T) {
	for _, o := range []firmOptions{
		{imapSecurity: mailstead.SecurityTLS, smtpSecurity: mailstead.SecurityStartTLS},
		{imapSecurity: mailstead.SecurityStartTLS, smtpSecurity: mailstead.SecurityTLS},
	} {
		t.Run(string(o.imapSecurity)+" and "+string(o.smtpSecurity), func(t *testing.T) {
			f := newFirm(t, o)
			saved, err := f.Save(t.Context(), f.anna, f.request())
			if err != nil {
				t.Fatalf("%v %+v", err, saved.Result)
			}
			a, rights, err := f.Account(t.Context(), f.anna, saved.Account.ID)
			if err != nil || !rights.Manage {
				t.Fatalf("got rights %+v, %v", rights, err)
			}
			if a.Incoming.Server != f.imap.Server() || a.Outgoing.Server != f.smtp.Server() {
				t.Errorf("stored %s and %s, want %s and %s", a.Incoming.Server, a.Outgoing.Server, f.imap.Server(), f.smtp.Server())
			}
			if a.Incoming.Health.State != mailstead.HealthOK || a.Outgoing.Health.State != mailstead.HealthOK {
				t.Errorf("health %s and %s", a.Incoming.Health.State, a.Outgoing.Health.State)
			}
			if n := f.smtp.Total(); n != 0 {
				t.Errorf("the test sent %d mails", n)
			}
			if _, err := f.Save(t.Context(), f.anna, f.request()); mailstead.CodeOf(err) != "account.exists" {
				t.Errorf("a second time: %v", err)
			}
			res, err := f.TestAccount(t.Context(), f.anna, a.ID)
			if err != nil || !res.OK {
				t.Errorf("test of the stored account: %+v, %v", res, err)
			}
		})
	}
}

func TestChangePasswordAtRealProtocols(t *testing.T) {
	f := newFirm(t, firmOptions{imapSecurity: mailstead.SecurityTLS, smtpSecurity: mailstead.SecurityTLS})
	saved, err := f.Save(t.Context(), f.anna, f.request())
	if err != nil {
		t.Fatal(err)
	}
	id := saved.Account.ID
	if _, err := f.ChangePassword(t.Context(), f.anna, id, mailstead.NewSecret("new"), mailstead.Secret{}); mailstead.KindOf(err) != mailstead.KindCredentials {
		t.Errorf("before the servers know it: %v", err)
	}
	if res, err := f.TestAccount(t.Context(), f.anna, id); err != nil || !res.OK {
		t.Errorf("the old password is not in force: %+v, %v", res, err)
	}
	f.imap.SetPassword("anna@firm.example", "new")
	f.smtp.SetUser("anna@firm.example", fakemail.SMTPUser{Password: "new"})
	if res, err := f.ChangePassword(t.Context(), f.anna, id, mailstead.NewSecret("new"), mailstead.Secret{}); err != nil {
		t.Fatalf("%v %+v", err, res)
	}
	if res, err := f.TestAccount(t.Context(), f.anna, id); err != nil || !res.OK {
		t.Errorf("the new password is not in force: %+v, %v", res, err)
	}
}

// Each failure has its code, a sentence for people, and leaves nothing behind.
func TestFailuresOfRealProtocols(t *testing.T) {
	tlsBoth := firmOptions{imapSecurity: mailstead.SecurityTLS, smtpSecurity: mailstead.SecurityTLS}
	with := func(change func(*firmOptions)) firmOptions {
		o := tlsBoth
		change(&o)
		return o
	}
	cases := []struct {
		name   string
		o      firmOptions
		change func(*connect.Request)
		kind   mailstead.Kind
		code   string
	}{
		{"wrong password", tlsBoth, func(r *connect.Request) { r.Password = mailstead.NewSecret("wrong") }, mailstead.KindCredentials, "auth.bad_credentials"},
		{"expired certificate", with(func(o *firmOptions) { o.certificate = mailtest.CertExpired }), nil, mailstead.KindPermanent, "tls.expired"},
		{"certificate of another name", with(func(o *firmOptions) { o.certificate = mailtest.CertWrongName }), nil, mailstead.KindPermanent, "tls.name_mismatch"},
		{"untrusted certificate", with(func(o *firmOptions) { o.certificate = mailtest.CertUntrusted }), nil, mailstead.KindPermanent, "tls.untrusted"},
		{"guarded address", with(func(o *firmOptions) { o.guarded = true }), nil, mailstead.KindForbidden, "net.guarded"},
		{
			"no encryption to be had, and the password stays here",
			firmOptions{imapSecurity: mailstead.SecurityNone, smtpSecurity: mailstead.SecurityNone, allowPlain: true},
			nil,
			mailstead.KindPermanent, "tls.starttls_missing",
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := newFirm(t, c.o)
			r := f.request()
			if c.change != nil {
				c.change(&r)
			}
			saved, err := f.Save(t.Context(), f.anna, r)
			if mailstead.KindOf(err) != c.kind || mailstead.CodeOf(err) != c.code {
				t.Errorf("got %s %s: %v", mailstead.KindOf(err), mailstead.CodeOf(err), err)
			}
			for _, report := range []*mailstead.Report{saved.Result.Incoming, saved.Result.Outgoing} {
				fail := report.Failure()
				if fail == nil || fail.Code != c.code || fail.Cause == "" || fail.Action == "" || fail.Who == "" {
					t.Errorf("%s: failure %+v", report.Side, fail)
				}
			}
			if n := f.stored(t); n != 0 {
				t.Errorf("%d rows were stored", n)
			}
		})
	}
}

func TestPlainServersWithAReason(t *testing.T) {
	f := newFirm(t, firmOptions{imapSecurity: mailstead.SecurityNone, smtpSecurity: mailstead.SecurityNone, allowPlain: true})
	r := f.request()
	r.Incoming.Security, r.Outgoing.Security = mailstead.SecurityNone, mailstead.SecurityNone
	r.PlainReason = "a laboratory without certificates"
	saved, err := f.Save(t.Context(), f.anna, r)
	if err != nil {
		t.Fatalf("%v %+v", err, saved.Result)
	}
	if saved.Account.Incoming.Server.Security != mailstead.SecurityNone || saved.Account.Note == "" {
		t.Errorf("stored %s with note %q", saved.Account.Incoming.Server, saved.Account.Note)
	}
}
