//go:build realservers

package main_test

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/mailtest"
)

// badDesk is a service, its user and what is looked at to see that nothing
// changes.
type badDesk struct {
	*service
	t testing.TB
	// user is the user's id, token its token.
	user, token string
	golden      *strings.Builder
}

// newBadDesk starts a service with settings of its configuration file.
func newBadDesk(t testing.TB, golden *strings.Builder, config string, flags ...string) *badDesk {
	t.Helper()
	data := t.TempDir()
	must(t, os.WriteFile(filepath.Join(data, "mailstead.yaml"), []byte(config), 0o600))
	s := serve(t, data, flags...)
	s.setUp()
	return &badDesk{service: s, t: t, golden: golden}
}

// row is the same desk for one case, with a user of its own: connection tests are
// limited.
func (d *badDesk) row(t testing.TB) *badDesk {
	t.Helper()
	r := &badDesk{service: d.service, t: t, golden: d.golden}
	u := cliJSON[mailstead.User](r.service, "", "user", "add", "--no-password", fmt.Sprintf("user%d@example.com", len(d.golden.String())))
	r.user = u.ID.String()
	r.token = cliJSON[struct{ Token string }](r.service, "", "token", "create", "--user", r.user).Token
	return r
}

// state is everything that a refused request must leave alone.
func (d *badDesk) state() map[string]string {
	d.t.Helper()
	out := make(map[string]string)
	for _, path := range []string{"/accounts?all=true", "/domains", "/outbox", "/events/list?limit=500"} {
		status, body := d.try(http.MethodGet, path, nil)
		out[path] = fmt.Sprint(status, " ", string(body))
	}
	maps.Copy(out, d.tables())
	must(d.t, filepath.WalkDir(filepath.Join(d.data, "blobs"), func(path string, e os.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			info, ierr := e.Info()
			out[path], err = fmt.Sprint(info.Size()), ierr
		}
		return err
	}))
	return out
}

// tables reads the rows of the database, but for those of people and of search.
func (d *badDesk) tables() map[string]string {
	d.t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(d.data, "mailstead.db")+"?mode=ro")
	must(d.t, err)
	defer db.Close()
	rows, err := db.QueryContext(d.t.Context(), "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'message_search%' AND name NOT IN ('users', 'tokens', 'sessions')")
	must(d.t, err)
	var names []string
	for rows.Next() {
		var n string
		must(d.t, rows.Scan(&n))
		names = append(names, n)
	}
	must(d.t, rows.Err())
	must(d.t, rows.Close()) //nolint:sqlclosecheck // the next query needs the connection
	if len(names) < 10 {
		d.t.Fatalf("only the tables %v", names)
	}
	out := make(map[string]string)
	for _, n := range names {
		rows, err := db.QueryContext(d.t.Context(), "SELECT * FROM "+n)
		must(d.t, err)
		columns, err := rows.Columns()
		must(d.t, err)
		var b strings.Builder
		for rows.Next() {
			row := make([]any, len(columns))
			for i := range row {
				row[i] = new(any)
			}
			must(d.t, rows.Scan(row...))
			for _, v := range row {
				fmt.Fprintf(&b, "%v|", *v.(*any))
			}
			b.WriteByte('\n')
		}
		must(d.t, rows.Err())
		must(d.t, rows.Close()) //nolint:sqlclosecheck // closed within the loop
		out["table "+n] = b.String()
	}
	return out
}

// told is what a problem or a failed report says.
type told struct {
	Status                       int
	Type, Title, Detail          string
	Code, Field, RequestID, Kind string
}

// ask sends a request as the row's user. A body that is a string goes as it is.
func (d *badDesk) ask(method, path string, body any, headers ...string) (int, http.Header, []byte) {
	d.t.Helper()
	a, err := d.answer(method, path, body, headers...)
	must(d.t, err)
	return a.status, a.head, a.body
}

// answer is what the API answered.
type answer struct {
	status int
	head   http.Header
	body   []byte
}

