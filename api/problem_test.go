package api_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
	"github.com/mailstead/mailstead/connect"
)

// waitError tells how long a throttled caller has to wait.
type waitError struct{}

func (waitError) Error() string             { return "wait" }
func (waitError) RetryAfter() time.Duration { return 1500 * time.Millisecond }

func TestEveryKindOfErrorHasItsAnswer(t *testing.T) {
	cause := errors.New("dial tcp 10.0.0.8:993: secret cause")
	tests := []struct {
		name       string
		err        error
		status     int
		code       string
		detail     string
		field      string
		retryAfter string
	}{
		{name: "invalid", err: mailstead.Invalid("incoming.host", "input.host", "The server name is not valid."), status: 422, code: "input.host", detail: "The server name is not valid.", field: "incoming.host"},
		{name: "unauthenticated", err: &mailstead.Error{Kind: mailstead.KindUnauthenticated}, status: 401, code: "unauthenticated", detail: "Sign in first."},
		{name: "forbidden", err: &mailstead.Error{Kind: mailstead.KindForbidden, Code: "role.admin_required", Text: "Only an administrator may do this."}, status: 403, code: "role.admin_required", detail: "Only an administrator may do this."},
		{name: "not found", err: mailstead.NotFound("account"), status: 404, code: "account.not_found", detail: "There is no such account."},
		{name: "conflict", err: &mailstead.Error{Kind: mailstead.KindConflict, Code: "account.in_use", Text: "In use."}, status: 409, code: "account.in_use", detail: "In use."},
		{name: "too large", err: mailstead.TooLargeAttachments(25 << 20), status: 413, code: "draft.attachments_too_large", field: "attachments"},
		{name: "throttled", err: &mailstead.Error{Kind: mailstead.KindThrottled, Code: "signin.throttled", Text: "Wait."}, status: 429, code: "signin.throttled", detail: "Wait.", retryAfter: "60"},
		{name: "throttled for a known time", err: &mailstead.Error{Kind: mailstead.KindThrottled, Err: waitError{}}, status: 429, code: "throttled", retryAfter: "2"},
		{name: "temporary", err: &mailstead.Error{Kind: mailstead.KindTemporary, Code: "net.timeout", Text: "No answer.", Err: cause}, status: 502, code: "net.timeout", detail: "No answer."},
		{name: "permanent", err: &mailstead.Error{Kind: mailstead.KindPermanent, Code: "dns.not_found", Text: "No such host.", Err: cause}, status: 502, code: "dns.not_found", detail: "No such host."},
		{name: "credentials", err: &mailstead.Error{Kind: mailstead.KindCredentials, Code: "auth.bad_credentials", Field: "password", Text: "Wrong."}, status: 422, code: "auth.bad_credentials", detail: "Wrong.", field: "password"},
		{name: "unknown", err: &mailstead.Error{Kind: mailstead.KindUnknown, Text: "Nobody knows."}, status: 502, code: "unknown", detail: "Nobody knows."},
		{name: "wrapped", err: fmt.Errorf("open folder: %w", mailstead.NotFound("folder")), status: 404, code: "folder.not_found", detail: "There is no such folder."},
		{name: "the sentence of an inner error", err: &mailstead.Error{Kind: mailstead.KindConflict, Err: mailstead.Invalid("name", "input.name", "Take another name.")}, status: 409, code: "input.name", detail: "Take another name.", field: "name"},
		{name: "internal", err: &mailstead.Error{Kind: mailstead.KindInternal, Code: "store.broken", Text: "secret sentence", Err: cause}, status: 500, code: "internal"},
		{name: "not ours", err: cause, status: 500, code: "internal"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			b.err = tt.err
			w := b.do(call{path: "/accounts/7", cookie: annaCookie})
			p := problem(t, w)
			if p.Status != tt.status || p.Code != tt.code || p.Field != tt.field {
				t.Errorf("problem = %d %s field %q, want %d %s field %q", p.Status, p.Code, p.Field, tt.status, tt.code, tt.field)
			}
			if tt.detail != "" && p.Detail != tt.detail {
				t.Errorf("detail = %q, want %q", p.Detail, tt.detail)
			}
			if got := w.Header().Get("Retry-After"); got != tt.retryAfter {
				t.Errorf("Retry-After = %q, want %q", got, tt.retryAfter)
			}
			if strings.Contains(w.Body.String(), "secret") {
				t.Errorf("the cause got out: %s", w.Body)
			}
			logged := strings.Contains(b.log.String(), "level=ERROR") && strings.Contains(b.log.String(), p.RequestID)
			if logged != (tt.status == 500) {
				t.Errorf("logged as an error: %v; log: %s", logged, b.log)
			}
		})
	}
}

