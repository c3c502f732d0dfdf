package main_test

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

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
