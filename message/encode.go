package message

import (
	"encoding/base64"
	"mime"
	"strconv"
	"strings"

	"github.com/mailstead/mailstead"
)

// encodeText makes ASCII of one line of text that may be folded at every space:
// as it is, or as encoded words (RFC 2047). Text that would be read as an encoded
// word, runs of spaces and words too long for a line are encoded too.
func encodeText(s string) string {
	switch {
	case !ascii([]byte(s)):
		return encodeWords(s)
	case strings.Contains(s, "=?"), strings.Contains(s, "  "), longWord(s), strings.TrimSpace(s) != s:
		return encodeASCII(s)
	}
	return s
}

func encodeWords(s string) string {
	high := 0
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			high++
		}
	}
	if high > len(s)/3 {
		return mime.BEncoding.Encode("utf-8", s)
	}
	return mime.QEncoding.Encode("utf-8", s)
}

// encodeASCII encodes what package mime would leave alone.
func encodeASCII(s string) string {
	const chunk = 45 // 60 bytes of base64: a word is 75 at most (section 2).
	var b strings.Builder
	for len(s) > 0 {
		n := min(chunk, len(s))
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString("=?utf-8?b?" + base64.StdEncoding.EncodeToString([]byte(s[:n])) + "?=")
		s = s[n:]
	}
	return b.String()
}

// longWord reports whether s has a word that no folding brings under the limit
// of 998 (RFC 5322 section 2.1.1), or near it.
func longWord(s string) bool {
	n := 0
	for i := 0; i < len(s); i++ {
		if n++; s[i] == ' ' {
			n = 0
		}
		if n > 200 {
			return true
		}
	}
	return false
}

// formatAddresses writes a list of checked addresses, one per line when they do
// not fit into one.
func formatAddresses(nameLen int, list []mailstead.Address) string {
	var b strings.Builder
	line := nameLen + 2
	for i, a := range list {
		s := formatAddress(a)
		if i > 0 {
			if line+len(s)+2 > 76 {
				b.WriteString(",\r\n ")
				line = 1
			} else {
				b.WriteString(", ")
				line += 2
			}
		}
		b.WriteString(s)
		line += len(s)
	}
	return b.String()
}

// formatAddress writes one address (RFC 5322 section 3.4). A phrase of encoded
// words must not be quoted (RFC 2047 section 5).
func formatAddress(a mailstead.Address) string {
	if a.Name == "" {
		return "<" + a.Address + ">"
	}
	name := encodeText(a.Name)
	if name == a.Name {
		name = quoteString(name)
	}
	return strings.ReplaceAll(name, "?= =?", "?=\r\n =?") + " <" + a.Address + ">"
}

func quoteString(s string) string {
	plain := true
	for i := 0; i < len(s); i++ {
		if c := s[i]; c != ' ' && !isToken(s[i:i+1]) || c == '\'' {
			plain = false
			break
		}
	}
	if plain {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// formatParam writes a parameter behind a media type or disposition. Names that
// are not ASCII are split and encoded by RFC 2231 sections 3 and 4.
func formatParam(name, value string) string {
	if value == "" {
		return ""
	}
	if ascii([]byte(value)) && len(value) <= 60 && !strings.Contains(value, "=?") {
		return ";\r\n " + name + `="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
	}
	segments := []string{"utf-8''"}
	for i := 0; i < len(value); i++ {
		last := &segments[len(segments)-1]
		if len(*last) >= 60 {
			segments = append(segments, "")
			last = &segments[len(segments)-1]
		}
		*last += percentEncode(value[i])
	}
	if len(segments) == 1 {
		return ";\r\n " + name + "*=" + segments[0]
	}
	var b strings.Builder
	for i, s := range segments {
		b.WriteString(";\r\n " + name + "*" + strconv.Itoa(i) + "*=" + s)
	}
	return b.String()
}

// percentEncode writes one byte of an extended parameter value (RFC 2231 section
// 7, attribute-char).
func percentEncode(c byte) string {
	if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '.' || c == '-' || c == '_' {
		return string(rune(c))
	}
	const hex = "0123456789ABCDEF"
	return "%" + string(rune(hex[c>>4])) + string(rune(hex[c&15]))
}
