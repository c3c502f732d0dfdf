package admin

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/mailstead/mailstead"
)

// Lengths of a password in characters. Long ones are as good as complicated
// ones, so there are no rules about their composition (NIST SP 800-63B 5.1.1.2).
const (
	minPassword = 10
	maxPassword = 1000
)

// newPassword checks a user and a new password for it and returns the hash.
func (s *Service) newPassword(u *mailstead.User, password mailstead.Secret) (string, error) {
	if err := u.Validate(); err != nil {
		return "", err
	}
	text := password.Reveal()
	n := utf8.RuneCountInString(text)
	switch {
	case n < minPassword:
		return "", mailstead.Invalid("password", "password.too_short", "The password is too short: use at least 10 characters.")
	case n > maxPassword:
		return "", mailstead.Invalid("password", "password.too_long", "The password is too long: use at most 1000 characters.")
	case strings.EqualFold(strings.TrimSpace(text), u.Email):
		return "", mailstead.Invalid("password", "password.is_email", "The password must not be the address itself.")
	}
	return s.c.HashPassword(password)
}

// CreateUser adds a user. A user without a password cannot sign in: applications
// send for it.
func (s *Service) CreateUser(ctx context.Context, actor mailstead.Actor, u mailstead.User, password mailstead.Secret) (mailstead.User, error) {
	if err := actor.RequireAdmin(); err != nil {
		return mailstead.User{}, err
	}
	u.ID, u.DefaultAccountID, u.CreatedAt = 0, 0, s.c.Now()
	if u.Role == "" {
		u.Role = mailstead.RoleUser
	}
	if err := u.Validate(); err != nil {
		return mailstead.User{}, err
	}
	if err := s.checkProfiles(ctx, u.ProfileIDs); err != nil {
		return mailstead.User{}, err
	}
	var hash string
	if !password.IsZero() {
		var err error
		if hash, err = s.newPassword(&u, password); err != nil {
			return mailstead.User{}, err
		}
	}
	e := actor.Audit(mailstead.AuditUserCreate, u.AuditObject(), created(&u, hash))
	if err := s.c.Store.CreateUser(ctx, &u, hash, false, e); err != nil {
		return mailstead.User{}, err
	}
	e.Object = u.AuditObject()
	s.did(ctx, e)
	return u, nil
}

// Users lists users by id.
func (s *Service) Users(ctx context.Context, actor mailstead.Actor, after mailstead.UserID, limit int) ([]mailstead.User, error) {
	if err := actor.RequireAdmin(); err != nil {
		return nil, err
	}
	return s.c.Store.Users(ctx, after, clampLimit(limit))
}

// User returns one user: oneself, or anyone for an administrator.
func (s *Service) User(ctx context.Context, actor mailstead.Actor, id mailstead.UserID) (mailstead.User, error) {
	if err := requireSelfOrAdmin(actor, id); err != nil {
		return mailstead.User{}, err
	}
	return s.c.Store.User(ctx, id)
}

func requireSelfOrAdmin(actor mailstead.Actor, id mailstead.UserID) error {
	if err := requireUser(actor); err != nil {
		return err
	}
	if id != 0 && id == actor.User.ID {
		return nil
	}
	return actor.RequireAdmin()
}

// UserChanges is what to change of a user; nil leaves a field as it is. All but
// Name is for administrators.
type UserChanges struct {
	Name     *string
	Email    *string
	Role     *mailstead.Role
	Disabled *bool
	Profiles *[]mailstead.ProfileID
	// OwnAccounts is what the user may change of its accounts.
	OwnAccounts *mailstead.AccountFreedom
}

// UpdateUser changes a user. The sessions of a user who is switched off end. The
// last administrator can be neither switched off nor demoted.
func (s *Service) UpdateUser(ctx context.Context, actor mailstead.Actor, id mailstead.UserID, c UserChanges) (mailstead.User, error) {
	if err := requireSelfOrAdmin(actor, id); err != nil {
		return mailstead.User{}, err
	}
	if err := requirePerson(actor); err != nil {
		return mailstead.User{}, err
	}
	if c.Email != nil || c.Role != nil || c.Disabled != nil || c.Profiles != nil || c.OwnAccounts != nil {
		if err := actor.RequireAdmin(); err != nil {
			return mailstead.User{}, err
		}
	}
	s.roles.Lock()
	defer s.roles.Unlock()
	old, err := s.c.Store.User(ctx, id)
	if err != nil {
		return mailstead.User{}, err
	}
	u := old
	set(&u.Name, c.Name)
	set(&u.Email, c.Email)
	set(&u.Role, c.Role)
	set(&u.Disabled, c.Disabled)
	set(&u.OwnAccounts, c.OwnAccounts)
	if err := u.Validate(); err != nil {
		return mailstead.User{}, err
	}
	if isActiveAdmin(&old) && !isActiveAdmin(&u) {
		if err := s.checkOtherAdmin(ctx, id); err != nil {
			return mailstead.User{}, err
		}
	}
	if c.Profiles != nil {
		if err := s.checkProfiles(ctx, *c.Profiles); err != nil {
			return mailstead.User{}, err
		}
		u.ProfileIDs = slices.Compact(slices.Sorted(slices.Values(*c.Profiles)))
	}
	return u, s.storeUser(ctx, actor, &old, &u)
}

