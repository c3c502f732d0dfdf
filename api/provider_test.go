package api_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
)

// TestProvidersOverTheAPI makes, changes, hides and deletes a provider as clients do.
func TestProvidersOverTheAPI(t *testing.T) {
	h := newHouse(t)
	ada := h.setUp(t)
	ask := func(method, path, body, etag string) (mailstead.Provider, string) {
		t.Helper()
		c := call{method: method, path: path, body: body, cookie: ada}
		if etag != "" {
			c.header = map[string]string{"If-Match": etag}
		}
		status := http.StatusOK
		if method == http.MethodPost {
			status = http.StatusCreated
		}
		res := h.do(c)
		return answer[mailstead.Provider](t, res, status), res.Header().Get("ETag")
	}
	p, seen := ask("POST", "/providers", `{"name":"Our mail","domains":["firm.example"],
		"incoming":[{"protocol":"imap","host":"mail.firm.example","port":993,"security":"tls"}],
		"outgoing":[{"protocol":"smtp","host":"mail.firm.example","port":465,"security":"tls"}],"username":{"imap":"local"}}`, "")
	if p.ID != "own-our-mail" || !p.Own || seen == "" || p.Username[mailstead.IMAP] != mailstead.UsernameLocal {
		t.Fatalf("got %+v in version %q", p, seen)
	}
	path := "/providers/" + string(p.ID)
	if _, builtIn := ask("GET", "/providers/gmail", "", ""); builtIn != "" {
		t.Errorf("a built-in provider has the version %q", builtIn)
	}
	if _, now := ask("GET", path, "", ""); now != seen {
		t.Errorf("read in version %q, want %q", now, seen)
	}
	_, changed := ask("PATCH", path, `{"notes":"Ask Ada."}`, seen)
	stale := call{method: "PATCH", path: path, body: `{"notes":"Ask Ben."}`, cookie: ada, header: map[string]string{"If-Match": seen}}
	if got := problem(t, h.do(stale)); got.Status != http.StatusPreconditionFailed || got.Code != mailstead.CodeProviderChanged || changed == seen {
		t.Errorf("got %d %s", got.Status, got.Code)
	}
	if hidden, _ := ask("PUT", path+"/hidden", `{"hidden":true}`, ""); !hidden.Hidden {
		t.Error("it is not hidden")
	}
	_, anna := h.newUser(t, ada, "anna@example.com")
	offered := func(path, cookie string) bool {
		list := answer[api.List[mailstead.Provider]](t, h.do(call{path: path, cookie: cookie}), http.StatusOK)
		return slices.ContainsFunc(list.Items, func(q mailstead.Provider) bool { return q.ID == p.ID })
	}
	if offered("/providers", anna) || !offered("/providers?all=true", ada) {
		t.Error("a hidden provider is offered, or not shown to administrators")
	}
	got := problem(t, h.do(call{method: "DELETE", path: path, cookie: ada}))
	want := []mailstead.Use{{Kind: mailstead.UseDomain, ID: "firm.example", Name: "firm.example"}}
	if diff := cmp.Diff(want, got.UsedBy); got.Status != http.StatusConflict || got.Code != "provider.in_use" || diff != "" {
		t.Errorf("%d %s %s", got.Status, got.Code, diff)
	}
}

// TestDomainsOverTheAPI approves what was seen, and nothing else.
func TestDomainsOverTheAPI(t *testing.T) {
	h := newHouse(t)
	ada := h.setUp(t)
	put := call{method: "PUT", path: "/domains/firm.example", body: `{"provider_id":"gmail"}`, cookie: ada}
	seen := h.do(put).Header().Get("ETag")
	if now := h.do(call{path: "/domains/firm.example", cookie: ada}).Header().Get("ETag"); seen == "" || now != seen {
		t.Fatalf("put in version %q, read in %q", seen, now)
	}
	put.body = `{"provider_id":"ovh"}`
	if d := answer[mailstead.Domain](t, h.do(put), http.StatusOK); d.ProviderID != "ovh" {
		t.Errorf("got %+v", d)
	}
	for _, verb := range []string{"approve", "reject"} {
		c := call{method: "POST", path: "/domains/firm.example/" + verb, cookie: ada, header: map[string]string{"If-Match": seen}}
		if p := problem(t, h.do(c)); p.Status != http.StatusPreconditionFailed || p.Code != mailstead.CodeDomainChanged {
			t.Errorf("%s: %d %s", verb, p.Status, p.Code)
		}
	}
	if p := problem(t, h.do(call{method: "POST", path: "/domains/firm.example/reject", cookie: ada})); p.Code != "domain.not_learned" {
		t.Errorf("got %s", p.Code)
	}
	for query, want := range map[string]int{"": 1, "?source=learned": 0, "?provider=ovh": 1, "?q=FIRM": 1, "?q=other": 0, "?waiting=true": 0} {
		list := answer[api.Page[mailstead.Domain]](t, h.do(call{path: "/domains" + query, cookie: ada}), http.StatusOK)
		if len(list.Items) != want {
			t.Errorf("%q: %d domains, want %d", query, len(list.Items), want)
		}
	}
}
