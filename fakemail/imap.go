package fakemail

import (
	"crypto/tls"
	"io"
	"log"
	"maps"
	"net"
	"slices"
	"sync"
	"time"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"

	"github.com/mailstead/mailstead"
)

// IMAPFault is a way for a mailbox server to go wrong.
type IMAPFault string

// The faults of a user. The word is what the demo shows.
const (
	// IMAPRefuse refuses the right password, as after a change of password.
	IMAPRefuse IMAPFault = "refuse"
	// IMAPUnavailable answers every sign-in with [UNAVAILABLE].
	IMAPUnavailable IMAPFault = "unavailable"
	// IMAPSlow lets every command wait for IMAPConfig.Delay.
	IMAPSlow IMAPFault = "slow"
	// IMAPDrop cuts the connection at the first command after the sign-in.
	IMAPDrop IMAPFault = "drop"
	// IMAPFull refuses to store with [OVERQUOTA].
	IMAPFull IMAPFault = "full"
)

// IMAPUser is somebody with a mailbox.
type IMAPUser struct {
	Password string
	// Folders are made beside INBOX, with their roles.
	Folders map[string]mailstead.FolderRole
	// Fault is how the mailbox is broken from the beginning.
	Fault IMAPFault
}

// IMAPConfig says how an IMAPServer behaves. The zero value knows nobody and
// goes without encryption.
type IMAPConfig struct {
	// Security is how the port is protected; TLS is needed for all but
	// SecurityNone.
	Security mailstead.Security
	TLS      *tls.Config
	// Users are by login.
	Users map[string]IMAPUser
	// Delay is what IMAPSlow means.
	Delay time.Duration
	// SignedIn, if set, is called after every sign-in that was granted, before any
	// command that follows.
	SignedIn func(login string)
}

// IMAPServer is a mailbox server in this process. It has no CONDSTORE; what it
// offers beyond RFC 3501 is IDLE, UIDPLUS, ESEARCH, LITERAL-, SPECIAL-USE and
// LIST-EXTENDED.
type IMAPServer struct {
	config   IMAPConfig
	listener net.Listener
	server   *imapserver.Server
	serving  chan struct{}
	closed   chan struct{}

	mu    sync.Mutex
	users map[string]*imapUser
	// conns are the open connections with who signed in, or "".
	conns map[*imapserver.Conn]string
	count int
	// sessions waits for the connections to end.
	sessions sync.WaitGroup
}

// imapUser is a mailbox; the fields below store are guarded by IMAPServer.mu.
type imapUser struct {
	store    *imapStore
	password string
	fault    IMAPFault
}