func (d *badDesk) answer(method, path string, body any, headers ...string) (a answer, err error) {
	text, raw := body.(string)
	if !raw {
		b, err := json.Marshal(body)
		if err != nil {
			return a, err
		}
		text = string(b)
	}
	r, err := http.NewRequestWithContext(d.t.Context(), method, d.url+"/api/v1"+path, strings.NewReader(text))
	if err != nil {
		return a, err
	}
	r.Header.Set("Authorization", "Bearer "+d.token)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return a, err
	}
	defer res.Body.Close()
	a.status, a.head = res.StatusCode, res.Header
	a.body, err = io.ReadAll(res.Body)
	return a, err
}

// kinds are the status and the exit code of each kind of problem.
var kinds = map[string]struct{ status, exit int }{
	"invalid": {422, 65}, "unauthenticated": {401, 77}, "forbidden": {403, 77}, "not_found": {404, 66}, "conflict": {409, 73}, "too_large": {413, 65},
	"throttled": {429, 75}, "temporary": {502, 75}, "permanent": {502, 69}, "credentials": {422, 77}, "unknown": {502, 75}, "internal": {500, 70},
}

// problem checks the shape of a problem and returns it.
func (d *badDesk) problem(what string, status int, head http.Header, body []byte) told {
	d.t.Helper()
	var p struct {
		told
		RequestID string           `json:"request_id"`
		Reports   json.RawMessage  `json:"reports"`
		Errors    []map[string]any `json:"errors"`
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&p); err != nil {
		d.t.Errorf("%s: %v in %s", what, err, body)
	}
	if got := head.Get("Content-Type"); got != "application/problem+json" {
		d.t.Errorf("%s: Content-Type %q", what, got)
	}
	base, kind, _ := strings.Cut(p.Type, "#problem-")
	p.Kind = kind
	if k, ok := kinds[kind]; !ok || base != "/api/v1/docs" || p.Title == "" || p.Status != status || p.RequestID == "" ||
		p.RequestID != head.Get("X-Request-Id") || (k.status != status && p.Code != "input.invalid" && p.Code != "request.media_type") {
		d.t.Errorf("%s: status %d and %s", what, status, body)
	}
	d.plain(what, p.Detail)
	return p.told
}

// jargon are words of libraries and systems that mean nothing to people.
var jargon = regexp.MustCompile(`(?i)x509|\btls: |dial tcp|\bEOF\b|i/o |lookup |read tcp|write tcp|context (deadline|canceled)|errno|getsockopt|0x[0-9a-f]|%!|\bnil\b|` +
	`panic|goroutine|strconv|json:|unmarshal|mapstructure|net/http|\*mailstead|sql:|SQLITE|illegal base64|netip|syntax error|invalid character '|no such host`)

// plain checks that a sentence is one that people understand.
func (d *badDesk) plain(what, text string) {
	d.t.Helper()
	if text == "" || jargon.MatchString(text) || strings.ContainsAny(text, "\r\n\x00") || !regexp.MustCompile(`^[A-Z0-9].*[.!?]$`).MatchString(text) {
		d.t.Errorf("%s says %q", what, text)
	}
}

// report returns what a connection test told: its first failed stage.
func (d *badDesk) report(what string, body []byte) told {
	d.t.Helper()
	var r struct {
		OK                 bool
		Incoming, Outgoing *mailstead.Report
		Sides              []*mailstead.Report
	}
	must(d.t, json.Unmarshal(body, &r))
	for _, side := range append([]*mailstead.Report{r.Incoming, r.Outgoing}, r.Sides...) {
		if side == nil || side.OK {
			continue
		}
		f := side.Failure()
		if f == nil || r.OK {
			d.t.Fatalf("%s: ok is %t in %s", what, r.OK, body)
		}
		d.plain(what+" cause", f.Cause)
		d.plain(what+" action", f.Action)
		if !slices.Contains([]string{"user", "admin", "provider", "mailstead"}, f.Who) || f.Kind == "" {
			d.t.Errorf("%s: who is %q, kind is %q", what, f.Who, f.Kind)
		}
		return told{Code: f.Code, Kind: f.Kind, Detail: f.Cause + " " + f.Action}
	}
	d.t.Fatalf("%s: no failure in %s", what, body)
	return told{}
}

