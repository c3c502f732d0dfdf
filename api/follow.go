package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/connect"
	"github.com/mailstead/mailstead/discover"
)

// ndjson is the media type of a stream with a JSON value on each line.
const ndjson = "application/x-ndjson"

// line is one value of a stream, or why it ends.
type line[T any] struct {
	value T
	err   error
}

// follow answers with what run tells, each as a line as soon as it is told. It waits for
// the first one: what is wrong from the beginning is an error like that of every other
// operation.
func follow[T any](ctx context.Context, h *Handler, run func(tell func(T)) error) (*huma.StreamResponse, error) {
	lines := make(chan line[T])
	pass := func(l line[T]) {
		select {
		case lines <- l:
		case <-ctx.Done():
		}
	}
	go func() {
		defer close(lines)
		if err := run(func(v T) { pass(line[T]{value: v}) }); err != nil {
			pass(line[T]{err: err})
		}
	}()
	first, ok := <-lines
	if !ok {
		return nil, ctx.Err()
	}
	if first.err != nil {
		return nil, first.err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		_, w := humago.Unwrap(hc)
		writeLines(h, w, first, lines)
	}}, nil
}

// writeLines writes lines until there are no more, or the client or the service goes
// away. A stream that ends without its last line was given up.
func writeLines[T any](h *Handler, w http.ResponseWriter, l line[T], lines <-chan line[T]) {
	w.Header().Set("Content-Type", ndjson+"; charset=utf-8")
	// Proxies must hand on every line at once.
	w.Header().Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	s := &eventStream{h: h, w: w, rc: http.NewResponseController(w)}
	defer func() { _ = s.rc.SetWriteDeadline(time.Time{}) }()
	for ok := true; ok && l.err == nil; {
		data, err := json.Marshal(l.value)
		if err != nil || s.write(string(data)+"\n") != nil {
			return
		}
		select {
		case l, ok = <-lines:
		case <-h.stopped:
			return
		}
	}
}

// followedDiscovery is one line of the stream of a discovery.
type followedDiscovery struct {
	Question *discover.Question `json:"question,omitempty"`
	Result   *discover.Result   `json:"result,omitempty"`
}

func (h *Handler) followDiscovery(ctx context.Context, actor mailstead.Actor, in *discoverInput) (*huma.StreamResponse, error) {
	return follow(ctx, h, func(tell func(followedDiscovery)) error {
		find := func() (discover.Result, error) {
			return h.c.Connect.Follow(ctx, actor, in.Body.Address, func(q discover.Question) { tell(followedDiscovery{Question: &q}) })
		}
		if in.Body.Offline {
			find = func() (discover.Result, error) { return h.c.Connect.Known(ctx, actor, in.Body.Address) }
		}
		r, err := find()
		if err == nil {
			tell(followedDiscovery{Result: &r})
		}
		return err
	})
}

// followedTest is one line of the stream of a connection test.
type followedTest struct {
	Told   *connect.Told `json:"stage,omitempty"`
	Result *TestResult   `json:"result,omitempty"`
}

func (h *Handler) followTest(ctx context.Context, actor mailstead.Actor, in *connectInput) (*huma.StreamResponse, error) {
	return follow(ctx, h, func(tell func(followedTest)) error {
		r, err := h.c.Connect.FollowTest(ctx, actor, in.Body.request(), func(s connect.Told) { tell(followedTest{Told: &s}) })
		if err == nil {
			tell(followedTest{Result: &TestResult{OK: r.OK, Incoming: r.Incoming, Outgoing: r.Outgoing}})
		}
		return err
	})
}
