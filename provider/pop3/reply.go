package pop3

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/mailstead/mailstead"
)

// reply is the first line of an answer (RFC 1939 section 3).
type reply struct {
	ok bool
	// more is a continuation request, RFC 5034 section 4: text is its challenge.
	more bool
	// code is the response code without brackets, in upper case (RFC 2449 section
	// 8), for example "IN-USE" or "SYS/TEMP".
	code string
	// text is the line behind the status and the code.
	text string
}

// parseReply takes a line apart; false when it is no answer of POP3.
func parseReply(line []byte) (reply, bool) {
	word, rest, _ := strings.Cut(string(line), " ")
	r := reply{text: strings.TrimSpace(rest)}
	switch {
	case strings.EqualFold(word, "+OK"):
		r.ok = true
	case word == "+":
		r.more = true
		return r, true
	case !strings.EqualFold(word, "-ERR"):
		return reply{}, false
	}
	if inner, found := strings.CutPrefix(r.text, "["); found {
		if code, after, closed := strings.Cut(inner, "]"); closed && isCode(code) {
			r.code, r.text = strings.ToUpper(code), strings.TrimSpace(after)
		}
	}
	return r, true
}

// isCode reports whether text in brackets is a response code: servers also greet
// with "<...>" and write addresses in brackets.
func isCode(text string) bool {
	return text != "" && len(text) <= 64 && strings.Trim(strings.ToUpper(text), "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-/") == ""
}

// line gives the reply as the server sent it: the rules of package diagnose read
// such lines.
func (r reply) line() string {
	s := "-ERR"
	if r.ok {
		s = "+OK"
	}
	if r.code != "" {
		s += " [" + r.code + "]"
	}
	return strings.TrimSpace(s + " " + r.text)
}

// maxMails bounds how many mails one mailbox may show.
const maxMails = 1_000_000

// parseEntry reads a line of LIST or UIDL: a mail's number and a word (RFC 1939
// sections 5 and 7).
func parseEntry(line []byte) (number int, word string, ok bool) {
	fields := bytes.Fields(line)
	if len(fields) == 0 {
		return 0, "", false
	}
	n, err := strconv.Atoi(string(fields[0]))
	if err != nil || n < 1 || n > maxMails {
		return 0, "", false
	}
	if len(fields) > 1 {
		word = string(fields[1])
	}
	return n, word, true
}

// parseSize reads the size in a line of LIST; 0 when it makes no sense.
func parseSize(word string) int64 {
	n, err := strconv.ParseInt(word, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// refusal makes an error of a reply that is not +OK. Its kind follows from the
// response code (RFC 2449 section 8.1, RFC 3206); a refusal without one may pass by
// itself.
func (c *conn) refusal(op string, stage mailstead.StageName, r reply) *mailstead.Error {
	e := &mailstead.Error{
		Kind: mailstead.KindTemporary, Op: op, Text: "The server refused what was asked of it.",
		Err: &mailstead.ServerReply{Protocol: mailstead.POP3, Stage: stage, Enhanced: r.code, Text: c.mask(r.line())},
	}
	switch r.code {
	case "AUTH":
		e.Kind, e.Text = mailstead.KindCredentials, "The server refused the sign-in."
	case "IN-USE":
		e.Text = "Another program has the mailbox open."
	case "LOGIN-DELAY":
		e.Text = "The server wants more time between two sign-ins."
	case "SYS/PERM":
		e.Kind = mailstead.KindPermanent
	}
	return e
}
