package compose_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/compose"
	"github.com/mailstead/mailstead/message"
)

// own are the addresses of the account that answers.
var own = []string{"Anna@example.com", "sales@example.com"}

func parent() *message.Mail {
	return &message.Mail{
		Headers: mailstead.Headers{
			Subject:           "The offer",
			From:              []mailstead.Address{{Name: "Bob", Address: "bob@example.org"}},
			To:                []mailstead.Address{{Name: "Anna", Address: "anna@example.com"}, {Name: "Carl", Address: "carl@example.org"}},
			Cc:                []mailstead.Address{{Address: "dan@example.org"}, {Address: "CARL@example.org"}, {Address: "sales@example.com"}, {Address: "bob@EXAMPLE.org"}},
			Date:              time.Date(2024, 5, 6, 10, 0, 0, 0, time.FixedZone("", 7200)),
			InternetMessageID: "parent@example.org",
			References:        []string{"root@example.org"},
		},
		Text: "first line\n\n> quoted earlier\n\nlast line\n\n-- \nBob\n",
		Attachments: []mailstead.Attachment{
			{Part: 0, Name: "offer.pdf", MediaType: "application/pdf", Size: 10},
			{Part: 1, MediaType: "image/png", ContentID: "logo@example.org", Inline: true},
			{Part: 2, Name: "smime.p7s", MediaType: "application/pkcs7-signature"},
		},
	}
}

func addresses(list []mailstead.Address) string {
	var out []string
	for _, a := range list {
		out = append(out, a.Address)
	}
	return strings.Join(out, " ")
}

func TestReplyQuotesAndKeepsTheThread(t *testing.T) {
	got := compose.Reply(mailstead.DraftReply, parent(), 7, own, "Anna Smith\nExample Ltd")
	want := mailstead.Draft{
		Kind:       mailstead.DraftReply,
		To:         []mailstead.Address{{Name: "Bob", Address: "bob@example.org"}},
		Subject:    "Re: The offer",
		Text:       "\n\n-- \nAnna Smith\nExample Ltd\n\nOn Mon, 6 May 2024 at 10:00 +0200, Bob wrote:\n> first line\n>\n> last line\n",
		ParentID:   7,
		InReplyTo:  []string{"parent@example.org"},
		References: []string{"root@example.org", "parent@example.org"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := got.Validate(1 << 20); err != nil {
		t.Error(err)
	}
}

func TestWhoGetsAnAnswer(t *testing.T) {
	list := func(addrs ...string) []mailstead.Address {
		var out []mailstead.Address
		for _, a := range addrs {
			out = append(out, mailstead.Address{Address: a})
		}
		return out
	}
	tests := []struct {
		name   string
		change func(*message.Mail)
		reply  string
		all    string
		cc     string
	}{
		{"the sender, or everybody", func(*message.Mail) {}, "bob@example.org", "bob@example.org carl@example.org", "dan@example.org"},
		{"reply-to", func(m *message.Mail) { m.ReplyTo = list("list@example.org", "LIST@example.org") }, "list@example.org", "list@example.org carl@example.org", "dan@example.org bob@example.org"},
		{"reply-to that is no address", func(m *message.Mail) { m.ReplyTo = list("nobody") }, "bob@example.org", "bob@example.org carl@example.org", "dan@example.org"},
		{"own sent mail", func(m *message.Mail) {
			m.From = list("anna@example.com")
			m.To = list("carl@example.org", "eva@example.org")
		}, "carl@example.org eva@example.org", "carl@example.org eva@example.org", "dan@example.org bob@example.org"},
		{"own mail to oneself", func(m *message.Mail) { m.From, m.To, m.Cc = list("anna@example.com"), list("anna@example.com"), nil }, "anna@example.com", "anna@example.com", ""},
		{"only copies", func(m *message.Mail) { m.From, m.To = list("anna@example.com"), nil }, "anna@example.com", "dan@example.org CARL@example.org bob@example.org", ""},
		{"no sender", func(m *message.Mail) { m.From = nil }, "", "carl@example.org", "dan@example.org bob@example.org"},
		{"junk", func(m *message.Mail) {
			m.From = []mailstead.Address{{Name: "Bob", Address: ""}, {Address: "bob@example.org"}}
			m.To, m.Cc = list("undisclosed", "a b@c", "eva@example.org"), nil
		}, "bob@example.org", "bob@example.org eva@example.org", ""},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			m := parent()
			tc.change(m)
			if got := addresses(compose.Reply(mailstead.DraftReply, m, 1, own, "").To); got != tc.reply {
				t.Errorf("reply to %q, want %q", got, tc.reply)
			}
			all := compose.Reply(mailstead.DraftReplyAll, m, 1, own, "")
			if got := addresses(all.To); got != tc.all {
				t.Errorf("reply all to %q, want %q", got, tc.all)
			}
			if got := addresses(all.Cc); got != tc.cc {
				t.Errorf("reply all cc %q, want %q", got, tc.cc)
			}
		})
	}
}

