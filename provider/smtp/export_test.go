package smtp

import (
	"bufio"
	"bytes"
	"strings"
)

// Reply reads one reply of a server's words: its code and the text for people.
func Reply(words string) (code int, text string, err error) {
	r, err := readReply(bufio.NewReaderSize(strings.NewReader(words), maxReplyLine))
	if err != nil {
		return 0, "", err
	}
	s := r.server("", nil)
	return s.Code, s.Text, nil
}

// Wire returns a mail as it goes over the wire, without the final dot.
func Wire(data []byte) []byte {
	var out bytes.Buffer
	c := &conn{w: bufio.NewWriterSize(&out, bufferSize)}
	if err := c.writeBody(normalise(data)); err != nil {
		panic(err) // a bytes.Buffer takes everything
	}
	return out.Bytes()
}
