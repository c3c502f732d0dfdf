package discover_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/discover"
)

const (
	paccPlace    = "https://ua-auto-config.example.com/.well-known/user-agent-configuration.json"
	paccFile     = `{"protocols": {"imap": {"host": "imap.example.com"}, "submit": {"host": "smtp.example.com"}, "jmap": {"url": "https://example.com/"}}, "authentication": {"password": true}, "info": {"provider": {"name": "Example Mail"}}}`
	exchange     = "https://autodiscover.example.com/autodiscover/autodiscover.json"
	exchangeRoot = "https://example.com/autodiscover/autodiscover.json"
	listed       = "https://directory.example/v1/example.com"
)

// vouched is a world in which the name server vouches for a PACC document.
func vouched(file string) world {
	sum := sha256.Sum256([]byte(file))
	return world{
		txt:   map[string][]string{"_ua-auto-config.example.com": {"something else", "v=UAAC1; a=sha256; d=" + base64.StdEncoding.EncodeToString(sum[:])}},
		files: map[string]string{paccPlace: file},
	}
}

// activeSync is the answer of Autodiscover v2 that names a host.
func activeSync(host string) string {
	return `{"Protocol":"ActiveSync","Url":"https://` + host + `/Microsoft-Server-ActiveSync"}`
}

// serve is the mail servers of a world.
func serve(list ...string) map[string]bool {
	out := make(map[string]bool)
	for _, s := range list {
		out[s] = true
	}
	return out
}

func TestSourcesBeyondAutoconfig(t *testing.T) {
	named := []string{"imap imap.example.com:993 tls anna@example.com", "smtp smtp.example.com:465 tls anna@example.com"}
	old := vouched(strings.Replace(paccFile, "submit", "smtp", 1))
	changed := vouched(paccFile)
	changed.files = map[string]string{paccPlace: paccFile + " "}
	for _, tt := range []struct {
		name     string
		world    world
		source   mailstead.DomainSource
		provider mailstead.ProviderID
		trust    discover.Trust
		servers  []string
		foreign  []string
	}{
		{"PACC", vouched(paccFile), discover.SourcePACC, "", discover.TrustHigh, named, nil},
		{"PACC of an older draft", old, discover.SourcePACC, "", discover.TrustHigh, named, nil},
		{"PACC with another digest", changed, discover.SourceNone, "", discover.TrustNone, nil, nil},
		{"PACC that nobody vouches for", world{files: map[string]string{paccPlace: paccFile}}, discover.SourceNone, "", discover.TrustNone, nil, nil},
		{"PACC without passwords", vouched(strings.Replace(paccFile, "true", "false", 1)), discover.SourceNone, "", discover.TrustNone, nil, nil},
		{"PACC with hostile names", vouched(strings.Replace(paccFile, "imap.example.com", "a b\\r\\n", 1)), discover.SourceNone, "", discover.TrustNone, nil, nil},
		{
			"public directory",
			world{files: map[string]string{listed: strings.ReplaceAll(configured, "smtp.example.com", "smtp.hosting.example")}},
			discover.SourcePublicDirectory, "", discover.TrustMedium,
			[]string{"imap imap.example.com:993 tls anna", "smtp smtp.hosting.example:587 starttls anna@example.com"},
			[]string{"hosting.example"},
		},
		{
			"Exchange at a service of the directory",
			world{files: map[string]string{exchange: activeSync("outlook.office365.com")}},
			discover.SourceAutodiscover, "microsoft365", discover.TrustMedium, nil, nil,
		},
		{
			"Exchange that speaks IMAP, its answer at the second place",
			world{files: map[string]string{exchangeRoot: "<html>", exchange: activeSync("Mail.Hosting.example")}, mail: serve("imap mail.hosting.example:143:starttls", "smtp mail.hosting.example:587:starttls")},
			discover.SourceAutodiscover, "", discover.TrustMedium,
			[]string{"imap mail.hosting.example:143 starttls anna@example.com", "smtp mail.hosting.example:587 starttls anna@example.com"},
			[]string{"hosting.example"},
		},
		{
			"Exchange that speaks nothing else",
			world{files: map[string]string{exchange: activeSync("owa.example.com")}},
			discover.SourceNone, "", discover.TrustNone, nil, nil,
		},
		{
			"names that are usual",
			world{mail: serve("imap imap.example.com:993:tls", "imap mail.example.com:143:starttls", "pop3 pop.example.com:995:tls", "smtp mail.example.com:465:tls")},
			discover.SourceGuess, "", discover.TrustLow,
			[]string{
				"imap imap.example.com:993 tls anna@example.com", "imap mail.example.com:143 starttls anna@example.com",
				"pop3 pop.example.com:995 tls anna@example.com", "smtp mail.example.com:465 tls anna@example.com",
			},
			nil,
		},
		{"usual names for one direction", world{mail: serve("imap imap.example.com:993:tls")}, discover.SourceNone, "", discover.TrustNone, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := find(t, &tt.world)
			if r.Source != tt.source || r.Provider.ID != tt.provider || r.Trust != tt.trust {
				t.Errorf("source = %q, provider = %q, trust = %q, want %q, %q, %q; evidence: %q", r.Source, r.Provider.ID, r.Trust, tt.source, tt.provider, tt.trust, r.Evidence)
			}
			if diff := cmp.Diff(tt.servers, servers(r)); diff != "" && tt.provider == "" {
				t.Errorf("servers (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.foreign, r.Foreign); diff != "" {
				t.Errorf("foreign (-want +got):\n%s", diff)
			}
			for _, q := range r.Questions {
				if q.Asked == "" || q.Said == "" || (q.Code != "") != (q.Outcome == discover.OutcomeBroken) {
					t.Errorf("the question is incomplete: %+v", q)
				}
				ok := q.Outcome == discover.OutcomeOK
				if (q.Trust != "") != ok || !ok && (len(q.Names) > 0 || q.Certificate != nil) {
					t.Errorf("the question says more or less than its answer: %+v", q)
				}
				if ok && q.Source == tt.source && q.Trust != tt.trust {
					t.Errorf("trust of %s = %q, want that of the answer, %q", q.Source, q.Trust, tt.trust)
				}
			}
		})
	}
}

