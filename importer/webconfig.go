package importer

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"golang.org/x/text/encoding/htmlindex"

	"github.com/mailstead/mailstead"
)

// webConfig reads <system.net><mailSettings><smtp> of .NET, whose meaning is
// that of System.Net.Mail.SmtpClient: it knows STARTTLS and nothing else as
// encryption, and port 25 as the usual one.
type webConfig struct {
	file *File
	// path is the names of the open elements.
	path []string
	// location is the path of the <location> that is open, and locations how deep.
	location string
	smtp     *smtpSection
}

// smtpSection is an <smtp> element that is being read.
type smtpSection struct {
	c        Candidate
	depth    int
	location string
	// network tells that there is a <network> element, pickup that the mail goes
	// into a directory.
	network, pickup bool
}

// maxDepth bounds how deep elements are nested.
const maxDepth = 200

func readWebConfig(f *File, text string) error {
	d := xml.NewDecoder(strings.NewReader(text))
	// The text is UTF-8 by now, whatever the declaration says.
	d.CharsetReader = func(label string, in io.Reader) (io.Reader, error) {
		if _, err := htmlindex.Get(label); err != nil {
			return nil, err
		}
		return in, nil
	}
	w := &webConfig{file: f}
	for {
		line, _ := d.InputPos()
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		var broken *xml.SyntaxError
		switch {
		case errors.As(err, &broken):
			return damaged(broken.Line, broken.Msg)
		case err != nil:
			return damaged(line, "it is no XML that can be read")
		}
		switch t := token.(type) {
		case xml.StartElement:
			if len(w.path) == maxDepth {
				return damaged(line, "the elements are nested too deep")
			}
			w.start(t, line)
			w.path = append(w.path, t.Name.Local)
		case xml.EndElement:
			w.path = w.path[:len(w.path)-1]
			if err := w.end(t); err != nil {
				return err
			}
		}
	}
}

func (w *webConfig) start(e xml.StartElement, line int) {
	parent := ""
	if len(w.path) > 0 {
		parent = w.path[len(w.path)-1]
	}
	a := attributes(e)
	name := e.Name.Local
	switch {
	case name == "location":
		w.location = a["path"]
	case w.smtp != nil:
		w.smtp.child(name, a, line)
	case name == "mailSettings" || (name == "smtp" && (parent == "mailSettings" || parent == "")) || (strings.HasPrefix(name, "smtp") && parent == "mailSettings"):
		if source := a["configSource"]; source != "" {
			w.file.warn(line, "import.config_source", source)
			return
		}
		if a["configProtectionProvider"] != "" {
			w.file.fail(line, "import.encrypted", name)
			return
		}
		if name != "mailSettings" {
			w.begin(name, a, line)
		}
	}
}

// begin reads the attributes of an <smtp> element. Sections beside it, by
// convention called smtp_1 and so on, are read the same way.
func (w *webConfig) begin(name string, a map[string]string, line int) {
	s := &smtpSection{depth: len(w.path), location: w.location}
	s.c = Candidate{Line: line, Name: "web.config", Default: w.location == "" && name == "smtp"}
	if name != "smtp" {
		s.c.Name += " " + name
	}
	if w.location != "" {
		s.c.Name += " (" + w.location + ")"
	}
	s.c.setAddress(a["from"])
	s.c.Outgoing = &Server{Port: 25, Security: mailstead.SecurityNone, Open: true}
	switch method := strings.ToLower(a["deliveryMethod"]); method {
	case "", "network":
	default:
		s.pickup = true
	}
	w.smtp = s
}

// child reads an element inside of <smtp>.
func (s *smtpSection) child(name string, a map[string]string, line int) {
	if name != "network" {
		return
	}
	s.network = true
	out := s.c.Outgoing
	out.Host, out.Login, out.Secret = strings.TrimSpace(a["host"]), a["userName"], mailstead.NewSecret(a["password"])
	out.Open = out.Login == ""
	if p, ok := port(a["port"]); !ok {
		s.c.Findings = append(s.c.Findings, NewFinding(Error, line, "import.value", "port: "+a["port"]))
	} else if p != 0 {
		out.Port = p
	}
	encrypted, ok := yes(a["enableSsl"])
	switch {
	case !ok:
		s.c.Findings = append(s.c.Findings, NewFinding(Error, line, "import.value", "enableSsl: "+a["enableSsl"]))
	case encrypted && out.Port == 465:
		// .NET cannot do what this port is for, so nobody knows what was meant.
		out.Security = mailstead.SecurityTLS
		s.c.Findings = append(s.c.Findings, NewFinding(Warning, line, "import.security_assumed", "tls"))
	case encrypted:
		out.Security = mailstead.SecurityStartTLS
	}
	if windows, _ := yes(a["defaultCredentials"]); windows && !s.pickup {
		severity := Error
		if out.Login != "" {
			severity = Warning
		}
		s.c.Findings = append(s.c.Findings, NewFinding(severity, line, "import.windows_sign_in", "defaultCredentials"))
	}
}

// end closes an element, and with it perhaps the candidate.
func (w *webConfig) end(e xml.EndElement) error {
	if e.Name.Local == "location" {
		w.location = ""
	}
	s := w.smtp
	if s == nil || len(w.path) != s.depth {
		return nil
	}
	w.smtp = nil
	c := s.c
	switch {
	case s.pickup:
		c.Fail("import.pickup_directory", "deliveryMethod")
		c.Outgoing = nil
	case !s.network || c.Outgoing.Host == "":
		c.Fail("import.server_missing", "host")
		c.Outgoing = nil
	}
	if c.Address == "" && c.Outgoing != nil {
		// Programs that set the sender themselves leave it out here.
		if c.setAddress(c.Outgoing.Login); !strings.Contains(c.Address, "@") {
			c.Address = ""
		}
	}
	if c.Address == "" {
		c.Fail("import.address_missing", "from")
	}
	return w.file.add(c)
}

// attributes returns the attributes of an element by name; those of transforms
// and other namespaces are left out.
func attributes(e xml.StartElement) map[string]string {
	a := make(map[string]string, len(e.Attr))
	for _, attr := range e.Attr {
		if attr.Name.Space == "" {
			a[attr.Name.Local] = attr.Value
		}
	}
	return a
}
