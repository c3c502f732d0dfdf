package fakemail

import (
	"crypto/tls"
	"fmt"
	"net"
	"slices"
	"sync"

	"github.com/mailstead/mailstead"
)

// POP3Fault is a way for a POP3 server to go wrong.
type POP3Fault string

// The faults of a user; those about the conversation before the sign-in are of
// POP3Config.
const (
	// POP3Refuse refuses the right password with [AUTH].
	POP3Refuse POP3Fault = "refuse"
	// POP3InUse answers the right password with [IN-USE].
	POP3InUse POP3Fault = "in-use"
	// POP3LoginDelay answers it with [LOGIN-DELAY], POP3Unavailable with [SYS/TEMP].
	POP3LoginDelay  POP3Fault = "login-delay"
	POP3Unavailable POP3Fault = "unavailable"
	// POP3NoUIDL knows no UIDL, POP3HalfUIDL leaves out every second mail and
	// POP3SameUIDL gives all mails the same unique-id.
	POP3NoUIDL   POP3Fault = "no-uidl"
	POP3HalfUIDL POP3Fault = "half-uidl"
	POP3SameUIDL POP3Fault = "same-uidl"
	// POP3WrongCount lists mails that are not there, some twice, with wrong sizes.
	POP3WrongCount POP3Fault = "wrong-count"
	// POP3EndlessLine answers LIST with a line that never ends, POP3EndlessList with
	// lines that never end.
	POP3EndlessLine POP3Fault = "endless-line"
	POP3EndlessList POP3Fault = "endless-list"
	// POP3Garbage answers LIST with what is no answer of POP3.
	POP3Garbage POP3Fault = "garbage"
	// POP3Cut cuts the connection in the middle of the second mail of every
	// connection, POP3RefuseMail refuses every second mail.
	POP3Cut        POP3Fault = "cut"
	POP3RefuseMail POP3Fault = "refuse-mail"
)

// POP3User is somebody with a maildrop.
type POP3User struct {
	Password string
	Fault    POP3Fault
}

// POP3Config says how a POP3Server behaves. The zero value knows nobody and goes
// without encryption.
type POP3Config struct {
	// Security is how the port is protected; TLS is needed for all but
	// SecurityNone.
	Security mailstead.Security
	TLS      *tls.Config
	Users    map[string]POP3User
	// Greeting replaces the first line.
	Greeting string
	// NoCodes leaves out response codes.
	NoCodes bool
	// NoCAPA knows no CAPA, NoSASL no AUTH, NoTOP no TOP, NoPipelining does not
	// announce PIPELINING.
	NoCAPA, NoSASL, NoTOP, NoPipelining bool
	// RefuseSTLS announces STLS and then refuses it; HideSTLS does not announce it.
	RefuseSTLS, HideSTLS bool
	// LoginDelay is announced, in seconds.
	LoginDelay int
}

// POP3Server is a POP3 server in this process.
type POP3Server struct {
	config   POP3Config
	listener net.Listener
	serving  sync.WaitGroup

	mu       sync.Mutex
	drops    map[string]*pop3Drop
	conns    map[net.Conn]bool
	count    int
	commands []string
	closed   bool
}

// pop3Drop is a maildrop; POP3Server.mu guards it.
type pop3Drop struct {
	password string
	fault    POP3Fault
	mails    []pop3Mail
	next     int
	locked   bool
}

// pop3Mail is a mail with its unique-id.
type pop3Mail struct {
	uidl string
	data []byte
}

// StartPOP3 starts a server on a free port of 127.0.0.1.
func StartPOP3(c POP3Config) (*POP3Server, error) {
	if c.Security == "" {
		c.Security = mailstead.SecurityNone
	}
	if c.Security != mailstead.SecurityNone && c.TLS == nil {
		return nil, &mailstead.Error{Kind: mailstead.KindInvalid, Op: "fakemail.StartPOP3", Text: "Encryption needs a certificate."}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a listener on the loopback does not block
	if err != nil {
		return nil, err
	}
	s := &POP3Server{config: c, listener: l, drops: make(map[string]*pop3Drop), conns: make(map[net.Conn]bool)}
	for login, u := range c.Users {
		s.drops[login] = &pop3Drop{password: u.Password, fault: u.Fault}
	}
	s.serving.Go(s.accept)
	return s, nil
}

func (s *POP3Server) accept() {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.count++
		s.conns[c] = true
		if s.closed {
			_ = c.Close()
		}
		s.mu.Unlock()
		s.serving.Go(func() {
			s.talk(c)
			_ = c.Close()
			s.mu.Lock()
			delete(s.conns, c)
			s.mu.Unlock()
		})
	}
}

// Close ends the server and its connections and waits for them. It may be called
// twice.
func (s *POP3Server) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	_ = s.listener.Close()
	s.Cut()
	s.serving.Wait()
}

// Cut closes all connections without a word.
func (s *POP3Server) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		_ = c.Close()
	}
}

// Server returns the endpoint as an account names it.
func (s *POP3Server) Server() mailstead.Server {
	port := 0
	if a, ok := s.listener.Addr().(*net.TCPAddr); ok {
		port = a.Port
	}
	return mailstead.Server{Protocol: mailstead.POP3, Host: "127.0.0.1", Port: port, Security: s.config.Security}
}

// change does something to a maildrop.
func (s *POP3Server) change(login string, do func(*pop3Drop)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := s.drops[login]; d != nil {
		do(d)
	}
}

// Deliver puts mails into a maildrop, behind all others.
func (s *POP3Server) Deliver(login string, raw ...[]byte) {
	s.change(login, func(d *pop3Drop) {
		for _, data := range raw {
			d.next++
			d.mails = append(d.mails, pop3Mail{uidl: fmt.Sprintf("%08x", 0x5000+d.next), data: data})
		}
	})
}

// Remove takes mails out of a maildrop, by their places from 0, as another program
// does.
func (s *POP3Server) Remove(login string, places ...int) {
	s.change(login, func(d *pop3Drop) {
		var rest []pop3Mail
		for i, m := range d.mails {
			if !slices.Contains(places, i) {
				rest = append(rest, m)
			}
		}
		d.mails = rest
	})
}

// Rename gives all mails new unique-ids, as a server does that was moved.
func (s *POP3Server) Rename(login string) {
	s.change(login, func(d *pop3Drop) {
		for i := range d.mails {
			d.mails[i].uidl = "moved-" + d.mails[i].uidl
		}
	})
}

// SetPassword changes a user's password.
func (s *POP3Server) SetPassword(login, password string) {
	s.change(login, func(d *pop3Drop) { d.password = password })
}

// SetFault breaks a maildrop, or mends it with "".
func (s *POP3Server) SetFault(login string, f POP3Fault) {
	s.change(login, func(d *pop3Drop) { d.fault = f })
}

// Count tells how many mails lie in a maildrop.
func (s *POP3Server) Count(login string) (n int) {
	s.change(login, func(d *pop3Drop) { n = len(d.mails) })
	return n
}

// Connections tells how many connections were opened so far.
func (s *POP3Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count
}

// Commands returns the first words of all commands so far.
func (s *POP3Server) Commands() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.commands)
}
