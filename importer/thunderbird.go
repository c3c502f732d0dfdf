package importer

import (
	"slices"
	"strconv"
	"strings"

	"github.com/mailstead/mailstead"
)

// prefs are the settings of a prefs.js by name.
type prefs map[string]pref

// pref is one setting, as text, and where it stands.
type pref struct {
	value string
	line  int
}

func (p prefs) text(name string) string { return strings.TrimSpace(p[name].value) }

// first returns the first of the names that has a value.
func (p prefs) first(names ...string) string {
	for _, name := range names {
		if v := p.text(name); v != "" {
			return v
		}
	}
	return ""
}

// list splits a list of keys.
func (p prefs) list(name string) []string {
	return slices.DeleteFunc(strings.Split(p.text(name), ","), func(s string) bool { return strings.TrimSpace(s) == "" })
}

// maxPrefs bounds how many settings are kept; a profile has some thousands.
const maxPrefs = 1_000_000

// readPrefs reads user_pref("name", value); lines. Those of other forms are
// comments or nothing of ours.
func readPrefs(text string) (prefs, error) {
	p := make(prefs)
	n := 0
	for line := range strings.Lines(text) {
		n++
		rest, ok := strings.CutPrefix(strings.TrimSpace(line), "user_pref(")
		if !ok {
			continue
		}
		name, rest, ok := quoted(rest)
		if !ok {
			return nil, damaged(n, "the name of a setting is not in quotes")
		}
		rest, ok = strings.CutPrefix(strings.TrimSpace(rest), ",")
		if !ok || !strings.HasPrefix(name, "mail.") {
			continue
		}
		rest = strings.TrimSpace(rest)
		value, _, isText := quoted(rest)
		if !isText {
			value = strings.TrimSpace(strings.TrimSuffix(strings.TrimSuffix(rest, ";"), ")"))
		}
		if len(p) == maxPrefs {
			return nil, damaged(n, "there are too many settings")
		}
		p[name] = pref{value, n}
	}
	return p, nil
}

// quoted reads a string of JavaScript at the beginning of text.
func quoted(text string) (value, rest string, ok bool) {
	if text == "" || (text[0] != '"' && text[0] != '\'') {
		return "", text, false
	}
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case text[0]:
			return unescape(text[1:i]), text[i+1:], true
		}
	}
	return "", text, false
}

// unescape resolves the escapes of a string of JavaScript.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		digits := map[byte]int{'x': 2, 'u': 4}[s[i]]
		switch {
		case s[i] == 'n':
			b.WriteByte('\n')
		case s[i] == 'r':
			b.WriteByte('\r')
		case s[i] == 't':
			b.WriteByte('\t')
		case digits > 0 && i+digits < len(s):
			if n, err := strconv.ParseInt(s[i+1:i+1+digits], 16, 32); err == nil {
				b.WriteRune(rune(n))
				i += digits
			}
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

func readThunderbird(f *File, text string) error {
	p, err := readPrefs(text)
	if err != nil {
		return err
	}
	seen := make(map[string]bool)
	for _, account := range p.list("mail.accountmanager.accounts") {
		account = strings.TrimSpace(account)
		if seen[account] {
			continue
		}
		seen[account] = true
		if err := f.thunderbirdAccount(p, account); err != nil {
			return err
		}
	}
	return nil
}

// thunderbirdAccount reads one account with its server and its first identity.
func (f *File) thunderbirdAccount(p prefs, account string) error {
	server := "mail.server." + p.text("mail.account."+account+".server") + "."
	at := p["mail.account."+account+".server"]
	kind := strings.ToLower(p.text(server + "type"))
	name := p.first(server+"name", server+"hostname", server+"userName")
	switch kind {
	case "imap", "pop3":
	case "none", "":
		// The local folders that every profile has.
		return nil
	default:
		f.warn(at.line, "import.left_out", strings.TrimSpace(name+" ("+kind+")"))
		return nil
	}
	c := Candidate{Line: max(at.line, 1), Name: name}
	identities := p.list("mail.account." + account + ".identities")
	var identity string
	if len(identities) > 0 {
		identity = "mail.identity." + strings.TrimSpace(identities[0]) + "."
		c.DisplayName = p.text(identity + "fullName")
		c.setAddress(p.text(identity + "useremail"))
	}
	for i := 1; i < len(identities); i++ {
		if email := p.text("mail.identity." + strings.TrimSpace(identities[i]) + ".useremail"); email != "" && !strings.EqualFold(email, c.Address) {
			c.Warn("import.identity_left_out", email)
		}
	}
	if c.Address == "" {
		c.Fail("import.address_missing", "useremail")
	}
	c.Incoming = &Server{
		Host: p.first(server+"realhostname", server+"hostname"), Login: p.first(server+"realuserName", server+"userName"),
	}
	if kind == "pop3" {
		c.Incoming.Protocol = mailstead.POP3
		c.Warn("import.pop3", c.Incoming.Host)
	}
	c.thunderbirdServer(c.Incoming, p.text(server+"port"), p.text(server+"socketType"), p.text(server+"authMethod"))
	c.thunderbirdSMTP(p, p.first(identity+"smtpServer", "mail.smtp.defaultserver"))
	if c.Outgoing == nil && c.Incoming == nil {
		c.Fail("import.server_missing", "smtpServer")
	}
	return f.add(c)
}

// thunderbirdSMTP reads the outgoing server by its key.
func (c *Candidate) thunderbirdSMTP(p prefs, key string) {
	smtp := "mail.smtpserver." + key + "."
	host := p.text(smtp + "hostname")
	if key == "" || host == "" {
		return
	}
	c.Outgoing = &Server{Host: host, Login: p.text(smtp + "username")}
	auth := p.text(smtp + "authMethod")
	// A server without a user name is one without a sign-in.
	if c.Outgoing.Open = auth == "1" || c.Outgoing.Login == ""; c.Outgoing.Open {
		c.Outgoing.Login = ""
	}
	c.thunderbirdServer(c.Outgoing, p.text(smtp+"port"), p.text(smtp+"try_ssl"), auth)
}

// thunderbirdServer reads what both kinds of servers have. The numbers are those
// of nsMsgSocketType and nsMsgAuthMethod.
func (c *Candidate) thunderbirdServer(s *Server, portText, socket, auth string) {
	var ok bool
	if s.Port, ok = port(portText); !ok {
		c.Fail("import.value", "port: "+portText)
	}
	switch socket {
	case "", "0":
		s.Security = mailstead.SecurityNone
	case "1":
		s.Security = mailstead.SecurityStartTLS
		c.Warn("import.security_raised", s.Host)
	case "2":
		s.Security = mailstead.SecurityStartTLS
	case "3":
		s.Security = mailstead.SecurityTLS
	default:
		c.Fail("import.value", "socketType: "+socket)
	}
	switch auth {
	case "10":
		c.Warn("import.oauth", s.Host)
	case "5", "6", "7":
		c.Warn("import.auth_method", map[string]string{"5": "Kerberos", "6": "NTLM", "7": "TLS"}[auth]+", "+s.Host)
	}
}
