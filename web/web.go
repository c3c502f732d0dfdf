// Package web serves the pages, which are a client of the API in the browser.
//
//  1. The build of the pages (make web) writes web/dist, which is part of the program.
//  2. New reads it once. A file of the build that is compressed (.br, .gz) is another
//     form of the file beside it; which one is sent, Accept-Encoding decides.
//  3. Names under /assets hold a hash of their content: browsers keep them for a year.
//     All else is asked for again each time and has an ETag.
//  4. Any other path is a place of the pages, which they find by themselves: it gets
//     index.html.
//  5. Every answer carries the headers that let a browser run nothing but these files.
//
// A program that was built without the pages says so at every path.
package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

//go:embed all:dist
var dist embed.FS

// Policy is the Content-Security-Policy of the pages: only files of their own, no
// script or style in the markup, nobody may frame them.
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; " +
	"connect-src 'self'; frame-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// headers are those of every answer.
var headers = map[string]string{
	"Content-Security-Policy":      Policy,
	"X-Content-Type-Options":       "nosniff",
	"Referrer-Policy":              "no-referrer",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Permissions-Policy": "accelerometer=(), autoplay=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), " +
		"gyroscope=(), hid=(), identity-credentials-get=(), magnetometer=(), microphone=(), midi=(), payment=(), " +
		"screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=()",
}

const (
	index  = "index.html"
	assets = "assets/"
	// forever is for names that change with their content.
	forever = "public, max-age=31536000, immutable"
	// fresh is for names that don't: kept, but asked for each time.
	fresh = "no-cache"
)

