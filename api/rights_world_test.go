package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
	"github.com/mailstead/mailstead/credential"
	"github.com/mailstead/mailstead/fakemail"
)

// rightsWorld is a house with people of every kind around the things of Anna: her
// account and the mail in it, a mail that she sent, her tokens. Everybody has an
// account of his own beside it.
type rightsWorld struct {
	*house
	t *testing.T
	// ahead is how many minutes the clock is ahead. It goes on with every request,
	// so that nothing is throttled.
	ahead   atomic.Int64
	n       int
	people  map[string]mailstead.User
	cookies map[string]string
	boxes   map[string]mailstead.AccountID
	profile map[string]mailstead.ProfileID
	message mailstead.MessageID
	folder  mailstead.FolderID
	foreign mailstead.FolderID
	// linked is the mail of the record that was made last.
	linked mailstead.LinkedMailID
	roles  map[string][]role
}

// The rights that members have, by the name of the member.
var memberRights = map[string][]string{
	"read": {"read"}, "send": {"send"}, "manage": {"manage"}, "read-send": {"read", "send"},
}

func newRightsWorld(t *testing.T) *rightsWorld {
	t.Helper()
	w := &rightsWorld{
		t: t, people: map[string]mailstead.User{}, cookies: map[string]string{}, boxes: map[string]mailstead.AccountID{},
		profile: map[string]mailstead.ProfileID{}, roles: map[string][]role{},
	}
	now := func() time.Time { return time.Now().Add(time.Duration(w.ahead.Load()) * time.Minute) }
	w.house = openHouse(t, houseOptions{now: now, idle: true, demo: &sleepingDemo{}})
	w.cookies["ada"] = w.setUp(t)
	w.people["ada"] = *answer[api.Session](t, w.as("ada", call{path: "/session"}), http.StatusOK).User
	w.signedOutRoles()
	for _, name := range []string{"anna", "eve"} {
		w.person(name)
	}
	for _, name := range []string{"ada", "anna", "eve"} {
		w.box(name)
	}
	w.fill()
	w.records()
	for name := range memberRights {
		w.member("profile", name)
		w.member("shared", name)
	}
	w.tokenRoles()
	return w
}

// as sends a request with a person's session.
func (w *rightsWorld) as(name string, c call) *httptest.ResponseRecorder {
	w.ahead.Add(1)
	c.cookie = w.cookies[name]
	return w.do(c)
}

// signIn opens a session as a sign-in does, without the work that a password is.
func (w *rightsWorld) signIn(name string) string {
	w.t.Helper()
	cookie, hash := credential.NewToken("mss_")
	now := w.config.Now()
	s := mailstead.Session{Hash: hash, UserID: w.people[name].ID, CreatedAt: now, ExpiresAt: now.Add(30 * 24 * time.Hour)}
	if err := w.db.CreateSession(w.t.Context(), s); err != nil {
		w.t.Fatal(err)
	}
	return cookie.Reveal()
}

// person makes a user who is signed in. Anna has a password.
func (w *rightsWorld) person(name string) mailstead.User {
	w.t.Helper()
	body := `{"email":"` + name + `@example.com"}`
	if name == "anna" {
		body = `{"email":"anna@example.com","password":"` + password + `"}`
	}
	w.people[name] = answer[mailstead.User](w.t, w.as("ada", call{method: "POST", path: "/users", body: body}), http.StatusCreated)
	w.cookies[name] = w.signIn(name)
	return w.people[name]
}

// box connects a mailbox of a person, really.
func (w *rightsWorld) box(name string) mailstead.AccountID {
	w.t.Helper()
	w.boxes[name] = w.connect(name, name+"@example.com")
	return w.boxes[name]
}

func (w *rightsWorld) connect(owner, address string) mailstead.AccountID {
	w.t.Helper()
	body := "{" + w.mailbox(address) + "}"
	saved := answer[api.SavedAccount](w.t, w.as(owner, call{method: "POST", path: "/connect/save", body: body}), http.StatusCreated)
	return saved.Account.ID
}

