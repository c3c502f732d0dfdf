//go:build realservers

package main_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
	"github.com/mailstead/mailstead/mailtest"
)

// oauthScene is a firm whose mail service takes passwords and access tokens, and an
// identity provider that gives them.
type oauthScene struct {
	*scenario
	idp *mailtest.IdP
	app mailstead.OAuthApp
}

func newOAuthScene(t *testing.T, settings ...string) *oauthScene {
	t.Helper()
	return newOAuthSceneWith(t, nil, settings...)
}

// newOAuthSceneWith is newOAuthScene with the mechanisms that the mail servers offer, nil
// for all.
func newOAuthSceneWith(t *testing.T, mechanisms []string, settings ...string) *oauthScene {
	t.Helper()
	ca := mailtest.NewCA(t)
	idp := mailtest.StartIdP(t, ca, mailtest.Client{ID: "mailstead", Secret: "the app's secret"})
	dovecot := mailtest.Dovecot(t, mailtest.DovecotOptions{CA: ca, IdP: idp, POP3: true, Mechanisms: mechanisms})
	servers := &mailtest.Servers{CA: ca, Dovecot: dovecot, Postfix: mailtest.Postfix(t, dovecot, mailtest.PostfixOptions{})}
	o := &oauthScene{scenario: newUnknowing(t, servers, settings...), idp: idp}
	idp.Return(o.url + "/oauth/callback")
	p := o.provider("Firm mail", servers, "domains", []string{"example.com"})
	app := map[string]any{"service": "custom", "client_secret": "the app's secret"}
	for name, value := range fields(t, idp.App(p.ID)) {
		if name != "service" && name != "id" && name != "kind" && name != "has_secret" && name != "created_at" && name != "updated_at" {
			app[name] = value
		}
	}
	o.app = call[mailstead.OAuthApp](o.service, http.MethodPost, "/oauth-apps", app)
	return o
}

// fields are those of a thing as the API writes it.
func fields(t *testing.T, v any) (out map[string]any) {
	t.Helper()
	b, err := json.Marshal(v)
	must(t, err)
	must(t, json.Unmarshal(b, &out))
	return out
}

var decision = regexp.MustCompile(`href="(/decide\?request=[0-9a-f]+)&amp;user=([^"]+)"`)

// signs does what a person does at the provider's page and returns what came back.
func (o *oauthScene) signs(address, as string) map[string]string {
	o.t.Helper()
	browser := &http.Client{
		Timeout:       time.Minute,
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: o.servers.Dovecot.CA.Pool(), MinVersion: tls.VersionTLS12}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer browser.CloseIdleConnections()
	get := func(address string) *http.Response {
		req, err := http.NewRequestWithContext(o.t.Context(), http.MethodGet, address, http.NoBody)
		must(o.t, err)
		res, err := browser.Do(req)
		must(o.t, err)
		return res
	}
	res := get(address)
	page, err := io.ReadAll(res.Body)
	must(o.t, errors.Join(err, res.Body.Close()))
	if res.StatusCode != http.StatusOK {
		o.t.Fatalf("the provider refuses %s: %s", address, page)
	}
	found := decision.FindSubmatch(page)
	if found == nil {
		o.t.Fatalf("nothing to click on %s", page)
	}
	next := o.idp.Issuer + string(found[1])
	if as == "" {
		next += "&error=access_denied"
	} else {
		next += "&user=" + url.QueryEscape(as)
	}
	res = get(next)
	must(o.t, res.Body.Close())
	back, err := res.Location()
	must(o.t, err)
	if !strings.HasPrefix(back.String(), o.url+"/oauth/callback?") {
		o.t.Fatalf("sent back to %s", back)
	}
	out := make(map[string]string)
	for name := range back.Query() {
		out[name] = back.Query().Get(name)
	}
	return out
}

// signIn is a sign-in from its beginning to its end, and how it ended.
func (o *oauthScene) signIn(by *service, path, as string, request map[string]any) (int, []byte) {
	o.t.Helper()
	begun := call[api.SignIn](by, http.MethodPost, path, request)
	return by.try(http.MethodPost, "/connect/sign-in/finish", o.signs(begun.URL, as))
}

// connected connects Anna's mailbox by a sign-in.
func (o *oauthScene) connected() mailstead.Account {
	o.t.Helper()
	status, body := o.signIn(o.service, "/connect/sign-in", mailtest.Anna.Address, map[string]any{"address": mailtest.Anna.Address, "display_name": "Anna"})
	if status != http.StatusOK {
		o.t.Fatalf("sign-in: %d %s", status, body)
	}
	var saved api.SavedAccount
	must(o.t, json.Unmarshal(body, &saved))
	return saved.Account
}

