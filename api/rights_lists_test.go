package api_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
)

// by is who asks, by the short name.
func (w *rightsWorld) by(t *testing.T, who string) *role {
	t.Helper()
	for _, roles := range w.roles {
		for i := range roles {
			if roles[i].email != "" && roles[i].who() == who {
				return &roles[i]
			}
		}
	}
	t.Fatalf("there is no %s", who)
	return nil
}

// read asks as somebody and reads the answer.
func read[T any](t *testing.T, w *rightsWorld, who, path string) T {
	t.Helper()
	w.ahead.Add(1)
	return answer[T](t, w.do(w.by(t, who).sign(call{path: path})), http.StatusOK)
}

// refused asks as somebody and wants the class of answer.
func (w *rightsWorld) refused(t *testing.T, who string, want byte, c call) {
	t.Helper()
	w.ahead.Add(1)
	if rec := w.do(w.by(t, who).sign(c)); classOf(rec.Code) != want || rec.Code < 300 {
		t.Errorf("%s: %s %s %s: status %d, want it refused as %c: %s", who, c.method, c.path, c.body, rec.Code, want, rec.Body)
	}
}

// members are those who have a right on Anna's account.
var members = []string{
	"profile-read", "profile-send", "profile-manage", "profile-read-send", "shared-read", "shared-send", "shared-manage", "shared-read-send",
}

func TestListsHoldWhatTheReaderMaySee(t *testing.T) {
	w := newRightsWorld(t)
	mail := w.newOutgoing()
	all := slices.Concat([]string{"ada", "anna", "eve"}, members)
	// For each who asks: whose accounts are listed, and whether the mail that Anna
	// sent is listed, for Anna's account, for Anna, and without a word.
	type seen struct {
		accounts            []string
		ofAccount, ofA, all bool
	}
	want := map[string]seen{
		"ada":            {all, true, true, true},
		"anna":           {[]string{"anna"}, true, true, true},
		"eve":            {accounts: []string{"eve"}},
		"anna/mail:read": {[]string{"anna"}, true, true, true},
		"anna/mail:send": {[]string{"anna"}, true, true, true}, // Its own.
		"anna/accounts":  {accounts: []string{"anna"}},
		"ada/mail:read":  {accounts: []string{"ada"}},
		"ada/mail:send":  {accounts: []string{"ada"}},
		"ada/accounts":   {accounts: []string{"ada"}},
	}
	for _, m := range members {
		want[m] = seen{accounts: []string{"anna", m}, ofAccount: strings.Contains(m, "read")}
	}
	for who, want := range want {
		t.Run(who, func(t *testing.T) {
			var accounts []string
			for _, a := range read[api.Page[mailstead.Account]](t, w, who, "/accounts?all=true&limit=100").Items {
				accounts = append(accounts, strings.TrimSuffix(a.Address, "@example.com"))
			}
			slices.Sort(accounts)
			slices.Sort(want.accounts)
			if diff := cmp.Diff(accounts, want.accounts); diff != "" {
				t.Errorf("accounts (-got +want):\n%s", diff)
			}
			if strings.HasSuffix(who, "/accounts") {
				return // It reads no mail.
			}
			account, anna := w.boxes["anna"].String(), w.people["anna"].ID.String()
			for path, want := range map[string]bool{
				"/outbox?account=" + account: want.ofAccount, "/outbox?user=" + anna: want.ofA, "/outbox": want.all,
				"/outbox?user=" + anna + "&account=" + account: want.ofAccount,
			} {
				var ids []mailstead.OutgoingID
				for _, m := range read[api.Page[mailstead.OutgoingMessage]](t, w, who, path).Items {
					ids = append(ids, m.ID)
				}
				if got := slices.Contains(ids, mail); got != want || len(ids) > 1 {
					t.Errorf("%s: mails %v, want Anna's: %v", path, ids, want)
				}
			}
		})
	}
	t.Run("a search finds nothing in other accounts", func(t *testing.T) {
		for _, word := range []string{"offer", "secret"} {
			if got := read[api.Page[mailstead.Message]](t, w, "eve", "/accounts/"+w.boxes["eve"].String()+"/messages?q="+word); len(got.Items) != 0 {
				t.Errorf("Eve's search for %s finds %d of Anna's mails", word, len(got.Items))
			}
		}
	})
	t.Run("tokens and assignments", func(t *testing.T) {
		for _, token := range read[api.List[mailstead.Token]](t, w, "anna", "/tokens").Items {
			if token.UserID != w.people["anna"].ID {
				t.Errorf("Anna is shown the token %d of user %d", token.ID, token.UserID)
			}
		}
		for _, as := range read[api.List[mailstead.Assignment]](t, w, "shared-manage", "/assignments?account="+w.boxes["anna"].String()).Items {
			if as.AccountID != w.boxes["anna"] {
				t.Errorf("the list holds an assignment of account %d", as.AccountID)
			}
		}
	})
}

func TestAForeignThingIsLikeOneThatIsNotThere(t *testing.T) {
	w := newRightsWorld(t)
	eve, box := w.people["eve"].ID, w.boxes["eve"]
	row := func(request, body string) rightsRow { return rightsRow{request: request, body: body} }
	for _, row := range []rightsRow{
		row(fmt.Sprintf("GET /accounts/%d/messages?folder={folder}", box), ``),
		row(fmt.Sprintf("PUT /users/%d/default-account", eve), `{"account_id":{account}}`),
		row("GET /resolve?account={account}", ``),
		row("GET /outbox?account={account}", ``),
		row("GET /outbox?user={user}", ``),
		row("GET /tokens?user={user}", ``),
		row("POST /tokens", `{"name":"x","scopes":["mail:read"],"user_id":{user}}`),
		row("POST /connect/save", `{"address":"x@example.com","password":"x","owner_id":{user}}`),
		row("POST /outbox", `{"to":[{"address":"b@example.com"}],"account_id":{account}}`),
		row("POST /outbox", `{"to":[{"address":"b@example.com"}],"user_id":{user}}`),
		row("POST /assignments", `{"account_id":{account},"user_id":{user},"rights":["read"]}`),
		row("GET /messages/{message}/attachments/99", ``),
		row("POST /outbox/{new-mail}/retry?force=true", ``),
	} {
		// The answers repeat the numbers that were asked for.
		digits := regexp.MustCompile(`\d{1,}`)
		r := w.by(t, "eve")
		there, gone := w.ask(w.Handler, &row, r, false), w.ask(w.Handler, &row, r, true)
		if got, want := digits.ReplaceAllString(told(there), "0"), digits.ReplaceAllString(told(gone), "0"); there.Code != gone.Code || got != want {
			t.Errorf("%s %s: the answer tells whether it is there:\n%d %s\n%d %s", row.request, row.body, there.Code, got, gone.Code, want)
		}
	}
}
