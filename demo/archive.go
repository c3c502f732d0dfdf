package demo

import (
	"fmt"
	"strconv"
	"time"
)

// archived is how many mails the large mailbox holds.
const archived = 10_000

// fillArchive fills a mailbox with years of short notices, quickly made.
func fillArchive(c *content) {
	const span = 3 * 365 * day
	step := span / archived
	kinds := []struct{ subject, text string }{
		{"Order %d confirmed", "Thank you for your order %d.\n\nWe have received it and will tell you as soon as it leaves our warehouse.\n"},
		{"Delivery note %d", "Your delivery %d left our warehouse today.\n\nThe carrier will call before arriving.\n"},
		{"Invoice %d is ready", "Invoice %d is ready. It is due within 30 days.\n\nThank you for working with us.\n"},
		{"Meeting notes, week %d", "Notes of our meeting in week %d:\n\n- open orders\n- two complaints, both solved\n- stock of oak table tops is low\n"},
		{"Reminder: service visit %d", "This is a reminder of service visit %d.\n\nPlease clear the area around the booth before we arrive.\n"},
		{"Your question about item %d", "You asked about item %d. It is available again and ships within two days.\n"},
	}
	for i := range archived {
		k, n := kinds[c.IntN(len(kinds))], 20_000+i
		from := pick(c, customers)
		m := &mail{
			from: from, subject: fmt.Sprintf(k.subject, n), text: "Hello,\n\n" + fmt.Sprintf(k.text, n) + "\n" + from.Name,
			at: c.now.Add(-span + time.Duration(i)*step).Truncate(time.Second), id: "archive-" + strconv.Itoa(n) + "@" + from.Domain(),
		}
		flags := seen
		if archived-i < 40 && i%3 == 0 {
			flags = unread
		}
		c.put(inbox, flags, m)
	}
}
