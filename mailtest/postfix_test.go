//go:build realservers

package mailtest_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/mailtest"
)

func dialSMTP(s *mailtest.PostfixServer, security mailstead.Security) (*smtp.Client, error) {
	endpoint := s.SMTP(security)
	config := &tls.Config{RootCAs: s.CA.Pool(), ServerName: endpoint.Host}
	var c *smtp.Client
	var err error
	switch security {
	case mailstead.SecurityTLS:
		c, err = smtp.DialTLS(endpoint.Addr(), config)
	case mailstead.SecurityStartTLS:
		c, err = smtp.DialStartTLS(endpoint.Addr(), config)
	default:
		c, err = smtp.Dial(endpoint.Addr())
	}
	if err != nil {
		return nil, err
	}
	if err := c.Hello("localhost"); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// sendFrom signs the user in and sends raw.
func sendFrom(s *mailtest.PostfixServer, security mailstead.Security, u mailtest.User, to string, raw []byte) error {
	c, err := dialSMTP(s, security)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Auth(sasl.NewPlainClient("", u.Address, u.Password)); err != nil {
		return err
	}
	if err := c.SendMail(u.Address, []string{to}, bytes.NewReader(raw)); err != nil {
		return err
	}
	return c.Quit()
}

func mailWith(subject string) []byte {
	return []byte("From: anna@example.com\r\nTo: ben@example.com\r\nSubject: " + subject + "\r\n\r\nHello.\r\n")
}

// awaitMail waits for a mail with the subject in the user's inbox.
func awaitMail(t *testing.T, s *mailtest.DovecotServer, u mailtest.User, subject string) {
	t.Helper()
	c := signIn(t, s, mailstead.SecurityTLS, u, nil)
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	mailtest.Await(t, u.Address+" to have "+subject, func() bool {
		found, err := c.UIDSearch(&imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "Subject", Value: subject}}}, nil).Wait()
		if err != nil {
			t.Fatal(err)
		}
		return len(found.AllUIDs()) == 1
	})
}

// refused returns the server's reply, which must be one.
func refused(t *testing.T, err error) *smtp.SMTPError {
	t.Helper()
	var reply *smtp.SMTPError
	if !errors.As(err, &reply) {
		t.Fatalf("got %v; want a reply of the server", err)
	}
	return reply
}

func TestMailSentThroughThePostfixArrivesInTheDovecot(t *testing.T) {
	s := mailtest.Stack(t, mailtest.DovecotOptions{}, mailtest.PostfixOptions{})
	for _, security := range []mailstead.Security{mailstead.SecurityStartTLS, mailstead.SecurityTLS} {
		t.Run(string(security), func(t *testing.T) {
			subject := "by " + string(security)
			if err := sendFrom(s.Postfix, security, mailtest.Anna, mailtest.Ben.Address, mailWith(subject)); err != nil {
				t.Fatal(err)
			}
			awaitMail(t, s.Dovecot, mailtest.Ben, subject)
		})
	}
	t.Run("to a user with detail", func(t *testing.T) {
		if err := sendFrom(s.Postfix, mailstead.SecurityTLS, mailtest.Anna, "ben+shop@example.com", mailWith("detail")); err != nil {
			t.Fatal(err)
		}
		awaitMail(t, s.Dovecot, mailtest.Ben, "detail")
	})
	t.Run("to the sink", func(t *testing.T) {
		if err := sendFrom(s.Postfix, mailstead.SecurityTLS, mailtest.Anna, "anyone@"+mailtest.SinkDomain, mailWith("sink")); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("to one who is gone", func(t *testing.T) {
		if err := sendFrom(s.Postfix, mailstead.SecurityTLS, mailtest.Anna, mailtest.GoneAddress, mailWith("gone")); err != nil {
			t.Fatal(err)
		}
		awaitMail(t, s.Dovecot, mailtest.Anna, "Undelivered Mail Returned to Sender")
	})
}

func TestPostfixRefusesAsRealServersDo(t *testing.T) {
	s := mailtest.Stack(t, mailtest.DovecotOptions{}, mailtest.PostfixOptions{MessageSizeLimit: 10_000})
	wrong := mailtest.User{Address: mailtest.Anna.Address, Password: "wrong"}
	big := append(mailWith("big"), bytes.Repeat([]byte("0123456789\r\n"), 1000)...)
	tests := []struct {
		name string
		user mailtest.User
		to   string
		raw  []byte
		want int
	}{
		{"a wrong password", wrong, mailtest.Ben.Address, mailWith("x"), 535},
		{"an unknown recipient", mailtest.Anna, "nobody@example.com", mailWith("x"), 550},
		{"another domain", mailtest.Anna, "someone@example.org", mailWith("x"), 550},
		{"a mail over the limit", mailtest.Anna, mailtest.Ben.Address, big, 552},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := sendFrom(s.Postfix, mailstead.SecurityTLS, tt.user, tt.to, tt.raw)
			if reply := refused(t, err); reply.Code != tt.want {
				t.Errorf("reply %d %s; want %d", reply.Code, reply.Message, tt.want)
			}
		})
	}
	t.Run("mail without sign-in", func(t *testing.T) {
		c, err := dialSMTP(s.Postfix, mailstead.SecurityTLS)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if ok, size := c.Extension("SIZE"); !ok || size != "10000" {
			t.Errorf("SIZE is %q, %t; want 10000", size, ok)
		}
		err = c.SendMail(mailtest.Anna.Address, []string{mailtest.Ben.Address}, bytes.NewReader(mailWith("x")))
		if reply := refused(t, err); reply.Code != 554 {
			t.Errorf("reply %d %s; want 554", reply.Code, reply.Message)
		}
	})
	t.Run("sign-in without TLS", func(t *testing.T) {
		c, err := dialSMTP(s.Postfix, mailstead.SecurityNone)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if ok, offered := c.Extension("AUTH"); ok {
			t.Errorf("AUTH %s is offered in the clear", offered)
		}
	})
}

