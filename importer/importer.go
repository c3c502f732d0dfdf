// Package importer reads the mail settings of other programs. It does no input
// or output and stores nothing: bytes go in, candidates for accounts come out.
//
//  1. Read finds out the format, unless it is named, and the character set.
//  2. The format's own reader turns its entries into candidates, each with the
//     line it stands in and with findings: errors that stop it, warnings that
//     tell what was understood or left out.
//  3. Journey connect decides what a candidate becomes.
//
// What cannot be read at all is an error. What can be read in part is told by
// findings, so that one bad entry never costs the others.
package importer

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/mailstead/mailstead"
)

// Format is a kind of file that can be read.
type Format string

// The formats. Auto finds out which of the others it is.
const (
	Auto Format = "auto"
	// WebConfig is the mailSettings of a .NET web.config or app.config.
	WebConfig Format = "webconfig"
	// CSV is a table with the columns that docs/import.md names.
	CSV Format = "csv"
	// Thunderbird is the prefs.js of a Thunderbird profile.
	Thunderbird Format = "thunderbird"
	// OpenSTAManager is its table of accounts, as an SQL dump or as CSV.
	OpenSTAManager Format = "openstamanager"
)

// Formats lists the formats, Auto first.
func Formats() []Format { return []Format{Auto, WebConfig, CSV, Thunderbird, OpenSTAManager} }

// The bounds of what is read.
const (
	// MaxSize is the most bytes of a file.
	MaxSize = 10 << 20
	// MaxCandidates is the most accounts of a file.
	MaxCandidates = 10_000
)

// File is what was read.
type File struct {
	// Format is the one that was read, never Auto.
	Format     Format
	Candidates []Candidate
	// Findings are about the file as a whole.
	Findings []Finding
}

// Candidate is one account of the source. Texts are as they stand there, not yet
// validated.
type Candidate struct {
	// Line is where it begins in the source, from 1.
	Line        int
	Name        string
	DisplayName string
	Address     string
	Note        string
	// Owner is the address of the user whom it belongs to, "" when the source
	// does not say.
	Owner string
	// Profile is the name of a profile that gets it, or "".
	Profile string
	// Incoming and Outgoing are nil where the source has none.
	Incoming *Server
	Outgoing *Server
	// Default tells that the source sends from it when nothing else is chosen.
	Default  bool
	Findings []Finding
}

// Server is one side of a candidate.
type Server struct {
	// Host is as it stands in the source; "" means the server that is known for
	// the address. Port is 0 and Security is "" where the source does not say.
	Host     string
	Port     int
	Security mailstead.Security
	// Protocol is POP3 where the source says so, else "" for the usual one.
	Protocol mailstead.Protocol `json:",omitempty"`
	// Login is "" for the usual one.
	Login  string
	Secret mailstead.Secret
	// Open tells that the source uses the server without a sign-in.
	Open bool
}

// Severity is how much a finding matters.
type Severity string

// The severities: an error stops its candidate, a warning does not.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Finding is what somebody should know about a line of the source.
type Finding struct {
	// Line is the line of the source, 0 for the whole of it.
	Line     int      `json:"line"`
	Severity Severity `json:"severity"`
	// Code is a stable word for programs.
	Code string `json:"code"`
	// Text is the finding in one sentence; it holds no secret.
	Text string `json:"text"`
	// Detail is what it is about: a column, a value, a name. Never a secret.
	Detail string `json:"detail,omitempty"`
}

// Failed reports whether a finding stops the candidate.
func (c *Candidate) Failed() bool {
	return slices.ContainsFunc(c.Findings, func(f Finding) bool { return f.Severity == Error })
}

// Fail adds an error that stops the candidate.
func (c *Candidate) Fail(code, detail string) {
	c.Findings = append(c.Findings, NewFinding(Error, c.Line, code, detail))
}

// Warn adds a warning.
func (c *Candidate) Warn(code, detail string) {
	c.Findings = append(c.Findings, NewFinding(Warning, c.Line, code, detail))
}

