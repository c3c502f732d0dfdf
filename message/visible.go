package message

import (
	"regexp"
	"strings"
)

// visibleText strips quotes and signature. What remains of a mail that is
// nothing but quote, a bare forward for example, is all of it.
func visibleText(text string) string {
	lines := strings.Split(text, "\n")
	kept := stripSignature(stripQuotes(lines))
	out := strings.TrimSpace(strings.Join(kept, "\n"))
	if out == "" {
		return strings.TrimSpace(text)
	}
	return out
}

// stripQuotes drops quoted lines with the line that introduces them, and all
// that follows a separator behind which programs put the whole earlier mail.
func stripQuotes(lines []string) []string {
	var out []string
	for i := 0; i < len(lines); i++ {
		line := strings.TrimSpace(lines[i])
		if strings.HasPrefix(line, ">") {
			continue
		}
		if separator(line) || headerBlock(lines[i:]) {
			return out
		}
		if n := attribution(lines[i:]); n > 0 {
			next := nextFilled(lines, i+n)
			if next < 0 {
				return out
			}
			if strings.HasPrefix(strings.TrimSpace(lines[next]), ">") {
				i += n - 1
				continue
			}
			return out
		}
		out = append(out, lines[i])
	}
	return out
}

func nextFilled(lines []string, from int) int {
	for i := from; i < len(lines); i++ {
		if strings.TrimSpace(lines[i]) != "" {
			return i
		}
	}
	return -1
}

// separators are the lines that Outlook and its like put before an earlier mail.
var separators = regexp.MustCompile(`(?i)^[-_*\s]{2,}\s*(original message|original appointment|ursprüngliche nachricht|originalnachricht|messaggio originale|mensaje original|message d'origine|message original|исходное сообщение|пересылаемое сообщение|mensagem original)\s*[-_*\s]{2,}$`)

func separator(line string) bool {
	return len(line) < 120 && len(line) > 8 && (line[0] == '-' || line[0] == '_' || line[0] == '*') && separators.MatchString(line)
}

// headerNames are the words before the colon in the header block that Outlook
// quotes, by what they mean.
var (
	fromLine  = regexp.MustCompile(`(?i)^\*?(from|von|da|de|от|от кого)\s?:\*?\s?\S`)
	otherLine = regexp.MustCompile(`(?i)^\*?(sent|date|to|cc|subject|gesendet|datum|an|betreff|inviato|data|a|oggetto|enviado|enviado el|fecha|para|asunto|envoyé|à|objet|отправлено|дата|кому|копия|тема)\s?:\*?\s?\S`)
)

// headerBlock reports whether lines begin with a quoted header: From: and at
// least two more fields within the next lines.
func headerBlock(lines []string) bool {
	first := strings.TrimSpace(lines[0])
	if len(first) >= 10 && first[0] == '_' && strings.Trim(first, "_") == "" {
		// Outlook on the web draws a line of underscores first.
		if i := nextFilled(lines, 1); i > 0 && i < 4 {
			return headerBlock(lines[i:])
		}
		return false
	}
	if len(lines) < 3 || !startsWithName(first) || !fromLine.MatchString(first) {
		return false
	}
	n := 0
	for _, l := range lines[1:min(len(lines), 8)] {
		if l = strings.TrimSpace(l); startsWithName(l) && otherLine.MatchString(l) {
			n++
		}
	}
	return n >= 2
}

// startsWithName tells cheaply that a line may be "Name: value": one or two words
// before the colon and no address behind it.
func startsWithName(line string) bool {
	i := strings.IndexByte(line[:min(len(line), 30)], ':')
	return i > 0 && len(line) < 1000 && strings.Count(line[:i], " ") <= 1 && !strings.HasPrefix(line[i+1:], "//")
}

// attributions introduce a quote: "On DATE, NAME wrote:" as mail programs say it.
var attributions = regexp.MustCompile(`(?is)^(` +
	`on\b.{6,300}\bwrote\s?:|` +
	`(am|on)\b.{6,300}\bschrieb\b.{0,200}:|` +
	`(il( giorno)?|in data)\b.{6,300}\bha scritto\s?:|` +
	`el\b.{6,300}\bescribi(ó|o)\s?:|` +
	`le\b.{6,300}\ba écrit\s?:|` +
	`em\b.{6,300}\bescreveu\s?:|` +
	`.{0,40}\d{4}.{0,200}(пишет|писал|писала|написал|написала|пишете?)(\(а\))?\s?:|` +
	`.{0,200}(wrote|schrieb|ha scritto|a écrit|escribió)\s?:` +
	`)$`)

// attribution returns how many lines a line that introduces a quote takes, 0 when
// there is none. Programs wrap it into three at most.
func attribution(lines []string) int {
	first := strings.TrimSpace(lines[0])
	if first == "" || len(first) > 400 || !colonSoon(lines) {
		return 0
	}
	joined := ""
	for n := 1; n <= 3 && n <= len(lines); n++ {
		line := strings.TrimSpace(lines[n-1])
		if line == "" || len(joined)+len(line) > 500 || (n > 1 && strings.HasPrefix(line, ">")) {
			return 0
		}
		joined = strings.TrimSpace(joined + " " + line)
		if strings.HasSuffix(line, ":") {
			if attributions.MatchString(joined) {
				return n
			}
			return 0
		}
	}
	return 0
}

// colonSoon tells cheaply that one of the next lines ends in a colon.
func colonSoon(lines []string) bool {
	for _, l := range lines[:min(3, len(lines))] {
		if strings.HasSuffix(strings.TrimRight(l, " \r"), ":") {
			return true
		}
	}
	return false
}

// stripSignature cuts at the signature separator (RFC 3676 section 4.3), which
// loses its space on some ways.
func stripSignature(lines []string) []string {
	for i, l := range lines {
		if l := strings.TrimRight(l, "\r"); l == "-- " || l == "--" || l == "--\u00a0" {
			return lines[:i]
		}
	}
	return lines
}
