//go:build realservers

package imap_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/dial"
	"github.com/mailstead/mailstead/mailtest"
	"github.com/mailstead/mailstead/provider/imap"
)

const benchMails = 5000

// fillInbox puts mails of 10 to 50 KB into Anna's inbox.
func fillInbox(s *mailtest.DovecotServer) {
	r := rand.New(rand.NewPCG(1, 2))
	line := strings.Repeat("0123456789", 7) + "\r\n"
	s.DeliverMany(mailtest.Anna.Address, "INBOX", benchMails, func(i int) mailtest.Mail {
		size := 10_000 + r.IntN(40_000)
		raw := fmt.Appendf(nil, "From: <ann@example.com>\r\nSubject: mail %d\r\nMessage-ID: <%d@bench.example.com>\r\n\r\n", i, i)
		return mailtest.Mail{Raw: append(raw, bytes.Repeat([]byte(line), size/len(line))...)}
	})
}

// BenchmarkFetch reads 5,000 mails of 10 to 50 KB from Dovecot in turns: by hand,
// with nothing but framing and pipelining, and by the driver, each from an open
// folder on. The best turn of each counts.
func BenchmarkFetch(b *testing.B) {
	s := mailtest.Dovecot(b, mailtest.DovecotOptions{})
	fillInbox(s)
	for _, security := range []mailstead.Security{mailstead.SecurityNone, mailstead.SecurityTLS} {
		b.Run(string(security), func(b *testing.B) {
			driver := newDriver(s.CA)
			var byHand, byDriver float64
			for b.Loop() {
				byHand = max(byHand, benchMails/fetchByHand(b, s, security).Seconds())
				byDriver = max(byDriver, benchMails/fetchByDriver(b, driver, access(s, security, mailtest.Anna)).Seconds())
			}
			b.ReportMetric(byHand, "by-hand/s")
			b.ReportMetric(byDriver, "driver/s")
			b.ReportMetric(byDriver/byHand, "of-by-hand")
		})
	}
}

func fetchByDriver(b *testing.B, d *imap.Driver, a mailstead.Access) time.Duration {
	s, err := d.Open(b.Context(), a)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Select(b.Context(), "INBOX"); err != nil {
		b.Fatal(err)
	}
	uids, err := s.UIDs(b.Context(), mailstead.UIDWindow{})
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	start := time.Now()
	err = s.Fetch(b.Context(), uids, 10<<20, func(m mailstead.RawMessage) error {
		if len(m.Data) > 0 {
			n++
		}
		return nil
	})
	if err != nil || n != benchMails {
		b.Fatalf("got %d mails, %v", n, err)
	}
	return time.Since(start)
}

func fetchByHand(b *testing.B, s *mailtest.DovecotServer, security mailstead.Security) time.Duration {
	nc, err := (&net.Dialer{}).DialContext(b.Context(), "tcp", s.IMAP(security).Addr())
	if err != nil {
		b.Fatal(err)
	}
	defer nc.Close()
	if security == mailstead.SecurityTLS {
		nc = tls.Client(nc, &tls.Config{RootCAs: s.CA.Pool(), ServerName: "127.0.0.1"})
	}
	br := bufio.NewReaderSize(nc, 64<<10)
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(mailtest.Anna.Password)
	fmt.Fprintf(nc, "a LOGIN %s \"%s\"\r\nb EXAMINE INBOX\r\n", mailtest.Anna.Address, quoted)
	for line := ""; !strings.HasPrefix(line, "b "); {
		if line, err = br.ReadString('\n'); err != nil {
			b.Fatal(err)
		}
	}
	start := time.Now()
	const chunk = 100
	for i := 1; i <= benchMails; i += chunk {
		fmt.Fprintf(nc, "f%d UID FETCH %d:%d (UID FLAGS INTERNALDATE RFC822.SIZE MODSEQ BODY.PEEK[])\r\n", i, i, i+chunk-1)
	}
	fmt.Fprintf(nc, "z NOOP\r\n")
	for n := 0; ; {
		line, err := br.ReadSlice('\n')
		if err != nil {
			b.Fatal(err)
		}
		if bytes.HasPrefix(line, []byte("z ")) {
			if n != benchMails {
				b.Fatalf("got %d mails", n)
			}
			return time.Since(start)
		}
		line = bytes.TrimSuffix(line, []byte("}\r\n"))
		open := bytes.LastIndexByte(line, '{')
		if open < 0 {
			continue
		}
		size, err := strconv.Atoi(string(line[open+1:]))
		if err != nil {
			continue
		}
		data := make([]byte, size)
		if _, err := io.ReadFull(br, data); err != nil {
			b.Fatal(err)
		}
		n++
	}
}

// BenchmarkIdle measures what one watched mailbox takes over TLS: after signing
// in, and after having fetched.
func BenchmarkIdle(b *testing.B) {
	const accounts = 200
	s := mailtest.Dovecot(b, mailtest.DovecotOptions{})
	fillSmallInbox(s)
	for _, fetches := range []bool{false, true} {
		b.Run(fmt.Sprintf("fetched=%v", fetches), func(b *testing.B) {
			for b.Loop() {
				b.ReportMetric(idleBytes(b, s, accounts, fetches), "B/account")
			}
		})
	}
}

func fillSmallInbox(s *mailtest.DovecotServer) {
	s.DeliverMany(mailtest.Anna.Address, "INBOX", 50, func(int) mailtest.Mail {
		return mailtest.Mail{Raw: bytes.Repeat([]byte("0123456789\r\n"), 4000)}
	})
}

func idleBytes(b testing.TB, s *mailtest.DovecotServer, accounts int, fetches bool) float64 {
	d := imap.New(imap.Config{Dialer: dial.New(dial.Config{Allowed: loopback(), Roots: s.CA.Pool()})})
	before := memory()
	ctx, cancel := context.WithCancel(b.Context())
	var wg sync.WaitGroup
	for range accounts {
		src, err := d.Open(b.Context(), access(s, mailstead.SecurityTLS, mailtest.Anna))
		if err != nil {
			b.Fatal(err)
		}
		defer src.Close()
		if _, err := src.Select(b.Context(), "INBOX"); err != nil {
			b.Fatal(err)
		}
		wg.Go(func() {
			if fetches {
				uids, err := src.UIDs(b.Context(), mailstead.UIDWindow{})
				if err == nil {
					err = src.Fetch(b.Context(), uids, 1<<20, func(mailstead.RawMessage) error { return nil })
				}
				if err != nil {
					b.Error(err)
				}
			}
			w, ok := src.(mailstead.Watcher)
			if !ok {
				b.Error("not a Watcher")
				return
			}
			if _, err := w.Wait(ctx); err != nil {
				b.Error(err)
			}
		})
	}
	// All of them idle when the memory in use stands still.
	used := memory()
	for range 100 {
		time.Sleep(20 * time.Millisecond)
		next := memory()
		if next == used {
			break
		}
		used = next
	}
	cancel()
	wg.Wait()
	return float64(used-before) / float64(accounts)
}

// memory is what the heap and the stacks hold after a collection.
func memory() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}
