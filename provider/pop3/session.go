package pop3

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/mailstead/mailstead"
)

const (
	// inbox is the one folder that POP3 has.
	inbox = "INBOX"
	// uidValidity marks UIDs that were given here. No IMAP server has come so far:
	// they count up from 1 or take the time, so that an account which changes its
	// protocol reads its folder anew.
	uidValidity = 1<<32 - 2
)

// session implements mailstead.Source and Maildrop.
type session struct {
	*conn
	// mails are in the order of their numbers; nil until Select.
	mails []mail
	// listed tells that mails is what the server has.
	listed bool
	// byUID leads from UIDs to places in mails.
	byUID map[mailstead.UID]int
	// dates are arrivals that were looked up, by place.
	dates map[int]time.Time
	// noTop tells that the server does not know TOP.
	noTop bool
}

// mail is what the server lists.
type mail struct {
	number int
	size   int64
	uid    mailstead.UID
}

// Folders implements mailstead.Source.
func (s *session) Folders(context.Context) ([]mailstead.RemoteFolder, error) {
	return []mailstead.RemoteFolder{{Path: inbox, Role: mailstead.FolderInbox}}, nil
}

// Select implements mailstead.Source: it lists the mails with their sizes. What
// STAT counts is not asked for: it may differ, and nothing follows from it.
func (s *session) Select(ctx context.Context, path string) (st mailstead.FolderStatus, err error) {
	const op = "pop3.Select"
	if path != inbox {
		return st, &mailstead.Error{Kind: mailstead.KindNotFound, Code: "mailbox.folder_missing", Op: op, Text: "POP3 has no other folder than the inbox."}
	}
	if !s.listed {
		unbind := s.bind(ctx)
		err = s.listMails()
		unbind()
	}
	if err != nil {
		return st, wrap(op, err)
	}
	return mailstead.FolderStatus{UIDValidity: uidValidity, Total: len(s.mails)}, nil
}

func (s *session) listMails() error {
	const op = "pop3.Select"
	var mails []mail
	r, err := s.list("LIST", func(line []byte) {
		if n, word, ok := parseEntry(line); ok && len(mails) < maxMails {
			mails = append(mails, mail{number: n, size: parseSize(word)})
		}
	})
	if err != nil {
		return err
	}
	if !r.ok {
		// Some servers refuse to list an empty mailbox.
		empty, err := s.command("STAT")
		if err != nil {
			return err
		}
		if n, _, _ := parseStat(empty); !empty.ok || n != 0 {
			return s.refusal(op, mailstead.StageFolders, r)
		}
	}
	slices.SortStableFunc(mails, func(a, b mail) int { return cmp.Compare(a.number, b.number) })
	s.mails = slices.CompactFunc(mails, func(a, b mail) bool { return a.number == b.number })
	s.listed, s.byUID, s.dates = true, nil, make(map[int]time.Time)
	return nil
}

// Number implements mailstead.Maildrop.
func (s *session) Number(uids []mailstead.UID) {
	s.byUID = make(map[mailstead.UID]int, len(uids))
	for i := range min(len(uids), len(s.mails)) {
		s.mails[i].uid = uids[i]
		s.byUID[uids[i]] = i
	}
}

// LoginDelay implements mailstead.Maildrop.
func (s *session) LoginDelay() time.Duration { return s.loginDelay() }

// UIDs implements mailstead.Source.
func (s *session) UIDs(ctx context.Context, w mailstead.UIDWindow) (list []mailstead.UID, err error) {
	const op = "pop3.UIDs"
	unbind := s.bind(ctx)
	defer func() {
		unbind()
		err = wrap(op, err)
	}()
	first := 0
	if w.SinceUnix != 0 {
		if first, err = s.firstSince(time.Unix(w.SinceUnix, 0)); err != nil {
			return nil, err
		}
	}
	for i := first; i < len(s.mails); i++ {
		uid := s.mails[i].uid
		if uid == 0 || uid < w.From || (w.To != 0 && uid > w.To) {
			continue
		}
		if w.MessageID != "" {
			head, err := s.head(i)
			if err != nil {
				return nil, err
			}
			if messageID(head) != w.MessageID {
				continue
			}
		}
		list = append(list, uid)
	}
	slices.Sort(list)
	return list, nil
}

// Changes implements mailstead.Source: a POP3 server keeps no flags.
func (s *session) Changes(context.Context, mailstead.Cursor) ([]mailstead.FlagChange, error) {
	return nil, nil
}

// farewell bounds the wait for the answer to QUIT: until then the mailbox is
// locked for others, and for ourselves.
const farewell = 2 * time.Second

// Close implements mailstead.Source.
func (s *session) Close() error {
	if s.broken == nil {
		//nolint:forbidigo // a socket's deadline goes by the machine's clock
		if err := s.nc.SetDeadline(time.Now().Add(farewell)); err == nil {
			_, _ = s.command("QUIT") // whatever it says, it is over
		}
		s.broken = errClosed
	}
	_ = s.nc.Close()
	return nil
}

var errClosed = &mailstead.Error{Kind: mailstead.KindTemporary, Code: "net.closed", Op: "pop3", Text: "The connection was closed."}
