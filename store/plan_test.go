package store_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/store"
	"github.com/mailstead/mailstead/store/sqlite"
)

// accountPages are the default, each order alone and with each filter that many
// accounts may pass, forwards and backwards, first page and a later one.
func accountPages() map[string]mailstead.AccountQuery {
	out := map[string]mailstead.AccountQuery{
		"default":    {},
		"owner":      {OwnerID: 7, Sort: mailstead.SortName},
		"unassigned": {Unassigned: true, Sort: mailstead.SortName},
		"address":    {Address: "a@firm.example"},
	}
	for _, sort := range mailstead.AccountSorts() {
		for filter, q := range map[string]mailstead.AccountQuery{
			"all": {}, "state": {State: mailstead.AccountOK}, "provider": {ProviderID: "gmail"}, "domain": {Domain: "firm.example"},
		} {
			q.Sort = sort
			out[filter+" by "+string(sort)] = q
			q.Descending = true
			out[filter+" by "+string(sort)+", backwards"] = q
		}
	}
	for name, q := range out {
		q.After = mailstead.AccountPosition{Text: "m", Number: 3, ID: 40}
		out[name+", second page"] = q
	}
	return out
}

// looked are those whose hits are few by their nature: they are looked up and then
// sorted.
func looked() map[string]mailstead.AccountQuery {
	return map[string]mailstead.AccountQuery{
		"text":    {Text: "anna", Sort: mailstead.SortName},
		"profile": {ProfileID: 3, Sort: mailstead.SortName},
		"deleted": {Deleted: true, Sort: mailstead.SortName},
		"own":     {VisibleTo: 7},
	}
}

// TestAccountPagesAreReadFromAnIndex shows that no page of accounts costs more when
// there are more accounts.
func TestAccountPagesAreReadFromAnIndex(t *testing.T) {
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "plan.db"), store.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	check := func(name string, q mailstead.AccountQuery, sorted bool) {
		t.Helper()
		plan, err := store.Plan(t.Context(), db, "EXPLAIN QUERY PLAN", q)
		if err != nil || len(plan) == 0 {
			t.Fatalf("%s: got plan %v, %v", name, plan, err)
		}
		for _, line := range plan {
			whole := strings.HasPrefix(line, "SCAN a") && !strings.Contains(line, "USING INDEX") && q.Sort != "" && q.Sort != mailstead.SortCreated
			if whole || (strings.Contains(line, "TEMP B-TREE") && sorted) {
				t.Errorf("%s: the plan reads every account:\n%s", name, strings.Join(plan, "\n"))
			}
		}
	}
	for name, q := range accountPages() {
		check(name, q, true)
	}
	for name, q := range looked() {
		check(name, q, false)
		plan, _ := store.Plan(t.Context(), db, "EXPLAIN QUERY PLAN", q)
		if text := fmt.Sprint(plan); !strings.Contains(text, "SEARCH a USING") && !strings.Contains(text, "USING INDEX accounts_deleted") {
			t.Errorf("%s: got plan %s, want a search", name, text)
		}
	}
}

// TestWhoMaySendIsReadFromAnIndex shows that a resolution costs no more when there are
// more accounts and assignments.
func TestWhoMaySendIsReadFromAnIndex(t *testing.T) {
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "plan.db"), store.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	plan, err := store.SenderPlans(t.Context(), db, "EXPLAIN QUERY PLAN")
	if err != nil || len(plan) == 0 {
		t.Fatalf("got plan %v, %v", plan, err)
	}
	for _, line := range plan {
		// The index of the system's assignment has one row.
		if strings.HasPrefix(line, "SCAN") && line != "SCAN m USING COVERING INDEX assignments_system" {
			t.Errorf("the plan reads a whole table:\n%s", strings.Join(plan, "\n"))
		}
	}
}

// TestRecordsAreReadFromAnIndex shows that no page of records or of their mails, and no
// preview of disconnecting, costs more when there are more of them elsewhere.
func TestRecordsAreReadFromAnIndex(t *testing.T) {
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "plan.db"), store.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	plans, err := store.RecordPlans(t.Context(), db, "EXPLAIN QUERY PLAN")
	if err != nil || len(plans) == 0 {
		t.Fatalf("got plans %v, %v", plans, err)
	}
	for name, lines := range plans {
		for _, line := range lines {
			// What is found by a word is little, and sorted.
			sorted := strings.Contains(line, "TEMP B-TREE") && name != "records by a word"
			if strings.HasPrefix(line, "SCAN") || sorted {
				t.Errorf("%s: the plan reads a whole table:\n%s", name, strings.Join(lines, "\n"))
			}
		}
	}
}
