package demo

import (
	"slices"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/fakemail"
)

// Domain is the mail domain of the sample mailboxes, and the one whose row in the
// table of domains keeps the demo on.
const Domain = "demo.example"

// Password opens every mailbox of the demo. It guards nothing.
const Password = "demo-password"

// The mailbox whose password changes while it is connected.
const (
	changing    = "changed-password@" + Domain
	newPassword = "new-" + Password
)

// domainState is what is special about the servers of a domain.
type domainState int

const (
	ordinary domainState = iota
	untrustedCertificate
	expiredCertificate
	offline
	withoutTLS
)

// domains are all domains of the demo.
var domains = []struct {
	name  string
	state domainState
}{
	{"untrusted." + Domain, untrustedCertificate},
	{"expired." + Domain, expiredCertificate},
	{"offline." + Domain, offline},
	{"starttls-missing." + Domain, withoutTLS},
	// The last one: while its row is there the demo is on.
	{Domain, ordinary},
}

// ProviderID is the demo in the directory of providers.
const ProviderID mailstead.ProviderID = "demo"

// Provider returns the demo as the directory of providers shows it.
func Provider() mailstead.Provider {
	in, out := servers(Domain, ordinary)
	return mailstead.Provider{
		ID: ProviderID, Name: "Demo mail", Kind: "hosting",
		Incoming: []mailstead.Server{in}, Outgoing: []mailstead.Server{out},
		Username: map[mailstead.Protocol]mailstead.UsernameForm{
			mailstead.IMAP: mailstead.UsernameEmail, mailstead.SMTP: mailstead.UsernameEmail,
		},
		Auth: []string{"pw"}, Status: "ok", Notes: "Every sample mailbox has the password " + Password,
	}
}

// Domains returns the rows of the table of domains that lead to the demo. The row
// of Domain comes last: put in this order, it is there only when all others are.
func Domains() []mailstead.Domain {
	var out []mailstead.Domain
	for _, d := range domains {
		row := mailstead.Domain{Name: d.name, Source: mailstead.DomainAdministrator}
		if d.state == ordinary {
			row.ProviderID = ProviderID
		} else {
			in, smtp := servers(d.name, d.state)
			row.Incoming, row.Outgoing, row.Username = []mailstead.Server{in}, []mailstead.Server{smtp}, mailstead.UsernameEmail
		}
		out = append(out, row)
	}
	return out
}

// servers returns the servers of a domain.
func servers(domain string, state domainState) (in, out mailstead.Server) {
	in = mailstead.Server{Protocol: mailstead.IMAP, Host: "imap." + domain, Port: 993, Security: mailstead.SecurityTLS}
	out = mailstead.Server{Protocol: mailstead.SMTP, Host: "smtp." + domain, Port: 465, Security: mailstead.SecurityTLS}
	if state == withoutTLS {
		in.Port, in.Security = 143, mailstead.SecurityStartTLS
		out.Port, out.Security = 587, mailstead.SecurityStartTLS
	}
	return in, out
}

// mailbox is an address that can be connected, or that tries to be.
type mailbox struct {
	address string
	name    string
	shows   string
	imap    fakemail.IMAPFault
	smtp    fakemail.SMTPFault
	busy    bool
	// folders are those beside the usual ones.
	folders []string
	// fill makes its content; nil leaves it empty.
	fill func(*content)
}

// mailboxes are all that can sign in, those with mail first.
var mailboxes = []mailbox{
	{address: "support@" + Domain, name: "Finch & Alder Support", shows: "A help desk with 60 mails in many languages, attachments, own folders.", fill: fillSupport, folders: []string{
		"Complaints", "Spare parts", "Customers", "Customers/Lumen Studio", "Customers/Studio Conti", "Проекты",
	}},
	{address: "sales@" + Domain, name: "Finch & Alder Sales", shows: "A sales team with 200 mails, most of them in conversations.", fill: fillSales, folders: []string{"Customers", "Customers/Won 2026"}},
	{address: "anna@" + Domain, name: "Anna Alder", shows: "A person's mailbox with newsletters and a mail that cannot be read.", fill: fillAnna},
	{address: "archive@" + Domain, name: "Mail archive", shows: "10,000 mails of three years.", fill: fillArchive},
	{address: "empty@" + Domain, name: "Empty", shows: "A mailbox without mail."},
	{address: "slow@" + Domain, name: "Slow server", shows: "Every command of the server takes two seconds.", imap: fakemail.IMAPSlow, smtp: fakemail.SMTPSlow, fill: fillSmall},
	{
		address: "full@" + Domain, name: "Full mailbox", shows: "The mailbox is full: nothing can be stored, and mail to it is put off.",
		imap: fakemail.IMAPFull, smtp: fakemail.SMTPFull, fill: fillSmall,
	},
	{address: "wrong-password@" + Domain, name: "Wrong password", shows: "The sign-in is refused, whatever the password.", imap: fakemail.IMAPRefuse},
	{
		address: changing, name: "Changed password",
		shows: "A minute after the last sign-in the password changes to " + newPassword + ": the connected account needs it.", fill: fillSmall,
	},
	{address: "busy@" + Domain, name: "Busy server", shows: "The server is not available for this mailbox at the moment.", imap: fakemail.IMAPUnavailable, smtp: fakemail.SMTPDefer, busy: true},
	{address: "greylisted@" + Domain, name: "Greylisted", shows: "Mail to this address is put off once and taken at the second try.", smtp: fakemail.SMTPGreylist},
}

// Addresses lists what can be tried.
func Addresses() []mailstead.DemoAddress {
	var out []mailstead.DemoAddress
	for _, m := range mailboxes {
		out = append(out, mailstead.DemoAddress{Address: m.address, Password: Password, Shows: m.shows, Mailbox: true})
	}
	for _, d := range domains {
		a := mailstead.DemoAddress{Address: "anna@" + d.name, Password: Password}
		switch d.state {
		case untrustedCertificate:
			a.Shows = "The server's certificate is from no known authority."
		case expiredCertificate:
			a.Shows = "The server's certificate has run out."
		case offline:
			a.Shows = "Nothing listens at the server."
		case withoutTLS:
			a.Shows = "The server offers no encryption (STARTTLS is missing)."
		case ordinary:
			continue
		}
		a.Mailbox = true
		out = append(out, a)
	}
	return append(out, mailstead.DemoAddress{
		Address: "unknown-user@" + Domain, Shows: "There is no such mailbox: mail to it is refused. Any other unknown name at " + Domain + " behaves the same.",
	})
}

// find returns the mailbox of an address.
func find(address string) (mailbox, bool) {
	i := slices.IndexFunc(mailboxes, func(m mailbox) bool { return m.address == address })
	if i < 0 {
		return mailbox{}, false
	}
	return mailboxes[i], true
}
