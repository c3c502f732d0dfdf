package outbox

import (
	"context"
	"mime"
	"strconv"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/compose"
	"github.com/mailstead/mailstead/message"
)

// Submission asks for a mail to be sent.
type Submission struct {
	Draft mailstead.Draft
	// TemplateID is the template that the mail is made from, or 0: it fills what the
	// draft leaves empty, and names who sends when the draft does not.
	TemplateID mailstead.TemplateID
	// IdempotencyKey makes repetitions by the same user one mail; any text.
	IdempotencyKey string
	// UserID is for whom the mail is sent, 0 means for the actor. Only an
	// administrator sends for others.
	UserID mailstead.UserID
	// purpose is of a mail that nobody wrote, arrival of a round trip.
	purpose mailstead.SendPurpose
	arrival *mailstead.Arrival
}

const maxIdempotencyKey = 200

// Submit takes a mail in. When it returns without an error the mail is stored
// durably and will be sent. existed tells that the user submitted it before
// under the same idempotency key; then m is the first one.
func (s *Service) Submit(ctx context.Context, actor mailstead.Actor, in Submission) (m mailstead.OutgoingMessage, existed bool, err error) {
	user, err := sendsFor(actor, in.UserID)
	if err != nil {
		return m, false, err
	}
	if _, err := mailstead.CleanLine("idempotency_key", in.IdempotencyKey, maxIdempotencyKey); err != nil {
		return m, false, err
	}
	template, err := s.template(ctx, in.TemplateID)
	if err != nil {
		return m, false, err
	}
	from, resolution, err := s.decide(ctx, actor, user, in.Draft.AccountID, template)
	if err != nil {
		return m, false, err
	}
	d := in.Draft
	if template != nil {
		template.Fill(&d)
	}
	if err := s.thread(ctx, actor, &d); err != nil {
		return m, false, err
	}
	if err := d.Validate(s.c.MaxAttachments); err != nil {
		return m, false, err
	}
	if err := s.checkCopies(ctx, actor, &d); err != nil {
		return m, false, err
	}
	files, err := s.files(ctx, actor, in.Draft.Attachments, d.Attachments)
	if err != nil {
		return m, false, err
	}
	now := s.c.Now()
	m = mailstead.OutgoingMessage{
		UserID: user, AccountID: from.ID, State: mailstead.OutgoingQueued, Reason: resolution, IdempotencyKey: in.IdempotencyKey,
		From: from.Address, InternetMessageID: message.NewMessageID(mailstead.DomainOf(from.Address)),
		Subject: d.Subject, ParentID: d.ParentID, DueAt: now, CreatedAt: now,
	}
	m.Reason.Purpose, m.Arrival = in.purpose, in.arrival
	existed, err = s.place(ctx, &m, from, &d, files)
	return m, existed, err
}

// place stores a mail of which everything is known but its bytes, durably, and lets it
// be sent. Mail of an account in trouble is held.
func (s *Service) place(ctx context.Context, m *mailstead.OutgoingMessage, from *mailstead.Account, d *mailstead.Draft, files []message.File) (existed bool, err error) {
	for _, address := range d.Recipients() {
		m.Recipients = append(m.Recipients, mailstead.Recipient{Address: address, State: mailstead.OutgoingQueued})
	}
	if why := reasonToHold(from); m.Reason.Held && why != nil {
		m.State, m.DueAt = mailstead.OutgoingHeld, time.Time{}
		m.Code, m.Text, m.Action = why.Code, why.Cause, why.Action
	}
	sender := mailstead.Address{Name: from.DisplayName, Address: from.Address}
	data, err := compose.Render(*d, sender, compose.Options{MessageID: m.InternetMessageID, Date: m.CreatedAt, Files: files})
	if err != nil {
		return false, err
	}
	if int64(len(data)) > s.c.MaxSize {
		return false, &mailstead.Error{
			Kind: mailstead.KindTooLarge, Code: "send.too_big",
			Text: "The mail is larger than the " + strconv.FormatInt(s.c.MaxSize>>20, 10) + " MB that may be sent.",
		}
	}
	// The bytes are durable before the row that names them.
	refs, err := s.c.Blobs.Put(ctx, [][]byte{data})
	if err != nil {
		return false, err
	}
	m.Blob, m.Size = refs[0], int64(len(data))
	existed, err = s.c.Shelf.SubmitOutgoing(ctx, m)
	if err != nil {
		return false, err
	}
	switch m.State {
	case mailstead.OutgoingQueued:
		s.Wake(m.AccountID)
	case mailstead.OutgoingHeld:
		s.setHolds(s.line(m.AccountID), true)
	default:
	}
	return existed, nil
}

