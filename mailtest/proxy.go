package mailtest

import (
	"context"
	"errors"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Faults is what a FaultProxy does to connections. The zero value passes all on.
type Faults struct {
	// Up is what happens to bytes from the client to the server, Down to those
	// on the way back.
	Up, Down Flow
	// DropReplyAfter, for example "\r\n.\r\n", lets the server have the bytes up
	// to and with this text. Its next answer is swallowed, and the connection
	// is cut: the server has done what the client will never know.
	DropReplyAfter string
	// Reset cuts with a TCP reset instead of a regular end.
	Reset bool
}

// Flow is one direction of a connection.
type Flow struct {
	// Latency delays every byte. It does not limit the throughput.
	Latency time.Duration
	// Rate is the most bytes per second; 0 is no limit.
	Rate int
	// CutAfter cuts the connection when so many bytes have passed, counted from
	// its start; 0 is never.
	CutAfter int64
	// CutOn cuts the connection when this text of at most 256 bytes has passed.
	CutOn string
	// BlackHole reads the bytes and passes none of them on, nor the end of them.
	BlackHole bool
}

// FaultProxy stands before a server on a port of its own and breaks connections
// as told. Its faults may be switched while connections are open.
type FaultProxy struct {
	// Port is on 127.0.0.1.
	Port int

	t      testing.TB
	target string

	mu       sync.Mutex
	faults   Faults
	changed  chan struct{} // closed when faults are switched
	listener net.Listener  // nil while the proxy refuses connections
	conns    map[*proxied]struct{}
	total    int
	stopped  bool
	running  sync.WaitGroup

	up, down atomic.Int64
}

// Proxy starts a proxy before the server at target, a host and port, for the
// time of the test.
func Proxy(t testing.TB, target string) *FaultProxy {
	t.Helper()
	p := &FaultProxy{
		Port: FreePort(t), t: t, target: target,
		changed: make(chan struct{}), conns: make(map[*proxied]struct{}),
	}
	p.Listen()
	t.Cleanup(p.close)
	return p
}

// Addr returns host and port for clients.
func (p *FaultProxy) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(p.Port)) }

// Set switches the faults of all connections, open ones and those to come.
func (p *FaultProxy) Set(f Faults) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = f
	close(p.changed)
	p.changed = make(chan struct{})
}

// Listen accepts connections again after Refuse.
func (p *FaultProxy) Listen() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil || p.stopped {
		return
	}
	l, err := net.Listen("tcp", p.Addr())
	if err != nil {
		p.t.Fatalf("proxy: %v", err)
	}
	p.listener = l
	p.running.Add(1)
	go p.accept(l)
}

// Refuse closes the port, so that new connections are refused. Open ones stay.
func (p *FaultProxy) Refuse() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		p.listener.Close()
		p.listener = nil
	}
}

// CutAll ends every open connection.
func (p *FaultProxy) CutAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		c.cut(p.faults.Reset)
	}
}

// Connections returns how many connections were accepted so far and how many of
// them are open.
func (p *FaultProxy) Connections() (total, open int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.total, len(p.conns)
}

// Bytes returns how many bytes have passed to the server and to the clients.
func (p *FaultProxy) Bytes() (up, down int64) { return p.up.Load(), p.down.Load() }

func (p *FaultProxy) close() {
	p.Refuse()
	p.mu.Lock()
	p.stopped = true
	p.mu.Unlock()
	p.CutAll()
	p.running.Wait()
}

func (p *FaultProxy) accept(l net.Listener) {
	defer p.running.Done()
	for {
		client, err := l.Accept()
		if err != nil {
			if !errors.Is(err, net.ErrClosed) {
				p.t.Errorf("proxy: %v", err)
			}
			return
		}
		p.mu.Lock()
		p.total++
		p.mu.Unlock()
		p.running.Add(1)
		go p.serve(client)
	}
}

func (p *FaultProxy) serve(client net.Conn) {
	defer p.running.Done()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	server, err := new(net.Dialer).DialContext(ctx, "tcp", p.target)
	cancel()
	if err != nil {
		client.Close() // the server is down: the client sees the connection end
		return
	}
	c := &proxied{client: client, server: server, done: make(chan struct{})}
	p.mu.Lock()
	p.conns[c] = struct{}{}
	stopped := p.stopped
	p.mu.Unlock()
	if stopped {
		c.cut(false)
	}
	var both sync.WaitGroup
	both.Go(func() { p.pump(c, client, server, up) })
	both.Go(func() { p.pump(c, server, client, down) })
	both.Wait()
	c.cut(false)
	p.mu.Lock()
	delete(p.conns, c)
	p.mu.Unlock()
}

// current returns the faults and a channel that is closed when they change.
func (p *FaultProxy) current() (Faults, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.faults, p.changed
}
