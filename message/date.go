package message

import (
	"strconv"
	"strings"
	"time"
)

// parseDate reads a Date field (RFC 5322 sections 3.3 and 4.3) and what programs
// write in its place. It returns the zero time when there is nothing to be read.
func parseDate(s string) time.Time {
	words := dateWords(s)
	if t, ok := parseISO(words); ok {
		return t
	}
	var p dateParts
	for _, w := range words {
		p.take(w)
	}
	return p.time()
}

// dateWords splits s at spaces, commas and parentheses; comments go.
func dateWords(s string) []string {
	if len(s) > 200 {
		s = s[:200]
	}
	var b strings.Builder
	depth := 0
	for _, r := range s {
		switch {
		case r == '(':
			depth++
		case r == ')' && depth > 0:
			depth--
		case depth > 0:
		case r == ',' || r == ' ' || r == '\t' || r == '\u00a0':
			b.WriteByte(' ')
		default:
			b.WriteRune(r)
		}
	}
	words := strings.Fields(b.String())
	// Section 4.3 allows spaces around the colons of the time.
	out := words[:0]
	for i, w := range words {
		if i > 0 && (w[0] == ':' || strings.HasSuffix(out[len(out)-1], ":")) {
			out[len(out)-1] += w
			continue
		}
		out = append(out, w)
	}
	return out
}

// dateParts are the pieces found so far; -1 or "" is missing.
type dateParts struct {
	day, year        int
	month            time.Month
	clock            [3]int
	hasClock, hasDay bool
	hasYear, hasZone bool
	pm, am           bool
	offset           int
}

// take sorts one word into its place: words are told apart by their form, so
// that order and missing pieces do not matter.
func (p *dateParts) take(w string) {
	low := strings.ToLower(w)
	switch {
	case strings.Contains(w, ":"):
		p.takeClock(low)
	case p.month == 0 && len(low) >= 3 && monthOf(low) != 0:
		p.month = monthOf(low)
	case low == "am":
		p.am = true
	case low == "pm":
		p.pm = true
	case (w[0] == '+' || w[0] == '-') && len(w) > 1 && p.hasClock:
		p.takeOffset(w)
	case p.hasClock && !p.hasZone && zoneOf(low) != noZone:
		p.offset, p.hasZone = zoneOf(low), true
	case strings.Count(w, "-") == 2 && p.month == 0:
		// 1-Jan-2024, 01-Jan-24
		for _, x := range strings.Split(w, "-") {
			p.take2(x)
		}
	default:
		p.takeNumber(low)
	}
}

func (p *dateParts) take2(x string) {
	if x == "" {
		return
	}
	if m := monthOf(strings.ToLower(x)); m != 0 {
		p.month = m
		return
	}
	p.takeNumber(x)
}

func (p *dateParts) takeNumber(w string) {
	w = strings.TrimRight(w, ".thsrnd")
	n, err := strconv.Atoi(w)
	if err != nil || n < 0 {
		return
	}
	switch {
	case !p.hasDay && n >= 1 && n <= 31 && len(w) <= 2:
		p.day, p.hasDay = n, true
	case !p.hasYear && (len(w) == 4 || len(w) == 2 || len(w) == 3):
		// Section 4.3: two digits below 50 are of this century, three digits count
		// from 1900.
		switch {
		case len(w) == 2 && n < 50:
			n += 2000
		case len(w) < 4:
			n += 1900
		}
		p.year, p.hasYear = n, true
	}
}

func (p *dateParts) takeClock(w string) {
	if strings.HasSuffix(w, "pm") {
		p.pm, w = true, strings.TrimSuffix(w, "pm")
	} else if strings.HasSuffix(w, "am") {
		p.am, w = true, strings.TrimSuffix(w, "am")
	}
	// 10:20:30+0200
	if i := strings.IndexAny(w, "+-"); i > 0 {
		p.hasClock = true
		p.takeOffset(w[i:])
		w = w[:i]
	}
	for i, f := range strings.SplitN(w, ":", 4) {
		if i > 2 {
			break
		}
		f, _, _ = strings.Cut(f, ".")
		n, err := strconv.Atoi(strings.TrimSpace(f))
		if err != nil || n < 0 {
			return
		}
		p.clock[i] = n
	}
	p.hasClock = p.clock[0] < 25 && p.clock[1] < 60 && p.clock[2] < 62
}

