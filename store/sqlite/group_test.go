package sqlite_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/store"
	"github.com/mailstead/mailstead/store/sqlite"
)

// held is a store whose writer can be stopped inside of a step: every step asks
// the clock. It works in a synctest bubble, where Wait returns when all steps
// stand in the queue.
type held struct {
	db   *store.DB
	path string

	mu   sync.Mutex
	gate chan struct{}
}

func newHeld(t *testing.T, dir string) *held {
	t.Helper()
	h := &held{path: filepath.Join(dir, "test.db")}
	db, err := sqlite.Open(t.Context(), h.path, store.Options{Now: func() time.Time {
		h.mu.Lock()
		gate := h.gate
		h.mu.Unlock()
		if gate != nil {
			<-gate
		}
		return time.Now()
	}})
	if err != nil {
		t.Fatal(err)
	}
	h.db = db
	return h
}

// stop holds the writer at the next step until the returned function is called.
func (h *held) stop() (release func()) {
	gate := make(chan struct{})
	h.mu.Lock()
	h.gate = gate
	h.mu.Unlock()
	return func() {
		h.mu.Lock()
		h.gate = nil
		h.mu.Unlock()
		close(gate)
	}
}

// commits counts the commits that the log of changes holds: the header of a
// frame that ends one says how large the database is by then
// (https://sqlite.org/fileformat2.html#the_write_ahead_log).
func commits(t *testing.T, path string) (n int) {
	t.Helper()
	log, err := os.ReadFile(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	const header, frame = 32, 24 + 4096
	for at := header; at+frame <= len(log); at += frame {
		if binary.BigEndian.Uint32(log[at+4:]) != 0 {
			n++
		}
	}
	return n
}

func TestOneCommitAnswersAllThatWait(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		h := newHeld(t, dir)
		profile(t, h.db, "taken")
		before := commits(t, h.path)
		release := h.stop()
		errs := make([]error, 60)
		var wg sync.WaitGroup
		for i := range errs {
			name := fmt.Sprint(i)
			if i%3 == 0 {
				// These fail, and must not take the others with them.
				name = "taken"
			}
			wg.Go(func() { errs[i] = h.db.CreateProfile(t.Context(), &mailstead.Profile{Name: name}, audited) })
		}
		synctest.Wait()
		release()
		wg.Wait()
		if got := commits(t, h.path) - before; got != 1 {
			t.Errorf("got %d commits, want 1", got)
		}
		stored := profiles(t, h.db)
		for i, err := range errs {
			switch {
			case i%3 == 0 && mailstead.KindOf(err) != mailstead.KindConflict:
				t.Errorf("step %d: got %v, want a conflict", i, err)
			case i%3 != 0 && (err != nil || !stored[fmt.Sprint(i)]):
				t.Errorf("step %d: got %v and stored %v, want it stored", i, err, stored[fmt.Sprint(i)])
			}
		}
		if len(stored) != 41 {
			t.Errorf("got %d profiles, want 41", len(stored))
		}
		if err := h.db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
}

func TestFailedStepOfManyStatementsLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		h := newHeld(t, dir)
		release := h.stop()
		var good, bad error
		var wg sync.WaitGroup
		wg.Go(func() {
			// Everything is inserted before the assignment is found to be wrong.
			_, bad = h.db.ConnectAccount(t.Context(), mailstead.Connected{
				Audit:       audited,
				Account:     &mailstead.Account{Key: "bad", Name: "bad"},
				Secrets:     map[mailstead.SecretField]mailstead.Sealed{mailstead.SecretBoth: {1}},
				Assignments: []mailstead.Assignment{{UserID: 99}},
				Events:      []mailstead.Event{mailstead.NewEvent(mailstead.EventAccountConnected, 0, nil)},
			})
		})
		wg.Go(func() {
			_, good = h.db.ConnectAccount(t.Context(), mailstead.Connected{Audit: audited, Account: &mailstead.Account{Key: "good", Name: "good"}})
		})
		synctest.Wait()
		release()
		wg.Wait()
		if mailstead.KindOf(bad) != mailstead.KindNotFound || good != nil {
			t.Errorf("got %v and %v, want not found and no error", bad, good)
		}
		raw := beside(t, h.path)
		for query, want := range map[string]int64{
			"SELECT count(*) FROM accounts": 1, "SELECT count(*) FROM account_secrets": 0, "SELECT count(*) FROM events": 0,
		} {
			if got := number(t.Context(), t, raw, query); got != want {
				t.Errorf("%s: got %d, want %d", query, got, want)
			}
		}
		if err := errors.Join(raw.Close(), h.db.Close()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
}

func TestCallerThatLeavesTheQueueIsNotServed(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		h := newHeld(t, dir)
		release := h.stop()
		var wg sync.WaitGroup
		var first, left, stays error
		running, cancelRunning := context.WithCancel(t.Context())
		wg.Go(func() { first = h.db.CreateProfile(running, &mailstead.Profile{Name: "first"}, audited) })
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			left = h.db.CreateProfile(ctx, &mailstead.Profile{Name: "left"}, audited)
		}()
		wg.Go(func() { stays = h.db.CreateProfile(t.Context(), &mailstead.Profile{Name: "stays"}, audited) })
		synctest.Wait()
		cancel()
		// The writer still stands: who waits in the queue is free at once.
		<-gone
		if !errors.Is(left, context.Canceled) {
			t.Errorf("got %v, want %v", left, context.Canceled)
		}
		// Who is being served learns how it ended.
		cancelRunning()
		synctest.Wait()
		release()
		wg.Wait()
		if first != nil || stays != nil {
			t.Errorf("got %v and %v, want no errors", first, stays)
		}
		if got := profiles(t, h.db); len(got) != 2 || got["left"] {
			t.Errorf("got profiles %v, want first and stays", got)
		}
		if err := h.db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
}

func TestCloseServesWhoWaits(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		h := newHeld(t, dir)
		release := h.stop()
		errs := make([]error, 20)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() { errs[i] = h.db.CreateProfile(t.Context(), &mailstead.Profile{Name: fmt.Sprint(i)}, audited) })
		}
		synctest.Wait()
		closed := make(chan error, 1)
		go func() { closed <- h.db.Close() }()
		synctest.Wait()
		late := make(chan error, 1)
		go func() { late <- h.db.CreateProfile(t.Context(), &mailstead.Profile{Name: "late"}, audited) }()
		synctest.Wait()
		release()
		wg.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Errorf("got %v, want all steps served", err)
		}
		if err := errors.Join(<-closed, h.db.Close()); err != nil {
			t.Errorf("close: %v", err)
		}
		if err := <-late; err == nil {
			t.Error("step behind Close: got no error")
		}
		again := newHeld(t, dir)
		if got := profiles(t, again.db); len(got) != len(errs) || got["late"] {
			t.Errorf("got profiles %v, want %d", got, len(errs))
		}
		if err := again.db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
}
