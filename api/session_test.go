package api_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
)

const signInBody = `{"email":"anna@example.com","password":"` + password + `"}`

// onlyCookie returns the one cookie of an answer.
func onlyCookie(t *testing.T, w *httptest.ResponseRecorder) *http.Cookie {
	t.Helper()
	cookies := w.Result().Cookies()
	if len(cookies) != 1 {
		t.Fatalf("got %d cookies, want 1; status %d: %s", len(cookies), w.Code, w.Body)
	}
	return cookies[0]
}

func TestSignInSetsTheCookieThatFits(t *testing.T) {
	https, _ := url.Parse("https://mail.example.com")
	tests := []struct {
		name       string
		edit       func(*api.Config)
		tls        bool
		wantName   string
		wantSecure bool
	}{
		{name: "plain http on the own machine", edit: func(*api.Config) {}, wantName: "mailstead_session"},
		{name: "https here", edit: func(*api.Config) {}, tls: true, wantName: "__Host-mailstead", wantSecure: true},
		{name: "https at a proxy", edit: func(c *api.Config) { c.PublicURL = https }, wantName: "__Host-mailstead", wantSecure: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, tt.edit)
			r := call{method: "POST", path: "/session", body: signInBody}.request()
			if tt.tls {
				r.TLS = &tls.ConnectionState{}
			}
			w := httptest.NewRecorder()
			b.ServeHTTP(w, r)
			s := answer[api.Session](t, w, http.StatusCreated)
			if s.User == nil || s.User.ID != annaUser.ID || s.Admin || s.ExpiresAt.IsZero() {
				t.Errorf("session = %+v, want Anna's with an end", s)
			}
			c := onlyCookie(t, w)
			if c.Name != tt.wantName || c.Value != annaCookie || c.Secure != tt.wantSecure || !c.HttpOnly ||
				c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.MaxAge <= 0 {
				t.Errorf("cookie = %s", c)
			}

			r = call{path: "/session"}.request()
			r.TLS = nil
			if tt.tls {
				r.TLS = &tls.ConnectionState{}
			}
			r.AddCookie(c)
			w = httptest.NewRecorder()
			b.ServeHTTP(w, r)
			if got := answer[api.Session](t, w, http.StatusOK); got.User == nil || got.User.Email != annaUser.Email {
				t.Errorf("signed in as %+v, want Anna", got.User)
			}
		})
	}
}

func TestACookieOfTheWrongNameIsNoSignIn(t *testing.T) {
	https, _ := url.Parse("https://mail.example.com")
	b := newBench(t, func(c *api.Config) { c.PublicURL = https })
	// A network attacker can set a cookie without the prefix from a plain page.
	if p := problem(t, b.do(call{path: "/session", cookie: annaCookie})); p.Status != http.StatusUnauthorized {
		t.Errorf("status = %d, want 401", p.Status)
	}
}

func TestSignInRefused(t *testing.T) {
	b := newBench(t)
	w := b.do(call{method: "POST", path: "/session", body: `{"email":"anna@example.com","password":"wrong"}`})
	if p := problem(t, w); p.Status != http.StatusUnauthorized || p.Code != "signin.bad_credentials" {
		t.Errorf("problem = %+v, want 401 signin.bad_credentials", p)
	}
	if got := w.Result().Cookies(); len(got) != 0 {
		t.Errorf("cookies = %v, want none", got)
	}
	if got := w.Header().Get("WWW-Authenticate"); !strings.HasPrefix(got, "Bearer") {
		t.Errorf("WWW-Authenticate = %q, want Bearer", got)
	}
}

func TestSignOutForgetsTheCookie(t *testing.T) {
	b := newBench(t)
	w := b.do(call{method: "DELETE", path: "/session", cookie: annaCookie})
	if c := onlyCookie(t, w); w.Code != http.StatusNoContent || c.Value != "" || c.MaxAge >= 0 || !c.HttpOnly {
		t.Errorf("status %d, cookie %s; want 204 and an ended cookie", w.Code, c)
	}
	if got := b.signedOut.Reveal(); got != annaCookie {
		t.Errorf("signed out %q, want the cookie's session", got)
	}
	// A stale cookie or none is no reason to complain.
	b.err = &mailstead.Error{Kind: mailstead.KindUnauthenticated}
	for _, cookie := range []string{"", "mss_stale"} {
		if w := b.do(call{method: "DELETE", path: "/session", cookie: cookie}); w.Code != http.StatusNoContent {
			t.Errorf("cookie %q: status = %d, want 204", cookie, w.Code)
		}
	}
}

