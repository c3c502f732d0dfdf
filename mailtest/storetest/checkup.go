package storetest

import (
	"fmt"
	"testing"

	"github.com/mailstead/mailstead"
)

var checkupTests = map[string]func(*testing.T, *kit){
	"a checkup has its accounts, and each result counts once": func(t *testing.T, k *kit) {
		ctx := t.Context()
		a, b := k.account("a", 0), k.account("b", 0)
		standing := k.newAccount("the configuration file's", 0)
		standing.Key = mailstead.ConfigurationKey
		k.ok(k.db.ConnectAccounts(ctx, mailstead.Connected{Audit: audited, Account: standing}))
		c := mailstead.Checkup{StartedBy: 7}
		k.ok(k.db.CreateCheckup(ctx, &c, nil))
		k.same("total", c.Total, 2)
		k.same("state", c.State, mailstead.CheckupRunning)
		tasks, err := k.db.CheckupTasks(ctx, c.ID, 0, 10)
		k.ok(err)
		k.same("tasks", tasks, []mailstead.CheckupTask{
			{AccountID: a.ID, IncomingHost: a.Incoming.Server.Host, OutgoingHost: a.Outgoing.Server.Host},
			{AccountID: b.ID, IncomingHost: b.Incoming.Server.Host, OutgoingHost: b.Outgoing.Server.Host},
		})
		failed := mailstead.CheckupResult{
			CheckupID: c.ID, AccountID: b.ID, Name: b.Name, Address: b.Address, Verdict: mailstead.VerdictFailed, Side: mailstead.SideOutgoing,
			Code: "auth.refused", Cause: "It's wrong.", Action: "Enter it.", Took: 12, TestedAt: start,
		}
		k.ok(k.db.SetCheckupResult(ctx, failed))
		again := failed
		again.Verdict = mailstead.VerdictOK
		k.ok(k.db.SetCheckupResult(ctx, again))
		k.fails(k.db.SetCheckupResult(ctx, mailstead.CheckupResult{CheckupID: c.ID, AccountID: a.ID, Verdict: mailstead.VerdictWaiting}), mailstead.KindInvalid, "input.verdict")
		tasks, err = k.db.CheckupTasks(ctx, c.ID, a.ID, 10)
		k.ok(err)
		k.same("tasks behind the first", len(tasks), 0)
		results, err := k.db.CheckupResults(ctx, mailstead.CheckupQuery{CheckupID: c.ID})
		k.ok(err)
		k.same("results", results, []mailstead.CheckupResult{
			{CheckupID: c.ID, AccountID: a.ID, Name: a.Name, Address: a.Address, Verdict: mailstead.VerdictWaiting}, failed,
		})
		results, err = k.db.CheckupResults(ctx, mailstead.CheckupQuery{CheckupID: c.ID, Verdicts: []mailstead.Verdict{mailstead.VerdictFailed}, After: a.ID, Limit: 1})
		k.ok(err)
		k.same("failures", results, []mailstead.CheckupResult{failed})
		open, err := k.db.OpenCheckups(ctx)
		k.ok(err)
		k.same("open", len(open), 1)
		k.ok(k.db.EndCheckup(ctx, c.ID, mailstead.CheckupCancelled))
		k.ok(k.db.EndCheckup(ctx, c.ID, mailstead.CheckupDone))
		got, err := k.db.Checkup(ctx, c.ID)
		k.ok(err)
		k.same("counts", fmt.Sprint(got.State, got.Total, got.OK, got.Failed, got.Skipped), "cancelled2 0 1 0")
		open, err = k.db.OpenCheckups(ctx)
		k.ok(err)
		k.same("open after the end", len(open), 0)
		_, err = k.db.Checkup(ctx, 99)
		k.missing(err, "checkup")
	},
	"a checkup of chosen accounts leaves out what is not there": func(t *testing.T, k *kit) {
		a := k.account("a", 0)
		k.account("b", 0)
		var c mailstead.Checkup
		k.ok(k.db.CreateCheckup(t.Context(), &c, []mailstead.AccountID{a.ID, 99}))
		k.same("total", c.Total, 1)
	},
	"the oldest checkups make room, but for those that run": func(t *testing.T, k *kit) {
		ctx := t.Context()
		k.account("a", 0)
		for i := range 53 {
			var c mailstead.Checkup
			k.ok(k.db.CreateCheckup(ctx, &c, nil))
			if i > 0 {
				k.ok(k.db.EndCheckup(ctx, c.ID, mailstead.CheckupDone))
			}
		}
		list, err := k.db.Checkups(ctx)
		k.ok(err)
		k.same("kept", len(list), 51)
		k.same("newest", list[0].ID, mailstead.CheckupID(53))
		k.same("oldest", list[50].ID, mailstead.CheckupID(1))
		results, err := k.db.CheckupResults(ctx, mailstead.CheckupQuery{CheckupID: 2})
		k.ok(err)
		k.same("results of one that is forgotten", len(results), 0)
	},
}
