package diagnose_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mailstead/mailstead/diagnose"
)

func catalogue(t testing.TB) *diagnose.Catalogue {
	t.Helper()
	c, err := diagnose.New()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// table reads a table of the package as its own rows.
func table(t testing.TB, name string) []map[string]string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	columns := strings.Split(lines[0], "\t")
	var rows []map[string]string
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, cell := range strings.Split(line, "\t") {
			row[columns[i]] = cell
		}
		rows = append(rows, row)
	}
	return rows
}

// TestEverySample runs the sample of every rule with each of its protocols and
// providers and wants the rule's own code.
func TestEverySample(t *testing.T) {
	c := catalogue(t)
	for _, row := range table(t, "rules.tsv") {
		t.Run(row["id"], func(t *testing.T) {
			protocols := append(strings.Split(row["protocol"], ","), row["protocol"])
			if row["protocol"] == "any" {
				protocols = append(protocols, "", "imap", "smtp", "pop3", "http")
			}
			providers := []string{row["provider"]}
			for p := range strings.SplitSeq(row["provider"], ",") {
				providers = append(providers, strings.TrimSpace(p))
			}
			if row["sure"] == "yes" || slices.Contains(providers, "any") {
				providers = append(providers, "", "any", "fastmail")
			}
			for _, protocol := range protocols {
				for _, provider := range providers {
					got := c.ExplainText(protocol, provider, row["sample"])
					if got.Code != row["code"] {
						t.Errorf("%s, %q: code = %s by rule %s, want %s", protocol, provider, got.Code, got.Rule, row["code"])
					}
					if got.Cause == "" || got.Action == "" || got.Who == "" || got.Retry == "" || got.Class+"." != row["code"][:len(got.Class)+1] {
						t.Errorf("%s, %q: incomplete explanation %+v", protocol, provider, got)
					}
				}
			}
		})
	}
}

func TestTablesAreSound(t *testing.T) {
	who := []string{"user", "admin", "provider", "mailstead"}
	retry := []string{"user", "later", "admin", "never", "now"}
	code := regexp.MustCompile(`^[a-z]+\.([a-z0-9_]+|\*)$`)
	ids := map[string]bool{}
	for _, name := range []string{"rules.tsv", "codes.tsv"} {
		for _, row := range table(t, name) {
			id := row["id"] + row["code"]
			if name == "rules.tsv" {
				id = row["id"]
				p, err := regexp.Compile(row["pattern"])
				if err != nil {
					t.Errorf("%s: %v", id, err)
				} else if !p.MatchString(row["sample"]) {
					t.Errorf("%s: the pattern does not match its own sample", id)
				} else if p.MatchString("") {
					t.Errorf("%s: the pattern matches everything", id)
				}
			}
			if ids[id] {
				t.Errorf("%s: %q occurs twice", name, id)
			}
			ids[id] = true
			if !code.MatchString(row["code"]) || !slices.Contains(who, row["who"]) || !slices.Contains(retry, row["retry"]) {
				t.Errorf("%s: code %q, who %q, retry %q", id, row["code"], row["who"], row["retry"])
			}
			// In codes.tsv no cause means that the error's own text is the cause.
			if row["action"] == "" || (row["cause"] == "" && name == "rules.tsv") {
				t.Errorf("%s: cause or action is missing", id)
			}
		}
	}
}

