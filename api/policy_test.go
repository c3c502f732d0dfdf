package api_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/admin"
	"github.com/mailstead/mailstead/api"
	"github.com/mailstead/mailstead/connect"
)

type fakePolicies struct{ *fakes }

func (f fakePolicies) Policies(_ context.Context, actor mailstead.Actor) (admin.PolicyView, error) {
	p := mailstead.DefaultPolicies()
	return admin.PolicyView{Own: admin.OwnPolicies{Freedom: mailstead.FreedomEverything}, All: &p}, f.note(actor)
}

func (f fakePolicies) PutPolicies(_ context.Context, actor mailstead.Actor, p mailstead.Policies, _ *time.Time) (admin.PolicyView, error) {
	return admin.PolicyView{All: &p}, f.note(actor)
}

const onePerUser = `{"copies":"administrators","accounts_per_user":1,"limit_providers":true,"provider_ids":["gmail"],"typed_servers":false,"plain":false,"own_accounts":"provider","confirm_domains":true}`

func TestPoliciesOverTheAPI(t *testing.T) {
	w := newRightsWorld(t)
	get := w.do(call{path: "/policies", cookie: w.cookies["ada"]})
	first := get.Header().Get("ETag")
	if first == "" {
		t.Fatal("policies that nobody set have no version")
	}
	put := call{method: "PUT", path: "/policies", body: onePerUser, cookie: w.cookies["ada"], header: map[string]string{"If-Match": first}}
	rec := w.do(put)
	if rec.Code != http.StatusOK || rec.Header().Get("ETag") == first {
		t.Fatalf("got %d %s, want 200 and another version", rec.Code, rec.Body)
	}
	if rec := w.do(put); rec.Code != http.StatusPreconditionFailed || problem(t, rec).Code != mailstead.CodePoliciesChanged {
		t.Errorf("an old version: got %d %s, want 412", rec.Code, rec.Body)
	}
	put.header = nil
	put.body = `{"copies":"profiles","copy_profiles":[99],"accounts_per_user":0,"limit_providers":false,"typed_servers":true,"plain":false,"own_accounts":"everything","confirm_domains":false}`
	if p := problem(t, w.do(put)); p.Code != "input.profile" {
		t.Errorf("a profile that is not there: got %+v", p)
	}
	anna := read[api.PolicyView](t, w, "anna", "/policies")
	want := api.OwnPolicies{
		OwnAccounts: mailstead.FreedomProvider, AccountsPerUser: 1, Accounts: anna.Own.Accounts, Refusal: mailstead.CodePolicyAccounts,
	}
	if anna.Own != want || anna.Rules != nil || anna.AllowedNetworks != nil {
		t.Errorf("anna: got %+v, want what concerns her: %+v", anna, want)
	}
	if got := read[api.List[mailstead.Provider]](t, w, "anna", "/providers").Items; len(got) != 1 || got[0].ID != "gmail" {
		t.Errorf("anna: got %d providers, want the one that is offered", len(got))
	}
	if got := read[api.List[mailstead.Provider]](t, w, "ada", "/providers").Items; len(got) < 100 {
		t.Errorf("ada: got %d providers, want all", len(got))
	}
}

type fakeLinks struct{ *fakes }

func (f fakeLinks) AskPassword(_ context.Context, actor mailstead.Actor, id mailstead.AccountID, _ time.Duration) (connect.Asked, error) {
	return connect.Asked{Link: mailstead.PasswordLink{ID: 3, AccountID: id}, Secret: mailstead.NewSecret("msp_x")}, f.note(actor)
}

func (f fakeLinks) AskConnect(ctx context.Context, actor mailstead.Actor, _ connect.Request, life time.Duration) (connect.Asked, error) {
	return f.AskPassword(ctx, actor, 7, life)
}

func (f fakeLinks) PasswordLinks(_ context.Context, actor mailstead.Actor, id mailstead.AccountID) ([]mailstead.PasswordLink, error) {
	return []mailstead.PasswordLink{{ID: 3, AccountID: id}}, f.note(actor)
}

func (f fakeLinks) ClosePasswordLink(_ context.Context, actor mailstead.Actor, _ mailstead.AccountID, _ mailstead.PasswordLinkID) error {
	return f.note(actor)
}

func (f fakeLinks) LookAtLink(_ context.Context, _ mailstead.Secret, _ string) (connect.Asked, error) {
	return connect.Asked{Account: mailstead.Account{Address: "anna@example.com"}}, f.note(mailstead.Actor{})
}

func (f fakeLinks) UseLink(_ context.Context, _, _, _ mailstead.Secret, _ string) (connect.Result, error) {
	return connect.Result{OK: true}, f.note(mailstead.Actor{})
}

func (f fakeLinks) PlanBulk(_ context.Context, actor mailstead.Actor, _ connect.BulkRequest) (*connect.Bulk, error) {
	return &connect.Bulk{}, f.note(actor)
}
