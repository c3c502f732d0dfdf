package message

import (
	"bytes"
	"io"
	"mime"
	"net/textproto"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mailstead/mailstead"
	gomail "github.com/wneessen/go-mail"
)

// Outgoing is a mail to be written. Blind copies are no part of it: they are in
// the envelope only.
type Outgoing struct {
	From    mailstead.Address
	ReplyTo []mailstead.Address
	To      []mailstead.Address
	Cc      []mailstead.Address
	Subject string
	// MessageID, InReplyTo and References are without angle brackets.
	MessageID  string
	InReplyTo  []string
	References []string
	Date       time.Time
	// Text is made from HTML when it is empty and HTML is not.
	Text        string
	HTML        string
	Attachments []File
}

// File is a file of an outgoing mail.
type File struct {
	Name      string
	MediaType string
	Data      []byte
	// Inline and ContentID place the file inside the HTML (RFC 2392).
	Inline    bool
	ContentID string
}

// Write makes the bytes of a mail: CRLF line ends, ASCII only but for
// internationalised addresses (RFC 6532), lines of 998 bytes at most. Input that
// could break out of its header field is refused with KindInvalid.
func Write(o Outgoing) ([]byte, error) {
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := writeHeader(m, o); err != nil {
		return nil, err
	}
	text := normalText(o.Text)
	if text == "" && o.HTML != "" {
		text = normalText(HTMLToText(o.HTML))
	}
	m.SetBodyString(gomail.TypeTextPlain, canonicalText(text), gomail.WithPartEncoding(textEncoding(text)))
	size := 2*len(text) + 1024
	if o.HTML != "" {
		html := normalText(o.HTML)
		m.AddAlternativeString(gomail.TypeTextHTML, canonicalText(html), gomail.WithPartEncoding(textEncoding(html)))
		size += 2 * len(html)
	}
	if err := writeFiles(m, o); err != nil {
		return nil, err
	}
	for _, f := range o.Attachments {
		size += len(f.Data)*3/2 + 512
	}
	var buf bytes.Buffer
	buf.Grow(size)
	if _, err := m.WriteTo(&buf); err != nil {
		return nil, &mailstead.Error{Kind: mailstead.KindInternal, Op: "message.Write", Err: err}
	}
	return buf.Bytes(), nil
}

// writeHeader checks and sets every field. What goes to go-mail is ASCII in its
// final form (or an address of RFC 6532), so that it has nothing left to encode.
func writeHeader(m *gomail.Msg, o Outgoing) error {
	subject, err := mailstead.CleanLine("subject", o.Subject, maxSubjectText)
	if err != nil {
		return err
	}
	m.Subject(encodeText(subject))
	if o.MessageID == "" || !isID(o.MessageID) {
		return mailstead.Invalid("message_id", "input.message_id", "The message identifier is not valid.")
	}
	if o.Date.IsZero() {
		return mailstead.Invalid("date", "input.date", "A mail needs a date.")
	}
	m.SetMessageIDWithValue(o.MessageID)
	m.SetDateWithValue(o.Date)
	for _, f := range []struct {
		name  gomail.Header
		field string
		list  []mailstead.Address
	}{
		{"From", "from", []mailstead.Address{o.From}}, {"Reply-To", "reply_to", o.ReplyTo}, {"To", "to", o.To}, {"Cc", "cc", o.Cc},
	} {
		if len(f.list) == 0 {
			continue
		}
		list, err := mailstead.CleanAddresses(f.field, f.list)
		if err != nil {
			return err
		}
		m.SetGenHeaderPreformatted(f.name, formatAddresses(len(f.name), list))
	}
	for _, f := range []struct {
		name  gomail.Header
		field string
		ids   []string
	}{{gomail.HeaderInReplyTo, "in_reply_to", o.InReplyTo}, {gomail.HeaderReferences, "references", o.References}} {
		ids, err := citedIDs(f.field, f.ids)
		if err != nil {
			return err
		}
		if len(ids) > 0 {
			m.SetGenHeader(f.name, "<"+strings.Join(ids, "> <")+">")
		}
	}
	return nil
}

