//go:build bench

// Package bench measures Mailstead against peers and raw limits, each pair in one
// run on the same servers, and writes the figures to a file (make bench). Trust
// the ratios, not the numbers.
package bench_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/blob"
	"github.com/mailstead/mailstead/diagnose"
	"github.com/mailstead/mailstead/dial"
	"github.com/mailstead/mailstead/inbox"
	"github.com/mailstead/mailstead/mailtest"
	"github.com/mailstead/mailstead/provider/imap"
	"github.com/mailstead/mailstead/store"
	"github.com/mailstead/mailstead/store/sqlite"
)

// figure is one measured pair.
type figure struct {
	Name   string  `json:"name"`
	Ours   float64 `json:"ours"`
	Theirs float64 `json:"theirs,omitempty"`
	Ratio  float64 `json:"ratio,omitempty"`
	Unit   string  `json:"unit"`
	Goal   string  `json:"goal"`
}

var figures []figure

func TestMain(m *testing.M) {
	code := mailtest.Finish(m.Run())
	if err := report(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// report writes the figures to bench/results and to the terminal.
func report() error {
	if err := os.MkdirAll("results", 0o755); err != nil {
		return err
	}
	b, err := json.MarshalIndent(figures, "", "  ")
	if err != nil {
		return err
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%-46s %12s %12s %8s  %-10s %s\n", "measured", "ours", "theirs", "ratio", "unit", "goal")
	for _, f := range figures {
		fmt.Fprintf(&text, "%-46s %12.1f %12.1f %8.2f  %-10s %s\n", f.Name, f.Ours, f.Theirs, f.Ratio, f.Unit, f.Goal)
	}
	fmt.Print(text.String())
	name := filepath.Join("results", time.Now().UTC().Format("20060102-150405"))
	if err := os.WriteFile(name+".json", b, 0o644); err != nil {
		return err
	}
	return os.WriteFile(name+".txt", []byte(text.String()), 0o644)
}

// record notes a figure; ratio is ours to theirs, for rates.
func record(t *testing.T, name, unit, goal string, ours, theirs float64) {
	f := figure{Name: name, Ours: ours, Theirs: theirs, Unit: unit, Goal: goal}
	if theirs > 0 {
		f.Ratio = ours / theirs
	}
	t.Logf("%s: ours %.1f, theirs %.1f %s, ratio %.2f (goal %s)", name, ours, theirs, unit, f.Ratio, goal)
	figures = append(figures, f)
}

// rounds is how often each pair is measured; the median counts.
const rounds = 3

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// reader is the reading half of Mailstead on a fresh data directory.
type reader struct {
	t      *testing.T
	db     *store.DB
	inbox  *inbox.Service
	access map[mailstead.AccountID]mailstead.Access
	driver *imap.Driver
}

// Access implements inbox.Credentials without sealing: what it would cost is one
// decryption an account.
func (r *reader) Access(_ context.Context, id mailstead.AccountID, _ mailstead.SideName) (mailstead.Access, error) {
	return r.access[id], nil
}

func newReader(t *testing.T, servers *mailtest.DovecotServer, security mailstead.Security, period mailstead.LoadPeriod, users []mailtest.User) *reader {
	t.Helper()
	dir := t.TempDir()
	db, err := sqlite.Open(t.Context(), filepath.Join(dir, "bench.db"), store.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := blob.Open(filepath.Join(dir, "blobs"), blob.Options{})
	if err != nil {
		t.Fatal(err)
	}
	explain, err := diagnose.New()
	if err != nil {
		t.Fatal(err)
	}
	r := &reader{t: t, db: db, access: make(map[mailstead.AccountID]mailstead.Access)}
	dialer := dial.New(dial.Config{Allowed: loopback, Roots: servers.CA.Pool(), Now: time.Now})
	r.driver = imap.New(imap.Config{Dialer: dialer, Now: time.Now, Version: "bench"})
	r.inbox = inbox.New(inbox.Config{
		Store: db, Shelf: db, Blobs: blobs, Credentials: r, Source: r.driver, Explain: explain,
		Now: time.Now, Logger: slog.New(slog.DiscardHandler),
	})
	server := servers.IMAP(security)
	for _, u := range users {
		a := mailstead.Account{
			Key: u.Address, Name: u.Address, Address: u.Address, LoadPeriod: period,
			Incoming: &mailstead.Side{Server: server, Login: u.Address, Enabled: true, Health: mailstead.Health{State: mailstead.HealthNew}},
		}
		id, err := db.ConnectAccount(t.Context(), mailstead.Connected{Account: &a, Audit: mailstead.AuditEntry{
			Action: mailstead.AuditAccountConnect, Object: mailstead.AuditObject{Kind: mailstead.AuditAccount},
		}})
		if err != nil {
			t.Fatal(err)
		}
		r.access[id] = mailstead.Access{
			Server: server, Login: u.Address, Secret: mailstead.NewSecret(u.Password), Admin: true, AllowPlain: security == mailstead.SecurityNone,
		}
	}
	t.Cleanup(func() {
		r.close()
		if err := blobs.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func (r *reader) close() {
	r.inbox.Stop()
	if err := r.db.Close(); err != nil {
		r.t.Error(err)
	}
}

// load starts reading and returns how long it took until the inbox of every
// account held n messages.
func (r *reader) load(n int) time.Duration {
	r.t.Helper()
	begin := time.Now()
	if err := r.inbox.Start(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
	left := make([]mailstead.AccountID, 0, len(r.access))
	for id := range r.access {
		left = append(left, id)
	}
	for len(left) > 0 {
		if time.Since(begin) > 5*time.Minute {
			r.t.Fatalf("%d accounts are not loaded after 5 minutes", len(left))
		}
		id := left[len(left)-1]
		folders, err := r.db.Folders(r.t.Context(), id)
		if err != nil {
			r.t.Fatal(err)
		}
		done := slices.ContainsFunc(folders, func(f mailstead.Folder) bool { return f.Role == mailstead.FolderInbox && f.Total >= n })
		if done {
			left = left[:len(left)-1]
			continue
		}
		time.Sleep(5 * time.Millisecond)
	}
	return time.Since(begin)
}

// body makes mail number i of about size bytes: text that is worth indexing, for
// more than 20 KB an HTML form of it, and for more than 100 KB a file.
func body(i, size int) []byte {
	var text strings.Builder
	for text.Len() < min(size, 5_000) {
		fmt.Fprintf(&text, "line %d of message %d speaks of order %d and invoice %d\r\n", text.Len(), i, i*7919%100000, i*104729%100000)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "From: Sender %d <sender%d@example.com>\r\nTo: Anna <anna@example.com>\r\nSubject: Message number %d\r\n"+
		"Message-ID: <bench-%d@example.com>\r\nDate: Mon, 02 Mar 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n", i%97, i%97, i, i)
	if size <= 20_000 {
		b.WriteString("Content-Type: text/plain; charset=utf-8\r\n\r\n" + text.String())
		return []byte(b.String())
	}
	b.WriteString("Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: multipart/alternative; boundary=\"a\"\r\n\r\n" +
		"--a\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + text.String() + "\r\n--a\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body>")
	for line := range strings.Lines(text.String()) {
		fmt.Fprintf(&b, "<p style=\"margin:0;color:#222\"><span class=\"x\">%s</span></p>\r\n", strings.TrimSpace(line))
	}
	b.WriteString("</body></html>\r\n--a--\r\n")
	if size > 100_000 {
		b.WriteString("--b\r\nContent-Type: application/pdf; name=\"offer.pdf\"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment\r\n\r\n")
		file := make([]byte, (size-b.Len())/4*3)
		_, _ = rand.NewChaCha8([32]byte{byte(i), byte(i >> 8)}).Read(file) // never fails, says its documentation
		for chunk := range slices.Chunk([]byte(base64.StdEncoding.EncodeToString(file)), 76) {
			b.Write(chunk)
			b.WriteString("\r\n")
		}
	}
	b.WriteString("--b--\r\n")
	return []byte(b.String())
}

// sizeOf gives a mailbox the sizes of a real one: most mails are small, some carry
// a file, the mean is about 45 KB.
func sizeOf(i int) int {
	switch {
	case i%16 == 0:
		return 620_000
	case i%3 == 0:
		return 30_000
	default:
		return 6_000
	}
}

func tlsFor(servers *mailtest.DovecotServer) *tls.Config {
	return &tls.Config{RootCAs: servers.CA.Pool(), ServerName: servers.Host, MinVersion: tls.VersionTLS12}
}
