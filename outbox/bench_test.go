package outbox_test

import (
	"context"
	"log/slog"
	"net/netip"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/blob"
	"github.com/mailstead/mailstead/diagnose"
	"github.com/mailstead/mailstead/dial"
	"github.com/mailstead/mailstead/fakemail"
	"github.com/mailstead/mailstead/outbox"
	"github.com/mailstead/mailstead/provider/smtp"
	"github.com/mailstead/mailstead/queue"
	"github.com/mailstead/mailstead/store"
	"github.com/mailstead/mailstead/store/sqlite"
)

type plainAccess mailstead.Server

func (p plainAccess) Access(context.Context, mailstead.AccountID, mailstead.SideName) (mailstead.Access, error) {
	return mailstead.Access{Server: mailstead.Server(p)}, nil
}

// BenchmarkSubmitToAccepted submits mails from many callers and waits until the
// server has taken them all and every end is stored; every step is durable.
func BenchmarkSubmitToAccepted(b *testing.B) {
	server, err := fakemail.StartSMTP(fakemail.SMTPConfig{})
	if err != nil {
		b.Fatal(err)
	}
	defer server.Close()
	benchmarkOutbox(b, server.Server())
}

func benchmarkOutbox(b *testing.B, server mailstead.Server) {
	ctx := b.Context()
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	db, err := sqlite.Open(ctx, filepath.Join(b.TempDir(), "mailstead.db"), store.Options{Now: time.Now})
	must(err)
	defer db.Close()
	blobs, err := blob.Open(b.TempDir(), blob.Options{})
	must(err)
	defer blobs.Close()
	explain, err := diagnose.New()
	must(err)
	dialer := dial.New(dial.Config{Allowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	service := outbox.New(outbox.Config{
		Store: db, Shelf: db, Blobs: blobs, Credentials: plainAccess(server), Sender: smtp.New(dialer, smtp.Options{Now: time.Now}),
		Queue: queue.New(8), Explain: explain, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
	})
	user := mailstead.User{Name: "Anna", Email: "anna@example.com", Role: mailstead.RoleUser}
	must(db.CreateUser(ctx, &user, "x", false, audited))
	account := mailstead.Account{
		Key: "key", OwnerID: user.ID, Name: "Anna", Address: "anna@example.com",
		Outgoing: &mailstead.Side{Server: server, Enabled: true, Health: mailstead.Health{State: mailstead.HealthNew}},
	}
	account.ID, err = db.ConnectAccount(ctx, mailstead.Connected{Audit: audited, Account: &account})
	must(err)
	must(service.Start(ctx))
	defer service.Stop()

	b.ResetTimer()
	var wg sync.WaitGroup
	work := make(chan struct{})
	for range 16 {
		wg.Go(func() {
			for range work {
				_, _, err := service.Submit(ctx, mailstead.Actor{User: user}, outbox.Submission{Draft: draft("ben@example.com")})
				if err != nil {
					b.Error(err)
				}
			}
		})
	}
	for range b.N {
		work <- struct{}{}
	}
	close(work)
	wg.Wait()
	accepted := time.Since(time.Now().Add(-b.Elapsed()))
	for {
		list, err := db.OutgoingList(ctx, mailstead.OutgoingQuery{
			States: []mailstead.OutgoingState{mailstead.OutgoingQueued, mailstead.OutgoingSending}, Limit: 1,
		})
		must(err)
		if len(list) == 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
	b.ReportMetric(float64(b.N)/accepted.Seconds(), "accepted/s")
	runtime.KeepAlive(server)
}
