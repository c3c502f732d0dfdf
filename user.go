package mailstead

import "time"

// Role is what a user may do in general.
type Role string

// The roles.
const (
	RoleAdmin Role = "admin"
	RoleUser  Role = "user"
)

// User is a person who signs in or for whom an application sends.
type User struct {
	ID       UserID `json:"id" audit:"-"`
	Name     string `json:"name"`
	Email    string `json:"email"`
	Role     Role   `json:"role"`
	Disabled bool   `json:"disabled,omitempty"`
	// DefaultAccountID is the account that the user prefers to send from, or 0.
	DefaultAccountID AccountID   `json:"default_account_id,omitempty"`
	ProfileIDs       []ProfileID `json:"profile_ids,omitempty"`
	// OwnAccounts is what the user may change of the accounts that it manages, ""
	// for what the policies say.
	OwnAccounts AccountFreedom `json:"own_accounts,omitempty"`
	CreatedAt   time.Time      `json:"created_at" audit:"-"`
}

// Validate cleans and checks what a person typed.
func (u *User) Validate() error {
	c := *u
	var err error
	if c.Email, err = CleanAddress("email", c.Email); err != nil {
		return err
	}
	if c.Name, err = CleanLine("name", c.Name, maxNameLen); err != nil {
		return err
	}
	if c.Name == "" {
		c.Name = LocalPartOf(c.Email)
	}
	if c.Role != RoleAdmin && c.Role != RoleUser {
		return Invalid("role", "input.role", "The role must be admin or user.")
	}
	if err := c.OwnAccounts.Validate("own_accounts"); err != nil {
		return err
	}
	*u = c
	return nil
}

// Profile is a role of the business application that users have.
type Profile struct {
	ID   ProfileID `json:"id" audit:"-"`
	Name string    `json:"name"`
}

// Right is what an assignment allows with an account.
type Right string

// The rights, each including nothing but itself.
const (
	RightRead   Right = "read"
	RightSend   Right = "send"
	RightManage Right = "manage"
)

// Assignment gives an account to a user, to a profile or to the system; exactly
// one of UserID, ProfileID and System is set.
type Assignment struct {
	ID        AssignmentID `json:"id"`
	AccountID AccountID    `json:"account_id"`
	UserID    UserID       `json:"user_id,omitempty"`
	ProfileID ProfileID    `json:"profile_id,omitempty"`
	System    bool         `json:"system,omitempty"`
	Rights    []Right      `json:"rights"`
	// Priority orders accounts of the same level; the lowest number wins.
	Priority int `json:"priority"`
}

// Assigned is an assignment with the account that it gives.
type Assigned struct {
	Assignment
	Account Account
}

// Has reports whether the assignment gives r.
func (a *Assignment) Has(r Right) bool {
	for _, x := range a.Rights {
		if x == r {
			return true
		}
	}
	return false
}

// Scope is what an API token may do.
type Scope string

// The scopes. A token also never does more than its user may.
const (
	ScopeRead     Scope = "mail:read"
	ScopeSend     Scope = "mail:send"
	ScopeAccounts Scope = "accounts"
	ScopeAdmin    Scope = "admin"
)

// Token lets an application act for a user. Only a hash of it is stored.
type Token struct {
	ID        TokenID   `json:"id" audit:"-"`
	UserID    UserID    `json:"user_id"`
	Name      string    `json:"name"`
	Scopes    []Scope   `json:"scopes"`
	Hash      []byte    `json:"-"`
	CreatedAt time.Time `json:"created_at" audit:"-"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
	UsedAt    time.Time `json:"used_at,omitzero" audit:"-"`
}

// Session is a sign-in of a browser. Only a hash of its cookie is stored.
type Session struct {
	Hash      []byte
	UserID    UserID
	CreatedAt time.Time
	ExpiresAt time.Time
}

// Actor is who asks for something: every journey takes one and decides by it.
// The zero Actor may do nothing.
type Actor struct {
	User User
	// Scopes limits a token; nil means all that the user may.
	Scopes []Scope
	// TokenID is the token that it came with, or 0.
	TokenID TokenID
	// Operator is the person at the machine's own command line, who may do what
	// an administrator may, and has no user of its own.
	Operator bool
	// ByOperator tells that the operator acts as User. It gives no right: only the
	// audit tells it.
	ByOperator bool
}

// IsAdmin reports whether the actor may administer.
func (a Actor) IsAdmin() bool {
	return a.Operator || (a.User.Role == RoleAdmin && !a.User.Disabled && a.allows(ScopeAdmin))
}

func (a Actor) allows(s Scope) bool {
	if a.Scopes == nil {
		return true
	}
	for _, x := range a.Scopes {
		if x == s {
			return true
		}
	}
	return false
}

// Require returns nil when the actor is signed in and its token, if it came with
// one, has scope s.
func (a Actor) Require(s Scope) error {
	switch {
	case a.Operator:
		return nil
	case a.User.ID == 0 || a.User.Disabled:
		return &Error{Kind: KindUnauthenticated, Code: "signin.required", Text: "Sign in first."}
	case !a.allows(s):
		return &Error{Kind: KindForbidden, Code: "token.scope", Text: "This token does not have the scope " + string(s) + "."}
	}
	return nil
}

// RequireAdmin returns nil when the actor may administer.
func (a Actor) RequireAdmin() error {
	if a.Operator {
		return nil
	}
	if err := a.Require(ScopeAdmin); err != nil {
		return err
	}
	if !a.IsAdmin() {
		return &Error{Kind: KindForbidden, Code: "role.admin_required", Text: "Only an administrator may do this."}
	}
	return nil
}
