package mailstead

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Provider is a mail service that people know by name.
type Provider struct {
	ID   ProviderID `json:"id" audit:"-"`
	Name string     `json:"name"`
	// Kind is freemail, business, hosting, isp, relay, pec, selfhosted, or own for
	// one that administrators added.
	Kind    string `json:"kind" audit:"-"`
	Country string `json:"country,omitempty"`
	// Own tells that administrators added it, else it is built in.
	Own bool `json:"own,omitempty" audit:"-"`
	// CopyOf is the built-in provider that it began as a copy of, or "".
	CopyOf ProviderID `json:"copy_of,omitempty"`
	// Hidden tells that it is not offered for new connections.
	Hidden bool `json:"hidden,omitempty" audit:"-"`
	// Accounts is how many accounts use it; told to administrators alone.
	Accounts int `json:"accounts,omitempty" audit:"-"`
	// Domains are the mail domains that belong to this provider alone.
	Domains    []string `json:"domains,omitempty"`
	MXSuffixes []string `json:"mx_suffixes,omitempty"`
	// Incoming and Outgoing are its servers, best first.
	Incoming []Server `json:"incoming,omitempty"`
	Outgoing []Server `json:"outgoing,omitempty"`
	// Username says per protocol what the server takes as the login.
	Username map[Protocol]UsernameForm `json:"username,omitempty"`
	// Auth lists sign-in methods, best first: pw, apppw, oauth2 …; none is a relay
	// that takes mail without a sign-in.
	Auth []string `json:"auth,omitempty"`
	// Status is ok, prep (the person must prepare something first, see Notes)
	// or broken (cannot be connected, Notes says why).
	Status         string `json:"status" audit:"-"`
	AppPasswordURL string `json:"app_password_url,omitempty"`
	EnableURL      string `json:"enable_url,omitempty"`
	// Instructions are what its users have to do and to know before they connect, and
	// CheckedIn is the month of these facts, as 2026-11. Only built-in ones have them;
	// for others Notes say it.
	Instructions []Instruction `json:"instructions,omitempty" audit:"-"`
	CheckedIn    string        `json:"checked_in,omitempty" audit:"-"`
	Notes        string        `json:"notes,omitempty"`
	// SavesSent tells that the service itself puts a copy of what was sent by
	// SMTP into the Sent folder.
	SavesSent bool `json:"saves_sent,omitempty"`
	// PasswordDays is for how many days a password works there, 0 for always.
	PasswordDays int `json:"password_days,omitempty"`
	// OAuth are the apps by which people sign in, told in lists.
	OAuth []OAuthOffer `json:"oauth,omitempty" audit:"-"`
	// UpdatedAt is the version of one that administrators added.
	UpdatedAt time.Time `json:"-"`
}

// Instruction is one thing that the users of a provider have to do, or to know.
type Instruction struct {
	// Code is a stable word for it, such as app_password.
	Code string `json:"code"`
	// Step tells that it is something to do; steps come in the order of doing.
	Step bool `json:"step,omitempty"`
	// Text says it in English.
	Text string `json:"text"`
	// URL is the provider's own page for it.
	URL string `json:"url,omitempty"`
	// Day is the day, as 2024-09-16, and Count the number that the sentence names.
	Day   string `json:"day,omitempty"`
	Count int    `json:"count,omitempty"`
}

// Sign-in methods of providers that administrators add.
const (
	AuthPassword    = "pw"
	AuthAppPassword = "apppw"
	AuthNone        = "none"
)

// KindOwn is the Kind of a provider that administrators added, unless it only sends.
const (
	KindOwn   = "own"
	KindRelay = "relay"
)

// ownPrefix begins the ids of providers that administrators added; no built-in one
// has it.
const ownPrefix = "own-"

// Own reports whether the id is of a provider that administrators added.
func (id ProviderID) Own() bool { return strings.HasPrefix(string(id), ownPrefix) }

// OwnProviderID returns an id for a provider that administrators add, made of its
// name; n above 1 makes it another one.
func OwnProviderID(name string, n int) ProviderID {
	var b strings.Builder
	for _, word := range strings.FieldsFunc(FoldText(name), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }) {
		if b.Len()+len(word) > maxIDLen {
			break
		}
		if b.Len() > 0 {
			b.WriteByte('-')
		}
		b.WriteString(word)
	}
	if b.Len() == 0 {
		b.WriteString("provider")
	}
	if n > 1 {
		b.WriteString("-" + strconv.Itoa(n))
	}
	return ProviderID(ownPrefix + b.String())
}

// Limits of a provider that administrators add.
const (
	maxIDLen      = 40
	maxHelpLen    = 2000
	maxURLLen     = 2000
	maxOwnServers = 10
	maxOwnDomains = 1000
	// maxPasswordDays is ten years.
	maxPasswordDays = 3650
)

// SignsIn reports whether its servers ask for a sign-in.
func (p *Provider) SignsIn() bool { return !slices.Contains(p.Auth, AuthNone) }

