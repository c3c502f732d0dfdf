package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/mailstead/mailstead"
)

// route describes one operation.
type route struct {
	method, path string
	id           string
	tag          string
	summary      string
	about        string
	// status is the answer's status when it is not 200, or 204 for no body.
	status int
	// open routes need no sign-in.
	open bool
	// errors are the statuses beside those that follow from the rest.
	errors []int
	// also documents answers beside the first, by status.
	also map[int]string
	// media is the media type of an answer that is not JSON.
	media string
	// large allows a body of that many bytes; its schema is checked by the journey
	// alone.
	large int64
	// example is a body of the request; body tells that there is one.
	example any
	body    bool
}

// How long a body may take to arrive.
const (
	bodyTimeout      = 30 * time.Second
	largeBodyTimeout = 5 * time.Minute
)

// add registers a route. handle decodes nothing and writes nothing: it calls a
// journey and returns what is to be rendered.
func add[I, O any](h *Handler, r route, handle func(context.Context, mailstead.Actor, *I) (*O, error)) {
	_, r.body = reflect.TypeFor[I]().FieldByName("Body")
	huma.Register(h.huma, h.operation(r), func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, actorOf(ctx), in)
		if err != nil {
			return nil, h.problemOf(ctx, r.id, err)
		}
		return out, nil
	})
}

// operation turns a route into huma's form.
func (h *Handler) operation(r route) huma.Operation {
	op := huma.Operation{
		Method: r.method, Path: r.path, OperationID: r.id, Tags: []string{r.tag},
		Summary: r.summary, Description: r.about, DefaultStatus: r.status,
		MaxBodyBytes: maxBody, BodyReadTimeout: bodyTimeout,
		Responses: map[string]*huma.Response{},
		Errors:    r.errors,
	}
	if r.open {
		op.Security = []map[string][]string{}
	} else {
		op.Security = []map[string][]string{{"session": {}}, {"token": {}}}
		op.Errors = append([]int{http.StatusUnauthorized, http.StatusForbidden}, op.Errors...)
		op.Middlewares = huma.Middlewares{h.signedIn}
	}
	if r.body {
		op.Errors = append(op.Errors, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	if len(op.Errors) == 0 {
		op.Errors = []int{http.StatusUnprocessableEntity}
	}
	if r.large > 0 {
		// The schema check would copy a large body twice; unknown fields and wrong
		// types are still found when it is decoded.
		op.MaxBodyBytes, op.BodyReadTimeout, op.SkipValidateBody = r.large, largeBodyTimeout, true
		op.Middlewares = append(op.Middlewares, h.roomForBody)
	}
	if r.example != nil {
		op.RequestBody = &huma.RequestBody{Content: map[string]*huma.MediaType{"application/json": {Example: r.example}}}
	}
	if r.media != "" {
		op.Responses["200"] = &huma.Response{
			Description: http.StatusText(http.StatusOK),
			Content:     map[string]*huma.MediaType{r.media: {Schema: &huma.Schema{Type: "string", Format: "binary"}}},
		}
	}
	for status, text := range r.also {
		op.Responses[strconv.Itoa(status)] = &huma.Response{Description: text}
	}
	return op
}

const (
	// largeBodies is how many bodies of the largest size are in memory at once.
	largeBodies = 4
	// roomTimeout is how long a large body waits for others to be done with.
	roomTimeout = 30 * time.Second
)

// roomForBody is the huma middleware that bounds the memory which large bodies take
// together. Ordinary ones never wait.
func (h *Handler) roomForBody(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	typed := r.Header.Get("Content-Type")
	if media, _, err := mime.ParseMediaType(typed); typed != "" && (err != nil || media != "application/json") {
		p := newProblem(http.StatusUnsupportedMediaType, mailstead.KindInvalid)
		p.Code, p.Detail = "request.media_type", needsJSON
		h.sendProblem(w, r, p)
		return
	}
	size := r.ContentLength
	if limit := ctx.Operation().MaxBodyBytes; size < 0 || size > limit {
		size = limit
	}
	if size > maxBody {
		wait, cancel := context.WithTimeout(ctx.Context(), roomTimeout)
		defer cancel()
		if h.large.Acquire(wait, size) != nil {
			h.writeProblem(w, r, &mailstead.Error{
				Kind: mailstead.KindThrottled, Code: "service.busy",
				Text: "Many large mails are being submitted just now. Try again in a minute.",
			})
			return
		}
		defer h.large.Release(size)
	}
	next(ctx)
}

// newHuma returns huma set up for us: strict, with our own documents and errors. outside
// is where clients find the API.
func newHuma(mux *http.ServeMux, version, outside string, transform huma.Transformer) huma.API {
	registry := huma.NewMapRegistry(schemaPrefix, schemaName)
	aliasSchemas(registry)
	jsonFormat := huma.Format{Marshal: writeJSON, Unmarshal: readJSON}
	return humago.NewWithPrefix(mux, Base, huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info:    &huma.Info{Title: "Mailstead", Version: version, Description: intro},
			Servers: []*huma.Server{{URL: outside}},
			Tags:    tags(),
			Components: &huma.Components{
				Schemas: registry,
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"session": {Type: "apiKey", In: "cookie", Name: secureCookie, Description: "The cookie that POST /session sets; over plain http on the own machine it is called " + plainCookie + "."},
					"token":   {Type: "http", Scheme: "bearer", Description: "A token made with POST /tokens; it begins with mst_."},
				},
			},
		},
		Formats:                      map[string]huma.Format{"application/json": jsonFormat, "json": jsonFormat},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
		Transformers:                 []huma.Transformer{transform},
	})
}

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// readJSON reads exactly one value and knows every field of it.
func readJSON(data []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return unread(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New(msgNotJSON)
	}
	return nil
}
