package discover_test

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/discover"
)

// world is what names and documents there are outside. What is not in it does not
// exist; what is slow takes that long, or as long as it may.
type world struct {
	mx  map[string][]string // exchangers by domain
	srv map[string][]string // "host:port" by "_imaps._tcp.example.com"
	// records are such as a name server would have that does not follow the rules
	records map[string][]*net.SRV
	txt     map[string][]string // records by name
	files   map[string]string   // by address without query
	mail    map[string]bool     // servers with good certificates, as "imap mail.example.com:993:tls"
	slow    map[string]time.Duration
	asked   chan string
}

func (w *world) wait(ctx context.Context, what string) error {
	select {
	case w.asked <- what:
	default:
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(w.slow[what]):
		return nil
	}
}

// lookupError is what *net.Resolver makes of a context that ended.
func lookupError(name string, err error) error {
	return &net.DNSError{Err: err.Error(), Name: name, IsTimeout: errors.Is(err, context.DeadlineExceeded), UnwrapErr: err}
}

// rooted is a name without its dot, which it must have.
func rooted(name string) string {
	short, ok := strings.CutSuffix(name, ".")
	if !ok {
		panic("a search list could lead elsewhere: " + name)
	}
	return short
}

func (w *world) LookupMX(ctx context.Context, name string) (out []*net.MX, err error) {
	name = rooted(name)
	if err := w.wait(ctx, "MX "+name); err != nil {
		return nil, lookupError(name, err)
	}
	for i, host := range w.mx[name] {
		out = append(out, &net.MX{Host: host, Pref: uint16(i)})
	}
	if out == nil {
		err = &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	return out, err
}

func (w *world) LookupSRV(ctx context.Context, service, proto, name string) (_ string, out []*net.SRV, err error) {
	name = "_" + service + "._" + proto + "." + rooted(name)
	if err := w.wait(ctx, name); err != nil {
		return "", nil, lookupError(name, err)
	}
	for _, text := range w.srv[name] {
		host, port, _ := net.SplitHostPort(text)
		n, _ := strconv.ParseUint(port, 10, 16)
		out = append(out, &net.SRV{Target: host, Port: uint16(n)})
	}
	if out = append(out, w.records[name]...); out == nil {
		err = &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	return "", out, err
}

func (w *world) LookupTXT(ctx context.Context, name string) ([]string, error) {
	name = rooted(name)
	if err := w.wait(ctx, "TXT "+name); err != nil {
		return nil, lookupError(name, err)
	}
	if w.txt[name] == nil {
		return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	return w.txt[name], nil
}

func (w *world) Probe(ctx context.Context, s mailstead.Server) (*x509.Certificate, error) {
	what := string(s.Protocol) + " " + s.String()
	if err := w.wait(ctx, what); err != nil {
		return nil, &mailstead.Error{Kind: mailstead.KindTemporary, Code: "net.timeout", Text: "The server did not answer in time.", Err: err}
	}
	if !w.mail[what] {
		return nil, &mailstead.Error{Kind: mailstead.KindPermanent, Code: "dns.not_found", Text: "The server name does not exist."}
	}
	return nil, nil //nolint:nilnil // the certificate does not matter here
}

// network asks w alone.
func network(d *discover.Directory, w *world) *discover.Network {
	return discover.NewNetwork(d, discover.Asked{Resolver: w, Fetcher: w, Prober: w, Now: time.Now, PublicDirectory: "https://directory.example/v1/{domain}"})
}

func (w *world) Fetch(ctx context.Context, address string) ([]byte, error) {
	place, _, _ := strings.Cut(address, "?")
	if err := w.wait(ctx, place); err != nil {
		return nil, &mailstead.Error{Kind: mailstead.KindTemporary, Code: "net.timeout", Text: "The server did not answer in time.", Err: err}
	}
	if strings.Contains(address, "anna%40example.com") && !strings.Contains(place, "example.com/") {
		panic("somebody else's web server learns the address: " + address)
	}
	if file, ok := w.files[place]; ok {
		return []byte(file), nil
	}
	return nil, &mailstead.Error{Kind: mailstead.KindNotFound, Code: "fetch.status", Text: "The web server answered 404."}
}

const (
	ownConfig  = "https://autoconfig.example.com/mail/config-v1.1.xml"
	wellKnown  = "https://example.com/.well-known/autoconfig/mail/config-v1.1.xml"
	hostConfig = "https://autoconfig.hosting.example/mail/config-v1.1.xml"
	configured = `<?xml version="1.0"?>
<clientConfig version="1.1"><emailProvider id="example.com">
  <domain>example.com</domain><displayName>Example Mail</displayName><unknown><deep/></unknown>
  <incomingServer type="imap"><hostname>imap.%EMAILDOMAIN%</hostname><port>993</port><socketType>SSL</socketType>
    <username>%EMAILLOCALPART%</username><authentication>password-cleartext</authentication></incomingServer>
  <outgoingServer type="smtp"><hostname>smtp.example.com</hostname><port>587</port><socketType>STARTTLS</socketType>
    <username>%EMAILADDRESS%</username><authentication>password-cleartext</authentication></outgoingServer>
</emailProvider></clientConfig>`
)

// find asks w about anna@example.com.
func find(t *testing.T, w *world) discover.Result {
	t.Helper()
	d, err := discover.New()
	if err != nil {
		t.Fatal(err)
	}
	r, err := d.Discover(t.Context(), noDomains{}, "anna@example.com")
	if err != nil {
		t.Fatal(err)
	}
	return network(d, w).Find(t.Context(), r, nil)
}

type noDomains struct{}

func (noDomains) Domain(context.Context, string) (mailstead.Domain, error) {
	return mailstead.Domain{}, &mailstead.Error{Kind: mailstead.KindNotFound}
}

// servers are the candidates of both sides, as "imap imap.example.com:993 tls anna".
func servers(r discover.Result) (out []string) {
	for _, c := range slices.Concat(r.Incoming, r.Outgoing) {
		out = append(out, strings.Join([]string{string(c.Protocol), net.JoinHostPort(c.Host, strconv.Itoa(c.Port)), string(c.Security), c.Username}, " "))
	}
	return out
}

func TestNetworkFinds(t *testing.T) {
	google := map[string][]string{"example.com": {"aspmx.l.google.com."}}
	srv := map[string][]string{
		"_imaps._tcp.example.com":       {"mail.example.com.:993", "mail2.example.com.:993"},
		"_imap._tcp.example.com":        {".:0"},
		"_submission._tcp.example.com":  {"mail.example.com.:587"},
		"_submissions._tcp.example.com": {"smtp.elsewhere.example.:465"},
	}
	named := []string{
		"imap mail.example.com:993 tls anna@example.com", "imap mail2.example.com:993 tls anna@example.com",
		"smtp smtp.elsewhere.example:465 tls anna@example.com", "smtp mail.example.com:587 starttls anna@example.com",
	}
	fromFile := []string{"imap imap.example.com:993 tls anna", "smtp smtp.example.com:587 starttls anna@example.com"}
	for _, tt := range []struct {
		name     string
		world    world
		source   mailstead.DomainSource
		provider mailstead.ProviderID
		servers  []string
		foreign  []string
	}{
		{"nothing", world{}, discover.SourceNone, "", nil, nil},
		{"mail exchanger of a known service", world{mx: google}, discover.SourceMX, "google-workspace", nil, nil},
		{"the name only ends like that of a service", world{mx: map[string][]string{"example.com": {"mx.notgoogle.com."}}}, discover.SourceNone, "", nil, nil},
		{"no mail at all", world{mx: map[string][]string{"example.com": {"."}}}, discover.SourceNone, "", nil, nil},
		{"servers in DNS", world{srv: srv}, discover.SourceSRV, "", named, []string{"elsewhere.example"}},
		{"file of the domain", world{files: map[string]string{ownConfig: configured}}, discover.SourceAutoconfig, "", fromFile, nil},
		{"file at the well-known place", world{files: map[string]string{wellKnown: configured, ownConfig: "<html>"}}, discover.SourceAutoconfig, "", fromFile, nil},
		{
			"file of the mail exchanger's domain",
			world{mx: map[string][]string{"example.com": {"mx1.hosting.example."}}, files: map[string]string{hostConfig: strings.ReplaceAll(configured, "%EMAILDOMAIN%", "hosting.example")}},
			discover.SourceMXAutoconfig, "",
			[]string{"imap imap.hosting.example:993 tls anna", "smtp smtp.example.com:587 starttls anna@example.com"},
			[]string{"hosting.example"},
		},
		{
			"everything at once, the best answer being the slowest",
			world{mx: google, srv: srv, files: map[string]string{ownConfig: configured}, slow: map[string]time.Duration{"MX example.com": 1900 * time.Millisecond}},
			discover.SourceMX, "google-workspace", nil, nil,
		},
		{
			"the best source is too slow",
			world{mx: google, srv: srv, slow: map[string]time.Duration{"MX example.com": time.Hour}},
			discover.SourceSRV, "", named,
			[]string{"elsewhere.example"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				r := find(t, &tt.world)
				if took := time.Since(begin); took > 10*time.Second {
					t.Errorf("it took %v", took)
				}
				if r.Source != tt.source || r.Provider.ID != tt.provider {
					t.Errorf("source = %q, provider = %q, want %q, %q; evidence: %q", r.Source, r.Provider.ID, tt.source, tt.provider, r.Evidence)
				}
				if tt.provider == "" {
					if diff := cmp.Diff(tt.servers, servers(r)); diff != "" {
						t.Errorf("servers (-want +got):\n%s", diff)
					}
				}
				if diff := cmp.Diff(tt.foreign, r.Foreign); diff != "" {
					t.Errorf("foreign (-want +got):\n%s", diff)
				}
				if r.Address != "anna@example.com" || r.Incoming == nil || r.Outgoing == nil || len(r.Evidence) < 3 {
					t.Errorf("the answer is incomplete: %+v", r)
				}
			})
		})
	}
}

// TestNetworkIsBounded: name servers and web servers that never answer cost ten
// seconds at most, and a person who leaves ends it at once.
func TestNetworkIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		never := map[string]time.Duration{"MX example.com": time.Hour, ownConfig: time.Hour, wellKnown: time.Hour}
		for _, s := range []string{"imaps", "imap", "pop3s", "pop3", "submissions", "submission"} {
			never["_"+s+"._tcp.example.com"] = time.Hour
		}
		begin := time.Now()
		r := find(t, &world{slow: never})
		if took := time.Since(begin); took > 10*time.Second || r.Source != discover.SourceNone {
			t.Errorf("took %v, source %q", took, r.Source)
		}
		if !slices.ContainsFunc(r.Evidence, func(line string) bool { return strings.Contains(line, "did not answer in time") }) {
			t.Errorf("the evidence does not tell of it: %q", r.Evidence)
		}
	})
}

