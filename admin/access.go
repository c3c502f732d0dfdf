package admin

import (
	"context"
	"log/slog"
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
	if err := s.c.Store.CreateProfile(ctx, &p); err != nil {
		return mailstead.Profile{}, err
	}
	s.did(ctx, actor, "profile.create", slog.Int64("profile_id", int64(p.ID)))
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
	if err := s.c.Store.DeleteProfile(ctx, id); err != nil {
		return err
	}
	s.did(ctx, actor, "profile.delete", slog.Int64("profile_id", int64(id)))
	return nil
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
	if err := s.checkAssignment(ctx, actor, &a); err != nil {
		return mailstead.Assignment{}, err
	}
	if err := s.c.Store.CreateAssignment(ctx, &a); err != nil {
		return mailstead.Assignment{}, err
	}
	s.did(ctx, actor, "assignment.create", slog.Int64("account_id", int64(a.AccountID)))
	return a, nil
}

func (s *Service) checkAssignment(ctx context.Context, actor mailstead.Actor, a *mailstead.Assignment) error {
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
	if _, _, err := s.c.Store.AccountFor(ctx, a.AccountID, actor.User.ID); err != nil {
		return notFoundIs(err, mailstead.Invalid("account_id", "input.account", "There is no such account."))
	}
	if a.ProfileID != 0 {
		return s.checkProfiles(ctx, []mailstead.ProfileID{a.ProfileID})
	}
	if _, err := s.c.Store.User(ctx, a.UserID); err != nil {
		return notFoundIs(err, mailstead.Invalid("user_id", "input.user", "There is no such user."))
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

// DeleteAssignment takes an assignment away.
func (s *Service) DeleteAssignment(ctx context.Context, actor mailstead.Actor, id mailstead.AssignmentID) error {
	if err := actor.RequireAdmin(); err != nil {
		return err
	}
	if err := s.c.Store.DeleteAssignment(ctx, id); err != nil {
		return err
	}
	s.did(ctx, actor, "assignment.delete", slog.Int64("assignment_id", int64(id)))
	return nil
}

// SetSystemAccount makes an account the one that sends when neither a user nor a
// profile has one; 0 means none.
func (s *Service) SetSystemAccount(ctx context.Context, actor mailstead.Actor, account mailstead.AccountID) error {
	if err := actor.RequireAdmin(); err != nil {
		return err
	}
	if account != 0 {
		a, _, err := s.c.Store.AccountFor(ctx, account, actor.User.ID)
		if err != nil {
			return notFoundIs(err, mailstead.Invalid("account_id", "input.account", "There is no such account."))
		}
		if a.Outgoing == nil {
			return mailstead.Invalid("account_id", "input.account", "This account only receives; the system's account must be able to send.")
		}
	}
	if err := s.c.Store.SetSystemAccount(ctx, account); err != nil {
		return err
	}
	s.did(ctx, actor, "system_account.set", slog.Int64("account_id", int64(account)))
	return nil
}
