package message

import (
	"bytes"
	"html"
	"strings"
)

// metaCharset finds the character set that a HTML document declares itself.
func metaCharset(data []byte) string {
	head := bytes.ToLower(data[:min(len(data), 2048)])
	for {
		i := bytes.Index(head, []byte("<meta"))
		if i < 0 {
			return ""
		}
		head = head[i+5:]
		end := bytes.IndexByte(head, '>')
		if end < 0 {
			return ""
		}
		if _, after, ok := bytes.Cut(head[:end], []byte("charset=")); ok {
			after = bytes.TrimLeft(after, "\"' ")
			if j := bytes.IndexAny(after, "\"' ;/>"); j >= 0 {
				after = after[:j]
			}
			// RFC 2854 section 6: the bytes were UTF-16 only where no ASCII could be read.
			if name := string(after); !strings.HasPrefix(name, "utf-16") {
				return name
			}
		}
	}
}

// TextToHTML makes HTML that shows text as it is.
func TextToHTML(text string) string {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	return "<div>" + strings.ReplaceAll(html.EscapeString(text), "\n", "<br>\n") + "</div>"
}
