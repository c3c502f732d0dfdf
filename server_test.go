package mailstead_test

import (
	"testing"

	"github.com/mailstead/mailstead"
)

func TestParseServer(t *testing.T) {
	imap := mailstead.Server{Protocol: mailstead.IMAP, Security: mailstead.SecurityTLS}
	smtp := mailstead.Server{Protocol: mailstead.SMTP, Security: mailstead.SecurityStartTLS}
	for text, c := range map[string]struct {
		fallback mailstead.Server
		want     string
	}{
		"mail.example.com":               {imap, "mail.example.com:993:tls"},
		" Mail.Example.COM. ":            {imap, "mail.example.com:993:tls"},
		"mail.example.com:1143":          {imap, "mail.example.com:1143:tls"},
		"mail.example.com:143:starttls":  {imap, "mail.example.com:143:starttls"},
		"mail.example.com:993":           {mailstead.Server{Protocol: mailstead.IMAP, Security: mailstead.SecurityStartTLS}, "mail.example.com:993:starttls"},
		"imaps://mail.example.com":       {mailstead.Server{Protocol: mailstead.IMAP}, "mail.example.com:993:tls"},
		"imaps://mail.example.com:1993/": {mailstead.Server{Protocol: mailstead.IMAP}, "mail.example.com:1993:tls"},
		"submission://mail.example.com":  {smtp, "mail.example.com:587:starttls"},
		"smtps://mail.example.com":       {smtp, "mail.example.com:465:tls"},
		"127.0.0.1:1025":                 {smtp, "127.0.0.1:1025:starttls"},
		"[::1]:1025":                     {smtp, "[::1]:1025:starttls"},
		"::1":                            {smtp, "[::1]:587:starttls"},
		"bücher.example":                 {imap, "xn--bcher-kva.example:993:tls"},
		"smtp_1.example.com":             {smtp, "smtp_1.example.com:587:starttls"},
	} {
		t.Run(text, func(t *testing.T) {
			got, err := mailstead.ParseServer(text, "incoming", c.fallback)
			if err != nil || got.String() != c.want {
				t.Errorf("got %s, %v; want %s", got, err, c.want)
			}
		})
	}
}

func TestParseServerRefuses(t *testing.T) {
	for _, text := range []string{
		"", " ", "mail example.com", "mail.example.com\r\nX: y", "mail.example.com:0", "mail.example.com:70000", "mail.example.com:x",
		"http://mail.example.com", "imaps://anna:secret@mail.example.com", "imaps://mail.example.com/inbox", "-mail.example.com",
		"mail..example.com", "[::1", "fe80::1%eth0", "mail.example.com:993:ssl3", "a/b.example.com", "\u202email.example.com",
	} {
		t.Run(text, func(t *testing.T) {
			s, err := mailstead.ParseServer(text, "incoming", mailstead.Server{Protocol: mailstead.IMAP, Security: mailstead.SecurityTLS})
			if err == nil {
				err = s.Validate("incoming")
			}
			if mailstead.KindOf(err) != mailstead.KindInvalid || err == nil {
				t.Errorf("got %s, %v; want an error of kind invalid", s, err)
			}
		})
	}
}

func FuzzParseServer(f *testing.F) {
	for _, s := range []string{"mail.example.com:993", "imaps://[::1]:1/", "x:y:z", "::1", "bücher.example"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := mailstead.ParseServer(text, "incoming", mailstead.Server{Protocol: mailstead.IMAP, Security: mailstead.SecurityTLS})
		if err != nil || s.Validate("incoming") != nil {
			return
		}
		again, err := mailstead.ParseServer(s.String(), "incoming", mailstead.Server{Protocol: s.Protocol, Security: s.Security})
		if err != nil || again != s {
			t.Errorf("%q is %s, which is %s, %v", text, s, again, err)
		}
	})
}
