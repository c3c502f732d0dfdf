package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
)

var accountTests = map[string]func(*testing.T, *kit){
	"an account is connected in one step": func(t *testing.T, k *kit) {
		ctx := t.Context()
		u := k.user("anna")
		a := k.newAccount("anna", u.ID)
		c := mailstead.Connected{
			Audit:        audited,
			Account:      a,
			Secrets:      map[mailstead.SecretField]mailstead.Sealed{mailstead.SecretBoth: {0, 39, 255}},
			Assignments:  []mailstead.Assignment{{UserID: u.ID, Rights: []mailstead.Right{mailstead.RightSend}, Priority: 3}},
			Learned:      &mailstead.Domain{Name: "example.com", ProviderID: "example", Source: mailstead.DomainLearned},
			LearnedAudit: audited,
			Events:       []mailstead.Event{mailstead.NewEvent(mailstead.EventAccountConnected, 0, nil)},
		}
		id, err := k.db.ConnectAccount(ctx, c)
		k.ok(err)
		want := *a
		want.ID, want.CreatedAt, want.UpdatedAt = id, start, start
		got, err := k.db.Account(ctx, id)
		k.ok(err)
		k.same("account", got, want)
		secrets, err := k.db.Secrets(ctx, id)
		k.ok(err)
		k.same("secrets", secrets, c.Secrets)
		list, err := k.db.Assignments(ctx, id)
		k.ok(err)
		k.same("assignments", list, c.Assignments)
		k.same("account of the assignment", list[0].AccountID, id)
		d, err := k.db.Domain(ctx, "example.com")
		k.ok(err)
		learned := *c.Learned
		learned.LearnedAt, learned.UpdatedAt = start, start
		k.same("domain", d, learned)
		events := k.events(0)
		k.same("events", types(events), []mailstead.EventType{mailstead.EventAccountConnected})
		k.same("account of the event", events[0].AccountID, id)
		k.same("calls of the hook", k.commits.Load(), int64(1))
	},
	"a failing part of a connection leaves nothing behind": func(t *testing.T, k *kit) {
		ctx := t.Context()
		_, err := k.db.ConnectAccount(ctx, mailstead.Connected{
			Audit:       audited,
			Account:     k.newAccount("anna", 0),
			Assignments: []mailstead.Assignment{{UserID: 99, Rights: []mailstead.Right{mailstead.RightSend}}},
			Learned:     &mailstead.Domain{Name: "example.com", Source: mailstead.DomainLearned},
			Events:      []mailstead.Event{mailstead.NewEvent(mailstead.EventAccountConnected, 0, nil)},
		})
		k.missing(err, "user")
		list, err := k.db.Accounts(ctx, mailstead.AccountQuery{})
		k.ok(err)
		k.same("accounts", len(list), 0)
		_, err = k.db.Domain(ctx, "example.com")
		k.missing(err, "domain")
		k.same("events", k.lastEvent(), mailstead.EventID(0))
		k.same("calls of the hook", k.commits.Load(), int64(0))
	},
	"the account of the configuration file stands in no list and is one": func(t *testing.T, k *kit) {
		ctx := t.Context()
		_, err := k.db.ConfigurationAccount(ctx)
		k.missing(err, "account")
		standing, imported := k.newAccount("standing", 0), k.newAccount("imported", 0)
		standing.Key = mailstead.ConfigurationKey
		system := mailstead.Assignment{System: true, Rights: []mailstead.Right{mailstead.RightSend}}
		k.ok(k.db.ConnectAccounts(ctx, mailstead.Connected{Audit: audited, Account: standing},
			mailstead.Connected{Audit: audited, Account: imported, Assignments: []mailstead.Assignment{system}}))
		got, err := k.db.ConfigurationAccount(ctx)
		k.ok(err)
		k.same("account of the configuration", got, *standing)
		list, err := k.db.Accounts(ctx, mailstead.AccountQuery{})
		k.ok(err)
		k.same("accounts", list, []mailstead.Account{*imported})
		facts, err := k.db.SenderFacts(ctx, k.user("anna").ID)
		k.ok(err)
		k.same("accounts that may send", facts.Accounts, []mailstead.Account{*standing, *imported})
		k.same("sender of last resort", facts.ConfigurationSender().AccountID, standing.ID)

		// A second one is refused, and with it what came in the same step.
		again, other := k.newAccount("again", 0), k.newAccount("other", 0)
		again.Key = mailstead.ConfigurationKey
		k.fails(k.db.ConnectAccounts(ctx, mailstead.Connected{Audit: audited, Account: other}, mailstead.Connected{Audit: audited, Account: again}),
			mailstead.KindConflict, "account.exists")
		list, err = k.db.Accounts(ctx, mailstead.AccountQuery{})
		k.ok(err)
		k.same("accounts after the refusal", len(list), 1)
	},
	"a connection needs its owner and a key of its own": func(t *testing.T, k *kit) {
		ctx := t.Context()
		_, err := k.db.ConnectAccount(ctx, mailstead.Connected{Audit: audited, Account: k.newAccount("a", 9)})
		k.missing(err, "user")
		a := k.account("a", 0)
		twin := k.newAccount("b", 0)
		twin.Key = a.Key
		_, err = k.db.ConnectAccount(ctx, mailstead.Connected{Audit: audited, Account: twin})
		k.fails(err, mailstead.KindConflict, "account.exists")
	},
	"what a sign-in taught never replaces an administrator's word": func(t *testing.T, k *kit) {
		ctx := t.Context()
		said := mailstead.Domain{Name: "example.com", ProviderID: "said", Source: mailstead.DomainAdministrator}
		k.ok(k.db.PutDomains(ctx, []mailstead.Domain{said}, audited))
		for _, d := range []mailstead.Domain{
			{Name: "example.com", ProviderID: "learned", Source: mailstead.DomainLearned},
			{Name: "other.example", ProviderID: "first", Source: mailstead.DomainLearned},
			{Name: "other.example", ProviderID: "second", Source: mailstead.DomainLearned},
		} {
			_, err := k.db.ConnectAccount(ctx, mailstead.Connected{Audit: audited, Account: k.newAccount("a", 0), Learned: &d, LearnedAudit: audited})
			k.ok(err)
		}
		got, err := k.db.Domain(ctx, "example.com")
		k.ok(err)
		said.UpdatedAt = start
		k.same("administrator's domain", got, said)
		got, err = k.db.Domain(ctx, "other.example")
		k.ok(err)
		k.same("learned provider", got.ProviderID, mailstead.ProviderID("second"))
	},
	"an account with one side has no other": func(t *testing.T, k *kit) {
		ctx := t.Context()
		a := k.newAccount("sender", 0)
		a.Incoming = nil
		id, err := k.db.ConnectAccount(ctx, mailstead.Connected{Audit: audited, Account: a})
		k.ok(err)
		got, err := k.db.Account(ctx, id)
		k.ok(err)
		if got.Incoming != nil || got.Outgoing == nil {
			t.Errorf("got incoming %v, outgoing %v, want none and one", got.Incoming, got.Outgoing)
		}
		k.missing(k.db.SetHealth(ctx, id, mailstead.SideIncoming, mailstead.Health{State: mailstead.HealthOK}), "side")
	},
	"a user sees its own accounts and those assigned": func(t *testing.T, k *kit) {
		ctx := t.Context()
		anna, bert := k.user("anna"), k.user("bert")
		p := k.profile("sales")
		k.has(anna, p.ID)
		own, given, byProfile := k.account("own", anna.ID), k.account("given", bert.ID), k.account("profile", 0)
		system, other := k.account("system", 0), k.account("other", bert.ID)
		k.assign(mailstead.Assignment{AccountID: given.ID, UserID: anna.ID})
		k.assign(mailstead.Assignment{AccountID: byProfile.ID, ProfileID: p.ID})
		k.ok(k.db.SetSystemAccount(ctx, system.ID, audited))
		visible := func(q mailstead.AccountQuery) (out []mailstead.AccountID) {
			list, err := k.db.Accounts(ctx, q)
			k.ok(err)
			for _, a := range list {
				out = append(out, a.ID)
			}
			return out
		}
		k.same("anna's", visible(mailstead.AccountQuery{VisibleTo: anna.ID}), []mailstead.AccountID{own.ID, given.ID, byProfile.ID})
		k.same("bert's", visible(mailstead.AccountQuery{VisibleTo: bert.ID}), []mailstead.AccountID{given.ID, other.ID})
		k.same("all, second page", visible(mailstead.AccountQuery{After: mailstead.AccountPosition{ID: byProfile.ID}, Limit: 1}), []mailstead.AccountID{system.ID})
	},
	"accounts are found by the hosts of their servers": func(t *testing.T, k *kit) {
		ctx := t.Context()
		onlyIn, onlyOut, other := k.newAccount("in", 0), k.newAccount("out", 0), k.newAccount("other", 0)
		onlyIn.Incoming.Server.Host, onlyOut.Outgoing.Server.Host = "imap.one.example", "smtp.one.example"
		ids := make([]mailstead.AccountID, 3)
		for i, a := range []*mailstead.Account{onlyIn, onlyOut, other} {
			var err error
			ids[i], err = k.db.ConnectAccount(ctx, mailstead.Connected{Audit: audited, Account: a})
			k.ok(err)
		}
		for _, tt := range []struct {
			q    mailstead.AccountQuery
			want []mailstead.AccountID
		}{
			{mailstead.AccountQuery{Hosts: []string{"imap.one.example", "smtp.one.example"}}, ids[:2]},
			{mailstead.AccountQuery{Hosts: []string{"smtp.one.example"}}, ids[1:2]},
			{mailstead.AccountQuery{Hosts: []string{"imap.one.example", "smtp.one.example"}, After: mailstead.AccountPosition{ID: ids[0]}}, ids[1:2]},
			{mailstead.AccountQuery{Hosts: []string{"one.example"}}, nil},
		} {
			list, err := k.db.Accounts(ctx, tt.q)
			k.ok(err)
			var got []mailstead.AccountID
			for _, a := range list {
				got = append(got, a.ID)
			}
			k.same(fmt.Sprint(tt.q.Hosts, tt.q.After.ID), got, tt.want)
		}
	},
	"an account is read with the assignments that reach the user": func(t *testing.T, k *kit) {
		ctx := t.Context()
		anna, bert := k.user("anna"), k.user("bert")
		p, q := k.profile("sales"), k.profile("other")
		k.has(anna, p.ID)
		a := k.account("shared", 0)
		direct := k.assign(mailstead.Assignment{AccountID: a.ID, UserID: anna.ID})
		profile := k.assign(mailstead.Assignment{AccountID: a.ID, ProfileID: p.ID, Rights: []mailstead.Right{mailstead.RightRead}, Priority: 5})
		k.assign(mailstead.Assignment{AccountID: a.ID, UserID: bert.ID})
		k.assign(mailstead.Assignment{AccountID: a.ID, ProfileID: q.ID})
		k.assign(mailstead.Assignment{AccountID: a.ID, System: true})
		got, reach, err := k.db.AccountFor(ctx, a.ID, anna.ID)
		k.ok(err)
		k.same("account", got.ID, a.ID)
		k.same("assignments", reach, []mailstead.Assignment{direct, profile})
		_, reach, err = k.db.AccountFor(ctx, a.ID, 0)
		k.ok(err)
		k.same("assignments of nobody", reach, []mailstead.Assignment(nil))
		_, _, err = k.db.AccountFor(ctx, 99, anna.ID)
		k.missing(err, "account")
	},
	"an account is assigned once to each": func(t *testing.T, k *kit) {
		ctx := t.Context()
		u, p, a, b := k.user("anna"), k.profile("sales"), k.account("a", 0), k.account("b", 0)
		for _, as := range []mailstead.Assignment{
			{AccountID: a.ID, UserID: u.ID}, {AccountID: a.ID, ProfileID: p.ID}, {AccountID: a.ID, System: true},
		} {
			first := k.assign(as)
			again := as
			k.fails(k.db.CreateAssignment(ctx, &again, audited), mailstead.KindConflict, "assignment.exists")
			if first.System {
				again = mailstead.Assignment{AccountID: b.ID, System: true}
				k.fails(k.db.CreateAssignment(ctx, &again, audited), mailstead.KindConflict, "assignment.exists")
			}
		}
		for thing, as := range map[string]mailstead.Assignment{
			"account": {AccountID: 99, UserID: u.ID}, "user": {AccountID: b.ID, UserID: 99}, "profile": {AccountID: b.ID, ProfileID: 99},
		} {
			k.missing(k.db.CreateAssignment(ctx, &as, audited), thing)
		}
		list, err := k.db.Assignments(ctx, a.ID)
		k.ok(err)
		k.ok(k.db.DeleteAssignment(ctx, list[0].ID, audited))
		k.missing(k.db.DeleteAssignment(ctx, list[0].ID, audited), "assignment")
	},
	"the system has one account at most": func(t *testing.T, k *kit) {
		ctx := t.Context()
		a, b := k.account("a", 0), k.account("b", 0)
		holder := func() (out []mailstead.AccountID) {
			f, err := k.db.SenderFacts(ctx, 0)
			k.ok(err)
			for _, as := range f.Assignments {
				out = append(out, as.AccountID)
			}
			return out
		}
		k.ok(k.db.SetSystemAccount(ctx, a.ID, audited))
		k.ok(k.db.SetSystemAccount(ctx, b.ID, audited))
		k.same("system account", holder(), []mailstead.AccountID{b.ID})
		k.missing(k.db.SetSystemAccount(ctx, 99, audited), "account")
		k.same("system account", holder(), []mailstead.AccountID{b.ID})
		k.ok(k.db.SetSystemAccount(ctx, 0, audited))
		k.same("system account", holder(), []mailstead.AccountID(nil))
	},
	"an update stores what people edit and nothing else": func(t *testing.T, k *kit) {
		ctx := t.Context()
		u := k.user("anna")
		a := k.account("anna", 0)
		stored := *a
		health := mailstead.Health{State: mailstead.HealthTrouble, Code: "auth.bad_credentials", Text: "no", Action: "do", CheckedAt: start.Add(time.Hour), SuccessAt: start}
		k.ok(k.db.SetHealth(ctx, a.ID, mailstead.SideIncoming, health))
		changed := stored
		changed.Key, changed.CreatedAt = "another", start.Add(-time.Hour)
		changed.OwnerID, changed.Name, changed.DisplayName, changed.Note = u.ID, "n", "d", ""
		changed.Address, changed.ProviderID, changed.LoadPeriod, changed.Signature = "new@example.com", "", "all", "s"
		in := *stored.Incoming
		in.Server.Host, in.Login, in.Enabled, in.Health = "new.example.com", "l", false, mailstead.Health{State: mailstead.HealthNew}
		changed.Incoming = &in
		event := mailstead.NewEvent(mailstead.EventAccountUpdated, 0, nil)
		k.ok(k.db.UpdateAccount(ctx, &changed, nil, audited, []mailstead.Event{event}))
		want := changed
		want.Key, want.CreatedAt, want.UpdatedAt = stored.Key, start, start.Add(time.Millisecond)
		kept := in
		kept.Health = health
		want.Incoming = &kept
		got, err := k.db.Account(ctx, a.ID)
		k.ok(err)
		k.same("account", got, want)
		last := k.events(0)[1]
		k.same("event", []any{last.Type, last.AccountID}, []any{mailstead.EventAccountUpdated, a.ID})
		changed.OwnerID = 99
		k.missing(k.db.UpdateAccount(ctx, &changed, nil, audited, nil), "user")
		changed.ID = 99
		k.missing(k.db.UpdateAccount(ctx, &changed, nil, audited, nil), "account")
	},
	"another load period reopens the loads of the folders": func(t *testing.T, k *kit) {
		ctx := t.Context()
		a, other := k.account("anna", 0), k.account("ben", 0)
		f, theirs := k.folders(a.ID, "INBOX")[0], k.folders(other.ID, "INBOX")[0]
		done := func(f mailstead.Folder, period mailstead.LoadPeriod) {
			t.Helper()
			cur := mailstead.Cursor{UIDValidity: 1, Next: 9, Low: 5, Done: true}
			_, err := k.db.ApplySync(ctx, mailstead.SyncBatch{AccountID: f.AccountID, FolderID: f.ID, Cursor: cur, Period: period, RemoteTotal: -1})
			k.ok(err)
		}
		done(f, a.LoadPeriod)
		done(theirs, other.LoadPeriod)
		a.Note = "the same period"
		k.ok(k.db.UpdateAccount(ctx, a, nil, audited, nil))
		k.same("done after another change", k.folder(f.ID).Cursor.Done, true)
		before := a.LoadPeriod
		a.LoadPeriod = "days:400"
		k.ok(k.db.UpdateAccount(ctx, a, nil, audited, nil))
		k.same("cursor after another period", k.folder(f.ID).Cursor, mailstead.Cursor{UIDValidity: 1, Next: 9, Low: 5})
		k.same("done elsewhere", k.folder(theirs.ID).Cursor.Done, true)
		// What was still being loaded for the old period does not end the new one.
		done(f, before)
		k.same("done for the old period", k.folder(f.ID).Cursor.Done, false)
		done(f, a.LoadPeriod)
		k.same("done for the new period", k.folder(f.ID).Cursor.Done, true)
	},
	"an account that was changed since it was read stays as it is": func(t *testing.T, k *kit) {
		ctx := t.Context()
		a := k.account("anna", 0)
		mine, theirs := *a, *a
		theirs.Name = "theirs"
		k.ok(k.db.UpdateAccount(ctx, &theirs, nil, audited, nil))
		if !theirs.UpdatedAt.After(a.UpdatedAt) {
			t.Errorf("the clock stands still, but the version must not: %v after %v", theirs.UpdatedAt, a.UpdatedAt)
		}
		mine.Name = "mine"
		secrets := map[mailstead.SecretField]mailstead.Sealed{mailstead.SecretBoth: {1}}
		event := mailstead.NewEvent(mailstead.EventAccountUpdated, 0, nil)
		before := len(k.events(0))
		err := k.db.UpdateAccount(ctx, &mine, secrets, audited, []mailstead.Event{event})
		k.fails(err, mailstead.KindConflict, mailstead.CodeAccountChanged)
		got, err := k.db.Account(ctx, a.ID)
		k.ok(err)
		k.same("account", got, theirs)
		k.same("events", len(k.events(0)), before)
		k.ok(k.db.UpdateAccount(ctx, &theirs, nil, audited, nil))
	},
	"a side comes and goes with an update": func(t *testing.T, k *kit) {
		ctx := t.Context()
		a := k.account("anna", 0)
		out := *a.Outgoing
		out.Health = mailstead.Health{State: mailstead.HealthOK, SuccessAt: start}
		a.Outgoing = nil
		k.ok(k.db.UpdateAccount(ctx, a, nil, audited, nil))
		got, err := k.db.Account(ctx, a.ID)
		k.ok(err)
		if got.Outgoing != nil {
			t.Errorf("got outgoing %v, want none", got.Outgoing)
		}
		a.Outgoing = &out
		k.ok(k.db.UpdateAccount(ctx, a, nil, audited, nil))
		got, err = k.db.Account(ctx, a.ID)
		k.ok(err)
		k.same("health of the new side", got.Outgoing.Health, out.Health)
	},
	"secrets are replaced all together or left": func(t *testing.T, k *kit) {
		ctx := t.Context()
		a := k.newAccount("anna", 0)
		first := map[mailstead.SecretField]mailstead.Sealed{mailstead.SecretIncoming: {1}, mailstead.SecretOutgoing: {2}}
		_, err := k.db.ConnectAccount(ctx, mailstead.Connected{Audit: audited, Account: a, Secrets: first})
		k.ok(err)
		second := map[mailstead.SecretField]mailstead.Sealed{mailstead.SecretBoth: {3}}
		for _, step := range []struct {
			set, want map[mailstead.SecretField]mailstead.Sealed
		}{
			{nil, first}, {second, second}, {map[mailstead.SecretField]mailstead.Sealed{}, nil},
		} {
			k.ok(k.db.UpdateAccount(ctx, a, step.set, audited, nil))
			got, err := k.db.Secrets(ctx, a.ID)
			k.ok(err)
			k.same("secrets", got, step.want)
		}
		_, err = k.db.Secrets(ctx, 99)
		k.missing(err, "account")
	},
	"health tells of itself when its state or code changes": func(t *testing.T, k *kit) {
		ctx := t.Context()
		a := k.account("anna", 0)
		hour := start.Add(time.Hour)
		for _, step := range []struct {
			health mailstead.Health
			events int
		}{
			{mailstead.Health{State: mailstead.HealthOK, CheckedAt: hour, SuccessAt: hour}, 1},
			{mailstead.Health{State: mailstead.HealthOK, CheckedAt: hour.Add(1)}, 0},
			{mailstead.Health{State: mailstead.HealthRetrying, Code: "net.timeout", Text: "t", Action: "a", CheckedAt: hour}, 1},
			{mailstead.Health{State: mailstead.HealthRetrying, Code: "net.timeout", Text: "other", CheckedAt: hour}, 0},
			{mailstead.Health{State: mailstead.HealthRetrying, Code: "net.refused", CheckedAt: hour}, 1},
			{mailstead.Health{State: mailstead.HealthTrouble, Code: "net.refused"}, 1},
		} {
			before := k.lastEvent()
			k.ok(k.db.SetHealth(ctx, a.ID, mailstead.SideOutgoing, step.health))
			k.same("events", len(k.events(before)), step.events)
		}
		got, err := k.db.Account(ctx, a.ID)
		k.ok(err)
		k.same("health", got.Outgoing.Health, mailstead.Health{State: mailstead.HealthTrouble, Code: "net.refused", CheckedAt: hour, SuccessAt: hour})
		k.same("health of the other side", got.Incoming.Health, a.Incoming.Health)
		last := k.events(0)[3]
		k.same("data", string(last.Data), `{"side":"outgoing","state":"trouble","code":"net.refused"}`)
		k.missing(k.db.SetHealth(ctx, 99, mailstead.SideIncoming, mailstead.Health{}), "account")
	},
	"accounts to read have an incoming side that is switched on": func(t *testing.T, k *kit) {
		ctx := t.Context()
		a, b, off, sender := k.account("a", 0), k.account("b", 0), k.account("off", 0), k.account("sender", 0)
		off.Incoming.Enabled = false
		k.ok(k.db.UpdateAccount(ctx, off, nil, audited, nil))
		sender.Incoming = nil
		k.ok(k.db.UpdateAccount(ctx, sender, nil, audited, nil))
		gone := k.account("gone", 0)
		k.ok(k.db.RemoveAccount(ctx, mailstead.AccountRemoval{ID: gone.ID, At: start, Audit: audited}))
		got, err := k.db.AccountsToRead(ctx, 0, 10)
		k.ok(err)
		k.same("accounts", got, []mailstead.AccountID{a.ID, b.ID})
		got, err = k.db.AccountsToRead(ctx, a.ID, 1)
		k.ok(err)
		k.same("second page", got, []mailstead.AccountID{b.ID})
	},
	"a deleted account is invisible everywhere": func(t *testing.T, k *kit) {
		ctx := t.Context()
		u := k.user("anna")
		a := k.newAccount("anna", u.ID)
		_, err := k.db.ConnectAccount(ctx, mailstead.Connected{
			Audit:   audited,
			Account: a, Secrets: map[mailstead.SecretField]mailstead.Sealed{mailstead.SecretBoth: {1}},
			Assignments: []mailstead.Assignment{{UserID: u.ID, Rights: []mailstead.Right{mailstead.RightSend}}},
		})
		k.ok(err)
		given, err := k.db.Assignments(ctx, a.ID)
		k.ok(err)
		k.ok(k.db.SetSystemAccount(ctx, a.ID, audited))
		u.DefaultAccountID = a.ID
		k.ok(k.db.UpdateUser(ctx, u, audited))
		f := k.folders(a.ID, "INBOX")[0]
		m := k.load(f, mail(1, "hello"))[0]
		sent := k.submit(a.ID)
		k.fails(k.db.RemoveAccount(ctx, mailstead.AccountRemoval{ID: a.ID, At: start, Audit: audited}), mailstead.KindConflict, "account.in_use")
		sent.State = mailstead.OutgoingCancelled
		k.ok(k.db.ChangeOutgoing(ctx, *sent, mailstead.OutgoingQueued))
		k.fails(k.db.RemoveAccount(ctx, mailstead.AccountRemoval{ID: a.ID, At: start, Audit: audited}), mailstead.KindConflict, "account.in_use")
		k.ok(k.db.SetSystemAccount(ctx, 0, audited))
		before := k.lastEvent()
		k.ok(k.db.RemoveAccount(ctx, mailstead.AccountRemoval{ID: a.ID, At: start.Add(time.Minute), Audit: audited}))

		events := k.events(before)
		k.same("events", types(events), []mailstead.EventType{mailstead.EventAccountDeleted})
		k.same("time of the event", events[0].At, start.Add(time.Minute))
		mine, err := k.db.Events(ctx, before, 10, u.ID)
		k.ok(err)
		k.same("events for the owner", len(mine), 1)
		invisible(t, k, a, u, f, m, given[0].ID)
		list, err := k.db.Accounts(ctx, mailstead.AccountQuery{VisibleTo: u.ID})
		k.ok(err)
		k.same("accounts", len(list), 0)
		facts, err := k.db.SenderFacts(ctx, u.ID, a.ID)
		k.ok(err)
		k.same("sender's facts", []int{len(facts.Accounts), len(facts.Assignments)}, []int{0, 0})
		k.same("preferred account", facts.User.DefaultAccountID, mailstead.AccountID(0))
		other := k.account("other", 0)
		k.assign(mailstead.Assignment{AccountID: other.ID, System: true})
		kept, _, err := k.db.Outgoing(ctx, sent.ID)
		k.ok(err)
		k.same("mail of the outbox", kept.State, mailstead.OutgoingCancelled)
	},
}

