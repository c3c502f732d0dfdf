package main_test

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/fakemail"
	"github.com/mailstead/mailstead/mailtest"
)

// killLoop kills the service at random moments while mail is submitted to it,
// lets it come to rest, and then accounts for every single mail.
type killLoop struct {
	kills, messages int
	// flags are those of serve; account is what POST /connect/save is told.
	flags   []string
	account map[string]any
	// desk is behind the account's outgoing server.
	desk *desk
	// sent lists the Message-IDs in the account's Sent folder; nil means that the
	// account has no incoming side.
	sent func() []string
	// saves tells that Mailstead knows the provider to put what it takes into the
	// Sent folder: then the fate of every mail can be found out.
	saves bool

	t     *testing.T
	s     *service
	url   string
	token string

	mu       sync.Mutex
	accepted map[string]mailstead.OutgoingMessage
	retried  int
}

// outgoing is a mail of the outbox with its attempts.
type outgoing struct {
	mailstead.OutgoingMessage
	History []mailstead.Attempt `json:"history"`
}

// run goes through the whole story.
func (k *killLoop) run(t *testing.T) {
	k.t, k.accepted = t, make(map[string]mailstead.OutgoingMessage)
	k.open()
	k.submitAndKill()
	mails := k.quiet()
	k.checkKeys(mails)
	k.checkFates(mails)
	k.checkSent(mails)
	k.report(mails)
	k.force(mails)
	k.checkDisk()
}

// open starts the service and connects the account.
func (k *killLoop) open() {
	// The address stays the same through all lives.
	listen := fmt.Sprintf("127.0.0.1:%d", mailtest.FreePort(k.t))
	k.url = "http://" + listen + "/api/v1"
	flags := append([]string{"--listen", listen}, k.flags...)
	k.s = serve(k.t, k.t.TempDir(), flags...)
	k.s.setUp()
	call[any](k.s, http.MethodPost, "/connect/save", k.account)
	k.token = call[struct{ Token string }](k.s, http.MethodPost, "/tokens", map[string]any{
		"name": "shop", "scopes": []mailstead.Scope{mailstead.ScopeSend},
	}).Token
}

// submitters is how many applications submit at the same time.
const submitters = 8

// submitAndKill submits all mails while the service lives and dies; each life has
// its share of them.
func (k *killLoop) submitAndKill() {
	work := make(chan int, k.messages)
	var apps sync.WaitGroup
	for range submitters {
		apps.Go(func() {
			for i := range work {
				k.submit(i)
			}
		})
	}
	next := 0
	release := func(until int) {
		for ; next < until; next++ {
			work <- next
		}
	}
	for life := range k.kills {
		// One half is sent when the kill comes, the other is still being submitted.
		begin, end := k.messages*life/k.kills, k.messages*(life+1)/k.kills
		release((begin + end) / 2)
		time.Sleep(50*time.Millisecond + rand.N(700*time.Millisecond))
		release(end)
		time.Sleep(rand.N(50 * time.Millisecond))
		k.s.kill()
		k.desk.died()
		k.s.start()
	}
	close(work)
	apps.Wait()
}

func key(i int) string { return fmt.Sprintf("order-%d", i) }

// submit submits one mail until it is accepted, as an application does that must
// not lose it.
func (k *killLoop) submit(i int) {
	for deadline := time.Now().Add(2 * time.Minute); ; {
		status, m, err := k.post(i)
		switch {
		case err == nil && (status == http.StatusAccepted || status == http.StatusOK):
			k.mu.Lock()
			defer k.mu.Unlock()
			k.accepted[key(i)] = m
			return
		case err == nil:
			k.t.Errorf("submission of %s: status %d", key(i), status)
			return
		case time.Now().After(deadline):
			k.t.Errorf("submission of %s: %v", key(i), err)
			return
		}
		k.mu.Lock()
		k.retried++
		k.mu.Unlock()
		time.Sleep(10 * time.Millisecond) // the service is dead or being born
	}
}

