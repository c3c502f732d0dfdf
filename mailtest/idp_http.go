package mailtest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

func (p *IdP) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /auth", p.authorize)
	mux.HandleFunc("GET /decide", p.decide)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("POST /device", p.device)
	mux.HandleFunc("POST /revoke", p.giveBack)
	mux.HandleFunc("GET /userinfo", p.userInfo)
	return mux
}

var idpPage = template.Must(template.New("").Parse(`<!doctype html>
<html lang="en"><title>Test identity provider</title><main><h1>Sign in</h1>
{{range .Users}}<p><a href="/decide?request={{$.Request}}&amp;user={{.}}">{{.}}</a></p>
{{end}}<p><a href="/decide?request={{.Request}}&amp;error=access_denied">Cancel</a></p></main></html>
`))

// authorize checks a request (RFC 6749 section 4.1.1) and asks who signs in.
func (p *IdP) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	bad := func(what string) { http.Error(w, what, http.StatusBadRequest) }
	switch {
	case q.Get("client_id") != p.client.ID:
		bad("unknown client")
	case !p.returns(q.Get("redirect_uri")):
		bad("redirect_uri_mismatch: " + q.Get("redirect_uri"))
	case q.Get("response_type") != "code":
		bad("unsupported_response_type")
	case q.Get("code_challenge") == "" || q.Get("code_challenge_method") != "S256":
		bad("PKCE with S256 is needed")
	case len(q.Get("state")) < 20:
		bad("a state that nobody can guess is needed")
	case strings.Contains(q.Get("scope"), "openid") && len(q.Get("nonce")) < 20:
		bad("a nonce is needed")
	default:
		id := idpRandom()
		p.mu.Lock()
		p.requests[id] = &idpRequest{
			state: q.Get("state"), nonce: q.Get("nonce"), challenge: q.Get("code_challenge"), redirect: q.Get("redirect_uri"),
			scopes: strings.Fields(q.Get("scope")),
		}
		p.mu.Unlock()
		users := []string{Anna.Address, Ben.Address}
		if hint := q.Get("login_hint"); hint != "" && !slices.Contains(users, hint) {
			users = append(users, hint)
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = idpPage.Execute(w, map[string]any{"Request": id, "Users": users}) // a browser that went away
	}
}

func (p *IdP) returns(redirect string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.redirects[redirect]
}

// decide is what the person clicked.
func (p *IdP) decide(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	p.mu.Lock()
	defer p.mu.Unlock()
	in := p.requests[q.Get("request")]
	if in == nil {
		http.Error(w, "unknown request", http.StatusBadRequest)
		return
	}
	delete(p.requests, q.Get("request"))
	back := url.Values{"state": {in.state}, "iss": {p.Issuer}}
	if e := q.Get("error"); e != "" {
		back.Set("error", e)
	} else {
		in.user = q.Get("user")
		code := idpRandom()
		p.requests[code] = in
		back.Set("code", code)
	}
	http.Redirect(w, r, in.redirect+"?"+back.Encode(), http.StatusFound)
}

// refuse is an error of the token endpoint, RFC 6749 section 5.2.
func refuse(w http.ResponseWriter, code, description string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": code, "error_description": description})
}

