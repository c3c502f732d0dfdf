package mailstead

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// Protocol is a mail protocol that a Server speaks.
type Protocol string

// The protocols.
const (
	SMTP Protocol = "smtp"
	IMAP Protocol = "imap"
	POP3 Protocol = "pop3"
)

// HasFolders reports whether mails lie in folders with marks on the server, into
// which copies can be put. POP3 has one mailbox, of which it tells nothing more.
func (p Protocol) HasFolders() bool { return p == IMAP }

// Security is how a connection is protected.
type Security string

// The kinds of protection. Automatic is a wish in a form, never stored: the
// connection test turns it into one of the others.
const (
	SecurityNone      Security = "none"
	SecurityStartTLS  Security = "starttls"
	SecurityTLS       Security = "tls"
	SecurityAutomatic Security = "automatic"
)

// Server is one endpoint of a mail service.
type Server struct {
	Protocol Protocol `json:"protocol"`
	// Host is a DNS name in ASCII (A-labels) or an IP address without brackets.
	Host string `json:"host"`
	// Port is 1 to 65535.
	Port     int      `json:"port"`
	Security Security `json:"security"`
}

// Addr returns host:port as net.Dial takes it.
func (s Server) Addr() string {
	if strings.Contains(s.Host, ":") {
		return "[" + s.Host + "]:" + strconv.Itoa(s.Port)
	}
	return s.Host + ":" + strconv.Itoa(s.Port)
}

func (s Server) String() string { return s.Addr() + ":" + string(s.Security) }

// DefaultPort returns the registered port: RFC 8314 section 3 and RFC 6409.
func DefaultPort(p Protocol, s Security) int {
	switch {
	case p == IMAP && s == SecurityTLS:
		return 993
	case p == IMAP:
		return 143
	case p == POP3 && s == SecurityTLS:
		return 995
	case p == POP3:
		return 110
	case s == SecurityTLS:
		return 465
	default:
		return 587
	}
}

// Validate checks a server as it is about to be stored or dialled.
func (s Server) Validate(field string) error {
	switch s.Protocol {
	case SMTP, IMAP, POP3:
	default:
		return Invalid(field+".protocol", "input.protocol", "The protocol must be imap, pop3 or smtp.")
	}
	if _, err := cleanHost(s.Host); err != nil {
		return Invalid(field+".host", "input.host", "The server name is not valid: write a name such as mail.example.com.")
	}
	if s.Port < 1 || s.Port > 65535 {
		return Invalid(field+".port", "input.port", "The port must be a number from 1 to 65535.")
	}
	switch s.Security {
	case SecurityNone, SecurityStartTLS, SecurityTLS:
	default:
		return Invalid(field+".security", "input.security", "The security must be none, starttls or tls.")
	}
	return nil
}

var schemes = map[string]struct {
	protocol Protocol
	security Security
}{
	"imap": {IMAP, SecurityAutomatic}, "imaps": {IMAP, SecurityTLS},
	"pop3": {POP3, SecurityAutomatic}, "pop": {POP3, SecurityAutomatic}, "pop3s": {POP3, SecurityTLS}, "pops": {POP3, SecurityTLS},
	"smtp": {SMTP, SecurityAutomatic}, "smtps": {SMTP, SecurityTLS}, "submission": {SMTP, SecurityStartTLS}, "submissions": {SMTP, SecurityTLS},
}

// ParseServer understands what people type into a server field: "host",
// "host:port", "[::1]:port", "host:port:security" or a URL such as
// "imaps://mail.example.com". What the text does not say is taken from
// fallback; a port that is still missing follows from protocol and security,
// but security is never derived from the port. The error names field.
func ParseServer(text, field string, fallback Server) (Server, error) {
	s := fallback
	t := strings.TrimSpace(text)
	if scheme, rest, ok := strings.Cut(t, "://"); ok {
		known, found := schemes[strings.ToLower(scheme)]
		if !found {
			return s, Invalid(field+".host", "input.host", "Server addresses start with imap://, imaps://, pop3://, pop3s://, smtp:// or smtps://, or with the server name itself.")
		}
		s.Protocol = known.protocol
		if known.security != SecurityAutomatic || s.Security == "" {
			s.Security = known.security
		}
		u, err := url.Parse("x://" + rest)
		if err != nil || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
			return s, Invalid(field+".host", "input.host", "Write the server address without user name and path, for example imaps://mail.example.com.")
		}
		t = u.Host
	}
	host, port, security, err := splitServer(t)
	if err != nil {
		return s, Invalid(field+".host", "input.host", "The server name is not valid: write a name such as mail.example.com or mail.example.com:993.")
	}
	if security != "" {
		s.Security = Security(security)
	}
	if s.Host, err = cleanHost(host); err != nil {
		return s, Invalid(field+".host", "input.host", "The server name is not valid: write a name such as mail.example.com.")
	}
	if port != "" {
		n, err := strconv.Atoi(port)
		if err != nil || n < 1 || n > 65535 {
			return s, Invalid(field+".port", "input.port", "The port must be a number from 1 to 65535.")
		}
		s.Port = n
	}
	if s.Port == 0 {
		s.Port = DefaultPort(s.Protocol, s.Security)
	}
	return s, nil
}

// splitServer splits "host[:port[:security]]" with IPv6 in brackets or bare.
func splitServer(t string) (host, port, security string, err error) {
	if _, err := netip.ParseAddr(t); err == nil {
		return t, "", "", nil
	}
	if strings.HasPrefix(t, "[") {
		end := strings.IndexByte(t, ']')
		if end < 0 {
			return "", "", "", errHost
		}
		host, t = t[1:end], t[end+1:]
		if t != "" && t[0] != ':' {
			return "", "", "", errHost
		}
		t = strings.TrimPrefix(t, ":")
	} else {
		host, t, _ = strings.Cut(t, ":")
	}
	port, security, _ = strings.Cut(t, ":")
	return host, port, strings.ToLower(security), nil
}

var errHost = &Error{Kind: KindInvalid, Code: "input.host"}

// cleanHost returns host in ASCII and lower case, or an error when it is not a
// name or an address that may be dialled.
func cleanHost(host string) (string, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		if a.Zone() != "" {
			return "", errHost
		}
		return a.String(), nil
	}
	ascii, err := toASCII(strings.TrimSuffix(host, "."))
	if err != nil || ascii == "" || len(ascii) > 253 {
		return "", errHost
	}
	for _, label := range strings.Split(ascii, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return "", errHost
		}
		for _, c := range label {
			if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
				return "", errHost
			}
		}
	}
	return ascii, nil
}

// toASCII turns a domain name into A-labels as UTS 46 says for look-up, but lets
// the underscores pass that some host names have; cleanHost checks the rest.
func toASCII(name string) (string, error) {
	return idna.New(idna.MapForLookup(), idna.BidiRule(), idna.CheckJoiners(true), idna.StrictDomainName(false)).ToASCII(name)
}
