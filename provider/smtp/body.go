package smtp

import (
	"bytes"
)

const (
	bufferSize = 32 << 10
	// bodyChunk is how much of a body goes to the buffer at once: less than the
	// buffer holds, so that each write to the network stays small and has a
	// deadline of its own.
	bodyChunk = 16 << 10
)

// normalise returns data with CRLF at the end of every line, the last one
// included (RFC 5321 section 2.3.8). A bare CR or LF becomes CRLF: left as it is,
// "LF . LF" could end the mail early at a careless server and smuggle in another.
// Data that is right already is returned as it is.
func normalise(data []byte) []byte {
	pairs := bytes.Count(data, []byte("\r\n"))
	ended := len(data) == 0 || bytes.HasSuffix(data, []byte("\r\n"))
	if ended && bytes.Count(data, []byte("\r")) == pairs && bytes.Count(data, []byte("\n")) == pairs {
		return data
	}
	out := make([]byte, 0, len(data)+len(data)/32+2)
	for len(data) > 0 {
		i := bytes.IndexAny(data, "\r\n")
		if i < 0 {
			out = append(out, data...)
			break
		}
		out = append(append(out, data[:i]...), '\r', '\n')
		if data[i] == '\r' && i+1 < len(data) && data[i+1] == '\n' {
			i++
		}
		data = data[i+1:]
	}
	if !bytes.HasSuffix(out, []byte("\r\n")) {
		out = append(out, '\r', '\n')
	}
	return out
}

// writeBody writes a normalised mail with its dots stuffed (RFC 5321 section
// 4.5.2) and waits until the last byte has left our buffers.
func (c *conn) writeBody(data []byte) error {
	lineStart := true
	for len(data) > 0 {
		if lineStart && data[0] == '.' {
			if err := c.w.WriteByte('.'); err != nil {
				return c.fail(err)
			}
		}
		// A piece ends at the next line that begins with a dot.
		n := min(len(data), bodyChunk)
		lineStart = false
		if i := bytes.Index(data[:n], []byte("\n.")); i >= 0 {
			n = i + 1
			lineStart = true
		} else if data[n-1] == '\n' {
			lineStart = true
		}
		if _, err := c.w.Write(data[:n]); err != nil {
			return c.fail(err)
		}
		data = data[n:]
	}
	return c.flush()
}

func isASCII(data []byte) bool {
	for _, b := range data {
		if b >= 0x80 {
			return false
		}
	}
	return true
}
