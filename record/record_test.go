package record_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/record"
	"github.com/mailstead/mailstead/store"
	"github.com/mailstead/mailstead/store/sqlite"
)

var (
	noon    = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	audited = mailstead.AuditEntry{Action: mailstead.AuditAccountUpdate, Object: mailstead.AuditObject{Kind: mailstead.AuditAccount, ID: "1"}}
)

const offer = "From: Bruno <bruno@example.com>\r\nTo: anna@firm.example\r\nSubject: Secret offer\r\n\r\nTen thousand.\r\n"

// bytes are the bytes of mails in memory.
type bytes map[mailstead.BlobHash]string

func (b bytes) Get(_ context.Context, ref mailstead.BlobRef) ([]byte, error) {
	return []byte(b[ref.Hash]), nil
}

// world is the journey on a store, with Ada, an administrator, Anna, who has a
// mailbox, and Eve, who has nothing.
type world struct {
	*record.Service
	t              *testing.T
	db             *store.DB
	now            time.Time
	ada, anna, eve mailstead.Actor
	account        mailstead.AccountID
	folder         mailstead.FolderID
	bytes          bytes
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, now: noon, bytes: bytes{}}
	var err error
	w.db, err = sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "mailstead.db"), store.Options{Now: func() time.Time { return w.now }})
	w.ok(err)
	t.Cleanup(func() { _ = w.db.Close() })
	w.Service = record.New(record.Config{
		Store: w.db, Links: w.db, Shelf: w.db, Blobs: w.bytes, Now: func() time.Time { return w.now },
		Logger: slog.New(slog.DiscardHandler),
	})
	w.ada, w.anna, w.eve = w.person("ada", mailstead.RoleAdmin), w.person("anna", mailstead.RoleUser), w.person("eve", mailstead.RoleUser)
	w.account, err = w.db.ConnectAccount(t.Context(), mailstead.Connected{
		Audit: audited, Account: &mailstead.Account{Key: "k", OwnerID: w.anna.User.ID, Name: "Anna", Address: "anna@firm.example"},
	})
	w.ok(err)
	folders, err := w.db.SyncFolders(t.Context(), w.account, []mailstead.RemoteFolder{{Path: "INBOX", Delimiter: "/"}}, noon)
	w.ok(err)
	w.folder = folders[0].ID
	return w
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// fails wants an error with a code.
func (w *world) fails(what string, err error, code string) {
	w.t.Helper()
	if err == nil || mailstead.CodeOf(err) != code {
		w.t.Errorf("%s: got %v, want %s", what, err, code)
	}
}

func (w *world) person(name string, role mailstead.Role) mailstead.Actor {
	w.t.Helper()
	u := &mailstead.User{Name: name, Email: name + "@firm.example", Role: role}
	w.ok(w.db.CreateUser(w.t.Context(), u, "hash", false, audited))
	return mailstead.Actor{User: *u}
}

// arrives stores a mail in Anna's inbox; "" is one whose bytes are not here.
func (w *world) arrives(uid mailstead.UID, raw string, state mailstead.MessageState) mailstead.MessageID {
	w.t.Helper()
	m := mailstead.NewMessage{}
	m.UID, m.ReceivedAt, m.Size, m.State = uid, noon.Add(time.Duration(uid)*time.Minute), int64(len(raw)), state
	m.Subject, m.From = "Secret offer", []mailstead.Address{{Address: "bruno@example.com"}}
	if raw != "" {
		m.Blob = mailstead.BlobRef{Hash: mailstead.HashBlob([]byte(raw)), Stored: 1, Size: m.Size}
		w.bytes[m.Blob.Hash] = raw
	}
	ids, err := w.db.ApplySync(w.t.Context(), mailstead.SyncBatch{
		AccountID: w.account, FolderID: w.folder, Messages: []mailstead.NewMessage{m}, RemoteTotal: -1, At: noon,
	})
	w.ok(err)
	return ids[0]
}

// request is a record of the business application.
func (w *world) request(key string) mailstead.RecordID {
	w.t.Helper()
	r, err := w.Put(w.t.Context(), w.ada, mailstead.Record{Type: "request", Key: key})
	w.ok(err)
	return r.ID
}

func (w *world) mailsOf(id mailstead.RecordID) int {
	w.t.Helper()
	list, err := w.Mails(w.t.Context(), w.eve, mailstead.LinkedMailQuery{Record: id, Limit: 50})
	w.ok(err)
	return len(list)
}