func (p *IdP) token(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm() // what is missing is refused below
	grant := r.PostForm.Get("grant_type")
	p.mu.Lock()
	p.counts[grant]++
	if grant == "refresh_token" {
		if p.refreshing++; p.refreshing > 1 {
			p.counts["overlapping"]++
		}
		defer func() {
			p.mu.Lock()
			p.refreshing--
			p.mu.Unlock()
		}()
	}
	faults := p.faults
	p.mu.Unlock()
	select {
	case <-time.After(faults.Delay):
	case <-r.Context().Done():
		return // Who asked has gone: nothing is given or taken.
	}
	switch {
	case faults.Status != 0:
		http.Error(w, "the provider has trouble", faults.Status)
		return
	case faults.Refusal != "":
		refuse(w, faults.Refusal, faults.Description)
		return
	case r.PostForm.Get("client_id") != p.client.ID && grant != "urn:ietf:params:oauth:grant-type:jwt-bearer":
		refuse(w, "invalid_client", "The OAuth client was not found.")
		return
	case r.PostForm.Get("client_secret") != p.client.Secret && grant != "urn:ietf:params:oauth:grant-type:jwt-bearer":
		refuse(w, "invalid_client", "The client secret is wrong.")
		return
	}
	switch grant {
	case "authorization_code":
		p.byCode(w, r.PostForm)
	case "refresh_token":
		p.byRefresh(w, r.PostForm)
	case "client_credentials":
		p.give(w, &idpFamily{user: "*", scopes: strings.Fields(r.PostForm.Get("scope"))}, "", false)
	case "urn:ietf:params:oauth:grant-type:device_code":
		p.byDevice(w, r.PostForm)
	case "urn:ietf:params:oauth:grant-type:jwt-bearer":
		p.byAssertion(w, r.PostForm)
	default:
		refuse(w, "unsupported_grant_type", "")
	}
}

func (p *IdP) byCode(w http.ResponseWriter, form url.Values) {
	p.mu.Lock()
	in := p.requests[form.Get("code")]
	delete(p.requests, form.Get("code"))
	p.mu.Unlock()
	sum := sha256.Sum256([]byte(form.Get("code_verifier")))
	switch {
	case in == nil:
		refuse(w, "invalid_grant", "Code was already redeemed.")
	case form.Get("redirect_uri") != in.redirect:
		refuse(w, "invalid_grant", "The redirect_uri is another one.")
	case base64.RawURLEncoding.EncodeToString(sum[:]) != in.challenge:
		refuse(w, "invalid_grant", "The code verifier is wrong.")
	default:
		p.give(w, &idpFamily{user: in.user, scopes: in.scopes}, in.nonce, true)
	}
}

func (p *IdP) byRefresh(w http.ResponseWriter, form url.Values) {
	token := form.Get("refresh_token")
	p.mu.Lock()
	f := p.refresh[token]
	graced := f != nil && p.faults.Grace && token == f.previous && !f.currentWasUsed
	switch {
	case f == nil || f.revoked:
		p.mu.Unlock()
		refuse(w, "invalid_grant", "Token has been expired or revoked.")
		return
	case token != f.current && !graced:
		// It was stolen, or its owner lost the new one.
		f.revoked = true
		p.mu.Unlock()
		refuse(w, "invalid_grant", "Token has been expired or revoked.")
		return
	}
	p.counts["refreshed"]++
	p.mu.Unlock()
	p.give(w, f, "", false)
}

func (p *IdP) byDevice(w http.ResponseWriter, form url.Values) {
	p.mu.Lock()
	d := p.devices[strings.TrimPrefix(form.Get("device_code"), "device-")]
	p.mu.Unlock()
	switch {
	case d == nil:
		refuse(w, "expired_token", "")
	case d.user == "":
		refuse(w, "authorization_pending", "")
	default:
		p.give(w, &idpFamily{user: d.user, scopes: d.scopes}, "", true)
	}
}

// byAssertion takes a request that was signed with the key of a service account; the
// key itself is not checked.
func (p *IdP) byAssertion(w http.ResponseWriter, form url.Values) {
	parts := strings.Split(form.Get("assertion"), ".")
	var claims struct{ Iss, Sub, Scope, Aud string }
	if len(parts) == 3 {
		body, _ := base64.RawURLEncoding.DecodeString(parts[1])
		_ = json.Unmarshal(body, &claims) // what is missing is refused below
	}
	if claims.Iss != p.client.ID || claims.Sub == "" || claims.Aud != p.Issuer+"/token" {
		refuse(w, "unauthorized_client", "Client is unauthorized to retrieve access tokens using this method")
		return
	}
	p.give(w, &idpFamily{user: claims.Sub, scopes: strings.Fields(claims.Scope)}, "", false)
}