// sends submits a mail from Anna's account to herself.
func (o *oauthScene) sends(a mailstead.Account, subject string) mailstead.OutgoingID {
	o.t.Helper()
	return call[mailstead.OutgoingMessage](o.service, http.MethodPost, "/outbox", map[string]any{
		"account_id": a.ID, "to": []map[string]string{{"address": mailtest.Anna.Address}}, "subject": subject, "text": "Hello",
	}).ID
}

func (o *oauthScene) state(id mailstead.OutgoingID) mailstead.OutgoingState {
	o.t.Helper()
	return call[mailstead.OutgoingMessage](o.service, http.MethodGet, "/outbox/"+id.String(), nil).State
}

func (o *oauthScene) awaitState(id mailstead.OutgoingID, want mailstead.OutgoingState) {
	o.t.Helper()
	mailtest.Await(o.t, "a mail that is "+string(want), func() bool { return o.state(id) == want })
}

// TestSignInInsteadOfAPassword: an address, a sign-in at the provider's page, and mail
// comes in and goes out. Tokens are renewed without anybody noticing. A permission that
// is taken back holds the mail, and its owner is told once; when he has signed in again
// the mail goes, and what was missed is fetched.
func TestSignInInsteadOfAPassword(t *testing.T) {
	t.Parallel()
	o := newOAuthScene(t)
	found := call[struct {
		OAuth       []struct{ Name string }
		ProblemCode string `json:"problem_code"`
	}](o.service, http.MethodPost, "/connect/discover", map[string]any{"address": mailtest.Anna.Address})
	if len(found.OAuth) != 1 || found.OAuth[0].Name != "Test" {
		t.Fatalf("offered %+v", found)
	}
	a := o.connected()
	if !a.Incoming.OAuth || !a.Outgoing.OAuth {
		t.Errorf("connected %+v", a)
	}
	id := o.sends(a, "First")
	o.awaitState(id, mailstead.OutgoingAccepted)
	mailtest.Await(t, "the mail in the inbox", func() bool {
		return strings.Contains(string(o.answer("/accounts/"+a.ID.String()+"/messages?q=First")), `"subject":"First"`)
	})

	// The provider ends access tokens before their time.
	o.idp.Expire()
	if tested := call[api.TestResult](o.service, http.MethodPost, "/accounts/"+a.ID.String()+"/test", nil); !tested.OK {
		t.Errorf("tested %+v", tested)
	}
	if n := o.idp.Count("refreshed"); n == 0 {
		t.Error("nothing was refreshed")
	}

	// The permission ends.
	o.idp.Revoke(mailtest.Anna.Address)
	o.stop()
	o.start()
	o.idp.Return(o.url + "/oauth/callback")
	held := o.sends(a, "Third")
	mailtest.Await(t, "an account in trouble", func() bool {
		return call[mailstead.Account](o.service, http.MethodGet, "/accounts/"+a.ID.String(), nil).Outgoing.Health.State == mailstead.HealthTrouble
	})
	if now := call[mailstead.Account](o.service, http.MethodGet, "/accounts/"+a.ID.String(), nil).Outgoing.Health; now.Code != "oauth.revoked" {
		t.Errorf("trouble %+v", now)
	}
	if state := o.state(held); state == mailstead.OutgoingAccepted || state == mailstead.OutgoingRejected {
		t.Errorf("the mail is %s", state)
	}
	told := func() []mailstead.Notice {
		return call[list[mailstead.Notice]](o.service, http.MethodGet, "/notices", nil).Items
	}
	mailtest.Await(t, "the owner told", func() bool { return len(told()) > 0 })
	o.servers.Dovecot.Deliver(mailtest.Anna.Address, "INBOX", []byte("From: ben@example.com\r\nTo: anna@example.com\r\nSubject: Missed\r\n\r\nHello\r\n"))
	if n := told(); len(n) != 1 || n[0].Kind != mailstead.NoticeStopped || n[0].Code != "oauth.revoked" {
		t.Errorf("told %+v, want once that the permission ended", n)
	}
	status, body := o.signIn(o.service, "/accounts/"+a.ID.String()+"/sign-in", mailtest.Anna.Address, map[string]any{})
	if status != http.StatusOK {
		t.Fatalf("signed in again: %d %s", status, body)
	}
	o.awaitState(held, mailstead.OutgoingAccepted)
	mailtest.Await(t, "the mail that was missed", func() bool {
		return strings.Contains(string(o.answer("/accounts/"+a.ID.String()+"/messages?q=Missed")), `"subject":"Missed"`)
	})
	mailtest.Await(t, "the owner told that it works", func() bool {
		n := told()
		return len(n) == 1 && n[0].Kind == mailstead.NoticeWorks
	})

	// Disconnecting gives the permission back.
	call[any](o.service, http.MethodDelete, "/accounts/"+a.ID.String(), nil)
	mailtest.Await(t, "a permission given back", func() bool { return o.idp.Count("revoked") == 1 })
	o.wantNoTokens()
}