// mailbox makes a mailbox on the servers and returns the fields that connect it.
func (w *rightsWorld) mailbox(address string) string {
	w.smtp.SetUser(address, fakemail.SMTPUser{Password: mailPassword})
	_ = w.imap.AddUser(address, fakemail.IMAPUser{Password: mailPassword}) // Anna's is there already.
	fields := strings.Replace(w.connection(mailPassword), "anna@example.com", address, 1)
	return strings.TrimSuffix(strings.TrimPrefix(fields, "{"), "}")
}

// rightsMail has a page and a file.
const rightsMail = "From: Bruno <bruno@example.com>\r\nTo: anna@example.com\r\nSubject: Secret offer\r\nMessage-ID: <offer@example.com>\r\n" +
	"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>Between us</p>\r\n" +
	"--b\r\nContent-Type: text/plain; name=offer.txt\r\nContent-Disposition: attachment; filename=offer.txt\r\n\r\nTen thousand\r\n--b--\r\n"

// fill puts the mail into Anna's account, as her worker would, and a folder into
// Eve's.
func (w *rightsWorld) fill() {
	t, ctx := w.t, w.t.Context()
	t.Helper()
	if err := w.imap.Deliver("anna@example.com", "INBOX", []byte(rightsMail)); err != nil {
		t.Fatal(err)
	}
	refs, err := w.blobs.Put(ctx, [][]byte{[]byte(rightsMail)})
	if err != nil {
		t.Fatal(err)
	}
	inbox := []mailstead.RemoteFolder{{Path: "INBOX", Delimiter: "/", Role: mailstead.FolderInbox}}
	folders, err := w.db.SyncFolders(ctx, w.boxes["anna"], inbox, w.config.Now())
	if err != nil {
		t.Fatal(err)
	}
	w.folder = folders[0].ID
	m := mailstead.NewMessage{SearchText: "offer"}
	m.UID, m.ReceivedAt, m.Size, m.Blob, m.Subject = 1, w.config.Now(), int64(len(rightsMail)), refs[0], "Secret offer"
	m.InternetMessageID, m.From = "offer@example.com", []mailstead.Address{{Address: "bruno@example.com"}}
	ids, err := w.db.ApplySync(ctx, mailstead.SyncBatch{
		AccountID: w.boxes["anna"], FolderID: w.folder, Messages: []mailstead.NewMessage{m}, RemoteTotal: 1, At: w.config.Now(), Announce: true,
		Progress: &mailstead.LoadData{FolderID: w.folder, Loaded: 1, Wanted: 1}, Done: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.message = ids[0]
	if folders, err = w.db.SyncFolders(ctx, w.boxes["eve"], inbox, w.config.Now()); err != nil {
		t.Fatal(err)
	}
	w.foreign = folders[0].ID
}

// records makes a type that is not linked by hand, and a record with a key.
func (w *rightsWorld) records() {
	w.t.Helper()
	answer[mailstead.RecordType](w.t, w.as("ada", call{method: "PUT", path: "/record-types/closed", body: `{"name":"Closed","link_by_hand":false}`}), http.StatusOK)
	answer[api.Record](w.t, w.as("ada", call{method: "PUT", path: "/record-types/request/records/R-1", body: `{"name":"Heating"}`}), http.StatusOK)
	answer[api.Record](w.t, w.as("ada", call{method: "POST", path: "/records", body: `{"type":"contact","name":"Bruno"}`}), http.StatusCreated)
}

// member makes a person who has a right on Anna's account, by a profile or
// directly.
func (w *rightsWorld) member(how, rights string) {
	w.t.Helper()
	name := how + "-" + rights
	u := w.person(name)
	w.box(name)
	if how == "profile" {
		w.profile[name] = w.newProfile()
		body := fmt.Sprintf(`{"profile_ids":[%d]}`, w.profile[name])
		answer[mailstead.User](w.t, w.as("ada", call{method: "PATCH", path: "/users/" + u.ID.String(), body: body}), http.StatusOK)
	}
	w.assign(w.boxes["anna"], name)
}

// assign gives an account to a member, with the rights of the member's name.
func (w *rightsWorld) assign(account mailstead.AccountID, name string) mailstead.AssignmentID {
	w.t.Helper()
	how, which, _ := strings.Cut(name, "-")
	rights := memberRights[which]
	if rights == nil {
		rights = []string{"read"}
	}
	to := fmt.Sprintf(`"user_id":%d`, w.people[name].ID)
	if how == "profile" {
		to = fmt.Sprintf(`"profile_id":%d`, w.profile[name])
	}
	body := fmt.Sprintf(`{"account_id":%d,%s,"rights":["%s"]}`, account, to, strings.Join(rights, `","`))
	return answer[mailstead.Assignment](w.t, w.as("ada", call{method: "POST", path: "/assignments", body: body}), http.StatusCreated).ID
}

func (w *rightsWorld) newProfile() mailstead.ProfileID {
	w.t.Helper()
	body := `{"name":"` + w.fresh() + `"}`
	return answer[mailstead.Profile](w.t, w.as("ada", call{method: "POST", path: "/profiles", body: body}), http.StatusCreated).ID
}

// fresh is a word that was not used before.
func (w *rightsWorld) fresh() string {
	w.n++
	return "x" + strconv.Itoa(w.n)
}

func (w *rightsWorld) newToken(name string, end time.Time, scopes ...mailstead.Scope) api.CreatedToken {
	w.t.Helper()
	body, _ := json.Marshal(api.NewToken{Name: w.fresh(), Scopes: scopes, ExpiresAt: end})
	return answer[api.CreatedToken](w.t, w.as(name, call{method: "POST", path: "/tokens", body: string(body)}), http.StatusCreated)
}

// change changes a user as the administrator.
func (w *rightsWorld) change(name, body string) {
	w.t.Helper()
	answer[mailstead.User](w.t, w.as("ada", call{method: "PATCH", path: "/users/" + w.people[name].ID.String(), body: body}), http.StatusOK)
}

// signedOutRoles are those whose sign-in ended, each in its way. The user is
// somebody who could administer.
func (w *rightsWorld) signedOutRoles() {
	t := w.t
	t.Helper()
	w.person("dora")
	w.change("dora", `{"role":"admin"}`)
	expired := role{name: "expired session", cookie: w.signIn("dora")}
	oldToken := role{name: "expired token", token: w.newToken("dora", w.config.Now().Add(time.Hour), mailstead.ScopeAdmin).Secret}
	w.ahead.Add(60 * 24 * 60)
	w.cookies["ada"], w.cookies["dora"] = w.signIn("ada"), w.signIn("dora")
	revoked := w.newToken("dora", time.Time{}, mailstead.ScopeAdmin)
	if rec := w.as("dora", call{method: "DELETE", path: fmt.Sprintf("/tokens/%d", revoked.ID)}); rec.Code != http.StatusNoContent {
		t.Fatalf("delete the token: status %d", rec.Code)
	}
	ended := role{name: "session that was signed out", cookie: w.signIn("dora")}
	if rec := w.do(ended.sign(call{method: "DELETE", path: "/session"})); rec.Code != http.StatusNoContent {
		t.Fatalf("sign out: status %d", rec.Code)
	}
	w.roles["out"] = []role{
		{name: "nobody"},
		expired, oldToken, ended,
		{name: "revoked token", token: revoked.Secret},
		{name: "token that never was", token: "mst_never"},
		{name: "disabled user's session", cookie: w.cookies["dora"]},
		{name: "disabled user's token", token: w.newToken("dora", time.Time{}, mailstead.ScopeAdmin).Secret},
	}
	w.change("dora", `{"disabled":true}`)
}

// tokenRoles are the sessions of everybody, and tokens with one scope each. Anna's
// token for administration is from a time when she was an administrator.
func (w *rightsWorld) tokenRoles() {
	w.t.Helper()
	session := func(name string) role {
		return role{name: name + "'s session", email: name + "@example.com", cookie: w.cookies[name]}
	}
	w.roles["own"] = []role{session("anna"), session("eve")}
	for _, how := range []string{"profile", "shared"} {
		for _, rights := range []string{"read", "send", "manage", "read-send"} {
			w.roles[how] = append(w.roles[how], session(how+"-"+rights))
		}
	}
	token := func(name, what string, scopes ...mailstead.Scope) role {
		return role{name: name + "'s token for " + what, email: name + "@example.com", token: w.newToken(name, time.Time{}, scopes...).Secret}
	}
	scopes := []mailstead.Scope{mailstead.ScopeRead, mailstead.ScopeSend, mailstead.ScopeAccounts, mailstead.ScopeAdmin}
	w.roles["admin"] = []role{session("ada"), token("ada", "everything", scopes...)}
	w.change("anna", `{"role":"admin"}`)
	for _, scope := range scopes {
		for _, name := range []string{"anna", "ada"} {
			w.roles[name] = append(w.roles[name], token(name, string(scope), scope))
		}
	}
	w.change("anna", `{"role":"user"}`)
}

// newOutgoing is a mail that somebody sends from Anna's account and that waits.
func (w *rightsWorld) newOutgoing(sender string) mailstead.OutgoingID {
	w.t.Helper()
	m := mailstead.OutgoingMessage{
		UserID: w.people[sender].ID, AccountID: w.boxes["anna"], State: mailstead.OutgoingQueued, From: "anna@example.com",
		Recipients: []mailstead.Recipient{{Address: "bruno@example.com", State: mailstead.OutgoingQueued}}, Subject: "Hello",
		InternetMessageID: w.fresh() + "@example.com", DueAt: w.config.Now().Add(24 * time.Hour),
		Reason: mailstead.Resolution{AccountID: w.boxes["anna"], Level: mailstead.LevelUser, PassedOver: []mailstead.PassedOver{
			{SenderCandidate: mailstead.SenderCandidate{AccountID: 4711, Name: "Private", Address: "private@example.com"}, Why: mailstead.PassOutranked},
		}},
	}
	if _, err := w.db.SubmitOutgoing(w.t.Context(), &m); err != nil {
		w.t.Fatal(err)
	}
	return m.ID
}

// placeholder is a thing in a request of the table.
var placeholder = regexp.MustCompile(`\{[a-z-]+\}`)

// missing is the id of a thing that there is not.
const missing = "999999999"

// aim fills in the things of Anna that a request names; those called new are made
// for it. When gone is set they are things that there are not.
func (w *rightsWorld) aim(text string, r *role, gone bool) string {
	return placeholder.ReplaceAllStringFunc(text, func(name string) string {
		switch name {
		case "{new}":
			return w.fresh()
		case "{mailbox}":
			return w.mailbox(w.fresh() + "@example.com")
		case "{self}":
			return w.people[r.person()].ID.String()
		}
		if gone {
			return missing
		}
		return w.thing(name, r)
	})
}

// newRecord makes a record for everybody.
func (w *rightsWorld) newRecord() mailstead.RecordID {
	w.t.Helper()
	body := `{"type":"request","name":"` + w.fresh() + `"}`
	return answer[api.Record](w.t, w.as("ada", call{method: "POST", path: "/records", body: body}), http.StatusCreated).ID
}

func (w *rightsWorld) thing(name string, r *role) string {
	w.t.Helper()
	switch name {
	case "{account}":
		return w.boxes["anna"].String()
	case "{new-account}":
		id := w.connect("anna", w.fresh()+"@example.com")
		if strings.Contains(r.person(), "-") {
			w.assign(id, r.person())
		}
		return id.String()
	case "{deleted-account}":
		id := w.connect("anna", w.fresh()+"@example.com").String()
		if rec := w.as("anna", call{method: "DELETE", path: "/accounts/" + id}); rec.Code != http.StatusNoContent {
			w.t.Fatalf("delete the account: status %d", rec.Code)
		}
		return id
	case "{message}":
		return w.message.String()
	case "{new-record}":
		return w.newRecord().String()
	case "{linked-record}":
		id := w.newRecord()
		link := call{method: "POST", path: "/messages/" + w.message.String() + "/links", body: fmt.Sprintf(`{"record_id":%d}`, id)}
		w.linked = answer[api.MessageLink](w.t, w.as("anna", link), http.StatusCreated).MailID
		return id.String()
	case "{linked-mail}":
		return w.linked.String()
	case "{folder}":
		return w.folder.String()
	case "{new-mail}":
		return w.newOutgoing("anna").String()
	case "{user}":
		return w.people["anna"].ID.String()
	case "{new-token}":
		return strconv.FormatInt(int64(w.newToken("anna", time.Time{}, mailstead.ScopeRead).ID), 10)
	case "{new-profile}":
		return strconv.FormatInt(int64(w.newProfile()), 10)
	case "{new-assignment}":
		name := "profile-" + w.fresh()
		w.profile[name] = w.newProfile()
		return strconv.FormatInt(int64(w.assign(w.boxes["anna"], name)), 10)
	case "{new-link}":
		made := call{method: "POST", path: "/accounts/" + w.boxes["anna"].String() + "/password-links", body: "{}"}
		return answer[api.AskedPassword](w.t, w.as("ada", made), http.StatusCreated).Link.ID.String()
	case "{new-domain}":
		domain := w.fresh() + ".example"
		answer[mailstead.Domain](w.t, w.as("ada", call{method: "PUT", path: "/domains/" + domain, body: `{"provider_id":"gmail"}`}), http.StatusOK)
		return domain
	case "{template}", "{inactive-template}":
		body := fmt.Sprintf(`{"name":"%s","module":"x","active":%t}`, w.fresh(), name == "{template}")
		return answer[mailstead.Template](w.t, w.as("ada", call{method: "POST", path: "/templates", body: body}), http.StatusCreated).ID.String()
	case "{new-trust}":
		body := `{"host":"` + w.fresh() + `.example","port":993,"kind":"key","fingerprint":"` + strings.Repeat("ab", 32) + `","reason":"x"}`
		return answer[mailstead.TrustedServer](w.t, w.as("ada", call{method: "POST", path: "/trusted-servers", body: body}), http.StatusCreated).ID.String()
	case "{new-app}":
		body := `{"service":"google","name":"` + w.fresh() + `","client_id":"x"}`
		return answer[mailstead.OAuthApp](w.t, w.as("ada", call{method: "POST", path: "/oauth-apps", body: body}), http.StatusCreated).ID.String()
	case "{new-provider}":
		body := `{"copy_of":"gmail","name":"` + w.fresh() + `"}`
		return string(answer[mailstead.Provider](w.t, w.as("ada", call{method: "POST", path: "/providers", body: body}), http.StatusCreated).ID)
	}
	w.t.Fatalf("the table names the unknown thing %s", name)
	return ""
}

// sleepingDemo is a demo whose servers only say that they run.
type sleepingDemo struct{ running atomic.Bool }

func (d *sleepingDemo) Start(context.Context) error { d.running.Store(true); return nil }
func (d *sleepingDemo) Stop()                       { d.running.Store(false) }
func (d *sleepingDemo) Running() bool               { return d.running.Load() }

func (d *sleepingDemo) Provider() mailstead.Provider {
	server := mailstead.Server{Protocol: mailstead.IMAP, Host: "imap.demo.example", Port: 993, Security: mailstead.SecurityTLS}
	return mailstead.Provider{ID: "demo", Name: "Demo mail", Incoming: []mailstead.Server{server}}
}

func (d *sleepingDemo) Domains() []mailstead.Domain {
	return []mailstead.Domain{{Name: "demo.example", Source: mailstead.DomainAdministrator, ProviderID: "demo"}}
}

func (d *sleepingDemo) Addresses() []mailstead.DemoAddress { return nil }
