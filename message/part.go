package message

import (
	"bytes"
	"strings"
)

// part is one node of the MIME tree (RFC 2046). body is a slice of the mail,
// still encoded; children are there for multipart types only.
type part struct {
	header      header
	contentType media
	disposition media
	encoding    string
	body        []byte
	children    []*part
}

// tree builds the parts of one mail and keeps count of the limits.
type tree struct {
	d      *defects
	parts  int
	budget int
	// decoded is set once an encoded multipart was decoded: a second one inside
	// of it would multiply the memory.
	decoded bool
}

// parseTree reads a whole mail.
func parseTree(data []byte, d *defects) *part {
	h, body := scanMail(data, d)
	t := &tree{d: d, budget: maxScans*len(data) + 4096}
	return t.part(h, body, "text/plain", 0)
}

// part reads the content fields of one part and, for a multipart, its children.
func (t *tree) part(h header, body []byte, fallback string, depth int) *part {
	t.parts++
	p := &part{header: h, body: body}
	p.contentType = parseMedia(h.get("Content-Type"), t.d)
	p.disposition = parseMedia(h.get("Content-Disposition"), t.d)
	p.encoding = t.transferEncoding(h)
	p.contentType.value = t.mediaType(p, fallback)
	if !strings.HasPrefix(p.contentType.value, "multipart/") {
		return p
	}
	if depth >= maxDepth {
		t.d.add("parts nested too deep")
		p.contentType.value = "application/octet-stream"
		return p
	}
	// RFC 2045 section 6.4 forbids to encode a multipart; some do.
	if p.encoding != "" {
		t.d.add("encoded multipart")
		if t.decoded {
			p.contentType.value = "application/octet-stream"
			return p
		}
		t.decoded = true
		p.body = decodeTransfer(body, p.encoding)
		p.encoding = ""
	}
	t.split(p, depth)
	if len(p.children) == 0 {
		t.d.add("multipart without parts")
		p.contentType = media{value: "text/plain", params: p.contentType.params}
	}
	return p
}

// mediaType returns the type that the part is treated as.
func (t *tree) mediaType(p *part, fallback string) string {
	v := p.contentType.value
	switch v {
	case "":
		return fallback
	case "html":
		t.d.add("broken content type")
		return "text/html"
	case "text", "plain", "text/":
		t.d.add("broken content type")
		return "text/plain"
	}
	major, minor, ok := strings.Cut(v, "/")
	if ok && isToken(major) && isToken(minor) {
		return v
	}
	t.d.add("broken content type")
	switch {
	case major == "multipart":
		return "multipart/mixed"
	case p.fileName() != "" || p.disposition.value == "attachment":
		return "application/octet-stream"
	}
	return fallback
}

// transferEncoding returns the encoding that needs undoing, or "".
func (t *tree) transferEncoding(h header) string {
	raw := h.get("Content-Transfer-Encoding")
	if raw == nil {
		return ""
	}
	e := strings.ToLower(strings.Trim(string(unfold(raw)), "\"' ;"))
	e, _, _ = strings.Cut(e, ";")
	if i := strings.IndexAny(e, " \t("); i > 0 {
		e = e[:i]
	}
	switch e {
	case "base64", "quoted-printable", "x-uuencode", "uuencode", "x-uue", "uue":
		return e
	case "quotedprintable", "quoted-printible", "qp", "quoted_printable":
		return "quoted-printable"
	case "b64", "base-64", "base_64":
		return "base64"
	case "7bit", "8bit", "binary", "7-bit", "8-bit", "none", "":
	default:
		t.d.add("unknown transfer encoding")
	}
	return ""
}

