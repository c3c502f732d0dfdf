//go:build bench

package bench_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/mailtest"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

// rawRead is the least that any reader must do: connect, sign in, select, fetch
// the newest n messages (0: all), count their bytes.
func rawRead(servers *mailtest.DovecotServer, security mailstead.Security, u mailtest.User, n int) (messages int, err error) {
	s := servers.IMAP(security)
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		return 0, err
	}
	defer c.Close()
	if security == mailstead.SecurityTLS {
		c = tls.Client(c, tlsFor(servers))
	}
	br := bufio.NewReaderSize(c, 256<<10)
	if _, err := br.ReadString('\n'); err != nil {
		return 0, err
	}
	if _, _, err := rawCommand(c, br, fmt.Sprintf("LOGIN %q %q", u.Address, u.Password)); err != nil {
		return 0, err
	}
	exists, _, err := rawCommand(c, br, "EXAMINE INBOX")
	if err != nil {
		return 0, err
	}
	from := 1
	if n > 0 {
		from = max(1, exists-n+1)
	}
	_, messages, err = rawCommand(c, br, fmt.Sprintf("FETCH %d:* (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])", from))
	return messages, err
}

// rawCommand sends one command and reads to its end, skipping literals.
func rawCommand(w io.Writer, br *bufio.Reader, command string) (exists, fetched int, err error) {
	if _, err := fmt.Fprintf(w, "a %s\r\n", command); err != nil {
		return 0, 0, err
	}
	for {
		line, err := br.ReadSlice('\n')
		if err != nil {
			return 0, 0, err
		}
		switch {
		case bytes.HasPrefix(line, []byte("a OK")):
			return exists, fetched, nil
		case bytes.HasPrefix(line, []byte("a ")):
			return 0, 0, fmt.Errorf("server said %s", line)
		case bytes.HasSuffix(line, []byte(" EXISTS\r\n")):
			if exists, err = strconv.Atoi(strings.Fields(string(line))[1]); err != nil {
				return 0, 0, err
			}
		case bytes.HasSuffix(line, []byte("}\r\n")):
			fetched++
			size, err := strconv.Atoi(string(line[bytes.LastIndexByte(line, '{')+1 : len(line)-3]))
			if err != nil {
				return 0, 0, err
			}
			if _, err := br.Discard(size); err != nil {
				return 0, 0, err
			}
		}
	}
}

// TestFirstLoad loads the 50 newest of 200 small accounts, 8 at a time.
func TestFirstLoad(t *testing.T) {
	const accounts, newest, parallel = 200, 50, 8
	servers := mailtest.Dovecot(t, mailtest.DovecotOptions{Users: []mailtest.User{}, MoreUsers: accounts})
	for _, u := range servers.Users {
		servers.DeliverMany(u.Address, "INBOX", newest+10, func(i int) mailtest.Mail {
			return mailtest.Mail{Raw: body(i, 6_000), At: time.Now().Add(-time.Duration(newest+10-i) * time.Hour)}
		})
	}
	warm(t, servers, servers.Users[:8])
	var ours, raw []float64
	for range rounds {
		begin := time.Now()
		work := make(chan mailtest.User)
		var wg sync.WaitGroup
		for range parallel {
			wg.Go(func() {
				for u := range work {
					if n, err := rawRead(servers, mailstead.SecurityTLS, u, newest); err != nil || n != newest {
						t.Errorf("raw reader: %d messages, %v", n, err)
					}
				}
			})
		}
		for _, u := range servers.Users {
			work <- u
		}
		close(work)
		wg.Wait()
		raw = append(raw, accounts/time.Since(begin).Seconds())
		r := newReader(t, servers, mailstead.SecurityTLS, "none", servers.Users)
		ours = append(ours, accounts/r.load(newest).Seconds())
		r.close()
	}
	record(t, "first load of 50 over 200 accounts (TLS)", "accounts/s", ">= 0.30 of raw", median(ours), median(raw))
}

