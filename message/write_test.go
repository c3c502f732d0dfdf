package message_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/message"
	"pgregory.net/rapid"
)

// simple is a mail that every test changes in one place.
func simple() message.Outgoing {
	return message.Outgoing{
		From:      mailstead.Address{Name: "Anna", Address: "anna@example.com"},
		To:        []mailstead.Address{{Name: "Bob", Address: "bob@example.org"}},
		Subject:   "The offer",
		MessageID: "1@example.com",
		Date:      time.Date(2024, 5, 6, 10, 0, 0, 0, time.FixedZone("", 7200)),
		Text:      "Hello",
	}
}

func write(t testing.TB, o message.Outgoing) []byte {
	t.Helper()
	data, err := message.Write(o)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// formError is the first thing that RFC 5322 section 2.1 or RFC 2045 forbid.
func formError(data []byte) error {
	if n := bytes.Count(data, []byte("\r\n")); n != bytes.Count(data, []byte("\n")) || n != bytes.Count(data, []byte("\r")) {
		return fmt.Errorf("line ends other than CRLF in %q", data)
	}
	for _, line := range bytes.Split(data, []byte("\r\n")) {
		if len(line) > 998 {
			return fmt.Errorf("line of %d bytes: %.100q…", len(line), line)
		}
	}
	for _, c := range data {
		if c == 0 || c >= 0x80 {
			return fmt.Errorf("byte %#x in %q", c, data)
		}
	}
	return nil
}

func checkForm(t testing.TB, data []byte) {
	t.Helper()
	if err := formError(data); err != nil {
		t.Error(err)
	}
}

func TestWrittenFieldsAndParts(t *testing.T) {
	o := simple()
	o.From.Name = "Анна Иванова"
	o.To = []mailstead.Address{{Name: `Smith, "Bob"`, Address: "bob@example.org"}, {Address: "carl@example.org"}}
	o.Cc = []mailstead.Address{{Name: "Ünïted Nàmes of a very long name that has to be cut into several encoded words, or so", Address: "dan@example.org"}}
	o.ReplyTo = []mailstead.Address{{Name: "Sales", Address: "sales@example.com"}}
	o.Subject = "Предложение — очень длинная тема письма, которая не помещается в одну строку"
	o.InReplyTo = []string{"parent@example.org"}
	o.References = []string{"root@example.org", "parent@example.org"}
	o.HTML = `<p>Hello <b>Bob</b> <img src="cid:logo@example.com"></p>`
	o.Text = ""
	o.Attachments = []message.File{
		{Name: "предложение №5.pdf", MediaType: "application/pdf", Data: []byte("%PDF")},
		{Name: "logo.png", MediaType: "image/png", Inline: true, ContentID: "logo@example.com", Data: []byte("png")},
		{Name: "mail.eml", MediaType: "message/rfc822", Data: []byte("Subject: x\r\n\r\ntext\r\n")},
	}
	data := write(t, o)
	checkForm(t, data)
	for _, want := range []string{
		"Message-ID: <1@example.com>\r\n", "Date: Mon, 06 May 2024 10:00:00 +0200\r\n", "MIME-Version: 1.0\r\n",
		"In-Reply-To: <parent@example.org>\r\n", "References: <root@example.org> <parent@example.org>\r\n",
		"Reply-To: Sales <sales@example.com>\r\n",
	} {
		if !bytes.Contains(data, []byte(want)) {
			t.Errorf("no %q in\n%s", want, data)
		}
	}
	if bytes.Contains(bytes.ToLower(data), []byte("go-mail")) {
		t.Error("the library names itself")
	}
	// mixed(related(alternative(plain, html), inline), file, file)
	var order []string
	for _, line := range strings.Split(string(data), "\r\n") {
		if kind, ok := strings.CutPrefix(line, "Content-Type: "); ok {
			kind, _, _ = strings.Cut(kind, ";")
			order = append(order, kind)
		}
	}
	if diff := cmp.Diff([]string{"multipart/mixed", "multipart/related", "multipart/alternative", "text/plain", "text/html", "image/png", "application/pdf", "message/rfc822"}, order); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
	m, err := message.Read(data)
	if err != nil {
		t.Fatal(err)
	}
	want := mailstead.Headers{
		Subject: o.Subject, From: []mailstead.Address{o.From}, To: o.To, Cc: o.Cc, ReplyTo: o.ReplyTo, Date: o.Date,
		InternetMessageID: o.MessageID, InReplyTo: o.InReplyTo, References: o.References,
	}
	if diff := cmp.Diff(want, m.Headers); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	if m.Text != "Hello Bob" || m.HTML != o.HTML {
		t.Errorf("text %q, html %q", m.Text, m.HTML)
	}
	var names []string
	for _, a := range m.Attachments {
		names = append(names, a.Name)
	}
	if diff := cmp.Diff([]string{"logo.png", "предложение №5.pdf", "mail.eml"}, names); diff != "" {
		t.Errorf("attachments (-want +got):\n%s", diff)
	}
	if len(m.Defects) > 0 {
		t.Errorf("own mail has defects: %q", m.Defects)
	}
}

func TestStandardLibraryReadsWhatIsWritten(t *testing.T) {
	o := simple()
	o.Subject = "=?utf-8?q?not_encoded?=  with two spaces"
	o.To = nil
	for i := range 300 {
		o.To = append(o.To, mailstead.Address{Name: strings.Repeat("Имя ", i%8), Address: "u" + strings.Repeat("x", i%50) + "@example.org"})
	}
	for i := range o.To {
		o.To[i].Name = strings.TrimSpace(o.To[i].Name)
	}
	data := write(t, o)
	checkForm(t, data)
	m, err := mail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil || got != o.Subject {
		t.Errorf("subject %q, %v", got, err)
	}
	list, err := m.Header.AddressList("To")
	if err != nil || len(list) != len(o.To) {
		t.Fatalf("%d addresses, %v", len(list), err)
	}
	for i, a := range list {
		if a.Name != o.To[i].Name || a.Address != o.To[i].Address {
			t.Errorf("%v, want %v", a, o.To[i])
		}
	}
}

// evil tries to start a header field or a body of its own.
const evil = "a\r\nBcc: evil@example.net\r\nX-Evil: 1\r\n\r\nevil body"

func TestNothingBreaksOutOfItsField(t *testing.T) {
	tests := []struct {
		name   string
		change func(*message.Outgoing)
	}{
		{"subject", func(o *message.Outgoing) { o.Subject = evil }},
		{"subject, not ASCII", func(o *message.Outgoing) { o.Subject = "прив" + evil }},
		{"subject, lone CR", func(o *message.Outgoing) { o.Subject = "a\rBcc: evil@example.net" }},
		{"subject, lone LF", func(o *message.Outgoing) { o.Subject = "a\nBcc: evil@example.net" }},
		{"subject, folded", func(o *message.Outgoing) { o.Subject = "a\r\n Bcc: evil@example.net" }},
		{"subject, NUL", func(o *message.Outgoing) { o.Subject = "a\x00b" }},
		{"subject, line separator", func(o *message.Outgoing) { o.Subject = "a\u2028Bcc: evil@example.net" }},
		{"subject, next line", func(o *message.Outgoing) { o.Subject = "a\u0085Bcc: evil@example.net" }},
		{"subject, not UTF-8", func(o *message.Outgoing) { o.Subject = "a\xff\xfe" }},
		{"from name", func(o *message.Outgoing) { o.From.Name = evil }},
		{"from name, quote", func(o *message.Outgoing) { o.From.Name = `a" <evil@example.net>, "b` }},
		{"from name, backslash", func(o *message.Outgoing) { o.From.Name = `a\` }},
		{"from name, encoded word", func(o *message.Outgoing) { o.From.Name = "=?utf-8?q?a=0D=0ABcc=3A_evil@example.net?=" }},
		{"from address", func(o *message.Outgoing) { o.From.Address = "anna@example.com\r\nBcc: evil@example.net" }},
		{"from address, second", func(o *message.Outgoing) { o.From.Address = "anna@example.com, evil@example.net" }},
		{"from address, bracket", func(o *message.Outgoing) { o.From.Address = "anna@example.com>\r\nBcc: <evil@example.net" }},
		{"to name", func(o *message.Outgoing) { o.To[0].Name = evil }},
		{"to address", func(o *message.Outgoing) { o.To[0].Address = "bob@example.org\nBcc: evil@example.net" }},
		{"to address, quoted", func(o *message.Outgoing) { o.To[0].Address = "\"a\r\nBcc: evil@example.net\"@example.org" }},
		{"cc address", func(o *message.Outgoing) { o.Cc = []mailstead.Address{{Address: evil}} }},
		{"reply-to address", func(o *message.Outgoing) { o.ReplyTo = []mailstead.Address{{Address: evil}} }},
		{"message id", func(o *message.Outgoing) { o.MessageID = "x@y>\r\nBcc: evil@example.net\r\nX: <" }},
		{"message id, bracket", func(o *message.Outgoing) { o.MessageID = "x@y> <evil@example.net" }},
		{"in-reply-to", func(o *message.Outgoing) { o.InReplyTo = []string{evil} }},
		{"references", func(o *message.Outgoing) { o.References = []string{"ok@example.com", "x>\r\nBcc: evil@example.net"} }},
		{"references, bracket", func(o *message.Outgoing) { o.References = []string{"x> Bcc: <evil@example.net"} }},
		{"file name", func(o *message.Outgoing) { o.Attachments = []message.File{{Name: evil}} }},
		{"file name, quote", func(o *message.Outgoing) { o.Attachments = []message.File{{Name: "a\"; filename=\"evil.exe"}} }},
		{"file name, backslash", func(o *message.Outgoing) { o.Attachments = []message.File{{Name: `a\`}} }},
		{"file name, percent", func(o *message.Outgoing) { o.Attachments = []message.File{{Name: "ä%0D%0ABcc: evil@example.net"}} }},
		{"file name, encoded word", func(o *message.Outgoing) {
			o.Attachments = []message.File{{Name: "=?utf-8?b?" + base64.StdEncoding.EncodeToString([]byte(evil)) + "?="}}
		}},
		{"media type", func(o *message.Outgoing) {
			o.Attachments = []message.File{{Name: "a", MediaType: "text/plain\r\nBcc: evil@example.net"}}
		}},
		{"media type, parameter", func(o *message.Outgoing) {
			o.Attachments = []message.File{{Name: "a", MediaType: "text/plain; x=\"\r\nBcc: evil@example.net\""}}
		}},
		{"media type, multipart", func(o *message.Outgoing) {
			o.Attachments = []message.File{{Name: "a", MediaType: "multipart/mixed", Data: []byte(evil)}}
		}},
		{"media type, mail", func(o *message.Outgoing) {
			o.Attachments = []message.File{{Name: "a", MediaType: "message/rfc822", Data: []byte("a\n.\n" + evil)}}
		}},
		{"content id", func(o *message.Outgoing) {
			o.HTML = "x"
			o.Attachments = []message.File{{Name: "a", Inline: true, ContentID: "x>\r\nBcc: evil@example.net"}}
		}},
		{"text", func(o *message.Outgoing) { o.Text = ".\r\n" + evil + "\r\n.\r\n" }},
		{"text, boundary", func(o *message.Outgoing) { o.HTML, o.Text = "x", "--\r\n--boundary--\r\nBcc: evil@example.net" }},
		{"html", func(o *message.Outgoing) { o.HTML = "\r\n.\r\n" + evil }},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			o := simple()
			tc.change(&o)
			data, err := message.Write(o)
			if err != nil {
				if mailstead.KindOf(err) != mailstead.KindInvalid || data != nil {
					t.Errorf("kind %v, %d bytes", mailstead.KindOf(err), len(data))
				}
				return
			}
			checkForm(t, data)
			m, err := mail.ReadMessage(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			for name := range m.Header {
				switch name {
				case "Date", "Mime-Version", "Message-Id", "Subject", "From", "To", "Cc", "Reply-To", "In-Reply-To", "References", "Content-Type", "Content-Transfer-Encoding":
				default:
					t.Errorf("field %s in\n%s", name, data)
				}
			}
			for _, name := range []string{"From", "To"} {
				if list, err := m.Header.AddressList(name); err != nil || len(list) != 1 {
					t.Errorf("%s is %v, %v", name, list, err)
				}
			}
			// Nowhere does a line begin with the field either.
			if bytes.Contains(data, []byte("\nBcc:")) || bytes.Contains(data, []byte("\nX-Evil")) {
				if !strings.HasPrefix(tc.name, "text") && tc.name != "html" {
					t.Errorf("line of its own in\n%s", data)
				}
			}
			back, err := message.Read(data)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range back.Attachments {
				if mailstead.HasControl(a.Name) {
					t.Errorf("name %q", a.Name)
				}
			}
		})
	}
}

func TestUnusableMailsAreRefused(t *testing.T) {
	tests := []struct {
		name   string
		change func(*message.Outgoing)
		field  string
	}{
		{"no sender", func(o *message.Outgoing) { o.From = mailstead.Address{} }, "from"},
		{"no message id", func(o *message.Outgoing) { o.MessageID = "" }, "message_id"},
		{"message id over a line", func(o *message.Outgoing) { o.MessageID = strings.Repeat("x", 996) }, "message_id"},
		{"subject over the limit", func(o *message.Outgoing) { o.Subject = strings.Repeat("x", 9000) }, "subject"},
		{"recipient without domain", func(o *message.Outgoing) { o.To[0].Address = "bob" }, "to"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			o := simple()
			tc.change(&o)
			_, err := message.Write(o)
			var e *mailstead.Error
			if !errors.As(err, &e) || e.Kind != mailstead.KindInvalid || e.Field != tc.field || e.Text == "" {
				t.Errorf("got %#v", err)
			}
		})
	}
}

func TestLongLinesAreCut(t *testing.T) {
	tests := []struct {
		name   string
		change func(*message.Outgoing)
	}{
		{"subject of one word", func(o *message.Outgoing) { o.Subject = strings.Repeat("x", 2000) }},
		{"subject of one word, not ASCII", func(o *message.Outgoing) { o.Subject = strings.Repeat("ж", 1000) }},
		{"subject of many words", func(o *message.Outgoing) { o.Subject = strings.TrimSpace(strings.Repeat("word ", 400)) }},
		{"name of one word", func(o *message.Outgoing) { o.To[0].Name = strings.Repeat("x", 200) }},
		{"many recipients", func(o *message.Outgoing) {
			for range 499 {
				o.To = append(o.To, mailstead.Address{Name: "Somebody Else", Address: "somebody.else@example.org"})
			}
		}},
		{"many references", func(o *message.Outgoing) {
			for i := range 100 {
				o.References = append(o.References, strings.Repeat("x", 50+i*9)+"@example.com")
			}
		}},
		{"text of one line", func(o *message.Outgoing) { o.Text = strings.Repeat("x", 100_000) }},
		{"html of one line", func(o *message.Outgoing) { o.HTML = strings.Repeat("<p>x</p>", 10_000) }},
		{"file name", func(o *message.Outgoing) {
			o.Attachments = []message.File{{Name: strings.Repeat("я", 120) + ".pdf", Data: []byte("x")}}
		}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			o := simple()
			tc.change(&o)
			data := write(t, o)
			checkForm(t, data)
			m, err := message.Read(data)
			if err != nil {
				t.Fatal(err)
			}
			if m.Subject != o.Subject || !cmp.Equal(m.To, o.To) || !cmp.Equal(m.References, o.References, cmpopts.EquateEmpty()) || m.Text != o.Text && o.HTML == "" {
				t.Errorf("subject %q, to %v, references %d", m.Subject, m.To, len(m.References))
			}
			if len(o.Attachments) > 0 && (len(m.Attachments) != 1 || m.Attachments[0].Name != o.Attachments[0].Name) {
				t.Errorf("attachments %v", m.Attachments)
			}
		})
	}
}

func TestInternationalAddressesAreWrittenAsTheyAre(t *testing.T) {
	o := simple()
	o.To = []mailstead.Address{{Name: "Почта", Address: "почта@xn--e1afmkfd.xn--p1ai"}}
	data := write(t, o)
	m, err := message.Read(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(o.To, m.To); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestForeignIdentifiersAreNotCited(t *testing.T) {
	o := simple()
	o.References = []string{"ok@example.com", "with space@example.com", "ж@example.com", "last@example.com"}
	m, err := message.Read(write(t, o))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"ok@example.com", "last@example.com"}, m.References); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNewMessageIDs(t *testing.T) {
	seen := map[string]bool{}
	for _, domain := range []string{"example.com", "EXAMPLE.com", "", "exa mple", "пример.рф", "a\r\nb", strings.Repeat("x", 300)} {
		id := message.NewMessageID(domain)
		local, host, ok := strings.Cut(id, "@")
		if !ok || len(local) < 20 || host == "" || seen[local] || mailstead.HasControl(id) || id != strings.ToLower(id) {
			t.Errorf("%q for %q", id, domain)
		}
		seen[local] = true
		o := simple()
		o.MessageID = id
		write(t, o)
	}
}

// line draws a text that a draft lets through as subject or name.
func line(limit int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		s := rapid.OneOf(
			rapid.StringMatching(`[ -~]{0,120}`),
			rapid.StringOf(rapid.SampledFrom([]rune("aZ \"\\=?_@<>,;:()'éßжя漢字🎉\u200d")))).Draw(t, "line")
		for len(s) > limit {
			s = s[:len(s)-1]
		}
		clean, err := mailstead.CleanLine("x", strings.ToValidUTF8(s, ""), limit)
		if err != nil {
			t.Fatal(err)
		}
		return clean
	})
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	address := rapid.Custom(func(t *rapid.T) mailstead.Address {
		return mailstead.Address{
			Name:    line(200).Filter(nameSurvives).Draw(t, "name"),
			Address: rapid.StringMatching(`[a-z0-9!#$%&*+/^_{|}~-]{1,20}(\.[a-z0-9]{1,5})?@[a-z]{1,10}\.(example|com)`).Draw(t, "address"),
		}
	})
	file := rapid.Custom(func(t *rapid.T) message.File {
		return message.File{
			Name:      rapid.StringMatching(`[A-Za-z0-9 éßжя漢🎉()=;'%_-]{1,60}\.[a-z]{3}`).Draw(t, "file name"),
			MediaType: rapid.SampledFrom([]string{"application/pdf", "image/png", "text/plain", "text/html", "application/octet-stream", "message/rfc822"}).Draw(t, "media type"),
			Data:      rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "data"),
		}
	})
	id := rapid.StringMatching(`[a-zA-Z0-9.$=+-]{1,60}@[a-z.]{1,20}`)
	rapid.Check(t, func(t *rapid.T) {
		o := message.Outgoing{
			From:       address.Draw(t, "from"),
			To:         rapid.SliceOfN(address, 1, 5).Draw(t, "to"),
			Cc:         rapid.SliceOfN(address, 0, 3).Draw(t, "cc"),
			ReplyTo:    rapid.SliceOfN(address, 0, 2).Draw(t, "reply to"),
			Subject:    line(2000).Draw(t, "subject"),
			MessageID:  id.Draw(t, "id"),
			InReplyTo:  rapid.SliceOfNDistinct(id, 0, 2, rapid.ID).Draw(t, "in reply to"),
			References: rapid.SliceOfNDistinct(id, 0, 20, rapid.ID).Draw(t, "references"),
			Date:       time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "date"), 0).UTC(),
			Text:       rapid.StringOf(rapid.SampledFrom([]rune("ab .=-\n\tFrom>éжя漢🎉"))).Draw(t, "text"),
			HTML:       rapid.SampledFrom([]string{"", "<p>x</p>", "<p>жя</p>\n.\n"}).Draw(t, "html"),
		}
		o.Attachments = rapid.SliceOfN(file, 0, 3).Draw(t, "files")
		data, err := message.Write(o)
		if err != nil {
			t.Fatal(err)
		}
		if err := formError(data); err != nil {
			t.Fatal(err)
		}
		m, err := message.Read(data)
		if err != nil {
			t.Fatal(err)
		}
		want := mailstead.Headers{
			Subject: o.Subject, From: []mailstead.Address{o.From}, To: o.To, Cc: o.Cc, ReplyTo: o.ReplyTo, Date: o.Date,
			InternetMessageID: o.MessageID, InReplyTo: o.InReplyTo, References: o.References,
		}
		if diff := cmp.Diff(want, m.Headers, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("headers (-want +got):\n%s\n%s", diff, data)
		}
		text := o.Text
		if text == "" && o.HTML != "" {
			text = message.HTMLToText(o.HTML)
		}
		if got := strings.TrimRight(m.Text, "\n"); got != strings.TrimRight(text, "\n") {
			t.Fatalf("text %q, want %q\n%s", got, text, data)
		}
		if strings.TrimRight(m.HTML, "\n") != strings.TrimRight(o.HTML, "\n") {
			t.Fatalf("html %q, want %q", m.HTML, o.HTML)
		}
		if len(m.Attachments) != len(o.Attachments) {
			t.Fatalf("%d attachments, want %d\n%s", len(m.Attachments), len(o.Attachments), data)
		}
		for i, f := range o.Attachments {
			a, content, err := m.Part(i)
			if err != nil || a.Name != strings.TrimSpace(f.Name) || !bytes.Equal(content, f.Data) {
				t.Fatalf("attachment %+v with %q, want %q with %q\n%s", a, content, f.Name, f.Data, data)
			}
		}
	})
}

// nameSurvives tells names that are shown as they are; others lose quotes around
// them, which programs put there for no reason.
func nameSurvives(s string) bool {
	return s == "" || s[0] != '\'' && s[0] != '"' && !strings.Contains(s, "@")
}
