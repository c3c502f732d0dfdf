package message

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/mailstead/mailstead"
)

// Mail is a whole mail, read for showing.
type Mail struct {
	mailstead.Headers
	// Text is the plain text, made from the HTML when the mail has none; lines end
	// in LF, the last one in nothing. HTML is the mail's own HTML, not safe to show: see SafeHTML.
	Text string
	HTML string
	// Attachments are in the order of the mail.
	Attachments []mailstead.Attachment
	// AutoReply is an automatic answer such as an absence notice (RFC 3834).
	AutoReply bool
	// Bounce is set for a delivery status notification (RFC 3464).
	Bounce *Bounce
	// Defects says in short phrases what was odd about the mail.
	Defects []string

	parts [][]byte
}

// Read reads the whole mail for showing. The only error is of KindInvalid, for
// bytes without anything like a mail header.
func Read(data []byte) (*Mail, error) {
	var d defects
	data = normalLines(data)
	root := parseTree(data, &d)
	if len(root.header) == 0 {
		return nil, &mailstead.Error{
			Kind: mailstead.KindInvalid, Code: "message.unreadable", Op: "message.Read",
			Text: "This is not a mail: " + noHeader + ".",
		}
	}
	c := collect(root)
	m := &Mail{Headers: readHeaders(root.header, bodyCharset(c.bodies), &d)}
	m.AutoReply = isAutoReply(root.header, m.Subject)
	r := reader{d: &d}
	m.Text = strings.TrimRight(r.plain(c.bodies), "\n")
	m.HTML = r.html(c.bodies)
	m.Bounce = findBounce(root, &d)
	for i, a := range c.attachments {
		data := a.part.data()
		sum := sha256.Sum256(data)
		m.parts = append(m.parts, data)
		m.Attachments = append(m.Attachments, mailstead.Attachment{
			Part:      i,
			Name:      attachmentName(a.part),
			MediaType: a.part.contentType.value,
			Size:      int64(len(data)),
			ContentID: a.part.contentID(),
			Inline:    a.inline,
			SHA256:    hex.EncodeToString(sum[:]),
		})
	}
	m.Defects = d
	return m, nil
}

// attachmentName is the declared name; an attached mail without one is called by
// its subject.
func attachmentName(p *part) string {
	name := p.fileName()
	if name == "" && p.contentType.value == "message/rfc822" {
		var d defects
		h, _ := scanMail(p.data(), &d)
		if subject := decodeText(h.get("Subject"), "", &d); subject != "" {
			name = cleanFileName(strings.NewReplacer("/", "_", `\`, "_").Replace(cut(subject, 200)) + ".eml")
		}
	}
	return name
}

// Part returns attachment number i with its bytes, which stay the mail's.
func (m *Mail) Part(i int) (mailstead.Attachment, []byte, error) {
	if i < 0 || i >= len(m.Attachments) {
		return mailstead.Attachment{}, nil, mailstead.NotFound("attachment")
	}
	return m.Attachments[i], m.parts[i], nil
}

// VisibleText is the text without quotes of earlier mails and without signature.
// A mail that is nothing but those is given whole.
func (m *Mail) VisibleText() string { return visibleText(m.Text) }
