package compose

import (
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/message"
)

// Options is what a draft does not hold.
type Options struct {
	// MessageID is without brackets, see message.NewMessageID.
	MessageID string
	Date      time.Time
	// Files are the contents of the draft's attachments, in its order.
	Files []message.File
}

// Render makes the bytes of a mail out of a draft. The blind copies stay out of
// it. Errors are of KindInvalid.
func Render(d mailstead.Draft, from mailstead.Address, o Options) ([]byte, error) {
	return message.Write(message.Outgoing{
		From:        from,
		ReplyTo:     d.ReplyTo,
		To:          d.To,
		Cc:          d.Cc,
		Subject:     d.Subject,
		MessageID:   o.MessageID,
		InReplyTo:   d.InReplyTo,
		References:  d.References,
		Date:        o.Date,
		Text:        d.Text,
		HTML:        d.HTML,
		Attachments: o.Files,
	})
}
