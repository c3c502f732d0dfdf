package demo

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/mailstead/mailstead"
)

// salesMails is about how many mails the sales mailbox has.
const salesMails = 200

// fillSales fills the mailbox with conversations about offers, each of a customer
// of its own, between newsletters and notices of the shop.
func fillSales(c *content) {
	templates := readLetters("sales.txt")
	for n := 0; len(c.in) < salesMails-40; n++ {
		t, from, p := templates[n%len(templates)], customers[(n*7+n/len(customers))%len(customers)], products[(n*5)%len(products)]
		if by := speakers[t.fields["by"]]; by != nil {
			from = by[n%len(by)]
		}
		count, number := 2+c.IntN(22), fmt.Sprintf("FA-%d", 26_100+n)
		first, _, _ := strings.Cut(from.Name, " ")
		total := p.price * count
		fill := strings.NewReplacer("{name}", from.Name, "{first}", first, "{product}", p.name, "{count}", strconv.Itoa(count),
			"{price}", euros(p.price), "{total}", euros(total), "{totalascii}", "EUR "+strconv.Itoa(total), "{number}", number)
		age := max(0, n-4) * 2
		t.fields = map[string]string{"subject": t.fields["subject"], "flags": "seen"}
		switch {
		case n < 5:
			t.fields["flags"] = "unread"
		case n%9 == 6:
			t.fields["flags"] = "flagged"
		case n%11 == 10:
			t.fields["folder"] = "Customers/Won 2026"
		}
		// The newest conversations have only begun.
		if n < 6 {
			t.mails = t.mails[:min(len(t.mails), 1+n)]
		}
		c.converse(t, from, c.ago(age), fill)
	}
	for i := range 12 {
		c.newsletter(i, 2+i*6)
	}
	for i := range 20 {
		c.receipt(1 + i*4)
	}
	c.longConversation()
	c.put(drafts, mailstead.Flags{Seen: true, Draft: true}, &mail{
		from: c.me(), to: []mailstead.Address{customers[4]}, at: c.ago(1), subject: "Offer for the new wing",
		text: "Hello Henrik,\n\nhere is our idea for the new wing. I have left out the bar stools because",
	})
	c.put(trash, seen, &mail{from: customers[17], at: c.ago(8), subject: "Out of office", text: "I am back on Monday.", fields: []string{"Auto-Submitted: auto-replied"}})
}

// longConversation is one that many people took part in.
func (c *content) longConversation() {
	people := []mailstead.Address{customers[8], customers[5], customers[19], customers[14]}
	lines := []string{
		"Dear all,\n\nto choose the colours of the chairs we need one answer per team by Friday. Mine is moss.",
		"Graphite for us, please. Moss clashes with the carpet.",
		"The carpet goes in spring, so moss.",
		"Does it? Nobody told us.",
		"It was in the minutes of the minutes.",
		"Could we take half and half? The offer is the same.",
		"Half and half looks like a mistake.",
		"It is a mistake that five offices in this street have made.",
		"Dear all, we can send one chair of each colour tomorrow, on loan.",
		"Good idea. Please send them to reception.",
		"The chairs are here. Everybody sits on the graphite one.",
		"Because the moss one is occupied by the cat of the caretaker.",
		"Then it is decided: 14 in graphite, 2 in moss, one of them for the cat.",
		"Agreed. Order follows.",
	}
	at := c.ago(9)
	var before *mail
	for i, text := range lines {
		m := &mail{from: people[i%len(people)], cc: people, at: at, subject: "Colours of the chairs, final decision (really)", text: text}
		folder := inbox
		if i == 8 {
			m.from, folder = c.me(), sent
		}
		if before != nil {
			m = answer(before, *m)
			m.to = []mailstead.Address{c.me()}
		}
		before = c.put(folder, seen, m)
		at = later(at, 47*60e9, c.now)
	}
}
