package mailstead

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Address is a mail address with an optional display name (RFC 5322 section
// 3.4), both decoded: plain UTF-8 without quotes or encoded words.
type Address struct {
	Name    string `json:"name,omitempty"`
	Address string `json:"address"`
}

func (a Address) String() string {
	return (&mail.Address{Name: a.Name, Address: a.Address}).String()
}

// Domain returns the part behind the last @ in lower case, or "".
func (a Address) Domain() string { return DomainOf(a.Address) }

// DomainOf returns the domain of addr in lower case, or "".
func DomainOf(addr string) string {
	i := strings.LastIndexByte(addr, '@')
	if i < 0 {
		return ""
	}
	return strings.ToLower(addr[i+1:])
}

// LocalPartOf returns the part of addr before its last @.
func LocalPartOf(addr string) string {
	if i := strings.LastIndexByte(addr, '@'); i >= 0 {
		return addr[:i]
	}
	return addr
}

// CleanAddress checks one bare address ("anna@example.com") and returns it with
// spaces around it removed and its domain in lower-case ASCII. Control
// characters, and with them CR and LF, are refused everywhere.
func CleanAddress(field, addr string) (string, error) {
	bad := Invalid(field, "input.address", "This is not a mail address: write it like anna@example.com.")
	t := strings.TrimSpace(addr)
	if t == "" {
		return "", Invalid(field, "input.address", "A mail address is needed, for example anna@example.com.")
	}
	if len(t) > 320 || HasControl(t) || strings.ContainsAny(t, "<>,;") {
		return "", bad
	}
	p, err := mail.ParseAddress("<" + t + ">")
	if err != nil {
		return "", bad
	}
	local, domain := LocalPartOf(p.Address), DomainOf(p.Address)
	// RFC 5321 section 4.5.3.1.1: 64 octets of local part. Local parts that need
	// quotes exist on paper only and break other software: not taken.
	if local == "" || len(local) > 64 || strings.ContainsAny(local, ` "(),:;<>@[\]`) || strings.Contains("."+local+".", "..") {
		return "", bad
	}
	ascii, err := cleanHost(domain)
	if err != nil {
		return "", bad
	}
	return local + "@" + ascii, nil
}

// CleanLine checks a one-line text such as a name or a subject: valid UTF-8, no
// control characters (RFC 5322 section 2.2 forbids CR and LF in a field), at
// most limit bytes. It returns the text with spaces around it removed.
func CleanLine(field, text string, limit int) (string, error) {
	if !utf8.ValidString(text) || HasControl(text) {
		return "", Invalid(field, "input.control_character", "Line breaks and control characters are not allowed here.")
	}
	if len(text) > limit {
		return "", Invalid(field, "input.too_long", "This text is too long.")
	}
	return strings.TrimSpace(text), nil
}

// CleanText checks a text of several lines such as a note: valid UTF-8 of at most
// limit bytes, no control characters but line breaks and tabs.
func CleanText(field, text string, limit int) (string, error) {
	if !utf8.ValidString(text) || HasControl(lineBreaks.Replace(text)) {
		return "", Invalid(field, "input.control_character", "Control characters are not allowed here.")
	}
	if len(text) > limit {
		return "", Invalid(field, "input.too_long", "This text is too long.")
	}
	return text, nil
}

// lineBreaks takes away what a text of several lines may have.
var lineBreaks = strings.NewReplacer("\r", "", "\n", "", "\t", "")

// HasControl reports whether text holds a control character, a line or
// paragraph separator, or a character that turns the direction of writing.
func HasControl(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' ||
			(r >= '\u202a' && r <= '\u202e') || (r >= '\u2066' && r <= '\u2069')
	})
}
