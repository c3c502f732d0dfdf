package imap

import (
	"context"
	"math"
	"strconv"

	"github.com/mailstead/mailstead"
)

// Changes implements mailstead.Source.
func (s *session) Changes(ctx context.Context, c mailstead.Cursor) (list []mailstead.FlagChange, err error) {
	const op = "imap.Changes"
	if s.selected == "" {
		return nil, &mailstead.Error{Op: op, Err: errNotSelected}
	}
	if c.UIDValidity != s.uidValidity {
		return nil, &mailstead.Error{
			Kind: mailstead.KindConflict, Code: "folder.renumbered", Op: op,
			Text: "The server has numbered the folder's mails anew.",
		}
	}
	if c.Low == 0 || c.Next <= c.Low {
		return nil, nil
	}
	defer s.begin(ctx, op)(&err)
	line := "UID FETCH " + formatRange(c.Low, c.Next-1) + " (UID FLAGS)"
	if s.condstore {
		line = "UID FETCH " + formatRange(c.Low, c.Next-1) + " (UID FLAGS MODSEQ)"
		if c.ModSeq > 0 && c.ModSeq <= math.MaxInt64 {
			line += " (CHANGEDSINCE " + strconv.FormatUint(c.ModSeq, 10) + ")" // RFC 7162 section 3.1.4.1
		}
	}
	s.rd.resize(bulkBuffer)
	s.rd.budget = baseBudget + 512*s.total
	st, err := s.run(line, func(a answer) {
		f, ok := parseFetch(a)
		switch {
		case ok && f.hasFlags && f.uid >= c.Low && f.uid < c.Next:
			list = append(list, mailstead.FlagChange{UID: f.uid, Flags: f.flags, ModSeq: f.modSeq})
		case !a.u.is("FETCH"), ok && f.uid >= c.Next:
			s.heard(a)
		}
	})
	if err == nil && !st.ok() {
		err = replyError(op, "", st)
	}
	return list, err
}
