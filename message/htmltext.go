package message

import (
	"html"
	"strings"
)

// HTMLToText makes readable plain text of HTML: blocks become lines, lists get
// marks, quotes ("blockquote") get "> ", links keep their address when the text
// does not show it. Scripts, styles and everything hidden with the hidden
// attribute are left out.
func HTMLToText(source string) string {
	w := textWriter{}
	w.out.Grow(len(source) / 4)
	s := tagScanner{rest: source}
	for {
		text, t, more := s.next()
		if text != "" && w.skip == "" {
			w.text(text)
		}
		if !more {
			return w.finish()
		}
		switch {
		case t.name == "":
		case t.end:
			w.end(t.name)
		default:
			w.start(t)
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
	skip    string
	link    string
	linked  int
	started bool
}

func (w *textWriter) start(t tag) {
	if w.skip != "" {
		return
	}
	switch t.name {
	case "script", "style", "title", "textarea", "select", "noembed", "noframes", "iframe", "svg", "math", "template":
		w.skip = t.name
	case "br":
		w.lineBreak()
	case "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "table":
		w.block(2)
	case "pre":
		w.block(2)
		w.pre++
	case "div", "tr", "section", "article", "header", "footer", "center", "dt", "dd", "address", "body", "form", "fieldset":
		w.block(1)
	case "li":
		w.block(1)
		w.raw("- ")
	case "hr":
		w.block(1)
		w.raw("----------")
		w.block(1)
	case "blockquote":
		w.block(1)
		w.quote++
	case "td", "th":
		w.space = w.started
	case "a":
		w.link = t.attribute("href")
		w.linked = w.out.Len()
	case "img":
		if alt := strings.TrimSpace(t.attribute("alt")); alt != "" {
			w.words(alt)
		}
	}
}

func (w *textWriter) end(name string) {
	if w.skip != "" {
		if name == w.skip {
			w.skip = ""
		}
		return
	}
	switch name {
	case "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "table":
		w.block(2)
	case "pre":
		w.pre = max(0, w.pre-1)
		w.block(2)
	case "div", "tr", "section", "article", "header", "footer", "center", "dt", "dd", "li", "address":
		w.block(1)
	case "blockquote":
		w.block(1)
		w.quote = max(0, w.quote-1)
	case "a":
		w.endLink()
	}
}

// endLink writes the address of a link behind its text unless they say the same.
func (w *textWriter) endLink() {
	link := strings.TrimSpace(w.link)
	w.link = ""
	if len(link) < 8 || len(link) > 500 || !strings.EqualFold(link[:7], "http://") && !strings.EqualFold(link[:8], "https://") {
		return
	}
	shown := strings.TrimSpace(w.out.String()[min(w.linked, w.out.Len()):])
	if shown == "" || strings.Contains(shown, strings.TrimSuffix(link, "/")) {
		return
	}
	// "www.example.com" says the same as https://example.com/.
	if strings.Contains(shown, ".") && strings.Contains(strings.ToLower(link), strings.ToLower(strings.TrimPrefix(shown, "www."))) {
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
const maxQuoteDepth = 5

// flush writes the line ends that are due.
func (w *textWriter) flush() {
	if w.started && w.breaks == 0 {
		return
	}
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

// text writes a piece of source between two tags.
func (w *textWriter) text(source string) {
	if strings.IndexByte(source, '&') >= 0 {
		source = html.UnescapeString(source)
	}
	if w.pre == 0 {
		w.words(source)
		return
	}
	for i, line := range strings.Split(source, "\n") {
		if i > 0 {
			w.lineBreak()
		}
		if line != "" {
			w.raw(strings.TrimRight(line, "\r"))
		}
	}
}

// words writes running text, in which spaces and line ends are one space.
func (w *textWriter) words(s string) {
	for len(s) > 0 {
		if n := plainRun(s); n > 0 {
			w.flush()
			if w.space {
				w.out.WriteByte(' ')
				w.space = false
			}
			w.out.WriteString(s[:n])
			s = s[n:]
			continue
		}
		n := 0
		for n < len(s) && isSpace(s[n]) {
			n++
		}
		w.space = w.started
		s = s[n:]
	}
}

// plainRun is how much of s is words with single spaces between them.
func plainRun(s string) int {
	for i := range len(s) {
		if isSpace(s[i]) && (s[i] != ' ' || i == 0 || i+1 == len(s) || isSpace(s[i+1])) {
			return i
		}
	}
	return len(s)
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' }

// finish takes out what is not meant to be seen: no-break spaces become spaces,
// and the invisible characters that newsletters fill their preview with go.
func (w *textWriter) finish() string {
	s := w.out.String()
	if !ascii([]byte(s)) {
		s = dropInvisible(s)
	}
	return strings.Trim(trimLines(s), "\n")
}

// trimLines removes the spaces at the ends of lines.
func trimLines(s string) string {
	if !strings.Contains(s, " \n") && !strings.HasSuffix(s, " ") {
		return s
	}
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " \t")
	}
	return strings.Join(lines, "\n")
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
