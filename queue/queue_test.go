package queue_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead/queue"
)

func TestWakeBeforeStartIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := queue.New(2)
		p.Wake(7)
		got := make(chan int64, 1)
		p.Start(t.Context(), func(_ context.Context, key int64) { got <- key })
		defer p.Stop()
		if k := <-got; k != 7 {
			t.Errorf("got key %d, want 7", k)
		}
	})
}

func TestOneRunOfAKeyAtATimeAndOneMoreWhenWokenMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := queue.New(4)
		var atOnce, runs atomic.Int32
		let := make(chan struct{})
		p.Start(t.Context(), func(context.Context, int64) {
			if atOnce.Add(1) > 1 {
				t.Error("two runs of one key at once")
			}
			runs.Add(1)
			<-let
			atOnce.Add(-1)
		})
		p.Wake(1)
		synctest.Wait()
		for range 10 {
			p.Wake(1) // all of these are one more run
		}
		synctest.Wait()
		if got := runs.Load(); got != 1 {
			t.Errorf("got %d runs while the first goes on, want 1", got)
		}
		close(let)
		synctest.Wait()
		if got := runs.Load(); got != 2 {
			t.Errorf("got %d runs in the end, want 2", got)
		}
		p.Stop()
	})
}

func TestKeysRunSideBySideUpToTheWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := queue.New(3)
		var mu sync.Mutex
		var order []int64
		let := make(chan struct{})
		p.Start(t.Context(), func(_ context.Context, key int64) {
			mu.Lock()
			order = append(order, key)
			mu.Unlock()
			<-let
		})
		for k := range int64(6) {
			p.Wake(k)
			synctest.Wait()
		}
		mu.Lock()
		if diff := cmp.Diff([]int64{0, 1, 2}, order); diff != "" {
			t.Errorf("running keys (-want +got):\n%s", diff)
		}
		mu.Unlock()
		for range 3 {
			let <- struct{}{}
			synctest.Wait()
		}
		mu.Lock()
		if diff := cmp.Diff([]int64{0, 1, 2, 3, 4, 5}, order); diff != "" {
			t.Errorf("keys in line (-want +got):\n%s", diff)
		}
		mu.Unlock()
		close(let)
		p.Stop()
	})
}

func TestStop(t *testing.T) {
	t.Run("ends the handler's context and waits for it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := queue.New(1)
			var ended atomic.Bool
			p.Start(t.Context(), func(ctx context.Context, _ int64) {
				<-ctx.Done()
				ended.Store(true)
			})
			p.Wake(1)
			p.Wake(2)
			synctest.Wait()
			p.Stop()
			if !ended.Load() {
				t.Error("Stop came back before the handler")
			}
			p.Stop()
			p.Wake(3)
		})
	})
	t.Run("before Start", func(t *testing.T) {
		p := queue.New(1)
		p.Stop()
		p.Start(t.Context(), func(context.Context, int64) { t.Error("ran after Stop") })
		p.Wake(1)
		p.Stop()
	})
	t.Run("by the end of the context", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			p := queue.New(2)
			p.Start(ctx, func(context.Context, int64) {})
			cancel()
			synctest.Wait()
			p.Wake(1)
			p.Stop()
		})
	})
}

func TestManyWakersMissNothing(t *testing.T) {
	p := queue.New(4)
	var wanted, seen [50]atomic.Int64
	p.Start(t.Context(), func(_ context.Context, key int64) { seen[key].Store(wanted[key].Load()) })
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 500 {
				key := int64((i*7 + w) % len(wanted))
				wanted[key].Add(1)
				p.Wake(key)
			}
		})
	}
	wg.Wait()
	// Every key is woken once more after its last change; the run that follows
	// sees it.
	settled := make(chan struct{})
	go func() {
		defer close(settled)
		for k := range wanted {
			for seen[k].Load() != wanted[k].Load() {
				p.Wake(int64(k))
			}
		}
	}()
	<-settled
	p.Stop()
}
