package fakemail

import (
	"bytes"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"io"
	"net/mail"
	"slices"
	"strings"
	"time"

	gosasl "github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"

	"github.com/mailstead/mailstead/sasl"
)

// smtpSession is one connection.
type smtpSession struct {
	server *SMTPServer
	conn   *gosmtp.Conn
	login  string
	from   string
	to     []string
}

var _ gosmtp.AuthSession = (*smtpSession)(nil)

func (s *SMTPServer) newSession(c *gosmtp.Conn) (gosmtp.Session, error) {
	return &smtpSession{server: s, conn: c}, nil
}

func smtpReply(code int, class, subject, detail int, text string) error {
	return &gosmtp.SMTPError{Code: code, EnhancedCode: gosmtp.EnhancedCode{class, subject, detail}, Message: text}
}

var errCut = errors.New("connection cut on purpose")

func (ss *smtpSession) Reset() { ss.from, ss.to = "", nil }

func (ss *smtpSession) Logout() error { return nil }

func (ss *smtpSession) AuthMechanisms() []string {
	ss.server.mu.Lock()
	defer ss.server.mu.Unlock()
	if len(ss.server.users) == 0 {
		return nil
	}
	return []string{sasl.Plain, sasl.Login}
}

func (ss *smtpSession) Auth(mechanism string) (gosasl.Server, error) {
	switch mechanism {
	case sasl.Plain:
		return gosasl.NewPlainServer(func(_, login, password string) error { return ss.signIn(login, password) }), nil
	case sasl.Login:
		return &loginServer{check: ss.signIn}, nil
	default:
		return nil, gosmtp.ErrAuthUnknownMechanism
	}
}

// loginServer is the server's side of LOGIN, which go-sasl has no more.
type loginServer struct {
	check func(login, password string) error
	asked int
	login string
}

func (l *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	switch {
	case l.asked == 0 && response == nil:
		l.asked = 1
		return []byte("Username:"), false, nil
	case l.asked <= 1:
		l.asked, l.login = 2, string(response)
		return []byte("Password:"), false, nil
	default:
		return nil, true, l.check(l.login, string(response))
	}
}

func (ss *smtpSession) signIn(login, password string) error {
	ss.server.mu.Lock()
	u, ok := ss.server.users[login]
	ss.server.mu.Unlock()
	switch {
	case !ok || subtle.ConstantTimeCompare([]byte(u.Password), []byte(password)) != 1:
		return smtpReply(535, 5, 7, 8, "Error: authentication failed")
	case u.Busy:
		return smtpReply(454, 4, 7, 0, "Temporary authentication failure")
	}
	ss.login = login
	return nil
}

func (ss *smtpSession) Mail(from string, _ *gosmtp.MailOptions) error {
	ss.server.mu.Lock()
	u, needed := ss.server.users[ss.login], len(ss.server.users) > 0
	ss.server.mu.Unlock()
	switch {
	case needed && ss.login == "":
		return smtpReply(530, 5, 7, 0, "Authentication required")
	case len(u.Senders) > 0 && !slices.Contains(u.Senders, from):
		return smtpReply(553, 5, 7, 1, "<"+from+">: Sender address rejected: not owned by user "+ss.login)
	}
	ss.from = from
	return nil
}

func (ss *smtpSession) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	switch ss.server.fault(to) {
	case SMTPRefuse:
		return smtpReply(550, 5, 1, 1, "<"+to+">: Recipient address rejected: User unknown")
	case SMTPGreylist:
		if ss.server.firstTime(to) {
			return smtpReply(450, 4, 2, 0, "<"+to+">: Recipient address rejected: Greylisted, try again later")
		}
	case SMTPDefer:
		return smtpReply(451, 4, 3, 0, "Temporary lookup failure")
	case SMTPFull:
		return smtpReply(452, 4, 2, 2, "The recipient's mailbox full")
	case SMTPLimit:
		return smtpReply(450, 4, 7, 1, "Error: too many messages from your account, try later")
	default:
	}
	ss.to = append(ss.to, to)
	return nil
}

func (s *SMTPServer) firstTime(recipient string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := s.grey[recipient]
	s.grey[recipient] = true
	return !seen
}

func (ss *smtpSession) Data(r io.Reader) error {
	faults := make([]SMTPFault, len(ss.to))
	for i, to := range ss.to {
		faults[i] = ss.server.fault(to)
	}
	has := func(f SMTPFault) bool { return slices.Contains(faults, f) }
	if has(SMTPCut) {
		_, _ = io.CopyN(io.Discard, r, 1)
		return ss.cut()
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	switch {
	case has(SMTPLose):
		return ss.cut()
	case has(SMTPContent):
		return smtpReply(554, 5, 7, 1, "Message contains spam or virus")
	case has(SMTPBusy):
		return smtpReply(451, 4, 3, 2, "System not accepting messages now")
	}
	m := SMTPMail{Login: ss.login, From: ss.from, To: slices.Clone(ss.to), MessageID: messageID(data), Data: data}
	ss.server.take(m)
	switch {
	case has(SMTPDrop):
		return ss.cut()
	case has(SMTPSlow):
		t := time.NewTimer(ss.server.config.Delay)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ss.server.closed:
		}
	}
	if wire := ss.wire(); wire != nil {
		wire.taken.Store(&m)
	}
	return nil
}

// wire returns the connection below TLS.
func (ss *smtpSession) wire() *smtpConn {
	c := ss.conn.Conn()
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	w, _ := c.(*smtpConn)
	return w
}

// cut ends the connection without a word.
func (ss *smtpSession) cut() error {
	_ = ss.conn.Conn().Close()
	return errCut
}

func messageID(data []byte) string {
	m, err := mail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		return ""
	}
	return strings.Trim(m.Header.Get("Message-Id"), "<> ")
}
