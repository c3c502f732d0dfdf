package imap

import (
	"context"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/mailstead/mailstead"
)

// searchSlice is how many messages one SEARCH looks at: the answer is one line,
// which must stay under maxLine even when every UID stands by itself.
const searchSlice = 80_000

// UIDs implements mailstead.Source by UID SEARCH (RFC 9051 section 6.4.4). A
// large folder is searched slice by slice from its end: messages that vanish in
// between move others into slices still to come, never out of them.
func (s *session) UIDs(ctx context.Context, w mailstead.UIDWindow) (uids []mailstead.UID, err error) {
	const op = "imap.UIDs"
	if s.selected == "" {
		return nil, &mailstead.Error{Op: op, Err: errNotSelected}
	}
	from, to := max(w.From, 1), w.To
	if to == 0 {
		to = math.MaxUint32
	}
	criteria, err := searchCriteria(w)
	if err != nil || from > to {
		return nil, err
	}
	defer s.begin(ctx, op)(&err)
	for high := s.total; ; high -= searchSlice {
		// The last slice, or the only one, needs no upper bound: new mail counts.
		low := max(high-searchSlice+1, 1)
		slice := ""
		switch {
		case s.total <= searchSlice:
		case high == s.total:
			slice = strconv.FormatInt(low, 10) + ":* "
		default:
			slice = strconv.FormatInt(low, 10) + ":" + strconv.FormatInt(high, 10) + " "
		}
		if uids, err = s.search(uids, slice+criteria, from, to); err != nil {
			return nil, err
		}
		if low == 1 {
			return sorted(uids), nil
		}
	}
}

// search runs one UID SEARCH and appends what it finds.
func (s *session) search(uids []mailstead.UID, criteria string, from, to mailstead.UID) ([]mailstead.UID, error) {
	line := "UID SEARCH "
	if s.has("ESEARCH") {
		line += "RETURN (ALL) " // RFC 4731
	}
	most := len(uids) + int(min(s.total, searchSlice)) + baseBudget/16
	fits := true
	take := func(set []byte) {
		if !fits {
			return
		}
		uids, fits = parseSet(uids, set, from, to, most)
	}
	st, err := s.run(line+criteria, func(a answer) {
		switch {
		case a.u.is("SEARCH"):
			for args := a.u.args; args.peek() != 0 && args.peek() != '('; {
				take(args.next().text)
			}
		case a.u.is("ESEARCH"):
			take(esearchAll(a.u.args))
		default:
			s.heard(a)
		}
	})
	switch {
	case err != nil:
		return nil, err
	case !st.ok():
		return nil, replyError("imap.UIDs", "", st)
	case !fits:
		return nil, errFlood
	}
	return uids, nil
}

// esearchAll finds the set behind ALL in an ESEARCH response (RFC 9051 section
// 7.3.4), nothing when nothing was found.
func esearchAll(args scanner) []byte {
	if args.peek() == '(' {
		args.skip() // the correlator: (TAG "a1")
	}
	for {
		name := args.next()
		switch {
		case name.kind == valueNone:
			return nil
		case equalFold(name.text, "UID"):
		case equalFold(name.text, "ALL"):
			return args.next().text
		default:
			args.skip()
		}
	}
}

// searchCriteria writes the search keys of a window.
func searchCriteria(w mailstead.UIDWindow) (string, error) {
	var keys []string
	if w.From > 1 || w.To > 0 {
		keys = append(keys, "UID "+formatRange(max(w.From, 1), w.To))
	}
	if w.SinceUnix > 0 {
		keys = append(keys, "SINCE "+time.Unix(w.SinceUnix, 0).UTC().Format("2-Jan-2006"))
	}
	if w.MessageID != "" {
		id := "<" + strings.Trim(w.MessageID, "<>") + ">"
		quoted, ok := appendString(nil, id)
		const most = 1000 // a header line is at most 998 long: RFC 5322 section 2.1.1
		if !ok || len(quoted) > most {
			return "", mailstead.Invalid("message_id", "input.message_id", "The message identifier holds characters that it may not.")
		}
		keys = append(keys, "HEADER Message-ID "+string(quoted))
	}
	if len(keys) == 0 {
		return "ALL", nil
	}
	return strings.Join(keys, " "), nil
}
