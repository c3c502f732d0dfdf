package api

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"

	"github.com/mailstead/mailstead"
)

// request is what the handlers know of a request beside their input.
type request struct {
	id string
	// remote is the client's address, for throttling.
	remote string
	// secure tells that the session cookie is the secure one.
	secure bool
	// operator marks a request that came through Handler.Operator.
	operator bool
	// cookie and bearer are the proofs of who asks, or zero.
	cookie, bearer mailstead.Secret
	header         http.Header
}

type requestKey struct{}

// requestOf returns the request that ctx belongs to.
func requestOf(ctx context.Context) *request {
	r, _ := ctx.Value(requestKey{}).(*request)
	if r == nil {
		return &request{}
	}
	return r
}

// ServeHTTP answers a request from the network.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.serve(w, r, false) }

// Operator returns the API for the person at the machine's own command line: every
// request acts as the operator, or, with the header Mailstead-User, as that user.
// Serve it only where nobody else can connect.
func (h *Handler) Operator() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.serve(w, r, true) })
}

func (h *Handler) serve(w http.ResponseWriter, r *http.Request, operator bool) {
	began := h.c.Now()
	secure := h.overTLS(r)
	info := &request{
		id: requestID(r), remote: h.clientAddr(r), secure: secure, operator: operator,
		cookie: sessionCookie(r, secure), bearer: bearerToken(r), header: r.Header,
	}
	r = r.WithContext(context.WithValue(r.Context(), requestKey{}, info))
	out := &response{ResponseWriter: w}
	setSecurityHeaders(w.Header(), info.id)
	defer func() { //nolint:contextcheck // r carries the context
		if v := recover(); v != nil {
			h.recovered(out, r, v)
		}
		h.c.Logger.LogAttrs(r.Context(), slog.LevelDebug, "request answered",
			slog.String("request_id", info.id), slog.String("method", r.Method), slog.String("route", r.Pattern),
			slog.Int("status", out.status), slog.Int64("bytes", out.bytes), slog.Duration("took", h.c.Now().Sub(began)))
	}()
	if !operator && crossSiteMatters(info) {
		if err := h.cross.Check(r); err != nil {
			h.writeProblem(out, r, &mailstead.Error{
				Kind: mailstead.KindForbidden, Code: "request.cross_origin", Err: err,
				Text: "This request came from another site and was refused.",
			})
			return
		}
	}
	if _, pattern := h.mux.Handler(r); pattern == "" {
		h.noRoute(out, r)
		return
	}
	h.mux.ServeHTTP(out, r)
}

// crossSiteMatters reports whether a browser could have sent the request with a
// person's own rights. A request that only carries a token could not: another site
// does not know the token, and a browser does not add it by itself.
func crossSiteMatters(info *request) bool {
	return info.bearer.IsZero() || !info.cookie.IsZero()
}

// recovered answers a request whose handler panicked.
func (h *Handler) recovered(out *response, r *http.Request, v any) {
	if v == http.ErrAbortHandler { //nolint:errorlint // net/http compares this very value
		panic(v)
	}
	info := requestOf(r.Context())
	if err, ok := v.(error); ok && out.status != 0 && (r.Context().Err() != nil || errors.As(err, new(net.Error))) {
		// The client went away while the answer was being written.
		h.c.Logger.LogAttrs(r.Context(), slog.LevelDebug, "answer not delivered",
			slog.String("request_id", info.id), slog.String("err", err.Error()))
		panic(http.ErrAbortHandler)
	}
	h.c.Logger.LogAttrs(r.Context(), slog.LevelError, "request panicked",
		slog.String("request_id", info.id), slog.String("route", r.Pattern), slog.Any("panic", v), slog.String("stack", string(debug.Stack())))
	if out.status != 0 {
		// Half an answer is out: closing the connection is the only way to say so.
		panic(http.ErrAbortHandler)
	}
	h.writeProblem(out, r, &mailstead.Error{Kind: mailstead.KindInternal})
}

// noRoute answers a request that no route matches, in the words of the mux: not
// found, or another method.
func (h *Handler) noRoute(out *response, r *http.Request) {
	handler, _ := h.mux.Handler(r)
	probe := &response{ResponseWriter: discard{http.Header{}}}
	handler.ServeHTTP(probe, r)
	if probe.status == http.StatusMethodNotAllowed {
		out.Header().Set("Allow", probe.Header().Get("Allow"))
		p := newProblem(http.StatusMethodNotAllowed, mailstead.KindInvalid)
		p.Code, p.Detail = "request.method", "This address does not know the method "+clip(r.Method, 20)+"."
		h.sendProblem(out, r, p)
		return
	}
	h.writeProblem(out, r, &mailstead.Error{Kind: mailstead.KindNotFound, Code: "request.not_found", Text: "There is nothing at this address."})
}

// setSecurityHeaders sets what every answer carries; a page loosens its own
// Content-Security-Policy.
func setSecurityHeaders(head http.Header, id string) {
	head.Set("X-Request-Id", id)
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Referrer-Policy", "no-referrer")
	head.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	head.Set("Cross-Origin-Resource-Policy", "same-origin")
	head.Set("Cache-Control", "no-store")
}

// requestID takes the id that a proxy gave the request, or makes one.
func requestID(r *http.Request) string {
	id := r.Header.Get("X-Request-Id")
	ok := len(id) >= 8 && len(id) <= 64
	for _, c := range []byte(id) {
		ok = ok && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_')
	}
	if ok {
		return id
	}
	var b [8]byte
	_, _ = rand.Read(b[:]) // It never fails, see crypto/rand.
	return hex.EncodeToString(b[:])
}

// overTLS reports whether people reach the service by https.
func (h *Handler) overTLS(r *http.Request) bool {
	return r.TLS != nil || (h.c.PublicURL != nil && strings.EqualFold(h.c.PublicURL.Scheme, "https")) ||
		(r.Header.Get("X-Forwarded-Proto") == "https" && h.trusted(peer(r)))
}

// peer returns the address at the other end of the connection, without its port.
func peer(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// clientAddr returns the address of the client without its port. What
// X-Forwarded-For says is believed from right to left as long as trusted proxies
// say it.
func (h *Handler) clientAddr(r *http.Request) string {
	host := peer(r)
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && h.trusted(host); i-- {
		addr, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		host = addr.Unmap().String()
	}
	return host
}

func (h *Handler) trusted(host string) bool {
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	for _, p := range h.c.TrustedProxies {
		if p.Contains(addr.Unmap()) {
			return true
		}
	}
	return false
}

// response notes the status and size of an answer.
type response struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *response) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *response) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// discard is a ResponseWriter to nowhere.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}

// clip returns at most limit bytes of text, for echoing input.
func clip(text string, limit int) string {
	if len(text) > limit {
		return strings.ToValidUTF8(text[:limit], "") + "…"
	}
	return text
}
