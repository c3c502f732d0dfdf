package mailtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Mail is a mail that lies in a mailbox before the test looks.
type Mail struct {
	Raw []byte
	// At is the time of arrival, IMAP's INTERNALDATE; zero is now.
	At time.Time
	// Seen and Flagged are its flags.
	Seen, Flagged bool
}

// Deliver puts one mail into a folder of a user; the folder is made if it is
// missing. "INBOX" is the inbox. It writes the file directly, and a client that
// waits on that folder is told by the server.
func (s *DovecotServer) Deliver(user, folder string, raw []byte) {
	s.t.Helper()
	s.DeliverMany(user, folder, 1, func(int) Mail { return Mail{Raw: raw} })
}

// DeliverMany puts n mails into a folder of a user, in the order of their
// numbers 0 to n-1, thousands within a second.
func (s *DovecotServer) DeliverMany(user, folder string, n int, mail func(i int) Mail) {
	s.t.Helper()
	var err error
	if s.options.MDBox {
		err = s.importMails(user, folder, n, mail)
	} else {
		err = s.fillMaildir(maildirFolder(filepath.Join(s.home(user), "Maildir"), folder), n, mail)
	}
	if err != nil {
		s.t.Fatalf("dovecot: deliver to %s of %s: %v", folder, user, err)
	}
}

// maildirFolder is the directory of a folder in the Maildir++ layout.
func maildirFolder(root, folder string) string {
	if strings.EqualFold(folder, "INBOX") {
		return root
	}
	return filepath.Join(root, "."+strings.ReplaceAll(folder, "/", "."))
}

func (s *DovecotServer) fillMaildir(dir string, n int, mail func(i int) Mail) error {
	for _, sub := range []string{"cur", "new", "tmp"} {
		if err := s.account.mkdir(filepath.Join(dir, sub)); err != nil {
			return err
		}
	}
	if filepath.Base(dir) != "Maildir" {
		if err := s.account.write(filepath.Join(dir, "maildirfolder"), nil); err != nil {
			return err
		}
	}
	for i := range n {
		if err := s.writeMail(dir, mail(i)); err != nil {
			return err
		}
	}
	return nil
}

// writeMail writes under tmp and renames, as Maildir asks. Dovecot numbers new
// mails in the order of their names.
func (s *DovecotServer) writeMail(dir string, m Mail) error {
	name := fmt.Sprintf("%d.M%06dP1.mailtest,S=%d", time.Now().Unix(), s.count.Add(1), len(m.Raw))
	tmp := filepath.Join(dir, "tmp", name)
	if err := s.account.write(tmp, m.Raw); err != nil {
		return err
	}
	if !m.At.IsZero() {
		if err := os.Chtimes(tmp, m.At, m.At); err != nil {
			return err
		}
	}
	flags := ""
	if m.Flagged {
		flags += "F"
	}
	if m.Seen {
		flags += "S"
	}
	if flags == "" {
		return os.Rename(tmp, filepath.Join(dir, "new", name))
	}
	return os.Rename(tmp, filepath.Join(dir, "cur", name+":2,"+flags))
}

// importMails has Dovecot read the mails from a Maildir of their own, where the
// separator of folders is a dot.
func (s *DovecotServer) importMails(user, folder string, n int, mail func(i int) Mail) error {
	source := s.scratch.path(fmt.Sprintf("import-%d", s.count.Add(1)))
	defer os.RemoveAll(source)
	root := filepath.Join(source, "Maildir")
	if err := s.fillMaildir(maildirFolder(root, folder), n, mail); err != nil {
		return err
	}
	_, err := s.runDoveadm("import", "-u", user, "-s", "maildir:"+root+":UTF-8", "",
		"mailbox", strings.ReplaceAll(folder, "/", "."), "all")
	return err
}
