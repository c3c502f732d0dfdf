package fakemail

import (
	"crypto/subtle"
	"errors"
	"time"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"github.com/mailstead/mailstead"
)

// imapSession is one connection. The embedded session, there after the sign-in,
// does the work; what is here breaks it.
type imapSession struct {
	*imapmemserver.UserSession
	server *IMAPServer
	conn   *imapserver.Conn
	user   *imapUser
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
	s.conns[c] = true
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
	return is.UserSession.Close()
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
	case fault == IMAPUnavailable:
		return imapNo(goimap.ResponseCodeUnavailable, "Temporary authentication failure")
	case fault == IMAPRefuse, subtle.ConstantTimeCompare([]byte(right), []byte(password)) != 1:
		return imapserver.ErrAuthFailed
	}
	is.user, is.UserSession = u, imapmemserver.NewUserSession(u.store)
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
		delay := time.NewTimer(is.server.config.Delay)
		defer delay.Stop()
		select {
		case <-delay.C:
		case <-is.server.closed:
			return errDropped
		}
	case IMAPRefuse, IMAPUnavailable, IMAPFull:
	}
	return nil
}

func imapNo(code goimap.ResponseCode, text string) error {
	return &goimap.Error{Type: goimap.StatusResponseTypeNo, Code: code, Text: text}
}

func (is *imapSession) Select(mailbox string, options *goimap.SelectOptions) (*goimap.SelectData, error) {
	if err := is.broken(); err != nil {
		return nil, err
	}
	return is.UserSession.Select(mailbox, options)
}

// List lists the folders with their roles, which the library's own store has
// no place for.
func (is *imapSession) List(w *imapserver.ListWriter, ref string, patterns []string, options *goimap.ListOptions) error {
	if err := is.broken(); err != nil {
		return err
	}
	const delimiter = '/'
	if len(patterns) == 0 {
		return w.WriteList(&goimap.ListData{Attrs: []goimap.MailboxAttr{goimap.MailboxAttrNoSelect}, Delim: delimiter})
	}
	names, roles := is.server.listed(is.user)
	for _, name := range names {
		for _, p := range patterns {
			if !imapserver.MatchList(name, delimiter, ref, p) {
				continue
			}
			data := &goimap.ListData{Mailbox: name, Delim: delimiter}
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

func (is *imapSession) Create(mailbox string, options *goimap.CreateOptions) error {
	if err := is.UserSession.Create(mailbox, options); err != nil {
		return err
	}
	is.server.mu.Lock()
	defer is.server.mu.Unlock()
	is.user.folders[mailbox] = mailstead.FolderNone
	return nil
}

func (is *imapSession) Delete(mailbox string) error {
	if err := is.UserSession.Delete(mailbox); err != nil {
		return err
	}
	is.server.mu.Lock()
	defer is.server.mu.Unlock()
	delete(is.user.folders, mailbox)
	return nil
}

func (is *imapSession) Rename(from, to string, options *goimap.RenameOptions) error {
	if err := is.UserSession.Rename(from, to, options); err != nil {
		return err
	}
	is.server.mu.Lock()
	defer is.server.mu.Unlock()
	is.user.folders[to] = is.user.folders[from]
	delete(is.user.folders, from)
	return nil
}

func (is *imapSession) Append(mailbox string, r goimap.LiteralReader, options *goimap.AppendOptions) (*goimap.AppendData, error) {
	if err := is.broken(); err != nil {
		return nil, err
	}
	if is.server.fault(is.user) == IMAPFull {
		return nil, imapNo(goimap.ResponseCodeOverQuota, "Quota exceeded (mailbox for user is full)")
	}
	return is.UserSession.Append(mailbox, r, options)
}

func (is *imapSession) Fetch(w *imapserver.FetchWriter, set goimap.NumSet, options *goimap.FetchOptions) error {
	if err := is.broken(); err != nil {
		return err
	}
	return is.UserSession.Fetch(w, set, options)
}

func (is *imapSession) Search(kind imapserver.NumKind, criteria *goimap.SearchCriteria, options *goimap.SearchOptions) (*goimap.SearchData, error) {
	if err := is.broken(); err != nil {
		return nil, err
	}
	return is.UserSession.Search(kind, criteria, options)
}

// imapLook is how often an idle connection is looked after.
const imapLook = 10 * time.Millisecond

// Idle tells what happens until the client has enough. The library's own Idle
// forgets what happened just before it.
func (is *imapSession) Idle(w *imapserver.UpdateWriter, stop <-chan struct{}) error {
	look := time.NewTicker(imapLook)
	defer look.Stop()
	for {
		if err := is.UserSession.Poll(w, true); err != nil {
			return err
		}
		select {
		case <-stop:
			return nil
		case <-look.C:
		}
	}
}
