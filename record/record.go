// Package record is the journey of records: what the business application keeps, such
// as requests and contacts, with the mails that belong to them.
//
//  1. Administrators keep the types of records. The business application writes its
//     records by their keys; users make records by name where the type allows it.
//  2. A user links a mail that he may read. The mail is copied out of its mailbox in
//     the same step: from now on it stands on the record, whatever happens to it on
//     the server, and to its account.
//  3. Everybody who is signed in may read it there. Linking is sharing.
//  4. Who linked it, who may read it in its mailbox, and administrators take it away
//     again. For a day the same person can undo that; then the mail is forgotten,
//     unless another record has it.
package record

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/message"
)

// Store is what the journey keeps. Its methods are those of store.DB.
type Store interface {
	RecordTypes(ctx context.Context) ([]mailstead.RecordType, error)
	PutRecordType(ctx context.Context, t mailstead.RecordType, audit mailstead.AuditEntry) error
	DeleteRecordType(ctx context.Context, key string, audit mailstead.AuditEntry) error
	Records(ctx context.Context, q mailstead.RecordQuery) ([]mailstead.Record, error)
	Record(ctx context.Context, id mailstead.RecordID) (mailstead.Record, error)
	RecordByKey(ctx context.Context, recordType, key string) (mailstead.Record, error)
	PutRecord(ctx context.Context, r *mailstead.Record) error
	DeleteRecord(ctx context.Context, id mailstead.RecordID, audit mailstead.AuditEntry) error
}

// Links is what the journey keeps of mails.
type Links interface {
	Links(ctx context.Context, blob mailstead.BlobHash) ([]mailstead.Link, error)
	LinkedMails(ctx context.Context, q mailstead.LinkedMailQuery) ([]mailstead.LinkedMail, error)
	LinkedMail(ctx context.Context, record mailstead.RecordID, id mailstead.LinkedMailID) (mailstead.LinkedMail, error)
	LinkMail(ctx context.Context, l mailstead.Linking) (mailstead.LinkedMailID, error)
	UnlinkMail(ctx context.Context, u mailstead.Unlinking) error
	SweepLinks(ctx context.Context, before time.Time, n int) (more bool, err error)
}

// Shelf is where mails lie in their mailboxes.
type Shelf interface {
	AccountFor(ctx context.Context, id mailstead.AccountID, user mailstead.UserID) (mailstead.Account, []mailstead.Assignment, error)
	Message(ctx context.Context, id mailstead.MessageID) (mailstead.Message, error)
}

// Blobs has the bytes of mails.
type Blobs interface {
	Get(ctx context.Context, ref mailstead.BlobRef) ([]byte, error)
}

// Config wires a Service. Every field is needed.
type Config struct {
	Store  Store
	Links  Links
	Shelf  Shelf
	Blobs  Blobs
	Now    func() time.Time
	Logger *slog.Logger
}

// Service is the journey. It is safe for use by many goroutines.
type Service struct{ c Config }

// New returns a journey.
func New(c Config) *Service { return &Service{c: c} }

// Viewed is a record with its type and its address in the business application.
type Viewed struct {
	mailstead.Record
	TypeName string
	Address  string
}

// maxPage bounds a page.
const maxPage = mailstead.MaxPage + 1

func checkLimit(n int) error {
	if n < 1 || n > maxPage {
		return mailstead.Invalid("limit", "input.limit", "A page has 1 to 200 items.")
	}
	return nil
}

// Types lists the types of records. Everybody who is signed in may know them.
func (s *Service) Types(ctx context.Context, actor mailstead.Actor) ([]mailstead.RecordType, error) {
	if err := actor.Require(mailstead.ScopeRead); err != nil {
		return nil, err
	}
	return s.c.Store.RecordTypes(ctx)
}

// recordType returns the type with this key.
func (s *Service) recordType(ctx context.Context, key string) (mailstead.RecordType, error) {
	list, err := s.c.Store.RecordTypes(ctx)
	if err != nil {
		return mailstead.RecordType{}, err
	}
	i := slices.IndexFunc(list, func(t mailstead.RecordType) bool { return t.Key == key })
	if i < 0 {
		return mailstead.RecordType{}, mailstead.NotFound("record_type")
	}
	return list[i], nil
}

// PutType makes a type, or changes the one with its key.
func (s *Service) PutType(ctx context.Context, actor mailstead.Actor, t mailstead.RecordType) (mailstead.RecordType, error) {
	if err := actor.RequireAdmin(); err != nil {
		return t, err
	}
	if err := t.Validate(); err != nil {
		return t, err
	}
	var was *mailstead.RecordType
	switch old, err := s.recordType(ctx, t.Key); {
	case err == nil:
		was = &old
	case mailstead.KindOf(err) != mailstead.KindNotFound:
		return t, err
	}
	e := actor.Audit(mailstead.AuditRecordTypePut, t.AuditObject(), mailstead.AuditChanges(was, &t))
	if was != nil && len(e.Changes) == 0 {
		return t, nil
	}
	if err := s.c.Store.PutRecordType(ctx, t, e); err != nil {
		return t, err
	}
	s.did(ctx, e)
	return t, nil
}

// DeleteType removes a type that no record has.
func (s *Service) DeleteType(ctx context.Context, actor mailstead.Actor, key string) error {
	if err := actor.RequireAdmin(); err != nil {
		return err
	}
	t, err := s.recordType(ctx, key)
	if err != nil {
		return err
	}
	e := actor.Audit(mailstead.AuditRecordTypeDelete, t.AuditObject(), mailstead.AuditChanges(&t, nil))
	if err := s.c.Store.DeleteRecordType(ctx, key, e); err != nil {
		return err
	}
	s.did(ctx, e)
	return nil
}

