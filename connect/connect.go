// Package connect is the journey that brings a mailbox in.
//
//  1. Discover recognises the address and says which servers would be asked.
//  2. Test signs in at the incoming and the outgoing server side by side. It
//     needs no stored account and stores nothing. A password goes only to servers
//     of the provider, of the table of domains, or typed by the person.
//  3. Save tests, seals the secrets and stores the account in one step, together
//     with the event that tells of it and the domain that it made known. When the
//     test fails nothing is stored.
//  4. Later the account is tested again, changed, given a new password (which is
//     tried before it replaces the old one) or deleted.
//
// Import brings in many at once, from the settings of another program, without a
// test.
//
// What changes an account is stored together with its entry of the audit.
//
// Every failure of a server is answered in plain words by the Explainer.
package connect

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/mailstead/mailstead"
	"github.com/mailstead/mailstead/discover"
)

// Vault keeps the passwords of accounts.
type Vault interface {
	Secrets(ctx context.Context, id mailstead.AccountID) (map[mailstead.SecretField]mailstead.Sealed, error)
	// PasswordSetAt is when the oldest of them was entered, zero when that is not known.
	PasswordSetAt(ctx context.Context, id mailstead.AccountID) (time.Time, error)
}

// Store is what connect needs of the store. Its methods are those of store.DB.
type Store interface {
	ConnectAccount(ctx context.Context, c mailstead.Connected) (mailstead.AccountID, error)
	ConnectAccounts(ctx context.Context, all ...mailstead.Connected) error
	ConfigurationAccount(ctx context.Context) (mailstead.Account, error)
	AccountFor(ctx context.Context, id mailstead.AccountID, user mailstead.UserID) (mailstead.Account, []mailstead.Assignment, error)
	Accounts(ctx context.Context, q mailstead.AccountQuery) ([]mailstead.Account, error)
	UpdateAccount(ctx context.Context, a *mailstead.Account, secrets map[mailstead.SecretField]mailstead.Sealed, audit mailstead.AuditEntry, events []mailstead.Event) error
	Vault
	SetHealth(ctx context.Context, id mailstead.AccountID, side mailstead.SideName, h mailstead.Health) error
	Reach(ctx context.Context, user mailstead.UserID, accounts []mailstead.AccountID) (map[mailstead.AccountID][]mailstead.Assignment, error)
	Domain(ctx context.Context, name string) (mailstead.Domain, error)
	User(ctx context.Context, id mailstead.UserID) (mailstead.User, error)
	Policies(ctx context.Context) (mailstead.Policies, error)
}

// Bin is what connect needs to remove accounts and to bring them back. Its methods
// are those of store.DB.
type Bin interface {
	AccountUses(ctx context.Context, id mailstead.AccountID) ([]mailstead.Use, error)
	AccountHoldings(ctx context.Context, id mailstead.AccountID) (mailstead.AccountHoldings, error)
	RemoveAccount(ctx context.Context, r mailstead.AccountRemoval) error
	DeletedAccount(ctx context.Context, id mailstead.AccountID) (mailstead.Account, error)
	RestoreAccount(ctx context.Context, r mailstead.AccountRestoring) (mailstead.Account, error)
	PurgeAccount(ctx context.Context, before time.Time, n int, audit func(mailstead.Account) mailstead.AuditEntry) (more bool, err error)
}

// People is what an import needs to know of users and profiles. Its methods are
// those of store.DB.
type People interface {
	Users(ctx context.Context, after mailstead.UserID, n int) ([]mailstead.User, error)
	Profiles(ctx context.Context) ([]mailstead.Profile, error)
	SenderFacts(ctx context.Context, user mailstead.UserID, named ...mailstead.AccountID) (mailstead.SenderFacts, error)
}

// Hosts lets work on many accounts in at their mail servers, so many connections to a
// host at a time.
type Hosts interface {
	Enter(ctx context.Context, need map[string]int) (leave func(), err error)
}

// Sealer seals and opens the secrets of accounts.
type Sealer interface {
	Seal(secret mailstead.Secret, accountKey string, f mailstead.SecretField) (mailstead.Sealed, error)
	Open(sealed mailstead.Sealed, accountKey string, f mailstead.SecretField) (mailstead.Secret, error)
}

// Explainer puts the failed stages of a report in plain words.
type Explainer interface {
	Report(r *mailstead.Report, provider string)
}

// DefaultTestTimeout is the longest that a connection test takes.
const DefaultTestTimeout = 60 * time.Second

