package importer

import (
	"encoding/csv"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/mailstead/mailstead"
)

// table reads comma separated values (RFC 4180), separated by comma, semicolon
// or tab.
type table struct {
	text string
	// skipped is how many lines stand before the header.
	skipped int
	reader  *csv.Reader
}

// open finds the separator and places the reader before the header.
func (t *table) open() {
	text := t.text
	separator := rune(0)
	// Spreadsheets write the separator into a line of its own.
	if line, rest, ok := strings.Cut(text, "\n"); ok {
		if word, found := strings.CutPrefix(strings.TrimRight(line, "\r"), "sep="); found && len(word) == 1 && strings.ContainsAny(word, ",;\t") {
			separator, text, t.skipped = rune(word[0]), rest, 1
		}
	}
	if separator == 0 {
		separator = separatorOf(text)
	}
	t.reader = csv.NewReader(strings.NewReader(text))
	t.reader.Comma, t.reader.FieldsPerRecord = separator, -1
}

// separatorOf counts which separator the header has most of, outside of quotes.
func separatorOf(text string) rune {
	counts := make(map[rune]int)
	quoted := false
	for _, r := range strings.TrimLeft(text, "\r\n") {
		switch {
		case r == '"':
			quoted = !quoted
		case !quoted && (r == ',' || r == ';' || r == '\t'):
			counts[r]++
		}
		if r == '\n' && !quoted {
			break
		}
	}
	best := ','
	for _, r := range []rune{';', '\t'} {
		if counts[r] > counts[best] {
			best = r
		}
	}
	return best
}

// header reads the first row.
func (t *table) header() ([]string, bool) {
	t.open()
	row, err := t.reader.Read()
	return row, err == nil
}

// row reads the next row and the line where it begins. A row that is broken is
// nil, without an error; the end is io.EOF.
func (t *table) row() (cells []string, line int, err error) {
	cells, err = t.reader.Read()
	var broken *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return nil, 0, io.EOF
	case errors.As(err, &broken):
		return nil, broken.StartLine + t.skipped, nil
	case err != nil:
		return nil, 0, err
	}
	line, _ = t.reader.FieldPos(0)
	return cells, line + t.skipped, nil
}

// word is a header as it is compared: case, spaces and dashes don't matter.
func word(header string) string {
	return strings.NewReplacer(" ", "", "_", "", "-", "", ".", "").Replace(strings.ToLower(strings.TrimSpace(header)))
}

// column returns the documented name of a header, "" when there is none.
func column(header string) string {
	switch w := word(header); w {
	case "name", "note", "owner", "profile", "login", "password", "system", "address":
		return w
	case "email", "mail", "emailaddress", "mailaddress":
		return "address"
	case "displayname", "fromname":
		return "display_name"
	case "notes", "comment":
		return "note"
	case "user":
		return "owner"
	case "username":
		return "login"
	case "default":
		return "system"
	case "nosignin":
		return "no_sign_in"
	case "incomingpassword", "imappassword":
		return "password"
	case "outgoingpassword", "smtppassword":
		return "outgoing_password"
	default:
		return sideColumn(w)
	}
}

// sideColumn returns the documented name of a header about one side.
func sideColumn(w string) string {
	for prefix, side := range map[string]string{"incoming": "incoming_", "imap": "incoming_", "outgoing": "outgoing_", "smtp": "outgoing_"} {
		switch rest, ok := strings.CutPrefix(w, prefix); {
		case !ok:
		case rest == "host" || rest == "server" || rest == "":
			return side + "host"
		case rest == "port" || rest == "security" || rest == "login":
			return side + rest
		case rest == "username" || rest == "user":
			return side + "login"
		}
	}
	return ""
}

