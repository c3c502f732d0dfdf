package mailstead

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// FoldText makes text comparable for search: lower case, without accents, words
// separated by single spaces. Both sides of a search use it, so that every
// database finds the same.
func FoldText(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	space := true
	put := func(r rune) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(unicode.ToLower(r))
			space = false
		case !space:
			b.WriteByte(' ')
			space = true
		}
	}
	for i := 0; i < len(text); {
		if c := text[i]; c < 0x80 {
			put(rune(c))
			i++
			continue
		}
		j := i
		for j < len(text) && text[j] >= 0x80 {
			j++
		}
		for _, r := range norm.NFKD.String(text[i:j]) {
			put(r)
		}
		i = j
	}
	return strings.TrimRight(b.String(), " ")
}
