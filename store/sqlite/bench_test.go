package sqlite_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/store"
)

// benchDB is a store with one account and its inbox.
func benchDB(b *testing.B) (*store.DB, mailstead.Folder) {
	b.Helper()
	db := open(b, filepath.Join(b.TempDir(), "bench.db"), store.Options{Now: time.Now})
	return db, benchFolder(b, db, "bench")
}

func benchFolder(b *testing.B, db *store.DB, name string) mailstead.Folder {
	b.Helper()
	server := mailstead.Server{Host: "mail.example.com", Port: 993, Security: mailstead.SecurityTLS}
	a := &mailstead.Account{
		Key: name, Name: name, Address: name + "@example.com", LoadPeriod: "all",
		Incoming: &mailstead.Side{Server: server, Enabled: true}, Outgoing: &mailstead.Side{Server: server, Enabled: true},
	}
	a.Incoming.Server.Protocol, a.Outgoing.Server.Protocol = mailstead.IMAP, mailstead.SMTP
	id, err := db.ConnectAccount(b.Context(), mailstead.Connected{Audit: audited, Account: a})
	if err != nil {
		b.Fatal(err)
	}
	folders, err := db.SyncFolders(b.Context(), id, []mailstead.RemoteFolder{{Path: "INBOX"}}, time.Now())
	if err != nil {
		b.Fatal(err)
	}
	return folders[0]
}

// corpus makes mails of words that are spread like those of a language.
type corpus struct {
	r    *rand.Rand
	zipf *rand.Zipf
	n    uint64
}

func newCorpus() *corpus {
	r := rand.New(rand.NewPCG(1, 2))
	return &corpus{r: r, zipf: rand.NewZipf(r, 1.1, 10, 200_000)}
}

func (c *corpus) words(n int) string {
	var b strings.Builder
	for range n {
		fmt.Fprintf(&b, "w%x ", c.zipf.Uint64()*7919)
	}
	return b.String()
}

func (c *corpus) mail(uid mailstead.UID) mailstead.NewMessage {
	c.n++
	var seed [8]byte
	binary.BigEndian.PutUint64(seed[:], c.n)
	hash := sha256.Sum256(seed[:])
	id := fmt.Sprintf("%x@example.com", hash[:12])
	return mailstead.NewMessage{
		Message: mailstead.Message{
			UID: uid, Flags: mailstead.Flags{Seen: c.n%4 != 0}, ReceivedAt: time.Unix(1_700_000_000+int64(uid), 0), Size: 20_000,
			Blob: mailstead.BlobRef{Hash: hash, Pack: 1, Offset: int64(c.n) * 5000, Stored: 5000, Size: 20_000},
			Headers: mailstead.Headers{
				Subject: "Re: " + c.words(6), From: []mailstead.Address{{Name: "Anna Example", Address: "anna@example.com"}},
				To: []mailstead.Address{{Name: "Bert Example", Address: "bert@example.com"}}, Date: time.Unix(1_700_000_000, 0),
				InternetMessageID: id, References: []string{id + ".a", id + ".b"}, InReplyTo: []string{id + ".b"},
			},
			Snippet: c.words(25),
		},
		SearchText: c.words(150),
	}
}

