package imap

import (
	"context"
	"math"
	"strings"

	"github.com/mailstead/mailstead"
)

// Select implements mailstead.Source. The folder is opened by EXAMINE (RFC 9051
// section 6.3.3), so that reading never marks anything.
func (s *session) Select(ctx context.Context, path string) (fs mailstead.FolderStatus, err error) {
	const op = "imap.Select"
	defer s.begin(ctx, op)(&err)
	return s.openFolder(op, "EXAMINE", path)
}

// openFolder opens a folder by EXAMINE or SELECT.
func (s *session) openFolder(op, command, path string) (fs mailstead.FolderStatus, err error) {
	var refused status
	for i, name := range s.names(path) {
		st, fs, err := s.openName(command, name)
		if err != nil {
			return fs, err
		}
		if st.ok() {
			return fs, s.opened(op, path, &fs)
		}
		if i == 0 {
			refused = st
		}
	}
	return fs, s.refused(op, path, refused)
}

// names gives the forms in which a path may stand on the server: as the
// protocol has it, then as it is, for servers that were never told of the
// encoding.
func (s *session) names(path string) []string {
	if strings.EqualFold(path, "INBOX") {
		return []string{"INBOX"}
	}
	encoded := encodeName(path)
	if s.utf8Names() {
		encoded = path
	}
	if encoded == path {
		return []string{path}
	}
	return []string{encoded, path}
}

// utf8Names tells that the server knows no other form of names: RFC 9051
// section 5.1, without RFC 3501.
func (s *session) utf8Names() bool { return s.has("IMAP4REV2") && !s.has("IMAP4REV1") }

func (s *session) openName(command, name string) (status, mailstead.FolderStatus, error) {
	var fs mailstead.FolderStatus
	s.selected, s.total, s.changed = "", 0, false
	pieces := []piece{{text: command + " "}, stringPiece(name)}
	if s.has("CONDSTORE") || s.has("QRESYNC") {
		pieces = append(pieces, piece{text: " (CONDSTORE)"}) // RFC 7162 section 3.1.8
	}
	s.rd.budget = max(s.rd.budget, baseBudget)
	st, err := s.runPieces(pieces, func(a answer) {
		s.heard(a)
		n, ok := parseNumber([]byte(a.st.args))
		if !ok {
			return
		}
		switch a.st.code {
		case "UIDVALIDITY":
			fs.UIDValidity = uint32(min(n, math.MaxUint32)) //nolint:gosec // bounded
		case "UIDNEXT":
			fs.UIDNext = toUID(n)
		case "HIGHESTMODSEQ":
			fs.ModSeq = uint64(n) //nolint:gosec // parseNumber knows no sign
		}
	})
	return st, fs, err
}

// opened completes the status of a folder that was opened.
func (s *session) opened(op, path string, fs *mailstead.FolderStatus) error {
	if fs.UIDValidity == 0 {
		return &mailstead.Error{
			Kind: mailstead.KindPermanent, Code: "proto.no_uid", Op: op,
			Text: "The server gives mails no numbers that stay the same.",
		}
	}
	s.selected, s.uidValidity, s.condstore = path, fs.UIDValidity, fs.ModSeq > 0
	fs.Total = int(s.total)
	s.changed = false
	if fs.UIDNext == 0 { // RFC 3501 section 7.1: then it is not known
		next, err := s.findNext(op)
		if err != nil {
			return err
		}
		fs.UIDNext = next
	}
	return nil
}

// findNext works out UIDNEXT from the last message.
func (s *session) findNext(op string) (mailstead.UID, error) {
	next := mailstead.UID(1)
	if s.total == 0 {
		return next, nil
	}
	st, err := s.run("UID FETCH * (UID)", func(a answer) {
		if f, ok := parseFetch(a); ok && f.uid < math.MaxUint32 {
			next = max(next, f.uid+1)
			return
		}
		s.heard(a)
	})
	if err == nil && !st.ok() {
		err = replyError(op, mailstead.StageFolders, st)
	}
	return next, err
}

// refused makes an error of a folder that can't be opened. Where the server does
// not say why, the list of folders tells whether it is there.
func (s *session) refused(op, path string, st status) error {
	e := replyError(op, mailstead.StageFolders, st)
	if e.Kind == mailstead.KindTemporary && st.kind == "NO" && st.code == "" {
		listed, err := s.exists(path)
		if err != nil {
			return err
		}
		if !listed {
			e.Kind = mailstead.KindNotFound
		}
	}
	if e.Kind == mailstead.KindNotFound {
		e.Code, e.Text = "folder.not_found", "The folder does not exist."
	}
	return e
}

func (s *session) exists(path string) (found bool, err error) {
	_, err = s.runPieces([]piece{{text: `LIST "" `}, stringPiece(s.names(path)[0])}, func(a answer) {
		if f, ok := s.parseList(a); ok && f.Path == path && !f.NoSelect {
			found = true
		}
		s.heard(a)
	})
	return found, err
}

// toUID makes a UID of a number that a server sent.
func toUID(n int64) mailstead.UID {
	return mailstead.UID(min(n, math.MaxUint32)) //nolint:gosec // bounded
}
