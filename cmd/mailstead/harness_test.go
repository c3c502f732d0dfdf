package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/mailstead/mailstead/mailtest"
)

// program is the built binary, the same for all tests of this process.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "mailstead-test-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "mailstead")
	args := append([]string{"build", "-o", path}, buildFlags...)
	out, err := exec.Command("go", append(args, ".")...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	// Domains that nobody knows stay unknown: tests ask no name servers but their own.
	if err := os.Setenv("MAILSTEAD_DISCOVERY", "false"); err != nil {
		panic(err)
	}
	code := m.Run()
	if path, err := program(); err == nil {
		if err := os.RemoveAll(filepath.Dir(path)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(stopServers(code))
}

func binary(t testing.TB) string {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// service is a running mailstead serve, or demo.
type service struct {
	t    testing.TB
	verb string
	data string
	args []string
	cmd  *exec.Cmd
	log  *mailtest.Log
	url  string
	// ended is closed when the process has ended; exit is its error.
	ended chan struct{}
	exit  error
	// answers holds every answer of the API.
	answers *mailtest.Log
	client  *http.Client
	started time.Duration
}

// serve starts the service on a data directory with further flags.
func serve(t testing.TB, data string, args ...string) *service {
	t.Helper()
	return launch(t, "serve", data, args...)
}

// launch starts the service by a command of its own.
func launch(t testing.TB, verb, data string, args ...string) *service {
	t.Helper()
	s := &service{t: t, verb: verb, data: data, args: args, answers: new(mailtest.Log), log: new(mailtest.Log)}
	s.client = newClient(t)
	s.start()
	t.Cleanup(func() {
		s.kill()
		if t.Failed() {
			t.Logf("log of mailstead:\n%s", s.log)
		}
	})
	return s
}

// newClient returns a browser of its own: nobody is signed in.
func newClient(t testing.TB) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, Timeout: time.Minute}
}

var listening = regexp.MustCompile(`msg=listening url=(\S+)`)

func (s *service) start() {
	s.t.Helper()
	args := append([]string{s.verb, "--data", s.data, "--listen", "127.0.0.1:0"}, s.args...)
	s.cmd = exec.Command(binary(s.t), args...)
	s.cmd.Dir = s.t.TempDir()
	// Its memory is that of the product, whatever the tests allow themselves.
	s.cmd.Env = append(os.Environ(), "GOGC=")
	mark := len(s.log.String())
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	begin := time.Now()
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.ended = make(chan struct{})
	cmd, ended := s.cmd, s.ended
	go func() {
		s.exit = cmd.Wait()
		close(ended)
	}()
	mailtest.Await(s.t, "mailstead listens", func() bool {
		select {
		case <-ended:
			s.t.Fatalf("mailstead ended: %v\n%s", s.exit, s.log)
		default:
		}
		m := listening.FindStringSubmatch(s.log.String()[mark:])
		if m != nil {
			s.url, s.started = m[1], time.Since(begin)
		}
		return m != nil
	})
}

// kill ends the process without warning.
func (s *service) kill() {
	// The process may have ended by itself: then there is nothing to kill.
	_ = s.cmd.Process.Kill()
	<-s.ended
}

// stop ends the process as ctrl-C does and returns how long that took.
func (s *service) stop() time.Duration {
	s.t.Helper()
	begin := time.Now()
	if err := s.cmd.Process.Signal(syscall.SIGINT); err != nil {
		s.t.Fatal(err)
	}
	select {
	case <-s.ended:
	case <-time.After(20 * time.Second):
		s.kill()
		s.t.Fatal("mailstead does not end after ctrl-C")
	}
	if s.exit != nil {
		s.t.Fatalf("mailstead ended with %v", s.exit)
	}
	return time.Since(begin)
}

// setupToken is what serve printed for the first administrator.
func (s *service) setupToken() string {
	s.t.Helper()
	m := regexp.MustCompile(`setup token:\s+(\S+)`).FindStringSubmatch(s.log.String())
	if m == nil {
		s.t.Fatalf("no setup token was printed:\n%s", s.log)
	}
	return m[1]
}

// try sends a request and returns the status and the body.
func (s *service) try(method, path string, in any, headers ...string) (int, []byte) {
	s.t.Helper()
	status, body, err := s.request(s.t.Context(), method, path, in, headers...)
	if err != nil {
		s.t.Fatal(err)
	}
	return status, body
}

func (s *service) request(ctx context.Context, method, path string, in any, headers ...string) (int, []byte, error) {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return 0, nil, err
		}
		body = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, method, s.url+"/api/v1"+path, body)
	if err != nil {
		return 0, nil, err
	}
	if in != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := s.client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	b, err := io.ReadAll(res.Body)
	err = errors.Join(err, res.Body.Close())
	fmt.Fprintf(s.answers, "%s %s %d %v\n%s\n", method, path, res.StatusCode, res.Header, b)
	return res.StatusCode, b, err
}

// call is try that demands success and decodes the answer.
func call[T any](s *service, method, path string, in any, headers ...string) T {
	s.t.Helper()
	status, body := s.try(method, path, in, headers...)
	if status >= 300 {
		s.t.Fatalf("%s %s: status %d: %s", method, path, status, body)
	}
	var out T
	if len(body) > 0 {
		if err := json.Unmarshal(body, &out); err != nil {
			s.t.Fatalf("%s %s: %v in %s", method, path, err, body)
		}
	}
	return out
}

// setUp makes the first administrator and signs in.
func (s *service) setUp() {
	s.t.Helper()
	call[any](s, http.MethodPost, "/setup", map[string]any{
		"token": s.setupToken(), "name": "Ada", "email": "ada@example.com", "password": adaPassword,
	})
}

const adaPassword = "ada's long password"

// result is the end of a command.
type result struct {
	stdout, stderr string
	code           int
}

// cli runs a command on the service's data directory.
func (s *service) cli(stdin string, args ...string) result {
	s.t.Helper()
	return command(s.t, stdin, append([]string{"--data", s.data}, args...)...)
}

// command runs the program to its end.
func command(t testing.TB, stdin string, args ...string) result {
	t.Helper()
	r, err := execute(t.Context(), binary(t), t.TempDir(), stdin, args...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// execute runs a program in a directory to its end.
func execute(ctx context.Context, program, dir, stdin string, args ...string) (result, error) {
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	err := cmd.Run()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		return result{}, err
	}
	return result{out.String(), errs.String(), cmd.ProcessState.ExitCode()}, nil
}

// cliJSON is cli with --json that demands success and decodes the answer.
func cliJSON[T any](s *service, stdin string, args ...string) T {
	s.t.Helper()
	r := s.cli(stdin, append([]string{"--json"}, args...)...)
	if r.code != 0 {
		s.t.Fatalf("mailstead %v: exit code %d\n%s%s", args, r.code, r.stdout, r.stderr)
	}
	var out T
	if r.stdout != "" {
		if err := json.Unmarshal([]byte(r.stdout), &out); err != nil {
			s.t.Fatalf("mailstead %v: %v in %s", args, err, r.stdout)
		}
	}
	return out
}

// lines decodes one JSON value a line.
func lines[T any](t testing.TB, text string) []T {
	t.Helper()
	var out []T
	d := json.NewDecoder(strings.NewReader(text))
	for {
		var v T
		if err := d.Decode(&v); errors.Is(err, io.EOF) {
			return out
		} else if err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
}
