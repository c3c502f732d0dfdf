// Package sourcetest is the conformance suite of mailstead.SourceDriver: what
// every driver must do at every server.
package sourcetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
)

// Harness is one driver at one server.
type Harness struct {
	Driver mailstead.SourceDriver
	// Access signs in.
	Access mailstead.Access
	// Deliver puts a mail into INBOX behind the driver's back.
	Deliver func(t *testing.T, raw []byte)
	// Sent is a folder with that role; its path is not ASCII if the server allows.
	Sent string
	// Untrusted is the same server reached by a name that its certificate does
	// not hold; it is not used when Access.Server goes without encryption.
	Untrusted mailstead.Server
	// ModSeq tells that the server keeps mod-sequences.
	ModSeq bool
}

// patience bounds every wait of the suite.
const patience = 30 * time.Second

// Run runs the suite.
func Run(t *testing.T, h Harness) {
	t.Run("check", h.check)
	t.Run("sign-in", h.signIn)
	t.Run("folders", h.folders)
	t.Run("select", h.selects)
	t.Run("uids", h.uids)
	t.Run("fetch bytes", h.fetchBytes)
	t.Run("fetch limits", h.fetchLimits)
	t.Run("fetch stops", h.fetchStops)
	t.Run("append", h.appends)
	t.Run("flags", h.flags)
	t.Run("changes", h.changes)
	t.Run("wait", h.wait)
	t.Run("context", h.context)
}

var sequence int

// mail makes a mail with a Message-ID of its own.
func mail(body string) (id string, raw []byte) {
	sequence++
	id = fmt.Sprintf("%d.%d@sourcetest.example.com", time.Now().UnixNano(), sequence)
	return id, []byte("From: <ann@example.com>\r\nTo: <ben@example.com>\r\nSubject: test\r\n" +
		"Message-ID: <" + id + ">\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n" +
		"Content-Transfer-Encoding: 8bit\r\n\r\n" + body)
}

