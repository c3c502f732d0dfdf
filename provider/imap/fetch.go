package imap

import (
	"cmp"
	"context"
	"slices"

	"github.com/mailstead/mailstead"
)

const (
	// chunkUIDs is how many UIDs one command names at most: written singly they
	// stay under the 8,192 bytes of a line that servers must take (RFC 7162
	// section 4).
	chunkUIDs = 600
	// batchBytes is how much one command asks for, unless one mail is larger.
	batchBytes = 2 << 20
	// flyingBytes is how much is asked for before the first of it has come.
	flyingBytes = 8 << 20
	// flyingSizes and flyingSingles bound the other commands on their way.
	flyingSizes   = 2
	flyingSingles = 8
)

// Fetch implements mailstead.Source.
//
// Sizes come first, with flags and dates, for a chunk of UIDs ahead of the
// bodies, so that bodies over maxSize are never sent; only the first chunk is
// waited for. Bodies are asked for in batches, several under way at a time, so
// that the server never waits for us. The UIDs are taken chunk by chunk in the
// order given, ascending within a chunk.
//
// A mail whose answer is missing or makes no sense is asked for once more by
// itself, after the others. If that fails too it is delivered without Data,
// however small it is. maxSize 0 means no limit.
func (s *session) Fetch(ctx context.Context, uids []mailstead.UID, maxSize int64, fn func(mailstead.RawMessage) error) (err error) {
	const op = "imap.Fetch"
	if s.selected == "" {
		return &mailstead.Error{Op: op, Err: errNotSelected}
	}
	if maxSize <= 0 {
		maxSize = maxSkip
	}
	f := &fetcher{s: s, fn: fn, maxSize: maxSize, waiting: uids}
	unbind := s.bind(ctx)
	defer unbind()
	if len(uids) > 1 {
		s.rd.resize(bulkBuffer)
	}
	// A server's count of bytes may be off by what it adds or drops.
	s.rd.literal = maxSize + maxSize/8 + maxLiteral
	s.rd.budget = baseBudget
	err = f.run()
	s.rd.literal = maxLiteral
	if f.stopped != nil {
		return f.stopped
	}
	return wrap(op, err)
}

// fetcher is one Fetch.
type fetcher struct {
	s       *session
	fn      func(mailstead.RawMessage) error
	maxSize int64
	// waiting are UIDs whose sizes were not asked for, known the mails whose
	// sizes came, again the mails to be asked for by themselves.
	waiting []mailstead.UID
	known   []mail
	again   []mail
	// flying are the commands on their way, in the order of sending.
	flying []*batch
	// proven tells that the server does hand out bodies.
	proven bool
	// refused are mails that the server refuses to hand out, refusal its words.
	refused []mail
	refusal error
	// stopped is the error of fn.
	stopped error
}

// mail is a message on its way.
type mail struct {
	mailstead.RawMessage
	// known tells that the size is known, done that fn got the mail.
	known, done bool
}

// batch is one command on its way.
type batch struct {
	tag  string
	kind batchKind
	// mails are those it is about, ascending by UID.
	mails []mail
	// next is the first mail that was not passed, to deliver large ones in order.
	next int
	// tail are large mails to deliver after this batch.
	tail  []mail
	bytes int64
	// garbled tells that a response made no sense.
	garbled bool
	// answered tells, of a single, that the server did answer.
	answered bool
}

type batchKind uint8

const (
	batchSizes batchKind = iota
	batchBodies
	batchSingle
)

func (f *fetcher) run() error {
	for {
		if err := f.feed(); err != nil {
			return err
		}
		if len(f.flying) == 0 {
			return f.finish()
		}
		a, err := f.s.read()
		if err != nil {
			return err
		}
		switch i := slices.IndexFunc(f.flying, func(b *batch) bool { return b.tag == a.tag }); {
		case i >= 0:
			err = f.ended(i, a.st)
		case a.u.is("FETCH"):
			f.arrived(a)
		default:
			f.s.heard(a)
		}
		if err != nil {
			return err
		}
	}
}

