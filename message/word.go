package message

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mailstead/mailstead"
)

// decodeText reads a raw unstructured value (RFC 5322 section 3.2.5) with its
// encoded words. charset is a guess for bytes outside of them.
func decodeText(raw []byte, charset string, d *defects) string {
	return cleanLine(decodeWords(unfold(raw), charset, d))
}

// decodeWords decodes the encoded words of RFC 2047 wherever they stand: real
// mails have them inside of quotes, next to letters and with spaces in them.
func decodeWords(b []byte, charset string, d *defects) string {
	if !bytes.Contains(b, []byte("=?")) {
		return decodeCharset(b, charset, d)
	}
	var out strings.Builder
	var run wordRun
	for len(b) > 0 {
		start := bytes.Index(b, []byte("=?"))
		if start < 0 {
			run.flush(&out, d)
			out.WriteString(decodeCharset(b, charset, d))
			break
		}
		w, n := parseWord(b[start:])
		if n == 0 {
			run.flush(&out, d)
			out.WriteString(decodeCharset(b[:start+2], charset, d))
			b = b[start+2:]
			continue
		}
		// Section 6.2: spaces between two encoded words are not shown.
		if gap := b[:start]; len(gap) > 0 && (!run.open || !blank(gap)) {
			run.flush(&out, d)
			out.WriteString(decodeCharset(gap, charset, d))
		}
		run.add(w, &out, d)
		b = b[start+n:]
	}
	run.flush(&out, d)
	return out.String()
}

// word is one encoded word with its transfer encoding undone.
type word struct {
	charset string
	text    []byte
}

// wordRun joins neighbouring words of one character set before they are decoded:
// many programs cut in the middle of a character.
type wordRun struct {
	open bool
	word word
}

func (r *wordRun) add(w word, out *strings.Builder, d *defects) {
	if r.open && r.word.charset == w.charset {
		r.word.text = append(r.word.text, w.text...)
		return
	}
	r.flush(out, d)
	r.open, r.word = true, w
}

func (r *wordRun) flush(out *strings.Builder, d *defects) {
	if r.open {
		out.WriteString(decodeCharset(r.word.text, r.word.charset, d))
	}
	r.open = false
}

// parseWord reads the encoded word that b starts with and how long it is, 0 when
// there is none.
func parseWord(b []byte) (word, int) {
	rest := b[2:]
	i := bytes.IndexByte(rest, '?')
	if i <= 0 || i > 60 || bytes.ContainsAny(rest[:i], " \t") {
		return word{}, 0
	}
	w := word{charset: cleanCharset(string(rest[:i]))}
	rest = rest[i+1:]
	if len(rest) < 2 || rest[1] != '?' {
		return word{}, 0
	}
	head := len(b) - len(rest) + 2
	kind := rest[0] | 0x20
	if kind != 'q' && kind != 'b' {
		return word{}, 0
	}
	// A subject is often one long word against section 2, which allows 75 bytes.
	rest = rest[2:min(len(rest), maxWord)]
	end := endOfWord(rest, kind)
	length := head + end + 2
	if end < 0 {
		// Cut off: take it when the rest can be nothing else.
		if head+len(rest) < len(b) || bytes.ContainsAny(rest, " \t") {
			return word{}, 0
		}
		end, length = len(rest), len(b)
	}
	if kind == 'b' {
		w.text = decodeBase64(rest[:end])
	} else {
		w.text = decodeQ(rest[:end])
	}
	return w, length
}

// endOfWord finds the "?=" that ends an encoded word, -1 when there is none. In Q
// a "?" may itself be followed by an encoded character.
func endOfWord(b []byte, kind byte) int {
	end := bytes.Index(b, []byte("?="))
	for kind == 'q' && end >= 0 && end+3 < len(b) && isHex(b[end+2]) && isHex(b[end+3]) {
		next := bytes.Index(b[end+2:], []byte("?="))
		if next < 0 || bytes.IndexByte(b[end+2:end+2+next], ' ') >= 0 {
			break
		}
		end += 2 + next
	}
	return end
}

// decodeQ undoes the Q encoding (RFC 2047 section 4.2).
func decodeQ(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] == '_':
			out = append(out, ' ')
		case b[i] == '=' && i+2 < len(b) && isHex(b[i+1]) && isHex(b[i+2]):
			out = append(out, unhex(b[i+1])<<4|unhex(b[i+2]))
			i += 2
		default:
			out = append(out, b[i])
		}
	}
	return out
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c >= 'a':
		return c - 'a' + 10
	default:
		return c - 'A' + 10
	}
}

// cleanLine makes one line of text that is safe to show: control characters and
// line separators become spaces, characters that turn the direction of writing
// go, spaces around it go.
func cleanLine(s string) string {
	if mailstead.HasControl(s) {
		s = strings.Map(func(r rune) rune {
			switch {
			case unicode.IsControl(r) || r == '\u2028' || r == '\u2029':
				return ' '
			case r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069':
				return -1
			}
			return r
		}, s)
	}
	return strings.TrimSpace(s)
}

// cut shortens s to at most limit bytes without cutting a character.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}