func TestExplainText(t *testing.T) {
	c := catalogue(t)
	for name, x := range map[string]struct{ protocol, provider, text, code, rule string }{
		"provider by id":               {"imap", "gmx-de", "2 NO authentication failed", "auth.protocol_disabled", "gmx-imap"},
		"provider by full name":        {"imap", "GMX (DE/AT/CH)", "2 NO authentication failed", "auth.protocol_disabled", "gmx-imap"},
		"provider in a list":           {"imap", "fastmail, web.de", "2 NO authentication failed", "auth.protocol_disabled", "gmx-imap"},
		"other provider":               {"imap", "fastmail", "2 NO authentication failed", "auth.bad_credentials", "authgeneric-imap"},
		"family: Workspace is Gmail":   {"imap", "google-workspace", "NO [ALERT] Your account is not enabled for IMAP use.", "auth.protocol_disabled", "gmail-imapoff"},
		"family: Verizon is Yahoo":     {"imap", "verizon", "NO [AUTHENTICATIONFAILED] LOGIN Invalid credentials", "auth.app_password_required", "yahoo-imap"},
		"Yahoo! JAPAN is not Yahoo":    {"imap", "yahoo-jp", "NO [AUTHENTICATIONFAILED] LOGIN Invalid credentials", "auth.bad_credentials", "authgeneric-imap"},
		"Microsoft 365 by id":          {"imap", "microsoft365", "A01 NO AUTHENTICATE failed.", "auth.rejected", "ms-authfailed"},
		"Microsoft 365 by its name":    {"imap", "Microsoft 365 (Exchange Online)", "A01 NO AUTHENTICATE failed.", "auth.rejected", "ms-authfailed"},
		"provider's word as a part":    {"imap", "risky", "NO [AUTHENTICATIONFAILED] LOGIN Invalid credentials", "auth.bad_credentials", "authgeneric-imap"},
		"words name the provider":      {"smtp", "", "534-5.7.9 Application-specific password required. For more information, go to\r\n534 5.7.9  https://support.google.com/mail/?p=InvalidSecondFactor", "auth.app_password_required", "gmail-apppw-smtp"},
		"many lines":                   {"smtp", "", "535-5.7.8 Username and Password not accepted. For more information, go to\r\n535 5.7.8  https://support.google.com/mail/?p=BadCredentials d2e1a72fcca58 - gsmtp", "auth.bad_credentials", "gmail-badcred-smtp"},
		"delivery words at submission": {"smtp", "ovh", "550-5.7.26 Unauthenticated email from example.com is not accepted due to domain's DMARC policy.", "deliver.dmarc", "dmarc"},
		"submission words at delivery": {"smtp-deliver", "", "550 5.1.1 <bbo@example.org>: Recipient address rejected: User unknown", "deliver.no_such_recipient", "nouser"},
		"Dovecot's connection limit":   {"imap", "", "NO [LIMIT] Maximum number of connections from user+IP exceeded", "limit.connections", ""},
		"temporary sign-in trouble":    {"smtp", "", "454 4.7.0 Temporary authentication failure: generic failure", "auth.temporary", "own-auth-temporary"},
		"reply code alone":             {"smtp", "", "451 4.3.5 Server configuration problem", "send.temporary", "smtp-4xx"},
		"control characters":           {"imap", "", "NO\x00 [AUTHENTICATIONFAILED]\t\x1b[31mAuthentication failed.", "auth.bad_credentials", ""},
		"nonsense":                     {"imap", "", "xyzzy", "unknown", ""},
		"empty":                        {"", "", "", "unknown", ""},
		"unknown protocol":             {"gopher", "", "dial tcp: lookup x: no such host", "dns.not_found", "dns-nxdomain"},
	} {
		t.Run(name, func(t *testing.T) {
			got := c.ExplainText(x.protocol, x.provider, x.text)
			if got.Code != x.code || (x.rule != "" && got.Rule != x.rule) {
				t.Errorf("got %s by %s, want %s by %s", got.Code, got.Rule, x.code, x.rule)
			}
			if got.Cause == "" || got.Action == "" || got.Class == "" {
				t.Errorf("incomplete: %+v", got)
			}
		})
	}
}

func FuzzExplainText(f *testing.F) {
	for _, row := range table(f, "rules.tsv") {
		f.Add(row["protocol"], row["provider"], row["sample"])
	}
	f.Add("smtp", "gmail", "535 5.7.8 AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm")
	c := catalogue(f)
	f.Fuzz(func(t *testing.T, protocol, provider, text string) {
		x := c.ExplainText(protocol, provider, text)
		if x.Code == "" || x.Class == "" || x.Cause == "" || x.Action == "" || x.Who == "" || x.Retry == "" {
			t.Errorf("incomplete: %+v", x)
		}
		shown := diagnose.Mask(text)
		if !utf8.ValidString(shown) || utf8.RuneCountInString(shown) > 300 || strings.ContainsAny(shown, "\r\n\x00\x1b\u202e\u2028") {
			t.Errorf("Mask(%q) = %q", text, shown)
		}
		if again := diagnose.Mask(shown); utf8.RuneCountInString(again) > 300 {
			t.Errorf("masking twice grows: %q", again)
		}
	})
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		if _, err := diagnose.New(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFirstExplanation compiles every pattern: no rule knows the text.
func BenchmarkFirstExplanation(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		catalogue(b).ExplainText("", "", "xyzzy")
	}
}

// BenchmarkExplain is an answer of error explain: words that no rule but the last
// knows, at the usual length of a reply and at the longest that is looked at.
func BenchmarkExplain(b *testing.B) {
	c := catalogue(b)
	words := "550 5.9.9 something that no rule but the last knows, at the usual length of a reply"
	for name, text := range map[string]string{"reply": words, "longest": words + strings.Repeat(" authentication mailbox", 1<<16)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.ExplainText("smtp", "", text)
			}
		})
	}
}
