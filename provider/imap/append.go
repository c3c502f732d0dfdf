package imap

import (
	"bytes"
	"context"
	"strings"

	"github.com/mailstead/mailstead"
)

// Append implements mailstead.Appender (RFC 9051 section 6.3.12).
func (s *session) Append(ctx context.Context, path string, flags mailstead.Flags, data []byte) (uid mailstead.UID, err error) {
	const op = "imap.Append"
	defer s.begin(ctx, op)(&err)
	s.rd.budget = max(s.rd.budget, baseBudget)
	var st status
	for _, name := range s.names(path) {
		st, err = s.runPieces([]piece{
			{text: "APPEND "}, stringPiece(name), {text: " " + formatFlags(flags) + " "}, {literal: data},
		}, s.heard)
		if err != nil {
			return 0, err
		}
		if st.ok() {
			return appendUID(st), nil
		}
		if st.code != "TRYCREATE" && st.code != "NONEXISTENT" {
			break
		}
	}
	return 0, s.refused(op, path, st)
}

// appendUID reads the UID that a message got: "APPENDUID 38505 3955" (RFC 4315
// section 3).
func appendUID(st status) mailstead.UID {
	if st.code != "APPENDUID" {
		return 0
	}
	_, uid, _ := strings.Cut(st.args, " ")
	n, _ := parseNumber(bytes.TrimSpace([]byte(uid)))
	return toUID(n)
}
