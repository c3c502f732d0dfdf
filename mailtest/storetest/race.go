package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/mailstead/mailstead"
)

// together runs n functions at the same time and returns their errors.
func together(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	begin := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-begin
			errs[i] = fn(i)
		})
	}
	close(begin)
	wg.Wait()
	return errs
}

var raceTests = map[string]func(*testing.T, *kit){
	"two people set up at once: one wins": func(t *testing.T, k *kit) {
		ctx := t.Context()
		won := 0
		for _, err := range together(8, func(i int) error {
			u := &mailstead.User{Email: fmt.Sprintf("u%d@example.com", i), Role: mailstead.RoleAdmin}
			return k.db.CreateUser(ctx, u, "h", true, audited)
		}) {
			if err == nil {
				won++
				continue
			}
			k.fails(err, mailstead.KindConflict, "setup.done")
		}
		n, err := k.db.CountUsers(ctx)
		k.ok(err)
		k.same("winners and users", []int{won, n}, []int{1, 1})
	},
	"a mail submitted many times at once is one mail": func(t *testing.T, k *kit) {
		ctx := t.Context()
		a := k.account("a", 0)
		var fresh atomic.Int64
		sent := make([]mailstead.OutgoingID, 16)
		for _, err := range together(len(sent), func(i int) error {
			m := outgoing(a.ID, 0, "key")
			existed, err := k.db.SubmitOutgoing(ctx, m)
			sent[i] = m.ID
			if !existed {
				fresh.Add(1)
			}
			return err
		}) {
			k.ok(err)
		}
		k.same("stored", fresh.Load(), int64(1))
		for _, id := range sent {
			k.same("id", id, sent[0])
		}
		k.same("events", len(k.events(0)), 1)
	},
	"no mail is claimed twice": func(t *testing.T, k *kit) {
		ctx := t.Context()
		a := k.account("a", 0)
		for range 40 {
			k.submit(a.ID)
		}
		var mu sync.Mutex
		claimed := map[mailstead.OutgoingID]int{}
		for _, err := range together(8, func(int) error {
			for {
				list, err := k.db.ClaimOutgoing(ctx, a.ID, start, 3)
				if err != nil || len(list) == 0 {
					return err
				}
				mu.Lock()
				for _, m := range list {
					claimed[m.ID]++
				}
				mu.Unlock()
			}
		}) {
			k.ok(err)
		}
		k.same("claimed", len(claimed), 40)
		for id, n := range claimed {
			k.same("times that "+id.String()+" was claimed", n, 1)
		}
	},
	"counters stay right however steps meet": func(t *testing.T, k *kit) {
		ctx := t.Context()
		a := k.account("a", 0)
		f := k.folders(a.ID, "A", "B")
		loaded := append(k.load(f[0], mails(1, 20, "shared")...), k.load(f[1], mails(1, 20, "shared")...)...)
		for _, err := range together(12, func(i int) error {
			switch i % 3 {
			case 0:
				return k.db.SetMessageFlags(ctx, loaded[i:i+20], mailstead.Flags{Seen: i%2 == 0}, mailstead.Flags{Seen: true})
			case 1:
				from := mailstead.UID(100 + 10*i)
				_, err := k.db.ApplySync(ctx, mailstead.SyncBatch{AccountID: a.ID, FolderID: f[i%2].ID, Messages: mails(from, from+9, fmt.Sprint(i%2)), Announce: true})
				return err
			default:
				_, err := k.db.ApplySync(ctx, mailstead.SyncBatch{AccountID: a.ID, FolderID: f[i%2].ID, Removed: []mailstead.UID{mailstead.UID(i), 15}})
				return err
			}
		}) {
			k.ok(err)
		}
		for _, f := range f {
			total := len(k.walk(mailstead.MessageQuery{AccountID: a.ID, FolderID: f.ID, Limit: 200}))
			unread := len(k.walk(mailstead.MessageQuery{AccountID: a.ID, FolderID: f.ID, UnreadOnly: true, Limit: 200}))
			now := k.folder(f.ID)
			k.same("counters of "+f.Path, []int{now.Total, now.Unread}, []int{total, unread})
		}
	},
	"who follows the events misses none": func(t *testing.T, k *kit) {
		ctx := t.Context()
		a := k.account("a", 0)
		const writers, each = 6, 30
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		seen := make(chan int, 1)
		go func() {
			var last mailstead.EventID
			n := 0
			for n < writers*each && ctx.Err() == nil {
				list, err := k.db.Events(ctx, last, 7, 0)
				if err != nil {
					break
				}
				for _, e := range list {
					last = e.ID
					n++
				}
			}
			seen <- n
		}()
		for _, err := range together(writers, func(int) error {
			for range each {
				if _, err := k.db.SubmitOutgoing(ctx, outgoing(a.ID, 0, "")); err != nil {
					return err
				}
			}
			return nil
		}) {
			k.ok(err)
		}
		// All is committed: one more round must find the last of them.
		all := len(k.events(0))
		k.same("events", all, writers*each)
		if got := <-seen; got != all {
			t.Errorf("got %d events by following, want %d", got, all)
		}
	},
	"an account is deleted or sends, never both": func(t *testing.T, k *kit) {
		ctx := t.Context()
		for range 5 {
			a := k.account("a", 0)
			errs := together(2, func(i int) error {
				if i == 0 {
					return k.db.RemoveAccount(ctx, mailstead.AccountRemoval{ID: a.ID, At: start, Audit: audited})
				}
				_, err := k.db.SubmitOutgoing(ctx, outgoing(a.ID, 0, ""))
				return err
			})
			if (errs[0] == nil) == (errs[1] == nil) {
				t.Errorf("deletion: %v, submission: %v, want that one of them fails", errs[0], errs[1])
			}
		}
	},
	"a step whose caller left is not begun, and others go on": func(t *testing.T, k *kit) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := k.db.CreateProfile(ctx, &mailstead.Profile{Name: "never"}, audited)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want %v", err, context.Canceled)
		}
		k.profile("ever")
		list, err := k.db.Profiles(t.Context())
		k.ok(err)
		k.same("profiles", len(list), 1)
	},
	"callers that leave at any moment break nothing": func(t *testing.T, k *kit) {
		var stored atomic.Int64
		for _, err := range together(40, func(i int) error {
			ctx, cancel := context.WithCancel(t.Context())
			go cancel()
			err := k.db.CreateProfile(ctx, &mailstead.Profile{Name: fmt.Sprint(i)}, audited)
			if err == nil {
				stored.Add(1)
			}
			return err
		}) {
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want %v or none", err, context.Canceled)
			}
		}
		list, err := k.db.Profiles(t.Context())
		k.ok(err)
		k.same("profiles", len(list), int(stored.Load()))
	},
	"the answer to a closed store is an error": func(t *testing.T, k *kit) {
		ctx := t.Context()
		k.ok(k.db.Ping(ctx))
		k.ok(k.db.Close())
		k.ok(k.db.Close())
		if err := k.db.Ping(ctx); err == nil {
			t.Error("Ping: got no error")
		}
		if err := k.db.CreateProfile(ctx, &mailstead.Profile{Name: "x"}, audited); err == nil {
			t.Error("CreateProfile: got no error")
		}
		if _, err := k.db.Profiles(ctx); err == nil {
			t.Error("Profiles: got no error")
		}
	},
}
