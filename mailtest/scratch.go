package mailtest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// watchdogScript waits at the other end of a pipe. Each line names the process
// group to end; the line "done" means that all is cleaned up. End of file
// without it means that the test process died: the group is ended and the
// directory removed in its place.
const watchdogScript = `
dir=$1 signal=$2 group=
while read -r line; do
	[ "$line" = done ] && exit 0
	group=$line
done
if [ -n "$group" ]; then
	kill -s "$signal" -- "-$group"
	tries=0
	while kill -s 0 -- "-$group" && [ $tries -lt 50 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	kill -s KILL -- "-$group"
fi
rm -rf -- "$dir"
`

// scratch is a directory for one server, with the watchdog that removes it if
// the test process is killed.
type scratch struct {
	dir   string
	leash io.WriteCloser
	dog   *exec.Cmd
}

// newScratch makes a directory that belongs to owner. The watchdog ends the
// server's process group with the named signal.
func newScratch(owner *account, signal string) (*scratch, error) {
	dir, err := os.MkdirTemp(scratchRoot(), "ms-")
	if err != nil {
		return nil, err
	}
	s := &scratch{dir: dir}
	if err := s.prepare(owner, signal); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, nil
}

func (s *scratch) prepare(owner *account, signal string) error {
	// Servers run under several users, who all must reach their part of it.
	if err := os.Chmod(s.dir, 0o755); err != nil {
		return err
	}
	if err := owner.own(s.dir); err != nil {
		return err
	}
	s.dog = exec.Command("/bin/sh", "-c", watchdogScript, "watchdog", s.dir, signal)
	// A group of its own: Ctrl-C in a terminal must not reach it.
	s.dog.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var err error
	if s.leash, err = s.dog.StdinPipe(); err != nil {
		return err
	}
	return s.dog.Start()
}

// guard tells the watchdog which process group to end.
func (s *scratch) guard(group int) error {
	_, err := fmt.Fprintln(s.leash, group)
	return err
}

// remove deletes the directory and dismisses the watchdog, which tries again
// when that did not work.
func (s *scratch) remove() error {
	err := os.RemoveAll(s.dir)
	if err == nil {
		_, err = fmt.Fprintln(s.leash, "done")
	}
	s.leash.Close()
	return errors.Join(err, s.dog.Wait())
}

func (s *scratch) path(elem ...string) string {
	return filepath.Join(append([]string{s.dir}, elem...)...)
}

// scratchRoot is TMPDIR unless it is too long for sockets or closed to the users
// that servers run under.
func scratchRoot() string {
	root := os.TempDir()
	if len(root) > 40 {
		return "/tmp"
	}
	for p := root; p != "/" && p != "."; p = filepath.Dir(p) {
		if info, err := os.Stat(p); err != nil || info.Mode().Perm()&0o001 == 0 {
			return "/tmp"
		}
	}
	return root
}

// account is the user of the machine that a server runs under.
type account struct {
	name, group string
	uid, gid    int
	// drop is set when the test process must change to that user.
	drop bool
}

// accountFor returns the named user when the tests run as root, which servers
// refuse to do, and the current user otherwise.
func accountFor(name string) (*account, error) {
	drop := os.Getuid() == 0
	var u *user.User
	var err error
	if drop {
		u, err = user.Lookup(name)
	} else {
		u, err = user.Current()
	}
	if err != nil {
		return nil, err
	}
	g, err := user.LookupGroupId(u.Gid)
	if err != nil {
		return nil, err
	}
	a := &account{name: u.Username, group: g.Name, drop: drop}
	if a.uid, err = strconv.Atoi(u.Uid); err != nil {
		return nil, err
	}
	a.gid, err = strconv.Atoi(u.Gid)
	return a, err
}

// own gives a file to the account.
func (a *account) own(path string) error {
	if !a.drop {
		return nil
	}
	return os.Lchown(path, a.uid, a.gid)
}

// mkdir makes a directory, and those above it that are missing, for the account.
func (a *account) mkdir(path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	if err := a.mkdir(filepath.Dir(path)); err != nil {
		return err
	}
	if err := os.Mkdir(path, 0o755); err != nil && !os.IsExist(err) {
		return err
	}
	return a.own(path)
}

// write makes a file for the account.
func (a *account) write(path string, data []byte) error {
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return err
	}
	return a.own(path)
}

func (a *account) credential() *syscall.Credential {
	if !a.drop {
		return nil
	}
	return &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
}

// tail returns the last lines of a file, for a failed test.
func tail(path string, lines int) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	if len(all) > lines {
		all = append([]string{fmt.Sprintf("(%d earlier lines left out)", len(all)-lines)}, all[len(all)-lines:]...)
	}
	return strings.Join(all, "\n")
}

// program finds a server's binary, which Debian keeps out of a normal user's
// PATH, or fails with the sentence that helps.
func program(t testing.TB, name string, elsewhere ...string) string {
	t.Helper()
	for _, candidate := range append([]string{name, "/usr/sbin/" + name}, elsewhere...) {
		if path, err := exec.LookPath(candidate); err == nil {
			return path
		}
	}
	t.Fatalf("%s is not installed: run scripts/install-test-deps", name)
	return ""
}