func TestSetup(t *testing.T) {
	b := newBench(t)
	if s := answer[api.SetupState](t, b.do(call{path: "/setup"}), http.StatusOK); !s.Needed {
		t.Error("needed = false, want true")
	}
	body := `{"token":"setup_token","email":"ada@example.com","password":"` + password + `"}`
	w := b.do(call{method: "POST", path: "/setup", body: body})
	if s := answer[api.Session](t, w, http.StatusCreated); s.User == nil || s.User.ID != 1 || !s.Admin {
		t.Errorf("session = %+v, want Ada's as an administrator", s)
	}
	if c := onlyCookie(t, w); c.Value != adaCookie {
		t.Errorf("cookie = %s, want Ada's", c)
	}
}

func TestWhoAsks(t *testing.T) {
	scoped := mailstead.Actor{User: annaUser, Scopes: []mailstead.Scope{mailstead.ScopeSend}}
	tests := []struct {
		name string
		call call
		want mailstead.Actor
		// status is not 0 when the request is refused.
		status int
	}{
		{name: "a cookie", call: call{cookie: annaCookie}, want: mailstead.Actor{User: annaUser}},
		{name: "a token", call: call{header: map[string]string{"Authorization": "Bearer " + annaToken}}, want: scoped},
		{name: "a token, the scheme in other letters", call: call{header: map[string]string{"Authorization": "bEARER  " + annaToken}}, want: scoped},
		{name: "a token wins over a cookie", call: call{cookie: adaCookie, header: map[string]string{"Authorization": "Bearer " + annaToken}}, want: scoped},
		{name: "nobody", status: 401},
		{name: "an unknown cookie", call: call{cookie: "mss_unknown"}, status: 401},
		{name: "an unknown token", call: call{header: map[string]string{"Authorization": "Bearer mst_unknown"}}, status: 401},
		{name: "an unknown token beside a good cookie", call: call{cookie: adaCookie, header: map[string]string{"Authorization": "Bearer mst_unknown"}}, status: 401},
		{name: "a password as in Basic", call: call{header: map[string]string{"Authorization": "Basic YW5uYTp4"}}, status: 401},
		{name: "the operator's header at the public door", call: call{header: map[string]string{"Mailstead-User": "1"}}, status: 401},
		{name: "the operator's header beside a cookie", call: call{cookie: annaCookie, header: map[string]string{"Mailstead-User": "1"}}, want: mailstead.Actor{User: annaUser}},
		{name: "the operator", call: call{operator: true}, want: mailstead.Actor{Operator: true}},
		{name: "the operator for a user by id", call: call{operator: true, header: map[string]string{"Mailstead-User": "4"}}, want: mailstead.Actor{User: annaUser, ByOperator: true}},
		{name: "the operator for a user by address", call: call{operator: true, header: map[string]string{"Mailstead-User": "Anna@Example.com"}}, want: mailstead.Actor{User: annaUser, ByOperator: true}},
		{name: "the operator for nobody we know", call: call{operator: true, header: map[string]string{"Mailstead-User": "eve@example.com"}}, status: 404},
		{name: "the operator for a user who is switched off", call: call{operator: true, header: map[string]string{"Mailstead-User": "5"}}, status: 403},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			tt.call.path = "/accounts/7"
			w := b.do(tt.call)
			if tt.status != 0 {
				if p := problem(t, w); p.Status != tt.status {
					t.Errorf("status = %d, want %d", p.Status, tt.status)
				}
				return
			}
			if w.Code != http.StatusOK {
				t.Fatalf("status = %d: %s", w.Code, w.Body)
			}
			if diff := cmp.Diff(b.actor, tt.want); diff != "" {
				t.Errorf("actor (-got +want):\n%s", diff)
			}
		})
	}
}

func TestScopesAreTheJourneysBusiness(t *testing.T) {
	b := newBench(t)
	// notify.Stream is real here: it reads only with the scope mail:read.
	w := b.do(call{path: "/events/list", header: map[string]string{"Authorization": "Bearer " + annaToken}})
	if p := problem(t, w); p.Status != http.StatusForbidden || p.Code != "token.scope" {
		t.Errorf("problem = %+v, want 403 token.scope", p)
	}
}

