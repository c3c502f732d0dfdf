package api_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

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
	senders := map[mailstead.OutgoingID]string{w.newOutgoing("anna"): "anna", w.newOutgoing("shared-send"): "shared-send"}
	everybody := slices.Concat([]string{"ada", "anna", "eve"}, members)
	both, hers := []string{"anna", "shared-send"}, []string{"anna"}
	// For each who asks: whose accounts are listed, who sent the mails that are
	// listed for Anna's account, for Anna, and at all, and the rights on the account.
	type seen struct {
		accounts, ofAccount, ofAnna, all []string
		rights                           mailstead.Rights
	}
	full := mailstead.Rights{Read: true, Send: true, Manage: true}
	want := map[string]seen{
		"ada":            {everybody, both, hers, both, full},
		"ada/everything": {everybody, both, hers, both, full},
		"anna":           {hers, both, hers, hers, full},
		"eve":            {accounts: []string{"eve"}},
		"anna/mail:read": {hers, both, hers, hers, mailstead.Rights{Read: true}},
		"anna/mail:send": {hers, hers, hers, hers, mailstead.Rights{Send: true}},
		"anna/accounts":  {accounts: hers, rights: mailstead.Rights{Manage: true}},
		"ada/mail:read":  {accounts: []string{"ada"}},
		"ada/mail:send":  {accounts: []string{"ada"}},
		"ada/accounts":   {accounts: []string{"ada"}},
	}
	for _, m := range members {
		s := seen{accounts: []string{"anna", m}, rights: mailstead.Rights{
			Read: strings.Contains(m, "read"), Send: strings.Contains(m, "send"), Manage: strings.Contains(m, "manage"),
		}}
		if m == "shared-send" {
			s.ofAccount, s.all = []string{m}, []string{m}
		}
		if s.rights.Read {
			s.ofAccount = both
		}
		want[m] = s
	}
	account, anna := w.boxes["anna"].String(), w.people["anna"].ID.String()
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
			if want.rights != (mailstead.Rights{}) {
				if got := read[api.AccountDetail](t, w, who, "/accounts/"+account).Rights; got != want.rights {
					t.Errorf("rights = %+v, want %+v", got, want.rights)
				}
			}
			if strings.HasSuffix(who, "/accounts") {
				return // It reads no mail.
			}
			for path, want := range map[string][]string{"/outbox?account=" + account: want.ofAccount, "/outbox?user=" + anna: want.ofAnna, "/outbox": want.all} {
				var got []string
				for _, m := range read[api.Page[mailstead.OutgoingMessage]](t, w, who, path).Items {
					got = append(got, senders[m.ID])
					one := read[api.OutgoingDetail](t, w, who, "/outbox/"+m.ID.String())
					if others := len(m.Reason.PassedOver) + len(one.Reason.PassedOver); others > 0 && !strings.HasPrefix(who, "ada") && w.by(t, who).person() != senders[m.ID] {
						t.Errorf("mail %d tells of other accounts of %s", m.ID, senders[m.ID])
					}
				}
				slices.Sort(got)
				if diff := cmp.Diff(got, want); diff != "" {
					t.Errorf("%s: mails of (-got +want):\n%s", path, diff)
				}
			}
		})
	}
	t.Run("a member's token for something else", func(t *testing.T) {
		token := w.newToken("shared-read", time.Time{}, mailstead.ScopeSend)
		r := &role{token: token.Secret}
		list := answer[api.Page[mailstead.Account]](t, w.do(r.sign(call{path: "/accounts"})), http.StatusOK).Items
		if len(list) != 1 || list[0].ID != w.boxes["shared-read"] {
			t.Errorf("%d accounts are listed, want the member's own", len(list))
		}
		if rec := w.do(r.sign(call{path: "/accounts/" + account})); rec.Code != http.StatusNotFound {
			t.Errorf("status %d, want 404 as in the list", rec.Code)
		}
	})
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
