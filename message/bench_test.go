package message_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/message"
)

// typicalMails are mails of 20 to 50 KB as mailboxes hold them.
func typicalMails() map[string][]byte {
	header := func(subject string) string {
		var b strings.Builder
		for i := range 6 {
			fmt.Fprintf(&b, "Received: from mx%d.example.com (mx%d.example.com [192.0.2.%d])\r\n\tby mail.example.org with ESMTPS id abcdef%d\r\n\tfor <anna@example.org>; Mon, 6 May 2024 10:00:0%d +0200\r\n", i, i, i, i, i)
		}
		b.WriteString("DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com;\r\n\tb=" + strings.Repeat("A", 300) + "\r\n")
		b.WriteString("From: =?utf-8?q?J=C3=BCrgen?= <juergen@example.com>\r\nTo: \"Anna Smith\" <anna@example.org>, bob@example.org\r\n" +
			"Subject: " + subject + "\r\nDate: Mon, 6 May 2024 10:00:00 +0200\r\nMessage-ID: <1@example.com>\r\nReferences: <a@example.com> <b@example.com>\r\nMIME-Version: 1.0\r\n")
		return b.String()
	}
	text := strings.Repeat("Dear Anna, thank you for the offer of last week; I would like to talk about it.\r\n", 30)
	html := "<html><head><style>" + strings.Repeat(".a{color:red;padding:0}", 100) + "</style></head><body>" +
		strings.Repeat("<table width=\"100%\"><tr><td style=\"padding:0 10px;font-family:Arial\"><p>News of <b>the week</b> &amp; more</p><a href=\"https://example.com/x?y=1\">Read on</a></td></tr></table>\r\n", 120) + "</body></html>"
	file := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("0123456789abcdef", 1500)))
	var lines strings.Builder
	for i := 0; i < len(file); i += 76 {
		lines.WriteString(file[i:min(i+76, len(file))] + "\r\n")
	}
	return map[string][]byte{
		"plain with file": []byte(header("=?utf-8?b?0J/RgNC40LLQtdGC?=") + "Content-Type: multipart/mixed; boundary=\"b1\"\r\n\r\n--b1\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + text +
			"\r\n--b1\r\nContent-Type: application/pdf; name=\"offer.pdf\"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"offer.pdf\"\r\n\r\n" + lines.String() + "\r\n--b1--\r\n"),
		"alternative": []byte(header("News") + "Content-Type: multipart/alternative; boundary=\"b1\"\r\n\r\n--b1\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + text +
			"\r\n--b1\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + html + "\r\n--b1--\r\n"),
		"html only": []byte(header("News") + "Content-Type: text/html; charset=utf-8\r\n\r\n" + html),
	}
}

// cpuRate reports mails per second of processor time, which does not depend on
// what else the machine does.
func cpuRate(b *testing.B) (stop func()) {
	used := func() float64 {
		var r syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
			b.Fatal(err)
		}
		return float64(r.Utime.Sec+r.Stime.Sec) + float64(r.Utime.Usec+r.Stime.Usec)/1e6
	}
	start := used()
	return func() { b.ReportMetric(float64(b.N)/(used()-start), "mails/cpu-s") }
}

func BenchmarkIndex(b *testing.B) {
	for name, data := range typicalMails() {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			stop := cpuRate(b)
			for b.Loop() {
				if x := message.Index(data); x.Unreadable {
					b.Fatal("unreadable")
				}
			}
			stop()
		})
	}
}

func BenchmarkRead(b *testing.B) {
	for name, data := range typicalMails() {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			stop := cpuRate(b)
			for b.Loop() {
				m, err := message.Read(data)
				if err != nil {
					b.Fatal(err)
				}
				m.SafeHTML(message.HTMLOptions{})
			}
			stop()
		})
	}
}

func BenchmarkWritePlain(b *testing.B) {
	o := message.Outgoing{
		From: mailstead.Address{Name: "Anna", Address: "anna@example.com"}, To: []mailstead.Address{{Address: "bob@example.org"}},
		Subject: "The offer", MessageID: "1@example.com", Date: time.Date(2024, 5, 1, 10, 0, 0, 0, time.UTC),
		Text: strings.Repeat("Dear Bob, thank you for the offer of last week.\n", 20),
	}
	stop := cpuRate(b)
	for b.Loop() {
		if _, err := message.Write(o); err != nil {
			b.Fatal(err)
		}
	}
	stop()
}