func TestCrossOriginRequests(t *testing.T) {
	public, _ := url.Parse("https://mail.example.com")
	foreign := map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
	with := func(h map[string]string, k, v string) map[string]string {
		out := map[string]string{k: v}
		for a, b := range h {
			out[a] = b
		}
		return out
	}
	tests := []struct {
		name    string
		call    call
		refused bool
	}{
		{name: "another site with the cookie", call: call{header: foreign}, refused: true},
		{name: "another site in an old browser", call: call{header: map[string]string{"Origin": "https://evil.example"}}, refused: true},
		{name: "another site of the same organisation", call: call{header: map[string]string{"Sec-Fetch-Site": "same-site", "Origin": "https://www.example.com"}}, refused: true},
		{name: "a token beside the cookie", call: call{header: with(foreign, "Authorization", "Bearer "+annaToken)}, refused: true},
		{name: "our own page", call: call{header: map[string]string{"Sec-Fetch-Site": "same-origin"}}},
		{name: "our own page behind a proxy that changes Host", call: call{header: map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://mail.example.com"}}},
		{name: "no browser", call: call{}},
		{name: "reading from another site", call: call{method: "GET", header: foreign}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, func(c *api.Config) { c.PublicURL = public })
			if tt.call.method == "" {
				tt.call.method, tt.call.path, tt.call.body = "PATCH", "/accounts/7", `{"name":"x"}`
			} else {
				tt.call.path = "/accounts/7"
			}
			r := tt.call.request()
			r.AddCookie(&http.Cookie{Name: "__Host-mailstead", Value: annaCookie})
			w := httptest.NewRecorder()
			b.ServeHTTP(w, r)
			if !tt.refused {
				if w.Code != http.StatusOK {
					t.Errorf("status = %d, want 200: %s", w.Code, w.Body)
				}
				return
			}
			if p := problem(t, w); p.Status != http.StatusForbidden || p.Code != "request.cross_origin" {
				t.Errorf("problem = %+v, want 403 request.cross_origin", p)
			}
			if b.actor.User.ID != 0 {
				t.Error("the request reached a journey")
			}
		})
	}
	t.Run("a token alone", func(t *testing.T) {
		b := newBench(t)
		w := b.do(call{method: "PATCH", path: "/accounts/7", body: `{}`, header: with(foreign, "Authorization", "Bearer "+annaToken)})
		if w.Code != http.StatusOK {
			t.Errorf("status = %d, want 200", w.Code)
		}
	})
	t.Run("signing in from another site", func(t *testing.T) {
		b := newBench(t)
		if p := problem(t, b.do(call{method: "POST", path: "/session", body: signInBody, header: foreign})); p.Status != http.StatusForbidden {
			t.Errorf("status = %d, want 403", p.Status)
		}
	})
}

func TestTheClientsAddress(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	tests := []struct {
		name, remote string
		forwarded    string
		want         string
	}{
		{name: "directly", remote: "203.0.113.9:4711", want: "203.0.113.9"},
		{name: "a stranger names somebody else", remote: "203.0.113.9:4711", forwarded: "198.51.100.1", want: "203.0.113.9"},
		{name: "through a proxy", remote: "10.1.2.3:4711", forwarded: "198.51.100.1", want: "198.51.100.1"},
		{name: "through two proxies", remote: "[fd00::1]:4711", forwarded: "198.51.100.1, 10.9.9.9", want: "198.51.100.1"},
		{name: "the client itself wrote a line first", remote: "10.1.2.3:4711", forwarded: "192.0.2.66, 198.51.100.1", want: "198.51.100.1"},
		{name: "a proxy that tells nothing", remote: "10.1.2.3:4711", want: "10.1.2.3"},
		{name: "rubbish", remote: "10.1.2.3:4711", forwarded: "198.51.100.1, unknown", want: "10.1.2.3"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, func(c *api.Config) { c.TrustedProxies = proxies })
			r := call{method: "POST", path: "/session", body: signInBody}.request()
			r.RemoteAddr = tt.remote
			if tt.forwarded != "" {
				r.Header.Set("X-Forwarded-For", tt.forwarded)
			}
			b.ServeHTTP(httptest.NewRecorder(), r)
			if b.remote != tt.want {
				t.Errorf("remote = %q, want %q", b.remote, tt.want)
			}
		})
	}
}

func TestAProxySaysThatItSpeaksHTTPS(t *testing.T) {
	b := newBench(t, func(c *api.Config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} })
	for remote, want := range map[string]string{"10.1.2.3:4711": "__Host-mailstead", "203.0.113.9:4711": "mailstead_session"} {
		r := call{method: "POST", path: "/session", body: signInBody, header: map[string]string{"X-Forwarded-Proto": "https"}}.request()
		r.RemoteAddr = remote
		w := httptest.NewRecorder()
		b.ServeHTTP(w, r)
		if c := onlyCookie(t, w); c.Name != want {
			t.Errorf("%s: cookie %s, want %s", remote, c.Name, want)
		}
	}
}

func TestRequestIDs(t *testing.T) {
	b := newBench(t)
	for given, kept := range map[string]bool{
		"": false, "0123456789abcdef": true, "a_B-c012": true, "short": false, strings.Repeat("x", 65): false,
		"with space here": false, "new\nline-line": false, "<script>alert(1)": false,
	} {
		w := b.do(call{path: "/setup", header: map[string]string{"X-Request-Id": given}})
		if got := w.Header().Get("X-Request-Id"); (got == given) != kept || len(got) < 8 {
			t.Errorf("given %q, got %q; kept should be %v", given, got, kept)
		}
	}
}
