package fakemail

import (
	"crypto/subtle"
	"errors"
	"io"
	"sync"
	"time"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"

	"github.com/mailstead/mailstead"
)

// imapSession is one connection. One goroutine uses it, and another one Idle.
type imapSession struct {
	server *IMAPServer
	conn   *imapserver.Conn
	// idle is held while Idle runs: the library does not wait for its end when a
	// connection is lost.
	idle sync.Mutex
	// user is there after the sign-in; folder and view are those of the open folder.
	user   *imapUser
	folder *imapFolder
	view   *imapserver.SessionTracker
}

var _ imapserver.SessionIMAP4rev2 = (*imapSession)(nil)

func (s *IMAPServer) newSession(c *imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.closed:
		return nil, nil, &goimap.Error{Type: goimap.StatusResponseTypeBye, Text: "The server is closing"}
	default:
	}
	s.conns[c] = ""
	s.count++
	s.sessions.Add(1)
	return &imapSession{server: s, conn: c}, nil, nil
}

// Close is called once, when the connection has ended.
func (is *imapSession) Close() error {
	is.server.mu.Lock()
	delete(is.server.conns, is.conn)
	is.server.mu.Unlock()
	is.server.sessions.Done()
	return is.Unselect()
}

func (is *imapSession) Login(login, password string) error {
	u := is.server.user(login)
	if u == nil {
		return imapserver.ErrAuthFailed
	}
	is.server.mu.Lock()
	right, fault := u.password, u.fault
	is.server.mu.Unlock()
	switch {
	case fault == IMAPSlow && !is.server.wait():
		return errDropped
	case fault == IMAPUnavailable:
		return imapNo(goimap.ResponseCodeUnavailable, "Temporary authentication failure")
	case fault == IMAPRefuse, subtle.ConstantTimeCompare([]byte(right), []byte(password)) != 1:
		return imapserver.ErrAuthFailed
	}
	is.user = u
	is.server.mu.Lock()
	is.server.conns[is.conn] = login
	is.server.mu.Unlock()
	if is.server.config.SignedIn != nil {
		is.server.config.SignedIn(login)
	}
	return nil
}

var errDropped = errors.New("connection dropped on purpose")

// broken does what the user's fault does to any command.
func (is *imapSession) broken() error {
	switch is.server.fault(is.user) {
	case IMAPDrop:
		_ = is.conn.NetConn().Close()
		return errDropped
	case IMAPSlow:
		if !is.server.wait() {
			return errDropped
		}
	case IMAPRefuse, IMAPUnavailable, IMAPFull:
	}
	return nil
}

// wait waits as long as a slow mailbox does; false when the server closes.
func (s *IMAPServer) wait() bool {
	delay := time.NewTimer(s.config.Delay)
	defer delay.Stop()
	select {
	case <-delay.C:
		return true
	case <-s.closed:
		return false
	}
}

func imapNo(code goimap.ResponseCode, text string) error {
	return &goimap.Error{Type: goimap.StatusResponseTypeNo, Code: code, Text: text}
}

// Select opens a folder.
func (is *imapSession) Select(mailbox string, _ *goimap.SelectOptions) (*goimap.SelectData, error) {
	if err := is.broken(); err != nil {
		return nil, err
	}
	st := is.user.store
	st.mu.Lock()
	defer st.mu.Unlock()
	f, err := st.folder(mailbox)
	if err != nil {
		return nil, err
	}
	is.folder, is.view = f, f.tracker.NewSession()
	known := []goimap.Flag{goimap.FlagSeen, goimap.FlagAnswered, goimap.FlagFlagged, goimap.FlagDeleted, goimap.FlagDraft}
	data := &goimap.SelectData{
		Flags: known, PermanentFlags: append(known, goimap.FlagWildcard), UIDNext: f.next, UIDValidity: f.validity,
		NumMessages: uint32(len(f.mails)), //nolint:gosec // memory ends before
	}
	for i, m := range f.mails {
		if !m.has(goimap.FlagSeen) {
			data.FirstUnseenSeqNum = uint32(i + 1)
			break
		}
	}
	return data, nil
}

// Unselect closes the open folder, if there is one.
func (is *imapSession) Unselect() error {
	is.idle.Lock()
	defer is.idle.Unlock()
	if is.view != nil {
		is.view.Close()
	}
	is.folder, is.view = nil, nil
	return nil
}

// List lists the folders with their roles.
func (is *imapSession) List(w *imapserver.ListWriter, ref string, patterns []string, options *goimap.ListOptions) error {
	if err := is.broken(); err != nil {
		return err
	}
	if len(patterns) == 0 {
		return w.WriteList(&goimap.ListData{Attrs: []goimap.MailboxAttr{goimap.MailboxAttrNoSelect}, Delim: imapDelimiter})
	}
	names, roles := is.user.store.list()
	for _, name := range names {
		for _, p := range patterns {
			if !imapserver.MatchList(name, imapDelimiter, ref, p) {
				continue
			}
			data := &goimap.ListData{Mailbox: name, Delim: imapDelimiter}
			if attr := imapRole(roles[name]); attr != "" && options.ReturnSpecialUse {
				data.Attrs = []goimap.MailboxAttr{attr}
			}
			if err := w.WriteList(data); err != nil {
				return err
			}
			break
		}
	}
	return nil
}

