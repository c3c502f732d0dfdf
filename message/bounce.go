package message

import (
	"strings"
)

// Bounce is what a delivery status notification says (RFC 3464). The fields are
// those of the first recipient that failed, or of the first at all.
type Bounce struct {
	BounceRecipient
	// OriginalMessageID is the Message-ID of the mail that came back, without
	// brackets; "" when the notification does not cite it.
	OriginalMessageID string
	// Recipients are all recipients that the notification names.
	Recipients []BounceRecipient
}

// BounceRecipient is the fate of one recipient.
type BounceRecipient struct {
	// Action is failed, delayed, delivered, relayed or expanded (section 2.3.3).
	Action string
	// Status is the enhanced status code (RFC 3463), for example "5.1.1".
	Status string
	// Recipient is the final recipient; Original the address that was written to,
	// where the notification tells it.
	Recipient string
	Original  string
	// Diagnostic is the other server's words in one line.
	Diagnostic string
}

// findBounce reads the report below root, nil when there is none.
func findBounce(root *part, d *defects) *Bounce {
	r := findReport(root)
	if len(r.status) == 0 {
		return nil
	}
	b := Bounce{}
	for _, p := range r.status {
		for _, h := range statusGroups(p.data(), d) {
			if r, ok := recipientOf(h, d); ok && len(b.Recipients) < maxAddresses {
				b.Recipients = append(b.Recipients, r)
			}
		}
	}
	if len(b.Recipients) == 0 {
		d.add("delivery report without recipient")
		return nil
	}
	b.BounceRecipient = b.Recipients[0]
	for _, r := range b.Recipients {
		if r.Action == "failed" {
			b.BounceRecipient = r
			break
		}
	}
	if r.original != nil {
		h, _ := scanMail(r.original.data(), d)
		if ids := parseIDs(h.get("Message-ID")); len(ids) > 0 {
			b.OriginalMessageID = ids[0]
		}
	}
	return &b
}

// report is the machine readable parts and the returned mail, or its header, of
// a multipart/report (RFC 6522).
type report struct {
	status   []*part
	original *part
}

func findReport(p *part) report {
	if p.contentType.value != "multipart/report" {
		for _, c := range p.children {
			if r := findReport(c); len(r.status) > 0 {
				return r
			}
		}
		return report{}
	}
	var r report
	for _, c := range p.children {
		switch c.contentType.value {
		case "message/delivery-status", "message/global-delivery-status":
			r.status = append(r.status, c)
		case "message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers", "message/rfc822-headers":
			if r.original == nil {
				r.original = c
			}
		}
	}
	return r
}

// statusGroups splits a delivery status into its groups of fields: the first is
// about the mail, each other about one recipient (RFC 3464 section 2.1).
func statusGroups(data []byte, d *defects) []header {
	var out []header
	for len(data) > 0 && len(out) < maxAddresses {
		h, rest := scanHeader(data, d)
		if len(h) > 0 {
			out = append(out, h)
		}
		if len(rest) == len(data) {
			break
		}
		data = rest
	}
	return out
}

func recipientOf(h header, d *defects) (BounceRecipient, bool) {
	text := func(name string) string { return decodeText(h.get(name), "", d) }
	r := BounceRecipient{
		Action:     strings.ToLower(firstWord(text("Action"))),
		Status:     firstWord(text("Status")),
		Recipient:  statusAddress(text("Final-Recipient")),
		Original:   statusAddress(text("Original-Recipient")),
		Diagnostic: cut(strings.Join(strings.Fields(afterType(text("Diagnostic-Code"))), " "), 2000),
	}
	if r.Recipient == "" {
		r.Recipient = r.Original
	}
	return r, r.Recipient != "" || r.Action != ""
}

// afterType drops the type before the first semicolon: "smtp; 550 no such user".
func afterType(s string) string {
	if kind, rest, ok := strings.Cut(s, ";"); ok && isToken(strings.TrimSpace(kind)) {
		return strings.TrimSpace(rest)
	}
	return s
}

func statusAddress(s string) string { return strings.Trim(afterType(s), "<> ") }

func firstWord(s string) string {
	w, _, _ := strings.Cut(strings.TrimSpace(s), " ")
	return w
}