// fail and warn are those of the file.
func (f *File) fail(line int, code, detail string) {
	f.Findings = append(f.Findings, NewFinding(Error, line, code, detail))
}

func (f *File) warn(line int, code, detail string) {
	f.Findings = append(f.Findings, NewFinding(Warning, line, code, detail))
}

// NewFinding returns a finding with its sentence.
func NewFinding(s Severity, line int, code, detail string) Finding {
	return Finding{Line: line, Severity: s, Code: code, Text: sentence(code), Detail: clip(strings.ToValidUTF8(detail, "�"))}
}

// maxDetail is the longest detail in bytes.
const maxDetail = 200

func clip(s string) string {
	if len(s) > maxDetail {
		return strings.ToValidUTF8(s[:maxDetail], "") + "…"
	}
	return s
}

// Read reads content. Errors are *mailstead.Error of KindTooLarge or KindInvalid:
// the whole of it cannot be used.
func Read(content []byte, format Format) (File, error) {
	if len(content) > MaxSize {
		return File{}, TooLarge()
	}
	if len(bytes.TrimSpace(content)) == 0 {
		return File{}, mailstead.Invalid("content", "import.empty", "The file is empty.")
	}
	text, charset := decode(content)
	if format == Auto || format == "" {
		format = detect(text)
	}
	f := File{Format: format}
	if charset != "" {
		f.warn(0, "import.charset", charset)
	}
	var err error
	switch format {
	case WebConfig:
		err = readWebConfig(&f, text)
	case CSV:
		err = readCSV(&f, text)
	case Thunderbird:
		err = readThunderbird(&f, text)
	case OpenSTAManager:
		err = readOpenSTAManager(&f, text)
	default:
		err = mailstead.Invalid("format", "import.unknown_format",
			"This is none of the formats that can be imported: web.config, CSV, Thunderbird's prefs.js or OpenSTAManager's table of accounts.")
	}
	if err != nil {
		return File{}, err
	}
	if len(f.Candidates) == 0 {
		f.fail(0, "import.nothing_found", "")
	}
	return f, nil
}

// TooLarge is the error of a file over MaxSize.
func TooLarge() *mailstead.Error {
	return &mailstead.Error{
		Kind: mailstead.KindTooLarge, Code: "import.too_large", Field: "content",
		Text: fmt.Sprintf("The file is larger than the %d MB that can be imported at once: divide it.", MaxSize>>20),
	}
}

// add appends a candidate. It returns an error when there are too many.
func (f *File) add(c Candidate) error {
	if len(f.Candidates) == MaxCandidates {
		return &mailstead.Error{
			Kind: mailstead.KindTooLarge, Code: "import.too_many", Field: "content",
			Text: fmt.Sprintf("The file has more than the %d accounts that can be imported at once: divide it.", MaxCandidates),
		}
	}
	f.Candidates = append(f.Candidates, c)
	return nil
}

// damaged is a file that is not what its format demands.
func damaged(line int, what string) error {
	return mailstead.Invalid("content", "import.damaged", fmt.Sprintf("Line %d cannot be read: %s.", line, what))
}

// detect tells the format by what only it has; "" when it is none.
func detect(text string) Format {
	head := text[:min(len(text), 64<<10)]
	trimmed := strings.TrimSpace(head)
	lower := strings.ToLower(head)
	switch {
	case strings.HasPrefix(trimmed, "<"):
		return WebConfig
	case strings.Contains(head, "user_pref("):
		return Thunderbird
	case strings.Contains(lower, "insert into"), strings.Contains(lower, "create table"), strings.HasPrefix(trimmed, "--"), strings.HasPrefix(trimmed, "/*"):
		return OpenSTAManager
	}
	t := table{text: text}
	header, ok := t.header()
	switch {
	case !ok:
		return ""
	case isOpenSTAManager(header):
		return OpenSTAManager
	case slices.ContainsFunc(header, func(h string) bool { return column(h) != "" }):
		return CSV
	}
	return ""
}
