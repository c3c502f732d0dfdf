// Package storetest is the conformance suite of the store: the same behaviour,
// races included, on every engine.
package storetest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/store"
)

// Open returns a store on a new, empty database, which lives until the test
// ends.
type Open func(t *testing.T, o store.Options) *store.DB

// Run runs the suite, a database for every test.
func Run(t *testing.T, open Open) {
	tests := map[string]func(*testing.T, *kit){}
	for _, part := range []map[string]func(*testing.T, *kit){
		userTests, accountTests, accountListTests, accountRemovalTests, senderTests, syncTests, pageTests, outgoingTests, deliveryTests, eventTests, raceTests, modelTests, auditTests, domainTests, providerTests, nameTests, policyTests, templateTests, checkupTests, recordTests, noticeTests, oauthTests, trustTests, warningTests,
	} {
		for name, test := range part {
			tests[name] = test
		}
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newKit(t, open))
		})
	}
}

// start is when every test begins.
var start = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// audited is an entry for steps whose audit a test does not look at.
var audited = mailstead.AuditEntry{
	Action: mailstead.AuditAccountUpdate, Object: mailstead.AuditObject{Kind: mailstead.AuditAccount, ID: "1", Name: "test"},
}

// kit is one database with a clock that stands still, and short ways to fill it.
type kit struct {
	t       *testing.T
	db      *store.DB
	commits atomic.Int64
	n       int
}

func newKit(t *testing.T, open Open) *kit {
	k := &kit{t: t}
	k.db = open(t, store.Options{
		Now:       func() time.Time { return start },
		Committed: func() { k.commits.Add(1) },
	})
	return k
}

func (k *kit) ok(err error) {
	k.t.Helper()
	if err != nil {
		k.t.Fatalf("got error %v, want none", err)
	}
}

// fails wants an error of this kind and code.
func (k *kit) fails(err error, kind mailstead.Kind, code string) {
	k.t.Helper()
	if err == nil {
		k.t.Fatalf("got no error, want %s", code)
	}
	if got := mailstead.KindOf(err); got != kind {
		k.t.Errorf("got kind %s (%v), want %s", got, err, kind)
	}
	if got := mailstead.CodeOf(err); got != code {
		k.t.Errorf("got code %s, want %s", got, code)
	}
	var e *mailstead.Error
	if errors.As(err, &e) && e.Text == "" {
		k.t.Errorf("error %v has no sentence for people", err)
	}
}

func (k *kit) missing(err error, thing string) {
	k.t.Helper()
	k.fails(err, mailstead.KindNotFound, thing+".not_found")
}

// same compares; empty and nil lists are the same.
func (k *kit) same(what string, got, want any) {
	k.t.Helper()
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		k.t.Errorf("%s: got (+), want (-):\n%s", what, d)
	}
}

func (k *kit) user(name string) *mailstead.User {
	k.t.Helper()
	u := &mailstead.User{Name: name, Email: name + "@example.com", Role: mailstead.RoleUser}
	k.ok(k.db.CreateUser(k.t.Context(), u, "hash of "+name, false, audited))
	return u
}

// has makes these the user's profiles.
func (k *kit) has(u *mailstead.User, profiles ...mailstead.ProfileID) {
	k.t.Helper()
	u.ProfileIDs = profiles
	k.ok(k.db.UpdateUser(k.t.Context(), u, audited))
}

func (k *kit) profile(name string) *mailstead.Profile {
	k.t.Helper()
	p := &mailstead.Profile{Name: name}
	k.ok(k.db.CreateProfile(k.t.Context(), p, audited))
	return p
}

// newAccount is an account with both sides, not stored yet.
func (k *kit) newAccount(name string, owner mailstead.UserID) *mailstead.Account {
	k.n++
	return &mailstead.Account{
		Key: fmt.Sprintf("key-%s-%d", name, k.n), OwnerID: owner, Name: name, DisplayName: "The " + name,
		Address: name + "@example.com", Note: "a note", ProviderID: "example", LoadPeriod: "days:30", Signature: "Regards",
		Incoming: &mailstead.Side{
			Server: mailstead.Server{Protocol: mailstead.IMAP, Host: "imap.example.com", Port: 993, Security: mailstead.SecurityTLS},
			Login:  name, Enabled: true, Secret: mailstead.SecretBoth,
			Health: mailstead.Health{State: mailstead.HealthOK, CheckedAt: start, SuccessAt: start},
		},
		Outgoing: &mailstead.Side{
			Server: mailstead.Server{Protocol: mailstead.SMTP, Host: "smtp.example.com", Port: 587, Security: mailstead.SecurityStartTLS},
			Login:  name + "-out", Enabled: true, Secret: mailstead.SecretBoth,
			Health: mailstead.Health{State: mailstead.HealthNew},
		},
	}
}

func (k *kit) account(name string, owner mailstead.UserID) *mailstead.Account {
	k.t.Helper()
	a := k.newAccount(name, owner)
	_, err := k.db.ConnectAccount(k.t.Context(), mailstead.Connected{Audit: audited, Account: a})
	k.ok(err)
	return a
}

