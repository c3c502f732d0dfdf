package api_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
	"github.com/mailstead/mailstead/inbox"
)

// role is somebody who asks, in one way of being signed in.
type role struct {
	name string
	// email is the user's address, "" for nobody.
	email  string
	cookie string
	token  string
}

// person is the name of the user, "" for nobody.
func (r *role) person() string {
	name, _, _ := strings.Cut(r.email, "@")
	return name
}

// who is the role in short: "anna" by a session, "anna/mail:read" by a token.
func (r *role) who() string {
	if r.token == "" {
		return r.person()
	}
	_, scope, _ := strings.Cut(r.name, "'s token for ")
	return r.person() + "/" + scope
}

// sign makes c a request of the role.
func (r *role) sign(c call) call {
	c.cookie = r.cookie
	if r.token != "" {
		c.header = map[string]string{"Authorization": "Bearer " + r.token}
	}
	return c
}

// classOf is the letter of an answer, see rightsRow.want.
func classOf(status int) byte {
	switch {
	case status >= 200 && status < 300, status == http.StatusConflict, status == http.StatusUnprocessableEntity:
		return 'A'
	case status == http.StatusUnauthorized:
		return 'U'
	case status == http.StatusForbidden:
		return 'F'
	case status == http.StatusNotFound:
		return 'H'
	}
	return '?'
}

// rolesByLetter are the roles that each letter of a row is about.
func (w *rightsWorld) rolesByLetter() [][]role {
	out := [][]role{w.roles["out"]}
	for i := range w.roles["own"] {
		out = append(out, w.roles["own"][i:i+1])
	}
	for i := range w.roles["profile"] {
		out = append(out, []role{w.roles["profile"][i], w.roles["shared"][i]})
	}
	out = append(out, w.roles["admin"])
	for _, group := range []string{"anna", "ada"} {
		for i := range w.roles[group] {
			out = append(out, w.roles[group][i:i+1])
		}
	}
	return out
}

// tally is what came out of a walk over a table.
type tally struct {
	roles, tried int
	operations   map[string]bool
	wrong        []string
}

func (y *tally) fault(format string, args ...any) {
	y.wrong = append(y.wrong, fmt.Sprintf(format, args...))
}

// walk asks for every row of the table as every role. handler answers; the world
// around it is w's.
func (w *rightsWorld) walk(handler *api.Handler, table []rightsRow) *tally {
	w.t.Helper()
	y := &tally{operations: map[string]bool{}}
	letters := w.rolesByLetter()
	for _, roles := range letters {
		y.roles += len(roles)
	}
	document := openAPI(w.t, w.bench)
	documented := operations(document)
	for _, row := range table {
		y.operations[row.operation] = true
		want := strings.ReplaceAll(row.want, " ", "")
		if len(want) != len(letters) {
			y.fault("%s: the row has %d letters, want %d", row.operation, len(want), len(letters))
			continue
		}
		if !row.isAt(&document) {
			y.fault("%s: %s is not this operation", row.operation, row.request)
			continue
		}
		for i, roles := range letters {
			for j := range roles {
				y.tried++
				w.try(y, handler, &row, &roles[j], want[i])
			}
		}
	}
	for id := range documented {
		if !y.operations[id] {
			y.fault("the operation %s is not in the table", id)
		}
	}
	return y
}

// isAt reports whether the request of the row leads to its operation.
func (row *rightsRow) isAt(d *document) bool {
	method, path, _ := strings.Cut(row.request, " ")
	path, _, _ = strings.Cut(path, "?")
	if method == http.MethodHead {
		method = http.MethodGet
	}
	parts := strings.Split(path, "/")
	for pattern, item := range d.Paths {
		if item[strings.ToLower(method)].OperationID != row.operation {
			continue
		}
		return slices.EqualFunc(strings.Split(pattern, "/"), parts, func(p, part string) bool {
			return p == part || strings.HasPrefix(p, "{")
		})
	}
	return false
}