// post submits mail number i once. Every request has a connection of its own, as
// the client of the library repeats by itself what it lost on an old one.
func (k *killLoop) post(i int) (int, mailstead.OutgoingMessage, error) {
	var m mailstead.OutgoingMessage
	body, err := json.Marshal(map[string]any{
		"to": []mailstead.Address{{Address: "ben@example.com"}}, "subject": "Order " + key(i),
		"text": "Your " + key(i) + " left our house today.\n" + strings.Repeat("Thank you for your trust.\n", 60),
	})
	if err != nil {
		return 0, m, err
	}
	r, err := http.NewRequestWithContext(k.t.Context(), http.MethodPost, k.url+"/outbox", bytes.NewReader(body))
	if err != nil {
		return 0, m, err
	}
	r.Close = true
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+k.token)
	r.Header.Set("Idempotency-Key", key(i))
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, m, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 300 {
		return res.StatusCode, m, err
	}
	return res.StatusCode, m, json.Unmarshal(b, &m)
}

// quiet waits until nothing is left to be done and returns all mails.
func (k *killLoop) quiet() []outgoing {
	k.t.Helper()
	for deadline := time.Now().Add(5 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		list := k.list()
		busy := slices.IndexFunc(list, func(m mailstead.OutgoingMessage) bool {
			return m.State == mailstead.OutgoingQueued || m.State == mailstead.OutgoingSending ||
				!m.DueAt.IsZero() || m.SentCopy == mailstead.SentCopyPending
		})
		if busy < 0 {
			mails := make([]outgoing, len(list))
			for i := range list {
				mails[i] = call[outgoing](k.s, http.MethodGet, "/outbox/"+list[i].ID.String(), nil)
			}
			return mails
		}
		if time.Now().After(deadline) {
			k.t.Fatalf("after 5 minutes mail %d is %s, due %v, copy %q", list[busy].ID, list[busy].State, list[busy].DueAt, list[busy].SentCopy)
		}
	}
}

func (k *killLoop) list() (all []mailstead.OutgoingMessage) {
	k.t.Helper()
	for cursor := ""; ; {
		page := call[struct {
			Items []mailstead.OutgoingMessage
			Next  string
		}](k.s, http.MethodGet, "/outbox?limit=100&cursor="+cursor, nil)
		all = append(all, page.Items...)
		if cursor = page.Next; cursor == "" {
			return all
		}
	}
}

// checkKeys checks that every key was accepted and is one mail, also when it is
// submitted once more.
func (k *killLoop) checkKeys(mails []outgoing) {
	k.t.Helper()
	ids := make(map[string][]mailstead.OutgoingID)
	for i := range mails {
		ids[mails[i].IdempotencyKey] = append(ids[mails[i].IdempotencyKey], mails[i].ID)
	}
	if len(ids) != k.messages || len(k.accepted) != k.messages {
		k.t.Errorf("%d keys stand in the outbox and %d were accepted, want %d", len(ids), len(k.accepted), k.messages)
	}
	for i := range k.messages {
		first := k.accepted[key(i)]
		if got := ids[key(i)]; len(got) != 1 || got[0] != first.ID {
			k.t.Errorf("%s is the mails %v, want only %d", key(i), got, first.ID)
		}
		status, again, err := k.post(i)
		if err != nil || status != http.StatusOK || again.ID != first.ID || again.InternetMessageID != first.InternetMessageID {
			k.t.Errorf("%s submitted again: status %d, mail %d, %v; want 200, mail %d", key(i), status, again.ID, err, first.ID)
		}
	}
}

