package message

import (
	"strings"
)

// content is what the parts of a mail mean to a reader.
type content struct {
	bodies      []body
	attachments []attachment
}

// body is one piece of the visible text. An alternative has both forms.
type body struct {
	plain, html *part
	// inner holds the pieces of a form that is itself made of several.
	plainInner, htmlInner []body
}

// attachment is a part that is not text to be read.
type attachment struct {
	part   *part
	inline bool
}

// collect sorts the tree into bodies and attachments.
func collect(root *part) content {
	var c content
	c.bodies = c.walk(root, "")
	return c
}

// walk returns the bodies below p and adds the attachments to c. parent is the
// type of the multipart around p.
func (c *content) walk(p *part, parent string) []body {
	switch kind := p.contentType.value; {
	case kind == "multipart/alternative":
		return c.alternative(p)
	case strings.HasPrefix(kind, "multipart/"):
		var out []body
		for i, child := range p.children {
			bodies := c.walkChild(child, kind, i, len(out) > 0)
			out = append(out, bodies...)
		}
		return out
	default:
		return c.walkChild(p, parent, 0, false)
	}
}

func (c *content) walkChild(p *part, parent string, index int, hasBody bool) []body {
	if strings.HasPrefix(p.contentType.value, "multipart/") {
		return c.walk(p, parent)
	}
	if isBody(p, hasBody) {
		c.attachments = append(c.attachments, p.takeUU(maxParts-len(c.attachments))...)
		if p.contentType.value == "text/html" {
			return []body{{html: p}}
		}
		return []body{{plain: p}}
	}
	inline := p.disposition.value == "inline" || (p.disposition.value == "" && parent == "multipart/related" && index > 0)
	c.attachments = append(c.attachments, attachment{part: p, inline: inline})
	return nil
}

// isBody reports whether a leaf is text to be read. A text with a file name is a
// file, unless it is all the text there is.
func isBody(p *part, hasBody bool) bool {
	switch p.contentType.value {
	case "text/plain", "text/html", "text/enriched", "text/richtext":
	default:
		return false
	}
	if p.disposition.value == "attachment" {
		return false
	}
	return !hasBody || p.fileName() == ""
}

// alternative takes the first plain form and the last rich one (RFC 2046 section
// 5.1.4).
func (c *content) alternative(p *part) []body {
	var out body
	found := false
	for i, child := range p.children {
		bodies := c.walkChild(child, p.contentType.value, i, false)
		switch {
		case len(bodies) == 0:
		case rich(bodies):
			found = true
			out.html, out.htmlInner = nil, bodies
		case out.plainInner == nil:
			found = true
			out.plainInner = bodies
		}
	}
	if !found {
		return nil
	}
	return []body{out}
}

// rich reports whether one of the bodies is HTML.
func rich(bodies []body) bool {
	for _, b := range bodies {
		if b.html != nil || b.htmlInner != nil {
			return true
		}
	}
	return false
}

// reader decodes bodies. raw bounds how much of one encoded part is decoded, 0
// means all.
type reader struct {
	raw int
	d   *defects
}

// text decodes one text part to UTF-8 with LF line ends.
func (r *reader) text(p *part) string {
	raw := p.body
	if r.raw > 0 && len(raw) > r.raw {
		raw = raw[:r.raw]
	}
	encoding := p.encoding
	if encoding == "base64" && notBase64(raw) {
		r.d.add("text is not encoded as it says")
		encoding = ""
	}
	data := decodeTransfer(raw, encoding)
	charset := p.contentType.param("charset")
	if charset == "" && p.contentType.value == "text/html" {
		charset = metaCharset(data)
	}
	s := readable(decodeCharset(data, charset, r.d))
	switch p.contentType.value {
	case "text/plain":
		if strings.EqualFold(p.contentType.param("format"), "flowed") {
			return unflow(s, strings.EqualFold(p.contentType.param("delsp"), "yes"))
		}
	case "text/enriched", "text/richtext":
		return plainFromEnriched(s)
	}
	return s
}

// notBase64 tells text that only says to be base64: base64 has neither spaces
// inside of its lines nor many other characters.
func notBase64(raw []byte) bool {
	odd, n := 0, 0
	for _, c := range raw[:min(len(raw), 2048)] {
		switch {
		case c == '\r' || c == '\n':
			continue
		case base64Value(c) < 0 && c != '=':
			odd++
		}
		n++
	}
	return odd > 2 && odd*50 > n
}

// readable gives a text LF line ends and takes out what no text has.
func readable(s string) string {
	s = normalText(s)
	if strings.Contains(s, "\ufeff") {
		s = strings.ReplaceAll(s, "\ufeff", "")
	}
	return s
}

// plain joins the plain form of all bodies, made from HTML where there is none.
func (r *reader) plain(bodies []body) string {
	var out []string
	for _, b := range bodies {
		var s string
		switch {
		case b.plain != nil:
			s = r.text(b.plain)
		case b.plainInner != nil:
			s = r.plain(b.plainInner)
		case b.html != nil:
			s = HTMLToText(r.text(b.html))
		default:
			s = r.plain(b.htmlInner)
		}
		out = append(out, s)
	}
	return strings.Join(out, "\n")
}

// html joins the HTML form of all bodies; "" when none has one.
func (r *reader) html(bodies []body) string {
	if !rich(bodies) {
		return ""
	}
	var out []string
	for _, b := range bodies {
		switch {
		case b.html != nil:
			out = append(out, r.text(b.html))
		case b.htmlInner != nil:
			out = append(out, r.html(b.htmlInner))
		case b.plain != nil:
			out = append(out, TextToHTML(r.text(b.plain)))
		default:
			out = append(out, TextToHTML(r.plain(b.plainInner)))
		}
	}
	return strings.Join(out, "\n")
}

// bodyCharset is the character set of the first text, a guess for header bytes
// that do not say what they are.
func bodyCharset(bodies []body) string {
	for _, b := range bodies {
		for _, p := range []*part{b.plain, b.html} {
			if p != nil && p.contentType.param("charset") != "" {
				return p.contentType.param("charset")
			}
		}
		for _, inner := range [][]body{b.plainInner, b.htmlInner} {
			if s := bodyCharset(inner); s != "" {
				return s
			}
		}
	}
	return ""
}

// hasFiles reports whether a person would call the mail one with attachments:
// pictures that stand in the HTML and signatures do not count.
func (c *content) hasFiles() bool {
	for _, a := range c.attachments {
		switch a.part.contentType.value {
		case "application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature":
			continue
		}
		if !a.inline || a.part.contentID() == "" {
			return true
		}
	}
	return false
}
