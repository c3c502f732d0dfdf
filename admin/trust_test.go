package admin_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/admin"
)

// trusted is a trust in the key of a server.
func trusted(host string) mailstead.TrustedServer {
	return mailstead.TrustedServer{Host: host, Port: 993, Kind: mailstead.TrustKey, Fingerprint: strings.Repeat("AB:", 31) + "ab", Reason: "our own"}
}

// gate is what connections go by.
type gate struct{ hosts []string }

func (g *gate) Set(servers []mailstead.TrustedServer) {
	g.hosts = nil
	for _, s := range servers {
		g.hosts = append(g.hosts, s.Host)
	}
}

// TestTrustReachesConnections: what is stored is what connections go by, from the start
// on and after every change.
func TestTrustReachesConnections(t *testing.T) {
	g := new(gate)
	w := newWorld(t, func(c *admin.Config) { c.Trust = g })
	ctx := t.Context()
	made, err := w.TrustServer(ctx, operator, trusted(" MAIL.firm.example. "))
	if err != nil || made.Host != "mail.firm.example" || made.Fingerprint != strings.Repeat("ab", 32) || !slices.Equal(g.hosts, []string{"mail.firm.example"}) {
		t.Errorf("got %+v, %v; connections know %q", made, err, g.hosts)
	}
	g.hosts = nil
	if err := w.LoadTrust(ctx); err != nil || len(g.hosts) != 1 {
		t.Errorf("loaded %q, %v", g.hosts, err)
	}
	if err := w.DistrustServer(ctx, operator, made.ID); err != nil || len(g.hosts) != 0 {
		t.Errorf("connections know %q, %v", g.hosts, err)
	}
	wantKind(t, "a trust that is gone", w.DistrustServer(ctx, operator, made.ID), mailstead.KindNotFound)
	_, err = w.TrustedServers(ctx, w.anna(t))
	wantKind(t, "the list for a user", err, mailstead.KindForbidden)
}

func TestTrustThatIsRefused(t *testing.T) {
	w := newWorld(t, func(c *admin.Config) {
		c.CheckAuthority = func(*mailstead.TrustedServer) error { return errors.New("no certificate") }
	})
	for name, c := range map[string]struct {
		change func(*mailstead.TrustedServer)
		field  string
	}{
		"no server":      {func(s *mailstead.TrustedServer) { s.Host = "" }, "host"},
		"no such name":   {func(s *mailstead.TrustedServer) { s.Host = "a b" }, "host"},
		"no port":        {func(s *mailstead.TrustedServer) { s.Port = 0 }, "port"},
		"no kind":        {func(s *mailstead.TrustedServer) { s.Kind = "all" }, "kind"},
		"a short print":  {func(s *mailstead.TrustedServer) { s.Fingerprint = "abab" }, "fingerprint"},
		"no hexadecimal": {func(s *mailstead.TrustedServer) { s.Fingerprint = strings.Repeat("xy", 32) }, "fingerprint"},
		"no reason":      {func(s *mailstead.TrustedServer) { s.Reason = " " }, "reason"},
		"no authority":   {func(s *mailstead.TrustedServer) { s.Kind = mailstead.TrustAuthority }, "certificate"},
		"a long reason":  {func(s *mailstead.TrustedServer) { s.Reason = strings.Repeat("x", 1000) }, "reason"},
	} {
		t.Run(name, func(t *testing.T) {
			s := trusted("mail.firm.example")
			c.change(&s)
			_, err := w.TrustServer(t.Context(), operator, s)
			var e *mailstead.Error
			if !errors.As(err, &e) || e.Kind != mailstead.KindInvalid || e.Field != c.field {
				t.Errorf("got %+v, want one of %q", e, c.field)
			}
		})
	}
}
