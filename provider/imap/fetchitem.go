package imap

import (
	"bytes"
	"time"

	"github.com/mailstead/mailstead"
)

// fetched is what one FETCH response says of one message (RFC 9051 section
// 7.5.2); what it does not say is absent.
type fetched struct {
	uid      mailstead.UID
	flags    mailstead.Flags
	hasFlags bool
	modSeq   uint64
	date     time.Time
	size     int64
	hasSize  bool
	body     body
}

// body is how the body of a message came.
type body struct {
	state bodyState
	data  []byte
	size  int64
}

type bodyState uint8

const (
	bodyAbsent bodyState = iota
	bodyPresent
	// bodyNIL is a message that the server does not hand out.
	bodyNIL
	// bodySkipped was longer than wanted.
	bodySkipped
)

// parseFetch reads a FETCH response. It takes items in any order, repeated and
// unknown ones too, and passes over values that make no sense. ok is false for
// another response and for one that does not say which message it is about.
func parseFetch(a answer) (f fetched, ok bool) {
	if a.tag != "" || !a.u.is("FETCH") {
		return f, false
	}
	s := a.u.args
	if s.next().kind != valueOpen {
		return f, false
	}
	for {
		name := s.next()
		if name.kind == valueNone || name.kind == valueClose {
			return f, f.uid > 0
		}
		if s.peek() == ')' {
			continue // an item without its value
		}
		f.item(&s, name.text)
	}
}

// item reads the value of one item.
func (f *fetched) item(s *scanner, name []byte) {
	switch {
	case equalFold(name, "UID"):
		if n, ok := s.next().number(); ok && n > 0 && n == int64(toUID(n)) {
			f.uid = toUID(n)
		}
	case equalFold(name, "FLAGS"):
		f.flags, f.hasFlags = parseFlags(s), true
	case equalFold(name, "RFC822.SIZE"):
		if n, ok := s.next().number(); ok {
			f.size, f.hasSize = n, true
		}
	case equalFold(name, "INTERNALDATE"):
		f.date = parseDate(s.next())
	case equalFold(name, "MODSEQ"):
		f.modSeq = parseModSeq(s)
	case isBodyItem(name):
		f.body = parseBody(s)
	default:
		s.skip()
	}
}

// isBodyItem tells the names under which servers send a whole message.
func isBodyItem(name []byte) bool {
	name, _, _ = bytes.Cut(name, []byte("<"))
	return equalFold(name, "BODY[]") || equalFold(name, "BODY.PEEK[]") ||
		equalFold(name, "BINARY[]") || equalFold(name, "RFC822")
}

func parseBody(s *scanner) body {
	if s.peek() == '(' {
		s.skip()
		return body{state: bodyNIL}
	}
	switch v := s.next(); {
	case v.kind == valueSkipped:
		return body{state: bodySkipped, size: v.size}
	case v.kind == valueString:
		// A quoted string lies in memory that is used again.
		data := v.text
		if !s.owns(data) {
			data = bytes.Clone(data)
		}
		return body{state: bodyPresent, data: data, size: v.size}
	default:
		return body{state: bodyNIL}
	}
}

// owns tells whether data is a literal's memory, which is the receiver's.
func (s *scanner) owns(data []byte) bool {
	return s.cut > 0 && len(data) > 0 && len(s.resp.lits[s.cut-1].data) > 0 &&
		&data[0] == &s.resp.lits[s.cut-1].data[0]
}

func parseFlags(s *scanner) (f mailstead.Flags) {
	v := s.next()
	if v.kind != valueOpen {
		setFlag(&f, v.text)
		return f
	}
	for {
		v = s.next()
		if v.kind == valueNone || v.kind == valueClose {
			return f
		}
		setFlag(&f, v.text)
	}
}

// setFlag sets the flag of that name (RFC 9051 section 2.3.2); keywords are not
// ours.
func setFlag(f *mailstead.Flags, name []byte) {
	switch {
	case equalFold(name, `\Seen`):
		f.Seen = true
	case equalFold(name, `\Answered`):
		f.Answered = true
	case equalFold(name, `\Flagged`):
		f.Flagged = true
	case equalFold(name, `\Draft`):
		f.Draft = true
	case equalFold(name, `\Deleted`):
		f.Deleted = true
	}
}

// formatFlags writes flags as a list.
func formatFlags(f mailstead.Flags) string {
	var b []byte
	for _, x := range [...]struct {
		on   bool
		name string
	}{
		{f.Seen, `\Seen`},
		{f.Answered, `\Answered`},
		{f.Flagged, `\Flagged`},
		{f.Draft, `\Draft`},
		{f.Deleted, `\Deleted`},
	} {
		if !x.on {
			continue
		}
		if len(b) > 0 {
			b = append(b, ' ')
		}
		b = append(b, x.name...)
	}
	return "(" + string(b) + ")"
}

// parseModSeq reads "(123)" (RFC 7162 section 3.1.4.2).
func parseModSeq(s *scanner) uint64 {
	v := s.next()
	if v.kind == valueOpen {
		v = s.next()
		for k := s.next().kind; k != valueClose && k != valueNone; {
			k = s.next().kind
		}
	}
	n, _ := v.number()
	return uint64(n) //nolint:gosec // number knows no sign
}

// parseDate reads an INTERNALDATE (RFC 9051 section 9, date-time); zero when it
// is none.
func parseDate(v value) time.Time {
	if !v.isText() {
		return time.Time{}
	}
	text := string(bytes.TrimSpace(v.text))
	for _, layout := range [...]string{"2-Jan-2006 15:04:05 -0700", "2-Jan-2006 15:04:05 MST", "2-Jan-2006 15:04:05"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
