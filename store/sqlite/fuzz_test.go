package sqlite_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
)

// FuzzSearch searches for any text: it is never an error and never finds mail
// that does not hold its words.
func FuzzSearch(f *testing.F) {
	for _, s := range []string{
		"invoice", `"a" OR b*`, "NEAR(a b)", "col:a", "2·x", "··3", "x' OR 1=1 --", "\x00", "é\u0301", "請求書", "a\ue000b", strings.Repeat("a ", 300),
	} {
		f.Add(s)
	}
	db := open(f, filepath.Join(f.TempDir(), "test.db"), options)
	const words = "alpha beta and or not near 1 42 請求書"
	accounts := make([]mailstead.AccountID, 2)
	for i := range accounts {
		a := &mailstead.Account{Key: string(rune('a' + i)), Name: "a"}
		if _, err := db.ConnectAccount(f.Context(), mailstead.Connected{Audit: audited, Account: a}); err != nil {
			f.Fatal(err)
		}
		folders, err := db.SyncFolders(f.Context(), a.ID, []mailstead.RemoteFolder{{Path: "INBOX"}}, time.Now())
		if err != nil {
			f.Fatal(err)
		}
		_, err = db.ApplySync(f.Context(), mailstead.SyncBatch{
			AccountID: a.ID, FolderID: folders[0].ID,
			Messages: []mailstead.NewMessage{{Message: mailstead.Message{UID: 1}, SearchText: mailstead.FoldText(words)}},
		})
		if err != nil {
			f.Fatal(err)
		}
		accounts[i] = a.ID
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := db.Messages(t.Context(), mailstead.MessageQuery{AccountID: accounts[0], Search: text})
		if err != nil {
			t.Fatalf("search for %q: %v", text, err)
		}
		want := 0
		if holds(words, text) {
			want = 1
		}
		if len(got) != want || (want == 1 && got[0].AccountID != accounts[0]) {
			t.Errorf("search for %q: got %v, want %d mail of the account", text, got, want)
		}
	})
}

// holds says in the plainest way what a search finds: mail that has, for each
// word, a word that begins so. Of a long search the first 16 words count.
func holds(mail, search string) bool {
	if strings.TrimSpace(search) == "" {
		return true
	}
	words := strings.Fields(mailstead.FoldText(search))
	for i, w := range words {
		found := false
		for have := range strings.FieldsSeq(mailstead.FoldText(mail)) {
			found = found || strings.HasPrefix(have, w)
		}
		if !found && i < 16 {
			return false
		}
	}
	return len(words) > 0
}