// everything is a world in which every source has its own answer, best first.
func everything() (w world, order []mailstead.DomainSource) {
	w = vouched(strings.ReplaceAll(paccFile, "smtp.example.com", "pacc.example.com"))
	w.mx = map[string][]string{"example.com": {"aspmx.l.google.com."}}
	w.srv = map[string][]string{"_imaps._tcp.example.com": {"srv.example.com.:993"}, "_submissions._tcp.example.com": {"srv.example.com.:465"}}
	for _, place := range []string{ownConfig, wellKnown, hostConfig, listed} {
		w.files[place] = configured
	}
	w.files[exchange] = activeSync("owa.example.com")
	w.mail = serve("imap owa.example.com:993:tls", "smtp owa.example.com:465:tls", "imap imap.example.com:993:tls", "smtp smtp.example.com:465:tls")
	return w, []mailstead.DomainSource{
		discover.SourceMX, discover.SourcePACC, discover.SourceSRV, discover.SourceAutoconfig, discover.SourceMXAutoconfig,
		discover.SourcePublicDirectory, discover.SourceAutodiscover, discover.SourceGuess, discover.SourceNone,
	}
}

// without takes one source out of a world.
func (w *world) without(source mailstead.DomainSource) {
	switch source {
	case discover.SourceMX:
		w.mx = map[string][]string{"example.com": {"mx.hosting.example."}}
	case discover.SourcePACC:
		w.txt = nil
	case discover.SourceSRV:
		w.srv = nil
	case discover.SourceAutoconfig:
		delete(w.files, ownConfig)
		delete(w.files, wellKnown)
	case discover.SourceMXAutoconfig:
		delete(w.files, hostConfig)
	case discover.SourcePublicDirectory:
		delete(w.files, listed)
	case discover.SourceAutodiscover:
		delete(w.files, exchange)
	default: // discover.SourceGuess
		w.mail = nil
	}
}

