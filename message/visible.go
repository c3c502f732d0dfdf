package message

import "strings"

// visibleText strips quotes and signature. What remains of a mail that is
// nothing but quote, a bare forward for example, is all of it.
func visibleText(text string) string {
	lines := strings.Split(text, "\n")
	kept := stripSignature(stripQuotes(lines))
	out := strings.TrimSpace(strings.Join(kept, "\n"))
	if out == "" {
		return strings.TrimSpace(text)
	}
	// Where a quote stood, its blank lines remain on both sides.
	for len(kept) < len(lines) && strings.Contains(out, "\n\n\n") {
		out = strings.ReplaceAll(out, "\n\n\n", "\n\n")
	}
	return out
}

// stripQuotes drops quoted lines with the line that introduces them, and all
// that follows a separator behind which programs put the whole earlier mail. A
// forwarded mail is no quote: it is what the mail is about.
func stripQuotes(lines []string) []string {
	var out []string
	for i := 0; i < len(lines); i++ {
		line := strings.TrimSpace(lines[i])
		switch {
		case line == "":
		case line[0] == '>':
			if !strings.HasSuffix(line, "<") {
				continue
			}
		case isForward(line):
			return append(out, lines[i:]...)
		case isSeparator(line) || headerBlock(lines[i:]):
			return trimRule(out)
		}
		if before, n := attribution(lines[i:]); n > 0 {
			if before != "" {
				out = append(out, before)
			}
			next := nextFilled(lines, i+n)
			if next < 0 || !strings.HasPrefix(strings.TrimSpace(lines[next]), ">") {
				return out
			}
			i += n - 1
			continue
		}
		out = append(out, lines[i])
	}
	return out
}

// trimRule drops the rule that a program drew above an earlier mail.
func trimRule(lines []string) []string {
	for i := len(lines) - 1; i > 0; i-- {
		if l := strings.TrimSpace(lines[i]); l != "" {
			if len(l) >= 5 && (strings.Trim(l, "-") == "" || strings.Trim(l, "_") == "") {
				return lines[:i]
			}
			break
		}
	}
	return lines
}

// nextFilled returns the index of the next line that is not blank, or -1.
func nextFilled(lines []string, from int) int {
	for i := from; i < len(lines); i++ {
		if strings.TrimSpace(lines[i]) != "" {
			return i
		}
	}
	return -1
}

// stripSignature cuts at the signature separator (RFC 3676 section 4.3), which
// loses its space on some ways, and drops the line that telephones add.
func stripSignature(lines []string) []string {
	for i, l := range lines {
		if l == "-- " || l == "--" || l == "--\u00a0" {
			lines = lines[:i]
			break
		}
	}
	for i := len(lines) - 1; i > 0; i-- {
		if l := strings.TrimSpace(lines[i]); l != "" {
			if isAdvert(l) {
				return lines[:i]
			}
			break
		}
	}
	return lines
}

// isAdvert knows the lines that telephones and programs put under a mail.
func isAdvert(line string) bool {
	if len(line) > 100 {
		return false
	}
	line = strings.ToLower(line)
	for _, start := range []string{
		"sent from my ", "sent from mail for windows", "sent from outlook", "get outlook for ", "sent from yahoo mail",
		"von meinem ", "gesendet von ", "gesendet mit ", "inviato da ", "ottieni outlook per ", "enviado desde mi ", "enviado do meu ",
		"envoyé de mon ", "envoyé depuis mon ", "отправлено с ", "отправлено из ",
	} {
		if strings.HasPrefix(line, start) {
			return true
		}
	}
	return false
}
