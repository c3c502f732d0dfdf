package connect_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
)

func TestATokenListsWhatItMayUse(t *testing.T) {
	w := newWorld(t)
	for id := range mailstead.AccountID(4) {
		w.store.accounts[id+1] = mailstead.Account{ID: id + 1, OwnerID: anna.User.ID}
	}
	w.store.accounts[5] = mailstead.Account{ID: 5, OwnerID: boris.User.ID}
	for i, right := range []mailstead.Right{mailstead.RightRead, mailstead.RightSend, mailstead.RightManage} {
		as := mailstead.Assignment{AccountID: mailstead.AccountID(i + 1), UserID: boris.User.ID, Rights: []mailstead.Right{right}}
		w.store.assigned = append(w.store.assigned, as)
	}
	for _, tt := range []struct {
		name   string
		actor  mailstead.User
		scopes []mailstead.Scope
		want   []mailstead.AccountID
	}{
		{"a session", boris.User, nil, []mailstead.AccountID{1, 2, 3, 5}},
		{"a token to read", boris.User, []mailstead.Scope{mailstead.ScopeRead}, []mailstead.AccountID{1, 5}},
		{"a token to send", boris.User, []mailstead.Scope{mailstead.ScopeSend}, []mailstead.AccountID{2, 5}},
		{"a token for accounts", boris.User, []mailstead.Scope{mailstead.ScopeAccounts}, []mailstead.AccountID{3, 5}},
		{"a token to read and to send", boris.User, []mailstead.Scope{mailstead.ScopeRead, mailstead.ScopeSend}, []mailstead.AccountID{1, 2, 5}},
		{"an administrator's token that may not administer", root.User, []mailstead.Scope{mailstead.ScopeAccounts}, nil},
		{"an administrator's token", root.User, []mailstead.Scope{mailstead.ScopeAccounts, mailstead.ScopeAdmin}, []mailstead.AccountID{1, 2, 3, 4, 5}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, limit := range []int{1, 2, 10} {
				var got []mailstead.AccountID
				q := mailstead.AccountQuery{Limit: limit}
				for {
					page, err := w.Accounts(t.Context(), mailstead.Actor{User: tt.actor, Scopes: tt.scopes}, q)
					if err != nil {
						t.Fatal(err)
					}
					for i := range page {
						got = append(got, page[i].ID)
						q.After = page[i].Position(q.Sort)
					}
					if len(page) < limit {
						break
					}
				}
				if diff := cmp.Diff(got, tt.want); diff != "" {
					t.Errorf("pages of %d: accounts (-got +want):\n%s", limit, diff)
				}
			}
		})
	}
}

func TestImportingNeedsTheScopeForAccounts(t *testing.T) {
	w := newImportWorld(t)
	for _, tt := range []struct {
		scopes []mailstead.Scope
		want   string
	}{
		{[]mailstead.Scope{mailstead.ScopeAdmin}, "token.scope"},
		{[]mailstead.Scope{mailstead.ScopeAccounts}, "token.scope"},
		{[]mailstead.Scope{mailstead.ScopeAccounts, mailstead.ScopeAdmin}, ""},
	} {
		r := table()
		r.DryRun = true
		_, err := w.Import(t.Context(), mailstead.Actor{User: root.User, Scopes: tt.scopes}, r)
		if (err == nil) != (tt.want == "") || (err != nil && mailstead.CodeOf(err) != tt.want) {
			t.Errorf("a token for %v: got %v, want %q", tt.scopes, err, tt.want)
		}
	}
}
