package connect_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/connect"
)

func TestTestStoresNothingAndTriesBothSidesAtOnce(t *testing.T) {
	w := newWorld(t)
	// Each side answers only when the other one was asked as well.
	met := make(chan struct{})
	w.incoming.answer = func(context.Context, mailstead.Access) error { met <- struct{}{}; return nil }
	w.outgoing.answer = func(ctx context.Context, _ mailstead.Access) error {
		select {
		case <-met:
			return nil
		case <-ctx.Done():
			return at(mailstead.StageTCP, mailstead.KindTemporary, "net.timeout")
		}
	}
	got, err := w.Test(t.Context(), anna, request())
	if err != nil || !got.OK || got.Incoming == nil || got.Outgoing == nil || !got.Incoming.OK || !got.Outgoing.OK {
		t.Fatalf("got %+v, %v", got, err)
	}
	want := mailstead.Server{Protocol: mailstead.IMAP, Host: "imap.firm.example", Port: 993, Security: mailstead.SecurityTLS}
	if got.Incoming.Side != mailstead.SideIncoming || got.Incoming.Server != want {
		t.Errorf("incoming report is about %s %s", got.Incoming.Side, got.Incoming.Server)
	}
	if from := w.outgoing.froms; !slices.Equal(from, []string{"anna@firm.example"}) {
		t.Errorf("sender offered: %q", from)
	}
	if w.store.writes != 0 || len(w.connected) != 0 {
		t.Errorf("a test wrote %d times to the store", w.store.writes)
	}
}

// TestATestCanBeFollowed: every stage is told as it ends, in words for people, with the
// side and the server that it is about.
func TestATestCanBeFollowed(t *testing.T) {
	w := newWorld(t)
	r := request()
	r.Password = mailstead.NewSecret("wrong")
	told := make(map[mailstead.SideName][]mailstead.Stage)
	got, err := w.FollowTest(t.Context(), anna, r, func(s connect.Told) {
		if s.Server.Host == "" {
			t.Errorf("told %+v of no server", s)
		}
		told[s.Side] = append(told[s.Side], s.Stage)
	})
	if err != nil || got.OK {
		t.Fatalf("got %+v, %v", got, err)
	}
	for _, report := range []*mailstead.Report{got.Incoming, got.Outgoing} {
		if d := cmp.Diff(report.Stages, told[report.Side], cmpopts.IgnoreFields(mailstead.Stage{}, "Err")); d != "" || len(report.Stages) == 0 {
			t.Errorf("%s (-report +told):\n%s", report.Side, d)
		}
	}
}

func TestTestReportsARefusalAsResult(t *testing.T) {
	w := newWorld(t)
	r := request()
	r.Password = mailstead.NewSecret("wrong")
	got, err := w.Test(t.Context(), anna, r)
	if err != nil || got.OK {
		t.Fatalf("got %+v, %v", got, err)
	}
	f := got.Incoming.Failure()
	if f == nil || f.Stage != mailstead.StageLogin || f.Code != "auth.bad_credentials" || f.Cause == "" || f.Action == "" {
		t.Errorf("failure: %+v", f)
	}
}