// feed sends what may be sent now.
func (f *fetcher) feed() error {
	var sizes, bodies, singles int
	var bytes int64
	for _, b := range f.flying {
		switch b.kind {
		case batchSizes:
			sizes++
		case batchBodies:
			bodies++
			bytes += b.bytes
		case batchSingle:
			singles++
		}
	}
	for ; f.stopped == nil && len(f.waiting) > 0 && sizes < flyingSizes && len(f.known) < 2*chunkUIDs; sizes++ {
		if err := f.askSizes(); err != nil {
			return err
		}
	}
	for ; f.stopped == nil && len(f.known) > 0 && (bodies == 0 || bytes < flyingBytes); bodies++ {
		n, err := f.askBodies()
		if err != nil {
			return err
		}
		bytes += n
	}
	if sizes+bodies > 0 {
		return nil
	}
	for ; f.stopped == nil && len(f.again) > 0 && singles < flyingSingles; singles++ {
		m := f.again[0]
		f.again = f.again[1:]
		b := &batch{kind: batchSingle, mails: []mail{m}, bytes: min(m.Size, f.maxSize)}
		if err := f.send(b, b.mails, "UID RFC822.SIZE INTERNALDATE FLAGS"+f.modSeq()+" BODY.PEEK[]"); err != nil {
			return err
		}
	}
	return nil
}

func (f *fetcher) modSeq() string {
	if f.s.condstore {
		return " MODSEQ"
	}
	return ""
}

func (f *fetcher) askSizes() error {
	n := min(len(f.waiting), chunkUIDs)
	b := &batch{kind: batchSizes}
	for _, uid := range sorted(f.waiting[:n]) {
		b.mails = append(b.mails, mail{RawMessage: mailstead.RawMessage{UID: uid}})
	}
	f.waiting = f.waiting[n:]
	if len(b.mails) == 0 {
		return nil
	}
	return f.send(b, b.mails, "UID RFC822.SIZE INTERNALDATE FLAGS"+f.modSeq())
}

// askBodies asks for the next bodies and returns their bytes.
func (f *fetcher) askBodies() (int64, error) {
	b := &batch{kind: batchBodies}
	var wanted []mail
	n := 0
	for ; n < len(f.known) && len(wanted) < chunkUIDs; n++ {
		m := f.known[n]
		if n > 0 && m.UID < f.known[n-1].UID {
			break // the next chunk, in an order of its own
		}
		if m.Size > f.maxSize {
			continue
		}
		if len(wanted) > 0 && b.bytes+m.Size > batchBytes {
			break
		}
		wanted = append(wanted, m)
		b.bytes += m.Size
	}
	b.mails = f.known[:n:n]
	f.known = f.known[n:]
	if len(wanted) > 0 {
		return b.bytes, f.send(b, wanted, "UID BODY.PEEK[]")
	}
	for _, last := range slices.Backward(f.flying) {
		if last.kind == batchBodies {
			last.tail = append(last.tail, b.mails...)
			return 0, nil
		}
	}
	for i := range b.mails {
		f.deliver(&b.mails[i])
	}
	return 0, nil
}

// send asks for items of mails.
func (f *fetcher) send(b *batch, mails []mail, items string) (err error) {
	uids := make([]mailstead.UID, len(mails))
	for i, m := range mails {
		uids[i] = m.UID
	}
	b.tag, err = f.s.send("UID FETCH " + formatSet(uids) + " (" + items + ")")
	f.flying = append(f.flying, b)
	// Room for what is on its way, twice in case it has to be skipped, and for
	// flags and news beside it.
	f.s.rd.budget = baseBudget
	for _, b := range f.flying {
		f.s.rd.budget += 2*b.bytes + 512*int64(len(b.mails))
	}
	return err
}

