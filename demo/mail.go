package demo

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"strings"
	"time"

	"github.com/mailstead/mailstead"
)

// mail is a mail to be written. Text, HTML or both are its body.
type mail struct {
	id      string
	from    mailstead.Address
	to, cc  []mailstead.Address
	replyTo string
	subject string
	at      time.Time
	text    string
	html    string
	// references are the ids of the mails before it, the one it answers last.
	references []string
	// inline are files that the HTML shows by cid:NAME.
	inline []file
	files  []file
	// fields are further fields of the header, whole lines.
	fields []string
}

// file is a file in a mail.
type file struct {
	name, media string
	data        []byte
}

// bytes writes the mail (RFC 5322, RFC 2045).
func (m *mail) bytes() []byte {
	var b bytes.Buffer
	field(&b, "Date", m.at.Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	field(&b, "From", addresses(m.from))
	if len(m.to) > 0 {
		field(&b, "To", addresses(m.to...))
	}
	if len(m.cc) > 0 {
		field(&b, "Cc", addresses(m.cc...))
	}
	if m.replyTo != "" {
		field(&b, "Reply-To", m.replyTo)
	}
	field(&b, "Message-ID", "<"+m.id+">")
	if n := len(m.references); n > 0 {
		field(&b, "In-Reply-To", "<"+m.references[n-1]+">")
		field(&b, "References", "<"+strings.Join(m.references, "> <")+">")
	}
	field(&b, "Subject", mime.QEncoding.Encode("utf-8", m.subject))
	for _, line := range m.fields {
		b.WriteString(line + "\r\n")
	}
	b.WriteString("MIME-Version: 1.0\r\n")
	root := m.body()
	root.write(&b)
	return b.Bytes()
}

// field writes a field, folded where a space allows it (RFC 5322 section 2.2.3).
func field(b *bytes.Buffer, name, value string) {
	line := len(name) + 1
	b.WriteString(name + ":")
	for word := range strings.SplitSeq(value, " ") {
		if line+1+len(word) > 78 && line > len(name)+1 {
			b.WriteString("\r\n")
			line = 0
		}
		b.WriteString(" " + word)
		line += 1 + len(word)
	}
	b.WriteString("\r\n")
}

func addresses(list ...mailstead.Address) string {
	texts := make([]string, len(list))
	for i, a := range list {
		texts[i] = a.String()
	}
	return strings.Join(texts, ", ")
}

// part is a node of the MIME tree.
type part struct {
	// fields are the fields of the content.
	fields []string
	// parts are what a multipart holds, of the kind that its fields name.
	parts    []part
	boundary string
	data     []byte
	base64   bool
}

// body builds the tree of a mail: the text and its HTML are alternatives, the
// HTML goes with its pictures, files stand beside all that.
func (m *mail) body() part {
	var versions []part
	if m.text != "" || m.html == "" {
		versions = append(versions, text("plain", m.text))
	}
	if m.html != "" {
		page := text("html", m.html)
		if len(m.inline) > 0 {
			related := []part{page}
			for _, f := range m.inline {
				related = append(related, f.part("inline", "Content-ID: <"+f.name+">"))
			}
			page = m.multipart("related", related)
		}
		versions = append(versions, page)
	}
	root := versions[0]
	if len(versions) > 1 {
		root = m.multipart("alternative", versions)
	}
	if len(m.files) == 0 {
		return root
	}
	mixed := []part{root}
	for _, f := range m.files {
		mixed = append(mixed, f.part("attachment"))
	}
	return m.multipart("mixed", mixed)
}

func (m *mail) multipart(kind string, parts []part) part {
	id, _, _ := strings.Cut(m.id, "@")
	boundary := "=_" + kind + "_" + id
	return part{fields: []string{"Content-Type: multipart/" + kind + "; boundary=\"" + boundary + "\""}, parts: parts, boundary: boundary}
}

func text(kind, content string) part {
	return part{fields: []string{"Content-Type: text/" + kind + "; charset=utf-8"}, data: []byte(content)}
}

func (f *file) part(disposition string, more ...string) part {
	return part{base64: true, data: f.data, fields: append([]string{
		"Content-Type: " + mime.FormatMediaType(f.media, map[string]string{"name": f.name}),
		"Content-Disposition: " + mime.FormatMediaType(disposition, map[string]string{"filename": f.name}),
	}, more...)}
}

func (p *part) write(b *bytes.Buffer) {
	for _, line := range p.fields {
		b.WriteString(line + "\r\n")
	}
	switch {
	case p.parts != nil:
		b.WriteString("\r\n")
		for i := range p.parts {
			b.WriteString("--" + p.boundary + "\r\n")
			p.parts[i].write(b)
		}
		b.WriteString("--" + p.boundary + "--\r\n")
	case p.base64:
		b.WriteString("Content-Transfer-Encoding: base64\r\n\r\n")
		text := base64.StdEncoding.EncodeToString(p.data)
		for len(text) > 76 {
			b.WriteString(text[:76] + "\r\n")
			text = text[76:]
		}
		b.WriteString(text + "\r\n")
	default:
		b.WriteString("Content-Transfer-Encoding: quoted-printable\r\n\r\n")
		w := quotedprintable.NewWriter(b)
		_, _ = io.WriteString(w, strings.ReplaceAll(strings.TrimSpace(string(p.data)), "\n", "\r\n")) // a buffer takes everything
		_ = w.Close()
		b.WriteString("\r\n")
	}
}

// quote puts a mail's text below an answer to it, as mail programs do.
func quote(m *mail) string {
	lines := strings.Split(strings.TrimSpace(m.text), "\n")
	name := m.from.Name
	if name == "" {
		name = m.from.Address
	}
	return fmt.Sprintf("\n\nOn %s %s wrote:\n> %s", m.at.Format("2 January 2006 at 15:04"), name, strings.Join(lines, "\n> "))
}
