package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
)

// AccountFor gives every account to whoever asks.
func (l *eventLog) AccountFor(_ context.Context, id mailstead.AccountID, user mailstead.UserID) (mailstead.Account, []mailstead.Assignment, error) {
	a := account(id)
	a.OwnerID = user
	return a, nil, nil
}

// frame is one server-sent event.
type frame struct {
	id, event, data, comment string
}

// follow opens the event stream and delivers its frames; the channel is closed when
// the stream ends.
func follow(t *testing.T, b *bench, query string, header map[string]string) <-chan frame {
	t.Helper()
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+api.Base+"/events"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(&http.Cookie{Name: "mailstead_session", Value: annaCookie})
	for k, v := range header {
		r.Header.Set(k, v)
	}
	resp, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	if ct := resp.Header.Get("Content-Type"); resp.StatusCode != http.StatusOK || !strings.HasPrefix(ct, "text/event-stream") {
		t.Fatalf("status %d, type %q", resp.StatusCode, ct)
	}
	frames := make(chan frame, 100)
	go func() {
		defer close(frames)
		var f frame
		lines := bufio.NewScanner(resp.Body)
		for lines.Scan() {
			field, value, _ := strings.Cut(lines.Text(), ":")
			value = strings.TrimPrefix(value, " ")
			switch {
			case lines.Text() == "":
				frames <- f
				f = frame{}
			case field == "":
				f.comment = value
			case field == "id":
				f.id = value
			case field == "event":
				f.event = value
			case field == "data":
				f.data = value
			}
		}
	}()
	return frames
}

// next waits for a frame; ok is false when the stream ended.
func next(t *testing.T, frames <-chan frame) (f frame, ok bool) {
	t.Helper()
	select {
	case f, ok = <-frames:
		return f, ok
	case <-time.After(10 * time.Second):
		t.Fatal("no frame in 10 seconds")
		return frame{}, false
	}
}

// nextIDs reads n frames and returns their ids.
func nextIDs(t *testing.T, frames <-chan frame, n int) []string {
	t.Helper()
	var ids []string
	for range n {
		f, ok := next(t, frames)
		if !ok {
			t.Fatalf("the stream ended after %v", ids)
		}
		ids = append(ids, f.id)
	}
	return ids
}

func TestStreamResumesAtTheCursor(t *testing.T) {
	tests := []struct {
		name, query string
		header      map[string]string
		// want are the ids of the first frames; the first tells the position.
		want []string
	}{
		{name: "without a cursor from now on", want: []string{"3"}},
		{name: "by parameter", query: "?after=1", want: []string{"1", "2", "3"}},
		{name: "by header", header: map[string]string{"Last-Event-ID": "2"}, want: []string{"2", "3"}},
		{name: "the header wins", query: "?after=0", header: map[string]string{"Last-Event-ID": "2"}, want: []string{"2", "3"}},
		{name: "from the beginning", query: "?after=0", want: []string{"0", "1", "2", "3"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			b.events.add(mailstead.EventAccountConnected, mailstead.EventMessagesNew, mailstead.EventOutgoing)
			frames := follow(t, b, tt.query, tt.header)
			if diff := cmp.Diff(nextIDs(t, frames, len(tt.want)), tt.want); diff != "" {
				t.Errorf("ids (-got +want):\n%s", diff)
			}
			b.events.add(mailstead.EventAccountHealth)
			b.hub.Broadcast()
			f, _ := next(t, frames)
			var e mailstead.Event
			if err := json.Unmarshal([]byte(f.data), &e); err != nil {
				t.Fatal(err)
			}
			if f.id != "4" || f.event != "account.health" || e.ID != 4 || e.Type != mailstead.EventAccountHealth || e.AccountID != 7 {
				t.Errorf("frame = %+v, want event 4", f)
			}
		})
	}
}

func TestStreamSendsMoreThanAPage(t *testing.T) {
	b := newBench(t)
	for range 450 {
		b.events.add(mailstead.EventMessagesNew)
	}
	frames := follow(t, b, "?after=0", nil)
	ids := nextIDs(t, frames, 451)
	if ids[1] != "1" || ids[450] != "450" {
		t.Errorf("first and last id = %s, %s; want 1, 450", ids[1], ids[450])
	}
}

func TestStreamEndsWithTheService(t *testing.T) {
	b := newBench(t)
	frames := follow(t, b, "", nil)
	next(t, frames)
	b.Stop()
	b.Stop()
	if f, ok := next(t, frames); ok {
		t.Errorf("got %+v, want the end", f)
	}
}

