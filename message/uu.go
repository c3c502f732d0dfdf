package message

import "bytes"

// takeUU cuts the files out of a plain text that were put there with uuencode, as
// mails had them before MIME, and returns them as attachments.
func (p *part) takeUU(limit int) []attachment {
	if p.contentType.value != "text/plain" || p.encoding != "" || !bytes.Contains(p.body, []byte("begin ")) {
		return nil
	}
	var files []attachment
	var text []byte
	rest := p.body
	for len(files) < limit {
		start, name := findUU(rest)
		if start < 0 {
			break
		}
		end := endOfUU(rest[start:])
		if end < 0 {
			break
		}
		files = append(files, attachment{part: &part{
			contentType: media{value: "application/octet-stream", params: []param{{"name", name}}},
			disposition: media{value: "attachment"},
			encoding:    "x-uuencode",
			body:        rest[start : start+end],
		}})
		text = append(text, rest[:start]...)
		rest = rest[start+end:]
	}
	if files != nil {
		p.body = append(text, rest...)
	}
	return files
}

// findUU finds the next line "begin MODE NAME" and the name.
func findUU(b []byte) (start int, name string) {
	mark := []byte("begin ")
	for pos := 0; ; {
		i := bytes.Index(b[pos:], mark)
		if i < 0 {
			return -1, ""
		}
		i += pos
		pos = i + len(mark)
		line := firstLine(b[pos:])
		mode, file, ok := bytes.Cut(line, []byte(" "))
		if (i == 0 || b[i-1] == '\n') && ok && isMode(mode) && len(file) > 0 && len(file) < 256 {
			return i, decodeCharset(file, "", &defects{})
		}
	}
}

func isMode(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '7' {
			return false
		}
	}
	return len(b) == 3 || len(b) == 4
}

// endOfUU returns where the block ends that b begins with, -1 when it has no end
// or holds lines that are none of uuencode.
func endOfUU(b []byte) int {
	for pos := lineEnd(b); pos < len(b); {
		end := pos + lineEnd(b[pos:])
		line := bytes.TrimRight(trimEOL(b[pos:end]), " ")
		if bytes.Equal(line, []byte("end")) {
			return end
		}
		if n := len(line); n > 0 && (line[0] < ' ' || line[0] > '`' || n > 64) {
			return -1
		}
		pos = end
	}
	return -1
}

// decodeUU decodes uuencoded data between its begin and end lines.
func decodeUU(raw []byte) []byte {
	var out []byte
	for len(raw) > 0 {
		end := lineEnd(raw)
		line := trimEOL(raw[:end])
		raw = raw[end:]
		if len(line) == 0 || bytes.HasPrefix(line, []byte("begin ")) {
			continue
		}
		if bytes.Equal(line, []byte("end")) {
			break
		}
		n := int(line[0]-' ') & 63
		for line = line[1:]; n > 0 && len(line) > 0; n -= 3 {
			var q [4]byte
			for i := range q {
				if i < len(line) {
					q[i] = (line[i] - ' ') & 63
				}
			}
			three := []byte{q[0]<<2 | q[1]>>4, q[1]<<4 | q[2]>>2, q[2]<<6 | q[3]}
			out = append(out, three[:min(n, 3)]...)
			line = line[min(4, len(line)):]
		}
	}
	return out
}
