package storetest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mailstead/mailstead"
)

var nameTests = map[string]func(*testing.T, *kit){
	"names keep their UIDs, and new ones count up": func(t *testing.T, k *kit) {
		ctx := t.Context()
		f := k.inbox()
		first, err := k.db.NumberMessages(ctx, f.ID, []string{"b", "a", "'c\" ?"})
		k.ok(err)
		k.same("first", first, []mailstead.UID{1, 2, 3})
		second, err := k.db.NumberMessages(ctx, f.ID, []string{"d", "'c\" ?", "A", "b"})
		k.ok(err)
		k.same("second", second, []mailstead.UID{4, 3, 5, 1})
		none, err := k.db.NumberMessages(ctx, f.ID, nil)
		k.ok(err)
		k.same("none", len(none), 0)
		back, err := k.db.NumberMessages(ctx, f.ID, []string{"a"})
		k.ok(err)
		k.same("one that was away", back, []mailstead.UID{2})
		_, err = k.db.NumberMessages(ctx, 99, []string{"a"})
		k.missing(err, "folder")
	},
	"names of one folder are nothing to another": func(t *testing.T, k *kit) {
		ctx := t.Context()
		f := k.folders(k.account("anna", 0).ID, "A", "B")
		_, err := k.db.NumberMessages(ctx, f[0].ID, []string{"x", "y"})
		k.ok(err)
		got, err := k.db.NumberMessages(ctx, f[1].ID, []string{"y"})
		k.ok(err)
		k.same("uids", got, []mailstead.UID{1})
		k.folders(f[0].AccountID, "B") // A goes, with its names
		got, err = k.db.NumberMessages(ctx, f[1].ID, []string{"z", "y"})
		k.ok(err)
		k.same("uids", got, []mailstead.UID{2, 1})
	},
	"thousands of names are numbered at once": func(t *testing.T, k *kit) {
		ctx := t.Context()
		f := k.inbox()
		var names []string
		for i := range 3000 {
			names = append(names, fmt.Sprintf("name-%d", i))
		}
		for range 2 {
			got, err := k.db.NumberMessages(ctx, f.ID, names)
			k.ok(err)
			k.same("ends", []any{len(got), got[0], got[2999]}, []any{3000, mailstead.UID(1), mailstead.UID(3000)})
		}
	},
	"two who number at the same time agree": func(t *testing.T, k *kit) {
		ctx := t.Context()
		f := k.inbox()
		const many = 8
		results := make(chan []mailstead.UID, many)
		for range many {
			go func() {
				got, err := k.db.NumberMessages(ctx, f.ID, []string{"a", "b", "c"})
				if err != nil {
					t.Error(err)
				}
				results <- got
			}()
		}
		want := <-results
		for range many - 1 {
			k.same("uids", <-results, want)
		}
	},
	"like mails are found by their Message-ID": func(t *testing.T, k *kit) {
		ctx := t.Context()
		f := k.inbox()
		long := mail(4, "long")
		long.InternetMessageID = strings.Repeat("ž", 3000)
		bare := mailstead.NewMessage{Message: mailstead.Message{UID: 3, ReceivedAt: start, Size: 1 << 30, State: mailstead.MessageTooLarge}}
		k.load(f, mail(1, "one"), mail(2, "two"), bare, long)
		got, err := k.db.Likenesses(ctx, f.ID, []string{"2@example.com", "9@example.com", "", long.InternetMessageID})
		k.ok(err)
		k.same("found", got, []mailstead.Likeness{
			{UID: 2, Blob: blob("two").Hash, Size: 100}, {UID: 3, Size: 1 << 30}, {UID: 4, Blob: blob("long").Hash, Size: 100},
		})
		none, err := k.db.Likenesses(ctx, f.ID, nil)
		k.ok(err)
		k.same("none", len(none), 0)
		_, err = k.db.Likenesses(ctx, 99, []string{"x"})
		k.missing(err, "folder")
	},
}