var ports = regexp.MustCompile(`127\.0\.0\.\d:\d+`)

// note writes a line of the golden file.
func (d *badDesk) note(format string, args ...any) {
	line := ports.ReplaceAllString(fmt.Sprintf(format, args...), "127.0.0.1:PORT")
	d.golden.WriteString(strings.ToValidUTF8(line, "?") + "\n")
}

// same checks that one failure was told everywhere.
func (d *badDesk) same(what string, want, got told) {
	d.t.Helper()
	if got.Code != want.Code || got.Kind != want.Kind {
		d.t.Errorf("%s tells %s (%s), want %s (%s)", what, got.Code, got.Kind, want.Code, want.Kind)
	}
}

// run runs a command as the row's user, in words and with --json, and checks that
// both tell the failure that the API told.
func (d *badDesk) run(want told, stdin string, args ...string) {
	d.t.Helper()
	twice := d.twice(args)
	d.ran(want, stdin, args[0], d.cli(stdin, twice[0]...), d.cli(stdin, twice[1]...))
}

// twice is a command of the row's user, in words and with --json.
func (d *badDesk) twice(args []string) [][]string {
	args = append([]string{"--as", d.user}, args...)
	return [][]string{args, append([]string{"--json"}, args...)}
}

// ran checks what a command told in words and as an object.
func (d *badDesk) ran(want told, stdin, name string, words, object result) {
	d.t.Helper()
	what := "mailstead " + name
	exit := kinds[want.Kind].exit
	if words.code != exit || object.code != exit {
		d.t.Errorf("%s: exit codes %d and %d, want %d\n%s%s%s", what, words.code, object.code, exit, words.stdout, words.stderr, object.stdout)
	}
	if !strings.Contains(words.stdout+words.stderr, want.Code) || jargon.MatchString(words.stdout+words.stderr) || words.stdout+words.stderr == "" {
		d.t.Errorf("%s says\n%s%s", what, words.stdout, words.stderr)
	}
	for _, secret := range []string{stdin, mailtest.Anna.Address} {
		// Sentences about fields have an example of an address.
		if shown := words.stdout + object.stdout; secret != "" && strings.Contains(shown, secret) && !strings.HasPrefix(want.Code, "input.") {
			d.t.Errorf("%s repeats %q:\n%s", what, secret, shown)
		}
	}
	if strings.Count(words.stderr, "\n") > 1 || (words.stderr != "" && !strings.HasSuffix(words.stderr, "["+want.Code+"]\n")) {
		d.t.Errorf("%s ends with\n%s", what, words.stderr)
	}
	var p struct{ Code string }
	if err := json.Unmarshal([]byte(object.stdout), &p); err != nil || object.stderr != "" {
		d.t.Fatalf("%s --json: %v\n%s%s", what, err, object.stdout, object.stderr)
	}
	if p.Code == "" {
		p.Code = d.report(what+" --json", []byte(object.stdout)).Code
	}
	if p.Code != want.Code {
		d.t.Errorf("%s --json tells %s, want %s", what, p.Code, want.Code)
	}
	d.note("  %s: exit code %d", what, words.code)
}

// badForm is a form of POST /connect/test with something wrong.
type badForm struct {
	name string
	// set are the wrong fields; a nested one is written "incoming.host".
	set  map[string]any
	code string
}

// servers are what the forms need.
type badServers struct {
	good *mailtest.Servers
	// base is the form that would work.
	base map[string]any
}

// form is the base with the wrong fields.
func (b badServers) form(set map[string]any) map[string]any {
	out := maps.Clone(b.base)
	for name, value := range set {
		outer, inner, nested := strings.Cut(name, ".")
		if !nested {
			out[name] = value
			continue
		}
		side := map[string]any{}
		if have, ok := out[outer].(map[string]any); ok {
			side = maps.Clone(have)
		}
		side[inner] = value
		out[outer] = side
	}
	return out
}

