package discover

import (
	"bufio"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/dial"
)

// Dialer opens connections: *dial.Dialer is one.
type Dialer interface {
	Connect(ctx context.Context, s mailstead.Server, o dial.Options) (*dial.Conn, error)
	StartTLS(ctx context.Context, c *dial.Conn, s mailstead.Server, o dial.Options) (*dial.Conn, error)
}

// Greeter is the Prober that speaks IMAP, POP3 and SMTP:
//
//  1. The connection is made and, for SecurityTLS, encrypted.
//  2. The server greets.
//  3. It is asked what it can do: CAPABILITY (RFC 9051 section 6.1.1), CAPA (RFC 2449)
//     or EHLO (RFC 5321 section 4.1.1.1).
//  4. For SecurityStartTLS the connection is encrypted, and 3 repeated.
//  5. A server that then offers no way to sign in is of no use.
//
// It knows no credential, so it can send none.
type Greeter struct {
	dialer Dialer
	name   string
}

// NewGreeter returns a Greeter that introduces itself to SMTP servers by a host name or
// an address literal; "" means that of the loopback address.
func NewGreeter(d Dialer, ehloName string) *Greeter {
	if ehloName == "" {
		ehloName = "[127.0.0.1]"
	}
	return &Greeter{dialer: d, name: ehloName}
}

// Probe implements Prober.
func (g *Greeter) Probe(ctx context.Context, s mailstead.Server) (*x509.Certificate, error) {
	c, err := g.dialer.Connect(ctx, s, dial.Options{})
	if err != nil {
		return nil, err
	}
	t := &talk{dialect: dialects[s.Protocol], name: g.name}
	t.on(c)
	defer func() { _ = t.conn.Close() }()
	defer c.Bind(ctx)()
	if err := t.probe(ctx, g.dialer, s); err != nil {
		return nil, dial.Classify("discover.Probe", err)
	}
	return t.conn.Certificate(), nil
}

const (
	// maxLine is the longest line of a server, maxLines the most lines of one answer:
	// what a server says of itself is short.
	maxLine  = 4 << 10
	maxLines = 64
)

// dialect is how a protocol says what Greeter needs.
type dialect struct {
	// ready begins the greeting.
	ready string
	// ask wants to know what the server can do, start wants encryption, bye ends.
	ask, start, bye string
	// startWord is the word for start among what the server can do.
	startWord string
	// read reads an answer: whether it is a good one, and its words in capitals.
	read func(t *talk, command string) (good bool, words []string, err error)
	// signsIn tells by what the server can do whether anybody may sign in.
	signsIn func(can []string) bool
}

var dialects = map[mailstead.Protocol]dialect{
	mailstead.IMAP: {
		ready: "* OK", ask: "a CAPABILITY\r\n", start: "b STARTTLS\r\n", bye: "c LOGOUT\r\n", startWord: "STARTTLS", read: readIMAP,
		signsIn: func(can []string) bool {
			return !slices.Contains(can, "LOGINDISABLED") || slices.ContainsFunc(can, func(w string) bool { return strings.HasPrefix(w, "AUTH=") })
		},
	},
	mailstead.POP3: {
		ready: "+OK", ask: "CAPA\r\n", start: "STLS\r\n", bye: "QUIT\r\n", startWord: "STLS", read: readPOP3,
		// CAPA is optional, and USER need not be in it.
		signsIn: func([]string) bool { return true },
	},
	mailstead.SMTP: {
		ready: "220", ask: "EHLO %s\r\n", start: "STARTTLS\r\n", bye: "QUIT\r\n", startWord: "STARTTLS", read: readSMTP,
		// Some say AUTH=LOGIN, as before RFC 2554.
		signsIn: func(can []string) bool {
			return slices.ContainsFunc(can, func(w string) bool { return w == "AUTH" || strings.HasPrefix(w, "AUTH=") })
		},
	},
}

// talk is one conversation.
type talk struct {
	dialect
	name string
	conn *dial.Conn
	in   *bufio.Reader
}

// on begins to talk on a connection.
func (t *talk) on(c *dial.Conn) { t.conn, t.in = c, bufio.NewReaderSize(c, maxLine) }

func (t *talk) probe(ctx context.Context, d Dialer, s mailstead.Server) error {
	if err := t.greeting(); err != nil {
		return err
	}
	can, err := t.capabilities()
	if err != nil {
		return err
	}
	if s.Security == mailstead.SecurityStartTLS {
		if err := t.startTLS(ctx, d, s, can); err != nil {
			return err
		}
		if can, err = t.capabilities(); err != nil {
			return err
		}
	}
	if !t.signsIn(can) {
		return &mailstead.Error{Kind: mailstead.KindPermanent, Code: "auth.not_offered", Op: "discover.Probe", Text: "The server offers no way to sign in."}
	}
	_, _ = io.WriteString(t.conn, t.bye) // All is known; the server may be gone.
	return nil
}