// Security is found out by asking, never falls to none, and never follows from
// the port alone.
func TestAutomaticSecurity(t *testing.T) {
	wrongMode := at(mailstead.StageTLS, mailstead.KindPermanent, "tls.wrong_mode")
	refused := at(mailstead.StageTCP, mailstead.KindTemporary, "net.refused")
	cases := []struct {
		name  string
		input connect.ServerInput
		fails map[string]error
		tried []string
		works bool
	}{
		{"TLS works", connect.ServerInput{Text: "h.example"}, nil, []string{"h.example:993:tls"}, true},
		{
			"TLS port closed",
			connect.ServerInput{Text: "h.example"},
			map[string]error{"h.example:993:tls": refused},
			[]string{"h.example:993:tls", "h.example:143:starttls"},
			true,
		},
		{
			"nothing works, and nothing is tried in the clear",
			connect.ServerInput{Text: "h.example"},
			map[string]error{"h.example": refused},
			[]string{"h.example:993:tls", "h.example:143:starttls"},
			false,
		},
		{
			"STARTTLS on the TLS port",
			connect.ServerInput{Text: "h.example:993"},
			map[string]error{"h.example:993:tls": wrongMode},
			[]string{"h.example:993:tls", "h.example:993:starttls"},
			true,
		},
		{
			"TLS on the STARTTLS port",
			connect.ServerInput{Text: "h.example", Port: 143},
			map[string]error{"h.example:143:starttls": at(mailstead.StageGreeting, mailstead.KindTemporary, "net.timeout")},
			[]string{"h.example:143:starttls", "h.example:143:tls"},
			true,
		},
		{
			"a port of its own",
			connect.ServerInput{Text: "h.example:4143", Security: mailstead.SecurityAutomatic},
			map[string]error{"h.example:4143:tls": wrongMode},
			[]string{"h.example:4143:tls", "h.example:4143:starttls"},
			true,
		},
		{
			"TLS demanded is not replaced",
			connect.ServerInput{Text: "h.example", Security: mailstead.SecurityTLS},
			map[string]error{"h.example": refused},
			[]string{"h.example:993:tls"},
			false,
		},
		{
			"STARTTLS demanded is not replaced",
			connect.ServerInput{Text: "h.example", Security: mailstead.SecurityStartTLS},
			map[string]error{"h.example": refused},
			[]string{"h.example:143:starttls"},
			false,
		},
		{
			"URL",
			connect.ServerInput{Text: "imaps://h.example"},
			map[string]error{"h.example": refused},
			[]string{"h.example:993:tls"},
			false,
		},
		{
			"an unknown host is asked once",
			connect.ServerInput{Text: "h.example"},
			map[string]error{"h.example": at(mailstead.StageDNS, mailstead.KindPermanent, "dns.not_found")},
			[]string{"h.example:993:tls"},
			false,
		},
		{
			"a certificate that does not convince",
			connect.ServerInput{Text: "h.example"},
			map[string]error{"h.example:993:tls": at(mailstead.StageTLS, mailstead.KindPermanent, "tls.untrusted")},
			[]string{"h.example:993:tls"},
			false,
		},
		{
			"a guarded address",
			connect.ServerInput{Text: "h.example"},
			map[string]error{"h.example": at(mailstead.StageTCP, mailstead.KindForbidden, "net.guarded")},
			[]string{"h.example:993:tls"},
			false,
		},
		{
			"a refused password is not tried again",
			connect.ServerInput{Text: "h.example"},
			map[string]error{"h.example": at(mailstead.StageLogin, mailstead.KindCredentials, "auth.bad_credentials")},
			[]string{"h.example:993:tls"},
			false,
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.incoming.fails(c.fails)
			r := request()
			r.Incoming = &c.input
			got, err := w.Test(t.Context(), anna, r)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.tried, w.incoming.servers()); diff != "" {
				t.Errorf("tried: %s", diff)
			}
			if got.Incoming.OK != c.works {
				t.Errorf("OK = %t, want %t", got.Incoming.OK, c.works)
			}
			if last := c.tried[len(c.tried)-1]; c.works && got.Incoming.Server.String() != last {
				t.Errorf("chosen: %s, want %s", got.Incoming.Server, last)
			}
			for _, a := range w.incoming.calls {
				if a.AllowPlain || a.Server.Security == mailstead.SecurityNone {
					t.Errorf("tried in the clear: %+v", a)
				}
			}
		})
	}
}

func TestTheFurthestFailureIsReported(t *testing.T) {
	w := newWorld(t)
	w.incoming.fails(map[string]error{
		"h.example:993:tls":      at(mailstead.StageTCP, mailstead.KindTemporary, "net.refused"),
		"h.example:143:starttls": at(mailstead.StageGreeting, mailstead.KindPermanent, "tls.starttls_missing"),
	})
	r := request()
	r.Incoming = &connect.ServerInput{Text: "h.example"}
	got, err := w.Test(t.Context(), anna, r)
	if err != nil {
		t.Fatal(err)
	}
	if f := got.Incoming.Failure(); f.Code != "tls.starttls_missing" || got.Incoming.Server.Port != 143 {
		t.Errorf("reported %s at %s", f.Code, got.Incoming.Server)
	}
}

