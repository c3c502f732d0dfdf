//go:build realservers

package main_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
	"github.com/mailstead/mailstead/mailtest"
)

// arrived follows a test mail to the end of its round trip.
func (s *scenario) arrived(m mailstead.OutgoingMessage) mailstead.OutgoingMessage {
	s.t.Helper()
	mailtest.Await(s.t, "the round trip of "+m.Subject+" ends", func() bool {
		m = call[mailstead.OutgoingMessage](s.service, http.MethodGet, "/outbox/"+m.ID.String(), nil)
		return m.Arrival != nil && m.Arrival.State == mailstead.ArrivalArrived
	})
	return m
}

// TestTestMailsOverRealServers sends test mails by an account, by typed data and by what
// a user has in force (F10, F11, F16), and follows round trips by IMAP and by POP3.
func TestTestMailsOverRealServers(t *testing.T) {
	t.Parallel()
	servers := mailtest.Stack(t, mailtest.DovecotOptions{MoreUsers: 3, POP3: true}, mailtest.PostfixOptions{})
	s := newScenario(t, servers, "poll_every: 10m")
	nina := s.person("Nina")
	imap := s.mailbox(nina.ID, "user1@example.com")
	pop := call[api.SavedAccount](s.service, http.MethodPost, "/connect/save", map[string]any{
		"address": "user2@example.com", "password": s.password("user2@example.com"), "organisation": true,
		"incoming": map[string]any{"host": servers.Dovecot.POP3(mailstead.SecurityTLS).Addr(), "protocol": "pop3", "security": "tls"},
		"outgoing": map[string]any{"host": servers.Postfix.SMTP(mailstead.SecurityTLS).Addr(), "security": "tls"},
	}).Account

	s.step("F16: a test mail from a saved account, with receiver and subject")
	path := func(a mailstead.AccountID) string { return "/accounts/" + a.String() + "/test-mail" }
	m := call[mailstead.OutgoingMessage](s.service, http.MethodPost, path(imap.ID), map[string]any{"to": "ben@example.com", "subject": "By account"})
	m = s.accepted(s.service, m)
	if from := s.arrives(servers.Dovecot, "ben@example.com", m.InternetMessageID); !strings.Contains(from, "user1@example.com") || m.Reply == "" {
		t.Errorf("sent from %s, the server said %q", from, m.Reply)
	}

	s.step("a round trip over IMAP, and over a POP3 mailbox that nobody would look into for ten minutes")
	for _, a := range []mailstead.AccountID{imap.ID, pop.ID} {
		began := time.Now()
		m := s.arrived(call[mailstead.OutgoingMessage](s.service, http.MethodPost, path(a), map[string]any{"round_trip": true}))
		took := m.Arrival.ArrivedAt.Sub(m.CreatedAt)
		if took <= 0 || took > time.Since(began)+time.Second || m.Arrival.AccountID != a || m.Arrival.Folder != mailstead.FolderInbox {
			t.Errorf("arrival = %+v after %s", m.Arrival, took)
		}
		t.Logf("accepted after %s, found after %s", m.AcceptedAt.Sub(m.CreatedAt), took)
	}
	r := s.cli("", "account", "test", imap.ID.String(), "--round-trip", "--subject", "By command")
	if r.code != 0 || !strings.Contains(r.stdout, "Found in the mailbox (inbox) after") {
		t.Errorf("account test --round-trip: exit code %d\n%s%s", r.code, r.stdout, r.stderr)
	}

	s.step("F11: what a user has in force")
	m = call[mailstead.OutgoingMessage](s.service, http.MethodPost, "/users/"+nina.ID.String()+"/test-mail", map[string]any{"to": "ben@example.com"})
	if m = s.accepted(s.service, m); m.AccountID != imap.ID || m.Reason.Level != mailstead.LevelUser || m.UserID != nina.ID {
		t.Errorf("sent by %+v for user %s, want Nina's account", m.Reason, m.UserID)
	}
	if r := s.cli("", "user", "test", nina.ID.String(), "--mail", "nobody-has-this@example.com"); r.code != 69 || !strings.Contains(r.stdout, "rejected") {
		t.Errorf("user test to nobody: exit code %d\n%s%s", r.code, r.stdout, r.stderr)
	}

	s.step("F10: typed data, with nothing saved")
	typed := func(password, to string) api.MailTest {
		return call[api.MailTest](s.service, http.MethodPost, "/connect/test-mail", map[string]any{
			"account": map[string]any{"address": "user3@example.com", "password": password}, "to": to, "subject": "By typed data",
		})
	}
	if got := typed(s.password("user3@example.com"), "ben@example.com"); !got.OK || got.Reply == "" || got.TookMS < 0 {
		t.Errorf("typed = %+v, want it taken", got)
	}
	if got := typed("wrong", "ben@example.com"); got.OK || got.Code != "auth.bad_credentials" {
		t.Errorf("a wrong password = %+v", got)
	}
	if got := typed(s.password("user3@example.com"), "nobody-has-this@example.com"); got.OK || got.Code == "" || got.Cause == "" || got.Reply == "" {
		t.Errorf("a receiver that is not there = %+v, want why, and the server's words", got)
	}
	if all := call[list[mailstead.Account]](s.service, http.MethodGet, "/accounts?all=true", nil).Items; len(all) != 2 {
		t.Errorf("got %d accounts, want the two that were saved", len(all))
	}
}

