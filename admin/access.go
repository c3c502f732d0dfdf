package admin

import (
	"context"
	"slices"

	"github.com/mailstead/mailstead"
)

// CreateProfile adds a profile.
func (s *Service) CreateProfile(ctx context.Context, actor mailstead.Actor, name string) (mailstead.Profile, error) {
	if err := actor.RequireAdmin(); err != nil {
		return mailstead.Profile{}, err
	}
	clean, err := mailstead.CleanLine("name", name, 200)
	if err != nil {
		return mailstead.Profile{}, err
	}
	if clean == "" {
		return mailstead.Profile{}, mailstead.Invalid("name", "input.name_needed", "The profile needs a name.")
	}
	p := mailstead.Profile{Name: clean}
	e := actor.Audit(mailstead.AuditProfileCreate, p.AuditObject(), mailstead.AuditChanges(nil, &p))
	if err := s.c.Store.CreateProfile(ctx, &p, e); err != nil {
		return mailstead.Profile{}, err
	}
	e.Object = p.AuditObject()
	s.did(ctx, e)
	return p, nil
}

// Profiles lists all profiles.
func (s *Service) Profiles(ctx context.Context, actor mailstead.Actor) ([]mailstead.Profile, error) {
	if err := actor.RequireAdmin(); err != nil {
		return nil, err
	}
	return s.c.Store.Profiles(ctx)
}

// DeleteProfile removes a profile from everyone who has it.
func (s *Service) DeleteProfile(ctx context.Context, actor mailstead.Actor, id mailstead.ProfileID) error {
	if err := actor.RequireAdmin(); err != nil {
		return err
	}
	p, err := s.profile(ctx, id)
	if err != nil {
		return err
	}
	e := actor.Audit(mailstead.AuditProfileDelete, p.AuditObject(), mailstead.AuditChanges(&p, nil))
	if err := s.c.Store.DeleteProfile(ctx, id, e); err != nil {
		return err
	}
	s.did(ctx, e)
	return nil
}

func (s *Service) profile(ctx context.Context, id mailstead.ProfileID) (mailstead.Profile, error) {
	all, err := s.c.Store.Profiles(ctx)
	if err != nil {
		return mailstead.Profile{}, err
	}
	for _, p := range all {
		if p.ID == id {
			return p, nil
		}
	}
	return mailstead.Profile{}, mailstead.NotFound("profile")
}

func (s *Service) checkProfiles(ctx context.Context, ids []mailstead.ProfileID) error {
	if len(ids) == 0 {
		return nil
	}
	all, err := s.c.Store.Profiles(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if !slices.ContainsFunc(all, func(p mailstead.Profile) bool { return p.ID == id }) {
			return mailstead.Invalid("profile_ids", "input.profile", "There is no such profile.")
		}
	}
	return nil
}

// Limits of an assignment's priority.
const (
	minPriority = 0
	maxPriority = 1000
)

// Assign gives an account to a user or to a profile. The system's account is set
// by SetSystemAccount.
func (s *Service) Assign(ctx context.Context, actor mailstead.Actor, a mailstead.Assignment) (mailstead.Assignment, error) {
	if err := actor.RequireAdmin(); err != nil {
		return mailstead.Assignment{}, err
	}
	a.ID = 0
	account, err := s.checkAssignment(ctx, actor, &a)
	if err != nil {
		return mailstead.Assignment{}, err
	}
	g, err := s.grantOf(ctx, &a)
	if err != nil {
		return mailstead.Assignment{}, err
	}
	e := actor.Audit(mailstead.AuditAssignmentCreate, account.AuditObject(), mailstead.AuditChanges(nil, g))
	if err := s.c.Store.CreateAssignment(ctx, &a, e); err != nil {
		return mailstead.Assignment{}, err
	}
	s.did(ctx, e)
	return a, nil
}

// checkAssignment checks and cleans an assignment and returns its account.
func (s *Service) checkAssignment(ctx context.Context, actor mailstead.Actor, a *mailstead.Assignment) (mailstead.Account, error) {
	if err := cleanAssignment(a); err != nil {
		return mailstead.Account{}, err
	}
	account, _, err := s.c.Store.AccountFor(ctx, a.AccountID, actor.User.ID)
	if err != nil {
		return account, notFoundIs(err, mailstead.Invalid("account_id", "input.account", "There is no such account."))
	}
	if account.FromConfiguration() {
		return account, mailstead.ErrFromConfiguration()
	}
	if a.ProfileID != 0 {
		return account, s.checkProfiles(ctx, []mailstead.ProfileID{a.ProfileID})
	}
	if _, err := s.c.Store.User(ctx, a.UserID); err != nil {
		return account, notFoundIs(err, mailstead.Invalid("user_id", "input.user", "There is no such user."))
	}
	return account, nil
}

