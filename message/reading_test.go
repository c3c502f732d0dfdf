package message_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/message"
)

func read(t *testing.T, mail string) *message.Mail {
	t.Helper()
	m, err := message.Read([]byte(mail))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestDates(t *testing.T) {
	tests := []struct{ in, want string }{
		{"Mon, 6 May 2024 10:20:30 +0200", "2024-05-06T10:20:30+02:00"},
		{"6 May 2024 10:20 +0200 (CEST)", "2024-05-06T10:20:00+02:00"},
		{"Mon,6 May 2024 10:20:30+0200", "2024-05-06T10:20:30+02:00"},
		{"Mon, 06 May 24 10:20:30 EST", "2024-05-06T10:20:30-05:00"},
		{"Fri, 21 Nov 97 09(comment):   55  :  06 -0600", "1997-11-21T09:55:06-06:00"},
		{"Mon, 6 May 124 10:20:30 GMT", "2024-05-06T10:20:30Z"},
		{"Mon May  6 10:20:30 2024", "2024-05-06T10:20:30Z"},
		{"Mon May  6 10:20:30 PDT 2024", "2024-05-06T10:20:30-07:00"},
		{"Mon, 6 May 2024 10:20:30 GMT+02:00", "2024-05-06T10:20:30+02:00"},
		{"Mon, 6 May 2024 10:20:30 Z", "2024-05-06T10:20:30Z"},
		{"Mon, 6 May 2024 10:20:30 A", "2024-05-06T10:20:30Z"},
		{"Mon, 6 May 2024 10:20:30", "2024-05-06T10:20:30Z"},
		{"Mon, 6 May 2024 3:20 PM", "2024-05-06T15:20:00Z"},
		{"6 May 2024 12:20am", "2024-05-06T00:20:00Z"},
		{"6-May-2024 10:20:30 +0530", "2024-05-06T10:20:30+05:30"},
		{"May 6th, 2024 10:20", "2024-05-06T10:20:00Z"},
		{"2024-05-06T10:20:30+02:00", "2024-05-06T10:20:30+02:00"},
		{"2024-05-06 10:20:30", "2024-05-06T10:20:30Z"},
		{"2024/05/06 10:20:30", "2024-05-06T10:20:30Z"},
		{"Lun, 6 Maggio 2024 10:20:30 +0200", "2024-05-06T10:20:30+02:00"},
		{"=?koi8-r?B?8M4s?= 6 =?utf-8?B?0LzQsNGP?= 2024 10:20:30 +0300", "2024-05-06T10:20:30+03:00"},
		{"Mon, 6 May 2024 10:20:60 +0200", "2024-05-06T10:21:00+02:00"},
		{"Tue, 30 Feb 2024 10:20:30 +0200", ""},
		{"Mon, 6 Xyz 2024 10:20:30 +0200", ""},
		{"yesterday", ""},
		{"6 May", ""},
		{"99999999999999999999", ""},
		{"::::", ""},
	}
	for _, tc := range tests {
		t.Run(tc.in, func(t *testing.T) {
			m := read(t, "From: a@example.com\r\nDate: "+tc.in+"\r\n\r\n")
			got := ""
			if !m.Date.IsZero() {
				got = m.Date.Format(time.RFC3339)
			}
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			if noted := strings.Contains(strings.Join(m.Defects, ","), "date"); noted != (tc.want == "") {
				t.Errorf("defects %q", m.Defects)
			}
		})
	}
}

func TestAddresses(t *testing.T) {
	one := func(name, address string) []mailstead.Address {
		return []mailstead.Address{{Name: name, Address: address}}
	}
	tests := []struct {
		in   string
		want []mailstead.Address
	}{
		{"anna@example.com", one("", "anna@example.com")},
		{"<anna@example.com>", one("", "anna@example.com")},
		{"Anna <anna@example.com>", one("Anna", "anna@example.com")},
		{"Anna<anna@example.com>", one("Anna", "anna@example.com")},
		{`"Smith, Anna" <anna@example.com>`, one("Smith, Anna", "anna@example.com")},
		{`"Anna \"A\" Smith" <anna@example.com>`, one(`Anna "A" Smith`, "anna@example.com")},
		{"anna@example.com (Anna Smith)", one("Anna Smith", "anna@example.com")},
		{"Anna Smith anna@example.com", one("Anna Smith", "anna@example.com")},
		{"=?utf-8?Q?J=C3=BCrgen=2C_M?= <j@example.com>", one("Jürgen, M", "j@example.com")},
		{"=?utf-8?Q?J=C3=BCrgen?= =?utf-8?Q?_M?= <j@example.com>", one("Jürgen M", "j@example.com")},
		{"Jürgen <j@example.com>", one("Jürgen", "j@example.com")},
		{`"'Anna'" <anna@example.com>`, one("Anna", "anna@example.com")},
		{"O'Neil <o@example.com>", one("O'Neil", "o@example.com")},
		{`"anna b"@example.com`, one("", `"anna b"@example.com`)},
		{"почта@пример.рф", one("", "почта@пример.рф")},
		{"a@example.com; b@example.com", append(one("", "a@example.com"), one("", "b@example.com")...)},
		{"Team: a@example.com, B <b@example.com>;", append(one("", "a@example.com"), one("B", "b@example.com")...)},
		{"undisclosed-recipients:;", nil},
		{"", nil},
		{"<>", nil},
		{",,;", nil},
		{"anna@example.com <anna@example.com>", one("", "anna@example.com")},
		{"Joe Q. Public <john.q.public@example.com>", one("Joe Q. Public", "john.q.public@example.com")},
		{"Anna (home) <anna@example.com>", one("Anna", "anna@example.com")},
		{`Anna "A" Smith <anna@example.com>`, one("Anna A Smith", "anna@example.com")},
		{"Anna @ Example <anna@example.com>", one("Anna @ Example", "anna@example.com")},
		{"Anna <anna@example.com", one("Anna", "anna@example.com")},
		{`"Anna <anna@example.com>`, one("Anna", "anna@example.com")},
		{"\"Anna\u202e\" <anna@example.com>", one("Anna", "anna@example.com")},
	}
	for _, tc := range tests {
		t.Run(tc.in, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, read(t, "Subject: x\r\nTo: "+tc.in+"\r\n\r\n").To); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestTexts(t *testing.T) {
	tests := []struct{ name, header, body, want string }{
		{"no content type", "", "ÕÄÖÜ", "ÕÄÖÜ"},
		{"type in capitals", "Content-Type: TEXT/PLAIN; CHARSET=UTF-8", "ÕÄÖÜ", "ÕÄÖÜ"},
		{"charset with UTF-8 in it", "Content-Type: text/plain; charset=iso-UTF-8", "ÕÄÖÜ", "ÕÄÖÜ"},
		{"charset in two quotes", "Content-Type: text/plain; charset=\"'utf-8'\"", "ÕÄÖÜ", "ÕÄÖÜ"},
		{"charset twice named", "Content-Type: text/plain; charset=charset=utf-8", "ÕÄÖÜ", "ÕÄÖÜ"},
		{"no semicolon", "Content-Type: text/plain charset=\"iso-8859-1\"", "\xd5\xc4", "ÕÄ"},
		{"encoding in mixed case", "Content-Type: text/plain\r\nContent-Transfer-Encoding: bAse64", "w5XDhA==", "ÕÄ"},
		{"encoding with a comment", "Content-Transfer-Encoding: base64 (as usual)", "w5XDhA==", "ÕÄ"},
		{"windows-1257", "Content-Type: text/plain; charset=windows-1257\r\nContent-Transfer-Encoding: QUOTED-PRINTABLE", "=D5=C4=D6=DC", "ÕÄÖÜ"},
		{"alias of a charset", "Content-Type: text/plain; charset=win-1251", "\xcf\xf0\xe8", "При"},
		{"cp1251", "Content-Type: text/plain; charset=cp1251", "\xcf\xf0\xe8", "При"},
		{"broken quoted-printable", "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable", "==C3==95=C3=84=C3=96=C3=9C=", "=\ufffd=\ufffdÄÖÜ"},
		{"fixed lines", "Content-Type: text/plain; format=fixed", "one \r\ntwo \r\nthree", "one \ntwo \nthree"},
		{"flowed lines", "Content-Type: text/plain; format=flowed", "one \r\ntwo \r\nthree", "one two three"},
		{"flowed lines without their spaces", "Content-Type: text/plain; format=flowed; delsp=yes", "one \r\ntwo \r\nthree", "onetwothree"},
		{"flowed signature", "Content-Type: text/plain; format=flowed", "one\r\n\r\n-- \r\nAnna", "one\n\n-- \nAnna"},
		{"enriched text", "Content-Type: text/enriched", "<bold>Now</bold> is <<x> <color><param>red</param>red</color>", "Now is <x> red"},
		{"html", "Content-Type: text/html", "<p>a&nbsp;b<p>c<br/>d<div>e</div>f", "a b\n\nc\nd\ne\nf"},
		{"html with an unclosed quote", "Content-Type: text/html", `<p class="x>one</p><p>two</p>`, "one\n\ntwo"},
		{"html with brackets", "Content-Type: text/html", "1 < 2 <3 and a<b", "1 < 2 <3 and a"},
		{"html with pre", "Content-Type: text/html", "<pre>a  b\n  c</pre>", "a  b\n  c"},
		{"html table", "Content-Type: text/html", "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"},
		{"html with hidden parts", "Content-Type: text/html", "<title>t</title><style>s</style><script>x</script>a<!-- c -->b", "ab"},
		{"html link that shows its address", "Content-Type: text/html", `<a href="https://example.com/">example.com</a> <a href="mailto:a@example.com">mail</a> <a href="https://example.com/x">here</a>`, "example.com mail here <https://example.com/x>"},
		{"unknown type without name", "Content-Type: whatever", "text", "text"},
		{"charset as encoded language", "Content-Type: text/plain; charset*=us-ascii'en'utf-8", "ÕÄ", "ÕÄ"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			h := "From: a@example.com\r\n"
			if tc.header != "" {
				h += tc.header + "\r\n"
			}
			if got := read(t, h+"\r\n"+tc.body).Text; got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestPartWithoutHeader(t *testing.T) {
	m := read(t, "From: a@example.com\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nHello:\r\n\r\nthis is text\r\n--b--\r\n")
	if want := "Hello:\n\nthis is text"; m.Text != want {
		t.Errorf("got %q, want %q", m.Text, want)
	}
}

func TestVisibleText(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"English", "yes\n\nOn Mon, 6 May 2024 at 10:00, Bob <bob@example.org> wrote:\n\n> really?\n", "yes"},
		{"English, wrapped", "yes\n\nOn Mon, 6 May 2024 at 10:00, Bob Somebody\n<bob@example.org>\nwrote:\n> really?\n", "yes"},
		{"English, directly below", "yes\nOn 05/06/2024 10:00 AM, Bob wrote:\n> really?\n", "yes"},
		{"German", "ja\n\nAm 06.05.2024 um 10:00 schrieb Bob:\n> wirklich?\n", "ja"},
		{"German, iPhone", "ja\n\nVon meinem iPhone gesendet\n\n> Am 06.05.2024 um 10:00 schrieb Bob:\n> \n> wirklich?\n", "ja"},
		{"Italian", "sì\n\nIl giorno lun 6 mag 2024 alle ore 10:00 Bob <bob@example.org> ha\nscritto:\n\n> davvero?\n", "sì"},
		{"Russian", "да\n\nпн, 6 мая 2024 г. в 10:00, Bob <bob@example.org>:\n\n> правда?\n", "да"},
		{"Russian, written", "да\n\n6 мая 2024 г. 10:00 пользователь Bob <bob@example.org> написал:\n\n> правда?\n", "да"},
		{"Russian, Outlook", "да\n\nОт: Bob\nОтправлено: 6 мая 2024 г.\nКому: Anna\nТема: вопрос\n\nправда?\n", "да"},
		{"Spanish", "sí\n\nEl lun, 6 may 2024 a las 10:00, Bob (<bob@example.org>) escribió:\n\n> ¿de verdad?\n", "sí"},
		{"French", "oui\n\nLe lun. 6 mai 2024 à 10:00, Bob <bob@example.org> a écrit :\n\n> vraiment ?\n", "oui"},
		{"Outlook", "yes\n\nFrom: Bob\nSent: Monday, May 6, 2024\nTo: Anna\nSubject: Question\n\nreally?\n", "yes"},
		{"Outlook in Italian", "sì\n\nDa: Bob\nInviato: lunedì 6 maggio 2024\nA: Anna\nOggetto: domanda\n\ndavvero?\n", "sì"},
		{"Outlook in Spanish", "sí\n\nDe: Bob\nEnviado el: lunes, 6 de mayo\nPara: Anna\nAsunto: pregunta\n\n¿de verdad?\n", "sí"},
		{"Outlook in French", "oui\n\nDe : Bob\nEnvoyé : lundi 6 mai\nÀ : Anna\nObjet : question\n\nvraiment ?\n", "oui"},
		{"old Outlook", "yes\n\n-----Original Message-----\nFrom: Bob\n\nreally?\n", "yes"},
		{"old Outlook in German", "ja\n\n-----Ursprüngliche Nachricht-----\nVon: Bob\n\nwirklich?\n", "ja"},
		{"Outlook on the web", "yes\n\n________________________________\nFrom: Bob\nSent: Monday\nTo: Anna\nSubject: x\n\nreally?\n", "yes"},
		{"answers between quotes", "> one?\n\nyes\n\n> two?\n\nno\n", "yes\n\nno"},
		{"signature", "text\n\n-- \nAnna\nExample Ltd\n", "text"},
		{"signature above the quote", "text\n\n-- \nAnna\n\nOn Mon, 6 May 2024, Bob wrote:\n> x\n", "text"},
		{"telephone", "text\n\nSent from my iPhone\n", "text"},
		{"forward", "FYI\n\n---------- Forwarded message ----------\nFrom: Bob\nDate: x\nSubject: y\nTo: z\n\nnews\n", "FYI\n\n---------- Forwarded message ----------\nFrom: Bob\nDate: x\nSubject: y\nTo: z\n\nnews"},
		{"nothing but a quote", "> only this\n", "> only this"},
		{"a colon at the end", "I wrote:\nhello\n", "I wrote:\nhello"},
		{"a list of words with colons", "To: do\nnothing\n", "To: do\nnothing"},
		{"two dashes in the text", "a\n---\nb\n", "a\n---\nb"},
		{"a sentence that begins like an introduction", "On Monday we met.\nHe said:\nyes\n", "On Monday we met.\nHe said:\nyes"},
		{"empty", "\n\n", ""},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			m := read(t, "From: a@example.com\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"+tc.text)
			if got := m.VisibleText(); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestAutomaticAnswers(t *testing.T) {
	tests := []struct {
		field string
		want  bool
	}{
		{"Auto-Submitted: auto-replied", true},
		{"Auto-Submitted: Auto-Replied (vacation)", true},
		{"Auto-Submitted: auto-replied; owner-email=\"a@example.com\"", true},
		{"Auto-Submitted: no", false},
		{"Auto-Submitted: auto-generated", false},
		{"X-Autoreply: yes", true},
		{"X-Autoreply: no", false},
		{"X-Autorespond: The offer", true},
		{"Precedence: auto_reply", true},
		{"Precedence: bulk", false},
		{"Subject: Automatic reply: The offer", true},
		{"Subject: =?utf-8?B?0JDQstGC0L7QvNCw0YLQuNGH0LXRgdC60LjQuSDQvtGC0LLQtdGCOg==?= x", true},
		{"Subject: Re: Automatic reply: The offer", false},
		{"Subject: The offer", false},
	}
	for _, tc := range tests {
		t.Run(tc.field, func(t *testing.T) {
			if got := read(t, "From: a@example.com\r\n"+tc.field+"\r\n\r\n").AutoReply; got != tc.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestBounceNamesAllItsRecipients(t *testing.T) {
	m := read(t, strings.ReplaceAll(`From: mailer-daemon@example.com
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

text
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.com

Final-Recipient: rfc822; late@example.org
Original-Recipient: rfc822; Late@example.com
Action: delayed
Status: 4.4.1

Final-Recipient: rfc822; gone@example.org
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1
  no such user
--b
Content-Type: text/rfc822-headers

Message-ID: <original@example.com>
--b--
`, "\n", "\r\n"))
	failed := message.BounceRecipient{Action: "failed", Status: "5.1.1", Recipient: "gone@example.org", Diagnostic: "550 5.1.1 no such user"}
	want := &message.Bounce{
		BounceRecipient: failed, OriginalMessageID: "original@example.com",
		Recipients: []message.BounceRecipient{{Action: "delayed", Status: "4.4.1", Recipient: "late@example.org", Original: "Late@example.com"}, failed},
	}
	if diff := cmp.Diff(want, m.Bounce); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if read(t, "From: a@example.com\r\nContent-Type: multipart/report; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b--\r\n").Bounce != nil {
		t.Error("a report without delivery status is a bounce")
	}
}

func TestMissingPart(t *testing.T) {
	m := read(t, "From: a@example.com\r\n\r\n")
	for _, i := range []int{-1, 0, 7} {
		if _, _, err := m.Part(i); mailstead.KindOf(err) != mailstead.KindNotFound {
			t.Errorf("part %d: %v", i, err)
		}
	}
}

func TestSearchTextIsFolded(t *testing.T) {
	x := message.Index([]byte("From: =?utf-8?q?J=C3=BCrgen?= <juergen@example.com>\r\nTo: Bob <bob@example.org>\r\nSubject: Größe\r\n\r\nÉté\r\n> quoted\r\n"))
	if got, want := x.SearchText(), "große jurgen juergen example com bob bob example org ete"; got != mailstead.FoldText(want) {
		t.Errorf("got %q", got)
	}
}