// arrived takes a FETCH response to the mail that it is about. A response that
// nobody asked for tells of changed flags.
func (f *fetcher) arrived(a answer) {
	got, ok := parseFetch(a)
	if !ok {
		f.flying[0].garbled = true
		return
	}
	for _, b := range f.flying {
		i, found := slices.BinarySearchFunc(b.mails, got.uid, func(m mail, uid mailstead.UID) int {
			return cmp.Compare(m.UID, uid)
		})
		if !found || b.mails[i].done {
			continue
		}
		if b.kind != batchBodies && (got.hasSize || got.body.state != bodyAbsent) {
			b.mails[i].learn(got)
			b.answered = true
		}
		if b.kind == batchSizes {
			if got.hasSize {
				return
			}
			b.garbled = true // or it tells of flags: the end of the batch will show
		}
		if b.kind != batchSizes && got.body.state != bodyAbsent {
			f.gotBody(b, i, got.body)
			return
		}
	}
	f.s.changed = true
}

// learn takes over what a response says beside the body.
func (m *mail) learn(got fetched) {
	if got.hasSize {
		m.Size, m.known = got.size, true
	}
	if got.hasFlags {
		m.Flags = got.flags
	}
	if !got.date.IsZero() {
		m.ReceivedAt = got.date
	}
	m.ModSeq = max(m.ModSeq, got.modSeq)
}

// gotBody delivers mail i of b, and the large ones before it.
func (f *fetcher) gotBody(b *batch, i int, got body) {
	f.passLarge(b, i)
	m := &b.mails[i]
	switch got.state {
	case bodyPresent:
		m.Data = got.data
		if !m.known {
			m.Size = got.size
		}
		f.proven = true
	case bodySkipped:
		m.Size = max(m.Size, got.size)
	case bodyNIL, bodyAbsent:
		if b.kind == batchBodies {
			return // asked for again when the batch has ended
		}
	}
	f.deliver(m)
}

// passLarge delivers the mails before i whose bodies were not asked for.
func (f *fetcher) passLarge(b *batch, i int) {
	for ; b.next < i; b.next++ {
		if m := &b.mails[b.next]; b.kind == batchBodies && m.Size > f.maxSize {
			f.deliver(m)
		}
	}
}

func (f *fetcher) deliver(m *mail) {
	if m.done || f.stopped != nil {
		return
	}
	m.done = true
	f.stopped = f.fn(m.RawMessage)
	m.Data = nil
	if f.stopped != nil {
		f.s.rd.literal = 0 // what is on its way is thrown away
	}
}

// ended takes note of the end of command i.
func (f *fetcher) ended(i int, st status) error {
	b := f.flying[i]
	f.flying = slices.Delete(f.flying, i, i+1)
	if !st.ok() && lasting(st) {
		return replyError("imap.Fetch", "", st)
	}
	switch b.kind {
	case batchSizes:
		for _, m := range b.mails {
			switch {
			case m.known:
				f.known = append(f.known, m)
			case b.garbled || !st.ok():
				f.again = append(f.again, m)
			}
		}
	case batchBodies:
		f.passLarge(b, len(b.mails))
		for i := range b.tail {
			f.deliver(&b.tail[i])
		}
		for _, m := range b.mails {
			if !m.done {
				f.again = append(f.again, m)
			}
		}
	case batchSingle:
		f.endedSingle(b, st)
	}
	return nil
}

// endedSingle decides about a mail that was asked for by itself and did not
// come: it is gone, unreadable or refused.
func (f *fetcher) endedSingle(b *batch, st status) {
	m := &b.mails[0]
	switch {
	case m.done, st.code == "EXPUNGEISSUED", st.code == "NONEXISTENT":
	case !st.ok():
		f.refused = append(f.refused, *m)
		f.refusal = replyError("imap.Fetch", "", st)
	case b.answered, b.garbled:
		f.deliver(m)
	}
}

// finish delivers what the server refuses to hand out, without Data, when it has
// handed out other mails. When it has not, it may refuse for a reason that
// passes: that is an error.
func (f *fetcher) finish() error {
	if len(f.refused) > 0 && !f.proven && f.stopped == nil {
		return &mailstead.Error{
			Kind: mailstead.KindTemporary, Code: "mailbox.item_refused", Op: "imap.Fetch",
			Text: "The server does not hand out a mail.", Err: f.refusal,
		}
	}
	for i := range f.refused {
		f.deliver(&f.refused[i])
	}
	return nil
}