// warm makes Dovecot's index files, so that whoever comes first is not slower.
func warm(t *testing.T, servers *mailtest.DovecotServer, users []mailtest.User) {
	for _, u := range users {
		if _, err := rawRead(servers, mailstead.SecurityTLS, u, 0); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWholeMailbox loads 5,000 messages with rows, text index and durable bytes.
func TestWholeMailbox(t *testing.T) {
	const messages = 5000
	servers := mailtest.Dovecot(t, mailtest.DovecotOptions{})
	servers.DeliverMany(mailtest.Anna.Address, "INBOX", messages, func(i int) mailtest.Mail {
		return mailtest.Mail{Raw: body(i, sizeOf(i)), At: time.Now().Add(-time.Duration(messages-i) * time.Minute)}
	})
	anna := []mailtest.User{mailtest.Anna}
	warm(t, servers, anna)
	for _, security := range []mailstead.Security{mailstead.SecurityNone, mailstead.SecurityTLS} {
		var ours, raw, peer []float64
		for range rounds {
			begin := time.Now()
			if n, err := rawRead(servers, security, mailtest.Anna, 0); err != nil || n != messages {
				t.Fatalf("raw reader: %d messages, %v", n, err)
			}
			raw = append(raw, messages/time.Since(begin).Seconds())
			r := newReader(t, servers, security, "all", anna)
			ours = append(ours, messages/r.load(messages).Seconds())
			r.close()
			peer = append(peer, messages/mbsync(t, servers, security, messages).Seconds())
		}
		name := "whole mailbox of 5,000 (" + string(security) + ")"
		record(t, name+" against the raw reader", "messages/s", ">= 0.15 of raw", median(ours), median(raw))
		record(t, name+" against mbsync with fsync", "messages/s", ">= 1.5 of mbsync", median(ours), median(peer))
	}
}

// mbsync loads the inbox with mbsync into a Maildir, with fsync.
func mbsync(t *testing.T, servers *mailtest.DovecotServer, security mailstead.Security, want int) time.Duration {
	t.Helper()
	dir := t.TempDir()
	ca, config := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "mbsyncrc")
	if err := os.WriteFile(ca, servers.CA.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	s := servers.IMAP(security)
	kind := map[mailstead.Security]string{mailstead.SecurityNone: "None", mailstead.SecurityTLS: "IMAPS"}[security]
	text := fmt.Sprintf("FSync yes\nIMAPAccount a\nHost %s\nPort %d\nUser %s\nPassCmd \"cat %s\"\nSSLType %s\nCertificateFile %s\nAuthMechs LOGIN\n\n"+
		"IMAPStore far\nAccount a\n\nMaildirStore near\nPath %s/mail/\nInbox %s/mail/INBOX\n\nChannel c\nFar :far:INBOX\nNear :near:INBOX\nCreate Near\nSync Pull\nSyncState %s/state/\n",
		"localhost", s.Port, mailtest.Anna.Address, filepath.Join(dir, "secret"), kind, ca, dir, dir, dir)
	for name, data := range map[string]string{config: text, filepath.Join(dir, "secret"): mailtest.Anna.Password} {
		if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, sub := range []string{"mail", "state"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	begin := time.Now()
	out, err := exec.Command("mbsync", "-q", "-c", config, "c").CombinedOutput()
	took := time.Since(begin)
	if err != nil {
		t.Fatalf("mbsync: %v\n%s", err, out)
	}
	var got int
	for _, sub := range []string{"cur", "new"} {
		files, err := os.ReadDir(filepath.Join(dir, "mail", "INBOX", sub))
		if err != nil {
			t.Fatal(err)
		}
		got += len(files)
	}
	if got != want {
		t.Fatalf("mbsync loaded %d messages, want %d\n%s", got, want, out)
	}
	return took
}

// TestIdleMemory measures what one watched account costs while nothing happens.
func TestIdleMemory(t *testing.T) {
	const accounts = 500
	servers := mailtest.Dovecot(t, mailtest.DovecotOptions{Users: []mailtest.User{}, MoreUsers: accounts})
	for _, u := range servers.Users {
		servers.Deliver(u.Address, "INBOX", body(1, 2_000))
	}
	r := newReader(t, servers, mailstead.SecurityTLS, "none", servers.Users)
	heapBefore, rssBefore := memory(t)
	r.load(1)
	mailtest.Await(t, "all accounts wait", func() bool { return strings.Count(stacks(), "(*session).Wait(") >= accounts })
	heapAfter, rssAfter := memory(t)
	record(t, "memory per idle watched account (heap and stacks)", "KB", "<= 60 KB", (heapAfter-heapBefore)/accounts/1000, 0)
	record(t, "memory per idle watched account (RSS)", "KB", "", (rssAfter-rssBefore)/accounts/1000, 0)
}

func stacks() string {
	buf := make([]byte, 64<<20)
	return string(buf[:runtime.Stack(buf, true)])
}

// memory returns the live heap with the stacks, and the resident set, in bytes.
func memory(t *testing.T) (heap, rss float64) {
	t.Helper()
	for range 3 {
		runtime.GC()
	}
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			if err != nil {
				t.Fatal(err)
			}
			rss = kb * 1024
		}
	}
	return float64(m.HeapAlloc + m.StackInuse), rss
}
