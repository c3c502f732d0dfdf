package imap_test

import (
	"bufio"
	"crypto/tls"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/dial"
	"github.com/mailstead/mailstead/mailtest"
	"github.com/mailstead/mailstead/provider/imap"
)

// script is a server that says what a test tells it to.
type script struct {
	// greeting comes first; empty means one with all that the driver likes.
	greeting string
	// answers are tried in order: the first whose command the client's line
	// matches, without its tag, is sent.
	answers []answer
	tls     *tls.Config

	t        *testing.T
	listener net.Listener
	mu       sync.Mutex
	lines    []string
	conns    []net.Conn
	done     sync.WaitGroup
}

// answer is what a command gets. In text, TAG stands for the command's tag and
// CLOSE ends the connection; lines end in LF and are sent with CRLF. An answer
// with once is used one time only.
type answer struct {
	command string
	text    string
	once    bool
	used    bool
	// raw sends text as it is, without turning line ends.
	raw bool
	// do is called instead of sending text.
	do func(c net.Conn, tag string)
}

const plainCaps = "IMAP4rev1 SASL-IR AUTH=PLAIN"

// signedIn are the answers that let the driver come as far as an open folder
// with mails.
func signedIn(more ...answer) []answer {
	return append(more,
		answer{command: "AUTHENTICATE PLAIN ", text: "TAG OK [CAPABILITY IMAP4rev1 IDLE ESEARCH] welcome\n"},
		answer{command: "EXAMINE ", text: "* 3 EXISTS\n* OK [UIDVALIDITY 7] a\n* OK [UIDNEXT 104] b\nTAG OK done\n"},
		answer{command: "CAPABILITY", text: "* CAPABILITY " + plainCaps + "\nTAG OK done\n"},
		answer{command: "LOGOUT", text: "* BYE bye\nTAG OK done\nCLOSE\n"},
		answer{command: "NOOP", text: "TAG OK done\n"},
	)
}

// serve starts a script.
func serve(t *testing.T, s *script) mailstead.Server {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.t, s.listener = t, l
	if s.greeting == "" {
		s.greeting = "* OK [CAPABILITY " + plainCaps + "] ready\n"
	}
	s.done.Go(s.accept)
	t.Cleanup(func() {
		_ = l.Close()
		s.mu.Lock()
		for _, c := range s.conns {
			_ = c.Close()
		}
		s.mu.Unlock()
		s.done.Wait()
	})
	return mailstead.Server{
		Protocol: mailstead.IMAP, Host: "127.0.0.1", Security: mailstead.SecurityNone,
		Port: l.Addr().(*net.TCPAddr).Port,
	}
}

func (s *script) accept() {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns = append(s.conns, c)
		s.mu.Unlock()
		s.done.Go(func() {
			defer c.Close()
			s.talk(c)
		})
	}
}

var literalEnd = regexp.MustCompile(`\{(\d+)(\+?)\}$`)

func (s *script) talk(c net.Conn) {
	br := bufio.NewReader(c)
	if !s.say(c, answer{text: s.greeting}, "") {
		return
	}
	for {
		line, err := br.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		s.mu.Lock()
		s.lines = append(s.lines, line)
		tag, command, tagged := strings.Cut(line, " ")
		if !tagged {
			tag, command = "", line
		}
		a, found := s.find(command)
		s.mu.Unlock()
		switch {
		case !found && (!tagged || literalEnd.MatchString(line)):
			continue
		case !found:
			a = answer{text: "TAG BAD unknown command\n"}
		}
		if a.do != nil {
			a.do(c, tag)
			continue
		}
		if !s.say(c, a, tag) {
			return
		}
		if command == "STARTTLS" && s.tls != nil {
			c = tls.Server(c, s.tls)
			br = bufio.NewReader(c)
		}
	}
}

func (s *script) find(command string) (answer, bool) {
	for i := range s.answers {
		a := &s.answers[i]
		if strings.HasPrefix(command, a.command) && !(a.once && a.used) {
			a.used = true
			return *a, true
		}
	}
	return answer{}, false
}

// say sends text and tells whether the connection goes on.
func (s *script) say(c net.Conn, a answer, tag string) bool {
	text, closing := strings.CutSuffix(a.text, "CLOSE\n")
	text = strings.ReplaceAll(text, "TAG", tag)
	if !a.raw {
		text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
	}
	_, err := c.Write([]byte(text))
	return err == nil && !closing
}

// said returns the lines that the client sent.
func (s *script) said() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.lines...)
}

// quickDriver gives up soon.
func quickDriver(t *testing.T, c imap.Config, ca *mailtest.CA) *imap.Driver {
	t.Helper()
	d := dial.Config{Allowed: loopback(), IOTimeout: 300 * time.Millisecond}
	if ca != nil {
		d.Roots = ca.Pool()
	}
	c.Dialer = dial.New(d)
	return imap.New(c)
}

const scriptSecret = "hunter2-hunter2"

func scriptAccess(s mailstead.Server) mailstead.Access {
	return mailstead.Access{Server: s, Login: "ann", Secret: mailstead.NewSecret(scriptSecret), AllowPlain: true}
}

// openScript signs in to a script and opens INBOX.
func openScript(t *testing.T, s *script) mailstead.Source {
	t.Helper()
	src, err := quickDriver(t, imap.Config{}, nil).Open(t.Context(), scriptAccess(serve(t, s)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = src.Close() })
	if _, err := src.Select(t.Context(), "INBOX"); err != nil {
		t.Fatal(err)
	}
	return src
}
