package queue_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailstead/mailstead/queue"
)

func TestAHostHasSoManyConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := queue.NewHosts(4)
		var mu sync.Mutex
		var work sync.WaitGroup
		open, most := map[string]int{}, map[string]int{}
		change := func(need map[string]int, by int) {
			mu.Lock()
			defer mu.Unlock()
			for host, n := range need {
				open[host] += by * n
				most[host] = max(most[host], open[host])
			}
		}
		// Both orders of two hosts: nobody waits in a ring.
		for i := range 60 {
			need := []map[string]int{{"a": 2}, {"a": 1, "b": 1}, {"b": 1, "a": 2}, {"c": 1}}[i%4]
			work.Go(func() {
				leave, err := hosts.Enter(t.Context(), need)
				if err != nil {
					t.Error(err)
					return
				}
				change(need, 1)
				time.Sleep(time.Second)
				change(need, -1)
				leave()
			})
		}
		work.Wait()
		if most["a"] != 4 || most["b"] > 4 || most["c"] != 4 {
			t.Errorf("the most at a time were %v; want 4", most)
		}
	})
}

func TestWhoStopsWaitingHoldsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hosts := queue.NewHosts(2)
		leave, err := hosts.Enter(t.Context(), map[string]int{"b": 5})
		if err != nil {
			t.Fatal(err) // more than there may be is all of it
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := hosts.Enter(ctx, map[string]int{"a": 2, "b": 1}); err == nil {
			t.Fatal("a full host was entered")
		}
		again, err := hosts.Enter(t.Context(), map[string]int{"a": 2})
		if err != nil {
			t.Fatal(err)
		}
		again()
		leave()
		if again, err = hosts.Enter(t.Context(), map[string]int{"b": 2}); err != nil {
			t.Fatal(err)
		}
		again()
	})
}
