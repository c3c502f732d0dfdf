package api

import (
	"context"
	"net/http"
	"time"

	"github.com/mailstead/mailstead"
)

// Pinger tells whether the store answers.
type Pinger interface {
	Ping(ctx context.Context) error
}

// readyTimeout is how long the store may take to answer.
const readyTimeout = 3 * time.Second

// healthz answers as long as the process runs.
func (h *Handler) healthz(w http.ResponseWriter, _ *http.Request) { writeOK(w) }

// readyz answers while the service can do its work.
func (h *Handler) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	if err := h.c.Ready.Ping(ctx); err != nil {
		h.logDefect(r.Context(), "readyz", err)
		p := newProblem(http.StatusServiceUnavailable, mailstead.KindTemporary)
		p.Title, p.Code, p.Detail = "Not ready", "service.not_ready", "The database does not answer."
		h.sendProblem(w, r, p)
		return
	}
	writeOK(w)
}

func writeOK(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	// An error here means that the client is gone.
	_, _ = w.Write([]byte(`{"status":"ok"}` + "\n"))
}
