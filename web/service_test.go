//go:build realservers

package web_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
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

// program is a built mailstead with the pages of web/dist.
type program struct {
	mu    sync.Mutex
	path  string
	built time.Time
}

// build makes the program, again when the pages are newer.
func (p *program) build(t testing.TB) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	info, err := os.Stat("dist/index.html")
	if err != nil && p.path != "" {
		return p.path, nil // the pages are being built just now
	}
	if err != nil {
		return "", fmt.Errorf("the pages are not built: type make web (%w)", err)
	}
	if p.path != "" && info.ModTime().Before(p.built) {
		return p.path, nil
	}
	path := filepath.Join(t.TempDir(), "mailstead")
	begin := time.Now()
	out, err := exec.Command("go", "build", "-o", path, "../cmd/mailstead").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	p.path, p.built = path, begin
	return path, nil
}

// service is a running mailstead, with lines to its mail servers that can be cut.
type service struct {
	program string
	args    []string
	env     []string
	dir     string
	log     *mailtest.Log
	cmd     *exec.Cmd
	ended   chan struct{}
	url     string
}

var (
	listening  = regexp.MustCompile(`msg=listening url=(\S+)`)
	setupToken = regexp.MustCompile(`setup token:\s+(\S+)`)
)

const startTimeout = 60 * time.Second

// start runs the program until it listens.
func (s *service) start() error {
	mark := len(s.log.String())
	s.cmd = exec.Command(s.program, s.args...)
	s.cmd.Dir, s.cmd.Env = s.dir, append(os.Environ(), s.env...)
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	if err := s.cmd.Start(); err != nil {
		return err
	}
	s.ended = make(chan struct{})
	cmd, ended := s.cmd, s.ended
	go func() {
		_ = cmd.Wait() // What it has to say stands in the log.
		close(ended)
	}()
	for deadline := time.Now().Add(startTimeout); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if m := listening.FindStringSubmatch(s.log.String()[mark:]); m != nil {
			s.url = m[1]
			return nil
		}
		select {
		case <-ended:
			return fmt.Errorf("mailstead ended:\n%s", s.log)
		default:
		}
	}
	s.stop()
	return fmt.Errorf("mailstead does not listen:\n%s", s.log)
}

// stop ends the program as ctrl-C does, or else by force.
func (s *service) stop() {
	// The process may have ended by itself: then there is nothing to stop.
	_ = s.cmd.Process.Signal(syscall.SIGINT)
	select {
	case <-s.ended:
	case <-time.After(15 * time.Second):
		s.cmd.Process.Kill()
		<-s.ended
	}
}

// token is what the service printed for the first administrator.
func (s *service) token() string {
	m := setupToken.FindStringSubmatch(s.log.String())
	if m == nil {
		return ""
	}
	return m[1]
}

// command runs a command on the service's data directory.
func (s *service) command(args ...string) error {
	cmd := exec.Command(s.program, append([]string{"--data", filepath.Join(s.dir, "data")}, args...)...)
	cmd.Dir = s.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("mailstead %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

// administrator of a service that a test does not begin with an empty one.
const (
	adminEmail    = "ada@example.com"
	adminPassword = "ada's long password"
)

// setUp makes the first administrator.
func (s *service) setUp() error {
	form, err := json.Marshal(map[string]string{"token": s.token(), "name": "Ada Marsh", "email": adminEmail, "password": adminPassword})
	if err != nil {
		return err
	}
	res, err := http.Post(s.url+"/api/v1/setup", "application/json", bytes.NewReader(form))
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		text, err := io.ReadAll(res.Body)
		return fmt.Errorf("setup: %s: %s %w", res.Status, text, err)
	}
	return nil
}

// freeAddress is an address that a service keeps when it starts again.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