func TestSubjectsArePrefixedOnce(t *testing.T) {
	tests := []struct{ in, reply, forward string }{
		{"The offer", "Re: The offer", "Fwd: The offer"},
		{"", "Re:", "Fwd:"},
		{"Re: The offer", "Re: The offer", "Fwd: Re: The offer"},
		{"RE: re: The offer", "Re: The offer", "Fwd: RE: re: The offer"},
		{"Re[2]: The offer", "Re: The offer", "Fwd: Re[2]: The offer"},
		{"AW: Angebot", "Re: Angebot", "Fwd: AW: Angebot"},
		{"R: Offerta", "Re: Offerta", "Fwd: R: Offerta"},
		{"Rif: Offerta", "Re: Offerta", "Fwd: Rif: Offerta"},
		{"Отв: Предложение", "Re: Предложение", "Fwd: Отв: Предложение"},
		{"SV: VS: Antw: x", "Re: x", "Fwd: SV: VS: Antw: x"},
		{"Fwd: x", "Re: Fwd: x", "Fwd: x"},
		{"FW: RV: x", "Re: FW: RV: x", "Fwd: x"},
		{"WG: I: TR: x", "Re: WG: I: TR: x", "Fwd: x"},
		{"Regarding: x", "Re: Regarding: x", "Fwd: Regarding: x"},
		{"Reply", "Re: Reply", "Fwd: Reply"},
		{strings.Repeat("ж", 2000), "Re: " + strings.Repeat("ж", 998), "Fwd: " + strings.Repeat("ж", 997)},
	}
	for _, tc := range tests {
		t.Run(shorten(tc.in), func(t *testing.T) {
			m := parent()
			m.Subject = tc.in
			if got := compose.Reply(mailstead.DraftReply, m, 1, own, "").Subject; got != tc.reply {
				t.Errorf("reply %q, want %q", got, tc.reply)
			}
			if got := compose.Reply(mailstead.DraftForward, m, 1, own, "").Subject; got != tc.forward {
				t.Errorf("forward %q, want %q", got, tc.forward)
			}
		})
	}
}

func shorten(s string) string { return s[:min(len(s), 40)] }

// RFC 5322 section 3.6.4.
func TestThread(t *testing.T) {
	many := make([]string, 200)
	for i := range many {
		many[i] = strings.Repeat("x", i+1) + "@example.org"
	}
	tests := []struct {
		name                          string
		id                            string
		inReplyTo, references         []string
		wantInReplyTo, wantReferences []string
		wantCount                     int
	}{
		{name: "first mail", id: "a@x", wantInReplyTo: []string{"a@x"}, wantReferences: []string{"a@x"}},
		{name: "references", id: "c@x", inReplyTo: []string{"b@x"}, references: []string{"a@x", "b@x"}, wantInReplyTo: []string{"c@x"}, wantReferences: []string{"a@x", "b@x", "c@x"}},
		{name: "in-reply-to only", id: "b@x", inReplyTo: []string{"a@x"}, wantInReplyTo: []string{"b@x"}, wantReferences: []string{"a@x", "b@x"}},
		{name: "two in-reply-to only", id: "c@x", inReplyTo: []string{"a@x", "b@x"}, wantInReplyTo: []string{"c@x"}, wantReferences: []string{"c@x"}},
		{name: "no identifier", references: []string{"a@x"}, wantReferences: []string{"a@x"}},
		{name: "no identifier at all"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			m := parent()
			m.InternetMessageID, m.InReplyTo, m.References = tc.id, tc.inReplyTo, tc.references
			d := compose.Reply(mailstead.DraftReply, m, 1, own, "")
			if diff := cmp.Diff(tc.wantInReplyTo, d.InReplyTo, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("in-reply-to (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.wantReferences, d.References, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("references (-want +got):\n%s", diff)
			}
		})
	}
	m := parent()
	m.References = many
	d := compose.Reply(mailstead.DraftReply, m, 1, own, "")
	if n := len(d.References); n > 60 || d.References[0] != many[0] || d.References[n-1] != "parent@example.org" {
		t.Errorf("%d references, first %q, last %q", n, d.References[0], d.References[n-1])
	}
}

