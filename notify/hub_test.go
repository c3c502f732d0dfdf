package notify_test

import (
	"sync"
	"testing"

	"github.com/mailstead/mailstead/notify"
)

func signalled(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}

func TestBroadcastReachesEverySubscriberOnce(t *testing.T) {
	h := notify.New()
	h.Broadcast() // Nobody listens: it must not block.
	a, cancelA := h.Subscribe()
	b, cancelB := h.Subscribe()
	defer cancelB()

	h.Broadcast()
	h.Broadcast()
	for name, ch := range map[string]<-chan struct{}{"a": a, "b": b} {
		if !signalled(ch) {
			t.Errorf("subscriber %s got no signal", name)
		}
		if signalled(ch) {
			t.Errorf("subscriber %s got two signals for one look", name)
		}
	}

	cancelA()
	cancelA()
	h.Broadcast()
	if signalled(a) {
		t.Error("a signal came after cancel")
	}
	if !signalled(b) {
		t.Error("the other subscriber got no signal")
	}
}

func TestHubIsSafeForManyGoroutines(t *testing.T) {
	h := notify.New()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				_, cancel := h.Subscribe()
				h.Broadcast()
				cancel()
			}
		})
	}
	wg.Wait()
}