// try asks once, and once more where the answer must not tell whether the thing
// is there.
func (w *rightsWorld) try(y *tally, handler *api.Handler, row *rightsRow, r *role, want byte) {
	w.t.Helper()
	if row.operation == "signOut" && r.email != "" && r.cookie != "" {
		r = &role{name: r.name, email: r.email, cookie: w.signIn(r.person())}
	}
	rec := w.ask(handler, row, r, false)
	if got := classOf(rec.Code); got != want {
		y.fault("%s as %s: %s %s: got %c (%d), want %c: %s", row.operation, r.name, row.request, row.body, got, rec.Code, want, told(rec))
		return
	}
	for _, secret := range w.secretsFrom(row, r) {
		if strings.Contains(rec.Body.String(), secret) {
			y.fault("%s as %s: %s %s: the answer holds %q: %s", row.operation, r.name, row.request, row.body, secret, rec.Body)
		}
	}
	if text, ok := contents[row.operation]; ok && strings.Contains(rec.Body.String(), text) != (want == 'A') {
		y.fault("%s as %s: %s: status %d, and whether it holds %q is wrong", row.operation, r.name, row.request, rec.Code, text)
	}
	stranger := r.person() == "eve" || want == 'H'
	if want == 'A' || !stranger || onRecords[row.operation] || !strings.Contains(row.request+row.body, "{") {
		return
	}
	if there, gone := told(rec), told(w.ask(handler, row, r, true)); there != gone {
		y.fault("%s as %s: %s %s: the answer tells whether it is there:\n%s\n%s", row.operation, r.name, row.request, row.body, there, gone)
	}
}

// contents are what is read by these operations, by all whom the table allows it
// and by nobody else.
var contents = map[string]string{
	"listMessages": "Secret offer", "getMessage": "Secret offer", "getMessageHTML": "Between us", "getMessageRaw": rightsMail, "getAttachment": "Ten thousand",
	"listRecordMails": "Secret offer", "getRecordMail": "Secret offer", "getRecordMailHTML": "Between us", "getRecordMailRaw": rightsMail,
	"getRecordMailAttachment": "Ten thousand",
}

// onRecords are the operations about mail that Anna linked to a record: who is signed
// in may know it.
var onRecords = map[string]bool{
	"listRecordMails": true, "getRecordMail": true, "getRecordMailHTML": true, "getRecordMailRaw": true, "getRecordMailAttachment": true,
	"linkRecordMail": true, "unlinkRecordMail": true,
}

// ask sends the request of a row.
func (w *rightsWorld) ask(handler *api.Handler, row *rightsRow, r *role, gone bool) *httptest.ResponseRecorder {
	w.t.Helper()
	method, path, _ := strings.Cut(w.aim(row.request, r, gone), " ")
	c := r.sign(call{method: method, path: path, body: w.aim(row.body, r, gone)})
	w.ahead.Add(1)
	rec := recorder()
	handler.ServeHTTP(rec, c.request())
	return rec
}

// told is what an answer tells but for the id of the request.
func told(rec *httptest.ResponseRecorder) string {
	return strings.ReplaceAll(rec.Body.String(), rec.Header().Get("X-Request-Id"), "")
}

// secretsFrom are texts that a role must find in no answer.
func (w *rightsWorld) secretsFrom(row *rightsRow, r *role) []string {
	secrets := []string{password, mailPassword, "argon2id"}
	if onRecords[row.operation] {
		return secrets
	}
	if slices.Contains([]string{"eve", "profile-send", "profile-manage", "shared-send", "shared-manage", ""}, r.person()) {
		secrets = append(secrets, "Secret offer", "Between us", "Ten thousand")
	}
	if r.person() != "anna" && r.person() != "ada" {
		secrets = append(secrets, "private@example.com")
	}
	if r.person() == "eve" && row.operation != "signIn" {
		secrets = append(secrets, "anna@example.com")
	}
	return secrets
}

func TestRights(t *testing.T) {
	w := newRightsWorld(t)
	y := w.walk(w.Handler, rightsTable)
	for _, fault := range y.wrong {
		t.Error(fault)
	}
	t.Attr("rights", fmt.Sprintf("operations=%d roles=%d rows=%d tried=%d wrong=%d", len(y.operations), y.roles, len(rightsTable), y.tried, len(y.wrong)))
	t.Run("a check that is missing is found", w.findsMissingChecks)
	t.Run("a wrong table is found", w.findsWrongTables)
}

// open is a journey without its checks: whoever asks is taken for an administrator.
type open struct {
	api.Inbox
	api.Sharing
	api.People
}

