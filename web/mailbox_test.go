//go:build realservers

package web_test

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/mail"
	"strings"
	"time"

	"github.com/mailstead/mailstead/mailtest"
)

type mailboxRequest struct {
	// Certificate tells on which pair of servers.
	Certificate string `json:"certificate"`
	// Mails is how many lie in the inbox, one an hour up to now.
	Mails int `json:"mails"`
}

type mailboxAnswer struct {
	Address  string `json:"address"`
	Password string `json:"password"`
}

// senders write the mails of a mailbox in turn. Ben, who has a mailbox himself, wrote
// the newest one.
var senders = []string{
	"Ben Rivers <ben@example.com>", "Carla Neri <carla@example.org>", "Shop <orders@shop.example>",
	"Иван Петров <ivan@example.net>", "\"Núñez, Dora\" <dora@example.com>",
}

// addMailbox takes a mailbox that no test has used.
func (s *stage) addMailbox(_ *http.Request, in mailboxRequest) (mailboxAnswer, error) {
	kind, ok := certificates[in.Certificate]
	if !ok {
		return mailboxAnswer{}, fmt.Errorf("unknown certificate %q", in.Certificate)
	}
	servers := s.servers(kind)
	s.mu.Lock()
	s.boxes[kind]++
	n := s.boxes[kind]
	s.mu.Unlock()
	if n > mailUsers {
		return mailboxAnswer{}, fmt.Errorf("all %d mailboxes are in use", mailUsers)
	}
	user := servers.Dovecot.Users[len(servers.Dovecot.Users)-mailUsers+n-1]
	begin := time.Now().Add(-time.Duration(in.Mails) * time.Hour)
	servers.Dovecot.DeliverMany(user.Address, "INBOX", in.Mails, func(i int) mailtest.Mail {
		at := begin.Add(time.Duration(i) * time.Hour)
		return mailtest.Mail{At: at, Seen: i%3 != 0, Raw: sampleMail(user.Address, senders[(in.Mails-1-i)%len(senders)], i, at)}
	})
	return mailboxAnswer{Address: user.Address, Password: user.Password}, nil
}

// sampleMail is plain text or, every other one, HTML beside it.
func sampleMail(to, from string, i int, at time.Time) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "From: %s\r\nTo: <%s>\r\nSubject: Order %d\r\nMessage-ID: <order-%d-%s>\r\nDate: %s\r\nMIME-Version: 1.0\r\n",
		encodeName(from), to, i, i, to, at.Format(time.RFC1123Z))
	text := fmt.Sprintf("Good morning,\r\n\r\nplease send offer number %d for forty chairs.\r\n\r\nKind regards\r\n", i)
	if i%2 == 0 {
		fmt.Fprintf(&b, "Content-Type: text/plain; charset=utf-8\r\n\r\n%s", text)
		return []byte(b.String())
	}
	fmt.Fprintf(&b, "Content-Type: multipart/alternative; boundary=part\r\n\r\n--part\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n"+
		"--part\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Good morning,</p><p>please send <b>offer number %d</b> for forty chairs.</p>\r\n--part--\r\n", text, i)
	return []byte(b.String())
}

type mailRequest struct {
	// Folder is "INBOX" unless it is given.
	Folder string `json:"folder"`
	// Raw is the mail as it is; without it, From, Subject and Text make one.
	Raw     []byte `json:"raw"`
	From    string `json:"from"`
	Subject string `json:"subject"`
	Text    string `json:"text"`
}

// at is the pair of servers that has the mailbox of the request.
func (s *stage) at(r *http.Request) *mailtest.DovecotServer {
	return s.servers(certificates[r.URL.Query().Get("certificate")]).Dovecot
}

// deliver lets one mail arrive.
func (s *stage) deliver(r *http.Request, in mailRequest) (any, error) {
	if in.Folder == "" {
		in.Folder = "INBOX"
	}
	if in.From == "" {
		in.From = senders[0]
	}
	address := r.PathValue("address")
	if in.Raw == nil {
		now := time.Now()
		in.Raw = fmt.Appendf(nil, "From: %s\r\nTo: <%s>\r\nSubject: %s\r\nMessage-ID: <%d@example.net>\r\nDate: %s\r\nMIME-Version: 1.0\r\n"+
			"Content-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n",
			encodeName(in.From), address, encodeWord(in.Subject), now.UnixNano(), now.Format(time.RFC1123Z), in.Text)
	}
	s.at(r).Deliver(address, in.Folder, in.Raw)
	return nil, nil
}

// mails answers with what lies in a folder, as the server itself has it.
func (s *stage) mails(w http.ResponseWriter, r *http.Request) {
	out := s.at(r).Doveadm("-f", "json", "fetch", "-u", r.PathValue("address"), "text flags", "mailbox", r.PathValue("folder"), "all")
	var mails []struct {
		Text  string `json:"text"`
		Flags string `json:"flags"`
	}
	err := json.Unmarshal([]byte(out), &mails)
	answer(w, mails, err)
}

func encodeWord(text string) string { return mime.QEncoding.Encode("utf-8", text) }

// encodeName writes the name before an address so that a header can hold it.
func encodeName(address string) string {
	a, err := mail.ParseAddress(address)
	if err != nil {
		return address
	}
	return a.String()
}
