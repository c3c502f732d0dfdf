package diagnose

import (
	"slices"
	"strings"
)

// aliases are ids and names of providers that do not hold the name that the
// rules use.
var aliases = map[string]string{
	"microsoft365": "microsoft 365",
	"m365-hve":     "microsoft 365",
	"163":          "netease 163/126/yeah",
	"126":          "netease 163/126/yeah",
	"yeah":         "netease 163/126/yeah",
	"yandex360":    "yandex",
	"laposte":      "la poste",
	"secureserver": "godaddy",
	"att":          "at&t",
	"verizon":      "aol",
	"cox":          "yahoo",
	"mail.com":     "gmx", // the same house, United Internet
	"yahoo-jp":     "",    // not Yahoo's servers
	"yahoo! japan": "",
}

// families are names that a provider's servers also answer to.
var families = map[string][]string{
	"gmail":            {"google"},
	"google workspace": {"google", "gmail"},
	"outlook.com":      {"microsoft"},
	"microsoft 365":    {"microsoft", "exchange online", "exchange"},
	"aol":              {"yahoo"},
	"at&t":             {"yahoo"},
	"sky":              {"yahoo"},
	"exmail":           {"qq"},
}

// providerWords turns an id, a name or a comma list of them into names that
// sameProvider understands; none when the provider is unknown.
func providerWords(text string) []string {
	var words []string
	for _, w := range list(text) {
		if alias, ok := aliases[w]; ok {
			w = alias
		}
		w = strings.ReplaceAll(w, "-", " ")
		if w == "" || w == anyWord {
			continue
		}
		words = append(words, w)
		for name, also := range families {
			if holds(w, name) {
				words = append(words, also...)
			}
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// sameProvider reports whether given ("gmx (de/at/ch)", "microsoft") means the
// provider that a rule is of ("gmx", "microsoft 365").
func sameProvider(given, of string) bool {
	return holds(given, of) || (len(given) > 2 && strings.HasPrefix(of, given) && !isWordByte(of[len(given):]))
}

// holds reports whether word stands in text as a whole.
func holds(text, word string) bool {
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return false
		}
		i += from
		if end := i + len(word); (i == 0 || !isWordByte(text[i-1:])) && !isWordByte(text[end:]) {
			return true
		}
		from = i + 1
	}
}

// isWordByte reports whether text begins with a letter or digit.
func isWordByte(text string) bool {
	if text == "" {
		return false
	}
	c := text[0]
	return c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')
}
