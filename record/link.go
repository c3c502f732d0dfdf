package record

import (
	"context"
	"log/slog"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/message"
)

// readable returns a message in its mailbox when the actor may read it there. What
// he may not read does not exist for him.
func (s *Service) readable(ctx context.Context, actor mailstead.Actor, id mailstead.MessageID) (mailstead.Message, error) {
	if err := actor.Require(mailstead.ScopeRead); err != nil {
		return mailstead.Message{}, err
	}
	m, err := s.c.Shelf.Message(ctx, id)
	if err != nil {
		return m, err
	}
	ok, err := s.mayRead(ctx, actor, m.AccountID)
	if err == nil && !ok {
		err = mailstead.NotFound("message")
	}
	if err != nil {
		return mailstead.Message{}, err
	}
	return m, nil
}

// mayRead reports whether the actor may read an account that is still there.
func (s *Service) mayRead(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID) (bool, error) {
	a, as, err := s.c.Shelf.AccountFor(ctx, id, actor.User.ID)
	if mailstead.KindOf(err) == mailstead.KindNotFound && err != nil {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return mailstead.RightsOn(actor, &a, as).Read, nil
}

// LinksOf returns the links of a message, wherever the same mail was linked.
func (s *Service) LinksOf(ctx context.Context, actor mailstead.Actor, id mailstead.MessageID) ([]mailstead.Link, error) {
	m, err := s.readable(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	return s.linksOf(ctx, &m)
}

func (s *Service) linksOf(ctx context.Context, m *mailstead.Message) ([]mailstead.Link, error) {
	if m.Blob.IsZero() {
		return nil, nil
	}
	links, err := s.c.Links.Links(ctx, m.Blob.Hash)
	if err != nil {
		return nil, err
	}
	return links, nil
}

// Link links a message to a record and returns the link. Everybody who is signed in
// can read the mail on the record from now on.
func (s *Service) Link(ctx context.Context, actor mailstead.Actor, id mailstead.MessageID, record mailstead.RecordID) (mailstead.Link, error) {
	m, err := s.readable(ctx, actor, id)
	if err != nil {
		return mailstead.Link{}, err
	}
	if m.Blob.IsZero() {
		return mailstead.Link{}, &mailstead.Error{
			Kind: mailstead.KindConflict, Code: "message.not_loaded",
			Text: "The bytes of this mail are not here; they lie on the mail server only.",
		}
	}
	if err := s.link(ctx, actor, record, mailstead.Linking{Message: id}); err != nil {
		return mailstead.Link{}, err
	}
	links, err := s.linksOf(ctx, &m)
	if err != nil {
		return mailstead.Link{}, err
	}
	for _, l := range links {
		if l.Record.ID == record {
			return l, nil
		}
	}
	// Somebody took it away in the same moment.
	return mailstead.Link{}, mailstead.NotFound("mail")
}

// LinkAgain links a mail that stands on some record, or that the actor has just taken
// from this one.
func (s *Service) LinkAgain(ctx context.Context, actor mailstead.Actor, record mailstead.RecordID, mail mailstead.LinkedMailID) (mailstead.LinkedMail, error) {
	if err := s.link(ctx, actor, record, mailstead.Linking{Mail: mail}); err != nil {
		return mailstead.LinkedMail{}, err
	}
	return s.c.Links.LinkedMail(ctx, record, mail)
}

func (s *Service) link(ctx context.Context, actor mailstead.Actor, record mailstead.RecordID, l mailstead.Linking) error {
	if err := actor.Require(mailstead.ScopeRead); err != nil {
		return err
	}
	r, err := s.c.Store.Record(ctx, record)
	if err != nil {
		return err
	}
	if err := s.byHand(ctx, actor, r.Type); err != nil {
		return err
	}
	l.Record, l.Reason, l.By, l.At = record, mailstead.LinkByHand, actor.User.ID, s.c.Now()
	l.Since = l.At.Add(-mailstead.UnlinkUndo)
	l.Audit = actor.Audit(mailstead.AuditMailLink, r.AuditObject(), nil)
	_, err = s.c.Links.LinkMail(ctx, l)
	return err
}

// UnlinkMessage takes a message that the actor may read from a record.
func (s *Service) UnlinkMessage(ctx context.Context, actor mailstead.Actor, id mailstead.MessageID, record mailstead.RecordID) error {
	m, err := s.readable(ctx, actor, id)
	if err != nil {
		return err
	}
	links, err := s.linksOf(ctx, &m)
	if err != nil {
		return err
	}
	for i := range links {
		if links[i].Record.ID == record {
			return s.unlink(ctx, actor, &links[i].Record, links[i].Mail)
		}
	}
	return mailstead.NotFound("mail")
}

// Unlink takes a mail from a record. Who linked it may, who may read it in the
// mailbox that it came from, and administrators.
func (s *Service) Unlink(ctx context.Context, actor mailstead.Actor, record mailstead.RecordID, mail mailstead.LinkedMailID) error {
	m, err := s.linked(ctx, actor, record, mail)
	if err != nil {
		return err
	}
	may := actor.IsAdmin() || (m.By != 0 && m.By == actor.User.ID)
	if !may {
		if may, err = s.mayRead(ctx, actor, m.AccountID); err != nil {
			return err
		}
	}
	if !may {
		return &mailstead.Error{
			Kind: mailstead.KindForbidden, Code: "record.not_yours",
			Text: "Who linked this mail, who reads its mailbox and administrators may take it from the record.",
		}
	}
	r, err := s.c.Store.Record(ctx, record)
	if err != nil {
		return err
	}
	return s.unlink(ctx, actor, &r, mail)
}

func (s *Service) unlink(ctx context.Context, actor mailstead.Actor, r *mailstead.Record, mail mailstead.LinkedMailID) error {
	e := actor.Audit(mailstead.AuditMailUnlink, r.AuditObject(), nil)
	err := s.c.Links.UnlinkMail(ctx, mailstead.Unlinking{Record: r.ID, Mail: mail, By: actor.User.ID, At: s.c.Now(), Audit: e})
	if err != nil {
		return err
	}
	s.did(ctx, e)
	return nil
}

// Mails returns a page of the mails of a record, newest first. Everybody who is
// signed in may read them.
func (s *Service) Mails(ctx context.Context, actor mailstead.Actor, q mailstead.LinkedMailQuery) ([]mailstead.LinkedMail, error) {
	if err := actor.Require(mailstead.ScopeRead); err != nil {
		return nil, err
	}
	if err := checkLimit(q.Limit); err != nil {
		return nil, err
	}
	return s.c.Links.LinkedMails(ctx, q)
}

func (s *Service) linked(ctx context.Context, actor mailstead.Actor, record mailstead.RecordID, mail mailstead.LinkedMailID) (mailstead.LinkedMail, error) {
	if err := actor.Require(mailstead.ScopeRead); err != nil {
		return mailstead.LinkedMail{}, err
	}
	return s.c.Links.LinkedMail(ctx, record, mail)
}

// Raw returns the bytes of a mail of a record.
func (s *Service) Raw(ctx context.Context, actor mailstead.Actor, record mailstead.RecordID, mail mailstead.LinkedMailID) ([]byte, error) {
	m, err := s.linked(ctx, actor, record, mail)
	if err != nil {
		return nil, err
	}
	return s.c.Blobs.Get(ctx, m.Blob)
}

// Open reads a mail of a record for showing.
func (s *Service) Open(ctx context.Context, actor mailstead.Actor, record mailstead.RecordID, mail mailstead.LinkedMailID) (Opened, error) {
	m, err := s.linked(ctx, actor, record, mail)
	if err != nil {
		return Opened{}, err
	}
	o := Opened{Linked: m}
	if m.State == mailstead.MessageQuarantined {
		return o, nil
	}
	data, err := s.c.Blobs.Get(ctx, m.Blob)
	if err != nil {
		return Opened{}, err
	}
	if o.Mail, err = message.Read(data); err != nil {
		o.Mail, o.Linked.Defect = nil, "The body of this mail cannot be read."
	}
	return o, nil
}

const (
	// sweepBatch is how many links one step forgets.
	sweepBatch = 200
	// sweepEvery is how often it is looked for links to forget.
	sweepEvery = time.Hour
)

// Sweep forgets the links that were removed too long ago to be made again, and the
// mails that no record has any more.
func (s *Service) Sweep(ctx context.Context) error {
	for {
		more, err := s.c.Links.SweepLinks(ctx, s.c.Now().Add(-mailstead.UnlinkUndo), sweepBatch)
		if err != nil || !more {
			return err
		}
	}
}

// KeepSweeping sweeps now and every hour, until ctx ends.
func (s *Service) KeepSweeping(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.c.Logger.LogAttrs(ctx, slog.LevelError, "unlinked mails were not forgotten", slog.Any("err", err))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