func ctx(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// open signs in and opens INBOX.
func (h *Harness) open(t *testing.T) (mailstead.Source, mailstead.FolderStatus) {
	t.Helper()
	s, err := h.Driver.Open(ctx(t), h.Access)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s, choose(t, s, "INBOX")
}

func choose(t *testing.T, s mailstead.Source, path string) mailstead.FolderStatus {
	t.Helper()
	st, err := s.Select(ctx(t), path)
	if err != nil {
		t.Fatalf("select %q: %v", path, err)
	}
	return st
}

// deliver delivers mails and returns the open INBOX with their UIDs.
func (h *Harness) deliver(t *testing.T, raw ...[]byte) (mailstead.Source, []mailstead.UID) {
	t.Helper()
	s, before := h.open(t)
	for _, r := range raw {
		h.Deliver(t, r)
	}
	var uids []mailstead.UID
	deadline := time.Now().Add(patience)
	for len(uids) < len(raw) && time.Now().Before(deadline) {
		choose(t, s, "INBOX")
		uids = list(t, s, mailstead.UIDWindow{From: before.UIDNext})
	}
	if len(uids) != len(raw) {
		t.Fatalf("got %d of %d delivered mails", len(uids), len(raw))
	}
	return s, uids
}

func list(t *testing.T, s mailstead.Source, w mailstead.UIDWindow) []mailstead.UID {
	t.Helper()
	uids, err := s.UIDs(ctx(t), w)
	if err != nil {
		t.Fatalf("uids of %+v: %v", w, err)
	}
	return uids
}

func fetch(t *testing.T, s mailstead.Source, maxSize int64, uids ...mailstead.UID) []mailstead.RawMessage {
	t.Helper()
	var got []mailstead.RawMessage
	err := s.Fetch(ctx(t), uids, maxSize, func(m mailstead.RawMessage) error {
		got = append(got, m)
		return nil
	})
	if err != nil {
		t.Fatalf("fetch: %v", err)
	}
	return got
}

func (h *Harness) check(t *testing.T) {
	a := h.Access
	var told []mailstead.StageName
	a.Told = func(s mailstead.Stage) { told = append(told, s.Stage) }
	r := h.Driver.Check(ctx(t), a)
	if diff := cmp.Diff(stages(r), told); diff != "" {
		t.Errorf("told stages (-report +told):\n%s", diff)
	}
	if !r.OK || r.Failure() != nil {
		t.Fatalf("check failed: %+v: %v", r, r.Failure().Err)
	}
	if r.Side != mailstead.SideIncoming || r.Protocol != h.Access.Server.Protocol || r.Server != h.Access.Server {
		t.Errorf("got report of %s %s %s", r.Side, r.Protocol, r.Server)
	}
	want := map[mailstead.Security][]mailstead.StageName{
		mailstead.SecurityNone: {
			mailstead.StageDNS, mailstead.StageTCP, mailstead.StageGreeting,
			mailstead.StageCapabilities, mailstead.StageLogin, mailstead.StageFolders,
		},
		mailstead.SecurityTLS: {
			mailstead.StageDNS, mailstead.StageTCP, mailstead.StageTLS, mailstead.StageGreeting,
			mailstead.StageCapabilities, mailstead.StageLogin, mailstead.StageFolders,
		},
		mailstead.SecurityStartTLS: {
			mailstead.StageDNS, mailstead.StageTCP, mailstead.StageGreeting, mailstead.StageCapabilities,
			mailstead.StageTLS, mailstead.StageLogin, mailstead.StageFolders,
		},
	}[h.Access.Server.Security]
	if diff := cmp.Diff(want, stages(r)); diff != "" {
		t.Errorf("stages (-want +got):\n%s", diff)
	}

	wrong := h.Access
	wrong.Secret = mailstead.NewSecret("sesame-open-9")
	r = h.Driver.Check(ctx(t), wrong)
	f := r.Failure()
	if r.OK || f == nil || f.Stage != mailstead.StageLogin || mailstead.KindOf(f.Err) != mailstead.KindCredentials {
		t.Fatalf("wrong password: got %+v", r)
	}
	if f.Server == "" {
		t.Error("wrong password: the report lacks the server's words")
	}
	if text := fmt.Sprintf("%+v %v", r, f.Err); strings.Contains(text, "sesame") {
		t.Errorf("the report holds the password: %s", text)
	}
	if h.Access.Server.Security == mailstead.SecurityNone {
		return
	}
	stranger := h.Access
	stranger.Server = h.Untrusted
	r = h.Driver.Check(ctx(t), stranger)
	if f := r.Failure(); r.OK || f == nil || f.Stage != mailstead.StageTLS || mailstead.KindOf(f.Err) != mailstead.KindPermanent {
		t.Errorf("untrusted certificate: got %+v", r)
	}
}

func stages(r mailstead.Report) (names []mailstead.StageName) {
	for _, s := range r.Stages {
		names = append(names, s.Stage)
	}
	return names
}

func (h *Harness) signIn(t *testing.T) {
	wrong := h.Access
	wrong.Secret = mailstead.NewSecret("sesame-open-9")
	if s, err := h.Driver.Open(ctx(t), wrong); mailstead.KindOf(err) != mailstead.KindCredentials {
		t.Errorf("wrong password: got %v, %v", s, err)
	}
	if h.Access.Server.Security == mailstead.SecurityNone {
		plain := h.Access
		plain.AllowPlain = false
		if s, err := h.Driver.Open(ctx(t), plain); mailstead.KindOf(err) != mailstead.KindPermanent {
			t.Errorf("without permission for an unencrypted connection: got %v, %v", s, err)
		}
	}
	s, _ := h.open(t)
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
}

func (h *Harness) folders(t *testing.T) {
	s, _ := h.open(t)
	got, err := s.Folders(ctx(t))
	if err != nil {
		t.Fatal(err)
	}
	roles := make(map[mailstead.FolderRole][]string)
	for _, f := range got {
		roles[f.Role] = append(roles[f.Role], f.Path)
	}
	if diff := cmp.Diff([]string{"INBOX"}, roles[mailstead.FolderInbox]); diff != "" {
		t.Errorf("inbox (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{h.Sent}, roles[mailstead.FolderSent]); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
}

func (h *Harness) selects(t *testing.T) {
	s, before := h.open(t)
	if before.UIDValidity == 0 || before.UIDNext == 0 {
		t.Errorf("got status %+v", before)
	}
	if h.ModSeq != (before.ModSeq > 0) {
		t.Errorf("got mod-sequence %d", before.ModSeq)
	}
	if _, err := s.Select(ctx(t), "No such folder ü"); mailstead.KindOf(err) != mailstead.KindNotFound {
		t.Errorf("folder that is not there: got %v", err)
	}
	_, raw := mail("hello\r\n")
	h.Deliver(t, raw)
	after := choose(t, s, "INBOX")
	if after.UIDValidity != before.UIDValidity || after.UIDNext != before.UIDNext+1 || after.Total != before.Total+1 {
		t.Errorf("one mail later: got %+v, before %+v", after, before)
	}
}

func (h *Harness) uids(t *testing.T) {
	var raw [][]byte
	var ids []string
	for range 5 {
		id, r := mail("hello\r\n")
		ids, raw = append(ids, id), append(raw, r)
	}
	s, uids := h.deliver(t, raw...)
	if !slices.IsSorted(uids) {
		t.Errorf("not ascending: %v", uids)
	}
	now := time.Now()
	for name, c := range map[string]struct {
		window mailstead.UIDWindow
		want   []mailstead.UID
	}{
		"from":                      {mailstead.UIDWindow{From: uids[3]}, uids[3:]},
		"from and to":               {mailstead.UIDWindow{From: uids[1], To: uids[3]}, uids[1:4]},
		"behind the end":            {mailstead.UIDWindow{From: uids[4] + 1}, nil},
		"upside down":               {mailstead.UIDWindow{From: uids[3], To: uids[1]}, nil},
		"since yesterday":           {mailstead.UIDWindow{From: uids[0], SinceUnix: now.Add(-24 * time.Hour).Unix()}, uids},
		"since next week":           {mailstead.UIDWindow{SinceUnix: now.Add(7 * 24 * time.Hour).Unix()}, nil},
		"message id":                {mailstead.UIDWindow{MessageID: ids[2]}, uids[2:3]},
		"message id in brackets":    {mailstead.UIDWindow{MessageID: "<" + ids[2] + ">"}, uids[2:3]},
		"message id with quotes":    {mailstead.UIDWindow{MessageID: `a"b\c@example.com`}, nil},
		"message id that begins so": {mailstead.UIDWindow{MessageID: strings.TrimSuffix(ids[2], ".com")}, nil},
	} {
		if diff := cmp.Diff(c.want, list(t, s, c.window), cmpEmpty); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	all := list(t, s, mailstead.UIDWindow{})
	if len(all) < 5 || !slices.Equal(all[len(all)-5:], uids) {
		t.Errorf("all: got %v, want %v at the end", all, uids)
	}
	for _, hostile := range []string{"a\r\nx LOGOUT", "a\x00b", "gemüse@example.com", strings.Repeat("x", 5000)} {
		if got, err := s.UIDs(ctx(t), mailstead.UIDWindow{MessageID: hostile}); mailstead.KindOf(err) != mailstead.KindInvalid {
			t.Errorf("message id %.20q: got %v, %v", hostile, got, err)
		}
	}
	if got := list(t, s, mailstead.UIDWindow{From: uids[0]}); !slices.Equal(got, uids) {
		t.Errorf("after refused searches: got %v", got)
	}
}

var cmpEmpty = cmp.Transformer("empty", func(u []mailstead.UID) []mailstead.UID {
	if len(u) == 0 {
		return nil
	}
	return u
})

func (h *Harness) fetchBytes(t *testing.T) {
	var raw [][]byte
	for _, body := range []string{
		"hello\r\n", "", "no end of line", ")\r\na1 OK done\r\n* BYE\r\n", "{5}\r\n", "gr\u00fc\u00dfe \xff\xfe\r\n",
		strings.Repeat("x", 70_000) + "\r\n", strings.Repeat("line\r\n", 100_000),
	} {
		_, r := mail(body)
		raw = append(raw, r)
	}
	s, uids := h.deliver(t, raw...)
	before := time.Now().Add(-patience)
	got := fetch(t, s, 1<<20, append(uids, uids[len(uids)-1]+1000)...)
	if len(got) != len(raw) {
		t.Fatalf("got %d mails, want %d", len(got), len(raw))
	}
	for i, m := range got {
		if m.UID != uids[i] || !bytes.Equal(m.Data, raw[i]) || m.Size != int64(len(raw[i])) {
			t.Errorf("mail %d: got UID %d, %d bytes (%.60q…), size %d; want UID %d, %d bytes",
				i, m.UID, len(m.Data), m.Data[max(0, len(m.Data)-60):], m.Size, uids[i], len(raw[i]))
		}
		if m.Flags != (mailstead.Flags{}) {
			t.Errorf("mail %d: got flags %+v", i, m.Flags)
		}
		if m.ReceivedAt.Before(before) || m.ReceivedAt.After(time.Now().Add(patience)) {
			t.Errorf("mail %d: received at %v", i, m.ReceivedAt)
		}
		if h.ModSeq != (m.ModSeq > 0) {
			t.Errorf("mail %d: mod-sequence %d", i, m.ModSeq)
		}
	}
	for i, m := range fetch(t, s, 1<<20, uids...) {
		if m.Flags.Seen {
			t.Errorf("mail %d is seen: the fetch before it left a mark", i)
		}
	}
	if got := fetch(t, s, 1<<20); len(got) != 0 {
		t.Errorf("nothing asked for: got %d mails", len(got))
	}
}

func (h *Harness) fetchLimits(t *testing.T) {
	_, small := mail("small\r\n")
	_, large := mail(strings.Repeat("large\r\n", 2000))
	for name, order := range map[string][][]byte{
		"large last":  {small, large},
		"large first": {large, small},
		"in between":  {small, large, small},
		"only large":  {large, large},
	} {
		s, uids := h.deliver(t, order...)
		got := fetch(t, s, 2000, uids...)
		if len(got) != len(order) {
			t.Fatalf("%s: got %d mails, want %d", name, len(got), len(order))
		}
		for i, m := range got {
			want := order[i]
			if len(want) > 2000 {
				want = nil
			}
			if m.UID != uids[i] || !bytes.Equal(m.Data, want) || m.Size != int64(len(order[i])) {
				t.Errorf("%s: mail %d: got UID %d, %d bytes, size %d", name, i, m.UID, len(m.Data), m.Size)
			}
		}
	}
}

func (h *Harness) fetchStops(t *testing.T) {
	var raw [][]byte
	for range 20 {
		_, r := mail(strings.Repeat("0123456789\r\n", 1000))
		raw = append(raw, r)
	}
	s, uids := h.deliver(t, raw...)
	enough := errors.New("enough")
	calls := 0
	err := s.Fetch(ctx(t), uids, 1<<20, func(mailstead.RawMessage) error {
		calls++
		if calls == 3 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) || calls != 3 {
		t.Errorf("got %v after %d calls", err, calls)
	}
	if got := list(t, s, mailstead.UIDWindow{From: uids[0]}); !slices.Equal(got, uids) {
		t.Errorf("the connection is of no use after it: %v", got)
	}
}

func (h *Harness) appends(t *testing.T) {
	s, _ := h.open(t)
	a, ok := s.(mailstead.Appender)
	if !ok {
		t.Fatal("the source stores nothing")
	}
	id, raw := mail("sent by me\r\ngr\u00fc\u00dfe\r\n")
	flags := mailstead.Flags{Seen: true, Flagged: true}
	uid, err := a.Append(ctx(t), h.Sent, flags, raw)
	if err != nil {
		t.Fatal(err)
	}
	choose(t, s, h.Sent)
	found := list(t, s, mailstead.UIDWindow{MessageID: id})
	if len(found) != 1 || (uid != 0 && uid != found[0]) {
		t.Fatalf("appended as %d, found %v", uid, found)
	}
	got := fetch(t, s, 1<<20, found...)
	if len(got) != 1 || !bytes.Equal(got[0].Data, raw) || got[0].Flags != flags {
		t.Errorf("got %+v", got)
	}
	if _, err := a.Append(ctx(t), "No such folder ü", flags, raw); mailstead.KindOf(err) != mailstead.KindNotFound {
		t.Errorf("folder that is not there: got %v", err)
	}
	if found := list(t, s, mailstead.UIDWindow{MessageID: id}); len(found) != 1 {
		t.Errorf("after a refused append: found %v", found)
	}
}

func (h *Harness) flags(t *testing.T) {
	_, a := mail("a\r\n")
	_, b := mail("b\r\n")
	s, uids := h.deliver(t, a, b)
	f, ok := s.(mailstead.Flagger)
	if !ok {
		t.Fatal("the source has no flags")
	}
	steps := []struct {
		uids      []mailstead.UID
		set, mask mailstead.Flags
		want      [2]mailstead.Flags
	}{
		{uids, mailstead.Flags{Seen: true}, mailstead.Flags{Seen: true}, [2]mailstead.Flags{{Seen: true}, {Seen: true}}},
		{uids[:1], mailstead.Flags{Flagged: true}, mailstead.Flags{Flagged: true, Seen: true}, [2]mailstead.Flags{{Flagged: true}, {Seen: true}}},
		{uids, mailstead.Flags{Answered: true, Draft: true}, mailstead.Flags{Answered: true}, [2]mailstead.Flags{{Flagged: true, Answered: true}, {Seen: true, Answered: true}}},
		{uids, mailstead.Flags{}, mailstead.Flags{Seen: true, Answered: true, Flagged: true}, [2]mailstead.Flags{}},
	}
	for i, step := range steps {
		if err := f.SetFlags(ctx(t), "INBOX", step.uids, step.set, step.mask); err != nil {
			t.Fatal(err)
		}
		got := fetch(t, s, 0, uids...)
		if len(got) != 2 || got[0].Flags != step.want[0] || got[1].Flags != step.want[1] {
			t.Errorf("step %d: got %+v", i, got)
		}
	}
	if err := f.SetFlags(ctx(t), "No such folder", uids, mailstead.Flags{Seen: true}, mailstead.Flags{Seen: true}); mailstead.KindOf(err) != mailstead.KindNotFound {
		t.Errorf("folder that is not there: got %v", err)
	}
}

func (h *Harness) changes(t *testing.T) {
	_, a := mail("a\r\n")
	_, b := mail("b\r\n")
	s, uids := h.deliver(t, a, b)
	status := choose(t, s, "INBOX")
	cursor := mailstead.Cursor{UIDValidity: status.UIDValidity, Low: uids[0], Next: uids[1] + 1, ModSeq: status.ModSeq}
	f, ok := s.(mailstead.Flagger)
	if !ok {
		t.Fatal("the source has no flags")
	}
	if err := f.SetFlags(ctx(t), "INBOX", uids[1:], mailstead.Flags{Flagged: true}, mailstead.Flags{Flagged: true}); err != nil {
		t.Fatal(err)
	}
	got, err := s.Changes(ctx(t), cursor)
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		if h.ModSeq && got[i].ModSeq <= status.ModSeq {
			t.Errorf("mod-sequence %d, was %d", got[i].ModSeq, status.ModSeq)
		}
		got[i].ModSeq = 0
	}
	want := []mailstead.FlagChange{{UID: uids[0]}, {UID: uids[1], Flags: mailstead.Flags{Flagged: true}}}
	if h.ModSeq {
		want = want[1:]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	for name, c := range map[string]mailstead.Cursor{
		"before the first look": {UIDValidity: status.UIDValidity},
		"below what is new":     {UIDValidity: status.UIDValidity, Low: uids[0], Next: uids[0]},
	} {
		if got, err := s.Changes(ctx(t), c); err != nil || len(got) != 0 {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
	cursor.UIDValidity++
	if got, err := s.Changes(ctx(t), cursor); err == nil {
		t.Errorf("other UIDVALIDITY: got %v", got)
	}
}

func (h *Harness) wait(t *testing.T) {
	s, _ := h.open(t)
	w, ok := s.(mailstead.Watcher)
	if !ok {
		t.Fatal("the source cannot wait")
	}
	type result struct {
		changed bool
		err     error
	}
	wait := func(ctx context.Context) <-chan result {
		done := make(chan result, 1)
		go func() {
			changed, err := w.Wait(ctx)
			done <- result{changed, err}
		}()
		return done
	}
	// Two rounds: waiting works again after it has worked once.
	for range 2 {
		done := wait(ctx(t))
		_, raw := mail("news\r\n")
		h.Deliver(t, raw)
		if r := <-done; !r.changed || r.err != nil {
			t.Fatalf("news: got %+v", r)
		}
		choose(t, s, "INBOX")
	}
	short, cancel := context.WithCancel(ctx(t))
	done := wait(short)
	cancel()
	if r := <-done; r.changed || r.err != nil {
		t.Errorf("end of the context: got %+v", r)
	}
	if r := <-wait(short); r.changed || r.err != nil {
		t.Errorf("context at its end: got %+v", r)
	}
	if len(list(t, s, mailstead.UIDWindow{})) == 0 {
		t.Error("the connection is of no use after waiting")
	}
	// News that the server tells during another command is told by Wait, too: the
	// server says it only once.
	_, raw := mail("news\r\n")
	h.Deliver(t, raw)
	list(t, s, mailstead.UIDWindow{})
	if r := <-wait(ctx(t)); !r.changed || r.err != nil {
		t.Errorf("news before waiting: got %+v", r)
	}
}

func (h *Harness) context(t *testing.T) {
	s, _ := h.open(t)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.UIDs(over, mailstead.UIDWindow{}); mailstead.KindOf(err) != mailstead.KindTemporary || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := h.Driver.Open(over, h.Access); mailstead.KindOf(err) != mailstead.KindTemporary {
		t.Errorf("open: got %v", err)
	}
}
