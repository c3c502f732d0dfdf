package api_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
)

func TestCheckupResultsComeInPages(t *testing.T) {
	b := newBench(t)
	first := answer[api.Page[mailstead.CheckupResult]](t, b.do(call{path: "/checkups/7/results?verdict=failed,skipped&limit=2", cookie: adaCookie}), http.StatusOK)
	want := mailstead.CheckupQuery{CheckupID: 7, Verdicts: []mailstead.Verdict{mailstead.VerdictFailed, mailstead.VerdictSkipped}, Limit: 3}
	if d := cmp.Diff(want, b.checkup); d != "" {
		t.Errorf("query (-want +got):\n%s", d)
	}
	if len(first.Items) != 2 || first.Next == "" {
		t.Fatalf("the first page has %d results, next %q", len(first.Items), first.Next)
	}
	b.do(call{path: "/checkups/7/results?limit=2&cursor=" + first.Next, cookie: adaCookie})
	if b.checkup.After != first.Items[1].AccountID {
		t.Errorf("the second page begins behind account %d", b.checkup.After)
	}
	for _, query := range []string{"verdict=nothing", "cursor=x"} {
		if p := problem(t, b.do(call{path: "/checkups/7/results?" + query, cookie: adaCookie})); p.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s: status %d; want 422", query, p.Status)
		}
	}
}