// Config is all that the journey works with. Store, Bin, People, Links, Sealer, Directory, Explainer,
// Source, Sender, Compose, Now and Logger are needed.
type Config struct {
	Store     Store
	Bin       Bin
	People    People
	Links     Links
	Sealer    Sealer
	Directory *discover.Directory
	// OAuth is how people sign in at services; the zero value is for installations
	// that have none.
	OAuth OAuth
	// Network looks up what the directory does not know; nil asks nobody.
	Network Network
	// Health looks at the domains of accounts; the zero value asks nobody.
	Health    SenderHealth
	Explainer Explainer
	Source    mailstead.SourceDriver
	Sender    mailstead.SenderDriver
	Hosts     Hosts
	// Compose makes the bytes of a mail out of a draft.
	Compose func(d mailstead.Draft, from mailstead.Address) ([]byte, error)
	// AllowPlain permits servers without encryption also where the policies do not;
	// a person must ask for them explicitly and in writing.
	AllowPlain bool
	// TestTimeout bounds one connection test; 0 means DefaultTestTimeout.
	TestTimeout time.Duration
	// Connected is called after an account was stored, Changed after one was
	// changed or deleted, Healthy after its sign-in was seen to work again. Each
	// may be nil and must not block.
	Connected func(mailstead.AccountID)
	Changed   func(mailstead.AccountID)
	Healthy   func(mailstead.AccountID)
	Now       func() time.Time
	Logger    *slog.Logger
}

// Service is the journey. Its methods may be called from many goroutines.
type Service struct {
	c     Config
	tests *throttle[mailstead.UserID]
	// lookups counts what the network was asked for, found keeps what it answered.
	lookups *throttle[mailstead.UserID]
	found   answers
	// signIns are those that people have to do at services.
	signIns signIns
	// guesses counts uses of password links by network, and by link.
	guesses *throttle[string]
	// saving holds the accounts that are being connected.
	saving sync.Map
	// importing is held while accounts are imported.
	importing sync.Mutex
}

// New returns the journey.
func New(c Config) *Service {
	if c.TestTimeout <= 0 {
		c.TestTimeout = DefaultTestTimeout
	}
	for _, hook := range []*func(mailstead.AccountID){&c.Connected, &c.Changed, &c.Healthy} {
		if *hook == nil {
			*hook = func(mailstead.AccountID) {}
		}
	}
	return &Service{c: c, tests: newThrottle[mailstead.UserID](), lookups: newThrottle[mailstead.UserID](), guesses: newThrottle[string]()}
}

// Result is the outcome of a connection test.
type Result struct {
	// OK tells that every side that was tested works.
	OK bool `json:"ok"`
	// Incoming and Outgoing are nil where nothing was tested.
	Incoming *mailstead.Report `json:"incoming,omitempty"`
	Outgoing *mailstead.Report `json:"outgoing,omitempty"`
}

// Saved is an account as it was stored, with the test that went before.
type Saved struct {
	Account mailstead.Account `json:"account"`
	Result  Result            `json:"result"`
	// Next are the actions to offer now, as words that pages know.
	Next []string `json:"next,omitempty"`
}

// The words of Saved.Next.
const (
	NextOpenMail     = "open_mail"
	NextMoreSettings = "more_settings"
)

// allowTest takes one connection test of the actor's allowance, so that the
// service cannot be used to scan networks or to guess passwords.
func (s *Service) allowTest(actor mailstead.Actor) error {
	if s.tests.allow(actor.User.ID, s.c.Now()) {
		return nil
	}
	return errTooManyTests()
}

func errTooManyTests() error {
	return &mailstead.Error{
		Kind: mailstead.KindThrottled, Code: "connect.too_many_tests",
		Text: "There were too many connection tests in a short time: wait a minute, then try again.",
	}
}

// managed returns an account that the actor may change.
func (s *Service) managed(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID) (mailstead.Account, error) {
	a, err := s.manageable(ctx, actor, id)
	if err == nil && a.FromConfiguration() {
		return mailstead.Account{}, mailstead.ErrFromConfiguration()
	}
	return a, err
}

// manageable returns an account that the actor may manage. To people who may not
// even see it, it does not exist.
func (s *Service) manageable(ctx context.Context, actor mailstead.Actor, id mailstead.AccountID) (mailstead.Account, error) {
	if err := actor.Require(mailstead.ScopeAccounts); err != nil {
		return mailstead.Account{}, err
	}
	a, rights, err := s.Account(ctx, actor, id)
	if err != nil {
		return mailstead.Account{}, err
	}
	if !rights.Manage {
		return mailstead.Account{}, &mailstead.Error{
			Kind: mailstead.KindForbidden, Code: "account.manage_required",
			Text: "You may use this account but not change it.",
		}
	}
	return a, nil
}
