package storetest

import (
	"testing"
	"time"

	"github.com/mailstead/mailstead"
)

// record stores a record of the business application.
func (k *kit) record(recordType, key, name string) *mailstead.Record {
	k.t.Helper()
	r := &mailstead.Record{Type: recordType, Key: key, Name: name}
	k.ok(k.db.PutRecord(k.t.Context(), r))
	return r
}

// linkMail links a message by hand.
func (k *kit) linkMail(r *mailstead.Record, m mailstead.MessageID, by mailstead.UserID) mailstead.LinkedMailID {
	k.t.Helper()
	id, err := k.db.LinkMail(k.t.Context(), linking(r, m, by))
	k.ok(err)
	return id
}

func linking(r *mailstead.Record, m mailstead.MessageID, by mailstead.UserID) mailstead.Linking {
	return mailstead.Linking{Record: r.ID, Message: m, Reason: mailstead.LinkByHand, By: by, At: start, Audit: linkAudit(r)}
}

func linkAudit(r *mailstead.Record) mailstead.AuditEntry {
	return mailstead.AuditEntry{Action: mailstead.AuditMailLink, Object: r.AuditObject()}
}

func unlinking(r *mailstead.Record, m mailstead.LinkedMailID, by mailstead.UserID, at time.Time) mailstead.Unlinking {
	return mailstead.Unlinking{
		Record: r.ID, Mail: m, By: by, At: at, Audit: mailstead.AuditEntry{Action: mailstead.AuditMailUnlink, Object: r.AuditObject()},
	}
}

// mailsOf returns the subjects of the mails of a record.
func (k *kit) mailsOf(r *mailstead.Record) []string {
	k.t.Helper()
	list, err := k.db.LinkedMails(k.t.Context(), mailstead.LinkedMailQuery{Record: r.ID, Limit: 100})
	k.ok(err)
	var out []string
	for _, m := range list {
		out = append(out, m.Subject)
	}
	return out
}

func names(list []mailstead.Record) []string {
	var out []string
	for _, r := range list {
		out = append(out, r.Name)
	}
	return out
}