// split cuts the body of a multipart at its boundaries (RFC 2046 section 5.1.1).
// A missing end is the end of the body. As children only see their own range, an
// inner part never runs over the end of an outer one.
func (t *tree) split(p *part, depth int) {
	boundary := strings.TrimRight(p.contentType.param("boundary"), " ")
	if boundary == "" {
		if boundary = t.guessBoundary(p.body); boundary == "" {
			t.d.add("multipart without boundary")
			return
		}
		t.d.add("boundary not declared")
	}
	if t.budget -= len(p.body); t.budget < 0 {
		t.d.add("parts nested too deep")
		return
	}
	fallback := "text/plain"
	if p.contentType.value == "multipart/digest" {
		fallback = "message/rfc822" // RFC 2046 section 5.1.5
	}
	delimiter := []byte("--" + boundary)
	at := findDelimiter(p.body, delimiter)
	for body := p.body; at.ok && !at.last; {
		if t.parts >= maxParts {
			t.d.add("too many parts")
			return
		}
		body = body[at.after:]
		at = findDelimiter(body, delimiter)
		content := body[:at.before]
		if !at.ok {
			t.d.add("multipart without end")
			if blank(content) {
				return
			}
		}
		h, inner := scanHeader(content, t.d)
		if len(h) > 0 && !h.known() {
			// A part without header whose text begins with a colon in its line.
			t.d.add("part without header")
			h, inner = nil, content
		}
		p.children = append(p.children, t.part(h, inner, fallback, depth+1))
	}
}

// delimiter is where a boundary line was found.
type delimiter struct {
	// before is the end of what comes before it, without the line end that
	// belongs to the delimiter; after is the begin of the next line.
	before, after int
	// last marks the closing delimiter; ok is false when there is none at all.
	last, ok bool
}

// findDelimiter finds the next line that is mark, or mark and "--", and spaces.
func findDelimiter(body, mark []byte) delimiter {
	for pos := 0; ; {
		i := bytes.Index(body[pos:], mark)
		if i < 0 {
			return delimiter{before: len(body)}
		}
		i += pos
		pos = i + len(mark)
		if i > 0 && body[i-1] != '\n' {
			continue
		}
		end := pos + lineEnd(body[pos:])
		rest, last := bytes.CutPrefix(body[pos:end], []byte("--"))
		if !blank(rest) && (!last || boundaryChar(rest[0])) {
			continue
		}
		return delimiter{before: len(trimOneEOL(body[:i])), after: end, last: last, ok: true}
	}
}

// boundaryChar reports whether c may be part of a boundary (RFC 2046 section
// 5.1.1).
func boundaryChar(c byte) bool {
	return isLetter(c) || c >= '0' && c <= '9' || bytes.IndexByte([]byte("'()+_,-./:=?"), c) >= 0
}

// trimOneEOL removes one line end.
func trimOneEOL(b []byte) []byte {
	if n := len(b); n > 0 && b[n-1] == '\n' {
		b = b[:n-1]
		if n > 1 && b[n-2] == '\r' {
			b = b[:n-2]
		}
	}
	return b
}

// guessBoundary looks for a line "--x" that is followed later by "--x--".
func (t *tree) guessBoundary(body []byte) string {
	for i := 0; i < 100 && len(body) > 0 && t.budget > 0; i++ {
		end := lineEnd(body)
		line := bytes.TrimRight(trimEOL(body[:end]), " \t")
		body = body[end:]
		if len(line) > 2 && len(line) < 100 && bytes.HasPrefix(line, []byte("--")) && line[2] != '-' {
			t.budget -= len(body)
			if findDelimiter(body, append(bytes.Clone(line), "--"...)).ok {
				return string(line[2:])
			}
		}
	}
	return ""
}

// fileName is the name that the part declares, cleaned.
func (p *part) fileName() string {
	name := p.disposition.param("filename")
	if name == "" {
		name = p.disposition.param("name")
	}
	if name == "" {
		name = p.contentType.param("name")
	}
	if name == "" {
		name = p.contentType.param("filename")
	}
	if name == "" {
		name = p.contentType.param("file")
	}
	return cleanFileName(name)
}

// contentID returns the identifier of RFC 2392 without brackets.
func (p *part) contentID() string {
	return strings.Trim(cut(cleanLine(strings.ToValidUTF8(string(unfold(p.header.get("Content-ID"))), "")), maxIDLen), "<> ")
}

// data is the content of the part with its transfer encoding undone.
func (p *part) data() []byte { return decodeTransfer(p.body, p.encoding) }

// cleanFileName keeps the last element of a path and no character that could
// mislead a person or a file system.
func cleanFileName(name string) string {
	name = cleanLine(name)
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == 0 || strings.ContainsRune("\"<>|:*?", r) {
			return '_'
		}
		return r
	}, name))
	if strings.Trim(name, ". ") == "" {
		return ""
	}
	return cut(name, 255)
}
