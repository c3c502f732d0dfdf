package diagnose_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/diagnose"
)

func reply(p mailstead.Protocol, stage mailstead.StageName, text string) *mailstead.ServerReply {
	return &mailstead.ServerReply{Protocol: p, Stage: stage, Text: text}
}

func TestExplain(t *testing.T) {
	const imap, smtp, pop3 = mailstead.IMAP, mailstead.SMTP, mailstead.POP3
	const login, greeting = mailstead.StageLogin, mailstead.StageGreeting
	failure := func(kind mailstead.Kind, code string, cause error) error {
		return &mailstead.Error{Kind: kind, Code: code, Op: "test", Err: cause}
	}
	c := catalogue(t)
	for name, x := range map[string]struct {
		protocol mailstead.Protocol
		provider string
		err      error
		code     string
		action   string // a part of it
	}{
		"guarded address":            {imap, "", failure(mailstead.KindForbidden, "net.guarded", nil), "net.guarded", "allowed networks"},
		"code wins over words":       {smtp, "", failure(mailstead.KindPermanent, "tls.starttls_missing", reply(smtp, mailstead.StageTLS, "502 5.5.1 command not implemented")), "tls.starttls_missing", "465"},
		"wrapped":                    {imap, "", fmt.Errorf("open: %w", failure(mailstead.KindForbidden, "net.port", nil)), "net.port", ""},
		"words refine a vague code":  {smtp, "gmail", failure(mailstead.KindCredentials, "auth.bad_credentials", reply(smtp, login, "534 5.7.9 Application-specific password required. InvalidSecondFactor")), "auth.app_password_required", "myaccount.google.com"},
		"words without a code":       {imap, "", failure(mailstead.KindCredentials, "", reply(imap, login, "NO [AUTHENTICATIONFAILED] Authentication failed.")), "auth.bad_credentials", ""},
		"status and code apart":      {imap, "yahoo", failure(mailstead.KindCredentials, "", &mailstead.ServerReply{Protocol: imap, Stage: login, Enhanced: "AUTHENTICATIONFAILED", Text: "LOGIN Invalid credentials"}), "auth.app_password_required", ""},
		"SMTP code apart":            {smtp, "", failure(mailstead.KindCredentials, "", &mailstead.ServerReply{Protocol: smtp, Stage: login, Code: 535, Enhanced: "5.7.8", Text: "Username and Password not accepted"}), "auth.bad_credentials", "app password"},
		"POP3 status apart":          {pop3, "", failure(mailstead.KindCredentials, "", reply(pop3, login, "[AUTH] Authentication failed")), "auth.bad_credentials", ""},
		"a reply alone":              {smtp, "", reply(smtp, mailstead.StageSender, "553 5.7.1 <a@b.c>: Sender address rejected: not owned by user d@e.f"), "send.from_not_allowed", ""},
		"no spam at the sign-in":     {smtp, "", failure(mailstead.KindCredentials, "", reply(smtp, login, "535 5.7.8 failed, see https://spam.example.com/help")), "auth.bad_credentials", ""},
		"unknown words at sign-in":   {smtp, "", failure(mailstead.KindCredentials, "", reply(smtp, login, "550 5.5.9 njet")), "auth.rejected", ""},
		"unknown, temporary":         {imap, "", failure(mailstead.KindTemporary, "", reply(imap, login, "NO come back")), "auth.temporary", ""},
		"busy at the greeting":       {imap, "", failure(mailstead.KindTemporary, "", reply(imap, greeting, "BYE we are closed")), "net.unavailable", ""},
		"postponed at the greeting":  {smtp, "", failure(mailstead.KindTemporary, "", reply(smtp, greeting, "450 4.9.9 njet")), "net.unavailable", ""},
		"refused at the greeting":    {smtp, "", failure(mailstead.KindPermanent, "", reply(smtp, greeting, "554 njet")), "net.rejected", "address"},
		"refused at EHLO, for TLS":   {smtp, "", failure(mailstead.KindPermanent, "", reply(smtp, mailstead.StageCapabilities, "523 5.7.10 njet")), "tls.required", ""},
		"generic words, own code":    {smtp, "", failure(mailstead.KindPermanent, "send.too_big", reply(smtp, "", "552 njet")), "send.too_big", ""},
		"generic words, vague code":  {smtp, "", failure(mailstead.KindPermanent, "auth.rejected", reply(smtp, "", "550 njet")), "auth.rejected", ""},
		"generic words, no code":     {smtp, "", failure(mailstead.KindPermanent, "", reply(smtp, "", "550 njet")), "send.rejected", ""},
		"code in provider's words":   {smtp, "gmail", failure(mailstead.KindCredentials, "auth.bad_credentials", nil), "auth.bad_credentials", "without spaces"},
		"code in nobody's words":     {smtp, "ovh", failure(mailstead.KindPermanent, "auth.oauth_required", nil), "auth.oauth_required", "app password"},
		"input":                      {imap, "", mailstead.Invalid("incoming.host", "input.host", "The server name is not valid."), "input.host", "Correct"},
		"a code of no table":         {imap, "", &mailstead.Error{Kind: mailstead.KindConflict, Code: "account.in_use", Text: "Mails are waiting."}, "account.in_use", "see what has changed"},
		"no code, no words":          {imap, "", failure(mailstead.KindTemporary, "", nil), "unknown", "we try again"},
		"alert of TLS":               {imap, "", failure(mailstead.KindPermanent, "tls.failed", &net.OpError{Op: "remote error", Err: errors.New("tls: protocol version not supported")}), "tls.too_old", ""},
		"unknown alert of TLS":       {imap, "", failure(mailstead.KindPermanent, "tls.failed", errors.New("tls: something")), "tls.failed", ""},
		"untyped: name":              {imap, "", &net.DNSError{Err: "no such host", IsNotFound: true}, "dns.not_found", "spelling"},
		"untyped: look-up":           {imap, "", &net.DNSError{Err: "server misbehaving", IsTemporary: true}, "dns.temporary", ""},
		"untyped: refused":           {imap, "", &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}, "net.refused", ""},
		"untyped: reset":             {imap, "", syscall.ECONNRESET, "net.reset", ""},
		"untyped: end of connection": {imap, "", io.ErrUnexpectedEOF, "net.closed", ""},
		"untyped: time-out":          {imap, "", os.ErrDeadlineExceeded, "net.timeout", ""},
		"untyped: context":           {imap, "", context.DeadlineExceeded, "net.timeout", ""},
		"untyped: cancelled":         {imap, "", context.Canceled, "net.cancelled", ""},
		"untyped: certificate":       {imap, "", &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, "tls.untrusted", ""},
		"untyped: certificate ended": {imap, "", x509.CertificateInvalidError{Reason: x509.Expired}, "tls.expired", ""},
		"untyped: other name":        {imap, "", x509.HostnameError{Certificate: &x509.Certificate{DNSNames: []string{"a.example.com"}}, Host: "b"}, "tls.name_mismatch", ""},
		"untyped: not TLS":           {imap, "", tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, "tls.wrong_mode", ""},
		"untyped: nothing known":     {imap, "", errors.New("xyzzy"), "net.failed", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := c.Explain(x.protocol, x.provider, x.err)
			if got.Code != x.code || !strings.Contains(got.Action, x.action) {
				t.Errorf("got %+v, want code %s and action with %q", got, x.code, x.action)
			}
			if got.Class == "" || got.Cause == "" || got.Action == "" || got.Who == "" || got.Retry == "" {
				t.Errorf("incomplete: %+v", got)
			}
		})
	}
	if got := c.Explain(imap, "", nil); got != (mailstead.Explanation{}) {
		t.Errorf("nil is explained as %+v", got)
	}
	if got := c.Explain(imap, "", mailstead.Invalid("x", "input.host", "The name is odd.")); got.Cause != "The name is odd." {
		t.Errorf("cause = %q, want the error's own text", got.Cause)
	}
}

