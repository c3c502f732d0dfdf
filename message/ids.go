package message

import (
	"slices"
	"strings"
)

// parseIDs reads the identifiers of Message-ID, In-Reply-To and References (RFC
// 5322 section 3.6.4), without brackets, each once. Of too many it keeps the
// first, which names the thread, and the last ones. Words outside of brackets
// (section 4.5.4) count only when there is nothing else and they look like
// identifiers.
func parseIDs(raw []byte) []string {
	s := string(unfold(raw))
	var all []string
	for rest := s; ; {
		i := strings.IndexByte(rest, '<')
		if i < 0 {
			break
		}
		rest = rest[i+1:]
		end := strings.IndexAny(rest, "<>")
		if end < 0 {
			end = len(rest)
		}
		all = append(all, rest[:end])
		rest = rest[end:]
	}
	if len(all) == 0 {
		for _, w := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\t' || r == ',' }) {
			if strings.Contains(w, "@") {
				all = append(all, strings.Trim(w, "<>\"'()"))
			}
		}
	}
	if len(all) > maxReferences {
		all = append(all[:1:1], all[len(all)-maxReferences+1:]...)
	}
	var out []string
	for _, id := range all {
		// Spaces inside come from folding.
		id = strings.ReplaceAll(dropComments(cleanLine(strings.ToValidUTF8(id, "\ufffd"))), " ", "")
		if id != "" && len(id) <= maxIDLen && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}
