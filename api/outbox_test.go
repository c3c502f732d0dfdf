package api_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
)

func submit(body string, header map[string]string) call {
	return call{method: "POST", path: "/outbox", body: body, cookie: annaCookie, header: header}
}

func TestSubmit(t *testing.T) {
	b := newBench(t)
	body := `{"user_id":9,"account_id":7,"to":[{"name":"Bruno","address":"bruno@example.com"}],"subject":"Hello",` +
		`"text":"Hi","attachments":[{"name":"a.txt","media_type":"text/plain","content":"SGk="}]}`
	w := b.do(submit(body, map[string]string{"Idempotency-Key": "order-4711"}))
	m := answer[mailstead.OutgoingMessage](t, w, http.StatusAccepted)
	if m.ID != 12 || w.Header().Get("Location") != api.Base+"/outbox/12" {
		t.Errorf("id %d at %q, want 12 at its address", m.ID, w.Header().Get("Location"))
	}
	want := mailstead.Draft{
		AccountID: 7, To: []mailstead.Address{{Name: "Bruno", Address: "bruno@example.com"}}, Subject: "Hello", Text: "Hi",
		Attachments: []mailstead.DraftAttachment{{Name: "a.txt", MediaType: "text/plain", Content: []byte("Hi")}},
	}
	if diff := cmp.Diff(b.submitted.Draft, want); diff != "" {
		t.Errorf("draft (-got +want):\n%s", diff)
	}
	if b.submitted.IdempotencyKey != "order-4711" || b.submitted.UserID != 9 {
		t.Errorf("submitted under %q for %d, want order-4711 for 9", b.submitted.IdempotencyKey, b.submitted.UserID)
	}

	b.existed = true
	if again := answer[mailstead.OutgoingMessage](t, b.do(submit(body, nil)), http.StatusOK); again.ID != 12 {
		t.Errorf("the repeated submission is %d, want 12", again.ID)
	}
}

func TestSubmitRefusesWhatItDoesNotUnderstand(t *testing.T) {
	tests := []struct {
		name, body string
		status     int
	}{
		{"a field that does not exist", `{"attachements":[]}`, 422},
		{"a wrong type", `{"subject":["` + password + `"]}`, 422},
		{"base64 that is none", `{"subject":"x","attachments":[{"name":"a","content":"***"}]}`, 422},
		{"not JSON", `{"subject":"` + password, 422},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			w := b.do(submit(tt.body, nil))
			if p := problem(t, w); p.Status != tt.status || p.Code != "input.invalid" {
				t.Errorf("problem = %+v, want %d input.invalid", p, tt.status)
			}
			if strings.Contains(w.Body.String(), password) {
				t.Errorf("the input came back: %s", w.Body)
			}
		})
	}
}

func TestSubmitTooLarge(t *testing.T) {
	b := newBench(t, func(c *api.Config) { c.MaxSubmission = 4 << 20 })
	files := func(n int) string {
		return `{"subject":"x","attachments":[{"name":"a","content":"` + strings.Repeat("AAAA", n/4) + `"}]}`
	}
	if w := b.do(submit(files(3<<20), nil)); w.Code != http.StatusAccepted {
		t.Errorf("under the limit: status = %d, want 202: %s", w.Code, w.Body)
	}
	p := problem(t, b.do(submit(files(4<<20), nil)))
	if p.Status != http.StatusRequestEntityTooLarge || p.Code != "draft.attachments_too_large" || !strings.Contains(p.Detail, "3 MB") {
		t.Errorf("problem = %+v, want 413 draft.attachments_too_large naming 3 MB", p)
	}
}

func TestTheOutboxIsFiltered(t *testing.T) {
	b := newBench(t)
	page := answer[api.Page[mailstead.OutgoingMessage]](t, b.do(call{path: "/outbox?user=9&account=7&state=queued,held&limit=10", cookie: adaCookie}), http.StatusOK)
	if len(page.Items) != 1 || page.Next != "" {
		t.Errorf("page = %+v, want one mail and no next", page)
	}
	want := mailstead.OutgoingQuery{UserID: 9, AccountID: 7, States: []mailstead.OutgoingState{"queued", "held"}, Limit: 11}
	if diff := cmp.Diff(b.outgoing, want); diff != "" {
		t.Errorf("query (-got +want):\n%s", diff)
	}
}

func TestRetryIsForcedOnlyWhenAsked(t *testing.T) {
	b := newBench(t)
	for path, want := range map[string]mailstead.OutgoingState{
		"/outbox/12/retry": mailstead.OutgoingQueued, "/outbox/12/retry?force=true": mailstead.OutgoingSending,
	} {
		if m := answer[mailstead.OutgoingMessage](t, b.do(call{method: "POST", path: path, cookie: annaCookie}), http.StatusOK); m.State != want {
			t.Errorf("%s: state = %s, want %s", path, m.State, want)
		}
	}
}

func TestLargeBodiesWaitForRoom(t *testing.T) {
	release := make(chan struct{})
	blocked := &slowOutbox{entered: make(chan struct{}, 10), release: release}
	b := newBench(t, func(c *api.Config) {
		blocked.Outbox = c.Outbox
		c.Outbox = blocked
		c.MaxSubmission = 2 << 20
	})
	large := `{"subject":"x","html":"` + strings.Repeat("x", 2<<20-100) + `"}`
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			if w := b.do(submit(large, nil)); w.Code != http.StatusAccepted {
				t.Errorf("status = %d: %s", w.Code, w.Body)
			}
		})
	}
	for range 4 {
		<-blocked.entered
	}
	select {
	case <-blocked.entered:
		t.Error("a fifth large body was read beside four others")
	default:
	}
	// A fifth caller who gives up is told to come back.
	r := submit(large, nil).request()
	ctx, cancel := context.WithCancel(r.Context())
	cancel()
	w := recorder()
	b.ServeHTTP(w, r.WithContext(ctx))
	if p := problem(t, w); p.Status != http.StatusTooManyRequests || p.Code != "service.busy" {
		t.Errorf("problem = %+v, want 429 service.busy", p)
	}
	close(release)
	wg.Wait()
	if w := b.do(submit(`{"subject":"x"}`, nil)); w.Code != http.StatusAccepted {
		t.Errorf("a small mail: status = %d", w.Code)
	}
}
