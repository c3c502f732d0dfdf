package imap

import (
	"context"

	"github.com/mailstead/mailstead"
)

// SetFlags implements mailstead.Flagger: of the flags in mask, those in set are
// set and the others removed (RFC 9051 section 6.4.6). The folder is opened for
// writing for that time only; the one that was open before is open again after.
func (s *session) SetFlags(ctx context.Context, path string, uids []mailstead.UID, set, mask mailstead.Flags) (err error) {
	const op = "imap.SetFlags"
	defer s.begin(ctx, op)(&err)
	before := s.selected
	if _, err := s.openFolder(op, "SELECT", path); err != nil {
		return err
	}
	err = s.store(op, sorted(uids), and(set, mask), and(not(set), mask))
	again := before
	if again == "" {
		again = path
	}
	if _, e := s.openFolder(op, "EXAMINE", again); err == nil {
		err = e
	}
	// What happened in between was told to nobody.
	s.changed = before != ""
	if before == "" {
		s.selected = ""
	}
	return err
}

func (s *session) store(op string, uids []mailstead.UID, add, remove mailstead.Flags) error {
	for len(uids) > 0 {
		chunk := uids[:min(len(uids), chunkUIDs)]
		uids = uids[len(chunk):]
		for _, change := range []struct {
			sign  string
			flags mailstead.Flags
		}{{"+", add}, {"-", remove}} {
			if change.flags == (mailstead.Flags{}) {
				continue
			}
			st, err := s.ask("UID STORE " + formatSet(chunk) + " " + change.sign + "FLAGS.SILENT " + formatFlags(change.flags))
			if err != nil {
				return err
			}
			if !st.ok() && st.code != "EXPUNGEISSUED" {
				return replyError(op, "", st)
			}
		}
	}
	return nil
}

func and(a, b mailstead.Flags) mailstead.Flags {
	return mailstead.Flags{
		Seen: a.Seen && b.Seen, Answered: a.Answered && b.Answered, Flagged: a.Flagged && b.Flagged,
		Draft: a.Draft && b.Draft, Deleted: a.Deleted && b.Deleted,
	}
}

func not(a mailstead.Flags) mailstead.Flags {
	return mailstead.Flags{
		Seen: !a.Seen, Answered: !a.Answered, Flagged: !a.Flagged, Draft: !a.Draft, Deleted: !a.Deleted,
	}
}
