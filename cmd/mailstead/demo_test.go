package main_test

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/mailtest"
)

const demoPassword = "demo-password"

// demoHouse is a running demo whose administrator is signed in.
type demoHouse struct{ *service }

func startDemo(t *testing.T, data string) demoHouse {
	t.Helper()
	// What is put off is tried again soon.
	must(t, os.WriteFile(filepath.Join(data, "mailstead.yaml"), []byte("send_retry: 300ms\n"), 0o600))
	d := demoHouse{launch(t, "demo", data, "--quiet", "--json")}
	var told struct{ URL, Email, Password, Data string }
	line := regexp.MustCompile(`(?m)^\{.*\}$`).FindString(d.log.String())
	must(t, json.Unmarshal([]byte(line), &told))
	if told.URL != d.url || told.Data != data {
		t.Errorf("told of %+v, want %s and %s", told, d.url, data)
	}
	d.signIn(told.Email, told.Password)
	return d
}

func (d demoHouse) signIn(email, password string) {
	d.t.Helper()
	call[any](d.service, http.MethodPost, "/session", map[string]any{"email": email, "password": password})
}

func (d demoHouse) account(address string) mailstead.Account {
	d.t.Helper()
	for _, a := range call[struct{ Items []mailstead.Account }](d.service, http.MethodGet, "/accounts?all=true", nil).Items {
		if a.Address == address {
			return a
		}
	}
	d.t.Fatalf("%s is not connected", address)
	return mailstead.Account{}
}

// loaded waits until all mail of an account is here and returns how much that is.
func (d demoHouse) loaded(a mailstead.Account) (total int) {
	d.t.Helper()
	mailtest.Await(d.t, "all mail of "+a.Address, func() bool {
		folders := call[struct{ Items []mailstead.Folder }](d.service, http.MethodGet, "/accounts/"+a.ID.String()+"/folders", nil).Items
		total = 0
		missing := len(folders) == 0
		for _, f := range folders {
			total += f.Total
			missing = missing || f.Total != f.RemoteTotal || f.SyncedAt.IsZero()
		}
		return !missing
	})
	return total
}

// inbox maps the newest mails of an account's inbox to their ids.
func (d demoHouse) inbox(a mailstead.Account) map[string]mailstead.MessageID {
	d.t.Helper()
	out := make(map[string]mailstead.MessageID)
	for _, f := range call[struct{ Items []mailstead.Folder }](d.service, http.MethodGet, "/accounts/"+a.ID.String()+"/folders", nil).Items {
		if f.Role != mailstead.FolderInbox {
			continue
		}
		path := "/accounts/" + a.ID.String() + "/messages?limit=100&folder=" + f.ID.String()
		for _, m := range call[struct{ Items []mailstead.Message }](d.service, http.MethodGet, path, nil).Items {
			out[m.InternetMessageID] = m.ID
		}
	}
	return out
}

type connected struct {
	Code    string
	Account mailstead.Account
}

func (d demoHouse) connect(address string) connected {
	d.t.Helper()
	_, body := d.try(http.MethodPost, "/connect/save", map[string]any{"address": address, "password": demoPassword, "load_period": "all"})
	var c connected
	must(d.t, json.Unmarshal(body, &c))
	return c
}

// send sends a mail and waits until it stands as wanted.
func (d demoHouse) send(from mailstead.Account, to string, want mailstead.OutgoingState, attempts int) mailstead.OutgoingMessage {
	d.t.Helper()
	m := call[mailstead.OutgoingMessage](d.service, http.MethodPost, "/outbox", map[string]any{
		"to": []map[string]any{{"address": to}}, "subject": "To " + to, "text": "Hello.", "account_id": from.ID,
	})
	mailtest.Await(d.t, "the mail to "+to+" is "+string(want), func() bool {
		got := call[struct {
			mailstead.OutgoingMessage
			History []mailstead.Attempt `json:"history"`
		}](d.service, http.MethodGet, "/outbox/"+m.ID.String(), nil)
		return got.State == want && len(got.History) >= attempts
	})
	return m
}

