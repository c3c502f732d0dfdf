package demo

import (
	"strconv"
	"strings"

	"github.com/mailstead/mailstead"
)

// fillSupport fills the help desk's mailbox: conversations in many languages, and
// one of each kind of odd mail that help desks get.
func fillSupport(c *content) {
	c.write("support.txt")
	c.newsletter(2, 6)
	c.odd()
	c.put(drafts, mailstead.Flags{Seen: true, Draft: true}, &mail{
		from: c.me(), to: []mailstead.Address{customers[9]}, at: c.ago(0), subject: "Re: 会議用テーブルの天板の傷について",
		text: "佐藤様\n\nお写真をありがとうございます。",
	})
}

// odd puts mails into the inbox that are hard to show.
func (c *content) odd() {
	postmaster := mailstead.Address{Name: "Mail Delivery System", Address: "mailer-daemon@" + Domain}
	c.put(inbox, seen, &mail{
		from: postmaster, at: c.ago(5), subject: "Undelivered Mail Returned to Sender",
		text:   "Your mail to old.address@grant-partners.example could not be delivered: the mailbox does not exist any more (550 5.1.1).",
		fields: []string{"Auto-Submitted: auto-replied"},
	})
	c.put(inbox, seen, &mail{
		from: customers[6], at: c.ago(11), subject: "Abwesenheit: Re: Lieferung", text: "Ich bin bis zum 28. nicht im Büro. In dringenden Fällen: leitstand@hafen-logistik.example.",
		fields: []string{"Auto-Submitted: auto-replied", "X-Auto-Response-Suppress: All"},
	})
	var crowd []mailstead.Address
	for i := range 60 {
		a := customers[i%len(customers)]
		a.Address = strings.Replace(a.Address, "@", "."+strconv.Itoa(1+i/len(customers))+"@", 1)
		crowd = append(crowd, a)
	}
	c.put(inbox, seen, &mail{
		from: customers[14], to: append([]mailstead.Address{c.me()}, crowd...), at: c.ago(17), subject: "Invitation to the open day",
		text: "Dear friends and suppliers,\n\nplease come to our open day. There will be cake, and a tour of the library by its users.",
	})
	c.put(inbox, seen, &mail{
		from: customers[12], at: c.ago(22), subject: "Todos los documentos de la clínica",
		text: "Aquí está todo lo que pidieron. Perdonen por enviarlo en un solo correo.",
		files: []file{
			c.file("photo", noFill), c.file("photo2", noFill), c.file("photo3", noFill), c.file("plan", noFill), c.file("list", noFill),
			pdf("Licencia de actividad.pdf", "Licencia"), pdf("Seguro.pdf", "Seguro"), pdf("Plano eléctrico.pdf", "Plano"),
			{"Una carpeta con un nombre realmente largo que nadie ha querido acortar desde el año 2019 (versión definitiva 4).zip", "application/zip", []byte("PK\x05\x06" + strings.Repeat("\x00", 18))},
			{"notas", "application/octet-stream", []byte("notas sin nombre de tipo\n")},
		},
	})
	c.put(inbox, unread, &mail{from: customers[2], at: c.ago(1), subject: "Solo una foto", files: []file{c.file("photo", noFill)}})
	c.put(inbox, seen, &mail{
		from: customers[11], at: c.ago(26), subject: "Protocol of the whole assembly, step by step",
		text: strings.Repeat("We unpacked the next box, compared its parts with the list, found them complete, and went on. "+
			"The second fitter held the top while the first one fastened the legs.\n\n", 120),
	})
	// A mail that came here damaged: nothing in it is a header.
	c.raw(inbox, c.ago(3), "\r\n\x00\x01\x02 this was a mail once, before a gateway cut its head off\r\n")
}

// noFill leaves a text as it is.
var noFill = strings.NewReplacer()