func TestServersOfAProviderAreTriedInOrder(t *testing.T) {
	w := newWorld(t)
	w.outgoing.fails(map[string]error{"smtp.gmail.com:465:tls": at(mailstead.StageTCP, mailstead.KindTemporary, "net.timeout")})
	r := connect.Request{Address: "anna@gmail.com", Password: mailstead.NewSecret("right")}
	saved, err := w.Save(t.Context(), anna, r)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"smtp.gmail.com:465:tls", "smtp.gmail.com:587:starttls"}, w.outgoing.servers()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"imap.gmail.com:993:tls"}, w.incoming.servers()); diff != "" {
		t.Error(diff)
	}
	if got := saved.Account.Outgoing.Server.String(); got != "smtp.gmail.com:587:starttls" {
		t.Errorf("stored %s", got)
	}
	if saved.Account.ProviderID != "gmail" {
		t.Errorf("provider %q", saved.Account.ProviderID)
	}
}

func TestARefusedPasswordStopsAtOnce(t *testing.T) {
	w := newWorld(t)
	r := connect.Request{Address: "anna@gmail.com", Password: mailstead.NewSecret("wrong")}
	if _, err := w.Save(t.Context(), anna, r); mailstead.KindOf(err) != mailstead.KindCredentials {
		t.Fatalf("got %v", err)
	}
	if in, out := len(w.incoming.calls), len(w.outgoing.calls); in != 1 || out != 1 {
		t.Errorf("the wrong password was sent %d times in and %d times out", in, out)
	}
}

func TestLoginsFollowTheProvider(t *testing.T) {
	w := newWorld(t)
	r := connect.Request{Address: "anna@icloud.com", Password: mailstead.NewSecret("right")}
	if _, err := w.Test(t.Context(), anna, r); err != nil {
		t.Fatal(err)
	}
	if in, out := w.incoming.calls[0].Login, w.outgoing.calls[0].Login; in != "anna" || out != "anna@icloud.com" {
		t.Errorf("logins %q and %q", in, out)
	}
	r.Incoming = &connect.ServerInput{Login: "anna2"}
	if _, err := w.Test(t.Context(), anna, r); err != nil {
		t.Fatal(err)
	}
	if got := w.incoming.calls[1]; got.Login != "anna2" || got.Server.Host != "imap.mail.me.com" {
		t.Errorf("typed login: got %q at %s", got.Login, got.Server)
	}
}

// The time limit holds even when servers never answer, and a silent server does
// not eat the turn of the next one.
func TestTimeLimit(t *testing.T) {
	w := newWorld(t, func(c *connect.Config) { c.TestTimeout = time.Minute })
	silent := func(ctx context.Context, _ mailstead.Access) error {
		<-ctx.Done()
		return at(mailstead.StageGreeting, mailstead.KindTemporary, "net.timeout")
	}
	synctest.Test(t, func(t *testing.T) {
		w.incoming.answer = silent
		w.outgoing.answer = func(ctx context.Context, a mailstead.Access) error {
			if a.Server.Security == mailstead.SecurityTLS {
				return silent(ctx, a)
			}
			return nil
		}
		r := request()
		r.Outgoing = &connect.ServerInput{Text: "smtp.firm.example"}
		start := time.Now()
		got, err := w.Test(t.Context(), anna, r)
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took > time.Minute {
			t.Errorf("the test took %s", took)
		}
		if got.Incoming.OK || !got.Outgoing.OK {
			t.Errorf("incoming OK = %t, outgoing OK = %t; want false, true", got.Incoming.OK, got.Outgoing.OK)
		}
	})
}

