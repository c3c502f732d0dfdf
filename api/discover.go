package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/discover"
)

// followed is one line of the stream of a discovery.
type followed struct {
	Question *discover.Question `json:"question,omitempty"`
	Result   *discover.Result   `json:"result,omitempty"`
	err      error
}

// followDiscovery waits for the first line: what is wrong from the beginning is an
// error like that of every other operation.
func (h *Handler) followDiscovery(ctx context.Context, actor mailstead.Actor, in *discoverInput) (*huma.StreamResponse, error) {
	lines := make(chan followed)
	tell := func(l followed) {
		select {
		case lines <- l:
		case <-ctx.Done():
		}
	}
	go func() {
		defer close(lines)
		if in.Body.Offline {
			r, err := h.c.Connect.Known(ctx, actor, in.Body.Address)
			tell(followed{Result: &r, err: err})
			return
		}
		r, err := h.c.Connect.Follow(ctx, actor, in.Body.Address, func(q discover.Question) { tell(followed{Question: &q}) })
		tell(followed{Result: &r, err: err})
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
		h.writeDiscovery(w, first, lines)
	}}, nil
}

// writeDiscovery writes lines until there are no more, or the client or the service
// goes away. A stream that ends without a result was given up.
func (h *Handler) writeDiscovery(w http.ResponseWriter, l followed, lines <-chan followed) {
	w.Header().Set("Content-Type", "application/x-ndjson; charset=utf-8")
	// Proxies must hand on every line at once.
	w.Header().Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	s := &eventStream{h: h, w: w, rc: http.NewResponseController(w)}
	defer func() { _ = s.rc.SetWriteDeadline(time.Time{}) }()
	for ok := true; ok && l.err == nil; {
		data, err := json.Marshal(l)
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
