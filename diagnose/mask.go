package diagnose

import (
	"encoding/base64"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxText is how much of a text is looked at.
	maxText = 2 << 10
	// maxWords is how many characters of it are shown.
	maxWords = 300
	masked   = "[masked]"

	lowerCase = "abcdefghijklmnopqrstuvwxyz"
	upperCase = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// normalise makes one line of what a server said.
func normalise(text string) string {
	if len(text) > maxText {
		text = text[:maxText]
	}
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) {
			return ' '
		}
		if unicode.Is(unicode.Cf, r) {
			return -1 // turns the direction of writing, or hides
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	return strings.Join(strings.Fields(text), " ")
}

var (
	// commands are echoes of our own commands with what follows them.
	commands = regexp.MustCompile(`(?i)\b(AUTH(?:ENTICATE)? +(?:PLAIN|LOGIN|CRAM-MD5|XOAUTH2|OAUTHBEARER|SCRAM-[A-Z0-9-]+) +|(?-i:PASS) +|(?-i:LOGIN) +\S+@\S+ +)(\S+)`)
	// fields are secrets beside their name.
	fields = regexp.MustCompile(`(?i)\b((?:pass(?:word|wd|phrase)?|secret|(?:access_|refresh_)?token|authorization|auth)["']? *[=:] *(?:Bearer +|Basic +)?|Bearer +)(\S+)`)
	// blobs are runs that may be base64.
	blobs = regexp.MustCompile(`[A-Za-z0-9+/_-]{8,}={0,2}`)
)

// Mask makes a server's words fit to be shown and stored: one line of at most
// 300 characters without control characters, and without what looks like a
// credential that the server has echoed. Drivers mask the secrets that they
// know; this is for what they can't.
func Mask(text string) string {
	text = normalise(text)
	text = commands.ReplaceAllStringFunc(text, func(m string) string {
		parts := commands.FindStringSubmatch(m)
		if isWord(parts[2]) {
			return m // "AUTH PLAIN failed"
		}
		return parts[1] + masked
	})
	text = fields.ReplaceAllStringFunc(text, func(m string) string {
		parts := fields.FindStringSubmatch(m)
		if isMechanism(parts[2]) {
			return m // "AUTH=PLAIN" in a list of capabilities
		}
		return parts[1] + masked
	})
	text = blobs.ReplaceAllStringFunc(text, func(m string) string {
		if holdsCredential(m) {
			return masked
		}
		return m
	})
	if r := []rune(text); len(r) > maxWords {
		text = string(r[:maxWords-1]) + "…"
	}
	return text
}

// addresses are what stands before the @ of a mail address.
var addresses = regexp.MustCompile(`[^\s<>()\[\]{}"',;:=@]+@`)

// maskAddresses leaves the first letter and the domain of addresses.
func maskAddresses(text string) string {
	return addresses.ReplaceAllStringFunc(text, func(local string) string {
		if r := []rune(local); len(r) > 2 {
			return string(r[0]) + "…@"
		}
		return "…@"
	})
}

// mechanism is the name of a sign-in mechanism that a server may offer.
var mechanism = regexp.MustCompile(`^(PLAIN|LOGIN|ANONYMOUS|EXTERNAL|XOAUTH2?|OAUTHBEARER|GSSAPI|NTLM|(CRAM|DIGEST)-MD5|SCRAM-SHA-\d+(-PLUS)?)[])]?$`)

func isMechanism(t string) bool { return mechanism.MatchString(t) }

// isWord reports whether t is a word of a sentence.
func isWord(t string) bool {
	t = strings.TrimRight(t, ".,:;!?)")
	return t != "" && strings.Trim(t, lowerCase) == ""
}

// holdsCredential reports whether t is base64 of text: of a SASL message, where
// NUL (RFC 4616 section 2) and ^A (RFC 7628 section 3.1) stand between the
// fields, or of a password alone, as LOGIN sends it.
func holdsCredential(t string) bool {
	t = strings.TrimRight(t, "=")
	if !strings.ContainsAny(t[1:], upperCase) || !strings.ContainsAny(t, lowerCase) {
		return false // a word or a name
	}
	encoding := base64.RawStdEncoding
	if strings.ContainsAny(t, "-_") {
		encoding = base64.RawURLEncoding
	}
	b, err := encoding.DecodeString(t)
	if err != nil || !utf8.Valid(b) {
		return false
	}
	for _, r := range string(b) {
		if r > 1 && unicode.IsControl(r) {
			return false
		}
	}
	return true
}
