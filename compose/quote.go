package compose

import (
	"strings"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/message"
)

// dateLayout has the zone, as nobody knows that of the reader.
const dateLayout = "Mon, 2 Jan 2006 at 15:04 -0700"

// replyText is an empty first line, the signature and the quoted parent.
func replyText(parent *message.Mail, signature string) string {
	var b strings.Builder
	b.WriteString(opening(signature))
	b.WriteString(attribution(parent))
	b.WriteByte('\n')
	for _, line := range strings.Split(quotable(parent.VisibleText()), "\n") {
		switch {
		case line == "":
			b.WriteString(">\n")
		case strings.HasPrefix(line, ">"):
			b.WriteString(">" + line + "\n")
		default:
			b.WriteString("> " + line + "\n")
		}
	}
	return b.String()
}

// opening is where the answer is written, and the signature below it (RFC 3676
// section 4.3).
func opening(signature string) string {
	signature = strings.Trim(strings.ReplaceAll(signature, "\r\n", "\n"), "\n")
	if strings.TrimSpace(signature) == "" {
		return "\n\n"
	}
	if !strings.HasPrefix(signature, "-- \n") {
		signature = "-- \n" + signature
	}
	return "\n\n" + signature + "\n\n"
}

// attribution is "On DATE, NAME wrote:".
func attribution(parent *message.Mail) string {
	who := "Someone"
	if len(parent.From) > 0 {
		if who = parent.From[0].Name; who == "" {
			who = parent.From[0].Address
		}
	}
	if parent.Date.IsZero() {
		return who + " wrote:"
	}
	return "On " + parent.Date.Format(dateLayout) + ", " + who + " wrote:"
}

// quotable keeps room for the answer within the limit of a draft.
func quotable(text string) string { return shorten(text, mailstead.MaxBody/4) }

// forwardText is the signature and the parent with the header that a reader needs.
func forwardText(parent *message.Mail, signature string) string {
	var b strings.Builder
	b.WriteString(opening(signature))
	b.WriteString("---------- Forwarded message ----------\n")
	line := func(name, value string) {
		if value != "" {
			b.WriteString(name + ": " + value + "\n")
		}
	}
	line("From", addressList(parent.From))
	if !parent.Date.IsZero() {
		line("Date", parent.Date.Format(dateLayout))
	}
	line("Subject", parent.Subject)
	line("To", addressList(parent.To))
	line("Cc", addressList(parent.Cc))
	b.WriteByte('\n')
	b.WriteString(quotable(parent.Text))
	return b.String()
}

func addressList(list []mailstead.Address) string {
	var out []string
	for _, a := range list {
		switch {
		case a.Name == "":
			out = append(out, a.Address)
		case a.Address == "":
			out = append(out, a.Name)
		default:
			out = append(out, a.Name+" <"+a.Address+">")
		}
	}
	return strings.Join(out, ", ")
}

// forwardFiles carries the attachments on by reference. As the quote is plain
// text, pictures that stood in the mail come as files too.
func forwardFiles(parent *message.Mail, parentID mailstead.MessageID) []mailstead.DraftAttachment {
	var out []mailstead.DraftAttachment
	for _, a := range parent.Attachments {
		if strings.HasSuffix(a.MediaType, "-signature") {
			continue // It signs the mail as it was, not the forward.
		}
		out = append(out, mailstead.DraftAttachment{
			Name: a.Name, MediaType: a.MediaType, MessageID: parentID, Part: a.Part,
		})
	}
	return out
}
