//go:build realservers

package main_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/mailtest"
)

// stopServers ends the servers that the tests of this process shared.
func stopServers(code int) int { return mailtest.Finish(code) }

// databases are the two engines as flags of serve.
var databases = map[string]func(t testing.TB) []string{
	"SQLite":     func(testing.TB) []string { return nil },
	"PostgreSQL": func(t testing.TB) []string { return []string{"--database", mailtest.Postgres(t)} },
}

// mails is how many messages lie in Anna's inbox before she connects it.
const mails = 90

// mailService starts Dovecot and Postfix with Anna's mail in it.
func mailService(t testing.TB) *mailtest.Servers {
	servers := mailtest.Stack(t, mailtest.DovecotOptions{}, mailtest.PostfixOptions{})
	begin := time.Now().Add(-mails * time.Hour)
	servers.Dovecot.DeliverMany("anna@example.com", "INBOX", mails, func(i int) mailtest.Mail {
		at := begin.Add(time.Duration(i) * time.Hour)
		return mailtest.Mail{At: at, Raw: []byte(fmt.Sprintf("From: Ben <ben@example.com>\r\nTo: Anna <anna@example.com>\r\n"+
			"Subject: Order %d\r\nMessage-ID: <order-%d@example.com>\r\nDate: %s\r\n\r\nPlease send offer number %d.\r\n",
			i, i, at.Format(time.RFC1123Z), i))}
	})
	return servers
}

// loopback lets a service reach the test servers and trust their CA.
func loopback(t testing.TB, servers *mailtest.Servers, more ...string) []string {
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, servers.CA.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	return append([]string{"--allowed-networks", "127.0.0.0/8", "--extra-ca", ca}, more...)
}

type list[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next"`
}

func forEachWay(t *testing.T, run func(t *testing.T, database []string, security mailstead.Security)) {
	for name, database := range databases {
		for _, security := range []mailstead.Security{mailstead.SecurityTLS, mailstead.SecurityStartTLS} {
			t.Run(name+"/"+string(security), func(t *testing.T) { run(t, database(t), security) })
		}
	}
}