// answer is the body of an answer that must be one of success.
func (s *service) answer(path string) []byte {
	s.t.Helper()
	status, body := s.try(http.MethodGet, path, nil)
	if status != http.StatusOK {
		s.t.Fatalf("GET %s: %d %s", path, status, body)
	}
	return body
}

// wantNoTokens looks for what is secret in the log and in every answer.
func (o *oauthScene) wantNoTokens() {
	o.t.Helper()
	for _, secret := range append(o.idp.Secrets(), "the app's secret") {
		for name, text := range map[string]string{"the log": o.log.String(), "an answer": o.answers.String()} {
			if strings.Contains(text, secret) {
				o.t.Errorf("%s holds a secret", name)
			}
		}
	}
}

// TestSignInsThatFail: everything that a provider or a person may do otherwise, and
// what the person reads. Nothing is stored.
func TestSignInsThatFail(t *testing.T) {
	t.Parallel()
	o := newOAuthScene(t)
	cases := 0
	for _, c := range []struct {
		name   string
		faults mailtest.IdPFaults
		// as is who signs in, "" for nobody.
		as string
		// change spoils what came back.
		change func(map[string]string)
		status int
		code   string
	}{
		{name: "cancelled", as: "", status: http.StatusUnprocessableEntity, code: "oauth.denied"},
		{name: "another person", as: mailtest.Ben.Address, status: http.StatusUnprocessableEntity, code: "oauth.other_identity"},
		{name: "a right was not ticked", as: mailtest.Anna.Address, faults: mailtest.IdPFaults{Ungranted: "mail"}, status: http.StatusUnprocessableEntity, code: "oauth.scope_missing"},
		{name: "the token of another issuer", as: mailtest.Anna.Address, faults: mailtest.IdPFaults{WrongIssuer: true}, status: http.StatusUnprocessableEntity, code: "oauth.wrong_answer"},
		{name: "the token of another sign-in", as: mailtest.Anna.Address, faults: mailtest.IdPFaults{WrongNonce: true}, status: http.StatusUnprocessableEntity, code: "oauth.wrong_answer"},
		{name: "the token of another app", as: mailtest.Anna.Address, faults: mailtest.IdPFaults{WrongAudience: true}, status: http.StatusUnprocessableEntity, code: "oauth.wrong_answer"},
		{name: "a token that has ended", as: mailtest.Anna.Address, faults: mailtest.IdPFaults{Expired: true}, status: http.StatusUnprocessableEntity, code: "oauth.wrong_answer"},
		{name: "no proof of who it was", as: mailtest.Anna.Address, faults: mailtest.IdPFaults{NoIDToken: true}, status: http.StatusUnprocessableEntity, code: "oauth.wrong_answer"},
		{name: "the provider is broken", as: mailtest.Anna.Address, faults: mailtest.IdPFaults{Status: 500}, status: http.StatusBadGateway, code: "oauth.unavailable"},
		{name: "the app's secret has ended", as: mailtest.Anna.Address, faults: mailtest.IdPFaults{Refusal: "invalid_client", Description: "AADSTS7000222: The provided client secret keys for app are expired."}, status: http.StatusUnprocessableEntity, code: "oauth.client_secret_expired"},
		{name: "an answer of another service", as: mailtest.Anna.Address, change: func(back map[string]string) { back["iss"] = "https://other.example.com" }, status: http.StatusUnprocessableEntity, code: "oauth.wrong_answer"},
		{name: "a code that was used", as: mailtest.Anna.Address, change: func(back map[string]string) { back["code"] = "used" }, status: http.StatusUnprocessableEntity, code: "oauth.revoked"},
		{name: "an answer without a code", as: mailtest.Anna.Address, change: func(back map[string]string) { delete(back, "code") }, status: http.StatusUnprocessableEntity, code: "input.code_needed"},
		{name: "a state that nobody began", as: mailtest.Anna.Address, change: func(back map[string]string) { back["state"] = "another" }, status: http.StatusNotFound, code: "oauth.unknown_state"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cases++
			o.idp.Set(c.faults)
			begun := call[api.SignIn](o.service, http.MethodPost, "/connect/sign-in", map[string]any{"address": mailtest.Anna.Address})
			back := o.signs(begun.URL, c.as)
			if c.change != nil {
				c.change(back)
			}
			status, body := o.try(http.MethodPost, "/connect/sign-in/finish", back)
			var problem struct{ Code, Detail string }
			must(t, json.Unmarshal(body, &problem))
			if status != c.status || problem.Code != c.code || problem.Detail == "" {
				t.Errorf("%d %s, want %d %s", status, body, c.status, c.code)
			}
		})
	}
	o.idp.Set(mailtest.IdPFaults{})
	if list := call[struct{ Items []any }](o.service, http.MethodGet, "/accounts?all=true", nil); len(list.Items) > 0 {
		t.Errorf("stored %v", list.Items)
	}

	// The one of somebody else cannot be finished by me.
	begun := call[api.SignIn](o.service, http.MethodPost, "/connect/sign-in", map[string]any{"address": mailtest.Anna.Address})
	back := o.signs(begun.URL, mailtest.Anna.Address)
	o.as(o.person("Eve")).refuses(http.MethodPost, "/connect/sign-in/finish", fields(t, back), http.StatusNotFound, "oauth.unknown_state")
	// And once is enough.
	if status, body := o.try(http.MethodPost, "/connect/sign-in/finish", back); status != http.StatusOK {
		t.Fatalf("finished: %d %s", status, body)
	}
	o.refuses(http.MethodPost, "/connect/sign-in/finish", fields(t, back), http.StatusNotFound, "oauth.unknown_state")
	o.wantNoTokens()
	t.Logf("cases: %d", cases)
}

