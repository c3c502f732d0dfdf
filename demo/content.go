package demo

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/fakemail"
)

// content is what a mailbox is filled with. The same seed makes the same mails;
// their times count back from the start.
type content struct {
	*rand.Rand
	box mailbox
	now time.Time
	n   int
	in  []stored
	// mark is the logo, drawn once.
	mark file
}

func (c *content) logo() file {
	if c.mark.data == nil {
		c.mark = logo()
	}
	return c.mark
}

// stored is a mail in a folder.
type stored struct {
	folder string
	at     time.Time
	flags  mailstead.Flags
	data   func() []byte
}

// The folders that every sample mailbox has.
const (
	inbox   = "INBOX"
	sent    = "Sent"
	drafts  = "Drafts"
	trash   = "Trash"
	junk    = "Junk"
	archive = "Archive"
)

// folders returns the folders of a mailbox beside the inbox.
func folders(m mailbox) map[string]mailstead.FolderRole {
	out := map[string]mailstead.FolderRole{
		sent: mailstead.FolderSent, drafts: mailstead.FolderDrafts, trash: mailstead.FolderTrash,
		junk: mailstead.FolderJunk, archive: mailstead.FolderArchive,
	}
	for _, name := range m.folders {
		out[name] = mailstead.FolderNone
	}
	return out
}

// fill fills a mailbox.
func fill(imap *fakemail.IMAPServer, m mailbox, now time.Time) {
	c := newContent(m, now.Truncate(time.Minute), 0)
	m.fill(c)
	slices.SortStableFunc(c.in, func(a, b stored) int { return a.at.Compare(b.at) })
	for _, x := range c.in {
		if err := imap.Put(m.address, x.folder, fakemail.IMAPMail{Data: x.data(), At: x.at, Flags: x.flags}); err != nil {
			panic(fmt.Errorf("fill %s of %s: %w", x.folder, m.address, err)) // a folder that the mailbox does not list
		}
	}
}

func newContent(m mailbox, now time.Time, seed uint64) *content {
	h := fnv.New64a()
	_, _ = h.Write([]byte(m.address))                                               // never fails
	return &content{Rand: rand.New(rand.NewPCG(h.Sum64(), seed)), box: m, now: now} //nolint:gosec // no secret comes of it
}

// me is the owner of the mailbox.
func (c *content) me() mailstead.Address {
	return mailstead.Address{Name: c.box.name, Address: c.box.address}
}

// ago is a time before the start, at an hour when offices work.
func (c *content) ago(days int) time.Time {
	if days <= 0 {
		return c.now.Add(-time.Duration(c.IntN(4*60)+5) * time.Minute)
	}
	t := c.now.AddDate(0, 0, -days)
	t = time.Date(t.Year(), t.Month(), t.Day(), 7+c.IntN(11), c.IntN(60), c.IntN(60), 0, time.UTC)
	if t.After(c.now) {
		t = t.Add(-day)
	}
	return t
}

// id makes the next Message-ID.
func (c *content) id(domain string) string {
	c.n++
	return fmt.Sprintf("%s-%05d.%08x@%s", mailstead.LocalPartOf(c.box.address), c.n, c.Uint32(), domain)
}

// put puts a mail into a folder.
func (c *content) put(folder string, flags mailstead.Flags, m *mail) *mail {
	if m.id == "" {
		m.id = c.id(m.from.Domain())
	}
	if len(m.to) == 0 && folder != drafts {
		m.to = []mailstead.Address{c.me()}
	}
	c.in = append(c.in, stored{folder, m.at, flags, m.bytes})
	return m
}

// raw puts bytes into a folder that are no mail of ours.
func (c *content) raw(folder string, at time.Time, data string) {
	c.in = append(c.in, stored{folder, at, mailstead.Flags{}, func() []byte { return []byte(data) }})
}

// answer answers a mail: m gets the subject, the references and the quote.
func answer(to *mail, m mail) *mail {
	m.subject = to.subject
	if !strings.HasPrefix(m.subject, "Re: ") {
		m.subject = "Re: " + m.subject
	}
	m.references = append(slices.Clone(to.references), to.id)
	m.to = []mailstead.Address{to.from}
	m.text += quote(to)
	return &m
}

func pick[T any](c *content, list []T) T { return list[c.IntN(len(list))] }

var (
	seen     = mailstead.Flags{Seen: true}
	answered = mailstead.Flags{Seen: true, Answered: true}
	flagged  = mailstead.Flags{Seen: true, Flagged: true}
	unread   = mailstead.Flags{}
)
