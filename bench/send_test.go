//go:build bench

package bench_test

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
	"testing"
	"time"

	"github.com/mailstead/mailstead/mailtest"
)

const (
	// sendMails is how many mails a round sends, each of about mailSize bytes.
	sendMails = 2000
	mailSize  = 2048
	// sendConnections is how many connections both use: our default.
	sendConnections = 4
	// sendClients is how many applications submit to us at the same time.
	sendClients = 32
)

// TestSending measures the way of mails through the whole program, from the first
// submission by the API to the last acceptance by the server, every step durable,
// against smtp-source, which keeps nothing, on the same smtp-sink.
func TestSending(t *testing.T) {
	sink := startSink(t)
	s := startService(t, sink)
	s.send(100) // opens connections, prepares statements
	var ours, submitted, theirs []float64
	for range rounds {
		begin := time.Now()
		run(t, "", postfixProgram(t, "smtp-source"), "-d", "-s", fmt.Sprint(sendConnections), "-m", fmt.Sprint(sendMails),
			"-l", fmt.Sprint(mailSize), "-f", "shop@example.com", "-t", "ben@example.com", sink)
		theirs = append(theirs, sendMails/time.Since(begin).Seconds())
		taken, all := s.send(sendMails)
		submitted, ours = append(submitted, sendMails/taken.Seconds()), append(ours, sendMails/all.Seconds())
	}
	record(t, "2,000 mails from API to acceptance, smtp-source", "mails/s", ">= 0.10 of it", median(ours), median(theirs))
	record(t, "2,000 mails taken in from 32 clients", "mails/s", "", median(submitted), 0)
}

// run runs a program to its end and returns what it prints.
func run(t *testing.T, stdin, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s%s", filepath.Base(name), err, &out, &errs)
	}
	return out.String()
}

// postfixProgram finds a program where Debian keeps it, which is not in
// everybody's PATH.
func postfixProgram(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		path, err = exec.LookPath("/usr/sbin/" + name)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// startSink starts a server that takes every mail and forgets it.
func startSink(t *testing.T) (addr string) {
	t.Helper()
	addr = fmt.Sprintf("127.0.0.1:%d", mailtest.FreePort(t))
	args := []string{addr, "128"}
	if os.Getuid() == 0 {
		args = append([]string{"-u", "nobody"}, args...) // it refuses to stay root
	}
	start(t, exec.Command(postfixProgram(t, "smtp-sink"), args...))
	mailtest.Await(t, "smtp-sink listens", func() bool {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			return false
		}
		return c.Close() == nil
	})
	return addr
}

// start starts a process for the time of the test and returns what it writes.
func start(t *testing.T, cmd *exec.Cmd) *mailtest.Log {
	t.Helper()
	log := new(mailtest.Log)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s wrote:\n%s", filepath.Base(cmd.Path), log)
		}
	})
	return log
}

// served is a running mailstead serve, and a token for it.
type served struct {
	t      *testing.T
	url    string
	token  string
	client *http.Client
	count  int
}

var listening = regexp.MustCompile(`msg=listening url=(\S+)`)

// startService builds the program, connects an account that sends to the sink,
// and starts the service on that data directory.
func startService(t *testing.T, sink string) *served {
	t.Helper()
	p := newProgram(t, fmt.Sprintf("allow_unencrypted: true\nsend_connections: %d\n", sendConnections))
	p.run("", "account", "connect", "shop@example.com", "--owner", "1", "--send-only", "--no-sign-in",
		"--outgoing", sink, "--outgoing-security", "none", "--plain-reason", "a sink on the same machine")
	return p.serve("mail:send")
}

// program is the built program with a data directory, and Ada, its administrator.
type program struct {
	t                  *testing.T
	path, config, data string
}

func newProgram(t *testing.T, settings string) *program {
	t.Helper()
	dir := t.TempDir()
	p := &program{t: t, path: filepath.Join(dir, "mailstead"), config: filepath.Join(dir, "mailstead.yaml"), data: filepath.Join(dir, "data")}
	settings = fmt.Sprintf("data: %s\nlisten: 127.0.0.1:0\nallowed_networks: [127.0.0.0/8]\n%s", p.data, settings)
	if err := os.WriteFile(p.config, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "", "go", "build", "-o", p.path, "../cmd/mailstead")
	p.run("ada's long password", "user", "add", "--admin", "--name", "Ada", "ada@example.com")
	return p
}

func (p *program) run(stdin string, args ...string) string {
	p.t.Helper()
	return strings.TrimSpace(run(p.t, stdin, p.path, append([]string{"--config", p.config}, args...)...))
}

// serve starts the service and returns it with a token of Ada's.
func (p *program) serve(scopes string) *served {
	p.t.Helper()
	s := &served{t: p.t, client: &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: sendClients}}}
	s.token = p.run("", "token", "create", "--user", "1", "--scopes", scopes)
	log := start(p.t, exec.Command(p.path, "serve", "--config", p.config))
	mailtest.Await(p.t, "mailstead listens", func() bool {
		m := listening.FindStringSubmatch(log.String())
		if m != nil {
			s.url = m[1] + "/api/v1"
		}
		return m != nil
	})
	return s
}

// send submits n mails and waits until the server has accepted them all; submitted
// is how long the submissions alone took.
func (s *served) send(n int) (submitted, all time.Duration) {
	s.t.Helper()
	work := make(chan int, n)
	for range n {
		s.count++
		work <- s.count
	}
	close(work)
	begin := time.Now()
	var clients sync.WaitGroup
	for range sendClients {
		clients.Go(func() {
			for i := range work {
				if err := s.submit(i); err != nil {
					s.t.Error(err)
					return
				}
			}
		})
	}
	clients.Wait()
	submitted = time.Since(begin)
	if s.t.Failed() {
		s.t.FailNow()
	}
	for !s.done() {
		if time.Since(begin) > 2*time.Minute {
			s.t.Fatal("mails are still waiting after 2 minutes")
		}
		time.Sleep(10 * time.Millisecond)
	}
	return submitted, time.Since(begin)
}

// submission is the body of a request: as good as nothing is left for the clients
// to do, who share the machine with the service. The mail has about mailSize
// bytes with its header.
const submission = `{"to":[{"address":"ben@example.com"}],"subject":"Order %d","text":"%s"}`

var text = strings.Repeat(`Your order left our house today. Thank you for your trust.\n`, 29)

func (s *served) submit(i int) error {
	answer, err := s.ask(http.MethodPost, "/outbox", fmt.Sprintf(submission, i, text), fmt.Sprintf("order-%d", i))
	if err != nil || i > 1 {
		return err
	}
	var m struct{ Size int }
	if err := json.Unmarshal(answer, &m); err != nil {
		return err
	}
	if m.Size < mailSize*9/10 || m.Size > mailSize*11/10 {
		return fmt.Errorf("the mail has %d bytes, want about %d", m.Size, mailSize)
	}
	return nil
}

// done reports whether no mail waits.
func (s *served) done() bool {
	s.t.Helper()
	answer, err := s.ask(http.MethodGet, "/outbox?state=queued,sending,held,rejected,unknown&limit=1", "", "")
	if err != nil {
		s.t.Fatal(err)
	}
	var page struct{ Items []any }
	if err := json.Unmarshal(answer, &page); err != nil {
		s.t.Fatal(err)
	}
	return len(page.Items) == 0
}

func (s *served) ask(method, path, body, key string) ([]byte, error) {
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+s.token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", key)
	}
	res, err := s.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode >= 300 {
		err = fmt.Errorf("%s %s: status %d: %s", method, path, res.StatusCode, answer)
	}
	return answer, err
}
