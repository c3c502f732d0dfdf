//go:build realservers

package pop3_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/mailtest"
)

func dovecotAccess(s *mailtest.DovecotServer, security mailstead.Security) mailstead.Access {
	return mailstead.Access{
		Server: s.POP3(security), Login: mailtest.Anna.Address, Secret: mailstead.NewSecret(mailtest.Anna.Password),
		AllowPlain: security == mailstead.SecurityNone,
	}
}

func TestDovecot(t *testing.T) {
	s := mailtest.Dovecot(t, mailtest.DovecotOptions{POP3: true})
	for _, security := range securities {
		t.Run(string(security), func(t *testing.T) {
			a := dovecotAccess(s, security)
			d := newDriver(s.CA, 0)
			if r := d.Check(t.Context(), a); !r.OK {
				t.Fatalf("got %+v: %v", r, r.Failure().Err)
			}
			raw := mail(1, "hello "+string(security)+"\r\n.\r\n..two")
			s.Deliver(mailtest.Anna.Address, "INBOX", raw)
			src := open(t, d, a)
			uids, err := src.UIDs(t.Context(), mailstead.UIDWindow{})
			if err != nil || len(uids) == 0 {
				t.Fatalf("got %v, %v", uids, err)
			}
			got := fetch(t, src, 0, uids...)
			if len(got) != len(uids) || !bytes.HasSuffix(got[len(got)-1].Data, raw) {
				t.Errorf("got %d of %d mails", len(got), len(uids))
			}
			if err := src.Close(); err != nil {
				t.Error(err)
			}
			wrong := a
			wrong.Secret = mailstead.NewSecret("sesame-open-9")
			if _, err := d.Open(t.Context(), wrong); mailstead.KindOf(err) != mailstead.KindCredentials {
				t.Errorf("wrong password: got %v", err)
			}
			if security == mailstead.SecurityNone {
				return
			}
			a.Server.Host = "other.example.net"
			if _, err := d.Open(t.Context(), a); mailstead.KindOf(err) != mailstead.KindPermanent {
				t.Errorf("untrusted certificate: got %v", err)
			}
		})
	}
}

func TestDovecotLocksTheMailbox(t *testing.T) {
	s := mailtest.Dovecot(t, mailtest.DovecotOptions{POP3: true, Config: "protocol pop3 {\n  pop3_lock_session = yes\n}\n"})
	d := newDriver(s.CA, 0)
	a := dovecotAccess(s, mailstead.SecurityTLS)
	for range 3 { // QUIT is waited for: the mailbox is free again at once
		src, err := d.Open(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		if err := src.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestMechanismsOfDovecot(t *testing.T) {
	for _, mechanism := range []string{"plain", "login", "cram-md5", "scram-sha-256"} {
		s := mailtest.Dovecot(t, mailtest.DovecotOptions{POP3: true, Mechanisms: []string{mechanism}})
		src, err := newDriver(s.CA, 0).Open(t.Context(), dovecotAccess(s, mailstead.SecurityTLS))
		if err != nil {
			t.Errorf("%s: %v", mechanism, err)
			continue
		}
		_ = src.Close()
	}
}

func TestDovecotRefusesToSignInUnencrypted(t *testing.T) {
	s := mailtest.Dovecot(t, mailtest.DovecotOptions{POP3: true, RequireTLS: true})
	a := dovecotAccess(s, mailstead.SecurityNone)
	if _, err := newDriver(s.CA, 0).Open(t.Context(), a); mailstead.KindOf(err) != mailstead.KindPermanent {
		t.Errorf("got %v", err)
	}
	a.Server.Security = mailstead.SecurityStartTLS
	src, err := newDriver(s.CA, 0).Open(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	_ = src.Close()
}

func TestNamesOfDovecotStay(t *testing.T) {
	s := mailtest.Dovecot(t, mailtest.DovecotOptions{POP3: true})
	d, a := newDriver(s.CA, 0), dovecotAccess(s, mailstead.SecurityTLS)
	var last []string
	for i := range 4 {
		for n := range 5 {
			s.Deliver(mailtest.Anna.Address, "INBOX", mail(1, fmt.Sprint(i, n)))
		}
		src := open(t, d, a)
		names := number(t, src)
		if len(names) != 5*(i+1) || !slices.Equal(names[:len(last)], last) {
			t.Errorf("got names %v, before %v", names, last)
		}
		last = names
		_ = src.Close()
	}
}
