package compose

import (
	"strings"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/message"
)

// Reply starts a draft that answers or forwards parent: recipients, subject,
// thread, quote and signature. own are the addresses of the account that writes.
// The draft passes Validate as soon as it has a recipient.
func Reply(kind mailstead.DraftKind, parent *message.Mail, parentID mailstead.MessageID, own []string, signature string) mailstead.Draft {
	d := mailstead.Draft{Kind: kind, ParentID: parentID}
	mine := newAddressSet(own)
	switch kind {
	case mailstead.DraftForward:
		d.Subject = subject("Fwd: ", parent.Subject)
		d.Text = forwardText(parent, signature)
		d.Attachments = forwardFiles(parent, parentID)
		return d
	case mailstead.DraftReplyAll:
		d.To, d.Cc = replyAll(parent, mine)
	case mailstead.DraftNew, mailstead.DraftReply:
		d.To = replyTo(parent, mine)
	}
	d.Subject = subject("Re: ", parent.Subject)
	d.Text = replyText(parent, signature)
	d.InReplyTo, d.References = thread(parent)
	return d
}

// thread builds In-Reply-To and References (RFC 5322 section 3.6.4): the parent's
// References and its identifier; where it has none, its In-Reply-To counts if
// that is a single one.
func thread(parent *message.Mail) (inReplyTo, references []string) {
	references = append(references, parent.References...)
	if len(references) == 0 && len(parent.InReplyTo) == 1 {
		references = append(references, parent.InReplyTo...)
	}
	if id := parent.InternetMessageID; id != "" {
		inReplyTo = []string{id}
		references = append(references, id)
	}
	// The first names the thread; of a very long one the last ones are enough.
	if len(references) > maxReferences {
		references = append(references[:1:1], references[len(references)-maxReferences+1:]...)
	}
	return inReplyTo, references
}

const maxReferences = 50

// replyTo is who gets a reply: Reply-To before From. An answer to one's own mail
// goes on to those it was sent to.
func replyTo(parent *message.Mail, mine addressSet) []mailstead.Address {
	if len(parent.From) > 0 && mine.has(parent.From[0].Address) {
		if list := mine.clone().unique(parent.To); len(list) > 0 {
			return list
		}
	}
	if len(parent.ReplyTo) > 0 {
		if list := newAddressSet(nil).unique(parent.ReplyTo); len(list) > 0 {
			return list
		}
	}
	return newAddressSet(nil).unique(parent.From)
}

// replyAll adds everybody else to a reply, each once and never the writer.
func replyAll(parent *message.Mail, mine addressSet) (to, cc []mailstead.Address) {
	seen := mine.clone()
	to = seen.unique(replyTo(parent, mine))
	to = append(to, seen.unique(parent.To)...)
	cc = seen.unique(parent.Cc)
	if len(to) == 0 {
		to, cc = cc, nil
	}
	if len(to) == 0 {
		to = replyTo(parent, mine)
	}
	return to, cc
}

// addressSet knows addresses without regard to case.
type addressSet map[string]bool

func newAddressSet(list []string) addressSet {
	s := addressSet{}
	for _, a := range list {
		s[strings.ToLower(a)] = true
	}
	return s
}

func (s addressSet) clone() addressSet {
	c := addressSet{}
	for a := range s {
		c[a] = true
	}
	return c
}

func (s addressSet) has(addr string) bool { return s[strings.ToLower(addr)] }

// unique returns the addresses of list that can be written to and are not in the
// set yet, and adds them.
func (s addressSet) unique(list []mailstead.Address) []mailstead.Address {
	var out []mailstead.Address
	for _, a := range list {
		addr, err := mailstead.CleanAddress("to", a.Address)
		if err != nil || s.has(addr) {
			continue
		}
		s[strings.ToLower(addr)] = true
		out = append(out, mailstead.Address{Name: shorten(a.Name, maxName), Address: addr})
	}
	return out
}
