package pop3

import (
	"bytes"
	netmail "net/mail"
	"sort"
	"strconv"
	"strings"
	"time"
)

// head returns the header of the mail at a place, by TOP where the server knows it
// (RFC 1939 section 7), else from the mail itself.
func (s *session) head(i int) ([]byte, error) {
	number := strconv.Itoa(s.mails[i].number)
	if !s.noTop {
		r, err := s.command("TOP " + number + " 0")
		if err != nil {
			return nil, err
		}
		if r.ok {
			head, err := s.rd.head()
			return head, s.fail(err)
		}
		s.noTop = !s.has("TOP")
	}
	r, err := s.command("RETR " + number)
	if err != nil {
		return nil, err
	}
	if !r.ok {
		return nil, s.refusal("pop3.Head", "", r)
	}
	head, err := s.rd.head()
	return head, s.fail(err)
}

// firstSince returns the place of the first mail that arrived on or after the day
// of since. Mails lie in the order of their arrival, so that a few are asked for.
func (s *session) firstSince(since time.Time) (int, error) {
	since = since.UTC().Truncate(24 * time.Hour)
	var failure error
	first := sort.Search(len(s.mails), func(i int) bool {
		if failure != nil {
			return true
		}
		at, known := s.dates[i]
		if !known {
			head, err := s.head(i)
			if err != nil {
				failure = err
				return true
			}
			at = arrival(head)
			s.dates[i] = at
		}
		return at.IsZero() || !at.Before(since) // without a date: rather too much than too little
	})
	return first, failure
}

// arrival returns when a mail was taken in, by its topmost Received field (RFC 5321
// section 4.4), else when it was written; zero when nothing tells.
func arrival(head []byte) time.Time {
	if at := parseDate(afterLast(field(head, "received"), ";")); !at.IsZero() {
		return at
	}
	if at := parseDate(field(head, "delivery-date")); !at.IsZero() {
		return at
	}
	return parseDate(field(head, "date"))
}

// received is arrival for storing: never later than now, and now when nothing
// tells.
func received(head []byte, now time.Time) time.Time {
	if at := arrival(head); !at.IsZero() && at.Before(now) {
		return at
	}
	return now
}

func parseDate(text string) time.Time {
	at, err := netmail.ParseDate(strings.TrimSpace(text))
	if err != nil || at.Year() < 1970 || at.Year() > 9999 {
		return time.Time{}
	}
	return at
}

func afterLast(text, separator string) string {
	if i := strings.LastIndex(text, separator); i >= 0 {
		return text[i+len(separator):]
	}
	return ""
}

// field returns the first field with that name, in lower case, unfolded (RFC 5322
// section 2.2); "" when there is none.
func field(head []byte, name string) string {
	var value []byte
	found := false
	for line := range bytes.Lines(head) {
		line = bytes.TrimRight(line, "\r\n")
		switch {
		case len(line) == 0:
			return string(value)
		case line[0] == ' ' || line[0] == '\t':
			if found {
				value = append(append(value, ' '), bytes.TrimSpace(line)...)
			}
			continue
		case found:
			return string(value)
		}
		before, after, ok := bytes.Cut(line, []byte(":"))
		if ok && strings.EqualFold(string(bytes.TrimSpace(before)), name) {
			found = true
			value = append(value, bytes.TrimSpace(after)...)
		}
	}
	return string(value)
}

// messageID returns the Message-ID without angle brackets.
func messageID(head []byte) string { return strings.Trim(field(head, "message-id"), "<> ") }

// parseStat reads the answer to STAT (RFC 1939 section 5).
func parseStat(r reply) (count int, size int64, ok bool) {
	words := strings.Fields(r.text)
	if !r.ok || len(words) == 0 {
		return 0, 0, false
	}
	n, err := strconv.Atoi(words[0])
	if err != nil || n < 0 {
		return 0, 0, false
	}
	if len(words) > 1 {
		size = parseSize(words[1])
	}
	return n, size, true
}