// A provider that takes its time is waited for; one that takes too much is told apart
// from one that refuses, and nothing is stored.
func TestSignInAtASlowProvider(t *testing.T) {
	t.Parallel()
	o := newOAuthScene(t, "io_timeout: 3s", "send_retry: [100ms, 500ms]", "sync_retry: [100ms, 500ms]")
	o.idp.Set(mailtest.IdPFaults{Delay: 6 * time.Second})
	began := time.Now()
	status, body := o.signIn(o.service, "/connect/sign-in", mailtest.Anna.Address, map[string]any{"address": mailtest.Anna.Address})
	var problem struct{ Code, Detail string }
	must(t, json.Unmarshal(body, &problem))
	if status != http.StatusBadGateway || problem.Code != "oauth.unavailable" || problem.Detail == "" {
		t.Errorf("%d %s, want 502 oauth.unavailable", status, body)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it was waited for %v, want about 3s", took)
	}
	if list := call[struct{ Items []any }](o.service, http.MethodGet, "/accounts?all=true", nil); len(list.Items) > 0 {
		t.Errorf("stored %v", list.Items)
	}
	o.idp.Set(mailtest.IdPFaults{Delay: time.Second})
	a := o.connected()

	// A refresh that gets no answer holds the mail; it goes when the provider answers.
	o.idp.Set(mailtest.IdPFaults{Delay: 6 * time.Second})
	o.idp.Expire()
	id := o.sends(a, "Patience")
	time.Sleep(4 * time.Second)
	if m := call[mailstead.OutgoingMessage](o.service, http.MethodGet, "/outbox/"+id.String(), nil); m.State == mailstead.OutgoingAccepted || m.State == mailstead.OutgoingRejected {
		t.Errorf("the mail is %s while the provider gives no answer", m.State)
	}
	o.idp.Set(mailtest.IdPFaults{})
	o.awaitState(id, mailstead.OutgoingAccepted)
}

