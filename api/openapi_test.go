package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// document is what the tests read of the OpenAPI document.
type document struct {
	OpenAPI string                               `json:"openapi"`
	Tags    []struct{ Name, Description string } `json:"tags"`
	Paths   map[string]map[string]operation      `json:"paths"`

	Components struct {
		Schemas map[string]struct {
			Properties map[string]map[string]any `json:"properties"`
		} `json:"schemas"`
		Responses map[string]any `json:"responses"`
	} `json:"components"`
}

type operation struct {
	OperationID, Summary, Description string
	Tags                              []string
	Security                          []map[string][]string
	Parameters                        []struct {
		Name, In, Description string
		Required              bool
		Schema                map[string]any
	}
	RequestBody *struct {
		Content map[string]struct{ Example any }
	}
	Responses map[string]struct {
		Ref         string `json:"$ref"`
		Description string
		Content     map[string]any
	}
}

func openAPI(t *testing.T, b *bench) document {
	t.Helper()
	var d document
	if err := json.Unmarshal(b.do(call{path: "/openapi.json"}).Body.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestOpenAPIGolden(t *testing.T) {
	w := newBench(t).do(call{path: "/openapi.json"})
	if got := w.Header().Get("Content-Type"); w.Code != http.StatusOK || got != "application/openapi+json" {
		t.Fatalf("status %d, type %q", w.Code, got)
	}
	golden := filepath.Join("testdata", "openapi.golden.json")
	if *update {
		if err := os.WriteFile(golden, w.Body.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(w.Body.String(), "\n"), strings.Split(string(want), "\n")); diff != "" {
		t.Errorf("the API changed; run go generate ./api if it should (-got +want):\n%s", diff)
	}
}

func TestOpenAPIAsYAML(t *testing.T) {
	w := newBench(t).do(call{path: "/openapi.yaml"})
	if w.Code != http.StatusOK || !bytes.Contains(w.Body.Bytes(), []byte("openapi: 3.1.0")) {
		t.Errorf("status %d, %.100s", w.Code, w.Body)
	}
}

func TestEverythingIsDocumented(t *testing.T) {
	d := openAPI(t, newBench(t))
	if d.OpenAPI != "3.1.0" {
		t.Errorf("openapi = %q, want 3.1.0", d.OpenAPI)
	}
	tags := make(map[string]bool)
	for _, tag := range d.Tags {
		tags[tag.Name] = tag.Description != ""
	}
	sentence := regexp.MustCompile(`^[A-Z].*[.]$`)
	for path, item := range d.Paths {
		for method, op := range item {
			name := strings.ToUpper(method) + " " + path
			if op.OperationID == "" || op.Summary == "" || strings.HasSuffix(op.Summary, ".") || !sentence.MatchString(op.Description) {
				t.Errorf("%s: id %q, summary %q, description %q", name, op.OperationID, op.Summary, op.Description)
			}
			if len(op.Tags) != 1 || !tags[op.Tags[0]] {
				t.Errorf("%s: tags %v, want one that is described", name, op.Tags)
			}
			for _, p := range op.Parameters {
				if p.Description == "" {
					t.Errorf("%s: parameter %s is not described", name, p.Name)
				}
			}
			if op.RequestBody != nil && op.RequestBody.Content["application/json"].Example == nil {
				t.Errorf("%s: no example of the body", name)
			}
			refusals := 0
			for status, r := range op.Responses {
				if status >= "400" {
					ref, _ := strings.CutPrefix(r.Ref, "#/components/responses/")
					if d.Components.Responses[ref] == nil {
						t.Errorf("%s: answer %s refers to %q", name, status, r.Ref)
					}
					if status < "500" {
						refusals++
					}
				}
			}
			if refusals == 0 {
				t.Errorf("%s: no answer of 4xx", name)
			}
		}
	}
	for name, s := range d.Components.Schemas {
		for field, p := range s.Properties {
			if p["description"] == nil {
				t.Errorf("field %s.%s is not described", name, field)
			}
		}
	}
}

// samples makes a request of every operation from its documentation.
func samples(d document) map[string]call {
	out := make(map[string]call)
	for path, item := range d.Paths {
		for method, op := range item {
			c := call{method: strings.ToUpper(method), path: path}
			query := ""
			for _, p := range op.Parameters {
				value := "1"
				if p.Schema["type"] == "string" {
					value = "gmail"
				}
				switch {
				case p.In == "path":
					c.path = strings.ReplaceAll(c.path, "{"+p.Name+"}", value)
				case p.In == "query" && p.Required:
					query += "&" + p.Name + "=" + value
				}
			}
			c.path += strings.Replace(query, "&", "?", 1)
			if op.RequestBody != nil {
				body, _ := json.Marshal(op.RequestBody.Content["application/json"].Example)
				c.body = string(body)
			}
			out[op.OperationID] = c
		}
	}
	return out
}

func operations(d document) map[string]operation {
	out := make(map[string]operation)
	for _, item := range d.Paths {
		for _, op := range item {
			out[op.OperationID] = op
		}
	}
	return out
}

func TestEveryRouteAnswersAsDocumented(t *testing.T) {
	d := openAPI(t, newBench(t))
	ops := operations(d)
	secrets := []string{password, "account-key", "hash-of-it", "aGFzaC1vZi1pdA", adaCookie}
	for id, c := range samples(d) {
		switch id {
		case "streamEvents":
			c.method = http.MethodHead
		case "listAssignments":
			c.path += "?account=1"
		}
		t.Run(id, func(t *testing.T) {
			op := ops[id]
			b := newBench(t)
			openHostile(t, b)
			stranger := b.do(c)
			if len(op.Security) > 0 {
				if p := problem(t, stranger); p.Status != http.StatusUnauthorized {
					t.Errorf("without a sign-in: status = %d, want 401", p.Status)
				}
				if b.actor.User.ID != 0 {
					t.Error("a stranger's request reached a journey")
				}
			}
			c := c
			c.cookie = adaCookie
			c.body = strings.ReplaceAll(c.body, "correct horse battery staple", password)
			switch id {
			case "setUp":
				c.body = `{"token":"setup_token","email":"ada@example.com","password":"` + password + `"}`
			case "signIn":
				c.body = signInBody
			}
			w := b.do(c)
			documented, ok := op.Responses[strconv.Itoa(w.Code)]
			if w.Code >= 300 || !ok {
				t.Fatalf("%s %s: status = %d, documented %v: %s", c.method, c.path, w.Code, ok, w.Body)
			}
			if media, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";"); media != "" && id != "getAttachment" && documented.Content[media] == nil {
				t.Errorf("type %q is not documented", media)
			}
			for _, s := range secrets {
				if strings.Contains(w.Body.String(), s) || strings.Contains(b.log.String(), s) {
					t.Errorf("%q got out: %s\n%s", s, w.Body, b.log)
				}
			}
			for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "same-origin"} {
				if got := w.Header().Get(name); got != want {
					t.Errorf("%s = %q, want %q", name, got, want)
				}
			}
			if policy := w.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors") {
				t.Errorf("policy = %q", policy)
			}
		})
		t.Run(id+" with a defect behind it", func(t *testing.T) {
			b := newBench(t)
			b.err = &mailstead.Error{Kind: mailstead.KindInternal, Text: password}
			b.events.err = b.err
			c := c
			c.cookie = annaCookie
			w := b.do(c)
			if slices.Contains([]string{"getSession", "explainError"}, id) {
				return // They ask nobody.
			}
			if id == "signOut" || w.Code != http.StatusNoContent {
				if p := problem(t, w); p.Status != http.StatusInternalServerError || p.Code != "internal" {
					t.Errorf("problem = %+v, want 500", p)
				}
			}
			if strings.Contains(w.Body.String(), password) {
				t.Errorf("the cause got out: %s", w.Body)
			}
		})
	}
}

