//go:build realservers

package main_test

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/mailtest"
)

// refreshKills is how often a service is killed between a refresh and its being stored.
const refreshKills = 20

// TestKillsBetweenRefreshAndStore: the provider has changed the refresh token, and the
// service is killed before it can store the new one. Where the provider lets the old
// one work once more, mail goes on by itself; where it does not, the account asks for a
// sign-in and its mail waits. No mail is lost or sent twice, and a refresh token is
// never sent twice at a time.
func TestKillsBetweenRefreshAndStore(t *testing.T) {
	t.Parallel()
	for name, grace := range map[string]bool{"a provider with grace": true, "a strict provider": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOAuthScene(t, "send_retry: [100ms, 200ms]", "sync_retry: [100ms, 200ms]")
			a := o.connected()
			kills := refreshKills
			if !grace {
				// Each takes another sign-in.
				kills = refreshKills / 4
			}
			var ids []mailstead.OutgoingID
			for range kills {
				ids = append(ids, o.killedAtRefresh(a, grace))
				if !grace {
					o.awaitTrouble(a)
					if state := o.state(ids[len(ids)-1]); state != mailstead.OutgoingHeld && state != mailstead.OutgoingQueued {
						t.Errorf("the mail is %s", state)
					}
					if status, body := o.signIn(o.service, "/accounts/"+a.ID.String()+"/sign-in", mailtest.Anna.Address, map[string]any{}); status != http.StatusOK {
						t.Fatalf("signed in again: %d %s", status, body)
					}
				}
				o.awaitState(ids[len(ids)-1], mailstead.OutgoingAccepted)
			}
			arrived := o.arrived()
			t.Logf("kills: %d, mails: %d, arrived: %d, refreshed: %d", kills, len(ids), arrived, o.idp.Count("refreshed"))
			if arrived != len(ids) {
				t.Errorf("%d mails arrived, want %d", arrived, len(ids))
			}
			if n := o.idp.Count("overlapping"); n > 0 {
				t.Errorf("%d refreshes ran beside another one", n)
			}
		})
	}
}

// killedAtRefresh submits a mail that waits for an access token, kills the service as soon
// as the provider has changed the refresh token, and starts it again.
func (o *oauthScene) killedAtRefresh(a mailstead.Account, grace bool) mailstead.OutgoingID {
	o.t.Helper()
	o.stop()
	o.idp.Expire()
	o.idp.Set(mailtest.IdPFaults{Status: http.StatusServiceUnavailable})
	o.start()
	id := o.sends(a, "Hello")
	killed := make(chan struct{})
	var once sync.Once
	o.idp.Set(mailtest.IdPFaults{Grace: grace, Answering: func() {
		once.Do(func() {
			o.kill()
			close(killed)
		})
	}})
	select {
	case <-killed:
	case <-time.After(time.Minute):
		o.t.Fatal("nothing was refreshed")
	}
	o.idp.Set(mailtest.IdPFaults{Grace: grace})
	o.start()
	o.idp.Return(o.url + "/oauth/callback")
	return id
}

// awaitTrouble waits until the account asks for a sign-in.
func (o *oauthScene) awaitTrouble(a mailstead.Account) {
	o.t.Helper()
	mailtest.Await(o.t, "an account that asks for a sign-in", func() bool {
		h := call[mailstead.Account](o.service, http.MethodGet, "/accounts/"+a.ID.String(), nil).Outgoing.Health
		return h.State == mailstead.HealthTrouble && h.Code == "oauth.revoked"
	})
}

// arrived is how many mails are in Anna's inbox.
func (o *oauthScene) arrived() int {
	o.t.Helper()
	out := o.servers.Dovecot.Doveadm("mailbox", "status", "-u", mailtest.Anna.Address, "messages", "INBOX")
	_, count, _ := strings.Cut(strings.TrimSpace(out), "messages=")
	n, err := strconv.Atoi(count)
	must(o.t, err)
	return n
}
