package checkup_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/checkup"
	"github.com/mailstead/mailstead/mailtest"
	"github.com/mailstead/mailstead/queue"
	"github.com/mailstead/mailstead/store"
	"github.com/mailstead/mailstead/store/sqlite"
)

var (
	ada  = mailstead.Actor{User: mailstead.User{ID: 1, Role: mailstead.RoleAdmin}}
	anna = mailstead.Actor{User: mailstead.User{ID: 2, Role: mailstead.RoleUser}}
)

// tester answers for accounts by their numbers and counts connections.
type tester struct {
	answer func(ctx context.Context, id mailstead.AccountID) (mailstead.CheckupResult, error)

	mu       sync.Mutex
	tested   []mailstead.AccountID
	now, all int // tests under way, and the most there were at a time
}

func (t *tester) TestStored(ctx context.Context, id mailstead.AccountID) (mailstead.CheckupResult, error) {
	t.mu.Lock()
	t.tested = append(t.tested, id)
	t.now++
	t.all = max(t.all, t.now)
	t.mu.Unlock()
	defer func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.now--
	}()
	if t.answer == nil {
		return mailstead.CheckupResult{Verdict: mailstead.VerdictOK}, nil
	}
	return t.answer(ctx, id)
}

func (t *tester) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.tested)
}

