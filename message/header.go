package message

import (
	"bytes"
	"strings"
)

// field is one header field: its name as written and its value still folded.
type field struct {
	name  string
	value []byte
}

// header is the fields of one header block in their order.
type header []field

// get returns the raw value of the first field of that name that is not empty,
// or nil.
func (h header) get(name string) []byte {
	for i := range h {
		if len(h[i].name) == len(name) && strings.EqualFold(h[i].name, name) && len(bytes.TrimSpace(h[i].value)) > 0 {
			return h[i].value
		}
	}
	return nil
}

// all returns the raw values of all fields of that name.
func (h header) all(name string) [][]byte {
	var out [][]byte
	for i := range h {
		if len(h[i].name) == len(name) && strings.EqualFold(h[i].name, name) {
			out = append(out, h[i].value)
		}
	}
	return out
}

// scanMail splits a mail into header and body. What comes before the header in
// files (a byte order mark, blank lines, an mbox line) is skipped.
func scanMail(data []byte, d *defects) (header, []byte) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	trimmed := bytes.TrimLeft(data, "\r\n")
	if len(trimmed) != len(data) && startsField(firstLine(trimmed)) {
		d.add("blank lines before the header")
		data = trimmed
	}
	// RFC 4155: the separator line of mbox files, ">From " when it was escaped.
	for (bytes.HasPrefix(data, []byte("From ")) || bytes.HasPrefix(data, []byte(">From "))) && !startsField(firstLine(data)) {
		d.add("mbox line before the header")
		data = data[lineEnd(data):]
	}
	return scanHeader(data, d)
}

// scanHeader splits a part into header and body (RFC 5322 section 2.2). Lines end
// in CRLF or LF.
func scanHeader(data []byte, d *defects) (header, []byte) {
	h := make(header, 0, 24)
	limit := min(len(data), maxHeader)
	for pos := 0; pos < len(data); {
		if pos >= limit || len(h) >= maxFields {
			d.add("header too long")
			return h, data[headerEnd(data, pos):]
		}
		end := pos + lineEnd(data[pos:])
		line := trimEOL(data[pos:end])
		switch {
		case len(line) == 0:
			return h, data[end:]
		case len(h) == 0 && (line[0] == ' ' || line[0] == '\t') && startsField(bytes.TrimLeft(line, " \t")):
			d.add("header starts with a space")
			i := bytes.IndexByte(line, ':')
			h = append(h, field{name: string(bytes.TrimSpace(line[:i])), value: data[pos+i+1 : end]})
		case line[0] == ' ' || line[0] == '\t':
			if blank(line) && !continuesHeader(data[end:]) {
				d.add("header ends in a line of spaces")
				return h, data[end:]
			}
			h.extend(data[pos:end], d)
		case startsField(line):
			i := bytes.IndexByte(line, ':')
			h = append(h, field{name: string(bytes.TrimRight(line[:i], " \t")), value: data[pos+i+1 : end]})
		case bytes.HasPrefix(line, []byte("--")) || !h.open() && !continuesHeader(data[end:]):
			// The blank line is missing: this is the body already.
			d.add("no blank line behind the header")
			return h, data[pos:]
		default:
			d.add("header line that is no field")
			h.extend(data[pos:end], d)
		}
		pos = end
	}
	return h, nil
}

// extend adds a folded line to the last field. Lines lie one behind the other in
// the mail, so the value only grows.
func (h header) extend(line []byte, d *defects) {
	if len(h) == 0 {
		d.add("header starts with a folded line")
		return
	}
	f := &h[len(h)-1]
	f.value = f.value[:len(f.value)+len(line)]
}

// open reports whether the last field ends in a semicolon, so that a parameter
// has to follow.
func (h header) open() bool {
	return len(h) > 0 && bytes.HasSuffix(bytes.TrimRight(h[len(h)-1].value, " \t\r\n"), []byte(";"))
}

// known reports whether any of the fields is one that mails have.
func (h header) known() bool {
	for i := range h {
		if knownField(strings.ToLower(h[i].name)) {
			return true
		}
	}
	return false
}

// lineEnd returns where the next line begins.
func lineEnd(data []byte) int {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1
	}
	return len(data)
}

func firstLine(data []byte) []byte { return trimEOL(data[:lineEnd(data)]) }

func trimEOL(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
	}
	for n := len(line); n > 0 && line[n-1] == '\r'; n = len(line) {
		line = line[:n-1]
	}
	return line
}

func blank(line []byte) bool { return len(bytes.TrimSpace(line)) == 0 }

// startsField reports whether line is "name:" (RFC 5322 section 3.6.8), with the
// spaces before the colon of section 4.5.
func startsField(line []byte) bool {
	for i, c := range line {
		switch {
		case c == ':':
			return i > 0
		case c == ' ' || c == '\t':
			rest := bytes.TrimLeft(line[i:], " \t")
			return i > 0 && len(rest) > 0 && rest[0] == ':'
		case c < 33 || c > 126:
			return false
		}
	}
	return false
}

// continuesHeader reports whether what follows a doubtful line is still header:
// a field that mails are known to have within the next lines.
func continuesHeader(data []byte) bool {
	for range 3 {
		if len(data) == 0 {
			return false
		}
		end := lineEnd(data)
		line := trimEOL(data[:end])
		if len(line) == 0 {
			return false
		}
		if startsField(line) {
			name := string(bytes.ToLower(bytes.TrimSpace(line[:bytes.IndexByte(line, ':')])))
			return knownField(name)
		}
		data = data[end:]
	}
	return false
}

func knownField(name string) bool {
	switch name {
	case "from", "to", "cc", "bcc", "subject", "date", "sender", "reply-to", "message-id", "in-reply-to",
		"references", "received", "return-path", "mime-version", "delivered-to", "dkim-signature",
		"user-agent", "importance", "precedence", "organization", "status", "errors-to", "thread-topic", "thread-index",
		"authentication-results", "auto-submitted":
		return true
	}
	return strings.HasPrefix(name, "x-") || strings.HasPrefix(name, "content-") || strings.HasPrefix(name, "list-") ||
		strings.HasPrefix(name, "arc-") || strings.HasPrefix(name, "resent-")
}

// headerEnd finds the blank line behind pos.
func headerEnd(data []byte, pos int) int {
	for pos < len(data) {
		end := pos + lineEnd(data[pos:])
		if len(trimEOL(data[pos:end])) == 0 {
			return end
		}
		pos = end
	}
	return len(data)
}

// join returns the raw values of all fields of that name as one.
func (h header) join(name string) []byte { return bytes.Join(h.all(name), []byte("\n ")) }

// unfold joins the lines of a raw value (RFC 5322 section 2.2.3): a line end with
// the spaces around it becomes one space, as programs differ in how many they
// fold with, and each of the other control characters becomes one too.
func unfold(raw []byte) []byte {
	raw = bytes.TrimSpace(raw)
	clean := true
	for _, c := range raw {
		if c < 32 || c == 127 {
			clean = false
			break
		}
	}
	if clean {
		return raw
	}
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '\n' || c == '\r':
			for i+1 < len(raw) && isSpace(raw[i+1]) {
				i++
			}
			out = append(bytes.TrimRight(out, " "), ' ')
		case c == 0x1b: // ISO-2022-JP, decoded later.
			out = append(out, c)
		case c < 32 || c == 127:
			out = append(out, ' ')
		default:
			out = append(out, c)
		}
	}
	return out
}
