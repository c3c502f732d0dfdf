package mailtest_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/mailstead/mailstead/mailtest"
)

// echoServer answers each line with "echo " and the line, and remembers all.
type echoServer struct {
	net.Listener
	mu    sync.Mutex
	lines []string
}

func startEcho(t *testing.T) *echoServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &echoServer{Listener: l}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() { s.serve(c) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		running.Wait()
	})
	return s
}

func (s *echoServer) serve(c net.Conn) {
	defer c.Close()
	for r := bufio.NewReader(c); ; {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		s.mu.Lock()
		s.lines = append(s.lines, line)
		s.mu.Unlock()
		if _, err := io.WriteString(c, "echo "+line); err != nil {
			return
		}
	}
}

func (s *echoServer) received() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.lines, "")
}

type client struct {
	net.Conn
	r *bufio.Reader
	t *testing.T
}

func connect(t *testing.T, p *mailtest.FaultProxy) *client {
	t.Helper()
	c, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(20 * time.Second))
	return &client{Conn: c, r: bufio.NewReader(c), t: t}
}

func (c *client) send(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) expect(want string) {
	c.t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c.r, got); err != nil || string(got) != want {
		c.t.Fatalf("read %q, %v; want %q", got, err, want)
	}
}

// expectEnd wants rest and then the end of the connection.
func (c *client) expectEnd(rest string) {
	c.t.Helper()
	got, err := io.ReadAll(c.r)
	if err != nil || string(got) != rest {
		c.t.Fatalf("read %q, %v; want %q and the end", got, err, rest)
	}
}

func TestProxyWithoutFaultsPassesAllOnAndCounts(t *testing.T) {
	p := mailtest.Proxy(t, startEcho(t).Addr().String())
	for range 3 {
		c := connect(t, p)
		c.send("hello\n")
		c.expect("echo hello\n")
		c.CloseWrite()
		c.expectEnd("")
		c.Close()
	}
	mailtest.Await(t, "connections to close", func() bool { _, open := p.Connections(); return open == 0 })
	if total, _ := p.Connections(); total != 3 {
		t.Errorf("total = %d; want 3", total)
	}
	if up, down := p.Bytes(); up != 18 || down != 33 {
		t.Errorf("bytes = %d up, %d down; want 18 up, 33 down", up, down)
	}
}

func (c *client) CloseWrite() { c.Conn.(*net.TCPConn).CloseWrite() }

func TestProxyCutsWhereItIsTold(t *testing.T) {
	tests := []struct {
		name       string
		faults     mailtest.Faults
		sends      []string
		wantServer string
		wantClient string
	}{
		{
			"after bytes to the server",
			mailtest.Faults{Up: mailtest.Flow{CutAfter: 8}},
			[]string{"one\n", "two\nthree\n"},
			"one\ntwo\n", "echo one\n",
		},
		{
			"after bytes to the client",
			mailtest.Faults{Down: mailtest.Flow{CutAfter: 4}},
			[]string{"one\n"},
			"one\n", "echo",
		},
		{
			"on a text to the client",
			mailtest.Faults{Down: mailtest.Flow{CutOn: "o o"}},
			[]string{"one\n"},
			"one\n", "echo o",
		},
		{
			"on a text that comes in two parts",
			mailtest.Faults{Up: mailtest.Flow{CutOn: "e\ntwo\n"}},
			[]string{"one\n", "two\nthree\n"},
			"one\ntwo\n", "echo one\n",
		},
		{
			"with the reply dropped",
			mailtest.Faults{DropReplyAfter: "\r\n.\r\n"},
			[]string{"text\r\n", ".\r\n"},
			"text\r\n.\r\n", "echo text\r\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := startEcho(t)
			p := mailtest.Proxy(t, server.Addr().String())
			p.Set(tt.faults)
			c := connect(t, p)
			rest := tt.wantClient
			for i, text := range tt.sends {
				c.send(text)
				if i < len(tt.sends)-1 { // one part at a time
					c.expect("echo " + text)
					rest = strings.TrimPrefix(rest, "echo "+text)
				}
			}
			got, _ := io.ReadAll(c.r)
			// What the server answers to bytes before the cut may still arrive.
			if !strings.HasPrefix(string(got), rest) {
				t.Errorf("the client read %q; want %q", got, rest)
			}
			mailtest.Await(t, "the server to have "+tt.wantServer, func() bool { return server.received() == tt.wantServer })
			if tt.faults.DropReplyAfter != "" && string(got) != rest {
				t.Errorf("the client read %q; the reply must be dropped", got)
			}
		})
	}
}

