package imap

import "bytes"

// scanner walks over the words of a response. It takes what servers really send:
// any number of spaces, lower-case words, strings where numbers belong. It never
// fails; a word that makes no sense is the caller's to pass over.
type scanner struct {
	resp *response
	pos  int
	// cut counts the literals before pos.
	cut int
}

// value is one word of a response.
type value struct {
	kind valueKind
	// text is the word itself; for a list, nothing.
	text []byte
	// size is the length that was announced, also when text was skipped for its
	// length.
	size int64
}

type valueKind uint8

const (
	valueNone valueKind = iota
	valueAtom
	valueString
	// valueSkipped is a literal that was over the limit.
	valueSkipped
	valueOpen
	valueClose
)

// isNil tells NIL, the word for nothing (RFC 9051 section 4.5).
func (v value) isNil() bool { return v.kind == valueAtom && equalFold(v.text, "NIL") }

// isText tells atoms and strings that are not NIL.
func (v value) isText() bool {
	return (v.kind == valueAtom || v.kind == valueString) && !v.isNil()
}

// number reads the word as a number.
func (v value) number() (int64, bool) {
	if v.kind != valueAtom && v.kind != valueString {
		return 0, false
	}
	return parseNumber(v.text)
}

// end is where the text up to the next literal ends.
func (s *scanner) end() int {
	if s.cut < len(s.resp.cuts) {
		return s.resp.cuts[s.cut]
	}
	return len(s.resp.text)
}

func (s *scanner) atLiteral() bool {
	return s.cut < len(s.resp.cuts) && s.resp.cuts[s.cut] == s.pos
}

// peek returns the next byte after spaces, 0 at the end or before a literal.
func (s *scanner) peek() byte {
	end := s.end()
	for s.pos < end && s.resp.text[s.pos] == ' ' {
		s.pos++
	}
	if s.pos < end {
		return s.resp.text[s.pos]
	}
	return 0
}

// next returns the next word; of a list its parenthesis only.
func (s *scanner) next() value {
	switch c := s.peek(); c {
	case 0:
		if s.atLiteral() {
			lit := s.resp.lits[s.cut]
			s.cut++
			if lit.data == nil {
				return value{kind: valueSkipped, size: lit.size}
			}
			return value{kind: valueString, text: lit.data, size: lit.size}
		}
		if s.pos < s.end() { // a NUL byte: an odd word of its own
			s.pos++
			return value{kind: valueAtom, text: s.resp.text[s.pos-1 : s.pos]}
		}
		return value{}
	case '(':
		s.pos++
		return value{kind: valueOpen}
	case ')':
		s.pos++
		return value{kind: valueClose}
	case '"':
		return s.quoted()
	default:
		return s.atom()
	}
}

// atom reads up to a space or parenthesis. What is in brackets belongs to it, so
// that BODY[HEADER.FIELDS (DATE)] is one word.
func (s *scanner) atom() value {
	start, end, depth := s.pos, s.end(), 0
loop:
	for ; s.pos < end; s.pos++ {
		switch c := s.resp.text[s.pos]; {
		case c == '[':
			depth++
		case c == ']' && depth > 0:
			depth--
		case depth == 0 && (c == ' ' || c == '(' || c == ')'):
			break loop
		}
	}
	return value{kind: valueAtom, text: s.resp.text[start:s.pos]}
}

// quoted reads a quoted string (RFC 9051 section 4.3). One that does not end
// goes to the end of the text.
func (s *scanner) quoted() value {
	s.pos++
	start, end := s.pos, s.end()
	text := s.resp.text
	escaped := false
	for ; s.pos < end && text[s.pos] != '"'; s.pos++ {
		if text[s.pos] == '\\' && s.pos+1 < end {
			escaped = true
			s.pos++
		}
	}
	word := text[start:s.pos]
	if s.pos < end {
		s.pos++
	}
	if escaped {
		word = unescape(word)
	}
	return value{kind: valueString, text: word, size: int64(len(word))}
}

func unescape(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == '\\' && i+1 < len(b) {
			i++
		}
		out = append(out, b[i])
	}
	return out
}

// skip passes over one value, a whole list if it is one.
func (s *scanner) skip() {
	depth := 0
	for {
		switch s.next().kind {
		case valueNone:
			return
		case valueOpen:
			depth++
		case valueClose:
			depth--
		case valueAtom, valueString, valueSkipped:
		}
		if depth <= 0 {
			return
		}
	}
}

// rest returns the text up to the end or the next literal.
func (s *scanner) rest() []byte {
	return bytes.TrimLeft(s.resp.text[s.pos:s.end()], " ")
}

// word reads up to the next space: tags and names of responses.
func (s *scanner) word() []byte {
	s.peek()
	start, end := s.pos, s.end()
	for s.pos < end && s.resp.text[s.pos] != ' ' {
		s.pos++
	}
	return s.resp.text[start:s.pos]
}

// untagged is a response that belongs to no command by name.
type untagged struct {
	// num is the number in front of EXISTS, EXPUNGE and FETCH.
	num  int64
	name []byte
	// args stands behind the name.
	args scanner
}

func (u *untagged) is(name string) bool { return equalFold(u.name, name) }

// status is an OK, NO, BAD, BYE or PREAUTH (RFC 9051 section 7.1).
type status struct {
	kind string
	// code is the response code in upper case, args what follows it.
	code, args string
	text       string
}

func (s status) ok() bool { return s.kind == "OK" }

// statusNames are the kinds of status responses.
func statusKind(name []byte) string {
	for _, k := range [...]string{"OK", "NO", "BAD", "BYE", "PREAUTH"} {
		if equalFold(name, k) {
			return k
		}
	}
	return ""
}

// parseStatus reads what follows the kind of a status response.
func parseStatus(kind string, args scanner) status {
	st := status{kind: kind}
	rest := args.rest()
	if len(rest) > 0 && rest[0] == '[' {
		code, text, closed := bytes.Cut(rest[1:], []byte("]"))
		if closed {
			rest = bytes.TrimLeft(text, " ")
			word, more, _ := bytes.Cut(code, []byte(" "))
			st.code, st.args = string(bytes.ToUpper(word)), string(bytes.TrimSpace(more))
		}
	}
	st.text = string(rest)
	return st
}

// split reads the tag of a response and, of an untagged one, number and name.
func (resp *response) split() (tag []byte, u untagged) {
	s := scanner{resp: resp}
	tag = s.word()
	u.name = s.word()
	if n, ok := parseNumber(u.name); ok {
		u.num, u.name = n, s.word()
	}
	u.args = s
	return tag, u
}