// give answers with tokens.
func (p *IdP) give(w http.ResponseWriter, f *idpFamily, nonce string, signedIn bool) {
	p.mu.Lock()
	faults := p.faults
	scopes := slices.DeleteFunc(slices.Clone(f.scopes), func(s string) bool { return s == faults.Ungranted })
	access := idpRandom()
	p.access[access] = &idpToken{user: f.user, scopes: scopes, expires: time.Now().Add(p.life), family: f}
	out := map[string]any{"access_token": access, "token_type": "Bearer", "expires_in": seconds(p.life), "scope": strings.Join(scopes, " ")}
	if (signedIn || f.current != "") && !faults.NoRefresh {
		f.previous, f.current, f.currentWasUsed = f.current, idpRandom(), false
		p.refresh[f.current] = f
		out["refresh_token"] = f.current
	}
	p.mu.Unlock()
	if signedIn && slices.Contains(f.scopes, "openid") && !faults.NoIDToken {
		out["id_token"] = p.idToken(f.user, nonce, faults)
	}
	if !signedIn && faults.Answering != nil {
		faults.Answering()
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(out) // a client that went away
}

func (p *IdP) idToken(user, nonce string, f IdPFaults) string {
	claims := map[string]any{
		"iss": p.Issuer, "aud": p.client.ID, "sub": "subject of " + user, "email": user, "email_verified": true,
		"iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(), "nonce": nonce,
	}
	if nonce == "" {
		delete(claims, "nonce")
	}
	for _, wrong := range []struct {
		on    bool
		claim string
		value any
	}{
		{f.WrongIssuer, "iss", "https://other.example.com"},
		{f.WrongNonce, "nonce", "another"},
		{f.WrongAudience, "aud", "another"},
		{f.Expired, "exp", time.Now().Add(-time.Hour).Unix()},
	} {
		if wrong.on {
			claims[wrong.claim] = wrong.value
		}
	}
	body, _ := json.Marshal(claims)
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(body)
	sum := sha256.Sum256([]byte(text))
	signature, _ := rsa.SignPKCS1v15(rand.Reader, p.key, crypto.SHA256, sum[:])
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// device begins a sign-in at another device, RFC 8628 section 3.2.
func (p *IdP) device(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm() // what is missing is refused below
	if r.PostForm.Get("client_id") != p.client.ID {
		refuse(w, "invalid_client", "The OAuth client was not found.")
		return
	}
	code := strings.ToUpper(idpRandom()[:8])
	p.mu.Lock()
	p.devices[code] = &idpDevice{scopes: strings.Fields(r.PostForm.Get("scope"))}
	p.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"device_code": "device-" + code, "user_code": code, "verification_uri": p.Issuer + "/code", "expires_in": 600, "interval": 1,
	})
}

func (p *IdP) giveBack(_ http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm() // an unknown token is no error, RFC 7009 section 2.2
	p.mu.Lock()
	defer p.mu.Unlock()
	if f := p.refresh[r.PostForm.Get("token")]; f != nil {
		f.revoked = true
		p.counts["revoked"]++
	}
}

func (p *IdP) holder(token string) (idpToken, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a := p.access[token]
	if a == nil || a.family.revoked || time.Now().After(a.expires) || !slices.Contains(a.scopes, "mail") {
		return idpToken{}, false
	}
	a.family.currentWasUsed = true
	return *a, true
}

func (p *IdP) userInfo(w http.ResponseWriter, r *http.Request) {
	a, ok := p.holder(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	if !ok {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"sub": "subject of " + a.user, "email": a.user})
}

// introspect answers a mail server, RFC 7662.
func (p *IdP) introspect(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm() // a missing token is an inactive one
	out := map[string]any{"active": "false"}
	if a, ok := p.holder(r.Form.Get("token")); ok {
		out = map[string]any{"active": "true", "username": a.user}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(out)
}