// TestMainJobByAPI is the whole path: the first administrator, a mailbox in two
// steps from its address, its newest mail, an answer, and the answer in Sent.
func TestMainJobByAPI(t *testing.T) {
	t.Parallel()
	servers := mailService(t)
	forEachWay(t, func(t *testing.T, database []string, security mailstead.Security) {
		s := serve(t, t.TempDir(), loopback(t, servers, database...)...)
		s.setUp()
		call[any](s, http.MethodPut, "/domains/example.com", map[string]any{
			"incoming": []mailstead.Server{servers.Dovecot.IMAP(security)}, "outgoing": []mailstead.Server{servers.Postfix.SMTP(security)},
		})

		found := call[struct{ Source string }](s, http.MethodPost, "/connect/discover", map[string]any{"address": "anna@example.com"})
		if found.Source != "administrator" {
			t.Fatalf("the address is known from %q", found.Source)
		}
		form := map[string]any{"address": "anna@example.com", "display_name": "Anna Rossi", "password": mailtest.Anna.Password}
		if tested := call[struct{ OK bool }](s, http.MethodPost, "/connect/test", form); !tested.OK {
			t.Fatalf("the test failed:\n%s", s.answers)
		}
		saved := call[struct {
			Account mailstead.Account
			Next    []string
		}](s, http.MethodPost, "/connect/save", form)
		if fmt.Sprint(saved.Next) != "[open_mail more_settings]" {
			t.Errorf("next: %v", saved.Next)
		}
		account := saved.Account.ID

		messages := waitForMessages(s, account, mails)
		for i, m := range messages[:50] {
			if want := fmt.Sprintf("Order %d", mails-1-i); m.Subject != want {
				t.Fatalf("message %d is %q, want %q", i, m.Subject, want)
			}
		}
		opened := call[struct{ Text string }](s, http.MethodGet, "/messages/"+messages[0].ID.String(), nil)
		if !strings.Contains(opened.Text, "offer number 89") {
			t.Errorf("the text is %q", opened.Text)
		}

		draft := call[map[string]any](s, http.MethodGet, "/messages/"+messages[0].ID.String()+"/draft?kind=reply", nil)
		draft["text"] = "The offer is attached.\n" + fmt.Sprint(draft["text"])
		draft["attachments"] = []any{map[string]any{"name": "offer.pdf", "media_type": "application/pdf", "content": []byte("%PDF-1.4 offer")}}
		sent := call[mailstead.OutgoingMessage](s, http.MethodPost, "/outbox", draft, "Idempotency-Key", "answer-1")
		if again := call[mailstead.OutgoingMessage](s, http.MethodPost, "/outbox", draft, "Idempotency-Key", "answer-1"); again.ID != sent.ID {
			t.Errorf("the same key made another mail: %d and %d", sent.ID, again.ID)
		}
		mailtest.Await(t, "the answer is accepted and its copy appended", func() bool {
			m := call[mailstead.OutgoingMessage](s, http.MethodGet, "/outbox/"+sent.ID.String(), nil)
			return m.State == mailstead.OutgoingAccepted && m.SentCopy == mailstead.SentCopyAppended
		})
		wantOnServer(t, servers, sent.InternetMessageID)
		mailtest.Await(t, "the answer stands in the folder Sent here too", func() bool {
			for _, m := range folderMessages(s, account, mailstead.FolderSent) {
				if m.InternetMessageID == sent.InternetMessageID {
					return m.Subject == "Re: Order 89" && fmt.Sprint(m.References) == "[order-89@example.com]"
				}
			}
			return false
		})

		// New mail comes by IDLE: the next poll is minutes away.
		servers.Dovecot.Deliver("anna@example.com", "INBOX", []byte("From: ben@example.com\r\nSubject: One more "+t.Name()+"\r\n\r\nx\r\n"))
		mailtest.Await(t, "new mail is seen", func() bool {
			m := call[list[mailstead.Message]](s, http.MethodGet, "/accounts/"+account.String()+"/messages?limit=1", nil).Items
			return len(m) == 1 && strings.Contains(m[0].Subject, t.Name())
		})
		found2 := call[list[mailstead.Message]](s, http.MethodGet, "/accounts/"+account.String()+"/messages?q=offer+77", nil).Items
		if len(found2) != 1 || found2[0].Subject != "Order 77" {
			t.Errorf("search found %d messages", len(found2))
		}
		wantNoSecrets(t, s, dump(t, database), mailtest.Anna.Password, adaPassword)
		if took := s.stop(); took > 5*time.Second {
			t.Errorf("ctrl-C took %v", took)
		}
		clearServer(servers)
	})
}

// dump returns everything that a PostgreSQL database holds; nothing for SQLite,
// whose files lie in the data directory.
func dump(t testing.TB, database []string) []byte {
	t.Helper()
	if len(database) == 0 {
		return nil
	}
	programs, err := filepath.Glob("/usr/lib/postgresql/*/bin/pg_dump")
	if err != nil || len(programs) == 0 {
		t.Fatalf("pg_dump: %v", err)
	}
	out, err := exec.Command(programs[len(programs)-1], "--inserts", database[1]).Output()
	if err != nil {
		t.Fatalf("pg_dump: %v", err)
	}
	return out
}

// waitForMessages waits until the inbox of the account holds n messages and
// returns them, newest first.
func waitForMessages(s *service, account mailstead.AccountID, n int) []mailstead.Message {
	s.t.Helper()
	var all []mailstead.Message
	mailtest.Await(s.t, "the inbox is loaded", func() bool {
		all = folderMessages(s, account, mailstead.FolderInbox)
		return len(all) >= n
	})
	return all
}

