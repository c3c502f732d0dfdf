package pop3

import (
	"context"
	"strconv"
	"time"

	"github.com/mailstead/mailstead"
)

const (
	// flyingMails and flyingBytes bound what is asked for before the first of it
	// has come, at servers that announce PIPELINING (RFC 2449 section 6.6).
	flyingMails = 32
	flyingBytes = 8 << 20
)

// Fetch implements mailstead.Source by RETR.
//
// What the server lists as larger than maxSize is never asked for, and what turns
// out larger is not kept: both are delivered without Data. So is a mail that the
// server lists and refuses, when it hands out others; when it does not, it may
// refuse for a reason that passes: that is an error. maxSize 0 means no limit.
func (s *session) Fetch(ctx context.Context, uids []mailstead.UID, maxSize int64, fn func(mailstead.RawMessage) error) error {
	const op = "pop3.Fetch"
	if maxSize <= 0 {
		maxSize = maxSkip
	}
	f := &fetcher{s: s, fn: fn, maxSize: maxSize}
	for _, uid := range uids {
		if i, ok := s.byUID[uid]; ok {
			f.waiting = append(f.waiting, i)
		}
	}
	unbind := s.bind(ctx)
	defer unbind()
	err := f.run()
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
	// waiting and flying are places of mails: still to be asked for, and asked for.
	waiting []int
	flying  []int
	// bytes is the size of what is flying.
	bytes int64
	// proven tells that the server does hand out mails.
	proven bool
	// refused are mails that the server refuses to hand out, refusal its words.
	refused []int
	refusal error
	// stopped is the error of fn.
	stopped error
}

func (f *fetcher) run() error {
	for {
		if err := f.feed(); err != nil {
			return err
		}
		if len(f.flying) == 0 {
			break
		}
		i := f.flying[0]
		f.flying = f.flying[1:]
		f.bytes -= f.s.mails[i].size
		if err := f.receive(i); err != nil {
			return err
		}
	}
	return f.finish()
}

// feed asks for as many mails as may be under way.
func (f *fetcher) feed() error {
	most := 1
	if f.s.has("PIPELINING") {
		most = flyingMails
	}
	var commands []string
	for f.stopped == nil && len(f.waiting) > 0 && len(f.flying) < most && (len(f.flying) == 0 || f.bytes < flyingBytes) {
		i := f.waiting[0]
		if m := f.s.mails[i]; m.size > f.maxSize {
			if len(f.flying) > 0 {
				break // in its turn
			}
			f.waiting = f.waiting[1:]
			at, err := f.arrivalOf(i)
			if err != nil {
				return err
			}
			f.deliver(i, m.size, nil, at)
			continue
		}
		f.waiting = f.waiting[1:]
		f.flying = append(f.flying, i)
		f.bytes += f.s.mails[i].size
		commands = append(commands, "RETR "+strconv.Itoa(f.s.mails[i].number))
	}
	if len(commands) == 0 {
		return nil
	}
	return f.s.send(commands...)
}

// receive reads the answer about the mail at a place.
func (f *fetcher) receive(i int) error {
	r, err := f.s.read()
	if err != nil {
		return err
	}
	if !r.ok {
		if lasting(r) {
			return f.s.refusal("pop3.Fetch", "", r)
		}
		f.refused, f.refusal = append(f.refused, i), f.s.refusal("pop3.Fetch", "", r)
		return nil
	}
	limit := f.maxSize
	if f.stopped != nil {
		limit = 0 // what is on its way is thrown away
	}
	data, size, err := f.s.rd.body(limit, f.s.mails[i].size)
	if err != nil {
		return f.s.fail(err)
	}
	f.s.rd.watch.patient()
	f.proven = true
	f.deliver(i, size, data, received(data, f.s.now()))
	return nil
}

// arrivalOf asks for the header of a mail that is not fetched, where that alone can
// be had.
func (f *fetcher) arrivalOf(i int) (time.Time, error) {
	if f.s.noTop || !f.s.has("TOP") {
		return f.s.now(), nil
	}
	head, err := f.s.head(i)
	return received(head, f.s.now()), err
}

func (f *fetcher) deliver(i int, size int64, data []byte, at time.Time) {
	if f.stopped == nil {
		f.stopped = f.fn(mailstead.RawMessage{UID: f.s.mails[i].uid, Size: size, Data: data, ReceivedAt: at})
	}
}

// finish sees to the mails that the server refused. One that it does not list any
// more is gone; the others are delivered without Data.
func (f *fetcher) finish() error {
	if len(f.refused) > 0 && !f.proven && f.stopped == nil {
		return &mailstead.Error{
			Kind: mailstead.KindTemporary, Code: "mailbox.item_refused", Op: "pop3.Fetch",
			Text: "The server does not hand out a mail.", Err: f.refusal,
		}
	}
	for _, i := range f.refused {
		if f.stopped != nil {
			return nil
		}
		r, err := f.s.command("LIST " + strconv.Itoa(f.s.mails[i].number))
		if err != nil {
			return err
		}
		if r.ok {
			f.deliver(i, f.s.mails[i].size, nil, f.s.now())
		}
	}
	return nil
}
