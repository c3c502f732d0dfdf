package api

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/mailstead/mailstead"
)

//go:embed docs.html.tmpl
var docsTemplate string

//go:embed page.css
var pageStyle string

// page is a finished document.
type page struct {
	contentType string
	policy      string
	body        []byte
}

func (p *page) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", p.contentType)
	w.Header().Set("Cache-Control", "no-cache")
	if p.policy != "" {
		w.Header().Set("Content-Security-Policy", p.policy)
	}
	// An error here means that the client is gone.
	_, _ = w.Write(p.body)
}

// pageRoutes serves the documents that need no sign-in. Each is made from the
// registered operations when it is first asked for, and kept.
func (h *Handler) pageRoutes() {
	api := h.huma.OpenAPI()
	tidySchemas(api.Components.Schemas)
	tidyAnswers(api)
	openAnswers(api)
	h.page(Base+"/openapi.json", func() (*page, error) {
		spec, err := json.MarshalIndent(api, "", "  ")
		return &page{contentType: "application/openapi+json", body: append(spec, '\n')}, err
	})
	h.page(Base+"/openapi.yaml", func() (*page, error) {
		spec, err := api.YAML()
		return &page{contentType: "application/openapi+yaml", body: spec}, err
	})
	h.page(Base+"/docs", func() (*page, error) { return htmlPage(docsTemplate, docsOf(api)) })
	h.mux.HandleFunc("GET /healthz", h.healthz)
	h.mux.HandleFunc("GET /readyz", h.readyz)
}

func (h *Handler) page(path string, build func() (*page, error)) {
	once := sync.OnceValues(build)
	h.mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
		p, err := once()
		if err != nil {
			h.writeProblem(w, r, fmt.Errorf("make %s: %w", path, err))
			return
		}
		p.ServeHTTP(w, r)
	})
}

