package demo

import (
	"sync"
	"time"

	"github.com/mailstead/mailstead"
)

// maxArrivals bounds the new mails of one start: everything is kept in memory.
const maxArrivals = 2000

// startArrivals delivers a new mail from time to time until stop is called, which
// waits for the end and may be called twice.
func startArrivals(c Config, put func(address string, data []byte)) (stop func()) {
	end := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() { arrive(c, put, end) })
	once := sync.OnceFunc(func() { close(end) })
	return func() {
		once()
		running.Wait()
	}
}

func arrive(c Config, put func(address string, data []byte), end <-chan struct{}) {
	next := time.NewTicker(c.Live)
	defer next.Stop()
	for n := range maxArrivals {
		select {
		case <-end:
			return
		case <-next.C:
		}
		box := mailboxes[n%3]
		put(box.address, arrival(box, n, c.Now()).bytes())
	}
}

// arrival makes the n-th new mail.
func arrival(box mailbox, n int, now time.Time) *mail {
	c := newContent(box, now, uint64(n)+1) //nolint:gosec // not negative
	from := pick(c, customers)
	p := pick(c, products)
	texts := []struct{ subject, text string }{
		{"When will our order arrive?", "we ordered the " + p.name + " last week. Could you tell me when it will be delivered? Our reception is open from 8 to 17.\n\nThank you"},
		{"Offer for " + p.name, "could you send us an offer for six pieces of " + p.name + "? Delivery to our office, second floor with a lift.\n\nBest regards"},
		{"Question about the invoice", "the last invoice shows our old address. Could you correct it and send it again?\n\nMany thanks"},
		{"Thank you", "everything arrived this morning and your fitters were quick and friendly. We are very happy with the " + p.name + ".\n\nAll the best"},
		{"Change of the delivery date", "could we move the delivery to Thursday afternoon? The lift is being serviced on Wednesday.\n\nKind regards"},
	}
	t := texts[n/3%len(texts)]
	return &mail{
		id: c.id(from.Domain()), from: from, to: []mailstead.Address{c.me()}, at: now, subject: t.subject,
		text: "Hello,\n\n" + t.text + "\n" + from.Name,
	}
}