// notBuilt is what a program without the pages shows.
const notBuilt = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Mailstead</title>
</head>
<body>
<h1>Mailstead runs, without its pages</h1>
<p>This program was built without them. Stop it and type <code>make run</code>, which builds both; that needs Node 20.19 or newer.</p>
<p>Everything else works: the command line, and the API with its <a href="/api/v1/docs">documentation</a>.</p>
</body>
</html>
`

// Dist returns the build of the pages that is part of the program. Without one it
// holds no index.html.
func Dist() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // the directory is named in this file
	}
	return files
}

// file is one file of the build in all its forms, the best one first.
type file struct {
	contentType, cache string
	forms              []form
}

// form is the content as it is sent.
type form struct {
	encoding string // "" is as it is
	etag     string
	data     []byte
}

// handler serves the files by their names.
type handler struct{ files map[string]*file }

// New returns a handler of the pages in files, which Dist returns. It answers every
// path, so what is not a page must be routed before. base is the path below which
// browsers find the service, such as "/mailstead", "" for the root of a host; requests
// come without it.
func New(files fs.FS, base string) (http.Handler, error) {
	h := &handler{files: make(map[string]*file)}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		hidden := strings.HasPrefix(path.Base(name), ".")
		if err != nil || d.IsDir() || hidden || strings.HasSuffix(name, ".br") || strings.HasSuffix(name, ".gz") {
			return err
		}
		f, err := read(files, name)
		if err != nil {
			return fmt.Errorf("read the pages: %w", err)
		}
		h.files[name] = f
		return nil
	})
	if f := h.files[index]; f != nil {
		page := placed(f.forms[len(f.forms)-1].data, base)
		f.forms = []form{newForm("gzip", compressed(page)), newForm("", page)}
	}
	if err == nil && h.files[index] == nil {
		h.files = map[string]*file{index: {contentType: typeOf(index), cache: fresh, forms: []form{newForm("", []byte(notBuilt))}}}
	}
	return h, err
}

// placed is a page whose files lie beside it for one that is shown at any path.
func placed(page []byte, base string) []byte {
	page = bytes.ReplaceAll(page, []byte(`="./`), []byte(`="`+html.EscapeString(base)+`/`))
	if base == "" {
		return page
	}
	return bytes.Replace(page, []byte("<html "), []byte(`<html data-base="`+html.EscapeString(base)+`" `), 1)
}

func compressed(data []byte) []byte {
	var b bytes.Buffer
	// A buffer takes everything.
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	_, _ = w.Write(data)
	_ = w.Close()
	return b.Bytes()
}

func read(files fs.FS, name string) (*file, error) {
	f := &file{contentType: typeOf(name), cache: fresh}
	if strings.HasPrefix(name, assets) {
		f.cache = forever
	}
	for _, form := range []struct{ encoding, suffix string }{{"br", ".br"}, {"gzip", ".gz"}, {"", ""}} {
		data, err := fs.ReadFile(files, name+form.suffix)
		if errors.Is(err, fs.ErrNotExist) && form.suffix != "" {
			continue
		}
		if err != nil {
			return nil, err
		}
		f.forms = append(f.forms, newForm(form.encoding, data))
	}
	return f, nil
}

func newForm(encoding string, data []byte) form {
	sum := sha256.Sum256(data)
	return form{encoding: encoding, etag: `"` + hex.EncodeToString(sum[:12]) + `"`, data: data}
}

// types are those of the build, which must not depend on the machine's own list.
var types = map[string]string{
	".css": "text/css; charset=utf-8", ".html": "text/html; charset=utf-8", ".ico": "image/x-icon", ".jpg": "image/jpeg",
	".js": "text/javascript; charset=utf-8", ".json": "application/json", ".map": "application/json", ".png": "image/png",
	".svg": "image/svg+xml", ".txt": "text/plain; charset=utf-8", ".webmanifest": "application/manifest+json",
	".webp": "image/webp", ".woff2": "font/woff2",
}

func typeOf(name string) string {
	ext := path.Ext(name)
	if t := types[ext]; t != "" {
		return t
	}
	if t := mime.TypeByExtension(ext); t != "" {
		return t
	}
	return "application/octet-stream"
}

// ServeHTTP answers a request for a page or one of its files.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	for name, value := range headers {
		head.Set(name, value)
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		head.Set("Allow", "GET, HEAD")
		plain(w, http.StatusMethodNotAllowed, "Pages can only be read.")
		return
	}
	name := strings.TrimPrefix(r.URL.Path, "/")
	f := h.files[name]
	if f == nil {
		if strings.HasPrefix(name, assets) && len(h.files) > 1 {
			// A page of an older build asks for what is gone: it must not take a page
			// for a script.
			plain(w, http.StatusNotFound, "There is no such file in this version.")
			return
		}
		f = h.files[index]
	}
	f.serve(w, r)
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	chosen := f.forms[len(f.forms)-1]
	for _, form := range f.forms {
		if form.encoding == "" || accepts(r.Header.Values("Accept-Encoding"), form.encoding) {
			chosen = form
			break
		}
	}
	if len(f.forms) > 1 {
		head.Set("Vary", "Accept-Encoding")
	}
	if chosen.encoding != "" {
		head.Set("Content-Encoding", chosen.encoding)
		if r.Header.Get("Range") == "" {
			head.Set("Content-Length", strconv.Itoa(len(chosen.data)))
		}
	}
	head.Set("Content-Type", f.contentType)
	head.Set("Cache-Control", f.cache)
	head.Set("Etag", chosen.etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(chosen.data))
}

// accepts reports whether an Accept-Encoding names the encoding (RFC 9110 section
// 12.5.3). The asterisk is not asked: a client that means br or gzip says so.
func accepts(values []string, encoding string) bool {
	for part := range strings.SplitSeq(strings.Join(values, ","), ",") {
		name, weight, _ := strings.Cut(part, ";")
		if !strings.EqualFold(strings.TrimSpace(name), encoding) {
			continue
		}
		q, given := strings.CutPrefix(strings.ReplaceAll(strings.ToLower(weight), " ", ""), "q=")
		v, err := strconv.ParseFloat(q, 32)
		return !given || (err == nil && v > 0)
	}
	return false
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// An error here means that the client is gone.
	_, _ = w.Write([]byte(text + "\n"))
}
