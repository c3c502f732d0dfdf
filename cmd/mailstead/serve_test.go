package main_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mailstead/mailstead/mailtest"
)

func TestStartsWithinASecond(t *testing.T) {
	// The best of some: the machine may be busy with other tests.
	best := time.Hour
	for range 5 {
		s := serve(t, t.TempDir())
		best = min(best, s.started)
		s.stop()
	}
	t.Logf("listening after %v", best)
	if best > time.Second {
		t.Errorf("the fastest start took %v, want under 1 s", best)
	}
}

// TestSetupLink: who starts the service can open the page for the first
// administrator by one click, wherever the pages are reached.
func TestSetupLink(t *testing.T) {
	t.Setenv("MAILSTEAD_PUBLIC_URL", "")
	for _, tt := range []struct {
		name string
		args []string
		// host is what the link names; "" is where the service listens.
		host string
	}{
		{name: "here"},
		{name: "on all addresses", args: []string{"--listen", "0.0.0.0:0"}, host: "http://localhost:"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, t.TempDir(), tt.args...)
			link := regexp.MustCompile(`\n    (\S+)/setup#token=(\S+)\n`).FindStringSubmatch(s.log.String())
			if link == nil {
				t.Fatal("no link was printed")
			}
			want := s.url
			if tt.host != "" {
				want = tt.host + s.url[strings.LastIndexByte(s.url, ':')+1:]
			}
			if link[1] != want || link[2] != s.setupToken() {
				t.Errorf("the link is %s with token %s, want %s with %s", link[1], link[2], want, s.setupToken())
			}
		})
	}
	t.Run("behind a proxy", func(t *testing.T) {
		t.Setenv("MAILSTEAD_PUBLIC_URL", "https://mail.example.com/")
		s := serve(t, t.TempDir())
		if !strings.Contains(s.log.String(), "\n    https://mail.example.com/setup#token="+s.setupToken()+"\n") {
			t.Error("the link does not name the public address")
		}
	})
}

// memory is the resident memory of the process in MB.
func (s *service) memory() int {
	s.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	must(s.t, err)
	m := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(status)
	if m == nil {
		s.t.Fatalf("no VmRSS in\n%s", status)
	}
	kb, err := strconv.Atoi(string(m[1]))
	must(s.t, err)
	return kb >> 10
}

func TestIdleServiceIsSmall(t *testing.T) {
	t.Parallel()
	const watched = 3 * time.Second
	o := newFakeOffice(t)
	for _, accounts := range []int{0, 1} {
		t.Run(fmt.Sprintf("%d accounts", accounts), func(t *testing.T) {
			s := serve(t, t.TempDir(), o.flags...)
			s.setUp()
			if accounts > 0 {
				o.connect(s, 100)
			}
			peak, begin := 0, time.Now()
			mailtest.Await(t, "some seconds", func() bool {
				peak = max(peak, s.memory())
				return time.Since(begin) > watched
			})
			t.Logf("%d MB, %d MB at most", s.memory(), peak)
			if peak > mostIdle {
				t.Errorf("%d MB, want under %d", peak, mostIdle)
			}
		})
	}
}

// signalled sends a signal and waits for the end of the process.
func (s *service) signalled(sig os.Signal) time.Duration {
	s.t.Helper()
	begin := time.Now()
	must(s.t, s.cmd.Process.Signal(sig))
	select {
	case <-s.ended:
	case <-time.After(20 * time.Second):
		s.t.Fatalf("%v does not end mailstead", sig)
	}
	return time.Since(begin)
}

// occupy opens an event stream, begins a request that never ends and lets a mail
// hang in sending.
func (o *fakeOffice) occupy(s *service) {
	s.t.Helper()
	for _, cookie := range []bool{true, false} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		must(s.t, err)
		s.t.Cleanup(func() { conn.Close() })
		if cookie {
			fmt.Fprintf(conn, "GET /api/v1/events HTTP/1.1\r\nHost: mailstead\r\nCookie: %s\r\n\r\n", s.cookie())
			line, err := bufio.NewReader(conn).ReadString('\n')
			if err != nil || !strings.Contains(line, "200") {
				s.t.Fatalf("the event stream answers %q, %v", line, err)
			}
			continue
		}
		fmt.Fprintf(conn, "POST /api/v1/session HTTP/1.1\r\nHost: mailstead\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
	}
	call[any](s, http.MethodPost, "/outbox", map[string]any{
		"to": []any{map[string]any{"address": "slow@example.com"}}, "subject": "Slow", "text": "Slow.",
	})
	mailtest.Await(s.t, "the mail waits for its answer", func() bool { return o.smtp.Total() > 0 })
}

