package imap

import (
	"encoding/base64"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// modified is the base64 of mailbox names: "," instead of "/" and no padding
// (RFC 3501 section 5.1.3).
func modified() *base64.Encoding {
	return base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,").
		WithPadding(base64.NoPadding)
}

// encodeName writes a folder's name in modified UTF-7 (RFC 3501 section 5.1.3).
func encodeName(name string) string {
	var b strings.Builder
	for len(name) > 0 {
		plain := strings.IndexFunc(name, func(r rune) bool { return r < ' ' || r > '~' || r == '&' })
		if plain < 0 {
			plain = len(name)
		}
		b.WriteString(name[:plain])
		name = name[plain:]
		if rest, ok := strings.CutPrefix(name, "&"); ok {
			b.WriteString("&-")
			name = rest
			continue
		}
		n := strings.IndexFunc(name, func(r rune) bool { return r >= ' ' && r <= '~' })
		if n < 0 {
			n = len(name)
		}
		if n > 0 {
			b.WriteString("&" + encodeUTF16(name[:n]) + "-")
		}
		name = name[n:]
	}
	return b.String()
}

func encodeUTF16(s string) string {
	var units []byte
	for _, u := range utf16.Encode([]rune(s)) {
		units = append(units, byte(u>>8), byte(u)) //nolint:gosec // the two halves of a code unit
	}
	return modified().EncodeToString(units)
}

// decodeName reads modified UTF-7. ok is false for a name that is none, or that
// encodeName would write differently: such a name is used as it is.
func decodeName(name string) (decoded string, ok bool) {
	var b strings.Builder
	for rest := name; rest != ""; {
		plain, after, found := strings.Cut(rest, "&")
		b.WriteString(plain)
		if !found {
			break
		}
		code, tail, closed := strings.Cut(after, "-")
		switch {
		case !closed:
			return name, false
		case code == "":
			b.WriteByte('&')
		default:
			units, err := modified().DecodeString(code)
			if err != nil || len(units)%2 != 0 {
				return name, false
			}
			b.WriteString(decodeUTF16(units))
		}
		rest = tail
	}
	decoded = b.String()
	if !utf8.ValidString(decoded) || encodeName(decoded) != name {
		return name, false
	}
	return decoded, true
}

func decodeUTF16(b []byte) string {
	units := make([]uint16, 0, len(b)/2)
	for i := 0; i+1 < len(b); i += 2 {
		units = append(units, uint16(b[i])<<8|uint16(b[i+1]))
	}
	return string(utf16.Decode(units))
}