func TestLinkedMailIsForEverybodyAndItsMailboxIsNot(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	m, r := w.arrives(1, offer, mailstead.MessageOK), w.request("R-1")
	_, err := w.Link(ctx, w.eve, m, r)
	w.fails("who may not read it", err, "message.not_found")
	_, err = w.LinksOf(ctx, w.eve, m)
	w.fails("who may not read it asks for links", err, "message.not_found")
	_, err = w.Link(ctx, w.anna, m, 99)
	w.fails("no such record", err, "record.not_found")
	_, err = w.Link(ctx, w.anna, w.arrives(2, "", mailstead.MessageTooLarge), r)
	w.fails("bytes that are not here", err, "message.not_loaded")
	_, err = w.Link(ctx, mailstead.Actor{}, m, r)
	w.fails("nobody", err, "signin.required")

	l, err := w.Link(ctx, w.anna, m, r)
	w.ok(err)
	if l.Record.ID != r || l.ByName != "anna" || l.Reason != mailstead.LinkByHand || !l.At.Equal(noon) || l.TypeName != "Request" {
		t.Errorf("got link %+v", l)
	}
	o, err := w.Open(ctx, w.eve, r, l.Mail)
	w.ok(err)
	if o.Mail == nil || !strings.Contains(o.Mail.Text, "Ten thousand") || o.Linked.Mailbox != "anna@firm.example" {
		t.Errorf("Eve reads %+v", o)
	}
	raw, err := w.Raw(ctx, w.eve, r, l.Mail)
	w.ok(err)
	if string(raw) != offer {
		t.Errorf("got %q", raw)
	}
	token := w.eve
	token.Scopes = []mailstead.Scope{mailstead.ScopeSend}
	_, err = w.Open(ctx, token, r, l.Mail)
	w.fails("a token that may not read", err, "token.scope")
}

func TestQuarantinedMailStandsOnARecordUnread(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	r := w.request("R-1")
	l, err := w.Link(ctx, w.anna, w.arrives(1, "x", mailstead.MessageQuarantined), r)
	w.ok(err)
	o, err := w.Open(ctx, w.eve, r, l.Mail)
	w.ok(err)
	if o.Mail != nil || o.Linked.State != mailstead.MessageQuarantined {
		t.Errorf("got %+v, want no content", o)
	}
}

func TestTypesThatAreNotLinkedByHand(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	_, err := w.PutType(ctx, w.anna, mailstead.RecordType{Key: "order", Name: "Order"})
	w.fails("a user makes a type", err, "role.admin_required")
	_, err = w.PutType(ctx, w.ada, mailstead.RecordType{Key: "order", Name: "Order", URL: "https://crm.example.com/{key}"})
	w.ok(err)
	r, err := w.Put(ctx, w.ada, mailstead.Record{Type: "order", Key: "7"})
	w.ok(err)
	if r.Name != "7" || r.Address != "https://crm.example.com/7" || r.TypeName != "Order" {
		t.Errorf("got %+v", r)
	}
	m := w.arrives(1, offer, mailstead.MessageOK)
	_, err = w.Link(ctx, w.anna, m, r.ID)
	w.fails("a user links by hand", err, "record_type.not_by_hand")
	_, err = w.Create(ctx, w.anna, "order", "Mine")
	w.fails("a user makes a record", err, "record_type.not_by_hand")
	_, err = w.Link(ctx, w.ada, m, r.ID)
	w.ok(err)
	_, err = w.Create(ctx, w.anna, "none", "Mine")
	w.fails("a type that is not there", err, "record_type.not_found")
	_, err = w.Create(ctx, w.anna, "request", " ")
	w.fails("a record without a name", err, "input.name_needed")
	_, err = w.Put(ctx, w.anna, mailstead.Record{Type: "request", Key: "1"})
	w.fails("a user writes by key", err, "role.admin_required")
	_, err = w.Put(ctx, w.ada, mailstead.Record{Type: "request", Name: "x"})
	w.fails("a record of the application without a key", err, "input.record_key")
	w.fails("a type with records", w.DeleteType(ctx, w.ada, "order"), "record_type.in_use")
	w.fails("a record with mails", w.Delete(ctx, w.ada, r.ID), "record.in_use")
	w.ok(w.DeleteType(ctx, w.ada, "company"))
}

