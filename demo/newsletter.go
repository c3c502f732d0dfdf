package demo

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/mailstead/mailstead"
)

// newsletter puts one issue of a newsletter into the inbox: HTML with pictures from
// elsewhere, and most of them a text beside it.
func (c *content) newsletter(n, age int) {
	issues := []struct{ title, lead string }{
		{"The return of the long table", "Offices are getting smaller and their tables longer. We visited four that seat everybody once a week, and nobody in between."},
		{"Light, where it is needed", "Most ceilings are too bright and most desks too dark. A short guide to lamps that follow people."},
		{"What a good chair forgives", "Nobody sits as the manual says. The best chairs were designed for that."},
		{"Wood has a memory", "Why oak from slow forests stays flat, and how to tell before it is a table."},
	}
	at := c.ago(age)
	issue := issues[n%len(issues)]
	fill := strings.NewReplacer("{N}", strconv.Itoa(140+n), "{TITLE}", issue.title, "{LEAD}", issue.lead, "{MONTH}", strings.ToUpper(at.Format("January 2006")))
	m := &mail{
		from: mailstead.Address{Name: "Form and Function", Address: "letter@form-and-function.example"}, at: at, subject: issue.title,
		text: issue.lead + "\n\nRead the issue: https://form-and-function.example/issues/" + strconv.Itoa(140+n), html: fill.Replace(asset("newsletter-design.html")),
	}
	if n%3 == 2 {
		m = &mail{
			from: mailstead.Address{Name: "Freight Weekly", Address: "news@freight-weekly.example"}, at: at,
			subject: fmt.Sprintf("Freight Weekly %d: prices stay calm", 140+n), html: fill.Replace(asset("newsletter-logistics.html")),
		}
	}
	m.fields = []string{"List-Unsubscribe: <https://form-and-function.example/unsubscribe?u=4711>", "Precedence: bulk"}
	flags := seen
	if age < 4 {
		flags = unread
	}
	c.put(inbox, flags, m)
}

// receipt puts a notice of the web shop into the inbox: HTML alone, with the mark
// inside the mail.
func (c *content) receipt(age int) {
	p, n := pick(c, products), 1+c.IntN(6)
	number := strconv.Itoa(48_000 + c.IntN(2000))
	fill := strings.NewReplacer("{NUMBER}", number, "{TOTAL}", euros(p.price*n),
		"{ROWS}", fmt.Sprintf(`<tr style="border-bottom:1px solid #e6ebe9"><td>%s</td><td align="right">%d</td><td align="right">%s</td></tr>`, p.name, n, euros(p.price)))
	c.put(inbox, seen, &mail{
		from: mailstead.Address{Name: "Finch & Alder Shop", Address: "shop@" + Domain}, replyTo: "sales@" + Domain, at: c.ago(age),
		subject: "Order " + number + " received", html: fill.Replace(asset("receipt.html")), inline: []file{c.logo()},
		fields: []string{"Auto-Submitted: auto-generated"},
	})
}

// euros writes a price.
func euros(n int) string {
	text := strconv.Itoa(n)
	if n >= 1000 {
		text = strconv.Itoa(n/1000) + "," + fmt.Sprintf("%03d", n%1000)
	}
	return "€" + text
}