// StartIMAP starts a server on a free port of 127.0.0.1.
func StartIMAP(c IMAPConfig) (*IMAPServer, error) {
	if c.Security == "" {
		c.Security = mailstead.SecurityNone
	}
	if c.Security != mailstead.SecurityNone && c.TLS == nil {
		return nil, &mailstead.Error{Kind: mailstead.KindInvalid, Op: "fakemail.StartIMAP", Text: "Encryption needs a certificate."}
	}
	s := &IMAPServer{
		config: c, serving: make(chan struct{}), closed: make(chan struct{}),
		users: make(map[string]*imapUser), conns: make(map[*imapserver.Conn]string),
	}
	for login, u := range c.Users {
		if err := s.AddUser(login, u); err != nil {
			return nil, err
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a listener on the loopback does not block
	if err != nil {
		return nil, err
	}
	options := &imapserver.Options{
		NewSession: s.newSession,
		Caps: goimap.CapSet{
			goimap.CapIMAP4rev1: {}, goimap.CapUIDPlus: {}, goimap.CapESearch: {},
			goimap.CapSpecialUse: {}, goimap.CapListExtended: {}, goimap.CapNamespace: {},
		},
		InsecureAuth: c.Security == mailstead.SecurityNone,
		Logger:       log.New(io.Discard, "", 0),
	}
	s.listener = l
	switch c.Security {
	case mailstead.SecurityTLS:
		l = tls.NewListener(l, c.TLS)
		options.InsecureAuth = true // the listener's TLS is nothing that the library sees
	case mailstead.SecurityStartTLS:
		options.TLSConfig = c.TLS
	case mailstead.SecurityNone, mailstead.SecurityAutomatic:
	}
	s.server = imapserver.New(options)
	go func() {
		defer close(s.serving)
		_ = s.server.Serve(l)
	}()
	return s, nil
}

// Close ends the server and its connections and waits for them. It may be called
// twice.
func (s *IMAPServer) Close() {
	s.mu.Lock()
	select {
	case <-s.closed:
	default:
		close(s.closed)
	}
	s.mu.Unlock()
	_ = s.server.Close()
	<-s.serving
	s.Cut()
	s.sessions.Wait()
}

// Addr returns host:port of the server.
func (s *IMAPServer) Addr() string { return s.listener.Addr().String() }

// Server returns the endpoint as an account names it.
func (s *IMAPServer) Server() mailstead.Server {
	port := 0
	if a, ok := s.listener.Addr().(*net.TCPAddr); ok {
		port = a.Port
	}
	return mailstead.Server{Protocol: mailstead.IMAP, Host: "127.0.0.1", Port: port, Security: s.config.Security}
}

// AddUser adds a mailbox.
func (s *IMAPServer) AddUser(login string, u IMAPUser) error {
	user := &imapUser{store: newIMAPStore(time.Now), password: u.Password, fault: u.Fault} //nolint:forbidigo // servers go by the machine's clock
	if err := user.store.create("INBOX", mailstead.FolderNone); err != nil {
		return err
	}
	// In order, so that the folders have the same UIDVALIDITY each time.
	for _, name := range slices.Sorted(maps.Keys(u.Folders)) {
		if err := user.store.create(name, u.Folders[name]); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[login] = user
	return nil
}

// SetPassword changes a user's password.
func (s *IMAPServer) SetPassword(login, password string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.users[login]; u != nil {
		u.password = password
	}
}

// SetFault breaks a user's mailbox, or mends it with "".
func (s *IMAPServer) SetFault(login string, f IMAPFault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.users[login]; u != nil {
		u.fault = f
	}
}

// Deliver puts a mail into a folder, unseen, as it arrived now.
func (s *IMAPServer) Deliver(login, folder string, raw []byte) error {
	return s.DeliverAt(login, folder, raw, time.Time{})
}

// DeliverAt is Deliver with the time of arrival, now for the zero time.
func (s *IMAPServer) DeliverAt(login, folder string, raw []byte, at time.Time) error {
	return s.Put(login, folder, IMAPMail{Data: raw, At: at})
}

// IMAPMail is a mail in a folder.
type IMAPMail struct {
	Data []byte
	// At is when it arrived, now for the zero time.
	At    time.Time
	Flags mailstead.Flags
}

// Put puts a mail into a folder as if it had been there for some time.
func (s *IMAPServer) Put(login, folder string, m IMAPMail) error {
	u := s.user(login)
	if u == nil {
		return mailstead.NotFound("mailbox")
	}
	_, err := u.store.add(folder, imapMail{data: m.Data, at: m.At, flags: imapFlags(m.Flags)})
	return err
}

// RaiseUIDs lets the UIDs of all mails that arrive from now on begin at next, if
// they are not there yet: a server that forgets what arrived must not give the
// UIDs of forgotten mails to others while its UIDVALIDITY stays.
func (s *IMAPServer) RaiseUIDs(login string, next mailstead.UID) {
	if u := s.user(login); u != nil {
		u.store.raise(goimap.UID(next))
	}
}

// imapFlags are flags in IMAP's words (RFC 9051 section 2.3.2).
func imapFlags(f mailstead.Flags) (out []goimap.Flag) {
	for _, c := range []struct {
		set  bool
		flag goimap.Flag
	}{
		{f.Seen, goimap.FlagSeen},
		{f.Answered, goimap.FlagAnswered},
		{f.Flagged, goimap.FlagFlagged},
		{f.Draft, goimap.FlagDraft},
		{f.Deleted, goimap.FlagDeleted},
	} {
		if c.set {
			out = append(out, c.flag)
		}
	}
	return out
}

// Connections tells how many connections were opened so far.
func (s *IMAPServer) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count
}

// Cut closes all connections without a word.
func (s *IMAPServer) Cut() { s.cut(func(string) bool { return true }) }

// CutUser closes the connections that a user signed in on.
func (s *IMAPServer) CutUser(login string) { s.cut(func(l string) bool { return l == login }) }

func (s *IMAPServer) cut(which func(login string) bool) {
	s.mu.Lock()
	var open []*imapserver.Conn
	for c, login := range s.conns {
		if which(login) {
			open = append(open, c)
		}
	}
	s.mu.Unlock()
	for _, c := range open {
		_ = c.NetConn().Close()
	}
}

func (s *IMAPServer) user(login string) *imapUser {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.users[login]
}

func (s *IMAPServer) fault(u *imapUser) IMAPFault {
	s.mu.Lock()
	defer s.mu.Unlock()
	return u.fault
}

// list returns the folders with their roles, by name.
func (s *imapStore) list() (names []string, roles map[string]mailstead.FolderRole) {
	s.mu.Lock()
	defer s.mu.Unlock()
	roles = make(map[string]mailstead.FolderRole)
	for name, f := range s.folders {
		names = append(names, name)
		roles[name] = f.role
	}
	slices.Sort(names)
	return names, roles
}
