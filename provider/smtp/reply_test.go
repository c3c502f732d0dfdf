package smtp_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mailstead/mailstead/provider/smtp"
)

func TestReply(t *testing.T) {
	for _, c := range []struct {
		name, words string
		code        int
		text        string
		bad         bool
	}{
		{"plain", "250 ok\r\n", 250, "250 ok", false},
		{"no text", "250\r\n", 250, "250", false},
		{"bare line feed", "250 ok\n", 250, "250 ok", false},
		{"enhanced", "550 5.1.1 no such user\r\n", 550, "550 5.1.1 no such user", false},
		{"enhanced on each line", "550-5.7.26 not\r\n550-5.7.26 authenticated\r\n550 5.7.26 see RFC 7489\r\n", 550, "550 5.7.26 not authenticated see RFC 7489", false},
		{"no enhanced code but numbers", "250 1.2.3.4 ok\r\n", 250, "250 1.2.3.4 ok", false},
		{"control characters and bad UTF-8", "550 a\tb\x1b[31m \xff\r\n", 550, "550 a b [31m \ufffd", false},
		{"long", "550 " + strings.Repeat("x", 2000) + "\r\n", 550, "550 " + strings.Repeat("x", 496) + "…", false},
		{"codes differ", "250-a\r\n251 b\r\n", 0, "", true},
		{"no code", "hello\r\n", 0, "", true},
		{"code out of range", "199 x\r\n", 0, "", true},
		{"nothing behind the code but rubbish", "250x\r\n", 0, "", true},
		{"cut", "250-a\r\n250", 0, "", true},
		{"too many lines", strings.Repeat("250-a\r\n", 300) + "250 b\r\n", 0, "", true},
		{"line too long", "250 " + strings.Repeat("x", 20_000) + "\r\n", 0, "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, text, err := smtp.Reply(c.words)
			if code != c.code || text != c.text || (err != nil) != c.bad {
				t.Errorf("got %d %q %v, want %d %q", code, text, err, c.code, c.text)
			}
		})
	}
}

func FuzzReply(f *testing.F) {
	for _, seed := range []string{"250 ok\r\n", "250-a\r\n250 b\r\n", "550 5.1.1 no\r\n", "* OK\r\n", "250-", "421 4.3.2 x\r\n\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, words string) {
		code, text, err := smtp.Reply(words)
		if err != nil {
			return
		}
		if code < 200 || code > 599 || !utf8.ValidString(text) || strings.ContainsAny(text, "\r\n\x00") || len(text) > 600 {
			t.Errorf("got %d %q", code, text)
		}
	})
}

// FuzzWire reads back what a server would: lines end in CRLF alone, the body
// never ends early, and without the stuffed dots it is the mail.
func FuzzWire(f *testing.F) {
	for _, seed := range []string{"", ".", "a\r\n", ".\r\n", "a\n.\nb", "a\r.\rb", "\r\n.\r\n", "..\r\n.", "\n\r", strings.Repeat("x", 40_000) + "\n.", strings.Repeat("x", 16<<10-1) + "\n."} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		wire := smtp.Wire(data)
		if len(data) == 0 {
			if len(wire) != 0 {
				t.Errorf("got %q of nothing", wire)
			}
			return
		}
		var read []byte
		rest := wire
		for len(rest) > 0 {
			line, more, ok := bytes.Cut(rest, []byte("\r\n"))
			if !ok || bytes.ContainsAny(line, "\r\n") {
				t.Fatalf("line %q is not ended well", line)
			}
			if string(line) == "." {
				t.Fatal("the body ends early")
			}
			line = bytes.TrimPrefix(line, []byte("."))
			read = append(append(read, line...), '\r', '\n')
			rest = more
		}
		want := bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
		want = bytes.ReplaceAll(want, []byte("\r"), []byte("\n"))
		if !bytes.HasSuffix(want, []byte("\n")) {
			want = append(want, '\n')
		}
		want = bytes.ReplaceAll(want, []byte("\n"), []byte("\r\n"))
		if !bytes.Equal(read, want) {
			t.Errorf("got %q, want %q", read, want)
		}
	})
}