func TestDemo(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	d := startDemo(t, data)
	support, sales := d.account("support@demo.example"), d.account("sales@demo.example")
	if n := d.loaded(support); n < 50 {
		t.Errorf("support has %d mails, want about 60", n)
	}
	if n := d.loaded(sales); n < 180 {
		t.Errorf("sales has %d mails, want about 200", n)
	}
	if out := call[struct{ Items []any }](d.service, http.MethodGet, "/outbox", nil); len(out.Items) > 0 {
		t.Errorf("a quiet demo sent %v", out.Items)
	}
	state := call[mailstead.Demo](d.service, http.MethodGet, "/demo", nil)
	if !state.Active || !slices.Equal(state.Accounts, []mailstead.AccountID{support.ID, sales.ID}) || len(state.Addresses) < 10 {
		t.Errorf("demo = %+v", state)
	}

	t.Run("addresses that provoke", func(t *testing.T) {
		for address, want := range map[string]string{
			"wrong-password@demo.example":        "auth.bad_credentials",
			"nobody@demo.example":                "auth.bad_credentials",
			"busy@demo.example":                  "auth.temporary",
			"anna@untrusted.demo.example":        "tls.untrusted",
			"anna@expired.demo.example":          "tls.expired",
			"anna@offline.demo.example":          "net.refused",
			"anna@starttls-missing.demo.example": "tls.starttls_missing",
			"empty@demo.example":                 "",
			"full@demo.example":                  "",
		} {
			if got := d.connect(address); got.Code != want {
				t.Errorf("%s: code = %q, want %q", address, got.Code, want)
			}
		}
		begin := time.Now()
		if got := d.connect("slow@demo.example"); got.Code != "" || time.Since(begin) < 2*time.Second {
			t.Errorf("slow@demo.example: code %q after %v", got.Code, time.Since(begin))
		}
	})
	t.Run("every address is listed", func(t *testing.T) {
		help := command(t, "", "demo", "--help").stdout
		for _, a := range state.Addresses {
			if a.Shows == "" || !strings.Contains(help, a.Address) {
				t.Errorf("%s is not in the help, or shows nothing", a.Address)
			}
		}
	})
	t.Run("only the demo's names lead inside", func(t *testing.T) {
		for host, want := range map[string]string{
			"127.0.0.1:993":             "net.guarded",
			"localhost:993":             "net.guarded",
			"imap.demo.example:143":     "net.refused",
			"127.0.0.1:" + port(d.url):  "net.guarded",
			"smtp.demo.example:993:tls": "net.refused",
		} {
			_, body := d.try(http.MethodPost, "/connect/test", map[string]any{
				"address": "anna@demo.example", "password": demoPassword, "receive_only": true, "incoming": map[string]any{"host": host},
			})
			var r struct{ Incoming mailstead.Report }
			must(t, json.Unmarshal(body, &r))
			if f := r.Incoming.Failure(); f == nil || f.Code != want {
				t.Errorf("%s: %+v, want %s", host, f, want)
			}
		}
	})

	anna := d.connect("anna@demo.example").Account
	d.loaded(anna)
	before := d.inbox(anna)
	t.Run("sending", func(t *testing.T) {
		sent := d.send(sales, "anna@demo.example", mailstead.OutgoingAccepted, 1)
		mailtest.Await(t, "the mail arrives", func() bool { return d.inbox(anna)[sent.InternetMessageID] != 0 })
		d.send(sales, "anybody@elsewhere.example", mailstead.OutgoingAccepted, 1)
		d.send(sales, "greylisted@demo.example", mailstead.OutgoingAccepted, 2)
		d.send(sales, "unknown-user@demo.example", mailstead.OutgoingRejected, 1)
		d.send(sales, "full@demo.example", mailstead.OutgoingQueued, 2)
	})

	d.stop()
	d.verb, d.args = "serve", []string{}
	d.start()
	t.Run("after a restart", func(t *testing.T) {
		sent := d.send(sales, "anna@demo.example", mailstead.OutgoingAccepted, 1)
		mailtest.Await(t, "the mail arrives, and what the servers forgot is gone", func() bool {
			now := d.inbox(anna)
			return now[sent.InternetMessageID] != 0 && len(now) == len(before)+1
		})
		now := d.inbox(anna)
		delete(now, sent.InternetMessageID)
		if diff := cmp.Diff(before, now); diff != "" {
			t.Errorf("the sample mails are not the same (-before +after):\n%s", diff)
		}
	})
	t.Run("not for everybody", func(t *testing.T) {
		d.signIn("ben@demo.example", demoPassword)
		for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
			if status, body := d.try(method, "/demo", nil); status != http.StatusForbidden {
				t.Errorf("%s: status %d: %s", method, status, body)
			}
		}
		d.signIn("ada@demo.example", demoPassword)
	})
	t.Run("removed", func(t *testing.T) {
		call[any](d.service, http.MethodDelete, "/demo", nil)
		d.wantNoDemo()
		d.stop()
		d.start()
		d.wantNoDemo()
		call[any](d.service, http.MethodDelete, "/demo", nil)
		again := call[mailstead.Demo](d.service, http.MethodPut, "/demo", nil)
		if !again.Active || len(again.Accounts) > 0 || d.connect("anna@demo.example").Code != "" {
			t.Errorf("added again: %+v", again)
		}
	})
}

