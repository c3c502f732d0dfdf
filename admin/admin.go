// Package admin is the journey of users and of what they may use.
//
//  1. The first start prints a setup token; Setup turns it into the first
//     administrator, once.
//  2. SignIn checks a password and opens a session; Authenticate turns its cookie,
//     or the token of an application, into the Actor that every journey asks for.
//  3. Administrators keep users, profiles, assignments, the system's account, the
//     providers, the table of domains and the templates, set the policies, and turn the demo on and off. Users keep their own
//     name, password, tokens and the account that they prefer.
//
// Every method decides by the Actor. Passwords, cookies and tokens are stored as
// hashes only. What changes the administration is stored together with its entry
// of the audit.
package admin

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/credential"
)

// UserStore keeps the users.
type UserStore interface {
	CountUsers(ctx context.Context) (int, error)
	CreateUser(ctx context.Context, u *mailstead.User, passwordHash string, onlyFirst bool, audit mailstead.AuditEntry) error
	User(ctx context.Context, id mailstead.UserID) (mailstead.User, error)
	UserByEmail(ctx context.Context, email string) (mailstead.User, string, error)
	Users(ctx context.Context, after mailstead.UserID, limit int) ([]mailstead.User, error)
	UpdateUser(ctx context.Context, u *mailstead.User, audit mailstead.AuditEntry) error
	SetUserPassword(ctx context.Context, id mailstead.UserID, hash string, audit mailstead.AuditEntry) error
	SetDefaultAccount(ctx context.Context, id mailstead.UserID, account mailstead.AccountID, audit mailstead.AuditEntry) error
	SenderFacts(ctx context.Context, user mailstead.UserID, named ...mailstead.AccountID) (mailstead.SenderFacts, error)
}

// SessionStore keeps sessions and tokens.
type SessionStore interface {
	CreateSession(ctx context.Context, s mailstead.Session) error
	Session(ctx context.Context, hash []byte) (mailstead.Session, mailstead.User, error)
	TouchSession(ctx context.Context, hash []byte, expires time.Time) error
	DeleteSession(ctx context.Context, hash []byte) error
	DeleteSessionsBefore(ctx context.Context, t time.Time) error
	CreateToken(ctx context.Context, t *mailstead.Token, audit mailstead.AuditEntry) error
	TokenByHash(ctx context.Context, hash []byte) (mailstead.Token, mailstead.User, error)
	Tokens(ctx context.Context, user mailstead.UserID) ([]mailstead.Token, error)
	DeleteToken(ctx context.Context, id mailstead.TokenID, user mailstead.UserID, audit mailstead.AuditEntry) error
	TouchToken(ctx context.Context, id mailstead.TokenID, at time.Time) error
}

// AccessStore keeps profiles and assignments.
type AccessStore interface {
	CreateProfile(ctx context.Context, p *mailstead.Profile, audit mailstead.AuditEntry) error
	Profiles(ctx context.Context) ([]mailstead.Profile, error)
	DeleteProfile(ctx context.Context, id mailstead.ProfileID, audit mailstead.AuditEntry) error
	AccountFor(ctx context.Context, id mailstead.AccountID, user mailstead.UserID) (mailstead.Account, []mailstead.Assignment, error)
	CreateAssignment(ctx context.Context, a *mailstead.Assignment, audit mailstead.AuditEntry) error
	Assignment(ctx context.Context, id mailstead.AssignmentID) (mailstead.Assignment, error)
	Assignments(ctx context.Context, account mailstead.AccountID) ([]mailstead.Assignment, error)
	AssignedAccounts(ctx context.Context, user mailstead.UserID, profile mailstead.ProfileID) ([]mailstead.Assigned, error)
	DeleteAssignment(ctx context.Context, id mailstead.AssignmentID, audit mailstead.AuditEntry) error
	SetSystemAccount(ctx context.Context, account mailstead.AccountID, audit mailstead.AuditEntry) error
}

// DomainStore keeps the table of domains.
type DomainStore interface {
	Domain(ctx context.Context, name string) (mailstead.Domain, error)
	Domains(ctx context.Context, q mailstead.DomainQuery) ([]mailstead.Domain, error)
	DomainUses(ctx context.Context, names []string) ([]mailstead.DomainUse, error)
	ReplaceDomain(ctx context.Context, d *mailstead.Domain, audit mailstead.AuditEntry) error
	PutDomains(ctx context.Context, domains []mailstead.Domain, audit mailstead.AuditEntry) error
	DeleteDomains(ctx context.Context, names []string, audit mailstead.AuditEntry) error
}

// ProviderStore keeps the providers that administrators added, and which ones are
// hidden.
type ProviderStore interface {
	OwnProviders(ctx context.Context) ([]mailstead.Provider, error)
	HiddenProviders(ctx context.Context) ([]mailstead.ProviderID, error)
	ProviderAccounts(ctx context.Context) (map[mailstead.ProviderID]int, error)
	CreateProvider(ctx context.Context, p *mailstead.Provider, audit mailstead.AuditEntry) error
	UpdateProvider(ctx context.Context, p *mailstead.Provider, audit mailstead.AuditEntry) error
	HideProvider(ctx context.Context, id mailstead.ProviderID, hidden bool, audit mailstead.AuditEntry) error
	DeleteProvider(ctx context.Context, id mailstead.ProviderID, audit mailstead.AuditEntry) error
}