// htmlPage renders a template with the one style sheet, which is the only thing
// that the page may use.
func htmlPage(text string, data any) (*page, error) {
	t, err := template.New("page").Funcs(template.FuncMap{
		"style":  func() template.CSS { return template.CSS(pageStyle) }, //nolint:gosec // our own style sheet
		"inline": inlineCode,
	}).Parse(text)
	if err != nil {
		return nil, fmt.Errorf("read the template: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(pageStyle))
	return &page{
		contentType: "text/html; charset=utf-8",
		policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; " +
			"base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
		body: b.Bytes(),
	}, nil
}

// docsPage is what the template of the documentation shows.
type docsPage struct {
	Title, Version, Base string
	Intro                []string
	Chapters             []docsChapter
	Problems             []docsProblem
	Schemas              []docsSchema
}

type docsChapter struct {
	Name, Anchor, About string
	Operations          []docsOperation
}

type docsOperation struct {
	ID, Method, Path, Summary, About string
	Open                             bool
	Params                           []docsField
	Body                             *docsBody
	Answers                          []docsAnswer
}

type docsBody struct {
	Schema  docsType
	Fields  []docsField
	Example string
}

type docsField struct {
	Name, In string
	Type     docsType
	Required bool
	About    string
}

// docsType is the type of a field in words, with the schema that it links to.
type docsType struct{ Text, Link string }

type docsAnswer struct {
	Status, Text, Media string
	Type                docsType
}

type docsSchema struct {
	Name, About string
	Fields      []docsField
}

type docsProblem struct {
	Kind, Title, Detail string
	Status              int
}

func docsOf(api *huma.OpenAPI) docsPage {
	p := docsPage{Title: api.Info.Title, Version: api.Info.Version, Base: api.Servers[0].URL, Intro: strings.Split(api.Info.Description, "\n\n")}
	for _, tag := range api.Tags {
		c := docsChapter{Name: tag.Name, Anchor: anchor(tag.Name), About: tag.Description}
		for _, path := range sortedKeys(api.Paths) {
			for _, op := range operationsOf(api.Paths[path]) {
				if slices.Contains(op.Tags, tag.Name) {
					c.Operations = append(c.Operations, docsOperationOf(op, api.Components.Responses))
				}
			}
		}
		p.Chapters = append(p.Chapters, c)
	}
	for k := mailstead.KindInternal; k <= mailstead.KindUnknown; k++ {
		w := wordsOf(k)
		p.Problems = append(p.Problems, docsProblem{Kind: k.String(), Title: w.title, Detail: w.detail, Status: w.status})
	}
	schemas := api.Components.Schemas.Map()
	for _, name := range sortedKeys(schemas) {
		p.Schemas = append(p.Schemas, docsSchema{Name: name, About: schemas[name].Description, Fields: docsFields(schemas[name])})
	}
	return p
}

func operationsOf(item *huma.PathItem) []*huma.Operation {
	all := []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete}
	return slices.DeleteFunc(all, func(op *huma.Operation) bool { return op == nil })
}

func docsOperationOf(op *huma.Operation, responses map[string]*huma.Response) docsOperation {
	d := docsOperation{
		ID: op.OperationID, Method: op.Method, Path: op.Path, Summary: op.Summary, About: op.Description, Open: len(op.Security) == 0,
	}
	for _, q := range op.Parameters {
		d.Params = append(d.Params, docsField{Name: q.Name, In: q.In, Type: typeOf(q.Schema), Required: q.Required, About: q.Description})
	}
	if op.RequestBody != nil {
		if m := op.RequestBody.Content["application/json"]; m != nil {
			d.Body = &docsBody{Schema: typeOf(m.Schema)}
			if m.Example != nil {
				// Examples are our own maps and strings: Marshal cannot fail.
				b, _ := json.MarshalIndent(m.Example, "", "  ")
				d.Body.Example = string(b)
			}
		}
	}
	for _, status := range sortedKeys(op.Responses) {
		r := op.Responses[status]
		if name, ok := strings.CutPrefix(r.Ref, "#/components/responses/"); ok {
			r = responses[name]
		}
		a := docsAnswer{Status: status, Text: r.Description}
		for media, m := range r.Content {
			// That an error is a Problem need not be said each time.
			if status < "400" {
				a.Media, a.Type = media, typeOf(m.Schema)
			}
		}
		d.Answers = append(d.Answers, a)
	}
	return d
}

func docsFields(s *huma.Schema) []docsField {
	var out []docsField
	for _, name := range sortedKeys(s.Properties) {
		f := s.Properties[name]
		out = append(out, docsField{Name: name, Type: typeOf(f), Required: slices.Contains(s.Required, name), About: f.Description})
	}
	return out
}

// typeOf says in words what a schema is.
func typeOf(s *huma.Schema) docsType {
	switch {
	case s == nil:
		return docsType{}
	case s.Ref != "":
		name := s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]
		return docsType{Text: name, Link: name}
	case s.Type == huma.TypeArray:
		t := typeOf(s.Items)
		return docsType{Text: "list of " + t.Text, Link: t.Link}
	case len(s.Enum) > 0:
		return docsType{Text: wordList(s.Enum)}
	case s.Type == "":
		return docsType{Text: "any"}
	case s.Format != "" && s.Format != "int64" && s.Format != "int32":
		return docsType{Text: s.Type + ", " + s.Format}
	case s.ContentEncoding != "":
		return docsType{Text: s.Type + ", " + s.ContentEncoding}
	case s.Type == huma.TypeObject:
		if v, ok := s.AdditionalProperties.(*huma.Schema); ok {
			t := typeOf(v)
			return docsType{Text: "map of " + t.Text, Link: t.Link}
		}
	}
	return docsType{Text: s.Type}
}

// wordList joins the words of an enumeration; the empty word is shown as such.
func wordList(words []any) string {
	var out []string
	for _, w := range words {
		text := fmt.Sprint(w)
		if text == "" {
			text = `""`
		}
		out = append(out, text)
	}
	return strings.Join(out, " | ")
}

// inlineCode renders the little CommonMark of our texts: `code` and **strong**.
func inlineCode(text string) template.HTML {
	var b strings.Builder
	for i, part := range strings.Split(text, "`") {
		escaped := template.HTMLEscapeString(part)
		if i%2 == 1 {
			b.WriteString("<code>" + escaped + "</code>")
			continue
		}
		for j, piece := range strings.Split(escaped, "**") {
			if j%2 == 1 {
				piece = "<strong>" + piece + "</strong>"
			}
			b.WriteString(piece)
		}
	}
	return template.HTML(b.String()) //nolint:gosec // every piece was escaped above
}

func anchor(name string) string {
	return strings.ReplaceAll(strings.ToLower(name), " ", "-")
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
