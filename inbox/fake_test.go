package inbox_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/mailstead/mailstead"
)

// audited is an entry for steps whose audit a test does not look at.
var audited = mailstead.AuditEntry{
	Action: mailstead.AuditAccountUpdate, Object: mailstead.AuditObject{Kind: mailstead.AuditAccount, ID: "1"},
}

// mailbox is a mailbox in memory that speaks the Source port. It can be told to
// fail; its methods may be called from many goroutines.
type mailbox struct {
	mu      sync.Mutex
	folders map[string]*folder
	// refuse is returned by Open.
	refuse error
	// breakAfter cuts a fetch after that many messages, once, unless it is 0.
	breakAfter int
	fetched    int
	changed    chan struct{}
	opened     int
}

type folder struct {
	role     mailstead.FolderRole
	validity uint32
	next     mailstead.UID
	modseq   uint64
	mails    []mailstead.RawMessage
}

func newMailbox() *mailbox {
	return &mailbox{changed: make(chan struct{}), folders: map[string]*folder{
		"INBOX": {role: mailstead.FolderInbox, validity: 7, next: 1, modseq: 1},
		"Sent":  {role: mailstead.FolderSent, validity: 8, next: 1, modseq: 1},
	}}
}

// change runs fn on the mailbox and wakes those who wait.
func (m *mailbox) change(fn func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	fn()
	close(m.changed)
	m.changed = make(chan struct{})
}

// add puts a mail into a folder.
func (m *mailbox) add(name, subject string, at time.Time) mailstead.UID {
	return m.addRaw(name, []byte(fmt.Sprintf("From: ben@example.com\r\nTo: anna@example.com\r\nSubject: %s\r\nMessage-ID: <%s@example.com>\r\n\r\nText of %s\r\n", subject, subject, subject)), at)
}

func (m *mailbox) addRaw(name string, data []byte, at time.Time) mailstead.UID {
	var uid mailstead.UID
	m.change(func() {
		f := m.folders[name]
		uid = f.next
		f.next++
		f.modseq++
		f.mails = append(f.mails, mailstead.RawMessage{UID: uid, ModSeq: f.modseq, ReceivedAt: at, Size: int64(len(data)), Data: data})
	})
	return uid
}

func (m *mailbox) remove(name string, uid mailstead.UID) {
	m.change(func() {
		f := m.folders[name]
		f.modseq++
		f.mails = slices.DeleteFunc(f.mails, func(r mailstead.RawMessage) bool { return r.UID == uid })
	})
}

func (m *mailbox) markSeen(name string, uid mailstead.UID) {
	m.change(func() {
		f := m.folders[name]
		f.modseq++
		for i := range f.mails {
			if f.mails[i].UID == uid {
				f.mails[i].Flags.Seen, f.mails[i].ModSeq = true, f.modseq
			}
		}
	})
}

// renumber gives the folder a new UIDVALIDITY and its mails new UIDs.
func (m *mailbox) renumber(name string) {
	m.change(func() {
		f := m.folders[name]
		f.validity++
		f.next = 1
		for i := range f.mails {
			f.mails[i].UID = f.next
			f.next++
		}
	})
}

func (m *mailbox) Check(context.Context, mailstead.Access) mailstead.Report {
	return mailstead.Report{OK: true}
}

func (m *mailbox) Open(context.Context, mailstead.Access) (mailstead.Source, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.opened++
	if m.refuse != nil {
		return nil, m.refuse
	}
	return &source{m: m}, nil
}

type source struct {
	m        *mailbox
	selected string
	// changed is closed by the first change after Select: like a server, Wait tells
	// of what came between the two.
	changed chan struct{}
}

var errCut = &mailstead.Error{Kind: mailstead.KindTemporary, Code: "net.reset", Err: errors.New("connection reset by peer")}

func (s *source) Folders(context.Context) ([]mailstead.RemoteFolder, error) {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	var out []mailstead.RemoteFolder
	for name, f := range s.m.folders {
		out = append(out, mailstead.RemoteFolder{Path: name, Delimiter: "/", Role: f.role})
	}
	slices.SortFunc(out, func(a, b mailstead.RemoteFolder) int { return cmp.Compare(a.Path, b.Path) })
	return out, nil
}

func (s *source) Select(_ context.Context, path string) (mailstead.FolderStatus, error) {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	f := s.m.folders[path]
	if f == nil {
		return mailstead.FolderStatus{}, mailstead.NotFound("folder")
	}
	s.selected, s.changed = path, s.m.changed
	return mailstead.FolderStatus{UIDValidity: f.validity, UIDNext: f.next, ModSeq: f.modseq, Total: len(f.mails)}, nil
}

func (s *source) UIDs(_ context.Context, w mailstead.UIDWindow) ([]mailstead.UID, error) {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	var out []mailstead.UID
	for _, r := range s.m.folders[s.selected].mails {
		if r.UID >= w.From && (w.To == 0 || r.UID <= w.To) && r.ReceivedAt.Unix() >= w.SinceUnix {
			out = append(out, r.UID)
		}
	}
	return out, nil
}

func (s *source) Fetch(ctx context.Context, uids []mailstead.UID, maxSize int64, fn func(mailstead.RawMessage) error) error {
	s.m.mu.Lock()
	mails := slices.Clone(s.m.folders[s.selected].mails)
	s.m.mu.Unlock()
	for _, r := range mails {
		if !slices.Contains(uids, r.UID) {
			continue
		}
		s.m.mu.Lock()
		s.m.fetched++
		cut := s.m.breakAfter > 0 && s.m.fetched > s.m.breakAfter
		if cut {
			s.m.breakAfter = 0
		}
		s.m.mu.Unlock()
		if cut {
			return errCut
		}
		if r.Size > maxSize {
			r.Data = nil
		}
		if err := fn(r); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (s *source) Changes(_ context.Context, c mailstead.Cursor) ([]mailstead.FlagChange, error) {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	var out []mailstead.FlagChange
	for _, r := range s.m.folders[s.selected].mails {
		if r.ModSeq > c.ModSeq && r.UID >= c.Low && r.UID < c.Next {
			out = append(out, mailstead.FlagChange{UID: r.UID, Flags: r.Flags, ModSeq: r.ModSeq})
		}
	}
	return out, nil
}

// Wait waits for any change of the mailbox since a folder was selected.
func (s *source) Wait(ctx context.Context) (bool, error) {
	select {
	case <-s.changed:
		return true, nil
	case <-ctx.Done():
		return false, nil
	}
}

func (s *source) SetFlags(_ context.Context, path string, uids []mailstead.UID, set, mask mailstead.Flags) error {
	s.m.change(func() {
		for i, r := range s.m.folders[path].mails {
			if slices.Contains(uids, r.UID) && mask.Seen {
				s.m.folders[path].mails[i].Flags.Seen = set.Seen
			}
		}
	})
	return nil
}

func (s *source) Close() error { return nil }