var anyone = mailstead.Actor{User: mailstead.User{ID: 1, Role: mailstead.RoleAdmin}}

func (o open) Raw(ctx context.Context, _ mailstead.Actor, id mailstead.MessageID) ([]byte, error) {
	return o.Inbox.Raw(ctx, anyone, id)
}

// Open gives everybody an empty message.
func (o open) Open(_ context.Context, _ mailstead.Actor, id mailstead.MessageID) (inbox.Opened, error) {
	return inbox.Opened{Message: mailstead.Message{ID: id}}, nil
}

func (o open) Profiles(ctx context.Context, _ mailstead.Actor) ([]mailstead.Profile, error) {
	return o.Sharing.Profiles(ctx, anyone)
}

// User does not know a user from none.
func (o open) User(ctx context.Context, actor mailstead.Actor, id mailstead.UserID) (mailstead.User, error) {
	if u, err := o.People.User(ctx, anyone, id); err != nil {
		return u, err
	}
	return o.People.User(ctx, actor, id)
}

// row returns the rows of one operation.
func rowsOf(operation string) []rightsRow {
	return slices.DeleteFunc(slices.Clone(rightsTable), func(r rightsRow) bool { return r.operation != operation })
}

// answersOf are the faults of a walk that are about answers.
func answersOf(y *tally) []string {
	return slices.DeleteFunc(y.wrong, func(s string) bool { return strings.HasSuffix(s, "is not in the table") })
}

func (w *rightsWorld) findsMissingChecks(t *testing.T) {
	c := w.config
	hole := open{c.Inbox, c.Sharing, c.People}
	c.Inbox, c.Sharing, c.People = hole, hole, hole
	handler, err := api.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(handler.Stop)
	for operation, want := range map[string]int{
		"getMessageRaw": 1 + 2*2 + 3 + 4, // other, send and manage, Anna's tokens, the administrator's
		"listProfiles":  2 + 2*4 + 4 + 3,
		"getUser":       1,  // Eve is told which user there is.
		"getMessage":    20, // Everybody: some get no content, the others no refusal.
		"listMessages":  0,  // This check is in its place.
	} {
		got := answersOf(w.walk(handler, rowsOf(operation)))
		if len(got) != want {
			t.Errorf("%s without its check: %d answers are found to be wrong, want %d:\n%s", operation, len(got), want, strings.Join(got, "\n"))
		}
	}
}

func (w *rightsWorld) findsWrongTables(t *testing.T) {
	good := rowsOf("listFolders")
	if got := answersOf(w.walk(w.Handler, good)); len(got) != 0 {
		t.Fatalf("wrong already: %v", got)
	}
	letters := []byte(good[0].want)
	for i, letter := range letters {
		if letter == ' ' {
			continue
		}
		turned := slices.Clone(letters)
		turned[i] = 'A'
		if letter == 'A' {
			turned[i] = 'F'
		}
		row := good[0]
		row.want = string(turned)
		if got := answersOf(w.walk(w.Handler, []rightsRow{row})); len(got) == 0 {
			t.Errorf("%q instead of %q is not found", row.want, good[0].want)
		}
	}
	for what, table := range map[string][]rightsRow{
		"the operation listAccounts is not in the table":   slices.DeleteFunc(slices.Clone(rightsTable), func(r rightsRow) bool { return r.operation == "listAccounts" }),
		"readMinds: GET /accounts is not this operation":   {{"readMinds", good[0].want, "GET /accounts", ``}},
		"listFolders: GET /accounts is not this operation": {{"listFolders", good[0].want, "GET /accounts", ``}},
		"listFolders: the row has 3 letters, want 16":      {{"listFolders", "U AH", "GET /accounts", ``}},
	} {
		if !strings.HasPrefix(what, "the operation") {
			if got := w.walk(w.Handler, table).wrong; !slices.Contains(got, what) {
				t.Errorf("not found: %s; got %v", what, got)
			}
			continue
		}
		// Who is in the table is known without asking.
		none := slices.Clone(table)
		for i := range none {
			none[i].want = ""
		}
		if got := w.walk(w.Handler, none).wrong; !slices.Contains(got, what) {
			t.Errorf("not found: %s", what)
		}
	}
}
