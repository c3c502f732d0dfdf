package imap_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/mailtest"
	"github.com/mailstead/mailstead/provider/imap"
)

func TestSignInMethods(t *testing.T) {
	plain := base64.StdEncoding.EncodeToString([]byte("\x00ann\x00" + scriptSecret))
	for name, c := range map[string]struct {
		caps    string
		answers []answer
		login   string
		want    []string // what the client says
		code    string   // of the error
		kind    mailstead.Kind
	}{
		"PLAIN at once": {
			caps:    "IMAP4rev1 SASL-IR AUTH=PLAIN",
			answers: []answer{{command: "AUTHENTICATE", text: "TAG OK [CAPABILITY IMAP4rev1] in\n"}},
			want:    []string{"a1 AUTHENTICATE PLAIN " + plain},
		},
		"lower-case capabilities": {
			caps:    "imap4rev1 sasl-ir auth=plain",
			answers: []answer{{command: "AUTHENTICATE", text: "TAG OK [CAPABILITY IMAP4rev1] in\n"}},
			want:    []string{"a1 AUTHENTICATE PLAIN " + plain},
		},
		"PLAIN asked for": {
			caps: "IMAP4rev1 AUTH=PLAIN",
			answers: []answer{
				{command: "AUTHENTICATE", text: "+ \n"},
				{command: "", text: "a1 OK [CAPABILITY IMAP4rev1] in\n", once: true},
			},
			want: []string{"a1 AUTHENTICATE PLAIN", plain},
		},
		"capabilities asked for afterwards": {
			caps: "IMAP4rev1 SASL-IR AUTH=PLAIN",
			answers: []answer{
				{command: "AUTHENTICATE", text: "TAG OK in\n"},
				{command: "CAPABILITY", text: "* CAPABILITY IMAP4rev1 ID\nTAG OK done\n"},
				{command: "ID ", text: "* ID NIL\nTAG OK done\n"},
			},
			want: []string{"a1 AUTHENTICATE PLAIN " + plain, "a2 CAPABILITY", `a3 ID ("name" "Mailstead" "version" "1\"2")`},
		},
		"LOGIN where there is nothing else": {
			caps:    "IMAP4rev1",
			answers: []answer{{command: "LOGIN", text: "TAG OK [CAPABILITY IMAP4rev1] in\n"}},
			want:    []string{fmt.Sprintf(`a1 LOGIN "ann" "%s"`, scriptSecret)},
		},
		"LOGIN with odd characters": {
			caps:  "IMAP4rev1",
			login: `änn"`,
			answers: []answer{
				{command: "LOGIN {5}", text: "+ go on\n"},
				{command: fmt.Sprintf(`"%s"`, scriptSecret), text: "a1 OK [CAPABILITY IMAP4rev1] in\n"},
			},
			want: []string{"a1 LOGIN {5}", fmt.Sprintf(`änn" "%s"`, scriptSecret)},
		},
		"LOGIN after the mechanism did not work": {
			caps: "IMAP4rev1 SASL-IR AUTH=PLAIN",
			answers: []answer{
				{command: "AUTHENTICATE", text: "TAG BAD unknown command\n"},
				{command: "LOGIN", text: "TAG OK [CAPABILITY IMAP4rev1] in\n"},
			},
			want: []string{"a1 AUTHENTICATE PLAIN " + plain, fmt.Sprintf(`a2 LOGIN "ann" "%s"`, scriptSecret)},
		},
		"a refused password is not tried again": {
			caps:    "IMAP4rev1 SASL-IR AUTH=PLAIN",
			answers: []answer{{command: "AUTHENTICATE", text: "TAG NO [AUTHENTICATIONFAILED] no\n"}},
			want:    []string{"a1 AUTHENTICATE PLAIN " + plain},
			code:    "credentials", kind: mailstead.KindCredentials,
		},
		"LOGINDISABLED": {
			caps: "IMAP4rev1 STARTTLS LOGINDISABLED", want: nil,
			code: "tls.required", kind: mailstead.KindPermanent,
		},
		"LOGINDISABLED and a mechanism that fails": {
			caps:    "IMAP4rev1 LOGINDISABLED SASL-IR AUTH=PLAIN",
			answers: []answer{{command: "AUTHENTICATE", text: "TAG BAD no\n"}},
			want:    []string{"a1 AUTHENTICATE PLAIN " + plain},
			code:    "temporary", kind: mailstead.KindTemporary,
		},
		"a server that never has enough": {
			caps: "IMAP4rev1 AUTH=PLAIN",
			answers: []answer{
				{command: "AUTHENTICATE", text: "+ \n"},
				{command: "", text: "+ \n"},
			},
			want: []string{"a1 AUTHENTICATE PLAIN", plain, plain, "*", "*", "*", "*", "*", "*"},
			code: "proto.invalid_reply", kind: mailstead.KindTemporary,
		},
		"a challenge that makes no sense": {
			caps: "IMAP4rev1 AUTH=CRAM-MD5",
			answers: []answer{
				{command: "AUTHENTICATE", text: "+ ???\n"},
				{command: "", text: "a1 BAD cancelled\n"},
			},
			want: []string{"a1 AUTHENTICATE CRAM-MD5", "*"},
			code: "auth.mechanism", kind: mailstead.KindPermanent,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &script{greeting: "* OK [CAPABILITY " + c.caps + "] ready\n", answers: c.answers}
			a := scriptAccess(serve(t, s))
			if c.login != "" {
				a.Login = c.login
			}
			src, err := quickDriver(t, imap.Config{Version: "1\"2\r\n"}, nil).Open(t.Context(), a)
			if c.code == "" && err != nil {
				t.Fatalf("%v; the client said %q", err, s.said())
			}
			if c.code != "" && (mailstead.CodeOf(err) != c.code || mailstead.KindOf(err) != c.kind) {
				t.Errorf("got %v (%s, %s)", err, mailstead.CodeOf(err), mailstead.KindOf(err))
			}
			if src != nil {
				// A command that waits: the ID before it was read by the server, too.
				_, _ = src.Folders(t.Context())
				_ = src.Close()
			}
			said := slices.DeleteFunc(s.said(), func(l string) bool {
				return strings.Contains(l, "LIST") || strings.Contains(l, "LOGOUT")
			})
			if diff := cmp.Diff(c.want, said); diff != "" {
				t.Errorf("the client said (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRefusedSignInsAreTyped(t *testing.T) {
	for words, want := range map[string]mailstead.Kind{
		"NO [AUTHENTICATIONFAILED] Authentication failed.":       mailstead.KindCredentials,
		"NO [AUTHORIZATIONFAILED] no":                            mailstead.KindCredentials,
		"NO [EXPIRED] Password has expired":                      mailstead.KindCredentials,
		"NO [ALERT] Application-specific password required":      mailstead.KindCredentials,
		"NO [CONTACTADMIN] Account is disabled":                  mailstead.KindCredentials,
		"NO LOGIN failed.":                                       mailstead.KindCredentials,
		"no invalid credentials":                                 mailstead.KindCredentials,
		"NO":                                                     mailstead.KindCredentials,
		"NO [UNAVAILABLE] Temporary authentication failure.":     mailstead.KindTemporary,
		"NO [unavailable] later":                                 mailstead.KindTemporary,
		"NO [LIMIT] LOGIN Rate limit hit":                        mailstead.KindTemporary,
		"NO [INUSE] too many sessions":                           mailstead.KindTemporary,
		"NO [SERVERBUG] Internal error occurred":                 mailstead.KindTemporary,
		"BAD Request is throttled. Suggested Backoff Time: 2999": mailstead.KindTemporary,
		"NO [PRIVACYREQUIRED] Plaintext disallowed":              mailstead.KindPermanent,
	} {
		t.Run(words, func(t *testing.T) {
			s := &script{
				greeting: "* OK [CAPABILITY IMAP4rev1 LOGINDISABLED SASL-IR AUTH=PLAIN] ready\n",
				answers:  []answer{{command: "AUTHENTICATE", text: "TAG " + words + "\n"}},
			}
			_, err := quickDriver(t, imap.Config{}, nil).Open(t.Context(), scriptAccess(serve(t, s)))
			if got := mailstead.KindOf(err); got != want {
				t.Errorf("got %s, want %s: %v", got, want, err)
			}
			var reply *mailstead.ServerReply
			if !errors.As(err, &reply) || reply.Protocol != mailstead.IMAP || reply.Stage != mailstead.StageLogin ||
				!strings.EqualFold(strings.TrimSpace(reply.Text), words) {
				t.Errorf("got reply %+v", reply)
			}
		})
	}
	t.Run("BYE", func(t *testing.T) {
		s := &script{answers: []answer{{command: "AUTHENTICATE", text: "* BYE Too many failed logins\nCLOSE\n"}}}
		_, err := quickDriver(t, imap.Config{}, nil).Open(t.Context(), scriptAccess(serve(t, s)))
		if mailstead.KindOf(err) != mailstead.KindTemporary || !strings.Contains(err.Error(), "Too many failed logins") {
			t.Errorf("got %v", err)
		}
	})
}

// TestSecretsStayOutOfErrors has a server repeat what it was sent.
func TestSecretsStayOutOfErrors(t *testing.T) {
	s := &script{
		greeting: "* OK [CAPABILITY IMAP4rev1] ready\n",
		answers: []answer{{command: "LOGIN", do: func(c net.Conn, tag string) {
			plain := base64.StdEncoding.EncodeToString([]byte("\x00ann\x00" + scriptSecret))
			fmt.Fprintf(c, "%s NO wrong: %s, %s, %s\r\n", tag, scriptSecret, plain, base64.StdEncoding.EncodeToString([]byte(scriptSecret)))
		}}},
	}
	r := quickDriver(t, imap.Config{}, nil).Check(t.Context(), scriptAccess(serve(t, s)))
	f := r.Failure()
	if f == nil || !strings.Contains(f.Server, "[redacted], [redacted], [redacted]") {
		t.Errorf("got %+v", f)
	}
	if text := fmt.Sprintf("%+v %v", r, f.Err); strings.Contains(text, scriptSecret) {
		t.Errorf("the secret shows: %s", text)
	}
}

func TestGreetings(t *testing.T) {
	for name, c := range map[string]struct {
		greeting string
		kind     mailstead.Kind
		code     string
		stage    mailstead.StageName
	}{
		"busy":         {"* BYE Too many connections\nCLOSE\n", mailstead.KindTemporary, "temporary", mailstead.StageGreeting},
		"SMTP":         {"220 mail.example.com ESMTP\n", mailstead.KindPermanent, "proto.wrong_service", mailstead.StageGreeting},
		"POP3":         {"+OK ready\n", mailstead.KindPermanent, "proto.wrong_service", mailstead.StageGreeting},
		"SSH":          {"SSH-2.0-x\n", mailstead.KindPermanent, "proto.wrong_service", mailstead.StageGreeting},
		"a NO":         {"* NO no\n", mailstead.KindTemporary, "temporary", mailstead.StageGreeting},
		"closed":       {"CLOSE\n", mailstead.KindTemporary, "net.closed", mailstead.StageGreeting},
		"silence":      {" ", mailstead.KindTemporary, "net.timeout", mailstead.StageGreeting},
		"endless line": {strings.Repeat("x", 3<<20), mailstead.KindTemporary, "proto.invalid_reply", mailstead.StageGreeting},
	} {
		t.Run(name, func(t *testing.T) {
			s := &script{greeting: c.greeting}
			r := quickDriver(t, imap.Config{}, nil).Check(t.Context(), scriptAccess(serve(t, s)))
			f := r.Failure()
			if f == nil || f.Stage != c.stage || mailstead.KindOf(f.Err) != c.kind || mailstead.CodeOf(f.Err) != c.code {
				t.Errorf("got %+v", f)
			}
			if said := s.said(); len(said) > 0 {
				t.Errorf("the client said %q", said)
			}
		})
	}
	t.Run("signed in already", func(t *testing.T) {
		s := &script{greeting: "* PREAUTH [CAPABILITY IMAP4rev1] welcome\n", answers: signedIn()}
		openScript(t, s)
		if said := s.said(); !strings.Contains(said[0], "EXAMINE") {
			t.Errorf("the client said %q", said)
		}
	})
	t.Run("without capabilities", func(t *testing.T) {
		s := &script{greeting: "* OK hi\n", answers: signedIn()}
		openScript(t, s)
	})
}

func TestUnencryptedNeedsPermission(t *testing.T) {
	s := &script{}
	a := scriptAccess(serve(t, s))
	a.AllowPlain = false
	_, err := quickDriver(t, imap.Config{}, nil).Open(t.Context(), a)
	if mailstead.KindOf(err) != mailstead.KindPermanent || mailstead.CodeOf(err) != "tls.required" {
		t.Errorf("got %v", err)
	}
	if said := s.said(); len(said) > 0 {
		t.Errorf("the client said %q", said)
	}
}

func TestSTARTTLSIsDemanded(t *testing.T) {
	ca := mailtest.NewCA(t)
	config := &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, mailtest.CertValid)}}
	for name, c := range map[string]struct {
		greeting string
		starttls string
		code     string
	}{
		"not offered":       {greeting: "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi\n", code: "tls.starttls_missing"},
		"refused":           {starttls: "TAG NO not now\n", code: "tls.starttls_missing"},
		"unknown":           {starttls: "TAG BAD what?\n", code: "tls.starttls_missing"},
		"signed in already": {greeting: "* PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] hi\n", code: "tls.starttls_missing"},
		"injected answer": {
			// CVE-2011-0411 and its like: what comes before the handshake is not
			// from the server.
			starttls: "TAG OK go\n* CAPABILITY IMAP4rev1 AUTH=PLAIN X-INJECTED\n", code: "tls.injected",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &script{greeting: c.greeting, answers: signedIn(answer{command: "STARTTLS", text: c.starttls})}
			if c.greeting == "" {
				s.greeting = "* OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN] hi\n"
			}
			a := scriptAccess(serve(t, s))
			a.Server.Security = mailstead.SecurityStartTLS
			r := quickDriver(t, imap.Config{}, ca).Check(t.Context(), a)
			f := r.Failure()
			if f == nil || f.Stage != mailstead.StageTLS || mailstead.KindOf(f.Err) != mailstead.KindPermanent || mailstead.CodeOf(f.Err) != c.code {
				t.Errorf("got %+v", f)
			}
			for _, line := range s.said() {
				if strings.Contains(line, "AUTHENTICATE") || strings.Contains(line, "LOGIN") {
					t.Errorf("the client said %q", line)
				}
			}
		})
	}
	t.Run("capabilities from before count no more", func(t *testing.T) {
		s := &script{
			greeting: "* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED AUTH=X-OLD] hi\n", tls: config,
			answers: signedIn(answer{command: "STARTTLS", text: "TAG OK go\n"}),
		}
		a := scriptAccess(serve(t, s))
		a.Server.Security, a.AllowPlain = mailstead.SecurityStartTLS, false
		src, err := quickDriver(t, imap.Config{}, ca).Open(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		_ = src.Close()
		if said := s.said(); !slices.Contains(said, "a2 CAPABILITY") {
			t.Errorf("the client said %q", said)
		}
	})
}

func TestGuardedServerIsForbidden(t *testing.T) {
	a := scriptAccess(mailstead.Server{Protocol: mailstead.IMAP, Host: "10.0.0.1", Port: 993, Security: mailstead.SecurityTLS})
	d := quickDriver(t, imap.Config{}, nil)
	if _, err := d.Open(t.Context(), a); mailstead.KindOf(err) != mailstead.KindForbidden {
		t.Errorf("got %v", err)
	}
	if f := func() *mailstead.Stage { r := d.Check(t.Context(), a); return r.Failure() }(); f == nil || f.Stage != mailstead.StageTCP {
		t.Errorf("got %+v", f)
	}
}

func TestSilentServerDoesNotOutliveContext(t *testing.T) {
	s := &script{answers: []answer{{command: "AUTHENTICATE", text: ""}}}
	ctx, cancel := context.WithCancel(t.Context())
	s.answers[0].do = func(net.Conn, string) { cancel() }
	_, err := newDriver(nil).Open(ctx, scriptAccess(serve(t, s)))
	if mailstead.KindOf(err) != mailstead.KindTemporary || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