// invisible tries every way to the parts of a deleted account.
func invisible(t *testing.T, k *kit, a *mailstead.Account, u *mailstead.User, f mailstead.Folder, m mailstead.MessageID, given mailstead.AssignmentID) {
	t.Helper()
	ctx := t.Context()
	for name, try := range map[string]func() error{
		"account.Account":       func() error { _, err := k.db.Account(ctx, a.ID); return err },
		"account.AccountFor":    func() error { _, _, err := k.db.AccountFor(ctx, a.ID, u.ID); return err },
		"account.Assignments":   func() error { _, err := k.db.Assignments(ctx, a.ID); return err },
		"account.Secrets":       func() error { _, err := k.db.Secrets(ctx, a.ID); return err },
		"account.UpdateAccount": func() error { return k.db.UpdateAccount(ctx, a, nil, audited, nil) },
		"account.SetHealth":     func() error { return k.db.SetHealth(ctx, a.ID, mailstead.SideIncoming, mailstead.Health{}) },
		"account.RemoveAccount": func() error {
			return k.db.RemoveAccount(ctx, mailstead.AccountRemoval{ID: a.ID, At: start, Audit: audited})
		},
		"account.SetSystemAccount": func() error { return k.db.SetSystemAccount(ctx, a.ID, audited) },
		"account.CreateAssignment": func() error {
			return k.db.CreateAssignment(ctx, &mailstead.Assignment{AccountID: a.ID, UserID: u.ID}, audited)
		},
		"account.SyncFolders": func() error { _, err := k.db.SyncFolders(ctx, a.ID, nil, start); return err },
		"account.Folders":     func() error { _, err := k.db.Folders(ctx, a.ID); return err },
		"account.Messages":    func() error { _, err := k.db.Messages(ctx, mailstead.MessageQuery{AccountID: a.ID}); return err },
		"account.Search": func() error {
			_, err := k.db.Messages(ctx, mailstead.MessageQuery{AccountID: a.ID, Search: "hello"})
			return err
		},
		"account.SubmitOutgoing": func() error { _, err := k.db.SubmitOutgoing(ctx, outgoing(a.ID, u.ID, "")); return err },
		"account.ReleaseHeld":    func() error { _, err := k.db.ReleaseHeld(ctx, a.ID, start); return err },
		"assignment.Delete":      func() error { return k.db.DeleteAssignment(ctx, given, audited) },
		"folder.Folder":          func() error { _, err := k.db.Folder(ctx, f.ID); return err },
		"folder.FolderUIDs":      func() error { _, err := k.db.FolderUIDs(ctx, f.ID, 0, 0); return err },
		"folder.ApplySync": func() error {
			_, err := k.db.ApplySync(ctx, mailstead.SyncBatch{AccountID: a.ID, FolderID: f.ID})
			return err
		},
		"message.Message": func() error { _, err := k.db.Message(ctx, m); return err },
		"message.SetMessageFlags": func() error {
			return k.db.SetMessageFlags(ctx, []mailstead.MessageID{m}, mailstead.Flags{}, mailstead.Flags{Seen: true})
		},
	} {
		thing, _, _ := strings.Cut(name, ".")
		if got := mailstead.CodeOf(try()); got != thing+".not_found" {
			t.Errorf("%s: got %s, want %s.not_found", name, got, thing)
		}
	}
	list, err := k.db.MessagesByID(ctx, []mailstead.MessageID{m})
	k.ok(err)
	k.same("messages", len(list), 0)
}
