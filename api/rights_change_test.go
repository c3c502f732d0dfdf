package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
)

func TestWhatIsRefusedChangesNothing(t *testing.T) {
	w := newRightsWorld(t)
	anna, account := "/users/"+w.people["anna"].ID.String(), "/accounts/"+w.boxes["anna"].String()
	profile := w.profile["profile-read"]
	type state struct {
		User        mailstead.User
		Account     mailstead.Account
		Assignments []mailstead.Assignment
		Tokens      []mailstead.Token
	}
	look := func() (s state) {
		s.User = read[mailstead.User](t, w, "ada", anna)
		s.Account = read[api.AccountDetail](t, w, "ada", account).Account
		s.Assignments = read[api.List[mailstead.Assignment]](t, w, "ada", "/assignments?account="+w.boxes["anna"].String()).Items
		s.Tokens = read[api.List[mailstead.Token]](t, w, "ada", "/tokens?user="+w.people["anna"].ID.String()).Items
		for i := range s.Tokens {
			s.Tokens[i].UsedAt = s.Tokens[i].CreatedAt
		}
		return s
	}
	before := look()
	for _, body := range []string{
		`{"name":"X","role":"admin"}`, `{"name":"X","email":"x@example.com"}`, `{"name":"X","disabled":true}`, `{"name":"X","disabled":false}`,
		fmt.Sprintf(`{"name":"X","profile_ids":[%d]}`, profile), `{"name":"X","profile_ids":[]}`,
	} {
		for _, who := range []string{"anna", "eve", "anna/accounts", "anna/admin", "ada/accounts"} {
			w.refused(t, who, 'F', call{method: "PATCH", path: anna, body: body})
		}
	}
	w.refused(t, "anna", 'A', call{method: "PATCH", path: anna, body: `{"name":"X","created_at":"2020-01-01T00:00:00Z"}`})
	w.refused(t, "anna", 'F', call{method: "PUT", path: anna + "/password", body: `{"current":"wrong","password":"another password"}`})
	w.refused(t, "anna", 'A', call{method: "POST", path: "/tokens", body: `{"name":"X","scopes":["mail:read","admin"]}`})
	for _, who := range slices.Concat(members, []string{"eve"}) {
		want := byte('F')
		if who == "eve" {
			want = 'H'
		}
		if !strings.HasSuffix(who, "manage") {
			for _, body := range []string{`{"note":"X"}`, `{"incoming_enabled":false}`, `{"signature":"X"}`, `{"incoming":{"host":"imap.evil.example","security":"tls"},"password":"x"}`} {
				w.refused(t, who, want, call{method: "PATCH", path: account, body: body})
			}
			w.refused(t, who, want, call{method: "DELETE", path: account})
			w.refused(t, who, want, call{method: "PUT", path: account + "/password", body: `{"password":"x"}`})
		}
	}
	if diff := cmp.Diff(look(), before); diff != "" {
		t.Errorf("what was refused changed something (-now +before):\n%s", diff)
	}
}