// imapRole is the attribute of a role (RFC 6154 section 2).
func imapRole(r mailstead.FolderRole) goimap.MailboxAttr {
	switch r {
	case mailstead.FolderSent:
		return goimap.MailboxAttrSent
	case mailstead.FolderDrafts:
		return goimap.MailboxAttrDrafts
	case mailstead.FolderTrash:
		return goimap.MailboxAttrTrash
	case mailstead.FolderJunk:
		return goimap.MailboxAttrJunk
	case mailstead.FolderArchive:
		return goimap.MailboxAttrArchive
	case mailstead.FolderAll:
		return goimap.MailboxAttrAll
	case mailstead.FolderNone, mailstead.FolderInbox:
	}
	return ""
}

// Status tells how a folder stands without opening it.
func (is *imapSession) Status(mailbox string, o *goimap.StatusOptions) (*goimap.StatusData, error) {
	if err := is.broken(); err != nil {
		return nil, err
	}
	st := is.user.store
	st.mu.Lock()
	defer st.mu.Unlock()
	f, err := st.folder(mailbox)
	if err != nil {
		return nil, err
	}
	total, none := uint32(len(f.mails)), uint32(0) //nolint:gosec // memory ends before
	unseen, deleted, size := total-f.count(goimap.FlagSeen), f.count(goimap.FlagDeleted), int64(0)
	for _, m := range f.mails {
		size += int64(len(m.data))
	}
	data := &goimap.StatusData{Mailbox: mailbox}
	if o.UIDNext {
		data.UIDNext = f.next
	}
	if o.UIDValidity {
		data.UIDValidity = f.validity
	}
	for _, c := range []struct {
		asked bool
		to    **uint32
		value *uint32
	}{
		{o.NumMessages, &data.NumMessages, &total},
		{o.NumUnseen, &data.NumUnseen, &unseen},
		{o.NumDeleted, &data.NumDeleted, &deleted},
		{o.NumRecent, &data.NumRecent, &none},
	} {
		if c.asked {
			*c.to = c.value
		}
	}
	if o.Size {
		data.Size = &size
	}
	return data, nil
}

// Create makes a folder.
func (is *imapSession) Create(mailbox string, _ *goimap.CreateOptions) error {
	return is.user.store.create(mailbox, mailstead.FolderNone)
}

// Delete removes a folder with its mails.
func (is *imapSession) Delete(mailbox string) error { return is.user.store.remove(mailbox) }

// Rename gives a folder another name.
func (is *imapSession) Rename(from, to string, _ *goimap.RenameOptions) error {
	return is.user.store.rename(from, to)
}

// Subscribe does nothing: every folder is listed always.
func (is *imapSession) Subscribe(string) error { return nil }

// Unsubscribe does nothing, as Subscribe.
func (is *imapSession) Unsubscribe(string) error { return nil }

// Namespace tells that all folders are the user's own (RFC 2342).
func (is *imapSession) Namespace() (*goimap.NamespaceData, error) {
	return &goimap.NamespaceData{Personal: []goimap.NamespaceDescriptor{{Delim: imapDelimiter}}}, nil
}

// Append stores a mail.
func (is *imapSession) Append(mailbox string, r goimap.LiteralReader, o *goimap.AppendOptions) (*goimap.AppendData, error) {
	if err := is.broken(); err != nil {
		return nil, err
	}
	if is.server.fault(is.user) == IMAPFull {
		return nil, imapNo(goimap.ResponseCodeOverQuota, "Quota exceeded (mailbox for user is full)")
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return is.user.store.add(mailbox, imapMail{data: data, at: o.Time, flags: o.Flags})
}

// Poll tells what happened in the open folder.
func (is *imapSession) Poll(w *imapserver.UpdateWriter, allowExpunge bool) error {
	if is.view == nil {
		return nil
	}
	return is.view.Poll(w, allowExpunge)
}

// Idle tells what happens until the client has enough. The library's own Idle
// forgets what happened just before it.
func (is *imapSession) Idle(w *imapserver.UpdateWriter, stop <-chan struct{}) error {
	is.idle.Lock()
	defer is.idle.Unlock()
	if is.view == nil {
		<-stop
		return nil
	}
	st := is.user.store
	for {
		st.mu.Lock()
		changed := is.folder.changed
		st.mu.Unlock()
		if err := is.view.Poll(w, true); err != nil {
			return err
		}
		select {
		case <-stop:
			return nil
		case <-changed:
		}
	}
}