func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

// storeUser stores a user if anything about it has changed.
func (s *Service) storeUser(ctx context.Context, actor mailstead.Actor, old, u *mailstead.User) error {
	e := actor.Audit(mailstead.AuditUserUpdate, u.AuditObject(), mailstead.AuditChanges(old, u))
	if len(e.Changes) == 0 {
		return nil
	}
	if err := s.c.Store.UpdateUser(ctx, u, e); err != nil {
		return err
	}
	s.did(ctx, e)
	return nil
}

func isActiveAdmin(u *mailstead.User) bool { return u.Role == mailstead.RoleAdmin && !u.Disabled }

// checkOtherAdmin demands an administrator beside the user.
func (s *Service) checkOtherAdmin(ctx context.Context, id mailstead.UserID) error {
	var after mailstead.UserID
	for {
		page, err := s.c.Store.Users(ctx, after, pageLimit)
		if err != nil {
			return err
		}
		for i := range page {
			if page[i].ID != id && isActiveAdmin(&page[i]) {
				return nil
			}
		}
		if len(page) < pageLimit {
			return &mailstead.Error{
				Kind: mailstead.KindConflict, Code: "user.last_admin",
				Text: "This is the last administrator: make somebody else an administrator first.",
			}
		}
		after = page[len(page)-1].ID
	}
}

// PasswordChange replaces the password of a user.
type PasswordChange struct {
	UserID mailstead.UserID
	// Current is asked of people who change their own.
	Current mailstead.Secret
	New     mailstead.Secret
}

// SetPassword replaces the password of a user and ends its sessions. People give
// their present password to change their own; administrators set anyone else's.
func (s *Service) SetPassword(ctx context.Context, actor mailstead.Actor, c PasswordChange) error {
	if err := requireSelfOrAdmin(actor, c.UserID); err != nil {
		return err
	}
	if err := requirePerson(actor); err != nil {
		return err
	}
	u, err := s.c.Store.User(ctx, c.UserID)
	if err != nil {
		return err
	}
	if c.UserID == actor.User.ID {
		if err := s.checkCurrent(ctx, actor, &u, c.Current); err != nil {
			return err
		}
	}
	hash, err := s.newPassword(&u, c.New)
	if err != nil {
		return err
	}
	e := actor.Audit(mailstead.AuditUserPassword, u.AuditObject(), []mailstead.AuditChange{passwordSet})
	if err := s.c.Store.SetUserPassword(ctx, u.ID, hash, e); err != nil {
		return err
	}
	s.did(ctx, e)
	return nil
}

// checkCurrent compares the present password, as slowly as a sign-in.
func (s *Service) checkCurrent(ctx context.Context, actor mailstead.Actor, u *mailstead.User, current mailstead.Secret) error {
	address := strings.ToLower(u.Email)
	back, ok := s.byAddress.try(address, s.c.Now())
	if !ok {
		return errThrottled()
	}
	_, hash, err := s.c.Store.UserByEmail(ctx, u.Email)
	if err != nil {
		return err
	}
	if err := s.verify(hash != "", hash, current); err != nil {
		if mailstead.KindOf(err) != mailstead.KindUnauthenticated {
			return err
		}
		if err := s.auditLocks(ctx, actor, u, address, ""); err != nil {
			return err
		}
		return &mailstead.Error{
			Kind: mailstead.KindForbidden, Code: "password.wrong", Field: "current",
			Text: "The present password is wrong.",
		}
	}
	back()
	return nil
}

// SetDefaultAccount sets the account that a user prefers to send from; 0 means
// none. The user must be able to send from it.
func (s *Service) SetDefaultAccount(ctx context.Context, actor mailstead.Actor, id mailstead.UserID, account mailstead.AccountID) error {
	if err := requireSelfOrAdmin(actor, id); err != nil {
		return err
	}
	if err := requirePerson(actor); err != nil {
		return err
	}
	u, err := s.c.Store.User(ctx, id)
	if err != nil {
		return err
	}
	if account != 0 {
		facts, err := s.c.Store.SenderFacts(ctx, id, account)
		if err != nil {
			return err
		}
		if !maySend(&facts, account) {
			return mailstead.Invalid("account_id", "input.account", "This user cannot send from that account.")
		}
	}
	old := u
	u.DefaultAccountID = account
	e := actor.Audit(mailstead.AuditUserSender, u.AuditObject(), mailstead.AuditChanges(&old, &u))
	if len(e.Changes) == 0 {
		return nil
	}
	if err := s.c.Store.SetDefaultAccount(ctx, id, account, e); err != nil {
		return err
	}
	s.did(ctx, e)
	return nil
}

// maySend reports whether a user may choose an account to send from.
func maySend(facts *mailstead.SenderFacts, account mailstead.AccountID) bool {
	for _, c := range facts.Candidates(account, nil) {
		if c.Level == mailstead.LevelChosen && c.AccountID == account {
			return c.Allowed
		}
	}
	return false
}
