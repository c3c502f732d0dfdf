package inbox

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/mailstead/mailstead"
)

// ExportFormat is the form of an export.
type ExportFormat string

// The formats of exports.
const (
	// ExportMbox is one file with all mails (RFC 4155), lines that begin with From
	// quoted so that it can be undone.
	ExportMbox ExportFormat = "mbox"
	// ExportZip is an archive with a file for each mail, by folder, and index.csv.
	ExportZip ExportFormat = "zip"
)

// Export is the mail of an account, ready to be written.
type Export struct {
	// Name is a name for the file.
	Name      string
	MediaType string

	s       *Service
	account mailstead.Account
	folders []mailstead.Folder
	format  ExportFormat
}

// Export prepares the mail of an account that the actor may read; a format that is
// not known is ExportZip.
func (s *Service) Export(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID, format ExportFormat) (*Export, error) {
	if err := s.mayRead(ctx, actor, id); err != nil {
		return nil, err
	}
	a, _, err := s.c.Shelf.AccountFor(ctx, id, actor.User.ID)
	if err != nil {
		return nil, err
	}
	folders, err := s.c.Shelf.Folders(ctx, id)
	if err != nil {
		return nil, err
	}
	e := &Export{Name: fileName(a.Address), s: s, account: a, folders: folders, format: format}
	if format == ExportMbox {
		e.Name, e.MediaType = e.Name+".mbox", "application/mbox"
	} else {
		e.Name, e.MediaType = e.Name+".zip", "application/zip"
	}
	return e, nil
}

// WriteTo writes the file. One mail at a time is in memory.
func (e *Export) WriteTo(ctx context.Context, w io.Writer) error {
	buffered := bufio.NewWriter(w)
	var err error
	if e.format == ExportMbox {
		err = e.each(ctx, func(_ *mailstead.Folder, m *mailstead.Message, data []byte) error {
			if data == nil {
				return nil
			}
			return writeMbox(buffered, m, data)
		})
	} else {
		err = e.writeZip(ctx, buffered)
	}
	if err != nil {
		return err
	}
	return buffered.Flush()
}

// each calls fn for every mail, folder by folder, newest first; data is nil when the
// bytes are not here.
func (e *Export) each(ctx context.Context, fn func(f *mailstead.Folder, m *mailstead.Message, data []byte) error) error {
	for i := range e.folders {
		q := mailstead.MessageQuery{AccountID: e.account.ID, FolderID: e.folders[i].ID, Limit: mailstead.MaxPage}
		for {
			page, err := e.s.c.Shelf.Messages(ctx, q)
			if err != nil {
				return err
			}
			for k := range page {
				m := &page[k]
				var data []byte
				if !m.Blob.IsZero() {
					if data, err = e.s.c.Blobs.Get(ctx, m.Blob); err != nil {
						return err
					}
				}
				if err := fn(&e.folders[i], m, data); err != nil {
					return err
				}
				q.Before = mailstead.MessagePosition{ReceivedAt: m.ReceivedAt, ID: m.ID}
			}
			if len(page) < q.Limit {
				break
			}
		}
	}
	return nil
}

// writeMbox writes one mail as mboxrd does: a line that begins with any number of >
// and From gets one more.
func writeMbox(w *bufio.Writer, m *mailstead.Message, data []byte) error {
	sender := "MAILER-DAEMON"
	if len(m.From) > 0 && m.From[0].Address != "" && !strings.ContainsAny(m.From[0].Address, " \t\r\n") {
		sender = m.From[0].Address
	}
	// A bufio.Writer keeps its first error: the last write tells.
	_, _ = fmt.Fprintf(w, "From %s %s\n", sender, m.ReceivedAt.UTC().Format(time.ANSIC))
	for line := range bytes.Lines(data) {
		if bytes.HasPrefix(bytes.TrimLeft(line, ">"), []byte("From ")) {
			_ = w.WriteByte('>')
		}
		line, ended := bytes.CutSuffix(line, []byte("\n"))
		_, _ = w.Write(bytes.TrimSuffix(line, []byte("\r")))
		if ended {
			_ = w.WriteByte('\n')
		}
	}
	if !bytes.HasSuffix(data, []byte("\n")) {
		_ = w.WriteByte('\n')
	}
	return w.WriteByte('\n')
}

func (e *Export) writeZip(ctx context.Context, w io.Writer) error {
	archive := zip.NewWriter(w)
	var index bytes.Buffer
	table := csv.NewWriter(&index)
	_ = table.Write([]string{"file", "folder", "date", "from", "subject", "bytes"}) // to memory
	err := e.each(ctx, func(f *mailstead.Folder, m *mailstead.Message, data []byte) error {
		name, from := "", ""
		if len(m.From) > 0 {
			from = m.From[0].Address
		}
		if data != nil {
			name = folderName(f) + "/" + m.ReceivedAt.UTC().Format("2006-01-02") + " " + m.ID.String() + ".eml"
			file, err := archive.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: m.ReceivedAt})
			if err != nil {
				return err
			}
			if _, err := file.Write(data); err != nil {
				return err
			}
		}
		return table.Write([]string{
			name, f.Path, m.ReceivedAt.UTC().Format(time.RFC3339), plain(from), plain(m.Subject), fmt.Sprint(m.Size),
		})
	})
	if err != nil {
		return err
	}
	table.Flush()
	file, err := archive.Create("index.csv")
	if err != nil {
		return err
	}
	if _, err := file.Write(index.Bytes()); err != nil {
		return err
	}
	return archive.Close()
}

// plain keeps a spreadsheet from taking text for a formula.
func plain(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

// folderName is the path of a folder as directories of an archive, none of which
// leads out of it. The id keeps folders apart whose names end alike.
func folderName(f *mailstead.Folder) string {
	return f.ID.String() + " " + fileName(f.Path)
}

// fileName makes a name that every system takes.
func fileName(text string) string {
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune("/\\:*?\"<>|", r) || mailstead.HasControl(string(r)) {
			return '_'
		}
		return r
	}, text)
	if name = strings.Trim(name, ". "); name == "" {
		return "mail"
	}
	return name
}
