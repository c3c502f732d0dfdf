package message

import "strings"

// unflow joins the lines of format=flowed text (RFC 3676 section 4).
func unflow(s string, delsp bool) string {
	var out strings.Builder
	out.Grow(len(s))
	open, depth := false, 0
	for i, line := range strings.Split(s, "\n") {
		rest := strings.TrimLeft(line, ">")
		level := len(line) - len(rest)
		if level > 0 || strings.HasPrefix(rest, " ") {
			rest = strings.TrimPrefix(rest, " ") // Section 4.4: stuffing.
		}
		switch {
		case open && level == depth && rest != "-- ":
		case i > 0:
			out.WriteByte('\n')
			fallthrough
		default:
			if level > 0 {
				out.WriteString(strings.Repeat(">", min(level, 100)) + " ")
			}
		}
		// Section 4.2: a line that ends in a space flows on; "-- " never does.
		open, depth = strings.HasSuffix(rest, " ") && rest != "-- ", level
		if open && delsp {
			rest = rest[:len(rest)-1]
		}
		out.WriteString(rest)
	}
	return out.String()
}

// plainFromEnriched drops the commands of text/enriched (RFC 1896).
func plainFromEnriched(s string) string {
	var out strings.Builder
	for len(s) > 0 {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			out.WriteString(s)
			break
		}
		out.WriteString(s[:i])
		s = s[i:]
		if strings.HasPrefix(s, "<<") {
			out.WriteByte('<')
			s = s[2:]
			continue
		}
		end := strings.IndexByte(s, '>')
		if end < 0 {
			break
		}
		name := strings.ToLower(s[1:end])
		s = s[end+1:]
		if name == "param" {
			_, s, _ = strings.Cut(s, "</param>")
		}
	}
	return out.String()
}
