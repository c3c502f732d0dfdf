package imap

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/mailstead/mailstead"
)

// maxFolders bounds a list of folders.
const maxFolders = 20_000

// Folders implements mailstead.Source by LIST (RFC 9051 section 6.3.9).
func (s *session) Folders(ctx context.Context) (list []mailstead.RemoteFolder, err error) {
	const op = "imap.Folders"
	defer s.begin(ctx, op)(&err)
	line := `LIST "" "*"`
	extended := s.has("LIST-EXTENDED") && s.has("SPECIAL-USE")
	if extended {
		line += " RETURN (SPECIAL-USE)" // RFC 6154 section 2
	}
	list, st, err := s.list(line)
	if err == nil && extended && !st.ok() {
		list, st, err = s.list(`LIST "" "*"`)
	}
	if err == nil && !st.ok() {
		err = replyError(op, mailstead.StageFolders, st)
	}
	if err != nil {
		return nil, err
	}
	s.driver.roles.assign(list)
	return list, nil
}

func (s *session) list(line string) ([]mailstead.RemoteFolder, status, error) {
	var list []mailstead.RemoteFolder
	seen := make(map[string]bool)
	st, err := s.run(line, func(a answer) {
		f, ok := s.parseList(a)
		switch {
		case !ok:
			s.heard(a)
		case seen[f.Path] || len(list) == maxFolders:
		default:
			seen[f.Path] = true
			list = append(list, f)
		}
	})
	return list, st, err
}

// parseList reads a LIST response (RFC 9051 section 7.3.1). The role is the one
// that the server says.
func (s *session) parseList(a answer) (f mailstead.RemoteFolder, ok bool) {
	if a.tag != "" || !a.u.is("LIST") {
		return f, false
	}
	args := a.u.args
	if args.peek() == '(' {
		args.next()
		for v := args.next(); v.kind != valueClose && v.kind != valueNone; v = args.next() {
			setAttribute(&f, v.text)
		}
	}
	if delimiter := args.next(); delimiter.isText() && len(delimiter.text) == 1 {
		f.Delimiter = string(delimiter.text)
	}
	name := args.next()
	switch {
	case name.kind == valueString && len(name.text) > 0:
	case name.kind == valueAtom && len(name.text) > 0:
		// An atom with spaces in it, by servers that forget the quotes.
		if rest := args.rest(); len(rest) > 0 && rest[0] != '(' {
			name.text = append(append(name.text[:len(name.text):len(name.text)], ' '), rest...)
		}
	default:
		return f, false
	}
	f.Path = s.path(string(name.text))
	return f, f.Path != ""
}

// path decodes the name of a folder.
func (s *session) path(name string) string {
	switch {
	case strings.EqualFold(name, "INBOX"):
		return "INBOX"
	case s.utf8Names() && utf8.ValidString(name):
		return name
	}
	if decoded, ok := decodeName(name); ok {
		return decoded
	}
	return strings.ToValidUTF8(name, "�")
}
