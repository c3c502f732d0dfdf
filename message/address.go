package message

import (
	"strings"

	"github.com/mailstead/mailstead"
)

// parseAddresses reads raw address lists (RFC 5322 section 3.4 with the obsolete
// forms of section 4.4) and whatever stands in their place: what holds no address
// at all becomes a name without one.
func parseAddresses(raws [][]byte, charset string, d *defects) []mailstead.Address {
	var out []mailstead.Address
	for _, raw := range raws {
		raw = unfold(raw)
		s := addressScanner{raw: raw, text: string(raw), charset: charset, d: d}
		out = s.list(out)
		if len(out) >= maxAddresses {
			d.add("too many addresses")
			return out[:maxAddresses]
		}
	}
	return out
}

// addressScanner reads one list from left to right, once.
type addressScanner struct {
	raw     []byte
	text    string
	charset string
	d       *defects
	pos     int
	// name and bare gather the mailbox that is being read: words before "<", and
	// the same without quotes for an address that stands alone.
	words   []string
	comment string
	angle   string
	hasAddr bool
	// noQuote and noAngle tell that nothing closes a quote or an angle bracket any
	// more: it is not looked for again.
	noQuote, noAngle bool
}

func (s *addressScanner) list(out []mailstead.Address) []mailstead.Address {
	for s.pos < len(s.text) && len(out) < maxAddresses {
		switch c := s.text[s.pos]; c {
		case '"':
			s.words = append(s.words, s.quoted())
		case '(':
			s.comment = s.comments()
		case '<':
			s.readAngle()
		case ',', ';':
			out = s.finish(out)
			s.pos++
		case ':':
			s.colon()
		case ' ', '\t':
			s.pos++
		default:
			s.atom()
		}
	}
	return s.finish(out)
}

// atom reads up to a character that means something.
func (s *addressScanner) atom() {
	start := s.pos
	for s.pos < len(s.text) {
		if strings.HasPrefix(s.text[s.pos:], "=?") {
			// An encoded word may hold any of the special characters.
			if _, n := parseWord(s.raw[s.pos:]); n > 0 {
				s.pos += n
				continue
			}
		}
		if strings.IndexByte("\"(<,;: \t", s.text[s.pos]) >= 0 {
			break
		}
		s.pos++
	}
	if s.pos > start {
		s.words = append(s.words, s.text[start:s.pos])
	}
}

// quoted reads a quoted string; one that never ends is only a character.
func (s *addressScanner) quoted() string {
	rest := s.text[s.pos:]
	for i := 1; i < len(rest) && !s.noQuote; i++ {
		switch rest[i] {
		case '\\':
			i++
		case '"':
			value, _ := unquote(rest[:i+1])
			s.pos += i + 1
			// "local part"@example.com
			if strings.HasPrefix(s.text[s.pos:], "@") {
				start := s.pos
				s.atom()
				s.words = s.words[:len(s.words)-1]
				return rest[:i+1] + s.text[start:s.pos]
			}
			return "\"" + value
		}
	}
	s.noQuote = true
	s.pos++
	return ""
}

func (s *addressScanner) comments() string {
	rest := s.text[s.pos:]
	after := skipComment(rest)
	s.pos = len(s.text) - len(after)
	inner := strings.TrimSpace(rest[:len(rest)-len(after)])
	return strings.TrimSuffix(strings.TrimPrefix(inner, "("), ")")
}

func (s *addressScanner) readAngle() {
	rest := s.text[s.pos+1:]
	end := -1
	if !s.noAngle {
		end = closingAngle(rest)
	}
	if end < 0 {
		s.noAngle = true
		if end = strings.IndexAny(rest, ",;"); end < 0 {
			end = len(rest)
		}
		s.pos += 1 + end
	} else {
		s.pos += 2 + end
	}
	if s.hasAddr && s.angle != "" {
		return
	}
	// Section 4.4: a route before the address says nothing today.
	addr := dropComments(strings.TrimSpace(rest[:end]))
	if strings.HasPrefix(addr, "@") {
		if i := strings.LastIndexByte(addr, ':'); i >= 0 {
			addr = addr[i+1:]
		}
	}
	s.angle, s.hasAddr = strings.TrimLeft(addr, "<"), true
}