func TestAFailedConnectionTestComesWithItsReport(t *testing.T) {
	report := &mailstead.Report{Side: mailstead.SideIncoming, Protocol: mailstead.IMAP, Stages: []mailstead.Stage{{Stage: mailstead.StageLogin, Code: "auth.bad_credentials"}}}
	refused := &mailstead.Error{Kind: mailstead.KindCredentials, Code: "auth.bad_credentials", Text: "Wrong.", Field: "password"}
	tests := []struct {
		name string
		call call
	}{
		{"save", call{method: "POST", path: "/connect/save", body: `{"address":"anna@example.com","password":"` + password + `"}`}},
		{"change a server", call{method: "PATCH", path: "/accounts/7", body: `{"incoming":{"host":"imap.example.com"},"password":"` + password + `"}`}},
		{"change the password", call{method: "PUT", path: "/accounts/7/password", body: `{"password":"` + password + `"}`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			b.err, b.result = refused, connect.Result{Incoming: report}
			tt.call.cookie = annaCookie
			p := problem(t, b.do(tt.call))
			if p.Status != 422 || p.Code != "auth.bad_credentials" || p.Field != "password" {
				t.Errorf("problem = %+v", p)
			}
			if p.Reports == nil || p.Reports.OK || p.Reports.Incoming == nil || len(p.Reports.Incoming.Stages) != 1 || p.Reports.Outgoing != nil {
				t.Errorf("reports = %+v, want the incoming side's", p.Reports)
			}
		})
	}
	t.Run("a test alone is no error", func(t *testing.T) {
		b := newBench(t)
		b.result = connect.Result{Incoming: report}
		got := answer[api.TestResult](t, b.do(call{method: "POST", path: "/connect/test", cookie: annaCookie, body: `{"address":"anna@example.com"}`}), http.StatusOK)
		if got.OK || got.Incoming == nil {
			t.Errorf("result = %+v, want a failed incoming side", got)
		}
	})
}

