package discover_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/discover"
)

// labCase is a domain of the lab and what must be found for it.
type labCase struct {
	name, domain string
	want         mailstead.DomainSource
	// asked must have come to outcome, and code.
	asked   mailstead.DomainSource
	outcome discover.Outcome
	code    string
	// first is the host of the first incoming server, "" for any.
	first string
	// slow cases wait for limits to pass.
	slow bool
}

// domain makes a domain whose names have the lab's web server and, with mail, the
// usual names of mail servers.
func (l *lab) domain(name string, mail bool) string {
	d := name + ".example"
	l.names.suffixes[d+"."] = webHost
	for _, service := range []string{"imap.", "pop.", "smtp.", "mail."} {
		l.names.suffixes[service+d+"."] = map[bool]string{true: mailHost, false: ""}[mail]
	}
	return d
}

// labSource is one source: publish makes it answer for a domain; place is where its
// document is, "" for none.
type labSource struct {
	source  mailstead.DomainSource
	place   func(domain string) string
	publish func(l *lab, domain string)
}

func hosting(domain string) string { return "hosting-" + domain }

func labSources() []labSource {
	document := func(place func(string) string, text func(string) string) func(*lab, string) {
		return func(l *lab, d string) { l.pages[place(d)] = file(text(d)) }
	}
	xml := func(d string) string { return strings.ReplaceAll(configured, "example.com", d) }
	pacc := func(d string) string { return strings.ReplaceAll(paccFile, "example.com", d) }
	autoconfig := func(d string) string { return "autoconfig." + d + "/mail/config-v1.1.xml" }
	wellKnown := func(d string) string { return d + "/.well-known/autoconfig/mail/config-v1.1.xml" }
	exchanger := func(d string) string { return autoconfig(hosting(d)) }
	listed := func(d string) string { return "directory.example/v1.1/" + d }
	vouched := func(d string) string {
		return "ua-auto-config." + d + "/.well-known/user-agent-configuration.json"
	}
	exchange := func(d string) string { return d + "/autodiscover/autodiscover.json" }
	return []labSource{
		{discover.SourceMX, nil, func(l *lab, d string) { l.names.add("MX", d, mxRecord("aspmx.l.google.com.")) }},
		{discover.SourcePACC, vouched, func(l *lab, d string) {
			l.vouch(d, pacc(d))
			l.pages[vouched(d)] = file(pacc(d))
		}},
		{discover.SourceSRV, nil, func(l *lab, d string) {
			l.names.add("SRV", "_imaps._tcp."+d, srvRecord(1, "second."+d+"."), srvRecord(0, "first."+d+"."))
			l.names.add("SRV", "_imap._tcp."+d, srvRecord(0, "."))
			l.names.add("SRV", "_submissions._tcp."+d, srvRecord(0, "smtp."+d+"."))
		}},
		{discover.SourceAutoconfig, autoconfig, document(autoconfig, xml)},
		{discover.SourceAutoconfig, wellKnown, document(wellKnown, xml)},
		{discover.SourceMXAutoconfig, exchanger, func(l *lab, d string) {
			l.names.add("MX", d, mxRecord("mx."+hosting(d)+"."))
			l.names.suffixes[hosting(d)+"."] = webHost
			l.pages[exchanger(d)] = file(xml(d))
		}},
		{discover.SourcePublicDirectory, listed, document(listed, xml)},
		{discover.SourceAutodiscover, exchange, document(exchange, func(d string) string { return activeSync("mail." + d) })},
	}
}

func mxRecord(host string) dnsmessage.ResourceBody {
	return &dnsmessage.MXResource{Pref: 10, MX: dnsmessage.MustNewName(host)}
}

func srvRecord(priority uint16, host string) dnsmessage.ResourceBody {
	return &dnsmessage.SRVResource{Priority: priority, Port: 993, Target: dnsmessage.MustNewName(host)}
}

// vouch puts the digest of a PACC document into the DNS.
func (l *lab) vouch(domain, document string) {
	sum := sha256.Sum256([]byte(document))
	record := "v=UAAC1; a=sha256; d=" + base64.StdEncoding.EncodeToString(sum[:])
	l.names.add("TXT", "_ua-auto-config."+domain, &dnsmessage.TXTResource{TXT: []string{record[:20], record[20:]}})
}

