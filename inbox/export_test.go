package inbox_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/inbox"
)

// exported is the mail of the desk's account as a file.
func (d *desk) exported(format inbox.ExportFormat) (*inbox.Export, []byte) {
	d.t.Helper()
	e, err := d.inbox.Export(d.t.Context(), anna, d.id, format)
	if err != nil {
		d.t.Fatal(err)
	}
	var b bytes.Buffer
	if err := e.WriteTo(d.t.Context(), &b); err != nil {
		d.t.Fatal(err)
	}
	return e, b.Bytes()
}

func TestExport(t *testing.T) {
	d := newDesk(t, "all")
	now := time.Now()
	d.box.addRaw("INBOX", []byte("From: Bert <bert@example.com>\r\nSubject: =HYPERLINK\r\n\r\nFrom the top\r\n>From here\r\nend"), now)
	d.box.addRaw("INBOX", []byte("From: bert@example.com\r\nSubject: two\r\n\r\nhello\r\n"), now.Add(time.Minute))
	d.start()
	d.await("the mails", func() bool { return len(d.messages(mailstead.FolderInbox)) == 2 })

	e, mbox := d.exported(inbox.ExportMbox)
	if e.Name != "anna@example.com.mbox" || e.MediaType != "application/mbox" {
		t.Errorf("got %s, %s", e.Name, e.MediaType)
	}
	text := string(mbox)
	if n := strings.Count("\n"+text, "\nFrom "); n != 2 || !strings.Contains(text, "\n>From the top\n>>From here\nend\n\n") || strings.Contains(text, "\r") {
		t.Errorf("got %d mails in:\n%s", n, text)
	}

	_, data := d.exported(inbox.ExportZip)
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	mails := 0
	for _, f := range r.File {
		content := read(t, f)
		if strings.HasSuffix(f.Name, ".eml") {
			mails++
			if !strings.Contains(content, "bert@example.com") || strings.Contains(f.Name, "..") {
				t.Errorf("%s: got %q", f.Name, content)
			}
			continue
		}
		rows, err := csv.NewReader(strings.NewReader(content)).ReadAll()
		if err != nil || f.Name != "index.csv" || len(rows) != 3 || rows[2][4] != "'=HYPERLINK" || rows[1][4] != "two" {
			t.Errorf("%s: got %v, %v", f.Name, rows, err)
		}
	}
	if mails != 2 || len(r.File) != 3 {
		t.Errorf("got %d mails in %d files, want 2 in 3", mails, len(r.File))
	}

	stranger := mailstead.Actor{User: mailstead.User{ID: 99, Role: mailstead.RoleUser}}
	if _, err := d.inbox.Export(t.Context(), stranger, d.id, inbox.ExportZip); mailstead.CodeOf(err) != "account.not_found" {
		t.Errorf("a stranger: got %v", err)
	}
}

func read(t *testing.T, f *zip.File) string {
	t.Helper()
	r, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