func cleanAssignment(a *mailstead.Assignment) error {
	if a.System || (a.UserID == 0) == (a.ProfileID == 0) {
		return mailstead.Invalid("user_id", "input.assignee", "Assign the account to a user or to a profile.")
	}
	if a.Priority < minPriority || a.Priority > maxPriority {
		return mailstead.Invalid("priority", "input.priority", "The priority is a number from 0 to 1000; the lowest comes first.")
	}
	a.Rights = slices.Compact(slices.Sorted(slices.Values(a.Rights)))
	if len(a.Rights) == 0 {
		return mailstead.Invalid("rights", "input.rights", "Choose what the assignment allows: read, send, manage.")
	}
	for _, r := range a.Rights {
		switch r {
		case mailstead.RightRead, mailstead.RightSend, mailstead.RightManage:
		default:
			return mailstead.Invalid("rights", "input.rights", "The rights are read, send and manage.")
		}
	}
	return nil
}

// Assignments lists the assignments of an account, for those who may manage it.
func (s *Service) Assignments(ctx context.Context, actor mailstead.Actor, account mailstead.AccountID) ([]mailstead.Assignment, error) {
	if err := actor.Require(mailstead.ScopeAccounts); err != nil {
		return nil, err
	}
	a, mine, err := s.c.Store.AccountFor(ctx, account, actor.User.ID)
	if err != nil {
		return nil, err
	}
	if !mailstead.RightsOn(actor, &a, mine).Manage {
		return nil, mailstead.NotFound("account")
	}
	return s.c.Store.Assignments(ctx, account)
}

// AssignedAccounts lists what was given to a user, or else to a profile, with the
// accounts, for administrators: those first that come first when somebody sends.
func (s *Service) AssignedAccounts(ctx context.Context, actor mailstead.Actor, user mailstead.UserID, profile mailstead.ProfileID) ([]mailstead.Assigned, error) {
	if err := actor.RequireAdmin(); err != nil {
		return nil, err
	}
	return s.c.Store.AssignedAccounts(ctx, user, profile)
}

// DeleteAssignment takes an assignment away.
func (s *Service) DeleteAssignment(ctx context.Context, actor mailstead.Actor, id mailstead.AssignmentID) error {
	if err := actor.RequireAdmin(); err != nil {
		return err
	}
	a, err := s.c.Store.Assignment(ctx, id)
	if err != nil {
		return err
	}
	account, _, err := s.c.Store.AccountFor(ctx, a.AccountID, actor.User.ID)
	if err != nil {
		return notFoundIs(err, mailstead.NotFound("assignment"))
	}
	g, err := s.grantOf(ctx, &a)
	if err != nil {
		return err
	}
	e := actor.Audit(mailstead.AuditAssignmentDelete, account.AuditObject(), mailstead.AuditChanges(g, nil))
	if err := s.c.Store.DeleteAssignment(ctx, id, e); err != nil {
		return err
	}
	s.did(ctx, e)
	return nil
}

// SetSystemAccount makes an account the one that sends when neither a user nor a
// profile has one; 0 means none.
func (s *Service) SetSystemAccount(ctx context.Context, actor mailstead.Actor, account mailstead.AccountID) error {
	if err := actor.RequireAdmin(); err != nil {
		return err
	}
	before, err := s.systemAccount(ctx)
	if err != nil {
		return err
	}
	var after *mailstead.Account
	if account != 0 {
		a, _, err := s.c.Store.AccountFor(ctx, account, actor.User.ID)
		if err != nil {
			return notFoundIs(err, mailstead.Invalid("account_id", "input.account", "There is no such account."))
		}
		if a.FromConfiguration() {
			return mailstead.ErrFromConfiguration()
		}
		if a.Outgoing == nil {
			return mailstead.Invalid("account_id", "input.account", "This account has no server for sending; the system's account must be able to send.")
		}
		after = &a
	}
	e := auditSystem(actor, before, after)
	if len(e.Changes) == 0 {
		return nil
	}
	if err := s.c.Store.SetSystemAccount(ctx, account, e); err != nil {
		return err
	}
	s.did(ctx, e)
	return nil
}
