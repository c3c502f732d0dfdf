// Package queue runs work by key: at most one run of a key at a time, at most so
// many keys at once. It holds no work itself. A key only says "there may be
// something to do here"; the handler looks it up where the truth is kept, and
// whoever keeps that truth wakes what is due and was missed.
//
//  1. Wake puts a key into the line, unless it stands there already.
//  2. A free worker takes the first key and runs the handler.
//  3. A key that was woken while it ran goes back to the end of the line.
package queue

import (
	"context"
	"sync"
)

// Handler does what is to be done for one key. It returns soon after ctx ends.
type Handler = func(ctx context.Context, key int64)

// Pool runs a Handler for the keys that were woken. Its methods may be called
// from many goroutines.
type Pool struct {
	workers int

	mu     sync.Mutex
	ready  *sync.Cond
	line   []int64
	states map[int64]state
	cancel context.CancelFunc // not nil once started
	closed bool
	done   sync.WaitGroup
}

// state is where a key stands; a key that has none is at rest.
type state uint8

const (
	waiting state = iota + 1
	running
	again // running, and woken meanwhile
)

// New returns a pool that runs at most workers keys at once, at least one.
func New(workers int) *Pool {
	p := &Pool{workers: max(1, workers), states: make(map[int64]state)}
	p.ready = sync.NewCond(&p.mu)
	return p
}

// Start begins to run handle for the keys that are or will be woken, until Stop
// is called or ctx ends. Only the first Start counts.
func (p *Pool) Start(ctx context.Context, handle Handler) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cancel != nil || p.closed {
		return
	}
	ctx, p.cancel = context.WithCancel(ctx)
	context.AfterFunc(ctx, p.close)
	p.done.Add(p.workers)
	for range p.workers {
		go func() {
			defer p.done.Done()
			p.work(ctx, handle)
		}()
	}
}

// Stop ends the handlers' context, waits for them and forgets the keys in line.
// It may be called more than once, and before Start.
func (p *Pool) Stop() {
	p.close()
	p.mu.Lock()
	cancel := p.cancel
	p.mu.Unlock()
	if cancel != nil {
		cancel()
	}
	p.done.Wait()
}

// Wake asks for a run of key. A key that waits already is not doubled; one that
// runs is run again afterwards. It never blocks; after Stop it does nothing.
func (p *Pool) Wake(key int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	switch p.states[key] {
	case waiting, again:
	case running:
		p.states[key] = again
	default:
		p.enqueue(key)
	}
}

// enqueue needs mu.
func (p *Pool) enqueue(key int64) {
	p.states[key] = waiting
	p.line = append(p.line, key)
	p.ready.Signal()
}

func (p *Pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.line = nil
	p.ready.Broadcast()
}

func (p *Pool) work(ctx context.Context, handle Handler) {
	for {
		key, ok := p.next()
		if !ok {
			return
		}
		handle(ctx, key)
		p.finish(key)
	}
}

// next waits for a key to run; false means that the pool is closed.
func (p *Pool) next() (int64, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.line) == 0 && !p.closed {
		p.ready.Wait()
	}
	if p.closed {
		return 0, false
	}
	key := p.line[0]
	p.line = p.line[1:]
	p.states[key] = running
	return key, true
}

func (p *Pool) finish(key int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.states[key] == again && !p.closed {
		p.enqueue(key)
		return
	}
	delete(p.states, key)
}
