//go:build realservers

package main_test

import (
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/fakemail"
	"github.com/mailstead/mailstead/mailtest"
)

// TestKillsWhileReadingByPOP3 kills the service again and again while it loads a
// mailbox into which mail keeps coming: in the end every mail is there once, and
// the server has all of them still.
func TestKillsWhileReadingByPOP3(t *testing.T) {
	t.Parallel()
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			ca := mailtest.NewCA(t)
			drop, err := fakemail.StartPOP3(fakemail.POP3Config{
				Security: mailstead.SecurityTLS, TLS: &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, mailtest.CertValid)}},
				Users: map[string]fakemail.POP3User{mailtest.Anna.Address: {Password: mailtest.Anna.Password}},
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(drop.Close)
			var want []string
			deliver := func(n int) {
				for range n {
					subject := fmt.Sprintf("mail %05d", len(want))
					want = append(want, subject)
					at := time.Now().Add(time.Duration(len(want)-100_000) * time.Second)
					drop.Deliver(mailtest.Anna.Address, fmt.Appendf(nil,
						"Received: from a by b; %s\r\nFrom: <ben@example.com>\r\nSubject: %s\r\nMessage-ID: <%d@example.com>\r\n\r\nHello\r\n",
						at.Format(time.RFC1123Z), subject, len(want)))
				}
			}
			deliver(4000)
			s := serve(t, t.TempDir(), append(trusting(t, ca.PEM(), "sync_retry: [100ms]"), database(t)...)...)
			s.setUp()
			account := call[struct{ Account mailstead.Account }](s, http.MethodPost, "/connect/save", map[string]any{
				"address": mailtest.Anna.Address, "password": mailtest.Anna.Password, "receive_only": true, "load_period": "all",
				"incoming": map[string]any{"host": drop.Server().String(), "protocol": "pop3"},
			}).Account
			for range fewKills {
				time.Sleep(rand.N(300 * time.Millisecond))
				deliver(7)
				s.kill()
				s.start()
			}
			got := readAll(t, s, account.ID, len(want))
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("got %d mails, %d different; want %d", len(got), len(slices.Compact(got)), len(want))
			}
			if drop.Count(mailtest.Anna.Address) != len(want) || slices.Contains(drop.Commands(), "DELE") {
				t.Error("the server's mails were touched")
			}
		})
	}
}

// readAll waits until so many mails of an account are stored and lists their
// subjects.
func readAll(t *testing.T, s *service, account mailstead.AccountID, n int) (subjects []string) {
	t.Helper()
	mailtest.Await(t, "all is read", func() bool {
		call[any](s, http.MethodPost, "/accounts/"+account.String()+"/sync", nil)
		folders := call[struct{ Items []mailstead.Folder }](s, http.MethodGet, "/accounts/"+account.String()+"/folders", nil).Items
		return len(folders) == 1 && folders[0].Total >= n
	})
	for cursor := ""; ; {
		page := call[struct {
			Items []mailstead.Message
			Next  string
		}](s, http.MethodGet, "/accounts/"+account.String()+"/messages?limit=100&cursor="+cursor, nil)
		for i := range page.Items {
			subjects = append(subjects, page.Items[i].Subject)
		}
		if cursor = page.Next; cursor == "" {
			return subjects
		}
	}
}
