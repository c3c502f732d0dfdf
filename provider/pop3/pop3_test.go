package pop3_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/dial"
	"github.com/mailstead/mailstead/fakemail"
	"github.com/mailstead/mailstead/mailtest"
	"github.com/mailstead/mailstead/provider/pop3"
)

// loopback lets a test's dialer reach servers of this machine.
func loopback() []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} }

// resolver finds every name on this machine.
type resolver struct{}

func (resolver) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
}

// now is when every test takes place.
var now = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

func newDriver(ca *mailtest.CA, limit time.Duration) *pop3.Driver {
	c := dial.Config{Allowed: loopback(), Resolver: resolver{}, IOTimeout: limit}
	if ca != nil {
		c.Roots = ca.Pool()
	}
	return pop3.New(pop3.Config{Dialer: dial.New(c)})
}

const (
	ann      = "ann@example.com"
	password = `p"ss wörd 1`
)

// startFake starts a server in this process.
func startFake(t *testing.T, c fakemail.POP3Config) (*fakemail.POP3Server, *mailtest.CA) {
	t.Helper()
	ca := mailtest.NewCA(t)
	if c.Users == nil {
		c.Users = map[string]fakemail.POP3User{ann: {Password: password}}
	}
	if c.Security != mailstead.SecurityNone && c.Security != "" {
		c.TLS = &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, mailtest.CertValid)}}
	}
	s, err := fakemail.StartPOP3(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, ca
}

func access(s mailstead.Server) mailstead.Access {
	return mailstead.Access{
		Server: s, Login: ann, Secret: mailstead.NewSecret(password), AllowPlain: s.Security == mailstead.SecurityNone,
	}
}

// mail makes a mail that arrived so many days before now.
func mail(days int, body string) []byte {
	at := now.AddDate(0, 0, -days)
	return fmt.Appendf(nil, "Received: from a.example.com by b.example.com\r\n\tfor <ann@example.com>; %s\r\n"+
		"Date: Mon, 01 Jan 2001 00:00:00 +0000\r\nFrom: <ben@example.com>\r\nSubject: %s\r\nMessage-ID: <%s@example.com>\r\n\r\n%s\r\n",
		at.Format(time.RFC1123Z), body, strings.ReplaceAll(body, " ", "."), body)
}

// open signs in and numbers the mails from 101 on.
func open(t *testing.T, d *pop3.Driver, a mailstead.Access) mailstead.Source {
	t.Helper()
	src, err := d.Open(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = src.Close() })
	if _, err := src.Select(t.Context(), "INBOX"); err != nil {
		t.Fatal(err)
	}
	number(t, src)
	return src
}