// open opens a store with accounts, one for each host given.
func open(t *testing.T, hosts ...string) *store.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "mailstead.db"), store.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	for i, host := range hosts {
		a := mailstead.Account{
			Key: fmt.Sprintf("key%d", i), Name: fmt.Sprintf("Account %d", i+1), Address: fmt.Sprintf("a%d@example.com", i+1),
			Incoming: &mailstead.Side{Server: mailstead.Server{Protocol: mailstead.IMAP, Host: host, Port: 993, Security: mailstead.SecurityTLS}, Enabled: true},
		}
		e := mailstead.Actor{Operator: true}.Audit(mailstead.AuditAccountConnect, a.AuditObject(), nil)
		if _, err := db.ConnectAccount(t.Context(), mailstead.Connected{Account: &a, Audit: e}); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

// start starts the journey on a store.
func start(t *testing.T, db *store.DB, tester *tester, change ...func(*checkup.Config)) *checkup.Service {
	t.Helper()
	c := checkup.Config{Store: db, Tester: tester, Hosts: queue.NewHosts(5), Now: time.Now, Logger: slog.New(slog.DiscardHandler), At: -1}
	for _, f := range change {
		f(&c)
	}
	s := checkup.New(c)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// ended waits for the end of a checkup.
func ended(t *testing.T, s *checkup.Service, id mailstead.CheckupID) (c mailstead.Checkup) {
	t.Helper()
	mailtest.Await(t, "the checkup ends", func() bool {
		var err error
		if c, err = s.Checkup(t.Context(), ada, id); err != nil {
			t.Fatal(err)
		}
		return c.State != mailstead.CheckupRunning
	})
	return c
}

func TestEveryAccountGetsItsResult(t *testing.T) {
	db := open(t, "a", "a", "b", "", "c")
	tests := &tester{answer: func(_ context.Context, id mailstead.AccountID) (mailstead.CheckupResult, error) {
		switch id {
		case 2:
			return mailstead.CheckupResult{Verdict: mailstead.VerdictFailed, Side: mailstead.SideIncoming, Code: "auth.refused", Cause: "Wrong.", Action: "Change it."}, nil
		case 3:
			return mailstead.CheckupResult{}, mailstead.NotFound("account")
		case 4:
			return mailstead.CheckupResult{}, &mailstead.Error{Kind: mailstead.KindConflict, Code: "account.no_secret", Text: "No password."}
		case 5:
			return mailstead.CheckupResult{}, errors.New("a secret of the inside")
		}
		return mailstead.CheckupResult{Verdict: mailstead.VerdictOK}, nil
	}}
	s := start(t, db, tests)
	c, err := s.Begin(t.Context(), ada, true, nil)
	if err != nil || c.Total != 5 || c.State != mailstead.CheckupRunning {
		t.Fatal(c, err)
	}
	if c = ended(t, s, c.ID); c.State != mailstead.CheckupDone || c.OK != 1 || c.Failed != 3 || c.Skipped != 1 || c.FinishedAt.IsZero() {
		t.Errorf("it ended as %+v", c)
	}
	results, err := s.Results(t.Context(), ada, mailstead.CheckupQuery{CheckupID: c.ID})
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, r := range results {
		told = append(told, fmt.Sprint(r.AccountID, r.Address, r.Verdict, r.Side, r.Code, r.Cause, r.Action))
	}
	want := []string{
		"1a1@example.comok", "2a2@example.comfailedincomingauth.refusedWrong.Change it.", "3a3@example.comskippedaccount.deletedThe account was deleted.",
		"4a4@example.comfailedaccount.no_secretNo password.", "5a5@example.comfailedinternalThe test could not be made: see the log.",
	}
	if d := cmp.Diff(want, told); d != "" {
		t.Errorf("results (-want +got):\n%s", d)
	}
	failed, err := s.Results(t.Context(), ada, mailstead.CheckupQuery{CheckupID: c.ID, Verdicts: []mailstead.Verdict{mailstead.VerdictFailed}, After: 2, Limit: 1})
	if err != nil || len(failed) != 1 || failed[0].AccountID != 4 {
		t.Errorf("the failures behind account 2: %+v, %v", failed, err)
	}
}

func TestOnlyAdministratorsTestMany(t *testing.T) {
	s := start(t, open(t, "a"), new(tester))
	_, begin := s.Begin(t.Context(), anna, true, nil)
	_, one := s.Checkup(t.Context(), anna, 1)
	_, all := s.Checkups(t.Context(), anna)
	_, results := s.Results(t.Context(), anna, mailstead.CheckupQuery{CheckupID: 1})
	_, cancel := s.Cancel(t.Context(), anna, 1)
	for _, err := range []error{begin, one, all, results, cancel} {
		if mailstead.KindOf(err) != mailstead.KindForbidden {
			t.Errorf("got %v", err)
		}
	}
	for name, begin := range map[string]func() (mailstead.Checkup, error){
		"neither": func() (mailstead.Checkup, error) { return s.Begin(t.Context(), ada, false, nil) },
		"both":    func() (mailstead.Checkup, error) { return s.Begin(t.Context(), ada, true, []mailstead.AccountID{1}) },
		"too many": func() (mailstead.Checkup, error) {
			return s.Begin(t.Context(), ada, false, make([]mailstead.AccountID, 1001))
		},
	} {
		if _, err := begin(); mailstead.KindOf(err) != mailstead.KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	c, err := s.Begin(t.Context(), ada, false, []mailstead.AccountID{1, 1, 99})
	if err != nil || c.Total != 1 {
		t.Errorf("an account twice and one that is not there: %+v, %v", c, err)
	}
}

func TestAHostHasFewConnectionsAndHoldsUpNobody(t *testing.T) {
	hosts := slices.Repeat([]string{"busy"}, 20)
	db := open(t, append(hosts, "other")...)
	slow := make(chan struct{})
	finish := sync.OnceFunc(func() { close(slow) })
	defer finish()
	tests := &tester{answer: func(_ context.Context, id mailstead.AccountID) (mailstead.CheckupResult, error) {
		if id != 21 {
			<-slow
		}
		return mailstead.CheckupResult{Verdict: mailstead.VerdictOK}, nil
	}}
	s := start(t, db, tests, func(c *checkup.Config) { c.Hosts = queue.NewHosts(3) })
	first, err := s.Begin(t.Context(), ada, true, nil)
	if err != nil {
		t.Fatal(err)
	}
	// A second one at the same time has no connections of its own.
	second, err := s.Begin(t.Context(), ada, true, nil)
	if err != nil {
		t.Fatal(err)
	}
	mailtest.Await(t, "the other host is tested while one is busy", func() bool {
		a, _ := s.Checkup(t.Context(), ada, first.ID)
		b, _ := s.Checkup(t.Context(), ada, second.ID)
		return a.OK == 1 && b.OK == 1
	})
	finish()
	ended(t, s, first.ID)
	if c := ended(t, s, second.ID); c.OK != 21 {
		t.Errorf("it ended as %+v", c)
	}
	if tests.all > 3+1 {
		t.Errorf("%d connections at a time; want 3 at the busy host, 1 at the other", tests.all)
	}
}

func TestACancelledCheckupKeepsItsResults(t *testing.T) {
	db := open(t, "a", "a", "a", "a")
	// The order in which accounts of one host are tested is nobody's promise.
	var begun atomic.Int32
	tests := &tester{answer: func(ctx context.Context, _ mailstead.AccountID) (mailstead.CheckupResult, error) {
		if begun.Add(1) > 1 {
			<-ctx.Done()
		}
		return mailstead.CheckupResult{Verdict: mailstead.VerdictOK}, ctx.Err()
	}}
	s := start(t, db, tests, func(c *checkup.Config) { c.Hosts = queue.NewHosts(1) })
	c, err := s.Begin(t.Context(), ada, true, nil)
	if err != nil {
		t.Fatal(err)
	}
	mailtest.Await(t, "the second test begins", func() bool { return tests.count() == 2 })
	if c, err = s.Cancel(t.Context(), ada, c.ID); err != nil || c.State != mailstead.CheckupCancelled || c.OK != 1 || c.Failed != 0 {
		t.Fatal(c, err)
	}
	s.Stop()
	if c, err = s.Cancel(t.Context(), ada, c.ID); err != nil || c.State != mailstead.CheckupCancelled || c.OK+c.Failed+c.Skipped != 1 || tests.count() != 2 {
		t.Errorf("after the end it is %+v with %d tests, %v", c, tests.count(), err)
	}
}

// A service that starts again goes on where it was, and tests nothing twice.
func TestACheckupGoesOnAfterAStop(t *testing.T) {
	db := open(t, "a", "a", "a")
	var begun atomic.Int32
	first := &tester{answer: func(ctx context.Context, _ mailstead.AccountID) (mailstead.CheckupResult, error) {
		if begun.Add(1) > 1 {
			<-ctx.Done()
			return mailstead.CheckupResult{Verdict: mailstead.VerdictFailed}, nil // as a broken connection looks
		}
		return mailstead.CheckupResult{Verdict: mailstead.VerdictOK}, nil
	}}
	s := start(t, db, first, func(c *checkup.Config) { c.Hosts = queue.NewHosts(1) })
	c, err := s.Begin(t.Context(), ada, true, nil)
	if err != nil {
		t.Fatal(err)
	}
	mailtest.Await(t, "the second test begins", func() bool { return first.count() == 2 })
	s.Stop()
	if c, err = s.Checkup(t.Context(), ada, c.ID); err != nil || c.State != mailstead.CheckupRunning || c.OK != 1 || c.Failed != 0 {
		t.Fatalf("stopped in the middle it is %+v, %v", c, err)
	}
	second := new(tester)
	s = start(t, db, second)
	if c = ended(t, s, c.ID); c.State != mailstead.CheckupDone || c.OK != 3 || second.count() != 2 {
		t.Errorf("it ended as %+v after %d more tests", c, second.count())
	}
}

// The nightly checkup comes at its time of the day, also when a day has 23 hours.
func TestNightlyCheckup(t *testing.T) {
	rome, err := time.LoadLocation("Europe/Rome")
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		begin := time.Date(2026, 3, 28, 3, 0, 0, 0, rome) // the clocks go forward the night after
		drift := time.Until(begin)
		fake := &nights{now: func() time.Time { return time.Now().Add(drift).In(rome) }}
		s := checkup.New(checkup.Config{
			Store: fake, Tester: new(tester), Hosts: queue.NewHosts(5), Logger: slog.New(slog.DiscardHandler), At: 3*time.Hour + 30*time.Minute,
			Now: fake.now,
		})
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(72 * time.Hour)
		s.Stop()
		want := []string{"28 03:30", "29 03:30", "30 03:30", "31 03:30"} // the 29th has 23 hours
		if d := cmp.Diff(want, fake.at); d != "" {
			t.Errorf("nights (-want +got):\n%s", d)
		}
	})
}

// nights is a store that only notes when checkups are made.
type nights struct {
	checkup.Store
	now func() time.Time
	at  []string
}

func (n *nights) OpenCheckups(context.Context) ([]mailstead.Checkup, error) { return nil, nil }

func (n *nights) CreateCheckup(_ context.Context, c *mailstead.Checkup, accounts []mailstead.AccountID) error {
	if !c.Scheduled || accounts != nil {
		return errors.New("that is no nightly checkup of all")
	}
	n.at = append(n.at, n.now().Format("02 15:04"))
	return nil
}

func (n *nights) CheckupTasks(context.Context, mailstead.CheckupID, mailstead.AccountID, int) ([]mailstead.CheckupTask, error) {
	return nil, nil
}

func (n *nights) EndCheckup(context.Context, mailstead.CheckupID, mailstead.CheckupState) error {
	return nil
}
