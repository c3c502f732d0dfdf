package message

import (
	"strings"

	"github.com/mailstead/mailstead"
)

// readHeaders makes the fields that lists and threads need out of a header
// block. charset is that of the body, a guess for undeclared bytes.
func readHeaders(h header, charset string, d *defects) mailstead.Headers {
	list := func(name string) []mailstead.Address { return parseAddresses(h.all(name), charset, d) }
	out := mailstead.Headers{
		Subject: cut(decodeText(h.get("Subject"), charset, d), maxSubjectText),
		From:    list("From"),
		To:      list("To"),
		Cc:      list("Cc"),
		ReplyTo: list("Reply-To"),
	}
	if len(out.From) == 0 {
		if out.From = list("Sender"); len(out.From) == 0 {
			d.add("no sender")
		}
	}
	if raw := h.get("Date"); raw == nil {
		d.add("no date")
	} else if out.Date = parseDate(decodeText(raw, charset, d)); out.Date.IsZero() {
		d.add("date not understood")
	}
	if ids := parseIDs(h.get("Message-ID")); len(ids) > 0 {
		out.InternetMessageID = ids[0]
	} else {
		// RFC 5322 asks for brackets and an @; what is there still names the mail.
		out.InternetMessageID = strings.Trim(cut(decodeText(h.get("Message-ID"), "", d), maxIDLen), "<> ")
	}
	out.InReplyTo = parseIDs(h.join("In-Reply-To"))
	out.References = parseIDs(h.join("References"))
	return out
}