func (p *dateParts) takeOffset(w string) {
	digits := strings.ReplaceAll(w[1:], ":", "")
	if len(digits) == 2 || len(digits) == 1 {
		digits += "00"
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n < 0 {
		return
	}
	offset := n/100*3600 + n%100*60
	if offset > 16*3600 {
		return
	}
	if w[0] == '-' {
		offset = -offset
	}
	p.offset, p.hasZone = offset, true
}

func (p *dateParts) time() time.Time {
	if !p.hasDay || !p.hasYear || p.month == 0 || p.year < 1900 || p.year > 9999 {
		return time.Time{}
	}
	h := p.clock[0]
	if p.pm && h < 12 {
		h += 12
	} else if p.am && h == 12 {
		h = 0
	}
	zone := time.UTC
	if p.offset != 0 {
		zone = time.FixedZone("", p.offset)
	}
	if !p.hasClock {
		h, p.clock = 0, [3]int{}
	}
	t := time.Date(p.year, p.month, p.day, h, p.clock[1], p.clock[2], 0, zone)
	if t.Month() != p.month {
		return time.Time{} // 31 February
	}
	return t
}

// parseISO reads the forms of ISO 8601 and of databases.
func parseISO(words []string) (time.Time, bool) {
	if len(words) == 0 || len(words[0]) < 8 || words[0][0] < '1' || words[0][0] > '2' {
		return time.Time{}, false
	}
	s := strings.Join(words, " ")
	for _, layout := range []string{
		time.RFC3339Nano, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05Z07:00",
		"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02", "2006/01/02 15:04:05", "2006/01/02 15:04:05 -0700",
	} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

const noZone = 1 << 20

// zoneOf reads a zone that is not a plain offset. The military letters of RFC 822
// mean nothing (RFC 5322 section 4.3) and count as UTC.
func zoneOf(w string) int {
	if len(w) == 1 && w[0] >= 'a' && w[0] <= 'z' && w[0] != 'j' {
		return 0
	}
	if rest, ok := strings.CutPrefix(w, "gmt"); ok && len(rest) > 1 && (rest[0] == '+' || rest[0] == '-') {
		var p dateParts
		if p.takeOffset(rest); p.hasZone {
			return p.offset
		}
	}
	return namedZone(w)
}

// namedZone knows the zones of RFC 5322 section 4.3 and some more that are common.
func namedZone(w string) int {
	switch w {
	case "ut", "utc", "gmt", "wet":
		return 0
	case "est", "cdt":
		return -5 * 3600
	case "edt":
		return -4 * 3600
	case "cst", "mdt":
		return -6 * 3600
	case "mst", "pdt":
		return -7 * 3600
	case "pst":
		return -8 * 3600
	case "bst", "met", "cet", "mez", "west":
		return 3600
	case "cest", "mest", "mesz", "eet", "sast":
		return 2 * 3600
	case "eest", "msk":
		return 3 * 3600
	case "ist":
		return 5*3600 + 1800
	case "hkt", "sgt":
		return 8 * 3600
	case "jst", "kst":
		return 9 * 3600
	case "aest":
		return 10 * 3600
	}
	return noZone
}

// monthOf knows months by their first letters in the languages that programs
// write into dates against the rules.
func monthOf(w string) time.Month {
	w = strings.TrimRight(w, ".")
	for _, m := range []struct {
		start string
		month time.Month
	}{
		{"jan", 1},
		{"gen", 1},
		{"ene", 1},
		{"янв", 1},
		{"feb", 2},
		{"fév", 2},
		{"fev", 2},
		{"фев", 2},
		{"mar", 3},
		{"mär", 3},
		{"mrz", 3},
		{"мар", 3},
		{"apr", 4},
		{"avr", 4},
		{"abr", 4},
		{"апр", 4},
		{"may", 5},
		{"mag", 5},
		{"mai", 5},
		{"май", 5},
		{"мая", 5},
		{"jun", 6},
		{"giu", 6},
		{"juin", 6},
		{"июн", 6},
		{"jul", 7},
		{"lug", 7},
		{"juil", 7},
		{"июл", 7},
		{"aug", 8},
		{"ago", 8},
		{"aoû", 8},
		{"авг", 8},
		{"sep", 9},
		{"set", 9},
		{"сен", 9},
		{"oct", 10},
		{"okt", 10},
		{"ott", 10},
		{"окт", 10},
		{"nov", 11},
		{"ноя", 11},
		{"dec", 12},
		{"dez", 12},
		{"dic", 12},
		{"déc", 12},
		{"дек", 12},
	} {
		if strings.HasPrefix(w, m.start) {
			return m.month
		}
	}
	return 0
}
