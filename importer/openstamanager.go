package importer

import (
	"slices"
	"strings"

	"github.com/mailstead/mailstead"
)

// osmTables are the names that the table of accounts had: zz_smtps until version
// 2.4.10, em_accounts since.
func osmTable(name string) bool {
	name = strings.ToLower(name)
	return name == "em_accounts" || name == "zz_smtps"
}

// osmColumn returns a column's name as it is compared, "" for one that the table
// does not have.
func osmColumn(name string) string {
	w := word(name)
	if slices.Contains([]string{
		"id", "name", "note", "server", "port", "username", "password", "fromname", "fromaddress", "encryption", "pec",
		"main", "predefined", "timeout", "sslnoverify", "connectedat", "createdat", "updatedat", "deletedat", "provider", "clientid",
		"clientsecret", "oauth2state", "accesstoken", "refreshtoken", "oauth2config", "idoauth2",
	}, w) {
		return w
	}
	return ""
}

// isOpenSTAManager reports whether a header is that of the table.
func isOpenSTAManager(header []string) bool {
	var words []string
	for _, h := range header {
		words = append(words, word(h))
	}
	return slices.Contains(words, "fromaddress") && slices.Contains(words, "server")
}

func readOpenSTAManager(f *File, text string) error {
	t := table{text: text}
	if header, ok := t.header(); ok && isOpenSTAManager(header) {
		columns := f.columns(header, t.skipped+1, osmColumn)
		return f.rows(&t, len(header), func(cells []string, line int) Candidate {
			return osmCandidate(line, func(name string) string {
				if i, ok := columns[name]; ok && i < len(cells) && cells[i] != "NULL" {
					return cells[i]
				}
				return ""
			})
		})
	}
	d := dump{file: f, lexer: lexer{text: text, line: 1}, columns: map[string][]string{}}
	return d.read()
}

// dump reads an SQL dump.
type dump struct {
	file *File
	lexer
	// columns are those of the tables that were created, by name.
	columns map[string][]string
	// told are the tables whose unknown columns were told.
	told map[string]bool
}

func (d *dump) read() error {
	for {
		t := d.next()
		if d.broken != 0 {
			return damaged(d.broken, "a quote or a comment that begins here never ends")
		}
		var err error
		switch {
		case t.kind == end:
			return nil
		case t.is("CREATE"):
			d.create()
		case t.is("INSERT"), t.is("REPLACE"):
			err = d.insert()
		default:
			d.statement(t)
		}
		if err != nil {
			return err
		}
	}
}

// create reads CREATE TABLE.
func (d *dump) create() {
	t := d.next()
	if !t.is("TABLE") {
		d.statement(t)
		return
	}
	for t = d.next(); t.is("IF") || t.is("NOT") || t.is("EXISTS"); {
		t = d.next()
	}
	table, t := d.tableName(t)
	if t.kind == sign && t.text == "(" && osmTable(table) {
		d.columns[strings.ToLower(table)] = columnsOf(d.list())
		t = d.next()
	}
	d.statement(t)
}

// insert reads INSERT INTO with one or many rows.
func (d *dump) insert() error {
	t := d.next()
	for t.is("IGNORE") || t.is("LOW_PRIORITY") || t.is("DELAYED") || t.is("HIGH_PRIORITY") || t.is("INTO") {
		t = d.next()
	}
	line := t.line
	table, t := d.tableName(t)
	if !osmTable(table) {
		d.statement(t)
		return nil
	}
	columns := d.columns[strings.ToLower(table)]
	if t.kind == sign && t.text == "(" {
		columns = columnsOf(d.list())
		t = d.next()
	}
	if !t.is("VALUES") && !t.is("VALUE") {
		return damaged(t.line, "only INSERT INTO with VALUES can be read")
	}
	if len(columns) == 0 {
		return damaged(line, "the columns are not named, and CREATE TABLE is missing: dump the structure too")
	}
	places := d.places(table, columns, line)
	for t = d.next(); t.kind == sign && (t.text == "(" || t.text == ","); t = d.next() {
		if t.text == "," {
			continue
		}
		if err := d.row(places, len(columns), t.line); err != nil {
			return err
		}
	}
	d.statement(t)
	return nil
}

// places finds the columns; unknown ones are told once a table.
func (d *dump) places(table string, columns []string, line int) map[string]int {
	f := d.file
	if d.told[table] {
		f = &File{}
	}
	if d.told == nil {
		d.told = make(map[string]bool)
	}
	d.told[table] = true
	return f.columns(columns, line, osmColumn)
}

// row reads one row of VALUES.
func (d *dump) row(places map[string]int, width, line int) error {
	items := d.list()
	if d.broken != 0 {
		return damaged(d.broken, "a quote or a comment that begins here never ends")
	}
	if len(items) != width {
		c := Candidate{Line: line}
		c.Fail("import.row_unreadable", "")
		return d.file.add(c)
	}
	return d.file.add(osmCandidate(line, func(name string) string {
		if i, ok := places[name]; ok {
			return value(items[i])
		}
		return ""
	}))
}

// osmCandidate reads one row of the table. Its "tls" is PHPMailer's word for
// STARTTLS, and its "ssl" that for TLS.
func osmCandidate(line int, cell func(string) string) Candidate {
	c := Candidate{Line: line, Name: cell("name"), DisplayName: cell("fromname"), Note: cell("note")}
	c.setAddress(cell("fromaddress"))
	c.Default = c.yes("predefined", cell("predefined"))
	if c.yes("pec", cell("pec")) {
		c.Note = strings.TrimPrefix(c.Note+"\nPEC", "\n")
	}
	if deleted := cell("deletedat"); deleted != "" && !strings.HasPrefix(deleted, "0000-") {
		c.Fail("import.deleted", deleted)
	}
	if c.Address == "" {
		c.Fail("import.address_missing", "from_address")
	}
	s := &Server{Host: strings.TrimSpace(cell("server")), Login: strings.TrimSpace(cell("username")), Secret: mailstead.NewSecret(cell("password"))}
	c.Outgoing = s
	s.Open = s.Login == "" && s.Host != ""
	if s.Open {
		s.Secret = mailstead.Secret{}
	}
	var ok bool
	if s.Port, ok = port(cell("port")); !ok {
		c.Fail("import.value", "port: "+cell("port"))
	}
	switch encryption := strings.ToLower(strings.TrimSpace(cell("encryption"))); encryption {
	case "tls", "starttls":
		s.Security = mailstead.SecurityStartTLS
	case "ssl":
		s.Security = mailstead.SecurityTLS
	case "", "0", "none":
		if s.Host != "" {
			s.Security = mailstead.SecurityNone
		}
	default:
		c.Fail("import.value", "encryption: "+encryption)
	}
	if unverified, _ := yes(cell("sslnoverify")); unverified {
		c.Warn("import.certificate", s.Host)
	}
	if cell("accesstoken") != "" || cell("refreshtoken") != "" || cell("clientid") != "" {
		c.Warn("import.oauth", cell("provider"))
	}
	return c
}