var recordTests = map[string]func(*testing.T, *kit){
	"three types of records are there, others come and go": func(t *testing.T, k *kit) {
		ctx := t.Context()
		list, err := k.db.RecordTypes(ctx)
		k.ok(err)
		k.same("types", list, []mailstead.RecordType{
			{Key: "company", Name: "Company", LinkByHand: true},
			{Key: "contact", Name: "Contact", LinkByHand: true},
			{Key: "request", Name: "Request", LinkByHand: true},
		})
		order := mailstead.RecordType{Key: "order", Name: "Order", URL: "https://crm.example.com/{key}", LinkByHand: true}
		k.ok(k.db.PutRecordType(ctx, order, audited))
		order.Name, order.LinkByHand = "Sale", false
		k.ok(k.db.PutRecordType(ctx, order, audited))
		k.fails(k.db.PutRecordType(ctx, order, mailstead.AuditEntry{}), mailstead.KindInternal, "internal")
		list, err = k.db.RecordTypes(ctx)
		k.ok(err)
		k.same("changed type", list[3], order)
		r := k.record("order", "7", "Seven")
		k.record("order", "8", "Eight")
		err = k.db.DeleteRecordType(ctx, "order", audited)
		k.fails(err, mailstead.KindConflict, "record_type.in_use")
		k.same("how many", err.Error(), "delete type of records: 2 records have this type: delete them first.")
		k.ok(k.db.DeleteRecord(ctx, r.ID, audited))
		k.missing(k.db.DeleteRecord(ctx, r.ID, audited), "record")
		k.missing(k.db.DeleteRecordType(ctx, "none", audited), "record_type")
		k.missing(k.db.PutRecord(ctx, &mailstead.Record{Type: "none", Name: "x"}), "record_type")
		k.ok(k.db.DeleteRecordType(ctx, "company", audited))
	},
	"a record is written by its key as often as one likes": func(t *testing.T, k *kit) {
		ctx := t.Context()
		r := k.record("request", "R-1", "Broken heating")
		k.same("made", *r, mailstead.Record{ID: r.ID, Type: "request", Key: "R-1", Name: "Broken heating", CreatedAt: start})
		again := k.record("request", "R-1", "Heating works")
		k.same("the same record", again.ID, r.ID)
		k.same("another type", k.record("contact", "R-1", "Bruno").ID == r.ID, false)
		twin, other := k.record("request", "", "Twin"), k.record("request", "", "Twin")
		k.same("records without keys are others", twin.ID == other.ID, false)
		got, err := k.db.RecordByKey(ctx, "request", "R-1")
		k.ok(err)
		k.same("found by key", got, *again)
		got, err = k.db.Record(ctx, r.ID)
		k.ok(err)
		k.same("found by id", got, *again)
		_, err = k.db.RecordByKey(ctx, "request", "")
		k.missing(err, "record")
		_, err = k.db.Record(ctx, 99)
		k.missing(err, "record")
		list, err := k.db.Records(ctx, mailstead.RecordQuery{Text: "broken", Limit: 10})
		k.ok(err)
		k.same("found by a word that it had", len(list), 0)
	},
	"records are found by type and by the beginnings of words": func(t *testing.T, k *kit) {
		ctx := t.Context()
		for _, r := range []mailstead.Record{
			{Type: "request", Key: "R-10", Name: "Zürich office"},
			{Type: "contact", Key: "C-10", Name: "Anna Bauer"},
			{Type: "contact", Key: "C-11", Name: "anna Albers"},
			{Type: "company", Key: "F-1", Name: "Albers & Sons"},
		} {
			k.record(r.Type, r.Key, r.Name)
		}
		for _, c := range []struct {
			q    mailstead.RecordQuery
			want []string
		}{
			{mailstead.RecordQuery{}, []string{"Albers & Sons", "anna Albers", "Anna Bauer", "Zürich office"}},
			{mailstead.RecordQuery{Type: "contact"}, []string{"anna Albers", "Anna Bauer"}},
			{mailstead.RecordQuery{Text: "zur"}, []string{"Zürich office"}},
			{mailstead.RecordQuery{Text: "alb ann"}, []string{"anna Albers"}},
			{mailstead.RecordQuery{Text: "c-10"}, []string{"Anna Bauer"}},
			{mailstead.RecordQuery{Text: "alb", Type: "company"}, []string{"Albers & Sons"}},
			{mailstead.RecordQuery{Text: "!"}, nil},
			{mailstead.RecordQuery{Type: "none"}, nil},
		} {
			c.q.Limit = 10
			list, err := k.db.Records(ctx, c.q)
			k.ok(err)
			k.same(c.q.Type+" "+c.q.Text, names(list), c.want)
		}
		q := mailstead.RecordQuery{Limit: 3}
		list, err := k.db.Records(ctx, q)
		k.ok(err)
		q.After = mailstead.RecordPosition{Name: list[2].NameKey(), ID: list[2].ID}
		list, err = k.db.Records(ctx, q)
		k.ok(err)
		k.same("second page", names(list), []string{"Zürich office"})
	},
	"a linked mail stands on its records, newest first, and knows who linked it": func(t *testing.T, k *kit) {
		ctx := t.Context()
		u := k.user("anna")
		f := k.inbox()
		ids := k.load(f, mail(1, "one"), mail(2, "two"), mail(3, "three"))
		r, other := k.record("request", "R-1", "Heating"), k.record("contact", "C-1", "Bruno")
		first := k.linkMail(r, ids[0], u.ID)
		k.same("linked twice", k.linkMail(r, ids[0], 0), first)
		k.linkMail(r, ids[2], 0)
		k.same("the same mail on another record", k.linkMail(other, ids[0], u.ID), first)
		k.same("mails", k.mailsOf(r), []string{"three", "one"})
		page, err := k.db.LinkedMails(ctx, mailstead.LinkedMailQuery{Record: r.ID, Limit: 1})
		k.ok(err)
		page, err = k.db.LinkedMails(ctx, mailstead.LinkedMailQuery{Record: r.ID, Limit: 1, ReceivedAt: page[0].ReceivedAt, Before: page[0].ID})
		k.ok(err)
		k.same("second page", page[0].Subject, "one")
		m, err := k.db.Message(ctx, ids[0])
		k.ok(err)
		got, err := k.db.LinkedMail(ctx, r.ID, first)
		k.ok(err)
		k.same("linked mail", got, mailstead.LinkedMail{
			ID: first, Mailbox: got.Mailbox, AccountID: f.AccountID, ReceivedAt: m.ReceivedAt, Size: m.Size, Blob: m.Blob, Headers: m.Headers,
			Snippet: m.Snippet, HasAttachments: m.HasAttachments, State: m.State, Defect: m.Defect,
			Reason: mailstead.LinkByHand, By: u.ID, ByName: "anna", At: start,
		})
		if got.Mailbox == "" {
			t.Error("got no address of the mailbox")
		}
		links, err := k.db.Links(ctx, m.Blob.Hash)
		k.ok(err)
		k.same("links", len(links), 2)
		k.same("record of the link", links[0].Record.Name+" "+links[0].ByName, "Bruno anna")
		k.same("mails counted", links[1].Record.Mails, 2)
		entries, err := k.db.Audit(ctx, mailstead.AuditQuery{Action: mailstead.AuditMailLink, Limit: 10})
		k.ok(err)
		k.same("entries", len(entries), 3)
		_, err = k.db.LinkedMails(ctx, mailstead.LinkedMailQuery{Record: 99, Limit: 1})
		k.missing(err, "record")
		_, err = k.db.LinkedMail(ctx, other.ID, 99)
		k.missing(err, "mail")
		_, err = k.db.LinkMail(ctx, linking(&mailstead.Record{ID: 99}, ids[0], 0))
		k.missing(err, "record")
		_, err = k.db.LinkMail(ctx, linking(r, 99, 0))
		k.missing(err, "message")
		k.fails(k.db.DeleteRecord(ctx, other.ID, audited), mailstead.KindConflict, "record.in_use")
	},
	"a mail without its bytes is not linked": func(t *testing.T, k *kit) {
		f := k.inbox()
		large := mail(1, "large")
		large.Blob = mailstead.BlobRef{}
		_, err := k.db.LinkMail(t.Context(), linking(k.record("request", "", "x"), k.load(f, large)[0], 0))
		k.missing(err, "message")
	},
	"what happens in the mailbox leaves a linked mail on its record": func(t *testing.T, k *kit) {
		ctx := t.Context()
		f := k.inbox()
		ids := k.load(f, mail(1, "one"), mail(2, "two"))
		r := k.record("request", "R-1", "Heating")
		linked := k.linkMail(r, ids[0], 0)
		_, err := k.db.ApplySync(ctx, mailstead.SyncBatch{AccountID: f.AccountID, FolderID: f.ID, Removed: []mailstead.UID{1}, RemoteTotal: 1, At: start})
		k.ok(err)
		_, err = k.db.Message(ctx, ids[0])
		k.missing(err, "message")
		k.same("after an expunge", k.mailsOf(r), []string{"one"})
		// The same bytes come back in another place, as they do when a mail is moved.
		moved := mail(7, "one")
		back := k.load(f, moved)[0]
		k.same("the moved mail is the linked one", k.linkMail(r, back, 0), linked)
		m, err := k.db.Message(ctx, back)
		k.ok(err)
		links, err := k.db.Links(ctx, m.Blob.Hash)
		k.ok(err)
		k.same("its links", len(links), 1)
		_, err = k.db.ApplySync(ctx, mailstead.SyncBatch{AccountID: f.AccountID, FolderID: f.ID, Reset: true, RemoteTotal: 0, At: start})
		k.ok(err)
		k.same("after a new generation of UIDs", k.mailsOf(r), []string{"one"})
	},
	"linked mail stays when its account is disconnected and purged": func(t *testing.T, k *kit) {
		ctx := t.Context()
		f := k.inbox()
		ids := k.load(f, mail(1, "one"), mail(2, "two"), mail(3, "three"))
		r := k.record("request", "R-1", "Heating")
		linked := k.linkMail(r, ids[0], 0)
		k.linkMail(k.record("contact", "", "Bruno"), ids[0], 0)
		h, err := k.db.AccountHoldings(ctx, f.AccountID)
		k.ok(err)
		k.same("holdings", h, mailstead.AccountHoldings{Messages: 3, Linked: 1})
		k.ok(k.db.RemoveAccount(ctx, removal(f.AccountID, start)))
		_, err = k.db.LinkMail(ctx, linking(r, ids[1], 0))
		k.missing(err, "message")
		k.same("while it is away", k.mailsOf(r), []string{"one"})
		_, err = k.db.RestoreAccount(ctx, restoring(f.AccountID, start))
		k.ok(err)
		k.same("linked again after it came back", k.linkMail(r, ids[0], 0), linked)
		k.same("no twin", k.mailsOf(r), []string{"one"})
		k.ok(k.db.RemoveAccount(ctx, removal(f.AccountID, start)))
		for more := true; more; {
			more, err = k.db.PurgeAccount(ctx, start.Add(time.Millisecond), 10, purged)
			k.ok(err)
		}
		got, err := k.db.LinkedMail(ctx, r.ID, linked)
		k.ok(err)
		if got.Subject != "one" || got.Blob.IsZero() || got.Mailbox == "" {
			t.Errorf("after the purge got %+v, want the mail with its bytes", got)
		}
	},
	"a mail that was taken away comes back within a day, by the same person": func(t *testing.T, k *kit) {
		ctx := t.Context()
		anna, bert := k.user("anna"), k.user("bert")
		f := k.inbox()
		ids := k.load(f, mail(1, "one"), mail(2, "two"))
		r, other := k.record("request", "R-1", "Heating"), k.record("contact", "", "Bruno")
		one, two := k.linkMail(r, ids[0], anna.ID), k.linkMail(r, ids[1], anna.ID)
		gone := start.Add(time.Hour)
		k.ok(k.db.UnlinkMail(ctx, unlinking(r, one, anna.ID, gone)))
		k.missing(k.db.UnlinkMail(ctx, unlinking(r, one, anna.ID, gone)), "mail")
		k.missing(k.db.UnlinkMail(ctx, unlinking(other, one, anna.ID, gone)), "mail")
		k.same("mails", k.mailsOf(r), []string{"two"})
		_, err := k.db.LinkedMail(ctx, r.ID, one)
		k.missing(err, "mail")
		put := func(m mailstead.LinkedMailID, to *mailstead.Record, by mailstead.UserID, since time.Time) error {
			_, err := k.db.LinkMail(ctx, mailstead.Linking{
				Record: to.ID, Mail: m, Since: since, Reason: mailstead.LinkByHand, By: by, At: gone, Audit: linkAudit(to),
			})
			return err
		}
		again := func(to *mailstead.Record, by mailstead.UserID, since time.Time) error { return put(one, to, by, since) }
		k.missing(again(r, bert.ID, start), "mail")
		k.missing(again(other, anna.ID, start), "mail")
		k.missing(again(r, anna.ID, gone.Add(time.Millisecond)), "mail")
		k.ok(again(r, anna.ID, start))
		k.same("mails after the undo", k.mailsOf(r), []string{"two", "one"})
		k.ok(again(other, bert.ID, start))
		k.ok(k.db.UnlinkMail(ctx, unlinking(r, one, anna.ID, gone)))
		k.ok(k.db.UnlinkMail(ctx, unlinking(r, two, anna.ID, gone)))
		more, err := k.db.SweepLinks(ctx, gone, 10)
		k.ok(err)
		k.same("more before its time", more, false)
		for steps := 0; ; steps++ {
			more, err := k.db.SweepLinks(ctx, gone.Add(time.Millisecond), 1)
			k.ok(err)
			if !more {
				k.same("steps", steps, 2)
				break
			}
		}
		k.missing(put(two, r, anna.ID, start), "mail")
		k.same("the other record's", k.mailsOf(other), []string{"one"})
		k.ok(k.db.DeleteRecord(ctx, r.ID, audited))
	},
	"a record goes with what was taken from it": func(t *testing.T, k *kit) {
		ctx := t.Context()
		f := k.inbox()
		r := k.record("request", "R-1", "Heating")
		m := k.linkMail(r, k.load(f, mail(1, "one"))[0], 0)
		k.ok(k.db.UnlinkMail(ctx, unlinking(r, m, 0, start)))
		k.ok(k.db.DeleteRecord(ctx, r.ID, audited))
		_, err := k.db.Record(ctx, r.ID)
		k.missing(err, "record")
	},
}