// flags are a form as arguments of account connect and of doctor; nil when it cannot
// be typed there.
func (b badServers) flags(set map[string]any) (connect, doctor []string) {
	form := b.form(set)
	text := func(name string) string {
		outer, inner, nested := strings.Cut(name, ".")
		v := form[outer]
		if nested {
			side, _ := v.(map[string]any)
			v = side[inner]
		}
		if v == nil {
			return ""
		}
		return fmt.Sprint(v)
	}
	known := map[string]string{
		"display_name": "--display-name", "name": "--name", "load_period": "--load", "provider_id": "--provider", "owner_id": "--owner",
		"send_only": "--send-only", "receive_only": "--receive-only", "organisation": "--organisation",
		"incoming.host": "--incoming", "incoming.security": "--incoming-security", "incoming.login": "--incoming-login",
		"outgoing.host": "--outgoing", "outgoing.security": "--outgoing-security", "outgoing.login": "--outgoing-login",
	}
	doctorOK := true
	if _, isText := form["password"].(string); !isText {
		return nil, nil
	}
	for name, value := range set {
		if _, here := known[name]; !here && name != "address" && name != "password" || name != "password" && strings.Contains(fmt.Sprint(value), "\x00") {
			return nil, nil
		}
		doctorOK = doctorOK && slices.Contains([]string{"address", "password", "incoming.host", "outgoing.host"}, name)
	}
	connect = []string{"account", "connect", text("address")}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		if v := text(name); v != "" {
			connect = append(connect, known[name]+"="+v)
		}
	}
	doctor = []string{
		"doctor", "--password-stdin", "--login", mailtest.Anna.Address, "--address=" + text("address"),
		"--imap=" + text("incoming.host"), "--smtp=" + text("outgoing.host"),
	}
	if !doctorOK || text("incoming.host") == "" || text("outgoing.host") == "" || text("address") == "" {
		doctor = nil
	}
	return connect, doctor
}

// doors is one bad form at all doors.
type doors struct {
	test, save answer
	// connect and doctor are what the commands said, in words and as an object.
	connect, doctor [2]result
}

// knock takes a form to all doors at once, so that a server that says nothing is waited
// for less often: but one save after the other, because an address is connected once.
func (d *badDesk) knock(form map[string]any, password string, connect, doctor []string) (all doors, err error) {
	d.t.Helper()
	program, dir := binary(d.t), d.t.TempDir()
	run := func(into *result, args []string) (err error) {
		*into, err = execute(d.t.Context(), program, dir, password, append([]string{"--data", d.data}, args...)...)
		return err
	}
	var group errgroup.Group
	group.Go(func() (err error) {
		all.test, err = d.answer(http.MethodPost, "/connect/test", form)
		return err
	})
	group.Go(func() (err error) {
		all.save, err = d.answer(http.MethodPost, "/connect/save", form)
		if err == nil && connect != nil {
			lines := d.twice(connect)
			err = errors.Join(run(&all.connect[0], lines[0]), run(&all.connect[1], lines[1]))
		}
		return err
	})
	if doctor != nil {
		for i, line := range d.twice(doctor) {
			group.Go(func() error { return run(&all.doctor[i], line) })
		}
	}
	return all, group.Wait()
}

// refuse runs one bad form through all doors.
func (d *badDesk) refuse(b badServers, f badForm) {
	d.t.Helper()
	before := d.state()
	d.note("%s", f.name)
	form := b.form(f.set)
	connect, doctor := b.flags(f.set)
	password, _ := form["password"].(string)
	all, err := d.knock(form, password, connect, doctor)
	must(d.t, err)
	status, head, body := all.test.status, all.test.head, all.test.body
	var tested told
	if status == http.StatusOK {
		tested = d.report("test", body)
	} else {
		tested = d.problem("test", status, head, body)
	}
	d.note("  test: %d %s (%s) %s %s", status, tested.Code, tested.Kind, tested.Detail, tested.Field)
	if tested.Code != f.code {
		d.t.Errorf("test tells %s, want %s: %s", tested.Code, f.code, body)
	}
	saved := d.problem("save", all.save.status, all.save.head, all.save.body)
	d.note("  save: %d %s %s", all.save.status, saved.Code, saved.Field)
	d.same("save", tested, saved)
	if saved.Detail != tested.Detail {
		d.t.Errorf("save says %q, test says %q", saved.Detail, tested.Detail)
	}
	if saved.Code == "token.scope" {
		saved.Code = "role.admin_required" // the command line has no token
	}
	if connect != nil {
		d.ran(saved, password, connect[0], all.connect[0], all.connect[1])
	}
	if doctor != nil {
		d.ran(saved, password, doctor[0], all.doctor[0], all.doctor[1])
	}
	if diff := cmp.Diff(before, d.state()); diff != "" {
		d.t.Errorf("something changed (-before +after):\n%s", diff)
	}
}

