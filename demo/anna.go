package demo

import "github.com/mailstead/mailstead"

// fillAnna fills the mailbox of one person.
func fillAnna(c *content) {
	c.write("anna.txt")
	for i := range 6 {
		c.newsletter(i, 1+i*7)
	}
	c.raw(inbox, c.ago(2), "\r\n\xff\xfe nothing in here is a mail\r\n")
	c.put(drafts, mailstead.Flags{Seen: true, Draft: true}, &mail{from: c.me(), at: c.ago(0), subject: "Ideas for the autumn", text: "1. A smaller booth\n2. "})
}

// fillSmall fills a mailbox with a few mails.
func fillSmall(c *content) {
	for i := range 12 {
		m := arrival(c.box, i*3, c.ago(i*2))
		m.id = ""
		c.put(inbox, seen, m)
	}
}