// cookie is the session cookie as a header has it.
func (s *service) cookie() string {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url, nil)
	must(s.t, err)
	var all []string
	for _, c := range s.client.Jar.Cookies(r.URL) {
		all = append(all, c.String())
	}
	if len(all) == 0 {
		s.t.Fatal("there is no session")
	}
	return strings.Join(all, "; ")
}

func TestSignalsEndTheService(t *testing.T) {
	t.Parallel()
	for _, sig := range []os.Signal{syscall.SIGINT, syscall.SIGTERM} {
		for _, busy := range []bool{false, true} {
			t.Run(fmt.Sprintf("%v busy=%t", sig, busy), func(t *testing.T) {
				t.Parallel()
				o := newFakeOffice(t)
				s := serve(t, t.TempDir(), o.flags...)
				s.setUp()
				o.connect(s, 1)
				if busy {
					o.occupy(s)
				}
				took := s.signalled(sig)
				t.Logf("ended after %v", took)
				if took > 5*time.Second || s.exit != nil {
					t.Errorf("ended after %v with %v, want within 5 s and exit code 0", took, s.exit)
				}
				if left, err := filepath.Glob(filepath.Join(s.data, "*.sock")); err != nil || len(left) > 0 {
					t.Errorf("the socket is still there: %v", left)
				}
				s.start()
			})
		}
	}
}

func TestSecondSignalEndsAtOnce(t *testing.T) {
	o := newFakeOffice(t)
	s := serve(t, t.TempDir(), o.flags...)
	s.setUp()
	o.connect(s, 1)
	o.occupy(s)
	must(t, s.cmd.Process.Signal(syscall.SIGINT))
	mailtest.Await(t, "it is stopping", func() bool { return strings.Contains(s.log.String(), "msg=stopping") })
	// Like somebody who goes on pressing ctrl-C: the first of these may still be too
	// early by a moment.
	begin := time.Now()
	mailtest.Await(t, "it ends", func() bool {
		_ = s.cmd.Process.Signal(syscall.SIGINT)
		select {
		case <-s.ended:
			return true
		default:
			return false
		}
	})
	if took := time.Since(begin); took > 2*time.Second || s.exit == nil {
		t.Errorf("ended after %v with %v, want at once and by the signal", took, s.exit)
	}
}

func TestFilesAndSocketAreForTheOwnerAlone(t *testing.T) {
	data := filepath.Join(t.TempDir(), "new", "data")
	s := serve(t, data)
	s.setUp()
	for name, want := range map[string]os.FileMode{
		"": os.ModeDir | 0o700, "mailstead.sock": os.ModeSocket | 0o600, "key": 0o600, "mailstead.db": 0o600, "blobs": os.ModeDir | 0o700,
	} {
		info, err := os.Stat(filepath.Join(data, name))
		if err != nil || info.Mode() != want {
			t.Errorf("%q: %v and %v, want %v", name, err, info.Mode(), want)
		}
	}
}

func TestSecondServiceOnADataDirectoryIsRefused(t *testing.T) {
	s := serve(t, t.TempDir())
	for _, c := range []string{"serve --listen 127.0.0.1:0", "db migrate"} {
		r := s.cli("", strings.Fields(c)...)
		if r.code != 73 || r.stderr != "mailstead: Another Mailstead process is using this data directory. Stop it first, or choose another directory. [store.locked]\n" {
			t.Errorf("%s: exit code %d\n%s", c, r.code, r.stderr)
		}
	}
	// The first goes on, and its socket with it.
	if r := s.cli("", "user", "list"); r.code != 0 {
		t.Errorf("exit code %d\n%s", r.code, r.stderr)
	}
}

func TestServeRefusesAPlaceItCannotHave(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer taken.Close()
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o600))
	for _, tt := range []struct {
		name, code, want string
		args             []string
	}{
		{"a busy port", "config.listen", "Another program listens on " + taken.Addr().String(), []string{"--data", t.TempDir(), "--listen", taken.Addr().String()}},
		{"an address of another machine", "config.listen", "cannot listen on 192.0.2.1:8420", []string{"--data", t.TempDir(), "--listen", "192.0.2.1:8420"}},
		{"a data directory that is a file", "config.value", "The setting data must be the name of a directory.", []string{"--data", file}},
		{"a data directory with a long path", "config.socket", "too long", []string{"--data", filepath.Join(t.TempDir(), strings.Repeat("x", 100)), "--listen", "127.0.0.1:0"}},
		{"a database that is none", "store.unusable", "cannot be opened", []string{"--data", t.TempDir(), "--database", binary(t)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := command(t, "", append([]string{"serve"}, tt.args...)...)
			last := strings.TrimSpace(r.stderr[strings.LastIndex(strings.TrimSpace(r.stderr), "\n")+1:])
			if r.code != 78 || !strings.Contains(last, tt.want) || !strings.HasSuffix(last, "["+tt.code+"]") {
				t.Errorf("exit code %d\n%s", r.code, r.stderr)
			}
		})
	}
}
