// Package notify tells those who wait that something happened, and reads to them
// what it was.
//
//  1. The store commits events together with what they tell, and then calls
//     Hub.Broadcast.
//  2. Every subscriber of the Hub gets a signal. It carries nothing: signals run
//     together when a subscriber is busy, and none is ever waited for.
//  3. A subscriber reads the events behind its own cursor from Stream, which gives
//     an actor only what it may read.
//
// So the stored events are the truth, a slow or absent reader costs nothing, and
// one that comes back goes on where it stopped.
package notify

import "sync"

// Hub signals to its subscribers that there is something new. The methods may be
// called from many goroutines.
type Hub struct {
	mu   sync.Mutex
	subs map[chan struct{}]struct{}
}

// New returns a Hub without subscribers.
func New() *Hub { return &Hub{subs: make(map[chan struct{}]struct{})} }

// Broadcast signals every subscriber and never blocks.
func (h *Hub) Broadcast() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for ch := range h.subs {
		select {
		case ch <- struct{}{}:
		default: // One signal is waiting already, and one is enough.
		}
	}
}

// Subscribe returns a channel that gets a signal after every Broadcast from now
// on, several in a row as one. cancel ends the subscription and may be called
// twice; the channel is never closed.
func (h *Hub) Subscribe() (ch <-chan struct{}, cancel func()) {
	c := make(chan struct{}, 1)
	h.mu.Lock()
	h.subs[c] = struct{}{}
	h.mu.Unlock()
	return c, func() {
		h.mu.Lock()
		delete(h.subs, c)
		h.mu.Unlock()
	}
}
