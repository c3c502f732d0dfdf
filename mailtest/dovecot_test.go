//go:build realservers

package mailtest_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/mailtest"
)

// dialIMAP connects as a careful client does.
func dialIMAP(s *mailtest.DovecotServer, security mailstead.Security, o *imapclient.Options) (*imapclient.Client, error) {
	if o == nil {
		o = &imapclient.Options{}
	}
	o.TLSConfig = &tls.Config{RootCAs: s.CA.Pool()}
	o.Dialer = &net.Dialer{Timeout: 10 * time.Second}
	addr := s.IMAP(security).Addr()
	switch security {
	case mailstead.SecurityTLS:
		return imapclient.DialTLS(addr, o)
	case mailstead.SecurityStartTLS:
		return imapclient.DialStartTLS(addr, o)
	default:
		return imapclient.DialInsecure(addr, o)
	}
}

func signIn(t *testing.T, s *mailtest.DovecotServer, security mailstead.Security, u mailtest.User, o *imapclient.Options) *imapclient.Client {
	t.Helper()
	c, err := dialIMAP(s, security, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.Login(u.Address, u.Password).Wait(); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDovecotSignsUsersInUnderEverySecurity(t *testing.T) {
	s := mailtest.Dovecot(t, mailtest.DovecotOptions{MoreUsers: 2})
	for _, security := range []mailstead.Security{mailstead.SecurityNone, mailstead.SecurityStartTLS, mailstead.SecurityTLS} {
		t.Run(string(security), func(t *testing.T) {
			for _, u := range s.Users {
				signIn(t, s, security, u, nil)
			}
			c, err := dialIMAP(s, security, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			var refused *imap.Error
			if err := c.Login(mailtest.Anna.Address, "wrong").Wait(); !errors.As(err, &refused) || refused.Code != imap.ResponseCodeAuthenticationFailed {
				t.Errorf("a wrong password gives %v", err)
			}
		})
	}
}

func TestDovecotOffersTheSpecialFolders(t *testing.T) {
	s := mailtest.Dovecot(t, mailtest.DovecotOptions{})
	c := signIn(t, s, mailstead.SecurityTLS, mailtest.Anna, nil)
	folders, err := c.List("", "*", &imap.ListOptions{ReturnSpecialUse: true}).Collect()
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]imap.MailboxAttr)
	for _, f := range folders {
		got[f.Mailbox] = ""
		for _, a := range f.Attrs {
			if slices.Contains([]imap.MailboxAttr{imap.MailboxAttrSent, imap.MailboxAttrDrafts, imap.MailboxAttrTrash, imap.MailboxAttrJunk}, a) {
				got[f.Mailbox] = a
			}
		}
	}
	want := map[string]imap.MailboxAttr{
		"INBOX": "", "Sent": imap.MailboxAttrSent, "Drafts": imap.MailboxAttrDrafts,
		"Trash": imap.MailboxAttrTrash, "Junk": imap.MailboxAttrJunk,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("folders (-want +got):\n%s", diff)
	}
}

func TestDovecotShowsTheCertificateItIsTold(t *testing.T) {
	tests := []struct {
		name string
		kind mailtest.Certificate
		want func(error) bool
	}{
		{"expired", mailtest.CertExpired, isExpired},
		{"wrong name", mailtest.CertWrongName, func(err error) bool { return errors.As(err, new(x509.HostnameError)) }},
		{"untrusted", mailtest.CertUntrusted, func(err error) bool { return errors.As(err, new(x509.UnknownAuthorityError)) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := mailtest.Dovecot(t, mailtest.DovecotOptions{Certificate: tt.kind})
			if _, err := dialIMAP(s, mailstead.SecurityTLS, nil); !tt.want(err) {
				t.Errorf("connecting gives %v", err)
			}
		})
	}
}

func TestDovecotWithoutTLSOffersNone(t *testing.T) {
	s := mailtest.Dovecot(t, mailtest.DovecotOptions{NoTLS: true, POP3: true})
	if s.IMAPSPort != 0 || s.POP3SPort != 0 {
		t.Errorf("ports with TLS are %d and %d; want none", s.IMAPSPort, s.POP3SPort)
	}
	c := signIn(t, s, mailstead.SecurityNone, mailtest.Anna, nil)
	if c.Caps().Has(imap.CapStartTLS) {
		t.Error("STARTTLS is offered")
	}
}

func TestDovecotThatRequiresTLSRefusesPlainSignIn(t *testing.T) {
	s := mailtest.Dovecot(t, mailtest.DovecotOptions{RequireTLS: true})
	c, err := dialIMAP(s, mailstead.SecurityNone, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if !c.Caps().Has(imap.CapLoginDisabled) {
		t.Errorf("LOGINDISABLED is missing in %v", c.Caps())
	}
	if err := c.Login(mailtest.Anna.Address, mailtest.Anna.Password).Wait(); err == nil {
		t.Error("the password was accepted in the clear")
	}
	signIn(t, s, mailstead.SecurityStartTLS, mailtest.Anna, nil)
}

func TestDovecotOffersTheMechanismsItIsTold(t *testing.T) {
	s := mailtest.Dovecot(t, mailtest.DovecotOptions{Mechanisms: []string{"CRAM-MD5", "SCRAM-SHA-256"}})
	c, err := dialIMAP(s, mailstead.SecurityTLS, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	got := c.Caps().AuthMechanisms()
	slices.Sort(got)
	if diff := cmp.Diff([]string{"CRAM-MD5", "SCRAM-SHA-256"}, got); diff != "" {
		t.Errorf("mechanisms (-want +got):\n%s", diff)
	}
}

func mailNumber(i int) mailtest.Mail {
	return mailtest.Mail{
		Raw:     []byte(fmt.Sprintf("From: Ben <ben@example.com>\nTo: anna@example.com\nSubject: number %d\n\nHello.\n", i)),
		At:      time.Date(2026, 1, 1, 0, 0, i, 0, time.UTC),
		Seen:    i%2 == 0,
		Flagged: i%3 == 0,
	}
}

func TestDovecotHasDeliveredMailInOrder(t *testing.T) {
	tests := []struct {
		name   string
		mdbox  bool
		folder string
		n      int
	}{
		{"many in the inbox", false, "INBOX", 5000},
		{"in a folder below a folder", false, "Kunden/Größe & Maß", 20},
		{"in a special folder", false, "Sent", 20},
		{"mdbox", true, "INBOX", 500},
		{"mdbox in a folder", true, "Kunden/Größe", 20},
		{"mdbox in a special folder", true, "Sent", 20},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := mailtest.Dovecot(t, mailtest.DovecotOptions{MDBox: tt.mdbox})
			s.DeliverMany(mailtest.Anna.Address, tt.folder, tt.n, mailNumber)
			c := signIn(t, s, mailstead.SecurityNone, mailtest.Anna, nil)
			if _, err := c.Select(tt.folder, nil).Wait(); err != nil {
				t.Fatal(err)
			}
			all := imap.UIDSet{imap.UIDRange{Start: 1}}
			got, err := c.Fetch(all, &imap.FetchOptions{UID: true, Flags: true, InternalDate: true, Envelope: true}).Collect()
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != tt.n {
				t.Fatalf("there are %d mails; want %d", len(got), tt.n)
			}
			for i, m := range got {
				want := mailNumber(i)
				if m.Envelope.Subject != fmt.Sprintf("number %d", i) || !m.InternalDate.Equal(want.At) ||
					slices.Contains(m.Flags, imap.FlagSeen) != want.Seen || slices.Contains(m.Flags, imap.FlagFlagged) != want.Flagged {
					t.Fatalf("mail %d is %q of %v with %v", i, m.Envelope.Subject, m.InternalDate, m.Flags)
				}
			}
		})
	}
}

func TestDovecotTellsAWaitingClientOfDeliveredMail(t *testing.T) {
	s := mailtest.Dovecot(t, mailtest.DovecotOptions{})
	told := make(chan uint32, 10)
	c := signIn(t, s, mailstead.SecurityTLS, mailtest.Anna, &imapclient.Options{
		UnilateralDataHandler: &imapclient.UnilateralDataHandler{Mailbox: func(data *imapclient.UnilateralDataMailbox) {
			if data.NumMessages != nil {
				told <- *data.NumMessages
			}
		}},
	})
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	idle, err := c.Idle()
	if err != nil {
		t.Fatal(err)
	}
	s.Deliver(mailtest.Anna.Address, "INBOX", mailNumber(1).Raw)
	select {
	case n := <-told:
		if n != 1 {
			t.Errorf("told of %d mails; want 1", n)
		}
	case <-time.After(20 * time.Second):
		t.Error("not told")
	}
	if err := idle.Close(); err != nil {
		t.Error(err)
	}
}

func TestDovecotNoticesNewUsersAndPasswords(t *testing.T) {
	s := mailtest.Dovecot(t, mailtest.DovecotOptions{})
	signIn(t, s, mailstead.SecurityTLS, mailtest.Anna, nil)
	carla := mailtest.User{Address: "carla@example.com", Password: "ünïcode: first"}
	s.AddUser(carla)
	s.SetPassword(mailtest.Anna.Address, "second")
	signIn(t, s, mailstead.SecurityTLS, carla, nil)
	signIn(t, s, mailstead.SecurityTLS, mailtest.User{Address: mailtest.Anna.Address, Password: "second"}, nil)
	signIn(t, s, mailstead.SecurityTLS, mailtest.Ben, nil)
	c, err := dialIMAP(s, mailstead.SecurityTLS, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Login(mailtest.Anna.Address, mailtest.Anna.Password).Wait(); err == nil {
		t.Error("the old password is still accepted")
	}
}

func TestDovecotKeepsMailAndPortsOverARestart(t *testing.T) {
	s := mailtest.Dovecot(t, mailtest.DovecotOptions{})
	s.Deliver(mailtest.Anna.Address, "INBOX", mailNumber(1).Raw)
	c := signIn(t, s, mailstead.SecurityTLS, mailtest.Anna, nil)
	s.Stop()
	select {
	case <-c.Closed():
	case <-time.After(20 * time.Second):
		t.Error("the connection is still open")
	}
	if _, err := dialIMAP(s, mailstead.SecurityTLS, nil); err == nil {
		t.Error("a stopped server accepts connections")
	}
	s.Start()
	c = signIn(t, s, mailstead.SecurityTLS, mailtest.Anna, nil)
	if box, err := c.Select("INBOX", nil).Wait(); err != nil || box.NumMessages != 1 {
		t.Errorf("the inbox has %v, %v; want 1 mail", box, err)
	}
}

func TestDovecotServesPOP3(t *testing.T) {
	s := mailtest.Dovecot(t, mailtest.DovecotOptions{POP3: true})
	s.Deliver(mailtest.Ben.Address, "INBOX", mailNumber(1).Raw)
	for _, security := range []mailstead.Security{mailstead.SecurityStartTLS, mailstead.SecurityTLS} {
		t.Run(string(security), func(t *testing.T) {
			conn, err := net.Dial("tcp", s.POP3(security).Addr())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(20 * time.Second))
			config := &tls.Config{RootCAs: s.CA.Pool(), ServerName: "localhost"}
			if security == mailstead.SecurityTLS {
				conn = tls.Client(conn, config)
			}
			r := textproto.NewReader(bufio.NewReader(conn))
			ask := func(command string) {
				t.Helper()
				if command != "" {
					io.WriteString(conn, command+"\r\n")
				}
				if line, err := r.ReadLine(); err != nil || !strings.HasPrefix(line, "+OK") {
					t.Fatalf("%q gives %q, %v", command, line, err)
				}
			}
			ask("")
			if security == mailstead.SecurityStartTLS {
				ask("STLS")
				conn = tls.Client(conn, config)
				r = textproto.NewReader(bufio.NewReader(conn))
			}
			ask("USER " + mailtest.Ben.Address)
			ask("PASS " + mailtest.Ben.Password)
			ask("UIDL 1")
			ask("QUIT")
		})
	}
}
