package fakemail

import (
	"bufio"
	"bytes"
	"slices"
	"strings"
	"sync"
	"time"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-message/textproto"

	"github.com/mailstead/mailstead"
)

// imapStore is the folders of one mailbox, in memory. mu guards it and all that is
// in it.
type imapStore struct {
	mu      sync.Mutex
	folders map[string]*imapFolder
	// validity is the last UIDVALIDITY given out: a folder that is made again under
	// the same name has another one (RFC 9051 section 2.3.1.1).
	validity uint32
	now      func() time.Time
}

// imapFolder is one folder; its mails are in the order of their UIDs.
type imapFolder struct {
	role     mailstead.FolderRole
	validity uint32
	next     goimap.UID
	mails    []*imapMail
	// tracker tells the connections that have the folder open what happens, changed
	// is closed when there is something to tell.
	tracker *imapserver.MailboxTracker
	changed chan struct{}
}

// imapMail is one mail. Data never changes.
type imapMail struct {
	uid   goimap.UID
	data  []byte
	at    time.Time
	flags []goimap.Flag
}

func newIMAPStore(now func() time.Time) *imapStore {
	return &imapStore{folders: make(map[string]*imapFolder), now: now}
}

func errNoFolder(code goimap.ResponseCode) error { return imapNo(code, "No such mailbox") }

// folder returns a folder by its name. mu is held.
func (s *imapStore) folder(name string) (*imapFolder, error) {
	if strings.EqualFold(name, "INBOX") {
		name = "INBOX"
	}
	if f := s.folders[name]; f != nil {
		return f, nil
	}
	return nil, errNoFolder(goimap.ResponseCodeNonExistent)
}

func (s *imapStore) create(name string, role mailstead.FolderRole) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	name = strings.TrimRight(name, string(imapDelimiter))
	if s.folders[name] != nil {
		return imapNo(goimap.ResponseCodeAlreadyExists, "Mailbox already exists")
	}
	s.validity++
	s.folders[name] = &imapFolder{
		role: role, validity: s.validity, next: 1, tracker: imapserver.NewMailboxTracker(0), changed: make(chan struct{}),
	}
	return nil
}

// imapDelimiter parts the levels of a folder's name.
const imapDelimiter = '/'

func (s *imapStore) remove(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.folder(name); err != nil {
		return err
	}
	delete(s.folders, name)
	return nil
}

func (s *imapStore) rename(from, to string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.folder(from)
	if err != nil {
		return err
	}
	if s.folders[to] != nil {
		return imapNo(goimap.ResponseCodeAlreadyExists, "Mailbox already exists")
	}
	s.folders[to] = f
	delete(s.folders, from)
	return nil
}

// add puts a mail into a folder.
func (s *imapStore) add(name string, m imapMail) (*goimap.AppendData, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.folder(name)
	if err != nil {
		return nil, errNoFolder(goimap.ResponseCodeTryCreate)
	}
	return &goimap.AppendData{UIDValidity: f.validity, UID: s.put(f, m)}, nil
}

// put is add with mu held.
func (s *imapStore) put(f *imapFolder, m imapMail) goimap.UID {
	if m.at.IsZero() {
		m.at = s.now()
	}
	m.uid = f.next
	f.next++
	f.mails = append(f.mails, &m)
	f.tracker.QueueNumMessages(uint32(len(f.mails))) //nolint:gosec // memory ends before
	f.tell()
	return m.uid
}

// raise lets the UIDs of all folders go on from next.
func (s *imapStore) raise(next goimap.UID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.folders {
		f.next = max(f.next, next)
	}
}

// tell wakes who waits for a change.
func (f *imapFolder) tell() {
	close(f.changed)
	f.changed = make(chan struct{})
}

// expunge removes the mails that drop holds true for (RFC 9051 section 6.4.3).
func (f *imapFolder) expunge(drop func(*imapMail) bool) {
	for i := len(f.mails) - 1; i >= 0; i-- {
		if !drop(f.mails[i]) {
			continue
		}
		f.tracker.QueueExpunge(uint32(i + 1)) //nolint:gosec // memory ends before
		f.mails = slices.Delete(f.mails, i, i+1)
	}
	f.tell()
}

// count tells how many mails have a flag.
func (f *imapFolder) count(flag goimap.Flag) uint32 {
	n := uint32(0)
	for _, m := range f.mails {
		if m.has(flag) {
			n++
		}
	}
	return n
}

func (m *imapMail) has(flag goimap.Flag) bool {
	return slices.ContainsFunc(m.flags, func(f goimap.Flag) bool { return strings.EqualFold(string(f), string(flag)) })
}

// change changes flags as STORE asks (RFC 9051 section 6.4.6). The list is a new
// one: answers may still hold the old.
func (m *imapMail) change(op goimap.StoreFlagsOp, flags []goimap.Flag) {
	var kept []goimap.Flag
	if op != goimap.StoreFlagsSet {
		kept = slices.Clone(m.flags)
	}
	other := imapMail{flags: flags}
	kept = slices.DeleteFunc(kept, other.has)
	if op != goimap.StoreFlagsDel {
		kept = append(kept, flags...)
	}
	m.flags = kept
}

// write writes what FETCH asks of a mail.
func (m *imapMail) write(w *imapserver.FetchResponseWriter, o *goimap.FetchOptions) error {
	w.WriteUID(m.uid)
	if o.Flags {
		w.WriteFlags(m.flags)
	}
	if o.InternalDate {
		w.WriteInternalDate(m.at)
	}
	if o.RFC822Size {
		w.WriteRFC822Size(int64(len(m.data)))
	}
	if o.Envelope {
		w.WriteEnvelope(m.envelope())
	}
	if o.BodyStructure != nil {
		w.WriteBodyStructure(imapserver.ExtractBodyStructure(bytes.NewReader(m.data)))
	}
	for _, section := range o.BodySection {
		data := m.data
		if !whole(section) {
			data = imapserver.ExtractBodySection(bytes.NewReader(m.data), section)
		}
		body := w.WriteBodySection(section, int64(len(data)))
		if _, err := body.Write(data); err != nil {
			return err
		}
		if err := body.Close(); err != nil {
			return err
		}
	}
	return w.Close()
}

func (m *imapMail) envelope() *goimap.Envelope {
	h, err := textproto.ReadHeader(bufio.NewReader(bytes.NewReader(m.data)))
	if err != nil {
		return &goimap.Envelope{}
	}
	return imapserver.ExtractEnvelope(h)
}

// whole reports whether a section is all of a mail: then its bytes are handed out
// as they are.
func whole(s *goimap.FetchItemBodySection) bool {
	return s.Specifier == goimap.PartSpecifierNone && len(s.Part) == 0 && len(s.HeaderFields) == 0 && len(s.HeaderFieldsNot) == 0 && s.Partial == nil
}
