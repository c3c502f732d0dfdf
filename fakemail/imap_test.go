package fakemail_test

import (
	"bufio"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/dial"
	"github.com/mailstead/mailstead/fakemail"
	"github.com/mailstead/mailstead/provider/imap"
)

// startIMAP starts a server without encryption that knows one person.
func startIMAP(t *testing.T, c fakemail.IMAPConfig) (*fakemail.IMAPServer, *imap.Driver, mailstead.Access) {
	t.Helper()
	c.Users = map[string]fakemail.IMAPUser{"ann@example.com": {
		Password: "sesame", Folders: map[string]mailstead.FolderRole{"Sent": mailstead.FolderSent},
	}}
	s, err := fakemail.StartIMAP(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	d := imap.New(imap.Config{Dialer: dial.New(dial.Config{Allowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})})
	return s, d, mailstead.Access{
		Server: s.Server(), Login: "ann@example.com", Secret: mailstead.NewSecret("sesame"), AllowPlain: true,
	}
}

func openIMAP(t *testing.T, d *imap.Driver, a mailstead.Access) mailstead.Source {
	t.Helper()
	src, err := d.Open(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = src.Close() })
	return src
}

func TestIMAPFaultsOfSignIn(t *testing.T) {
	s, d, a := startIMAP(t, fakemail.IMAPConfig{})
	for _, c := range []struct {
		fault fakemail.IMAPFault
		want  mailstead.Kind
	}{
		{fakemail.IMAPRefuse, mailstead.KindCredentials},
		{fakemail.IMAPUnavailable, mailstead.KindTemporary},
	} {
		s.SetFault("ann@example.com", c.fault)
		if _, err := d.Open(t.Context(), a); mailstead.KindOf(err) != c.want {
			t.Errorf("%s: got %v", c.fault, err)
		}
	}
	s.SetFault("ann@example.com", "")
	openIMAP(t, d, a)
	s.SetPassword("ann@example.com", "open")
	if _, err := d.Open(t.Context(), a); mailstead.KindOf(err) != mailstead.KindCredentials {
		t.Errorf("after a change of password: got %v", err)
	}
	a.Secret = mailstead.NewSecret("open")
	openIMAP(t, d, a)
	if got := s.Connections(); got != 5 {
		t.Errorf("got %d connections", got)
	}
}

func TestIMAPFaultsAfterSignIn(t *testing.T) {
	s, d, a := startIMAP(t, fakemail.IMAPConfig{Delay: 50 * time.Millisecond})
	raw := []byte("Subject: x\r\n\r\nhello\r\n")

	s.SetFault("ann@example.com", fakemail.IMAPFull)
	src := openIMAP(t, d, a)
	if _, err := src.(mailstead.Appender).Append(t.Context(), "Sent", mailstead.Flags{}, raw); mailstead.KindOf(err) != mailstead.KindPermanent {
		t.Errorf("full: got %v", err)
	}

	s.SetFault("ann@example.com", fakemail.IMAPSlow)
	start := time.Now()
	if _, err := src.Select(t.Context(), "INBOX"); err != nil || time.Since(start) < 50*time.Millisecond {
		t.Errorf("slow: got %v after %v", err, time.Since(start))
	}

	s.SetFault("ann@example.com", fakemail.IMAPDrop)
	if _, err := src.Select(t.Context(), "INBOX"); mailstead.KindOf(err) != mailstead.KindTemporary {
		t.Errorf("drop: got %v", err)
	}

	s.SetFault("ann@example.com", "")
	src = openIMAP(t, d, a)
	s.Cut()
	if _, err := src.Folders(t.Context()); mailstead.KindOf(err) != mailstead.KindTemporary {
		t.Errorf("cut: got %v", err)
	}
}

func TestIMAPDelivery(t *testing.T) {
	s, d, a := startIMAP(t, fakemail.IMAPConfig{})
	raw := []byte("Subject: x\r\n\r\nhello\r\n")
	at := time.Date(2024, 2, 1, 12, 0, 0, 0, time.UTC)
	if err := s.DeliverAt("ann@example.com", "INBOX", raw, at); err != nil {
		t.Fatal(err)
	}
	src := openIMAP(t, d, a)
	if st, err := src.Select(t.Context(), "INBOX"); err != nil || st.Total != 1 {
		t.Fatalf("got %+v, %v", st, err)
	}
	err := src.Fetch(t.Context(), []mailstead.UID{1}, 0, func(m mailstead.RawMessage) error {
		if string(m.Data) != string(raw) || !m.ReceivedAt.Equal(at) {
			t.Errorf("got %q of %v", m.Data, m.ReceivedAt)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if err := s.Deliver("nobody@example.com", "INBOX", raw); err == nil {
		t.Error("delivered to nobody")
	}
	if err := s.Deliver("ann@example.com", "No such folder", raw); err == nil {
		t.Error("delivered nowhere")
	}
}

func TestIMAPServerClosesForGood(t *testing.T) {
	s, d, a := startIMAP(t, fakemail.IMAPConfig{})
	src, err := d.Open(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	s.Close()
	_ = src.Close()
	if _, err := d.Open(t.Context(), a); err == nil {
		t.Error("a closed server took a connection")
	}
}

func TestIMAPServerNeedsACertificateForTLS(t *testing.T) {
	if _, err := fakemail.StartIMAP(fakemail.IMAPConfig{Security: mailstead.SecurityTLS}); mailstead.KindOf(err) != mailstead.KindInvalid {
		t.Errorf("got %v", err)
	}
}

// TestIMAPConnectionLostWhileIdle: a connection ends while its Idle looks at the
// folder. The race detector is the judge.
func TestIMAPConnectionLostWhileIdle(t *testing.T) {
	s, _, a := startIMAP(t, fakemail.IMAPConfig{})
	for range 20 {
		c, err := net.Dial("tcp", net.JoinHostPort(a.Server.Host, strconv.Itoa(a.Server.Port)))
		if err != nil {
			t.Fatal(err)
		}
		r := bufio.NewReader(c)
		for _, step := range []struct{ say, until string }{
			{"", "* OK"},
			{"1 LOGIN ann@example.com sesame\r\n", "1 OK"},
			{"2 SELECT INBOX\r\n", "2 OK"},
			{"3 IDLE\r\n", "+ "},
		} {
			if _, err := io.WriteString(c, step.say); err != nil {
				t.Fatal(err)
			}
			for line := ""; !strings.HasPrefix(line, step.until); {
				if line, err = r.ReadString('\n'); err != nil {
					t.Fatal(err)
				}
			}
		}
		var delivered sync.WaitGroup
		delivered.Go(func() {
			if err := s.Deliver("ann@example.com", "INBOX", []byte("Subject: x\r\n\r\nhello\r\n")); err != nil {
				t.Error(err)
			}
		})
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		delivered.Wait()
	}
	// All sessions end: Close waits for them.
	s.Close()
}