// checkFates checks that every mail was handed over, or that its fate is told to
// be unknown and why, and that nothing was handed over twice.
func (k *killLoop) checkFates(mails []outgoing) {
	k.t.Helper()
	for i := range mails {
		m := &mails[i]
		got := k.desk.handed(m.InternetMessageID)
		switch m.State {
		case mailstead.OutgoingAccepted:
			if len(got) == 0 {
				k.t.Errorf("mail %d is lost: it is accepted, and was never handed over", m.ID)
			}
		case mailstead.OutgoingUnknown:
			if m.Code == "" || m.Text == "" || m.Action == "" {
				k.t.Errorf("mail %d is unknown for no reason: %q, %q, %q", m.ID, m.Code, m.Text, m.Action)
			}
			if k.saves {
				k.t.Errorf("mail %d is unknown though the Sent folder tells its fate", m.ID)
			}
		default:
			k.t.Errorf("mail %d is %s (%s: %s)", m.ID, m.State, m.Code, m.Text)
		}
		if len(got) > 1 {
			k.t.Errorf("mail %d was handed over %d times though nobody asked for it", m.ID, len(got))
		}
		for _, h := range got {
			if !bytes.Contains(h.data, []byte("Subject: Order "+m.IdempotencyKey+"\r\n")) {
				k.t.Errorf("mail %d of %s was handed over as\n%s", m.ID, m.IdempotencyKey, h.data)
			}
		}
	}
	if _, distinct := k.desk.count(); distinct > len(mails) {
		k.t.Errorf("%d different mails were handed over, there are only %d", distinct, len(mails))
	}
}

// checkSent checks that exactly the accepted mails stand in the Sent folder, each
// once.
func (k *killLoop) checkSent(mails []outgoing) {
	k.t.Helper()
	if k.sent == nil {
		return
	}
	copies := make(map[string]int)
	for _, id := range k.sent() {
		copies[id]++
	}
	for i := range mails {
		want := 0
		if mails[i].State == mailstead.OutgoingAccepted {
			want = 1
		}
		if got := copies[mails[i].InternetMessageID]; got != want {
			k.t.Errorf("mail %d, %s, stands %d times in the Sent folder, want %d (its copy is told to be %q)",
				mails[i].ID, mails[i].State, got, want, mails[i].SentCopy)
		}
	}
}

// report tells the counts.
func (k *killLoop) report(mails []outgoing) {
	handed, distinct := k.desk.count()
	count := func(is func(*outgoing) bool) (n int) {
		for i := range mails {
			if is(&mails[i]) {
				n++
			}
		}
		return n
	}
	interrupted := count(func(m *outgoing) bool { return m.attemptsOf(mailstead.OutgoingUnknown) > 0 })
	unknown := count(func(m *outgoing) bool { return m.State == mailstead.OutgoingUnknown })
	k.t.Attr("counts", fmt.Sprintf("kills=%d submitted=%d retried=%d accepted=%d handed_over=%d distinct=%d duplicates=%d unheard=%d interrupted=%d unknown=%d",
		k.kills, k.messages, k.retried, len(k.accepted), handed, distinct, handed-distinct, k.desk.unheard(), interrupted, unknown))
}

func (m *outgoing) attemptsOf(state mailstead.OutgoingState) (n int) {
	for _, a := range m.History {
		if a.State == state {
			n++
		}
	}
	return n
}

// force tries every mail of unknown fate again, as a person decides. Now some
// arrive twice: only those whose answer nobody lived to note.
func (k *killLoop) force(mails []outgoing) {
	k.t.Helper()
	for i := range mails {
		if mails[i].State == mailstead.OutgoingUnknown {
			call[any](k.s, http.MethodPost, "/outbox/"+mails[i].ID.String()+"/retry?force=true", nil)
		}
	}
	for _, m := range k.quiet() {
		got := k.desk.handed(m.InternetMessageID)
		if m.State != mailstead.OutgoingAccepted || len(got) == 0 {
			k.t.Errorf("mail %d is %s after another try and was handed over %d times", m.ID, m.State, len(got))
		}
		if len(got) > 1+m.attemptsOf(mailstead.OutgoingUnknown) {
			k.t.Errorf("mail %d was handed over %d times, with %d attempts of unknown outcome", m.ID, len(got), m.attemptsOf(mailstead.OutgoingUnknown))
		}
		for i := range len(got) - 1 {
			if !k.desk.excused(got[i]) {
				k.t.Errorf("mail %d was repeated though its handover had been answered and noted", m.ID)
			}
			if !bytes.Equal(got[i].data, got[i+1].data) {
				k.t.Errorf("mail %d was repeated with other bytes", m.ID)
			}
		}
	}
}

