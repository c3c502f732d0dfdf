package mailtest

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
)

// User is a person with a mailbox on a test server. The login is the address.
type User struct {
	Address  string
	Password string
}

// The people that every test server knows.
var (
	Anna = User{Address: "anna@example.com", Password: `anna's "secret": 1\2`}
	Ben  = User{Address: "ben@example.com", Password: "ben-secret"}
)

// DovecotOptions says how a Dovecot differs from a careful provider's. The zero
// value offers IMAP with STARTTLS on one port and TLS on another, with folders
// as Maildir and the users Anna and Ben.
type DovecotOptions struct {
	// CA issues the certificate; nil makes a new one.
	CA *CA
	// Certificate is what the server shows.
	Certificate Certificate
	// Users replaces Anna and Ben.
	Users []User
	// MoreUsers adds so many beside them: user1@example.com and so on.
	MoreUsers int
	// POP3 opens the ports of POP3, too.
	POP3 bool
	// MDBox stores mail as mdbox instead of Maildir.
	MDBox bool
	// NoTLS switches TLS off altogether.
	NoTLS bool
	// RequireTLS refuses to sign in on a connection that is not encrypted. The
	// server then listens on 127.0.0.2, as Dovecot trusts connections that
	// come from its own address.
	RequireTLS bool
	// Mechanisms are the SASL mechanisms offered; nil is PLAIN and LOGIN.
	Mechanisms []string
	// IdP issues tokens that are taken beside passwords.
	IdP *IdP
	// Config is appended to the configuration file.
	Config string
}

// DovecotServer is a running Dovecot. It tells at once of new mail to as many
// waiting connections as the kernel lets one user watch files
// (fs.inotify.max_user_instances, usually 128); the others learn of it later.
type DovecotServer struct {
	// Host is the loopback address that the ports are on.
	Host string
	// IMAPPort and POP3Port are without TLS at first; IMAPSPort and POP3SPort
	// start with it. A port is 0 when the options leave it out.
	IMAPPort, IMAPSPort int
	POP3Port, POP3SPort int
	// LMTPSocket takes mail for delivery, AuthSocket checks passwords.
	LMTPSocket, AuthSocket string
	// CA issued the certificate.
	CA *CA
	// Users are those the server was started with.
	Users []User

	t       testing.TB
	options DovecotOptions
	scratch *scratch
	account *account
	process process
	doveadm string
	count   atomic.Int64 // mails delivered; makes names unique
}

// Dovecot starts a Dovecot for the time of the test.
func Dovecot(t testing.TB, o DovecotOptions) *DovecotServer {
	t.Helper()
	s := &DovecotServer{t: t, options: o, Host: "127.0.0.1", CA: o.CA, Users: o.Users}
	binary := program(t, "dovecot")
	s.doveadm = program(t, "doveadm")
	if s.CA == nil {
		s.CA = NewCA(t)
	}
	if s.Users == nil {
		s.Users = []User{Anna, Ben}
	}
	s.Users = slices.Clone(s.Users)
	for i := range o.MoreUsers {
		s.Users = append(s.Users, User{
			Address: fmt.Sprintf("user%d@example.com", i+1), Password: fmt.Sprintf("secret-%d", i+1),
		})
	}
	if o.RequireTLS {
		s.Host = "127.0.0.2"
	}
	var err error
	if s.account, err = accountFor("dovecot"); err != nil {
		t.Fatalf("dovecot: %v", err)
	}
	if s.scratch, err = newScratch(s.account, "TERM"); err != nil {
		t.Fatalf("dovecot: %v", err)
	}
	s.takePorts()
	s.LMTPSocket, s.AuthSocket = s.scratch.path("lmtp"), s.scratch.path("auth")
	s.process = process{
		name: "dovecot", args: []string{binary, "-F", "-c", s.scratch.path("dovecot.conf")},
		account: s.account, stop: syscall.SIGTERM, log: s.scratch.path("log"), scratch: s.scratch,
	}
	t.Cleanup(s.cleanup)
	if err := s.writeFiles(); err != nil {
		t.Fatalf("dovecot: %v", err)
	}
	s.Start()
	return s
}

func (s *DovecotServer) takePorts() {
	s.IMAPPort = FreePort(s.t)
	if !s.options.NoTLS {
		s.IMAPSPort = FreePort(s.t)
	}
	if s.options.POP3 {
		s.POP3Port = FreePort(s.t)
		if !s.options.NoTLS {
			s.POP3SPort = FreePort(s.t)
		}
	}
}