// sendsFor returns the user for whom actor sends, 0 for the operator itself.
func sendsFor(actor mailstead.Actor, user mailstead.UserID) (mailstead.UserID, error) {
	if err := actor.Require(mailstead.ScopeSend); err != nil {
		return 0, err
	}
	if user == 0 || user == actor.User.ID {
		return actor.User.ID, nil
	}
	return user, actor.RequireAdmin()
}

// template returns a template that is offered, or nil for 0.
func (s *Service) template(ctx context.Context, id mailstead.TemplateID) (*mailstead.Template, error) {
	if id == 0 {
		return nil, nil //nolint:nilnil // no template is asked for
	}
	t, err := s.c.Shelf.Template(ctx, id)
	if err != nil {
		return nil, err
	}
	return &t, t.CheckActive()
}

// thread makes the draft part of its parent's conversation: what the parent says
// of itself counts, not what the caller says.
func (s *Service) thread(ctx context.Context, actor mailstead.Actor, d *mailstead.Draft) error {
	if d.ParentID == 0 {
		return nil
	}
	parent, err := s.readable(ctx, actor, d.ParentID)
	if err != nil || d.Kind == mailstead.DraftForward {
		return err
	}
	answer := compose.Reply(mailstead.DraftReply, &message.Mail{Headers: parent.Headers}, parent.ID, nil, "")
	d.InReplyTo, d.References = answer.InReplyTo, answer.References
	return nil
}

// readable returns a stored message that actor may read.
func (s *Service) readable(ctx context.Context, actor mailstead.Actor, id mailstead.MessageID) (mailstead.Message, error) {
	if err := actor.Require(mailstead.ScopeRead); err != nil {
		return mailstead.Message{}, err
	}
	m, err := s.c.Shelf.Message(ctx, id)
	if err != nil {
		return m, err
	}
	account, assignments, err := s.c.Shelf.AccountFor(ctx, m.AccountID, actor.User.ID)
	if err != nil {
		return mailstead.Message{}, err
	}
	if !mailstead.RightsOn(actor, &account, assignments).Read {
		return mailstead.Message{}, mailstead.NotFound("message")
	}
	return m, nil
}

// checkCopies refuses copies that the policies do not let the actor add. An answer
// to all keeps those that it has by itself.
func (s *Service) checkCopies(ctx context.Context, actor mailstead.Actor, d *mailstead.Draft) error {
	if len(d.Cc)+len(d.Bcc) == 0 {
		return nil
	}
	rules, err := s.c.Shelf.Policies(ctx)
	if err != nil || rules.MayCopy(actor) {
		return err
	}
	var given []mailstead.Address
	if d.Kind == mailstead.DraftReplyAll && d.ParentID != 0 && len(d.Cc) > 0 {
		answer, err := s.Prepare(ctx, actor, d.Kind, d.ParentID)
		if err != nil {
			return err
		}
		given = answer.Cc
	}
	return rules.CheckCopies(actor, d.Cc, d.Bcc, given)
}