func folderMessages(s *service, account mailstead.AccountID, role mailstead.FolderRole) []mailstead.Message {
	s.t.Helper()
	for _, f := range call[list[mailstead.Folder]](s, http.MethodGet, "/accounts/"+account.String()+"/folders", nil).Items {
		if f.Role == role {
			return call[list[mailstead.Message]](s, http.MethodGet,
				fmt.Sprintf("/accounts/%s/messages?folder=%s&limit=100", account, f.ID), nil).Items
		}
	}
	return nil
}

// wantOnServer checks that the mail stands exactly once in Anna's Sent folder and
// exactly once in Ben's inbox.
func wantOnServer(t testing.TB, servers *mailtest.Servers, id string) {
	t.Helper()
	for _, place := range []struct{ user, folder string }{{"anna@example.com", "Sent"}, {"ben@example.com", "INBOX"}} {
		mailtest.Await(t, "the mail stands in "+place.folder+" of "+place.user, func() bool {
			out := servers.Dovecot.Doveadm("search", "-u", place.user, "mailbox", place.folder, "header", "message-id", id)
			n := len(strings.Fields(out)) / 2
			if n > 1 {
				t.Fatalf("%d copies in %s of %s", n, place.folder, place.user)
			}
			return n == 1
		})
	}
}

// clearServer takes away what a run left, for the next one.
func clearServer(servers *mailtest.Servers) {
	servers.Dovecot.Doveadm("expunge", "-u", "anna@example.com", "mailbox", "INBOX", "header", "subject", "One more")
	servers.Dovecot.Doveadm("expunge", "-u", "anna@example.com", "mailbox", "Sent", "all")
}

// TestMainJobByCommandLine is the same path typed as commands.
func TestMainJobByCommandLine(t *testing.T) {
	t.Parallel()
	servers := mailService(t)
	forEachWay(t, func(t *testing.T, database []string, security mailstead.Security) {
		s := serve(t, t.TempDir(), loopback(t, servers, database...)...)
		cliJSON[any](s, adaPassword+"\n", "user", "add", "--admin", "--name", "Ada", "ada@example.com")
		in, out := servers.Dovecot.IMAP(security), servers.Postfix.SMTP(security)
		cliJSON[any](s, "", "domain", "set", "example.com", "--incoming", in.String(), "--outgoing", out.String())
		found := cliJSON[struct{ Source string }](s, "", "discover", "anna@example.com")
		if found.Source != "administrator" {
			t.Fatalf("the address is known from %q", found.Source)
		}
		tested := cliJSON[struct{ OK bool }](s, mailtest.Anna.Password, "doctor", "--imap", in.String(), "--smtp", out.String(),
			"--login", "anna@example.com", "--password-stdin")
		if !tested.OK {
			t.Fatal("the test failed")
		}
		saved := cliJSON[struct{ Account mailstead.Account }](s, mailtest.Anna.Password+"\n",
			"account", "connect", "anna@example.com", "--owner", "1", "--display-name", "Anna Rossi")
		account := saved.Account.ID.String()
		var messages []mailstead.Message
		mailtest.Await(t, "the inbox is loaded", func() bool {
			messages = lines[mailstead.Message](t, s.cli("", "--json", "message", "list", account, "--limit", "100").stdout)
			return len(messages) >= mails
		})
		if messages[0].Subject != "Order 89" {
			t.Fatalf("the newest message is %q", messages[0].Subject)
		}
		shown := cliJSON[struct{ Text string }](s, "", "message", "show", messages[0].ID.String())
		if !strings.Contains(shown.Text, "offer number 89") {
			t.Errorf("the text is %q", shown.Text)
		}
		sent := cliJSON[mailstead.OutgoingMessage](s, "The offer is on its way.\n", "send", "--user", "1", "--reply", messages[0].ID.String())
		mailtest.Await(t, "the answer is accepted and its copy appended", func() bool {
			m := cliJSON[mailstead.OutgoingMessage](s, "", "outbox", "show", sent.ID.String())
			return m.State == mailstead.OutgoingAccepted && m.SentCopy == mailstead.SentCopyAppended
		})
		wantOnServer(t, servers, sent.InternetMessageID)
		s.stop()
		clearServer(servers)
	})
}