// slowed are the questions that hold a source up.
var slowed = []struct {
	source mailstead.DomainSource
	asked  []string
}{
	{discover.SourceMX, []string{"MX example.com"}},
	{discover.SourcePACC, []string{"TXT _ua-auto-config.example.com"}},
	{discover.SourcePACC, []string{paccPlace}},
	{discover.SourceSRV, []string{"_imaps._tcp.example.com"}},
	{discover.SourceAutoconfig, []string{ownConfig, wellKnown}},
	{discover.SourceMXAutoconfig, []string{hostConfig}},
	{discover.SourcePublicDirectory, []string{listed}},
	{discover.SourceAutodiscover, []string{exchange}},
	{discover.SourceAutodiscover, []string{"imap owa.example.com:993:tls"}},
	{discover.SourceGuess, []string{"imap imap.example.com:993:tls"}},
}

// TestPriorityDecides: every source has an answer, and the best of them is the slowest.
// It counts as long as it keeps its limit; when it never comes, the next best does.
func TestPriorityDecides(t *testing.T) {
	for _, tt := range slowed {
		for _, slow := range []time.Duration{1900 * time.Millisecond, time.Hour} {
			t.Run(fmt.Sprint(tt.source, tt.asked, slow), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w, order := everything()
					at := slices.Index(order, tt.source)
					for _, better := range order[:at] {
						w.without(better)
					}
					w.slow = make(map[string]time.Duration)
					for _, what := range tt.asked {
						w.slow[what] = slow
					}
					want := order[at]
					if slow > time.Minute {
						want = order[at+1]
					}
					begin := time.Now()
					r := find(t, &w)
					if took := time.Since(begin); r.Source != want || took > 10*time.Second {
						t.Errorf("source = %q after %v, want %q; evidence: %q", r.Source, took, want, r.Evidence)
					}
				})
			})
		}
	}
}

// TestWorstCaseIsBounded: name servers that never answer, web servers that answer in the
// last moment, and then mail servers that say nothing.
func TestWorstCaseIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := world{files: map[string]string{exchange: activeSync("owa.example.com")}, slow: make(map[string]time.Duration)}
		for _, s := range []string{"imaps", "imap", "pop3s", "pop3", "submissions", "submission"} {
			w.slow["_"+s+"._tcp.example.com"] = time.Hour
		}
		for _, name := range []string{"MX example.com", "TXT _ua-auto-config.example.com"} {
			w.slow[name] = time.Hour
		}
		for _, place := range []string{ownConfig, wellKnown, listed, exchange, exchangeRoot} {
			w.slow[place] = 7900 * time.Millisecond
		}
		for _, host := range []string{"imap.example.com", "pop.example.com", "smtp.example.com", "mail.example.com", "owa.example.com"} {
			for _, port := range []string{"993:tls", "143:starttls", "995:tls", "110:starttls", "465:tls", "587:starttls"} {
				for _, protocol := range []string{"imap", "pop3", "smtp"} {
					w.slow[protocol+" "+host+":"+port] = time.Hour
				}
			}
		}
		begin := time.Now()
		r := find(t, &w)
		if took := time.Since(begin); took > 9500*time.Millisecond || took < 8*time.Second || r.Source != discover.SourceNone {
			t.Errorf("source %q after %v", r.Source, took)
		}
	})
}

// TestNobodyIsWaitedForWhoCannotDecide: an answer is given as soon as no better one can
// come, and the questions say who was not waited for.
func TestNobodyIsWaitedForWhoCannotDecide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := everything()
		w.slow = map[string]time.Duration{ownConfig: time.Hour, "_imaps._tcp.example.com": time.Hour, listed: 100 * time.Millisecond}
		begin := time.Now()
		r := find(t, &w)
		if took := time.Since(begin); took > time.Second || r.Source != discover.SourceMX {
			t.Errorf("source = %q after %v", r.Source, took)
		}
		skipped := slices.ContainsFunc(r.Questions, func(q discover.Question) bool {
			return q.Asked == ownConfig && q.Outcome == discover.OutcomeSkipped
		})
		if !skipped {
			t.Errorf("questions: %+v", r.Questions)
		}
	})
}

