package smtp

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/mailstead/mailstead"
)

// sender is a mailstead.Sender.
type sender struct {
	conn *conn
}

var _ mailstead.Sender = (*sender)(nil)

// Alive reports whether the connection can take another mail.
func (s *sender) Alive() bool { return !s.conn.broken }

// Close says goodbye.
func (s *sender) Close() error { return s.conn.close() }

// Send hands one mail over, see mailstead.Sender. Recipients that were refused
// are in the Receipt also when the mail as a whole failed.
func (s *sender) Send(ctx context.Context, e mailstead.Envelope, data []byte, bodyComplete func() error) (mailstead.Receipt, error) {
	c := s.conn
	if c.broken {
		return mailstead.Receipt{}, &mailstead.Error{
			Kind: mailstead.KindTemporary, Code: "net.closed", Op: "smtp.Send", Text: "The connection to the mail server is closed.",
		}
	}
	if len(e.To) == 0 {
		return mailstead.Receipt{}, mailstead.Invalid("to", "draft.no_recipient", "Name at least one recipient.")
	}
	data = normalise(data)
	mail, err := c.mailCommand(e, data)
	if err != nil {
		return mailstead.Receipt{}, err
	}
	defer c.bind(ctx)()
	receipt, err := c.envelope(mail, e.To)
	if err != nil {
		return receipt, err
	}
	reply, err := c.body(data, bodyComplete)
	receipt.Reply = reply
	return receipt, err
}

// offer tells the server a sender and takes it back.
func (c *conn) offer(from string) (string, error) {
	mail, err := c.mailCommand(mailstead.Envelope{From: from, SMTPUTF8: !isASCII([]byte(from))}, nil)
	if err != nil {
		return "", err
	}
	r, err := c.command(mail)
	if err != nil {
		return "", err
	}
	if !r.ok() {
		return r.words(c.secrets), c.refusal("Check", mailstead.StageSender, r)
	}
	c.reset()
	return r.words(c.secrets), nil
}

// mailCommand checks an envelope against what the server can do and writes the
// MAIL command, RFC 5321 section 4.1.1.2.
func (c *conn) mailCommand(e mailstead.Envelope, data []byte) (string, error) {
	for _, address := range append([]string{e.From}, e.To...) {
		if mailstead.HasControl(address) || strings.ContainsAny(address, "<> ") {
			return "", mailstead.Invalid("", "input.address", "This is not a mail address: write it like anna@example.com.")
		}
	}
	command := "MAIL FROM:<" + e.From + ">"
	// RFC 1870: the size is counted without the stuffed dots.
	if limit, err := strconv.ParseInt(c.ext["SIZE"], 10, 64); err == nil && limit > 0 && int64(len(data)) > limit {
		return "", &mailstead.Error{
			Kind: mailstead.KindPermanent, Code: "send.too_big", Op: "smtp.Send",
			Text: "The mail is larger than the " + strconv.FormatInt(limit>>20, 10) + " MB that this server takes.",
		}
	}
	if c.has("SIZE") && len(data) > 0 {
		command += " SIZE=" + strconv.Itoa(len(data))
	}
	if !isASCII(data) {
		if !c.has("8BITMIME") {
			return "", unsupported("send.8bit_unsupported", "The server takes no mail with 8-bit characters.")
		}
		command += " BODY=8BITMIME" // RFC 6152
	}
	if e.SMTPUTF8 {
		if !c.has("SMTPUTF8") {
			return "", unsupported("send.utf8_unsupported", "The server takes no addresses with letters beyond ASCII.")
		}
		command += " SMTPUTF8" // RFC 6531 section 3.4
	}
	return command, nil
}

func unsupported(code, text string) error {
	return &mailstead.Error{Kind: mailstead.KindPermanent, Code: code, Op: "smtp.Send", Text: text}
}

// answers are the replies to the commands before the body.
type answers struct {
	mail reply
	rcpt []reply
	data reply
}

// envelope says who sends to whom and asks for the go-ahead. When it returns an
// error no mail is under way.
func (c *conn) envelope(mail string, to []string) (mailstead.Receipt, error) {
	var a answers
	var err error
	if c.has("PIPELINING") {
		err = c.pipelined(mail, to, &a)
	} else {
		err = c.oneByOne(mail, to, &a)
	}
	receipt := c.rejected(&a, to)
	if err != nil {
		return receipt, err
	}
	err = c.verdict(&a, receipt.Rejected)
	switch {
	case err == nil:
	case c.broken:
	case a.data.code == 354:
		// RFC 2920 section 3.1: DATA was granted although there is nobody to send
		// to; a mail without recipients ends it.
		_, _ = c.command(".")
	case a.mail.ok():
		c.reset()
	}
	return receipt, err
}

