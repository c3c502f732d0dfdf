package discover_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/mailstead/mailstead"
)

// nameServer answers for all names of the lab. What it does not know does not exist.
type nameServer struct {
	conn net.PacketConn

	mu      sync.Mutex
	records map[string][]dnsmessage.ResourceBody // by type and name, such as "MX example.com."
	// turns are addresses that a name has one after the other.
	turns map[string][]string
	// fails answers that it cannot, mute does not answer, slow takes its time.
	fails, mute map[string]bool
	slow        map[string]time.Duration
	// suffixes lead all names that end so to an address.
	suffixes map[string]string
}

func startNames(t *testing.T) *nameServer {
	t.Helper()
	c, err := net.ListenPacket("udp4", nameHost+":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	n := &nameServer{
		conn: c, records: make(map[string][]dnsmessage.ResourceBody), turns: make(map[string][]string),
		fails: make(map[string]bool), mute: make(map[string]bool), slow: make(map[string]time.Duration), suffixes: make(map[string]string),
	}
	go n.serve()
	return n
}

func (n *nameServer) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp4", n.conn.LocalAddr().String())
	}}
}

func (n *nameServer) serve() {
	buf := make([]byte, 1500)
	for {
		size, from, err := n.conn.ReadFrom(buf)
		if err != nil {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(buf[:size]) != nil || len(m.Questions) != 1 {
			continue
		}
		go func() {
			if n.answer(&m) {
				if b, err := m.Pack(); err == nil {
					_, _ = n.conn.WriteTo(b, from)
				}
			}
		}()
	}
}

// answer completes a message; false for one that is not answered.
func (n *nameServer) answer(m *dnsmessage.Message) bool {
	q := m.Questions[0]
	name := strings.ToLower(q.Name.String())
	key := strings.TrimPrefix(q.Type.String(), "Type") + " " + name
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.mute[key] {
		return false
	}
	if wait := n.slow[key]; wait > 0 {
		n.mu.Unlock()
		<-time.After(wait)
		n.mu.Lock()
	}
	m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
	bodies := n.records[key]
	if ip := n.address(name); ip != "" && q.Type == dnsmessage.TypeA {
		bodies = []dnsmessage.ResourceBody{&dnsmessage.AResource{A: [4]byte(net.ParseIP(ip).To4())}}
	}
	for _, body := range bodies {
		m.Answers = append(m.Answers, dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1}, Body: body})
	}
	switch {
	case n.fails[key]:
		m.RCode, m.Answers = dnsmessage.RCodeServerFailure, nil
	case len(bodies) == 0 && q.Type != dnsmessage.TypeAAAA:
		m.RCode = dnsmessage.RCodeNameError
	}
	return true
}

// address is the address of a name, "" for none. The longest suffix counts.
func (n *nameServer) address(name string) (ip string) {
	if list := n.turns[name]; len(list) > 0 {
		if len(list) > 1 {
			n.turns[name] = list[1:]
		}
		return list[0]
	}
	longest := ""
	for suffix, at := range n.suffixes {
		if len(suffix) > len(longest) && (name == suffix || strings.HasSuffix(name, "."+suffix)) {
			longest, ip = suffix, at
		}
	}
	return ip
}

// add adds records, such as n.add("MX", "example.com", body).
func (n *nameServer) add(kind, name string, bodies ...dnsmessage.ResourceBody) {
	n.records[kind+" "+name+"."] = bodies
}

// mailSession is a mail server that serves one connection: it signs nobody in and
// tells what it heard.
type mailSession struct {
	protocol mailstead.Protocol
	conn     net.Conn
	tls      *tls.Config
	log      func(command string)
}

func (s *mailSession) serve(security mailstead.Security) {
	_ = s.conn.SetDeadline(time.Now().Add(20 * time.Second))
	encrypted := security == mailstead.SecurityTLS
	if encrypted {
		s.conn = tls.Server(s.conn, s.tls)
	}
	in := bufio.NewReader(s.conn)
	fmt.Fprintf(s.conn, "%s ready\r\n", map[mailstead.Protocol]string{mailstead.IMAP: "* OK", mailstead.POP3: "+OK", mailstead.SMTP: "220"}[s.protocol])
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		words := strings.Fields(line)
		if s.protocol == mailstead.IMAP && len(words) > 0 {
			words = append(words[1:], words[0])
		}
		s.log(string(s.protocol) + " " + words[0])
		switch {
		case words[0] == "STARTTLS" || words[0] == "STLS":
			io.WriteString(s.conn, s.good(words[len(words)-1]))
			s.conn = tls.Server(s.conn, s.tls)
			in, encrypted = bufio.NewReader(s.conn), true
		case slices.Contains([]string{"CAPABILITY", "CAPA", "EHLO"}, words[0]):
			io.WriteString(s.conn, s.capabilities(encrypted, words[len(words)-1]))
		default:
			return
		}
	}
}

func (s *mailSession) good(tag string) string {
	return map[mailstead.Protocol]string{mailstead.IMAP: tag + " OK\r\n", mailstead.POP3: "+OK\r\n", mailstead.SMTP: "220 go\r\n"}[s.protocol]
}

func (s *mailSession) capabilities(encrypted bool, tag string) string {
	word := map[bool]map[mailstead.Protocol]string{
		false: {mailstead.IMAP: "STARTTLS LOGINDISABLED", mailstead.POP3: "STLS", mailstead.SMTP: "STARTTLS"},
		true:  {mailstead.IMAP: "AUTH=PLAIN", mailstead.POP3: "USER", mailstead.SMTP: "AUTH PLAIN"},
	}[encrypted][s.protocol]
	return map[mailstead.Protocol]string{
		mailstead.IMAP: "* CAPABILITY IMAP4rev1 " + word + "\r\n" + tag + " OK done\r\n",
		mailstead.POP3: "+OK\r\n" + word + "\r\n.\r\n",
		mailstead.SMTP: "250-hello\r\n250-SIZE 1000\r\n250 " + word + "\r\n",
	}[s.protocol]
}

// quiet is the log of web servers whose clients leave on purpose.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
