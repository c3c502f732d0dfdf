package discover_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/discover"
)

type table map[string]mailstead.Domain

func (t table) Domain(_ context.Context, name string) (mailstead.Domain, error) {
	d, ok := t[name]
	if !ok {
		return d, mailstead.NotFound("domain")
	}
	return d, nil
}

type brokenTable struct{}

func (brokenTable) Domain(context.Context, string) (mailstead.Domain, error) {
	return mailstead.Domain{}, errors.New("no database")
}

func server(p mailstead.Protocol, host string, port int, s mailstead.Security) mailstead.Server {
	return mailstead.Server{Protocol: p, Host: host, Port: port, Security: s}
}

func TestDiscoverBuiltIn(t *testing.T) {
	got, err := directory(t).Discover(t.Context(), table{}, " Anna.Rossi@iCloud.com ")
	if err != nil {
		t.Fatal(err)
	}
	want := discover.Result{
		Address: "Anna.Rossi@icloud.com", Provider: discover.Named{ID: "icloud", Name: "iCloud Mail"},
		Source: mailstead.DomainBuiltIn, Trust: discover.TrustHigh, Status: "prep",
		Incoming: []discover.Candidate{{
			Server:   server(mailstead.IMAP, "imap.mail.me.com", 993, mailstead.SecurityTLS),
			Username: "Anna.Rossi", Auth: []string{"apppw"},
		}},
		Outgoing: []discover.Candidate{{
			Server:   server(mailstead.SMTP, "smtp.mail.me.com", 587, mailstead.SecurityStartTLS),
			Username: "Anna.Rossi@icloud.com", Auth: []string{"apppw"},
		}},
		AppPasswordURL: "https://account.apple.com/account/manage",
		Notes:          got.Notes, CheckedIn: "2026-11",
		Instructions: []mailstead.Instruction{
			{
				Code: "app_password", Step: true, URL: "https://account.apple.com/account/manage",
				Text: "Make an app password and enter it here instead of your usual one.",
			},
			{Code: "no_pop3", Text: "There is no POP3."},
			{Code: "from_of_account", Text: "The sender has to be an address of the account."},
			{Code: "daily_limit", Count: 1000, Text: "It takes mail for at most 1000 receivers a day."},
		},
		Evidence: []string{
			"icloud.com is not in the table of domains.",
			"icloud.com belongs to iCloud Mail in the built-in directory.",
		},
		Questions: []discover.Question{},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(got.Notes, "app-specific password") {
		t.Errorf("notes: %q", got.Notes)
	}
}

func TestDiscoverTableGoesFirst(t *testing.T) {
	own := []mailstead.Server{server(mailstead.IMAP, "mail.example.com", 993, mailstead.SecurityTLS)}
	domains := table{
		"example.com": {Name: "example.com", Source: mailstead.DomainAdministrator, ProviderID: "google-workspace"},
		"gmail.com":   {Name: "gmail.com", Source: mailstead.DomainAdministrator, Incoming: own, Username: mailstead.UsernameLocal},
		"example.org": {Name: "example.org", Source: mailstead.DomainLearned, ProviderID: "ovh"},
		"example.net": {Name: "example.net", Source: mailstead.DomainAdministrator, ProviderID: "gone"},
	}
	cases := []struct {
		name, address string
		source        mailstead.DomainSource
		trust         discover.Trust
		provider      mailstead.ProviderID
		incoming      string
		username      string
		evidence      string
	}{
		{
			"an administrator's provider", "anna@example.com", mailstead.DomainAdministrator, discover.TrustHigh, "google-workspace",
			"imap.gmail.com:993:tls", "anna@example.com", "example.com is in the table of domains as Google Workspace, set by an administrator.",
		},
		{
			"an administrator overrules the directory", "anna@gmail.com", mailstead.DomainAdministrator, discover.TrustHigh, "",
			"mail.example.com:993:tls", "anna", "gmail.com is in the table of domains with servers of its own, set by an administrator.",
		},
		{
			"a colleague's choice", "anna@example.org", mailstead.DomainLearned, discover.TrustMedium, "ovh",
			"", "anna@example.org", "example.org is in the table of domains as OVHcloud MX Plan, chosen by a colleague.",
		},
		{
			"a provider that is gone", "anna@example.net", discover.SourceNone, discover.TrustNone, "", "", "",
			"example.net is in the table of domains, but its provider gone does not exist any more.",
		},
		{
			"nothing known", "anna@unknown.example", discover.SourceNone, discover.TrustNone, "", "", "",
			"unknown.example is not in the built-in directory.",
		},
	}
	d := directory(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := d.Discover(t.Context(), domains, c.address)
			if err != nil {
				t.Fatal(err)
			}
			if got.Source != c.source || got.Trust != c.trust || got.Provider.ID != c.provider {
				t.Errorf("got %s, %s, %q; want %s, %s, %q", got.Source, got.Trust, got.Provider.ID, c.source, c.trust, c.provider)
			}
			if c.username != "" && (len(got.Incoming) == 0 || got.Incoming[0].Username != c.username) {
				t.Errorf("incoming %v, want user name %q", got.Incoming, c.username)
			}
			if c.incoming != "" && got.Incoming[0].String() != c.incoming {
				t.Errorf("incoming %v, want %s", got.Incoming, c.incoming)
			}
			if joined := strings.Join(got.Evidence, "\n"); !strings.Contains(joined, c.evidence) {
				t.Errorf("evidence %q, want %q", joined, c.evidence)
			}
		})
	}
}