// TestSignInAtAnotherDevice: a program without pages shows a code.
func TestSignInAtAnotherDevice(t *testing.T) {
	t.Parallel()
	o := newOAuthScene(t)
	begun := call[api.SignIn](o.service, http.MethodPost, "/connect/sign-in", map[string]any{"address": mailtest.Anna.Address, "device": true})
	if begun.UserCode == "" || begun.URL != o.idp.Issuer+"/code" {
		t.Fatalf("begun %+v", begun)
	}
	finished := make(chan []byte)
	go func() {
		_, body, _ := o.request(context.WithoutCancel(t.Context()), http.MethodPost, "/connect/sign-in/finish", map[string]any{"state": begun.State})
		finished <- body
	}()
	mailtest.Await(t, "a question for the code", func() bool { return o.idp.Count("urn:ietf:params:oauth:grant-type:device_code") > 0 })
	o.idp.ApproveDevice(begun.UserCode, mailtest.Anna.Address)
	var saved api.SavedAccount
	must(t, json.Unmarshal(<-finished, &saved))
	if saved.Account.Address != mailtest.Anna.Address || !saved.Account.Incoming.OAuth {
		t.Errorf("saved %+v", saved)
	}

	// The command line does the same, also for an account that is there.
	for _, args := range [][]string{
		{"account", "connect", mailtest.Ben.Address, "--sign-in", "--owner", "1"}, {"account", "sign-in", "2"},
	} {
		ended := make(chan result)
		go func() { ended <- o.cli("", args...) }()
		mailtest.Await(t, "a code", func() bool { return len(o.idp.DeviceCodes()) == 1 })
		code := o.idp.DeviceCodes()[0]
		o.idp.ApproveDevice(code, mailtest.Ben.Address)
		if r := <-ended; r.code != 0 || !strings.Contains(r.stderr, code) || !strings.Contains(r.stdout, mailtest.Ben.Address) {
			t.Errorf("%v: %+v", args, r)
		}
	}
}

// TestTokensByEveryMechanism: whatever a server takes of what carries a token, by every
// protocol; and apps that ask no person.
func TestTokensByEveryMechanism(t *testing.T) {
	t.Parallel()
	for name, mechanisms := range map[string][]string{"XOAUTH2": {"plain", "xoauth2"}, "OAUTHBEARER": {"plain", "oauthbearer"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOAuthSceneWith(t, mechanisms)
			o.awaitState(o.sends(o.connected(), "Hello"), mailstead.OutgoingAccepted)
			// The same mailbox by POP3, opened by an app with a key of its own.
			pop3 := o.provider("Firm mail by POP3", o.servers, "incoming", []mailstead.Server{o.servers.Dovecot.POP3(mailstead.SecurityTLS)})
			key, err := rsa.GenerateKey(rand.Reader, 2048)
			must(t, err)
			der, err := x509.MarshalPKCS8PrivateKey(key)
			must(t, err)
			app := call[mailstead.OAuthApp](o.service, http.MethodPost, "/oauth-apps", map[string]any{
				"service": "custom", "kind": "service_account", "name": "Robot", "client_id": "mailstead", "token_url": o.idp.Issuer + "/token", "scopes": []string{"mail"},
				"provider_ids": []any{pop3.ID}, "client_secret": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
			})
			saved := call[api.SavedAccount](o.service, http.MethodPost, "/connect/save", map[string]any{
				"address": mailtest.Ben.Address, "provider_id": pop3.ID, "oauth_app_id": app.ID, "organisation": true,
			})
			if saved.Account.Incoming.Server.Protocol != mailstead.POP3 || !saved.Account.Incoming.OAuth {
				t.Errorf("saved %+v", saved.Account)
			}
			o.idp.Expire()
			if tested := call[api.TestResult](o.service, http.MethodPost, "/accounts/"+saved.Account.ID.String()+"/test", nil); !tested.OK {
				t.Errorf("tested %+v", tested)
			}
			log := o.servers.Dovecot.Log()
			for _, service := range []string{"imap-login", "pop3-login"} {
				if !regexp.MustCompile(service + `: Info: Login: .*method=` + name).MatchString(log) {
					t.Errorf("%s: nobody signed in by %s", service, name)
				}
			}
		})
	}
}

// TestOneRefreshForAll: a hundred mails and an access token that has ended make one
// refresh.
func TestOneRefreshForAll(t *testing.T) {
	t.Parallel()
	o := newOAuthScene(t)
	o.idp.SetLife(time.Minute) // Shorter than what a token must still have: all are used up at once.
	a := o.connected()
	o.idp.SetLife(time.Hour)
	before := o.idp.Count("refreshed")
	ids := make([]mailstead.OutgoingID, 100)
	for i := range ids {
		ids[i] = o.sends(a, "Many")
	}
	for _, id := range ids {
		o.awaitState(id, mailstead.OutgoingAccepted)
	}
	t.Logf("refreshes: %d", o.idp.Count("refreshed")-before)
	if n := o.idp.Count("refreshed") - before; n != 1 {
		t.Errorf("%d refreshes, want 1", n)
	}
}
