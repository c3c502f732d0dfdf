package web_test

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strconv"
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

// answered is what came back.
type answered struct {
	status int
	header http.Header
	body   string
}

func get(t *testing.T, files fs.FS, method, path string, headers ...string) answered {
	t.Helper()
	h, err := web.New(files, "")
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return answered{status: w.Code, header: w.Header(), body: w.Body.String()}
}

// The page finds its files at any depth, and below a path where there is one.
func TestThePageBelowAPath(t *testing.T) {
	built := fstest.MapFS{"index.html": {Data: []byte(`<html lang="en"><script src="./assets/x.js"></script>`)}}
	for base, want := range map[string]string{
		"":           `<html lang="en"><script src="/assets/x.js"></script>`,
		"/apps/mail": `<html data-base="/apps/mail" lang="en"><script src="/apps/mail/assets/x.js"></script>`,
	} {
		h, err := web.New(built, base)
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/mail/7", nil))
		if got := w.Body.String(); got != want {
			t.Errorf("below %q: %s, want %s", base, got, want)
		}
	}
}

func TestEveryPathIsAPlaceOfThePages(t *testing.T) {
	for _, path := range []string{"/", "/mail", "/mail/7/12", "/settings/accounts", "/a.b@example.com", "/../../etc/passwd", "/assets", "/index.html", "/index.html.br", "/.keep", "//example.com/x"} {
		res := get(t, pages, http.MethodGet, path)
		if res.status != http.StatusOK || res.header.Get("Content-Type") != "text/html; charset=utf-8" || !strings.Contains(res.body, "app") {
			t.Errorf("%s: status %d, type %q", path, res.status, res.header.Get("Content-Type"))
		}
		if got := res.header.Get("Cache-Control"); got != "no-cache" {
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
		if got := res.header.Get("Content-Type"); got != want {
			t.Errorf("%s: type %q, want %q", path, got, want)
		}
		if got := res.header.Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
			t.Errorf("%s: Cache-Control = %q", path, got)
		}
	}
	for _, path := range []string{"/assets/", "/assets/main-0000.js", "/assets/main-1a2b.js.br", "/assets/../index.html"} {
		res := get(t, pages, http.MethodGet, path)
		if res.status != http.StatusNotFound || res.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: status %d, Cache-Control %q; want 404 and no-store", path, res.status, res.header.Get("Cache-Control"))
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
		if got := res.header.Get("Content-Encoding"); got != c.encoding {
			t.Errorf("%q: encoding %q, want %q", c.accept, got, c.encoding)
		}
		if got := res.header.Get("Vary"); got != "Accept-Encoding" {
			t.Errorf("%q: Vary = %q", c.accept, got)
		}
		if got, want := res.header.Get("Content-Length"), strconv.Itoa(len(c.want)); got != want {
			t.Errorf("%q: length %s, want %s", c.accept, got, want)
		}
		if got := res.body; got != c.want {
			t.Errorf("%q: body %q, want %q", c.accept, got, c.want)
		}
	}
}

func TestAnETagSavesTheBody(t *testing.T) {
	seen := map[string]bool{}
	for _, accept := range []string{"gzip", ""} {
		first := get(t, pages, http.MethodGet, "/mail", "Accept-Encoding", accept)
		tag := first.header.Get("ETag")
		if tag == "" || seen[tag] {
			t.Fatalf("%q: ETag = %q, want one of its own", accept, tag)
		}
		seen[tag] = true
		again := get(t, pages, http.MethodGet, "/settings", "Accept-Encoding", accept, "If-None-Match", tag)
		if got := again.body; again.status != http.StatusNotModified || got != "" {
			t.Errorf("%q: status %d with body %q, want 304", accept, again.status, got)
		}
	}
}

func TestHeadAndOtherMethods(t *testing.T) {
	res := get(t, pages, http.MethodHead, "/assets/main-1a2b.js", "Accept-Encoding", "br")
	if length := res.header.Get("Content-Length"); res.status != http.StatusOK || length != "5" || res.body != "" {
		t.Errorf("HEAD: status %d, length %s, body %q", res.status, length, res.body)
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions, "PROPFIND"} {
		if res := get(t, pages, method, "/mail"); res.status != http.StatusMethodNotAllowed || res.header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: status %d, Allow %q", method, res.status, res.header.Get("Allow"))
		}
	}
}

func TestEveryAnswerCarriesThePolicy(t *testing.T) {
	for name, res := range map[string]answered{
		"page":          get(t, pages, http.MethodGet, "/"),
		"asset":         get(t, pages, http.MethodGet, "/assets/main-1a2b.js"),
		"missing asset": get(t, pages, http.MethodGet, "/assets/gone.js"),
		"not modified":  get(t, pages, http.MethodGet, "/icon.svg", "If-None-Match", "*"),
		"other method":  get(t, pages, http.MethodPost, "/"),
		"not built":     get(t, fstest.MapFS{".keep": {}}, http.MethodGet, "/"),
	} {
		policy := res.header.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'; ") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") || strings.Contains(policy, "*") {
			t.Errorf("%s: policy = %q", name, policy)
		}
		for header, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := res.header.Get(header); got != want {
				t.Errorf("%s: %s = %q, want %q", name, header, got, want)
			}
		}
		if got := res.header.Get("Permissions-Policy"); !strings.Contains(got, "camera=()") {
			t.Errorf("%s: Permissions-Policy = %q", name, got)
		}
	}
}

func TestAProgramWithoutPagesSaysSo(t *testing.T) {
	for _, path := range []string{"/", "/mail/7", "/assets/main-1a2b.js"} {
		res := get(t, fstest.MapFS{".keep": {}}, http.MethodGet, path)
		if text := res.body; res.status != http.StatusOK || !strings.Contains(text, "make run") || strings.Contains(text, "<style") {
			t.Errorf("%s: status %d, %q", path, res.status, text)
		}
	}
}

// TestTheProgramsOwnPages takes whatever the program was built with.
func TestTheProgramsOwnPages(t *testing.T) {
	res := get(t, web.Dist(), http.MethodGet, "/")
	if text := res.body; res.status != http.StatusOK || !strings.Contains(text, "Mailstead") {
		t.Errorf("status %d, %q", res.status, text)
	}
}
