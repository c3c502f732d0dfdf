package demo

// fillSmall fills a mailbox with a few mails.
func fillSmall(c *content) {
	for i := range 12 {
		m := arrival(c.box, i*3, c.ago(i*2))
		m.id = ""
		c.put(inbox, seen, m)
	}
}
