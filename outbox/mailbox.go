package outbox

import (
	"context"

	"github.com/mailstead/mailstead"
)

// maxMailboxes is how many Sent folders are looked into at the same time.
const maxMailboxes = 16

var (
	// errNoSent is an account that has no folder for sent mail.
	errNoSent = &mailstead.Error{
		Kind: mailstead.KindPermanent, Code: "mailbox.folder_missing", Op: "outbox", Text: "The mailbox has no folder for sent mail.",
	}
	// errTrouble is an account whose mailbox cannot be read at present.
	errTrouble = &mailstead.Error{
		Kind: mailstead.KindTemporary, Code: "account.trouble", Op: "outbox", Text: "The account is in trouble.",
	}
)

// inMailboxes runs work for every account of mails, several at once, and comes
// back at once. Accounts whose mailbox is in use are left for the next sweep.
func (s *Service) inMailboxes(ctx context.Context, mails []mailstead.OutgoingMessage, work func(context.Context, mailstead.AccountID, []*mailstead.OutgoingMessage)) {
	byAccount := make(map[mailstead.AccountID][]*mailstead.OutgoingMessage)
	for i := range mails {
		byAccount[mails[i].AccountID] = append(byAccount[mails[i].AccountID], &mails[i])
	}
	for id, list := range byAccount {
		if !s.enterMailbox(id) {
			continue
		}
		s.tasks.Go(func() {
			defer s.leaveMailbox(id)
			work(ctx, id, list)
		})
	}
}

func (s *Service) enterMailbox(id mailstead.AccountID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mailboxes[id] || len(s.mailboxes) >= maxMailboxes {
		return false
	}
	s.mailboxes[id] = true
	return true
}

func (s *Service) leaveMailbox(id mailstead.AccountID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.mailboxes, id)
}

// sentFolder is an open connection with the Sent folder selected.
type sentFolder struct {
	mailstead.Source
	path string
}

// openSent signs in to the account's mailbox and selects the Sent folder.
func (s *Service) openSent(ctx context.Context, a *mailstead.Account) (*sentFolder, error) {
	switch {
	case a.Incoming == nil || !a.Incoming.Enabled || !a.Incoming.Server.Protocol.HasFolders():
		return nil, errNoSent
	case a.Incoming.Health.State == mailstead.HealthTrouble:
		return nil, errTrouble // a refused sign-in must not be repeated
	}
	access, err := s.c.Credentials.Access(ctx, a.ID, mailstead.SideIncoming)
	if err != nil {
		return nil, err
	}
	source, err := s.c.Source.Open(ctx, access)
	if err != nil {
		return nil, err
	}
	f := &sentFolder{Source: source}
	folders, err := source.Folders(ctx)
	for _, folder := range folders {
		if folder.Role == mailstead.FolderSent && !folder.NoSelect && f.path == "" {
			f.path = folder.Path
		}
	}
	if err == nil && f.path == "" {
		err = errNoSent
	}
	if err == nil {
		_, err = source.Select(ctx, f.path)
	}
	if err != nil {
		_ = source.Close()
		return nil, err
	}
	return f, nil
}

// has reports whether the mail lies in the folder.
func (f *sentFolder) has(ctx context.Context, m *mailstead.OutgoingMessage) (bool, error) {
	uids, err := f.UIDs(ctx, mailstead.UIDWindow{MessageID: m.InternetMessageID})
	return len(uids) > 0, err
}
