//go:build realservers

package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/mailtest"
)

// stage gives the tests in the browser what they need: services, mailboxes, and
// trouble. They ask for it by a small HTTP API of the stage:
//
//	POST   /services                      serviceRequest → serviceAnswer
//	POST   /services/{id}/line            {"mode": "ok"|"cut"|"refuse"|"slow"|"hang"}
//	POST   /services/{id}/stop, /start    the service itself, on the same address
//	GET    /services/{id}/log
//	DELETE /services/{id}
//	POST   /mailboxes                     mailboxRequest → mailboxAnswer
//	POST   /mailboxes/{address}/mails     mailRequest: one mail arrives
//	GET    /mailboxes/{address}/{folder}  the mails that lie there, as the server has them
//	POST   /used                          operations of the API that pages have used
type stage struct {
	t       testing.TB
	program *program
	url     string

	mu     sync.Mutex
	stacks map[mailtest.Certificate]*mailtest.Servers
	// idp gives tokens that the servers with a valid certificate take.
	idp      *mailtest.IdP
	services map[string]*staged
	boxes    map[mailtest.Certificate]int
	count    int
	used     map[string]int

	// again are the titles of tests that passed in the second try.
	again []string
}

// staged is a service with its lines to the mail servers.
type staged struct {
	*service
	lines []*mailtest.FaultProxy
}

// mailUsers is how many mailboxes each pair of servers has room for.
const mailUsers = 150

// newStage starts the servers and the API for tests of a program.
func newStage(t testing.TB, built *program) *stage {
	t.Helper()
	s := &stage{
		t: t, program: built, stacks: make(map[mailtest.Certificate]*mailtest.Servers), services: make(map[string]*staged),
		boxes: make(map[mailtest.Certificate]int), used: make(map[string]int),
	}
	s.servers(mailtest.CertValid)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /services", handle(s.addService))
	mux.HandleFunc("POST /services/{id}/line", handle(s.setLine))
	mux.HandleFunc("POST /services/{id}/stop", s.withService(func(v *staged) error { v.stop(); return nil }))
	mux.HandleFunc("POST /services/{id}/start", s.withService(func(v *staged) error { return v.start() }))
	mux.HandleFunc("DELETE /services/{id}", s.removeService)
	mux.HandleFunc("GET /services/{id}/log", s.serviceLog)
	mux.HandleFunc("POST /mailboxes", handle(s.addMailbox))
	mux.HandleFunc("POST /mailboxes/{address}/mails", handle(s.deliver))
	mux.HandleFunc("GET /mailboxes/{address}/{folder}", s.mails)
	mux.HandleFunc("POST /used", handle(s.noteUsed))
	api := httptest.NewServer(mux)
	s.url = api.URL
	t.Cleanup(func() {
		api.Close()
		for _, v := range s.services {
			v.stop()
		}
	})
	return s
}

// handle decodes a request, calls do and writes what it returns.
func handle[I, O any](do func(r *http.Request, in I) (O, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in I
		decoder := json.NewDecoder(r.Body)
		decoder.DisallowUnknownFields()
		out, err := any(nil), decoder.Decode(&in)
		if err == nil {
			out, err = do(r, in)
		}
		answer(w, out, err)
	}
}

func answer(w http.ResponseWriter, out any, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	// An error here means that the test is gone.
	_ = json.NewEncoder(w).Encode(out)
}

// servers are Dovecot and Postfix with a kind of certificate, started when they are
// first asked for.
func (s *stage) servers(kind mailtest.Certificate) *mailtest.Servers {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stacks[kind] == nil {
		options := mailtest.DovecotOptions{Certificate: kind, MoreUsers: mailUsers, POP3: true}
		if kind == mailtest.CertValid {
			options.CA = mailtest.NewCA(s.t)
			s.idp = mailtest.StartIdP(s.t, options.CA, idpClient)
			options.IdP = s.idp
		}
		s.stacks[kind] = mailtest.Stack(s.t, options,
			mailtest.PostfixOptions{Certificate: kind, MessageSizeLimit: 80 << 20})
	}
	return s.stacks[kind]
}

// idpClient is how the services are registered at the identity provider.
var idpClient = mailtest.Client{ID: "mailstead", Secret: "the app's secret"}

var certificates = map[string]mailtest.Certificate{
	"": mailtest.CertValid, "valid": mailtest.CertValid, "expired": mailtest.CertExpired,
	"wrong_name": mailtest.CertWrongName, "untrusted": mailtest.CertUntrusted,
}

type serviceRequest struct {
	// Command is "serve" or "demo".
	Command string `json:"command"`
	// Admin tells that the first administrator is there already.
	Admin bool `json:"admin"`
	// Unknown leaves example.com out of the table of domains.
	Unknown bool `json:"unknown"`
	// Certificate is what the mail servers show.
	Certificate string `json:"certificate"`
	// Settings are those of the service by their names.
	Settings map[string]string `json:"settings"`
	// Args are more arguments of the command.
	Args []string `json:"args"`
}

type serviceAnswer struct {
	ID         string           `json:"id"`
	URL        string           `json:"url"`
	SetupToken string           `json:"setup_token"`
	Incoming   mailstead.Server `json:"incoming"`
	Outgoing   mailstead.Server `json:"outgoing"`
	// POP3 is the incoming server by POP3, without a line that can be broken.
	POP3 mailstead.Server `json:"pop3"`
	// Issuer is the identity provider, which knows where the service takes people back.
	Issuer string `json:"issuer"`
}

