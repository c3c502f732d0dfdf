package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/importer"
)

// Problem is every error of the API (RFC 9457).
type Problem struct { //nolint:errname // it is called what RFC 9457 calls it
	Type   string `json:"type" format:"uri-reference" doc:"What kind of problem it is: a place in the documentation." example:"/api/v1/docs#problem-invalid"`
	Title  string `json:"title" doc:"The kind of problem in a few words." example:"Invalid input"`
	Status int    `json:"status" doc:"The status of the answer." example:"422"`
	Detail string `json:"detail" doc:"What happened, in one sentence for people." example:"This is not a mail address: write it like anna@example.com."`
	Code   string `json:"code" doc:"A stable word for programs." example:"input.address"`
	Field  string `json:"field,omitempty" doc:"The input field at fault." example:"address"`
	// Errors lists all fields when there is more than one.
	Errors    []FieldError    `json:"errors,omitempty" doc:"All input fields at fault, when there are several."`
	Reports   *TestResult     `json:"reports,omitempty" doc:"The connection test that failed, stage by stage."`
	UsedBy    []mailstead.Use `json:"used_by,omitempty" doc:"The first of the things for whose sake this was refused."`
	RequestID string          `json:"request_id" doc:"Names this request in the log of the service." example:"1f0c6a2be4d95b37"`

	header http.Header
}

// FieldError is what is wrong with one input field.
type FieldError struct {
	Field  string `json:"field" doc:"The input field." example:"incoming.host"`
	Detail string `json:"detail" doc:"What is wrong with it."`
}

// Error makes a Problem an error, as huma wants it.
func (p *Problem) Error() string { return p.Detail }

// GetStatus tells huma the status.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders tells huma the headers.
func (p *Problem) GetHeaders() http.Header { return p.header }

// ContentType tells huma the media type.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// kindWords is how a Kind leaves the API.
type kindWords struct {
	status int
	title  string
	// detail is said when the error has no sentence of its own.
	detail string
}

func wordsOf(k mailstead.Kind) kindWords {
	switch k {
	case mailstead.KindInvalid:
		return kindWords{http.StatusUnprocessableEntity, "Invalid input", "The input is not valid."}
	case mailstead.KindUnauthenticated:
		return kindWords{http.StatusUnauthorized, "Sign-in needed", "Sign in first."}
	case mailstead.KindForbidden:
		return kindWords{http.StatusForbidden, "Not allowed", "You may not do this."}
	case mailstead.KindNotFound:
		return kindWords{http.StatusNotFound, "Not found", "There is no such thing."}
	case mailstead.KindConflict:
		return kindWords{http.StatusConflict, "Conflict", "The present state does not allow this."}
	case mailstead.KindTooLarge:
		return kindWords{http.StatusRequestEntityTooLarge, "Too large", "The input is too large."}
	case mailstead.KindThrottled:
		return kindWords{http.StatusTooManyRequests, "Too many requests", "This was tried too often. Come back later."}
	case mailstead.KindTemporary:
		return kindWords{http.StatusBadGateway, "Temporary failure of another server", "Another server could not be reached. Try again later."}
	case mailstead.KindPermanent:
		return kindWords{http.StatusBadGateway, "Refused by another server", "Another server refused this."}
	case mailstead.KindCredentials:
		return kindWords{http.StatusUnprocessableEntity, "Sign-in refused by another server", "The mail server did not accept the sign-in."}
	case mailstead.KindUnknown:
		return kindWords{http.StatusBadGateway, "Outcome unknown", "It is not known whether the other server did this."}
	case mailstead.KindInternal:
	}
	return kindWords{
		http.StatusInternalServerError, "Internal error",
		"Something went wrong inside Mailstead. Its log tells more under this request's id.",
	}
}

// newProblem returns a problem of kind k under status.
func newProblem(status int, k mailstead.Kind) *Problem {
	w := wordsOf(k)
	return &Problem{Type: Base + "/docs#problem-" + k.String(), Title: w.title, Status: status, Detail: w.detail, Code: k.String(), header: http.Header{}}
}

// problemOf turns an error of a journey into the answer. The cause stays here: it
// goes to the log, when it is a defect, and nowhere else.
func (h *Handler) problemOf(ctx context.Context, op string, err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	kind := mailstead.KindOf(err)
	p = newProblem(wordsOf(kind).status, kind)
	p.RequestID = requestOf(ctx).id
	var special *statusError
	if errors.As(err, &special) {
		p.Status = special.status
	}
	var tested *testError
	if errors.As(err, &tested) {
		p.Reports = tested.result
	}
	switch kind {
	case mailstead.KindInternal:
		h.logDefect(ctx, op, err)
		return p
	case mailstead.KindThrottled:
		p.header.Set("Retry-After", strconv.Itoa(retryAfter(err)))
	case mailstead.KindUnauthenticated:
		// RFC 9110 section 11.6.1.
		p.header.Set("WWW-Authenticate", `Bearer realm="Mailstead"`)
	default:
	}
	p.Code = mailstead.CodeOf(err)
	for e := err; e != nil; {
		var me *mailstead.Error
		if !errors.As(e, &me) {
			break
		}
		if me.Text != "" {
			p.Detail, p.Field, p.UsedBy = me.Text, me.Field, me.UsedBy
			break
		}
		e = me.Err
	}
	return p
}

