package fakemail

import (
	"crypto/tls"
	"errors"
	"io"
	"log"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	gosmtp "github.com/emersion/go-smtp"

	"github.com/mailstead/mailstead"
)

// SMTPFault is a way for a delivery to go wrong. The word itself, as the local
// part of a recipient at any domain or as its beginning before a "+", provokes
// it: greylist+1@example.com.
type SMTPFault string

// The faults of recipients. What happens behind the final dot happens to the
// whole mail.
const (
	// SMTPRefuse answers RCPT with 550 5.1.1.
	SMTPRefuse SMTPFault = "refuse"
	// SMTPGreylist answers the first RCPT of an address with 450 4.2.0.
	SMTPGreylist SMTPFault = "greylist"
	// SMTPDefer answers every RCPT with 451 4.3.0.
	SMTPDefer SMTPFault = "defer"
	// SMTPFull answers RCPT with 452 4.2.2.
	SMTPFull SMTPFault = "full"
	// SMTPLimit answers RCPT with 450 4.7.1: too many mails of this sender.
	SMTPLimit SMTPFault = "limit"
	// SMTPContent answers the final dot with 554 5.7.1.
	SMTPContent SMTPFault = "content"
	// SMTPBusy answers the final dot with 451 4.3.2.
	SMTPBusy SMTPFault = "busy"
	// SMTPCut cuts the connection in the middle of the body.
	SMTPCut SMTPFault = "cut"
	// SMTPDrop takes the mail and cuts the connection before the answer.
	SMTPDrop SMTPFault = "drop"
	// SMTPLose cuts the connection behind the final dot and forgets the mail.
	SMTPLose SMTPFault = "lose"
	// SMTPSlow takes the mail and answers after SMTPConfig.Delay.
	SMTPSlow SMTPFault = "slow"
)

var smtpFaults = []SMTPFault{
	SMTPRefuse, SMTPGreylist, SMTPDefer, SMTPFull, SMTPLimit, SMTPContent, SMTPBusy, SMTPCut, SMTPDrop, SMTPLose, SMTPSlow,
}

// SMTPUser may sign in.
type SMTPUser struct {
	Password string
	// Busy answers the right password with 454 4.7.0.
	Busy bool
	// Senders are the addresses that MAIL may name; empty means any.
	Senders []string
}

// SMTPConfig says how an SMTPServer behaves. The zero value takes everything
// from everybody, without encryption.
type SMTPConfig struct {
	// Security is how the port is protected; TLS is needed for all but
	// SecurityNone.
	Security mailstead.Security
	TLS      *tls.Config
	// Users are by login; when there are any, MAIL needs a sign-in.
	Users map[string]SMTPUser
	// MaxSize is announced and enforced, 0 means no limit.
	MaxSize int64
	// MaxConnections is how many may be open; more are greeted with 421. 0 means
	// no limit.
	MaxConnections int
	// Delay is what SMTPSlow means.
	Delay time.Duration
	// Fault, if set, decides about recipients that neither SetFault nor their own
	// word decides about.
	Fault func(recipient string) SMTPFault
	// Forget keeps no mail that was taken: Accepted has it.
	Forget bool
	// Accepted is called for every mail taken, before its client gets the answer.
	Accepted func(SMTPMail)
	// Answered is called for every mail taken, after the answer to its final dot
	// was written; heard tells whether the client was still there to read it.
	Answered func(m SMTPMail, heard bool)
}

// SMTPMail is a mail that the server took.
type SMTPMail struct {
	// Login is who was signed in, From and To the envelope.
	Login string
	From  string
	To    []string
	// MessageID is the field of the mail without angle brackets.
	MessageID string
	Data      []byte
}

// SMTPServer is a submission server in this process. It keeps what it takes, unless SMTPConfig.Forget says otherwise.
type SMTPServer struct {
	config   SMTPConfig
	server   *gosmtp.Server
	listener *smtpListener
	done     chan struct{}
	closed   chan struct{}

	mu     sync.Mutex
	users  map[string]SMTPUser
	faults map[string]SMTPFault
	grey   map[string]bool
	mails  []SMTPMail
	counts map[string]int
}

// StartSMTP starts a server on a free port of 127.0.0.1.
func StartSMTP(c SMTPConfig) (*SMTPServer, error) {
	if c.Security == "" {
		c.Security = mailstead.SecurityNone
	}
	if c.Security != mailstead.SecurityNone && c.TLS == nil {
		return nil, &mailstead.Error{Kind: mailstead.KindInvalid, Op: "fakemail.StartSMTP", Text: "Encryption needs a certificate."}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a listener on the loopback does not block
	if err != nil {
		return nil, err
	}
	s := &SMTPServer{
		config: c, done: make(chan struct{}), closed: make(chan struct{}),
		users: make(map[string]SMTPUser), faults: make(map[string]SMTPFault),
		grey: make(map[string]bool), counts: make(map[string]int),
		listener: &smtpListener{Listener: l, most: c.MaxConnections, open: make(map[net.Conn]bool), answered: c.Answered},
	}
	for login, u := range c.Users {
		s.users[login] = u
	}
	s.server = gosmtp.NewServer(gosmtp.BackendFunc(s.newSession))
	s.server.Domain = "fake.mailstead.test"
	s.server.MaxMessageBytes = c.MaxSize
	s.server.MaxRecipients = mailstead.MaxRecipients
	s.server.EnableSMTPUTF8 = true
	s.server.AllowInsecureAuth = c.Security == mailstead.SecurityNone
	s.server.ErrorLog = log.New(io.Discard, "", 0)
	var listener net.Listener = s.listener
	switch c.Security {
	case mailstead.SecurityTLS:
		listener = tls.NewListener(listener, c.TLS)
	case mailstead.SecurityStartTLS:
		s.server.TLSConfig = c.TLS
	default:
	}
	go func() {
		defer close(s.done)
		_ = s.server.Serve(listener)
	}()
	return s, nil
}

// Close ends the server and its connections. It may be called twice.
func (s *SMTPServer) Close() {
	s.mu.Lock()
	select {
	case <-s.closed:
	default:
		close(s.closed)
	}
	s.mu.Unlock()
	_ = s.server.Close()
	<-s.done
}

// Server returns the endpoint as an account names it.
func (s *SMTPServer) Server() mailstead.Server {
	port := 0
	if a, ok := s.listener.Addr().(*net.TCPAddr); ok {
		port = a.Port
	}
	return mailstead.Server{Protocol: mailstead.SMTP, Host: "127.0.0.1", Port: port, Security: s.config.Security}
}

// Mails returns what was taken, in order.
func (s *SMTPServer) Mails() []SMTPMail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails)
}