// closingAngle finds the ">" that is not inside of a comment.
func closingAngle(s string) int {
	comments := true
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '>':
			return i
		case s[i] == '(' && comments:
			if after := skipComment(s[i:]); after != "" {
				i = len(s) - len(after) - 1
			} else {
				comments = false
			}
		}
	}
	return -1
}

// colon ends the name of a group ("Team: a@…, b@…;"), which is dropped, unless it
// stands in an address such as mailto:anna@example.com.
func (s *addressScanner) colon() {
	s.pos++
	s.words = nil
}

// finish turns what was gathered into an address.
func (s *addressScanner) finish(out []mailstead.Address) []mailstead.Address {
	words, comment, angle, has := s.words, s.comment, s.angle, s.hasAddr
	if !has {
		words = joinSpaced(words)
	}
	s.words, s.comment, s.angle, s.hasAddr = nil, "", "", false
	var a mailstead.Address
	if has {
		a.Address = angle
	} else {
		// The word with an @ is the address.
		for i, w := range words {
			if strings.Contains(w, "@") && !strings.HasPrefix(w, "=?") && (!strings.HasPrefix(w, `"`) || strings.Contains(w, `"@`)) {
				a.Address = w
				words = append(append([]string(nil), words[:i]...), words[i+1:]...)
				break
			}
		}
	}
	for i, w := range words {
		words[i] = strings.TrimPrefix(w, `"`)
	}
	name := strings.Join(words, " ")
	if name == "" {
		name = comment
	}
	a.Name = s.decodeName(name)
	a.Address = s.decodeAddress(a.Address)
	if a.Address == "" && a.Name == "" {
		return out
	}
	// "anna@example.com" <> or 'anna@example.com' without anything else.
	if a.Address == "" && looksLikeAddress(a.Name) {
		a.Address, a.Name = a.Name, ""
	}
	if strings.EqualFold(a.Name, a.Address) {
		a.Name = ""
	}
	return append(out, a)
}

// joinSpaced puts an address together that is written with spaces around its dots
// and its @ (section 4.4).
func joinSpaced(words []string) []string {
	var out []string
	for i, w := range words {
		if i > 0 && len(out) > 0 {
			last := out[len(out)-1]
			if strings.HasPrefix(w, "@") || strings.HasSuffix(last, "@") ||
				strings.Contains(last, "@") && (strings.HasPrefix(w, ".") || strings.HasSuffix(last, ".")) {
				out[len(out)-1] = last + w
				continue
			}
		}
		out = append(out, w)
	}
	return out
}

func (s *addressScanner) decodeName(name string) string {
	t := cleanLine(decodeWords([]byte(name), s.charset, s.d))
	// 'Anna' and "Anna" inside of an encoded word.
	for len(t) >= 2 && (t[0] == '\'' || t[0] == '"') && t[len(t)-1] == t[0] {
		t = strings.TrimSpace(t[1 : len(t)-1])
	}
	return cut(t, maxNameText)
}

func (s *addressScanner) decodeAddress(addr string) string {
	if strings.Contains(addr, "=?") || !ascii([]byte(addr)) {
		addr = decodeWords([]byte(addr), s.charset, s.d)
	}
	addr = strings.TrimPrefix(cleanLine(addr), "mailto:")
	if !strings.HasPrefix(addr, `"`) {
		addr = strings.ReplaceAll(addr, " ", "")
		addr = strings.Trim(addr, "'<>[]")
	}
	return cut(addr, maxNameText)
}

func looksLikeAddress(s string) bool {
	i := strings.LastIndexByte(s, '@')
	return i > 0 && i < len(s)-1 && !strings.ContainsAny(s, " \t")
}
