package api_test

import (
	"net/http"
	"testing"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
)

// TestIfMatch: who says which version was looked at overwrites no other.
func TestIfMatch(t *testing.T) {
	h := newHouse(t)
	ada := h.setUp(t)
	_, anna := h.newUser(t, ada, "anna@example.com")
	saved := answer[api.SavedAccount](t, h.do(call{method: "POST", path: "/connect/save", body: h.connection(mailPassword), cookie: anna}), http.StatusCreated)
	account := "/accounts/" + saved.Account.ID.String()
	read := func() (mailstead.Account, string) {
		res := h.do(call{path: account, cookie: anna})
		return answer[mailstead.Account](t, res, http.StatusOK), res.Header().Get("ETag")
	}
	change := func(body, etag string) call {
		c := call{method: "PATCH", path: account, body: body, cookie: anna}
		if etag != "" {
			c.header = map[string]string{"If-Match": etag}
		}
		return c
	}
	_, seen := read()
	if _, again := read(); seen == "" || seen != again {
		t.Fatalf("the version is %q, then %q", seen, again)
	}
	res := h.do(change(`{"name":"first"}`, seen))
	first := answer[api.SavedAccount](t, res, http.StatusOK)
	if etag := res.Header().Get("ETag"); etag == seen || etag == "" || first.Account.Name != "first" {
		t.Errorf("changed to %q in version %q", first.Account.Name, etag)
	}
	for _, old := range []string{seen, `"1"`} {
		if p := problem(t, h.do(change(`{"name":"second"}`, old))); p.Status != http.StatusPreconditionFailed || p.Code != mailstead.CodeAccountChanged {
			t.Errorf("If-Match %s: %d %s", old, p.Status, p.Code)
		}
	}
	for _, wrong := range []string{"abc", `"`, `"-"`, `""`, `W/"1"`, `"1", "2"`} {
		if p := problem(t, h.do(change(`{"name":"second"}`, wrong))); p.Status != http.StatusUnprocessableEntity || p.Code != "input.version" || p.Field != "If-Match" {
			t.Errorf("If-Match %s: %d %s at %q", wrong, p.Status, p.Code, p.Field)
		}
	}
	if now, etag := read(); now.Name != "first" || etag != res.Header().Get("ETag") {
		t.Errorf("the account is %q in version %s", now.Name, etag)
	}
	for _, any := range []string{"", "*"} {
		answer[api.SavedAccount](t, h.do(change(`{"note":"n`+any+`"}`, any)), http.StatusOK)
	}
}
