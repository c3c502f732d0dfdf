package message

import (
	"html"
	"strings"

	"golang.org/x/net/html/atom"
)

// tag is one start or end tag of HTML. name is in lower case, "" for elements
// nobody knows.
type tag struct {
	name  string
	end   bool
	attrs string
}

// tagScanner cuts HTML into texts and tags. It is for reading only: what makes
// HTML safe uses a real tokenizer. It is several times faster, because most of a
// newsletter is attributes that nobody asks for.
type tagScanner struct {
	rest string
	// raw is the element whose content is no markup, such as style.
	raw string
}

// next returns the text up to the next tag and the tag; more is false at the end.
func (s *tagScanner) next() (text string, t tag, more bool) {
	from := 0
	if s.raw != "" {
		from = endOfRaw(s.rest, s.raw)
		s.raw = ""
	}
	for {
		i := strings.IndexByte(s.rest[from:], '<')
		if i < 0 || from+i+1 >= len(s.rest) {
			text, s.rest = s.rest, ""
			return text, tag{}, false
		}
		i += from
		c := s.rest[i+1]
		switch {
		case c == '!' || c == '?':
			text, s.rest = s.rest[:i], s.rest[i+commentLen(s.rest[i:]):]
			return text, tag{}, true
		case c == '/' && i+2 < len(s.rest) && isLetter(s.rest[i+2]), isLetter(c):
			text = s.rest[:i]
			t = s.tag(i + 1)
			return text, t, true
		}
		from = i + 1 // A "<" that starts no tag is text.
	}
}

// tag reads the tag whose name, or slash, is at start.
func (s *tagScanner) tag(start int) (t tag) {
	if s.rest[start] == '/' {
		t.end = true
		start++
	}
	end := start
	for end < len(s.rest) && !isSpace(s.rest[end]) && s.rest[end] != '>' && s.rest[end] != '/' {
		end++
	}
	var low [16]byte
	if name := s.rest[start:end]; len(name) <= len(low) {
		for i := range len(name) {
			low[i] = name[i]
			if c := name[i]; c >= 'A' && c <= 'Z' {
				low[i] = c | 0x20
			}
		}
		t.name = atom.Lookup(low[:len(name)]).String()
	}
	after := tagEnd(s.rest, end)
	t.attrs = s.rest[end:max(end, after-1)]
	s.rest = s.rest[after:]
	if !t.end {
		switch t.name {
		case "script", "style", "title", "textarea", "iframe", "noembed", "noframes", "xmp":
			s.raw = t.name
		}
	}
	return t
}

// tagEnd returns where the tag ends whose attributes begin at pos: behind the
// first ">" outside of a quoted value. A quote opens a value only behind "=".
func tagEnd(s string, pos int) int {
	for equals := false; pos < len(s); pos++ {
		switch c := s[pos]; {
		case c == '>':
			return pos + 1
		case (c == '"' || c == '\'') && equals:
			end := strings.IndexByte(s[pos+1:], c)
			if end >= 0 {
				pos += end + 1
			}
			equals = false
		case c == '=':
			equals = true
		case !isSpace(c):
			equals = false
		}
	}
	return len(s)
}

// commentLen is the length of the comment or declaration that s starts with.
func commentLen(s string) int {
	mark := ">"
	if strings.HasPrefix(s, "<!--") {
		if strings.HasPrefix(s, "<!-->") {
			return len("<!-->")
		}
		mark = "-->"
	}
	i := strings.Index(s, mark)
	if i < 0 {
		return len(s)
	}
	return i + len(mark)
}

// endOfRaw returns where "</name" stands in s, or its end.
func endOfRaw(s, name string) int {
	for pos := 0; ; {
		i := strings.Index(s[pos:], "</")
		if i < 0 {
			return len(s)
		}
		pos += i + 2
		if len(s) >= pos+len(name) && strings.EqualFold(s[pos:pos+len(name)], name) {
			return pos - 2
		}
	}
}

// attribute returns the value of an attribute with its entities decoded.
func (t tag) attribute(want string) string {
	s := t.attrs
	for {
		s = strings.TrimLeft(s, " \t\r\n\f/")
		if s == "" {
			return ""
		}
		i := strings.IndexAny(s, "= \t\r\n\f/")
		if i < 0 {
			return ""
		}
		name := s[:i]
		s = strings.TrimLeft(s[i:], " \t\r\n\f")
		if !strings.HasPrefix(s, "=") {
			if i == 0 {
				s = s[min(1, len(s)):]
			}
			continue
		}
		s = strings.TrimLeft(s[1:], " \t\r\n\f")
		var value string
		if s != "" && (s[0] == '"' || s[0] == '\'') {
			value, s, _ = strings.Cut(s[1:], s[:1])
		} else {
			end := strings.IndexAny(s, " \t\r\n\f")
			if end < 0 {
				end = len(s)
			}
			value, s = s[:end], s[end:]
		}
		if strings.EqualFold(name, want) {
			return html.UnescapeString(value)
		}
	}
}

func isLetter(c byte) bool { c |= 0x20; return c >= 'a' && c <= 'z' }
