package imap

import (
	"slices"
	"strconv"

	"github.com/mailstead/mailstead"
)

// formatSet writes ascending UIDs as a sequence set, runs as ranges (RFC 9051
// section 4.1.1).
func formatSet(uids []mailstead.UID) string {
	var b []byte
	for i := 0; i < len(uids); {
		j := i
		for j+1 < len(uids) && uids[j+1]-uids[j] <= 1 {
			j++
		}
		if len(b) > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, uint64(uids[i]), 10)
		if uids[j] != uids[i] {
			b = append(b, ':')
			b = strconv.AppendUint(b, uint64(uids[j]), 10)
		}
		i = j + 1
	}
	return string(b)
}

// formatRange writes from:to; to 0 is the end of the folder.
func formatRange(from, to mailstead.UID) string {
	b := strconv.AppendUint(nil, uint64(from), 10)
	if to == 0 {
		return string(b) + ":*"
	}
	return string(strconv.AppendUint(append(b, ':'), uint64(to), 10))
}

// parseSet appends the UIDs of a sequence set that lie within from and to. What
// is no number is passed over. It gives up, with false, when there are more than
// most: a range of four thousand million takes twelve bytes to announce.
func parseSet(uids []mailstead.UID, text []byte, from, to mailstead.UID, most int) ([]mailstead.UID, bool) {
	for part := range splitBytes(text, ',') {
		lo, hi, ok := parseRange(part)
		if !ok {
			continue
		}
		lo, hi = max(lo, int64(from)), min(hi, int64(to))
		if lo > hi {
			continue
		}
		if hi-lo >= int64(most-len(uids)) {
			return uids, false
		}
		for n := lo; n <= hi; n++ {
			uids = append(uids, mailstead.UID(n)) //nolint:gosec // between from and to
		}
	}
	return uids, true
}

func parseRange(part []byte) (lo, hi int64, ok bool) {
	bounds := slices.Collect(splitBytes(part, ':'))
	if len(bounds) == 0 || len(bounds) > 2 {
		return 0, 0, false
	}
	lo, ok = parseNumber(bounds[0])
	hi = lo
	if ok && len(bounds) == 2 {
		hi, ok = parseNumber(bounds[1])
	}
	return min(lo, hi), max(lo, hi), ok && min(lo, hi) > 0
}

// splitBytes yields the pieces of b between separators.
func splitBytes(b []byte, sep byte) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for {
			i := slices.Index(b, sep)
			if i < 0 {
				yield(b)
				return
			}
			if !yield(b[:i]) {
				return
			}
			b = b[i+1:]
		}
	}
}

// sorted returns ascending UIDs without repetition and without 0.
func sorted(uids []mailstead.UID) []mailstead.UID {
	uids = slices.Clone(uids)
	slices.Sort(uids)
	uids = slices.Compact(uids)
	if len(uids) > 0 && uids[0] == 0 {
		uids = uids[1:]
	}
	return uids
}
