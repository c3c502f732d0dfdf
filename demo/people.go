package demo

import "github.com/mailstead/mailstead"

// customers are the people of the sample world who write.
var customers = []mailstead.Address{
	{Name: "Maren Holt", Address: "maren.holt@riverside-dental.example"},
	{Name: "Giulia Ferraro", Address: "g.ferraro@mercato-rossi.example"},
	{Name: "Tomás Ibarra", Address: "tomas@talleres-ibarra.example"},
	{Name: "Ольга Соколова", Address: "o.sokolova@severny-svet.example"},
	{Name: "Henrik Aas", Address: "henrik.aas@fjordline-hotels.example"},
	{Name: "Priya Raman", Address: "priya@lumen-studio.example"},
	{Name: "Jürgen Weiß", Address: "j.weiss@hafen-logistik.example"},
	{Name: "Chiara Conti", Address: "chiara.conti@contilegal.example"},
	{Name: "Daniel Okafor", Address: "d.okafor@okafor-bauer.example"},
	{Name: "佐藤 美咲", Address: "misaki.sato@aozora-shoji.example"},
	{Name: "Léa Moreau", Address: "lea.moreau@atelier-moreau.example"},
	{Name: "Piotr Zieliński", Address: "piotr.zielinski@zielony-dom.example"},
	{Name: "Sofía Núñez", Address: "sofia.nunez@clinica-norte.example"},
	{Name: "Ahmed Mansour", Address: "ahmed@mansour-trading.example"},
	{Name: "Emily Carter", Address: "emily.carter@brightpath-school.example"},
	{Name: "Nikos Papadakis", Address: "n.papadakis@aegean-foods.example"},
	{Name: "Anneke de Vries", Address: "anneke@devries-architecten.example"},
	{Name: "Marco Bellini", Address: "m.bellini@bellini-arredi.example"},
	{Name: "Ewa Nowak", Address: "ewa.nowak@biuro-nowak.example"},
	{Name: "Oliver Grant", Address: "oliver@grant-partners.example"},
	{Name: "李 静", Address: "jing.li@qinghe-design.example"},
}

// speakers are the customers who write in one language.
var speakers = map[string][]mailstead.Address{
	"it": {customers[1], customers[7], customers[17]},
	"de": {customers[6]},
	"ru": {customers[3]},
}

// colleagues are the people of Finch & Alder.
var colleagues = []mailstead.Address{
	{Name: "Anna Alder", Address: "anna@" + Domain},
	{Name: "Finch & Alder Sales", Address: "sales@" + Domain},
	{Name: "Finch & Alder Support", Address: "support@" + Domain},
}

// product is something that Finch & Alder sell.
type product struct {
	name  string
	price int
}

var products = []product{
	{"Linden sit-stand desk, 160 × 80", 689},
	{"Linden sit-stand desk, 180 × 80", 749},
	{"Arc task chair, graphite", 412},
	{"Arc task chair, moss", 412},
	{"Quiet Booth S", 4890},
	{"Oak meeting table for eight", 1980},
	{"Wren monitor arm", 139},
	{"Felt divider, 140 cm", 175},
	{"Harbour shelf, five levels", 328},
	{"Birch locker, six doors", 940},
	{"Halo desk lamp", 96},
	{"Stack chair Pico, set of four", 356},
}

// People returns who uses Mailstead in the demo: the administrator and others.
func People() (first mailstead.User, others []mailstead.User) {
	return mailstead.User{Name: "Ada Finch", Email: "ada@" + Domain, Role: mailstead.RoleAdmin}, []mailstead.User{
		{Name: "Anna Alder", Email: "anna@" + Domain, Role: mailstead.RoleUser},
		{Name: "Ben Osei", Email: "ben@" + Domain, Role: mailstead.RoleUser},
	}
}

// Signature ends the mails of the accounts that mailstead demo connects.
const Signature = "Finch & Alder · Furniture for work\n+44 20 7946 0142 · www.finch-alder.example"

// Drafts returns mails that mailstead demo sends at its beginning: one is taken, one
// refused and one put off.
func Drafts() []mailstead.Draft {
	to := func(a mailstead.Address, subject, text string) mailstead.Draft {
		return mailstead.Draft{To: []mailstead.Address{a}, Subject: subject, Text: text}
	}
	return []mailstead.Draft{
		to(customers[4], "Castors for the lobby", "Hello Henrik,\n\nthe castors left our warehouse today. The tracking number follows as soon as we have it.\n\nBest regards\nAda Finch"),
		to(mailstead.Address{Address: "unknown-user@" + Domain}, "Your visit on Monday", "Good morning,\n\nwe look forward to your visit on Monday at ten.\n\nAda Finch"),
		to(mailstead.Address{Name: "Full mailbox", Address: "full@" + Domain}, "The catalogue that you asked for", "Hello,\n\nhere is where you find it: www.finch-alder.example/catalogue\n\nAda Finch"),
	}
}

// Connected returns the addresses of the accounts that mailstead demo connects at
// its beginning, that of the whole organisation first.
func Connected() []mailstead.Address {
	var out []mailstead.Address
	for _, m := range mailboxes[:2] {
		out = append(out, mailstead.Address{Name: m.name, Address: m.address})
	}
	return out
}
