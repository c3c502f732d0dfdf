//go:build realservers

package connect_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/connect"
	"github.com/mailstead/mailstead/diagnose"
	"github.com/mailstead/mailstead/dial"
	"github.com/mailstead/mailstead/mailtest"
	"github.com/mailstead/mailstead/provider/imap"
	"github.com/mailstead/mailstead/provider/pop3"
	"github.com/mailstead/mailstead/provider/smtp"
)

const (
	noTLS, startTLS, fullTLS = mailstead.SecurityNone, mailstead.SecurityStartTLS, mailstead.SecurityTLS

	stageDNS, stageTCP, stageTLS       = mailstead.StageDNS, mailstead.StageTCP, mailstead.StageTLS
	stageGreeting, stageCaps           = mailstead.StageGreeting, mailstead.StageCapabilities
	stageLogin, stageFolders, stageEnd = mailstead.StageLogin, mailstead.StageFolders, mailstead.StageSender
)

// ailment is one thing that is wrong, and what the doctor must say of it.
type ailment struct {
	name   string
	server mailstead.Server
	// from is the address of the account; login and password are Anna's where
	// they are empty.
	from, login, password string
	// hasty gives up silent servers soon.
	hasty bool
	// before is done first, and what it returns last.
	before func(t *testing.T) func()
	// send and keep go further than a connection test: they send a mail of so many
	// bytes to an address, or keep a copy of it in the inbox.
	send string
	keep bool
	size int

	stage mailstead.StageName
	code  string
	// who must act.
	who string
	// words are a part of what the server said.
	words string
}

// clinic tests connections as the service does.
type clinic struct {
	catalogue     *diagnose.Catalogue
	sender        *smtp.Driver
	source        sources
	patient, fast *connect.Service
	users         atomic.Int64
}

type sources struct {
	imap *imap.Driver
	pop3 *pop3.Driver
}

func (s sources) driver(p mailstead.Protocol) mailstead.SourceDriver {
	if p == mailstead.POP3 {
		return s.pop3
	}
	return s.imap
}

func (s sources) Check(ctx context.Context, a mailstead.Access) mailstead.Report {
	return s.driver(a.Server.Protocol).Check(ctx, a)
}

func (s sources) Open(ctx context.Context, a mailstead.Access) (mailstead.Source, error) {
	return s.driver(a.Server.Protocol).Open(ctx, a)
}

// names is a name server that knows one name, and breaks at another.
type names struct{}

