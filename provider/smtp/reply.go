package smtp

import (
	"bufio"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/mailstead/mailstead"
)

// Limits of a reply. RFC 5321 section 4.5.3.1.5 allows lines of 512 bytes;
// servers in the wild write more. An AUTH challenge is one line (RFC 4954
// section 4 demands room for 12,288 bytes).
const (
	maxReplyLine  = 16 << 10
	maxReplyLines = 256
	maxReply      = 64 << 10
	// maxWords is how much of a reply is kept for people.
	maxWords = 500
)

// reply is a server's answer to one command (RFC 5321 section 4.2).
type reply struct {
	code int
	// lines are the texts behind the code, with the enhanced status code.
	lines []string
}

func (r reply) ok() bool { return r.code/100 == 2 }

// errGarbled is an answer that is no SMTP reply.
var errGarbled = errors.New("not an SMTP reply")

// readReply reads one reply of any number of lines.
func readReply(r *bufio.Reader) (reply, error) {
	var out reply
	total := 0
	for {
		line, err := r.ReadSlice('\n')
		if errors.Is(err, io.EOF) && len(line) > 0 {
			err = io.ErrUnexpectedEOF
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			return garbled(line), errGarbled
		}
		if err != nil {
			return out, err
		}
		code, last, text, ok := parseReplyLine(line)
		total += len(line)
		if !ok || (out.lines != nil && code != out.code) || total > maxReply || len(out.lines) == maxReplyLines {
			return garbled(line), errGarbled
		}
		out.code = code
		out.lines = append(out.lines, text)
		if last {
			return out, nil
		}
	}
}

// garbled keeps the line that is no reply, for people: the code is 0.
func garbled(line []byte) reply {
	return reply{lines: []string{string(line[:min(len(line), maxWords)])}}
}

// parseReplyLine takes "250-text", "250 text" or "250" apart. The line belongs
// to the reader; text is a copy.
func parseReplyLine(line []byte) (code int, last bool, text string, ok bool) {
	s := strings.TrimRight(string(line), "\r\n")
	if len(s) < 3 {
		return 0, false, "", false
	}
	code, err := strconv.Atoi(s[:3])
	if err != nil || code < 200 || code > 599 {
		return 0, false, "", false
	}
	switch s = s[3:]; {
	case s == "":
		return code, true, "", true
	case s[0] == ' ' || s[0] == '-':
		return code, s[0] == ' ', s[1:], true
	default:
		return 0, false, "", false
	}
}

// server returns the reply as people and diagnose read it: one line such as
// "550 5.1.1 no such user", where a reply of many lines carries its code and
// enhanced status code (RFC 2034) once; secrets are masked.
func (r reply) server(stage mailstead.StageName, secrets []string) *mailstead.ServerReply {
	out := &mailstead.ServerReply{Protocol: mailstead.SMTP, Stage: stage, Code: r.code}
	words := make([]string, 0, len(r.lines))
	for _, line := range r.lines {
		if enhanced, rest, ok := cutEnhanced(line); ok {
			if out.Enhanced == "" {
				out.Enhanced = enhanced
			}
			line = rest
		}
		words = append(words, line)
	}
	text := strings.Join(words, " ")
	for _, secret := range secrets {
		text = strings.ReplaceAll(text, secret, "[masked]")
	}
	out.Text = oneLine(strconv.Itoa(r.code) + " " + out.Enhanced + " " + text)
	return out
}

// oneLine makes text from a server fit for a page and a log.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || mailstead.HasControl(string(r)) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > maxWords {
		text = strings.ToValidUTF8(text[:maxWords], "") + "…"
	}
	return text
}

// cutEnhanced takes an enhanced status code (RFC 3463 section 2) from the
// beginning of a line.
func cutEnhanced(line string) (code, rest string, ok bool) {
	code, rest, _ = strings.Cut(line, " ")
	parts := strings.Split(code, ".")
	if len(parts) != 3 || len(parts[0]) != 1 || !strings.Contains("245", parts[0]) {
		return "", line, false
	}
	for _, p := range parts[1:] {
		if n, err := strconv.Atoi(p); err != nil || n < 0 || n > 999 || len(p) > 3 {
			return "", line, false
		}
	}
	return code, rest, true
}

// words is the reply as server gives it, for reports and receipts.
func (r reply) words(secrets []string) string { return r.server("", secrets).Text }

// refusal is the error that a reply means. Its Code stays empty where the
// server's own words say more than the number: diagnose reads them.
func (c *conn) refusal(op string, stage mailstead.StageName, r reply) *mailstead.Error {
	e := &mailstead.Error{Op: "smtp." + op, Err: r.server(stage, c.secrets)}
	switch {
	case r.code/100 == 4:
		// 421 closes the connection, RFC 5321 section 4.2.1.
		e.Kind, e.Text = mailstead.KindTemporary, "The mail server asks to try again later."
	case r.code/100 != 5:
		e.Kind, e.Code, e.Text = mailstead.KindTemporary, "send.server_fault", "The mail server gave an answer that makes no sense here."
	case stage == mailstead.StageLogin && (r.code == 504 || r.code == 502 || r.code == 503 || r.code == 500):
		// RFC 4954 section 4: the command or the mechanism is not for this server.
		e.Kind, e.Text = mailstead.KindPermanent, "The mail server does not know this kind of sign-in."
	case stage == mailstead.StageLogin, r.code == 530, r.code == 534, r.code == 535:
		// RFC 4954 section 6; 530 to MAIL asks for a sign-in that is missing.
		e.Kind, e.Text = mailstead.KindCredentials, "The mail server refused the sign-in."
	default:
		e.Kind, e.Text = mailstead.KindPermanent, "The mail server refused this for good."
	}
	return e
}