// TestKnownDomainsAskNobody: what the directory knows costs no question to anybody.
func TestKnownDomainsAskNobody(t *testing.T) {
	d, err := discover.New()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{asked: make(chan string, 1)}
	n := network(d, w)
	domains, found := 0, 0
	for _, p := range d.Providers() {
		found += min(len(p.Domains)+len(p.MXSuffixes), 1)
		for _, domain := range p.Domains {
			domains++
			r, err := d.Discover(t.Context(), noDomains{}, "anna@"+domain)
			if err != nil {
				t.Fatal(err)
			}
			if r = n.Find(t.Context(), r, nil); r.Provider.ID != p.ID {
				t.Errorf("%s: provider %q, want %q", domain, r.Provider.ID, p.ID)
			}
		}
	}
	select {
	case what := <-w.asked:
		t.Errorf("asked for %s", what)
	default:
	}
	if domains < 300 || found < 100 {
		t.Errorf("only %d domains, only %d providers that addresses lead to", domains, found)
	}
}

// TestMailExchangersLeadToTheirProviders: a domain of somebody's own is recognised by
// who takes its mail, for every provider that takes mail for others.
func TestMailExchangersLeadToTheirProviders(t *testing.T) {
	d := builtIn(t)
	exchangers := 0
	for _, p := range d.Providers() {
		for _, suffix := range p.MXSuffixes {
			exchangers++
			for _, host := range []string{suffix + ".", "MX7." + suffix + "."} {
				r := find(t, &world{mx: map[string][]string{"example.com": {host}}})
				got, ok := d.Provider(r.Provider.ID)
				if !ok || r.Source != discover.SourceMX || !slices.Contains(got.MXSuffixes, suffix) {
					t.Errorf("%s of %s: source %q, provider %q", host, p.ID, r.Source, r.Provider.ID)
				}
			}
		}
	}
	if exchangers < 50 {
		t.Errorf("only %d names of mail exchangers", exchangers)
	}
}

