package fakemail_test

import (
	"crypto/tls"
	"net"
	"net/smtp"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/fakemail"
	"github.com/mailstead/mailstead/mailtest"
)

// TestSMTPTellsWhetherItsAnswerWasHeard sends two mails; the client of the second
// is gone before the answer.
func TestSMTPTellsWhetherItsAnswerWasHeard(t *testing.T) {
	for _, security := range []mailstead.Security{mailstead.SecurityNone, mailstead.SecurityTLS} {
		t.Run(string(security), func(t *testing.T) {
			ca := mailtest.NewCA(t)
			heard := make(chan bool, 2)
			gone := make(chan struct{})
			taken := 0
			s, err := fakemail.StartSMTP(fakemail.SMTPConfig{
				Security: security, TLS: &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, mailtest.CertValid)}},
				Accepted: func(fakemail.SMTPMail) {
					if taken++; taken == 2 {
						<-gone
					}
				},
				Answered: func(_ fakemail.SMTPMail, h bool) { heard <- h },
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(s.Close)
			conn, err := net.Dial("tcp", s.Server().Addr())
			if err != nil {
				t.Fatal(err)
			}
			raw := conn
			if security == mailstead.SecurityTLS {
				conn = tls.Client(conn, &tls.Config{RootCAs: ca.Pool(), ServerName: "localhost"})
			}
			c, err := smtp.NewClient(conn, "localhost")
			if err != nil {
				t.Fatal(err)
			}
			write := func() error {
				if err := c.Mail("anna@example.com"); err != nil {
					return err
				}
				if err := c.Rcpt("ben@example.com"); err != nil {
					return err
				}
				w, err := c.Data()
				if err != nil {
					return err
				}
				if _, err := w.Write([]byte("Subject: x\r\n\r\nx\r\n")); err != nil {
					return err
				}
				return w.Close()
			}
			if err := write(); err != nil {
				t.Fatal(err)
			}
			if !<-heard {
				t.Error("the first answer was not heard")
			}
			done := make(chan error, 1)
			go func() { done <- write() }()
			mailtest.Await(t, "the second mail is taken", func() bool { return s.Total() == 2 })
			raw.Close()
			if err := <-done; err == nil {
				t.Error("the second mail was answered")
			}
			time.Sleep(250 * time.Millisecond) // the end of the connection travels, on a busy machine too
			close(gone)
			if <-heard {
				t.Error("the second answer was heard")
			}
		})
	}
}

// TestSMTPFaultsOfRecipientsByRule shows the order in which they are decided.
func TestSMTPFaultsOfRecipientsByRule(t *testing.T) {
	s, err := fakemail.StartSMTP(fakemail.SMTPConfig{
		Forget: true, Accepted: func(fakemail.SMTPMail) {},
		Fault: func(string) fakemail.SMTPFault { return fakemail.SMTPRefuse },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	s.SetFault("known@example.com", "")
	for recipient, want := range map[string]bool{"known@example.com": true, "nobody@example.com": false, "slow@example.com": true} {
		c, err := smtp.Dial(s.Server().Addr())
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Mail("anna@example.com"); err != nil {
			t.Fatal(err)
		}
		if err := c.Rcpt(recipient); (err == nil) != want {
			t.Errorf("%s: got %v", recipient, err)
		}
		_ = c.Close()
	}
	err = smtp.SendMail(s.Server().Addr(), nil, "anna@example.com", []string{"known@example.com"}, []byte("Subject: x\r\n\r\nx\r\n"))
	if err != nil || s.Total() != 0 {
		t.Errorf("sent with %v, %d mails are kept, want none", err, s.Total())
	}
}