// Records lists records by name. Everybody who is signed in finds them.
func (s *Service) Records(ctx context.Context, actor mailstead.Actor, q mailstead.RecordQuery) ([]Viewed, error) {
	if err := actor.Require(mailstead.ScopeRead); err != nil {
		return nil, err
	}
	if err := checkLimit(q.Limit); err != nil {
		return nil, err
	}
	list, err := s.c.Store.Records(ctx, q)
	if err != nil {
		return nil, err
	}
	return s.view(ctx, list...)
}

// view tells of the records what their types say.
func (s *Service) view(ctx context.Context, list ...mailstead.Record) ([]Viewed, error) {
	all, err := s.c.Store.RecordTypes(ctx)
	if err != nil {
		return nil, err
	}
	types := make(map[string]*mailstead.RecordType, len(all))
	for i := range all {
		types[all[i].Key] = &all[i]
	}
	out := make([]Viewed, len(list))
	for i := range list {
		out[i].Record = list[i]
		t := types[list[i].Type]
		if t != nil {
			out[i].TypeName = t.Name
		}
		out[i].Address = out[i].Record.Address(t)
	}
	return out, nil
}

func (s *Service) viewOne(ctx context.Context, r mailstead.Record, err error) (Viewed, error) {
	if err != nil {
		return Viewed{}, err
	}
	list, err := s.view(ctx, r)
	if err != nil {
		return Viewed{}, err
	}
	return list[0], nil
}

// Record returns one record.
func (s *Service) Record(ctx context.Context, actor mailstead.Actor, id mailstead.RecordID) (Viewed, error) {
	if err := actor.Require(mailstead.ScopeRead); err != nil {
		return Viewed{}, err
	}
	r, err := s.c.Store.Record(ctx, id)
	return s.viewOne(ctx, r, err)
}

// RecordByKey returns the record that the business application calls so.
func (s *Service) RecordByKey(ctx context.Context, actor mailstead.Actor, recordType, key string) (Viewed, error) {
	if err := actor.Require(mailstead.ScopeRead); err != nil {
		return Viewed{}, err
	}
	r, err := s.c.Store.RecordByKey(ctx, recordType, key)
	return s.viewOne(ctx, r, err)
}

// Put writes a record of the business application by its key, new or not. Doing it
// twice is doing it once. For administrators, as whom business applications act.
func (s *Service) Put(ctx context.Context, actor mailstead.Actor, r mailstead.Record) (Viewed, error) {
	if err := actor.RequireAdmin(); err != nil {
		return Viewed{}, err
	}
	if r.Key == "" {
		return Viewed{}, mailstead.Invalid("key", "input.record_key", "A key is needed: what the business application calls the record.")
	}
	r.ID, r.CreatedAt = 0, time.Time{}
	if err := r.Validate(); err != nil {
		return Viewed{}, err
	}
	err := s.c.Store.PutRecord(ctx, &r)
	return s.viewOne(ctx, r, err)
}

// Create makes a record by name, without a key. Users may where the type is linked
// by hand, administrators everywhere.
func (s *Service) Create(ctx context.Context, actor mailstead.Actor, recordType, name string) (Viewed, error) {
	if err := s.byHand(ctx, actor, recordType); err != nil {
		return Viewed{}, err
	}
	r := mailstead.Record{Type: recordType, Name: name}
	if err := r.Validate(); err != nil {
		return Viewed{}, err
	}
	err := s.c.Store.PutRecord(ctx, &r)
	return s.viewOne(ctx, r, err)
}

// byHand returns nil when the actor may make records of the type and link mails to
// them.
func (s *Service) byHand(ctx context.Context, actor mailstead.Actor, recordType string) error {
	if err := actor.Require(mailstead.ScopeRead); err != nil {
		return err
	}
	t, err := s.recordType(ctx, recordType)
	if err != nil {
		return err
	}
	if !t.LinkByHand && !actor.IsAdmin() {
		return &mailstead.Error{
			Kind: mailstead.KindForbidden, Code: "record_type.not_by_hand",
			Text: "Mails are not linked by hand to records of this type: an administrator decides that.",
		}
	}
	return nil
}

// Delete removes a record that no mail is linked to.
func (s *Service) Delete(ctx context.Context, actor mailstead.Actor, id mailstead.RecordID) error {
	if err := actor.RequireAdmin(); err != nil {
		return err
	}
	r, err := s.c.Store.Record(ctx, id)
	if err != nil {
		return err
	}
	e := actor.Audit(mailstead.AuditRecordDelete, r.AuditObject(), mailstead.AuditChanges(&r, nil))
	if err := s.c.Store.DeleteRecord(ctx, id, e); err != nil {
		return err
	}
	s.did(ctx, e)
	return nil
}

// did writes to the log what the audit tells, but for names.
func (s *Service) did(ctx context.Context, e mailstead.AuditEntry) {
	s.c.Logger.LogAttrs(ctx, slog.LevelInfo, "administration", slog.String("action", string(e.Action)), slog.String("object_kind", string(e.Object.Kind)),
		slog.String("object_id", e.Object.ID), slog.Int64("actor_id", int64(e.ActorID)))
}

// Opened is a linked mail with everything that a reader shows.
type Opened struct {
	Linked mailstead.LinkedMail
	// Mail is nil when the bytes cannot be read.
	Mail *message.Mail
}