// alerts counts the alerts that were accepted for their receivers.
func (s *scenario) alerts() (out []mailstead.OutgoingMessage) {
	s.t.Helper()
	for _, m := range call[list[mailstead.OutgoingMessage]](s.service, http.MethodGet, "/outbox", nil).Items {
		if m.Reason.Purpose == mailstead.PurposeAlert && m.State == mailstead.OutgoingAccepted {
			out = append(out, m)
		}
	}
	return out
}

// TestThoseConcernedAreTold stops Dovecot under a connected mailbox (H22): its owner is
// told once, over a restart, and once more when it works again.
func TestThoseConcernedAreTold(t *testing.T) {
	t.Parallel()
	servers := mailtest.Stack(t, mailtest.DovecotOptions{MoreUsers: 2}, mailtest.PostfixOptions{})
	relay := mailtest.Stack(t, mailtest.DovecotOptions{MoreUsers: 2, CA: servers.CA}, mailtest.PostfixOptions{})
	s := newScenario(t, servers, "alert_after: 2s", "alert_collect: 1s", "sync_retry: 1s")
	ben := s.person("Ben", "email", "ben@example.com")
	own := s.mailbox(ben.ID, "user1@example.com")
	system := call[api.SavedAccount](s.service, http.MethodPost, "/connect/save", map[string]any{
		"address": "user2@example.com", "password": passwordAt(t, relay.Dovecot, "user2@example.com"), "organisation": true, "send_only": true,
		"outgoing": map[string]any{"host": relay.Postfix.SMTP(mailstead.SecurityTLS).Addr(), "security": "tls"},
	}).Account
	call[any](s.service, http.MethodPut, "/system-account", map[string]any{"account_id": system.ID})

	s.step("H22: the mail server stops, and its owner is told")
	servers.Dovecot.Stop()
	signedIn := s.as(ben)
	notices := func() []mailstead.Notice {
		return call[list[mailstead.Notice]](signedIn, http.MethodGet, "/notices", nil).Items
	}
	mailtest.Await(t, "Ben is told in the program", func() bool {
		n := notices()
		return len(n) == 1 && n[0].Kind == mailstead.NoticeStopped && n[0].AccountID == own.ID
	})
	mailtest.Await(t, "Ben is told by mail", func() bool { return len(s.alerts()) == 1 })
	first := s.alerts()[0]
	if first.AccountID != system.ID || first.Recipients[0].Address != "ben@example.com" || !strings.Contains(first.Subject, own.Address) {
		t.Errorf("alert = %+v, want one to Ben from the system's account", first)
	}

	s.step("a restart of the service tells nobody twice")
	s.stop()
	s.start()
	signedIn = s.as(ben)
	if got := notices(); len(got) != 1 {
		t.Errorf("notices after a restart = %+v, want one", got)
	}
	time.Sleep(8 * time.Second)
	if got := s.alerts(); len(got) != 1 {
		t.Errorf("got %d alerts after a restart, want one", len(got))
	}

	s.step("it starts again, and the same people are told")
	servers.Dovecot.Start()
	mailtest.Await(t, "Ben is told that it works", func() bool {
		n := notices()
		return len(n) == 1 && n[0].Kind == mailstead.NoticeWorks
	})
	mailtest.Await(t, "by mail, too", func() bool { return len(s.alerts()) == 2 })
	if got := s.alerts()[0]; !strings.HasPrefix(got.Subject, "Processed again") {
		t.Errorf("subject = %q", got.Subject)
	}
	call[any](signedIn, http.MethodPost, "/notices/"+notices()[0].ID.String()+"/read", nil)
	if got := notices(); len(got) != 0 {
		t.Errorf("notices = %+v, want none any more", got)
	}

	s.step("a problem is reported from the same account")
	r := s.cli("", "report", "Nothing", "comes")
	if r.code != 0 || !strings.Contains(r.stdout, "user2@example.com") {
		t.Errorf("report: exit code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
}
