package mailstead

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// FoldText makes text comparable for search: lower case, without accents, words
// separated by single spaces. Both sides of a search use it, so that every
// database finds the same.
func FoldText(text string) string {
	out := make([]byte, 0, len(text))
	space := true
	for i := 0; i < len(text); {
		if c := text[i]; c < utf8.RuneSelf {
			// Nearly all bytes of nearly all mail come this way.
			switch f := foldedASCII[c]; {
			case f != 0:
				out, space = append(out, f), false
			case !space:
				out, space = append(out, ' '), true
			}
			i++
			continue
		}
		j := i
		for j < len(text) && text[j] >= utf8.RuneSelf {
			j++
		}
		for _, r := range norm.NFKD.String(text[i:j]) {
			switch {
			case unicode.Is(unicode.Mn, r):
			case unicode.IsLetter(r) || unicode.IsDigit(r):
				out, space = utf8.AppendRune(out, lower(r)), false
			case !space:
				out, space = append(out, ' '), true
			}
		}
		i = j
	}
	return strings.TrimRight(string(out), " ")
}

// lower is unicode.ToLower with the final sigma, which is only a position, as the
// ordinary one.
func lower(r rune) rune {
	if r = unicode.ToLower(r); r == 'ς' {
		return 'σ'
	}
	return r
}

// foldedASCII maps letters to lower case and digits to themselves, and all other
// ASCII characters to 0.
const foldedASCII = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"0123456789\x00\x00\x00\x00\x00\x00" +
	"\x00abcdefghijklmnopqrstuvwxyz\x00\x00\x00\x00\x00" +
	"\x00abcdefghijklmnopqrstuvwxyz\x00\x00\x00\x00\x00"
