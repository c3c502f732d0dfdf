package compose

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// Limits of a draft in bytes, see mailstead.Draft.Validate.
const (
	maxSubject = 2000
	maxName    = 200
)

// prefixes are what mail programs put before the subject of replies and forwards,
// in many languages, with a counter or without.
var (
	replyPrefix   = regexp.MustCompile(`(?i)^(re|aw|antw|sv|vs|r|rif|ref|res|odp|отв|ответ|ha|回复|回覆|答复)\s*(\[\d+\]|\(\d+\)|\^\d+)?\s*[:：]\s*`)
	forwardPrefix = regexp.MustCompile(`(?i)^(fwd|fw|wg|i|rv|tr|enc|vb|vl|pd|пер|пересл|转发|轉寄)\s*(\[\d+\]|\(\d+\)|\^\d+)?\s*[:：]\s*`)
)

// subject puts prefix before a subject in place of the prefixes of the same kind
// that stand there already.
func subject(prefix, parent string) string {
	known := replyPrefix
	if prefix == "Fwd: " {
		known = forwardPrefix
	}
	s := strings.TrimSpace(parent)
	for {
		rest := known.ReplaceAllString(s, "")
		if rest == s {
			return shorten(strings.TrimSpace(prefix+s), maxSubject)
		}
		s = rest
	}
}

// shorten cuts s to at most limit bytes without cutting a character.
func shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return strings.TrimSpace(s[:limit])
}
