package mailtest

import (
	"bytes"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

type direction int

const (
	up direction = iota
	down
)

func (f Faults) flow(d direction) Flow {
	if d == up {
		return f.Up
	}
	return f.Down
}

// proxied is one connection through the proxy.
type proxied struct {
	client, server net.Conn
	once           sync.Once
	done           chan struct{} // closed by cut
	// dropReply is set when the next bytes from the server are to be swallowed.
	dropReply atomic.Bool
}

// cut ends both sides at once.
func (c *proxied) cut(reset bool) {
	c.once.Do(func() {
		close(c.done)
		for _, side := range []net.Conn{c.client, c.server} {
			if tcp, ok := side.(*net.TCPConn); ok && reset {
				tcp.SetLinger(0)
			}
			side.Close()
		}
	})
}

// chunk is what was read at once, with the time it was read.
type chunk struct {
	data []byte
	at   time.Time
}

// pump passes bytes from src to dst until one of them ends. Reading runs ahead
// of writing, so that latency does not limit the throughput.
func (p *FaultProxy) pump(c *proxied, src, dst net.Conn, d direction) {
	chunks := make(chan chunk, 1024)
	var reader sync.WaitGroup
	reader.Go(func() {
		defer close(chunks)
		for {
			buf := make([]byte, 16<<10)
			n, err := src.Read(buf)
			if n > 0 {
				select {
				case chunks <- chunk{buf[:n], time.Now()}:
				case <-c.done:
					return
				}
			}
			if err != nil {
				return
			}
		}
	})
	w := &writer{p: p, c: c, dst: dst, d: d}
	for ch := range chunks {
		if !w.write(ch) {
			c.cut(w.reset)
		}
	}
	// The source has ended: tell the other side, whose answer may still come.
	faults, _ := p.current()
	if tcp, ok := dst.(*net.TCPConn); ok && !faults.flow(d).BlackHole {
		tcp.CloseWrite()
	}
	reader.Wait()
}

// writer is the breaking end of one direction.
type writer struct {
	p     *FaultProxy
	c     *proxied
	dst   net.Conn
	d     direction
	seen  []byte // the last bytes passed, for a match across chunks
	count int64
	reset bool // how to cut
}

// write passes one chunk on and reports whether the connection goes on.
func (w *writer) write(ch chunk) bool {
	data := ch.data
	for len(data) > 0 {
		faults, changed := w.p.current()
		w.reset = faults.Reset
		flow := faults.flow(w.d)
		if wait := time.Until(ch.at.Add(flow.Latency)); wait > 0 {
			if !w.pause(wait, changed) {
				return false
			}
			continue // the faults may be others now
		}
		if flow.BlackHole {
			return true
		}
		n := w.allowed(len(data), flow)
		n, cut := w.stopAt(data[:n], flow, faults)
		if w.d == down && w.c.dropReply.Load() {
			return false
		}
		if _, err := w.dst.Write(data[:n]); err != nil {
			return false
		}
		w.passed(n)
		if cut {
			return false
		}
		data = data[n:]
		if flow.Rate > 0 && !w.pause(time.Duration(n)*time.Second/time.Duration(flow.Rate), changed) {
			return false
		}
	}
	return true
}

// allowed is how many of n bytes go at once: a twentieth of a second's worth.
func (w *writer) allowed(n int, flow Flow) int {
	if flow.Rate > 0 {
		n = min(n, max(1, flow.Rate/20))
	}
	return n
}

// stopAt shortens data to what may pass and reports whether the connection is
// cut behind it.
func (w *writer) stopAt(data []byte, flow Flow, faults Faults) (n int, cut bool) {
	n = len(data)
	if flow.CutAfter > 0 && w.count+int64(n) >= flow.CutAfter {
		n, cut = int(max(0, flow.CutAfter-w.count)), true
	}
	if end := w.match(data[:n], flow.CutOn); end >= 0 {
		n, cut = end, true
	}
	if w.d == up {
		if end := w.match(data[:n], faults.DropReplyAfter); end >= 0 {
			n = end
			w.c.dropReply.Store(true)
		}
	}
	w.remember(data[:n])
	return n, cut
}

// memory is how many passed bytes are kept to find a text that spans chunks.
const memory = 256

func (w *writer) remember(data []byte) {
	w.seen = append(w.seen, data...)
	if extra := len(w.seen) - memory; extra > 0 {
		w.seen = slices.Delete(w.seen, 0, extra)
	}
}

// match returns the end of the first text in data, which may begin in bytes that
// have passed already, or -1.
func (w *writer) match(data []byte, text string) int {
	if text == "" {
		return -1
	}
	before := w.seen[max(0, len(w.seen)-len(text)+1):]
	i := bytes.Index(slices.Concat(before, data), []byte(text))
	if i < 0 {
		return -1
	}
	return i + len(text) - len(before)
}

func (w *writer) passed(n int) {
	w.count += int64(n)
	if w.d == up {
		w.p.up.Add(int64(n))
	} else {
		w.p.down.Add(int64(n))
	}
}

// pause waits for d or until the faults are switched; it reports false when the
// connection was cut meanwhile.
func (w *writer) pause(d time.Duration, changed <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-changed:
		return true
	case <-w.c.done:
		return false
	}
}