// Count tells how often a mail with that Message-ID was taken.
func (s *SMTPServer) Count(messageID string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[messageID]
}

// Total tells how many mails were taken.
func (s *SMTPServer) Total() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.mails)
}

// Connections tells how many connections were opened so far.
func (s *SMTPServer) Connections() int {
	s.listener.mu.Lock()
	defer s.listener.mu.Unlock()
	return s.listener.count
}

// SetUser adds a user or changes it.
func (s *SMTPServer) SetUser(login string, u SMTPUser) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[login] = u
}

// SetFault gives a recipient a fault, or none again with "".
func (s *SMTPServer) SetFault(recipient string, f SMTPFault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[recipient] = f
}

// SetBusy makes the server greet new connections with 421, or no longer.
func (s *SMTPServer) SetBusy(busy bool) {
	s.listener.mu.Lock()
	defer s.listener.mu.Unlock()
	s.listener.busy = busy
}

// Cut closes all connections without a word.
func (s *SMTPServer) Cut() {
	s.listener.mu.Lock()
	open := slices.Collect(maps.Keys(s.listener.open))
	s.listener.mu.Unlock()
	for _, c := range open {
		_ = c.Close()
	}
}

// fault returns what goes wrong with a recipient.
func (s *SMTPServer) fault(recipient string) SMTPFault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f, ok := s.faults[recipient]; ok {
		return f
	}
	word, _, _ := strings.Cut(mailstead.LocalPartOf(recipient), "+")
	if f := SMTPFault(word); slices.Contains(smtpFaults, f) {
		return f
	}
	if s.config.Fault != nil {
		return s.config.Fault(recipient)
	}
	return ""
}

// take keeps a mail.
func (s *SMTPServer) take(m SMTPMail) {
	s.mu.Lock()
	if !s.config.Forget {
		s.mails = append(s.mails, m)
		s.counts[m.MessageID]++
	}
	s.mu.Unlock()
	if s.config.Accepted != nil {
		s.config.Accepted(m)
	}
}

// smtpListener counts connections and turns them away when it is busy.
type smtpListener struct {
	net.Listener
	most int

	mu    sync.Mutex
	count int
	busy  bool
	open  map[net.Conn]bool

	answered func(SMTPMail, bool)
}

func (l *smtpListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		l.mu.Lock()
		l.count++
		busy := l.busy || (l.most > 0 && len(l.open) >= l.most)
		tracked := &smtpConn{Conn: c, listener: l, answered: l.answered}
		if !busy {
			l.open[tracked] = true
		}
		l.mu.Unlock()
		if !busy {
			return tracked, nil
		}
		_, _ = io.WriteString(c, "421 4.3.2 Too many connections, come back later\r\n")
		_ = c.Close()
	}
}

// smtpConn is a connection below its TLS. One goroutine reads and writes it.
type smtpConn struct {
	net.Conn
	listener *smtpListener
	answered func(SMTPMail, bool)
	// taken is the mail whose answer comes next.
	taken atomic.Pointer[SMTPMail]
	// ahead was read to see whether the client is still there.
	ahead []byte
}

func (c *smtpConn) Read(b []byte) (int, error) {
	if n := copy(b, c.ahead); n > 0 {
		c.ahead = c.ahead[n:]
		return n, nil
	}
	return c.Conn.Read(b)
}

func (c *smtpConn) Write(b []byte) (int, error) {
	// The end of the server writes, too: TLS says goodbye.
	m := c.taken.Swap(nil)
	if m == nil || c.answered == nil {
		return c.Conn.Write(b)
	}
	heard := c.present()
	n, err := c.Conn.Write(b)
	c.answered(*m, heard && err == nil)
	return n, err
}

// present reports whether the client has the connection open.
func (c *smtpConn) present() bool {
	//nolint:forbidigo // a socket's deadline goes by the machine's clock
	if err := c.SetReadDeadline(time.Now().Add(5 * time.Millisecond)); err != nil {
		return false
	}
	var one [1]byte
	n, err := c.Conn.Read(one[:])
	c.ahead = append(c.ahead, one[:n]...)
	return errors.Join(err, c.SetReadDeadline(time.Time{})) == nil || errors.Is(err, os.ErrDeadlineExceeded)
}

func (c *smtpConn) Close() error {
	c.listener.mu.Lock()
	delete(c.listener.open, c)
	c.listener.mu.Unlock()
	return c.Conn.Close()
}
