package storetest

import (
	"testing"
	"time"

	"github.com/mailstead/mailstead"
)

var deliveryTests = map[string]func(*testing.T, *kit){
	"accounts with due mails come longest waiting first": func(t *testing.T, k *kit) {
		ctx := t.Context()
		late, early, future, gone := k.account("late", 0), k.account("early", 0), k.account("future", 0), k.account("gone", 0)
		k.account("idle", 0)
		for _, c := range []struct {
			account mailstead.AccountID
			state   mailstead.OutgoingState
			due     time.Time
		}{
			{late.ID, mailstead.OutgoingQueued, start},
			{late.ID, mailstead.OutgoingQueued, start.Add(time.Hour)},
			{early.ID, mailstead.OutgoingQueued, start.Add(-time.Hour)},
			{future.ID, mailstead.OutgoingQueued, start.Add(1 * time.Second)},
			{future.ID, mailstead.OutgoingHeld, start.Add(-time.Hour)},
			{gone.ID, mailstead.OutgoingRejected, start},
		} {
			m := outgoing(c.account, 0, "")
			m.State, m.DueAt = c.state, c.due
			_, err := k.db.SubmitOutgoing(ctx, m)
			k.ok(err)
		}
		k.ok(k.db.RemoveAccount(ctx, mailstead.AccountRemoval{ID: gone.ID, At: start, Audit: audited}))
		got, err := k.db.DueOutgoingAccounts(ctx, start, 10)
		k.ok(err)
		k.same("accounts", got, []mailstead.AccountID{early.ID, late.ID})
		got, err = k.db.DueOutgoingAccounts(ctx, start, 1)
		k.ok(err)
		k.same("one account", got, []mailstead.AccountID{early.ID})
	},
	"a claimed mail is sending and nobody else's": func(t *testing.T, k *kit) {
		ctx := t.Context()
		a, b := k.account("a", 0), k.account("b", 0)
		second, first := outgoing(a.ID, 0, ""), outgoing(a.ID, 0, "")
		first.DueAt = start.Add(-time.Minute)
		future := outgoing(a.ID, 0, "")
		future.DueAt = start.Add(time.Minute)
		for _, m := range []*mailstead.OutgoingMessage{second, first, future, outgoing(b.ID, 0, "")} {
			_, err := k.db.SubmitOutgoing(ctx, m)
			k.ok(err)
		}
		before := k.lastEvent()
		got, err := k.db.ClaimOutgoing(ctx, a.ID, start, 1)
		k.ok(err)
		want := *first
		want.State, want.Attempts = mailstead.OutgoingSending, 1
		k.same("claimed", got, []mailstead.OutgoingMessage{want})
		k.same("stored", k.outgoing(first.ID), want)
		got, err = k.db.ClaimOutgoing(ctx, a.ID, start, 10)
		k.ok(err)
		k.same("rest", []any{len(got), got[0].ID}, []any{1, second.ID})
		got, err = k.db.ClaimOutgoing(ctx, a.ID, start, 10)
		k.ok(err)
		k.same("nothing", len(got), 0)
		k.same("newest event", k.lastEvent(), before)
	},
	"an attempt is finished once": func(t *testing.T, k *kit) {
		ctx := t.Context()
		a := k.account("a", 0)
		k.submit(a.ID)
		m := k.claim(a.ID)
		k.ok(k.db.MarkBodyComplete(ctx, m.ID, 1))
		k.same("body complete", k.outgoing(m.ID).BodyComplete, true)
		before := k.lastEvent()
		m.BodyComplete = true
		m.State, m.DueAt, m.AcceptedAt = mailstead.OutgoingAccepted, time.Time{}, start.Add(time.Minute)
		m.Reply, m.SentCopy, m.SentCopyDueAt, m.SentCopyAttempts = "250 'ok' ?", mailstead.SentCopyPending, start.Add(time.Hour), 2
		m.Recipients[0].State = mailstead.OutgoingAccepted
		at := mailstead.Attempt{OutgoingID: m.ID, Number: 1, StartedAt: start, EndedAt: start.Add(time.Second), State: mailstead.OutgoingAccepted, Code: "c", Reply: "250 ok"}
		k.ok(k.db.FinishAttempt(ctx, m, at))
		got, attempts, err := k.db.Outgoing(ctx, m.ID)
		k.ok(err)
		k.same("mail", got, m)
		k.same("attempts", attempts, []mailstead.Attempt{at})
		k.same("events", types(k.events(before)), []mailstead.EventType{mailstead.EventOutgoing})
		k.fails(k.db.FinishAttempt(ctx, m, at), mailstead.KindConflict, "outgoing.state")
		k.same("events", len(k.events(before)), 1)
	},
	"only the present attempt may go on": func(t *testing.T, k *kit) {
		ctx := t.Context()
		a := k.account("a", 0)
		k.submit(a.ID)
		old := k.claim(a.ID)
		k.ok(k.db.MarkBodyComplete(ctx, old.ID, 1))
		again := old
		again.State, again.DueAt = mailstead.OutgoingQueued, start
		k.ok(k.db.FinishAttempt(ctx, again, mailstead.Attempt{Number: 1, State: mailstead.OutgoingQueued}))
		k.fails(k.db.MarkBodyComplete(ctx, old.ID, 1), mailstead.KindConflict, "outgoing.state")
		now := k.claim(a.ID)
		k.same("second attempt", []any{now.Attempts, now.BodyComplete}, []any{2, false})
		k.fails(k.db.MarkBodyComplete(ctx, old.ID, 1), mailstead.KindConflict, "outgoing.state")
		k.fails(k.db.FinishAttempt(ctx, old, mailstead.Attempt{Number: 1}), mailstead.KindConflict, "outgoing.state")
		k.same("body complete", k.outgoing(old.ID).BodyComplete, false)
		k.ok(k.db.MarkBodyComplete(ctx, now.ID, 2))
		k.missing(k.db.MarkBodyComplete(ctx, 99, 1), "outgoing")
		now.ID = 99
		k.missing(k.db.FinishAttempt(ctx, now, mailstead.Attempt{Number: 2}), "outgoing")
	},
	"mails that were interrupted are found at start": func(t *testing.T, k *kit) {
		ctx := t.Context()
		a := k.account("a", 0)
		k.submit(a.ID)
		m := k.claim(a.ID)
		k.submit(a.ID)
		got, err := k.db.StuckOutgoing(ctx, 10)
		k.ok(err)
		k.same("stuck", got, []mailstead.OutgoingMessage{m})
	},
	"unknown mails are looked into when due": func(t *testing.T, k *kit) {
		ctx := t.Context()
		a := k.account("a", 0)
		var want []mailstead.OutgoingID
		for _, due := range []time.Time{start, start.Add(-time.Hour), start.Add(time.Hour), {}} {
			m := outgoing(a.ID, 0, "")
			m.State, m.DueAt = mailstead.OutgoingUnknown, due
			_, err := k.db.SubmitOutgoing(ctx, m)
			k.ok(err)
			want = append(want, m.ID)
		}
		got, err := k.db.DueUnknown(ctx, start, 10)
		k.ok(err)
		k.same("due", []mailstead.OutgoingID{got[0].ID, got[1].ID}, []mailstead.OutgoingID{want[1], want[0]})
		k.same("mails", len(got), 2)
	},
	"sent copies are tried when due": func(t *testing.T, k *kit) {
		ctx := t.Context()
		a := k.account("a", 0)
		m := outgoing(a.ID, 0, "")
		m.State, m.SentCopy, m.SentCopyDueAt = mailstead.OutgoingAccepted, mailstead.SentCopyPending, start
		_, err := k.db.SubmitOutgoing(ctx, m)
		k.ok(err)
		due := func(now time.Time) int {
			list, err := k.db.DueSentCopies(ctx, now, 10)
			k.ok(err)
			return len(list)
		}
		k.same("too early", due(start.Add(-time.Second)), 0)
		k.same("due", due(start), 1)
		k.ok(k.db.UpdateSentCopy(ctx, m.ID, mailstead.SentCopyPending, 1, start.Add(time.Hour)))
		k.same("put off", due(start), 0)
		got := k.outgoing(m.ID)
		k.same("stored", []any{got.SentCopyAttempts, got.SentCopyDueAt}, []any{1, start.Add(time.Hour)})
		k.ok(k.db.UpdateSentCopy(ctx, m.ID, mailstead.SentCopyAppended, 2, time.Time{}))
		k.same("done", due(start.Add(9*time.Hour)), 0)
		k.missing(k.db.UpdateSentCopy(ctx, 99, mailstead.SentCopyFound, 0, start), "outgoing")
	},
}
