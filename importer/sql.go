package importer

import (
	"slices"
	"strings"
)

// kind is what a token of SQL is.
type kind int

const (
	end kind = iota
	// bare is a word or number, name one in backticks, str a text in quotes.
	bare
	name
	str
	// sign is any single character else.
	sign
)

// token is one token of SQL.
type token struct {
	kind kind
	text string
	line int
}

// is reports whether the token is the bare word, in any case.
func (t token) is(word string) bool { return t.kind == bare && strings.EqualFold(t.text, word) }

// lexer cuts MySQL's SQL into tokens, as far as dumps of tables need it. Comments
// are left out, those for certain versions of MySQL too: dumps have only settings
// in them.
type lexer struct {
	text string
	at   int
	line int
	// broken is the line where a quote or comment begins that never ends, or 0.
	broken int
}

func (l *lexer) next() token {
	l.skip()
	t := token{line: l.line}
	if l.at >= len(l.text) {
		return t
	}
	switch c := l.text[l.at]; {
	case c == '\'' || c == '"':
		t.kind, t.text = str, l.quoted(c, true)
	case c == '`':
		t.kind, t.text = name, l.quoted(c, false)
	case isWordByte(c):
		from := l.at
		for l.at < len(l.text) && isWordByte(l.text[l.at]) {
			l.at++
		}
		t.kind, t.text = bare, l.text[from:l.at]
	default:
		t.kind, t.text = sign, l.text[l.at:l.at+1]
		l.at++
	}
	return t
}

func isWordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '+' || c == '@' || c == '$' || c >= 0x80
}

// skip passes over space and comments.
func (l *lexer) skip() {
	for l.at < len(l.text) {
		rest := l.text[l.at:]
		switch {
		case rest[0] == '\n':
			l.line++
			l.at++
		case rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\r':
			l.at++
		case rest[0] == '#' || strings.HasPrefix(rest, "-- ") || strings.HasPrefix(rest, "--\n") || strings.HasPrefix(rest, "--\r") || rest == "--":
			end := strings.IndexByte(rest, '\n')
			if end < 0 {
				end = len(rest)
			}
			l.at += end
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest[2:], "*/")
			if end < 0 {
				l.broken, l.at = l.line, len(l.text)
				return
			}
			l.line += strings.Count(rest[:end+4], "\n")
			l.at += end + 4
		default:
			return
		}
	}
}

// quoted reads what stands in quotes; a doubled quote is one of the text.
func (l *lexer) quoted(quote byte, escapes bool) string {
	var b strings.Builder
	begin := l.line
	for l.at++; l.at < len(l.text); l.at++ {
		c := l.text[l.at]
		switch {
		case c == quote && l.at+1 < len(l.text) && l.text[l.at+1] == quote:
			l.at++
		case c == quote:
			l.at++
			return b.String()
		case c == '\\' && escapes && l.at+1 < len(l.text):
			l.at++
			b.WriteString(unescapeSQL(l.text[l.at]))
			if l.text[l.at] == '\n' {
				l.line++
			}
			continue
		case c == '\n':
			l.line++
		}
		b.WriteByte(c)
	}
	l.broken = begin
	return ""
}

// unescapeSQL resolves an escape, see "String Literals" in MySQL's manual.
func unescapeSQL(c byte) string {
	switch c {
	case '0':
		return "\x00"
	case 'b':
		return "\b"
	case 'n':
		return "\n"
	case 'r':
		return "\r"
	case 't':
		return "\t"
	case 'Z':
		return "\x1a"
	case '%', '_':
		return `\` + string(c)
	}
	return string([]byte{c})
}

// tableName reads a name that may have its database in front, and the token
// behind it.
func (l *lexer) tableName(t token) (table string, next token) {
	table, next = t.text, l.next()
	if next.kind == sign && next.text == "." {
		table, next = l.next().text, l.next()
	}
	return table, next
}

// statement passes over the rest of a statement.
func (l *lexer) statement(t token) {
	for t.kind != end && (t.kind != sign || t.text != ";") {
		t = l.next()
	}
}

// list reads what stands between parentheses, the first of which was read: the
// tokens of each item.
func (l *lexer) list() [][]token {
	var items [][]token
	var item []token
	for depth := 1; ; {
		t := l.next()
		if t.kind == end {
			return items
		}
		if t.kind == sign {
			switch t.text {
			case "(":
				depth++
			case ")":
				if depth--; depth == 0 {
					return append(items, item)
				}
			case ",":
				if depth == 1 {
					items, item = append(items, item), nil
					continue
				}
			}
		}
		// No item of ours is longer; the rest of it says nothing.
		if len(item) < 32 {
			item = append(item, t)
		}
	}
}

// columnsOf returns the names of the columns of CREATE TABLE's list.
func columnsOf(items [][]token) []string {
	var columns []string
	for _, item := range items {
		if len(item) == 0 {
			continue
		}
		first := item[0]
		isKey := first.kind == bare && slices.Contains([]string{
			"primary", "key", "unique", "constraint", "index", "fulltext", "foreign", "check", "spatial",
		}, strings.ToLower(first.text))
		if !isKey {
			columns = append(columns, first.text)
		}
	}
	return columns
}

// value returns the text of an item of VALUES; "" for NULL and for expressions.
func value(item []token) string {
	switch {
	case len(item) == 1 && item[0].is("NULL"):
		return ""
	case len(item) == 1:
		return item[0].text
	case len(item) == 2 && item[0].kind == bare && strings.HasPrefix(item[0].text, "_"):
		return item[1].text // a character set: _utf8mb4'text'
	}
	return ""
}