// greeting reads what the server says first. SMTP's may have several lines (RFC 5321
// section 4.2).
func (t *talk) greeting() error {
	for range maxLines {
		line, err := t.line()
		if err != nil {
			return err
		}
		if !strings.HasPrefix(line, t.ready) {
			return &mailstead.Error{Kind: mailstead.KindPermanent, Code: "proto.wrong_service", Op: "discover.Probe", Text: "That port speaks another protocol."}
		}
		if !strings.HasPrefix(line, "220-") {
			return nil
		}
	}
	return errReply(nil)
}

// capabilities asks what the server can do.
func (t *talk) capabilities() ([]string, error) {
	command := strings.ReplaceAll(t.ask, "%s", t.name)
	if _, err := io.WriteString(t.conn, command); err != nil {
		return nil, err
	}
	good, can, err := t.read(t, command)
	// A POP3 server that does not know CAPA is one all the same.
	if err == nil && !good && t.startWord != "STLS" {
		err = errReply(nil)
	}
	return can, err
}

// startTLS encrypts the connection, with a certificate that verifies or not at all.
func (t *talk) startTLS(ctx context.Context, d Dialer, s mailstead.Server, can []string) error {
	missing := &mailstead.Error{Kind: mailstead.KindPermanent, Code: "tls.starttls_missing", Op: "discover.Probe", Text: "The server does not offer encryption on this port."}
	if !slices.Contains(can, t.startWord) {
		return missing
	}
	if _, err := io.WriteString(t.conn, t.start); err != nil {
		return err
	}
	good, _, err := t.read(t, t.start)
	if err != nil {
		return err
	}
	if !good {
		return missing
	}
	c, err := d.StartTLS(ctx, t.conn, s, dial.Options{Buffered: t.in.Buffered()})
	if err != nil {
		return err
	}
	t.on(c)
	return nil
}

// line reads a line without its end.
func (t *talk) line() (string, error) {
	line, err := t.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return "", errReply(err)
	}
	return strings.TrimRight(string(line), "\r\n"), err
}

// readIMAP reads to the line with the command's tag (RFC 9051 section 2.2.2).
func readIMAP(t *talk, command string) (good bool, words []string, err error) {
	tag := command[:2]
	for range maxLines {
		line, err := t.line()
		if err != nil {
			return false, nil, err
		}
		line = strings.ToUpper(line)
		if rest, ok := strings.CutPrefix(line, "* CAPABILITY "); ok {
			words = append(words, strings.Fields(rest)...)
		}
		if rest, ok := strings.CutPrefix(line, strings.ToUpper(tag)); ok {
			return strings.HasPrefix(rest, "OK"), words, nil
		}
	}
	return false, nil, errReply(nil)
}

// readPOP3 reads an answer; a good one to CAPA has lines, to that of a dot alone
// (RFC 1939 section 3).
func readPOP3(t *talk, command string) (good bool, words []string, err error) {
	first, err := t.line()
	if good = strings.HasPrefix(first, "+OK"); err != nil || !good || command != t.ask {
		return good, nil, err
	}
	for range maxLines {
		line, err := t.line()
		if err != nil || line == "." {
			return good, words, err
		}
		words = append(words, firstWord(line))
	}
	return false, nil, errReply(nil)
}

// readSMTP reads a reply; all its lines but the last have a hyphen behind the code
// (RFC 5321 section 4.2.1).
func readSMTP(t *talk, _ string) (good bool, words []string, err error) {
	for range maxLines {
		line, err := t.line()
		if err != nil {
			return false, nil, err
		}
		const code = 3
		if len(line) < code {
			return false, nil, errReply(nil)
		}
		good = line[0] == '2'
		if len(line) > code {
			words = append(words, firstWord(line[code+1:]))
		}
		if len(line) == code || line[code] != '-' {
			return good, words, nil
		}
	}
	return false, nil, errReply(nil)
}

func firstWord(line string) string {
	word, _, _ := strings.Cut(strings.TrimSpace(line), " ")
	return strings.ToUpper(word)
}

// errReply is an answer that does not follow the protocol.
func errReply(cause error) error {
	return &mailstead.Error{Kind: mailstead.KindTemporary, Code: "proto.invalid_reply", Op: "discover.Probe", Text: "The server's answer does not follow the protocol.", Err: cause}
}
