package storetest

import (
	"testing"

	"github.com/mailstead/mailstead"
)

var senderTests = map[string]func(*testing.T, *kit){
	"the facts about a sender are all that the resolver needs": func(t *testing.T, k *kit) {
		ctx := t.Context()
		anna, bert := k.user("anna"), k.user("bert")
		sales, other := k.profile("sales"), k.profile("other")
		k.has(anna, sales.ID)
		own, given, byProfile := k.account("own", anna.ID), k.account("given", bert.ID), k.account("profile", 0)
		system, named := k.account("system", 0), k.account("named", bert.ID)
		k.account("foreign", bert.ID)
		as := []mailstead.Assignment{
			k.assign(mailstead.Assignment{AccountID: given.ID, UserID: anna.ID, Priority: 2}),
			k.assign(mailstead.Assignment{AccountID: byProfile.ID, ProfileID: sales.ID}),
			k.assign(mailstead.Assignment{AccountID: system.ID, System: true}),
		}
		k.assign(mailstead.Assignment{AccountID: named.ID, ProfileID: other.ID})
		got, err := k.db.SenderFacts(ctx, anna.ID, named.ID, 0, 99)
		k.ok(err)
		want := *anna
		want.ProfileIDs = []mailstead.ProfileID{sales.ID}
		k.same("user", got.User, want)
		k.same("profiles", got.Profiles, []mailstead.Profile{*sales})
		k.same("assignments", got.Assignments, as)
		k.same("accounts", got.Accounts, []mailstead.Account{*own, *given, *byProfile, *system, *named})
	},
	"the system's facts are its own account": func(t *testing.T, k *kit) {
		ctx := t.Context()
		organisation, system := k.account("organisation", 0), k.account("system", 0)
		k.ok(k.db.SetSystemAccount(ctx, system.ID, audited))
		got, err := k.db.SenderFacts(ctx, 0)
		k.ok(err)
		k.same("accounts", got.Accounts, []mailstead.Account{*system})
		got, err = k.db.SenderFacts(ctx, 0, organisation.ID)
		k.ok(err)
		k.same("accounts", got.Accounts, []mailstead.Account{*organisation, *system})
		_, err = k.db.SenderFacts(ctx, 99)
		k.missing(err, "user")
	},
}