func readCSV(f *File, text string) error {
	t := table{text: text}
	names, ok := t.header()
	if !ok {
		return damaged(1, "the header is no row of separated values")
	}
	columns := f.columns(names, t.skipped+1, column)
	if _, ok := columns["address"]; !ok {
		return mailstead.Invalid("content", "import.no_address_column", "The table has no column \"address\": its first row must name the columns.")
	}
	return f.rows(&t, len(names), func(cells []string, line int) Candidate {
		return csvCandidate(line, func(name string) string {
			if i, ok := columns[name]; ok && i < len(cells) {
				return cells[i]
			}
			return ""
		})
	})
}

// columns finds the places of the columns and tells those that are not known.
func (f *File) columns(names []string, line int, known func(string) string) map[string]int {
	columns := make(map[string]int)
	for i, name := range names {
		c := known(name)
		_, twice := columns[c]
		switch {
		case c == "" && strings.TrimSpace(name) != "":
			f.warn(line, "import.column_unknown", name)
		case twice:
			f.warn(line, "import.column_twice", name)
		case c != "":
			columns[c] = i
		}
	}
	return columns
}

// rows turns every row into a candidate.
func (f *File) rows(t *table, width int, read func(cells []string, line int) Candidate) error {
	for {
		cells, line, err := t.row()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if strings.TrimSpace(strings.Join(cells, "")) == "" && cells != nil {
			continue
		}
		var c Candidate
		if cells == nil || len(cells) > width {
			c = Candidate{Line: line}
			c.Fail("import.row_unreadable", "")
		} else {
			c = read(cells, line)
		}
		if err := f.add(c); err != nil {
			return err
		}
	}
}

// csvCandidate reads one row by the names of its columns.
func csvCandidate(line int, cell func(string) string) Candidate {
	c := Candidate{
		Line: line, Name: cell("name"), DisplayName: cell("display_name"), Note: cell("note"),
		Owner: strings.TrimSpace(cell("owner")), Profile: strings.TrimSpace(cell("profile")),
	}
	c.setAddress(cell("address"))
	if c.Address == "" {
		c.Fail("import.address_missing", "address")
	}
	c.Default = c.yes("system", cell("system"))
	c.Incoming = c.side("incoming", cell)
	c.Outgoing = c.side("outgoing", cell)
	if c.Incoming == nil && c.Outgoing == nil {
		// Both are those that are known for the address.
		c.Incoming, c.Outgoing = &Server{}, &Server{}
	}
	password := mailstead.NewSecret(cell("password"))
	for _, s := range []*Server{c.Incoming, c.Outgoing} {
		if s == nil {
			continue
		}
		s.Secret = password
		if s.Login == "" {
			s.Login = strings.TrimSpace(cell("login"))
		}
	}
	if s := c.Outgoing; s != nil {
		if own := mailstead.NewSecret(cell("outgoing_password")); !own.IsZero() {
			s.Secret = own
		}
		if s.Open = c.yes("no_sign_in", cell("no_sign_in")); s.Open {
			s.Login, s.Secret = "", mailstead.Secret{}
		}
	}
	return c
}

// side reads the columns of one side; nil when its server is empty.
func (c *Candidate) side(prefix string, cell func(string) string) *Server {
	s := &Server{Host: strings.TrimSpace(cell(prefix + "_host")), Login: strings.TrimSpace(cell(prefix + "_login"))}
	text := cell(prefix + "_security")
	var ok bool
	if s.Security, ok = security(text); !ok {
		c.Fail("import.value", prefix+"_security: "+text)
	}
	text = cell(prefix + "_port")
	if s.Port, ok = port(text); !ok {
		c.Fail("import.value", prefix+"_port: "+text)
	}
	if s.Host == "" {
		if s.Port != 0 || s.Security != "" || s.Login != "" {
			c.Warn("import.value_alone", prefix+": "+strconv.Quote(prefix+"_host"))
		}
		return nil
	}
	return s
}

// yes reads a cell that says yes or no.
func (c *Candidate) yes(name, text string) bool {
	value, ok := yes(text)
	if !ok {
		c.Fail("import.value", name+": "+text)
	}
	return value
}
