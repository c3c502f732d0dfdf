package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
)

var pageTests = map[string]func(*testing.T, *kit){
	"pages go from new to old and miss nothing": func(t *testing.T, k *kit) {
		a := k.account("anna", 0)
		f := k.folders(a.ID, "A", "B")
		var all []mailstead.NewMessage
		for uid := mailstead.UID(1); uid <= 23; uid++ {
			m := mail(uid, "w")
			// Three arrive at the same time: the id decides.
			m.ReceivedAt = start.Add(time.Duration(uid/3) * time.Second)
			all = append(all, m)
		}
		want := k.load(f[0], all...)
		slices.Reverse(want)
		k.same("folder", k.walk(mailstead.MessageQuery{AccountID: a.ID, FolderID: f[0].ID, Limit: 4}), want)
		late := mail(1, "late")
		late.ReceivedAt = start.Add(time.Hour)
		want = append(k.load(f[1], late), want...)
		k.same("account", k.walk(mailstead.MessageQuery{AccountID: a.ID, Limit: 5}), want)
	},
	"a page has a bound": func(t *testing.T, k *kit) {
		f := k.inbox()
		k.load(f, mails(1, mailstead.MaxPage+10, "w")...)
		for _, n := range []int{0, -1, 1000} {
			got, err := k.db.Messages(t.Context(), mailstead.MessageQuery{AccountID: f.AccountID, Limit: n})
			k.ok(err)
			k.same("messages", len(got), mailstead.MaxPage+1)
		}
	},
	"unread messages alone": func(t *testing.T, k *kit) {
		f := k.inbox()
		seen := mail(2, "words")
		seen.Flags.Seen = true
		got := k.load(f, mail(1, "words"), seen, mail(3, "words"))
		want := []mailstead.MessageID{got[2], got[0]}
		for _, q := range []mailstead.MessageQuery{{}, {FolderID: f.ID}, {Search: "words"}, {Search: "words", FolderID: f.ID}} {
			q.AccountID, q.UnreadOnly, q.Limit = f.AccountID, true, 1
			k.same("unread", k.walk(q), want)
		}
	},
	"a folder of another account shows nothing": func(t *testing.T, k *kit) {
		f, other := k.inbox(), k.account("other", 0)
		k.load(f, mail(1, "words"))
		for _, search := range []string{"", "words"} {
			got, err := k.db.Messages(t.Context(), mailstead.MessageQuery{AccountID: other.ID, FolderID: f.ID, Search: search})
			k.ok(err)
			k.same("messages", len(got), 0)
		}
		_, err := k.db.Messages(t.Context(), mailstead.MessageQuery{AccountID: 99})
		k.missing(err, "account")
	},
	"messages are read by their ids": func(t *testing.T, k *kit) {
		f := k.inbox()
		got := k.load(f, mails(1, 3, "w")...)
		list, err := k.db.MessagesByID(t.Context(), []mailstead.MessageID{got[2], 99, got[0]})
		k.ok(err)
		k.same("ids", ids(list), []mailstead.MessageID{got[0], got[2]})
	},
	"a search finds all its words by their beginnings": func(t *testing.T, k *kit) {
		f := k.inbox()
		got := k.load(f,
			mail(1, "Rechnung Nr. 4711 für Müller"), mail(2, "Invoice 4711 for Mueller"),
			mail(3, "счёт на оплату"), mail(4, "請求書 です"), mail(5, "x1e5y 1e5 007"),
		)
		for search, want := range map[string][]int{
			"rechnung":      {0},
			"RECH":          {0},
			"4711":          {1, 0},
			"4711 mull":     {0},
			"4711, müller!": {0},
			"471":           {1, 0},
			"711":           {},
			"счет":          {2},
			"請求":            {3},
			"1e5":           {4},
			"1":             {4},
			"007 x1":        {4},
			"mull nowhere":  {},
			"--- !!!":       {},
			"   ":           {4, 3, 2, 1, 0},
		} {
			list, err := k.db.Messages(t.Context(), mailstead.MessageQuery{AccountID: f.AccountID, Search: search})
			k.ok(err)
			ordered := []mailstead.MessageID{}
			for _, i := range want {
				ordered = append(ordered, got[i])
			}
			k.same(search, ids(list), ordered)
		}
	},
	"what people type is never a query language": func(t *testing.T, k *kit) {
		f := k.inbox()
		got := k.load(f, mail(1, "alpha or beta and not near gamma"), mail(2, "words"))
		for _, search := range []string{
			`"alpha" OR "words"`, `alpha AND NOT beta`, `NEAR(alpha gamma)`, `words:alpha`, `alpha*`, `^alpha`, `-alpha`, `{alpha}`,
			`alpha' | 'beta`, `alpha & !beta`, `'; DROP TABLE messages; --`, `alpha\`, `alpha:*`, `(((`, "alpha\x00beta", `"`, `\'`, "\xff alpha",
			"1·alpha", "··1", strings.Repeat("alpha ", 5000), strings.Repeat("a", 100_000),
		} {
			list, err := k.db.Messages(t.Context(), mailstead.MessageQuery{AccountID: f.AccountID, Search: search})
			if err != nil {
				t.Errorf("%.30q: got error %v, want none", search, err)
			}
			if slices.Contains(ids(list), got[1]) {
				t.Errorf("%.30q: got a mail with none of the words", search)
			}
		}
		list, err := k.db.Messages(t.Context(), mailstead.MessageQuery{AccountID: f.AccountID, Search: `alpha OR beta`})
		k.ok(err)
		k.same("operators are words", ids(list), got[:1])
	},
	"a search stays in its account and folder": func(t *testing.T, k *kit) {
		var folders []mailstead.Folder
		var loaded [][]mailstead.MessageID
		for i := range 12 {
			a := k.account(fmt.Sprintf("a%d", i), 0)
			f := k.folders(a.ID, "A", "B")
			folders = append(folders, f...)
			for _, f := range f {
				// A mail may hold the very terms of the index.
				m := mail(1, "secret")
				m.SearchText = "secret 1·secret 2·secret 1··1 1··2"
				loaded = append(loaded, k.load(f, m))
			}
		}
		for i, f := range folders {
			want := loaded[i]
			got, err := k.db.Messages(t.Context(), mailstead.MessageQuery{AccountID: f.AccountID, FolderID: f.ID, Search: "secret"})
			k.ok(err)
			k.same("folder", ids(got), want)
			got, err = k.db.Messages(t.Context(), mailstead.MessageQuery{AccountID: f.AccountID, Search: "secret"})
			k.ok(err)
			both := append(slices.Clone(loaded[i|1]), loaded[i&^1]...)
			k.same("account", ids(got), both)
		}
	},
	"found messages come in pages, last loaded first": func(t *testing.T, k *kit) {
		f := k.inbox()
		older := mail(1000, "words")
		older.ReceivedAt = start.Add(-time.Hour)
		got := append(k.load(f, mails(1, 9, "words")...), k.load(f, older)...)
		slices.Reverse(got)
		k.same("found", k.walk(mailstead.MessageQuery{AccountID: f.AccountID, Search: "words", Limit: 4}), got)
	},
}

// walk reads page after page.
func (k *kit) walk(q mailstead.MessageQuery) []mailstead.MessageID {
	k.t.Helper()
	var out []mailstead.MessageID
	for range 100 {
		page, err := k.db.Messages(k.t.Context(), q)
		k.ok(err)
		out = append(out, ids(page)...)
		if len(page) < q.Limit {
			return out
		}
		last := page[len(page)-1]
		q.Before = mailstead.MessagePosition{ReceivedAt: last.ReceivedAt, ID: last.ID}
	}
	k.t.Fatal("got 100 pages, want an end")
	return nil
}