// breakage is one way in which a document does not come.
type breakage struct {
	name    string
	outcome discover.Outcome
	code    string
	slow    bool
	spoil   func(l *lab, host, place string)
}

func (l *lab) breakages(t *testing.T) []breakage {
	page := func(f http.HandlerFunc) func(*lab, string, string) {
		return func(l *lab, _, place string) { l.pages[place] = f }
	}
	lead := func(to string) func(*lab, string, string) {
		return page(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) })
	}
	at := func(host string) func(*lab, string, string) {
		return func(l *lab, name, _ string) { l.names.suffixes[name+"."] = host }
	}
	var sent atomic.Int64
	t.Cleanup(func() {
		if n := sent.Load(); n > 64<<20 {
			t.Errorf("%d MB of endless documents were taken", n>>20)
		}
	})
	l.names.suffixes["inside.example."] = secretHost
	ok, broken := discover.OutcomeNothing, discover.OutcomeBroken
	return []breakage{
		{"404", ok, "", false, func(l *lab, _, place string) { delete(l.pages, place) }},
		{"no such name", ok, "", false, at("")},
		{"500", broken, "fetch.status", false, page(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })},
		{"wrong document", broken, "discover.document", false, page(file("<clientConfig>{"))},
		{"1 GB", broken, "fetch.too_large", false, page(func(w http.ResponseWriter, _ *http.Request) {
			chunk := []byte(strings.Repeat(" ", 64<<10))
			for range 1 << 30 / len(chunk) {
				n, err := w.Write(chunk)
				if sent.Add(int64(n)); err != nil {
					return
				}
			}
		})},
		{"endless redirects", broken, "fetch.redirects", false, page(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.String(), http.StatusFound)
		})},
		{"redirect to a private address", broken, "net.guarded", false, lead("https://" + l.dialer.web(secretHost) + "/")},
		{"redirect to a private name", broken, "net.guarded", false, lead("https://" + l.dialer.web("inside.example") + "/")},
		{"redirect to the metadata of a cloud", broken, "net.guarded", false, lead("https://169.254.169.254/latest")},
		{"redirect to IPv6 loopback", broken, "net.guarded", false, lead("https://" + l.dialer.web("::1") + "/")},
		{"redirect to plain HTTP", broken, "fetch.insecure", false, lead("http://" + l.dialer.web(secretHost) + "/")},
		{"private address", broken, "net.guarded", false, at(secretHost)},
		{"rebinding", broken, "net.guarded", false, func(l *lab, host, place string) {
			l.names.turns[host+"."] = []string{webHost, secretHost}
			lead("https://"+l.dialer.web(host)+"/")(l, host, place)
		}},
		{"certificate of another name", broken, "tls.name_mismatch", false, at(liarHost)},
		{"certificate that has run out", broken, "tls.expired", false, func(l *lab, host, _ string) { l.ca.expired[host] = true }},
		{"silence", broken, "net.timeout", true, at(muteHost)},
		{"one byte after the other", broken, "net.timeout", true, page(func(w http.ResponseWriter, r *http.Request) {
			for tick := time.NewTicker(100 * time.Millisecond); ; {
				select {
				case <-r.Context().Done():
					// It never ends: a last chunk could still be read in time.
					panic(http.ErrAbortHandler)
				case <-tick.C:
					_, _ = w.Write([]byte(" "))
					w.(http.Flusher).Flush()
				}
			}
		})},
	}
}

// TestLab: every source alone, all at once, none, and each of them broken in every way.
// The usual names have good mail servers throughout, so that a guess must be the answer
// whenever a better source is broken.
func TestLab(t *testing.T) {
	l := newLab(t)
	l.mu.Lock()
	l.names.mu.Lock()
	l.names.suffixes["directory.example."] = webHost
	cases := append(l.oneByOne(), l.brokenDocuments(t)...)
	cases = append(cases, l.brokenNames()...)
	cases = append(cases, l.brokenMail()...)
	l.names.mu.Unlock()
	l.mu.Unlock()
	slowest := l.run(t, cases)
	t.Logf("%d cases, the slowest answer took %v", len(cases), slowest)
	if n := l.forbidden.Load(); n != 0 {
		t.Errorf("%d connections to networks that are not allowed", n)
	}
	l.nobodyLearnsTooMuch(t)
	l.trapCounts(t)
}

