package message

import (
	"bytes"
	"strings"

	"github.com/mailstead/mailstead"
)

// Indexed is what a list, a thread and a search need of a mail.
type Indexed struct {
	mailstead.Headers
	// Snippet is the beginning of the visible text in one line, at most 200
	// characters.
	Snippet string
	// Text is the visible text, at most 64 KB.
	Text           string
	HasAttachments bool
	// AutoReply is an automatic answer, see Mail.
	AutoReply bool
	Defects   []string
	// Unreadable tells that nothing like a mail header was found: the first
	// defect says so, and the bytes belong into quarantine.
	Unreadable bool
}

// Index reads what a list, a thread and a search need, fast, without decoding
// attachments. It never fails on odd mail: what can't be read is a defect.
func Index(data []byte) Indexed {
	var d defects
	data = normalLines(data)
	root := parseTree(data, &d)
	if len(root.header) == 0 {
		return Indexed{Unreadable: true, Defects: []string{noHeader}}
	}
	c := collect(root)
	x := Indexed{
		Headers:        readHeaders(root.header, bodyCharset(c.bodies), &d),
		HasAttachments: c.hasFiles(),
	}
	x.AutoReply = isAutoReply(root.header, x.Subject)
	r := reader{raw: maxIndexRaw, d: &d}
	text := r.plain(c.bodies)
	visible := visibleText(text)
	x.Snippet = snippet(visible)
	x.Text = cut(visible, maxIndexText)
	x.Defects = d
	return x
}

const noHeader = "no mail header found"

// normalLines makes LF of the lone CR that very old mails end their lines with.
// Others are returned as they are.
func normalLines(data []byte) []byte {
	head := data[:min(len(data), maxHeader)]
	if bytes.IndexByte(head, '\n') >= 0 || bytes.IndexByte(head, '\r') < 0 {
		return data
	}
	out := bytes.Clone(data)
	for i, c := range out {
		if c == '\r' && (i+1 == len(out) || out[i+1] != '\n') {
			out[i] = '\n'
		}
	}
	return out
}

// SearchText is the words that the mail is found by, folded as a search folds
// its own: subject, names, addresses and the visible text, 64 KB at most.
func (x *Indexed) SearchText() string {
	var b strings.Builder
	b.WriteString(x.Subject)
	for _, l := range [][]mailstead.Address{x.From, x.To, x.Cc} {
		for _, a := range l {
			if b.Len() > maxIndexText/2 {
				break
			}
			b.WriteString(" " + a.Name + " " + a.Address)
		}
	}
	b.WriteByte(' ')
	b.WriteString(cut(x.Text, max(0, maxIndexText-b.Len())))
	return cut(mailstead.FoldText(b.String()), maxIndexText)
}

// snippet makes one line of the beginning of a text.
func snippet(text string) string {
	var b strings.Builder
	space, n := false, 0
	for _, r := range text {
		switch {
		case r == ' ' || r == '\n' || r == '\t' || r == '\u00a0' || r == '\u200c' || mailstead.HasControl(string(r)):
			space = n > 0
			continue
		case n+1 >= maxSnippet && space, n >= maxSnippet:
			return b.String()
		}
		if space {
			b.WriteByte(' ')
			n++
			space = false
		}
		b.WriteRune(r)
		n++
	}
	return b.String()
}
