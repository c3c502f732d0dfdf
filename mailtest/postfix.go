package mailtest

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/mailstead/mailstead"
)

// Addresses that a test Postfix treats in a special way.
const (
	// GoneAddress is accepted at RCPT and then refused by the mailbox server,
	// so that the sender gets a bounce (RFC 3464).
	GoneAddress = "gone@example.com"
	// SinkDomain accepts every address and forgets the mail.
	SinkDomain = "sink.example"
)

// PostfixOptions says how a Postfix differs from a careful provider's. The zero
// value offers submission with STARTTLS on one port and TLS on another, both
// only for those who sign in.
type PostfixOptions struct {
	// CA issues the certificate; nil takes that of the mailboxes' Dovecot.
	CA *CA
	// Certificate is what the server shows.
	Certificate Certificate
	// NoTLS offers no STARTTLS on the submission port, where passwords then
	// cross in the clear. The port with TLS stays.
	NoTLS bool
	// MessageSizeLimit is in bytes; 0 is Postfix's default of 10 MB.
	MessageSizeLimit int
	// Config is appended to main.cf.
	Config string
}

// PostfixServer is a running Postfix. It takes mail for the users of its Dovecot
// (known at its start), for GoneAddress and for SinkDomain and refuses all other
// recipients: nothing leaves the machine.
type PostfixServer struct {
	// Host is the loopback address that the ports are on.
	Host string
	// SubmissionPort starts without TLS, SubmissionsPort with it.
	SubmissionPort, SubmissionsPort int
	// CA issued the certificate.
	CA *CA

	t       testing.TB
	options PostfixOptions
	dovecot *DovecotServer
	scratch *scratch
	account *account
	process process
}

// Postfix starts a Postfix for the time of the test. Passwords and mailboxes are
// those of dovecot.
func Postfix(t testing.TB, dovecot *DovecotServer, o PostfixOptions) *PostfixServer {
	t.Helper()
	if os.Getuid() != 0 {
		t.Fatal("postfix: its master process must be started by root; run the tests as root, or with sudo")
	}
	s := &PostfixServer{t: t, options: o, dovecot: dovecot, Host: "127.0.0.1", CA: o.CA}
	master := program(t, "/usr/lib/postfix/sbin/master", "/usr/libexec/postfix/master")
	if s.CA == nil {
		s.CA = dovecot.CA
	}
	var err error
	if s.account, err = accountFor("postfix"); err != nil {
		t.Fatalf("postfix: %v", err)
	}
	// The configuration must belong to root, the mail queue to postfix.
	if s.scratch, err = newScratch(&account{}, "TERM"); err != nil {
		t.Fatalf("postfix: %v", err)
	}
	s.SubmissionPort, s.SubmissionsPort = FreePort(t), FreePort(t)
	s.process = process{
		name: "postfix", args: []string{master, "-c", s.scratch.path("conf"), "-d"},
		stop: syscall.SIGTERM, log: s.scratch.path("log"), scratch: s.scratch,
	}
	t.Cleanup(s.cleanup)
	err = s.writeFiles(filepath.Dir(master))
	if err == nil {
		err = s.makeQueue()
	}
	if err != nil {
		t.Fatalf("postfix: %v", err)
	}
	s.Start()
	return s
}

// Start starts the server again after Stop, on the same ports.
func (s *PostfixServer) Start() {
	s.t.Helper()
	err := s.process.start()
	if err == nil {
		err = s.process.await(func() error { return greets(fmt.Sprintf("%s:%d", s.Host, s.SubmissionPort), "220 ") })
	}
	if err != nil {
		s.t.Fatalf("postfix: %v", err)
	}
}

// Stop ends the server and all its connections. Its queue stays.
func (s *PostfixServer) Stop() {
	s.t.Helper()
	if err := s.process.end(); err != nil {
		s.t.Errorf("postfix: %v", err)
	}
}

func (s *PostfixServer) cleanup() {
	s.Stop()
	if s.t.Failed() {
		s.t.Logf("postfix's log:\n%s", s.Log())
	}
	if err := s.scratch.remove(); err != nil {
		s.t.Errorf("postfix: %v", err)
	}
}

// Log returns the end of the server's log.
func (s *PostfixServer) Log() string {
	return tail(s.scratch.path("mail.log"), 200) + "\n" + tail(s.process.log, 50)
}

// SMTP returns the endpoint for submission with the given protection.
func (s *PostfixServer) SMTP(security mailstead.Security) mailstead.Server {
	port := s.SubmissionPort
	if security == mailstead.SecurityTLS {
		port = s.SubmissionsPort
	}
	return mailstead.Server{Protocol: mailstead.SMTP, Host: s.Host, Port: port, Security: security}
}

// makeQueue makes the directories with the rights that "postfix check" gives.
func (s *PostfixServer) makeQueue() error {
	info, err := os.Stat("/usr/sbin/postdrop")
	if err != nil {
		return err
	}
	// postdrop's group may hand in mail and wake the queue manager.
	postdrop := int(info.Sys().(*syscall.Stat_t).Gid)
	dirs := []struct {
		name     string
		mode     os.FileMode
		uid, gid int
	}{
		{"data", 0o700, s.account.uid, s.account.gid},
		{"queue", 0o755, 0, 0},
		{"queue/pid", 0o755, 0, 0},
		{"queue/maildrop", 0o730, s.account.uid, postdrop},
		{"queue/public", 0o710, s.account.uid, postdrop},
	}
	for _, name := range []string{
		"active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace",
	} {
		dirs = append(dirs, struct {
			name     string
			mode     os.FileMode
			uid, gid int
		}{"queue/" + name, 0o700, s.account.uid, 0})
	}
	for _, d := range dirs {
		path := s.scratch.path(d.name)
		if err := os.Mkdir(path, 0o700); err != nil {
			return err
		}
		if err := os.Chown(path, d.uid, d.gid); err != nil {
			return err
		}
		if err := os.Chmod(path, d.mode); err != nil {
			return err
		}
	}
	return nil
}