func (names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	switch host {
	case "mail.example.com":
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	case "broken.example.com":
		return nil, &net.DNSError{Err: "server misbehaving", Name: host, IsTemporary: true}
	}
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

func newClinic(t *testing.T, ca *mailtest.CA) *clinic {
	t.Helper()
	catalogue, err := diagnose.New()
	if err != nil {
		t.Fatal(err)
	}
	c := &clinic{catalogue: catalogue}
	service := func(limit time.Duration) *connect.Service {
		d := dial.New(dial.Config{
			Roots: ca.Pool(), Now: time.Now, Resolver: names{}, ConnectTimeout: limit, HandshakeTimeout: limit, IOTimeout: limit,
			Allowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/29")},
		})
		c.source = sources{imap.New(imap.Config{Dialer: d, Now: time.Now}), pop3.New(pop3.Config{Dialer: d, Now: time.Now})}
		c.sender = smtp.New(d, smtp.Options{Now: time.Now, SignInTimeout: limit})
		return newWorld(t, func(config *connect.Config) {
			config.Explainer, config.Source, config.Sender = catalogue, c.source, c.sender
			config.AllowPlain, config.TestTimeout = true, 4*limit
		}).Service
	}
	c.fast, c.patient = service(2*time.Second), service(15*time.Second)
	return c
}

// secret is the password that a test signs in with.
func (a *ailment) secret() mailstead.Secret {
	if a.password != "" {
		return mailstead.NewSecret(a.password)
	}
	return mailstead.NewSecret(mailtest.Anna.Password)
}

func (a *ailment) user() string {
	if a.login != "" {
		return a.login
	}
	return mailtest.Anna.Address
}

// examine runs the test that the button "Test connection" runs.
func (c *clinic) examine(t *testing.T, a *ailment) mailstead.Report {
	t.Helper()
	if a.send != "" || a.keep {
		return c.further(t, a)
	}
	service := c.patient
	if a.hasty {
		service = c.fast
	}
	input := &connect.ServerInput{Text: a.server.Addr(), Protocol: a.server.Protocol, Security: a.server.Security, Login: a.user()}
	r := connect.Request{Address: a.from, Password: a.secret(), PlainReason: "a laboratory"}
	if r.Address == "" {
		r.Address = mailtest.Anna.Address
	}
	if r.SendOnly = a.server.Protocol == mailstead.SMTP; r.SendOnly {
		r.Outgoing = input
	} else {
		r.Incoming, r.ReceiveOnly = input, true
	}
	actor := mailstead.Actor{User: mailstead.User{ID: mailstead.UserID(100 + c.users.Add(1)), Role: mailstead.RoleUser}}
	res, err := service.Test(t.Context(), actor, r)
	if err != nil {
		t.Fatal(err)
	}
	if res.Incoming != nil {
		return *res.Incoming
	}
	return *res.Outgoing
}

// further goes on where a connection test ends, and explains what happens there.
func (c *clinic) further(t *testing.T, a *ailment) mailstead.Report {
	t.Helper()
	access := mailstead.Access{Server: a.server, Login: a.user(), Secret: a.secret()}
	r := mailstead.Report{Side: mailstead.SideOutgoing, Protocol: a.server.Protocol, Server: a.server}
	stage := mailstead.Stage{Stage: stageEnd}
	body := []byte("From: a@b.c\r\nSubject: test\r\n\r\n" + strings.Repeat("0123456789abcde\r\n", 1+a.size/17))
	if a.keep {
		r.Side, stage.Stage = mailstead.SideIncoming, stageFolders
		s, err := c.source.Open(t.Context(), access)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		_, stage.Err = s.(mailstead.Appender).Append(t.Context(), "INBOX", mailstead.Flags{}, body)
	} else {
		s, err := c.sender.Open(t.Context(), access)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		from := a.from
		if from == "" {
			from = mailtest.Anna.Address
		}
		_, stage.Err = s.Send(t.Context(), mailstead.Envelope{From: from, To: []string{a.send}}, body, func() error { return nil })
	}
	stage.OK = stage.Err == nil
	r.Stages, r.OK = []mailstead.Stage{stage}, stage.OK
	c.catalogue.Report(&r, "")
	return r
}

var (
	fullAddress = regexp.MustCompile(`[\w.+-]+@[\w-]+\.\w+`)
	sentence    = regexp.MustCompile(`^[A-Z].*[.!?]$`)
)

// judge compares a report with what is wrong.
func (a *ailment) judge(t *testing.T, r mailstead.Report) {
	t.Helper()
	f := r.Failure()
	if f == nil || r.OK {
		t.Fatalf("the doctor finds nothing: %+v", r)
	}
	t.Logf("%s %s by %s: %s %s (%s)\n%v", f.Stage, f.Code, f.Who, f.Cause, f.Action, f.Server, f.Err)
	side := mailstead.SideIncoming
	if a.server.Protocol == mailstead.SMTP {
		side = mailstead.SideOutgoing
	}
	if f.Stage != a.stage || f.Code != a.code || f.Who != a.who || r.Side != side {
		t.Errorf("got %s: %s at %s, to be mended by %s; want %s: %s at %s by %s", r.Side, f.Code, f.Stage, f.Who, side, a.code, a.stage, a.who)
	}
	if !strings.Contains(f.Server, a.words) || (a.words == "" && f.Server != "") {
		t.Errorf("the server's words are %q, want %q in them", f.Server, a.words)
	}
	if !sentence.MatchString(f.Cause) || !sentence.MatchString(f.Action) || f.Kind == "" {
		t.Errorf("cause %q, action %q, kind %q", f.Cause, f.Action, f.Kind)
	}
	told, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	password := a.secret().Reveal()
	for _, secret := range []string{
		password, base64.StdEncoding.EncodeToString([]byte(password)),
		base64.StdEncoding.EncodeToString([]byte("\x00" + a.user() + "\x00" + password)),
	} {
		if strings.Contains(string(told), secret) {
			t.Errorf("the report tells the secret: %s", told)
		}
	}
	if m := fullAddress.FindString(string(told)); m != "" {
		t.Errorf("the report tells the address %s", m)
	}
}

// TestDoctor: whatever is wrong with a server, the connection test names the
// stage, the code and who must act.
func TestDoctor(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	c := newClinic(t, w.good.CA)
	rows := slices.Concat(w.network(t), w.encryption(t), w.greetings(t), w.signIns(t), w.mailboxes(t), w.senders(t))
	if len(rows) < 40 {
		t.Errorf("only %d failures", len(rows))
	}
	for _, a := range rows {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			if a.before != nil {
				defer a.before(t)()
			}
			a.judge(t, c.examine(t, &a))
		})
	}
}
