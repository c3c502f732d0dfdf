package web_test

import (
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/mailstead/mailstead/web"
)

// pages is a small build; the compressed forms are words that a test can tell apart.
var pages = fstest.MapFS{
	".keep":                   {},
	"index.html":              {Data: []byte("<!doctype html>app")},
	"index.html.br":           {Data: []byte("app br")},
	"index.html.gz":           {Data: []byte("app gz")},
	"icon.svg":                {Data: []byte("<svg/>")},
	"assets/main-1a2b.js":     {Data: []byte("start()")},
	"assets/main-1a2b.js.br":  {Data: []byte("js br")},
	"assets/main-1a2b.js.gz":  {Data: []byte("js gz")},
	"assets/inter-77.woff2":   {Data: []byte("font")},
	"assets/strange-77.plonk": {Data: []byte("?")},
}

func get(t *testing.T, files fs.FS, method, path string, headers ...string) *http.Response {
	t.Helper()
	h, err := web.New(files)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, res *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestEveryPathIsAPlaceOfThePages(t *testing.T) {
	for _, path := range []string{"/", "/mail", "/mail/7/12", "/settings/accounts", "/a.b@example.com", "/../../etc/passwd", "/assets", "/index.html", "/index.html.br", "/.keep", "//example.com/x"} {
		res := get(t, pages, http.MethodGet, path)
		if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/html; charset=utf-8" || !strings.Contains(body(t, res), "app") {
			t.Errorf("%s: status %d, type %q", path, res.StatusCode, res.Header.Get("Content-Type"))
		}
		if got := res.Header.Get("Cache-Control"); got != "no-cache" {
			t.Errorf("%s: Cache-Control = %q", path, got)
		}
	}
}

func TestAssetsAreKeptForAYear(t *testing.T) {
	for path, want := range map[string]string{
		"/assets/main-1a2b.js":     "text/javascript; charset=utf-8",
		"/assets/inter-77.woff2":   "font/woff2",
		"/assets/strange-77.plonk": "application/octet-stream",
	} {
		res := get(t, pages, http.MethodGet, path)
		if got := res.Header.Get("Content-Type"); got != want {
			t.Errorf("%s: type %q, want %q", path, got, want)
		}
		if got := res.Header.Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
			t.Errorf("%s: Cache-Control = %q", path, got)
		}
	}
	for _, path := range []string{"/assets/", "/assets/main-0000.js", "/assets/main-1a2b.js.br", "/assets/../index.html"} {
		res := get(t, pages, http.MethodGet, path)
		if res.StatusCode != http.StatusNotFound || res.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: status %d, Cache-Control %q; want 404 and no-store", path, res.StatusCode, res.Header.Get("Cache-Control"))
		}
	}
}

func TestTheClientChoosesTheEncoding(t *testing.T) {
	for _, c := range []struct{ accept, encoding, want string }{
		{"gzip, deflate, br, zstd", "br", "js br"},
		{"gzip", "gzip", "js gz"},
		{"GZIP;q=0.5", "gzip", "js gz"},
		{"br;q=0, gzip;q=1.0", "gzip", "js gz"},
		{"br; q=0.000, gzip;q=0", "", "start()"},
		{"br;q=high", "", "start()"},
		{"identity", "", "start()"},
		{"", "", "start()"},
	} {
		res := get(t, pages, http.MethodGet, "/assets/main-1a2b.js", "Accept-Encoding", c.accept)
		if got := res.Header.Get("Content-Encoding"); got != c.encoding {
			t.Errorf("%q: encoding %q, want %q", c.accept, got, c.encoding)
		}
		if got := res.Header.Get("Vary"); got != "Accept-Encoding" {
			t.Errorf("%q: Vary = %q", c.accept, got)
		}
		if res.ContentLength != int64(len(c.want)) {
			t.Errorf("%q: length %d, want %d", c.accept, res.ContentLength, len(c.want))
		}
		if got := body(t, res); got != c.want {
			t.Errorf("%q: body %q, want %q", c.accept, got, c.want)
		}
	}
}

func TestAnETagSavesTheBody(t *testing.T) {
	seen := map[string]bool{}
	for _, accept := range []string{"br", "gzip", ""} {
		first := get(t, pages, http.MethodGet, "/mail", "Accept-Encoding", accept)
		tag := first.Header.Get("ETag")
		if tag == "" || seen[tag] {
			t.Fatalf("%q: ETag = %q, want one of its own", accept, tag)
		}
		seen[tag] = true
		again := get(t, pages, http.MethodGet, "/settings", "Accept-Encoding", accept, "If-None-Match", tag)
		if got := body(t, again); again.StatusCode != http.StatusNotModified || got != "" {
			t.Errorf("%q: status %d with body %q, want 304", accept, again.StatusCode, got)
		}
	}
}

func TestHeadAndOtherMethods(t *testing.T) {
	res := get(t, pages, http.MethodHead, "/mail", "Accept-Encoding", "br")
	if got := body(t, res); res.StatusCode != http.StatusOK || res.ContentLength != int64(len("app br")) || got != "" {
		t.Errorf("HEAD: status %d, length %d, body %q", res.StatusCode, res.ContentLength, got)
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions, "PROPFIND"} {
		if res := get(t, pages, method, "/mail"); res.StatusCode != http.StatusMethodNotAllowed || res.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: status %d, Allow %q", method, res.StatusCode, res.Header.Get("Allow"))
		}
	}
}

func TestEveryAnswerCarriesThePolicy(t *testing.T) {
	for name, res := range map[string]*http.Response{
		"page":          get(t, pages, http.MethodGet, "/"),
		"asset":         get(t, pages, http.MethodGet, "/assets/main-1a2b.js"),
		"missing asset": get(t, pages, http.MethodGet, "/assets/gone.js"),
		"not modified":  get(t, pages, http.MethodGet, "/icon.svg", "If-None-Match", "*"),
		"other method":  get(t, pages, http.MethodPost, "/"),
		"not built":     get(t, fstest.MapFS{".keep": {}}, http.MethodGet, "/"),
	} {
		policy := res.Header.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'; ") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") || strings.Contains(policy, "*") {
			t.Errorf("%s: policy = %q", name, policy)
		}
		for header, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := res.Header.Get(header); got != want {
				t.Errorf("%s: %s = %q, want %q", name, header, got, want)
			}
		}
		if got := res.Header.Get("Permissions-Policy"); !strings.Contains(got, "camera=()") {
			t.Errorf("%s: Permissions-Policy = %q", name, got)
		}
	}
}

func TestAProgramWithoutPagesSaysSo(t *testing.T) {
	for _, path := range []string{"/", "/mail/7", "/assets/main-1a2b.js"} {
		res := get(t, fstest.MapFS{".keep": {}}, http.MethodGet, path)
		if text := body(t, res); res.StatusCode != http.StatusOK || !strings.Contains(text, "make run") || strings.Contains(text, "<style") {
			t.Errorf("%s: status %d, %q", path, res.StatusCode, text)
		}
	}
}

// TestTheProgramsOwnPages takes whatever the program was built with.
func TestTheProgramsOwnPages(t *testing.T) {
	res := get(t, web.Dist(), http.MethodGet, "/")
	if text := body(t, res); res.StatusCode != http.StatusOK || !strings.Contains(text, "Mailstead") {
		t.Errorf("status %d, %q", res.StatusCode, text)
	}
}
