package main_test

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/fakemail"
	"github.com/mailstead/mailstead/mailtest"
)

// fakeOffice is a mailbox of Anna on servers in this process.
type fakeOffice struct {
	imap  *fakemail.IMAPServer
	smtp  *fakemail.SMTPServer
	ca    *mailtest.CA
	flags []string
}

func newFakeOffice(t testing.TB) *fakeOffice {
	t.Helper()
	o := &fakeOffice{ca: mailtest.NewCA(t)}
	config := &tls.Config{Certificates: []tls.Certificate{o.ca.Issue(t, mailtest.CertValid)}, MinVersion: tls.VersionTLS12}
	var err error
	o.imap, err = fakemail.StartIMAP(fakemail.IMAPConfig{
		Security: mailstead.SecurityTLS, TLS: config,
		Users: map[string]fakemail.IMAPUser{mailtest.Anna.Address: {
			Password: mailtest.Anna.Password, Folders: map[string]mailstead.FolderRole{"Sent": mailstead.FolderSent},
		}},
	})
	must(t, err)
	t.Cleanup(o.imap.Close)
	o.smtp, err = fakemail.StartSMTP(fakemail.SMTPConfig{
		Security: mailstead.SecurityTLS, TLS: config, Delay: time.Minute,
		Users: map[string]fakemail.SMTPUser{mailtest.Anna.Address: {Password: mailtest.Anna.Password}},
	})
	must(t, err)
	t.Cleanup(o.smtp.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	must(t, os.WriteFile(ca, o.ca.PEM(), 0o600))
	o.flags = []string{"--allowed-networks", "127.0.0.0/8", "--extra-ca", ca}
	return o
}

// form is what a person fills in to connect Anna's mailbox.
func (o *fakeOffice) form() map[string]any {
	return map[string]any{
		"address": mailtest.Anna.Address, "password": mailtest.Anna.Password,
		"incoming": map[string]any{"host": o.imap.Server().String()}, "outgoing": map[string]any{"host": o.smtp.Server().String()},
	}
}

// connect connects Anna's mailbox and waits until its mail is here.
func (o *fakeOffice) connect(s *service, mails int) mailstead.AccountID {
	s.t.Helper()
	for i := range mails {
		raw := fmt.Sprintf("From: ben@example.com\r\nTo: anna@example.com\r\nSubject: Mail %d\r\nMessage-ID: <%d@example.com>\r\n\r\nHello %d.\r\n", i, i, i)
		must(s.t, o.imap.Deliver(mailtest.Anna.Address, "INBOX", []byte(raw)))
	}
	saved := call[struct{ Account mailstead.Account }](s, http.MethodPost, "/connect/save", o.form())
	mailtest.Await(s.t, "the mail is loaded", func() bool {
		folders := call[struct{ Items []mailstead.Folder }](s, http.MethodGet, "/accounts/"+saved.Account.ID.String()+"/folders", nil)
		for _, f := range folders.Items {
			if f.Path == "INBOX" {
				return f.Total == mails
			}
		}
		return false
	})
	return saved.Account.ID
}

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

// settings runs check with an environment and returns the settings in force.
func settings(t *testing.T, environment []string, args ...string) (map[string]any, result) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary(t), append([]string{"check", "--json"}, args...)...)
	cmd.Dir = t.TempDir()
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + cmd.Dir}, environment...)
	out, err := cmd.Output()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	r := result{stdout: string(out), code: cmd.ProcessState.ExitCode()}
	var answer struct{ Settings map[string]any }
	if r.code == 0 {
		must(t, json.Unmarshal(out, &answer))
	}
	return answer.Settings, r
}