// AuditStore keeps the audit.
type AuditStore interface {
	Audit(ctx context.Context, q mailstead.AuditQuery) ([]mailstead.AuditEntry, error)
	RecordAudit(ctx context.Context, e mailstead.AuditEntry) error
}

// MailStore keeps the mail, which goes with the demo.
type MailStore interface {
	SyncFolders(ctx context.Context, account mailstead.AccountID, remote []mailstead.RemoteFolder, at time.Time) ([]mailstead.Folder, error)
}

// PolicyStore keeps the policies.
type PolicyStore interface {
	Policies(ctx context.Context) (mailstead.Policies, error)
	PutPolicies(ctx context.Context, p *mailstead.Policies, audit mailstead.AuditEntry) error
	OwnedAccounts(ctx context.Context, user mailstead.UserID) (int, error)
}

// Store is all that the journey stores; store.DB is one.
type Store interface {
	UserStore
	SessionStore
	AccessStore
	DomainStore
	ProviderStore
	AuditStore
	PolicyStore
	TemplateStore
	OAuthAppStore
	TrustStore
	MailStore
}

// Directory is the directory of providers: the built-in ones and those that
// SetOwn gave it.
type Directory interface {
	Providers() []mailstead.Provider
	Provider(id mailstead.ProviderID) (mailstead.Provider, bool)
	SetOwn(own []mailstead.Provider, hidden []mailstead.ProviderID) error
	OAuthServices() []mailstead.OAuthService
	ApplicationScopes(service string) []string
}

// Config is all that the journey works with.
type Config struct {
	Store     Store
	Directory Directory
	// Trust is told which servers are trusted; nil tells nobody. CheckAuthority reads the
	// certificate of an authority and sets its fingerprint and subject.
	Trust          Trust
	CheckAuthority func(*mailstead.TrustedServer) error
	// Sealer is needed for apps with a client secret.
	Sealer Sealer
	Now    func() time.Time
	Logger *slog.Logger
	// SetupToken is the token for Setup; zero lets the service make one.
	SetupToken mailstead.Secret
	Demo       DemoConfig
	// Networks and AllowPlain are what the configuration says beside the policies:
	// the networks that are reached although they are private, and whether servers
	// without encryption are allowed whatever the policies say.
	Networks   []string
	AllowPlain bool
	// HashPassword hashes the passwords of users; nil is credential.HashPassword.
	HashPassword func(mailstead.Secret) (string, error)
}

// Service is the journey. Its methods may be called from many goroutines.
type Service struct {
	c         Config
	byAddress *throttle
	byRemote  *throttle
	setups    *throttle
	// decoy is the hash that the password of an unknown user is compared with.
	decoy func() (string, error)

	mu sync.Mutex
	// setupHash is the hash of the setup token, nil when there is none.
	setupHash []byte
	// roles is held while a change could leave the system without an
	// administrator.
	roles sync.Mutex
	// providers is held while providers are changed, until the directory knows it.
	providers sync.Mutex
	// trust is held while trusted servers are changed, until connections know it.
	trust sync.Mutex
	demo  demo
}

// New returns the journey.
func New(c Config) *Service {
	if c.HashPassword == nil {
		c.HashPassword = credential.HashPassword
	}
	s := &Service{
		c:    c,
		demo: demo{DemoConfig: c.Demo},
		// Ten passwords for one address at once, then two a minute.
		byAddress: newThrottle(10, 30*time.Second),
		// Twenty wrong ones from one network at once, then twenty a minute: many
		// people may sit behind it.
		byRemote: newThrottle(20, 3*time.Second),
		setups:   newThrottle(10, 30*time.Second),
	}
	s.decoy = sync.OnceValues(s.newDecoy)
	return s
}

// pageLimit bounds the pages of lists.
const pageLimit = mailstead.MaxPage + 1

func clampLimit(limit int) int {
	if limit < 1 || limit > pageLimit {
		return pageLimit
	}
	return limit
}

// requireUser demands somebody who is signed in, whatever the scopes.
func requireUser(actor mailstead.Actor) error {
	if actor.Operator || (actor.User.ID != 0 && !actor.User.Disabled) {
		return nil
	}
	return errSignIn()
}

// requirePerson demands a person who signed in, not an application with a token:
// what it guards would widen what a token may do.
func requirePerson(actor mailstead.Actor) error {
	if err := requireUser(actor); err != nil {
		return err
	}
	if actor.Scopes != nil && !actor.IsAdmin() {
		return &mailstead.Error{Kind: mailstead.KindForbidden, Code: "token.scope", Text: "A token may not do this: sign in with the password."}
	}
	return nil
}

func errSignIn() error {
	return &mailstead.Error{Kind: mailstead.KindUnauthenticated, Code: "signin.required", Text: "Sign in first."}
}
