package main_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestPagesAndAPIShareOneAddress: paths of the API stay the API's, also those that it
// does not know; all others are places of the pages.
func TestPagesAndAPIShareOneAddress(t *testing.T) {
	s := serve(t, t.TempDir())
	for path, want := range map[string]struct {
		status int
		media  string
	}{
		"/":                 {http.StatusOK, "text/html"},
		"/mail/1/2":         {http.StatusOK, "text/html"},
		"/apiary":           {http.StatusOK, "text/html"},
		"/api":              {http.StatusNotFound, "application/problem+json"},
		"/api/v1/nothing":   {http.StatusNotFound, "application/problem+json"},
		"/api/v1/docs":      {http.StatusOK, "text/html"},
		"/api/v1/setup":     {http.StatusOK, "application/json"},
		"/healthz":          {http.StatusOK, "application/json"},
		"/readyz":           {http.StatusOK, "application/json"},
		"/metrics":          {http.StatusNotFound, "application/problem+json"},
		"/assets/nobody.js": {http.StatusNotFound, "text/plain"},
	} {
		res, err := s.client.Get(s.url + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if path == "/assets/nobody.js" && strings.Contains(string(body), "without its pages") {
			continue // The program was built without Node.
		}
		media, _, _ := strings.Cut(res.Header.Get("Content-Type"), ";")
		if res.StatusCode != want.status || media != want.media {
			t.Errorf("%s: status %d and %q, want %d and %q", path, res.StatusCode, media, want.status, want.media)
		}
		if policy := res.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'") {
			t.Errorf("%s: policy = %q", path, policy)
		}
	}
}
