package pop3

import (
	"bytes"
	"testing/iotest"
	"time"
)

// Answers is what was understood of bytes of a server.
type Answers struct {
	OK, More bool
	Code     string
	Text     string
	Numbers  []int
	Words    []string
	Lines    int
	Body     []byte
	Size     int64
	Head     []byte
	Arrived  time.Time
}

// BodyLimit is the largest mail that Understand keeps.
const BodyLimit = 8 << 10

// Understand reads data as a reply with a list, as a mail and as a header.
func Understand(data []byte, slowly bool) Answers {
	now := func() time.Time { return time.Time{} }
	open := func() reader {
		if slowly {
			return newReader(iotest.OneByteReader(bytes.NewReader(data)), now)
		}
		return newReader(bytes.NewReader(data), now)
	}
	var a Answers
	r := open()
	if line, err := r.line(); err == nil {
		reply, _ := parseReply(line)
		a.OK, a.More, a.Code, a.Text = reply.ok, reply.more, reply.code, reply.text
		_ = r.lines(func(line []byte) {
			a.Lines++
			if n, word, ok := parseEntry(line); ok {
				a.Numbers, a.Words = append(a.Numbers, n), append(a.Words, word)
				_ = parseSize(word)
			}
		})
	}
	r = open()
	a.Body, a.Size, _ = r.body(BodyLimit, 100)
	r = open()
	a.Head, _ = r.head()
	a.Arrived = arrival(a.Head)
	return a
}
