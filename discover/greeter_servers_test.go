//go:build realservers

package discover_test

import (
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/dial"
	"github.com/mailstead/mailstead/discover"
	"github.com/mailstead/mailstead/mailtest"
)

// TestUsualNamesOfRealServers: a domain publishes nothing at all, and its Dovecot and its
// Postfix are found by their usual names, on every port that they have.
func TestUsualNamesOfRealServers(t *testing.T) {
	s := mailtest.Stack(t, mailtest.DovecotOptions{POP3: true}, mailtest.PostfixOptions{})
	d := &labDialer{
		Dialer: dial.New(dial.Config{Allowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, Roots: s.CA.Pool(), Resolver: loopback{}, Now: time.Now}),
		ports: map[int]int{
			993: s.Dovecot.IMAPSPort, 143: s.Dovecot.IMAPPort, 995: s.Dovecot.POP3SPort, 110: s.Dovecot.POP3Port,
			465: s.Postfix.SubmissionsPort, 587: s.Postfix.SubmissionPort,
		},
	}
	w := &world{}
	n := discover.NewNetwork(builtIn(t), discover.Asked{Resolver: w, Fetcher: w, Prober: discover.NewGreeter(d, ""), Now: time.Now})
	r, err := builtIn(t).Discover(t.Context(), noDomains{}, mailtest.Anna.Address)
	if err != nil {
		t.Fatal(err)
	}
	r = n.Find(t.Context(), r, nil)
	found := make(map[string]bool)
	for _, line := range servers(r) {
		protocol, rest, _ := strings.Cut(line, " ")
		_, port, _ := strings.Cut(rest, ":")
		found[protocol+" "+port] = true
	}
	user := " " + mailtest.Anna.Address
	want := []string{
		"imap 143 starttls" + user, "imap 993 tls" + user, "pop3 110 starttls" + user, "pop3 995 tls" + user,
		"smtp 465 tls" + user, "smtp 587 starttls" + user,
	}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(found))); diff != "" || r.Source != discover.SourceGuess {
		t.Errorf("source %q, servers (-want +got):\n%s\nquestions: %+v", r.Source, diff, r.Questions)
	}
	// None of them saw a sign-in.
	for _, sign := range []string{"auth failed", "SASL", "Login: user", "auth="} {
		if log := s.Dovecot.Log() + s.Postfix.Log(); strings.Contains(log, sign) {
			t.Errorf("the servers tell of %q:\n%s", sign, log)
		}
	}
	if r.Trust != discover.TrustLow || r.Incoming[0].Protocol != mailstead.IMAP || r.Incoming[0].Security != mailstead.SecurityTLS {
		t.Errorf("trust %q, first %+v", r.Trust, r.Incoming[0])
	}
}