// citedIDs refuses identifiers with control characters; ones that other programs
// made against the rules cannot be cited and are left out.
func citedIDs(field string, ids []string) ([]string, error) {
	var out []string
	for _, id := range ids {
		if mailstead.HasControl(id) {
			return nil, mailstead.Invalid(field, "input.control_character", "A message identifier is not valid.")
		}
		if isID(id) && len(out) < maxReferences {
			out = append(out, id)
		}
	}
	return out, nil
}

// isID reports whether id can stand between angle brackets (RFC 5322 section
// 3.6.4): printable ASCII without brackets and spaces.
func isID(id string) bool {
	for i := 0; i < len(id); i++ {
		if c := id[i]; c <= 32 || c >= 127 || c == '<' || c == '>' {
			return false
		}
	}
	return id != "" && len(id) <= maxIDLen
}

// writeFiles sets inline files beside the HTML and the others behind the text:
// mixed(related(alternative(plain, html), inline…), file…).
func writeFiles(m *gomail.Msg, o Outgoing) error {
	var attached, embedded []*gomail.File
	for _, f := range o.Attachments {
		file, err := writeFile(f)
		if err != nil {
			return err
		}
		if f.Inline && f.ContentID != "" && o.HTML != "" {
			embedded = append(embedded, file)
		} else {
			attached = append(attached, file)
		}
	}
	m.SetAttachments(attached)
	m.SetEmbeds(embedded)
	return nil
}

func writeFile(f File) (*gomail.File, error) {
	name, err := mailstead.CleanLine("attachments.name", f.Name, 255)
	if err != nil {
		return nil, err
	}
	if f.MediaType == "" {
		f.MediaType = "application/octet-stream"
	}
	kind, params, err := mime.ParseMediaType(f.MediaType)
	if major, minor, ok := strings.Cut(kind, "/"); err != nil || len(params) > 0 || !ok || !isToken(major) || !isToken(minor) {
		return nil, mailstead.Invalid("attachments.media_type", "input.media_type", "The media type of a file must look like application/pdf.")
	}
	if f.ContentID != "" && !isID(f.ContentID) {
		return nil, mailstead.Invalid("attachments.content_id", "input.control_character", "The content id of a file is not valid.")
	}
	encoding := gomail.EncodingB64
	switch {
	case kind == "message/rfc822" && sevenBit(f.Data):
		// RFC 2046 section 5.2.1 forbids to encode a mail.
		encoding = gomail.NoEncoding
	case strings.HasPrefix(kind, "message/"), strings.HasPrefix(kind, "multipart/"):
		kind = "application/octet-stream"
	}
	header := textproto.MIMEHeader{}
	header.Set("Content-Type", kind+formatParam("name", name))
	disposition := "attachment"
	if f.Inline {
		disposition = "inline"
	}
	header.Set("Content-Disposition", disposition+formatParam("filename", name))
	if f.ContentID != "" {
		header.Set("Content-ID", "<"+f.ContentID+">")
	}
	return &gomail.File{
		Name: name, Header: header, Enc: encoding,
		Writer: func(w io.Writer) (int64, error) {
			n, err := w.Write(f.Data)
			return int64(n), err
		},
	}, nil
}

// sevenBit reports whether data can be sent as it is: ASCII in lines of 998
// bytes that end in CRLF (RFC 2045 section 2.7).
func sevenBit(data []byte) bool {
	line := 0
	for i, c := range data {
		switch {
		case c == '\n':
			if i == 0 || data[i-1] != '\r' {
				return false
			}
			line = 0
		case c == 0 || c >= 0x80 || (c == '\r' && (i+1 == len(data) || data[i+1] != '\n')):
			return false
		default:
			if line++; line > 999 {
				return false
			}
		}
	}
	return true
}

// normalText makes valid UTF-8 with LF line ends and without NUL.
func normalText(s string) string {
	if strings.IndexByte(s, '\r') >= 0 {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	}
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "")
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\ufffd")
	}
	return s
}

// canonicalText has CRLF line ends also inside of base64 (RFC 2045 section 6.8).
func canonicalText(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

// textEncoding picks the shorter of the two encodings that keep a text whole.
func textEncoding(s string) gomail.Encoding {
	high := 0
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			high++
		}
	}
	if high > len(s)/5 {
		return gomail.EncodingB64
	}
	return gomail.EncodingQP
}
