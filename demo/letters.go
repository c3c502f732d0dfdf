package demo

import (
	"embed"
	"html"
	"image/color"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mailstead/mailstead"
)

// letters holds the texts of the sample world: conversations, parted by =====,
// whose mails are parted by -----, and the HTML of newsletters.
//
//go:embed letters
var letters embed.FS

// conversation is one conversation of a file: fields, then what customer and
// owner write in turn.
type conversation struct {
	fields map[string]string
	mails  []letter
}

// letter is one mail of a conversation, with the names of its files.
type letter struct {
	text  string
	files []string
}

// readLetters reads a file of conversations. What is wrong with it is a mistake of
// ours, which the tests find.
func readLetters(name string) []conversation {
	var out []conversation
	for block := range strings.SplitSeq(asset(name), "\n=====\n") {
		head, body, _ := strings.Cut(block, "\n\n")
		c := conversation{fields: make(map[string]string)}
		for line := range strings.SplitSeq(strings.TrimSpace(head), "\n") {
			key, value, _ := strings.Cut(line, ":")
			c.fields[key] = strings.TrimSpace(value)
		}
		for i, part := range strings.Split("\n"+body, "\n-----") {
			files, text, _ := strings.Cut(part, "\n")
			if i == 0 {
				files = c.fields["files"]
			}
			c.mails = append(c.mails, letter{strings.TrimSpace(text), strings.Fields(files)})
		}
		out = append(out, c)
	}
	return out
}

// asset returns a file of the embedded letters.
func asset(name string) string {
	b, err := letters.ReadFile("letters/" + name)
	if err != nil {
		panic(err) // a file of the program itself
	}
	return string(b)
}

// write puts the mails of a file into the mailbox.
func (c *content) write(name string) {
	for _, l := range readLetters(name) {
		age, _ := strconv.Atoi(l.fields["age"])
		c.converse(l, c.sender(l.fields), c.ago(age), strings.NewReplacer())
	}
}

// sender is who begins a conversation.
func (c *content) sender(fields map[string]string) mailstead.Address {
	from := fields["from"]
	for _, a := range slices.Concat(customers, colleagues) {
		if a.Name == from {
			return a
		}
	}
	return mailstead.Address{Name: fields["name"], Address: from}
}

// converse puts one conversation into the mailbox, from its first mail at the given
// time on: the customer's mails come in, the owner's are in Sent.
func (c *content) converse(l conversation, from mailstead.Address, at time.Time, fill *strings.Replacer) {
	folder := l.fields["folder"]
	if folder == "" {
		folder = inbox
	}
	var before *mail
	for i, part := range l.mails {
		m := mail{from: from, at: at, text: fill.Replace(part.text), subject: fill.Replace(l.fields["subject"])}
		for _, name := range part.files {
			m.files = append(m.files, c.file(name, fill))
		}
		own := i%2 == 1
		if own {
			m.from = c.me()
		}
		next := &m
		if before != nil {
			next = answer(before, m)
			next.to = []mailstead.Address{c.me()}
		}
		last := i+1 == len(l.mails)
		switch {
		case own:
			next.to = []mailstead.Address{from}
			next.html, next.inline = page(next.text), []file{c.logo()}
			before = c.put(sent, seen, next)
		case last:
			before = c.put(folder, flagsOf(l.fields["flags"]), next)
		default:
			before = c.put(folder, answered, next)
		}
		at = later(at, time.Duration(20+c.IntN(300))*time.Minute, c.now)
	}
}

// later is a time after at, but never one to come.
func later(at time.Time, by time.Duration, now time.Time) time.Time {
	next := at.Add(by)
	if next.Hour() >= 19 {
		// Tomorrow, then.
		next = time.Date(next.Year(), next.Month(), next.Day()+1, 7, 30+next.Minute(), 0, 0, time.UTC)
	}
	if next.Before(now) {
		return next
	}
	return at.Add(now.Sub(at) / 2)
}

func flagsOf(word string) mailstead.Flags {
	switch word {
	case "unread":
		return unread
	case "flagged":
		return flagged
	default:
		return seen
	}
}

