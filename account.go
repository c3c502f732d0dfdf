package mailstead

import "time"

// Account is one mailbox or sender: an address, an incoming side, an outgoing
// side, or both. Its secrets are stored apart, sealed.
type Account struct {
	ID AccountID `json:"id" audit:"-"`
	// Key is random and never changes; sealed secrets are bound to it.
	Key string `json:"-"`
	// OwnerID is the user who connected the account, or 0 for one that belongs
	// to the organisation.
	OwnerID UserID `json:"owner_id,omitempty"`
	// Name is for lists inside the organisation; DisplayName stands in mails.
	Name        string     `json:"name"`
	DisplayName string     `json:"display_name,omitempty"`
	Address     string     `json:"address"`
	Note        string     `json:"note,omitempty"`
	ProviderID  ProviderID `json:"provider_id,omitempty"`
	// Incoming and Outgoing are nil where the account has no such side.
	Incoming *Side `json:"incoming,omitempty"`
	Outgoing *Side `json:"outgoing,omitempty"`
	// LoadPeriod says how much of old mail is loaded, see LoadPeriod.
	LoadPeriod LoadPeriod `json:"load_period"`
	// Signature ends every new mail; plain text.
	Signature string    `json:"signature,omitempty"`
	CreatedAt time.Time `json:"created_at" audit:"-"`
	UpdatedAt time.Time `json:"updated_at" audit:"-"`
	// DeletedAt is when the account was deleted: until UndoPeriod has passed it can
	// be brought back. The zero time stands for one that is there.
	DeletedAt time.Time `json:"deleted_at,omitzero" audit:"-"`
}

// Side is one direction of an account.
type Side struct {
	Server  Server `json:"server"`
	Login   string `json:"login"`
	Enabled bool   `json:"enabled"`
	// Secret says which of the account's secrets this side signs in with.
	Secret SecretField `json:"-"`
	// OAuth tells that the sign-in is by a service's own page, not by a password.
	OAuth  bool   `json:"oauth,omitempty" audit:"-"`
	Health Health `json:"health" audit:"-"`
}

// HealthState is how a side of an account fares.
type HealthState string

// The health of a side. Trouble that passes by itself is HealthRetrying; what
// needs a person is HealthTrouble.
const (
	HealthNew      HealthState = "new"
	HealthOK       HealthState = "ok"
	HealthRetrying HealthState = "retrying"
	HealthTrouble  HealthState = "trouble"
)

// Health is the state of one side with its last success and last error.
type Health struct {
	State HealthState `json:"state"`
	// Code, Text and Action explain the last error in plain words; empty when
	// State is ok.
	Code      string    `json:"code,omitempty"`
	Text      string    `json:"text,omitempty"`
	Action    string    `json:"action,omitempty"`
	CheckedAt time.Time `json:"checked_at,omitzero"`
	SuccessAt time.Time `json:"success_at,omitzero"`
}

// SideName names a direction.
type SideName string

// The two sides.
const (
	SideIncoming SideName = "incoming"
	SideOutgoing SideName = "outgoing"
)

// Side returns the named side, or nil.
func (a *Account) Side(n SideName) *Side {
	if n == SideOutgoing {
		return a.Outgoing
	}
	return a.Incoming
}

// SignsInByOAuth reports whether a side signs in with the account's grant.
func (a *Account) SignsInByOAuth() bool {
	for _, s := range []*Side{a.Incoming, a.Outgoing} {
		if s != nil && s.Secret == SecretOAuth {
			return true
		}
	}
	return false
}

// Limits of an account's texts in bytes.
const (
	maxNameLen      = 200
	maxNoteLen      = 10_000
	maxSignatureLen = 20_000
	maxLoginLen     = 320
)

// Validate cleans and checks everything that a person typed. It changes
// nothing when it returns an error.
func (a *Account) Validate() error {
	if a.Incoming == nil && a.Outgoing == nil {
		return Invalid("incoming", "input.no_side", "An account needs an incoming server, an outgoing server, or both.")
	}
	return a.ValidateDraft()
}

// ValidateDraft is Validate for an account that may do without servers until
// somebody completes it.
func (a *Account) ValidateDraft() error {
	c := *a
	var err error
	if c.Address, err = CleanAddress("address", c.Address); err != nil {
		return err
	}
	if c.Name, err = CleanLine("name", c.Name, maxNameLen); err != nil {
		return err
	}
	if c.Name == "" {
		c.Name = c.Address
	}
	if c.DisplayName, err = CleanLine("display_name", c.DisplayName, maxNameLen); err != nil {
		return err
	}
	if c.Note, err = CleanText("note", c.Note, maxNoteLen); err != nil {
		return err
	}
	if c.Signature, err = CleanText("signature", c.Signature, maxSignatureLen); err != nil {
		return err
	}
	for _, n := range []SideName{SideIncoming, SideOutgoing} {
		s := c.Side(n)
		if s == nil {
			continue
		}
		if err := s.validate(n); err != nil {
			return err
		}
	}
	if c.LoadPeriod == "" {
		c.LoadPeriod = DefaultLoadPeriod
	}
	if _, err := c.LoadPeriod.Parse(); err != nil {
		return err
	}
	*a = c
	return nil
}

func (s *Side) validate(n SideName) error {
	if err := s.Server.Validate(string(n)); err != nil {
		return err
	}
	if (s.Server.Protocol == SMTP) != (n == SideOutgoing) {
		return Invalid(string(n)+".protocol", "input.protocol", "Mail comes in by imap or pop3 and goes out by smtp.")
	}
	// A login may be any text but for control characters: they would break the
	// line protocols, and NUL ends PLAIN's fields (RFC 4616 section 2).
	if len(s.Login) > maxLoginLen || HasControl(s.Login) {
		return Invalid(string(n)+".login", "input.login", "The user name is too long or holds control characters.")
	}
	return nil
}

// CheckPassword refuses a secret that no server could be given: RFC 4616
// section 2 forbids NUL, and a line break would end a command.
func CheckPassword(field string, s Secret) error {
	t := s.Reveal()
	if len(t) > 8192 {
		return Invalid(field, "input.too_long", "The password is too long.")
	}
	for _, c := range []byte(t) {
		if c == 0 || c == '\r' || c == '\n' {
			return Invalid(field, "input.control_character", "Line breaks are not allowed in a password.")
		}
	}
	return nil
}

// CodeAccountChanged is the code of AccountChanged.
const CodeAccountChanged = "account.changed"

// AccountChanged refuses a change to an account that somebody else changed after it
// was read.
func AccountChanged() error {
	return &Error{
		Kind: KindConflict, Code: CodeAccountChanged,
		Text: "Somebody else changed this account at the same time: look at it, then try again.",
	}
}