// logDefect writes the cause of an internal error to the log, unless it is only
// that the client went away.
func (h *Handler) logDefect(ctx context.Context, op string, err error) {
	level := slog.LevelError
	if ctx.Err() != nil {
		level = slog.LevelDebug
	}
	h.c.Logger.LogAttrs(ctx, level, "request failed",
		slog.String("request_id", requestOf(ctx).id), slog.String("op", op), slog.String("err", err.Error()))
}

// retryAfter returns the seconds after which a throttled caller may come back.
func retryAfter(err error) int {
	var e interface{ RetryAfter() time.Duration }
	if errors.As(err, &e) && e.RetryAfter() > 0 {
		return int(math.Ceil(e.RetryAfter().Seconds()))
	}
	return 60
}

// writeProblem answers a request outside huma.
func (h *Handler) writeProblem(w http.ResponseWriter, r *http.Request, err error) {
	h.sendProblem(w, r, h.problemOf(r.Context(), r.Pattern, err))
}

func (h *Handler) sendProblem(w http.ResponseWriter, r *http.Request, p *Problem) {
	p.RequestID = requestOf(r.Context()).id
	for name, values := range p.header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	// An error here means that the client is gone.
	_ = json.NewEncoder(w).Encode(p)
}

// rewriteProblem is a huma transformer: it gives huma's own errors the shape of all
// others. What huma echoes of the input is dropped, it may be a password.
func (h *Handler) rewriteProblem(ctx huma.Context, _ string, v any) (any, error) {
	if p, ok := v.(*Problem); ok {
		p.RequestID = requestOf(ctx.Context()).id
		return p, nil
	}
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	p := newProblem(m.Status, mailstead.KindInvalid)
	p.RequestID = requestOf(ctx.Context()).id
	p.Code = "input.invalid"
	switch {
	case m.Status == http.StatusRequestEntityTooLarge:
		return h.tooLarge(ctx, p), nil
	case m.Status == http.StatusRequestTimeout:
		p.Code, p.Detail = "request.timeout", "The request did not arrive in time."
	case m.Status == http.StatusUnsupportedMediaType:
		p.Code, p.Detail = "request.media_type", needsJSON
	case m.Status >= http.StatusInternalServerError:
		// huma read the body, and the connection broke.
		p.Detail = "The request could not be read."
	case m.Status == http.StatusBadRequest:
		p.Detail = notJSON
		if strings.Contains(m.Detail, "required") {
			p.Detail = "The request needs a body."
		}
	default:
		p.Errors = fieldErrors(m.Errors)
		if len(p.Errors) > 0 {
			p.Field, p.Detail = p.Errors[0].Field, p.Errors[0].Detail
		}
		if len(p.Errors) == 1 {
			p.Errors = nil
		}
	}
	return p, nil
}

// tooLarge is the problem of a body over the limit of its operation.
func (h *Handler) tooLarge(ctx huma.Context, p *Problem) *Problem {
	limit := ctx.Operation().MaxBodyBytes
	err := &mailstead.Error{
		Kind: mailstead.KindTooLarge, Code: "request.too_large",
		Text: "The request is larger than the " + strconv.FormatInt(limit>>20, 10) + " MB that are allowed here.",
	}
	switch {
	case ctx.Operation().OperationID == importOperation:
		err = importer.TooLarge()
	case limit > maxBody:
		err = mailstead.TooLargeAttachments(h.c.MaxAttachments)
	}
	q := h.problemOf(ctx.Context(), ctx.Operation().OperationID, err)
	q.Status = p.Status
	return q
}

const maxFieldErrors = 20

// fieldErrors puts huma's findings into sentences.
func fieldErrors(details []*huma.ErrorDetail) []FieldError {
	var out []FieldError
	for _, d := range details {
		if d == nil || len(out) == maxFieldErrors {
			continue
		}
		out = append(out, fieldError(d.Location, d.Message))
	}
	return out
}

func fieldError(location, message string) FieldError {
	if name, finding, ok := strings.Cut(message, fieldMark); ok {
		location, message = strings.TrimSuffix(location+"."+name, "."), finding
	}
	if message == msgNotJSON {
		return FieldError{"body", notJSON}
	}
	where, field, _ := strings.Cut(location, ".")
	if where == "query" && message == "unknown query parameter" {
		field = clip(field, 80)
		return FieldError{field, "There is no parameter " + field + " here."}
	}
	prefix, suffix, _ := strings.Cut(validation.MsgExpectedRequiredProperty, "%s")
	if name, ok := strings.CutPrefix(message, prefix); ok {
		if name, ok = strings.CutSuffix(name, suffix); ok {
			field = strings.TrimPrefix(field+"."+name, ".")
			return FieldError{field, "The field " + field + " is missing."}
		}
	}
	field = clip(field, 80)
	switch {
	case message == validation.MsgUnexpectedProperty:
		return FieldError{field, "There is no field " + field + " here."}
	case field == "":
		return FieldError{where, plainly("", message)}
	default:
		return FieldError{field, plainly(field, message)}
	}
}

// testError is an error with the connection test that led to it.
type testError struct {
	err    error
	result *TestResult
}

func (e *testError) Error() string { return e.err.Error() }
func (e *testError) Unwrap() error { return e.err }
