package dial_test

import (
	"context"
	"errors"
	"net/netip"
	"reflect"
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/dial"
)

// answers is a resolver that gives the next of its lists at every call, and the
// last one for ever.
type answers struct {
	lists [][]string
	calls int
}

func (r *answers) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	list := r.lists[min(r.calls, len(r.lists)-1)]
	r.calls++
	var addrs []netip.Addr
	for _, a := range list {
		addrs = append(addrs, netip.MustParseAddr(a))
	}
	return addrs, nil
}

// guardedAnswer dials host with a cancelled context: what passes the guard ends
// as net.cancelled without a packet sent.
func guardedAnswer(t *testing.T, host string, port int, admin bool, allowed ...string) *mailstead.Error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := dial.Config{}
	for _, a := range allowed {
		c.Allowed = append(c.Allowed, netip.MustParsePrefix(a))
	}
	s := mailstead.Server{Protocol: mailstead.IMAP, Host: host, Port: port, Security: mailstead.SecurityNone}
	_, err := dial.New(c).Connect(ctx, s, dial.Options{Admin: admin})
	var e *mailstead.Error
	if !errors.As(err, &e) {
		t.Fatalf("Connect(%s) error = %v, want a *mailstead.Error", host, err)
	}
	return e
}

func TestGuardRefuses(t *testing.T) {
	var first *mailstead.Error
	for name, host := range map[string]string{
		"unspecified":               "0.0.0.0",
		"this network":              "0.1.2.3",
		"private 10":                "10.0.0.1",
		"private 172.16":            "172.31.255.255",
		"private 192.168":           "192.168.1.1",
		"carrier-grade NAT":         "100.64.0.1",
		"carrier-grade NAT end":     "100.127.255.254",
		"loopback":                  "127.0.0.1",
		"loopback other":            "127.8.8.8",
		"cloud metadata":            "169.254.169.254",
		"Azure host":                "168.63.129.16",
		"IETF assignments":          "192.0.0.8",
		"documentation":             "192.0.2.1",
		"documentation 2":           "198.51.100.1",
		"documentation 3":           "203.0.113.1",
		"6to4 relay":                "192.88.99.1",
		"benchmark":                 "198.19.0.1",
		"multicast":                 "224.0.0.1",
		"reserved":                  "240.0.0.1",
		"broadcast":                 "255.255.255.255",
		"v6 unspecified":            "::",
		"v6 loopback":               "::1",
		"v6 link-local":             "fe80::1",
		"v6 link-local with zone":   "fe80::1%lo",
		"v6 public with zone":       "2a00:1450::1%lo",
		"v6 site-local":             "fec0::1",
		"v6 unique local":           "fd00:ec2::254",
		"v6 multicast":              "ff02::1",
		"v6 documentation":          "2001:db8::1",
		"v6 documentation 2":        "3fff::1",
		"v6 discard":                "100::1",
		"v6 SRv6":                   "5f00::1",
		"v6 benchmark":              "2001:2::1",
		"v6 not given out":          "4000::1",
		"v4-mapped":                 "::ffff:10.0.0.1",
		"v4-mapped metadata":        "::ffff:169.254.169.254",
		"v4-compatible":             "::10.0.0.1",
		"v4-translated":             "::ffff:0:10.0.0.1",
		"NAT64 of private":          "64:ff9b::10.0.0.1",
		"NAT64 of loopback":         "64:ff9b::7f00:1",
		"local NAT64":               "64:ff9b:1::8.8.8.8",
		"local NAT64 of private":    "64:ff9b:1::10.0.0.1",
		"6to4 of private":           "2002:a00:1::1",
		"6to4 of loopback":          "2002:7f00:1::",
		"Teredo of private client":  "2001:0:808:808:0:0:f5ff:fffe", // ^10.0.0.1
		"Teredo of a private relay": "2001:0:a00:1:0:0:f7f7:f7f7",
	} {
		t.Run(name, func(t *testing.T) {
			for _, admin := range []bool{false, true} {
				for _, port := range []int{993, 22} {
					got := guardedAnswer(t, host, port, admin)
					if first == nil {
						first = got
					}
					if got.Kind != mailstead.KindForbidden || got.Code != "net.guarded" || !reflect.DeepEqual(got, first) {
						t.Errorf("%s port %d admin %t: got %+v, want %+v", host, port, admin, got, first)
					}
				}
			}
		})
	}
}

