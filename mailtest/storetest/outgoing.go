package storetest

import (
	"testing"
	"time"

	"github.com/mailstead/mailstead"
)

var outgoingTests = map[string]func(*testing.T, *kit){
	"a submitted mail comes back as it was": func(t *testing.T, k *kit) {
		ctx := t.Context()
		u, a := k.user("anna"), k.account("a", 0)
		m := outgoing(a.ID, u.ID, "key")
		m.Recipients = append(m.Recipients, mailstead.Recipient{Address: "c@example.com", State: mailstead.OutgoingRejected, Code: "x", Reply: "550 'no'"})
		m.ParentID, m.SentCopy = 5, mailstead.SentCopyPending
		m.Reason.PassedOver = []mailstead.PassedOver{{SenderCandidate: mailstead.SenderCandidate{AccountID: 3, Level: mailstead.LevelUser}, Why: mailstead.PassDisabled}}
		want := *m
		existed, err := k.db.SubmitOutgoing(ctx, m)
		k.ok(err)
		k.same("existed", existed, false)
		want.ID, want.CreatedAt = m.ID, start
		k.same("submitted", *m, want)
		got, attempts, err := k.db.Outgoing(ctx, m.ID)
		k.ok(err)
		k.same("stored", got, want)
		k.same("attempts", len(attempts), 0)
		e := k.events(0)[0]
		k.same("event", e, mailstead.Event{
			ID: e.ID, At: start, Type: mailstead.EventOutgoing, AccountID: a.ID, UserID: u.ID,
			Data: []byte(`{"outgoing_id":` + m.ID.String() + `,"state":"queued"}`),
		})
		known, err := k.db.KnownBlobs(ctx, []mailstead.BlobHash{m.Blob.Hash})
		k.ok(err)
		k.same("blob", known[m.Blob.Hash], m.Blob)
	},
	"the same key of the same user is one mail": func(t *testing.T, k *kit) {
		ctx := t.Context()
		u, a := k.user("anna"), k.account("a", 0)
		first := outgoing(a.ID, u.ID, "key")
		_, err := k.db.SubmitOutgoing(ctx, first)
		k.ok(err)
		before := k.lastEvent()
		again := outgoing(a.ID, u.ID, "key")
		again.Subject = "Another"
		existed, err := k.db.SubmitOutgoing(ctx, again)
		k.ok(err)
		k.same("existed", existed, true)
		k.same("loaded", again, first)
		k.same("newest event", k.lastEvent(), before)
		for _, other := range []*mailstead.OutgoingMessage{outgoing(a.ID, 0, "key"), outgoing(a.ID, u.ID, "other"), outgoing(a.ID, u.ID, ""), outgoing(a.ID, u.ID, "")} {
			existed, err := k.db.SubmitOutgoing(ctx, other)
			k.ok(err)
			k.same("existed", existed, false)
		}
		list, err := k.db.OutgoingList(ctx, mailstead.OutgoingQuery{})
		k.ok(err)
		k.same("mails", len(list), 5)
	},
	"a repetition finds its mail when the account is gone": func(t *testing.T, k *kit) {
		ctx := t.Context()
		a := k.account("a", 0)
		m := outgoing(a.ID, 0, "key")
		m.State = mailstead.OutgoingAccepted
		_, err := k.db.SubmitOutgoing(ctx, m)
		k.ok(err)
		k.ok(k.db.RemoveAccount(ctx, mailstead.AccountRemoval{ID: a.ID, At: start, Audit: audited}))
		existed, err := k.db.SubmitOutgoing(ctx, outgoing(a.ID, 0, "key"))
		k.ok(err)
		k.same("existed", existed, true)
		_, err = k.db.SubmitOutgoing(ctx, outgoing(a.ID, 0, "other"))
		k.missing(err, "account")
		_, err = k.db.SubmitOutgoing(ctx, outgoing(99, 0, ""))
		k.missing(err, "account")
	},
	"the outbox is listed newest first": func(t *testing.T, k *kit) {
		ctx := t.Context()
		u, a, b := k.user("anna"), k.account("a", 0), k.account("b", 0)
		var all []mailstead.OutgoingID
		for i, m := range []*mailstead.OutgoingMessage{outgoing(a.ID, u.ID, ""), outgoing(b.ID, u.ID, ""), outgoing(a.ID, 0, ""), outgoing(b.ID, 0, "")} {
			if i%2 == 1 {
				m.State = mailstead.OutgoingHeld
			}
			_, err := k.db.SubmitOutgoing(ctx, m)
			k.ok(err)
			all = append(all, m.ID)
		}
		for name, c := range map[string]struct {
			q    mailstead.OutgoingQuery
			want []int
		}{
			"all":           {mailstead.OutgoingQuery{}, []int{3, 2, 1, 0}},
			"user":          {mailstead.OutgoingQuery{UserID: u.ID}, []int{1, 0}},
			"account":       {mailstead.OutgoingQuery{AccountID: a.ID}, []int{2, 0}},
			"state":         {mailstead.OutgoingQuery{States: []mailstead.OutgoingState{mailstead.OutgoingHeld, mailstead.OutgoingUnknown}}, []int{3, 1}},
			"second page":   {mailstead.OutgoingQuery{Before: all[2], Limit: 1}, []int{1}},
			"all of it":     {mailstead.OutgoingQuery{UserID: u.ID, AccountID: b.ID, States: []mailstead.OutgoingState{mailstead.OutgoingHeld}, Before: 99, Limit: 9}, []int{1}},
			"nothing there": {mailstead.OutgoingQuery{AccountID: 99}, nil},
		} {
			list, err := k.db.OutgoingList(ctx, c.q)
			k.ok(err)
			var got []mailstead.OutgoingID
			for _, m := range list {
				got = append(got, m.ID)
			}
			var want []mailstead.OutgoingID
			for _, i := range c.want {
				want = append(want, all[i])
			}
			k.same(name, got, want)
		}
	},
	"a mail changes only from the states that were expected": func(t *testing.T, k *kit) {
		ctx := t.Context()
		u, a := k.user("anna"), k.account("a", 0)
		m := outgoing(a.ID, u.ID, "")
		_, err := k.db.SubmitOutgoing(ctx, m)
		k.ok(err)
		before := k.lastEvent()
		m.State, m.DueAt, m.Code, m.Text, m.Action, m.Reply = mailstead.OutgoingCancelled, time.Time{}, "c", "t", "a", "r"
		k.fails(k.db.ChangeOutgoing(ctx, *m, mailstead.OutgoingHeld, mailstead.OutgoingUnknown), mailstead.KindConflict, "outgoing.state")
		k.fails(k.db.ChangeOutgoing(ctx, *m), mailstead.KindConflict, "outgoing.state")
		k.same("newest event", k.lastEvent(), before)
		k.ok(k.db.ChangeOutgoing(ctx, *m, mailstead.OutgoingHeld, mailstead.OutgoingQueued))
		k.same("mail", k.outgoing(m.ID), *m)
		events := k.events(before)
		k.same("data", string(events[0].Data), `{"outgoing_id":`+m.ID.String()+`,"state":"cancelled","code":"c"}`)
		k.same("event", []any{events[0].AccountID, events[0].UserID}, []any{a.ID, u.ID})
		m.ID = 99
		k.missing(k.db.ChangeOutgoing(ctx, *m, mailstead.OutgoingQueued), "outgoing")
		_, _, err = k.db.Outgoing(ctx, 99)
		k.missing(err, "outgoing")
	},
	"held mails are released together": func(t *testing.T, k *kit) {
		ctx := t.Context()
		a, b := k.account("a", 0), k.account("b", 0)
		var held []mailstead.OutgoingID
		for _, account := range []mailstead.AccountID{a.ID, a.ID, b.ID} {
			m := outgoing(account, 0, "")
			m.State, m.DueAt = mailstead.OutgoingHeld, time.Time{}
			_, err := k.db.SubmitOutgoing(ctx, m)
			k.ok(err)
			held = append(held, m.ID)
		}
		k.submit(a.ID)
		before := k.lastEvent()
		n, err := k.db.ReleaseHeld(ctx, a.ID, start.Add(time.Hour))
		k.ok(err)
		k.same("released", n, 2)
		k.same("events", types(k.events(before)), []mailstead.EventType{mailstead.EventOutgoing, mailstead.EventOutgoing})
		got := k.outgoing(held[0])
		k.same("state", []any{got.State, got.DueAt}, []any{mailstead.OutgoingQueued, start.Add(time.Hour)})
		k.same("state of the other account's", k.outgoing(held[2]).State, mailstead.OutgoingHeld)
		n, err = k.db.ReleaseHeld(ctx, a.ID, start)
		k.ok(err)
		k.same("released again", n, 0)
		_, err = k.db.ReleaseHeld(ctx, 99, start)
		k.missing(err, "account")
	},
	"an account with mails under way is in use": func(t *testing.T, k *kit) {
		ctx := t.Context()
		for state, free := range map[mailstead.OutgoingState]bool{
			mailstead.OutgoingQueued: false, mailstead.OutgoingHeld: false, mailstead.OutgoingSending: false, mailstead.OutgoingUnknown: false,
			mailstead.OutgoingAccepted: true, mailstead.OutgoingRejected: true, mailstead.OutgoingCancelled: true,
		} {
			a := k.account(string(state), 0)
			m := outgoing(a.ID, 0, "")
			m.State = state
			_, err := k.db.SubmitOutgoing(ctx, m)
			k.ok(err)
			if err := k.db.RemoveAccount(ctx, mailstead.AccountRemoval{ID: a.ID, At: start, Audit: audited}); free != (err == nil) {
				t.Errorf("%s: got %v, want it free: %v", state, err, free)
			}
		}
	},
}
