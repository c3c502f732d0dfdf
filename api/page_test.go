package api_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/api"
)

func TestPagesHoldEachItemOnce(t *testing.T) {
	for _, total := range []int{0, 1, 6, 7} {
		t.Run(fmt.Sprint(total, " accounts by 3"), func(t *testing.T) {
			b := newBench(t)
			b.manyAccounts = total
			var got []mailstead.AccountID
			cursor := ""
			for pages := 1; ; pages++ {
				p := answer[api.Page[mailstead.Account]](t, b.do(call{path: "/accounts?limit=3&cursor=" + cursor, cookie: annaCookie}), http.StatusOK)
				for _, a := range p.Items {
					got = append(got, a.ID)
				}
				if p.Items == nil || len(p.Items) > 3 {
					t.Fatalf("items = %v, want a list of at most 3", p.Items)
				}
				if cursor = p.Next; cursor == "" {
					if want := max(1, (total+2)/3); pages != want {
						t.Errorf("pages = %d, want %d", pages, want)
					}
					break
				}
			}
			var want []mailstead.AccountID
			for id := range mailstead.AccountID(total) {
				want = append(want, id+1)
			}
			if diff := cmp.Diff(got, want); diff != "" {
				t.Errorf("accounts (-got +want):\n%s", diff)
			}
		})
	}
}

func TestMessageCursorKeepsThePosition(t *testing.T) {
	b := newBench(t)
	path := "/accounts/7/messages?folder=3&q=invoice&unread=true&limit=2"
	p := answer[api.Page[mailstead.Message]](t, b.do(call{path: path, cookie: annaCookie}), http.StatusOK)
	if p.Next == "" || len(p.Items) != 2 {
		t.Fatalf("page of %d with next %q, want 2 with a next", len(p.Items), p.Next)
	}
	b.do(call{path: path + "&cursor=" + p.Next, cookie: annaCookie})
	last := p.Items[1]
	want := mailstead.MessageQuery{
		AccountID: 7, FolderID: 3, Search: "invoice", UnreadOnly: true, Limit: 3,
		Before: mailstead.MessagePosition{ReceivedAt: last.ReceivedAt, ID: last.ID},
	}
	if diff := cmp.Diff(b.messages, want); diff != "" {
		t.Errorf("query (-got +want):\n%s", diff)
	}
}

func TestOnlyAdministratorsWhoAskSeeAllAccounts(t *testing.T) {
	b := newBench(t)
	b.do(call{path: "/accounts", cookie: adaCookie})
	if b.accounts.VisibleTo != adaUser.ID {
		t.Errorf("visible to %d, want the administrator's own", b.accounts.VisibleTo)
	}
	b.do(call{path: "/accounts?all=true", cookie: adaCookie})
	if b.accounts.VisibleTo != 0 {
		t.Errorf("visible to %d, want all", b.accounts.VisibleTo)
	}
}

func FuzzCursor(f *testing.F) {
	for _, s := range []string{"", "7", `{"ReceivedAt":"2026-03-01T12:00:00Z","ID":5}`, `"a.example"`, "{}", "null", "-1", "1e99", "[[[["} {
		f.Add(base64.RawURLEncoding.EncodeToString([]byte(s)))
	}
	f.Add("%%%")
	b := newBench(f)
	f.Fuzz(func(t *testing.T, cursor string) {
		for _, path := range []string{"/accounts", "/users", "/domains", "/outbox", "/accounts/7/messages"} {
			w := b.do(call{path: path + "?cursor=" + url.QueryEscape(cursor), cookie: adaCookie})
			if w.Code != http.StatusOK && w.Code != http.StatusUnprocessableEntity {
				t.Errorf("%s: status = %d: %s", path, w.Code, w.Body)
			}
		}
	})
}
