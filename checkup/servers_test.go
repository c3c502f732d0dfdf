//go:build realservers

package checkup_test

import (
	"fmt"
	"log/slog"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/checkup"
	"github.com/mailstead/mailstead/connect"
	"github.com/mailstead/mailstead/credential"
	"github.com/mailstead/mailstead/diagnose"
	"github.com/mailstead/mailstead/dial"
	"github.com/mailstead/mailstead/discover"
	"github.com/mailstead/mailstead/mailtest"
	"github.com/mailstead/mailstead/provider/imap"
	"github.com/mailstead/mailstead/provider/smtp"
	"github.com/mailstead/mailstead/queue"
	"github.com/mailstead/mailstead/store"
	"github.com/mailstead/mailstead/store/sqlite"
)

// TestManyAccountsOfOneDovecot tests 500 accounts of one Dovecot and its Postfix, of
// which a few have another password by now: there are at most ten connections at a
// time, and the results can be read while they come.
func TestManyAccountsOfOneDovecot(t *testing.T) {
	const accounts, wrong = 500, 7
	servers := mailtest.Stack(t, mailtest.DovecotOptions{MoreUsers: accounts}, mailtest.PostfixOptions{})
	incoming, outgoing := servers.Dovecot.IMAP(mailstead.SecurityTLS), servers.Postfix.SMTP(mailstead.SecurityTLS)
	toDovecot, toPostfix := mailtest.Proxy(t, incoming.Addr()), mailtest.Proxy(t, outgoing.Addr())
	incoming.Port, outgoing.Port = toDovecot.Port, toPostfix.Port

	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "mailstead.db"), store.Options{Now: time.Now})
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	key, err := credential.CreateKeyFile(filepath.Join(t.TempDir(), "key"))
	must(t, err)
	_, sealer, err := credential.NewKeyring(key)
	must(t, err)
	for i := range accounts {
		u := servers.Dovecot.Users[2+i]
		password := u.Password
		if i%(accounts/wrong) == 1 && i/(accounts/wrong) < wrong {
			password = "not this"
		}
		side := func(s mailstead.Server) *mailstead.Side {
			return &mailstead.Side{Server: s, Login: u.Address, Enabled: true, Secret: mailstead.SecretBoth}
		}
		a := mailstead.Account{Key: credential.NewKey(), Name: u.Address, Address: u.Address, Incoming: side(incoming), Outgoing: side(outgoing)}
		sealed, err := sealer.Seal(mailstead.NewSecret(password), a.Key, mailstead.SecretBoth)
		must(t, err)
		_, err = db.ConnectAccount(t.Context(), mailstead.Connected{
			Account: &a, Secrets: map[mailstead.SecretField]mailstead.Sealed{mailstead.SecretBoth: sealed},
			Audit: mailstead.Actor{Operator: true}.Audit(mailstead.AuditAccountConnect, a.AuditObject(), nil),
		})
		must(t, err)
	}
	s := checkup.New(checkup.Config{Store: db, Tester: tests(t, db, sealer, servers.CA), Hosts: queue.NewHosts(5), Now: time.Now, Logger: slog.New(slog.DiscardHandler), At: -1})
	must(t, s.Start(t.Context()))
	t.Cleanup(s.Stop)

	begin := time.Now()
	c, err := s.Begin(t.Context(), ada, true, nil)
	must(t, err)
	most, seen := 0, make(map[int]bool)
	for c.State == mailstead.CheckupRunning {
		_, in := toDovecot.Connections()
		_, out := toPostfix.Connections()
		most = max(most, in+out)
		c, err = s.Checkup(t.Context(), ada, c.ID)
		must(t, err)
		seen[c.OK+c.Failed] = true
		time.Sleep(2 * time.Millisecond)
	}
	if c.OK != accounts-wrong || c.Failed != wrong || c.State != mailstead.CheckupDone {
		t.Errorf("it ended as %+v; want %d failures", c, wrong)
	}
	if most > 10 {
		t.Errorf("there were %d connections at a time; want at most 10", most)
	}
	if len(seen) < accounts/10 {
		t.Errorf("while it ran only %d steps of it were seen", len(seen))
	}
	t.Attr("checkup", fmt.Sprintf("%d accounts in %.1f s, at most %d connections, %d steps seen", accounts, time.Since(begin).Seconds(), most, len(seen)))
	failed, err := s.Results(t.Context(), ada, mailstead.CheckupQuery{CheckupID: c.ID, Verdicts: []mailstead.Verdict{mailstead.VerdictFailed}})
	must(t, err)
	for _, r := range failed {
		if r.Code != "auth.bad_credentials" || r.Side != mailstead.SideIncoming || r.Cause == "" || r.Action == "" {
			t.Errorf("a wrong password is told as %+v", r)
		}
	}
}

// tests is what tests one account, with everything real.
func tests(t *testing.T, db *store.DB, sealer *credential.Sealer, ca *mailtest.CA) *connect.Service {
	t.Helper()
	directory, err := discover.New()
	must(t, err)
	catalogue, err := diagnose.New()
	must(t, err)
	dialer := dial.New(dial.Config{Roots: ca.Pool(), Now: time.Now, Allowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	return connect.New(connect.Config{
		Store: db, Bin: db, Sealer: sealer, Directory: directory, Explainer: catalogue,
		Source: imap.New(imap.Config{Dialer: dialer, Now: time.Now}), Sender: smtp.New(dialer, smtp.Options{Now: time.Now}),
		Healthy: func(mailstead.AccountID) {}, Changed: func(mailstead.AccountID) {}, Connected: func(mailstead.AccountID) {},
		Now: time.Now, Logger: slog.New(slog.DiscardHandler),
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
