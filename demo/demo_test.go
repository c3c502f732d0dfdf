package demo_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/demo"
	"github.com/mailstead/mailstead/dial"
	"github.com/mailstead/mailstead/mailtest"
	"github.com/mailstead/mailstead/message"
	"github.com/mailstead/mailstead/provider/imap"
	"github.com/mailstead/mailstead/provider/smtp"
)

// noon is when the demo of the tests starts; certificates go by the machine's
// clock, so it is not long ago.
func noon() time.Time { return time.Now().UTC().Truncate(24 * time.Hour).Add(12 * time.Hour) }

func start(t *testing.T, c demo.Config) *demo.Servers {
	t.Helper()
	c.Logger = slog.New(slog.DiscardHandler)
	if c.Now == nil {
		c.Now = noon
	}
	s := demo.New(c)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// drivers reach the demo as the product does: with nothing allowed but its names.
func drivers(s *demo.Servers) (*imap.Driver, *smtp.Driver) {
	d := dial.New(dial.Config{Hosts: s, Now: time.Now})
	return imap.New(imap.Config{Dialer: d, Now: time.Now}), smtp.New(d, smtp.Options{Now: time.Now})
}

func access(address string, server mailstead.Server) mailstead.Access {
	return mailstead.Access{Server: server, Login: address, Secret: mailstead.NewSecret(demo.Password)}
}

func open(t *testing.T, s *demo.Servers, address string) mailstead.Source {
	t.Helper()
	source, _ := drivers(s)
	src, err := source.Open(t.Context(), access(address, demo.Provider().Incoming[0]))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = src.Close() })
	return src
}