func TestGuardPasses(t *testing.T) {
	for name, c := range map[string]struct {
		host    string
		port    int
		admin   bool
		allowed []string
		want    string
	}{
		"public":                        {"8.8.8.8", 993, false, nil, "net.cancelled"},
		"public next to private":        {"172.32.0.1", 993, false, nil, "net.cancelled"},
		"v6 public":                     {"2a00:1450:4001:82a::200e", 993, false, nil, "net.cancelled"},
		"v4-mapped public":              {"::ffff:8.8.8.8", 993, false, nil, "net.cancelled"},
		"NAT64 of public":               {"64:ff9b::8.8.8.8", 993, false, nil, "net.cancelled"},
		"public, other port":            {"8.8.8.8", 22, false, nil, "net.port"},
		"public, other port, admin":     {"8.8.8.8", 22, true, nil, "net.cancelled"},
		"allowed":                       {"10.1.2.3", 993, false, []string{"10.0.0.0/8"}, "net.cancelled"},
		"allowed, any port":             {"10.1.2.3", 20143, false, []string{"10.0.0.0/8"}, "net.cancelled"},
		"allowed v6":                    {"::1", 993, false, []string{"::1/128"}, "net.cancelled"},
		"allowed by its mapped form":    {"::ffff:10.1.2.3", 993, false, []string{"10.0.0.0/8"}, "net.cancelled"},
		"allowed by what NAT64 reaches": {"64:ff9b::10.1.2.3", 993, false, []string{"10.0.0.0/8"}, "net.cancelled"},
		"other network allowed":         {"10.1.2.3", 993, true, []string{"192.168.0.0/16"}, "net.guarded"},
		"public stays when some allowed": {
			"8.8.8.8", 993, false,
			[]string{"192.168.0.0/16"},
			"net.cancelled",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := guardedAnswer(t, c.host, c.port, c.admin, c.allowed...).Code; got != c.want {
				t.Errorf("code = %q, want %q", got, c.want)
			}
		})
	}
}

func TestMailPortsAreOpenToEverybody(t *testing.T) {
	for _, port := range []int{25, 465, 587, 2525, 110, 995, 143, 993} {
		if got := guardedAnswer(t, "8.8.8.8", port, false).Code; got != "net.cancelled" {
			t.Errorf("port %d: code = %q, want net.cancelled", port, got)
		}
	}
}

func TestRebindingNameIsResolvedOnce(t *testing.T) {
	port := silentServer(t)
	// The first answer is public, the second, were it asked for, is loopback,
	// where a server listens.
	r := &answers{lists: [][]string{{"240.0.0.1"}, {"127.0.0.1"}}}
	d := dial.New(dial.Config{Resolver: r})
	_, err := d.Connect(t.Context(), imap("rebind.example.com", port, mailstead.SecurityNone), dial.Options{Admin: true})
	if got := mailstead.CodeOf(err); got != "net.guarded" {
		t.Errorf("code = %q, want net.guarded", got)
	}
	if r.calls != 1 {
		t.Errorf("the name was resolved %d times, want once", r.calls)
	}
}

func TestGuardedAddressesOfAMixedNameAreLeftOut(t *testing.T) {
	port := silentServer(t)
	// 127.0.0.2 is allowed, 127.0.0.1 is not; the server listens on both.
	r := &answers{lists: [][]string{{"127.0.0.1", "127.0.0.2"}}}
	d := dial.New(dial.Config{Resolver: r, Allowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.2/32")}})
	c, err := d.Connect(t.Context(), imap("mixed.example.com", port, mailstead.SecurityNone), dial.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if got := netip.MustParseAddrPort(c.RemoteAddr().String()).Addr().String(); got != "127.0.0.2" {
		t.Errorf("connected to %s, want 127.0.0.2", got)
	}
}

// TestDocumentsComeFromWebServersOnly: documents are read on port 443 of public
// addresses; mail drivers get no further than before.
func TestDocumentsComeFromWebServersOnly(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		host string
		port int
		want string
	}{
		{"8.8.8.8", 443, "net.cancelled"},
		{"8.8.8.8", 22, "net.port"},
		{"10.0.0.1", 443, "net.guarded"},
		{"::1", 443, "net.guarded"},
	} {
		_, err := dial.New(dial.Config{}).Connect(ctx, mailstead.Server{Host: tt.host, Port: tt.port, Security: mailstead.SecurityTLS}, dial.ForDocuments)
		var e *mailstead.Error
		if !errors.As(err, &e) || e.Code != tt.want {
			t.Errorf("%s port %d: %v, want %s", tt.host, tt.port, err, tt.want)
		}
	}
	if e := guardedAnswer(t, "8.8.8.8", 443, false); e.Code != "net.port" {
		t.Errorf("a mail driver reaches port 443: %v", e)
	}
}
