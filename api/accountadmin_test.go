package api_test

import (
	"encoding/csv"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
	"github.com/mailstead/mailstead/connect"
)

func TestAccountFilters(t *testing.T) {
	b := newBench(t)
	f := b.fakes
	f.manyAccounts = 3
	for query, want := range map[string]mailstead.AccountQuery{
		"all=true": {Limit: 51},
		"all=true&q=sales+it&state=trouble&provider=gmail&domain=a.example&owner=4&profile=2&unassigned=true": {
			Text: "sales it", State: mailstead.AccountTrouble, ProviderID: "gmail", Domain: "a.example", OwnerID: 4, ProfileID: 2,
			Unassigned: true, Sort: mailstead.SortName, Limit: 51,
		},
		"all=true&sort=success&desc=true": {Sort: mailstead.SortSuccess, Descending: true, Limit: 51},
		"all=true&id=3,5":                 {IDs: []mailstead.AccountID{3, 5}, Sort: mailstead.SortName, Limit: 51},
		"deleted=true":                    {Deleted: true, VisibleTo: 1, Limit: 51},
	} {
		rec := b.do(call{path: "/accounts?" + query, cookie: adaCookie})
		if rec.Code != http.StatusOK {
			t.Fatalf("%s: status %d", query, rec.Code)
		}
		if d := cmp.Diff(want, f.accounts); d != "" {
			t.Errorf("%s: query (-want +got):\n%s", query, d)
		}
	}
	for _, query := range []string{"state=sick", "sort=colour", "owner=-1", "id=x", "what=x"} {
		if rec := b.do(call{path: "/accounts?" + query, cookie: adaCookie}); rec.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s: got status %d, want 422", query, rec.Code)
		}
	}
}

func TestAccountListAsATable(t *testing.T) {
	b := newBench(t)
	f := b.fakes
	f.manyAccounts = 450
	rec := b.do(call{path: "/accounts/csv?all=true&sort=name", cookie: adaCookie})
	if rec.Code != http.StatusOK || !strings.Contains(rec.Header().Get("Content-Disposition"), "accounts.csv") {
		t.Fatalf("got status %d, header %v", rec.Code, rec.Header())
	}
	rows, err := csv.NewReader(rec.Body).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 451 || rows[0][0] != "id" || rows[450][0] != "450" || rows[1][4] != "incomplete" || rows[1][5] != "servers" {
		t.Errorf("got %d rows, first %v, last %v", len(rows), rows[1], rows[len(rows)-1])
	}
}

func TestAccountsAreChangedTogether(t *testing.T) {
	b := newBench(t)
	f := b.fakes
	list := answer[api.List[api.BulkItem]](t, b.do(call{
		method: "POST", path: "/accounts/bulk", cookie: adaCookie, body: `{"ids":[12,13],"action":"disable","side":"incoming"}`,
	}), http.StatusOK)
	if len(list.Items) != 2 || !list.Items[0].OK || list.Items[0].Address != "sales@example.com" {
		t.Errorf("got %+v", list.Items)
	}
	if got := list.Items[1]; got.OK || got.Code != "account.in_use" || len(got.UsedBy) != 1 || got.UsedBy[0].Name != "Sales" || got.Detail == "" {
		t.Errorf("got %+v, want a refusal with its uses", got)
	}
	if c := f.changes; c.IncomingEnabled == nil || *c.IncomingEnabled || c.OutgoingEnabled != nil {
		t.Errorf("got changes %+v, want the incoming side off", c)
	}
	answer[api.List[api.BulkItem]](t, b.do(call{
		method: "POST", path: "/accounts/bulk", cookie: adaCookie, body: `{"ids":[12],"action":"delete"}`,
	}), http.StatusOK)
	if f.removal != (connect.Removal{}) {
		t.Errorf("got removal %+v", f.removal)
	}
}

func TestRefusedDeletionListsTheUses(t *testing.T) {
	b := newBench(t)
	b.err = (&mailstead.Account{}).CheckUnused([]mailstead.Use{
		{Kind: mailstead.UseProfile, ID: "2", Name: "Sales"}, {Kind: mailstead.UseOutgoing, ID: "9", Name: "Offer"},
	})
	for _, c := range []call{{method: "DELETE", path: "/accounts/7"}, {method: "POST", path: "/accounts/7/disconnect"}} {
		c.cookie = adaCookie
		p := answer[api.Problem](t, b.do(c), http.StatusConflict)
		want := []mailstead.Use{{Kind: mailstead.UseProfile, ID: "2", Name: "Sales"}, {Kind: mailstead.UseOutgoing, ID: "9", Name: "Offer"}}
		if d := cmp.Diff(want, p.UsedBy); p.Code != "account.in_use" || d != "" {
			t.Errorf("got code %s, uses (-want +got):\n%s", p.Code, d)
		}
	}
}

func TestPreviewOfAnUnusedAccountHasAnEmptyList(t *testing.T) {
	b := newBench(t)
	got := answer[map[string]any](t, b.do(call{method: "GET", path: "/accounts/" + unused.String() + "/disconnect", cookie: adaCookie}), http.StatusOK)
	if uses, ok := got["used_by"].([]any); !ok || len(uses) != 0 {
		t.Errorf("got used_by %v, want an empty list", got["used_by"])
	}
}