func (s *stage) addService(_ *http.Request, in serviceRequest) (serviceAnswer, error) {
	path, err := s.program.build(s.t)
	if err != nil {
		return serviceAnswer{}, err
	}
	kind, ok := certificates[in.Certificate]
	if !ok {
		return serviceAnswer{}, fmt.Errorf("unknown certificate %q", in.Certificate)
	}
	servers := s.servers(kind)
	v := &staged{service: &service{program: path, dir: s.t.TempDir(), log: new(mailtest.Log)}}
	if err := s.prepare(v, in, servers); err != nil {
		return serviceAnswer{}, err
	}
	if err := v.start(); err != nil {
		return serviceAnswer{}, err
	}
	s.mu.Lock()
	s.count++
	id := strconv.Itoa(s.count)
	s.services[id] = v
	s.mu.Unlock()
	s.idp.Return(v.url + "/oauth/callback")
	out := serviceAnswer{ID: id, URL: v.url, SetupToken: v.token(), Issuer: s.idp.Issuer}
	if in.Command == "demo" {
		return out, nil
	}
	imap := mailtest.Proxy(s.t, fmt.Sprintf("%s:%d", servers.Dovecot.Host, servers.Dovecot.IMAPSPort))
	smtp := mailtest.Proxy(s.t, fmt.Sprintf("%s:%d", servers.Postfix.Host, servers.Postfix.SubmissionsPort))
	v.lines = []*mailtest.FaultProxy{imap, smtp}
	out.Incoming = mailstead.Server{Protocol: mailstead.IMAP, Host: "127.0.0.1", Port: imap.Port, Security: mailstead.SecurityTLS}
	out.Outgoing = mailstead.Server{Protocol: mailstead.SMTP, Host: "127.0.0.1", Port: smtp.Port, Security: mailstead.SecurityTLS}
	out.POP3 = servers.Dovecot.POP3(mailstead.SecurityTLS)
	if !in.Unknown {
		err = v.command("domain", "set", "example.com", "--incoming", out.Incoming.String(), "--outgoing", out.Outgoing.String())
	}
	if err == nil && in.Admin {
		err = v.setUp()
	}
	return out, err
}

// prepare says how the program is to be started. Pauses are short, so that a test
// sees what comes after them.
func (s *stage) prepare(v *staged, in serviceRequest, servers *mailtest.Servers) error {
	address, err := freeAddress()
	if err != nil {
		return err
	}
	v.env = []string{"MAILSTEAD_SYNC_RETRY=1s", "MAILSTEAD_SEND_RETRY=2s", "MAILSTEAD_SYNC_TROUBLE=5s", "MAILSTEAD_CONNECT_TIMEOUT=5s"}
	for name, value := range in.Settings {
		v.env = append(v.env, "MAILSTEAD_"+strings.ToUpper(name)+"="+value)
	}
	if in.Command == "demo" {
		v.args = append([]string{"demo", "--listen", address}, in.Args...)
		return nil
	}
	ca := filepath.Join(v.dir, "ca.pem")
	if err := os.WriteFile(ca, servers.CA.PEM(), 0o600); err != nil {
		return err
	}
	v.args = append([]string{
		"serve", "--data", filepath.Join(v.dir, "data"), "--listen", address,
		"--allowed-networks", "127.0.0.0/8", "--extra-ca", ca,
	}, in.Args...)
	return nil
}

func (s *stage) service(r *http.Request) (*staged, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.services[r.PathValue("id")]
	if v == nil {
		return nil, fmt.Errorf("there is no service %s", r.PathValue("id"))
	}
	return v, nil
}

func (s *stage) withService(do func(*staged) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := s.service(r)
		if err == nil {
			err = do(v)
		}
		answer(w, nil, err)
	}
}

type lineRequest struct {
	Mode string `json:"mode"`
	// Side is "incoming", "outgoing" or "" for both.
	Side string `json:"side"`
}

// setLine breaks or mends the lines between a service and its mail servers.
func (s *stage) setLine(r *http.Request, in lineRequest) (any, error) {
	v, err := s.service(r)
	if err != nil {
		return nil, err
	}
	for i, line := range v.lines {
		if side := []string{"incoming", "outgoing"}[i]; in.Side != "" && in.Side != side {
			continue
		}
		switch in.Mode {
		case "ok":
			line.Set(mailtest.Faults{})
			line.Listen()
		case "cut":
			line.CutAll()
		case "refuse":
			line.Refuse()
			line.CutAll()
		case "slow":
			line.Set(mailtest.Faults{
				Up: mailtest.Flow{Latency: 500 * time.Millisecond}, Down: mailtest.Flow{Latency: 500 * time.Millisecond, Rate: 20_000},
			})
		case "hang":
			line.Set(mailtest.Faults{Down: mailtest.Flow{BlackHole: true}})
		default:
			return nil, fmt.Errorf("unknown mode %q", in.Mode)
		}
	}
	return nil, nil
}

func (s *stage) removeService(w http.ResponseWriter, r *http.Request) {
	v, err := s.service(r)
	if err == nil {
		s.mu.Lock()
		delete(s.services, r.PathValue("id"))
		s.mu.Unlock()
		for _, line := range v.lines {
			line.Refuse()
			line.CutAll()
		}
		v.stop()
		err = os.RemoveAll(v.dir)
	}
	answer(w, nil, err)
}

func (s *stage) serviceLog(w http.ResponseWriter, r *http.Request) {
	v, err := s.service(r)
	if err != nil {
		answer(w, nil, err)
		return
	}
	answer(w, v.log.String(), nil)
}

// noteUsed keeps which operations of the API the pages have used.
func (s *stage) noteUsed(_ *http.Request, in []string) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, operation := range in {
		s.used[operation]++
	}
	return nil, nil
}
