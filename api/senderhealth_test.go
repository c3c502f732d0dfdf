package api_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/sender"
)

func (f fakeConnect) SenderHealth(_ context.Context, actor mailstead.Actor, _ mailstead.AccountID) (sender.Result, error) {
	return sender.Result{Domain: "example.com", Findings: []sender.Finding{
		{Part: sender.PartMX, State: sender.StateOK, Code: "mx.ok", Text: "Mail goes to mx.example.com."},
		{Part: sender.PartSPF, State: sender.StateAdvice, Code: "spf.several", Text: "Two records.", Action: "Put them together.", Records: []sender.Record{
			{Name: "example.com", Type: "TXT", Value: "v=spf1 mx ~all", Replaces: []string{"v=spf1 mx", "v=spf1"}},
		}},
	}}, f.note(actor)
}

func TestSenderHealth(t *testing.T) {
	b := newBench(t)
	w := b.do(call{path: "/accounts/7/sender-health", operator: true})
	want := `{"domain":"example.com","findings":[` +
		`{"part":"mx","state":"ok","code":"mx.ok","text":"Mail goes to mx.example.com."},` +
		`{"part":"spf","state":"advice","code":"spf.several","text":"Two records.","action":"Put them together.",` +
		`"records":[{"name":"example.com","type":"TXT","value":"v=spf1 mx ~all","replaces":["v=spf1 mx","v=spf1"]}]}]}`
	if d := cmp.Diff(want, strings.TrimSpace(w.Body.String())); w.Code != http.StatusOK || d != "" {
		t.Errorf("%d (-want +got):\n%s", w.Code, d)
	}
}