func TestForwardCarriesHeaderTextAndFiles(t *testing.T) {
	got := compose.Reply(mailstead.DraftForward, parent(), 7, own, "")
	want := mailstead.Draft{
		Kind:    mailstead.DraftForward,
		Subject: "Fwd: The offer",
		Text: "\n\n---------- Forwarded message ----------\nFrom: Bob <bob@example.org>\nDate: Mon, 6 May 2024 at 10:00 +0200\nSubject: The offer\n" +
			"To: Anna <anna@example.com>, Carl <carl@example.org>\nCc: dan@example.org, CARL@example.org, sales@example.com, bob@EXAMPLE.org\n\n" + parent().Text,
		ParentID: 7,
		Attachments: []mailstead.DraftAttachment{
			{Name: "offer.pdf", MediaType: "application/pdf", MessageID: 7, Part: 0},
			{MediaType: "image/png", MessageID: 7, Part: 1},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	got.To = []mailstead.Address{{Address: "eva@example.org"}}
	if err := got.Validate(1 << 20); err != nil {
		t.Error(err)
	}
}

func TestAnswersToOddMailsAreValidDrafts(t *testing.T) {
	odd := []string{
		"From: a@example.org\r\n\r\n",
		"From: \"" + strings.Repeat("x", 5000) + "\" <a@example.org>\r\nSubject: " + strings.Repeat("y ", 5000) + "\r\n\r\ntext",
		"From: a@example.org\r\nMessage-ID: <a b\x01c@d>\r\nReferences: <\xff\xfe@d> <ok@d>\r\nSubject: a\tb\x00c\u202e\u2028d\r\n\r\ntext",
		"From: a@example.org\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: weird type; name=\"" + strings.Repeat("n", 500) + "\r\nContent-Disposition: attachment\r\n\r\nx\r\n--b\r\nContent-Type: image/png\r\nContent-ID: <a b c>\r\n\r\nx\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nx\r\n--b--\r\n",
		"From: a@example.org\r\n\r\n" + strings.Repeat("long text ", 1<<20),
	}
	for _, mail := range odd {
		m, err := message.Read([]byte(mail))
		if err != nil {
			t.Fatal(err)
		}
		for _, kind := range []mailstead.DraftKind{mailstead.DraftReply, mailstead.DraftReplyAll, mailstead.DraftForward} {
			d := compose.Reply(kind, m, 1, own, "Anna")
			if kind == mailstead.DraftForward {
				d.To = []mailstead.Address{{Address: "eva@example.org"}}
			}
			if err := d.Validate(1 << 20); err != nil {
				t.Errorf("%s to %.80q: %v", kind, mail, err)
				continue
			}
			if _, err := compose.Render(d, mailstead.Address{Address: "anna@example.com"}, compose.Options{MessageID: "1@example.com", Date: parent().Date}); err != nil {
				t.Errorf("%s to %.80q: %v", kind, mail, err)
			}
		}
	}
}

func TestRenderLeavesBlindCopiesOut(t *testing.T) {
	d := mailstead.Draft{
		To: []mailstead.Address{{Name: "Bob", Address: "bob@example.org"}}, Bcc: []mailstead.Address{{Name: "Secret", Address: "secret@example.net"}},
		ReplyTo: []mailstead.Address{{Address: "sales@example.com"}}, Subject: "The offer", Text: "Hello",
		InReplyTo: []string{"p@example.org"}, References: []string{"r@example.org", "p@example.org"},
	}
	data, err := compose.Render(d, mailstead.Address{Name: "Anna", Address: "anna@example.com"}, compose.Options{
		MessageID: "1@example.com", Date: time.Date(2024, 5, 6, 10, 0, 0, 0, time.UTC), Files: []message.File{{Name: "a.txt", MediaType: "text/plain", Data: []byte("x")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if low := bytes.ToLower(data); bytes.Contains(low, []byte("secret")) || bytes.Contains(low, []byte("bcc")) {
		t.Errorf("blind copy in\n%s", data)
	}
	m, err := message.Read(data)
	if err != nil {
		t.Fatal(err)
	}
	want := mailstead.Headers{
		Subject: d.Subject, From: []mailstead.Address{{Name: "Anna", Address: "anna@example.com"}}, To: d.To, ReplyTo: d.ReplyTo,
		Date: time.Date(2024, 5, 6, 10, 0, 0, 0, time.UTC), InternetMessageID: "1@example.com", InReplyTo: d.InReplyTo, References: d.References,
	}
	if diff := cmp.Diff(want, m.Headers); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if m.Text != "Hello" || len(m.Attachments) != 1 {
		t.Errorf("text %q, attachments %v", m.Text, m.Attachments)
	}
}

func TestOwnAnswerIsReadAsAnswer(t *testing.T) {
	d := compose.Reply(mailstead.DraftReply, parent(), 1, own, "Anna")
	d.Text = "Thank you." + d.Text
	data, err := compose.Render(d, mailstead.Address{Address: "anna@example.com"}, compose.Options{MessageID: "1@example.com", Date: parent().Date})
	if err != nil {
		t.Fatal(err)
	}
	m, err := message.Read(data)
	if err != nil {
		t.Fatal(err)
	}
	if got := m.VisibleText(); got != "Thank you." {
		t.Errorf("visible text %q", got)
	}
}

func TestRenderNeedsIdentifierAndDate(t *testing.T) {
	d := mailstead.Draft{To: []mailstead.Address{{Address: "bob@example.org"}}, Text: "x"}
	for _, o := range []compose.Options{{}, {MessageID: "1@example.com"}, {Date: parent().Date}} {
		if _, err := compose.Render(d, mailstead.Address{Address: "anna@example.com"}, o); mailstead.KindOf(err) != mailstead.KindInvalid {
			t.Errorf("%+v: %v", o, err)
		}
	}
}