// rejected lists the recipients that were refused.
func (c *conn) rejected(a *answers, to []string) (out mailstead.Receipt) {
	if !a.mail.ok() {
		return out // then RCPT is refused for the order of commands only
	}
	for i, r := range a.rcpt {
		if !r.ok() {
			reply := r.server(mailstead.StageSender, c.secrets)
			// RFC 5321 section 4.5.3.1.10: 552 for too many recipients is for the moment.
			crowd := r.code == 552 && reply.Enhanced == "5.5.3"
			out.Rejected = append(out.Rejected, mailstead.RejectedRecipient{
				Address: to[i], Temporary: r.code/100 != 5 || crowd, Reply: *reply,
			})
		}
	}
	return out
}

// verdict is nil when the body may follow.
func (c *conn) verdict(a *answers, rejected []mailstead.RejectedRecipient) error {
	switch {
	case c.farewell != nil:
		return c.refusal("Send", mailstead.StageSender, *c.farewell)
	case !a.mail.ok():
		return c.refusal("Send", mailstead.StageSender, a.mail)
	case len(rejected) == len(a.rcpt):
		// All were refused: the mail may be tried again when one of them may.
		i := max(0, slices.IndexFunc(a.rcpt, func(r reply) bool { return r.code/100 != 5 }))
		return c.refusal("Send", mailstead.StageSender, a.rcpt[i])
	case a.data.code != 354:
		return c.refusal("Send", mailstead.StageSender, a.data)
	}
	return nil
}

// pipelineRecipients is how many RCPT go out before their replies are read: so
// few that neither side can block the other with full buffers (RFC 2920
// section 3.1).
const pipelineRecipients = 50

// pipelined sends the commands in groups, DATA with the last.
func (c *conn) pipelined(mail string, to []string, a *answers) error {
	for start := 0; ; start += pipelineRecipients {
		group := to[start:min(start+pipelineRecipients, len(to))]
		first, last := start == 0, start+len(group) == len(to)
		commands := make([]string, 0, len(group)+2)
		if first {
			commands = append(commands, mail)
		}
		for _, address := range group {
			commands = append(commands, rcptCommand(address))
		}
		if last {
			commands = append(commands, "DATA")
		}
		replies, err := c.commands(commands)
		if first && len(replies) > 0 {
			a.mail, replies = replies[0], replies[1:]
		}
		n := min(len(group), len(replies))
		a.rcpt = append(a.rcpt, replies[:n]...)
		if n < len(replies) {
			a.data = replies[n]
		}
		if err != nil || last || !a.mail.ok() {
			return err
		}
	}
}

// commands sends commands in one go and reads their replies.
func (c *conn) commands(list []string) (replies []reply, err error) {
	for _, command := range list {
		if err := c.put(command); err != nil {
			return nil, err
		}
	}
	if err := c.flush(); err != nil {
		return nil, err
	}
	for range list {
		r, err := c.get(c.options.ReplyTimeout)
		if err != nil {
			return replies, err
		}
		replies = append(replies, r)
	}
	return replies, nil
}

// oneByOne waits for each reply before the next command.
func (c *conn) oneByOne(mail string, to []string, a *answers) (err error) {
	if a.mail, err = c.command(mail); err != nil || !a.mail.ok() {
		return err
	}
	taken := false
	for _, address := range to {
		r, err := c.command(rcptCommand(address))
		if err != nil {
			return err
		}
		a.rcpt = append(a.rcpt, r)
		taken = taken || r.ok()
	}
	if taken {
		a.data, err = c.command("DATA")
	}
	return err
}

func rcptCommand(address string) string { return "RCPT TO:<" + address + ">" }

// reset forgets the mail under way, RFC 5321 section 4.1.1.5.
func (c *conn) reset() {
	if c.broken {
		return
	}
	if r, err := c.command("RSET"); err == nil && !r.ok() {
		c.broken = true
	}
}

// body writes the mail, tells the caller, and ends it. The returned text is the
// server's answer.
func (c *conn) body(data []byte, bodyComplete func() error) (string, error) {
	if err := c.writeBody(data); err != nil {
		return "", err
	}
	if err := bodyComplete(); err != nil {
		// Without its dot the server drops the mail when the connection ends.
		c.broken = true
		return "", err
	}
	// From here on the server may take the mail at any moment. A write that fails
	// has not handed over the dot, so nothing was sent.
	if err := c.put("."); err != nil {
		return "", err
	}
	if err := c.flush(); err != nil {
		return "", err
	}
	r, err := c.get(c.options.FinalTimeout)
	if err == nil && r.code/100 == 3 {
		c.broken = true
		err = c.refusal("Send", mailstead.StageSender, r)
	}
	if err != nil {
		return "", &mailstead.Error{
			Kind: mailstead.KindUnknown, Code: "send.interrupted", Op: "smtp.Send",
			Text: "The connection was lost after the mail was handed over and before the server confirmed it.", Err: err,
		}
	}
	if !r.ok() {
		return "", c.refusal("Send", mailstead.StageSender, r)
	}
	return r.words(c.secrets), nil
}
