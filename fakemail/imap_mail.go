package fakemail

import (
	"bytes"
	"net/textproto"
	"slices"
	"strings"
	"time"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

// chosen calls fn for the mails of the open folder that a set names, with their
// numbers on the server's side. The store's mu is held.
func (is *imapSession) chosen(set goimap.NumSet, fn func(seq uint32, m *imapMail)) {
	f := is.folder
	set = f.static(set)
	for i, m := range f.mails {
		seq := uint32(i + 1)
		if is.named(set, seq, m) {
			fn(seq, m)
		}
	}
}

// named reports whether a set without "*" names a mail.
func (is *imapSession) named(set goimap.NumSet, seq uint32, m *imapMail) bool {
	switch set := set.(type) {
	case goimap.UIDSet:
		return set.Contains(m.uid)
	case goimap.SeqSet:
		known := is.view.EncodeSeqNum(seq)
		return known != 0 && set.Contains(known)
	}
	return false
}

// static puts the last number in the place of "*" (RFC 9051 section 9, seq-number).
func (f *imapFolder) static(set goimap.NumSet) goimap.NumSet {
	switch set := set.(type) {
	case goimap.UIDSet:
		last := goimap.UID(0)
		if n := len(f.mails); n > 0 {
			last = f.mails[n-1].uid
		}
		out := slices.Clone(set)
		for i, r := range out {
			out[i].Start, out[i].Stop = ends(r.Start, r.Stop, last)
		}
		return out
	case goimap.SeqSet:
		out := slices.Clone(set)
		for i, r := range out {
			out[i].Start, out[i].Stop = ends(r.Start, r.Stop, uint32(len(f.mails))) //nolint:gosec // memory ends before
		}
		return out
	}
	return set
}

// ends puts last in the place of 0, which stands for "*", and the lower end first.
func ends[N uint32 | goimap.UID](from, to, last N) (N, N) {
	if from == 0 {
		from = last
	}
	if to == 0 {
		to = last
	}
	return min(from, to), max(from, to)
}

// Fetch hands mails out. The mailbox is not held up while they are written.
func (is *imapSession) Fetch(w *imapserver.FetchWriter, set goimap.NumSet, o *goimap.FetchOptions) error {
	if err := is.broken(); err != nil {
		return err
	}
	type found struct {
		seq  uint32
		mail imapMail
	}
	var list []found
	marks := slices.ContainsFunc(o.BodySection, func(s *goimap.FetchItemBodySection) bool { return !s.Peek })
	is.user.store.mu.Lock()
	is.chosen(set, func(seq uint32, m *imapMail) {
		if marks && !m.has(goimap.FlagSeen) {
			m.change(goimap.StoreFlagsAdd, []goimap.Flag{goimap.FlagSeen})
			is.folder.tracker.QueueMessageFlags(seq, m.uid, m.flags, nil)
		}
		list = append(list, found{is.view.EncodeSeqNum(seq), *m})
	})
	is.user.store.mu.Unlock()
	for i := range list {
		if err := list[i].mail.write(w.CreateMessage(list[i].seq), o); err != nil {
			return err
		}
	}
	return nil
}

// Store changes flags.
func (is *imapSession) Store(w *imapserver.FetchWriter, set goimap.NumSet, flags *goimap.StoreFlags, _ *goimap.StoreOptions) error {
	if err := is.broken(); err != nil {
		return err
	}
	is.user.store.mu.Lock()
	is.chosen(set, func(seq uint32, m *imapMail) {
		m.change(flags.Op, flags.Flags)
		is.folder.tracker.QueueMessageFlags(seq, m.uid, m.flags, is.view)
	})
	is.folder.tell()
	is.user.store.mu.Unlock()
	if flags.Silent {
		return nil
	}
	return is.Fetch(w, set, &goimap.FetchOptions{Flags: true})
}

// Expunge removes the mails that are marked as deleted.
func (is *imapSession) Expunge(_ *imapserver.ExpungeWriter, uids *goimap.UIDSet) error {
	is.user.store.mu.Lock()
	defer is.user.store.mu.Unlock()
	is.folder.expunge(func(m *imapMail) bool { return m.has(goimap.FlagDeleted) && (uids == nil || uids.Contains(m.uid)) })
	return nil
}

// Copy puts mails into another folder, too.
func (is *imapSession) Copy(set goimap.NumSet, to string) (*goimap.CopyData, error) {
	is.user.store.mu.Lock()
	defer is.user.store.mu.Unlock()
	return is.copyTo(set, to, func(*imapMail) {})
}

// copyTo is Copy with the store's mu held; each is called for each mail.
func (is *imapSession) copyTo(set goimap.NumSet, to string, each func(*imapMail)) (*goimap.CopyData, error) {
	dest, err := is.user.store.folder(to)
	if err != nil {
		return nil, errNoFolder(goimap.ResponseCodeTryCreate)
	}
	if dest == is.folder {
		return nil, imapNo("", "Source and destination are the same mailbox")
	}
	data := &goimap.CopyData{UIDValidity: dest.validity}
	is.chosen(set, func(_ uint32, m *imapMail) {
		data.SourceUIDs.AddNum(m.uid)
		data.DestUIDs.AddNum(is.user.store.put(dest, imapMail{data: m.data, at: m.at, flags: m.flags}))
		each(m)
	})
	return data, nil
}

// Move puts mails into another folder (RFC 6851).
func (is *imapSession) Move(w *imapserver.MoveWriter, set goimap.NumSet, to string) error {
	is.user.store.mu.Lock()
	moved := make(map[*imapMail]bool)
	data, err := is.copyTo(set, to, func(m *imapMail) { moved[m] = true })
	if err == nil {
		is.folder.expunge(func(m *imapMail) bool { return moved[m] })
	}
	is.user.store.mu.Unlock()
	if err != nil {
		return err
	}
	// The EXPUNGE answers follow from the poll behind each command.
	return w.WriteCopyData(data)
}

// Search finds mails.
func (is *imapSession) Search(kind imapserver.NumKind, criteria *goimap.SearchCriteria, _ *goimap.SearchOptions) (*goimap.SearchData, error) {
	if err := is.broken(); err != nil {
		return nil, err
	}
	is.user.store.mu.Lock()
	defer is.user.store.mu.Unlock()
	var data goimap.SearchData
	var seqs goimap.SeqSet
	var uids goimap.UIDSet
	is.settle(criteria)
	for i, m := range is.folder.mails {
		seq := uint32(i + 1)
		if !is.matches(seq, m, criteria) {
			continue
		}
		num := uint32(m.uid)
		if kind == imapserver.NumKindSeq {
			if num = is.view.EncodeSeqNum(seq); num == 0 {
				continue
			}
			seqs.AddNum(num)
		} else {
			uids.AddNum(m.uid)
		}
		if data.Count == 0 {
			data.Min = num
		}
		data.Max = num
		data.Count++
	}
	data.All = uids
	if kind == imapserver.NumKindSeq {
		data.All = seqs
	}
	return &data, nil
}

// settle makes all sets of the criteria static.
func (is *imapSession) settle(c *goimap.SearchCriteria) {
	for i := range c.UID {
		c.UID[i], _ = is.folder.static(c.UID[i]).(goimap.UIDSet)
	}
	for i := range c.SeqNum {
		c.SeqNum[i], _ = is.folder.static(c.SeqNum[i]).(goimap.SeqSet)
	}
	for i := range c.Not {
		is.settle(&c.Not[i])
	}
	for i := range c.Or {
		is.settle(&c.Or[i][0])
		is.settle(&c.Or[i][1])
	}
}

// matches reports whether a mail is what the criteria ask for (RFC 9051 section
// 6.4.4). The cheap ones come first.
func (is *imapSession) matches(seq uint32, m *imapMail, c *goimap.SearchCriteria) bool {
	for _, set := range c.UID {
		if !is.named(set, seq, m) {
			return false
		}
	}
	for _, set := range c.SeqNum {
		if !is.named(set, seq, m) {
			return false
		}
	}
	if !within(m.at, c.Since, c.Before) || !m.fits(c) || !m.holds(c) {
		return false
	}
	for i := range c.Not {
		if is.matches(seq, m, &c.Not[i]) {
			return false
		}
	}
	for i := range c.Or {
		if !is.matches(seq, m, &c.Or[i][0]) && !is.matches(seq, m, &c.Or[i][1]) {
			return false
		}
	}
	return true
}

// within reports whether the day of t lies from since up to the one before before,
// whatever the time zones (RFC 9051 section 6.4.4).
func within(t, since, before time.Time) bool {
	t = time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	return (since.IsZero() || !t.Before(since)) && (before.IsZero() || t.Before(before))
}

// fits looks at size and flags.
func (m *imapMail) fits(c *goimap.SearchCriteria) bool {
	size := int64(len(m.data))
	return (c.Larger == 0 || size > c.Larger) && (c.Smaller == 0 || size < c.Smaller) &&
		!slices.ContainsFunc(c.Flag, func(f goimap.Flag) bool { return !m.has(f) }) && !slices.ContainsFunc(c.NotFlag, m.has)
}

// holds looks into the mail itself: BODY and TEXT search its bytes as they are.
func (m *imapMail) holds(c *goimap.SearchCriteria) bool {
	if len(c.Header) > 0 || !c.SentSince.IsZero() || !c.SentBefore.IsZero() {
		h := m.header()
		for _, want := range c.Header {
			values := h.Values(want.Key)
			if !slices.ContainsFunc(values, func(v string) bool { return strings.Contains(strings.ToLower(v), strings.ToLower(want.Value)) }) {
				return false
			}
		}
		if !c.SentSince.IsZero() || !c.SentBefore.IsZero() {
			if e := m.envelope(); e.Date.IsZero() || !within(e.Date, c.SentSince, c.SentBefore) {
				return false
			}
		}
	}
	head, body, _ := bytes.Cut(m.data, []byte("\r\n\r\n"))
	for _, text := range c.Body {
		if !contains(body, text) {
			return false
		}
	}
	for _, text := range c.Text {
		if !contains(head, text) && !contains(body, text) {
			return false
		}
	}
	return true
}

func contains(data []byte, text string) bool {
	return bytes.Contains(bytes.ToLower(data), bytes.ToLower([]byte(text)))
}

// header reads the fields of the mail, as far as they are fields.
func (m *imapMail) header() textproto.MIMEHeader {
	h := make(textproto.MIMEHeader)
	head, _, _ := bytes.Cut(m.data, []byte("\r\n\r\n"))
	// Folded lines belong to the one before (RFC 5322 section 2.2.3).
	text := strings.NewReplacer("\r\n ", " ", "\r\n\t", " ").Replace(string(head))
	for line := range strings.SplitSeq(text, "\r\n") {
		if key, value, ok := strings.Cut(line, ":"); ok {
			h.Add(key, strings.TrimSpace(value))
		}
	}
	return h
}
