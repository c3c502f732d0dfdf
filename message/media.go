package message

import (
	"net/url"
	"sort"
	"strconv"
	"strings"
)

// media is a Content-Type or a Content-Disposition: a value and its parameters
// (RFC 2045 section 5.1, RFC 2183), all decoded.
type media struct {
	value  string
	params []param
}

type param struct{ name, value string }

func (m media) param(name string) string {
	for _, p := range m.params {
		if p.name == name {
			return p.value
		}
	}
	return ""
}

// parseMedia reads a raw value as it is found in real mails: no semicolon, no
// closing quote, spaces in names, comments.
func parseMedia(raw []byte, d *defects) media {
	b := unfold(raw)
	s := string(b)
	if !ascii(b) {
		s = decodeCharset(b, "", d)
	}
	var m media
	end := strings.IndexAny(s, "; \t(,")
	if end < 0 {
		end = len(s)
	}
	m.value = strings.ToLower(strings.Trim(s[:end], "\"' "))
	s = s[end:]
	var parts []param
	for len(parts) < 100 {
		var p param
		var ok bool
		if p, s, ok = nextParam(s); !ok {
			break
		}
		if p.name != "" {
			parts = append(parts, p)
		}
	}
	m.params = joinParams(parts, d)
	return m
}

// nextParam reads one name=value.
func nextParam(s string) (p param, rest string, ok bool) {
	s = skipComment(strings.TrimLeft(s, "; \t,"))
	if s == "" {
		return param{}, "", false
	}
	i := strings.IndexAny(s, "=;")
	if i < 0 || s[i] == ';' {
		if i < 0 {
			return param{}, "", false
		}
		return param{}, s[i:], true
	}
	p.name = strings.ToLower(strings.TrimSpace(s[:i]))
	s = strings.TrimLeft(s[i+1:], " \t")
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexByte(s, ';')
		if end < 0 {
			end = len(s)
		}
		value := s[:end]
		// Two parameters without a semicolon between them.
		if eq := strings.IndexByte(value, '='); eq > 0 && !strings.HasPrefix(value, "=?") {
			if sp := strings.LastIndexAny(value[:eq], " \t"); sp > 0 && isToken(value[sp+1:eq]) {
				end = sp
				value = s[:end]
			}
		}
		p.value = strings.TrimSpace(value)
		return p, s[end:], true
	}
	p.value, rest = unquote(s)
	return p, rest, true
}

// unquote reads a quoted string (RFC 5322 section 3.2.4); without a closing
// quote it ends at the next semicolon, or with s.
func unquote(s string) (value, rest string) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return b.String(), s[i+1:]
		case c == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(c)
		}
	}
	s = s[1:]
	if i := strings.IndexByte(s, ';'); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// skipComment passes over comments at the begin of s (RFC 5322 section 3.2.2).
func skipComment(s string) string {
	for strings.HasPrefix(s, "(") {
		depth, i := 0, 0
	scan:
		for ; i < len(s); i++ {
			switch s[i] {
			case '\\':
				i++
			case '(':
				depth++
			case ')':
				if depth--; depth == 0 {
					i++
					break scan
				}
			}
		}
		s = strings.TrimLeft(s[min(i, len(s)):], "; \t")
	}
	return s
}

// dropComments removes comments wherever they stand.
func dropComments(s string) string {
	if strings.IndexByte(s, '(') < 0 || strings.HasPrefix(s, `"`) {
		return s
	}
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '(')
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:i])
		s = skipComment(s[i:])
	}
}

func isToken(s string) bool {
	for _, c := range []byte(s) {
		if c <= 32 || c > 126 || strings.IndexByte(`()<>@,;:\"/[]?=`, c) >= 0 {
			return false
		}
	}
	return s != ""
}

// segment is one piece of a parameter that RFC 2231 section 3 splits up.
type segment struct {
	number  int
	encoded bool
	value   string
}

// joinParams puts split parameters together and decodes RFC 2231 and, against
// the rules but common, RFC 2047 values. The first of two equal names wins.
func joinParams(parts []param, d *defects) []param {
	var out []param
	var names []string
	split := map[string][]segment{}
	for _, p := range parts {
		base, mark, found := strings.Cut(p.name, "*")
		if !found {
			v := p.value
			if strings.Contains(v, "=?") {
				v = decodeWords([]byte(v), "", d)
			}
			if (media{params: out}).param(base) == "" {
				out = append(out, param{base, v})
			}
			continue
		}
		s := segment{value: p.value, encoded: mark == "" || strings.HasSuffix(mark, "*")}
		s.number, _ = strconv.Atoi(strings.TrimSuffix(mark, "*"))
		if split[base] == nil {
			names = append(names, base)
		}
		split[base] = append(split[base], s)
	}
	for _, name := range names {
		// Section 4: the extended form goes before the plain one.
		out = append([]param{{name, joinSegments(split[name], d)}}, out...)
	}
	return out
}

func joinSegments(list []segment, d *defects) string {
	sort.SliceStable(list, func(i, j int) bool { return list[i].number < list[j].number })
	charset := ""
	extended := false
	var raw strings.Builder
	for i, s := range list {
		v := s.value
		if s.encoded {
			if i == 0 {
				if f := strings.SplitN(v, "'", 3); len(f) == 3 {
					charset, v = f[0], f[2]
				}
			}
			extended = true
			if u, err := url.PathUnescape(v); err == nil {
				v = u
			} else {
				v = string(decodePercent(v))
			}
		}
		raw.WriteString(v)
	}
	if !extended {
		return decodeWords([]byte(raw.String()), "", d)
	}
	return decodeCharset([]byte(raw.String()), charset, d)
}

// decodePercent decodes %XX where it can and keeps the rest.
func decodePercent(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			out = append(out, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
			continue
		}
		out = append(out, s[i])
	}
	return out
}