// trapCounts: a trap that nobody can fall into proves nothing.
func (l *lab) trapCounts(t *testing.T) {
	for _, port := range l.dialer.ports {
		before := l.forbidden.Load()
		c, err := net.Dial("tcp4", net.JoinHostPort(secretHost, strconv.Itoa(port)))
		if err != nil {
			t.Fatal(err)
		}
		silent(c)
		c.Close()
		if l.forbidden.Load() != before+1 {
			t.Errorf("a connection to %s at port %d was not counted", secretHost, port)
		}
	}
}

func (l *lab) oneByOne() (cases []labCase) {
	all := l.domain("everything", true)
	l.names.slow["MX "+all+"."] = 1500 * time.Millisecond
	for i, s := range labSources() {
		d := l.domain(fmt.Sprintf("only-%d", i), true)
		s.publish(l, d)
		first := ""
		if s.source == discover.SourceSRV {
			first = "first." + d
		}
		cases = append(cases, labCase{name: "only " + string(s.source), domain: d, want: s.source, asked: s.source, outcome: discover.OutcomeOK, first: first})
		if s.source != discover.SourceMXAutoconfig {
			s.publish(l, all)
		}
	}
	return append(cases,
		labCase{name: "only usual names", domain: l.domain("guess", true), want: discover.SourceGuess, asked: discover.SourceGuess, outcome: discover.OutcomeOK},
		labCase{name: "nothing", domain: l.domain("nothing", false), want: discover.SourceNone, asked: discover.SourceSRV, outcome: discover.OutcomeNothing},
		labCase{name: "a domain that does not exist", domain: "nowhere.example", want: discover.SourceNone, asked: discover.SourceMX, outcome: discover.OutcomeNothing},
		labCase{name: "everything, the best being the slowest", domain: all, want: discover.SourceMX, asked: discover.SourceMX, outcome: discover.OutcomeOK})
}

func (l *lab) brokenDocuments(t *testing.T) (cases []labCase) {
	for i, s := range labSources() {
		if s.place == nil {
			continue
		}
		for j, b := range l.breakages(t) {
			d := l.domain(fmt.Sprintf("broken-%d-%d", i, j), true)
			s.publish(l, d)
			place := s.place(d)
			if s.source == discover.SourcePublicDirectory {
				// All cases share its host: only what it answers can be broken.
				if slices.Contains([]string{"no such name", "private address", "rebinding", "certificate of another name", "certificate that has run out", "silence"}, b.name) {
					continue
				}
			}
			host, _, _ := strings.Cut(place, "/")
			b.spoil(l, host, place)
			code := b.code
			if s.source == discover.SourcePACC && code == "discover.document" {
				code = "discover.digest"
			}
			cases = append(cases, labCase{
				name: string(s.source) + " at " + place + ": " + b.name, domain: d, want: discover.SourceGuess,
				asked: s.source, outcome: b.outcome, code: code, slow: b.slow,
			})
		}
	}
	return cases
}

func (l *lab) brokenNames() (cases []labCase) {
	records := func(d string) (keys []string) {
		for _, s := range []string{"imaps", "imap", "pop3s", "pop3", "submissions", "submission"} {
			keys = append(keys, "SRV _"+s+"._tcp."+d+".")
		}
		return append(keys, "MX "+d+".", "TXT _ua-auto-config."+d+".")
	}
	mute, fails := l.domain("mute-names", true), l.domain("failing-names", true)
	for _, key := range records(mute) {
		l.names.mute[key] = true
	}
	for _, key := range records(fails) {
		l.names.fails[key] = true
	}
	unread := l.domain("unread-digest", true)
	l.vouch(unread, "{")
	l.pages["ua-auto-config."+unread+"/.well-known/user-agent-configuration.json"] = file("{")
	for _, source := range []mailstead.DomainSource{discover.SourceMX, discover.SourceSRV, discover.SourcePACC} {
		cases = append(cases,
			labCase{name: "name server is silent for " + string(source), domain: mute, want: discover.SourceGuess, asked: source, outcome: discover.OutcomeBroken, code: "dns.temporary", slow: true},
			labCase{name: "name server fails for " + string(source), domain: fails, want: discover.SourceGuess, asked: source, outcome: discover.OutcomeBroken, code: "dns.temporary"})
	}
	return append(cases, labCase{name: "PACC with a digest of nonsense", domain: unread, want: discover.SourceGuess, asked: discover.SourcePACC, outcome: discover.OutcomeBroken, code: "discover.document"})
}