func TestBadInput(t *testing.T) {
	signIn := func(body string) call { return call{method: "POST", path: "/session", body: body} }
	patch := func(body string) call {
		return call{method: "PATCH", path: "/accounts/7", body: body, cookie: annaCookie}
	}
	get := func(path string) call { return call{path: path, cookie: annaCookie} }
	mail := func(body string) call { return call{method: "POST", path: "/outbox", body: body, cookie: annaCookie} }
	tests := []struct {
		name   string
		call   call
		status int
		code   string
		field  string
		detail string
	}{
		{name: "not JSON", call: signIn(`{"email":`), status: 400, code: "input.invalid", detail: "not valid JSON"},
		{name: "two values", call: signIn(signInBody + signInBody), status: 400, code: "input.invalid", detail: "not valid JSON"},
		{name: "no body", call: call{method: "POST", path: "/session", header: map[string]string{"Content-Type": "application/json"}}, status: 400, code: "input.invalid", detail: "needs a body"},
		{name: "a missing field", call: signIn(`{"password":"` + password + `"}`), status: 422, code: "input.invalid", field: "email", detail: "The field email is missing."},
		{name: "an unknown field", call: signIn(`{"email":"a@example.com","password":"` + password + `","admin":true}`), status: 422, code: "input.invalid", field: "admin", detail: "There is no field admin here."},
		{name: "a wrong type", call: signIn(`{"email":"a@example.com","password":["` + password + `"]}`), status: 422, code: "input.invalid", field: "password", detail: "The field password must be a text."},
		{name: "a nested field", call: patch(`{"incoming":{"security":"rot13"}}`), status: 422, code: "input.invalid", field: "incoming.security", detail: "The field incoming.security must be one of these: none, starttls"},
		{name: "a port out of range", call: patch(`{"incoming":{"host":"x","port":65536}}`), status: 422, code: "input.invalid", field: "incoming.port", detail: "The field incoming.port must be 65535 at most."},
		{name: "a list where an object is", call: patch(`[]`), status: 422, code: "input.invalid", field: "body", detail: "The input must be an object."},
		{name: "null", call: patch(`null`), status: 422, code: "input.invalid", field: "body"},
		{name: "too long", call: patch(`{"name":"` + strings.Repeat("x", 201) + `"}`), status: 422, code: "input.invalid", field: "name", detail: "The field name may have 200 characters at most."},
		{name: "too large", call: patch(`{"note":"` + strings.Repeat("x", 1<<20) + `"}`), status: 413, code: "request.too_large"},
		{name: "another media type", call: call{method: "PATCH", path: "/accounts/7", body: `{}`, cookie: annaCookie, header: map[string]string{"Content-Type": "text/plain"}}, status: 415, code: "request.media_type"},
		{name: "a number that is none", call: get("/accounts/seven"), status: 422, code: "input.invalid", field: "id", detail: "The field id must be a whole number."},
		{name: "a number below the range", call: get("/accounts/0"), status: 422, code: "input.invalid", field: "id"},
		{name: "a number beyond 64 bits", call: get("/accounts/99999999999999999999"), status: 422, code: "input.invalid", field: "id"},
		{name: "a limit over the maximum", call: get("/accounts?limit=101"), status: 422, code: "input.invalid", field: "limit"},
		{name: "an unknown parameter", call: get("/accounts/7/messages?unraed=true"), status: 422, code: "input.invalid", field: "unraed", detail: "There is no parameter unraed here."},
		{name: "a missing parameter", call: get("/explain?protocol=smtp"), status: 422, code: "input.invalid", field: "text"},
		{name: "an unknown word in a list", call: get("/outbox?state=queued,lost"), status: 422, code: "input.invalid"},
		{name: "a cursor of another list", call: get("/accounts?cursor=InguZXhhbXBsZSI"), status: 422, code: "input.cursor", field: "cursor"},
		{name: "a cursor that is none", call: get("/accounts?cursor=%00%ff"), status: 422, code: "input.cursor", field: "cursor"},
		{name: "no marks", call: call{method: "PUT", path: "/messages/118/flags", body: `{}`, cookie: annaCookie}, status: 422, code: "input.flags"},
		{name: "no marks for many", call: call{method: "PUT", path: "/messages/flags", body: `{"ids":[118]}`, cookie: annaCookie}, status: 422, code: "input.flags"},
		{name: "marks for nothing", call: call{method: "PUT", path: "/messages/flags", body: `{"ids":[],"seen":true}`, cookie: annaCookie}, status: 422, code: "input.invalid", field: "ids"},
		{name: "a mail that is not JSON", call: mail(`{"to":`), status: 422, code: "input.invalid", field: "body", detail: "not valid JSON"},
		{name: "two mails", call: mail(`{"subject":"x"}{}`), status: 422, code: "input.invalid", field: "body", detail: "not valid JSON"},
		{name: "a mail that is a list", call: mail(`[]`), status: 422, code: "input.invalid", field: "body", detail: "The input must be an object."},
		{name: "an unknown field of a mail", call: mail(`{"sbject":"x"}`), status: 422, code: "input.invalid", field: "sbject", detail: "There is no field sbject here."},
		{name: "a wrong type in a mail", call: mail(`{"subject":7}`), status: 422, code: "input.invalid", field: "subject", detail: "The field subject must be a text."},
		{name: "a wrong type deep in a mail", call: mail(`{"to":[{"address":true}]}`), status: 422, code: "input.invalid", field: "to.address", detail: "The field to.address must be a text."},
		{name: "a number of text in a mail", call: mail(`{"account_id":"seven"}`), status: 422, code: "input.invalid", field: "account_id", detail: "The field account_id must be a whole number."},
		{name: "a file that is not base64", call: mail(`{"attachments":[{"name":"x","content":"%"}]}`), status: 422, code: "input.invalid", detail: "must be base64"},
		{name: "a mail as a form", call: call{method: "POST", path: "/outbox", body: "to=x", cookie: annaCookie, header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}}, status: 415, code: "request.media_type"},
		{name: "no such page", call: get("/nothing"), status: 404, code: "request.not_found"},
		{name: "no such page outside", call: call{path: "//favicon.ico"}, status: 404, code: "request.not_found"},
		{name: "another method", call: call{method: "DELETE", path: "/accounts", cookie: annaCookie}, status: 405, code: "request.method"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			w := b.do(tt.call)
			p := problem(t, w)
			if p.Status != tt.status || p.Code != tt.code || (tt.field != "" && p.Field != tt.field) {
				t.Errorf("problem = %d %s field %q (%s), want %d %s field %q", p.Status, p.Code, p.Field, p.Detail, tt.status, tt.code, tt.field)
			}
			if !strings.Contains(p.Detail, tt.detail) {
				t.Errorf("detail = %q, want %q in it", p.Detail, tt.detail)
			}
			if out := w.Body.String() + b.log.String(); strings.Contains(out, password) {
				t.Errorf("the password came back: %s", out)
			}
			if tt.status == http.StatusMethodNotAllowed && w.Header().Get("Allow") == "" {
				t.Error("no Allow header")
			}
		})
	}
}

