package connect

import (
	"slices"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/discover"
)

// ServerInput is one server as a person types it.
type ServerInput struct {
	// Text is "host", "host:port" or a URL such as "imaps://mail.example.com";
	// "" means the server that is known.
	Text string
	// Protocol is POP3 for an incoming server that is read by it, or "" for the
	// usual one; a URL in Text has the last word.
	Protocol mailstead.Protocol
	// Port is 0 when it was not typed.
	Port int
	// Security is "" or SecurityAutomatic to find out by asking.
	Security mailstead.Security
	// Login is "" for the usual one.
	Login string
}

// login returns the login that was typed, else usual.
func (in *ServerInput) login(usual string) string {
	if in == nil || in.Login == "" {
		return usual
	}
	return in.Login
}

// protocol returns the protocol of the known servers that are tried: what was asked
// for, else that of the best. A server that does not answer by IMAP is not
// read by POP3 without a person's word: that is another account.
func (in *ServerInput) protocol(known []discover.Candidate) mailstead.Protocol {
	switch {
	case in != nil && in.Protocol != "":
		return in.Protocol
	case len(known) > 0:
		return known[0].Server.Protocol
	default:
		return ""
	}
}

// fits reports whether a known server is the one that was asked for by port and
// security alone.
func (in *ServerInput) fits(s mailstead.Server) bool {
	return (in.Port == 0 || in.Port == s.Port) &&
		(in.Security == "" || in.Security == mailstead.SecurityAutomatic || in.Security == s.Security)
}

// portNotTyped stands for a missing port while a server text is parsed.
const portNotTyped = -1

// typedServers turns a typed server into the servers to try, in order. Security
// is found out by asking, never derived from the port, and never falls to none.
func typedServers(side mailstead.SideName, in ServerInput) ([]mailstead.Server, error) {
	field := string(side)
	if in.Port < 0 || in.Port > 65535 {
		return nil, mailstead.Invalid(field+".port", "input.port", "The port must be a number from 1 to 65535.")
	}
	fallback := mailstead.Server{Protocol: mailstead.IMAP, Port: portNotTyped, Security: mailstead.SecurityAutomatic}
	if side == mailstead.SideOutgoing {
		fallback.Protocol = mailstead.SMTP
	}
	if in.Protocol != "" {
		fallback.Protocol = in.Protocol
	}
	if in.Port != 0 {
		fallback.Port = in.Port
	}
	if in.Security != "" {
		fallback.Security = in.Security
	}
	s, err := mailstead.ParseServer(in.Text, field, fallback)
	if err != nil {
		return nil, err
	}
	if (s.Protocol == mailstead.SMTP) != (side == mailstead.SideOutgoing) {
		return nil, mailstead.Invalid(field+".protocol", "input.protocol", "Mail comes in by imap or pop3 and goes out by smtp.")
	}
	var out []mailstead.Server
	for _, sec := range securities(s) {
		next := s
		next.Security = sec
		if s.Port == portNotTyped {
			next.Port = mailstead.DefaultPort(s.Protocol, sec)
		}
		if err := next.Validate(field); err != nil {
			return nil, err
		}
		out = append(out, next)
	}
	return out, nil
}

// securities lists the kinds of protection to try for a server, in order. On a
// port that people know for STARTTLS it comes first; everywhere else TLS does,
// because a server that wants plain text first answers a TLS hello with an error
// at once, while a server that wants TLS lets a plain client wait.
func securities(s mailstead.Server) []mailstead.Security {
	if s.Security != mailstead.SecurityAutomatic {
		return []mailstead.Security{s.Security}
	}
	if slices.Contains([]int{25, 110, 143, 587, 2525}, s.Port) {
		return []mailstead.Security{mailstead.SecurityStartTLS, mailstead.SecurityTLS}
	}
	return []mailstead.Security{mailstead.SecurityTLS, mailstead.SecurityStartTLS}
}
