package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
)

// socketName is the socket in the data directory through which the command line
// speaks to the running service.
const socketName = "mailstead.sock"

// client speaks the public API: to the running service through its socket, else
// to the same handler in this process, with the store opened under its lock.
type client struct {
	http  *http.Client
	user  string
	close func() error
	// running tells that a service answers.
	running bool
}

// existence says whether a command needs an installation that is there already.
type existence bool

const (
	mustExist existence = true
	mayBegin  existence = false
)

// codeMissing is the code of an installation that is not there.
const codeMissing = "store.missing"

// openClient connects to the service of the configuration's data directory, or
// opens the installation itself while none runs. user is the person to act for,
// by id or address, or "".
func openClient(ctx context.Context, c config, e existence, user string, log *slog.Logger) (*client, error) {
	if cl, err := dialService(ctx, c, user); err != nil || cl != nil {
		return cl, err
	}
	if e == mustExist && !c.exists() {
		return nil, &mailstead.Error{
			Kind: mailstead.KindNotFound, Code: codeMissing,
			Text: "There is no Mailstead in the directory " + c.Data + " yet: start one with mailstead serve, or name another directory with --data.",
		}
	}
	a, err := openApp(ctx, c, log)
	if err != nil {
		return nil, err
	}
	return &client{http: &http.Client{Transport: inProcess{a.api.Operator()}}, user: user, close: a.close}, nil
}

// dialService returns a client of the running service, nil when none runs.
func dialService(ctx context.Context, c config, user string) (*client, error) {
	socket := filepath.Join(c.Data, socketName)
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
	switch {
	case err == nil:
	case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.EINVAL), errors.Is(err, syscall.ENOTDIR):
		// With EINVAL the path is too long for any service to listen there.
		return nil, nil //nolint:nilnil // none runs
	case errors.Is(err, os.ErrPermission):
		return nil, &mailstead.Error{
			Kind: mailstead.KindForbidden, Code: "service.forbidden", Err: err,
			Text: "The data directory " + c.Data + " belongs to another user: run this as the user that the service runs as.",
		}
	default:
		return nil, fmt.Errorf("reach the running service: %w", err)
	}
	if err := conn.Close(); err != nil {
		return nil, err
	}
	tr := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
		DisableCompression: true,
	}
	return &client{http: &http.Client{Transport: tr}, user: user, running: true, close: func() error {
		tr.CloseIdleConnections()
		return nil
	}}, nil
}

// inProcess answers requests by a handler in this process.
type inProcess struct{ handler http.Handler }

// RoundTrip implements http.RoundTripper.
func (t inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	r.RequestURI = r.URL.RequestURI()
	w := &answer{header: make(http.Header), status: http.StatusOK}
	t.handler.ServeHTTP(w, r)
	return &http.Response{
		StatusCode: w.status, Header: w.header, Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}, nil
}

// answer is a ResponseWriter that keeps everything.
type answer struct {
	header http.Header
	status int
	wrote  bool
	body   bytes.Buffer
}

func (w *answer) Header() http.Header { return w.header }

func (w *answer) WriteHeader(status int) {
	if !w.wrote {
		w.status, w.wrote = status, true
	}
}

func (w *answer) Write(b []byte) (int, error) {
	w.wrote = true
	return w.body.Write(b)
}

// header is one header field of a request.
type header struct{ name, value string }

// raw sends a request and returns the body of a good answer; a problem comes back
// as an error of the kind it had in the service.
func (c *client) raw(ctx context.Context, method, path string, in any, headers ...header) ([]byte, error) {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://mailstead"+api.Base+path, body)
	if err != nil {
		return nil, err
	}
	if in != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.user != "" {
		r.Header.Set("Mailstead-User", c.user)
	}
	for _, h := range headers {
		r.Header.Set(h.name, h.value)
	}
	res, err := c.http.Do(r)
	if err != nil {
		return nil, fmt.Errorf("ask the service: %w", err)
	}
	defer res.Body.Close() //nolint:errcheck // everything was read
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("read the answer of the service: %w", err)
	}
	if res.StatusCode >= http.StatusBadRequest {
		return b, problem(b, res.StatusCode)
	}
	return b, nil
}

// call is raw with the answer decoded into out, which may be nil.
func (c *client) call(ctx context.Context, method, path string, in, out any) error {
	b, err := c.raw(ctx, method, path, in)
	if err != nil || out == nil || len(b) == 0 {
		return err
	}
	if err := json.Unmarshal(b, out); err != nil {
		return fmt.Errorf("understand the answer of the service: %w", err)
	}
	return nil
}

// apiError is a problem of the API, with the test report it may carry.
type apiError struct {
	err     *mailstead.Error
	problem api.Problem
}

func (e *apiError) Error() string { return e.err.Error() }
func (e *apiError) Unwrap() error { return e.err }

func problem(body []byte, status int) error {
	var p api.Problem
	if err := json.Unmarshal(body, &p); err != nil || p.Code == "" {
		return fmt.Errorf("the service answered with status %d", status)
	}
	_, kind, _ := strings.Cut(p.Type, "#problem-")
	for _, u := range p.UsedBy {
		p.Detail += "\n  " + useText(u)
	}
	return &apiError{
		err:     &mailstead.Error{Kind: mailstead.ParseKind(kind), Code: p.Code, Text: p.Detail, Field: p.Field, UsedBy: p.UsedBy},
		problem: p,
	}
}

// useText names what uses something.
func useText(u mailstead.Use) string {
	text := string(u.Kind)
	if u.ID != "" {
		text += " " + u.ID
	}
	if u.Name != "" && u.Name != u.ID {
		text += " (" + u.Name + ")"
	}
	return text
}
