package message

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// cleanCharset makes one word of what stands in a charset parameter:
// `"charset=UTF8"`, `utf-8;`, `iso-8859-1*en`.
func cleanCharset(name string) string {
	name = strings.ToLower(strings.Trim(name, " \t\"';,"))
	name = strings.TrimPrefix(name, "charset=")
	name, _, _ = strings.Cut(name, "*") // RFC 2231 section 5: a language.
	if i := strings.IndexAny(name, " ;\""); i >= 0 {
		name = name[:i]
	}
	return name
}

// isUTF8 reports whether name means UTF-8 or a subset of it.
func isUTF8(name string) bool {
	switch name {
	case "", "utf-8", "utf8", "us-ascii", "ascii", "ansi_x3.4-1968", "utf-8-sig", "unicode-1-1-utf-8", "utf8mb4",
		"7bit", "8bit", "binary", "unknown", "unknown-8bit", "x-unknown", "x-user-defined", "default", "default_charset", "_autodetect", "_autodetect_all", "auto":
		return true
	}
	return strings.Contains(name, "utf-8")
}

// lookup finds a character set by any of its names; nil when it is not known.
func lookup(name string) encoding.Encoding {
	switch name {
	case "hz-gb-2312", "hz":
		return simplifiedchinese.HZGB2312
	case "cp932", "ms932", "windows-31j":
		return japanese.ShiftJIS
	case "iso-2022-jp-ms", "iso-2022-jp-1", "iso-2022-jp-2", "iso-2022-jp-3", "cp50220", "cp50221":
		return japanese.ISO2022JP
	case "iso8859_1", "8859-1", "latin-1", "iso-latin-1":
		return charmap.Windows1252
	}
	if e, err := htmlindex.Get(name); err == nil {
		if n, _ := htmlindex.Name(e); n != "replacement" {
			return e
		}
		return nil
	}
	alias := name
	switch {
	case strings.HasPrefix(name, "win-"):
		alias = "windows-" + name[len("win-"):]
	case strings.HasPrefix(name, "cp-"):
		alias = "cp" + name[len("cp-"):]
	case strings.HasPrefix(name, "cp125"), strings.HasPrefix(name, "win125"):
		alias = "windows-" + name[len(name)-4:]
	case strings.HasPrefix(name, "iso_8859"), strings.HasPrefix(name, "iso8859"):
		alias = "iso-8859-" + strings.TrimLeft(name[strings.Index(name, "8859")+4:], "-_")
	case strings.HasPrefix(name, "ks_c"), strings.HasPrefix(name, "ksc"):
		alias = "euc-kr"
	}
	if alias != name {
		if e, err := htmlindex.Get(alias); err == nil {
			return e
		}
	}
	if e, err := ianaindex.MIME.Encoding(alias); err == nil {
		return e
	}
	return nil
}

// decodeCharset turns bytes into UTF-8. charset is what the mail declares, ""
// when it declares nothing. It always gives valid UTF-8.
func decodeCharset(b []byte, charset string, d *defects) string {
	charset = cleanCharset(charset)
	if isUTF8(charset) {
		return decodeUndeclared(b, charset, d)
	}
	if charset == "utf-7" || charset == "unicode-1-1-utf-7" {
		return decodeUTF7(b)
	}
	e := lookup(charset)
	switch {
	case e == nil:
		d.add("unknown character set")
		return decodeUndeclared(b, "", d)
	case latin(e) && utf8.Valid(b):
		// Real Latin-1 text is practically never valid UTF-8 unless it is ASCII.
		if !ascii(b) {
			d.add("wrong character set declared")
		}
		return string(b)
	}
	out, err := e.NewDecoder().Bytes(b)
	if err != nil {
		d.add("text does not fit its character set")
		return strings.ToValidUTF8(string(b), "\ufffd")
	}
	if bytes.ContainsRune(out, utf8.RuneError) && utf8.Valid(b) && !ascii(b) {
		d.add("wrong character set declared")
		return string(b)
	}
	return string(out)
}

func latin(e encoding.Encoding) bool {
	return e == charmap.Windows1252 || e == charmap.ISO8859_15 || e == charmap.ISO8859_1
}

// decodeUndeclared reads bytes that say to be UTF-8, or nothing.
func decodeUndeclared(b []byte, declared string, d *defects) string {
	if bytes.IndexByte(b, 0x1b) >= 0 && ascii(b) {
		// RFC 1468: ISO-2022-JP announces itself by escape sequences.
		if bytes.Contains(b, []byte("\x1b$")) || bytes.Contains(b, []byte("\x1b(")) {
			if out, err := japanese.ISO2022JP.NewDecoder().Bytes(b); err == nil {
				d.add("undeclared character set")
				return string(out)
			}
		}
	}
	if utf8.Valid(b) {
		if declared != "utf-8" && declared != "utf8" && !ascii(b) {
			d.add("undeclared character set")
		}
		return string(b)
	}
	d.add("undeclared character set")
	if good, bad := countUTF8(b); good > bad || good == bad && strings.HasPrefix(declared, "utf") {
		return strings.ToValidUTF8(string(b), "\ufffd")
	}
	out, err := charmap.Windows1252.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\ufffd")
	}
	return string(out)
}

// countUTF8 counts the characters beyond ASCII and the bytes that are none: UTF-8
// with some damage, such as a cut end, has more of the first.
func countUTF8(b []byte) (good, bad int) {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && n == 1:
			bad++
		case n > 1:
			good++
		}
		b = b[n:]
	}
	return good, bad
}

func ascii(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}
