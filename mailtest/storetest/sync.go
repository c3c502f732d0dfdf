package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
)

var syncTests = map[string]func(*testing.T, *kit){
	"folders are found again by their path": func(t *testing.T, k *kit) {
		ctx := t.Context()
		a := k.account("anna", 0)
		first, err := k.db.SyncFolders(ctx, a.ID, []mailstead.RemoteFolder{
			{Path: "INBOX", Delimiter: "/", Role: mailstead.FolderInbox},
			{Path: "Žluťoučký", Delimiter: "/"},
			{Path: "only others", NoSelect: true},
			{Path: "INBOX", Delimiter: "/"},
			{Path: "Sent", Delimiter: "/"},
		}, start)
		k.ok(err)
		k.same("folders", len(first), 3)
		k.same("first folder", first[0], mailstead.Folder{ID: first[0].ID, AccountID: a.ID, Path: "INBOX", Delimiter: "/", Role: mailstead.FolderInbox})
		second, err := k.db.SyncFolders(ctx, a.ID, []mailstead.RemoteFolder{
			{Path: "Žluťoučký", Delimiter: "."}, {Path: "Sent", Delimiter: "/", Role: mailstead.FolderSent}, {Path: "New"},
		}, start)
		k.ok(err)
		k.same("paths", []string{second[0].Path, second[1].Path, second[2].Path}, []string{"New", "Sent", "Žluťoučký"})
		k.same("ids", []mailstead.FolderID{second[1].ID, second[2].ID}, []mailstead.FolderID{first[1].ID, first[2].ID})
		k.same("changed", []any{second[1].Role, second[2].Delimiter}, []any{mailstead.FolderSent, "."})
		got, err := k.db.Folders(ctx, a.ID)
		k.ok(err)
		k.same("folders", got, second)
		_, err = k.db.Folder(ctx, first[0].ID)
		k.missing(err, "folder")
		_, err = k.db.SyncFolders(ctx, 99, nil, start)
		k.missing(err, "account")
		_, err = k.db.Folders(ctx, 99)
		k.missing(err, "account")
	},
	"a folder that is gone takes its messages along": func(t *testing.T, k *kit) {
		ctx := t.Context()
		a := k.account("anna", 0)
		f := k.folders(a.ID, "A", "B")
		inA, inB := k.load(f[0], mail(1, "same words"), mail(2, "other words")), k.load(f[1], mail(1, "same words"))
		before := k.lastEvent()
		k.folders(a.ID, "B")
		got, err := k.db.MessagesByID(ctx, append(inA, inB...))
		k.ok(err)
		k.same("messages", ids(got), inB)
		found, err := k.db.Messages(ctx, mailstead.MessageQuery{AccountID: a.ID, Search: "words"})
		k.ok(err)
		k.same("found", ids(found), inB)
		events := k.events(before)
		k.same("events", types(events), []mailstead.EventType{mailstead.EventMessagesRemoved})
		k.same("removed", messagesData(t, events[0]), mailstead.MessagesData{FolderID: f[0].ID, MessageIDs: inA})
	},
	"a stored message comes back as it was": func(t *testing.T, k *kit) {
		ctx := t.Context()
		f := k.inbox()
		m := mailstead.NewMessage{Message: mailstead.Message{
			UID: 4294967295, Flags: mailstead.Flags{Seen: true, Answered: true, Flagged: true, Draft: true, Deleted: true},
			ReceivedAt: start.Add(123 * time.Millisecond), Size: 1 << 40, Blob: blob("x"),
			Headers: mailstead.Headers{
				Subject: "It's \"ok\" ? \\ 'quoted' 😀", From: []mailstead.Address{{Name: "A, \"B\"", Address: "a@example.com"}},
				To: []mailstead.Address{{Address: "b@example.com"}, {Address: "c@example.com"}}, Cc: []mailstead.Address{{Address: "d@example.com"}},
				ReplyTo: []mailstead.Address{{Address: "e@example.com"}}, Date: start.Add(-time.Hour), InternetMessageID: "id@example.com",
				InReplyTo: []string{"p@example.com"}, References: []string{"r@example.com", "p@example.com"},
			},
			Snippet: "snip", HasAttachments: true,
		}}
		odd := mailstead.NewMessage{Message: mailstead.Message{
			UID: 1, ReceivedAt: start, State: mailstead.MessageQuarantined, Defect: "broken", Blob: blob("y"),
		}}
		large := mailstead.NewMessage{Message: mailstead.Message{UID: 2, ReceivedAt: start, Size: 1 << 30, State: mailstead.MessageTooLarge}}
		got := k.load(f, m, odd, large)
		for i, want := range []mailstead.NewMessage{m, odd, large} {
			want.ID, want.AccountID, want.FolderID = got[i], f.AccountID, f.ID
			stored, err := k.db.Message(ctx, got[i])
			k.ok(err)
			k.same("message", stored, want.Message)
		}
		_, err := k.db.Message(ctx, 99)
		k.missing(err, "message")
	},
	"text that a database cannot hold does not stop the others": func(t *testing.T, k *kit) {
		f := k.inbox()
		m := mail(1, "plain")
		m.Subject, m.Snippet, m.Defect = "a\x00b\xffc", "\x00", "\xff"
		m.From[0].Name = "n\x00\xff"
		m.InternetMessageID = strings.Repeat("ž", 3000)
		m.References = []string{strings.Repeat("y", 5000), "\x00"}
		m.SearchText = strings.Repeat("z", 5000) + " plain"
		got := k.load(f, m, mail(2, "other"))
		stored, err := k.db.Message(t.Context(), got[0])
		k.ok(err)
		k.same("subject", stored.Subject, "ab\ufffdc")
		k.same("bytes of the identifier", len(stored.InternetMessageID), 998)
		found, err := k.db.Messages(t.Context(), mailstead.MessageQuery{AccountID: f.AccountID, Search: strings.Repeat("z", 4000)})
		k.ok(err)
		k.same("found", ids(found), got[:1])
	},
	"a batch moves rows, counters and cursor together": func(t *testing.T, k *kit) {
		ctx := t.Context()
		f := k.inbox()
		seen := mail(2, "b")
		seen.Flags.Seen = true
		cursor := mailstead.Cursor{UIDValidity: 4000000000, Next: 4294967295, Low: 1, Done: true, ModSeq: 1<<63 + 5}
		_, err := k.db.ApplySync(ctx, mailstead.SyncBatch{
			AccountID: f.AccountID, FolderID: f.ID, Cursor: cursor, Messages: []mailstead.NewMessage{mail(1, "a"), seen, mail(3, "c")},
			RemoteTotal: 7, At: start.Add(time.Minute),
		})
		k.ok(err)
		want := f
		want.Cursor, want.Total, want.Unread, want.RemoteTotal, want.SyncedAt = cursor, 3, 2, 7, start.Add(time.Minute)
		k.same("folder", k.folder(f.ID), want)
		_, err = k.db.ApplySync(ctx, mailstead.SyncBatch{
			AccountID: f.AccountID, FolderID: f.ID, Cursor: mailstead.Cursor{UIDValidity: 1}, RemoteTotal: -1, At: start.Add(time.Hour),
			Changed: []mailstead.FlagChange{{UID: 1, Flags: mailstead.Flags{Seen: true}}, {UID: 2}, {UID: 2, Flags: mailstead.Flags{Flagged: true}}, {UID: 77}},
			Removed: []mailstead.UID{3, 99},
		})
		k.ok(err)
		want.Cursor, want.Total, want.Unread, want.SyncedAt = mailstead.Cursor{UIDValidity: 1}, 2, 1, start.Add(time.Hour)
		k.same("folder", k.folder(f.ID), want)
		uids, err := k.db.FolderUIDs(ctx, f.ID, 0, 0)
		k.ok(err)
		k.same("uids", uids, []mailstead.UID{1, 2})
	},
	"a message that is there already is left as it is": func(t *testing.T, k *kit) {
		f := k.inbox()
		first := k.load(f, mail(1, "first"))
		second := k.load(f, mail(1, "second"), mail(2, "new"), mail(2, "twin"))
		if second[0] != 0 || second[1] == 0 || second[2] != 0 {
			t.Errorf("got ids %v, want 0, one and 0", second)
		}
		stored, err := k.db.Message(t.Context(), first[0])
		k.ok(err)
		k.same("subject", stored.Subject, "first")
		k.same("total", k.folder(f.ID).Total, 2)
		found, err := k.db.Messages(t.Context(), mailstead.MessageQuery{AccountID: f.AccountID, Search: "second"})
		k.ok(err)
		k.same("found", len(found), 0)
	},
	"events tell what really changed": func(t *testing.T, k *kit) {
		ctx := t.Context()
		f := k.inbox()
		old := k.load(f, mail(1, "a"), mail(2, "b"), mail(3, "c"))
		before, commits := k.lastEvent(), k.commits.Load()
		got, err := k.db.ApplySync(ctx, mailstead.SyncBatch{
			AccountID: f.AccountID, FolderID: f.ID, Announce: true, At: start.Add(time.Minute),
			Messages: []mailstead.NewMessage{mail(3, "c"), mail(4, "d")},
			Changed:  []mailstead.FlagChange{{UID: 1}, {UID: 2, Flags: mailstead.Flags{Flagged: true}}},
			Removed:  []mailstead.UID{1, 50},
			Progress: &mailstead.LoadData{FolderID: f.ID, Role: "inbox", Loaded: 3, Wanted: 9},
		})
		k.ok(err)
		events := k.events(before)
		k.same("events", types(events), []mailstead.EventType{
			mailstead.EventMessagesRemoved, mailstead.EventMessagesChanged, mailstead.EventMessagesNew, mailstead.EventLoadProgress,
		})
		k.same("removed", messagesData(t, events[0]), mailstead.MessagesData{FolderID: f.ID, MessageIDs: old[:1]})
		k.same("changed", messagesData(t, events[1]), mailstead.MessagesData{FolderID: f.ID, MessageIDs: old[1:2]})
		k.same("new", messagesData(t, events[2]), mailstead.MessagesData{FolderID: f.ID, MessageIDs: got[1:]})
		k.same("time", events[3].At, start.Add(time.Minute))
		k.same("progress", string(events[3].Data), `{"folder_id":`+f.ID.String()+`,"role":"inbox","loaded":3,"wanted":9}`)
		k.same("calls of the hook", k.commits.Load()-commits, int64(1))
	},
	"a quiet batch stores no event": func(t *testing.T, k *kit) {
		f := k.inbox()
		commits := k.commits.Load()
		k.load(f, mail(1, "a"))
		k.same("events", k.lastEvent(), mailstead.EventID(0))
		k.same("calls of the hook", k.commits.Load()-commits, int64(0))
	},
	"the end of a load is told": func(t *testing.T, k *kit) {
		f := k.inbox()
		_, err := k.db.ApplySync(t.Context(), mailstead.SyncBatch{
			AccountID: f.AccountID, FolderID: f.ID, RemoteTotal: -1, Progress: &mailstead.LoadData{FolderID: f.ID}, Done: true,
		})
		k.ok(err)
		k.same("events", types(k.events(0)), []mailstead.EventType{mailstead.EventLoadDone})
	},
	"an event carries 500 ids at most": func(t *testing.T, k *kit) {
		f := k.inbox()
		got, err := k.db.ApplySync(t.Context(), mailstead.SyncBatch{
			AccountID: f.AccountID, FolderID: f.ID, Messages: mails(1, 1100, "w"), Announce: true, RemoteTotal: -1,
		})
		k.ok(err)
		var told []mailstead.MessageID
		var sizes []int
		for _, e := range k.events(0) {
			d := messagesData(t, e)
			sizes = append(sizes, len(d.MessageIDs))
			told = append(told, d.MessageIDs...)
		}
		k.same("sizes", sizes, []int{500, 500, 100})
		k.same("ids", told, got)
		k.same("total", k.folder(f.ID).Total, 1100)
	},
	"a reset drops what was read before": func(t *testing.T, k *kit) {
		ctx := t.Context()
		f := k.inbox()
		old := k.load(f, mails(1, 70, "old")...)
		before := k.lastEvent()
		fresh, err := k.db.ApplySync(ctx, mailstead.SyncBatch{
			AccountID: f.AccountID, FolderID: f.ID, Reset: true, Messages: []mailstead.NewMessage{mail(1, "fresh")}, RemoteTotal: 1, Announce: true,
		})
		k.ok(err)
		got, err := k.db.Messages(ctx, mailstead.MessageQuery{AccountID: f.AccountID, FolderID: f.ID})
		k.ok(err)
		k.same("messages", ids(got), fresh)
		now := k.folder(f.ID)
		k.same("counters", []int{now.Total, now.Unread}, []int{1, 1})
		events := k.events(before)
		k.same("events", types(events), []mailstead.EventType{mailstead.EventMessagesRemoved, mailstead.EventMessagesNew})
		k.same("removed", len(messagesData(t, events[0]).MessageIDs), len(old))
		for _, word := range []string{"old", "fresh"} {
			found, err := k.db.Messages(ctx, mailstead.MessageQuery{AccountID: f.AccountID, Search: word})
			k.ok(err)
			k.same("found "+word, len(found), map[string]int{"old": 0, "fresh": 1}[word])
		}
	},
	"a folder of another account cannot be filled": func(t *testing.T, k *kit) {
		f, other := k.inbox(), k.account("other", 0)
		_, err := k.db.ApplySync(t.Context(), mailstead.SyncBatch{AccountID: other.ID, FolderID: f.ID})
		k.missing(err, "folder")
		_, err = k.db.ApplySync(t.Context(), mailstead.SyncBatch{AccountID: f.AccountID, FolderID: 99})
		k.missing(err, "folder")
		_, err = k.db.FolderUIDs(t.Context(), 99, 0, 0)
		k.missing(err, "folder")
	},
	"the same bytes are one blob": func(t *testing.T, k *kit) {
		ctx := t.Context()
		a := k.account("anna", 0)
		f := k.folders(a.ID, "A", "B")
		first, second := mail(1, "same"), mail(1, "same")
		second.Blob.Pack = 9
		k.load(f[0], first, mail(2, "other"))
		got := k.load(f[1], second)
		known, err := k.db.KnownBlobs(ctx, []mailstead.BlobHash{first.Blob.Hash, blob("nowhere").Hash})
		k.ok(err)
		k.same("known", known, map[mailstead.BlobHash]mailstead.BlobRef{first.Blob.Hash: first.Blob})
		stored, err := k.db.Message(ctx, got[0])
		k.ok(err)
		k.same("place of the second", stored.Blob, first.Blob)
		none, err := k.db.KnownBlobs(ctx, nil)
		k.ok(err)
		k.same("known of nothing", len(none), 0)
	},
	"stored UIDs are listed within bounds": func(t *testing.T, k *kit) {
		f := k.inbox()
		k.load(f, mail(9, "a"), mail(3, "b"), mail(5, "c"))
		for _, c := range []struct {
			from, to mailstead.UID
			want     []mailstead.UID
		}{{0, 0, []mailstead.UID{3, 5, 9}}, {4, 0, []mailstead.UID{5, 9}}, {3, 5, []mailstead.UID{3, 5}}, {6, 8, nil}} {
			got, err := k.db.FolderUIDs(t.Context(), f.ID, c.from, c.to)
			k.ok(err)
			k.same("uids", got, c.want)
		}
	},
	"flags are changed where the mask says": func(t *testing.T, k *kit) {
		ctx := t.Context()
		a := k.account("anna", 0)
		f := k.folders(a.ID, "A", "B")
		flagged := mail(1, "a")
		flagged.Flags = mailstead.Flags{Flagged: true}
		inA, inB := k.load(f[0], flagged, mail(2, "b")), k.load(f[1], mail(1, "c"))
		before := k.lastEvent()
		all := []mailstead.MessageID{inA[0], inB[0], inA[1], 99}
		k.ok(k.db.SetMessageFlags(ctx, all, mailstead.Flags{Seen: true, Deleted: true}, mailstead.Flags{Seen: true, Answered: true}))
		got, err := k.db.Message(ctx, inA[0])
		k.ok(err)
		k.same("flags", got.Flags, mailstead.Flags{Seen: true, Flagged: true})
		k.same("unread", []int{k.folder(f[0].ID).Unread, k.folder(f[1].ID).Unread}, []int{0, 0})
		events := k.events(before)
		k.same("events", types(events), []mailstead.EventType{mailstead.EventMessagesChanged, mailstead.EventMessagesChanged})
		k.same("changed", messagesData(t, events[0]), mailstead.MessagesData{FolderID: f[0].ID, MessageIDs: inA})
		k.ok(k.db.SetMessageFlags(ctx, inA, mailstead.Flags{Seen: true}, mailstead.Flags{Seen: true}))
		k.same("events of no change", len(k.events(events[1].ID)), 0)
		k.ok(k.db.SetMessageFlags(ctx, inA[:1], mailstead.Flags{}, mailstead.Flags{Seen: true}))
		k.same("unread", k.folder(f[0].ID).Unread, 1)
		k.missing(k.db.SetMessageFlags(ctx, []mailstead.MessageID{99}, mailstead.Flags{}, mailstead.Flags{Seen: true}), "message")
		k.ok(k.db.SetMessageFlags(ctx, nil, mailstead.Flags{}, mailstead.Flags{Seen: true}))
	},
}
