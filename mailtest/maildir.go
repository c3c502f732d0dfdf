package mailtest

import (
	"bytes"
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
		err = s.fillMaildir(s.maildir(user, folder), n, mail)
	}
	if err != nil {
		s.t.Fatalf("dovecot: deliver to %s of %s: %v", folder, user, err)
	}
}

// maildir is the directory of a folder in the Maildir++ layout.
func (s *DovecotServer) maildir(user, folder string) string {
	root := filepath.Join(s.home(user), "Maildir")
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

// importMails has Dovecot read the mails from a Maildir of their own.
func (s *DovecotServer) importMails(user, folder string, n int, mail func(i int) Mail) error {
	source := s.scratch.path(fmt.Sprintf("import-%d", s.count.Add(1)))
	defer os.RemoveAll(source)
	inbox := filepath.Join(source, "Maildir")
	if err := s.fillMaildir(inbox, n, mail); err != nil {
		return err
	}
	if !strings.EqualFold(folder, "INBOX") {
		if out, err := s.runDoveadm(nil, "mailbox", "create", "-u", user, folder); err != nil && !bytes.Contains([]byte(err.Error()), []byte("already exists")) {
			return fmt.Errorf("%w: %s", err, out)
		}
	}
	_, err := s.runDoveadm(nil, "import", "-u", user, "-s", "maildir:"+inbox, "", "mailbox", "INBOX", "all")
	return err
}