func (k *kit) assign(a mailstead.Assignment) mailstead.Assignment {
	k.t.Helper()
	if a.Rights == nil {
		a.Rights = []mailstead.Right{mailstead.RightRead, mailstead.RightSend}
	}
	k.ok(k.db.CreateAssignment(k.t.Context(), &a, audited))
	return a
}

func (k *kit) folders(account mailstead.AccountID, paths ...string) []mailstead.Folder {
	k.t.Helper()
	var remote []mailstead.RemoteFolder
	for _, p := range paths {
		remote = append(remote, mailstead.RemoteFolder{Path: p, Delimiter: "/"})
	}
	out, err := k.db.SyncFolders(k.t.Context(), account, remote, start)
	k.ok(err)
	return out
}

// inbox is an account with one empty folder.
func (k *kit) inbox() mailstead.Folder {
	k.t.Helper()
	return k.folders(k.account("inbox", 0).ID, "INBOX")[0]
}

func (k *kit) folder(id mailstead.FolderID) mailstead.Folder {
	k.t.Helper()
	f, err := k.db.Folder(k.t.Context(), id)
	k.ok(err)
	return f
}

// blob is a place in the blob store for bytes that were never written.
func blob(text string) mailstead.BlobRef {
	return mailstead.BlobRef{Hash: sha256.Sum256([]byte(text)), Pack: 1, Offset: int64(len(text)), Stored: 10, Size: int64(len(text))}
}

// mail is a message with this UID that arrived so many minutes after start.
func mail(uid mailstead.UID, words string) mailstead.NewMessage {
	return mailstead.NewMessage{
		Message: mailstead.Message{
			UID: uid, ReceivedAt: start.Add(time.Duration(uid) * time.Minute), Size: 100, Blob: blob(words),
			Headers: mailstead.Headers{
				Subject: words, From: []mailstead.Address{{Name: "Anna", Address: "anna@example.com"}},
				InternetMessageID: fmt.Sprintf("%d@example.com", uid),
			},
			Snippet: words,
		},
		SearchText: mailstead.FoldText(words),
	}
}

func mails(from, to mailstead.UID, words string) []mailstead.NewMessage {
	var out []mailstead.NewMessage
	for uid := from; uid <= to; uid++ {
		out = append(out, mail(uid, words))
	}
	return out
}

// load stores messages and returns their ids.
func (k *kit) load(f mailstead.Folder, messages ...mailstead.NewMessage) []mailstead.MessageID {
	k.t.Helper()
	ids, err := k.db.ApplySync(k.t.Context(), mailstead.SyncBatch{
		AccountID: f.AccountID, FolderID: f.ID, Messages: messages, RemoteTotal: -1, At: start,
	})
	k.ok(err)
	return ids
}

// outgoing is a mail that is due, not stored yet.
func outgoing(account mailstead.AccountID, user mailstead.UserID, key string) *mailstead.OutgoingMessage {
	return &mailstead.OutgoingMessage{
		UserID: user, AccountID: account, State: mailstead.OutgoingQueued, IdempotencyKey: key,
		Reason: mailstead.Resolution{AccountID: account, Level: mailstead.LevelUser, Reason: "because"},
		From:   "anna@example.com", InternetMessageID: "id@example.com", Subject: "Hello", Size: 10, DueAt: start,
		Recipients: []mailstead.Recipient{{Address: "bert@example.com", State: mailstead.OutgoingQueued}},
		Blob:       blob("outgoing"),
	}
}

func (k *kit) submit(account mailstead.AccountID) *mailstead.OutgoingMessage {
	k.t.Helper()
	m := outgoing(account, 0, "")
	_, err := k.db.SubmitOutgoing(k.t.Context(), m)
	k.ok(err)
	return m
}

// claim begins the only attempt that is due.
func (k *kit) claim(account mailstead.AccountID) mailstead.OutgoingMessage {
	k.t.Helper()
	list, err := k.db.ClaimOutgoing(k.t.Context(), account, start, 10)
	k.ok(err)
	if len(list) != 1 {
		k.t.Fatalf("got %d claimed mails, want 1", len(list))
	}
	return list[0]
}

func (k *kit) outgoing(id mailstead.OutgoingID) mailstead.OutgoingMessage {
	k.t.Helper()
	m, _, err := k.db.Outgoing(k.t.Context(), id)
	k.ok(err)
	return m
}

// events returns all events behind after.
func (k *kit) events(after mailstead.EventID) []mailstead.Event {
	k.t.Helper()
	list, err := k.db.Events(k.t.Context(), after, 1000, 0)
	k.ok(err)
	return list
}

func (k *kit) lastEvent() mailstead.EventID {
	k.t.Helper()
	id, err := k.db.LastEventID(k.t.Context())
	k.ok(err)
	return id
}

func types(events []mailstead.Event) []mailstead.EventType {
	var out []mailstead.EventType
	for _, e := range events {
		out = append(out, e.Type)
	}
	return out
}

func ids(messages []mailstead.Message) []mailstead.MessageID {
	var out []mailstead.MessageID
	for _, m := range messages {
		out = append(out, m.ID)
	}
	return out
}
