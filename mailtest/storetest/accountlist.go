package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
)

// named stores an account that change completes.
func (k *kit) named(name string, change func(a *mailstead.Account)) *mailstead.Account {
	k.t.Helper()
	a := k.newAccount(name, 0)
	if change != nil {
		change(a)
	}
	_, err := k.db.ConnectAccount(k.t.Context(), mailstead.Connected{Audit: audited, Account: a})
	k.ok(err)
	return a
}

// list returns the names of a query's accounts.
func (k *kit) list(q mailstead.AccountQuery) []string {
	k.t.Helper()
	page, err := k.db.Accounts(k.t.Context(), q)
	k.ok(err)
	var out []string
	for _, a := range page {
		out = append(out, a.Name)
	}
	return out
}

var accountListTests = map[string]func(*testing.T, *kit){
	"accounts are filtered": func(t *testing.T, k *kit) {
		ctx := t.Context()
		anna := k.user("anna")
		sales := k.profile("sales")
		k.named("Ünal Support", func(a *mailstead.Account) { a.Address, a.ProviderID = "help@firm.example", "gmail" })
		given := k.named("given", nil)
		k.named("own", func(a *mailstead.Account) { a.OwnerID = anna.ID })
		k.named("empty", func(a *mailstead.Account) { a.Incoming, a.Outgoing = nil, nil })
		off := k.named("off", func(a *mailstead.Account) { a.Incoming.Enabled, a.Outgoing.Enabled = false, false })
		gone := k.named("gone", func(a *mailstead.Account) { a.OwnerID = anna.ID })
		k.ok(k.db.RemoveAccount(ctx, removal(gone.ID, start)))
		k.assign(mailstead.Assignment{AccountID: given.ID, ProfileID: sales.ID})
		k.ok(k.db.SetHealth(ctx, given.ID, mailstead.SideOutgoing, mailstead.Health{State: mailstead.HealthTrouble, Code: "x"}))
		for _, tt := range []struct {
			q    mailstead.AccountQuery
			want []string
		}{
			{mailstead.AccountQuery{}, []string{"Ünal Support", "given", "own", "empty", "off"}},
			{mailstead.AccountQuery{Text: "unal"}, []string{"Ünal Support"}},
			{mailstead.AccountQuery{Text: " SUPP fir "}, []string{"Ünal Support"}},
			{mailstead.AccountQuery{Text: "help@firm.example"}, []string{"Ünal Support"}},
			{mailstead.AccountQuery{Text: "support nothing"}, nil},
			{mailstead.AccountQuery{Text: "--"}, nil},
			{mailstead.AccountQuery{State: mailstead.AccountTrouble}, []string{"given"}},
			{mailstead.AccountQuery{State: mailstead.AccountIncomplete}, []string{"empty"}},
			{mailstead.AccountQuery{State: mailstead.AccountDisabled}, []string{"off"}},
			{mailstead.AccountQuery{ProviderID: "gmail"}, []string{"Ünal Support"}},
			{mailstead.AccountQuery{Domain: "FIRM.example"}, []string{"Ünal Support"}},
			{mailstead.AccountQuery{IDs: []mailstead.AccountID{off.ID, 99, gone.ID}}, []string{"off"}},
			{mailstead.AccountQuery{OwnerID: anna.ID}, []string{"own"}},
			{mailstead.AccountQuery{ProfileID: sales.ID}, []string{"given"}},
			{mailstead.AccountQuery{Unassigned: true}, []string{"Ünal Support", "empty", "off"}},
			{mailstead.AccountQuery{Address: "HELP@firm.example"}, []string{"Ünal Support"}},
			{mailstead.AccountQuery{Deleted: true}, []string{"gone"}},
			{mailstead.AccountQuery{Deleted: true, VisibleTo: anna.ID}, []string{"gone"}},
			{mailstead.AccountQuery{Deleted: true, VisibleTo: 99}, nil},
		} {
			k.same(fmt.Sprintf("%+v", tt.q), k.list(tt.q), tt.want)
		}
		off.Name, off.DisplayName, off.Address = "Renamed", "", "renamed@other.example"
		k.ok(k.db.UpdateAccount(ctx, off, nil, audited, nil))
		k.same("new name", k.list(mailstead.AccountQuery{Text: "renamed", Domain: "other.example"}), []string{"Renamed"})
		k.same("old name", k.list(mailstead.AccountQuery{Text: "off"}), []string(nil))
	},
	"every order has its pages, forwards and backwards": func(t *testing.T, k *kit) {
		ctx := t.Context()
		names := []string{"delta", "Alpha", "alpha", "Çelik", "bravo", "echo", "golf"}
		for i, name := range names {
			a := k.named(name, func(a *mailstead.Account) {
				a.Address = fmt.Sprintf("%c@example.com", 'z'-i)
				a.Incoming.Health.SuccessAt = start.Add(time.Duration(i%3) * time.Hour)
			})
			if i%2 == 0 {
				k.ok(k.db.SetHealth(ctx, a.ID, mailstead.SideIncoming, mailstead.Health{State: mailstead.HealthTrouble}))
			}
		}
		for sort, want := range map[mailstead.AccountSort][]string{
			mailstead.SortCreated: names,
			mailstead.SortName:    {"Alpha", "alpha", "bravo", "Çelik", "delta", "echo", "golf"},
			mailstead.SortAddress: {"golf", "echo", "bravo", "Çelik", "alpha", "Alpha", "delta"},
			mailstead.SortState:   {"alpha", "bravo", "delta", "golf", "Alpha", "Çelik", "echo"},
			mailstead.SortSuccess: {"delta", "Çelik", "golf", "Alpha", "bravo", "alpha", "echo"},
		} {
			for _, descending := range []bool{false, true} {
				q := mailstead.AccountQuery{Sort: sort, Descending: descending, Limit: 2}
				var got []string
				for {
					page, err := k.db.Accounts(ctx, q)
					k.ok(err)
					for i := range page {
						got = append(got, page[i].Name)
						q.After = page[i].Position(sort)
					}
					if len(page) < q.Limit {
						break
					}
				}
				if descending {
					slices.Reverse(got)
				}
				k.same(fmt.Sprint(sort, descending), got, want)
			}
		}
	},
	"a word that many accounts have is found too": func(t *testing.T, k *kit) {
		for i := range 12 {
			k.named(fmt.Sprintf("box %02d", i), nil)
		}
		k.named("other", nil)
		q := mailstead.AccountQuery{Text: "example", Sort: mailstead.SortName, Limit: 5}
		k.same("first page", k.list(q), []string{"box 00", "box 01", "box 02", "box 03", "box 04"})
		q.Text = "box 0"
		k.same("both words", len(k.list(mailstead.AccountQuery{Text: "box 1"})), 2)
	},
	"assignments of accounts are read in one go": func(t *testing.T, k *kit) {
		u, p := k.user("anna"), k.profile("sales")
		k.has(u, p.ID)
		a, b, c := k.account("a", 0), k.account("b", 0), k.account("c", 0)
		x := k.assign(mailstead.Assignment{AccountID: a.ID, UserID: u.ID})
		y := k.assign(mailstead.Assignment{AccountID: b.ID, ProfileID: p.ID})
		k.assign(mailstead.Assignment{AccountID: c.ID, System: true})
		got, err := k.db.Reach(t.Context(), u.ID, []mailstead.AccountID{a.ID, b.ID, c.ID})
		k.ok(err)
		k.same("assignments", got, map[mailstead.AccountID][]mailstead.Assignment{a.ID: {x}, b.ID: {y}})
	},
}