func TestProxyResets(t *testing.T) {
	p := mailtest.Proxy(t, startEcho(t).Addr().String())
	p.Set(mailtest.Faults{Reset: true, Down: mailtest.Flow{CutAfter: 4}})
	c := connect(t, p)
	c.send("one\n")
	if _, err := io.ReadAll(c.r); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("reading gives %v; want a reset", err)
	}
}

func TestProxyDelaysWithoutLimitingTheThroughput(t *testing.T) {
	const latency = 100 * time.Millisecond
	p := mailtest.Proxy(t, startEcho(t).Addr().String())
	p.Set(mailtest.Faults{Up: mailtest.Flow{Latency: latency}, Down: mailtest.Flow{Latency: latency}})
	c := connect(t, p)
	began := time.Now()
	const n = 200
	for range n {
		c.send("hello\n")
	}
	for range n {
		c.expect("echo hello\n")
	}
	if took := time.Since(began); took < 2*latency || took > 20*latency {
		t.Errorf("%d lines took %v; want little over %v", n, took, 2*latency)
	}
}

func TestProxyTrickles(t *testing.T) {
	p := mailtest.Proxy(t, startEcho(t).Addr().String())
	p.Set(mailtest.Faults{Down: mailtest.Flow{Rate: 1000}})
	c := connect(t, p)
	began := time.Now()
	line := strings.Repeat("x", 294) + "\n"
	c.send(line)
	c.expect("echo " + line)
	if took := time.Since(began); took < 200*time.Millisecond || took > 5*time.Second {
		t.Errorf("300 bytes at 1000 a second took %v", took)
	}
}

func TestProxyIsSwitchedWhileConnectionsAreOpen(t *testing.T) {
	server := startEcho(t)
	p := mailtest.Proxy(t, server.Addr().String())
	c := connect(t, p)
	c.send("one\n")
	c.expect("echo one\n")

	p.Set(mailtest.Faults{Down: mailtest.Flow{BlackHole: true}})
	c.send("two\n")
	mailtest.Await(t, "the server to have the second line", func() bool { return server.received() == "one\ntwo\n" })
	c.SetDeadline(time.Now().Add(50 * time.Millisecond))
	var timeout net.Error
	if _, err := c.r.ReadByte(); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("reading from a black hole gives %v; want a timeout", err)
	}
	c.SetDeadline(time.Now().Add(20 * time.Second))

	p.Set(mailtest.Faults{Down: mailtest.Flow{Latency: time.Hour}})
	c.send("three\n")
	p.Set(mailtest.Faults{})
	c.expect("echo three\n")

	p.CutAll()
	c.expectEnd("")
}

func TestProxyRefusesAndListensAgain(t *testing.T) {
	p := mailtest.Proxy(t, startEcho(t).Addr().String())
	c := connect(t, p)
	c.send("one\n")
	c.expect("echo one\n")
	p.Refuse()
	if other, err := net.Dial("tcp", p.Addr()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("connecting gives %v, %v; want it refused", other, err)
	}
	c.send("two\n")
	c.expect("echo two\n")
	p.Listen()
	c = connect(t, p)
	c.send("three\n")
	c.expect("echo three\n")
}

func TestProxyBeforeAServerThatIsDownEndsConnections(t *testing.T) {
	server := startEcho(t)
	p := mailtest.Proxy(t, server.Addr().String())
	server.Close()
	connect(t, p).expectEnd("")
}
