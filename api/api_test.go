package api_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailstead/mailstead/api"
	"github.com/mailstead/mailstead/notify"
)

// bench is a Handler over fake journeys, with what it logged.
type bench struct {
	*fakes
	*api.Handler
	events *eventLog
	hub    *notify.Hub
	log    *lockedBuffer
}

// lockedBuffer is a log that is read while it is written.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newBench(t testing.TB, edit ...func(*api.Config)) *bench {
	t.Helper()
	f := &fakes{}
	b := &bench{fakes: f, events: &eventLog{}, hub: notify.New(), log: &lockedBuffer{}}
	c := api.Config{
		Gate: fakeGate{f}, People: fakePeople{f}, Directory: fakeDirectory{f}, Sharing: fakeSharing{f}, Demo: fakeDemo{f}, Policies: fakePolicies{f}, Templates: fakeTemplates{f}, OAuthApps: fakeOAuth{f}, SignIns: fakeOAuth{f}, Trust: fakeTrust{f}, Links: fakeLinks{f}, Audit: fakeAudit{f}, Checkups: fakeCheckups{f},
		Connect: fakeConnect{f}, Accounts: fakeConnect{f}, Importer: fakeConnect{f}, Inbox: fakeInbox{f}, Outbox: fakeOutbox{f}, Records: fakeRecords{f}, RecordMails: fakeRecords{f}, Notices: fakeNotices{f},
		Events: notify.NewStream(b.events, b.hub), Explain: fakeExplain{f}, Ready: f,
		Now: time.Now, Version: "1.0.0",
		Logger: slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, e := range edit {
		e(&c)
	}
	h, err := api.New(c)
	if err != nil {
		t.Fatal(err)
	}
	b.Handler = h
	t.Cleanup(h.Stop)
	return b
}

// call is one request. Its path is under api.Base unless it begins with "//".
type call struct {
	method, path, body string
	header             map[string]string
	cookie             string
	// operator sends it through the operator's door.
	operator bool
}

func (c call) request() *http.Request {
	method := c.method
	if method == "" {
		method = http.MethodGet
	}
	path, outside := strings.CutPrefix(c.path, "/")
	if !outside || !strings.HasPrefix(path, "/") {
		path = api.Base + c.path
	}
	r := httptest.NewRequest(method, path, strings.NewReader(c.body))
	if c.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.cookie != "" {
		r.AddCookie(&http.Cookie{Name: "mailstead_session", Value: c.cookie})
	}
	for k, v := range c.header {
		r.Header.Set(k, v)
	}
	return r
}

func (b *bench) do(c call) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	if c.operator {
		b.Operator().ServeHTTP(w, c.request())
	} else {
		b.ServeHTTP(w, c.request())
	}
	return w
}

// problem reads a complete problem document.
func problem(t *testing.T, w *httptest.ResponseRecorder) api.Problem {
	t.Helper()
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Fatalf("Content-Type = %q, want application/problem+json; status %d, body %s", got, w.Code, w.Body)
	}
	var p api.Problem
	dec := json.NewDecoder(bytes.NewReader(w.Body.Bytes()))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil {
		t.Fatal(err)
	}
	if p.Status != w.Code || p.Title == "" || p.Detail == "" || p.Code == "" || p.Type == "" || p.RequestID != w.Header().Get("X-Request-Id") {
		t.Errorf("incomplete problem under status %d: %+v", w.Code, p)
	}
	return p
}

// answer reads a JSON answer of the wanted status.
func answer[T any](t *testing.T, w *httptest.ResponseRecorder, status int) T {
	t.Helper()
	var v T
	if w.Code != status {
		t.Fatalf("status = %d, want %d: %s", w.Code, status, w.Body)
	}
	if err := json.NewDecoder(bytes.NewReader(w.Body.Bytes())).Decode(&v); err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return v
}

func recorder() *httptest.ResponseRecorder { return httptest.NewRecorder() }

// countingReader counts how often it is read.
type countingReader struct{ reads int }

func (r *countingReader) Read([]byte) (int, error) {
	r.reads++
	return 0, io.EOF
}

func (*countingReader) Close() error { return nil }