func TestATokenIsShownOnce(t *testing.T) {
	b := newBench(t)
	body := `{"name":"CRM","scopes":["mail:send"]}`
	w := b.do(call{method: "POST", path: "/tokens", body: body, cookie: annaCookie})
	if got := answer[api.CreatedToken](t, w, http.StatusCreated); got.Secret != "mst_new" || strings.Contains(w.Body.String(), "hash") {
		t.Errorf("token = %s, want the secret and no hash", w.Body)
	}
	if strings.Contains(b.log.String(), "mst_new") {
		t.Error("the token is in the log")
	}
}

func TestTheDocumentationUsesNothingFromElsewhere(t *testing.T) {
	b := newBench(t)
	outside := regexp.MustCompile(`(?i)<(script|link|img|iframe|object|embed)|\bsrc=|@import|url\(|https?://`)
	for _, path := range []string{"/docs"} {
		w := b.do(call{path: path})
		if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
			t.Fatalf("%s: status %d, type %q", path, w.Code, w.Header().Get("Content-Type"))
		}
		if found := outside.FindString(w.Body.String()); found != "" {
			t.Errorf("%s holds %q", path, found)
		}
		policy := w.Header().Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy = %q", path, policy)
		}
		if !strings.Contains(w.Body.String(), `name="viewport"`) {
			t.Errorf("%s: no viewport", path)
		}
	}
	docs := b.do(call{path: "/docs"}).Body.String()
	d := openAPI(t, b)
	for id := range operations(d) {
		if !strings.Contains(docs, `id="`+id+`"`) {
			t.Errorf("the documentation does not show %s", id)
		}
	}
	for name := range d.Components.Schemas {
		if !strings.Contains(docs, `id="schema-`+name+`"`) {
			t.Errorf("the documentation does not show %s", name)
		}
	}
	for _, m := range regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(docs, -1) {
		if !strings.Contains(docs, `id="`+m[1]+`"`) {
			t.Errorf("a link leads to #%s, which is not there", m[1])
		}
	}
}

func TestAProblemsTypeIsInTheDocumentation(t *testing.T) {
	b := newBench(t)
	docs := b.do(call{path: "/docs"}).Body.String()
	for k := mailstead.KindInternal; k <= mailstead.KindUnknown; k++ {
		b.err = &mailstead.Error{Kind: k}
		p := problem(t, b.do(call{path: "/accounts/7", cookie: annaCookie}))
		place, anchor, _ := strings.Cut(p.Type, "#")
		if place != api.Base+"/docs" || !strings.Contains(docs, `id="`+anchor+`"`) {
			t.Errorf("%v: type %q is not in the documentation", k, p.Type)
		}
	}
}

func TestHealth(t *testing.T) {
	b := newBench(t)
	for _, path := range []string{"//healthz", "//readyz"} {
		if w := b.do(call{path: path}); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "ok") {
			t.Errorf("%s: status = %d, want 200", path, w.Code)
		}
	}
	b.err = &mailstead.Error{Kind: mailstead.KindInternal, Text: "password=" + password}
	if w := b.do(call{path: "//healthz"}); w.Code != http.StatusOK {
		t.Errorf("healthz: status = %d, want 200 whatever the store says", w.Code)
	}
	w := b.do(call{path: "//readyz"})
	if p := problem(t, w); p.Status != http.StatusServiceUnavailable || p.Code != "service.not_ready" || strings.Contains(w.Body.String(), password) {
		t.Errorf("problem = %+v, want a plain 503", p)
	}
}