// goldenFile compares what was told with the golden file of that name.
func goldenFile(t *testing.T, name, got string) {
	t.Helper()
	golden := filepath.Join("testdata", name)
	if *update {
		must(t, os.WriteFile(golden, []byte(got), 0o600))
	}
	want, err := os.ReadFile(golden)
	must(t, err)
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("what is told changed; run the test with -update if it should (-want +got):\n%s", diff)
	}
}

// TestBadConnections: whatever is wrong with a form or a server has a stable code
// and a plain sentence in the API and on the command line, and changes nothing.
func TestBadConnections(t *testing.T) {
	t.Parallel()
	good := mailtest.Stack(t, mailtest.DovecotOptions{}, mailtest.PostfixOptions{})
	with := func(c mailtest.Certificate, plain bool) *mailtest.Servers {
		return mailtest.Stack(t, mailtest.DovecotOptions{CA: good.CA, Certificate: c, NoTLS: plain},
			mailtest.PostfixOptions{CA: good.CA, Certificate: c, NoTLS: plain})
	}
	expired, untrusted, otherName, plain := with(mailtest.CertExpired, false), with(mailtest.CertUntrusted, false),
		with(mailtest.CertWrongName, false), with(mailtest.CertValid, true)
	hole := mailtest.Proxy(t, good.Dovecot.IMAP("tls").Addr())
	hole.Set(mailtest.Faults{Up: mailtest.Flow{BlackHole: true}, Down: mailtest.Flow{BlackHole: true}})
	cut := mailtest.Proxy(t, good.Dovecot.IMAP("tls").Addr())
	cut.Set(mailtest.Faults{Down: mailtest.Flow{CutAfter: 10}})
	at := func(s mailstead.Server, security mailstead.Security) string {
		s.Security = security
		return s.String()
	}
	named := func(s mailstead.Server, host string) string {
		s.Host = host
		return s.String()
	}
	const tls, starttls, none = mailstead.SecurityTLS, mailstead.SecurityStartTLS, mailstead.SecurityNone
	imap, smtp := good.Dovecot.IMAP, good.Postfix.SMTP
	closed := fmt.Sprintf("127.0.0.1:%d:tls", mailtest.FreePort(t))
	b := badServers{good: good, base: map[string]any{
		"address": mailtest.Anna.Address, "password": mailtest.Anna.Password,
		"incoming": map[string]any{"host": imap(tls).String()}, "outgoing": map[string]any{"host": smtp(tls).String()},
	}}
	config := "resolver: " + mailtest.Zone{"mail.example.com A 127.0.0.1"}.Serve(t) + "\n"
	slow := config + "connect_timeout: 1s\nio_timeout: 1s\n"
	flags := loopback(t, good)
	desks := []struct {
		name, config string
		flags        []string
		forms        []badForm
	}{
		{"servers", config, flags, []badForm{
			{"incoming host unknown", map[string]any{"incoming.host": "nowhere.invalid:993:tls"}, "dns.not_found"},
			{"outgoing host unknown", map[string]any{"outgoing.host": "nowhere.invalid:465:tls"}, "dns.not_found"},
			{"nobody listens on the incoming port", map[string]any{"incoming.host": closed}, "net.refused"},
			{"nobody listens on the outgoing port", map[string]any{"outgoing.host": closed}, "net.refused"},
			{"TLS to an incoming STARTTLS port", map[string]any{"incoming.host": at(imap(starttls), tls)}, "tls.wrong_mode"},
			{"TLS to an outgoing STARTTLS port", map[string]any{"outgoing.host": at(smtp(starttls), tls)}, "tls.wrong_mode"},
			{"IMAP to an outgoing port", map[string]any{"incoming.host": smtp(tls).String()}, "proto.wrong_service"},
			{"SMTP to an incoming port", map[string]any{"outgoing.host": imap(tls).String()}, "proto.wrong_service"},
			{"wrong password", map[string]any{"password": "not hers"}, "auth.bad_credentials"},
			{"wrong password of the outgoing server", map[string]any{"outgoing_password": "not hers"}, "auth.bad_credentials"},
			{"unknown login", map[string]any{"incoming.login": "nobody@example.com"}, "auth.bad_credentials"},
			{"incoming certificate untrusted", map[string]any{"incoming.host": untrusted.Dovecot.IMAP(tls).String()}, "tls.untrusted"},
			{"outgoing certificate untrusted", map[string]any{"outgoing.host": untrusted.Postfix.SMTP(starttls).String()}, "tls.untrusted"},
			{"incoming certificate expired", map[string]any{"incoming.host": expired.Dovecot.IMAP(starttls).String()}, "tls.expired"},
			{"outgoing certificate expired", map[string]any{"outgoing.host": expired.Postfix.SMTP(tls).String()}, "tls.expired"},
			{"incoming certificate of another name", map[string]any{"incoming.host": named(otherName.Dovecot.IMAP(tls), "mail.example.com")}, "tls.name_mismatch"},
			{"outgoing certificate of another name", map[string]any{"outgoing.host": named(otherName.Postfix.SMTP(tls), "mail.example.com")}, "tls.name_mismatch"},
			{"incoming STARTTLS not offered", map[string]any{"incoming.host": at(plain.Dovecot.IMAP(none), starttls)}, "tls.starttls_missing"},
			{"outgoing STARTTLS not offered", map[string]any{"outgoing.host": at(plain.Postfix.SMTP(starttls), starttls)}, "tls.starttls_missing"},
			{"a port without encryption", map[string]any{"incoming.host": at(plain.Dovecot.IMAP(none), none)}, "security.plain_forbidden"},
			{"the server hangs up", map[string]any{"incoming.host": cut.Addr() + ":tls"}, "net.cut"},
		}},
		{"silent servers", slow, flags, []badForm{
			{"STARTTLS to an incoming TLS port", map[string]any{"incoming.host": at(imap(tls), starttls)}, "tls.wrong_mode"},
			{"STARTTLS to an outgoing TLS port", map[string]any{"outgoing.host": at(smtp(tls), starttls)}, "tls.wrong_mode"},
			{"an incoming server that says nothing", map[string]any{"incoming.host": hole.Addr() + ":tls"}, "net.timeout"},
			{"an outgoing server that says nothing", map[string]any{"outgoing.host": hole.Addr() + ":starttls"}, "net.timeout"},
		}},
		{"a guarded network", config, nil, []badForm{
			{"loopback by its address", nil, "net.guarded"},
			{"loopback by a name", map[string]any{"incoming.host": named(imap(tls), "mail.example.com"), "outgoing.host": named(smtp(tls), "mail.example.com")}, "net.guarded"},
			{"a closed port of it", map[string]any{"incoming.host": closed}, "net.guarded"},
			{"a private address", map[string]any{"incoming.host": "10.1.2.3:993:tls"}, "net.guarded"},
			{"the address of a cloud's secrets", map[string]any{"incoming.host": "169.254.169.254:993:tls"}, "net.guarded"},
			{"loopback in other clothes", map[string]any{"incoming.host": "[::ffff:127.0.0.1]:993:tls"}, "net.guarded"},
			{"loopback through NAT64", map[string]any{"incoming.host": "[64:ff9b::7f00:1]:993:tls"}, "net.guarded"},
		}},
		{"fields", config, flags, []badForm{
			{"no address", map[string]any{"address": ""}, "input.address"},
			{"no address at all", map[string]any{"address": "anna"}, "input.address"},
			{"a line break in the address", map[string]any{"address": "anna@example.com\r\nBcc: eve@example.net"}, "input.address"},
			{"two addresses", map[string]any{"address": "anna@example.com,eve@example.net"}, "input.address"},
			{"a name around the address", map[string]any{"address": "Anna <anna@example.com>"}, "input.address"},
			{"a header in the display name", map[string]any{"display_name": "Anna\r\nBcc: eve@example.net"}, "input.control_character"},
			{"a NUL in the display name", map[string]any{"display_name": "Anna\x00"}, "input.control_character"},
			{"a turn of writing in the display name", map[string]any{"display_name": "Anna\u202etxt.exe"}, "input.control_character"},
			{"a line break in the name", map[string]any{"name": "Anna\nEve"}, "input.control_character"},
			{"a NUL in the note", map[string]any{"note": "a\x00b"}, "input.control_character"},
			{"a long display name", map[string]any{"display_name": strings.Repeat("a", 1000)}, "input.invalid"},
			{"a line break in the host", map[string]any{"incoming.host": "mail.example.com\r\nA1 LOGIN"}, "input.host"},
			{"a blank in the host", map[string]any{"incoming.host": "mail example.com"}, "input.host"},
			{"a user in the host", map[string]any{"incoming.host": "imaps://eve@mail.example.com"}, "input.host"},
			{"a path in the host", map[string]any{"outgoing.host": "smtps://mail.example.com/x"}, "input.host"},
			{"a web address for a host", map[string]any{"outgoing.host": "https://mail.example.com"}, "input.host"},
			{"another protocol", map[string]any{"incoming.host": "smtps://mail.example.com"}, "input.protocol"},
			{"a port over the limit", map[string]any{"incoming.host": "mail.example.com:70000"}, "input.port"},
			{"a port of letters", map[string]any{"incoming.host": "mail.example.com:imap"}, "input.port"},
			{"a port over the limit, alone", map[string]any{"incoming.port": 70000}, "input.invalid"},
			{"another security", map[string]any{"incoming.host": "mail.example.com:993:perhaps"}, "input.security"},
			{"a security that is none", map[string]any{"incoming.security": "perhaps"}, "input.invalid"},
			{"a line break in the login", map[string]any{"incoming.login": "anna\r\nA1 DELETE INBOX"}, "input.login"},
			{"a NUL in the login", map[string]any{"outgoing.login": "anna\x00eve"}, "input.login"},
			{"no password", map[string]any{"password": ""}, "input.password_needed"},
			{"a NUL in the password", map[string]any{"password": "anna\x00eve"}, "input.control_character"},
			{"a line break in the password", map[string]any{"password": "anna\r\nA1 DELETE INBOX"}, "input.control_character"},
			{"a long password", map[string]any{"password": strings.Repeat("a", 9000)}, "input.invalid"},
			{"no such provider", map[string]any{"provider_id": "nobody", "incoming": nil, "outgoing": nil}, "input.provider"},
			{"a domain that nobody knows", map[string]any{"address": "anna@nowhere.example", "incoming": nil, "outgoing": nil}, "input.server_needed"},
			{"a provider that cannot be connected", map[string]any{"address": "anna@tuta.com", "incoming": nil, "outgoing": nil}, "provider.unsupported"},
			{"neither side", map[string]any{"send_only": true, "receive_only": true}, "input.no_side"},
			{"a load period that is none", map[string]any{"load_period": "sometimes"}, "input.load_period"},
			{"the account of somebody else", map[string]any{"owner_id": 1}, "token.scope"},
			{"an account of the organisation", map[string]any{"organisation": true}, "token.scope"},
			{"a field that does not exist", map[string]any{"addresss": "anna@example.com"}, "input.invalid"},
			{"a password that is no text", map[string]any{"password": 4711}, "input.invalid"},
		}},
	}
	golden := make([]strings.Builder, len(desks))
	t.Run("desks", func(t *testing.T) {
		for i, desk := range desks {
			t.Run(desk.name, func(t *testing.T) {
				t.Parallel()
				d := newBadDesk(t, &golden[i], desk.config, desk.flags...)
				for _, f := range desk.forms {
					t.Run(f.name, func(t *testing.T) { d.row(t).refuse(b, f) })
				}
			})
		}
	})
	var all strings.Builder
	for i := range golden {
		all.WriteString(golden[i].String())
	}
	goldenFile(t, "badconnections.golden", all.String())
}
