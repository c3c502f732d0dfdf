//go:build realservers

package mailtest_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/mailtest"
)

// otherRole names the variable that makes a test play the part of a second test
// process, which it starts itself.
const otherRole = "MAILTEST_OTHER_ROLE"

// secondProcess runs the named test of this binary again, in its other role.
func secondProcess(t *testing.T, name string) *exec.Cmd {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), binary, "-test.v", "-test.run=^"+name+"$")
	cmd.Env = append(os.Environ(), otherRole+"=1")
	return cmd
}

func TestServersOfAKilledTestProcessEnd(t *testing.T) {
	if os.Getenv(otherRole) != "" {
		s := mailtest.Stack(t, mailtest.DovecotOptions{}, mailtest.PostfixOptions{})
		signIn(t, s.Dovecot, mailstead.SecurityNone, mailtest.Anna, nil)
		dsn := mailtest.Postgres(t)
		addr := strings.Split(strings.SplitAfter(dsn, "@")[1], "/")[0]
		fmt.Println("started:", filepath.Dir(s.Dovecot.LMTPSocket),
			s.Dovecot.IMAP(mailstead.SecurityNone).Addr(), s.Postfix.SMTP(mailstead.SecurityTLS).Addr(), addr)
		io.Copy(io.Discard, os.Stdin) // until killed
		return
	}
	cmd := secondProcess(t, t.Name())
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var dir string
	var addrs []string
	for lines := bufio.NewScanner(stdout); addrs == nil; {
		if !lines.Scan() {
			t.Fatal("the second process ended before its servers ran")
		}
		if words := strings.Fields(lines.Text()); len(words) > 2 && words[0] == "started:" {
			dir, addrs = words[1], words[2:]
		}
	}
	cmd.Process.Kill()
	cmd.Wait()
	for _, addr := range addrs {
		mailtest.Await(t, addr+" to be closed", func() bool {
			c, err := net.Dial("tcp", addr)
			if err == nil {
				c.Close()
			}
			return err != nil
		})
	}
	mailtest.Await(t, dir+" to be removed", func() bool {
		_, err := os.Stat(dir)
		return os.IsNotExist(err)
	})
}

func TestAServerLeavesNothingBehind(t *testing.T) {
	var dir, addr string
	t.Run("for one test", func(t *testing.T) {
		s := mailtest.Dovecot(t, mailtest.DovecotOptions{})
		signIn(t, s, mailstead.SecurityNone, mailtest.Anna, nil)
		dir, addr = filepath.Dir(s.LMTPSocket), s.IMAP(mailstead.SecurityNone).Addr()
	})
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the directory is still there: %v", err)
	}
	if c, err := net.Dial("tcp", addr); err == nil {
		c.Close()
		t.Error("the port still accepts connections")
	}
	if left := processesWith(t, dir); len(left) > 0 {
		t.Errorf("processes are left: %q", left)
	}
}

// processesWith returns the command lines that hold text.
func processesWith(t *testing.T, text string) (found []string) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if line, err := os.ReadFile(f); err == nil && strings.Contains(string(line), text) {
			found = append(found, string(line))
		}
	}
	return found
}

func TestDovecotAndPostgresRunForAnOrdinaryUser(t *testing.T) {
	if os.Getenv(otherRole) != "" || os.Getuid() != 0 {
		s := mailtest.Dovecot(t, mailtest.DovecotOptions{POP3: true})
		s.Deliver(mailtest.Anna.Address, "INBOX", mailNumber(1).Raw)
		c := signIn(t, s, mailstead.SecurityTLS, mailtest.Anna, nil)
		if box, err := c.Select("INBOX", nil).Wait(); err != nil || box.NumMessages != 1 {
			t.Errorf("the inbox has %v, %v; want 1 mail", box, err)
		}
		mailtest.Postgres(t)
		return
	}
	cmd := secondProcess(t, t.Name())
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(nobody.Uid)
	gid, _ := strconv.Atoi(nobody.Gid)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	// The test binary lies where only its owner may look: it is given as an
	// open file.
	binary, err := os.Open(cmd.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer binary.Close()
	cmd.ExtraFiles = []*os.File{binary}
	cmd.Path, cmd.Dir = "/proc/self/fd/3", "/"
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("as %s: %v\n%s", nobody.Username, err, out)
	}
}
