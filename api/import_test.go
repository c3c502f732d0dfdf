package api_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/mailstead/mailstead/importer"
)

func TestImportAccounts(t *testing.T) {
	b := newBench(t)
	content := base64.StdEncoding.EncodeToString([]byte("address\nzo\xeb@example.com\n"))
	w := b.do(call{
		method: http.MethodPost, path: "/imports", cookie: adaCookie,
		body: `{"content":"` + content + `","format":"csv","dry_run":true,"owner_id":4,"encrypt":true,"plain_reason":"own cable"}`,
	})
	if w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	r := b.imported
	if string(r.Content) != "address\nzo\xeb@example.com\n" || r.Format != importer.CSV || !r.DryRun || r.OwnerID != 4 || !r.Encrypt || r.PlainReason != "own cable" {
		t.Errorf("the journey got %+v", r)
	}
	for _, want := range []string{`"dry_run":true`, `"findings":[]`, `"outcome":"needs_password"`, `"account_id":7`, `"severity":"warning"`, `"code":"import.server_found"`} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("no %s in %s", want, w.Body)
		}
	}
}

func TestImportsThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		body   string
		status int
		code   string
	}{
		"no JSON":          {"address\n", http.StatusUnprocessableEntity, "input.invalid"},
		"no base64":        {`{"content":"%%%"}`, http.StatusUnprocessableEntity, "input.invalid"},
		"an unknown field": {`{"content":"","now":true}`, http.StatusUnprocessableEntity, "input.invalid"},
		"too large":        {`{"content":"` + strings.Repeat("A", importer.MaxSize/3*4+128<<10) + `"}`, http.StatusRequestEntityTooLarge, "import.too_large"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			p := problem(t, b.do(call{method: http.MethodPost, path: "/imports", cookie: adaCookie, body: c.body}))
			if p.Status != c.status || p.Code != c.code || b.imported.Content != nil {
				t.Errorf("got %d %s %q, want %d %s", p.Status, p.Code, p.Detail, c.status, c.code)
			}
		})
	}
}
