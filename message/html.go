package message

import (
	"bytes"
	"html"
	"strings"

	xhtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// metaCharset finds the character set that a HTML document declares itself.
func metaCharset(data []byte) string {
	head := bytes.ToLower(data[:min(len(data), 2048)])
	for {
		i := bytes.Index(head, []byte("<meta"))
		if i < 0 {
			return ""
		}
		head = head[i+5:]
		end := bytes.IndexByte(head, '>')
		if end < 0 {
			return ""
		}
		if _, after, ok := bytes.Cut(head[:end], []byte("charset=")); ok {
			after = bytes.TrimLeft(after, "\"' ")
			if j := bytes.IndexAny(after, "\"' ;/>"); j >= 0 {
				after = after[:j]
			}
			// RFC 2854 section 6: the bytes were UTF-16 only where no ASCII could be read.
			if name := string(after); !strings.HasPrefix(name, "utf-16") {
				return name
			}
		}
	}
}

// HTMLToText makes readable plain text of HTML: blocks become lines, lists get
// marks, quotes ("blockquote") get "> ", links keep their address when the text
// does not show it. Scripts, styles and everything hidden with the hidden
// attribute are left out.
func HTMLToText(source string) string {
	z := xhtml.NewTokenizer(strings.NewReader(source))
	w := textWriter{}
	w.out.Grow(len(source) / 4)
	for {
		switch z.Next() {
		case xhtml.ErrorToken:
			return w.finish()
		case xhtml.TextToken:
			if w.skip == 0 {
				w.text(z.Text())
			}
		case xhtml.StartTagToken, xhtml.SelfClosingTagToken:
			name, hasAttr := z.TagName()
			w.start(atom.Lookup(name), z, hasAttr)
		case xhtml.EndTagToken:
			name, _ := z.TagName()
			w.end(atom.Lookup(name))
		case xhtml.CommentToken, xhtml.DoctypeToken:
		}
	}
}

// textWriter builds plain text line by line.
type textWriter struct {
	out strings.Builder
	// breaks is how many line ends are due before the next text; space tells
	// that a space is.
	breaks  int
	space   bool
	quote   int
	pre     int
	skip    atom.Atom
	link    string
	linked  int
	started bool
	cells   bool
}

func (w *textWriter) start(tag atom.Atom, z *xhtml.Tokenizer, hasAttr bool) {
	if w.skip != 0 {
		return
	}
	switch tag {
	case atom.Script, atom.Style, atom.Title, atom.Textarea, atom.Select, atom.Noembed, atom.Noframes, atom.Iframe, atom.Svg, atom.Math, atom.Template:
		w.skip = tag
	case atom.Br:
		w.lineBreak()
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Ul, atom.Ol, atom.Dl, atom.Table:
		w.block(2)
	case atom.Pre:
		w.block(2)
		w.pre++
	case atom.Div, atom.Tr, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Center, atom.Dt, atom.Dd, atom.Address, atom.Body, atom.Form, atom.Fieldset:
		w.block(1)
	case atom.Li:
		w.block(1)
		w.raw("- ")
	case atom.Hr:
		w.block(1)
		w.raw("----------")
		w.block(1)
	case atom.Blockquote:
		w.block(1)
		w.quote++
	case atom.Td, atom.Th:
		w.space = true
	case atom.A:
		w.link = attribute(z, hasAttr, "href")
		w.linked = w.out.Len()
	case atom.Img:
		if alt := strings.TrimSpace(attribute(z, hasAttr, "alt")); alt != "" {
			w.text([]byte(alt))
		}
	}
}

func (w *textWriter) end(tag atom.Atom) {
	if w.skip != 0 {
		if tag == w.skip {
			w.skip = 0
		}
		return
	}
	switch tag {
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Ul, atom.Ol, atom.Dl, atom.Table:
		w.block(2)
	case atom.Pre:
		w.pre = max(0, w.pre-1)
		w.block(2)
	case atom.Div, atom.Tr, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Center, atom.Dt, atom.Dd, atom.Li, atom.Address:
		w.block(1)
	case atom.Blockquote:
		w.block(1)
		w.quote = max(0, w.quote-1)
	case atom.A:
		w.endLink()
	}
}

// endLink writes the address of a link behind its text unless they say the same.
func (w *textWriter) endLink() {
	link := strings.TrimSpace(w.link)
	w.link = ""
	low := strings.ToLower(link)
	if !strings.HasPrefix(low, "http://") && !strings.HasPrefix(low, "https://") || len(link) > 500 {
		return
	}
	shown := strings.TrimSpace(w.out.String()[min(w.linked, w.out.Len()):])
	if shown == "" || strings.Contains(shown, strings.TrimSuffix(link, "/")) ||
		strings.Contains(low, strings.ToLower(strings.TrimPrefix(shown, "www."))) && strings.Contains(shown, ".") {
		return
	}
	w.raw(" <" + cleanLine(link) + ">")
}

func (w *textWriter) lineBreak() {
	w.breaks++
	w.space = false
}

// block asks for n line ends before the next text, not n more.
func (w *textWriter) block(n int) {
	if w.breaks < n {
		w.breaks = n
	}
	w.space = false
}

// maxQuoteDepth bounds the marks before a quoted line.
const maxQuoteDepth = 20

// flush writes the line ends that are due.
func (w *textWriter) flush() {
	mark := strings.Repeat("> ", min(w.quote, maxQuoteDepth))
	if !w.started {
		w.started = true
		w.breaks = 0
		w.out.WriteString(mark)
	}
	for n := min(w.breaks, 3); n > 0; n-- {
		w.out.WriteByte('\n')
		if n > 1 {
			w.out.WriteString(strings.TrimRight(mark, " "))
		} else {
			w.out.WriteString(mark)
		}
	}
	if w.breaks > 0 {
		w.space = false
	}
	w.breaks = 0
}

func (w *textWriter) raw(s string) {
	w.flush()
	w.out.WriteString(s)
}

// text writes running text: spaces collapse outside of pre.
func (w *textWriter) text(b []byte) {
	if w.pre > 0 {
		for i, line := range strings.Split(string(b), "\n") {
			if i > 0 {
				w.lineBreak()
			}
			if line != "" {
				w.raw(strings.TrimRight(line, "\r"))
			}
		}
		return
	}
	for len(b) > 0 {
		i := 0
		for i < len(b) && !isSpace(b[i]) {
			i++
		}
		if i > 0 {
			w.flush()
			if w.space {
				w.out.WriteByte(' ')
			}
			w.space = false
			w.out.Write(b[:i])
			b = b[i:]
			continue
		}
		for i < len(b) && isSpace(b[i]) {
			i++
		}
		if w.started {
			w.space = true
		}
		b = b[i:]
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' }

// finish takes out what is not meant to be seen: no-break spaces become spaces,
// and the invisible characters that newsletters fill their preview with go.
func (w *textWriter) finish() string {
	s := w.out.String()
	if !ascii([]byte(s)) {
		s = dropInvisible(s)
	}
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " \t")
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}

func attribute(z *xhtml.Tokenizer, more bool, want string) string {
	for more {
		var key, value []byte
		key, value, more = z.TagAttr()
		if string(key) == want {
			return string(value)
		}
	}
	return ""
}

// TextToHTML makes HTML that shows text as it is.
func TextToHTML(text string) string {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	return "<div>" + strings.ReplaceAll(html.EscapeString(text), "\n", "<br>\n") + "</div>"
}

func dropInvisible(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '\u00a0', '\u2007', '\u202f':
			return ' '
		case '\u00ad', '\u034f', '\u200b', '\u2060', '\ufeff', '\u180e':
			return -1
		}
		return r
	}, s)
}