// TestFindTellsOfQuestions: each of them once, as it has ended.
func TestFindTellsOfQuestions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := everything()
		w.without(discover.SourceMX)
		w.slow = map[string]time.Duration{"TXT _ua-auto-config.example.com": time.Second, "MX example.com": time.Millisecond}
		d := builtIn(t)
		r, err := d.Discover(t.Context(), noDomains{}, "anna@example.com")
		if err != nil {
			t.Fatal(err)
		}
		var told []discover.Question
		r = network(d, &w).Find(t.Context(), r, func(q discover.Question) { told = append(told, q) })
		if len(told) < 10 || told[0].Source == discover.SourceMX || r.Source != discover.SourcePACC {
			t.Errorf("source %q, told of %+v", r.Source, told)
		}
		order := func(a, b discover.Question) int { return strings.Compare(a.Asked, b.Asked) }
		slices.SortFunc(told, order)
		slices.SortFunc(r.Questions, order)
		if diff := cmp.Diff(r.Questions, told); diff != "" {
			t.Errorf("told of others than the answer (-answer +told):\n%s", diff)
		}
	})
}

// mostFetched is what dial.Dialer lets through.
const mostFetched = 256 << 10

// fuzzed asks w and holds the answer against what may be stored.
func fuzzed(t *testing.T, d *discover.Directory, w *world) {
	t.Helper()
	r, err := d.Discover(t.Context(), noDomains{}, "anna@example.com")
	if err != nil {
		t.Fatal(err)
	}
	r = network(d, w).Find(t.Context(), r, nil)
	if len(r.Incoming) > 16 || len(r.Outgoing) > 16 || len(r.Provider.Name) > 1000 {
		t.Errorf("the answer has no bounds: %d and %d servers", len(r.Incoming), len(r.Outgoing))
	}
	for _, c := range slices.Concat(r.Incoming, r.Outgoing) {
		if err := c.Validate("server"); err != nil || c.Security == mailstead.SecurityNone {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// FuzzPACC: no record and no document make the answer one that could not be stored.
func FuzzPACC(f *testing.F) {
	d := builtIn(f)
	f.Add("v=UAAC1; a=sha256; d=AAAA", paccFile)
	f.Add("d=;v=;;=;a", `{"protocols":{"imap":{"host":"."},"pop3":{"host":"xn--"}}}`)
	f.Add("", `{"authentication":{"oauth-public":{}},"protocols":[]}`)
	f.Fuzz(func(t *testing.T, record, file string) {
		if len(file) > mostFetched {
			return
		}
		w := vouched(file)
		w.txt["_ua-auto-config.example.com"] = append(w.txt["_ua-auto-config.example.com"], record)
		fuzzed(t, d, &w)
		fuzzed(t, d, &world{txt: map[string][]string{"_ua-auto-config.example.com": {record}}, files: map[string]string{paccPlace: file}})
	})
}

// FuzzAutodiscover: no document leads to a server that is none.
func FuzzAutodiscover(f *testing.F) {
	d := builtIn(f)
	f.Add(activeSync("owa.example.com"))
	f.Add(`{"ErrorCode":"ProtocolNotSupported","ErrorMessage":"x"}`)
	f.Add(`{"Url":"https://[::1]:8/"}`)
	f.Fuzz(func(t *testing.T, file string) {
		if len(file) > mostFetched {
			return
		}
		fuzzed(t, d, &world{files: map[string]string{exchange: file}, mail: serve("imap owa.example.com:993:tls", "smtp owa.example.com:465:tls")})
	})
}

// FuzzSRV: no records make the answer one that could not be stored.
func FuzzSRV(f *testing.F) {
	d := builtIn(f)
	f.Add("mail.example.com.", uint16(993), "smtp.example.com.", uint16(465), 3)
	f.Add(".", uint16(0), "a b", uint16(65535), 1)
	f.Add("xn--.", uint16(1), "*.example.com", uint16(25), 200)
	f.Fuzz(func(t *testing.T, in string, inPort uint16, out string, outPort uint16, copies int) {
		w := &world{records: make(map[string][]*net.SRV)}
		for i := range min(max(copies, 1), 300) {
			w.records["_imaps._tcp.example.com"] = append(w.records["_imaps._tcp.example.com"], &net.SRV{Target: in, Port: inPort + uint16(i)})
			w.records["_submissions._tcp.example.com"] = append(w.records["_submissions._tcp.example.com"], &net.SRV{Target: out, Port: outPort + uint16(i)})
		}
		fuzzed(t, d, w)
	})
}

func builtIn(f testing.TB) *discover.Directory {
	f.Helper()
	d, err := discover.New()
	if err != nil {
		f.Fatal(err)
	}
	return d
}
