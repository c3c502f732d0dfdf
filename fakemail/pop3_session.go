package fakemail

import (
	"bufio"
	"bytes"
	"crypto/subtle"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/mailstead/mailstead"
)

// pop3Session is one connection.
type pop3Session struct {
	server *POP3Server
	conn   net.Conn
	r      *bufio.Reader
	secure bool
	user   string
	drop   *pop3Drop
	// mails are those that were there at the sign-in.
	mails []pop3Mail
	fault POP3Fault
	sent  int
}

// maxPOP3Line bounds a command.
const maxPOP3Line = 4 << 10

func (s *POP3Server) talk(c net.Conn) {
	ss := &pop3Session{server: s, conn: c}
	if s.config.Security == mailstead.SecurityTLS {
		ss.conn, ss.secure = tls.Server(c, s.config.TLS), true
	}
	ss.r = bufio.NewReaderSize(ss.conn, maxPOP3Line)
	defer ss.unlock()
	greeting := s.config.Greeting
	if greeting == "" {
		greeting = "+OK POP3 ready"
	}
	if !ss.say(greeting) {
		return
	}
	for {
		line, err := ss.line()
		if err != nil {
			return
		}
		word, args, _ := strings.Cut(line, " ")
		word = strings.ToUpper(word)
		s.mu.Lock()
		s.commands = append(s.commands, word)
		s.mu.Unlock()
		if !ss.do(word, args) || word == "QUIT" {
			return
		}
	}
}

// unlock gives the maildrop free.
func (ss *pop3Session) unlock() {
	ss.server.mu.Lock()
	defer ss.server.mu.Unlock()
	if ss.drop != nil {
		ss.drop.locked, ss.drop = false, nil
	}
}

func (ss *pop3Session) line() (string, error) {
	line, err := ss.r.ReadSlice('\n')
	return strings.TrimRight(string(line), "\r\n"), err
}

func (ss *pop3Session) say(lines ...string) bool {
	_, err := io.WriteString(ss.conn, strings.Join(lines, "\r\n")+"\r\n")
	return err == nil
}

// do answers one command and tells whether the connection goes on.
func (ss *pop3Session) do(word, args string) bool {
	switch word {
	case "QUIT":
		ss.unlock()
		return ss.say("+OK bye")
	case "CAPA":
		return ss.capa()
	case "NOOP":
		return ss.say("+OK")
	}
	if ss.drop == nil {
		return ss.authorize(word, args)
	}
	switch word {
	case "STAT":
		return ss.say(fmt.Sprintf("+OK %d %d", len(ss.mails), ss.size()))
	case "LIST":
		return ss.list(args)
	case "UIDL":
		return ss.uidl()
	case "TOP":
		if ss.server.config.NoTOP {
			return ss.say("-ERR unknown command")
		}
		return ss.retr(args, true)
	case "RETR":
		return ss.retr(args, false)
	}
	return ss.say("-ERR unknown command")
}

func (ss *pop3Session) capa() bool {
	c := &ss.server.config
	if c.NoCAPA {
		return ss.say("-ERR unknown command")
	}
	lines := []string{"+OK capabilities follow", "USER", "UIDL"}
	if !c.NoCodes {
		lines = append(lines, "RESP-CODES", "AUTH-RESP-CODE")
	}
	if !c.NoTOP {
		lines = append(lines, "TOP")
	}
	if !c.NoPipelining {
		lines = append(lines, "PIPELINING")
	}
	if !c.NoSASL {
		lines = append(lines, "SASL PLAIN LOGIN")
	}
	if c.LoginDelay > 0 {
		lines = append(lines, "LOGIN-DELAY "+strconv.Itoa(c.LoginDelay))
	}
	if c.Security == mailstead.SecurityStartTLS && !c.HideSTLS && !ss.secure {
		lines = append(lines, "STLS")
	}
	return ss.say(append(lines, ".")...)
}

// authorize answers the commands before the sign-in.
func (ss *pop3Session) authorize(word, args string) bool {
	switch {
	case word == "STLS" && ss.server.config.Security == mailstead.SecurityStartTLS && !ss.secure:
		return ss.startTLS()
	case word == "USER":
		ss.user = args
		return ss.say("+OK")
	case word == "PASS":
		return ss.signIn(ss.user, args)
	case word == "AUTH" && !ss.server.config.NoSASL:
		return ss.auth(strings.ToUpper(args))
	}
	return ss.say("-ERR unknown command")
}

func (ss *pop3Session) startTLS() bool {
	if ss.server.config.RefuseSTLS {
		return ss.say("-ERR TLS is not available at the moment")
	}
	if !ss.say("+OK begin TLS") {
		return false
	}
	ss.conn, ss.secure = tls.Server(ss.conn, ss.server.config.TLS), true
	ss.r = bufio.NewReaderSize(ss.conn, maxPOP3Line)
	return true
}