func TestSeveralFieldsAtFault(t *testing.T) {
	b := newBench(t)
	p := problem(t, b.do(call{method: "POST", path: "/session", body: `{"password":7,"x":"` + password + `"}`}))
	if len(p.Errors) != 3 || p.Field == "" || p.Errors[0].Field != p.Field || p.Errors[0].Detail != p.Detail {
		t.Errorf("errors = %+v, want email, password and x", p.Errors)
	}
}

func TestAPanicIsAnsweredAndLogged(t *testing.T) {
	b := newBench(t)
	b.panics = true
	p := problem(t, b.do(call{path: "/accounts", cookie: annaCookie}))
	if p.Status != http.StatusInternalServerError || strings.Contains(p.Detail, "defect") {
		t.Errorf("problem = %+v, want a plain 500", p)
	}
	if log := b.log.String(); !strings.Contains(log, "request panicked") || !strings.Contains(log, "fake_test.go") {
		t.Errorf("log = %s, want the panic with its stack", log)
	}
}

func TestNothingIsReadOfAStrangersBody(t *testing.T) {
	b := newBench(t)
	r := call{method: "POST", path: "/outbox", body: "{}"}.request()
	body := &countingReader{}
	r.Body = body
	w := recorder()
	b.ServeHTTP(w, r)
	if p := problem(t, w); p.Status != http.StatusUnauthorized {
		t.Errorf("status = %d, want 401", p.Status)
	}
	if body.reads != 0 {
		t.Error("the body was read before the sign-in was checked")
	}
}

func TestTheLogHoldsNoQuery(t *testing.T) {
	b := newBench(t)
	b.do(call{path: "/accounts/7/messages?q=rossi", cookie: annaCookie})
	b.do(call{path: "/domains/example.com?x=rossi", cookie: annaCookie})
	if log := b.log.String(); strings.Contains(log, "rossi") || strings.Contains(log, "example.com") || !strings.Contains(log, "/accounts/{id}/messages") {
		t.Errorf("log = %s, want routes without what was asked", log)
	}
}
