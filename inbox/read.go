package inbox

import (
	"context"
	"errors"
	"slices"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/message"
)

// Opened is a message with everything that a reader shows.
type Opened struct {
	Message mailstead.Message
	// Mail is nil when the bytes are not here (too large) or cannot be read.
	Mail *message.Mail
}

// maxPage bounds a page of messages.
const maxPage = mailstead.MaxPage + 1

// mayRead returns nil when the actor may read the account. An account that it may
// not read does not exist for it.
func (s *Service) mayRead(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID) error {
	if err := actor.Require(mailstead.ScopeRead); err != nil {
		return err
	}
	a, as, err := s.c.Shelf.AccountFor(ctx, id, actor.User.ID)
	if err != nil {
		return err
	}
	if !mailstead.RightsOn(actor, &a, as).Read {
		return mailstead.NotFound("account")
	}
	return nil
}

// Folders lists the folders of an account.
func (s *Service) Folders(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID) ([]mailstead.Folder, error) {
	if err := s.mayRead(ctx, actor, id); err != nil {
		return nil, err
	}
	return s.c.Shelf.Folders(ctx, id)
}

// Messages returns a page of messages, newest first.
func (s *Service) Messages(ctx context.Context, actor mailstead.Actor, q mailstead.MessageQuery) ([]mailstead.Message, error) {
	if err := s.mayRead(ctx, actor, q.AccountID); err != nil {
		return nil, err
	}
	if q.Limit < 1 || q.Limit > maxPage {
		return nil, mailstead.Invalid("limit", "input.limit", "A page has 1 to 200 messages.")
	}
	if q.FolderID != 0 {
		f, err := s.c.Shelf.Folder(ctx, q.FolderID)
		if err != nil {
			return nil, err
		}
		if f.AccountID != q.AccountID {
			return nil, mailstead.NotFound("folder")
		}
	}
	return s.c.Shelf.Messages(ctx, q)
}

// message returns a stored message when the actor may read its account.
func (s *Service) message(ctx context.Context, actor mailstead.Actor, id mailstead.MessageID) (mailstead.Message, error) {
	if err := actor.Require(mailstead.ScopeRead); err != nil {
		return mailstead.Message{}, err
	}
	m, err := s.c.Shelf.Message(ctx, id)
	if err != nil {
		return m, err
	}
	if err := s.mayRead(ctx, actor, m.AccountID); err != nil {
		if mailstead.KindOf(err) == mailstead.KindNotFound {
			return mailstead.Message{}, mailstead.NotFound("message")
		}
		return mailstead.Message{}, err
	}
	return m, nil
}

// Raw returns the bytes of a message as its server delivered them.
func (s *Service) Raw(ctx context.Context, actor mailstead.Actor, id mailstead.MessageID) ([]byte, error) {
	m, err := s.message(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	if m.Blob.IsZero() {
		return nil, errNotLoaded
	}
	return s.c.Blobs.Get(ctx, m.Blob)
}

var errNotLoaded = &mailstead.Error{
	Kind: mailstead.KindConflict, Code: "message.not_loaded",
	Text: "The bytes of this mail are not here; they lie on the mail server only.",
}

// Open reads a whole message for showing.
func (s *Service) Open(ctx context.Context, actor mailstead.Actor, id mailstead.MessageID) (Opened, error) {
	m, err := s.message(ctx, actor, id)
	if err != nil {
		return Opened{}, err
	}
	o := Opened{Message: m}
	if m.Blob.IsZero() {
		return o, nil
	}
	data, err := s.c.Blobs.Get(ctx, m.Blob)
	if err != nil {
		return Opened{}, err
	}
	if m.State == mailstead.MessageQuarantined {
		return o, nil
	}
	if o.Mail, err = message.Read(data); err != nil {
		// The list could be read, the whole can't: show what there is, and say so.
		o.Mail, o.Message.Defect = nil, "The body of this mail cannot be read."
	}
	return o, nil
}

// SetFlags sets the flags named by mask to those of set, on the server first, where
// it keeps any, and then here. The messages must lie in one account. Those that are gone, or that
// the actor may not read, are passed over; when none is left it is KindNotFound.
func (s *Service) SetFlags(ctx context.Context, actor mailstead.Actor, ids []mailstead.MessageID, set, mask mailstead.Flags) error {
	if len(ids) == 0 || len(ids) > maxPage {
		return mailstead.Invalid("ids", "input.limit", "Name 1 to 200 messages.")
	}
	if err := actor.Require(mailstead.ScopeRead); err != nil {
		return err
	}
	messages, err := s.readable(ctx, actor, ids)
	if err != nil {
		return err
	}
	if len(messages) == 0 {
		return mailstead.NotFound("message")
	}
	account := messages[0].AccountID
	folders := make(map[mailstead.FolderID][]mailstead.UID)
	there := make([]mailstead.MessageID, len(messages))
	for i := range messages {
		if messages[i].AccountID != account {
			return mailstead.Invalid("ids", "input.ids", "The messages must lie in one account.")
		}
		folders[messages[i].FolderID] = append(folders[messages[i].FolderID], messages[i].UID)
		there[i] = messages[i].ID
	}
	a, err := s.c.Store.Account(ctx, account)
	if err != nil {
		return err
	}
	if a.Incoming == nil || a.Incoming.Server.Protocol.HasFolders() {
		if err := s.flagOnServer(ctx, account, folders, set, mask); err != nil {
			return err
		}
	}
	return s.c.Shelf.SetMessageFlags(ctx, there, set, mask)
}

// readable returns those of the messages that exist and that the actor may read.
func (s *Service) readable(ctx context.Context, actor mailstead.Actor, ids []mailstead.MessageID) ([]mailstead.Message, error) {
	messages, err := s.c.Shelf.MessagesByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	hidden := make(map[mailstead.AccountID]bool)
	for i := range messages {
		account := messages[i].AccountID
		if _, asked := hidden[account]; asked {
			continue
		}
		err := s.mayRead(ctx, actor, account)
		if err != nil && mailstead.KindOf(err) != mailstead.KindNotFound {
			return nil, err
		}
		hidden[account] = err != nil
	}
	return slices.DeleteFunc(messages, func(m mailstead.Message) bool { return hidden[m.AccountID] }), nil
}

// flagOnServer changes flags by a connection of its own: the worker's one waits.
func (s *Service) flagOnServer(ctx context.Context, id mailstead.AccountID, folders map[mailstead.FolderID][]mailstead.UID, set, mask mailstead.Flags) (err error) {
	access, err := s.c.Credentials.Access(ctx, id, mailstead.SideIncoming)
	if err != nil {
		return err
	}
	src, err := s.c.Source.Open(ctx, access)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	flagger, ok := src.(mailstead.Flagger)
	if !ok {
		return &mailstead.Error{Kind: mailstead.KindConflict, Code: "account.no_flags", Text: "The server of this account keeps no marks on mails."}
	}
	for folder, uids := range folders {
		f, err := s.c.Shelf.Folder(ctx, folder)
		if err != nil {
			return err
		}
		if err := flagger.SetFlags(ctx, f.Path, uids, set, mask); err != nil {
			return err
		}
	}
	return nil
}

// Sync asks for a look at the server now.
func (s *Service) Sync(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID) error {
	if err := s.mayRead(ctx, actor, id); err != nil {
		return err
	}
	s.Nudge(id) //nolint:contextcheck // the worker outlives the request
	return nil
}