func TestStreamShowsLifeAndEndsWithTheSignIn(t *testing.T) {
	gate := &revocable{}
	b := newBench(t, func(c *api.Config) {
		gate.Gate = c.Gate
		c.Gate = gate
		c.KeepAlive = 5 * time.Millisecond
	})
	frames := follow(t, b, "", nil)
	next(t, frames)
	if f, _ := next(t, frames); f.comment != "alive" {
		t.Errorf("frame = %+v, want a sign of life", f)
	}
	gate.revoked.Store(true)
	for {
		if _, ok := next(t, frames); !ok {
			return
		}
	}
}

func TestStreamGivesNothingToASignInThatEnded(t *testing.T) {
	gate := &revocable{}
	b := newBench(t, func(c *api.Config) {
		gate.Gate = c.Gate
		c.Gate = gate
	})
	frames := follow(t, b, "", nil)
	next(t, frames)
	gate.revoked.Store(true)
	b.events.add(mailstead.EventMessagesNew)
	b.hub.Broadcast()
	if f, ok := next(t, frames); ok {
		t.Errorf("got %+v, want the end", f)
	}
}

func TestStreamEndsWhenTheStoreFails(t *testing.T) {
	b := newBench(t)
	frames := follow(t, b, "", nil)
	next(t, frames)
	b.events.mu.Lock()
	b.events.err = errors.New("the disk is full")
	b.events.mu.Unlock()
	b.hub.Broadcast()
	if f, ok := next(t, frames); ok {
		t.Errorf("got %+v, want the end", f)
	}
	if log := b.log.String(); !strings.Contains(log, "the disk is full") {
		t.Errorf("log = %s, want the cause", log)
	}
}

func TestStreamRefusesBeforeItBegins(t *testing.T) {
	b := newBench(t)
	tests := []struct {
		name   string
		call   call
		status int
	}{
		{"a position that is no number", call{path: "/events?after=x", cookie: annaCookie}, 422},
		{"a position beyond 64 bits", call{path: "/events?after=99999999999999999999", cookie: annaCookie}, 422},
		{"a header that is no number", call{path: "/events", cookie: annaCookie, header: map[string]string{"Last-Event-ID": "1\x00"}}, 422},
		{"nobody", call{path: "/events"}, 401},
		{"a token for sending", call{path: "/events", header: map[string]string{"Authorization": "Bearer " + annaToken}}, 403},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if p := problem(t, b.do(tt.call)); p.Status != tt.status {
				t.Errorf("status = %d, want %d", p.Status, tt.status)
			}
		})
	}
	if w := b.do(call{method: "HEAD", path: "/events", cookie: annaCookie}); w.Code != http.StatusOK {
		t.Errorf("HEAD: status = %d, want 200 at once", w.Code)
	}
}

func TestListEvents(t *testing.T) {
	b := newBench(t)
	empty := answer[api.EventPage](t, b.do(call{path: "/events/list?after=5", cookie: annaCookie}), http.StatusOK)
	if empty.Items == nil || len(empty.Items) != 0 || empty.Next != 5 {
		t.Errorf("page = %+v, want none behind 5", empty)
	}
	b.events.add(mailstead.EventAccountConnected, mailstead.EventMessagesNew, mailstead.EventOutgoing)
	page := answer[api.EventPage](t, b.do(call{path: "/events/list?limit=2", cookie: annaCookie}), http.StatusOK)
	if len(page.Items) != 2 || page.Items[0].ID != 1 || page.Next != 2 {
		t.Errorf("page = %+v, want events 1 and 2", page)
	}
	page = answer[api.EventPage](t, b.do(call{path: "/events/list?after=2", cookie: annaCookie}), http.StatusOK)
	if len(page.Items) != 1 || page.Next != 3 {
		t.Errorf("page = %+v, want event 3", page)
	}
}

func TestAUsersStreamsAreCounted(t *testing.T) {
	b := newBench(t)
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	open := func(cookie string) (int, func()) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+api.Base+"/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.AddCookie(&http.Cookie{Name: "mailstead_session", Value: cookie})
		resp, err := server.Client().Do(r) //nolint:bodyclose // the function that is returned closes it
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, func() { _ = resp.Body.Close() }
	}
	var closers []func()
	status := http.StatusOK
	for status == http.StatusOK && len(closers) < 100 {
		var done func()
		status, done = open(annaCookie)
		closers = append(closers, done)
	}
	if status != http.StatusTooManyRequests || len(closers) < 20 {
		t.Errorf("stream %d was answered %d, want 429 after some dozens", len(closers), status)
	}
	if got, done := open(adaCookie); got != http.StatusOK {
		t.Errorf("somebody else's stream: status = %d, want 200", got)
	} else {
		done()
	}
	for _, done := range closers {
		done()
	}
	eventually(t, "a stream is free again", func() bool {
		got, done := open(annaCookie)
		done()
		return got == http.StatusOK
	})
}