// BenchmarkApplySync stores batches of 500 messages with their words.
func BenchmarkApplySync(b *testing.B) {
	for _, words := range []bool{true, false} {
		b.Run(fmt.Sprintf("search=%v", words), func(b *testing.B) {
			db, f := benchDB(b)
			c := newCorpus()
			uid := mailstead.UID(0)
			for b.Loop() {
				b.StopTimer()
				batch := mailstead.SyncBatch{AccountID: f.AccountID, FolderID: f.ID, RemoteTotal: -1, At: time.Now(), Announce: true}
				for range 500 {
					uid++
					m := c.mail(uid)
					if !words {
						m.SearchText = ""
					}
					batch.Messages = append(batch.Messages, m)
				}
				b.StartTimer()
				if _, err := db.ApplySync(b.Context(), batch); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(500*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// BenchmarkOutbox drives mails from submission to the end of their attempt.
func BenchmarkOutbox(b *testing.B) {
	db := open(b, filepath.Join(b.TempDir(), "bench.db"), store.Options{Now: time.Now})
	const workers = 32
	accounts := make([]mailstead.AccountID, workers)
	for i := range accounts {
		accounts[i] = benchFolder(b, db, fmt.Sprint(i)).AccountID
	}
	var next atomic.Int64
	b.ResetTimer()
	var wg sync.WaitGroup
	for _, account := range accounts {
		wg.Go(func() {
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				if err := cycle(b.Context(), db, account, n); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
}

func cycle(ctx context.Context, db *store.DB, account mailstead.AccountID, n int64) error {
	m := &mailstead.OutgoingMessage{
		AccountID: account, UserID: 1, State: mailstead.OutgoingQueued, IdempotencyKey: fmt.Sprint(n), From: "anna@example.com",
		Recipients:        []mailstead.Recipient{{Address: "bert@example.com", State: mailstead.OutgoingQueued}},
		InternetMessageID: fmt.Sprintf("%d@example.com", n), Subject: "Hello", Size: 2000, DueAt: time.Now(),
		Reason: mailstead.Resolution{AccountID: account, Level: mailstead.LevelUser, Address: "anna@example.com", Reason: "because"},
		Blob:   mailstead.BlobRef{Hash: mailstead.HashBlob([]byte(fmt.Sprint(n))), Pack: 1, Stored: 900, Size: 2000},
	}
	if _, err := db.SubmitOutgoing(ctx, m); err != nil {
		return err
	}
	list, err := db.ClaimOutgoing(ctx, account, time.Now(), 1)
	if err != nil {
		return err
	}
	if len(list) != 1 {
		return fmt.Errorf("claimed %d mails, want 1", len(list))
	}
	got := list[0]
	if err := db.MarkBodyComplete(ctx, got.ID, got.Attempts); err != nil {
		return err
	}
	got.State, got.DueAt, got.AcceptedAt, got.Reply = mailstead.OutgoingAccepted, time.Time{}, time.Now(), "250 2.0.0 Ok: queued"
	return db.FinishAttempt(ctx, got, mailstead.Attempt{OutgoingID: got.ID, Number: got.Attempts, StartedAt: time.Now(), EndedAt: time.Now(), State: got.State, Reply: got.Reply})
}

// large is how many messages BenchmarkRead looks through.
const large = 50_000

// BenchmarkRead reads pages and searches in a large database.
func BenchmarkRead(b *testing.B) {
	db := open(b, filepath.Join(b.TempDir(), "bench.db"), store.Options{Now: time.Now})
	const accounts = 10
	c := newCorpus()
	folders := make([]mailstead.Folder, accounts)
	for i := range folders {
		folders[i] = benchFolder(b, db, fmt.Sprint(i))
	}
	for uid := mailstead.UID(0); uid < large/accounts; {
		for _, f := range folders {
			batch := mailstead.SyncBatch{AccountID: f.AccountID, FolderID: f.ID, RemoteTotal: -1}
			for i := range mailstead.UID(500) {
				batch.Messages = append(batch.Messages, c.mail(uid+i+1))
			}
			if _, err := db.ApplySync(b.Context(), batch); err != nil {
				b.Fatal(err)
			}
		}
		uid += 500
	}
	account := folders[0].AccountID
	middle := mailstead.MessagePosition{ReceivedAt: time.Unix(1_700_000_000+large/accounts/2, 0), ID: large / 2}
	for name, q := range map[string]mailstead.MessageQuery{
		"page":          {AccountID: account},
		"page/middle":   {AccountID: account, FolderID: folders[0].ID, Before: middle},
		"page/unread":   {AccountID: account, UnreadOnly: true},
		"search/rare":   {AccountID: account, Search: "w" + fmt.Sprintf("%x", 150_000*7919)},
		"search/common": {AccountID: account, Search: "w0"},
		"search/two":    {AccountID: account, Search: "w0 w1eef"},
		"search/letter": {AccountID: account, Search: "w"},
		"search/unread": {AccountID: account, Search: "w0", UnreadOnly: true},
	} {
		q.Limit = 50
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := db.Messages(b.Context(), q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
