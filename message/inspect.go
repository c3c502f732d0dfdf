package message

import (
	"time"

	"github.com/mailstead/mailstead"
)

// Inspection is everything that is read out of one mail, as "mailstead message
// inspect --json" prints it.
type Inspection struct {
	Subject     string                `json:"subject"`
	From        []InspectedAddress    `json:"from"`
	To          []InspectedAddress    `json:"to"`
	Cc          []InspectedAddress    `json:"cc"`
	ReplyTo     []InspectedAddress    `json:"reply_to"`
	Date        string                `json:"date"`
	MessageID   string                `json:"message_id"`
	InReplyTo   []string              `json:"in_reply_to"`
	References  []string              `json:"references"`
	Text        string                `json:"text"`
	HTML        string                `json:"html"`
	HTMLSafe    string                `json:"html_safe"`
	VisibleText string                `json:"visible_text"`
	Attachments []InspectedAttachment `json:"attachments"`
	Bounce      *InspectedBounce      `json:"bounce"`
	AutoReply   bool                  `json:"auto_reply"`
	Defects     []string              `json:"defects"`
	// Error says why the mail cannot be read; everything else is empty then.
	Error string `json:"error,omitempty"`
}

// InspectedAddress is an address whose name is there even when it is empty.
type InspectedAddress struct {
	Name    string `json:"name"`
	Address string `json:"address"`
}

// InspectedAttachment is an attachment with all its fields.
type InspectedAttachment struct {
	Name      string `json:"name"`
	MediaType string `json:"media_type"`
	Size      int64  `json:"size"`
	ContentID string `json:"content_id"`
	Inline    bool   `json:"inline"`
	SHA256    string `json:"sha256"`
}

// InspectedBounce is a delivery status notification. Code is the word of the
// error table for its cause; who knows the table fills it in.
type InspectedBounce struct {
	Action            string `json:"action"`
	Status            string `json:"status"`
	Recipient         string `json:"recipient"`
	Diagnostic        string `json:"diagnostic"`
	OriginalMessageID string `json:"original_message_id"`
	Code              string `json:"code"`
}

// Inspect reads a mail and returns all that was found. An unreadable mail gives
// an Inspection with Error.
func Inspect(data []byte) Inspection {
	out := Inspection{
		From: []InspectedAddress{}, To: []InspectedAddress{}, Cc: []InspectedAddress{}, ReplyTo: []InspectedAddress{},
		InReplyTo: []string{}, References: []string{}, Attachments: []InspectedAttachment{}, Defects: []string{},
	}
	m, err := Read(data)
	if err != nil {
		out.Error = noHeader
		out.Defects = append(out.Defects, noHeader)
		return out
	}
	out.Subject = m.Subject
	out.From, out.To = inspected(m.From), inspected(m.To)
	out.Cc, out.ReplyTo = inspected(m.Cc), inspected(m.ReplyTo)
	if !m.Date.IsZero() {
		out.Date = m.Date.Format(time.RFC3339)
	}
	out.MessageID = m.InternetMessageID
	out.InReplyTo = append(out.InReplyTo, m.InReplyTo...)
	out.References = append(out.References, m.References...)
	out.Text, out.HTML, out.VisibleText = m.Text, m.HTML, m.VisibleText()
	out.HTMLSafe, _ = m.SafeHTML(HTMLOptions{})
	for _, a := range m.Attachments {
		out.Attachments = append(out.Attachments, InspectedAttachment{
			Name: a.Name, MediaType: a.MediaType, Size: a.Size, ContentID: a.ContentID, Inline: a.Inline, SHA256: a.SHA256,
		})
	}
	if b := m.Bounce; b != nil {
		out.Bounce = &InspectedBounce{
			Action: b.Action, Status: b.Status, Recipient: b.Recipient, Diagnostic: b.Diagnostic, OriginalMessageID: b.OriginalMessageID,
		}
	}
	out.AutoReply = m.AutoReply
	out.Defects = append(out.Defects, m.Defects...)
	return out
}

func inspected(list []mailstead.Address) []InspectedAddress {
	out := make([]InspectedAddress, 0, len(list))
	for _, a := range list {
		out = append(out, InspectedAddress(a))
	}
	return out
}