func TestWhoManagesAnAccountCannotGiveHimselfMore(t *testing.T) {
	w := newRightsWorld(t)
	account := w.boxes["anna"].String()
	for _, who := range []string{"profile-manage", "shared-manage"} {
		me := w.people[who].ID
		mine := `"account_id":` + account + `,"rights":["read","send","manage"]`
		for _, c := range []call{
			{method: "POST", path: "/assignments", body: fmt.Sprintf(`{%s,"user_id":%d}`, mine, me)},
			{method: "POST", path: "/assignments", body: fmt.Sprintf(`{%s,"profile_id":%d}`, mine, w.profile["profile-manage"])},
			{method: "PUT", path: "/system-account", body: `{"account_id":` + account + `}`},
			{method: "PATCH", path: "/users/" + me.String(), body: fmt.Sprintf(`{"profile_ids":[%d]}`, w.profile["profile-read"])},
			{method: "POST", path: "/outbox", body: `{"to":[{"address":"b@example.com"}],"account_id":` + account + `}`},
		} {
			w.refused(t, who, 'F', c)
		}
		for _, c := range []call{
			{method: "PUT", path: "/users/" + me.String() + "/default-account", body: `{"account_id":` + account + `}`},
			{method: "PATCH", path: "/accounts/" + account, body: fmt.Sprintf(`{"owner_id":%d}`, me)},
			// A server of his own does not get the password that is stored.
			{method: "PATCH", path: "/accounts/" + account, body: `{"incoming":{"host":"imap.evil.example","security":"tls"}}`},
			{method: "PATCH", path: "/accounts/" + account, body: `{"outgoing":{"host":"smtp.evil.example","security":"tls"}}`},
			// The account is assigned: the owner's colleagues keep it.
			{method: "DELETE", path: "/accounts/" + account},
		} {
			w.refused(t, who, 'A', c)
		}
		for _, as := range read[api.List[mailstead.Assignment]](t, w, who, "/assignments?account="+account).Items {
			w.refused(t, who, 'F', call{method: "DELETE", path: fmt.Sprintf("/assignments/%d", as.ID)})
		}
		if got := read[api.AccountDetail](t, w, who, "/accounts/"+account).Rights; got != (mailstead.Rights{Manage: true}) {
			t.Errorf("%s: rights = %+v, want to manage and no more", who, got)
		}
		w.refused(t, who, 'H', call{path: "/accounts/" + account + "/messages"})
	}
}

func TestTheLastAdministratorStays(t *testing.T) {
	w := newRightsWorld(t)
	ada := "/users/" + w.people["ada"].ID.String()
	for _, who := range []string{"ada", "ada/admin"} {
		for _, body := range []string{`{"role":"user"}`, `{"disabled":true}`, `{"disabled":true,"role":"user"}`} {
			w.refused(t, who, 'A', call{method: "PATCH", path: ada, body: body})
			if p := problem(t, w.do(call{method: "PATCH", path: ada, body: body, operator: true})); p.Code != "user.last_admin" {
				t.Errorf("the operator: %s: %s, want user.last_admin", body, p.Code)
			}
		}
	}
	if got := read[mailstead.User](t, w, "ada", ada); got.Role != mailstead.RoleAdmin || got.Disabled {
		t.Errorf("Ada is %s, disabled %v; want an administrator", got.Role, got.Disabled)
	}
	w.change("anna", `{"role":"admin"}`)
	w.change("ada", `{"role":"user"}`)
	// What she had opened is narrower at once.
	w.refused(t, "ada", 'F', call{path: "/users"})
	w.refused(t, "ada/admin", 'F', call{path: "/users"})
	w.refused(t, "ada", 'H', call{path: "/accounts/" + w.boxes["anna"].String()})
}

func TestRightsEndAtOnce(t *testing.T) {
	w := newRightsWorld(t)
	account := call{path: "/accounts/" + w.boxes["anna"].String()}
	w.change("profile-read", `{"profile_ids":[]}`)
	w.refused(t, "profile-read", 'H', account)
	for _, as := range read[api.List[mailstead.Assignment]](t, w, "anna", "/assignments?account="+w.boxes["anna"].String()).Items {
		if as.UserID == w.people["shared-read"].ID {
			rec := w.as("ada", call{method: "DELETE", path: fmt.Sprintf("/assignments/%d", as.ID)})
			if rec.Code != http.StatusNoContent {
				t.Fatalf("status %d: %s", rec.Code, rec.Body)
			}
		}
	}
	w.refused(t, "shared-read", 'H', account)
	w.change("anna", `{"disabled":true}`)
	w.refused(t, "anna", 'U', account)
	w.refused(t, "anna/mail:read", 'U', account)
	// Her colleagues go on.
	read[api.AccountDetail](t, w, "shared-send", account.path)
	w.change("anna", `{"disabled":false}`)
	w.refused(t, "anna", 'U', account) // The session is gone for good.
	read[api.AccountDetail](t, w, "anna/mail:read", account.path)
}