func TestWhoTakesAMailFromARecord(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	m, r := w.arrives(1, offer, mailstead.MessageOK), w.request("R-1")
	link := func() mailstead.LinkedMailID {
		t.Helper()
		l, err := w.Link(ctx, w.anna, m, r)
		w.ok(err)
		return l.Mail
	}
	mail := link()
	w.fails("somebody else", w.Unlink(ctx, w.eve, r, mail), "record.not_yours")
	w.fails("somebody else by the message", w.UnlinkMessage(ctx, w.eve, m, r), "message.not_found")
	w.ok(w.UnlinkMessage(ctx, w.anna, m, r))
	w.fails("a second time", w.UnlinkMessage(ctx, w.anna, m, r), "mail.not_found")

	_, err := w.LinkAgain(ctx, w.eve, r, mail)
	w.fails("somebody else undoes it", err, "mail.not_found")
	w.now = w.now.Add(mailstead.UnlinkUndo - time.Minute)
	w.ok(w.Sweep(ctx))
	_, err = w.LinkAgain(ctx, w.anna, r, mail)
	w.ok(err)
	w.ok(w.Unlink(ctx, w.ada, r, mail))
	link()
	// Without its account who linked it still may.
	w.ok(w.db.RemoveAccount(ctx, mailstead.AccountRemoval{ID: w.account, At: w.now, Audit: audited}))
	w.ok(w.Unlink(ctx, w.anna, r, mail))
	w.now = w.now.Add(mailstead.UnlinkUndo + time.Minute)
	_, err = w.LinkAgain(ctx, w.anna, r, mail)
	w.fails("too late", err, "mail.not_found")
	w.ok(w.Sweep(ctx))
	if n := w.mailsOf(r); n != 0 {
		t.Errorf("the record has %d mails, want none", n)
	}
}

func TestAMailOfARecordIsLinkedToAnother(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	m, first, second := w.arrives(1, offer, mailstead.MessageOK), w.request("R-1"), w.request("R-2")
	l, err := w.Link(ctx, w.anna, m, first)
	w.ok(err)
	got, err := w.LinkAgain(ctx, w.eve, second, l.Mail)
	w.ok(err)
	if got.ByName != "eve" || w.mailsOf(second) != 1 {
		t.Errorf("got %+v on the second record", got)
	}
	// The same bytes in another place show both links.
	links, err := w.LinksOf(ctx, w.anna, w.arrives(9, offer, mailstead.MessageOK))
	w.ok(err)
	if len(links) != 2 {
		t.Errorf("the moved mail has %d links, want 2", len(links))
	}
}

func TestTheAuditTellsOfLinksWithoutTheMail(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	m, r := w.arrives(1, offer, mailstead.MessageOK), w.request("R-1")
	for range 2 {
		_, err := w.Link(ctx, w.anna, m, r)
		w.ok(err)
	}
	w.ok(w.UnlinkMessage(ctx, w.anna, m, r))
	_, err := w.PutType(ctx, w.ada, mailstead.RecordType{Key: "order", Name: "Order"})
	w.ok(err)
	_, err = w.PutType(ctx, w.ada, mailstead.RecordType{Key: "order", Name: "Order"})
	w.ok(err)
	w.ok(w.DeleteType(ctx, w.ada, "order"))
	entries, err := w.db.Audit(ctx, mailstead.AuditQuery{Limit: 50})
	w.ok(err)
	count := map[mailstead.AuditAction]int{}
	for _, e := range entries {
		count[e.Action]++
		text, err := json.Marshal(e)
		w.ok(err)
		if strings.Contains(string(text), "offer") || strings.Contains(string(text), "bruno") {
			t.Errorf("the audit tells of the mail: %s", text)
		}
	}
	want := map[mailstead.AuditAction]int{
		mailstead.AuditMailLink: 1, mailstead.AuditMailUnlink: 1, mailstead.AuditRecordTypePut: 1, mailstead.AuditRecordTypeDelete: 1,
	}
	for action, n := range want {
		if count[action] != n {
			t.Errorf("%s: got %d entries, want %d", action, count[action], n)
		}
	}
}

func TestRecordsAreFoundPageByPage(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	for i := range 3 {
		w.request(fmt.Sprintf("R-%d", i))
	}
	list, err := w.Records(ctx, w.eve, mailstead.RecordQuery{Text: "r", Limit: 2})
	w.ok(err)
	if len(list) != 2 || list[0].TypeName != "Request" {
		t.Errorf("got %+v", list)
	}
	for _, n := range []int{0, mailstead.MaxPage + 2} {
		_, err = w.Records(ctx, w.eve, mailstead.RecordQuery{Limit: n})
		w.fails("a page of records", err, "input.limit")
		_, err = w.Mails(ctx, w.eve, mailstead.LinkedMailQuery{Record: list[0].ID, Limit: n})
		w.fails("a page of mails", err, "input.limit")
	}
	got, err := w.RecordByKey(ctx, w.eve, "request", "R-2")
	w.ok(err)
	if same, err := w.Record(ctx, w.eve, got.ID); err != nil || same.Key != "R-2" {
		t.Errorf("got %+v, %v", same, err)
	}
	w.ok(w.Delete(ctx, w.ada, got.ID))
}
