package queue

import (
	"context"
	"maps"
	"slices"
	"sync"

	"golang.org/x/sync/semaphore"
)

// Hosts keeps how many connections of bulk work each host has at a time, whoever
// opens them. It is safe for use by many goroutines.
type Hosts struct {
	most int64

	mu    sync.Mutex
	rooms map[string]*room
}

// room is a host that somebody is in, or waits for.
type room struct {
	free  *semaphore.Weighted
	users int
}

// NewHosts returns the limit of so many connections to a host.
func NewHosts(most int) *Hosts {
	return &Hosts{most: int64(most), rooms: make(map[string]*room)}
}

// Enter waits until every host has room for as many connections as are needed there;
// leave gives them back. Who needs more than a host may have waits for all of it.
func (h *Hosts) Enter(ctx context.Context, need map[string]int) (leave func(), err error) {
	var entered []func()
	leave = func() {
		for _, f := range entered {
			f()
		}
	}
	// In one order everywhere, so that two never wait for each other.
	for _, host := range slices.Sorted(maps.Keys(need)) {
		f, err := h.enter(ctx, host, min(int64(need[host]), h.most))
		if err != nil {
			leave()
			return nil, err
		}
		entered = append(entered, f)
	}
	return leave, nil
}

func (h *Hosts) enter(ctx context.Context, host string, n int64) (leave func(), err error) {
	h.mu.Lock()
	r := h.rooms[host]
	if r == nil {
		r = &room{free: semaphore.NewWeighted(h.most)}
		h.rooms[host] = r
	}
	r.users++
	h.mu.Unlock()
	forget := func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if r.users--; r.users == 0 {
			delete(h.rooms, host)
		}
	}
	if err := r.free.Acquire(ctx, n); err != nil {
		forget()
		return nil, err
	}
	return func() {
		r.free.Release(n)
		forget()
	}, nil
}
