package message

import (
	"regexp"
	"strings"
	"sync"
)

// The words that mail programs introduce an earlier mail with, in the languages
// that are common in Europe and the Americas.
var (
	separators = pattern(`(?i)^[-_*\s]{2,}\s*(original message|original appointment|reply message|ursprüngliche nachricht|` +
		`originalnachricht|messaggio originale|mensaje original|message d'origine|message original|исходное сообщение|mensagem original|` +
		`oorspronkelijk bericht|wiadomość oryginalna|original besked|ursprungligt meddelande)\s*[-_*\s]{2,}$`)
	forwards = pattern(`(?i)^(-{2,}\s*(forwarded message|weitergeleitete nachricht|messaggio inoltrato|mensaje reenviado|message transféré|` +
		`mensagem encaminhada|пересылаемое сообщение|пересланное сообщение|doorgestuurd bericht)\s*-{2,}|` +
		`(begin forwarded message|anfang der weitergeleiteten nachricht|inizio messaggio inoltrato|inicio del mensaje reenviado|` +
		`début du message (réexpédié|transféré)|начало переадресованного сообщения)\s?:)$`)
	headerNames = pattern(`(?i)^\*?(from|sent|date|to|cc|bcc|subject|reply-to|importance|von|gesendet|datum|an|betreff|da|inviato|data|a|oggetto|` +
		`de|enviado|enviado el|enviada em|fecha|para|asunto|assunto|envoyé|à|objet|от|от кого|отправлено|дата|кому|копия|тема|` +
		`van|verzonden|aan|onderwerp|od|wysłano|do|temat|fra|sendt|til|emne|från|skickat|till|ämne)\s?:\*?\s?\S`)
	senderNames = pattern(`(?i)^\*?(from|von|da|de|от|от кого|van|od|fra|från)\s?:`)
	// attributions are those with a known beginning, which may be wrapped; wrote
	// are any line that ends so.
	attributions = pattern(`(?is)^(` +
		`on\b.{6,300}\b(wrote|sent)\s?:|` +
		`(am|on)\b.{6,300}\bschrieb\b.{0,200}:|` +
		`(il( giorno)?|in data)\b.{6,300}\bha scritto\s?:|` +
		`el\b.{6,300}\bescribi(ó|o)\s?:|` +
		`le\b.{6,300}\ba écrit\s?:|` +
		`em\b.{6,300}\bescreveu\s?:|` +
		`op\b.{6,300}\b(schreef\b.{0,200}|geschreven\s?):|` +
		`(den|på)\b.{6,300}\bskrev\b.{0,200}:|` +
		`w dniu\b.{6,300}\bnapisał(\(a\)|a)?\s?:|` +
		`vào\b.{6,300}\sđã viết\s?:|` +
		`\d.{6,300}\s(пишет|писал|писала|написал|написала)(\(а\))?\s?:|` +
		`(пн|вт|ср|чт|пт|сб|вс|понедельник|вторник|среда|четверг|пятница|суббота|воскресенье)[\s,.].{6,300}\s(пишет|писал|писала|написал|написала)(\(а\))?\s?:|` +
		`\d{4}-\d\d-\d\d.{3,100}<\s?\S+@\S+>\s?:` +
		`)$`)
	wrote = pattern(`(?i)^.{1,250}\s(wrote|schrieb|ha scritto|a écrit|escribió|escreveu|schreef|skrev|пишет|писал|писала|написал|написала)(\(а\))?\s?:?$`)
	// dateAndAddress is a line such as "2011/4/7 Anna <anna@example.com>".
	dateAndAddress = pattern(`^\d{4}[-/.]\d{1,2}[-/.]\d{1,2}\b.{0,150}<\S+@\S+>\s?:?$`)
	// sharedLine is an attribution behind a text in the same line.
	sharedLine = pattern(`(?i)\bon (mon|tue|wed|thu|fri|sat|sun)[a-z]*,? .{6,250}\bwrote:$`)
)

// pattern compiles an expression when it is first used: together they take
// milliseconds, and most commands of the program read no mail.
func pattern(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}

func isSeparator(line string) bool {
	return len(line) < 120 && (line[0] == '-' || line[0] == '_' || line[0] == '*') && separators().MatchString(line)
}

func isForward(line string) bool {
	last := line[len(line)-1]
	return len(line) < 120 && (line[0] == '-' && last == '-' || last == ':') && forwards().MatchString(line)
}

