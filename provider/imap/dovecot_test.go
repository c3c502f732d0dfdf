//go:build realservers

package imap_test

import (
	"slices"
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/mailtest"
	"github.com/mailstead/mailstead/mailtest/sourcetest"
)

func access(s *mailtest.DovecotServer, security mailstead.Security, u mailtest.User) mailstead.Access {
	return mailstead.Access{
		Server: s.IMAP(security), Login: u.Address, Secret: mailstead.NewSecret(u.Password),
		AllowPlain: security == mailstead.SecurityNone,
	}
}

func TestConformanceAgainstDovecot(t *testing.T) {
	s := mailtest.Dovecot(t, mailtest.DovecotOptions{})
	for _, security := range []mailstead.Security{mailstead.SecurityNone, mailstead.SecurityStartTLS, mailstead.SecurityTLS} {
		t.Run(string(security), func(t *testing.T) {
			untrusted := s.IMAP(security)
			untrusted.Host = "other.example.net"
			sourcetest.Run(t, sourcetest.Harness{
				Driver: newDriver(s.CA),
				Access: access(s, security, mailtest.Anna),
				Deliver: func(t *testing.T, raw []byte) {
					t.Helper()
					s.Deliver(mailtest.Anna.Address, "INBOX", raw)
				},
				Sent:      "Sent",
				Untrusted: untrusted,
				ModSeq:    true,
			})
		})
	}
}

func TestDovecotRefusesToSignInUnencrypted(t *testing.T) {
	s := mailtest.Dovecot(t, mailtest.DovecotOptions{RequireTLS: true})
	a := access(s, mailstead.SecurityNone, mailtest.Anna)
	if _, err := newDriver(s.CA).Open(t.Context(), a); mailstead.CodeOf(err) != "tls.required" || mailstead.KindOf(err) != mailstead.KindPermanent {
		t.Errorf("got %v", err)
	}
	a.Server.Security = mailstead.SecurityStartTLS
	src, err := newDriver(s.CA).Open(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	if err := src.Close(); err != nil {
		t.Error(err)
	}
}

func TestMechanismsOfDovecot(t *testing.T) {
	for _, mechanism := range []string{"plain", "login", "cram-md5", "scram-sha-256"} {
		t.Run(mechanism, func(t *testing.T) {
			s := mailtest.Dovecot(t, mailtest.DovecotOptions{Mechanisms: []string{mechanism}})
			src, err := newDriver(s.CA).Open(t.Context(), access(s, mailstead.SecurityTLS, mailtest.Anna))
			if err != nil {
				t.Fatal(err)
			}
			if err := src.Close(); err != nil {
				t.Error(err)
			}
			wrong := access(s, mailstead.SecurityTLS, mailtest.Anna)
			wrong.Secret = mailstead.NewSecret("wrong-password")
			if _, err := newDriver(s.CA).Open(t.Context(), wrong); mailstead.KindOf(err) != mailstead.KindCredentials {
				t.Errorf("wrong password: got %v", err)
			}
		})
	}
}

func TestFolderNamesOfDovecot(t *testing.T) {
	const path = "Entwürfe & mehr/日本 \"x\""
	s := mailtest.Dovecot(t, mailtest.DovecotOptions{})
	s.Deliver(mailtest.Anna.Address, path, []byte("Subject: x\r\n\r\nhello\r\n"))
	src, err := newDriver(s.CA).Open(t.Context(), access(s, mailstead.SecurityTLS, mailtest.Anna))
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	list, err := src.Folders(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(list, func(f mailstead.RemoteFolder) bool { return f.Path == path && !f.NoSelect && f.Delimiter == "/" }) {
		t.Errorf("got %+v", list)
	}
	st, err := src.Select(t.Context(), path)
	if err != nil || st.Total != 1 {
		t.Errorf("select: got %+v, %v", st, err)
	}
}

func TestDovecotThatStopsIsToldByWait(t *testing.T) {
	s := mailtest.Dovecot(t, mailtest.DovecotOptions{})
	src, err := newDriver(s.CA).Open(t.Context(), access(s, mailstead.SecurityTLS, mailtest.Anna))
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if _, err := src.Select(t.Context(), "INBOX"); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := src.(mailstead.Watcher).Wait(t.Context())
		done <- err
	}()
	s.Stop()
	if err := <-done; mailstead.KindOf(err) != mailstead.KindTemporary {
		t.Errorf("got %v", err)
	}
}

// TestWatchedMailboxIsSmall holds the budget of an idle connection: 60 KB over
// TLS, everything included.
func TestWatchedMailboxIsSmall(t *testing.T) {
	s := mailtest.Dovecot(t, mailtest.DovecotOptions{})
	fillSmallInbox(s)
	for _, fetches := range []bool{false, true} {
		if got := idleBytes(t, s, 100, fetches); got > 60<<10 {
			t.Errorf("after fetching (%v): %.0f bytes a mailbox", fetches, got)
		}
	}
}