func TestTestsAreThrottledPerUser(t *testing.T) {
	now := testTime
	w := newWorld(t, func(c *connect.Config) { c.Now = func() time.Time { return now } })
	for i := range 20 {
		if _, err := w.Test(t.Context(), anna, request()); err != nil {
			t.Fatalf("test %d: %v", i, err)
		}
	}
	for name, try := range map[string]func() error{
		"Test": func() error { _, err := w.Test(t.Context(), anna, request()); return err },
		"Save": func() error { _, err := w.Save(t.Context(), anna, request()); return err },
	} {
		if err := try(); mailstead.KindOf(err) != mailstead.KindThrottled {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if n := len(w.incoming.calls); n != 20 {
		t.Errorf("%d servers were asked", n)
	}
	if _, err := w.Test(t.Context(), boris, request()); err != nil {
		t.Errorf("somebody else: %v", err)
	}
	now = now.Add(time.Minute)
	if _, err := w.Test(t.Context(), anna, request()); err != nil {
		t.Errorf("a minute later: %v", err)
	}
}

func TestOnlyAdministratorsReachOtherPorts(t *testing.T) {
	w := newWorld(t)
	for _, actor := range []mailstead.Actor{anna, root, operator} {
		if _, err := w.Test(t.Context(), actor, request()); err != nil {
			t.Fatal(err)
		}
		got := w.incoming.calls[len(w.incoming.calls)-1].Admin
		if want := actor.IsAdmin(); got != want {
			t.Errorf("%s: Admin = %t, want %t", actor.User.Email, got, want)
		}
	}
}

func TestWhoMayDiscoverAndTest(t *testing.T) {
	w := newWorld(t)
	narrow := anna
	narrow.Scopes = []mailstead.Scope{mailstead.ScopeRead}
	off := anna
	off.User.Disabled = true
	for name, c := range map[string]struct {
		actor mailstead.Actor
		want  mailstead.Kind
	}{
		"nobody":                {mailstead.Actor{}, mailstead.KindUnauthenticated},
		"a token without scope": {narrow, mailstead.KindForbidden},
		"a user switched off":   {off, mailstead.KindUnauthenticated},
	} {
		_, discovered := w.Discover(t.Context(), c.actor, "anna@gmail.com")
		_, tested := w.Test(t.Context(), c.actor, request())
		_, saved := w.Save(t.Context(), c.actor, request())
		for _, err := range []error{discovered, tested, saved} {
			if mailstead.KindOf(err) != c.want {
				t.Errorf("%s: got %v", name, err)
			}
		}
	}
	if len(w.incoming.calls)+len(w.outgoing.calls) != 0 {
		t.Error("a server was asked for somebody without the right")
	}
	r, err := w.Discover(t.Context(), anna, "anna@gmail.com")
	if err != nil || r.Provider.ID != "gmail" {
		t.Errorf("got %v, %v", r.Provider, err)
	}
}

func TestFailuresNameTheProviderOfTypedServers(t *testing.T) {
	w := newWorld(t)
	r := request()
	r.Incoming = &connect.ServerInput{Text: "imap.gmail.com"}
	r.Password = mailstead.NewSecret("wrong")
	got, err := w.Test(t.Context(), anna, r)
	if err != nil {
		t.Fatal(err)
	}
	if cause := got.Incoming.Failure().Cause; cause != "It failed at gmail." {
		t.Errorf("cause %q", cause)
	}
}

// Whatever is typed into a server field, only valid servers are asked, all of one
// host, and none in the clear.
func FuzzTypedServer(f *testing.F) {
	for _, s := range []string{"h.example", "h.example:993", "[::1]:143", "::1", "imaps://h.example:1", "h.example:25:none", "пример.рф", "h.example:993:ssl", "a@b", "", ":", "[", "smtp://x"} {
		f.Add(s, 0, "")
	}
	f.Add("h.example", 587, "starttls")
	f.Add("h.example", -1, "automatic")
	now := testTime
	w := newWorld(f, func(c *connect.Config) { c.Now = func() time.Time { return now } })
	refused := at(mailstead.StageTCP, mailstead.KindTemporary, "net.refused")
	w.incoming.answer = func(context.Context, mailstead.Access) error { return refused }
	f.Fuzz(func(t *testing.T, text string, port int, security string) {
		now = now.Add(time.Minute)
		w.incoming.calls, w.outgoing.calls = nil, nil
		r := request()
		r.Incoming = &connect.ServerInput{Text: text, Port: port, Security: mailstead.Security(security)}
		if _, err := w.Test(t.Context(), anna, r); err != nil && mailstead.KindOf(err) != mailstead.KindInvalid {
			t.Fatal(err)
		}
		for _, a := range w.incoming.calls {
			if err := a.Server.Validate("incoming"); err != nil || a.Server.Host != w.incoming.calls[0].Server.Host {
				t.Errorf("%q: asked %s: %v", text, a.Server, err)
			}
			if a.Server.Security == mailstead.SecurityNone || a.AllowPlain {
				t.Errorf("%q: asked %s in the clear", text, a.Server)
			}
		}
	})
}