// headerBlock reports whether lines begin with the header of an earlier mail, as
// Outlook quotes it: three fields next to each other, one of them the sender.
func headerBlock(lines []string) bool {
	first := strings.TrimSpace(lines[0])
	if len(first) >= 10 && first[0] == '_' && strings.Trim(first, "_") == "" {
		// Outlook on the web draws a line of underscores first.
		i := nextFilled(lines[:min(len(lines), 4)], 1)
		return i > 0 && !strings.HasPrefix(lines[i], "_") && headerBlock(lines[i:])
	}
	if len(lines) < 3 || !startsWithName(first) || !headerNames().MatchString(first) {
		return false
	}
	fields, sender := 0, false
	for _, l := range lines[:min(len(lines), 8)] {
		l = strings.TrimSpace(l)
		if l == "" {
			break
		}
		if startsWithName(l) && headerNames().MatchString(l) {
			fields++
			sender = sender || senderNames().MatchString(l)
		}
	}
	return fields >= 3 && sender
}

// startsWithName tells cheaply that a line may be "Name: value": one or two words
// before the colon and no address behind it.
func startsWithName(line string) bool {
	i := strings.IndexByte(line[:min(len(line), 30)], ':')
	return i > 0 && len(line) < 1000 && strings.Count(line[:i], " ") <= 2 && !strings.HasPrefix(line[i+1:], "//")
}

// attribution returns how many lines the introduction of a quote takes that
// lines begin with ("On DATE, NAME wrote:"), 0 when there is none. before is text
// that stands in front of it in the same line.
func attribution(lines []string) (before string, n int) {
	first := strings.TrimSpace(lines[0])
	switch {
	case first == "" || len(first) > 400:
		return "", 0
	case strings.HasPrefix(first, "--") && strings.HasSuffix(first, "--"):
		// ---- Anna wrote ----
		if bare := strings.Trim(first, "-_ "); bare != "" && wrote().MatchString(bare) {
			return "", 1
		}
		return "", 0
	case !colonSoon(lines):
		if first[0] >= '0' && first[0] <= '9' && dateAndAddress().MatchString(first) && quoteFollows(lines) {
			return "", 1
		}
		return "", 0
	}
	if n := wrappedAttribution(lines); n > 0 {
		return "", n
	}
	if first[len(first)-1] == ':' {
		return lineAttribution(first, quoteFollows(lines))
	}
	return "", 0
}

// wrappedAttribution finds an introduction with a known beginning. Programs wrap
// it into three lines at most.
func wrappedAttribution(lines []string) int {
	joined := ""
	for n := 1; n <= 3 && n <= len(lines); n++ {
		line := strings.TrimSpace(lines[n-1])
		if line == "" || len(joined)+len(line) > 500 || (n > 1 && line[0] == '>') {
			return 0
		}
		joined = strings.TrimSpace(joined + " " + line)
		if line[len(line)-1] == ':' {
			if attributions().MatchString(joined) {
				return n
			}
			return 0
		}
	}
	return 0
}

// lineAttribution looks at a line that ends in a colon. quoted tells whether a
// quoted line follows.
func lineAttribution(line string, quoted bool) (before string, n int) {
	dated := strings.ContainsAny(line, "0123456789")
	switch {
	case quoted && dated && strings.HasSuffix(line, ">:") && strings.Contains(line, "@"):
		return "", 1 // 26.06.2024, 14:41, "Anna" <anna@example.com>:
	case !wrote().MatchString(line):
		return "", 0
	}
	if at := sharedLine().FindStringIndex(line); at != nil && at[0] > 0 {
		return strings.TrimRight(line[:at[0]], "- "), 1
	}
	if quoted || dated || strings.Contains(line, "@") {
		return "", 1
	}
	return "", 0
}

// quoteFollows reports whether the next line that is not blank is a quoted one.
func quoteFollows(lines []string) bool {
	next := nextFilled(lines, 1)
	return next > 0 && strings.HasPrefix(strings.TrimSpace(lines[next]), ">")
}

// colonSoon tells cheaply that one of the next lines ends in a colon.
func colonSoon(lines []string) bool {
	for _, l := range lines[:min(3, len(lines))] {
		if strings.HasSuffix(strings.TrimRight(l, " \r\t"), ":") {
			return true
		}
	}
	return false
}
