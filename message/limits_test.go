package message_test

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/mailstead/mailstead/message"
)

// hostileMails are built to cost time or memory out of proportion to their size.
func hostileMails() map[string]string {
	const mb = 1 << 18
	head := "From: anna@example.com\r\nSubject: x\r\n"
	times := func(s string, size int) string { return strings.Repeat(s, size/len(s)+1) }
	nested := func(depth int, header string) string {
		var b strings.Builder
		b.WriteString(head)
		for i := range depth {
			fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\r\n%s\r\n--b%d\r\n", i, header, i)
		}
		return b.String() + "Content-Type: text/plain\r\n\r\n" + times("hello\r\n", 2*mb)
	}
	html := head + "Content-Type: text/html\r\n\r\n"
	return map[string]string{
		"endless header line":          "Subject: " + times("x", 8*mb),
		"endless header":               times("X-A: b\r\n", 8*mb),
		"endless folded header":        "Subject: x\r\n" + times(" y\r\n", 4*mb),
		"header lines that are none":   "Subject:" + times(" ", 100<<10) + "x\r\n" + times("a b\r\n", 200<<10) + "\r\n",
		"unterminated nested parts":    nested(90, ""),
		"too deeply nested parts":      nested(20_000, ""),
		"nested parts, same boundary":  head + times("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n", mb),
		"nested encoded parts":         nested(100, "Content-Transfer-Encoding: quoted-printable\r\n"),
		"nested parts, no boundary":    head + times("Content-Type: multipart/mixed\r\n\r\n--x\r\n", mb),
		"very many parts":              head + "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + times("--b\r\n\r\nx\r\n", 4*mb),
		"boundary nearly everywhere":   head + "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + times("--bb\r\n", 8*mb),
		"encoded words without end":    "Subject: " + times("=?a?q?", 250<<10) + "\r\n\r\n",
		"encoded words in addresses":   "From: " + times("=?a?q?", 250<<10) + "\r\n\r\n",
		"many encoded words":           "Subject: " + times("=?utf-8?q?a?= ", 250<<10) + "\r\n\r\n",
		"open comments":                "From: " + times("(", 250<<10) + "\r\n\r\n",
		"open comments in an address":  "From: <" + times("(", 250<<10) + "\r\n\r\n",
		"open brackets":                "From: " + times("<,", 250<<10) + "\r\n\r\n",
		"open quotes":                  "From: " + times(`"\`, 250<<10) + "\r\n\r\n",
		"groups":                       "From: " + times(":;", 250<<10) + "\r\n\r\n",
		"very many addresses":          "To: " + times("a@b.example,", 250<<10) + "\r\n\r\n",
		"very many references":         head + "References: " + times("<a@b>\r\n ", 250<<10) + "\r\n\r\n",
		"parameters":                   head + "Content-Type: text/plain; " + times("a*1*=b;", 200<<10) + "\r\n\r\n",
		"quoted-printable equal signs": head + "Content-Transfer-Encoding: quoted-printable\r\n\r\n" + times("=", 8*mb),
		"quoted-printable spaces":      head + "Content-Transfer-Encoding: quoted-printable\r\n\r\n" + times("= ", 8*mb),
		"base64 of rubbish":            head + "Content-Transfer-Encoding: base64\r\n\r\n" + times("=A", 8*mb),
		"uuencode":                     head + "\r\n" + times("begin 644 a\r\nend\r\n", 4*mb),
		"uuencode without end":         head + "\r\n" + times("begin 644 a\r\n", 4*mb),
		"quotes":                       head + "\r\n" + times(">", mb) + times("> a\r\n", 4*mb),
		"underscores":                  head + "\r\n" + times("______________\r\n", 4*mb),
		"colons":                       head + "\r\n" + times("From: a:\r\n", 4*mb),
		"introductions of quotes":      head + "\r\n" + times("On 1 May 2024 at 10:00 a@example.com\r\n wrote\r\n", 4*mb),
		"flowed quotes":                head + "Content-Type: text/plain; format=flowed\r\n\r\n" + times(">>>>>>>>>> \r\n", 4*mb),
		"html brackets":                html + times("<", 4*mb),
		"html open tags":               html + times("<a ", 4*mb),
		"html open quotes":             html + times(`<a b="`, 4*mb),
		"html nesting":                 html + times("<blockquote><div>", 4*mb) + times("<br>x", mb),
		"html comments":                html + times("<!--", 4*mb),
		"html links":                   html + times(`<a href="http://a.example">`, 2*mb) + times("x</a>", 2*mb),
		"html entities":                html + times("&amp", 4*mb),
		"html raw elements":            html + times("<style></", 4*mb),
		"html styles":                  html + times(`<p style="a:b;">`, 2*mb),
		"html attributes":              html + "<p " + times("a=b ", 2*mb) + ">",
		"delivery status":              head + "Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n" + times("Action: failed\r\n\r\n", 4*mb),
		"lone line ends":               times("a: b\r", 4*mb),
		"nul bytes":                    head + "\r\n" + times("\x00", 8*mb),
	}
}

func TestHostileMailsCostNoMoreThanTheirSize(t *testing.T) {
	for name, mail := range hostileMails() {
		t.Run(name, func(t *testing.T) {
			data := []byte(mail)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			message.Index(data)
			message.Inspect(data)
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			if took > 15*time.Second {
				t.Errorf("%d bytes took %v", len(data), took)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > overhead*(100*uint64(len(data))+100<<20) {
				t.Errorf("%d bytes allocated %d", len(data), used)
			}
			t.Logf("%d bytes: %v, %d MB", len(data), took, (after.TotalAlloc-before.TotalAlloc)>>20)
		})
	}
}

func TestLimitsLeaveTheRestReadable(t *testing.T) {
	var refs bytes.Buffer
	for i := range 500 {
		fmt.Fprintf(&refs, "<%d@example.com> ", i)
	}
	x := message.Index([]byte("Subject: x\r\nReferences: " + refs.String() + "\r\n\r\ntext\r\n"))
	if n := len(x.References); n != 100 || x.References[0] != "0@example.com" || x.References[99] != "499@example.com" {
		t.Errorf("%d references from %s to %s", n, x.References[0], x.References[n-1])
	}
	x = message.Index([]byte("Subject: x\r\nX-A: " + strings.Repeat("y", 300<<10) + "\r\nX-B: c\r\n\r\ntext\r\n"))
	if x.Subject != "x" || x.Text != "text" {
		t.Errorf("subject %q, text %q behind a long header", x.Subject, x.Text)
	}
	m, err := message.Read([]byte("Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\nContent-Type: image/png\r\n\r\nx\r\n", 2000)))
	if err != nil || len(m.Attachments) > 1000 || len(m.Attachments) < 990 {
		t.Errorf("%d attachments, %v", len(m.Attachments), err)
	}
}
