package message

import (
	"bytes"
	"encoding/base64"
)

// decodeTransfer undoes a Content-Transfer-Encoding (RFC 2045 section 6).
func decodeTransfer(raw []byte, encoding string) []byte {
	switch encoding {
	case "base64":
		return decodeBase64(raw)
	case "quoted-printable":
		return decodeQuotedPrintable(raw)
	case "x-uuencode", "uuencode", "x-uue", "uue":
		return decodeUU(raw)
	}
	return raw
}

// decodeBase64 decodes base64 and passes over everything that is not of its
// alphabet (RFC 2045 section 6.8). Padding in the middle starts anew.
func decodeBase64(raw []byte) []byte {
	out := make([]byte, base64.StdEncoding.DecodedLen(len(raw)))
	if n, err := base64.StdEncoding.Decode(out, raw); err == nil {
		return out[:n]
	}
	out = out[:0]
	var acc uint32
	bits := 0
	for _, c := range raw {
		v := base64Value(c)
		if v < 0 {
			if c == '=' {
				acc, bits = 0, 0
			}
			continue
		}
		acc = acc<<6 | uint32(v)
		if bits += 6; bits >= 8 {
			bits -= 8
			out = append(out, byte(acc>>bits&0xff))
		}
	}
	return out
}

func base64Value(c byte) int32 {
	switch {
	case c >= 'A' && c <= 'Z':
		return int32(c - 'A')
	case c >= 'a' && c <= 'z':
		return int32(c-'a') + 26
	case c >= '0' && c <= '9':
		return int32(c-'0') + 52
	case c == '+' || c == '-':
		return 62
	case c == '/' || c == '_':
		return 63
	}
	return -1
}

// decodeQuotedPrintable decodes quoted-printable (RFC 2045 section 6.7). A "=" that
// starts no code stays as it is.
func decodeQuotedPrintable(raw []byte) []byte {
	out := make([]byte, 0, len(raw))
	for len(raw) > 0 {
		i := bytes.IndexAny(raw, "=\n")
		if i < 0 {
			return append(out, bytes.TrimRight(raw, " \t\r")...)
		}
		if raw[i] == '\n' {
			// Rule 3: spaces at the end of a line were added on the way.
			out = append(out, bytes.TrimRight(raw[:i], " \t\r")...)
			out = append(out, '\r', '\n')
			raw = raw[i+1:]
			continue
		}
		out = append(out, raw[:i]...)
		switch raw = raw[i+1:]; {
		case len(raw) >= 2 && isHex(raw[0]) && isHex(raw[1]):
			out = append(out, unhex(raw[0])<<4|unhex(raw[1]))
			raw = raw[2:]
		case softBreak(raw) >= 0:
			raw = raw[softBreak(raw):]
		default:
			out = append(out, '=')
		}
	}
	return out
}

// softBreak returns where the next line begins when there are only spaces before
// it (rule 5), -1 otherwise.
func softBreak(raw []byte) int {
	for i, c := range raw {
		switch c {
		case '\n':
			return i + 1
		case ' ', '\t', '\r':
		default:
			return -1
		}
	}
	return len(raw)
}
