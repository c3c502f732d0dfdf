package mailstead

// Provider is a mail service that people know by name.
type Provider struct {
	ID   ProviderID `json:"id"`
	Name string     `json:"name"`
	// Kind is freemail, business, hosting, isp, relay, pec or selfhosted.
	Kind    string `json:"kind"`
	Country string `json:"country,omitempty"`
	// Domains are the mail domains that belong to this provider alone.
	Domains    []string `json:"domains,omitempty"`
	MXSuffixes []string `json:"mx_suffixes,omitempty"`
	// Incoming and Outgoing are its servers, best first.
	Incoming []Server `json:"incoming,omitempty"`
	Outgoing []Server `json:"outgoing,omitempty"`
	// Username says per protocol what the server takes as the login.
	Username map[Protocol]UsernameForm `json:"username,omitempty"`
	// Auth lists sign-in methods, best first: pw, apppw, oauth2 …
	Auth []string `json:"auth,omitempty"`
	// Status is ok, prep (the person must prepare something first, see Notes)
	// or broken (cannot be connected, Notes says why).
	Status         string `json:"status"`
	AppPasswordURL string `json:"app_password_url,omitempty"`
	EnableURL      string `json:"enable_url,omitempty"`
	Notes          string `json:"notes,omitempty"`
	// SavesSent tells that the service itself puts a copy of what was sent by
	// SMTP into the Sent folder.
	SavesSent bool `json:"saves_sent,omitempty"`
}

// UsernameForm says how a login follows from the address.
type UsernameForm string

// The forms of logins.
const (
	UsernameEmail  UsernameForm = "email"
	UsernameLocal  UsernameForm = "local"
	UsernameCustom UsernameForm = "custom"
)

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

// DomainSource says who knows that a domain belongs to a provider.
type DomainSource string

// Where the knowledge of a domain comes from.
const (
	DomainBuiltIn       DomainSource = "built_in"
	DomainAdministrator DomainSource = "administrator"
	DomainLearned       DomainSource = "learned"
)

// Domain maps a mail domain to a provider, or to servers of its own.
type Domain struct {
	Name       string       `json:"name" audit:"-"`
	ProviderID ProviderID   `json:"provider_id,omitempty"`
	Source     DomainSource `json:"source"`
	// Incoming and Outgoing are set when no provider is named.
	Incoming []Server     `json:"incoming,omitempty"`
	Outgoing []Server     `json:"outgoing,omitempty"`
	Username UsernameForm `json:"username,omitempty"`
}