func TestEveryKindIsExplained(t *testing.T) {
	c := catalogue(t)
	seen := map[string]mailstead.Kind{}
	for k := mailstead.KindInternal; k <= mailstead.KindUnknown; k++ {
		got := c.Explain(mailstead.IMAP, "", &mailstead.Error{Kind: k})
		if got.Code != "unknown" || got.Class != "unknown" || got.Cause == "" || got.Action == "" || got.Who == "" || got.Retry == "" {
			t.Errorf("%s: incomplete %+v", k, got)
		}
		if other, ok := seen[got.Cause]; ok {
			t.Errorf("%s is explained like %s", k, other)
		}
		seen[got.Cause] = k
	}
}

func TestReport(t *testing.T) {
	r := mailstead.Report{
		Protocol: mailstead.IMAP,
		Stages: []mailstead.Stage{
			{Stage: mailstead.StageDNS, OK: true},
			{Stage: mailstead.StageTLS, Err: &mailstead.Error{
				Kind: mailstead.KindPermanent, Code: "tls.name_mismatch",
				Err: x509.HostnameError{Certificate: &x509.Certificate{DNSNames: []string{"a.example.com", "evil\r\nname"}}},
			}},
			{Stage: mailstead.StageLogin, Server: "old", Err: &mailstead.Error{
				Kind: mailstead.KindCredentials,
				Err:  reply(mailstead.IMAP, mailstead.StageLogin, "NO [AUTHENTICATIONFAILED] Authentication failed for\r\nLOGIN tim@example.com hunter2"),
			}},
			{Stage: mailstead.StageFolders},
		},
	}
	catalogue(t).Report(&r, "")
	type shown struct{ Code, Who, Server string }
	var got []shown
	for _, s := range r.Stages {
		got = append(got, shown{s.Code, s.Who, s.Server})
		if (s.Code == "") != (s.Cause == "") || (s.Code == "") != (s.Action == "") {
			t.Errorf("stage %s: cause %q, action %q", s.Stage, s.Cause, s.Action)
		}
	}
	want := []shown{
		{},
		{"tls.name_mismatch", "user", "certificate for a.example.com, evil name"},
		{"auth.bad_credentials", "user", "NO [AUTHENTICATIONFAILED] Authentication failed for LOGIN t…@example.com [masked]"},
		{},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWordsFollowTheStage(t *testing.T) {
	for name, c := range map[string]struct {
		stage      mailstead.StageName
		code, want string
	}{
		"a port behind a firewall":        {mailstead.StageTCP, "net.timeout", "a firewall probably drops this port"},
		"a server that says nothing":      {mailstead.StageGreeting, "net.timeout", "took the connection"},
		"TLS to a STARTTLS port":          {mailstead.StageTLS, "tls.wrong_mode", "TLS was started on a port that expects plain text"},
		"plain text to a port for TLS":    {mailstead.StageGreeting, "tls.wrong_mode", "expects TLS from the beginning"},
		"silence in the middle of a talk": {mailstead.StageLogin, "net.timeout", "took the connection"},
		"an end without a greeting":       {mailstead.StageGreeting, "net.closed", "without a word"},
	} {
		t.Run(name, func(t *testing.T) {
			r := mailstead.Report{Protocol: mailstead.IMAP, Stages: []mailstead.Stage{{Stage: c.stage, Err: &mailstead.Error{Code: c.code}}}}
			catalogue(t).Report(&r, "")
			if s := r.Stages[0]; s.Code != c.code || !strings.Contains(s.Cause, c.want) || s.Action == "" {
				t.Errorf("got %s: %q %q, want %q", s.Code, s.Cause, s.Action, c.want)
			}
		})
	}
}

// TestCodesFollowTheStage: what means one thing in the middle of a conversation
// means another elsewhere.
func TestCodesFollowTheStage(t *testing.T) {
	for name, c := range map[string]struct {
		stage      mailstead.StageName
		code, want string
	}{
		"cut in the handshake": {mailstead.StageTLS, "net.closed", "net.cut"},
		"cut at the sign-in":   {mailstead.StageLogin, "net.closed", "net.cut"},
		"no inbox":             {mailstead.StageFolders, "mailbox.folder_missing", "auth.no_mailbox"},
		"a closed inbox":       {mailstead.StageFolders, "mailbox.no_permission", "auth.no_mailbox_access"},
	} {
		t.Run(name, func(t *testing.T) {
			r := mailstead.Report{Protocol: mailstead.IMAP, Stages: []mailstead.Stage{{Stage: c.stage, Err: &mailstead.Error{Code: c.code}}}}
			catalogue(t).Report(&r, "")
			if s := r.Stages[0]; s.Code != c.want || s.Cause == "" || s.Action == "" || s.Who == "" {
				t.Errorf("got %+v, want %s", s, c.want)
			}
		})
	}
}

func TestMask(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"nothing to hide":        {"535 5.7.8 Username and Password not accepted. https://support.google.com/mail/?p=BadCredentials", "535 5.7.8 Username and Password not accepted. https://support.google.com/mail/?p=BadCredentials"},
		"AUTH PLAIN":             {"503 bad sequence: AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm", "503 bad sequence: AUTH PLAIN [masked]"},
		"AUTH PLAIN fails":       {"502 AUTH PLAIN failed", "502 AUTH PLAIN failed"},
		"AUTHENTICATE":           {"a BAD AUTHENTICATE XOAUTH2 dXNlcj1hAWF1dGg9QmVhcmVyIHgBAQ==", "a BAD AUTHENTICATE XOAUTH2 [masked]"},
		"LOGIN command":          {"a BAD LOGIN tim@example.com hunter2 is odd", "a BAD LOGIN tim@example.com [masked] is odd"},
		"PASS command":           {"-ERR unknown command PASS hunter2", "-ERR unknown command PASS [masked]"},
		"mechanisms on offer":    {"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN AUTH=LOGIN] ready", "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN AUTH=LOGIN] ready"},
		"base64 by itself":       {"535 bad AHRpbQB0YW5zdGFhZnRhbnN0YWFm", "535 bad [masked]"},
		"base64 of a password":   {"535 bad dGFuc3RhYWZ0YW5zdGFhZg==", "535 bad [masked]"},
		"bearer":                 {"401 Authorization: Bearer ya29.abc-def", "401 Authorization: Bearer [masked]"},
		"password field":         {`{"password":"hunter2","x":1}`, `{"password":[masked]`},
		"token field":            {"access_token=abc&x=1", "access_token=[masked]"},
		"line breaks":            {"a\r\nb\nc\td\u2028e", "a b c d e"},
		"control, direction":     {"a\x00b\x1b[31m\u202ec\u0085d", "a b [31mc d"},
		"invalid UTF-8":          {"a\xff\xfeb", "a\uFFFDb"},
		"long":                   {strings.Repeat("é ", 400), strings.Repeat("é ", 149) + "é…"},
		"ids of servers survive": {"250 2.0.0 Ok: queued as 4BfXyz1TqWz9rxN, d2e1a72fcca58-6fe1af7fsi gsmtp", "250 2.0.0 Ok: queued as 4BfXyz1TqWz9rxN, d2e1a72fcca58-6fe1af7fsi gsmtp"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := diagnose.Mask(c.text); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

// TestOurOwnCodesAreExplained looks for the codes that the packages below the
// journeys raise: each needs words of its own. Journeys give theirs a text.
func TestOurOwnCodesAreExplained(t *testing.T) {
	pattern := regexp.MustCompile(`"((?:dns|net|tls|auth|limit|mailbox|proto|send|deliver|folder|security|key|keyring|secret|clock)\.[a-z][a-z0-9_]*)"`)
	c := catalogue(t)
	for _, root := range []string{"../dial", "../sasl", "../credential", "../provider"} {
		err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
			if err == nil && (d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go")) {
				return nil
			}
			if err != nil {
				return err
			}
			source, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, m := range pattern.FindAllSubmatch(source, -1) {
				code := string(m[1])
				x := c.Explain(mailstead.IMAP, "", &mailstead.Error{Kind: mailstead.KindInternal, Code: code})
				if y := c.Explain(mailstead.SMTP, "", &mailstead.Error{Kind: mailstead.KindInternal, Code: code}); x.Cause == "Something went wrong inside Mailstead." && y.Cause == x.Cause {
					t.Errorf("%s: %s has no words in rules.tsv or codes.tsv", path, code)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