func TestDiscoverSaysWhyNot(t *testing.T) {
	cases := []struct {
		address  string
		provider mailstead.ProviderID
		code     string
		says     string
	}{
		{"a@tuta.com", "tuta", discover.ProblemUnsupported, "no IMAP, POP3 or SMTP"},
		{"a@hey.com", "hey", discover.ProblemUnsupported, "no IMAP, POP3 or SMTP"},
		{"a@outlook.com", "outlook.com", discover.ProblemOAuthOnly, "accepts no passwords"},
		{"a@office365.com", "microsoft365", discover.ProblemOAuthOnly, "accepts no passwords"},
		{"a@gmail.com", "gmail", "", ""},
		{"a@proton.me", "proton-bridge", "", ""},
	}
	for _, c := range cases {
		got, err := directory(t).Discover(t.Context(), table{}, c.address)
		if err != nil {
			t.Fatal(err)
		}
		if got.Provider.ID != c.provider || got.ProblemCode != c.code || !strings.Contains(got.Problem, c.says) || (c.says == "") != (got.Problem == "") {
			t.Errorf("%s: got %s %q %q, want %s %q %q", c.address, got.Provider.ID, got.ProblemCode, got.Problem, c.provider, c.code, c.says)
		}
	}
}

func TestDiscoverRefusesWhatIsNoAddress(t *testing.T) {
	for _, address := range []string{"", "anna", "@example.com", "anna@", "anna@exa mple.com", "anna@example.com\r\nBcc: x@y.z", "<a@b.c>"} {
		_, err := directory(t).Discover(t.Context(), table{}, address)
		if mailstead.KindOf(err) != mailstead.KindInvalid {
			t.Errorf("%q: got %v", address, err)
		}
	}
	if _, err := directory(t).Discover(t.Context(), brokenTable{}, "a@gmail.com"); err == nil {
		t.Error("a broken table of domains was passed over")
	}
}

func TestResultAsJSON(t *testing.T) {
	r, err := directory(t).Discover(t.Context(), table{}, "anna@mailbox.org")
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Address  string
		Provider struct{ ID, Name string }
		Source   string
		Trust    string
		Incoming []map[string]any
		Outgoing []map[string]any
		Evidence []string
	}
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"protocol": "imap", "host": "imap.mailbox.org", "port": 993.0, "security": "tls",
		"username": "anna@mailbox.org", "auth": []any{"pw", "apppw"},
	}
	if len(got.Incoming) == 0 {
		t.Fatalf("no incoming server in %s", b)
	}
	if diff := cmp.Diff(want, got.Incoming[0]); diff != "" {
		t.Error(diff)
	}
	if got.Provider.ID != "mailbox.org" || got.Source != "built_in" || got.Trust != "high" || len(got.Evidence) != 2 || len(got.Outgoing) == 0 {
		t.Errorf("got %s", b)
	}
}

func FuzzDiscover(f *testing.F) {
	d, err := discover.New()
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{"anna@gmail.com", "a@пример.рф", "\"a b\"@example.com", "\".co\"@exa", "a@[127.0.0.1]", "a@b@c", "x@icloud.com\n", strings.Repeat("a", 400) + "@x.y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, address string) {
		r, err := d.Discover(t.Context(), table{}, address)
		if err != nil {
			return
		}
		again, err := d.Discover(t.Context(), table{}, r.Address)
		if err != nil || again.Address != r.Address {
			t.Errorf("%q became %q, which became %q (%v)", address, r.Address, again.Address, err)
		}
	})
}