func TestPostfixWithoutTLSOffersNoSTARTTLSButSignIn(t *testing.T) {
	s := mailtest.Stack(t, mailtest.DovecotOptions{}, mailtest.PostfixOptions{NoTLS: true})
	if err := sendFrom(s.Postfix, mailstead.SecurityNone, mailtest.Anna, mailtest.Ben.Address, mailWith("in the clear")); err != nil {
		t.Fatal(err)
	}
	awaitMail(t, s.Dovecot, mailtest.Ben, "in the clear")
	if _, err := dialSMTP(s.Postfix, mailstead.SecurityStartTLS); err == nil {
		t.Error("STARTTLS was accepted")
	}
}

func TestPostfixShowsTheCertificateItIsTold(t *testing.T) {
	s := mailtest.Stack(t, mailtest.DovecotOptions{}, mailtest.PostfixOptions{Certificate: mailtest.CertUntrusted})
	for _, security := range []mailstead.Security{mailstead.SecurityStartTLS, mailstead.SecurityTLS} {
		if _, err := dialSMTP(s.Postfix, security); !errors.As(err, new(x509.UnknownAuthorityError)) {
			t.Errorf("%s gives %v; want an unknown authority", security, err)
		}
	}
}

func TestPostfixKeepsMailOverARestart(t *testing.T) {
	s := mailtest.Stack(t, mailtest.DovecotOptions{}, mailtest.PostfixOptions{})
	if err := sendFrom(s.Postfix, mailstead.SecurityTLS, mailtest.Anna, mailtest.Ben.Address, mailWith("kept")); err != nil {
		t.Fatal(err)
	}
	s.Postfix.Stop()
	if c, err := net.DialTimeout("tcp", s.Postfix.SMTP(mailstead.SecurityTLS).Addr(), time.Second); err == nil {
		c.Close()
		t.Error("a stopped server accepts connections")
	}
	s.Postfix.Start()
	awaitMail(t, s.Dovecot, mailtest.Ben, "kept")
	// Postfix writes of it when the mailbox has it.
	mailtest.Await(t, "the log shows the delivery", func() bool { return strings.Contains(s.Postfix.Log(), "status=sent") })
}

func TestDroppedReplyLeavesADeliveredMailBehind(t *testing.T) {
	s := mailtest.Stack(t, mailtest.DovecotOptions{}, mailtest.PostfixOptions{NoTLS: true})
	p := mailtest.Proxy(t, s.Postfix.SMTP(mailstead.SecurityNone).Addr())
	p.Set(mailtest.Faults{DropReplyAfter: "\r\n.\r\n"})
	c, err := smtp.Dial(p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Auth(sasl.NewPlainClient("", mailtest.Anna.Address, mailtest.Anna.Password)); err != nil {
		t.Fatal(err)
	}
	err = c.SendMail(mailtest.Anna.Address, []string{mailtest.Ben.Address}, bytes.NewReader(mailWith("who knows")))
	if err == nil || errors.As(err, new(*smtp.SMTPError)) {
		t.Errorf("sending gives %v; want a lost connection", err)
	}
	awaitMail(t, s.Dovecot, mailtest.Ben, "who knows")
}