func number(t *testing.T, src mailstead.Source) []string {
	t.Helper()
	drop := src.(mailstead.Maildrop)
	names, err := drop.Names(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	uids := make([]mailstead.UID, len(names))
	for i := range uids {
		uids[i] = mailstead.UID(101 + i)
	}
	drop.Number(uids)
	return names
}

func fetch(t *testing.T, src mailstead.Source, maxSize int64, uids ...mailstead.UID) []mailstead.RawMessage {
	t.Helper()
	var got []mailstead.RawMessage
	err := src.Fetch(t.Context(), uids, maxSize, func(m mailstead.RawMessage) error {
		got = append(got, m)
		return nil
	})
	if err != nil {
		t.Fatalf("fetch: %v", err)
	}
	return got
}

var securities = []mailstead.Security{mailstead.SecurityNone, mailstead.SecurityStartTLS, mailstead.SecurityTLS}

func TestCheckGoesThroughItsStages(t *testing.T) {
	const dns, tcp, hello = mailstead.StageDNS, mailstead.StageTCP, mailstead.StageGreeting
	const caps, login, folders = mailstead.StageCapabilities, mailstead.StageLogin, mailstead.StageFolders
	for security, want := range map[mailstead.Security][]mailstead.StageName{
		mailstead.SecurityNone:     {dns, tcp, hello, caps, login, folders},
		mailstead.SecurityStartTLS: {dns, tcp, hello, caps, mailstead.StageTLS, login, folders},
		mailstead.SecurityTLS:      {dns, tcp, mailstead.StageTLS, hello, caps, login, folders},
	} {
		s, ca := startFake(t, fakemail.POP3Config{Security: security})
		s.Deliver(ann, mail(1, "a"))
		d := newDriver(ca, 0)
		r := d.Check(t.Context(), access(s.Server()))
		if !r.OK || r.Side != mailstead.SideIncoming || r.Protocol != mailstead.POP3 {
			t.Fatalf("%s: got %+v: %v", security, r, r.Failure())
		}
		var got []mailstead.StageName
		for _, st := range r.Stages {
			got = append(got, st.Stage)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: stages (-want +got):\n%s", security, diff)
		}
		wrong := access(s.Server())
		wrong.Secret = mailstead.NewSecret("sesame-open-9")
		r = d.Check(t.Context(), wrong)
		f := r.Failure()
		if r.OK || f == nil || f.Stage != login || mailstead.KindOf(f.Err) != mailstead.KindCredentials || f.Server == "" {
			t.Fatalf("%s: wrong password: got %+v", security, r)
		}
		if text := fmt.Sprintf("%+v %v", r, f.Err); strings.Contains(text, "sesame") {
			t.Errorf("%s: the report holds the password: %s", security, text)
		}
		if security == mailstead.SecurityNone {
			continue
		}
		stranger := access(s.Server())
		stranger.Server.Host = "other.example.net"
		r = d.Check(t.Context(), stranger)
		if f := r.Failure(); r.OK || f == nil || f.Stage != mailstead.StageTLS || mailstead.CodeOf(f.Err) != "tls.name_mismatch" {
			t.Errorf("%s: untrusted certificate: got %+v", security, r)
		}
	}
}

func TestSignInByEveryWay(t *testing.T) {
	for name, c := range map[string]fakemail.POP3Config{
		"AUTH PLAIN":       {},
		"USER and PASS":    {NoSASL: true},
		"a server of 1996": {NoCAPA: true, NoSASL: true},
	} {
		for _, security := range securities {
			t.Run(name+" "+string(security), func(t *testing.T) {
				c.Security = security
				s, ca := startFake(t, c)
				src, err := newDriver(ca, 0).Open(t.Context(), access(s.Server()))
				if err != nil {
					t.Fatal(err)
				}
				if err := src.Close(); err != nil {
					t.Error(err)
				}
				used := slices.Contains(s.Commands(), "AUTH")
				if used != (name == "AUTH PLAIN") {
					t.Errorf("got commands %v", s.Commands())
				}
			})
		}
	}
}

func TestNoSecretGoesOutUnencrypted(t *testing.T) {
	for _, c := range []fakemail.POP3Config{
		{Security: mailstead.SecurityStartTLS, HideSTLS: true},
		{Security: mailstead.SecurityStartTLS, RefuseSTLS: true},
		{Security: mailstead.SecurityNone},
	} {
		s, ca := startFake(t, c)
		a := access(s.Server())
		a.AllowPlain = false
		_, err := newDriver(ca, 0).Open(t.Context(), a)
		want := "tls.starttls_missing"
		if c.Security == mailstead.SecurityNone {
			want = "tls.required"
		}
		if mailstead.CodeOf(err) != want || mailstead.KindOf(err) != mailstead.KindPermanent {
			t.Errorf("got %v, want %s", err, want)
		}
		for _, word := range s.Commands() {
			if word == "AUTH" || word == "USER" || word == "PASS" {
				t.Errorf("got commands %v", s.Commands())
			}
		}
	}
}

func TestMailsComeAsTheyAre(t *testing.T) {
	for _, c := range []fakemail.POP3Config{{}, {NoPipelining: true}, {NoTOP: true}} {
		s, _ := startFake(t, c)
		long := append(mail(2, "long"), bytes.Repeat([]byte("y"), 30<<10)...)
		long = append(long, "\r\n"...)
		odd := []byte("..\r\n.\r\n.x\r\nno header\r\n")
		raw := [][]byte{mail(3, "first"), long, mail(1, "dots\r\n.\r\n..\r\n.end"), odd, {}, []byte("\r\n")}
		s.Deliver(ann, raw...)
		src := open(t, newDriver(nil, 0), access(s.Server()))
		st, err := src.Select(t.Context(), "INBOX")
		if err != nil || st.Total != len(raw) || st.UIDValidity == 0 {
			t.Errorf("select: got %+v, %v", st, err)
		}
		uids, err := src.UIDs(t.Context(), mailstead.UIDWindow{})
		if err != nil || !slices.Equal(uids, []mailstead.UID{101, 102, 103, 104, 105, 106}) {
			t.Fatalf("got UIDs %v, %v", uids, err)
		}
		got := fetch(t, src, 0, append(uids, 999)...)
		if len(got) != len(raw) {
			t.Fatalf("got %d mails", len(got))
		}
		for i, m := range got {
			want := raw[i]
			if len(want) == 0 {
				want = []byte("\r\n") // the server ends the line
			}
			if m.UID != uids[i] || !bytes.Equal(m.Data, want) || m.Size != int64(len(want)) {
				t.Errorf("mail %d: got %d bytes, size %d, want %d", i, len(m.Data), m.Size, len(want))
			}
		}
		if at := now.AddDate(0, 0, -3); !got[0].ReceivedAt.Equal(at) {
			t.Errorf("got arrival %v, want %v", got[0].ReceivedAt, at)
		}
	}
}

func TestLimitsOfSize(t *testing.T) {
	s, _ := startFake(t, fakemail.POP3Config{})
	s.Deliver(ann, mail(3, "small"), append(mail(2, "large"), bytes.Repeat([]byte("z"), 5000)...), mail(1, "after"))
	src := open(t, newDriver(nil, 0), access(s.Server()))
	got := fetch(t, src, 2000, 101, 102, 103)
	if len(got) != 3 || got[0].Data == nil || got[1].Data != nil || got[1].Size < 5000 || got[2].Data == nil {
		t.Fatalf("got %+v", got)
	}
	if at := now.AddDate(0, 0, -2); !got[1].ReceivedAt.Equal(at) {
		t.Errorf("got arrival %v of the one that was left there, want %v", got[1].ReceivedAt, at)
	}
	// A server that lies about sizes does not get past the limit.
	s.SetFault(ann, fakemail.POP3WrongCount)
	_ = src.Close()
	src = open(t, newDriver(nil, 0), access(s.Server()))
	got = fetch(t, src, 2000, 101, 102, 103)
	if len(got) != 3 || got[0].Data == nil || got[1].Data != nil || got[1].Size < 5000 || got[2].Data == nil {
		t.Errorf("with wrong sizes: got %d mails", len(got))
	}
}

func TestFetchStopsWhenTold(t *testing.T) {
	s, _ := startFake(t, fakemail.POP3Config{})
	for i := range 40 {
		s.Deliver(ann, mail(1, fmt.Sprint("n", i)))
	}
	src := open(t, newDriver(nil, 0), access(s.Server()))
	stop := &mailstead.Error{Kind: mailstead.KindInternal, Code: "test.stop"}
	n := 0
	uids, _ := src.UIDs(t.Context(), mailstead.UIDWindow{})
	err := src.Fetch(t.Context(), uids, 0, func(mailstead.RawMessage) error {
		if n++; n == 3 {
			return stop
		}
		return nil
	})
	if mailstead.CodeOf(err) != "test.stop" || n != 3 {
		t.Errorf("got %v after %d mails", err, n)
	}
	if got := fetch(t, src, 0, 140); len(got) != 1 {
		t.Errorf("the connection is of no use afterwards: got %d mails", len(got))
	}
}

func TestPeriodIsFoundByHalving(t *testing.T) {
	for _, noTop := range []bool{false, true} {
		s, _ := startFake(t, fakemail.POP3Config{NoTOP: noTop})
		for days := 200; days > 0; days-- {
			s.Deliver(ann, mail(days, fmt.Sprint("day ", days)))
		}
		src := open(t, newDriver(nil, 0), access(s.Server()))
		before := len(s.Commands())
		uids, err := src.UIDs(t.Context(), mailstead.UIDWindow{To: 290, SinceUnix: now.AddDate(0, 0, -30).Unix()})
		if err != nil || len(uids) != 20 || uids[0] != 271 || uids[19] != 290 {
			t.Errorf("got %v, %v", uids, err)
		}
		if asked := len(s.Commands()) - before; asked > 12 {
			t.Errorf("asked %d times", asked)
		}
		byID, err := src.UIDs(t.Context(), mailstead.UIDWindow{From: 295, MessageID: "day.3@example.com"})
		if err != nil || !slices.Equal(byID, []mailstead.UID{298}) {
			t.Errorf("got %v, %v", byID, err)
		}
	}
}

func TestNames(t *testing.T) {
	a, b, c := mail(3, "a"), mail(2, "b"), mail(1, "c")
	for fault, want := range map[fakemail.POP3Fault]func(names []string) bool{
		"": func(n []string) bool { return slices.Equal(n, []string{"00005001", "00005002", "00005003"}) },
		fakemail.POP3NoUIDL: func(n []string) bool {
			return n[0] != n[1] && n[1] != n[2] && strings.HasPrefix(n[0], "sha256 ")
		},
		fakemail.POP3HalfUIDL: func(n []string) bool {
			return n[0] == "00005001" && strings.HasPrefix(n[1], "sha256 ") && n[2] == "00005003"
		},
		fakemail.POP3SameUIDL:   func(n []string) bool { return slices.Equal(n, []string{"same", "same 2", "same 3"}) },
		fakemail.POP3WrongCount: func(n []string) bool { return slices.Equal(n, []string{"00005001", "00005002", "00005003"}) },
	} {
		for _, noTop := range []bool{false, true} {
			s, _ := startFake(t, fakemail.POP3Config{NoTOP: noTop})
			s.Deliver(ann, a, b, c)
			s.SetFault(ann, fault)
			var last []string
			for range 2 {
				src, err := newDriver(nil, 0).Open(t.Context(), access(s.Server()))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := src.Select(t.Context(), "INBOX"); err != nil {
					t.Fatal(err)
				}
				names := number(t, src)
				if !want(names) || (last != nil && !slices.Equal(last, names)) {
					t.Errorf("%q: got %v, before %v", fault, names, last)
				}
				last = names
				if err := src.Close(); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

func TestEmptyMailbox(t *testing.T) {
	s, _ := startFake(t, fakemail.POP3Config{})
	src := open(t, newDriver(nil, 0), access(s.Server()))
	uids, err := src.UIDs(t.Context(), mailstead.UIDWindow{SinceUnix: 1})
	if err != nil || len(uids) != 0 {
		t.Errorf("got %v, %v", uids, err)
	}
	if _, err := src.Select(t.Context(), "Sent"); mailstead.KindOf(err) != mailstead.KindNotFound {
		t.Errorf("another folder: got %v", err)
	}
	folders, err := src.Folders(t.Context())
	if err != nil || len(folders) != 1 || folders[0].Role != mailstead.FolderInbox {
		t.Errorf("got %+v, %v", folders, err)
	}
}

func TestNothingIsEverDeleted(t *testing.T) {
	s, _ := startFake(t, fakemail.POP3Config{LoginDelay: 600})
	s.Deliver(ann, mail(2, "a"), mail(1, "b"))
	src := open(t, newDriver(nil, 0), access(s.Server()))
	fetch(t, src, 0, 101, 102)
	if d := src.(mailstead.Maildrop).LoginDelay(); d != 10*time.Minute {
		t.Errorf("got delay %v", d)
	}
	if err := src.Close(); err != nil {
		t.Error(err)
	}
	if words := s.Commands(); s.Count(ann) != 2 || slices.Contains(words, "DELE") || words[len(words)-1] != "QUIT" {
		t.Errorf("got commands %v", words)
	}
}