// Start starts the server again after Stop, on the same ports.
func (s *DovecotServer) Start() {
	s.t.Helper()
	err := s.process.start()
	if err == nil {
		err = s.process.await(s.ready)
	}
	if err != nil {
		s.t.Fatalf("dovecot: %v", err)
	}
}

func (s *DovecotServer) ready() error {
	if err := greets(s.addr(s.IMAPPort), "* OK"); err != nil {
		return err
	}
	if s.POP3Port != 0 {
		return greets(s.addr(s.POP3Port), "+OK")
	}
	return nil
}

// Stop ends the server and all its connections. The mailboxes stay.
func (s *DovecotServer) Stop() {
	s.t.Helper()
	if err := s.process.end(); err != nil {
		s.t.Errorf("dovecot: %v", err)
	}
}

func (s *DovecotServer) cleanup() {
	s.Stop()
	if s.t.Failed() {
		s.t.Logf("dovecot's log:\n%s", s.Log())
	}
	if err := s.scratch.remove(); err != nil {
		s.t.Errorf("dovecot: %v", err)
	}
}

// Log returns the end of the server's log.
func (s *DovecotServer) Log() string { return tail(s.process.log, 200) }

func (s *DovecotServer) addr(port int) string { return fmt.Sprintf("%s:%d", s.Host, port) }

// IMAP returns the endpoint for IMAP with the given protection.
func (s *DovecotServer) IMAP(security mailstead.Security) mailstead.Server {
	return s.server(mailstead.IMAP, security, s.IMAPPort, s.IMAPSPort)
}

// POP3 returns the endpoint for POP3 with the given protection.
func (s *DovecotServer) POP3(security mailstead.Security) mailstead.Server {
	return s.server(mailstead.POP3, security, s.POP3Port, s.POP3SPort)
}

func (s *DovecotServer) server(p mailstead.Protocol, security mailstead.Security, plain, tls int) mailstead.Server {
	port := plain
	if security == mailstead.SecurityTLS {
		port = tls
	}
	return mailstead.Server{Protocol: p, Host: s.Host, Port: port, Security: security}
}

// AddUser makes a mailbox for one more user. Dovecot notices it at once.
func (s *DovecotServer) AddUser(u User) {
	s.t.Helper()
	if err := s.writeUser(u); err != nil {
		s.t.Fatalf("dovecot: add user: %v", err)
	}
}

// SetPassword changes the password of a user. Connections stay signed in.
func (s *DovecotServer) SetPassword(address, password string) {
	s.t.Helper()
	if err := s.writeUser(User{Address: address, Password: password}); err != nil {
		s.t.Fatalf("dovecot: set password: %v", err)
	}
	// Dovecot looks at a file once a second and goes by its time in seconds.
	file := s.userFile(address)
	at := time.Now().Add(time.Duration(s.count.Add(1)) * time.Hour)
	if err := os.Chtimes(file, at, at); err != nil {
		s.t.Fatalf("dovecot: set password: %v", err)
	}
	next := time.Now().Truncate(time.Second).Add(time.Second + pollInterval)
	time.Sleep(time.Until(next))
}

// userFile holds the password of one user. Dovecot sees a new file at once,
// where it would see a new line of a known file only after a while.
func (s *DovecotServer) userFile(address string) string {
	return s.scratch.path("users", strings.ToLower(address))
}

// writeUser keeps the password in the clear, so that every mechanism works, and
// in hexadecimal, as colons part the fields. The file is swapped, so that
// Dovecot never reads half of it.
func (s *DovecotServer) writeUser(u User) error {
	file := s.userFile(u.Address)
	line := fmt.Sprintf("%s:{PLAIN.hex}%s::::::\n", strings.ToLower(u.Address), hex.EncodeToString([]byte(u.Password)))
	if err := s.account.write(file+".new", []byte(line)); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

// Doveadm runs Dovecot's administration program, for what a test can't do over
// IMAP, and returns what it prints.
func (s *DovecotServer) Doveadm(args ...string) string {
	s.t.Helper()
	out, err := s.runDoveadm(args...)
	if err != nil {
		s.t.Fatalf("doveadm %s: %v", strings.Join(args, " "), err)
	}
	return out
}

func (s *DovecotServer) runDoveadm(args ...string) (string, error) {
	cmd := exec.Command(s.doveadm, append([]string{"-c", s.scratch.path("dovecot.conf")}, args...)...)
	cmd.Dir = s.scratch.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.account.credential()}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, stderr.String())
	}
	return string(out), nil
}

// home is where a user's mail and indexes are.
func (s *DovecotServer) home(user string) string {
	return filepath.Join(s.scratch.dir, "mail", user)
}
