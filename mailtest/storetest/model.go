package storetest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/mailstead/mailstead"
)

// folderModel is what a folder must hold after a series of steps.
type folderModel struct {
	k      *kit
	r      *rand.Rand
	folder mailstead.Folder
	flags  map[mailstead.UID]mailstead.Flags
	ids    map[mailstead.UID]mailstead.MessageID
}

var modelTests = map[string]func(*testing.T, *kit){
	"any series of steps leaves what it says": func(t *testing.T, k *kit) {
		seed := rand.Uint64()
		t.Logf("seed %d", seed)
		m := &folderModel{k: k, r: rand.New(rand.NewPCG(seed, 0)), folder: k.inbox()}
		m.reset()
		for range 60 {
			if m.r.IntN(4) == 0 {
				m.setFlags()
			} else {
				m.sync()
			}
			m.check()
			if t.Failed() {
				return
			}
		}
	},
}

func (m *folderModel) reset() {
	m.flags = map[mailstead.UID]mailstead.Flags{}
	m.ids = map[mailstead.UID]mailstead.MessageID{}
}

func (m *folderModel) uid() mailstead.UID { return mailstead.UID(1 + m.r.IntN(40)) }

func (m *folderModel) someFlags() mailstead.Flags {
	return mailstead.Flags{Seen: m.r.IntN(2) == 0, Flagged: m.r.IntN(2) == 0, Deleted: m.r.IntN(5) == 0}
}

// sync applies a batch in the order in which the store promises: reset, removed,
// changed, new.
func (m *folderModel) sync() {
	m.k.t.Helper()
	b := mailstead.SyncBatch{AccountID: m.folder.AccountID, FolderID: m.folder.ID, RemoteTotal: -1, Reset: m.r.IntN(15) == 0}
	if b.Reset {
		m.reset()
	}
	for range m.r.IntN(6) {
		uid := m.uid()
		b.Removed = append(b.Removed, uid)
		delete(m.flags, uid)
		delete(m.ids, uid)
	}
	for range m.r.IntN(6) {
		c := mailstead.FlagChange{UID: m.uid(), Flags: m.someFlags()}
		b.Changed = append(b.Changed, c)
		if _, there := m.flags[c.UID]; there {
			m.flags[c.UID] = c.Flags
		}
	}
	fresh := map[int]mailstead.UID{}
	for range m.r.IntN(10) {
		// Few different texts: many messages share their bytes.
		n := mail(m.uid(), fmt.Sprintf("word%d common", m.r.IntN(5)))
		n.Flags = m.someFlags()
		b.Messages = append(b.Messages, n)
		if _, there := m.flags[n.UID]; !there {
			m.flags[n.UID] = n.Flags
			fresh[len(b.Messages)-1] = n.UID
		}
	}
	ids, err := m.k.db.ApplySync(m.k.t.Context(), b)
	m.k.ok(err)
	for i, id := range ids {
		if uid, isNew := fresh[i]; isNew != (id != 0) {
			m.k.t.Errorf("message %d with UID %d: got id %d, want it stored: %v", i, b.Messages[i].UID, id, isNew)
		} else if isNew {
			m.ids[uid] = id
		}
	}
}

func (m *folderModel) setFlags() {
	m.k.t.Helper()
	set, mask := m.someFlags(), m.someFlags()
	var ids []mailstead.MessageID
	for uid, id := range m.ids {
		if m.r.IntN(3) > 0 {
			continue
		}
		ids = append(ids, id)
		f := m.flags[uid]
		if mask.Seen {
			f.Seen = set.Seen
		}
		if mask.Flagged {
			f.Flagged = set.Flagged
		}
		if mask.Deleted {
			f.Deleted = set.Deleted
		}
		m.flags[uid] = f
	}
	m.k.ok(m.k.db.SetMessageFlags(m.k.t.Context(), ids, set, mask))
}

func (m *folderModel) check() {
	m.k.t.Helper()
	ctx := m.k.t.Context()
	unread := 0
	for _, f := range m.flags {
		if !f.Seen {
			unread++
		}
	}
	f := m.k.folder(m.folder.ID)
	m.k.same("counters", []int{f.Total, f.Unread}, []int{len(m.flags), unread})
	uids, err := m.k.db.FolderUIDs(ctx, m.folder.ID, 0, 0)
	m.k.ok(err)
	m.k.same("uids", uids, slices.Sorted(maps.Keys(m.flags)))
	for _, search := range []string{"", "comm"} {
		got, err := m.k.db.Messages(ctx, mailstead.MessageQuery{AccountID: m.folder.AccountID, FolderID: m.folder.ID, Search: search})
		m.k.ok(err)
		flags, ids := map[mailstead.UID]mailstead.Flags{}, map[mailstead.UID]mailstead.MessageID{}
		for _, g := range got {
			flags[g.UID], ids[g.UID] = g.Flags, g.ID
		}
		m.k.same("flags", flags, m.flags)
		m.k.same("ids", ids, m.ids)
	}
}
