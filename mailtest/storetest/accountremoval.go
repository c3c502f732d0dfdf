package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
)

// removal is the step that deletes an account at a time.
func removal(id mailstead.AccountID, at time.Time) mailstead.AccountRemoval {
	return mailstead.AccountRemoval{ID: id, At: at, Audit: audited}
}

// restoring is the step that undoes deletions of the last 30 days.
func restoring(id mailstead.AccountID, at time.Time) mailstead.AccountRestoring {
	return mailstead.AccountRestoring{
		ID: id, At: at, Since: at.Add(-mailstead.UndoPeriod), Audit: audited,
		Health: mailstead.Health{State: mailstead.HealthTrouble, Code: "account.no_secret", Text: "t", Action: "a", CheckedAt: at},
		Events: []mailstead.Event{mailstead.NewEvent(mailstead.EventAccountConnected, 0, nil)},
	}
}

func purged(a mailstead.Account) mailstead.AuditEntry {
	return mailstead.AuditEntry{Action: mailstead.AuditAccountPurge, Object: a.AuditObject()}
}

var accountRemovalTests = map[string]func(*testing.T, *kit){
	"an account in use stays, and says who uses it": func(t *testing.T, k *kit) {
		ctx := t.Context()
		owner, other := k.user("anna"), k.user("bert")
		p := k.profile("sales")
		a := k.account("a", owner.ID)
		k.assign(mailstead.Assignment{AccountID: a.ID, UserID: owner.ID})
		k.assign(mailstead.Assignment{AccountID: a.ID, UserID: other.ID})
		k.assign(mailstead.Assignment{AccountID: a.ID, ProfileID: p.ID})
		k.assign(mailstead.Assignment{AccountID: a.ID, System: true})
		m := k.submit(a.ID)
		want := []mailstead.Use{
			{Kind: mailstead.UseSystem},
			{Kind: mailstead.UseProfile, ID: p.ID.String(), Name: "sales"},
			{Kind: mailstead.UseUser, ID: other.ID.String(), Name: "bert"},
			{Kind: mailstead.UseOutgoing, ID: m.ID.String(), Name: "Hello"},
		}
		err := k.db.RemoveAccount(ctx, removal(a.ID, start))
		k.fails(err, mailstead.KindConflict, mailstead.CodeAccountInUse)
		k.same("uses", mailstead.UsesOf(err), want)
		uses, err := k.db.AccountUses(ctx, a.ID)
		k.ok(err)
		k.same("number of uses with the owner's", len(uses), len(want)+1)
		_, err = k.db.Account(ctx, a.ID)
		k.ok(err)
		_, err = k.db.AccountUses(ctx, 99)
		k.missing(err, "account")
	},
	"an account that was changed since it was read is not deleted": func(t *testing.T, k *kit) {
		ctx := t.Context()
		a := k.account("a", 0)
		r := removal(a.ID, start)
		r.Seen = a.UpdatedAt.Add(-time.Millisecond)
		k.fails(k.db.RemoveAccount(ctx, r), mailstead.KindConflict, mailstead.CodeAccountChanged)
		r.Seen = a.UpdatedAt
		k.ok(k.db.RemoveAccount(ctx, r))
	},
	"what goes with an account is counted": func(t *testing.T, k *kit) {
		ctx := t.Context()
		f := k.inbox()
		missing := mail(3, "large")
		missing.Blob = mailstead.BlobRef{}
		k.load(f, mail(1, "one"), mail(2, "two"), missing)
		k.submit(f.AccountID)
		h, err := k.db.AccountHoldings(ctx, f.AccountID)
		k.ok(err)
		k.same("holdings", h, mailstead.AccountHoldings{Messages: 3, Elsewhere: 1, Waiting: 1})
		_, err = k.db.AccountHoldings(ctx, 99)
		k.missing(err, "account")
	},
	"a deleted account comes back with its mail and without its secrets": func(t *testing.T, k *kit) {
		ctx := t.Context()
		u := k.user("anna")
		a := k.newAccount("anna", u.ID)
		_, err := k.db.ConnectAccount(ctx, mailstead.Connected{
			Audit: audited, Account: a, Secrets: map[mailstead.SecretField]mailstead.Sealed{mailstead.SecretBoth: {1}},
			Assignments: []mailstead.Assignment{{UserID: u.ID, Rights: []mailstead.Right{mailstead.RightSend}}},
		})
		k.ok(err)
		u.DefaultAccountID = a.ID
		k.ok(k.db.UpdateUser(ctx, u, audited))
		f := k.folders(a.ID, "INBOX")[0]
		m := k.load(f, mail(1, "hello"))[0]
		_, err = k.db.DeletedAccount(ctx, a.ID)
		k.missing(err, "account")
		_, err = k.db.RestoreAccount(ctx, restoring(a.ID, start))
		k.missing(err, "account")

		gone := start.Add(time.Hour)
		k.ok(k.db.RemoveAccount(ctx, removal(a.ID, gone)))
		was, err := k.db.DeletedAccount(ctx, a.ID)
		k.ok(err)
		k.same("deleted at", was.DeletedAt, gone)
		k.same("needs", was.Needs(), mailstead.NeedPassword)
		_, err = k.db.RestoreAccount(ctx, restoring(a.ID, gone.Add(mailstead.UndoPeriod+time.Millisecond)))
		k.missing(err, "account")

		before := k.lastEvent()
		at := gone.Add(mailstead.UndoPeriod)
		got, err := k.db.RestoreAccount(ctx, restoring(a.ID, at))
		k.ok(err)
		k.same("events", types(k.events(before)), []mailstead.EventType{mailstead.EventAccountConnected})
		read, err := k.db.Account(ctx, a.ID)
		k.ok(err)
		k.same("restored account", got, read)
		k.same("state", got.State(), mailstead.AccountIncomplete)
		k.same("health", got.Incoming.Health.Code, "account.no_secret")
		k.same("last success", got.Incoming.Health.SuccessAt, start)
		if !got.UpdatedAt.After(a.UpdatedAt) || !got.DeletedAt.IsZero() {
			t.Errorf("got version %v, deleted at %v", got.UpdatedAt, got.DeletedAt)
		}
		secrets, err := k.db.Secrets(ctx, a.ID)
		k.ok(err)
		k.same("secrets", len(secrets), 0)
		msg, err := k.db.Message(ctx, m)
		k.ok(err)
		k.same("message", msg.Subject, "hello")
		list, err := k.db.Assignments(ctx, a.ID)
		k.ok(err)
		k.same("assignments", len(list), 1)
		facts, err := k.db.SenderFacts(ctx, u.ID)
		k.ok(err)
		k.same("preferred account", facts.User.DefaultAccountID, a.ID)
	},
	"an address that was connected again is not restored beside it": func(t *testing.T, k *kit) {
		ctx := t.Context()
		u := k.user("anna")
		a := k.account("anna", u.ID)
		k.ok(k.db.RemoveAccount(ctx, removal(a.ID, start)))
		next := k.newAccount("anna", u.ID)
		next.Address = "ANNA@example.com"
		id, err := k.db.ConnectAccount(ctx, mailstead.Connected{Audit: audited, Account: next})
		k.ok(err)
		_, err = k.db.RestoreAccount(ctx, restoring(a.ID, start))
		k.fails(err, mailstead.KindConflict, "account.exists")
		k.ok(k.db.RemoveAccount(ctx, removal(id, start)))
		_, err = k.db.RestoreAccount(ctx, restoring(a.ID, start))
		k.ok(err)
	},
	"what is left of a deleted account goes for good, a part at a time": func(t *testing.T, k *kit) {
		ctx := t.Context()
		a, kept := k.account("gone", 0), k.inbox()
		f := k.folders(a.ID, "INBOX", "Sent")
		k.load(f[0], mails(1, 7, "shared words")...)
		k.load(f[1], mail(8, "other"))
		k.load(kept, mail(1, "shared words"))
		sent := k.submit(a.ID)
		sent.State = mailstead.OutgoingCancelled
		k.ok(k.db.ChangeOutgoing(ctx, *sent, mailstead.OutgoingQueued))
		k.ok(k.db.RemoveAccount(ctx, removal(a.ID, start)))
		more, err := k.db.PurgeAccount(ctx, start, 3, purged)
		k.ok(err)
		k.same("more before its time", more, false)
		steps := 0
		for more = true; more; steps++ {
			more, err = k.db.PurgeAccount(ctx, start.Add(time.Millisecond), 3, purged)
			k.ok(err)
			if steps > 10 {
				t.Fatal("it does not end")
			}
		}
		k.same("steps", steps, 4)
		_, err = k.db.DeletedAccount(ctx, a.ID)
		k.missing(err, "account")
		_, _, err = k.db.Outgoing(ctx, sent.ID)
		k.missing(err, "outgoing")
		left, err := k.db.Messages(ctx, mailstead.MessageQuery{AccountID: kept.AccountID, Search: "shared"})
		k.ok(err)
		k.same("mail of others", len(left), 1)
		entries, err := k.db.Audit(ctx, mailstead.AuditQuery{Action: mailstead.AuditAccountPurge, Limit: 10})
		k.ok(err)
		k.same("audit", fmt.Sprint(len(entries), " ", entries[0].Object.Name), "1 gone")
	},
}