func TestConfigurationPrecedence(t *testing.T) {
	config := filepath.Join(t.TempDir(), "config.yaml")
	must(t, os.WriteFile(config, []byte(`
data: from-file
poll_every: 7m
sync_retry: [1s, 2m]
send_retry: 3s,4m
allowed_networks: [10.0.0.0/8]
extra_ca: []
max_attachments: 1000
allow_unencrypted: true
ehlo_name: mail.example.com
`), 0o600))
	data := t.TempDir()
	must(t, os.WriteFile(filepath.Join(data, "mailstead.yaml"), []byte("sync_loads: 3\n"), 0o600))
	list := func(words ...any) []any { return append([]any{}, words...) }
	for _, tt := range []struct {
		name        string
		environment []string
		args        []string
		want        map[string]any
	}{
		{"defaults", nil, nil, map[string]any{
			"data": "data", "listen": "127.0.0.1:8420", "database": "", "key_file": "data/key", "log_level": "info", "log_json": false,
			"allowed_networks": list(), "poll_every": "5m", "sync_retry": list("10s", "1m", "5m", "15m"), "send_connections": 4.0,
		}},
		{"a file", nil, []string{"--config", config}, map[string]any{
			"data": "from-file", "key_file": "from-file/key", "poll_every": "7m", "sync_retry": list("1s", "2m"), "send_retry": list("3s", "4m"),
			"allowed_networks": list("10.0.0.0/8"), "max_attachments": 1000.0, "allow_unencrypted": true, "ehlo_name": "mail.example.com",
			"connect_timeout": "15s",
		}},
		{"the file of the data directory", nil, []string{"--data", data}, map[string]any{"data": data, "sync_loads": 3.0, "key_file": data + "/key"}},
		{"that of a data directory from the environment", []string{"MAILSTEAD_DATA=" + data}, nil, map[string]any{"data": data, "sync_loads": 3.0}},
		{"the environment wins over the file", []string{
			"MAILSTEAD_DATA=from-env", "MAILSTEAD_POLL_EVERY=8m", "MAILSTEAD_SYNC_RETRY=5s, 6m", "MAILSTEAD_ALLOWED_NETWORKS=192.168.0.0/16,fd00::/8",
			"MAILSTEAD_ALLOW_UNENCRYPTED=false", "MAILSTEAD_MAX_ATTACHMENTS=2000", "MAILSTEAD_SEND_RETRY=",
		}, []string{"--config", config}, map[string]any{
			"data": "from-env", "poll_every": "8m", "sync_retry": list("5s", "6m"), "allowed_networks": list("192.168.0.0/16", "fd00::/8"),
			"allow_unencrypted": false, "max_attachments": 2000.0, "send_retry": list("3s", "4m"),
		}},
		{"a flag wins over the environment", []string{
			"MAILSTEAD_DATA=from-env", "MAILSTEAD_ALLOWED_NETWORKS=192.168.0.0/16", "MAILSTEAD_ALLOW_UNENCRYPTED=true", "MAILSTEAD_KEY_FILE=/env",
		}, []string{
			"--config", config, "--data", "from-flag", "--allowed-networks", "172.16.0.0/12,172.32.0.1", "--allow-unencrypted=false", "--key-file", "/flag",
		}, map[string]any{
			"data": "from-flag", "allowed_networks": list("172.16.0.0/12", "172.32.0.1"), "allow_unencrypted": false, "key_file": "/flag", "poll_every": "7m",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			all, r := settings(t, tt.environment, tt.args...)
			if r.code != 0 {
				t.Fatalf("exit code %d: %s", r.code, r.stdout)
			}
			got := make(map[string]any)
			for name := range tt.want {
				got[name] = all[name]
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("settings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWrongConfigurationIsRefused(t *testing.T) {
	dir := t.TempDir()
	file := func(content string) []string {
		path := filepath.Join(dir, "config.yaml")
		must(t, os.WriteFile(path, []byte(content), 0o600))
		return []string{"--config", path}
	}
	ca := filepath.Join(dir, "ca.pem")
	must(t, os.WriteFile(ca, []byte("no certificate"), 0o600))
	for _, tt := range []struct {
		name, file  string
		environment string
		args        []string
		code, want  string
	}{
		{name: "unknown setting in the file", file: "poll_evry: 5m", code: "config.unknown", want: "There is no setting poll_evry; it stands in "},
		{name: "nested setting in the file", file: "send:\n  retry: 5m", code: "config.unknown", want: "There is no setting send;"},
		{name: "unknown variable", environment: "MAILSTEAD_POLL_EVRY=5m", code: "config.unknown", want: "The environment variable MAILSTEAD_POLL_EVRY names no setting."},
		{name: "unknown flag", args: []string{"--poll-evry", "5m"}, code: "usage", want: "Unknown flag: --poll-evry."},
		{name: "no such file", args: []string{"--config", "/nowhere.yaml"}, code: "config.file", want: "There is no configuration file /nowhere.yaml."},
		{name: "a directory for a file", args: []string{"--config", dir}, code: "config.file", want: "cannot be read"},
		{name: "no YAML", file: "poll_every: [5m", code: "config.file", want: "is not valid YAML"},
		{name: "a list for a file", file: "- poll_every", code: "config.file", want: "is not valid YAML"},
		{name: "duration without a unit", file: "poll_every: 300", code: "config.value", want: "The setting poll_every must be a duration with its unit"},
		{name: "duration without a unit in the environment", environment: "MAILSTEAD_IO_TIMEOUT=60", code: "config.value", want: "The setting io_timeout must be a duration with its unit"},
		{name: "duration of words", environment: "MAILSTEAD_SEND_EXPIRE=three days", code: "config.value", want: "The setting send_expire must be a duration"},
		{name: "negative duration", environment: "MAILSTEAD_SEND_EXPIRE=-1h", code: "config.value", want: "The setting send_expire must be longer than nothing."},
		{name: "a wrong one in a list", environment: "MAILSTEAD_SEND_RETRY=1m,soon", code: "config.value", want: "The setting send_retry must be durations with their units"},
		{name: "an empty list", file: "send_retry: []", code: "config.value", want: "The setting send_retry must be durations"},
		{name: "a number of letters", environment: "MAILSTEAD_SYNC_LOADS=many", code: "config.value", want: "The setting sync_loads must be a whole number."},
		{name: "a number of nothing", environment: "MAILSTEAD_SYNC_LOADS=0", code: "config.value", want: "The setting sync_loads must be a whole number above zero."},
		{name: "perhaps", environment: "MAILSTEAD_ALLOW_UNENCRYPTED=perhaps", code: "config.value", want: "The setting allow_unencrypted must be true or false."},
		{name: "a network without bits", args: []string{"--allowed-networks", "10.0.0.0/8,10.0/16"}, code: "config.value", want: `"10.0/16" is neither`},
		{name: "an address without a port", environment: "MAILSTEAD_LISTEN=127.0.0.1", code: "config.value", want: "The setting listen must be an address with a port"},
		{name: "a port over the limit", environment: "MAILSTEAD_LISTEN=127.0.0.1:70000", code: "config.value", want: "The setting listen must be an address with a port"},
		{name: "a resolver without a port", environment: "MAILSTEAD_RESOLVER=1.1.1.1", code: "config.value", want: "The setting resolver must be an address with a port"},
		{name: "a public directory without a place for the domain", environment: "MAILSTEAD_DISCOVERY_DIRECTORY=https://directory.example/", code: "config.value", want: "The setting discovery_directory must be an https address with {domain} once"},
		{name: "a public directory that would be told more", environment: "MAILSTEAD_DISCOVERY_DIRECTORY=https://directory.example/{domain}/{address}", code: "config.value", want: "The setting discovery_directory must be"},
		{name: "a public directory in the clear", environment: "MAILSTEAD_DISCOVERY_DIRECTORY=http://directory.example/{domain}", code: "config.value", want: "The setting discovery_directory must be"},
		{name: "a level that is none", environment: "MAILSTEAD_LOG_LEVEL=verbose", code: "config.value", want: "The setting log_level must be debug, info, warn or error."},
		{name: "a name with a line break", file: `ehlo_name: "a\r\nQUIT"`, code: "config.value", want: "The setting ehlo_name must be a host name"},
		{name: "another database", environment: "MAILSTEAD_DATABASE=mysql://x", code: "config.value", want: "The setting database must be a file, or an address that starts with postgres://."},
		{name: "no data directory", args: []string{"--data", ""}, code: "config.value", want: "The setting data must be the name of a directory."},
		{name: "no such authority", args: []string{"--extra-ca", "/nowhere.pem"}, code: "config.ca", want: "The file of certificate authorities /nowhere.pem cannot be read."},
		{name: "no authority", args: []string{"--extra-ca", ca}, code: "config.ca", want: "holds no certificate in PEM form."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			args := tt.args
			if tt.file != "" {
				args = file(tt.file)
			}
			var environment []string
			if tt.environment != "" {
				environment = []string{tt.environment}
			}
			_, r := settings(t, environment, args...)
			var told struct{ Detail, Code string }
			exit := 78
			if tt.code == "usage" {
				exit = 64
			}
			if err := json.Unmarshal([]byte(r.stdout), &told); err != nil || r.code != exit || told.Code != tt.code || !strings.Contains(told.Detail, tt.want) {
				t.Errorf("exit code %d, %v, want %d, %s and %q:\n%s", r.code, err, exit, tt.code, tt.want, r.stdout)
			}
			for _, jargon := range []string{"strconv", "mapstructure", "decod", "netip", "time:", "::"} {
				if strings.Contains(told.Detail, jargon) {
					t.Errorf("%q stands in %q", jargon, told.Detail)
				}
			}
		})
	}
}
