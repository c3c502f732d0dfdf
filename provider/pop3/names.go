package pop3

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/mailstead/mailstead"
)

// maxName is the longest unique-id that is taken as it is: RFC 1939 section 7
// allows 70 bytes.
const maxName = 200

// Names implements mailstead.Maildrop by UIDL. A mail that has no unique-id is
// named by its header, or by all of it where the server can't show a header alone;
// one whose unique-id another has, too (RFC 1939 section 7 allows that for copies),
// gets a number behind it. Unique-ids hold no spaces, so that these never meet. A
// mail without any name that the server does not show either is left out.
func (s *session) Names(ctx context.Context) (names []string, err error) {
	const op = "pop3.Names"
	unbind := s.bind(ctx)
	defer func() {
		unbind()
		err = wrap(op, err)
	}()
	byNumber, err := s.uniqueIDs()
	if err != nil {
		return nil, err
	}
	var there []mail
	var refusal error
	count := make(map[string]int, len(s.mails))
	for i := range s.mails {
		name := byNumber[s.mails[i].number]
		if name == "" {
			name, err = s.contentName(i)
		}
		if err != nil && s.broken != nil {
			return nil, err
		}
		if err != nil {
			refusal, err = err, nil
			continue
		}
		if count[name]++; count[name] > 1 {
			name += " " + strconv.Itoa(count[name])
		}
		there, names = append(there, s.mails[i]), append(names, name)
	}
	if len(there) == 0 && refusal != nil {
		return nil, refusal
	}
	s.mails, s.dates = there, make(map[int]time.Time)
	return names, nil
}

// uniqueIDs asks for the unique-ids by number; none from a server without UIDL.
func (s *session) uniqueIDs() (map[int]string, error) {
	if len(s.mails) == 0 {
		return nil, nil //nolint:nilnil // an empty mailbox has none
	}
	byNumber := make(map[int]string, len(s.mails))
	r, err := s.list("UIDL", func(line []byte) {
		n, name, ok := parseEntry(line)
		if !ok || len(byNumber) >= maxMails {
			return
		}
		if len(name) > maxName {
			name = hashName([]byte(name))
		}
		byNumber[n] = name
	})
	if err != nil {
		return nil, err
	}
	if !r.ok && lasting(r) {
		return nil, s.refusal("pop3.Names", mailstead.StageFolders, r)
	}
	return byNumber, nil
}

// lasting tells refusals that are not about the command (RFC 3206): asking for
// something else would not help.
func lasting(r reply) bool {
	return r.code == "SYS/TEMP" || r.code == "SYS/PERM" || r.code == "IN-USE" || r.code == "AUTH"
}

// checkNames looks, for a test, whether mails have names. That some have none is
// no failure.
func (s *session) checkNames(ctx context.Context) error {
	unbind := s.bind(ctx)
	defer unbind()
	_, err := s.uniqueIDs()
	return wrap("pop3.Names", err)
}

// contentName names a mail by what it says.
func (s *session) contentName(i int) (string, error) {
	head, err := s.head(i)
	if err != nil {
		return "", err
	}
	return hashName(stable(head)), nil
}

func hashName(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256 " + hex.EncodeToString(sum[:])
}

// stable leaves out the fields that servers write into mails while they lie there.
func stable(head []byte) []byte {
	out := make([]byte, 0, len(head))
	for line := range bytes.Lines(head) {
		field, _, _ := bytes.Cut(line, []byte(":"))
		switch string(bytes.ToLower(field)) {
		case "status", "x-status", "x-uidl", "x-keywords", "content-length":
			continue
		}
		out = append(out, bytes.TrimRight(line, "\r\n")...)
		out = append(out, '\n')
	}
	return out
}