// checkDisk stops the service and looks at what it leaves.
func (k *killLoop) checkDisk() {
	k.t.Helper()
	k.s.stop()
	for _, word := range []string{"level=ERROR", "DATA RACE", "panic:"} {
		if i := strings.Index(k.s.log.String(), word); i >= 0 {
			k.t.Errorf("the log holds %s:\n%s", word, k.s.log.String()[i:min(i+500, len(k.s.log.String()))])
		}
	}
	bodies := unpack(k.t, filepath.Join(k.s.data, "blobs"))
	for key, m := range k.accepted {
		if !bytes.Contains(bodies, []byte("<"+m.InternetMessageID+">")) {
			k.t.Errorf("the bytes of %s are gone", key)
		}
	}
	if slices.Contains(k.flags, "--database") {
		return
	}
	db, err := sql.Open("sqlite", filepath.Join(k.s.data, "mailstead.db"))
	if err != nil {
		k.t.Fatal(err)
	}
	var verdict string
	err = db.QueryRowContext(k.t.Context(), "PRAGMA integrity_check").Scan(&verdict)
	if err := errors.Join(err, db.Close()); err != nil || verdict != "ok" {
		k.t.Errorf("the database is %q: %v", verdict, err)
	}
}

// desk keeps what a receiving server was handed, by Message-ID.
type desk struct {
	// taken is called for every mail before it is answered; nil does nothing.
	taken func(fakemail.SMTPMail)

	mu        sync.Mutex
	life      int
	ended     map[int]time.Time
	handovers map[string][]*handover
}

// handover is one mail that the receiving server took.
type handover struct {
	data []byte
	// life is the life of the service that handed it over.
	life int
	// heard tells that the client was still there for the answer, at that time.
	heard    bool
	answered time.Time
}

// slowest is how long the receiving server may think about its answer.
const slowest = 150 * time.Millisecond

// config lets a server hand everything to the desk. Every third time it thinks
// about its answer to the final dot, so that kills meet that moment.
func (d *desk) config(c fakemail.SMTPConfig) fakemail.SMTPConfig {
	d.ended, d.handovers = make(map[int]time.Time), make(map[string][]*handover)
	c.Accepted = func(m fakemail.SMTPMail) {
		d.mu.Lock()
		d.handovers[m.MessageID] = append(d.handovers[m.MessageID], &handover{data: m.Data, life: d.life})
		d.mu.Unlock()
		if d.taken != nil {
			d.taken(m)
		}
		if rand.IntN(3) == 0 {
			time.Sleep(rand.N(slowest))
		}
	}
	c.Answered = func(m fakemail.SMTPMail, heard bool) {
		d.mu.Lock()
		defer d.mu.Unlock()
		for _, h := range d.handovers[m.MessageID] {
			if h.answered.IsZero() {
				h.heard, h.answered = heard, time.Now()
			}
		}
	}
	return c
}

// died notes the end of a life of the service.
func (d *desk) died() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ended[d.life] = time.Now()
	d.life++
}

func (d *desk) handed(id string) []*handover {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.handovers[id])
}

func (d *desk) count() (handed, distinct int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, list := range d.handovers {
		handed += len(list)
	}
	return handed, len(d.handovers)
}

// unheard counts the handovers that were answered to nobody.
func (d *desk) unheard() (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, list := range d.handovers {
		for _, h := range list {
			if !h.heard {
				n++
			}
		}
	}
	return n
}

// noteTime is how long the service takes at most from an answer to its record.
const noteTime = time.Second

// excused reports whether a handover may be repeated: its answer met nobody, or
// somebody who was killed before it was noted.
func (d *desk) excused(h *handover) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	end, killed := d.ended[h.life]
	return !h.heard || (killed && end.Sub(h.answered) < noteTime)
}