func TestAutoconfigFilesThatAreWrong(t *testing.T) {
	outgoing := `<outgoingServer type="smtp"><hostname>smtp.example.com</hostname><port>465</port><socketType>SSL</socketType></outgoingServer>`
	one := func(server string) string {
		return `<clientConfig><emailProvider id="x">` + server + outgoing + `</emailProvider></clientConfig>`
	}
	imap, smtp := "imap imap.example.com:993 tls ", "smtp smtp.example.com:465 tls "
	good := `<incomingServer type="imap"><hostname>imap.example.com</hostname><port>993</port><socketType>SSL</socketType></incomingServer>`
	for name, tt := range map[string]struct {
		file string
		want []string
	}{
		"empty":           {"", nil},
		"no XML":          {"not found", nil},
		"one direction":   {strings.Replace(one(good), outgoing, "", 1), nil},
		"cut off":         {configured[:len(configured)-40], nil},
		"something else":  {"<rss><channel/></rss>", nil},
		"own entities":    {`<!DOCTYPE x [<!ENTITY a "aaaa">]>` + one(strings.ReplaceAll(good, "imap.example.com", "&a;")), nil},
		"no port":         {one(strings.Replace(good, "993", "", 1)), nil},
		"port too high":   {one(strings.Replace(good, "993", "99999", 1)), nil},
		"no encryption":   {one(strings.Replace(good, "SSL", "plain", 1)), nil},
		"other protocol":  {one(strings.Replace(good, `"imap"`, `"exchange"`, 1)), nil},
		"hostile host":    {one(strings.Replace(good, "imap.example.com", "a\r\nb", 1)), nil},
		"only OAuth":      {one(strings.Replace(good, "</inc", "<authentication>OAuth2</authentication></inc", 1)), nil},
		"one of two":      {one(strings.Replace(good, "993", "x", 1) + good), []string{imap, smtp}},
		"odd placeholder": {one(strings.Replace(good, "</inc", "<username>%REALNAME%</username></inc", 1)), []string{imap, smtp}},
		"many":            {one(strings.Repeat(good, 1000)), append(slices.Repeat([]string{imap}, 4), smtp)},
	} {
		t.Run(name, func(t *testing.T) {
			r := find(t, &world{files: map[string]string{ownConfig: tt.file}})
			if diff := cmp.Diff(tt.want, servers(r)); diff != "" {
				t.Errorf("servers (-want +got):\n%s\nevidence: %q", diff, r.Evidence)
			}
		})
	}
}

// FuzzAutoconfig: no file makes the answer one that could not be stored.
func FuzzAutoconfig(f *testing.F) {
	f.Add(configured)
	d, err := discover.New()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, file string) {
		w := &world{files: map[string]string{ownConfig: file}}
		r, err := d.Discover(t.Context(), noDomains{}, "anna@example.com")
		if err != nil {
			t.Fatal(err)
		}
		r = network(d, w).Find(t.Context(), r, nil)
		for _, c := range slices.Concat(r.Incoming, r.Outgoing) {
			if err := c.Validate("server"); err != nil {
				t.Errorf("%+v: %v", c, err)
			}
		}
	})
}