// page makes the HTML of a mail that Finch & Alder send: paragraphs, the quote and
// the mark.
func page(text string) string {
	own, quoted, _ := strings.Cut(text, "\n\nOn ")
	var b strings.Builder
	b.WriteString(`<div style="font:15px/1.5 Helvetica,Arial,sans-serif;color:#1d2624">`)
	for p := range strings.SplitSeq(own, "\n\n") {
		b.WriteString("<p>" + strings.ReplaceAll(html.EscapeString(p), "\n", "<br>") + "</p>")
	}
	b.WriteString(`<p><img src="cid:logo" width="96" alt="Finch &amp; Alder"></p></div>`)
	if quoted != "" {
		b.WriteString(quotation("On " + quoted))
	}
	return b.String()
}

// quotation makes nested HTML of quoted lines.
func quotation(text string) string {
	const opened = `<blockquote style="margin:4px 0 0 4px;padding-left:10px;border-left:2px solid #c9d3d0">`
	var b strings.Builder
	depth := 0
	for line := range strings.SplitSeq(text, "\n") {
		marks := 0
		for ; strings.HasPrefix(line, ">"); marks++ {
			line = strings.TrimPrefix(line[1:], " ")
		}
		b.WriteString(strings.Repeat(opened, max(0, marks-depth)) + strings.Repeat("</blockquote>", max(0, depth-marks)))
		depth = marks
		b.WriteString(html.EscapeString(line) + "<br>")
	}
	return b.String() + strings.Repeat("</blockquote>", depth)
}

// file makes a file that the letters name.
func (c *content) file(name string, fill *strings.Replacer) file {
	switch name {
	case "photo":
		return picture("IMG_"+strconv.Itoa(4000+c.IntN(900))+".png", 480, 320, color.RGBA{0x8f, 0xb4, 0xc9, 255}, color.RGBA{0x5d, 0x6b, 0x4a, 255})
	case "photo2":
		return picture("corner close-up.png", 320, 320, color.RGBA{0xd8, 0xb5, 0x8a, 255}, color.RGBA{0x6f, 0x4e, 0x37, 255})
	case "photo3":
		return picture("packaging.png", 400, 300, color.RGBA{0xc7, 0xc2, 0xb8, 255}, color.RGBA{0x8a, 0x6a, 0x3f, 255})
	case "plan":
		return picture("2nd floor.png", 640, 420, color.RGBA{0xee, 0xf2, 0xf5, 255}, color.RGBA{0x9a, 0xa9, 0xb5, 255})
	case "offer":
		return pdf(fill.Replace("Offer {number}.pdf"), fill.Replace("Finch & Alder - Offer {number}"), "", fill.Replace("{count} x {product}"), fill.Replace("Total: {totalascii}"), "Valid for 30 days.")
	case "order":
		return pdf(fill.Replace("Purchase order {number}.pdf"), fill.Replace("Purchase order for offer {number}"), "", fill.Replace("{count} x {product}"), "Signed.")
	case "invoice":
		return pdf("Invoice 20417.pdf", "Finch & Alder - Invoice 20417", "", "Service and spare parts", "Total: EUR 318", "Due within 30 days.")
	case "manual":
		return pdf("Manual (7 languages).pdf", "Manual", "", "1. Unpack everything.", "2. Count the screws.", "3. Read page 3 before page 2.")
	case "contract":
		return pdf("Договор № 114-26.pdf", "Contract 114/26", "", "Service of 24 desks and two booths.")
	case "contract2":
		return pdf("Contratto di manutenzione 2026 (firmato).pdf", "Service contract 2026", "", "1. Scope", "2. Visits", "3. Prices", "4. Duration")
	case "list":
		return sheet("chairs.csv", "room,chairs,floor", "Lobby,16,0", "Bar,12,0", "Conference A,8,1", "Library,4,2")
	default:
		return file{"invitation.ics", "text/calendar", []byte(strings.Join([]string{
			"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Finch & Alder//Demo//EN", "METHOD:REQUEST", "BEGIN:VEVENT",
			"UID:" + c.id(Domain), "DTSTAMP:" + c.now.UTC().Format("20060102T150405Z"),
			"DTSTART:" + c.now.AddDate(0, 0, 3).UTC().Format("20060102") + "T090000Z", "DURATION:PT1H",
			"SUMMARY:Open points", "LOCATION:Finch & Alder\\, showroom", "END:VEVENT", "END:VCALENDAR", "",
		}, "\r\n"))}
	}
}
