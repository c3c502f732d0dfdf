package api_test

import (
	"context"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/record"
)

type fakeRecords struct{ *fakes }

func fakeRecord(id mailstead.RecordID) record.Viewed {
	return record.Viewed{
		Record:   mailstead.Record{ID: id, Type: "request", Key: "R-1", Name: "Heating", Mails: 1, CreatedAt: noon},
		TypeName: "Request", Address: "https://crm.example.com/R-1",
	}
}

func fakeLinked(id mailstead.LinkedMailID) mailstead.LinkedMail {
	return mailstead.LinkedMail{
		ID: id, Mailbox: "anna@example.com", ReceivedAt: noon, Size: 10, Headers: mailstead.Headers{Subject: "Offer"},
		Reason: mailstead.LinkByHand, By: annaUser.ID, ByName: annaUser.Name, At: noon,
	}
}

func (f fakeRecords) Types(_ context.Context, actor mailstead.Actor) ([]mailstead.RecordType, error) {
	return []mailstead.RecordType{{Key: "request", Name: "Request", LinkByHand: true}}, f.note(actor)
}

func (f fakeRecords) PutType(_ context.Context, actor mailstead.Actor, t mailstead.RecordType) (mailstead.RecordType, error) {
	return t, f.note(actor)
}

func (f fakeRecords) DeleteType(_ context.Context, actor mailstead.Actor, _ string) error {
	return f.note(actor)
}

func (f fakeRecords) Records(_ context.Context, actor mailstead.Actor, q mailstead.RecordQuery) ([]record.Viewed, error) {
	var out []record.Viewed
	for i := range min(q.Limit, 5) {
		out = append(out, fakeRecord(q.After.ID+mailstead.RecordID(i)+1))
	}
	return out, f.note(actor)
}

func (f fakeRecords) Record(_ context.Context, actor mailstead.Actor, id mailstead.RecordID) (record.Viewed, error) {
	return fakeRecord(id), f.note(actor)
}

func (f fakeRecords) RecordByKey(_ context.Context, actor mailstead.Actor, _, _ string) (record.Viewed, error) {
	return fakeRecord(1), f.note(actor)
}

func (f fakeRecords) Put(_ context.Context, actor mailstead.Actor, _ mailstead.Record) (record.Viewed, error) {
	return fakeRecord(1), f.note(actor)
}

func (f fakeRecords) Create(_ context.Context, actor mailstead.Actor, _, _ string) (record.Viewed, error) {
	return fakeRecord(1), f.note(actor)
}

func (f fakeRecords) Delete(_ context.Context, actor mailstead.Actor, _ mailstead.RecordID) error {
	return f.note(actor)
}

func (f fakeRecords) LinksOf(_ context.Context, actor mailstead.Actor, _ mailstead.MessageID) ([]mailstead.Link, error) {
	return []mailstead.Link{{Record: fakeRecord(1).Record, Mail: 31, Reason: mailstead.LinkByHand, By: annaUser.ID, At: noon}}, f.note(actor)
}

func (f fakeRecords) Link(_ context.Context, actor mailstead.Actor, _ mailstead.MessageID, id mailstead.RecordID) (mailstead.Link, error) {
	return mailstead.Link{Record: fakeRecord(id).Record, Mail: 31, Reason: mailstead.LinkByHand, By: annaUser.ID, At: noon}, f.note(actor)
}

func (f fakeRecords) LinkAgain(_ context.Context, actor mailstead.Actor, _ mailstead.RecordID, id mailstead.LinkedMailID) (mailstead.LinkedMail, error) {
	return fakeLinked(id), f.note(actor)
}

func (f fakeRecords) UnlinkMessage(_ context.Context, actor mailstead.Actor, _ mailstead.MessageID, _ mailstead.RecordID) error {
	return f.note(actor)
}

func (f fakeRecords) Unlink(_ context.Context, actor mailstead.Actor, _ mailstead.RecordID, _ mailstead.LinkedMailID) error {
	return f.note(actor)
}

func (f fakeRecords) Mails(_ context.Context, actor mailstead.Actor, q mailstead.LinkedMailQuery) ([]mailstead.LinkedMail, error) {
	var out []mailstead.LinkedMail
	for i := range min(q.Limit, 5) {
		out = append(out, fakeLinked(mailstead.LinkedMailID(100-i)))
	}
	return out, f.note(actor)
}

func (f fakeRecords) Open(_ context.Context, actor mailstead.Actor, _ mailstead.RecordID, id mailstead.LinkedMailID) (record.Opened, error) {
	return record.Opened{Linked: fakeLinked(id), Mail: f.opened.Mail}, f.note(actor)
}

func (f fakeRecords) Raw(_ context.Context, actor mailstead.Actor, _ mailstead.RecordID, _ mailstead.LinkedMailID) ([]byte, error) {
	return []byte(rightsMail), f.note(actor)
}
