package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/connect"
)

// A bulk change is a stream and no job: its passwords live as long as the request and
// are kept nowhere to be worked off later, and who goes away has cancelled it.
func (h *Handler) bulkRoutes() {
	add(h, route{
		method: http.MethodPost, path: "/accounts/bulk-passwords", id: "bulkPasswords", tag: "Accounts",
		summary: "Change the passwords of many accounts",
		about: "For administrators: gives each account its new password, and a new server where one is named. Each is tried first, at most five " +
			"connections to a host at a time, and changed whole or not at all. The answer is a stream: its first line says how many results " +
			"come (`{\"total\": 3}`), then each is a line (`row`, `address`, `account_id`, `outcome` changed, refused or unknown, `code`, `text`) " +
			"as soon as it is known, and the last is `{\"done\": true}`. Empty lines are signs of life. Closing the connection cancels what has not begun.",
		media: "application/x-ndjson",
		example: map[string]any{
			"incoming": map[string]any{"host": "imap.example.org", "security": "tls"},
			"rows":     []any{map[string]any{"address": "anna@example.org", "password": "correct horse"}},
		},
	}, h.bulkPasswords)
}

// BulkPasswords are the new passwords of many accounts.
type BulkPasswords struct {
	Rows     []BulkRow    `json:"rows" minItems:"1" maxItems:"2000" doc:"The accounts with their new passwords."`
	Incoming *ServerInput `json:"incoming,omitempty" doc:"The new incoming server, when it changes."`
	Outgoing *ServerInput `json:"outgoing,omitempty" doc:"The new outgoing server, when it changes."`
}

// BulkRow is one account of a bulk change.
type BulkRow struct {
	Address  string           `json:"address" maxLength:"320" doc:"The address of the account."`
	Password mailstead.Secret `json:"password" doc:"Its new password."`
}

type bulkPasswordsInput struct{ Body BulkPasswords }

func (h *Handler) bulkPasswords(ctx context.Context, actor mailstead.Actor, in *bulkPasswordsInput) (*huma.StreamResponse, error) {
	r := connect.BulkRequest{Incoming: in.Body.Incoming.input(), Outgoing: in.Body.Outgoing.input()}
	for i := range in.Body.Rows {
		r.Rows = append(r.Rows, connect.BulkRow{Address: in.Body.Rows[i].Address, Password: in.Body.Rows[i].Password})
	}
	b, err := h.c.Links.PlanBulk(ctx, actor, r)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) { //nolint:contextcheck // huma hands the request's context in by hc
		_, w := humago.Unwrap(hc)
		h.runBulk(hc.Context(), b, w)
	}}, nil
}

// runBulk writes the results of a bulk change until it is done, the client goes away
// or the service stops.
func (h *Handler) runBulk(ctx context.Context, b *connect.Bulk, w http.ResponseWriter) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w.Header().Set("Content-Type", "application/x-ndjson; charset=utf-8")
	// Proxies must hand on every line at once.
	w.Header().Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	s := &eventStream{h: h, w: w, rc: http.NewResponseController(w)}
	defer func() { _ = s.rc.SetWriteDeadline(time.Time{}) }()
	// The body was read: what follows may take longer than reading a request.
	_ = s.rc.SetReadDeadline(time.Time{})
	line := func(v any) error {
		data, err := json.Marshal(v)
		if err != nil {
			return err
		}
		return s.write(string(data) + "\n")
	}
	if line(struct {
		Total int `json:"total"`
	}{b.Total}) != nil {
		return
	}
	items := make(chan connect.BulkItem)
	ended := make(chan error, 1)
	go func() {
		ended <- b.Run(ctx, func(item connect.BulkItem) error {
			select {
			case items <- item:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	alive := time.NewTicker(h.c.KeepAlive)
	defer alive.Stop()
	for {
		var err error
		select {
		case item := <-items:
			err = line(item)
		case <-alive.C:
			err = s.write("\n")
		case <-h.stopped:
			err = context.Canceled
		case err := <-ended:
			if err == nil {
				_ = line(struct {
					Done bool `json:"done"`
				}{true})
			}
			return
		}
		if err != nil {
			cancel()
			// What is under way ends whole first; the audit has what was changed.
			if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
				h.logDefect(ctx, "bulkPasswords", err)
			}
			return
		}
	}
}