// Validate cleans and checks a provider that an administrator typed. It changes
// nothing when it returns an error.
func (p *Provider) Validate() error {
	c := *p
	var err error
	if c.Name, err = CleanLine("name", c.Name, maxNameLen); err != nil {
		return err
	}
	if c.Name == "" {
		return Invalid("name", "input.name_needed", "The provider needs a name.")
	}
	if c.Notes, err = CleanText("notes", c.Notes, maxHelpLen); err != nil {
		return err
	}
	for _, link := range []struct {
		field string
		text  *string
	}{{"app_password_url", &c.AppPasswordURL}, {"enable_url", &c.EnableURL}} {
		if err := cleanLink(link.field, link.text); err != nil {
			return err
		}
	}
	if c.PasswordDays < 0 || c.PasswordDays > maxPasswordDays {
		return Invalid("password_days", "input.password_days", "Passwords work for 1 to "+strconv.Itoa(maxPasswordDays)+" days, or always: then it is 0.")
	}
	if err := c.cleanServers(); err != nil {
		return err
	}
	if err := c.cleanAuth(); err != nil {
		return err
	}
	if c.Domains, err = cleanDomains(c.Domains); err != nil {
		return err
	}
	if c.Kind = KindOwn; len(c.Incoming) == 0 {
		c.Kind = KindRelay
	}
	c.Status, c.Own = "ok", true
	*p = c
	return nil
}

// cleanLink checks the address of a page for people.
func cleanLink(field string, text *string) error {
	t := strings.TrimSpace(*text)
	if t == "" {
		*text = ""
		return nil
	}
	u, err := url.Parse(t)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || len(t) > maxURLLen || HasControl(t) {
		return Invalid(field, "input.link", "Write the address of a page that begins with https://.")
	}
	*text = t
	return nil
}

// cleanServers checks the servers and how logins follow from addresses.
func (p *Provider) cleanServers() error {
	if len(p.Outgoing) == 0 && len(p.Incoming) == 0 {
		return Invalid("outgoing", "input.server_needed", "The name of the server is needed.")
	}
	var err error
	if p.Incoming, err = CleanServers("incoming", p.Incoming, IMAP, POP3); err != nil {
		return err
	}
	if p.Outgoing, err = CleanServers("outgoing", p.Outgoing, SMTP); err != nil {
		return err
	}
	forms := make(map[Protocol]UsernameForm)
	for _, s := range slices.Concat(p.Incoming, p.Outgoing) {
		form := p.Username[s.Protocol]
		if form == "" {
			form = UsernameEmail
		}
		if err := form.Validate("username"); err != nil {
			return err
		}
		forms[s.Protocol] = form
	}
	p.Username = forms
	return nil
}

// cleanAuth checks the sign-in methods: passwords, or none at a relay.
func (p *Provider) cleanAuth() error {
	if len(p.Auth) == 0 {
		p.Auth = []string{AuthPassword}
	}
	if !p.SignsIn() {
		if len(p.Incoming) > 0 {
			return Invalid("auth", "input.sign_in_needed", "Only a service that sends and does not receive can do without a sign-in.")
		}
		p.Auth = []string{AuthNone}
		return nil
	}
	for _, a := range p.Auth {
		if a != AuthPassword && a != AuthAppPassword {
			return Invalid("auth", "input.auth", "The sign-in is pw, apppw or none.")
		}
	}
	return nil
}

// CleanServers checks servers that the passwords of many people will be sent to:
// their protocol is one of allowed, and they are encrypted. It returns them clean,
// with what was left out filled in: the first protocol of allowed, TLS where there is
// no port either, and the usual port.
func CleanServers(field string, servers []Server, allowed ...Protocol) ([]Server, error) {
	if len(servers) > maxOwnServers {
		return nil, Invalid(field, "input.too_many", "These are too many servers.")
	}
	var out []Server
	for _, s := range servers {
		if s.Protocol == "" {
			s.Protocol = allowed[0]
		}
		if s.Security == "" && s.Port == 0 {
			s.Security = SecurityTLS
		}
		server, err := ParseServer(s.Host, field, s)
		if err != nil {
			return nil, err
		}
		if err := server.Validate(field); err != nil {
			return nil, err
		}
		if !slices.Contains(allowed, server.Protocol) {
			return nil, Invalid(field+".protocol", "input.protocol", "Mail comes in by imap or pop3 and goes out by smtp.")
		}
		if server.Security == SecurityNone {
			return nil, Invalid(field+".security", "security.plain_forbidden", "Servers that many people use must use TLS or STARTTLS.")
		}
		out = append(out, server)
	}
	return out, nil
}

// cleanDomains cleans the domains of a provider and sorts them.
func cleanDomains(names []string) ([]string, error) {
	if len(names) > maxOwnDomains {
		return nil, Invalid("domains", "input.too_many", "These are too many domains for one provider.")
	}
	var out []string
	for _, name := range names {
		clean, err := CleanDomain("domains", name)
		if err != nil {
			return nil, err
		}
		out = append(out, clean)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// CodeProviderChanged is the code of ProviderChanged.
const CodeProviderChanged = "provider.changed"

// ProviderChanged refuses a change to a provider that somebody else changed after
// it was read.
func ProviderChanged() error {
	return &Error{
		Kind: KindConflict, Code: CodeProviderChanged,
		Text: "Somebody else changed this provider at the same time: look at it, then try again.",
	}
}

// UsernameForm says how a login follows from the address.
type UsernameForm string

// The forms of logins.
const (
	UsernameEmail  UsernameForm = "email"
	UsernameLocal  UsernameForm = "local"
	UsernameCustom UsernameForm = "custom"
)

// Validate checks a form. The error names field.
func (form UsernameForm) Validate(field string) error {
	switch form {
	case UsernameEmail, UsernameLocal, UsernameCustom:
		return nil
	default:
		return Invalid(field, "input.username", "The user name is email, local or custom.")
	}
}

// Login returns the login that form makes of address; "" for UsernameCustom.
func (form UsernameForm) Login(address string) string {
	switch form {
	case UsernameCustom:
		return ""
	case UsernameLocal:
		return LocalPartOf(address)
	default:
		return address
	}
}