// auth is PLAIN or LOGIN without an initial response (RFC 5034).
func (ss *pop3Session) auth(mechanism string) bool {
	challenges := map[string][]string{"PLAIN": {""}, "LOGIN": {"Username:", "Password:"}}[mechanism]
	if challenges == nil {
		return ss.say("-ERR unknown mechanism")
	}
	var answers []string
	for _, c := range challenges {
		if !ss.say("+ " + base64.StdEncoding.EncodeToString([]byte(c))) {
			return false
		}
		line, err := ss.line()
		if err != nil {
			return false
		}
		answer, err := base64.StdEncoding.DecodeString(line)
		if err != nil {
			return ss.say("-ERR not base64")
		}
		answers = append(answers, string(answer))
	}
	if mechanism == "PLAIN" {
		answers = strings.Split(answers[0], "\x00")[1:]
	}
	if len(answers) != 2 {
		return ss.say("-ERR broken answer")
	}
	return ss.signIn(answers[0], answers[1])
}

func (ss *pop3Session) signIn(login, password string) bool {
	s := ss.server
	s.mu.Lock()
	d := s.drops[login]
	known := d != nil && subtle.ConstantTimeCompare([]byte(d.password), []byte(password)) == 1
	words := ""
	switch {
	case !known || d.fault == POP3Refuse:
		words = "-ERR [AUTH] Authentication failed."
	case d.fault == POP3InUse || d.locked:
		words = "-ERR [IN-USE] Mailbox is locked by another POP3 session."
	case d.fault == POP3LoginDelay:
		words = "-ERR [LOGIN-DELAY] Minimum time between mail checks violation"
	case d.fault == POP3Unavailable:
		words = "-ERR [SYS/TEMP] Temporary authentication failure."
	default:
		d.locked, ss.drop, ss.fault, ss.mails = true, d, d.fault, slices.Clone(d.mails)
	}
	s.mu.Unlock()
	if words == "" {
		words = "+OK Logged in."
	}
	if before, after, ok := strings.Cut(words, "["); ok && s.config.NoCodes {
		_, after, _ = strings.Cut(after, "] ")
		words = before + after
	}
	return ss.say(words)
}

func (ss *pop3Session) size() (n int) {
	for _, m := range ss.mails {
		n += len(m.data)
	}
	return n
}

// endless is how much is sent of what has no end: more than any client may take.
const endless = 96 << 20

func (ss *pop3Session) list(args string) bool {
	if args != "" {
		if n, err := strconv.Atoi(args); err == nil && n >= 1 && n <= len(ss.mails) {
			return ss.say(fmt.Sprintf("+OK %d %d", n, len(ss.mails[n-1].data)))
		}
		return ss.say("-ERR no such message")
	}
	switch ss.fault {
	case POP3EndlessLine:
		return ss.say("+OK") && ss.flood("1 1000000")
	case POP3EndlessList:
		return ss.say("+OK") && ss.flood("1 100\r\n")
	case POP3Garbage:
		return ss.say("HTTP/1.1 400 Bad Request")
	default:
	}
	lines := []string{"+OK"}
	for i, m := range ss.mails {
		size := len(m.data)
		if ss.fault == POP3WrongCount {
			size = i % 3
			lines = append(lines, fmt.Sprintf("%d nonsense", i+1))
		}
		lines = append(lines, fmt.Sprintf("%d %d", i+1, size))
	}
	if ss.fault == POP3WrongCount {
		lines = append(lines, fmt.Sprintf("%d 12", len(ss.mails)+7), "-3 5", "x", "")
	}
	return ss.say(append(lines, ".")...)
}

func (ss *pop3Session) flood(text string) bool {
	block := bytes.Repeat([]byte(text), 4<<10)
	for sent := 0; sent < endless; sent += len(block) {
		if _, err := ss.conn.Write(block); err != nil {
			return false
		}
	}
	return true
}

func (ss *pop3Session) uidl() bool {
	if ss.fault == POP3NoUIDL {
		return ss.say("-ERR unimplemented")
	}
	lines := []string{"+OK"}
	for i, m := range ss.mails {
		switch {
		case ss.fault == POP3HalfUIDL && i%2 == 1:
			continue
		case ss.fault == POP3SameUIDL:
			m.uidl = "same"
		}
		lines = append(lines, fmt.Sprintf("%d %s", i+1, m.uidl))
	}
	return ss.say(append(lines, ".")...)
}

func (ss *pop3Session) retr(args string, header bool) bool {
	number, _, _ := strings.Cut(args, " ")
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > len(ss.mails) {
		return ss.say("-ERR no such message")
	}
	if ss.fault == POP3RefuseMail && n%2 == 0 {
		return ss.say("-ERR cannot read that message")
	}
	data := ss.mails[n-1].data
	if i := bytes.Index(data, []byte("\r\n\r\n")); header && i >= 0 {
		data = data[:i+4]
	}
	var out bytes.Buffer
	out.WriteString("+OK\r\n")
	for line := range bytes.Lines(data) {
		if line[0] == '.' {
			out.WriteByte('.')
		}
		out.Write(line)
	}
	if !bytes.HasSuffix(data, []byte("\n")) {
		out.WriteString("\r\n")
	}
	out.WriteString(".\r\n")
	if ss.sent++; ss.fault == POP3Cut && ss.sent == 2 {
		_, _ = ss.conn.Write(out.Bytes()[:out.Len()/2])
		return false
	}
	_, err = ss.conn.Write(out.Bytes())
	return err == nil
}