func (l *lab) brokenMail() (cases []labCase) {
	for host, code := range map[string]string{liarHost: "tls.name_mismatch", muteHost: "net.timeout", secretHost: "net.guarded"} {
		slow := host == muteHost
		d := l.domain("mail-at-"+strings.ReplaceAll(host, ".", "-"), true)
		for _, service := range []string{"imap.", "pop.", "smtp.", "mail."} {
			l.names.suffixes[service+d+"."] = host
		}
		l.pages[d+"/autodiscover/autodiscover.json"] = file(activeSync("mail." + d))
		for _, source := range []mailstead.DomainSource{discover.SourceGuess, discover.SourceAutodiscover} {
			cases = append(cases, labCase{name: string(source) + " of mail servers at " + host, domain: d, want: discover.SourceNone, asked: source, outcome: discover.OutcomeBroken, code: code, slow: slow})
		}
	}
	return cases
}

// run looks for all cases, the slow ones all at once, and returns how long the slowest
// answer took.
func (l *lab) run(t *testing.T, cases []labCase) (slowest time.Duration) {
	var mu sync.Mutex
	check := func(c labCase) {
		r, took := l.find(t, "anna.secret@"+c.domain)
		mu.Lock()
		defer mu.Unlock()
		slowest = max(slowest, took)
		if r.Source != c.want || took > 10*time.Second {
			t.Errorf("%s: source = %q after %v, want %q; evidence: %q", c.name, r.Source, took, c.want, r.Evidence)
		}
		if c.first != "" && (len(r.Incoming) == 0 || r.Incoming[0].Host != c.first) {
			t.Errorf("%s: incoming %+v, want %s first", c.name, r.Incoming, c.first)
		}
		if !slices.ContainsFunc(r.Questions, func(q discover.Question) bool {
			return q.Source == c.asked && q.Outcome == c.outcome && q.Code == c.code
		}) {
			t.Errorf("%s: no question of %s was %s %q: %+v", c.name, c.asked, c.outcome, c.code, r.Questions)
		}
	}
	for _, slow := range []bool{false, true} {
		var wait sync.WaitGroup
		few := make(chan struct{}, map[bool]int{false: 4, true: len(cases)}[slow])
		for _, c := range cases {
			if c.slow == slow {
				few <- struct{}{}
				wait.Go(func() {
					check(c)
					<-few
				})
			}
		}
		wait.Wait()
	}
	return slowest
}

// nobodyLearnsTooMuch: whose address it is learns the web server of its own domain
// alone, and mail servers hear nothing that signs in.
func (l *lab) nobodyLearnsTooMuch(t *testing.T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queries) < 100 || len(l.commands) < 100 {
		t.Errorf("the lab was asked %d documents and heard %d commands", len(l.queries), len(l.commands))
	}
	for _, q := range l.queries {
		host, query, _ := strings.Cut(q, " ")
		foreign := strings.Contains(host, "hosting-") || host == "directory.example" || host == "inside.example"
		if foreign && strings.Contains(query, "anna") {
			t.Errorf("%s learns the address: %s", host, query)
		}
	}
	harmless := []string{"CAPABILITY", "STARTTLS", "LOGOUT", "CAPA", "STLS", "EHLO", "QUIT"}
	for _, c := range l.commands {
		if _, command, _ := strings.Cut(c, " "); !slices.Contains(harmless, command) {
			t.Errorf("a mail server heard %q", c)
		}
	}
}