// read fetches all mails of a mailbox by folder.
func read(t *testing.T, s *demo.Servers, address string) map[string][]mailstead.RawMessage {
	t.Helper()
	src := open(t, s, address)
	folders, err := src.Folders(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string][]mailstead.RawMessage)
	for _, f := range folders {
		if _, err := src.Select(t.Context(), f.Path); err != nil {
			t.Fatal(err)
		}
		uids, err := src.UIDs(t.Context(), mailstead.UIDWindow{})
		if err != nil {
			t.Fatal(err)
		}
		out[f.Path] = nil
		if err := src.Fetch(t.Context(), uids, 1<<30, func(m mailstead.RawMessage) error {
			m.Data = bytes.Clone(m.Data)
			out[f.Path] = append(out[f.Path], m)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestSampleMailIsSound(t *testing.T) {
	now := noon()
	s := start(t, demo.Config{})
	for address, least := range map[string]int{"support@demo.example": 55, "sales@demo.example": 190, "anna@demo.example": 15, "slow@demo.example": 0} {
		if address == "slow@demo.example" {
			continue
		}
		ids, subjects, total := make(map[string]bool), "", 0
		var texts, pages, pictures, files, unreadable, answers int
		for folder, mails := range read(t, s, address) {
			for _, raw := range mails {
				total++
				if raw.ReceivedAt.After(now) || raw.ReceivedAt.Before(now.AddDate(0, -6, 0)) {
					t.Errorf("%s: a mail of %v", address, raw.ReceivedAt)
				}
				m, err := message.Read(raw.Data)
				if err != nil {
					unreadable++
					continue
				}
				if len(m.Defects) > 0 {
					t.Errorf("%s, %q: %v", address, m.Subject, m.Defects)
				}
				if ids[m.InternetMessageID] || m.InternetMessageID == "" {
					t.Errorf("%s: Message-ID %q twice", address, m.InternetMessageID)
				}
				ids[m.InternetMessageID] = true
				if strings.Contains(m.Subject+m.Text+m.HTML, "{") && !strings.Contains(m.HTML, "@media") {
					t.Errorf("%s, %q: something was not filled in:\n%s", address, m.Subject, m.Text)
				}
				if (folder == "Sent" || folder == "Drafts") != (m.From[0].Address == address) && !strings.HasPrefix(m.Subject, "Re:") {
					t.Errorf("%s: a mail of %s in %s", address, m.From[0].Address, folder)
				}
				for _, a := range slices.Concat(m.From, m.To, m.Cc) {
					if !strings.HasSuffix(a.Address, ".example") {
						t.Errorf("%s: a mail of or to %s, which may be somebody", address, a.Address)
					}
				}
				for _, line := range strings.Split(string(raw.Data), "\r\n") {
					if len(line) > 998 {
						t.Errorf("%s, %q: a line of %d bytes", address, m.Subject, len(line))
					}
				}
				subjects += m.Subject
				texts += count(m.Text != "")
				pages += count(m.HTML != "")
				pictures += count(strings.Contains(m.HTML, "https://") || strings.Contains(m.HTML, "http://"))
				files += count(len(m.Attachments) > 0)
				answers += count(len(m.References) > 0)
			}
		}
		if total < least {
			t.Errorf("%s has %d mails, want at least %d", address, total, least)
		}
		t.Logf("%s: %d mails, %d with HTML, %d with pictures from elsewhere, %d with files, %d answers", address, total, pages, pictures, files, answers)
		if pages == 0 || pictures == 0 || files == 0 || answers == 0 || texts == 0 {
			t.Errorf("%s lacks a kind of mail", address)
		}
		if want := count(address != "sales@demo.example"); unreadable != want {
			t.Errorf("%s has %d unreadable mails, want %d", address, unreadable, want)
		}
		if address == "support@demo.example" && !strings.Contains(subjects, "会議") {
			t.Error("no subject in another script")
		}
	}
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// TestSampleMailIsTheSameEachTime: after a restart the accounts must find the mails
// that they know under the UIDs that they know.
func TestSampleMailIsTheSameEachTime(t *testing.T) {
	first := read(t, start(t, demo.Config{}), "support@demo.example")
	s := start(t, demo.Config{})
	if diff := cmp.Diff(first, read(t, s, "support@demo.example")); diff != "" {
		t.Errorf("the second start (-first +second):\n%.2000s", diff)
	}
}

func TestWhatArrivesGetsNoUIDOfEarlierMail(t *testing.T) {
	last := mailstead.UID(0)
	for _, at := range []time.Duration{-48 * time.Hour, -48*time.Hour + time.Minute, -24 * time.Hour} {
		s := start(t, demo.Config{Now: func() time.Time { return noon().Add(at) }})
		src := open(t, s, "empty@demo.example")
		st, err := src.Select(t.Context(), "INBOX")
		if err != nil || st.UIDNext <= last+100 {
			t.Errorf("UIDNEXT = %d after %d, %v", st.UIDNext, last, err)
		}
		last = st.UIDNext
		s.Stop()
	}
}

func TestTheLargeMailbox(t *testing.T) {
	s := start(t, demo.Config{})
	src := open(t, s, "archive@demo.example")
	begin := time.Now()
	st, err := src.Select(t.Context(), "INBOX")
	if err != nil || st.Total != 10_000 {
		t.Fatalf("got %+v, %v, want 10,000 mails", st, err)
	}
	uids, err := src.UIDs(t.Context(), mailstead.UIDWindow{SinceUnix: noon().AddDate(0, -3, 0).Unix()})
	if err != nil || len(uids) < 500 || len(uids) > 1500 {
		t.Errorf("three months have %d mails, %v", len(uids), err)
	}
	t.Logf("looked at after %v", time.Since(begin))
}

func TestMailBetweenSampleAddressesArrives(t *testing.T) {
	s := start(t, demo.Config{})
	_, sender := drivers(s)
	conn, err := sender.Open(t.Context(), access("sales@demo.example", demo.Provider().Outgoing[0]))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	send := func(from string, to ...string) (mailstead.Receipt, error) {
		mail := fmt.Sprintf("From: %s\r\nSubject: To %s\r\n\r\nHello.\r\n", from, strings.Join(to, ", "))
		return conn.Send(t.Context(), mailstead.Envelope{From: from, To: to}, []byte(mail), func() error { return nil })
	}
	if _, err := send("sales@demo.example", "Empty@demo.example", "somebody@elsewhere.example"); err != nil {
		t.Fatal(err)
	}
	got := read(t, s, "empty@demo.example")["INBOX"]
	if len(got) != 1 || !bytes.Contains(got[0].Data, []byte("To Empty@demo.example")) || got[0].Flags.Seen {
		t.Errorf("got %+v, want one unread mail", got)
	}
	for to, want := range map[string]mailstead.Kind{
		"unknown-user@demo.example": mailstead.KindPermanent,
		"full@demo.example":         mailstead.KindTemporary,
		"busy@demo.example":         mailstead.KindTemporary,
		"greylisted@demo.example":   mailstead.KindTemporary,
	} {
		if _, err := send("sales@demo.example", to); mailstead.KindOf(err) != want || err == nil {
			t.Errorf("%s: %v, want kind %v", to, err, want)
		}
	}
	if _, err := send("sales@demo.example", "greylisted@demo.example"); err != nil {
		t.Errorf("greylisted, the second time: %v", err)
	}
	if _, err := send("anna@demo.example", "empty@demo.example"); err == nil {
		t.Error("sales may send as Anna")
	}
}

func TestNewMailArrivesFromTimeToTime(t *testing.T) {
	s := start(t, demo.Config{Live: 5 * time.Millisecond})
	for _, address := range []string{"support@demo.example", "sales@demo.example", "anna@demo.example"} {
		src := open(t, s, address)
		first := -1
		mailtest.Await(t, "new mail of "+address, func() bool {
			st, err := src.Select(t.Context(), "INBOX")
			if err != nil {
				t.Fatal(err)
			}
			if first < 0 {
				first = st.Total
			}
			return st.Total > first
		})
	}
}

func TestNamesLeadNowhereWhileTheDemoIsOff(t *testing.T) {
	s := start(t, demo.Config{})
	if err := s.Start(t.Context()); err != nil {
		t.Error(err)
	}
	host := demo.Provider().Incoming[0].Host
	if _, ok := s.Place(host); !ok || !s.Running() {
		t.Errorf("%s is not known", host)
	}
	if _, ok := s.Place("imap.example.com"); ok {
		t.Error("a name of somebody else leads inside")
	}
	src := open(t, s, "empty@demo.example")
	s.Stop()
	s.Stop()
	if _, ok := s.Place(host); ok || s.Running() {
		t.Errorf("%s is known after the end", host)
	}
	if _, err := src.Folders(t.Context()); err == nil {
		t.Error("the connection is still alive")
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	open(t, s, "empty@demo.example")
}

func TestWhatIsToldIsTrue(t *testing.T) {
	rows := demo.Domains()
	if last := rows[len(rows)-1]; last.Name != demo.Domain || last.ProviderID != demo.ProviderID {
		t.Errorf("the last domain is %+v, want the one that keeps the choice", last)
	}
	known := make(map[string]bool)
	for _, row := range rows {
		known[row.Name] = true
	}
	seen := make(map[string]bool)
	for _, a := range demo.Addresses() {
		if _, err := mailstead.CleanAddress("address", a.Address); err != nil || !known[mailstead.DomainOf(a.Address)] || seen[a.Address] {
			t.Errorf("%s: %v", a.Address, err)
		}
		if a.Mailbox != (a.Password != "") || !strings.HasSuffix(a.Shows, ".") {
			t.Errorf("%+v", a)
		}
		seen[a.Address] = true
	}
	first, others := demo.People()
	if err := first.Validate(); err != nil || first.Role != mailstead.RoleAdmin {
		t.Errorf("%+v, %v", first, err)
	}
	for _, u := range others {
		if err := u.Validate(); err != nil || u.Role != mailstead.RoleUser {
			t.Errorf("%+v, %v", u, err)
		}
	}
	for _, c := range demo.Connected() {
		if !seen[c.Address] {
			t.Errorf("%s is connected and not listed", c.Address)
		}
	}
}

func TestAPasswordChangesWhileItIsInUse(t *testing.T) {
	const address = "changed-password@demo.example"
	s := start(t, demo.Config{ChangeAfter: 50 * time.Millisecond})
	source, sender := drivers(s)
	src := open(t, s, address)
	mailtest.Await(t, "the connection ends", func() bool {
		_, err := src.Select(t.Context(), "INBOX")
		return err != nil
	})
	a, b := access(address, demo.Provider().Incoming[0]), access(address, demo.Provider().Outgoing[0])
	for _, secret := range []string{demo.Password, "new-" + demo.Password} {
		a.Secret, b.Secret = mailstead.NewSecret(secret), mailstead.NewSecret(secret)
		in, out := source.Check(t.Context(), a), sender.Check(t.Context(), b, address)
		if want := secret != demo.Password; in.OK != want || out.OK != want {
			t.Errorf("%s: %t %t, want %t", secret, in.OK, out.OK, want)
		}
	}
}