// wantNoDemo looks for anything that the demo left.
func (d demoHouse) wantNoDemo() {
	d.t.Helper()
	if state := call[mailstead.Demo](d.service, http.MethodGet, "/demo", nil); state.Active || len(state.Accounts) > 0 {
		d.t.Errorf("demo = %+v, want none", state)
	}
	for _, path := range []string{"/accounts?all=true", "/domains"} {
		if left := call[struct{ Items []any }](d.service, http.MethodGet, path, nil); len(left.Items) > 0 {
			d.t.Errorf("%s: %v", path, left.Items)
		}
	}
	if status, _ := d.try(http.MethodGet, "/providers/demo", nil); status != http.StatusNotFound {
		d.t.Errorf("the provider: status %d", status)
	}
	if found := call[struct{ Source string }](d.service, http.MethodPost, "/connect/discover", map[string]any{"address": "anna@demo.example"}); found.Source != "none" {
		d.t.Errorf("anna@demo.example is found by %s", found.Source)
	}
}

func port(url string) string { return url[strings.LastIndexByte(url, ':')+1:] }

func TestDemoIsAlive(t *testing.T) {
	t.Parallel()
	d := demoHouse{launch(t, "demo", t.TempDir(), "--demo-live", "50ms")}
	d.signIn("ada@demo.example", demoPassword)
	support := d.account("support@demo.example")
	first := len(d.inbox(support))
	mailtest.Await(t, "new mail", func() bool { return len(d.inbox(support)) > first+2 })
	mailtest.Await(t, "mails with three fates", func() bool {
		fates := make(map[mailstead.OutgoingState]int)
		for _, m := range call[struct{ Items []mailstead.OutgoingMessage }](d.service, http.MethodGet, "/outbox", nil).Items {
			fates[m.State]++
		}
		return cmp.Equal(fates, map[mailstead.OutgoingState]int{mailstead.OutgoingAccepted: 1, mailstead.OutgoingRejected: 1, mailstead.OutgoingQueued: 1})
	})
}

func TestDemoLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := exec.Command(binary(t), "demo", "--quiet", "--listen", "127.0.0.1:0")
	var log mailtest.Log
	cmd.Dir, cmd.Env, cmd.Stderr, cmd.Stdout = dir, append(os.Environ(), "TMPDIR="+dir), &log, &log
	must(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	mailtest.Await(t, "the demo runs", func() bool { return strings.Contains(log.String(), "listening") })
	if made, err := os.ReadDir(dir); err != nil || len(made) != 1 {
		t.Errorf("made %v, %v, want one directory", made, err)
	}
	if !strings.Contains(log.String(), "ada@demo.example") || !strings.Contains(log.String(), demoPassword) {
		t.Errorf("it does not say how to get in:\n%s", &log)
	}
	must(t, cmd.Process.Signal(syscall.SIGINT))
	must(t, cmd.Wait())
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

func TestDemoKeepsAwayFromOtherInstallations(t *testing.T) {
	data := t.TempDir()
	if r := command(t, adaPassword, "--data", data, "user", "add", "--admin", "ada@example.com"); r.code != 0 {
		t.Fatal(r.stderr)
	}
	r := command(t, "", "demo", "--data", data, "--listen", "127.0.0.1:0")
	if r.code != 73 || !strings.Contains(r.stderr, "[config.demo]") {
		t.Errorf("exit code %d\n%s", r.code, r.stderr)
	}
}
