package message

import (
	"regexp"
	"strings"
)

// style keeps the declarations of an inline style that are known to be harmless:
// properties that place nothing outside of their box, values that load nothing.
func (w *rewriter) style(source string) string {
	if len(source) > 10_000 {
		return ""
	}
	var out []string
	for _, decl := range splitStyle(source) {
		name, value, ok := strings.Cut(decl, ":")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		if !ok || !allowedProperty(name) {
			continue
		}
		if strings.Contains(strings.ToLower(value), "url") {
			if value = w.background(name, value); value == "" {
				continue
			}
		} else if !harmlessValue(value) {
			continue
		}
		out = append(out, name+": "+value)
	}
	return strings.Join(out, "; ")
}

// splitStyle splits at semicolons outside of quotes and parentheses.
func splitStyle(s string) []string {
	var out []string
	start, depth := 0, 0
	quote := byte(0)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '(':
			depth++
		case c == ')':
			depth = max(0, depth-1)
		case c == ';' && depth == 0:
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	return append(out, s[start:])
}

func allowedProperty(name string) bool {
	for _, start := range []string{"border", "padding", "font", "text-", "list-style", "background"} {
		if strings.HasPrefix(name, start) && oneWord.MatchString(name) {
			return name != "border-image" && name != "border-image-source" && name != "list-style-image" &&
				name != "background-attachment" && name != "text-indent"
		}
	}
	switch name {
	case "color", "width", "max-width", "min-width", "height", "max-height", "min-height", "margin", "margin-top", "margin-bottom",
		"margin-left", "margin-right", "line-height", "letter-spacing", "word-spacing", "vertical-align", "white-space", "display",
		"direction", "float", "clear", "table-layout", "empty-cells", "caption-side", "word-break", "word-wrap", "overflow-wrap",
		"box-sizing", "opacity", "unicode-bidi", "text-indent", "border-collapse", "border-spacing":
		return true
	}
	return false
}

// value is made of words, numbers, colours and quoted names; functions are only
// those that compute a colour.
var (
	plainValue    = regexp.MustCompile(`^[-a-zA-Z0-9#%.,\s'"!/+]*$`)
	colorFunction = regexp.MustCompile(`(?i)\b(rgb|rgba|hsl|hsla)\([-0-9.,%\s/]*\)`)
	remoteURL     = regexp.MustCompile(`(?i)url\(\s*["']?(https?://[-a-z0-9._~:/?&=%+@$*,!]+)["']?\s*\)`)
)

func harmlessValue(v string) bool {
	if len(v) > 500 || v == "" || strings.Contains(v, "//") || strings.Contains(v, "/*") {
		return false
	}
	// A negative margin would pull content over what stands around it.
	return plainValue.MatchString(colorFunction.ReplaceAllString(v, "")) && !strings.Contains(v, " -") && !strings.HasPrefix(v, "-")
}

// background decides about a background picture of a style.
func (w *rewriter) background(name, value string) string {
	found := remoteURL.FindStringSubmatch(value)
	if found == nil || (name != "background" && name != "background-image") {
		return ""
	}
	rest := strings.Join(strings.Fields(strings.Replace(value, found[0], " ", 1)), " ")
	if rest != "" && !harmlessValue(rest) {
		return ""
	}
	if !w.options.Remote {
		w.blocked++
		return rest
	}
	return strings.TrimSpace("url('" + found[1] + "') " + rest)
}