// files returns the contents of a draft's attachments. asked are as the caller
// gave them, clean the same after Validate: what the caller left open is taken
// from the stored part.
func (s *Service) files(ctx context.Context, actor mailstead.Actor, asked, clean []mailstead.DraftAttachment) ([]message.File, error) {
	files := make([]message.File, len(clean))
	parents := make(map[mailstead.MessageID]*message.Mail)
	var total int64
	for i := range clean {
		a := &clean[i]
		f := message.File{Name: a.Name, MediaType: a.MediaType, Data: a.Content, Inline: a.Inline, ContentID: a.ContentID}
		if a.MessageID != 0 {
			parent, err := s.parent(ctx, actor, a.MessageID, parents)
			if err != nil {
				return nil, err
			}
			part, data, err := parent.Part(a.Part)
			if err != nil {
				return nil, err
			}
			f.Data = data
			if asked[i].Name == "" && part.Name != "" {
				f.Name = part.Name
			}
			if _, _, err := mime.ParseMediaType(part.MediaType); err == nil && asked[i].MediaType == "" {
				f.MediaType = part.MediaType
			}
		}
		if total += int64(len(f.Data)); total > s.c.MaxAttachments {
			return nil, mailstead.TooLargeAttachments(s.c.MaxAttachments)
		}
		files[i] = f
	}
	return files, nil
}

// parent reads a stored message that parts are taken from, once.
func (s *Service) parent(ctx context.Context, actor mailstead.Actor, id mailstead.MessageID, seen map[mailstead.MessageID]*message.Mail) (*message.Mail, error) {
	if m := seen[id]; m != nil {
		return m, nil
	}
	stored, err := s.readable(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	m, err := s.read(ctx, &stored)
	if err != nil {
		return nil, err
	}
	seen[id] = m
	return m, nil
}

// read opens the bytes of a stored message.
func (s *Service) read(ctx context.Context, m *mailstead.Message) (*message.Mail, error) {
	if m.Blob.IsZero() {
		return nil, &mailstead.Error{Kind: mailstead.KindConflict, Code: "message.not_here", Text: "This mail was left on the server because of its size."}
	}
	data, err := s.c.Blobs.Get(ctx, m.Blob)
	if err != nil {
		return nil, err
	}
	return message.Read(data)
}

// Prepare starts a draft: a new mail (parent 0), or an answer to or a forward of
// a stored message. Nothing is stored.
func (s *Service) Prepare(ctx context.Context, actor mailstead.Actor, kind mailstead.DraftKind, parent mailstead.MessageID) (mailstead.Draft, error) {
	switch kind {
	case mailstead.DraftNew, mailstead.DraftReply, mailstead.DraftReplyAll, mailstead.DraftForward:
	default:
		return mailstead.Draft{}, mailstead.Invalid("kind", "input.kind", "The kind must be new, reply, reply_all or forward.")
	}
	if err := actor.Require(mailstead.ScopeSend); err != nil {
		return mailstead.Draft{}, err
	}
	if parent == 0 || kind == mailstead.DraftNew {
		return s.prepareNew(ctx, actor)
	}
	stored, err := s.readable(ctx, actor, parent)
	if err != nil {
		return mailstead.Draft{}, err
	}
	mail, err := s.read(ctx, &stored)
	if err != nil {
		return mailstead.Draft{}, err
	}
	// Who may send from the account that got the mail answers from there.
	chosen := stored.AccountID
	account, _, err := s.decide(ctx, actor, actor.User.ID, chosen, nil)
	if mailstead.CodeOf(err) == "send.account_not_allowed" && err != nil {
		chosen = 0
		account, _, err = s.decide(ctx, actor, actor.User.ID, 0, nil)
	}
	if err != nil {
		return mailstead.Draft{}, err
	}
	receiver, err := s.c.Store.Account(ctx, stored.AccountID)
	if err != nil {
		return mailstead.Draft{}, err
	}
	d := compose.Reply(kind, mail, parent, []string{account.Address, receiver.Address}, account.Signature)
	d.AccountID = chosen
	return d, nil
}

// prepareNew starts an empty draft with the signature of who would send it.
func (s *Service) prepareNew(ctx context.Context, actor mailstead.Actor) (mailstead.Draft, error) {
	account, _, err := s.decide(ctx, actor, actor.User.ID, 0, nil)
	if err != nil {
		return mailstead.Draft{}, err
	}
	d := mailstead.Draft{Kind: mailstead.DraftNew}
	if account.Signature != "" {
		d.Text = "\n\n-- \n" + account.Signature // RFC 3676 section 4.3
	}
	return d, nil
}
