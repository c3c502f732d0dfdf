package inbox_test

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/diagnose"
	"github.com/mailstead/mailstead/dial"
	"github.com/mailstead/mailstead/fakemail"
	"github.com/mailstead/mailstead/inbox"
	"github.com/mailstead/mailstead/provider/pop3"
)

const dropPassword = "drop-password"

// dropDesk is a desk whose account fetches by POP3 from a server in this process.
type dropDesk struct {
	*desk
	server *fakemail.POP3Server
	made   int
}

type dropKeys struct{ server mailstead.Server }

func (k dropKeys) Access(context.Context, mailstead.AccountID, mailstead.SideName) (mailstead.Access, error) {
	return mailstead.Access{Server: k.server, Login: "anna", Secret: mailstead.NewSecret(dropPassword), AllowPlain: true}, nil
}

func newDropDesk(t *testing.T, period mailstead.LoadPeriod, c fakemail.POP3Config, change ...func(*inbox.Config)) *dropDesk {
	t.Helper()
	c.Users = map[string]fakemail.POP3User{"anna": {Password: dropPassword}}
	server, err := fakemail.StartPOP3(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	dialer := dial.New(dial.Config{Allowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, IOTimeout: 5 * time.Second})
	all := append([]func(*inbox.Config){func(c *inbox.Config) {
		c.Source, c.Credentials = pop3.New(pop3.Config{Dialer: dialer}), dropKeys{server.Server()}
		c.PollEvery = time.Hour
	}}, change...)
	d := &dropDesk{desk: newDesk(t, period, all...), server: server}
	a, err := d.db.Account(t.Context(), d.id)
	if err != nil {
		t.Fatal(err)
	}
	a.Incoming.Server = server.Server()
	if err := d.db.UpdateAccount(t.Context(), &a, nil, audited, nil); err != nil {
		t.Fatal(err)
	}
	return d
}

// deliver puts mails into the maildrop that arrived so many days ago, and returns
// their subjects.
func (d *dropDesk) deliver(days ...int) (subjects []string) {
	for _, n := range days {
		d.made++
		subject := fmt.Sprintf("mail-%d", d.made)
		subjects = append(subjects, subject)
		at := time.Now().AddDate(0, 0, -n).Add(time.Duration(d.made) * time.Second)
		d.server.Deliver("anna", fmt.Appendf(nil, "Received: from a by b; %s\r\nFrom: ben@example.com\r\nSubject: %s\r\nMessage-ID: <%s@example.com>\r\n\r\nText\r\n",
			at.Format(time.RFC1123Z), subject, subject))
	}
	return subjects
}

func (d *dropDesk) sync() {
	d.t.Helper()
	if err := d.inbox.Sync(d.t.Context(), anna, d.id); err != nil {
		d.t.Fatal(err)
	}
}

// have waits until the inbox holds exactly these subjects.
func (d *dropDesk) have(what string, want ...string) {
	d.t.Helper()
	slices.Sort(want)
	d.await(what, func() bool {
		got := d.subjects(mailstead.FolderInbox)
		slices.Sort(got)
		return slices.Equal(got, want)
	})
}

// look asks for a look at the server and waits until it is over.
func (d *dropDesk) look() {
	d.t.Helper()
	quits := func() (n int) {
		for _, word := range d.server.Commands() {
			if word == "QUIT" {
				n++
			}
		}
		return n
	}
	before := quits()
	d.sync()
	d.await("a look", func() bool { return quits() > before })
}

func (d *dropDesk) folder() mailstead.Folder {
	d.t.Helper()
	folders, err := d.db.Folders(d.t.Context(), d.id)
	if err != nil || len(folders) > 1 {
		d.t.Fatalf("got %+v, %v", folders, err)
	}
	if len(folders) == 0 {
		return mailstead.Folder{}
	}
	return folders[0]
}

func (d *dropDesk) health() mailstead.Health {
	d.t.Helper()
	a, err := d.db.Account(d.t.Context(), d.id)
	if err != nil {
		d.t.Fatal(err)
	}
	return a.Incoming.Health
}

// counters holds what the folder says against its rows.
func (d *dropDesk) counters(total, remote int) {
	d.t.Helper()
	f := d.folder()
	uids, err := d.db.FolderUIDs(d.t.Context(), f.ID, 0, 0)
	if err != nil || f.Total != total || len(uids) != total || f.RemoteTotal != remote {
		d.t.Errorf("got %d of %d stored, %d on the server, %v; want %d and %d", f.Total, len(uids), f.RemoteTotal, err, total, remote)
	}
}

func repeat(days, n int) []int { return slices.Repeat([]int{days}, n) }

func TestMaildropIsRead(t *testing.T) {
	d := newDropDesk(t, "months:3", fakemail.POP3Config{})
	d.deliver(repeat(200, 30)...)
	wanted := d.deliver(repeat(20, 90)...)
	d.start()
	d.have("the load period", wanted...)
	d.await("done", func() bool { return d.folder().Cursor.Done })
	d.counters(90, 120)

	fresh := d.deliver(0, 0)
	d.sync()
	d.have("new mail", append(wanted, fresh...)...)
	d.counters(92, 122)
	if words := d.server.Commands(); slices.Contains(words, "DELE") || d.server.Count("anna") != 122 {
		t.Error("the server's mails were touched")
	}
	h := d.health()
	if h.State != mailstead.HealthOK {
		t.Errorf("got health %+v", h)
	}
}

func TestMaildropNewestComeFirst(t *testing.T) {
	d := newDropDesk(t, "none", fakemail.POP3Config{})
	all := d.deliver(repeat(5, 80)...)
	d.start()
	d.have("the newest", all[30:]...)
	d.look()
	d.have("still the newest", all[30:]...)
}

func TestMailDeletedOnAMaildropStays(t *testing.T) {
	d := newDropDesk(t, "all", fakemail.POP3Config{})
	all := d.deliver(repeat(1, 10)...)
	d.start()
	d.have("all", all...)
	d.server.Remove("anna", 0, 4, 9)
	d.look()
	d.await("the count of the server", func() bool { return d.folder().RemoteTotal == 7 })
	d.have("all", all...)
	d.counters(10, 7)
	d.server.Remove("anna", 0, 1, 2, 3, 4, 5, 6)
	d.look()
	all = append(all, d.deliver(0)...)
	d.look()
	d.have("one more", all...)
	d.counters(11, 1)
}

func TestMaildropThatNamesAnewBringsNoCopies(t *testing.T) {
	for _, period := range []mailstead.LoadPeriod{"all", "none", "months:1"} {
		d := newDropDesk(t, period, fakemail.POP3Config{}, func(c *inbox.Config) { c.MaxMessageSize = 4000 })
		d.deliver(repeat(100, 40)...)
		d.deliver(repeat(3, 70)...)
		d.made++
		d.server.Deliver("anna", bytes.Repeat([]byte("too large\r\n"), 500))
		d.start()
		d.await("done", func() bool { return d.folder().Cursor.Done })
		before := d.folder()
		d.server.Rename("anna")
		fresh := d.deliver(0)
		d.look()
		d.await("new mail", func() bool {
			return d.folder().Total == before.Total+1 && slices.Contains(d.subjects(mailstead.FolderInbox), fresh[0])
		})
		d.look()
		d.counters(before.Total+1, 112)
	}
}

func TestOddUniqueIDsBringEveryMailOnce(t *testing.T) {
	for _, fault := range []fakemail.POP3Fault{fakemail.POP3NoUIDL, fakemail.POP3HalfUIDL, fakemail.POP3SameUIDL, fakemail.POP3WrongCount} {
		d := newDropDesk(t, "all", fakemail.POP3Config{})
		d.server.SetFault("anna", fault)
		all := d.deliver(repeat(2, 60)...)
		d.start()
		d.have(string(fault), all...)
		d.look()
		all = append(all, d.deliver(0)...)
		d.look()
		d.have(string(fault)+" with new mail", all...)
	}
}

func TestCutMaildropIsReadToItsEnd(t *testing.T) {
	d := newDropDesk(t, "all", fakemail.POP3Config{NoPipelining: true})
	all := d.deliver(repeat(1, 5)...)
	d.server.SetFault("anna", fakemail.POP3Cut)
	d.start()
	d.await("trouble", func() bool { return d.health().State == mailstead.HealthRetrying })
	d.server.SetFault("anna", "")
	d.have("all, once", all...)
}

func TestBusyMaildropIsWaitedFor(t *testing.T) {
	d := newDropDesk(t, "all", fakemail.POP3Config{})
	d.server.SetFault("anna", fakemail.POP3InUse)
	all := d.deliver(1)
	d.start()
	d.await("retrying", func() bool { return d.health().State == mailstead.HealthRetrying })
	d.server.SetFault("anna", "")
	d.have("all", all...)
}

func TestALockedMaildropIsNoWrongPassword(t *testing.T) {
	explain, err := diagnose.New()
	if err != nil {
		t.Fatal(err)
	}
	d := newDropDesk(t, "all", fakemail.POP3Config{NoCodes: true}, func(c *inbox.Config) { c.Explain = explain })
	d.server.SetFault("anna", fakemail.POP3InUse)
	all := d.deliver(1)
	d.start()
	d.await("retrying", func() bool { return d.health().State == mailstead.HealthRetrying })
	if h := d.health(); h.Code != "mailbox.locked" {
		t.Errorf("got health %+v", h)
	}
	d.server.SetFault("anna", "")
	d.have("all", all...)
	d.server.SetFault("anna", fakemail.POP3Refuse)
	d.sync()
	d.await("trouble", func() bool { return d.health().State == mailstead.HealthTrouble })
}

func TestMarksOfAMaildropAreKeptHere(t *testing.T) {
	d := newDropDesk(t, "all", fakemail.POP3Config{})
	all := d.deliver(2, 1)
	d.start()
	d.have("all", all...)
	m := d.messages(mailstead.FolderInbox)[0]
	if err := d.inbox.SetFlags(t.Context(), anna, []mailstead.MessageID{m.ID}, mailstead.Flags{Seen: true}, mailstead.Flags{Seen: true}); err != nil {
		t.Fatal(err)
	}
	d.server.SetFault("anna", fakemail.POP3Unavailable)
	if err := d.inbox.SetFlags(t.Context(), anna, []mailstead.MessageID{m.ID}, mailstead.Flags{Flagged: true}, mailstead.Flags{Flagged: true}); err != nil {
		t.Fatal(err)
	}
	d.server.SetFault("anna", "")
	d.look()
	got, err := d.db.Message(t.Context(), m.ID)
	if err != nil || !got.Flags.Seen || !got.Flags.Flagged || d.folder().Unread != 1 {
		t.Errorf("got %+v, %v", got.Flags, err)
	}
}

func TestMaildropIsLookedAtAgainByItself(t *testing.T) {
	d := newDropDesk(t, "all", fakemail.POP3Config{}, func(c *inbox.Config) { c.PollEvery = 200 * time.Millisecond })
	all := d.deliver(1)
	d.start()
	d.have("the first", all...)
	all = append(all, d.deliver(0)...)
	d.have("the second", all...)
}

func TestQuarantineOfAMaildrop(t *testing.T) {
	d := newDropDesk(t, "all", fakemail.POP3Config{})
	d.server.Deliver("anna", []byte("\x00\x01\x02 no mail at all\r\n"))
	all := d.deliver(1)
	d.start()
	d.await("both", func() bool { return d.folder().Total == 2 })
	var states []mailstead.MessageState
	for _, m := range d.messages(mailstead.FolderInbox) {
		states = append(states, m.State)
	}
	if !slices.Contains(states, mailstead.MessageQuarantined) || !slices.Contains(d.subjects(mailstead.FolderInbox), all[0]) {
		t.Errorf("got %v", states)
	}
}
