package imap

import (
	"bytes"
	"io"
	"testing/iotest"
	"time"

	"github.com/mailstead/mailstead"
)

// EncodeName and DecodeName are modified UTF-7.
var (
	EncodeName = encodeName
	DecodeName = decodeName
)

// Understood is what the parsers make of what a server sends.
type Understood struct {
	Mails    []mailstead.RawMessage
	NoData   int
	Folders  []mailstead.RemoteFolder
	UIDs     []mailstead.UID
	Statuses int
	// Literals counts the bytes of literals that were kept.
	Literals int
	// Err is why the reading ended.
	Err string
}

// MaxLiteralForTest is the limit that Understand reads literals with.
const MaxLiteralForTest = 1000

// Understand reads responses to the end; slowly means byte by byte.
func Understand(data []byte, slowly bool) (u Understood) {
	var src io.Reader = bytes.NewReader(data)
	if slowly {
		src = iotest.OneByteReader(src)
	}
	c := &conn{rd: reader{src: src, now: time.Now, size: smallBuffer, literal: MaxLiteralForTest, budget: 1 << 20}}
	s := &session{conn: c}
	for {
		a, err := c.read()
		if err != nil {
			u.Err = err.Error()
			return u
		}
		for _, l := range c.resp.lits {
			u.Literals += len(l.data)
		}
		if a.st.kind != "" || a.tag != "" {
			u.Statuses++
			_ = appendUID(a.st)
		}
		if f, ok := parseFetch(a); ok {
			u.Mails = append(u.Mails, mailstead.RawMessage{
				UID: f.uid, Flags: f.flags, ModSeq: f.modSeq, ReceivedAt: f.date, Size: f.size, Data: f.body.data,
			})
			if f.body.state != bodyPresent {
				u.NoData++
			}
		}
		if f, ok := s.parseList(a); ok {
			u.Folders = append(u.Folders, f)
		}
		if a.tag == "" && a.u.is("ESEARCH") {
			u.UIDs, _ = parseSet(u.UIDs, esearchAll(a.u.args), 1, 1<<32-1, 1000)
		}
		s.heard(a)
	}
}
